"""Corrections as events: what each looks like in a record, and what a ward sees of it afterwards. Counted at the server; twice is once."""
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapter.bundle import Policy, collection, read, transaction
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Sent
from mappings.bag import CareRecord, Unlisted, findings
from mappings.corrections import Reason, Withdrawn, in_error
from mappings.datatypes import Identifier
from mappings.patient import Link, Resident
from mappings.systems import NHS_NUMBER
from mappings.values import Logical, Ref
from tests.hospital import (
    AMLODIPINE,
    BAG,
    CREATE,
    FUROSEMIDE,
    HOME,
    MARY,
    NOT_TRACED,
    POLICIES,
    WHOLE,
    Hospital,
    Ward,
)

OLD, NEW, OTHER = "9990000018", "9990000026", "9990000034"
MATCH, UPSERT = Policy("match"), Policy("upsert")
NOTHING: list[Any] = [[], [], [], [], [], {}]  # holds about her
ALL = [["Amlodipine 5mg tablets", "Furosemide 40mg tablets"], ["penicillin"], ["Fictional vaccine"], ["planned"], ["Clover"],
       {"home.example medicines": 2, "home.example allergies": 1, "home.example vaccinations": 1}]


def visited(policy: Policy, bag: CareRecord = WHOLE) -> Hospital:
    """A hospital to which the record was sent; where it must know her already, it does."""
    hospital = Hospital()
    if policy.patient == "match":
        hospital.registers()
    assert hospital.send(bag, policy).verdict is Verdict.DELIVERED
    return hospital


def again(hospital: Hospital, bag: CareRecord, policy: Policy) -> Sent:
    """The same sent once more: nothing is written."""
    written = hospital.writes()
    sent = hospital.send(bag, policy)
    assert (sent.verdict, hospital.writes(), hospital.posts()) == (Verdict.DELIVERED, written, 0)
    return sent


def refusals(bag: CareRecord) -> list[str]:
    return [f.field for f in findings(bag) if f.level == "refusal"]


def withdrawn(reason: Reason, into: str | None = None, bag: CareRecord = WHOLE) -> CareRecord:
    return replace(bag, withdrawn=Withdrawn(reason, into))


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
SUPERSEDED = replace(MARY, nhs_number=NEW, identifiers=(Identifier(OLD, NHS_NUMBER, "old"),))
RENUMBERED = replace(WHOLE, resident=SUPERSEDED)


def test_with_upsert_a_ward_finds_her_under_both_numbers() -> None:
    hospital = visited(UPSERT)
    hospital.send(RENUMBERED, UPSERT)
    assert Ward(hospital).all(NEW) == Ward(hospital).all(OLD) == ALL
    assert (len(Ward(hospital).patients(NEW)), len(hospital.has("Patient"))) == (1, 1)
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
TWIN = replace(WHOLE, resident=replace(MARY, key="r2", nhs_number=NEW), medicines=(replace(FUROSEMIDE, key="m9"),))
SURVIVES = replace(WHOLE, resident=replace(
    MARY, identifiers=(Identifier(NEW, NHS_NUMBER, "old"),), links=(Link(Ref("Patient", "r2"), "replaces"),)))
MERGED = withdrawn(Reason.MERGED, "r1", TWIN)


@pytest.mark.parametrize("policy", POLICIES)
def test_two_records_with_one_number_end_as_one(policy: Policy) -> None:
    twice = replace(TWIN, resident=replace(MARY, key="r2"))
    hospital = visited(policy)
    hospital.send(twice, policy)
    assert len(Ward(hospital).medicines()) == 3
    hospital.send(withdrawn(Reason.MERGED, "r1", twice), policy)
    assert (Ward(hospital).all(), len(Ward(hospital).patients())) == (ALL, 1)


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
    assert stays["link"] == [{"other": {"type": "Patient", "identifier": {**key, "value": "r2"}}, "type": "replaces"}]
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
NEXT = "https://elms.example/records"
MOVED_IN = replace(
    WHOLE, source=NEXT, as_of="2026-11-02T08:00:00Z", resident=replace(MARY, key="77"), medicines=(replace(AMLODIPINE, key="1"),),
    vaccinations=Unlisted.NOT_SUPPLIED, stays=(), related_persons=())


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
    assert "the server has a newer one; nothing was taken back" in sent.sentences[0]


# ---- death -----------------------------------------------------------------------------------------------------------------
DIED = replace(WHOLE, resident=replace(MARY, deceased="2026-11-01T06:10:00+00:00"))


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


