"""What a row means that is no longer in the export: with the export before this one beside it, and with a server that still has it."""
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bundle import Policy, collection
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Sent
from mappings.absence import WORDS, checked, with_absences
from mappings.allergy_intolerance import VERIFICATION
from mappings.bag import PERSONAL, CareRecord, Unlisted, findings
from mappings.corrections import in_error, is_all_in_error, left_behind, standing, stands, stopped
from mappings.datatypes import Coded
from mappings.faults import Faults
from mappings.immunization import EnteredInError, NotGiven
from mappings.practitioner import Practitioner
from mappings.values import Ref
from tests.bags import LAW, care_records
from tests.hospital import AMLODIPINE, BAG, CLOVER, FUROSEMIDE, HOME, JAB, MARY, PENICILLIN, POLICIES, WHOLE, Hospital, Ward

ERROR = "entered-in-error"
STAY = BAG.stays[0]
OTHERS: dict[str, Any] = {  # of each list, one without what vanishes: with something else in it
    "medicines": (AMLODIPINE,), "allergies": Unlisted.NONE_KNOWN, "vaccinations": Unlisted.NONE_KNOWN,
    "stays": (replace(STAY, key="s2"),), "related_persons": (replace(CLOVER, key="p2"),)}


# ---- how each ends ---------------------------------------------------------------------------------------------------------
NOT_JABBED = NotGiven(vaccine=JAB.vaccine, resident=JAB.resident, key="v2", not_given_on="2025-10-01", reason=JAB.vaccine)
ERROR_CODE = VERIFICATION.codings["entered in error"]
IN_OTHER_WORDS = Coded((ERROR_CODE,), "was her sister's")
ENDS = [
    (stopped, FUROSEMIDE, {"status": "stopped"}),
    (stopped, replace(FUROSEMIDE, status="on hold"), {"status": "stopped"}),
    (stopped, replace(FUROSEMIDE, status="completed"), {}),
    (in_error, FUROSEMIDE, {"status": "entered in error"}),
    (in_error, replace(PENICILLIN, end_date="2026", end_reason="tolerated"), {
        "verification_status": VERIFICATION.coded("entered in error"), "clinical_status": None, "end_date": None, "end_reason": None}),
    (in_error, replace(PENICILLIN, verification_status=VERIFICATION.coded("confirmed")), {
        "verification_status": VERIFICATION.coded("entered in error"), "clinical_status": None}),
    (in_error, replace(PENICILLIN, verification_status=IN_OTHER_WORDS, clinical_status=None), {}),
    (in_error, STAY, {"status": "entered in error"}),
    (in_error, CLOVER, {"active": False}),
    (in_error, MARY, {"active": False}),
    (left_behind, FUROSEMIDE, {"status": "unknown"}),
    (left_behind, replace(FUROSEMIDE, status="stopped"), {}),
    *((left_behind, row, {}) for row in (PENICILLIN, JAB, STAY, CLOVER, MARY)),
]


@pytest.mark.parametrize(("end", "row", "changes"), ENDS)
def test_only_the_status_of_a_row_changes_and_it_ends_once(end: Any, row: Any, changes: dict[str, Any]) -> None:
    assert end(row) == replace(row, **changes)
    assert end(end(row)) == end(row)


@pytest.mark.parametrize(("row", "on"), [(JAB, JAB.given_on), (NOT_JABBED, NOT_JABBED.not_given_on)])
def test_a_vaccination_in_error_is_another_record_of_the_same_day(row: Any, on: str) -> None:
    made = in_error(row)
    assert (type(made), made.wrongly_recorded_for, made.vaccine, made.key, made.primary_source) == (
        EnteredInError, on, row.vaccine, row.key, row.primary_source)
    assert (in_error(made), standing(made)) == (made, "entered in error")


# ---- with the export before it ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", WORDS)
@pytest.mark.parametrize("word", ["stopped", ERROR, "unknown", None])
def test_what_vanished_is_added_as_its_sender_says_and_only_then(field: str, word: str | None) -> None:
    now = replace(WHOLE, **{field: OTHERS[field]})
    if word not in (None, *WORDS[field]):
        with pytest.raises(Faults, match="absence"):
            with_absences(WHOLE, now, {field: word or ""})
        return
    after = with_absences(WHOLE, now, {field: word} if word else {})
    if word in (None, "unknown"):
        assert after == now
        return
    *_, added = getattr(after, field)
    assert added == {"stopped": stopped, ERROR: in_error}[word or ""](getattr(WHOLE, field)[0])
    assert [f for f in findings(after) if f.level == "refusal"] == []
    assert with_absences(after, now, {field: word}) == now  # it has ended: the next time there is nothing to say of it


