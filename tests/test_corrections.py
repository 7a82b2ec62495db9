"""Corrections as events: what a ward sees of each afterwards. Counted at the server; twice is once."""
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapter.bundle import Policy, read
from adapter.delivery.outcome import Verdict
from mappings.bag import CareRecord, Unlisted, findings
from mappings.corrections import Reason, in_error
from mappings.datatypes import Identifier
from mappings.systems import NHS_NUMBER
from tests.events import (
    ALL,
    DIED,
    MATCH,
    MERGED,
    MOVED_IN,
    NEW,
    NOTHING,
    OLD,
    RENUMBERED,
    SUPERSEDED,
    SURVIVES,
    TWIN,
    UPSERT,
    again,
    refusals,
    visited,
    withdrawn,
)
from tests.hospital import AMLODIPINE, CREATE, HOME, NOT_TRACED, POLICIES, WHOLE, Hospital, Ward

# ---- one row entered in error ----------------------------------------------------------------------------------------------
ROWS = ["medicines", "allergies", "vaccinations", "stays", "related_persons"]
LEFT: dict[str, Any] = {"medicines": ["Amlodipine 5mg tablets"], "allergies": [], "vaccinations": [], "stays": [], "related_persons": []}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("field", ROWS)
def test_a_row_entered_in_error_is_not_seen_any_more(field: str, policy: Policy) -> None:
    hospital = visited(policy)
    first, *others = getattr(WHOLE, field)
    changed: dict[str, Any] = {field: (in_error(first), *others)}
    bag = replace(WHOLE, **changed)
    assert refusals(bag) == []
    hospital.send(bag, policy)
    assert Ward(hospital).all()[:5] == [LEFT[f] if f == field else was for f, was in zip(ROWS, ALL, strict=False)]
    again(hospital, bag, policy)


def test_where_all_was_in_error_the_list_must_be_stated_anew() -> None:
    bag = replace(WHOLE, allergies=tuple(map(in_error, WHOLE.allergies if isinstance(WHOLE.allergies, tuple) else ())))
    assert ("allergies", "warning") in [(f.field, f.level) for f in findings(bag)]
    hospital = visited(CREATE)
    hospital.send(bag)
    hospital.send(replace(bag, allergies=Unlisted.NONE_KNOWN))
    assert (Ward(hospital).allergies(), Ward(hospital).lists()["home.example allergies"]) == ([], "nilknown")


# ---- superseded NHS number -------------------------------------------------------------------------------------------------


