"""The wrong resident: all that was sent is taken back, from wherever it stands, and nothing of anybody else's."""
from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from adapter.bundle import Policy
from adapter.delivery.outcome import Verdict
from mappings.bag import CareRecord, Unlisted
from mappings.corrections import Reason, Withdrawn
from mappings.patient import Resident
from mappings.systems import NHS_NUMBER
from tests.events import ALL, MATCH, NEW, NOTHING, OLD, OTHER, UPSERT, again, refusals, visited, withdrawn
from tests.hospital import AMLODIPINE, BAG, CREATE, HOME, MARY, POLICIES, WHOLE, Hospital, Ward


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


def test_a_patient_that_is_not_ours_to_write_is_for_a_person_until_it_is_out_of_use() -> None:
    hospital, bag = visited(CREATE), withdrawn(Reason.WRONG_RESIDENT)
    assert hospital.send(bag).for_a_person
    hospital.edits(hospital.has("Patient")[0], active=False)
    assert not hospital.send(bag).for_a_person


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


def test_who_is_not_in_use_by_our_own_word_too_is_for_nobody() -> None:
    hospital, gone = Hospital(), replace(WHOLE, resident=replace(MARY, active=False))
    hospital.send(gone, CREATE)
    sent = hospital.send(gone, CREATE)
    assert (sent.verdict, sent.for_a_person, sent.sentences) == (Verdict.DELIVERED, False, ())


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
    theirs = hospital.registers(identifier=[{"system": f"{HOME}/Id/Patient", "value": "r1"}, {"system": NHS_NUMBER, "value": OLD}],
                                meta={"tag": [{"system": "https://h.example/tags", "code": "seen"}]})
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
