"""The sandbox answers as HAPI does, so that what is tested on the one holds on the other; where they differ, both answers stand here."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from adapter.sandbox import Store, create_app
from tests.sandbox import KEYS, Http, bundle, entry, medicine, patient

Said = Any
FHIR = {"Content-Type": "application/fhir+json"}
FIRST, SECOND, NOWHERE = (f"urn:uuid:0b3ee4d6-38c5-4a19-a1ac-3a5a1d4c1c0{n}" for n in (1, 2, 9))


async def total(http: Http, query: str) -> int:
    return int((await http.get(f"{query}&_summary=count")).json()["total"])


async def created_once(http: Http) -> Said:
    """The same conditional create, twice; then with two that match."""
    once = FHIR | {"If-None-Exist": f"identifier={KEYS}|a"}
    answers = [await http.post("Patient", json=patient("a"), headers=once) for _ in range(2)]
    await http.post("Patient", json=patient("a"), headers=FHIR)
    answers.append(await http.post("Patient", json=patient("a"), headers=once))
    return [answer.status_code for answer in answers], await total(http, f"Patient?identifier={KEYS}|a")


async def put_again(http: Http) -> Said:
    """A new id, the same again, something else, and something else for a version that is no longer there."""
    bodies = [patient("b", id="put-b"), patient("b", id="put-b"), patient("b", id="put-b", gender="female")]
    answers = [await http.put("Patient/put-b", json=body, headers=FHIR) for body in bodies]
    return [(answer.status_code, answer.headers["etag"]) for answer in answers]


async def stale(http: Http) -> Said:
    await http.put("Patient/stale", json=patient("c", id="stale"), headers=FHIR)
    body = patient("c", id="stale", gender="male")
    return [(await http.put("Patient/stale", json=body, headers=FHIR | {"If-Match": 'W/"9"'})).status_code,
            (await http.put("Patient/stale", json=body, headers=FHIR | {"If-Match": 'W/"1"'})).status_code]


async def deleted(http: Http) -> Said:
    await http.put("Patient/gone", json=patient("d", id="gone"), headers=FHIR)
    never, gone = await http.get("Patient/never"), (await http.delete("Patient/gone")).is_success
    answers = [never, await http.get("Patient/gone"), await http.put("Patient/gone", json=patient("d", id="gone"), headers=FHIR),
               await http.get("Patient/gone")]
    return gone, [answer.status_code for answer in answers], answers[-1].headers["etag"]


async def all_or_nothing(http: Http) -> Said:
    """A transaction that is taken, the same again, and one with an entry that cannot be."""
    good = bundle(entry("POST", "Patient", patient("e"), FIRST, ifNoneExist=f"identifier={KEYS}|e"),
                  entry("PUT", "MedicationStatement/all-e", medicine("e", FIRST, id="all-e"), SECOND))
    bad = bundle(entry("POST", "Patient", patient("f"), FIRST), entry("POST", "MedicationStatement", medicine("f", NOWHERE), SECOND))
    taken = [(await http.post("", json=good, headers=FHIR)).json()["entry"] for _ in range(2)]
    refused = (await http.post("", json=bad, headers=FHIR)).status_code
    return ([[entry["response"]["status"][:3] for entry in entries] for entries in taken], refused,
            [await total(http, f"{kind}?identifier={KEYS}|{key}") for kind in ("Patient", "MedicationStatement") for key in "ef"])


async def found(http: Http) -> Said:
    """What is about a patient, by every way we ask; a parameter that no server knows."""
    await http.put("Patient/who", json=patient("g", id="who"), headers=FHIR)
    for key in "123":
        await http.put(f"MedicationStatement/found-{key}", json=medicine(key, "Patient/who", id=f"found-{key}"), headers=FHIR)
    queries = ["patient=who", "patient=Patient/who", "subject=Patient/who", f"patient.identifier={KEYS}|g", f"identifier={KEYS}|2",
               "patient=who&status=active", "patient=who&status=stopped", "_id=found-1,found-3"]
    totals = [await total(http, f"MedicationStatement?{query}") for query in queries]
    back = (await http.get(f"Patient?identifier={KEYS}|g&_revinclude=MedicationStatement:patient")).json()["entry"]
    return totals, sorted(entry["search"]["mode"] for entry in back), (await http.get("Patient?shoe-size=9")).status_code


async def paged(http: Http) -> Said:
    for key in "12345":
        await http.put(f"Patient/page-{key}", json=patient(f"p{key}", id=f"page-{key}", active=False), headers=FHIR)
    seen, page = [], (await http.get(f"Patient?identifier={','.join(f'{KEYS}|p{key}' for key in '12345')}&_count=2")).json()
    while True:
        seen.append(len(page["entry"]))
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
        if url is None:
            return seen
        page = (await http.get(url)).json()


async def kept_exactly(http: Http) -> Said:
    """Decimals with their zeros, times with their zone."""
    dosage = '[{"doseAndRate":[{"doseQuantity":{"value":0.50}}]}]'
    body = ('{"resourceType":"MedicationStatement","id":"exact","status":"active","medicationCodeableConcept":{"text":"x"},'
            f'"subject":{{"display":"x"}},"effectiveDateTime":"2025-01-14T21:45:00+00:00","dosage":{dosage}}}')
    await http.put("MedicationStatement/exact", content=body, headers=FHIR)
    text = (await http.get("MedicationStatement/exact")).text.replace(" ", "").replace("\n", "")
    return dosage in text, '"2025-01-14T21:45:00+00:00"' in text


Story = Callable[[Http], Awaitable[Said]]


async def both(story: Story, hapi: str) -> tuple[Said, Said]:
    transport = httpx.ASGITransport(create_app(Store()))
    async with Http(transport=transport, base_url="http://sandbox.example/") as ours, Http(base_url=f"{hapi}/", timeout=60) as theirs:
        return await story(ours), await story(theirs)


@pytest.mark.parametrize("story", [created_once, put_again, deleted, all_or_nothing, found, paged, kept_exactly],
                         ids=lambda story: story.__name__)
def test_both_say_the_same(story: Story, hapi: str) -> None:
    ours, theirs = asyncio.run(both(story, hapi))
    assert ours == theirs


def test_a_stale_version_is_refused_by_both_each_in_its_own_way(hapi: str) -> None:
    """412 is FHIR's answer; HAPI says 409."""
    assert asyncio.run(both(stale, hapi)) == ([412, 200], [409, 200])
