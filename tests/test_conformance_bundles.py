"""Bundles as a whole: who their entries are, and where references within them lead."""
from __future__ import annotations

from typing import Any

import pytest

from adapter.conformance import Level, checker
from adapter.conformance.blamed import BLAMED

SERVER = "https://care.test/fhir"
HOME = {"resourceType": "Organization", "id": "home", "name": "Rose House"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}
TYPES = "http://hl7.org/fhir/StructureDefinition/"
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'}


def urn(number: int) -> str:
    return f"urn:uuid:0000000{number}-0000-4000-8000-000000000000"


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def lives_in(reference: str) -> dict[str, Any]:
    return patient(managingOrganization={"reference": reference})


def bundle(kind: str, *entries: Any, **more: Any) -> dict[str, Any]:
    """Of resources, whose entries get urn:uuid: fullUrls from 0 on, or of entries as they are."""
    made = [entry if "resourceType" not in entry else {"fullUrl": urn(place), "resource": entry} for place, entry in enumerate(entries)]
    if kind in ("transaction", "batch"):
        made = [{"request": {"method": "POST", "url": entry["resource"]["resourceType"]}, **entry} for entry in made]
    return {"resourceType": "Bundle", "type": kind, "entry": made, **more}


def at(url: str, resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"fullUrl": url, "resource": resource, **more}


def document(**more: Any) -> dict[str, Any]:
    composition = {"resourceType": "Composition", "status": "final", "type": {"text": "Transfer"}, "date": "2026-01-01",
                   "title": "Transfer", "author": [{"display": "Rose House"}], "subject": {"reference": urn(1)}, **more}
    own = {"system": "https://care.test", "value": "1"}
    return bundle("document", composition, patient(), timestamp="2026-01-01T10:00:00Z", identifier=own)


def message(**more: Any) -> dict[str, Any]:
    header = {"resourceType": "MessageHeader", "eventCoding": {"system": "https://care.test", "code": "a"}, **more,
              "source": {"endpoint": "https://care.test"}}
    return bundle("message", header, patient())


def told(resource: Any) -> list[tuple[str, str]]:
    return [(found.rule, found.path.removeprefix("Bundle.")) for found in checker().findings(resource)
            if found.level is Level.ERROR and not found.rule.startswith("rb-")]


RIGHT = [
    bundle("collection", lives_in(urn(1)), HOME), bundle("transaction", lives_in(urn(1)), HOME), document(),
    message(focus=[{"reference": urn(1)}]),
    bundle("collection", lives_in("Organization/1"), HOME),      # a urn has no base: it may lead to a server
    bundle("transaction", lives_in("Organization?identifier=https://care.test|1")),
    bundle("transaction", lives_in("Organization?identifier:exact=https://care.test/a?b|1&name=a%20b,c&_id=7")),
    bundle("transaction", {"resource": patient()}),      # it has no id yet
    bundle("searchset", at(urn(1), OUTCOME, search={"mode": "outcome"})),
    bundle("collection", at(f"{SERVER}/Patient/1", {**lives_in("Organization/home"), "id": "1"}), at(f"{SERVER}/Organization/home", HOME)),
    bundle("collection", at(f"{SERVER}/Patient/1", {**lives_in("Organization/home/_history/2"), "id": "1"})),
    bundle("searchset", at(urn(1), patient(id="1"), search={"mode": "match"}), total=1),
    bundle("collection", bundle("collection", lives_in(urn(1)), HOME)),
    bundle("transaction-response", {"response": {"status": "201"}, "resource": patient(id="1")}),
    document(encounter={"identifier": {"value": "1"}}),
]


@pytest.mark.parametrize("resource", RIGHT, ids=lambda resource: resource["type"])
def test_right_bundles(resource: Any) -> None:
    assert told(resource) == []


