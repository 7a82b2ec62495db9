"""The sandbox hospital as the tests visit it: a client without a network, and synthetic resources."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any

import httpx

from adapter.sandbox import Store, create_app

BASE = "http://hospital.example"
KEYS = "https://home.example/Id"
Resource = dict[str, Any]
Http = httpx.AsyncClient


def visit(story: Callable[[Http], Coroutine[Any, Any, None]], store: Store | None = None, **options: Any) -> None:
    """Tells the story to a hospital: an empty one, unless there is a store. The store is closed at the end."""

    async def told(store: Store) -> None:
        transport = httpx.ASGITransport(create_app(store, **options))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Content-Type": "application/fhir+json"}) as http:
            await story(http)

    with closing(store or Store()) as open_store:
        asyncio.run(told(open_store))


def patient(key: str = "p", **more: Any) -> Resource:
    return {"resourceType": "Patient", "identifier": [{"system": KEYS, "value": key}], **more}


def medicine(key: str = "m", of: str = "Patient/p", **more: Any) -> Resource:
    return {
        "resourceType": "MedicationStatement",
        "identifier": [{"system": KEYS, "value": key}],
        "status": "active",
        "medicationCodeableConcept": {"text": "Fictional tablets"},
        "subject": {"reference": of},
        **more,
    }


def entry(method: str, url: str, resource: Resource | None = None, full_url: str = "", **request: str) -> Resource:
    """An entry of a transaction or batch; `request` are further elements, such as ifMatch."""
    made: Resource = {"request": {"method": method, "url": url, **request}}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full_url} if full_url else {})


def bundle(*entries: Resource, type_: str = "transaction") -> Resource:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def issue(response: httpx.Response) -> Resource:
    """The one issue of an OperationOutcome."""
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (found,) = outcome["issue"]
    assert found["severity"] in ("error", "fatal")
    return dict(found)


def found(response: httpx.Response, mode: str = "match") -> list[str]:
    """Type/id of everything of one mode in a searchset."""
    assert response.status_code == 200, response.text
    return [address(each["resource"]) for each in response.json().get("entry", []) if each["search"]["mode"] == mode]


def address(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def links(response: httpx.Response) -> dict[str, str]:
    return {each["relation"]: each["url"] for each in response.json()["link"]}


async def versions(http: Http) -> int:
    """How many versions of anything there are: nothing was written where this stays the same."""
    return int((await http.get("/_history")).json()["total"])