@pytest.mark.parametrize("field", WORDS)
@pytest.mark.parametrize("said", [Unlisted.NOT_SUPPLIED, Unlisted.NOT_ASKED, ()])
def test_a_list_that_says_nothing_ends_nothing(field: str, said: Any) -> None:
    now = replace(WHOLE, **{field: said})
    assert with_absences(WHOLE, now, {field: ERROR}) == now


@pytest.mark.parametrize("field", WORDS)
def test_a_list_of_nothing_but_errors_ends_nothing_here_or_there(field: str) -> None:
    """It says that this was wrong, and not that there is nothing else."""
    wrong: dict[str, Any] = {field: (in_error(replace(getattr(WHOLE, field)[0], key="wrong")),)}
    now = replace(WHOLE, **wrong)
    assert with_absences(WHOLE, now, {field: ERROR}) == now
    hospital = Hospital()
    hospital.send(WHOLE)
    before = Ward(hospital).all()[:5]
    sent = hospital.send(now, absence={field: ERROR})
    assert (ended(sent), sent.for_a_person, Ward(hospital).all()[:5]) == ([], True, before)


def test_none_known_ends_all_that_was_known() -> None:
    now = replace(WHOLE, medicines=Unlisted.NONE_KNOWN)
    after = with_absences(WHOLE, now, {"medicines": "stopped"})
    assert after.medicines == (stopped(FUROSEMIDE), stopped(AMLODIPINE))


def test_what_had_ended_before_and_what_has_no_key_is_let_go() -> None:
    before = replace(BAG, medicines=(replace(FUROSEMIDE, status="stopped"), replace(AMLODIPINE, key=None), AMLODIPINE))
    now = replace(BAG, medicines=(AMLODIPINE,))
    assert with_absences(before, now, {"medicines": "stopped"}) == now


def test_what_an_added_row_refers_to_comes_along_and_nothing_else() -> None:
    who, other = Practitioner(key="gp"), Practitioner(key="other")
    medicine = replace(FUROSEMIDE, information_source=Ref("Practitioner", "gp"), context=Ref("Encounter", "s1"))
    before = replace(WHOLE, medicines=(medicine, AMLODIPINE), practitioners=(who, other))
    now = replace(before, medicines=(AMLODIPINE,), practitioners=(), stays=())
    after = with_absences(before, now, {"medicines": "stopped"})
    assert (after.practitioners, after.stays) == ((who,), before.stays)
    assert [f for f in findings(after) if f.level == "refusal"] == []


@pytest.mark.parametrize("before", [
    replace(BAG, resident=replace(MARY, key="r2")), replace(BAG, source=f"{HOME}/other"), replace(BAG, as_of="2026-11-02T08:00:00+00:00")])
def test_another_residents_export_or_a_later_one_is_refused(before: CareRecord) -> None:
    with pytest.raises(Faults):
        with_absences(before, BAG, {"medicines": "stopped"})


@pytest.mark.parametrize("absence", [{"medicines": "gone"}, {"allergies": "stopped"}, {"organizations": ERROR}])
def test_a_word_that_a_list_does_not_have_is_refused(absence: dict[str, str]) -> None:
    with pytest.raises(Faults, match="expected one of: "):
        checked(absence)


@LAW
@given(care_records(returned=False, most=3), st.sampled_from(list(WORDS)), st.integers(0, 2))
def test_of_any_record_what_is_there_stays_and_what_is_gone_has_ended(bag: CareRecord, field: str, place: int) -> None:
    rows = getattr(bag, field)
    if not isinstance(rows, tuple) or len(rows) < 2:
        return
    gone = rows[place % len(rows)]
    kept: dict[str, Any] = {field: tuple(row for row in rows if row is not gone)}
    after = with_absences(bag, replace(bag, **kept), dict.fromkeys(WORDS, ERROR))
    concluded = stands(gone) and not is_all_in_error(kept[field])
    assert getattr(after, field) == (*kept[field], *([in_error(gone)] if concluded else []))
    as_it_was: dict[str, Any] = {field: rows}
    assert replace(after, **as_it_was) == bag
    collection(after)


# ---- at the server ---------------------------------------------------------------------------------------------------------
def fewer(field: str, said: Any = ...) -> CareRecord:
    return replace(WHOLE, **{field: OTHERS[field] if said is ... else said})


