"""Mutants that are held against the drafts of UK Core STU3: what only these ask (slices of a blood pressure, bindings of questionnaires) is
judged here. Made by the same operators from the published examples that illustrate the drafts, and from a blood pressure by HL7's profile.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.jury.published import CANONICAL, SEQUENCE, published
from tests.mutants.corpus import digest, said, taken
from tests.mutants.edits import DROP, Edits, at, edited
from tests.mutants.generic import OPERATORS, codings

Json = Any
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
MOST = 40      # sorts of one operator
REFUSED = ("Extension-UKCore-RecordingSetting-Example", "UKCore-QuestionnaireResponse-InpatientSurvey-Example")     # as published


class Draft(NamedTuple):
    """`profiles`: held against these of the drafts, or by its type."""

    id: str
    resource: Json
    profiles: tuple[str, ...]


def _pressure(loinc: str, snomed: str, text: str, value: int) -> Json:
    codings = [{"system": LOINC, "code": loinc}, {"system": SNOMED, "code": snomed}]
    quantity = {"value": value, "unit": "millimeter of mercury", "system": UCUM, "code": "mm[Hg]"}
    return {"code": {"coding": codings, "text": text}, "valueQuantity": quantity}


BLOOD_PRESSURE: Json = {
    "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/1"}, "effectiveDateTime": "2025-01-15T08:00:00Z",
    "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
    "code": {"coding": [{"system": LOINC, "code": "85354-9"}, {"system": SNOMED, "code": "75367002"}]},
    "component": [_pressure("8480-6", "72313002", "Systolic blood pressure", 118),
                  _pressure("8462-4", "1091811000000102", "Diastolic blood pressure", 76)],
}
PRESSURES: tuple[Edits, ...] = (
    {"component[0]": DROP}, {"component[1]": DROP}, {"component": DROP}, {"component[0].code.coding[0]": DROP},
    {"component[1].code.coding[1]": DROP}, {"component[0].code.coding[0].code": "8462-4"}, {"component[0].code.coding[0].system": DROP},
    {"component[+]": BLOOD_PRESSURE["component"][0]}, {"component[+]": {"code": {"text": "mean"}}}, {"component[1].code.text": "x"},
    {"component[0].valueQuantity.code": "kPa"}, {"component[0].valueQuantity.unit": "mmHg"}, {"component[0].valueQuantity.system": DROP},
    {"component[0].valueQuantity": DROP, "component[0].valueString": "118"}, {"component[0].valueQuantity": DROP},
    {"component[0].valueQuantity": DROP, "component[0].dataAbsentReason": {"text": "refused"}}, {"code.coding[0]": DROP},
    {"code.coding[0].code": "8480-6"}, {"code.coding[1].code": "271649006"}, {"category": DROP}, {"category[0].coding[0].code": "survey"},
    {"effectiveDateTime": DROP}, {"effectiveDateTime": DROP, "effectiveInstant": "2025-01-15T08:00:00Z"}, {"subject": DROP},
    {"subject.reference": "Group/1"}, {"component[0].interpretation": [{"coding": [{"id": "a"}]}]}, {"valueQuantity": {"value": 1}},
)


@cache
def bases() -> dict[str, tuple[Json, tuple[str, ...]]]:
    """By name, with the profiles: the engine has nothing against them."""
    examples = {each.name: (each.resource, each.profiles) for each in published() if each.set == SEQUENCE and each.name not in REFUSED}
    return {**examples, "blood-pressure": (BLOOD_PRESSURE, ("http://hl7.org/fhir/StructureDefinition/bp",))}


@cache
def drafts() -> tuple[Draft, ...]:
    """Every mutant, and every base under its own name; and the blood pressure by UK Core's own draft, which the engine cannot use."""
    by_uk_core = Draft("draft/blood-pressure-of-uk-core", BLOOD_PRESSURE, (f"{CANONICAL}UKCore-Observation-VitalSigns-BloodPressure",))
    made = {digest(resource): Draft(f"draft/{name}", resource, profiles) for name, (resource, profiles) in bases().items()}
    for rule, base, edits in _edits():
        resource, profiles = bases()[base]
        mutant = Draft(f"draft/{rule}/{base}/{said(edits)}", edited(resource, edits), profiles)
        made.setdefault(digest(mutant.resource), mutant)
    return tuple(sorted((by_uk_core, *made.values()), key=lambda each: each.id))


def _edits() -> Iterator[tuple[str, str, Edits]]:
    yield from (("fhir-slice", "blood-pressure", edits) for edits in PRESSURES)
    yield from (("fhir-binding", name, {at(*way, "system"): DROP}) for name, (resource, _) in bases().items()
                for _, way, coding in codings(resource) if "system" in coding)
    for rule, (operator, _, _) in OPERATORS.items():
        candidates = [each for name, (resource, _) in bases().items() for each in operator(name, resource)]
        yield from ((rule, each.base, each.edits) for each in taken(rule, candidates, 1, MOST))
