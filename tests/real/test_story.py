"""The whole way on HAPI as in the sandbox: out, treated there, back; each difference the same sentence; sent again, nothing changes."""
from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx

from adapter import hospital
from adapter.bundle import Policy
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Sent, send
from adapter.demo import known_before
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.pull import pull, who_is
from adapter.sandbox import Store, create_app
from mappings.bag import CareRecord
from tests.homes import example

MATCH = Policy("match")
SANDBOX = "http://sandbox.example"


def somebody() -> CareRecord:
    """The resident of the demo under a number that no other test sends to the same server."""
    bag = example()
    return replace(bag, source="https://story.example/records", resident=replace(bag.resident, nhs_number="9990000190"))


async def happens(bag: CareRecord, base: str, transport: httpx.AsyncBaseTransport | None = None) -> tuple[Sent, Sent, list[Change]]:
    """What was sent, what was sent again once the hospital had added its own, and the differences in between."""
    theirs = httpx.AsyncClient(transport=transport, base_url=base, headers={"Content-Type": "application/fhir+json"}, timeout=60)
    async with FhirClient(base, transport=transport) as client, theirs:
        await hospital.register(theirs, known_before(bag, "H-220417"))
        first = await send(client, bag, MATCH)
        await hospital.treat(theirs, bag.resident.nhs_number or "", hospital.CHEST_INFECTION)
        back = await pull(client, who_is(bag))
        return first, await send(client, bag, MATCH), changes(bag, back)


def test_the_story_is_the_same_on_a_real_server(hapi: str) -> None:
    bag = somebody()
    here, there = (asyncio.run(happens(bag, *server)) for server in ((SANDBOX, httpx.ASGITransport(create_app(Store()))), (hapi,)))
    assert [sent.verdict for sent in (*here[:2], *there[:2])] == [Verdict.DELIVERED] * 4
    assert {row.became for row in there[0].rows} == {"created"}
    assert {row.became for row in there[1].rows} == {"unchanged"}
    assert [(c.kind, c.sentence, c.certainty, c.about) for c in there[2]] == [(c.kind, c.sentence, c.certainty, c.about) for c in here[2]]
    assert {"stopped", "dose changed", "new medicine", "vaccinated", "new allergy", "discharged"} <= {change.kind for change in there[2]}
