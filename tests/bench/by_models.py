"""(b) The same through `fhir.resources.R4B`: the dicts of by_hand.py become models, and the models text.

Through the models 0.50 becomes 0.5, so the answer is equal to ours but for the digits of decimals.
"""
from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.immunization import Immunization
from fhir.resources.R4B.list import List
from fhir.resources.R4B.medicationstatement import MedicationStatement
from fhir.resources.R4B.patient import Patient

from tests.bench import by_hand

MODELS: dict[str, Any] = {
    "Patient": Patient, "Encounter": Encounter, "MedicationStatement": MedicationStatement, "Immunization": Immunization, "List": List}


def convert(line: bytes) -> bytes:
    bundle = by_hand.bundle(json.loads(line, parse_float=Decimal))
    for entry in bundle["entry"]:
        entry["resource"] = MODELS[entry["resource"]["resourceType"]](**entry["resource"])
    text: str = Bundle(**bundle).model_dump_json()
    return text.encode()
