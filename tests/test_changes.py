"""What the hospital did, in sentences: tables of one thing each, and one return as a whole. Nothing here talks to a server."""
from __future__ import annotations

import doctest
from dataclasses import replace
from typing import Any

import pytest

from adapter.bundle import Item, collection
from adapter.delivery.same_person import Comparison
from adapter.returns import words
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.medicine_changes import medicine_changes
from adapter.returns.other_changes import allergy_changes, diagnosis_changes, vaccination_changes
from adapter.returns.returned import Return
from adapter.returns.scope import Scope, scope
from adapter.returns.stay_changes import stay_changes
from mappings.allergy_intolerance import CLINICAL_STATUS, Allergy, Reaction
from mappings.allergy_intolerance import VERIFICATION as ALLERGY_VERIFICATION
from mappings.bag import THE_RESIDENT, CareRecord, Row, Unlisted
from mappings.catalogue import DIRECTORY
from mappings.condition import VERIFICATION as CONDITION_VERIFICATION
from mappings.condition import Condition
from mappings.datatypes import Coded, Coding, Period, Quantity
from mappings.dosage import Dose, Drug, Product
from mappings.encounter import DISCHARGE_DESTINATION, DISCHARGE_METHOD, ENCOUNTER_CLASS, Stay
from mappings.immunization import EnteredInError, Given, NotGiven
from mappings.medication_request import CATEGORY, MedicationRequest
from mappings.medication_statement import CATEGORY as STATEMENT_CATEGORY
from mappings.medication_statement import Medication
from mappings.patient import Resident
from mappings.systems import DMD, SNOMED_CT
from mappings.values import Logical, Ref, Said
from tests import foreign

SURE, PERSON = "certain", "for a person"
DISCHARGE, INPATIENT = CATEGORY.coded("discharge"), CATEGORY.coded("inpatient")


@pytest.mark.parametrize("module", [words])
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def coded(name: str, *codes: str, system: str = DMD) -> Coded:
    return Coded(tuple(Coding(system, code, name) for code in codes), None if codes else name)


def item(record: Any, kind: str, number: int = 1) -> Item:
    return Item(f"{kind}/{number}", record, {}, {"resourceType": kind})


def told(found: Any) -> list[tuple[str, str, str | None]]:
    return [(c.sentence, c.certainty, c.about) for c in found]


# ---- medicines -------------------------------------------------------------------------------------------------------------
FUROSEMIDE, AMLODIPINE = coded("Furosemide 40mg tablets", "317972000"), coded("Amlodipine 5mg tablets", "319283006")
LOW_SODIUM = Coded(text="low sodium")


def row(drug: Drug = FUROSEMIDE, dose: str | None = "one each morning", at: int = 0, **more: Any) -> Row:
    doses = (Dose(text=dose),) if dose else ()
    given = {"status": "active", "drug": drug, "resident": THE_RESIDENT, "doses": doses, **more}
    return Row(f"medicines[{at}]", "MedicationStatement", Medication(**given))


def asked(drug: Drug = FUROSEMIDE, dose: str | None = "one each morning", number: int = 1, **more: Any) -> Item:
    doses = (Dose(text=dose),) if dose else ()
    said = {"status": "active", "intent": "order", "drug": drug, "resident": THE_RESIDENT, "categories": (DISCHARGE,), "doses": doses,
            "encounter": Ref("Encounter", "9"), "authored_on": "2026-11-09T10:00:00+00:00"}
    return item(MedicationRequest(**said | more), "MedicationRequest", number)


THIS = Scope("2026-11-02T08:00:00+00:00", frozenset({"Encounter/9"}), frozenset({"Encounter/1"}), "2026-11-03", "2026-11-09", True)


def medicines(ours: list[Row] | None, theirs: list[Item], *, scope: Scope = THIS, whole: bool = True, drugs: Any = None) -> Any:
    return told(medicine_changes(ours, theirs, drugs or {}, scope=scope, whole=whole))


