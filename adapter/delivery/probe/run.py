"""A probe from its first question to its last."""
from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from adapter.delivery.client import FhirClient
from adapter.delivery.probe.asking import REQUESTS, SECONDS, Asker
from adapter.delivery.probe.bundles import BUNDLES
from adapter.delivery.probe.content import CONTENT
from adapter.delivery.probe.person import Person
from adapter.delivery.probe.profile import proposed
from adapter.delivery.probe.reading import harmless, server
from adapter.delivery.probe.row import How, Row
from adapter.delivery.probe.tidy import Tidy
from adapter.delivery.probe.versions import VERSIONS
from adapter.delivery.probe.whole import whole

UNASKED = "it does not find by identifier what we would make, so nothing is made there"


@dataclass(frozen=True)
class Wanted:
    """`write`: also what can only be known by writing. `requests` and `seconds` (for all of it, but for the removing) bound it."""

    write: bool = False
    requests: int = REQUESTS
    seconds: float = SECONDS


async def probe(client: FhirClient, wanted: Wanted, tell: Callable[[Row], None]) -> list[Row]:
    """`tell` is told of each row at once. Raises nothing that a server can cause. What was made is removed also where this is cancelled."""
    asker, rows = Asker(client), list[Row]()

    def told(row: Row) -> None:
        rows.append(row)
        tell(row)

    asker.begin(wanted.requests, wanted.seconds)
    first, statement = await server(asker)
    told(first)
    if statement is not None:
        async for row in harmless(asker, statement):
            told(row)
        if wanted.write:
            await _written(asker, rows, told)
    return rows


async def _written(asker: Asker, rows: list[Row], told: Callable[[Row], None]) -> None:
    """Not where a search for one identifier finds others: a condition might there hit somebody who is real."""
    if any(row.name == "search-patient" and row.how is not How.YES for row in rows):
        told(Row("update-as-create", "May we choose ids (update as create)?", "not asked", "nothing", UNASKED, How.UNKNOWN))
        return
    person = Person(asker.run)
    try:
        async for row in _asked(asker, person, rows):
            told(row)
    finally:
        told(await Tidy(asker, person).row())


async def _asked(asker: Asker, person: Person, rows: list[Row]) -> AsyncIterator[Row]:
    for question in (*VERSIONS, *BUNDLES, *CONTENT):
        row = await question.row(asker, person)
        yield row
        if question.name == "update-as-create" and row.how is not How.YES:
            return  # all others need it
    if profile := proposed(rows):
        yield await whole(profile.sending).row(asker, person)
