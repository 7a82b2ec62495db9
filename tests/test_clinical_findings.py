"""What clinical records say against themselves: a table of records, and exactly the findings each has."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mappings import allergy_intolerance, condition, dosage, immunization, medication_request
from mappings import list as lists
from mappings.allergy_intolerance import Allergy, Reaction
from mappings.condition import Condition
from mappings.datatypes import Coded, Coding, Period, Quantity, Words
from mappings.dosage import Dose, Product
from mappings.immunization import Given
from mappings.list import Entry, RecordList
from mappings.medication_request import MedicationRequest
from mappings.medication_statement import Medication
from mappings.systems import DMD, SNOMED_CT
from mappings.values import Ref, Said

SHE = Ref("Patient", "1")
AMLODIPINE = Coded((Coding(DMD, "319283006", "Amlodipine 5mg tablets"),))
VENDORS = Coded((Coding("https://vendor.example/drugs", "77"),))
PENICILLIN = Coded((Coding(SNOMED_CT, "764146007", "Penicillin"),))
MEDICINE = Medication("active", AMLODIPINE, SHE, doses=(Dose("one at night"),))
REQUEST = MedicationRequest("active", "order", AMLODIPINE, SHE, doses=(Dose("one at night"),), substitution_allowed=False)
FLU = Given(vaccine=Coded((Coding(DMD, "39566211000001103"),)), resident=SHE, given_on="2025-10-02", batch="T4A011V")
ALLERGY = Allergy(PENICILLIN, SHE, clinical_status=allergy_intolerance.CLINICAL_STATUS.coded("active"))
LIST = RecordList("current", "snapshot", SHE, date="2025-11-02", entries=(Entry(Ref("MedicationStatement", "1")),))
PROBLEM = Condition(SHE, clinical_status=condition.CLINICAL_STATUS.coded("active"))
IN_ERROR = allergy_intolerance.VERIFICATION.coded("entered in error")
GONE = condition.CLINICAL_STATUS.coded("resolved")
BACKWARDS = Period("2025-10-02", "2025-10-01")

FINDINGS: dict[str, tuple[Any, set[tuple[str, str]]]] = {
    "a medicine": (MEDICINE, set()),
    "stops before it starts": (replace(MEDICINE, taken=BACKWARDS), {("taken.end", "refusal")}),
    "starts and stops on one day": (replace(MEDICINE, taken=Period("2025-10-02", "2025-10-02T08:00:00Z")), set()),
    "stopped, no reason": (replace(MEDICINE, status="stopped"), {("status_reasons", "warning")}),
    "on hold, no reason": (replace(MEDICINE, status="on hold"), {("status_reasons", "warning")}),
    "stopped, with a reason": (replace(MEDICINE, status="stopped", status_reasons=(Coded(text="falls"),)), set()),
    "not taken, no reason": (replace(MEDICINE, status="not taken"), set()),
    "intended, no date": (replace(MEDICINE, status="intended"), {("taken", "warning")}),
    "intended for a day": (replace(MEDICINE, status="intended", taken="2025-12-01"), set()),
    "active, ended before": (replace(MEDICINE, taken=Period(end="2025-10-01"), date_asserted="2025-11-02"), {("status", "warning")}),
    "active, ends later": (replace(MEDICINE, taken=Period(end="2025-12-01"), date_asserted="2025-11-02"), set()),
    "completed, ended before": (replace(MEDICINE, status="completed", taken=Period(end="2025-10-01"), date_asserted="2025-11-02"), set()),
    "no dose": (replace(MEDICINE, doses=()), {("doses", "warning")}),
    "a dose without words": (replace(MEDICINE, doses=(Dose(frequency=1),)), {("doses", "warning")}),
    "a dose that ends before it starts": (replace(MEDICINE, doses=(Dose("x"), Dose("y", bounds=BACKWARDS))),
                                          {("doses[1].bounds.end", "refusal")}),
    "text only": (replace(MEDICINE, drug=Coded(text="the blue tablet")), {("drug", "warning")}),
    "only the vendor's code": (replace(MEDICINE, drug=Coded((Coding("https://vendor.example/drugs", "77"),))), {("drug", "warning")}),
    "a code under the name of its system": (
        replace(MEDICINE, drug=Coded((Coding("dm+d", "319283006"),))), {("drug", "warning"), ("drug.codings[0].system", "refusal")}),
    "transfer-degraded": (replace(MEDICINE, drug=Coded((Coding(SNOMED_CT, dosage.TRANSFER_DEGRADED),), "aspirin")), {("drug", "warning")}),
    "a product of text": (replace(MEDICINE, drug=Product(Coded(text="a special"))), {("drug.code", "warning")}),
    "a drug elsewhere": (replace(MEDICINE, drug=Ref("Medication", "1")), set()),
    "two origins": (replace(MEDICINE, based_on=(Ref("MedicationRequest", "1"),), derived_from=(Said("the chart"),)),
                    {("derived_from", "warning")}),
    "a medicine entered in error": (replace(MEDICINE, status="entered in error", taken=BACKWARDS, doses=()), set()),

    "a prescription": (REQUEST, set()),
    "valid backwards": (replace(REQUEST, dispense=medication_request.Dispense(BACKWARDS)), {("dispense.validity_period.end", "refusal")}),
    "a reason for nothing": (replace(REQUEST, status_reason=Coded(text="x")), {("status_reason", "warning")}),
    "cancelled for a reason": (replace(REQUEST, status="cancelled", status_reason=Coded(text="x")), set()),
    "substitution not said": (replace(REQUEST, substitution_allowed=None), {("substitution_allowed", "warning")}),
    "a prescription in words": (replace(REQUEST, drug=Coded(text="x"), doses=()), {("drug", "warning"), ("doses", "warning")}),
    "a prescription entered in error": (replace(REQUEST, status="entered in error", doses=()), set()),

    "a vaccination": (FLU, set()),
    "recorded before": (replace(FLU, recorded="2025-10-01T23:00:00Z"), {("recorded", "refusal")}),
    "recorded the same day": (replace(FLU, recorded="2025-10-02T08:00:00Z"), set()),
    "expired": (replace(FLU, expiry_date="2025-09-30"), {("expiry_date", "warning")}),
    "expires that month": (replace(FLU, expiry_date="2025-10"), set()),
    "no batch": (replace(FLU, batch=None), {("batch", "warning")}),
    "no batch, told by the family": (replace(FLU, batch=None, primary_source=False), set()),
    "disease without a dose number": (replace(FLU, target_diseases=(Coded(text="flu"),)), {("dose_number", "refusal")}),
    "series without a dose number": (replace(FLU, series="x"), {("dose_number", "refusal")}),
    "disease with a dose number": (replace(FLU, target_diseases=(Coded(text="flu"),), dose_number="Dose sequence not recorded"), set()),
    "a vaccine in words": (replace(FLU, vaccine=Coded(text="flu")), {("vaccine", "warning")}),
    "a vaccine nobody can name": (replace(FLU, vaccine=immunization.VACCINE.coded("unknown")), set()),
    "given some time": (replace(FLU, given_on=Words("last winter"), recorded="2025-10-01", expiry_date="2020"), set()),

    "an allergy": (ALLERGY, set()),
    "ait-1": (replace(ALLERGY, clinical_status=None), {("clinical_status", "refusal")}),
    "ait-2": (replace(ALLERGY, verification_status=IN_ERROR), {("clinical_status", "refusal")}),
    "ait-2, by its end": (
        replace(ALLERGY, verification_status=IN_ERROR, clinical_status=None, end_date="2020", end_reason="x"),
        {("end_date", "refusal"), ("end_reason", "refusal")}),
    "an allergy entered in error": (replace(ALLERGY, clinical_status=None, verification_status=IN_ERROR, code=Coded(text="x")), set()),
    "ended before it began": (replace(ALLERGY, onset="1990", end_date="1989"), {("end_date", "refusal"), ("clinical_status", "warning")}),
    "ended, but active": (replace(ALLERGY, end_reason="grew out of it"), {("clinical_status", "warning")}),
    "began backwards": (replace(ALLERGY, onset=BACKWARDS), {("onset.end", "refusal")}),
    "happened before it began": (replace(ALLERGY, onset=Period("1990"), last_occurrence="1989-12"), {("last_occurrence", "warning")}),
    "recorded before it began": (replace(ALLERGY, onset="1990", recorded_date="1989"), {("recorded_date", "warning")}),
    "an age is no date": (replace(ALLERGY, onset=Quantity(12, "years"), recorded_date="1989", last_occurrence="1980"), set()),
    "none known, and a reaction": (replace(ALLERGY, code=allergy_intolerance.ALLERGY_CODE.coded("no known allergy"),
                                           reactions=(Reaction((Coded(text="rash"),)),)), {("reactions", "refusal")}),
    "an allergy in words": (replace(ALLERGY, code=Coded(text="plasters")), {("code", "warning")}),

    "a list": (LIST, set()),
    "lst-1": (replace(LIST, empty_reason=lists.EMPTY_REASON.coded("nil known")), {("empty_reason", "refusal")}),
    "lst-2": (replace(LIST, entries=(Entry(SHE), Entry(SHE, deleted=False))), {("entries[1].deleted", "refusal")}),
    "lst-2 kept": (replace(LIST, mode="changes", entries=(Entry(SHE, deleted=True),)), set()),
    "lst-3": (replace(LIST, entries=(Entry(SHE, date="2025"),)), {("entries[0].date", "refusal")}),
    "lst-3 kept": (replace(LIST, mode="working", entries=(Entry(SHE, date="2025"),)), set()),
    "empty, and no reason": (replace(LIST, entries=()), {("empty_reason", "warning")}),
    "empty, and why": (replace(LIST, entries=(), empty_reason=lists.EMPTY_REASON.coded("not asked")), set()),
    "a snapshot of no time": (replace(LIST, date=None), {("date", "warning")}),

    "a problem": (PROBLEM, set()),
    "con-3": (Condition(SHE, categories=(condition.CATEGORY.coded("problem list item"),)), {("clinical_status", "warning")}),
    "con-4": (replace(PROBLEM, abatement="2025"), {("abatement", "refusal")}),
    "con-4 kept": (replace(PROBLEM, clinical_status=GONE, abatement="2025"), set()),
    "con-5": (replace(PROBLEM, verification_status=condition.VERIFICATION.coded("entered in error")), {("clinical_status", "refusal")}),
    "a problem gone before it came": (replace(PROBLEM, clinical_status=GONE, onset="2025", abatement="2024"), {("abatement", "refusal")}),
    "a problem that came backwards": (replace(PROBLEM, onset=BACKWARDS), {("onset.end", "refusal")}),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_findings(case: str) -> None:
    record, expected = FINDINGS[case]
    assert {(x.field, x.level) for x in record.findings()} == expected


def test_a_finding_is_a_fixed_sentence() -> None:
    """Each stands in the source as it is said: nothing of a record is ever put into it."""
    source = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__).resolve().parent.parent / "mappings").glob("*.py"))
    said = {found.says for record, _ in FINDINGS.values() for found in record.findings()}
    assert [sentence for sentence in said if f'"{sentence}"' not in source] == []


def test_a_code_of_another_system_is_not_called_text() -> None:
    for record in (replace(MEDICINE, drug=VENDORS), replace(ALLERGY, code=VENDORS), replace(FLU, vaccine=VENDORS)):
        (said,) = [found.says for found in record.findings()]
        assert "https://dmd.nhs.uk" in said
        assert "text only" not in said
