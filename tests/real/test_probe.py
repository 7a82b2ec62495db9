"""The probe on a real server (HAPI) and on the sandbox: all rows are asserted, and where the two differ both answers stand here."""
from __future__ import annotations

import asyncio

import httpx
import pytest

from adapter.delivery.client import FhirClient
from adapter.delivery.probe import How, Row, Wanted, probe, proposed
from adapter.delivery.probe.asking import LIMITS
from adapter.sandbox import Store, create_app
from tests.test_probe import KINDS, READ, WRITTEN

SAME = {  # of both
    "request-id": "yes", "json": "404, JSON", "xml": "404, XML", "search-patient": "an empty Bundle of each of 1",
    "search-rows": "an empty Bundle of each of 6", "search-all": "an empty Bundle of each of 8",
    "search-shared": "an empty Bundle of each of 4", "update-as-create": "201", "same-again": "200, no new version",
    "conditional-create": "201 then 200; 1 there", "conditional-update": "201 then 200; 1 there", "found-at-once": "200, 3 of 3",
    "paging": "pages of 1, 1, 1, 1", "versions": "200, 2 versions", "transaction": "200 (201, 201); the reference leads to her",
    "batch": "200 (201, 404)", "conditional-reference": "200 (201); leads to her", "identifier-reference": "201, kept",
    "size": "4,096 kB are taken", "decimals": "201, as it was", "offsets": "201, as it was", "partial-dates": "201, as it was",
    "text": "201, as it was", "unknown-extension": "201, as it was", "xml-write": "201", "checks-required": "201, and kept",
    "checks-profiles": "201, and kept", "whole": "9 created; then 9 unchanged",
}
DIFFER = {  # name: the sandbox's, HAPI's (how, and how what came begins)
    "server": ((How.YES, "200: Red Bag sandbox hospital; FHIR R4"), (How.YES, "200: HAPI FHIR Server 8")),
    "says": ((How.YES, "transaction, batch"), (How.YES, "transaction")),
    "unknown-parameter": ((How.YES, "400, error: this is not supported"), (How.YES, "400, error: it could not be processed")),
    "history": ((How.YES, "404, error: something was not found"), (How.YES, "404, error: it could not be processed")),
    "if-match": ((How.YES, "200; the stale one: 412, "), (How.YES, "200; the stale one: 409, ")),
    "all-or-nothing": ((How.YES, "400, error: something was not found"),
                       (How.YES, "400, error: a reference leads to an entry that is not in the bundle")),
    "dangling-reference": ((How.AS_IT_IS, "201"), (How.YES, "400, error: a reference leads to a resource that is not on the server")),
    "tags": ((How.YES, "200, kept"), (How.YES, "200, kept, and old ones are held on to")),
    "checks-elements": ((How.AS_IT_IS, "201, and kept"), (How.YES, "400, ")),
    "checks-codes": ((How.AS_IT_IS, "201, and kept"), (How.YES, "400, ")),
    "removed": ((How.YES, "33 removed, and all are gone"), (How.YES, "30 removed, and all are gone")),
}


async def _probed(url: str, transport: httpx.AsyncBaseTransport | None = None) -> dict[str, Row]:
    async with FhirClient(url, transport=transport, limits=LIMITS) as client:
        return {row.name: row for row in await probe(client, Wanted(write=True), lambda row: None)}


@pytest.fixture(scope="module")
def ours() -> dict[str, Row]:
    return asyncio.run(_probed("http://sandbox.example/", httpx.ASGITransport(create_app(Store()))))


@pytest.fixture(scope="module")
def theirs(hapi: str) -> dict[str, Row]:
    return asyncio.run(_probed(hapi))


def test_all_questions_are_asked_of_both(ours: dict[str, Row], theirs: dict[str, Row]) -> None:
    assert list(ours) == list(theirs) == READ + WRITTEN
    assert sorted({*SAME, *DIFFER}) == sorted(READ + WRITTEN)


@pytest.mark.parametrize("name", SAME)
def test_both_say_the_same(name: str, ours: dict[str, Row], theirs: dict[str, Row]) -> None:
    assert (ours[name].came, ours[name]) == (SAME[name], theirs[name])


@pytest.mark.parametrize("name", DIFFER)
def test_where_they_differ(name: str, ours: dict[str, Row], theirs: dict[str, Row]) -> None:
    for row, (how, begins) in zip((ours[name], theirs[name]), DIFFER[name], strict=True):
        assert (row.how, row.came[:len(begins)]) == (how, begins)


def test_the_same_is_proposed_for_both(ours: dict[str, Row], theirs: dict[str, Row]) -> None:
    sections = [found.toml("a", "https://a.example/") for rows in (ours, theirs) if (found := proposed(list(rows.values())))]
    assert sections[0] == sections[1]
    assert 'sending = "transaction"' in sections[0]


def test_nothing_of_it_stays(hapi: str, theirs: dict[str, Row]) -> None:
    """Counted at the server: also by the tag for test data."""
    with httpx.Client(base_url=hapi, timeout=60) as http:
        for kind in KINDS:
            page = http.get(f"/{kind}", params={"_tag": "http://terminology.hl7.org/CodeSystem/v3-ActReason|HTEST", "_summary": "count"})
            assert page.json()["total"] == 0
