"""A file for whoever helps: what a fault is found by, and nothing about a resident. No payload, no key and no secret.

    checks.json          what `redbag doctor` said
    versions.json        of this program, Python, and what it is built on
    configuration.json   as it is in force; secrets and files are named by that they are there
    attempts.ndjson      of the newest deliveries what was tried and what was said, by their numbers
"""
from __future__ import annotations

import platform
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.commands import files
from adapter.commands.configured import NO_KEY, is_file, is_made
from adapter.commands.line import iso, summary
from adapter.delivery.endpoints import Config
from adapter.delivery.store.errors import StoreError
from adapter.delivery.store.people import Told
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import Store

MOST = 2000  # of the newest deliveries
PACKAGES = ("redbag-adapter", "httpx", "sqlalchemy", "alembic", "cryptography", "pydantic", "pydantic-settings", "pyjwt", "msgspec", "lxml",
            "typer", "dbos", "psycopg")
NAMES_US = frozenset({"client_id", "user", "kid"})  # at NHS England an application's id is its key
UNSAID = frozenset({"place", "as_of", "says", "held_because"})  # the last two are said by the attempts
ID = re.compile(r"\b([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")


def write(to: Path, config: Config, checks: Sequence[Mapping[str, str]]) -> str:
    """What is said of it. Raises Stop."""
    with files.writing(to) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("checks.json", wire.pretty({"checks": list(checks)}))
        bundle.writestr("versions.json", wire.pretty(versions()))
        bundle.writestr("configuration.json", wire.pretty(configuration(config)))
        bundle.writestr("attempts.ndjson", b"".join(wire.dumps(each) + b"\n" for each in attempts(config)))
    return f"{to} holds this, versions, the configuration without its secrets, and what was said of attempts: nothing about a resident."


def versions() -> dict[str, Any]:
    return {"python": sys.version, "system": platform.platform(), "packages": {name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def configuration(config: Config) -> dict[str, Any]:
    kept = config.store.model_dump(include={"keep_days", "cap_mb", "lease_seconds", "engine"})
    return {"store": {"database": "SQLite" if is_file(config) else "PostgreSQL", **kept},
            "endpoints": [_plain(endpoint.model_dump()) for endpoint in config.endpoints.values()]}


def _plain(value: Any, name: str = "") -> Any:
    """Without what is secret, and without the names of files."""
    if hasattr(value, "get_secret_value") or (value and name in NAMES_US):
        return "(not shown)"
    if isinstance(value, Path):
        return "(a file)"
    if isinstance(value, dict):
        return {key: _plain(each, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def attempts(config: Config) -> Iterator[dict[str, Any]]:
    """The newest first; nothing, where the store cannot be opened: what is wrong with it is among the checks."""
    if not is_made(config):
        return
    try:
        store = Store.open(config.store.database, Keyring(NO_KEY))
    except StoreError:
        return
    try:
        for line in store.people.listed(most=MOST):
            told = [each for of, said in store.people.show(line.id).deliveries if of.id == line.id for each in said]
            yield {**{k: v for k, v in summary(line).items() if k not in UNSAID}, "history": [_attempt(each) for each in told]}
    except StoreError:
        return
    finally:
        store.close()


def _attempt(told: Told) -> dict[str, Any]:
    return {"began": iso(told.began), "ended": iso(told.ended), "outcome": told.outcome, "about": told.about, "status": told.status,
            "says": [nameless(each) for each in told.says], "rows": dict(told.rows)}


def nameless(says: str) -> str:
    """On some servers an id is a patient's number.

    >>> nameless("medicines[2]: MedicationStatement/9990000018 is there")
    'medicines[2]: MedicationStatement/… is there'
    """
    return ID.sub(r"\1/…", says)
