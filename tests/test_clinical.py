"""Medicines, vaccinations, allergies, lists, prescriptions and conditions: pairs, hard cases, and what published resources leave."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.records.native import Format, checks_of
from mappings import allergy_intolerance, condition, dosage, immunization, medication_request, medication_statement
from mappings import list as lists
from mappings.catalogue import DIRECTORY, RECORDS, SHAPES, WRITABLE
from mappings.codes import CodeTable
from mappings.datatypes import Coded, Quantity, Range, Ratio, Words
from mappings.dosage import Dose, Product
from mappings.faults import Faults
from mappings.immunization import EnteredInError, Given, NotGiven
from mappings.shape import OneOf, same
from mappings.systems import DMD, SNOMED_CT
from tests import foreign

Json = dict[str, Any]

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
KINDS = {
    "medication_statement": "MedicationStatement", "immunization": "Immunization", "allergy_intolerance": "AllergyIntolerance",
    "list": "List", "medication_request": "MedicationRequest", "condition": "Condition",
}
PAIRS = [f"{folder}/{path.name.removesuffix('.record.json')}"
         for folder in KINDS for path in sorted((FIXTURES / folder).glob("*.record.json"))]
MEDICINES = medication_statement.medication_statement
VACCINATIONS = immunization.immunization


# ---- pairs -------------------------------------------------------------------------------------------------------------------
@cache
def form(record: type) -> Format[Any]:
    return Format(record, checks_of(SHAPES.values()))


def read_pair(case: str) -> tuple[Any, Json]:
    """The record of a pair (of the one class whose required fields are there) and its resource."""
    said = wire.loads((FIXTURES / f"{case}.record.json").read_bytes())
    record, = (r for r, (kind, _) in RECORDS.items() if kind == KINDS[case.split("/")[0]] and required(r) <= said.keys())
    return form(record).decode(said), wire.loads((FIXTURES / f"{case}.fhir.json").read_bytes())


def required(record: type) -> set[str]:
    """All but `resident`, which is implied."""
    shape = RECORDS[record][1]
    return set((shape.by_type[record] if isinstance(shape, OneOf) else shape).required) - {"resident"}


@pytest.mark.parametrize("case", PAIRS)
def test_pair(case: str) -> None:
    record, resource = read_pair(case)
    shape = SHAPES[resource["resourceType"]]
    assert same(shape.write(record), resource)
    assert shape.read(resource) == (record, {})
    assert form(type(record)).decode(form(type(record)).encode(record)) == record


def parts(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for x in value:
            yield from parts(x)
    elif is_dataclass(value):
        yield value
        for x in fields(value):
            yield from parts(getattr(value, x.name))


OURS = {r for r, (kind, _) in RECORDS.items() if kind in KINDS.values()} | {
    Dose, Product, dosage.Ingredient, allergy_intolerance.Reaction, allergy_intolerance.Evidence, immunization.Person,
    immunization.Performer, immunization.VaccineReaction, lists.Entry, medication_request.Dispense, Range, Ratio, Words,
}
# A refusal and a correction share these fields, word for word, with a vaccination that was given.
SHARED = {(r, x.name) for r in (NotGiven, EnteredInError) for x in fields(immunization.Vaccination)}


def test_every_field_stands_in_a_pair() -> None:
    every = [part for case in PAIRS for part in parts(read_pair(case)[0])]
    said = {(type(part), x.name) for part in every for x in fields(part) if getattr(part, x.name) not in (None, ())}
    assert {(r, x.name) for r in OURS for x in fields(r)} - said - SHARED == set()


def test_catalogue() -> None:
    assert {(r.__name__, kind) for r, (kind, _) in RECORDS.items() if kind in KINDS.values()} == {
        ("Medication", "MedicationStatement"), ("Given", "Immunization"), ("NotGiven", "Immunization"), ("EnteredInError", "Immunization"),
        ("Allergy", "AllergyIntolerance"), ("RecordList", "List"), ("MedicationRequest", "MedicationRequest"), ("Condition", "Condition")}
    assert len(SHAPES) == 13
    assert SHAPES.keys() >= WRITABLE >= DIRECTORY
    assert SHAPES.keys() - WRITABLE == {"MedicationRequest", "Condition"}


# ---- hard cases ------------------------------------------------------------------------------------------------------------------
def statement(**more: Any) -> Json:
    return {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": {"text": "x"},
            "subject": {"reference": "Patient/r"}} | more


def vaccination(**more: Any) -> Json:
    return {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "x"}, "patient": {"reference": "Patient/r"},
            "occurrenceDateTime": "2025-10-02"} | more


@pytest.mark.parametrize("system", [DMD, DMD + "/", SNOMED_CT])
def test_dmd_is_read_under_each_of_its_systems_and_stays_under_it(system: str) -> None:
    resource = statement(medicationCodeableConcept={"coding": [{"system": system, "code": "319283006"}]}, dosage=[{"text": "x"}])
    record, _ = MEDICINES.read(resource)
    assert list(record.findings()) == []
    assert MEDICINES.write(record)["medicationCodeableConcept"]["coding"][0]["system"] == system


def test_decimals_keep_their_zeros_through_the_wire() -> None:
    sent = wire.loads(b'{"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": {"text": "x"}, "subject": '
                      b'{"reference": "Patient/r"}, "dosage": [{"timing": {"repeat": {"period": 1.0}}, "doseAndRate": [{"doseQuantity": '
                      b'{"value": 0.50}}]}]}')
    record, rest = MEDICINES.read(sent)
    assert record.doses == (Dose(period=Decimal("1.0"), amount=Quantity(Decimal("0.50"))),)
    assert b'"value":0.50' in wire.dumps(MEDICINES.write(record, rest))


def test_dose_text_is_untouched() -> None:
    text = "  ½ tablet\u00a0at night\r\n(“nocte”)  \u2028 do not crush "
    record, _ = MEDICINES.read(statement(dosage=[{"text": text}]))
    assert record.doses[0].text == text
    assert MEDICINES.write(record)["dosage"] == [{"text": text}]


def test_what_we_do_not_read_of_a_dose_stays_with_that_dose() -> None:
    resource = statement(dosage=[{"text": "2 in the morning", "maxDosePerLifetime": {"value": 9}}, {"text": "1 at night"}])
    record, rest = MEDICINES.read(resource)
    changed = replace(record, doses=(replace(record.doses[0], text="3 in the morning"), record.doses[1]))
    assert MEDICINES.write(changed, rest)["dosage"] == [
        {"text": "3 in the morning", "maxDosePerLifetime": {"value": 9}}, {"text": "1 at night"}]
    gone = replace(record, doses=record.doses[1:])
    assert MEDICINES.write(gone, rest)["dosage"] == [{"text": "1 at night"}]


@pytest.mark.parametrize(("dosage_json", "dose"), [
    ({"asNeededBoolean": True}, Dose(as_needed=True)),
    ({"asNeededBoolean": False}, Dose(as_needed=False)),
    ({"asNeededCodeableConcept": {"text": "pain"}}, Dose(as_needed=Coded(text="pain"))),
    ({"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2}}}]}, Dose(amount=Range(Quantity(1), Quantity(2)))),
    ({"timing": {"repeat": {"when": ["ACM"], "offset": 30}}}, Dose(when=("ACM",), offset=30)),
    ({"timing": {"repeat": {"dayOfWeek": ["mon"], "timeOfDay": ["08:00:00"]}}}, Dose(days_of_week=("mon",), times_of_day=("08:00:00",))),
])
def test_a_dose(dosage_json: Json, dose: Dose) -> None:
    assert MEDICINES.read(statement(dosage=[dosage_json]))[0].doses == (dose,)
    assert MEDICINES.unread(statement(dosage=[dosage_json])) == []


def test_as_needed_said_in_two_ways_is_a_fault() -> None:
    twice = {"asNeededBoolean": False, "asNeededCodeableConcept": {"text": "pain"}}
    with pytest.raises(Faults, match="is said in two ways"):
        MEDICINES.read(statement(dosage=[twice]))


def test_a_medicine_inside_its_statement_is_read_and_written_back() -> None:
    ointment = {"resourceType": "Medication", "id": "med", "status": "active", "code": {"text": "Ointment"}, "batch": {"lotNumber": "B7"}}
    resource = {"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": "Patient/r"},
                "medicationReference": {"reference": "#med", "display": "a special"}, "contained": [ointment]}
    record, rest = MEDICINES.read(resource)
    assert record.drug == Product(Coded(text="Ointment"), batch="B7")
    assert same(MEDICINES.write(record, rest), resource)
    assert {path.rpartition(".")[2] for path in MEDICINES.unread(resource)} == {"id", "status", "display"}


def test_a_refused_vaccine_is_never_read_as_a_given_one() -> None:
    refused, _ = VACCINATIONS.read(vaccination(status="not-done", statusReason={"text": "declined"}))
    assert type(refused) is NotGiven
    assert refused.not_given_on == "2025-10-02"
    with pytest.raises(Faults) as e:
        VACCINATIONS.read(vaccination(status="not-done"))
    assert [(x.path, x.field, x.reason) for x in e.value.found] == [("Immunization", "reason", "missing")]
    with pytest.raises(Faults, match="neither Given nor NotGiven nor EnteredInError"):
        VACCINATIONS.read(vaccination(status="refused"))


def test_a_correction_is_read() -> None:
    wrong, rest = VACCINATIONS.read(vaccination(status="entered-in-error", lotNumber="R04X"))
    assert type(wrong) is EnteredInError
    assert wrong.wrongly_recorded_for == "2025-10-02"
    assert VACCINATIONS.write(wrong, rest)["lotNumber"] == "R04X"


def test_a_vaccine_that_the_family_told_of() -> None:
    origin = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/immunization-origin", "code": "recall"}]}
    told, _ = VACCINATIONS.read(vaccination(primarySource=False, reportOrigin=origin))
    assert isinstance(told, Given)
    assert told.primary_source is False
    assert told.report_origin is not None
    assert immunization.REPORT_ORIGIN.word(told.report_origin) == "resident or family"
    assert "batch" not in {x.field for x in told.findings()}


@pytest.mark.parametrize(("shape", "resource", "field"), [
    (medication_request.medication_request, {"resourceType": "MedicationRequest", "status": "active", "intent": "order",
     "medicationCodeableConcept": {"text": "x"}, "subject": {"reference": "Patient/r"}, "doNotPerform": True}, "do_not_perform"),
    (VACCINATIONS, vaccination(isSubpotent=True), "subpotent"),
    (lists.record_list, {"resourceType": "List", "status": "current", "mode": "changes", "subject": {"reference": "Patient/r"},
     "entry": [{"item": {"reference": "MedicationStatement/1"}, "deleted": True}]}, "entries"),
], ids=["doNotPerform", "isSubpotent", "deleted"])
def test_an_element_that_turns_the_meaning_round_is_never_left_unread(shape: Any, resource: Json, field: str) -> None:
    """FHIR R4 marks these as modifiers: whoever overlooks them reads the opposite."""
    assert getattr(shape.read(resource)[0], field)
    assert shape.unread(resource) == []


def test_a_word_nobody_agreed_on_is_refused_by_name() -> None:
    with pytest.raises(Faults) as e:
        MEDICINES.read(statement(status="current"))
    assert [(x.path, x.field) for x in e.value.found] == [("MedicationStatement.status", "status")]
    assert "current" not in str(e.value)


TABLES = {f"{module.__name__.removeprefix('mappings.')}.{name}": table
          for module in (allergy_intolerance, condition, dosage, immunization, lists, medication_request, medication_statement)
          for name, table in vars(module).items() if isinstance(table, CodeTable)}


@pytest.mark.parametrize("name", TABLES)
def test_a_code_table_is_two_way_and_says_its_source(name: str) -> None:
    table = TABLES[name]
    assert re.search(r"\d+\.\d+|NHS England", table.source)
    assert {word: table.word(table.coded(word)) for word in table.table} == {word: word for word in table.table}


# ---- what published resources leave ----------------------------------------------------------------------------------------------
EPS = "the Electronic Prescription Service's own: how the message is routed and dispensed, not what she takes"
LEFT = {
    r"\.?(id|text\.(status|div)|meta\..*|language|implicitRules)": "belongs to the resource, not to the record",
    r"contained.*|.*\.contained\.(id|text.*|generalPractitioner|telecom)": "nobody refers to it, or it names the contained resource",
    r".*coding\.extension\..*": "SNOMED CT description id and its words, beside a coding whose display is read",
    r"extension\.(url|extension\.(url|value(CodeableConcept|Coding|DateTime|String).*))": "a retired UK Core extension, or " + EPS,
    r"extension\.value(Coding|Reference|CodeableConcept)\..*": EPS,
    r"(basedOn|groupIdentifier|dispenseRequest|dispenseRequest\.performer)\.extension\..*": EPS,
    r"(patient|location|performer\.actor|extension\.valueReference)\.(type|identifier\..*|display|contained\.resourceType)":
        "a second way of naming what is named already, or a name without a system",
    r"protocolApplied\..*": "a second protocol for one dose",
    r"doseQuantity\..*|identifier|primarySource": "says nothing: null, an empty list, a quantity without a value",
}


def unread(kind: str) -> Iterator[tuple[str, str]]:
    """(where it is published, path without indices) of everything that our record of it does not hold."""
    for name, resource in foreign.resources(kind):
        try:
            paths = SHAPES[kind].unread(resource)
        except Faults:
            continue
        yield from ((name, re.sub(r"\[\d+\]", "", path)) for path in paths)


@pytest.mark.parametrize("kind", KINDS.values())
def test_what_published_resources_leave_has_a_reason(kind: str) -> None:
    assert {(path, name) for name, path in unread(kind) if not any(re.fullmatch(reason, path) for reason in LEFT)} == set()


def test_every_reason_is_still_needed() -> None:
    paths = {path for kind in KINDS.values() for _, path in unread(kind)}
    assert [reason for reason in LEFT if not any(re.fullmatch(reason, path) for path in paths)] == []


def refusals(kind: str) -> Iterator[str]:
    for name, resource in foreign.resources(kind):
        try:
            SHAPES[kind].read(resource)
        except Faults:
            yield name


@pytest.mark.parametrize("kind", sorted(KINDS.values()))
def test_published_resources_are_read(kind: str) -> None:
    """All of them, except the vectors that are wrong on purpose and three samples of the Immunisation API with texts for booleans."""
    refused = [name for name in refusals(kind) if "validator-vectors" not in name]
    assert len(refused) == (3 if kind == "Immunization" else 0)
