"""A real FHIR server (HAPI, R4) is told the same thing twice, and nothing on it changes the second time: counted there, not believed."""
from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from adapter import wire
from adapter.bundle import Policy, transaction
from adapter.delivery.client import FhirClient
from adapter.delivery.send import Sent, send
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from tests.homes import bags

POLICIES = {
    "ours": Policy("upsert", directory="own"),
    "made if missing": Policy("create-if-missing"),
}


def on(server: str) -> dict[str, str]:
    """Every resource of our types on the server, with its version."""
    found: dict[str, str] = {}
    with httpx.Client(timeout=60) as http:
        for kind in SHAPES:
            url: str | None = f"{server}/{kind}?_count=200"
            while url:
                page: dict[str, Any] = http.get(url).json()
                found |= {f"{kind}/{entry['resource']['id']}": entry["resource"]["meta"]["versionId"] for entry in page.get("entry", [])}
                url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return found


def sent(server: str, bag: CareRecord, policy: Policy) -> Sent:
    async def told() -> Sent:
        async with FhirClient(server) as client:
            return await send(client, bag, policy)

    return asyncio.run(told())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_sending_twice_makes_no_new_version(hapi: str, name: str, bag: CareRecord, policy: str) -> None:
    first = sent(hapi, bag, POLICIES[policy])
    assert first.sentences == ()
    before = on(hapi)
    second = sent(hapi, bag, POLICIES[policy])
    assert {row.became for row in second.rows} == {"unchanged"}
    assert on(hapi) == before
    assert {row.target for row in first.rows if row.target} <= set(before)


@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_bytes_again_make_no_new_version(hapi: str, name: str, bag: CareRecord) -> None:
    """As after an answer that was lost on the way."""
    bodies = [wire.dumps(part.bundle) for part in transaction(bag, POLICIES["ours"])]
    with httpx.Client(timeout=60, headers={"Content-Type": "application/fhir+json"}) as http:
        statuses = [[http.post(hapi, content=body).status_code for body in bodies] for _ in range(2)]
        assert statuses == [[200] * len(bodies)] * 2
        before = on(hapi)
        assert [http.post(hapi, content=body).status_code for body in bodies] == [200] * len(bodies)
    assert on(hapi) == before
