"""Searches of the sandbox hospital: who is found by what, what comes along, and that pages hold still. Long because of its tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.sandbox import Store
from adapter.sandbox.dates import interval
from adapter.sandbox.search import LARGEST, USUAL
from tests.sandbox import BASE, KEYS, Http, Resource, bundle, entry, found, issue, links, patient, visit

NHS = "https://fhir.nhs.uk/Id/nhs-number"
HOSPITAL: list[Resource] = [
    {
        "resourceType": "Patient",
        "id": "ann",
        "identifier": [{"system": NHS, "value": "9990000018"}, {"value": "bare"}],
        "name": [{"family": "Müller-Specimen", "given": ["Annie", "Zoë"]}, {"text": "Nan"}],
        "birthDate": "1941-02-03",
        "gender": "female",
        "active": True,
        "telecom": [{"system": "phone", "value": "0000"}],
        "generalPractitioner": [{"reference": "Organization/gp"}],
    },
    {"resourceType": "Patient", "id": "bob", "birthDate": "1941", "gender": "male", "name": [{"family": "Example, Senior"}]},
    {"resourceType": "Organization", "id": "gp", "name": "Fictional Practice", "partOf": {"reference": "Organization/trust"}},
    {"resourceType": "Organization", "id": "trust", "alias": ["The Trust"]},
    {
        "resourceType": "MedicationStatement",
        "id": "pills",
        "meta": {"profile": ["https://example.org/p"], "tag": [{"system": KEYS, "code": "t"}]},
        "status": "active",
        "medicationCodeableConcept": {
            "coding": [{"system": "https://dmd.nhs.uk", "code": "1"}, {"system": "http://snomed.info/sct", "code": "2"}]
        },
        "subject": {"reference": "Patient/ann"},
        "effectivePeriod": {"start": "2025-03-01", "end": "2025-03-10"},
    },
    {
        "resourceType": "MedicationStatement",
        "id": "drops",
        "status": "stopped",
        "medicationReference": {"reference": "Medication/none"},
        "subject": {"reference": "Patient/bob", "identifier": {"system": NHS, "value": "9990000026"}},
        "effectivePeriod": {"start": "2025-03-05"},
    },
    {
        "resourceType": "Observation",
        "id": "weight",
        "status": "final",
        "subject": {"reference": f"{BASE}/Patient/ann"},
        "effectiveDateTime": "2025-03-01T09:00:00+01:00",
    },
    {
        "resourceType": "Observation",
        "id": "bed",
        "status": "final",
        "subject": {"reference": "Location/ann"},
        "effectiveDateTime": "2025-03",
    },
    {
        "resourceType": "List",
        "id": "current",
        "status": "current",
        "subject": {"reference": "Patient/ann"},
        "entry": [{"item": {"reference": "MedicationStatement/pills"}}, {"item": {"reference": "MedicationStatement/drops/_history/1"}}],
    },
    {
        "resourceType": "Encounter",
        "id": "undated",
        "status": "planned",
        "period": {"extension": [{"url": "urn:example", "valueCode": "x"}]},
    },
    {"resourceType": "Flag", "id": "foreign", "subject": {"reference": "https://elsewhere.example/fhir/Patient/ann"}},
    {"resourceType": "Provenance", "id": "who", "target": [{"reference": "Patient/ann"}, {"reference": "List/current"}]},
]


def at_the_hospital(story: Callable[[Http], Awaitable[None]]) -> None:
    async def told(http: Http) -> None:
        filled = await http.post("/", json=bundle(*(entry("PUT", f"{each['resourceType']}/{each['id']}", each) for each in HOSPITAL)))
        assert filled.status_code == 200, filled.text
        await story(http)

    visit(told)


FINDS: list[tuple[str, str]] = [
    ("Patient", "ann bob"),
    ("Patient?_id=ann", "ann"),
    ("Patient?_id=bob,ann,none", "ann bob"),
    (f"Patient?identifier={NHS}|9990000018", "ann"),
    ("Patient?identifier=9990000018", "ann"),
    (f"Patient?identifier={NHS}|", "ann"),
    ("Patient?identifier=|bare", "ann"),
    ("Patient?identifier=|9990000018", ""),
    (f"Patient?identifier={KEYS}|9990000018", ""),
    ("Patient?identifier:missing=true", "bob"),
    ("Patient?identifier:missing=false", "ann"),
    ("Patient?family=muller", "ann"),
    ("Patient?family=MÜLLER-SPEC", "ann"),
    ("Patient?family=specimen", ""),
    ("Patient?given=zoe", "ann"),
    ("Patient?name=nan", "ann"),
    ("Patient?name=annie", "ann"),
    (r"Patient?family=example\, senior", "bob"),
    ("Patient?gender=female", "ann"),
    ("Patient?gender:not=female", "bob"),
    ("Patient?gender=female&active=true", "ann"),
    ("Patient?gender=male&active=true", ""),
    ("Patient?telecom=0000", "ann"),
    ("Patient?birthdate=1941-02-03", "ann"),
    ("Patient?birthdate=1941", "ann bob"),
    ("Patient?birthdate=1941-02", "ann"),
    ("Patient?birthdate=ne1941-02", "bob"),
    ("Patient?birthdate=lt1941-02-03", "bob"),
    ("Patient?birthdate=gt1941-02-03", "bob"),
    ("Patient?birthdate=le1940", ""),
    ("Patient?birthdate=ge1941-02-03&birthdate=le1941-02-03", "ann bob"),
    ("Patient?birthdate=sa1940", "ann bob"),
    ("Patient?birthdate=eb1941-03", "ann"),
    ("Patient?general-practitioner=gp", "ann"),
    ("Patient?general-practitioner:Organization.name=fict", "ann"),
    ("Patient?general-practitioner:Organization.partof.name=the", "ann"),
    ("Organization?name=the trust", "trust"),
    ("MedicationStatement?patient=ann", "pills"),
    ("MedicationStatement?patient=Patient/ann", "pills"),
    (f"MedicationStatement?patient={BASE}/Patient/ann", "pills"),
    ("MedicationStatement?subject=Patient/ann,Patient/bob", "pills drops"),
    ("MedicationStatement?subject:Patient=ann", "pills"),
    ("MedicationStatement?subject:Location=ann", ""),
    (f"MedicationStatement?patient.identifier={NHS}|9990000018", "pills"),
    ("MedicationStatement?subject:Patient.birthdate=1941-02", "pills"),
    (f"MedicationStatement?patient:identifier={NHS}|9990000026", "drops"),
    (f"MedicationStatement?patient:identifier={NHS}|9990000018", ""),
    ("MedicationStatement?code=1", "pills"),
    ("MedicationStatement?code=http://snomed.info/sct|2", "pills"),
    ("MedicationStatement?code=http://snomed.info/sct|1", ""),
    ("MedicationStatement?code:not=1", "drops"),
    ("MedicationStatement?medication=Medication/none", "drops"),
    ("MedicationStatement?status=active,stopped&patient=bob", "drops"),
    ("MedicationStatement?effective=ge2025-03-11", "drops"),
    ("MedicationStatement?effective=2025-03", "pills"),
    ("MedicationStatement?effective=lt2025-03-02", "pills"),
    ("MedicationStatement?_profile=https://example.org/p", "pills"),
    (f"MedicationStatement?_tag={KEYS}|t", "pills"),
    ("Observation?patient=ann", "weight"),
    ("Observation?subject=ann", "weight bed"),
    ("Observation?subject=Location/ann", "bed"),
    ("Observation?date=2025-03-01T08:00:00Z", "weight"),
    ("Observation?date=lt2025-03-01T08:00:00Z", "bed"),
    ("Encounter?date=ge1900", ""),
    ("Flag?patient=https://elsewhere.example/fhir/Patient/ann", "foreign"),
    ("Flag?patient=ann", ""),
    ("List?item=MedicationStatement/drops", "current"),
    ("List?item:MedicationStatement.status=stopped", "current"),
    ("Provenance?patient=ann", "who"),
    ("Provenance?target=List/current", "who"),
]


@pytest.mark.parametrize(("query", "ids"), FINDS)
def test_who_is_found(query: str, ids: str) -> None:
    type_, _, parameters = query.partition("?")

    async def story(http: Http) -> None:
        expected = [f"{type_}/{id_}" for id_ in ids.split()]
        by_get = await http.get(f"/{query.replace('+', '%2B')}")
        assert found(by_get) == expected
        assert by_get.json()["total"] == len(expected)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert found(await http.post(f"/{type_}/_search", content=quote(parameters, safe="=&"), headers=form)) == expected

    at_the_hospital(story)


REFUSED = [
    "Patient?nonsense=1",
    "Patient?family:exact=Specimen",
    "Patient?family:contains=x",
    "Patient?identifier:of-type=x",
    "Patient?birthdate=yesterday",
    "Patient?birthdate=ap1941",
    "Patient?birthdate=1941-13",
    "Patient?family=",
    "Patient?family=a,,b",
    "Patient?identifier:missing=perhaps",
    "Patient?birthdate.year=1941",
    "Patient?_count=-1",
    "Patient?_count=many",
    "Patient?_sort=family",
    "Patient?_summary=text",
    "Patient?_total=some",
    "Patient?_include=Patient:family",
    "Patient?_include=List:item",
    "Patient?_revinclude=List:nonsense",
    "Patient?_revinclude=Unicorn:item",
    "Patient?_has:List:item:_id=1",
    "MedicationStatement?patient=Group/g",
    "MedicationStatement?subject.identifier=1",
    "MedicationStatement?patient.nonsense=1",
    "Encounter?part-of.part-of.part-of._id=1",
    "Patient?general-practitioner.name=x",
]


@pytest.mark.parametrize("query", [*REFUSED, "Patient?" + "&".join(["_id=1"] * 600), "Patient?_id=" + "1," * 600 + "1"])
def test_what_is_not_understood_is_refused(query: str) -> None:
    async def story(http: Http) -> None:
        response = await http.get(f"/{query}")
        assert response.status_code == 400, response.text
        assert issue(response)["code"] in ("not-supported", "value", "too-costly")

    at_the_hospital(story)


def test_lenient_handling_leaves_out_unknown_parameters_and_says_so() -> None:
    async def story(http: Http) -> None:
        response = await http.get("/Patient?nonsense=1&gender=male", headers={"Prefer": "respond-async, handling=lenient"})
        assert found(response) == ["Patient/bob"]
        assert links(response)["self"] == f"{BASE}/Patient?gender=male"
        assert (await http.get("/Patient?birthdate=never", headers={"Prefer": "handling=lenient"})).status_code == 400

    at_the_hospital(story)


COMES_ALONG: list[tuple[str, str]] = [
    ("MedicationStatement?_id=pills&_include=MedicationStatement:patient", "Patient/ann"),
    ("MedicationStatement?_id=pills&_include=MedicationStatement:subject:Patient", "Patient/ann"),
    ("MedicationStatement?_id=pills&_include=MedicationStatement:subject:Location", ""),
    ("MedicationStatement?_id=pills&_include=*", "Patient/ann"),
    ("MedicationStatement?_include=MedicationStatement:patient&_count=1", "Patient/ann"),
    ("MedicationStatement?_id=drops&_revinclude=List:item", "List/current"),
    ("Patient?_id=ann&_include=Patient:general-practitioner", "Organization/gp"),
    ("Patient?_id=ann&_revinclude=*:patient", "MedicationStatement/pills Observation/weight List/current Provenance/who"),
    ("Patient?_id=ann&_revinclude=List:*&_revinclude=Provenance:target", "List/current Provenance/who"),
    (
        "Patient?_id=ann&_revinclude=*&_include=*",
        "Organization/gp MedicationStatement/pills Observation/weight List/current Provenance/who",
    ),
    ("List?_include=List:item&_include=List:patient", "Patient/ann MedicationStatement/pills MedicationStatement/drops"),
    ("Organization?_include=Organization:partof", ""),
]


@pytest.mark.parametrize(("query", "included"), COMES_ALONG)
def test_what_comes_along(query: str, included: str) -> None:
    async def story(http: Http) -> None:
        assert found(await http.get(f"/{query}"), "include") == included.split()

    at_the_hospital(story)


def test_everything_about_a_patient() -> None:
    async def story(http: Http) -> None:
        page, matches, included = "/Patient/ann/$everything?_count=2", list[str](), set[str]()
        while page:
            response = await http.get(page)
            matches += found(response)
            included |= set(found(response, "include"))
            page = links(response).get("next", "")
        assert matches == ["Patient/ann", "MedicationStatement/pills", "Observation/weight", "List/current", "Provenance/who"]
        assert included >= {"Organization/gp", "MedicationStatement/drops"}
        assert found(await http.get("/Patient/ann/$everything?_count=0")) == ["Patient/ann"]
        assert (await http.get("/Patient/nobody/$everything")).status_code == 404
        assert (await http.get("/Patient/ann/$everything?start=2025")).status_code == 400

    at_the_hospital(story)


def test_what_changed_or_went_is_no_longer_found_by_what_it_was() -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/bob", json=patient(id="bob", gender="female"))
        assert found(await http.get("/Patient?gender=male")) == []
        await http.delete("/Patient/bob")
        for query in ("Patient", "Patient?gender:not=male", "Patient?active:missing=false"):
            response = await http.get(f"/{query}")
            assert (found(response), response.json()["total"]) == (["Patient/ann"], 1)

    at_the_hospital(story)


def test_counting_without_fetching() -> None:
    async def story(http: Http) -> None:
        for query in ("_summary=count", "_count=0"):
            answer = (await http.get(f"/Patient?{query}")).json()
            assert (answer["total"], "entry" in answer, len(answer["link"])) == (2, False, 1)
        assert "total" not in (await http.get("/Patient?_total=none")).json()

    at_the_hospital(story)


def test_a_page_has_its_limits() -> None:
    async def story(http: Http) -> None:
        await http.post("/", json=bundle(*(entry("POST", "Patient", patient()) for _ in range(LARGEST + 1))))
        assert len((await http.get("/Patient?_count=1000")).json()["entry"]) == LARGEST
        assert len((await http.get("/_history?_count=1000")).json()["entry"]) == LARGEST
        assert len((await http.get("/Patient")).json()["entry"]) == len((await http.get("/_history")).json()["entry"]) == USUAL

    visit(story)


def test_pages_give_each_resource_once_while_others_come_and_go() -> None:
    async def story(http: Http) -> None:
        for n in range(10):
            await http.put(f"/Patient/{n}", json=patient(id=str(n)))
        for query in ("_count=3", "_count=3&_sort=-_lastUpdated", "_count=3&_sort=_lastUpdated"):
            page, seen, turn = f"/Patient?{query}", list[str](), 0
            while page:
                response = await http.get(page)
                assert response.json()["total"] == (10 if query == "_count=3" else response.json()["total"])
                seen += found(response)
                page = links(response).get("next", "")
                turn += 1
                await http.post("/Patient", json=patient(f"new {query} {turn}"))
                await http.put("/Patient/0", json=patient(id="0", multipleBirthInteger=turn))
                await http.put("/Patient/9", json=patient(id="9", multipleBirthInteger=turn))
            assert len(seen) == len(set(seen))
            assert {f"Patient/{n}" for n in range(10)} <= set(seen)

    visit(story)


def test_a_page_leaves_out_what_was_deleted_meanwhile() -> None:
    async def story(http: Http) -> None:
        for n in range(4):
            await http.put(f"/Patient/{n}", json=patient(id=str(n)))
        first = await http.get("/Patient?_count=2")
        await http.delete("/Patient/2")
        second = await http.get(links(first)["next"])
        assert (found(second), second.json()["total"]) == (["Patient/3"], 4)
        assert "next" not in links(second)

    visit(story)


@pytest.mark.parametrize(
    "altered", ["/Patient?_page=none&_offset=2", "/Patient?_page=none", "/Flag?{}", "/Patient?{}&gender=male", "/Patient?{}x"]
)
def test_a_next_link_is_followed_as_given_or_not_at_all(altered: str) -> None:
    async def story(http: Http) -> None:
        first = await http.get("/Patient?_count=1")
        response = await http.get(altered.format(links(first)["next"].partition("?")[2]))
        assert response.status_code == 410

    at_the_hospital(story)


def test_what_changed_since() -> None:
    clock = iter(datetime(2025, 3, 1, 9, tzinfo=UTC) + timedelta(minutes=n) for n in range(1000))

    async def story(http: Http) -> None:
        early = (await http.put("/Patient/early", json=patient(id="early"))).json()["meta"]["lastUpdated"]
        late = (await http.put("/Patient/late", json=patient(id="late"))).json()["meta"]["lastUpdated"]

        async def finds(prefix: str, instant: str) -> list[str]:
            return found(await http.get("/Patient", params={"_lastUpdated": prefix + instant}))

        assert await finds("ge", early) == ["Patient/early", "Patient/late"]
        assert await finds("gt", early) == ["Patient/late"]
        assert await finds("le", late) == ["Patient/early", "Patient/late"]
        assert await finds("lt", late) == ["Patient/early"]
        assert await finds("eq", late) == await finds("", late) == ["Patient/late"]
        assert found(await http.get("/Patient?_sort=-_lastUpdated")) == ["Patient/late", "Patient/early"]
        await http.put("/Patient/early", json=patient(id="early", active=True))
        assert await finds("gt", late) == ["Patient/early"]
        assert found(await http.get("/Patient?_sort=_lastUpdated")) == ["Patient/late", "Patient/early"]

    visit(story, Store(now=lambda: next(clock)))


INTERVALS: list[tuple[str, tuple[str, str] | None]] = [
    ("1941", ("1941-01-01T00:00:00.000000", "1942-01-01T00:00:00.000000")),
    ("1941-12", ("1941-12-01T00:00:00.000000", "1942-01-01T00:00:00.000000")),
    ("2024-02-29", ("2024-02-29T00:00:00.000000", "2024-03-01T00:00:00.000000")),
    ("2025-03-30T01:30", ("2025-03-30T01:30:00.000000", "2025-03-30T01:31:00.000000")),
    ("2025-03-30T01:30:00+01:00", ("2025-03-30T00:30:00.000000", "2025-03-30T00:30:01.000000")),
    ("2025-03-30T01:30:00.12Z", ("2025-03-30T01:30:00.120000", "2025-03-30T01:30:00.130000")),
    ("2025-03-30T01:30:00.123456789Z", ("2025-03-30T01:30:00.123456", "2025-03-30T01:30:00.123457")),
    ("2016-12-31T23:59:60Z", ("2017-01-01T00:00:00.000000", "2017-01-01T00:00:01.000000")),
    ("9999-12-31", ("9999-12-31T00:00:00.000000", "9999-12-31T23:59:59.999999")),
    ("0001-01-01T00:00:00+05:00", None),
    ("2025-02-30", None),
    ("2025-1-1", None),
    ("2025-01-01T25:00:00Z", None),
    ("2025-01-01 10:00", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), INTERVALS)
def test_a_date_is_an_interval(text: str, expected: tuple[str, str] | None) -> None:
    assert interval(text) == expected


PARTS = ["coding", "code", "system", "value", "reference", "identifier", "start", "end", "family", "tag", "profile", "resourceType"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "Patient/1", "x", "2025", "urn:uuid:1", "Patient?_id=1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=4),
    max_leaves=12,
)
ELEMENTS = ["identifier", "subject", "status", "effectivePeriod", "effectiveDateTime", "medicationCodeableConcept", "meta", "id", "name"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(ELEMENTS), ANY, max_size=5), min_size=1, max_size=3))
def test_no_body_however_odd_breaks_the_server(odd: list[dict[str, Any]]) -> None:
    async def story(http: Http) -> None:
        for type_ in ("transaction", "batch"):
            entries = (entry("POST", "MedicationStatement", {"resourceType": "MedicationStatement", **each}) for each in odd)
            response = await http.post("/", json=bundle(*entries, type_=type_))
            assert response.status_code in (200, 400, 404, 412, 422), response.text
        kept = await http.get("/MedicationStatement?_include=*&_count=100")
        assert kept.status_code == 200

    visit(story)
