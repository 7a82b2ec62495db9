"""A sandbox that is without something does what such servers do, and its CapabilityStatement says so."""
from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapter.commands.exits import Exit, Stop
from adapter.commands.sandbox import run
from adapter.commands.talk import Talk
from adapter.sandbox import LACKS
from tests.sandbox import KEYS, Http, bundle, entry, medicine, patient, visit

Asked = Callable[[Http], Awaitable[Any]]


async def transaction(http: Http) -> Any:
    return (await http.post("/", json=bundle(entry("PUT", "Patient/a", patient(id="a"))))).status_code


async def batch(http: Http) -> Any:
    return (await http.post("/", json=bundle(entry("PUT", "Patient/a", patient(id="a")), type_="batch"))).status_code


async def update_as_create(http: Http) -> Any:
    return (await http.put("/Patient/a", json=patient(id="a"))).status_code


async def conditional_create(http: Http) -> Any:
    once = {"If-None-Exist": f"identifier={KEYS}|p"}
    return [(await http.post("/Patient", json=patient(), headers=once)).status_code for _ in range(2)]


async def if_match(http: Http) -> Any:
    made = (await http.post("/Patient", json=patient())).json()
    return (await http.put(f"/Patient/{made['id']}", json=patient(id=made["id"], active=True), headers={"If-Match": 'W/"9"'})).status_code


async def dangling(http: Http) -> Any:
    return (await http.post("/MedicationStatement", json=medicine(of="Patient/nobody"))).status_code


TABLE: dict[str, tuple[Asked, Any, Any]] = {  # what is asked; what usually comes; what comes without
    "transaction": (transaction, 200, 405), "batch": (batch, 200, 405), "update-as-create": (update_as_create, 201, 405),
    "conditional-create": (conditional_create, [201, 200], [201, 201]), "if-match": (if_match, 412, 200), "dangling": (dangling, 201, 422),
}
SAYS: dict[str, Callable[[dict[str, Any]], bool]] = {  # does the statement say that it has it?
    "transaction": lambda rest: {"code": "transaction"} in rest["interaction"],
    "batch": lambda rest: {"code": "batch"} in rest["interaction"],
    "update-as-create": lambda rest: bool(rest["resource"][0]["updateCreate"]),
    "conditional-create": lambda rest: bool(rest["resource"][0]["conditionalCreate"]),
    "if-match": lambda rest: bool(rest["resource"][0]["versioning"] == "versioned-update"),
    "dangling": lambda rest: "enforced" not in rest["resource"][0]["referencePolicy"],
}


@pytest.mark.parametrize("word", LACKS)
@pytest.mark.parametrize("lacking", [False, True])
def test_it_does_and_says_what_it_is_without(word: str, lacking: bool) -> None:
    ask, usually, without = TABLE[word]

    async def story(http: Http) -> None:
        assert await ask(http) == (without if lacking else usually)
        (rest,) = (await http.get("/metadata")).json()["rest"]
        assert {name: says(rest) for name, says in SAYS.items()} == {name: not (lacking and name == word) for name in SAYS}

    visit(story, without=[word] if lacking else [])


def test_a_word_that_is_none_is_told() -> None:
    with pytest.raises(Stop, match="--without transactions: it can be without transaction, batch") as stop:
        run(0, None, ["transactions"], Talk())
    assert stop.value.exit is Exit.USAGE


def test_within_a_transaction_references_lead_to_each_other_all_the_same() -> None:
    her = "urn:uuid:0b3ee4d6-38c5-4a19-a1ac-3a5a1d4c1c01"

    async def story(http: Http) -> None:
        both = bundle(entry("PUT", "MedicationStatement/m", medicine(of=her, id="m")), entry("POST", "Patient", patient(), her))
        assert (await http.post("/", json=both)).status_code == 200
        assert (await http.post("/", json=bundle(entry("POST", "MedicationStatement", medicine(of="Patient/nobody"))))).status_code == 422

    visit(story, without=["dangling"])