ONE_OF_EACH = {
    "as before": (row(), asked(), []),
    "as before, in capitals": (row(), asked(dose="ONE  each morning."), []),
    "stopped": (row(), asked(status="stopped", status_reason=LOW_SODIUM), [("Stopped: Furosemide 40mg tablets (low sodium)", SURE)]),
    "stopped, and we knew": (row(status="stopped"), asked(status="stopped"), []),
    "stopped, and we finished it": (row(status="completed"), asked(status="stopped"), []),
    "paused": (row(), asked(status="on hold", status_reason=LOW_SODIUM), [("Paused: Furosemide 40mg tablets (low sodium)", SURE)]),
    "paused, and we knew": (row(status="on hold"), asked(status="on hold"), []),
    "started again": (row(status="on hold"), asked(), [("Started again: Furosemide 40mg tablets, 'one each morning'", SURE)]),
    "given after all": (row(status="stopped"), asked(), [("Started again: Furosemide 40mg tablets, 'one each morning'", SURE)]),
    "must not be given": (row(), asked(do_not_perform=True), [("Not to be given: Furosemide 40mg tablets", SURE)]),
    "must no longer not be given": (row(), asked(do_not_perform=True, status="stopped"), "To check"),
    "another dose": (row(), asked(dose="two each morning"), [
        ("Dose changed: Furosemide 40mg tablets, was 'one each morning', now 'two each morning'", SURE)]),
    "no dose said": (row(), asked(dose=None), "To check"),
    "no dose known": (row(dose=None), asked(), "To check"),
    "nobody says a dose": (row(dose=None), asked(dose=None), []),
    "finished": (row(), asked(status="completed"), "To check"),
    "cancelled": (row(), asked(status="cancelled"), "To check"),
    "a draft": (row(), asked(status="draft"), "To check"),
    "status unknown": (row(), asked(status="unknown"), "To check"),
    "only proposed": (row(), asked(intent="proposal"), "To check"),
    "only planned": (row(), asked(intent="plan"), "To check"),
    "a mistake": (row(), asked(status="entered in error"), "Entered by mistake at the hospital: Furosemide"),
    "not said for when": (row(), asked(status="stopped", categories=()), "Stopped: Furosemide"),
    "for a clinic": (row(), asked(dose="two", categories=(CATEGORY.coded("outpatient"),)), "Dose changed: Furosemide"),
}


@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_one_medicine_one_prescription(case: str) -> None:
    ours, theirs, expected = ONE_OF_EACH[case]
    found = [x for x in medicines([ours], [theirs]) if not x[0].startswith(("The hospital has sent no", "Not mentioned"))]
    if isinstance(expected, str):
        assert len(found) == 1
        assert found[0][0].startswith(expected)
        assert found[0][1] == PERSON
    else:
        assert [(sentence, certainty) for sentence, certainty, _ in found] == expected
        assert all(about == "medicines[0]" for *_, about in found)


SAME_CODE = [(DMD, SNOMED_CT), (DMD + "/", DMD), (SNOMED_CT, DMD + "/"), (DMD, DMD)]


@pytest.mark.parametrize(("ours", "theirs"), SAME_CODE)
def test_a_code_is_the_same_under_each_of_its_systems(ours: str, theirs: str) -> None:
    one, other = coded("Furosemide", "317972000", system=ours), coded("FUROSEMIDE 40", "317972000", system=theirs)
    assert medicines([row(one)], [asked(other, status="stopped")]) == [("Stopped: Furosemide", SURE, "medicines[0]")]


@pytest.mark.parametrize("system", ["http://read.info/readv2", "https://dmd.example", None])
def test_the_same_code_of_another_system_is_another_code(system: str | None) -> None:
    other = Coded((Coding(system, "317972000", "Furosemide 40mg tablets"),))
    found = medicines([row()], [asked(other, status="stopped")])
    assert all(certainty == PERSON for _, certainty, _ in found)


def test_a_transfer_degraded_code_names_no_medicine() -> None:
    degraded = Coded((Coding(SNOMED_CT, "196421000000109", "Transfer-degraded medication entry"),), "Furosemide 40mg")
    assert {certainty for _, certainty, _ in medicines([row(degraded)], [asked(degraded, status="stopped")])} == {PERSON}


def test_the_same_name_is_never_enough() -> None:
    by_name = Coded(text="Furosemide 40mg tablets")
    for ours, theirs in ((by_name, by_name), (FUROSEMIDE, by_name), (by_name, FUROSEMIDE)):
        found = medicines([row(ours)], [asked(theirs, status="stopped")])
        assert ("To check: Furosemide 40mg tablets is stopped and has no entry in the home's list; could it be Furosemide 40mg tablets?",
                PERSON, None) in found


def test_a_product_and_a_reference_have_their_codes_too() -> None:
    stopped = [("Stopped: Furosemide 40mg tablets", SURE, "medicines[0]")]
    assert medicines([row(Product(FUROSEMIDE))], [asked(status="stopped")]) == stopped
    by_reference = asked(Ref("Medication", "9"), status="stopped")
    assert medicines([row()], [by_reference], drugs={"Medication/9": FUROSEMIDE}) == stopped
    assert all(certainty == PERSON for _, certainty, _ in medicines([row()], [by_reference]))


TWO = {
    "two of ours": ([row(), row(at=1, dose="one at noon")], [asked(status="stopped")], 1),
    "two of theirs": ([row()], [asked(status="stopped"), asked(number=2, dose="two")], 2),
    "one of theirs has two codes": ([row(), row(AMLODIPINE, at=1)], [asked(coded("both", "317972000", "319283006"), status="stopped")], 1),
}


@pytest.mark.parametrize("case", TWO)
def test_two_candidates_are_for_a_person(case: str) -> None:
    ours, theirs, sentences = TWO[case]
    found = medicines(ours, theirs)
    assert len(found) == sentences
    assert all(sentence.startswith("To check: ") and certainty == PERSON and about is None for sentence, certainty, about in found)