@pytest.mark.parametrize(("resource", "rule", "path"), [
    (bundle("collection", lives_in(urn(7)), HOME), "fhir-reference", "entry[0].resource.managingOrganization.reference"),
    (bundle("transaction", lives_in(urn(7))), "fhir-reference", "entry[0].resource.managingOrganization.reference"),
    (bundle("collection", lives_in(urn(1)), patient()), "fhir-target", "entry[0].resource.managingOrganization"),
    (bundle("collection", lives_in("Rose House")), "fhir-reference", "entry[0].resource.managingOrganization.reference"),
    (bundle("collection", lives_in("Organization")), "fhir-reference", "entry[0].resource.managingOrganization.reference"),
    (bundle("batch", lives_in("Organization?name=a")), "fhir-reference", "entry[0].resource.managingOrganization.reference"),
    (bundle("transaction", lives_in("Home?name=a")), "fhir-reference", "entry[0].resource.managingOrganization.reference"),
    (bundle("transaction", lives_in("Patient?name=a")), "fhir-target", "entry[0].resource.managingOrganization"),
    *((bundle("transaction", lives_in(f"Organization?{query}")), "fhir-reference", "entry[0].resource.managingOrganization.reference")
      for query in ("", "identifier", "=1", "?x=1", "a=b=c", "a=1&", "a=1&b")),
    (bundle("collection", at(f"{SERVER}/Patient/2", patient(id="1"))), "fhir-bundle", "entry[0].fullUrl"),
    (bundle("collection", at(f"{SERVER}/Organization/1", patient(id="1"))), "fhir-bundle", "entry[0].fullUrl"),
    (bundle("collection", at(f"{SERVER}/Patient/2", patient())), "fhir-bundle", "entry[0]"),
    (bundle("collection", at("Patient/1", patient(id="1"))), "fhir-bundle", "entry[0].fullUrl"),
    (bundle("collection", {"resource": patient()}), "fhir-bundle", "entry[0]"),
    (bundle("collection", at(urn(1), patient()), at(urn(1), patient())), "bdl-7", "entry[1].fullUrl"),
    (bundle("searchset", at(urn(1), patient(), search={"mode": "match"})), "fhir-bundle", "entry[0].resource"),
    (bundle("searchset", at(urn(1), OUTCOME, search={"mode": "match"})), "fhir-bundle", "entry[0].resource"),
    (bundle("collection", patient(managingOrganization={"reference": urn(1), "type": f"{TYPES}Organization"}), HOME),
     "fhir-target", "entry[0].resource.managingOrganization.type"),
    (bundle("collection", patient(), link=[{"relation": "self", "url": SERVER}] * 2), "fhir-bundle", "link[1]"),
    (bundle("collection", {"fullUrl": urn(1)}), "bdl-5", "entry[0]"),
    (bundle("collection", {"resource": {"resourceType": "Patients"}, "fullUrl": urn(1)}), "fhir-type", "entry[0].resource.resourceType"),
    (document(custodian={"reference": f"{SERVER}/Organization/1"}), "fhir-reference", "entry[0].resource.custodian.reference"),
    (document(section=[{"title": "a", "section": [{"title": "b", "entry": [{"reference": "Condition/1"}]}]}]),
     "fhir-reference", "entry[0].resource.section[0].section[0].entry[0].reference"),
    (document(attester=[{"mode": "legal", "party": {"reference": "Practitioner/1"}}]),
     "fhir-reference", "entry[0].resource.attester[0].party.reference"),
    (document(section=[{"title": "a", "text": NARRATIVE, "focus": {"reference": "Group/1"}}]),
     "fhir-reference", "entry[0].resource.section[0].focus.reference"),
    (document(subject={"display": "Ada"}), "fhir-bundle", "entry[1]"),      # nothing leads to the Patient
    (message(focus=[{"reference": f"{SERVER}/Patient/1"}]), "fhir-reference", "entry[0].resource.focus[0].reference"),
])
def test_one_fault_of_a_bundle_is_one_finding(resource: Any, rule: str, path: str) -> None:
    assert told(resource) == [(rule, path)]


POST = {"method": "POST", "url": "Patient"}
BROKEN_BY_A_PART: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [      # rule, where, a piece of the sentence
    ({**bundle("collection", patient(), patient(), HOME), "type": "transaction"},
     [("bdl-3", f"Bundle.entry[{place}]", "every entry of a transaction has one; say its method and url") for place in range(3)]),
    (bundle("collection", patient(), at(urn(1), HOME, request=POST)),
     [("bdl-3", "Bundle.entry[1].request", "no batch, transaction or history; leave it out")]),
    (bundle("batch-response", {"response": {"status": "200"}}, patient()), [("bdl-4", "Bundle.entry[1]", "say its status")]),
    (bundle("collection", at(urn(0), patient(), response={"status": "200"})), [("bdl-4", "Bundle.entry[0].response", "leave it out")]),
    (bundle("collection", at(urn(1), HOME), at(urn(2), HOME), at(urn(1), patient()), at(urn(2), patient())),
     [("bdl-7", f"Bundle.entry[{place}].fullUrl", "of an entry before it") for place in (2, 3)]),
    ({**lives_in("#home"), "contained": [{**HOME, "contained": [
        {"resourceType": "Basic", "id": "note", "code": {"text": "a"}, "subject": {"reference": "#"}}]}]},
     [("dom-2", "Patient.contained[0].contained", "outermost")]),
    ({**lives_in("#home"), "contained": [{**HOME, "meta": {"versionId": "1", "lastUpdated": "2026-01-01T10:00:00Z"}}]},
     [("dom-4", f"Patient.contained[0].meta.{name}", "leave it out") for name in ("lastUpdated", "versionId")]),
    ({**lives_in("#home"), "contained": [{**HOME, "meta": {"security": [{"system": "https://care.test", "code": "R"}]}}]},
     [("dom-5", "Patient.contained[0].meta.security", "leave it out")]),
    ({"resourceType": "List", "status": "current", "mode": "snapshot", "entry": [
        {"item": {"display": "a"}}, {"item": {"display": "b"}, "deleted": True, "date": "2026-01-01"}]},
     [("lst-3", "List.entry[1].date", "working"), ("lst-2", "List.entry[1].deleted", "changes")]),
]