# ---- the wrong resident ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("person", [MARY, None])
def test_all_that_was_sent_is_taken_back_once(policy: Policy, person: Resident | None) -> None:
    hospital = visited(policy)
    assert Ward(hospital).all() == ALL
    written = hospital.writes()
    rehearsed = hospital.retract(person=person, dry_run=True)
    assert (hospital.writes(), Ward(hospital).all()) == (written, ALL)
    sent = hospital.retract(person=person)
    ours = len(rehearsed.rows)
    assert ours == (9 if policy == MATCH else 10)  # five kinds of rows with two medicines, three Lists, and the Patient if it was ours
    assert ([r.became for r in sent.rows], hospital.writes(), hospital.posts()) == (["ended"] * ours, written + ours, 1)
    assert len(sent.sentences) == len(rehearsed.sentences) == ours
    assert all("is taken back, for it was not hers; it is now " in s for s in sent.sentences)
    assert Ward(hospital).all() == NOTHING
    assert [p.get("active", True) for p in hospital.has("Patient")] == [policy == MATCH]
    twice = hospital.retract(person=person)
    assert ([r.became for r in twice.rows], twice.sentences, hospital.posts()) == (["unchanged"] * ours, (), 0)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_record_may_say_so_itself(policy: Policy) -> None:
    hospital, bag = visited(policy), withdrawn(Reason.WRONG_RESIDENT)
    hospital.send(bag, policy)
    assert Ward(hospital).all() == NOTHING
    again(hospital, bag, policy)
    nothing_but_the_key = CareRecord(HOME, BAG.as_of, Resident(key="r1"), withdrawn=Withdrawn(Reason.WRONG_RESIDENT))
    assert refusals(nothing_but_the_key) == []
    other = visited(policy)
    other.send(nothing_but_the_key, policy)
    assert Ward(other).all() == NOTHING


def test_what_vanished_from_the_record_long_ago_is_taken_back_too() -> None:
    hospital = visited(MATCH)
    hospital.send(replace(WHOLE, medicines=(AMLODIPINE,), stays=(), related_persons=()), MATCH)
    hospital.retract()
    assert Ward(hospital).all() == NOTHING


def test_what_never_was_there_is_not_made_in_order_to_be_taken_back() -> None:
    hospital = Hospital()
    hospital.registers()
    sent = hospital.send(withdrawn(Reason.WRONG_RESIDENT), MATCH)
    assert (sent.verdict, sent.rows, hospital.writes()) == (Verdict.DELIVERED, (), 1)


def test_it_does_not_matter_who_the_patient_there_turned_out_to_be() -> None:
    hospital = Hospital()
    theirs = hospital.registers()
    hospital.send(WHOLE, MATCH)
    hospital.edits(theirs, name=[{"family": "Sampleton"}], birthDate="1950-05-05")
    assert hospital.send(WHOLE, MATCH).verdict is Verdict.PERSON
    assert hospital.send(withdrawn(Reason.WRONG_RESIDENT), MATCH).verdict is Verdict.DELIVERED
    assert Ward(hospital).all() == NOTHING


def put_right(hospital: Hospital) -> CareRecord:
    """She was filed under somebody else's number; it is put right, and meanwhile a medicine has vanished."""
    hospital.registers()
    hospital.registers(identifier=[{"system": NHS_NUMBER, "value": NEW}])
    hospital.send(WHOLE, MATCH)
    return replace(WHOLE, resident=replace(MARY, nhs_number=NEW), medicines=(AMLODIPINE,))


def test_a_wrong_number_that_is_put_right_leaves_nothing_with_the_other_patient() -> None:
    hospital = Hospital()
    bag = put_right(hospital)
    sent = hospital.send(bag, MATCH, absence={"medicines": "entered-in-error"})
    assert "stands under another patient of the server; it goes to this one" in sent.sentences[1]
    assert (Ward(hospital).all(OLD), Ward(hospital).medicines(NEW)) == (NOTHING, ["Amlodipine 5mg tablets"])
    assert again(hospital, bag, MATCH).sentences == sent.sentences[:1]  # what is not written about her, and no more


@pytest.mark.parametrize("keeps_history", [True, False])
def test_what_was_left_with_the_other_patient_is_said_and_taken_back_too(keeps_history: bool) -> None:
    hospital = Hospital()
    sent = hospital.send(put_right(hospital), MATCH)
    assert (sent.for_a_person, Ward(hospital).medicines(OLD)) == (True, ["Furosemide 40mg tablets"])

    async def forgets(request: httpx.Request) -> httpx.Response | None:
        return None if keeps_history or "_history" not in request.url.path else httpx.Response(501)

    hospital.before = forgets
    assert hospital.retract().verdict is Verdict.DELIVERED
    assert (Ward(hospital).all(OLD) == NOTHING, Ward(hospital).all(NEW)) == (keeps_history, NOTHING)


def test_another_residents_things_stay() -> None:
    hospital = visited(CREATE)
    other = replace(WHOLE, resident=replace(MARY, key="r1/a", nhs_number=OTHER, family_name="Sampleton"))
    hospital.send(other)
    hospital.retract("r1")
    assert (Ward(hospital).all(), Ward(hospital).all(OTHER)) == (NOTHING, ALL)