def ended(sent: Sent) -> list[str]:
    return [f"{row.type} {row.name}" for row in sent.rows if row.became == "ended"]


SEES = {  # the list, and what a ward does not see any more when a row of it was entered in error
    "medicines": (0, ["Amlodipine 5mg tablets"]), "allergies": (1, []), "vaccinations": (2, []), "stays": (3, ["planned"]),
    "related_persons": (4, ["Clover"])}


@pytest.mark.parametrize("field", WORDS)
@pytest.mark.parametrize("policy", POLICIES)
def test_what_vanished_ends_there_and_a_ward_does_not_see_it(field: str, policy: Policy) -> None:
    hospital = Hospital()
    if policy.patient == "match":
        hospital.registers()
    hospital.send(WHOLE, policy)
    before = Ward(hospital).all()
    sent = hospital.send(fewer(field), policy, absence={field: ERROR})
    place, seen = SEES[field]
    assert (sent.verdict, sent.for_a_person, len(ended(sent)), hospital.posts()) == (Verdict.DELIVERED, False, 1, 1)
    assert Ward(hospital).all()[place] == seen
    assert [x for n, x in enumerate(Ward(hospital).all()[:5]) if n != place] == [x for n, x in enumerate(before[:5]) if n != place]
    written = hospital.writes()
    again = hospital.send(fewer(field), policy, absence={field: ERROR})
    assert (again.verdict, again.sentences, ended(again), hospital.writes()) == (Verdict.DELIVERED, sent.sentences[:-1], [], written)


def test_a_stopped_medicine_is_seen_as_stopped_with_all_that_was_known_of_it() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    before = hospital.medicine("Furosemide")
    sent = hospital.send(fewer("medicines"), absence={"medicines": "stopped"})
    after = hospital.medicine("Furosemide")
    assert {k: v for k, v in after.items() if before.get(k) != v}.keys() == {"status", "meta"}
    assert (after["status"], Ward(hospital).medicines(), Ward(hospital).lists()["home.example medicines"]) == (
        "stopped", ["Amlodipine 5mg tablets"], 1)
    assert sent.sentences == (f"medicines: MedicationStatement/{after['id']} is no longer in your record; it is now stopped there",)


def test_a_dry_run_says_so_and_writes_nothing() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    written = hospital.writes()
    sent = hospital.send(fewer("medicines"), absence={"medicines": "stopped"}, dry_run=True, show_values=True)
    assert (hospital.writes(), [r.became for r in sent.rows if r.name == "medicines" and r.type != "List"]) == (written, ["ends"])
    assert sent.sentences[-1].endswith("is no longer in your record; it would be stopped there: 'Furosemide 40mg tablets' (code 317972000)")


@pytest.mark.parametrize("absence", [{}, {"medicines": "unknown"}, {"allergies": ERROR}])
def test_without_a_statement_a_person_is_told_as_ever(absence: dict[str, str]) -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    sent = hospital.send(fewer("medicines"), absence=absence)
    assert (sent.for_a_person, ended(sent), hospital.medicine("Furosemide")["status"]) == (True, [], "active")
    assert "no longer in your record; a person must look" in sent.sentences[0]


@pytest.mark.parametrize(("field", "said", "told"), [
    ("medicines", Unlisted.NOT_SUPPLIED, False), ("medicines", Unlisted.NOT_ASKED, True), ("stays", (), True),
    ("related_persons", (), True)])
def test_a_list_that_says_nothing_ends_nothing_there(field: str, said: Any, told: bool) -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    before = Ward(hospital).all()[:5]
    sent = hospital.send(fewer(field, said), absence={field: ERROR})
    assert (ended(sent), sent.for_a_person, Ward(hospital).all()[:5]) == ([], told, before)