def test_what_she_takes_now_goes_before_what_she_took() -> None:
    old = row(at=1, status="stopped", dose="half each morning")
    assert medicines([old, row()], [asked(status="stopped")]) == [("Stopped: Furosemide 40mg tablets", SURE, "medicines[0]")]


def test_what_another_prescription_replaces_does_not_count() -> None:
    theirs = [asked(status="stopped"), asked(number=2, dose="two each morning", prior_prescription=Ref("MedicationRequest", "1"))]
    assert [s for s, *_ in medicines([row()], theirs)] == [
        "Dose changed: Furosemide 40mg tablets, was 'one each morning', now 'two each morning'",
        "Replaced by another prescription, and not compared: 1 entry about medicines"]


def test_an_entry_made_in_error_is_no_medicine() -> None:
    assert medicines([row(status="entered in error")], [asked()]) == [
        ("New medicine: Furosemide 40mg tablets, 'one each morning'", SURE, None)]


AGES: dict[str, Any] = {  # where and when it was said -> how old it is
    "this stay, since": (Ref("Encounter", "9"), "2026-11-09", "now"),
    "this stay, no date": (Ref("Encounter", "9"), None, "unsure"),
    "this stay, before the record was made": (Ref("Encounter", "9"), "2026-11-01", "unsure"),
    "another stay, long ago": (Ref("Encounter", "1"), "2024-05-05", "earlier"),
    "another stay, no date": (Ref("Encounter", "1"), None, "unsure"),
    "another stay, but since": (Ref("Encounter", "1"), "2026-11-20", "unsure"),
    "no stay, since": (None, "2026-11-09", "now"),
    "no stay, long ago": (None, "2024", "earlier"),
    "no stay, between": (None, "2026-11-02", "unsure"),
    "nothing": (None, None, "unsure"),
    "a stay nobody knows": (Ref("Encounter", "77"), "2026-11-09", "now"),
    "a stay in words": (Said("ward 7"), "2024-05-05", "earlier"),
}


@pytest.mark.parametrize("case", AGES)
def test_how_old_it_is_decides_whether_it_is_news(case: str) -> None:
    where, date, age = AGES[case]
    assert THIS.age(where, date) == age
    found = medicines([row()], [asked(status="stopped", encounter=where, authored_on=date)])
    says, certainty = {"now": ("Stopped: ", SURE), "unsure": ("Stopped: ", PERSON), "earlier": ("From before this stay", PERSON)}[age]
    assert found[0][0].startswith(says)
    assert found[0][1] == certainty


def test_without_a_stay_nothing_is_certain_and_nothing_is_put_aside() -> None:
    for date in ("2024", "2026-11-09", None):
        found = medicines([row()], [asked(status="stopped", encounter=None, authored_on=date)], scope=Scope(THIS.as_of))
        assert found == [("Stopped: Furosemide 40mg tablets", PERSON, "medicines[0]")]


def test_what_is_a_mistake_is_no_rival_and_no_mention() -> None:
    theirs = [asked(status="entered in error"), asked(number=2, status="stopped")]
    assert ("Stopped: Furosemide 40mg tablets", SURE, "medicines[0]") in medicines([row()], theirs)
    other = asked(APIXABAN, number=3)
    assert [about for s, _, about in medicines([row()], [theirs[0], other]) if s.startswith("Not mentioned")] == ["medicines[0]"]


def test_what_she_came_with_is_not_what_she_goes_home_with() -> None:
    history = item(Medication(status="active", drug=FUROSEMIDE, resident=THE_RESIDENT, doses=row().record.doses,
                              context=Ref("Encounter", "9"), date_asserted="2026-11-03"), "MedicationStatement")
    found = medicines([row(), row(AMLODIPINE, at=1)], [history, asked(AMLODIPINE)])
    assert found == [
        ("Not mentioned among the medicines for going home, which does not mean stopped: Furosemide 40mg tablets", PERSON, "medicines[0]")]


# ---- the dose, where it is coded -------------------------------------------------------------------------------------------
ONCE, TWICE = {"frequency": 1, "period": 1, "period_unit": "d"}, {"frequency": 2, "period": 1, "period_unit": "d"}
DOSES: dict[str, Any] = {
    "one side is coded": (Dose("one a day", **ONCE), Dose("one a day"), None),
    "both differ": (Dose("one a day", **ONCE), Dose("two a day", **TWICE), "Dose changed"),
    "words differ, coded the same": (Dose("one a day", **ONCE), Dose("1 daily", **ONCE), "Dose worded differently"),
    "words the same, coded otherwise": (Dose("as told", **ONCE), Dose("as told", **TWICE), "To check"),
    "coded only, the same": (Dose(**ONCE), Dose(**ONCE), None),
    "coded only, another": (Dose(**ONCE), Dose(**TWICE), "To check"),
    "words for the patient": (Dose(patient_instruction="one a day"), Dose(patient_instruction="two a day"), "Dose changed"),
    "another amount": (Dose("as told", amount=Quantity(1, "tablet")), Dose("as told", amount=Quantity(2, "tablet")), "To check"),
}


