"""Five hundred residents who do not exist, as they are sent and as they are written down: what every judge is asked about."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.bundle import Policy, collection, transaction
from adapter.synth import care_records

MANY = 500
SEED = 2026
UPSERT = Policy("upsert", directory="own")


def residents(many: int = MANY) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, bundle): every other one a collection, the rest the parts of a transaction; every fifth with what makes a mapping break."""
    for number in range(many):
        record = next(iter(care_records(1, SEED, hard=number % 5 == 0, start=number)))
        if number % 2:
            yield f"resident {number}", collection(record)
        else:
            yield from ((f"resident {number}, part {part.number}", part.bundle) for part in transaction(record, UPSERT))