def test_with_upsert_a_ward_finds_her_under_the_new_number_alone() -> None:
    """The rule of the Personal Demographics Service: the details of the old one are removed."""
    hospital = visited(UPSERT)
    hospital.send(RENUMBERED, UPSERT)
    assert (Ward(hospital).all(NEW), Ward(hospital).all(OLD)) == (ALL, NOTHING)
    (hers,) = hospital.has("Patient")
    old = {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": OLD}}
    assert ([i["value"] for i in hers["identifier"]], hers["link"]) == (["r1", NEW], [{"other": old, "type": "replaces"}])
    assert again(hospital, RENUMBERED, UPSERT).sentences == ()


def test_a_patient_that_was_created_is_not_overwritten_and_its_number_is_for_a_person() -> None:
    hospital = visited(CREATE)
    sent = hospital.send(RENUMBERED)
    assert (sent.verdict, sent.for_a_person, Ward(hospital).all(OLD), Ward(hospital).patients(NEW)) == (Verdict.DELIVERED, True, ALL, [])
    assert "has only an NHS number that was superseded" in sent.sentences[0]
    again(hospital, RENUMBERED, CREATE)


@pytest.mark.parametrize("identifiers", [
    [{"system": NHS_NUMBER, "value": NEW}],
    [{"system": NHS_NUMBER, "value": NEW}, {"use": "old", "system": NHS_NUMBER, "value": OLD}],
    [{"use": "old", "system": NHS_NUMBER, "value": OLD}, {"system": NHS_NUMBER, "value": NEW}]])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_hospital_that_took_up_the_new_number_is_matched_by_it(policy: Policy, identifiers: list[dict[str, str]]) -> None:
    hospital = Hospital()
    hospital.registers(identifier=identifiers)
    sent = hospital.send(RENUMBERED, policy)
    assert (sent.verdict, sent.for_a_person, Ward(hospital).all(NEW)) == (Verdict.DELIVERED, False, ALL)
    again(hospital, RENUMBERED, policy)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("use", [{}, {"use": "old"}])
def test_a_hospital_that_knows_only_the_old_number_is_for_a_person_and_gets_no_second_patient(policy: Policy, use: dict[str, str]) -> None:
    hospital = Hospital()
    hospital.registers(identifier=[{"system": NHS_NUMBER, "value": OLD, **use}])
    sent = hospital.send(RENUMBERED, policy)
    assert (sent.verdict, hospital.writes(), hospital.posts()) == (Verdict.PERSON, 1, 0)
    assert "knows a patient only under an NHS number of hers that was superseded" in sent.sentences[0]


LEADS: dict[str, tuple[dict[str, Any], bool]] = {
    "it says nothing of the other": ({}, True),
    "it replaces the one under the old number": (
        {"link": [{"type": "replaces", "other": {"identifier": {"system": NHS_NUMBER, "value": OLD}}}]}, False)}


@pytest.mark.parametrize(("links", "for_a_person"), LEADS.values(), ids=LEADS.keys())
def test_whether_the_hospital_has_joined_the_two_is_seen_by_its_link(links: dict[str, Any], for_a_person: bool) -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.registers(identifier=[{"system": NHS_NUMBER, "value": NEW}], **links)
    sent = hospital.send(RENUMBERED, MATCH)
    assert (sent.verdict, sent.for_a_person, Ward(hospital).all(NEW)) == (Verdict.DELIVERED, for_a_person, ALL)


def test_of_two_under_her_number_the_one_that_replaces_the_other_is_meant() -> None:
    hospital = Hospital()
    gone = hospital.registers()
    stays = hospital.registers(link=[{"type": "replaces", "other": {"reference": f"Patient/{gone['id']}"}}])
    sent = hospital.send(WHOLE, MATCH)
    assert (sent.verdict, sent.for_a_person, sent.patient) == (Verdict.DELIVERED, False, f"Patient/{stays['id']}")
    hospital.registers()
    assert hospital.send(WHOLE, MATCH).verdict is Verdict.PERSON


def test_what_was_sent_under_the_old_number_follows_her_to_the_new_patient() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.send(WHOLE, MATCH)
    hospital.registers(identifier=[{"system": NHS_NUMBER, "value": NEW}])
    fewer = replace(RENUMBERED, medicines=(AMLODIPINE,))
    sent = hospital.send(fewer, MATCH, absence={"medicines": "stopped"})
    assert (sent.for_a_person, "another patient under an NHS number of hers that was superseded" in sent.sentences[0]) == (True, True)
    assert (Ward(hospital).medicines(OLD), Ward(hospital).medicines(NEW)) == ([], ["Amlodipine 5mg tablets"])
    assert hospital.medicine("Furosemide")["status"] == "stopped"  # also where it stood under the old one


def test_a_record_with_a_number_that_the_hospital_knows_as_old_is_for_a_person() -> None:
    hospital = Hospital()
    hospital.registers(identifier=[{"use": "old", "system": NHS_NUMBER, "value": OLD}, {"system": NHS_NUMBER, "value": NEW}])
    sent = hospital.send(WHOLE, MATCH)
    assert (sent.verdict, hospital.posts(), "yours as a superseded one" in sent.sentences[0]) == (Verdict.PERSON, 0, True)


def test_a_record_of_before_the_new_number_was_sent_is_behind() -> None:
    hospital = visited(UPSERT)
    hospital.send(RENUMBERED, UPSERT)
    sent = hospital.send(WHOLE, UPSERT)  # found by the sender's own key; the Patient has a link to its number
    assert (sent.verdict, hospital.posts(), "yours as a superseded one" in sent.sentences[0]) == (Verdict.PERSON, 0, True)
    assert Ward(hospital).all(NEW) == ALL


def test_a_number_that_comes_back_before_the_one_in_use_is_not_hers() -> None:
    hospital = Hospital()
    theirs = hospital.registers(identifier=[{"use": "old", "system": NHS_NUMBER, "value": OLD}, {"system": NHS_NUMBER, "value": NEW}])
    (item,) = read([theirs], source=HOME).items
    assert (item.record.nhs_number, item.record.identifiers) == (NEW, (Identifier(OLD, NHS_NUMBER, "old"),))
    assert item.resource == theirs


def test_nobody_is_looked_for_by_old_numbers_when_the_new_one_is_not_verified() -> None:
    hospital = Hospital()
    hospital.registers()
    hospital.send(replace(RENUMBERED, resident=replace(SUPERSEDED, nhs_number_status=NOT_TRACED)), MATCH)
    assert not any(number in str(request.url) for request in hospital.wire for number in (OLD, NEW))


# ---- merge -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("order", [(SURVIVES, MERGED), (MERGED, SURVIVES)])
def test_of_two_records_of_one_person_one_stays(policy: Policy, order: tuple[CareRecord, CareRecord]) -> None:
    hospital = Hospital()
    if policy.patient == "match":
        hospital.registers()
        hospital.registers(identifier=[{"system": NHS_NUMBER, "value": NEW}])
    for bag in (WHOLE, TWIN):
        assert hospital.send(bag, policy).verdict is Verdict.DELIVERED
    assert Ward(hospital).medicines(NEW) == ["Furosemide 40mg tablets"]
    for bag in order:
        assert hospital.send(bag, policy).verdict is Verdict.DELIVERED
    assert Ward(hospital).all(OLD) == ALL
    losing = [p for p in hospital.has("Patient") if any(i["value"] == "r2" for i in p["identifier"])]
    hers = ",".join(f"Patient/{p['id']}" for p in losing or Ward(hospital).patients(NEW))
    assert hospital.ask("GET", f"/MedicationStatement?patient={hers}&status=active")["total"] == 0
    assert {r["status"] for r in hospital.has("List") if "r2/" in json.dumps(r)} == {"entered-in-error"}
    for bag in order:
        again(hospital, bag, policy)


def test_under_upsert_the_losing_patient_leads_to_the_one_that_stays() -> None:
    hospital = Hospital()
    for bag in (WHOLE, TWIN, SURVIVES, MERGED):
        hospital.send(bag, UPSERT)
    losing, stays = (next(p for p in hospital.has("Patient") if p["identifier"][0]["value"] == key) for key in ("r2", "r1"))
    key = {"system": f"{HOME}/Id/Patient"}
    assert (losing["active"], losing["link"]) == (
        False, [{"other": {"type": "Patient", "identifier": {**key, "value": "r1"}}, "type": "replaced-by"}])
    assert stays["link"][1:] == [{"other": {"type": "Patient", "identifier": {**key, "value": "r2"}}, "type": "replaces"}]
    assert hospital.send(SURVIVES, UPSERT).sentences == ()  # the other one is not in use any more: nothing to join


@pytest.mark.parametrize("policy", [MATCH, CREATE])
def test_under_other_policies_a_patient_is_not_written_and_that_is_said(policy: Policy) -> None:
    hospital = visited(policy, WHOLE)
    before = hospital.has("Patient")
    sent = hospital.send(withdrawn(Reason.MERGED, "r7"), policy)
    assert hospital.has("Patient") == before
    assert ("the Patient that was made from your record is left as it is" in sent.sentences[0]) is (policy is CREATE)


def test_what_is_the_hospitals_is_never_ended() -> None:
    hospital = visited(MATCH)
    (hers,) = Ward(hospital).patients()
    theirs = {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": {"text": "Morphine"},
              "subject": {"reference": f"Patient/{hers['id']}"}}
    hospital.ask("POST", "/MedicationStatement", theirs)
    hospital.send(withdrawn(Reason.WRONG_RESIDENT), MATCH)
    assert (Ward(hospital).medicines(), Ward(hospital).patients()) == (["Morphine"], [hers])


# ---- move to another home --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("closed_first", [True, False])
def test_after_a_move_only_the_new_home_is_current(policy: Policy, closed_first: bool) -> None:
    hospital, closed = visited(policy), withdrawn(Reason.MOVED_AWAY)
    for bag in (closed, MOVED_IN) if closed_first else (MOVED_IN, closed):
        assert hospital.send(bag, policy).verdict is Verdict.DELIVERED
    assert Ward(hospital).medicines() == ["Amlodipine 5mg tablets"]  # once, and the new home's
    assert Ward(hospital).lists() == {"elms.example medicines": 1, "elms.example allergies": 1}
    assert {m["status"] for m in hospital.has("MedicationStatement") if HOME in json.dumps(m)} == {"unknown"}
    assert Ward(hospital).allergies() == ["penicillin", "penicillin"]  # true wherever she lives: twice is safe, not at all is not
    assert (Ward(hospital).vaccinations(), Ward(hospital).stays()) == (["Fictional vaccine"], ["planned"])
    assert {r["status"] for r in hospital.has("List") if HOME in json.dumps(r)} == {"retired"}
    assert {p.get("active", True) for p in hospital.has("Patient")} == {True}
    for bag in (closed, MOVED_IN):
        again(hospital, bag, policy)


def test_who_comes_back_to_the_home_is_there_again() -> None:
    hospital = visited(CREATE)
    hospital.send(withdrawn(Reason.MOVED_AWAY))
    back = replace(WHOLE, as_of="2026-11-05T08:00:00Z")
    hospital.send(back)
    assert Ward(hospital).all() == ALL
    sent = hospital.send(withdrawn(Reason.MOVED_AWAY))  # the old file, once more by mistake
    assert (sent.verdict, Ward(hospital).all()) == (Verdict.REFUSED, ALL)
    assert "the server has one of 2026-11-05T08:00:00Z; nothing was taken back" in sent.sentences[0]


# ---- death -----------------------------------------------------------------------------------------------------------------


def test_what_is_still_open_after_she_died_is_a_warning_and_is_never_concluded() -> None:
    found = [(f.field, f.level) for f in findings(DIED) if "has died" in f.says]
    assert found == [("medicines[0].status", "warning"), ("medicines[1].status", "warning"), ("stays[0].status", "warning")]
    assert [f for f in findings(WHOLE) if "has died" in f.says] == []
    hospital = visited(UPSERT)
    hospital.send(DIED, UPSERT)
    assert Ward(hospital).all() == ALL


def test_with_upsert_a_ward_sees_that_she_died() -> None:
    hospital = visited(UPSERT)
    sent = hospital.send(DIED, UPSERT)
    assert (sent.for_a_person, Ward(hospital).patients()[0]["deceasedDateTime"]) == (False, "2026-11-01T06:10:00+00:00")
    again(hospital, DIED, UPSERT)


@pytest.mark.parametrize("policy", [MATCH, CREATE])
def test_where_the_patient_is_not_ours_to_write_a_person_must_tell_them(policy: Policy) -> None:
    hospital = visited(policy)
    sent = hospital.send(DIED, policy)
    assert (sent.for_a_person, "deceased" in sent.not_written, "tell the hospital" in sent.sentences[0]) == (True, True, True)
    (theirs,) = hospital.has("Patient")
    hospital.edits(theirs, deceasedBoolean=True)
    assert not hospital.send(DIED, policy).for_a_person


@pytest.mark.parametrize("policy", POLICIES)
def test_a_death_that_only_the_hospital_knows_of_is_for_a_person(policy: Policy) -> None:
    hospital = visited(policy)
    (theirs,) = hospital.has("Patient")
    hospital.edits(theirs, deceasedBoolean=True)
    sent = hospital.send(WHOLE, policy)
    assert (sent.for_a_person, "the server's patient has died" in sent.sentences[0]) == (True, True)