def test_without_any_list_the_senders_own_are_looked_through() -> None:
    hospital = Hospital()
    hospital.registers()
    silent = Unlisted.NOT_SUPPLIED
    hospital.send(replace(WHOLE, medicines=silent, allergies=silent, vaccinations=silent), MATCH)
    assert Ward(hospital).stays() == ["planned"]
    hospital.retract()
    assert Ward(hospital).all() == NOTHING


def test_whoever_is_sent_next_to_a_patient_that_was_taken_back_is_for_a_person() -> None:
    hospital = visited(CREATE)
    hospital.retract()
    sent = hospital.send(replace(WHOLE, resident=replace(MARY, key="r2")))
    assert (sent.verdict, sent.for_a_person, "marked as no longer in use" in sent.sentences[0]) == (Verdict.DELIVERED, True, True)
    assert not visited(UPSERT).send(WHOLE, UPSERT).for_a_person


def test_what_was_taken_back_by_mistake_can_be_sent_again() -> None:
    hospital = visited(UPSERT)
    hospital.retract()
    hospital.send(WHOLE, UPSERT)
    assert (Ward(hospital).all(), "active" in Ward(hospital).patients()[0]) == (ALL, False)


def test_a_status_that_the_hospital_edited_is_left_to_a_person() -> None:
    hospital = visited(CREATE)
    hospital.edits(hospital.medicine("Furosemide"), status="on-hold")
    sent = hospital.retract()
    assert (sent.for_a_person, hospital.medicine("Furosemide")["status"], len(sent.rows)) == (True, "on-hold", 10)
    assert Ward(hospital).all() == NOTHING
    assert not hospital.retract(replace=True).for_a_person
    assert hospital.medicine("Furosemide")["status"] == "entered-in-error"


def test_a_patient_of_the_hospitals_that_carries_our_key_is_not_ours() -> None:
    hospital = Hospital()
    theirs = hospital.registers(identifier=[{"system": f"{HOME}/Id/Patient", "value": "r1"}, {"system": NHS_NUMBER, "value": OLD}])
    hospital.send(WHOLE, MATCH)
    sent = hospital.retract()
    assert (Ward(hospital).all(), hospital.has("Patient"), {row.became for row in sent.rows}) == (NOTHING, [theirs], {"ended"})


def test_a_server_that_will_not_say_what_it_has_is_for_a_person() -> None:
    hospital = visited(CREATE)

    async def refused(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.url.path == "/MedicationStatement" else None

    hospital.before = refused
    sent = hospital.retract()
    assert (sent.for_a_person, sent.sentences[0]) == (
        True, "medicines: the server would not say which of yours it has; a person must look")


# ---- in the record ---------------------------------------------------------------------------------------------------------
def told(resident: Resident) -> CareRecord:
    return replace(WHOLE, resident=resident)


REPLACED = replace(MARY, links=(Link(Ref("Patient", "r2"), "replaced by"),))
SAYS: dict[str, tuple[CareRecord, str]] = {
    "merged into whom?": (withdrawn(Reason.MERGED), "withdrawn.into"),
    "merged into herself": (withdrawn(Reason.MERGED, "r1"), "withdrawn.into"),
    "a move is no merge": (withdrawn(Reason.MOVED_AWAY, "r2"), "withdrawn.into"),
    "a mistake is no merge": (withdrawn(Reason.WRONG_RESIDENT, "r2"), "withdrawn.into"),
    "replaced and not withdrawn": (told(REPLACED), "resident.links[0]"),
    "replaced by another than it was merged into": (withdrawn(Reason.MERGED, "r3", told(REPLACED)), "resident.links[0]"),
    "a link to itself": (told(replace(MARY, links=(Link(Ref("Patient", "r1"), "see also"),))), "resident.links[0].other"),
    "an old number that is the number": (
        told(replace(MARY, identifiers=(Identifier(OLD, NHS_NUMBER, "old"),))), "resident.identifiers[0].value"),
    "an old number that is none": (
        told(replace(MARY, identifiers=(Identifier("9990000019", NHS_NUMBER, "old"),))), "resident.identifiers[0].value"),
    "two numbers at once": (told(replace(MARY, identifiers=(Identifier(NEW, NHS_NUMBER),))), "resident.identifiers[0].use"),
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


def test_a_link_to_another_record_of_the_sender_comes_back_as_it_was() -> None:
    back = read([collection(SURVIVES)], sent=SURVIVES).care_record(HOME, SURVIVES.as_of)
    assert back.resident.links == SURVIVES.resident.links
    unknown = read([collection(SURVIVES)], source=HOME).care_record(HOME, SURVIVES.as_of)
    assert unknown.resident.links == (Link(Logical(f"{HOME}/Id/Patient", "r2", "Patient"), "replaces"),)


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