@pytest.mark.parametrize("case", DOSES)
def test_doses(case: str) -> None:
    ours, theirs, says = DOSES[case]
    found = medicines([row(doses=(ours,))], [asked(doses=(theirs,))])
    assert [sentence.partition(":")[0] for sentence, *_ in found] == ([says] if says else [])
    assert all((certainty == SURE) is (says == "Dose changed") for _, certainty, _ in found)


# ---- what is not in both ---------------------------------------------------------------------------------------------------
APIXABAN = coded("Apixaban 5mg tablets", "13568411000001103")


def test_a_new_medicine_is_certain_when_every_one_of_ours_is_spoken_for() -> None:
    found = medicines([row()], [asked(), asked(APIXABAN, "one twice a day", number=2)])
    assert found == [("New medicine: Apixaban 5mg tablets, 'one twice a day'", SURE, None)]


def test_a_new_medicine_may_be_one_of_ours_under_another_name() -> None:
    found = medicines([row(), row(AMLODIPINE, at=1)], [asked(), asked(APIXABAN, "one twice a day", number=2)])
    assert found == [
        ("Perhaps a new medicine, unless it is your Amlodipine 5mg tablets: Apixaban 5mg tablets, 'one twice a day'", PERSON, None),
        ("Not mentioned among the medicines for going home, which does not mean stopped: Amlodipine 5mg tablets", PERSON, "medicines[1]")]


def test_of_several_silent_ones_the_one_that_sounds_alike_is_named() -> None:
    branded = coded("Amlodipine (Fictional) 5mg tablets", "999")
    found = medicines([row(), row(AMLODIPINE, at=1)], [asked(branded)])
    assert found[0][0].startswith("Perhaps a new medicine, unless it is your Amlodipine 5mg tablets: ")


def test_a_list_that_was_not_given_makes_nothing_new() -> None:
    sentence = "Prescribed by the hospital: Furosemide 40mg tablets, 'one each morning'; the home's list of medicines was not given"
    assert medicines(None, [asked()]) == [(sentence, PERSON, None)]
    assert medicines([], [asked()]) == [("New medicine: Furosemide 40mg tablets, 'one each morning'", SURE, None)]


def test_not_mentioned_is_not_stopped() -> None:
    ours = [row(), row(AMLODIPINE, at=1), row(APIXABAN, at=2, status="stopped")]
    assert medicines(ours, [asked()]) == [
        ("Not mentioned among the medicines for going home, which does not mean stopped: Amlodipine 5mg tablets", PERSON, "medicines[1]")]
    assert medicines(ours, []) == [("The hospital has sent no medicines for going home", PERSON, None)]
    assert medicines(ours, [asked()], whole=False) == []


def test_what_was_for_the_stay_only_is_counted() -> None:
    ward = [asked(APIXABAN, number=n, categories=(INPATIENT,)) for n in (2, 3)]
    assert medicines([row()], [asked(), *ward]) == [
        ("For the stay itself, not for going home, and not compared: 2 entries about medicines", PERSON, None)]


def test_nothing_is_certain_while_she_is_still_there() -> None:
    found = medicines([row()], [asked(status="stopped"), asked(APIXABAN, number=2)], scope=replace(THIS, over=False))
    assert [certainty for _, certainty, _ in found] == [PERSON, PERSON]


def test_the_hospitals_statements_count_where_it_prescribed_nothing() -> None:
    home = STATEMENT_CATEGORY.coded("discharge")
    statement = Medication(status="stopped", drug=FUROSEMIDE, resident=THE_RESIDENT, category=home, status_reasons=(LOW_SODIUM,),
                           context=Ref("Encounter", "9"), date_asserted="2026-11-09")
    assert medicines([row()], [item(statement, "MedicationStatement")]) == [
        ("Stopped: Furosemide 40mg tablets (low sodium)", SURE, "medicines[0]")]
    assert medicines([row()], [item(statement, "MedicationStatement"), asked()]) == []


# ---- allergies -------------------------------------------------------------------------------------------------------------
PENICILLIN = coded("Penicillin", "764146007", system=SNOMED_CT)
RASH, WHEEZE = Reaction((Coded(text="rash"),)), Reaction((Coded(text="wheeze"),))


RESOLVED = CLINICAL_STATUS.coded("resolved")


def allergy(code: Coded = PENICILLIN, **more: Any) -> Allergy:
    return Allergy(**{"code": code, "resident": THE_RESIDENT, "clinical_status": CLINICAL_STATUS.coded("active"), **more})