@pytest.mark.parametrize("field", WORDS)
@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_search_that_is_refused_is_for_a_person_although_absence_was_stated(field: str, status: int) -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    kind = {section.field: section.kind for section in PERSONAL}[field]

    async def refused(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(status) if request.url.path == f"/{kind}" else None

    hospital.before = refused
    sent = hospital.send(fewer(field), absence={field: ERROR})
    assert (sent.verdict, ended(sent), sent.for_a_person) == (Verdict.DELIVERED, [], True)
    assert f"{field}: the server would not say which of your earlier ones it still has; a person must look" in sent.sentences


def test_stays_and_family_that_vanished_are_said_where_there_are_others() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    sent = hospital.send(replace(WHOLE, stays=OTHERS["stays"], related_persons=OTHERS["related_persons"]))
    assert [s.partition(":")[0] for s in sent.sentences] == ["related_persons", "stays"]
    assert hospital.send(replace(WHOLE, stays=(), related_persons=())).sentences == ()  # nothing is said of any


# ---- what the hospital did to it meanwhile ---------------------------------------------------------------------------------
def test_the_hospitals_own_additions_stay_when_it_ends() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    note, seen = [{"text": "checked by the ward pharmacist"}], [{"url": "https://h.example/seen", "valueBoolean": True}]
    hospital.edits(hospital.medicine("Furosemide"), note=note, extension=seen)
    sent = hospital.send(fewer("medicines"), absence={"medicines": "stopped"})
    after = hospital.medicine("Furosemide")
    assert (ended(sent), after["status"], after["note"], after["extension"]) == (["MedicationStatement medicines"], "stopped", note, seen)


def test_where_the_hospital_changed_the_status_itself_a_person_is_told() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    hospital.edits(hospital.medicine("Furosemide"), status="on-hold")
    sent = hospital.send(fewer("medicines"), absence={"medicines": "stopped"})
    assert (sent.for_a_person, ended(sent), hospital.medicine("Furosemide")["status"]) == (True, [], "on-hold")
    assert sent.sentences == (
        "medicines: is no longer in your record, and its status was edited on the server; it is left as it is, and a person must look",)
    hospital.send(fewer("medicines"), absence={"medicines": "stopped"}, replace=True)
    assert hospital.medicine("Furosemide")["status"] == "stopped"


def test_an_edit_between_reading_and_writing_is_seen() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    hospital.edits_meanwhile("Furosemide", status="on-hold")
    sent = hospital.send(fewer("medicines"), absence={"medicines": "stopped"})
    assert (sent.for_a_person, hospital.medicine("Furosemide")["status"]) == (True, "on-hold")


def test_an_allergy_in_error_keeps_no_clinical_status_of_any_kind() -> None:
    hospital = Hospital()
    hospital.send(WHOLE)
    (theirs,) = hospital.has("AllergyIntolerance")
    seen = [{"url": "https://h.example/seen", "valueBoolean": True}]
    hospital.edits(theirs, clinicalStatus={**theirs["clinicalStatus"], "extension": seen}, note=[{"text": "said by her niece"}])
    hospital.send(fewer("allergies"), absence={"allergies": ERROR})
    (after,) = hospital.has("AllergyIntolerance")
    assert "clinicalStatus" not in after
    assert (after["verificationStatus"]["coding"][0]["code"], after["note"]) == (ERROR, [{"text": "said by her niece"}])
    assert Ward(hospital).lists()["home.example allergies"] == "nilknown"


def test_a_vaccination_in_error_keeps_what_was_recorded_of_it() -> None:
    hospital, jab = Hospital(), replace(JAB, batch="B7", dose_number=1)
    hospital.send(replace(WHOLE, vaccinations=(jab,)))
    hospital.send(replace(WHOLE, vaccinations=Unlisted.NONE_KNOWN), absence={"vaccinations": ERROR})
    (after,) = hospital.has("Immunization")
    assert (after["status"], after["lotNumber"], after["protocolApplied"]) == (ERROR, "B7", [{"doseNumberPositiveInt": 1}])


def test_parts_hold_no_more_than_they_may() -> None:
    hospital = Hospital()
    policy = Policy("create-if-missing", most=3)
    hospital.send(WHOLE, policy)
    sent = hospital.send(replace(WHOLE, medicines=Unlisted.NONE_KNOWN), policy, absence={"medicines": "stopped"})
    bundles = [json.loads(r.content) for r in hospital.wire if r.method == "POST"]
    assert (sent.verdict, Ward(hospital).medicines(), len(ended(sent))) == (Verdict.DELIVERED, [], 2)
    assert max(len(b["entry"]) for b in bundles) <= 3


def test_a_word_that_is_none_is_refused_before_anything_is_sent() -> None:
    hospital = Hospital()
    sent = hospital.send(WHOLE, absence={"medicines": "gone"})
    assert (sent.verdict, hospital.wire) == (Verdict.REFUSED, [])


def test_what_comes_back_into_the_record_is_active_again() -> None:
    hospital = Hospital()
    for bag in (WHOLE, fewer("medicines"), WHOLE):
        assert hospital.send(bag, absence={"medicines": "stopped"}).verdict is Verdict.DELIVERED
    assert (hospital.medicine("Furosemide")["status"], Ward(hospital).lists()["home.example medicines"]) == ("active", 2)
