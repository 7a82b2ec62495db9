"""Five hundred residents who do not exist, as they are sent and as they are written down: what every judge is asked about."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.bundle import Policy, collection, transaction
from adapter.synth import care_records
from mappings.bag import CareRecord

Json = dict[str, Any]
MANY = 500
SEED = 2026
UPSERT = Policy("upsert", directory="own")


def residents(many: int = MANY) -> Iterator[tuple[str, Json]]:
    """(name, bundle): every other one a collection, the rest the parts of a transaction; every fifth with what makes a mapping break."""
    for number in range(many):
        yield from [(f"resident {number}", collection(_record(number)))] if number % 2 else _transaction(number)


def transactions() -> Iterator[tuple[str, Json]]:
    """Of every tenth of them, the parts of a transaction."""
    for number in range(0, MANY, 10):
        yield from _transaction(number + number // 10 % 2)      # as many of the even as of the odd


def _transaction(number: int) -> list[tuple[str, Json]]:
    return [(f"resident {number}, part {part.number}", part.bundle) for part in transaction(_record(number), UPSERT)]


def _record(number: int) -> CareRecord:
    return next(iter(care_records(1, SEED, hard=number % 5 == 0, start=number)))