ALLERGIES: dict[str, Any] = {
    "new": ([], allergy(reactions=(RASH,)), ("New allergy: Penicillin (rash)", SURE, None)),
    "new and unconfirmed": ([], allergy(verification_status=ALLERGY_VERIFICATION.coded("unconfirmed")),
                            ("New allergy: Penicillin (unconfirmed)", SURE, None)),
    "known": ([allergy()], allergy(), None),
    "by name only": ([], allergy(Coded(text="Penicillin")), ("Perhaps a new allergy, named without a code: Penicillin", PERSON, None)),
    "ours has no code": ([allergy(Coded(text="antibiotics"))], allergy(),
                         ("Perhaps a new allergy, unless it is your antibiotics: Penicillin", PERSON, None)),
    "not asked": (None, allergy(), ("Perhaps a new allergy, for the home's list was not given: Penicillin", PERSON, None)),
    "refuted": ([allergy()], allergy(verification_status=ALLERGY_VERIFICATION.coded("refuted")),
                ("Allergy refuted at the hospital: Penicillin", PERSON, "allergies[0]")),
    "resolved": ([allergy()], allergy(clinical_status=RESOLVED),
                 ("Allergy resolved at the hospital: Penicillin", PERSON, "allergies[0]")),
    "a reaction we did not know": ([allergy(reactions=(RASH,))], allergy(reactions=(RASH, WHEEZE), criticality="high"),
                                   ("Allergy to Penicillin: the hospital adds wheeze and criticality high", PERSON, "allergies[0]")),
    "none known, and we do": ([allergy()], allergy(coded("No known allergy", "716186003", system=SNOMED_CT)),
                              ("The hospital knows of no allergies; you know of Penicillin", PERSON, None)),
    "none known, and neither do we": ([], allergy(coded("No known allergy", "716186003", system=SNOMED_CT)), None),
}


@pytest.mark.parametrize("case", ALLERGIES)
def test_allergies(case: str) -> None:
    ours, theirs, expected = ALLERGIES[case]
    rows = None if ours is None else [Row(f"allergies[{i}]", "AllergyIntolerance", a) for i, a in enumerate(ours)]
    assert told(allergy_changes(rows, [item(theirs, "AllergyIntolerance")])) == ([expected] if expected else [])


# ---- vaccinations and diagnoses --------------------------------------------------------------------------------------------
FLU, DISEASE = coded("Fictional flu vaccine", "111", system=SNOMED_CT), coded("Influenza", "6142004", system=SNOMED_CT)


def jab(**more: Any) -> Given:
    return Given(**{"vaccine": FLU, "resident": THE_RESIDENT, "given_on": "2026-11-03", "batch": "AB12", **more})


REFUSED = NotGiven(vaccine=FLU, resident=THE_RESIDENT, not_given_on="2026-11-03", reason=Coded(text="unwell"))
VACCINATIONS: dict[str, Any] = {
    "given": ([], jab(target_diseases=(DISEASE,)), ("Vaccinated: influenza (Fictional flu vaccine), 3 Nov 2026, batch AB12", SURE, None)),
    "we know": ([jab()], jab(given_on="2026-11-03T10:00:00+00:00"), None),
    "we know, without its batch": ([jab(batch=None)], jab(), None),
    "another batch": ([jab(batch="ZZ", vaccine=replace(FLU, text="Jab"))], jab(), (
        "Vaccinated, unless it is yours of the same day (Jab): Fictional flu vaccine, 3 Nov 2026, batch AB12", PERSON, None)),
    "the same day, by name": ([jab(vaccine=Coded(text="flu"))], jab(), (
        "Vaccinated, unless it is yours of the same day (flu): Fictional flu vaccine, 3 Nov 2026, batch AB12", PERSON, None)),
    "another day": ([jab(given_on="2025-11-03")], jab(), ("Vaccinated: Fictional flu vaccine, 3 Nov 2026, batch AB12", SURE, None)),
    "not given": ([], REFUSED, ("Not vaccinated: Fictional flu vaccine, 3 Nov 2026 (unwell)", SURE, None)),
    "not given is not given": ([jab()], REFUSED, ("Not vaccinated: Fictional flu vaccine, 3 Nov 2026 (unwell)", SURE, None)),
    "a mistake": ([], EnteredInError(vaccine=FLU, resident=THE_RESIDENT, wrongly_recorded_for="2026-11-03"),
                  ("Vaccination entered by mistake at the hospital: Fictional flu vaccine, 3 Nov 2026", PERSON, None)),
}


@pytest.mark.parametrize("case", VACCINATIONS)
def test_vaccinations(case: str) -> None:
    ours, theirs, expected = VACCINATIONS[case]
    rows = [Row(f"vaccinations[{i}]", "Immunization", v) for i, v in enumerate(ours)]
    assert told(vaccination_changes(rows, [item(theirs, "Immunization")])) == ([expected] if expected else [])


def test_diagnoses() -> None:
    def diagnosis(**more: Any) -> Item:
        return item(Condition(**{"resident": THE_RESIDENT, "code": coded("Pneumonia", "233604007", system=SNOMED_CT), **more}), "Condition")

    known = [Row("conditions[0]", "Condition", diagnosis().record)]
    assert told(diagnosis_changes([], [diagnosis()])) == [("Diagnosis: Pneumonia", SURE, None)]
    assert told(diagnosis_changes(known, [diagnosis()])) == []
    assert told(diagnosis_changes([], [diagnosis(code=Coded(text="chest"))])) == [("Diagnosis: chest", PERSON, None)]
    withdrawn = diagnosis(verification_status=CONDITION_VERIFICATION.coded("refuted"))
    assert told(diagnosis_changes(known, [withdrawn])) == [("Diagnosis refuted at the hospital: Pneumonia", PERSON, None)]