@pytest.mark.parametrize(("resource", "expected"), BROKEN_BY_A_PART, ids=lambda value: value[0][0] if isinstance(value, list) else "")
def test_an_invariant_of_the_whole_is_told_at_the_part_that_breaks_it(resource: Any, expected: list[tuple[str, str, str]]) -> None:
    found = [each for each in checker().findings(resource) if each.level is Level.ERROR]
    assert [(each.rule, each.path) for each in found] == [(rule, path) for rule, path, _ in expected]
    assert [says for each, (_, _, says) in zip(found, expected, strict=True) if says not in each.told] == []


def test_every_invariant_that_has_a_part_to_blame_is_tested() -> None:
    assert {rule for _, expected in BROKEN_BY_A_PART for rule, _, _ in expected} == set(BLAMED)


def test_an_entry_of_a_document_that_is_meant_by_its_id_is_told() -> None:
    """It has the id, and another fullUrl: who reads the document by the book does not find it."""
    whole = document()
    linked = {**lives_in("Organization/home"), "link": [{"type": "seealso", "other": {"reference": urn(1)}}]}
    whole["entry"] += [at(urn(2), HOME), at(urn(3), linked)]
    assert told(whole) == [("fhir-bundle", "entry[2]"), ("fhir-reference", "entry[3].resource.managingOrganization.reference")]


def test_entries_are_reached_in_any_direction() -> None:
    """The Composition names the Patient; a Condition names her too, and so belongs to the document."""
    whole = document()
    whole["entry"].append(at(urn(2), {"resourceType": "Basic", "code": {"text": "a"}, "subject": {"reference": urn(1)}}))
    assert told(whole) == []


def test_contained_resources_are_of_their_entry_only() -> None:
    hers = patient(contained=[HOME], managingOrganization={"reference": "#home"})
    assert told(bundle("collection", hers, lives_in("#home"))) == [("fhir-reference", "entry[1].resource.managingOrganization.reference")]
    assert told(bundle("collection", hers, hers)) == []


# Requests -------------------------------------------------------------------------------------------------------------------------------

def asking(method: str, url: str, resource: Any = None, kind: str = "transaction", again: int = 1) -> dict[str, Any]:
    inside = {} if resource is None else {"resource": resource}
    entries = [{"fullUrl": urn(place), **inside, "request": {"method": method, "url": url}} for place in range(again)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


NAMELESS = {key: value for key, value in HOME.items() if key != "id"}
WELL_ASKED = [
    asking("POST", "Organization", HOME), asking("PUT", "Organization/home", HOME), asking("PUT", "/Organization/home", HOME),
    asking("PUT", "Organization?name=Rose", NAMELESS), asking("PUT", f"{SERVER}/Organization/home", HOME),
    asking("PUT", "Organization/home", HOME, "batch", 2), asking("POST", "Organization", NAMELESS, again=2),
    asking("POST", "Patient/$match", {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "b"}]}),
    asking("POST", "$convert", HOME), asking("POST", "Patient/_search"), asking("GET", "metadata"), asking("GET", "Organization/home"),
    asking("GET", "Organization/home", again=2), asking("DELETE", "Organization?name=Rose", again=2),
]
WRONGLY_ASKED = [
    (asking("PUT", "Patient/home", HOME), 0), (asking("POST", "Patient", HOME), 0), (asking("POST", "Nonsense", HOME), 0),
    (asking("PUT", "Patient?name=Rose", HOME), 0), (asking("DELETE", "Nonsense/1"), 0), (asking("POST", "Organization/home", HOME), 0),
    (asking("PUT", "Organization/other", HOME), 0), (asking("PUT", "Organization/home", NAMELESS), 0),
    (asking("PUT", "Organization/None", NAMELESS), 0),
    (asking("PUT", "Organization/other", HOME, "batch"), 0), (asking("PUT", "Organization/home", HOME, again=2), 1),
    (asking("DELETE", "Organization/home", again=2), 1),
]


def of_requests(resource: Any) -> list[tuple[str, str]]:
    return [each for each in told(resource) if each[0] == "fhir-bundle"]


@pytest.mark.parametrize("resource", WELL_ASKED, ids=lambda each: str(each["entry"][0]["request"]))
def test_what_a_server_takes_is_let_pass(resource: Any) -> None:
    assert of_requests(resource) == []


@pytest.mark.parametrize(("resource", "place"), WRONGLY_ASKED, ids=lambda each: str(each)[-120:])
def test_a_request_that_no_server_may_take_is_told(resource: Any, place: int) -> None:
    """FHIR R4, RESTful API: PUT has the id of its resource (else 400), a transaction that writes one twice fails; HAPI-2616 and 2006."""
    assert of_requests(resource) == [("fhir-bundle", f"entry[{place}].request.url")]
    assert not checker().clean(resource)
