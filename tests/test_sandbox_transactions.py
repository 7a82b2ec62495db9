"""Transactions and batches: all or nothing, in any order, every entry answered for."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from tests.sandbox import BASE, KEYS, Http, Resource, bundle, entry, found, issue, medicine, patient, versions, visit

HER = "urn:uuid:0b3ee4d6-38c5-4a19-a1ac-3a5a1d4c1c01"
PILLS = "urn:uuid:0b3ee4d6-38c5-4a19-a1ac-3a5a1d4c1c02"
WHOLE_LIST = "urn:uuid:0b3ee4d6-38c5-4a19-a1ac-3a5a1d4c1c03"


def bag(patient_call: tuple[str, str] = ("POST", "Patient"), **request: str) -> list[Resource]:
    """A resident, a medicine of hers, and the list that holds it."""
    record_list = {
        "resourceType": "List",
        "id": "l",
        "status": "current",
        "subject": {"reference": HER},
        "entry": [{"item": {"reference": PILLS}, "extension": [{"url": "urn:example", "valueReference": {"reference": HER}}]}],
    }
    return [
        entry(*patient_call, patient(), HER, **request),
        entry("PUT", "MedicationStatement/m", medicine(of=HER, id="m"), PILLS),
        entry("PUT", "List/l", record_list, WHOLE_LIST),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_references_are_resolved_in_any_order_and_at_any_depth(order: tuple[int, ...]) -> None:
    async def story(http: Http) -> None:
        response = await http.post("/", json=bundle(*(bag()[index] for index in order)))
        assert response.json()["type"] == "transaction-response"
        answers = [each["response"] for each in response.json()["entry"]]
        assert [answer["status"] for answer in answers] == ["201 Created"] * 3
        assert [answer["location"].split("/")[0] for answer in answers] == [("Patient", "MedicationStatement", "List")[i] for i in order]
        assert all(answer["etag"] == 'W/"1"' and answer["lastModified"] for answer in answers)

        her = answers[order.index(0)]["location"].removesuffix("/_history/1")
        record_list = (await http.get("/List/l")).json()
        assert record_list["subject"]["reference"] == her
        assert record_list["entry"][0]["item"]["reference"] == "MedicationStatement/m"
        assert record_list["entry"][0]["extension"][0]["valueReference"]["reference"] == her
        assert found(await http.get(f"/List?item=MedicationStatement/m&patient={her}")) == ["List/l"]

    visit(story)


def test_the_same_transaction_again_writes_nothing() -> None:
    async def story(http: Http) -> None:
        for call, request in (
            (("POST", "Patient"), {"ifNoneExist": f"identifier={KEYS}|p"}),
            (("PUT", f"Patient?identifier={KEYS}|p"), {}),
        ):
            await http.post("/", json=bundle(*bag(call, **request)))
            again = await http.post("/", json=bundle(*bag(call, **request)))
            assert [each["response"]["status"] for each in again.json()["entry"]] == ["200 OK"] * 3
            assert await versions(http) == 3

    visit(story)


SUBJECT = "Bundle.entry[3].resource.subject.reference"


def flag_of(key: str) -> Resource:
    """A resource whose subject is looked for by her key."""
    return entry("POST", "Flag", {"resourceType": "Flag", "subject": {"reference": f"Patient?identifier={KEYS}|{key}"}})


BAD: list[tuple[Resource, int, str]] = [
    (entry("POST", "Patient"), 400, "Bundle.entry[3]"),
    (entry("POST", "Patient", medicine()), 422, "Bundle.entry[3].resource.resourceType"),
    (entry("POST", "Patient", patient("p"), ifNoneExist=f"identifier={KEYS}|twin"), 412, "Bundle.entry[3]"),
    (entry("POST", "MedicationStatement", medicine(of="urn:uuid:unknown")), 400, SUBJECT),
    (flag_of("nobody"), 404, SUBJECT),
    (flag_of("twin"), 412, SUBJECT),
    (entry("PUT", "Patient/first", patient(id="first"), ifMatch='W/"9"'), 412, "Bundle.entry[3]"),
    (entry("PUT", "Patient/first", patient(id="first"), ifNoneExist="x=y"), 400, "Bundle.entry[3]"),
    (entry("PUT", "MedicationStatement/m", medicine(id="m")), 400, "Bundle.entry[3]"),
    (entry("DELETE", "Patient/first", ifMatch='W/"9"'), 412, "Bundle.entry[3]"),
    (entry("DELETE", "List/l", None), 400, "Bundle.entry[2]"),
    (entry("GET", "Patient/none"), 404, "Bundle.entry[3]"),
    (entry("GET", "Patient?nonsense=1"), 400, "Bundle.entry[3]"),
    (entry("PATCH", "Patient/first"), 400, "Bundle.entry[3]"),
    (entry("POST", "Patient/first", patient()), 400, "Bundle.entry[3]"),
    (entry("POST", "", bundle()), 404, "Bundle.entry[3]"),
    (entry("POST", "Patient/_search", patient()), 400, "Bundle.entry[3]"),
    (entry("POST", "Unicorn", {"resourceType": "Unicorn"}), 404, "Bundle.entry[3]"),
    (entry("POST", "Patient", patient("q"), HER), 400, "Bundle.entry[3]"),
    ({"resource": patient()}, 400, "Bundle.entry[3]"),
    ({"request": {"method": "POST", "url": "Patient"}, "resource": []}, 400, "Bundle.entry[3]"),
    ({"request": {"method": "PUT", "url": "Patient/first", "ifMatch": 1}, "resource": patient(id="first")}, 400, "Bundle.entry[3]"),
    ({"request": {"method": "PUT", "url": "Patient/first", "ifMatch": "1"}, "resource": patient(id="first")}, 400, "Bundle.entry[3]"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "status", "expression"), BAD)
def test_one_bad_entry_leaves_nothing_behind_and_is_named(bad: Any, status: int, expression: str) -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/first", json=patient("twin", id="first"))
        await http.put("/Patient/second", json=patient("twin", id="second"))
        await http.put("/List/l", json={"resourceType": "List", "id": "l"})
        response = await http.post("/", json=bundle(*bag(), bad))
        assert (response.status_code, issue(response)["expression"]) == (status, [expression])
        assert issue(response)["diagnostics"].startswith(expression.split(".resource")[0])
        assert await versions(http) == 3
        assert found(await http.get("/Patient")) == ["Patient/first", "Patient/second"]
        assert found(await http.get("/MedicationStatement")) == []

    visit(story)


def test_deletes_come_first_then_creates_then_updates_then_reads() -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/old", json=patient("p", id="old"))
        await http.put("/Flag/f", json={"resourceType": "Flag", "id": "f"})
        response = await http.post("/", json=bundle(
            entry("GET", f"Patient?identifier={KEYS}|p"),
            entry("GET", "Flag/f", ifNoneMatch='W/"1"'),
            entry("POST", "Patient", patient("p"), ifNoneExist=f"identifier={KEYS}|p"),
            entry("DELETE", f"Patient?identifier={KEYS}|p"),
        ))  # fmt: skip
        read, known, made, deleted = response.json()["entry"]
        assert [each["response"]["status"] for each in (known, made, deleted)] == ["304 Not Modified", "201 Created", "204 No Content"]
        (match,) = read["resource"]["entry"]
        assert made["response"]["location"].startswith(f"Patient/{match['resource']['id']}/")
        assert (await http.get("/Patient/old")).status_code == 410

    visit(story)


def test_conditional_references_find_what_was_there_and_what_comes_along() -> None:
    async def story(http: Http) -> None:
        await http.put("/Organization/o", json={"resourceType": "Organization", "id": "o", "identifier": [{"system": KEYS, "value": "o"}]})
        by_key = medicine(id="m", of=f"Patient?identifier={KEYS}|p", informationSource={"reference": f"Organization?identifier={KEYS}|o"})
        response = await http.post("/", json=bundle(
            entry("PUT", "MedicationStatement/m", by_key),
            entry("PUT", "Patient/p", patient(id="p")),
        ))  # fmt: skip
        assert response.status_code == 200, response.text
        stored = (await http.get("/MedicationStatement/m")).json()
        assert (stored["subject"], stored["informationSource"]) == ({"reference": "Patient/p"}, {"reference": "Organization/o"})

    visit(story)


def test_a_full_url_of_http_is_resolved_and_other_references_are_left_as_they_are() -> None:
    left = ["Patient/9", "#inside", "https://elsewhere.example/fhir/Patient/9", "Patient/9/_history/1"]
    notes = [
        {"authorReference": {"reference": reference}} for reference in [*left, "https://home.example/fhir/Patient/7", f"{BASE}/Patient/8"]
    ]

    async def story(http: Http) -> None:
        response = await http.post("/", json=bundle(
            entry("POST", "MedicationStatement", medicine(of="https://home.example/fhir/Patient/7", note=notes)),
            entry("POST", "Patient", patient(), "https://home.example/fhir/Patient/7"),
        ), headers={"Prefer": "return=representation"})  # fmt: skip
        pills, her = (each["resource"] for each in response.json()["entry"])
        assert pills["subject"]["reference"] == f"Patient/{her['id']}"
        told = [note["authorReference"]["reference"] for note in pills["note"]]
        assert told == [*left, f"Patient/{her['id']}", "Patient/8"]

    visit(story)


def test_a_document_kept_as_a_resource_keeps_its_own_references() -> None:
    document = {"resourceType": "Bundle", "type": "document", "entry": [{"fullUrl": HER, "resource": {"subject": {"reference": HER}}}]}

    async def story(http: Http) -> None:
        response = await http.post("/", json=bundle(entry("POST", "Bundle", document), *bag()))
        location = response.json()["entry"][0]["response"]["location"]
        assert (await http.get(f"/{location}")).json()["entry"] == document["entry"]

    visit(story)


def test_two_equal_conditional_creates_in_one_transaction_make_one_resource_and_two_answers() -> None:
    twice = [entry("POST", "Patient", patient(), f"urn:uuid:{n}", ifNoneExist=f"identifier={KEYS}|p") for n in (1, 2)]

    async def story(http: Http) -> None:
        uses = [entry("POST", "MedicationStatement", medicine(str(n), of=f"urn:uuid:{n}")) for n in (1, 2)]
        response = await http.post("/", json=bundle(*twice, *uses))
        first, second = (each["response"] for each in response.json()["entry"][:2])
        assert (first["status"], second["status"], first["location"]) == ("201 Created", "200 OK", second["location"])
        assert len(found(await http.get("/Patient"))) == 1
        assert len(found(await http.get("/MedicationStatement", params={"patient": first["location"].split("/")[1]}))) == 2

        by_search = patient("r", link=[{"other": {"reference": f"Patient?identifier={KEYS}|p"}}])
        late = [entry("POST", "Patient", each, ifNoneExist=f"identifier={KEYS}|r") for each in (by_search, patient("r"))]
        answers = (await http.post("/", json=bundle(*late))).json()["entry"]
        assert [each["response"]["status"] for each in answers] == ["201 Created", "200 OK"]

        either = [
            *twice[:1],
            entry("PUT", f"Patient?identifier={KEYS}|q", patient("q")),
            entry("POST", "Patient", patient("q"), ifNoneExist=f"identifier={KEYS}|q"),
        ]
        refused = await http.post("/", json=bundle(*either))
        assert (refused.status_code, issue(refused)["expression"]) == (400, ["Bundle.entry[1]"])

    visit(story)


def test_eight_equal_conditional_creates_at_once_make_one_resource() -> None:
    async def story(http: Http) -> None:
        creates = [http.post("/Patient", json=patient(), headers={"If-None-Exist": f"identifier={KEYS}|p"}) for _ in range(8)]
        bundles = [http.post("/", json=bundle(*bag(ifNoneExist=f"identifier={KEYS}|p"))) for _ in range(8)]
        responses = await asyncio.gather(*creates, *bundles)
        assert sorted(response.status_code for response in responses[:8])[:7] == [200] * 7
        assert {response.status_code for response in responses} <= {200, 201}
        assert len(found(await http.get("/Patient"))) == 1
        assert await versions(http) == 3

    visit(story)


def test_a_batch_answers_every_entry_for_itself() -> None:
    async def story(http: Http) -> None:
        response = await http.post("/", json=bundle(
            entry("PUT", "Patient/p", patient(id="p")),
            entry("PUT", "Patient/q", patient(id="other")),
            entry("POST", "MedicationStatement", medicine(of=HER)),
            {"fullUrl": "no request"},
            entry("GET", "Patient/p"),
            entry("DELETE", "Patient/none"),
            type_="batch",
        ))  # fmt: skip
        assert (response.status_code, response.json()["type"]) == (200, "batch-response")
        entries = response.json()["entry"]
        statuses = [each["response"]["status"].split()[0] for each in entries]
        assert statuses == ["201", "422", "400", "400", "200", "204"]
        assert entries[1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.id"]
        assert entries[4]["resource"]["id"] == "p"
        assert await versions(http) == 1

    visit(story)


def test_an_empty_transaction_is_answered() -> None:
    async def story(http: Http) -> None:
        response = await http.post("/", json=bundle())
        assert response.json() == {"resourceType": "Bundle", "type": "transaction-response"}

    visit(story)