# ---- stays -----------------------------------------------------------------------------------------------------------------
AS_OF = "2026-11-01T08:00:00+00:00"
ST_BRIGIDS = Logical("https://fhir.nhs.uk/Id/ods-organization-code", "XZ901", "Organization", "St Brigid's Hospital")


def stay(status: str, start: str | None = "2026-11-03", end: str | None = None, **more: Any) -> Stay:
    period = Period(start, end) if start or end else None
    return Stay(**{"resident": THE_RESIDENT, "status": status, "encounter_class": ENCOUNTER_CLASS.coded("inpatient"), "period": period,
                   "service_provider": ST_BRIGIDS, **more})


STAYS: dict[str, Any] = {
    "discharged": (stay("finished", end="2026-11-09T14:10:00+00:00", discharge_destination=Coded(text="her care home")),
                   "Discharged from St Brigid's Hospital on 9 Nov 2026, destination: her care home (admitted 3 Nov 2026)", SURE),
    "discharged, and not said when": (
        stay("finished"), "Discharged from St Brigid's Hospital on an unstated date (admitted 3 Nov 2026)", PERSON),
    "still there": (stay("in progress"), "In St Brigid's Hospital since 3 Nov 2026 (inpatient)", SURE),
    "nowhere named": (stay("in progress", service_provider=None), "In hospital since 3 Nov 2026 (inpatient)", SURE),
    "known by reference": (stay("in progress", service_provider=Ref("Organization", "7")),
                           "In Sample Infirmary since 3 Nov 2026 (inpatient)", SURE),
    "said only": (stay("in progress", service_provider=Said("the cottage hospital")),
                  "In the cottage hospital since 3 Nov 2026 (inpatient)", SURE),
    "on leave": (stay("on leave"), "On leave from St Brigid's Hospital, admitted 3 Nov 2026", SURE),
    "to come": (stay("planned", "2026-12-01"), "Planned at St Brigid's Hospital: inpatient, 1 Dec 2026", SURE),
    "cancelled": (stay("cancelled"), "Cancelled at St Brigid's Hospital: inpatient, 3 Nov 2026", PERSON),
    "a mistake": (stay("entered in error"),
                  "To check: St Brigid's Hospital has a stay whose status is 'entered in error' (from 3 Nov 2026)", PERSON),
    "died": (stay("finished", end="2026-11-09", discharge_method=DISCHARGE_METHOD.coded("died")),
             "The hospital records a death: St Brigid's Hospital, 9 Nov 2026", PERSON),
    "died, by destination": (stay("finished", end="2026-11-09", discharge_destination=DISCHARGE_DESTINATION.coded("died")),
                             "The hospital records a death: St Brigid's Hospital, 9 Nov 2026", PERSON),
}


@pytest.mark.parametrize("case", STAYS)
def test_the_hospitals_stay(case: str) -> None:
    theirs, sentence, certainty = STAYS[case]
    places = {"Organization/7": "Sample Infirmary"}
    assert told(stay_changes([], [item(theirs, "Encounter")], places, AS_OF)) == [(sentence, certainty, None)]


OVERLAPS = [
    ("2026-11-03", None, True), ("2026-11-02", "2026-11-03", True), ("2026-11", None, True), (None, None, True),
    ("2026-11-09", "2026-11-20", True), ("2026-11-10", None, False), ("2026-10-01", "2026-11-02", False), ("2025", "2025", False)]


@pytest.mark.parametrize(("start", "end", "may_be"), OVERLAPS)
def test_an_overlapping_stay_of_ours_is_shown_and_never_joined(start: str | None, end: str | None, may_be: bool) -> None:
    ours = Row("stays[0]", "Encounter", stay("planned", start, end))
    found = list(stay_changes([ours], [item(stay("finished", "2026-11-03", "2026-11-09T14:00:00+00:00"), "Encounter")], {}, AS_OF))
    assert [c.kind for c in found] == ["discharged", *(["same stay"] if may_be else [])]
    assert all(c.certainty == PERSON and c.about == "stays[0]" for c in found if c.kind == "same stay")


@pytest.mark.parametrize(("statuses", "over"), [
    (["finished"], True), ([], False), (["finished", "in progress"], False), (["planned"], False), (["finished", "planned"], True),
    (["cancelled"], False)])
def test_when_it_is_over(statuses: list[str], over: bool) -> None:
    assert scope([item(stay(s), "Encounter", n) for n, s in enumerate(statuses)], "2026-11-01").over is over


