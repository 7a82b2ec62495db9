"""What the mutants are made of: resources with nothing wrong, by name.

`patient/full`: our fixtures. `flag`, `bundle-document`: the files in bases/ (types that we do not emit, bundles as they were sent once).
`published/…`: examples of UK Core as published, read from XML. `foreign/Patient/7`: a published resource of the NHS's APIs, by its line in
fixtures/foreign.
"""
from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from adapter import wire
from tests import foreign

HERE = Path(__file__).resolve().parent / "bases"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
Json = Any
PUBLISHED = (      # those that the engine has nothing against, and that bring a type or an element that our own do not have
    "UKCore-AuditEvent-Query-Example", "UKCore-Bundle-Batch-Example", "UKCore-Device-ColostomyBag-Example",
    "UKCore-DiagnosticReport-CTChestScan-Example", "UKCore-FamilyMemberHistory-FatherDiabetes-Example", "UKCore-Flag-FoodAllergy-Example",
    "UKCore-MedicationDispense-Amoxicillin-Example", "UKCore-MessageHeader-Discharge-Example", "UKCore-Observation-FastingTest-Example",
    "UKCore-Observation-Group-FullBloodCount-Example", "UKCore-QuestionnaireResponse-BabyPatientSurvey-Example",
    "UKCore-ServiceRequest-ECG-Example", "UKCore-VitalSigns-Observation-OxygenSaturation-Example")
FOREIGN = {"AllergyIntolerance": (0, 2), "Condition": (1,), "Encounter": (0,), "Immunization": (3, 40), "List": (1,), "Location": (2,),
           "MedicationRequest": (0, 3), "Organization": (3,), "Patient": (5, 30, 61), "Practitioner": (4,), "PractitionerRole": (6,)}


@cache
def fixtures() -> dict[str, Json]:
    """What our pairs say in FHIR."""
    return {f"{path.parent.name}/{path.name.removesuffix('.fhir.json')}": wire.loads(path.read_bytes())
            for path in sorted(FIXTURES.rglob("*.fhir.json"))}


@cache
def bases() -> dict[str, Json]:
    """Every base by name. Not to be changed: `edited` copies."""
    own = {path.stem: wire.loads(path.read_bytes()) for path in sorted(HERE.glob("*.json"))}
    documents = {name.removesuffix(".xml"): content for name, content in foreign.documents()}
    published = {f"published/{name}": wire.loads_xml(documents[name]) for name in PUBLISHED}
    others = {f"foreign/{kind}/{line}": foreign.resources(kind)[line][1] for kind, lines in FOREIGN.items() for line in lines}
    return {**own, **fixtures(), **published, **others}
