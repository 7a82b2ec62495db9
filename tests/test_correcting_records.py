"""Corrections in the record and in the bundle: what contradicts itself, which bundle each makes, and that no sentence tells who she is."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapter.bundle import Policy, collection, read, transaction
from adapter.delivery.outcome import Verdict
from mappings.bag import CareRecord
from mappings.corrections import Reason
from mappings.datatypes import Identifier
from mappings.patient import Link, Resident
from mappings.systems import NHS_NUMBER
from mappings.values import Logical, Ref
from tests.events import DIED, MATCH, MERGED, NEW, OLD, RENUMBERED, SURVIVES, UPSERT, refusals, visited, withdrawn
from tests.hospital import HOME, MARY, POLICIES, WHOLE, Hospital


def told(resident: Resident) -> CareRecord:
    return replace(WHOLE, resident=resident)


def replacing(number: str) -> Resident:
    return replace(MARY, links=(Link(Logical(NHS_NUMBER, number), "replaces"),))


REPLACED = replace(MARY, links=(Link(Ref("Patient", "r2"), "replaced by"),))
SAYS: dict[str, tuple[CareRecord, str]] = {
    "merged into whom?": (withdrawn(Reason.MERGED), "withdrawn.into"),
    "merged into herself": (withdrawn(Reason.MERGED, "r1"), "withdrawn.into"),
    "a move is no merge": (withdrawn(Reason.MOVED_AWAY, "r2"), "withdrawn.into"),
    "a mistake is no merge": (withdrawn(Reason.WRONG_RESIDENT, "r2"), "withdrawn.into"),
    "replaced and not withdrawn": (told(REPLACED), "resident.links[0]"),
    "replaced by another than it was merged into": (withdrawn(Reason.MERGED, "r3", told(REPLACED)), "resident.links[0]"),
    "a link to itself": (told(replace(MARY, links=(Link(Ref("Patient", "r1"), "see also"),))), "resident.links[0].other"),
    "an old number that is the number": (told(replacing(OLD)), "resident.links[0].other.value"),
    "an old number that is none": (told(replacing("9990000019")), "resident.links[0].other.value"),
    "two numbers at once": (told(replace(MARY, identifiers=(Identifier(NEW, NHS_NUMBER),))), "resident.identifiers[0]"),
    "two numbers, one of them old": (told(replace(MARY, identifiers=(Identifier(NEW, NHS_NUMBER, "old"),))), "resident.identifiers[0]"),
}


@pytest.mark.parametrize(("bag", "field"), SAYS.values(), ids=SAYS.keys())
def test_what_contradicts_itself_does_not_travel(bag: CareRecord, field: str) -> None:
    assert refusals(bag) == [field]
    hospital = Hospital()
    assert (hospital.send(bag, UPSERT).verdict, hospital.wire) == (Verdict.REFUSED, [])


# Whether the one with that number is r2, nobody can tell.
BY_NUMBER = replace(MARY, links=(Link(Logical(NHS_NUMBER, NEW, "Patient"), "replaced by"),))


@pytest.mark.parametrize("bag", [
    RENUMBERED, SURVIVES, MERGED, DIED, withdrawn(Reason.MERGED, "r2", told(BY_NUMBER)), withdrawn(Reason.MOVED_AWAY),
    withdrawn(Reason.WRONG_RESIDENT)])
def test_every_event_may_travel(bag: CareRecord) -> None:
    assert refusals(bag) == []


@pytest.mark.parametrize(("reason", "medicine", "lists", "active"), [
    (Reason.WRONG_RESIDENT, "entered-in-error", "entered-in-error", False), (Reason.MERGED, "entered-in-error", "entered-in-error", False),
    (Reason.MOVED_AWAY, "unknown", "retired", None)])
def test_a_bundle_of_a_withdrawn_record_holds_every_row_as_it_ends(
        reason: Reason, medicine: str, lists: str, active: bool | None) -> None:
    bag = withdrawn(reason, "r2" if reason is Reason.MERGED else None)
    (part,) = transaction(bag, UPSERT)
    made = [entry["resource"] for entry in part.bundle["entry"]]
    assert {r["status"] for r in made if r["resourceType"] == "MedicationStatement"} == {medicine}
    assert {r["status"] for r in made if r["resourceType"] == "List"} == {lists}
    assert made[0].get("active") is active
    assert [len(r["entry"]) for r in made if r["resourceType"] == "List"] == [2, 1, 1]
    assert len(made) == len(transaction(WHOLE, UPSERT)[0].bundle["entry"])


EVENTS = {"number": RENUMBERED, "survives": SURVIVES, "merged": MERGED, "died": DIED, "moved": withdrawn(Reason.MOVED_AWAY),
          "wrong": withdrawn(Reason.WRONG_RESIDENT)}
HER_PATIENT: dict[str, dict[str, Any]] = {  # what the Patient says beside who she is
    "number": {"numbers": [(NEW, None)], "links": ["replaces"]}, "survives": {"links": ["replaces", "replaces"]},
    "merged": {"numbers": [(NEW, None)], "links": ["replaced-by"], "active": False}, "wrong": {"active": False}, "moved": {},
    "died": {"died": "2026-11-01T06:10:00+00:00"}}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("policy", POLICIES)
def test_which_bundle_an_event_makes(event: str, policy: Policy) -> None:
    """Only with match the Patient does not travel; what her rows say does not depend on it, and she is found by the number in use."""
    bag = EVENTS[event]
    entries = entries_of(bag, policy)
    people = [entry for entry in entries if entry["resource"]["resourceType"] == "Patient"]
    asked = f"identifier={NHS_NUMBER}|{bag.resident.nhs_number}"
    wanted = {"match": [], "create-if-missing": [("POST", asked)], "upsert": [("PUT", None)]}[policy.patient]
    assert [(e["request"]["method"], e["request"].get("ifNoneExist")) for e in people] == wanted
    assert {e["resource"]["subject"]["reference"] for e in entries if e["resource"]["resourceType"] == "List"} == {
        f"Patient?{asked}" if policy.patient == "match" else people[0]["fullUrl"]}
    assert len(entries) - len(people) == len(entries_of(bag, MATCH))
    for entry in people:
        assert said(entry["resource"]) == {"numbers": [(OLD, None)], **HER_PATIENT[event]}


def entries_of(bag: CareRecord, policy: Policy) -> list[Any]:
    return [entry for part in transaction(bag, policy) for entry in part.bundle["entry"]]


def said(patient: dict[str, Any]) -> dict[str, Any]:
    numbers = [(i["value"], i.get("use")) for i in patient["identifier"] if i["system"] == NHS_NUMBER]
    found = {"numbers": numbers, "links": [link["type"] for link in patient.get("link", [])], "active": patient.get("active"),
             "died": patient.get("deceasedDateTime")}
    return {name: value for name, value in found.items() if value not in (None, [])}


def test_a_link_to_another_record_of_the_sender_comes_back_as_it_was() -> None:
    back = read([collection(SURVIVES)], sent=SURVIVES).care_record(HOME, SURVIVES.as_of)
    assert back.resident.links == SURVIVES.resident.links
    unknown = read([collection(SURVIVES)], source=HOME).care_record(HOME, SURVIVES.as_of)
    assert unknown.resident.links[1:] == (Link(Logical(f"{HOME}/Id/Patient", "r2", "Patient"), "replaces"),)


@pytest.mark.parametrize("event", [RENUMBERED, DIED, SURVIVES, MERGED, withdrawn(Reason.WRONG_RESIDENT), withdrawn(Reason.MOVED_AWAY)])
def test_no_sentence_holds_a_value_of_hers(event: CareRecord, caplog: pytest.LogCaptureFixture) -> None:
    said = list[str]()
    for policy in POLICIES:
        hospital = visited(policy)
        hospital.edits(hospital.medicine("Amlodipine"), status="on-hold")
        for sent in (hospital.send(event, policy, dry_run=True), hospital.send(event, policy), hospital.retract()):
            said += sent.sentences
    everything = "\n".join([*said, caplog.text])
    assert said
    assert not any(value in everything for value in (OLD, NEW, "Examplesen", "1941", "Furosemide", "penicillin", "r1/", "Clover"))
