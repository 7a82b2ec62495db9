"""Every shape by its resource type, for what works on all of them."""
from __future__ import annotations

from typing import Any

from mappings.allergy_intolerance import allergy_intolerance
from mappings.condition import condition
from mappings.encounter import encounter
from mappings.immunization import immunization
from mappings.list import record_list
from mappings.location import location
from mappings.medication_request import medication_request
from mappings.medication_statement import medication_statement
from mappings.organization import organization
from mappings.patient import patient
from mappings.practitioner import practitioner
from mappings.practitioner_role import practitioner_role
from mappings.related_person import related_person
from mappings.shape import OneOf, Shape

AnyShape = Shape[Any] | OneOf[Any]

SHAPES: dict[str, AnyShape] = {
    "Patient": patient,
    "RelatedPerson": related_person,
    "Organization": organization,
    "Location": location,
    "Practitioner": practitioner,
    "PractitionerRole": practitioner_role,
    "Encounter": encounter,
    "Condition": condition,
    "AllergyIntolerance": allergy_intolerance,
    "MedicationStatement": medication_statement,
    "MedicationRequest": medication_request,
    "Immunization": immunization,
    "List": record_list,
}

# Resources that belong to nobody's record: many residents share them, and many homes.
DIRECTORY = frozenset({"Organization", "Location", "Practitioner", "PractitionerRole"})

# A home tells what a resident takes and has; prescriptions and diagnoses are the hospital's to tell, and are only read for now.
WRITABLE = frozenset(SHAPES) - {"MedicationRequest", "Condition"}


def _records(kind: str, shape: AnyShape) -> dict[type, tuple[str, AnyShape]]:
    return {s.record: (kind, shape) for s in (shape.shapes if isinstance(shape, OneOf) else (shape,))}


# Which resource a record becomes, and by which shape.
RECORDS: dict[type, tuple[str, AnyShape]] = {
    record: found for kind, shape in SHAPES.items() for record, found in _records(kind, shape).items()}