def test_the_last_stay_is_the_last_she_was_in() -> None:
    long_ago = item(stay("finished", "2024-05-01", "2024-05-05"), "Encounter", 1)
    last = item(stay("finished", end="2026-11-09"), "Encounter", 9)
    clinic = item(stay("finished", "2026-11-15", "2026-11-15", encounter_class=ENCOUNTER_CLASS.coded("outpatient")), "Encounter", 2)
    ours = item(stay("planned", "2026-12-24", key="s1"), "Encounter", 3)
    found = scope([long_ago, clinic, last, ours], "2026-11-02")
    assert (found.stay, found.start, found.end, found.over, found.older) == ({"Encounter/9"}, "2026-11-03", "2026-11-09", True, False)
    assert found.others == {"Encounter/1", "Encounter/2", "Encounter/3", "Encounter/s1"}
    assert scope([last], "2026-11-10T08:00:00Z").older


def test_stays_from_before_the_record_are_counted() -> None:
    earlier = [item(stay("finished", f"{year}-05-01", f"{year}-05-05"), "Encounter", year) for year in (2023, 2024)]
    assert told(stay_changes([], earlier, {}, AS_OF)) == [("Over before your record was made: 2 visits to hospital", PERSON, None)]


# ---- one return as a whole -------------------------------------------------------------------------------------------------
HOME, SERVER = "https://home.example/records", "https://h.example/fhir/"
BAG = CareRecord(
    HOME, "2026-11-01T08:00:00+00:00", Resident(key="r1", family_name="Examplesen", birth_date="1941-02-03"),
    stays=(stay("planned", key="s1"),),
    medicines=(replace(row().record, key="m1"), replace(row(AMLODIPINE, at=1).record, key="m2")),
    allergies=Unlisted.NONE_KNOWN, vaccinations=(jab(key="v1"),))
Resource = dict[str, Any]


def server_copy(**edits: Any) -> list[Resource]:
    """What the server has after we sent BAG: the same resources, some of them edited ("MedicationStatement m1" -> changes)."""
    entries = collection(BAG)["entry"]
    where = {entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in entries}

    def linked(value: Any) -> Any:
        if isinstance(value, list):
            return [linked(v) for v in value]
        return {k: where.get(v, v) if k == "reference" else linked(v) for k, v in value.items()} if isinstance(value, dict) else value

    def key(resource: Resource) -> str:
        return str(resource["identifier"][0]["value"]).rpartition("/")[2]

    return [linked(e["resource"]) | edits.get(key(e["resource"]), {}) for e in entries if edits.get(key(e["resource"])) != "gone"]


def came_back(resources: list[Resource], **more: Any) -> Return:
    patient = next(f"Patient/{r['id']}" for r in resources if r["resourceType"] == "Patient")
    received = tuple({"fullUrl": f"{SERVER}{r['resourceType']}/{r['id']}", "resource": r} for r in resources)
    back = Return(SERVER, "2026-11-10T08:00:00+00:00", (patient,), HOME, comparison=Comparison("same"), received=received)
    return replace(back, **more)


def differences(*added: Resource, back: dict[str, Any] | None = None, **edits: Any) -> list[Change]:
    resources = server_copy(**edits)
    patient = next(f"Patient/{r['id']}" for r in resources if r["resourceType"] == "Patient")
    hers = [{**r, "id": f"x{i}", ("subject" if r["resourceType"] in BY_SUBJECT else "patient"): {"reference": patient}}
            for i, r in enumerate(added)]
    return changes(BAG, came_back([*resources, *hers], **(back or {})))


BY_SUBJECT = {"Condition", "Encounter", "Flag", "List", "MedicationRequest", "MedicationStatement", "Observation"}
NO_MEDICINES = "The hospital has sent no medicines for going home"


def test_what_came_back_as_it_was_sent_is_no_change() -> None:
    assert differences() == []


def test_medicines_for_going_home_are_missed_once_the_stay_is_over_and_not_before() -> None:
    period = {"period": {"start": "2026-11-03", "end": "2026-11-09"}}
    said = {status: [c.sentence for c in differences(s1={"status": status, **period})]
            for status in ("planned", "in-progress", "finished", "cancelled")}
    assert [status for status, sentences in said.items() if NO_MEDICINES in sentences] == ["finished", "cancelled"]


def test_what_the_hospital_wrote_into_our_rows_is_certain() -> None:
    found = differences(m1={"status": "stopped", "statusReason": [{"text": "low sodium"}]},
                        m2={"dosage": [{"text": "two at night"}], "note": [{"text": "x"}]},
                        s1={"status": "finished", "period": {"start": "2026-11-03", "end": "2026-11-09"}}, v1={"lotNumber": "ZZ"})
    assert [(c.sentence, c.certainty, c.about) for c in found if c.sentence != NO_MEDICINES] == [
        ("Discharged from St Brigid's Hospital on 9 Nov 2026 (admitted 3 Nov 2026)", SURE, "stays[0]"),
        ("Stopped: Furosemide 40mg tablets (low sodium)", SURE, "medicines[0]"),
        ("Dose changed: Amlodipine 5mg tablets, was 'one each morning', now 'two at night'", SURE, "medicines[1]"),
        ("Changed at the hospital in your Amlodipine 5mg tablets: notes", SURE, "medicines[1]"),
        ("Changed at the hospital in your vaccination: Fictional flu vaccine: batch", SURE, "vaccinations[0]")]


