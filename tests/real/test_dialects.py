"""What a real FHIR server (HAPI, R4) answers, and what the table makes of it: the rows that were written from its documented ways hold."""
from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapter.delivery.answer import Answer, ClientError
from adapter.delivery.client import FhirClient
from adapter.delivery.dialects import decide
from adapter.delivery.dialects.decision import About, Asked, Came, Decision, Do, Means

NOW = 1_800_000_000.0
SYSTEM = "https://home.example/Id/Patient"
Story = Callable[[FhirClient], Awaitable[Came]]


def patient(key: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": key}], **more}


def put(key: str, **request: Any) -> dict[str, Any]:
    return {"resource": patient(key, id=key, active=request.pop("active", True)),
            "request": {"method": "PUT", "url": f"Patient/{key}", **request}}


def made(key: str, **request: Any) -> dict[str, Any]:
    return {"resource": patient(key), "request": {"method": "POST", "url": "Patient", **request}}


def once(key: str) -> dict[str, Any]:
    return made(key, ifNoneExist=f"identifier={SYSTEM}|{key}")


def about(reference: str) -> dict[str, Any]:
    resource = {"resourceType": "Flag", "status": "active", "code": {"text": "falls"}, "subject": {"reference": reference}}
    return {"resource": resource, "request": {"method": "POST", "url": "Flag"}}


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


async def came(client: FhirClient, *entries: dict[str, Any], kind: str = "transaction") -> Came:
    try:
        return await client.post("", bundle(*entries, kind=kind))
    except ClientError as error:
        return error


def judged(server: str, story: Story, asked: Asked) -> Decision:
    async def told() -> Came:
        async with FhirClient(server) as client:
            return await story(client)

    return decide("fhir", asked, asyncio.run(told()), 1, NOW)


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


async def stale(client: FhirClient, key: str) -> Came:
    await came(client, put(key))
    await came(client, put(key, active=False))
    return await came(client, put(key, ifMatch='W/"1"'))


async def several(client: FhirClient, key: str) -> Came:
    await came(client, made(key), made(key))
    return await came(client, once(key))


async def twice(client: FhirClient, key: str) -> Came:
    await came(client, put(key))
    return await came(client, put(key))


async def deleted(client: FhirClient, key: str) -> Came:
    await came(client, put(key))
    await came(client, {"request": {"method": "DELETE", "url": f"Patient/{key}"}})
    return await client.get(f"Patient/{key}")


WAYS: dict[str, tuple[Callable[[FhirClient, str], Awaitable[Came]], Asked, int, Means, Do]] = {
    "the same twice": (twice, Asked("POST", entries=1), 200, Means.DELIVERED, Do.NOTHING),
    "a version that has passed": (stale, Asked("POST", entries=1), 409, Means.RETRY, Do.READ_AGAIN),
    "several match": (several, Asked("POST", entries=1), 412, Means.PERSON, Do.NOTHING),
    "a reference to nothing": (lambda c, k: came(c, about(f"Patient/{k}")), Asked("POST", entries=1), 400, Means.DEAD, Do.NOTHING),
    "a condition that nothing meets": (
        lambda c, k: came(c, about(f"Patient?identifier={SYSTEM}|{k}")), Asked("POST", entries=1), 404, Means.DEAD, Do.NOTHING),
    "one of a batch": (lambda c, k: came(c, put(k), about(f"Patient/{k}x"), kind="batch"), Asked("POST", entries=2), 200, Means.DEAD,
                       Do.NOTHING),
    "deleted there": (deleted, Asked("GET"), 410, Means.PERSON, Do.NOTHING),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_the_server_answers_means_what_the_table_says(hapi: str, key: str, way: str) -> None:
    story, asked, status, means, do = WAYS[way]
    found = judged(hapi, lambda client: story(client, key), asked)
    assert (found.status, found.means, found.do, found.about) == (status, means, do, About.DELIVERY), found.says
    assert key not in " ".join(found.says)


def test_a_race_of_conditional_creates_is_run_again_and_makes_one(hapi: str, key: str) -> None:
    async def race() -> tuple[list[Decision], int]:
        async with FhirClient(hapi) as client:
            found: list[Decision] = []
            for _ in range(8):  # at worst one of eight gets through each time
                answers = await asyncio.gather(*(came(client, once(key)) for _ in range(8)))
                found += [decide("fhir", Asked("POST", entries=1), answer, 1, NOW) for answer in answers]
                if all(d.means is Means.DELIVERED for d in found[-8:]):
                    break
            there = await client.get("Patient", [("identifier", f"{SYSTEM}|{key}"), ("_total", "accurate")])
            return found, (there.resource or {})["total"]

    found, total = asyncio.run(race())
    assert total == 1
    assert {d.means for d in found[-8:]} == {Means.DELIVERED}
    assert {(d.means, d.do, d.at) for d in found} <= {(Means.DELIVERED, Do.NOTHING, None), (Means.RETRY, Do.NOTHING, NOW + 1)}


def test_another_address_of_the_same_machine_is_the_endpoints_fault(hapi: str, key: str) -> None:
    found = judged(hapi.rstrip("/").rpartition("/")[0] + "/nowhere", lambda client: came(client, put(key)), Asked("POST", entries=1))
    assert (found.means, found.about, found.mend) == (Means.RETRY, About.ENDPOINT, True), found.says


def test_entries_are_told_by_their_place(hapi: str, key: str) -> None:
    found = judged(hapi, lambda client: came(client, put(key), about(f"Patient/{key}x"), kind="batch"), Asked("POST", entries=2))
    assert [says.partition(":")[0] for says in found.says[1:]] == ["entry 1"]


def test_an_answer_says_that_it_is_to_our_request(hapi: str) -> None:
    async def echoed() -> bool:
        async with FhirClient(hapi) as client:
            answer: Answer = await client.get("metadata")
            return answer.echoed

    assert asyncio.run(echoed())