def test_a_vaccination_of_ours_that_they_withdrew() -> None:
    found = differences(v1={"status": "entered-in-error"})
    assert [c.sentence for c in found if c.about] == ["Changed at the hospital: vaccination: Fictional flu vaccine is now entered in error"]


def test_what_did_not_come_back_is_said_only_when_everything_was_asked_for() -> None:
    assert [c.about for c in differences(m2="gone") if c.kind == "removed"] == ["medicines[1]"]
    assert not [c for c in differences(m2="gone", back={"since": "2026-11-01T00:00:00Z"}) if c.kind in ("removed", "not mentioned")]


def test_a_death_is_never_passed_over() -> None:
    found = differences(r1={"deceasedDateTime": "2026-11-08"})
    assert [(c.kind, c.certainty, c.about) for c in found if c.about == "resident"] == [("died", PERSON, "resident")]
    assert "8 Nov 2026" in found[0].sentence


def test_nothing_that_came_is_passed_over_in_silence() -> None:
    found = differences(
        {"resourceType": "Observation", "status": "final"}, {"resourceType": "Observation", "status": "final"}, {"resourceType": "Flag"},
        {"resourceType": "MedicationRequest", "status": "as the doctor says"},
        {"resourceType": "List", "status": "current", "mode": "working"},
        back={"gaps": ("Procedure",)})
    assert [c.sentence for c in found if c.kind == "not read"] == [
        "Came back and could not be read: MedicationRequest/x3 (MedicationRequest.status, drug missing and intent missing)",
        "Came back and is not compared: 1 Flag", "Came back and is not compared: 1 List", "Came back and is not compared: 2 Observation",
        "The server would not say what it has: Procedure"]


def test_a_hospital_by_reference_has_its_name() -> None:
    encounter = {"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP", "system": ENCOUNTER_CLASS.system},
                 "period": {"start": "2026-11-03"}, "serviceProvider": {"reference": "Organization/x1"}}
    found = differences(encounter, {"resourceType": "Organization", "name": "Sample Infirmary"})
    assert "In Sample Infirmary since 3 Nov 2026 (inpatient)" in [c.sentence for c in found]


def test_a_medication_by_reference_is_known_by_its_code() -> None:
    category = {"coding": [{"system": DISCHARGE.codings[0].system, "code": "discharge"}]}
    request = {"resourceType": "MedicationRequest", "status": "stopped", "intent": "order", "category": [category],
               "medicationReference": {"reference": "Medication/x1"}, "authoredOn": "2026-11-09"}
    drug = {"resourceType": "Medication", "code": {"coding": [{"system": SNOMED_CT, "code": "317972000"}]}}
    over = {"status": "finished", "period": {"start": "2026-11-03", "end": "2026-11-09"}}
    found = differences(request, drug, s1=over)
    assert ("Stopped: Furosemide 40mg tablets", SURE) in [(c.sentence, c.certainty) for c in found]
    assert ("Stopped: Furosemide 40mg tablets", PERSON) in [(c.sentence, c.certainty) for c in differences(request, drug)]
    assert "No discharge is recorded yet" in "".join(c.sentence for c in differences(request, drug))


@pytest.mark.parametrize("kind", sorted(set(foreign.TYPES) - DIRECTORY - {"Patient"}))
def test_of_everything_that_others_published_something_is_said(kind: str) -> None:
    before = [c.sentence for c in differences()]
    for where, resource in foreign.resources(kind):
        said = [c for c in differences(resource) if c.sentence not in before]
        assert said, where


def test_what_the_hospital_knows_otherwise_about_her_is_said_without_the_value() -> None:
    resources = server_copy()
    patient = next(r for r in resources if r["resourceType"] == "Patient")
    theirs = {**patient, "identifier": [{"system": "https://h.example/Id", "value": "H1"}], "address": [{"city": "Sampleton"}],
              "telecom": [{"system": "phone", "value": "01632 960000"}], "deceasedBoolean": True}
    del theirs["birthDate"]  # what the hospital does not say is no difference
    found = changes(BAG, came_back([theirs, *(r for r in resources if r is not patient)]))
    assert [(c.sentence, c.certainty, c.about) for c in found[:2]] == [
        ("The hospital records that the resident has died", PERSON, "resident"),
        ("The hospital's record of the resident differs from yours: telephone or email and address", PERSON, "resident")]


@pytest.mark.parametrize("comparison", [None, Comparison("not enough to tell")])
def test_nothing_is_certain_about_somebody_who_may_be_somebody_else(comparison: Comparison | None) -> None:
    found = differences(m1={"status": "stopped"}, back={"comparison": comparison})
    assert {c.certainty for c in found} == {PERSON}


def test_a_change_does_not_print_what_it_says() -> None:
    assert "Furosemide" not in repr(differences(m1={"status": "stopped"}))
