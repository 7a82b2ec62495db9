"""HL7's own validator with the published UK Core (STU2 2.0.2) has nothing against what we write."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PAIRS = sorted(FIXTURES.rglob("*.fhir.json"))


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_every_pair_is_uk_core(path: Path, errors: Callable[[bytes], list[str]]) -> None:
    assert errors(path.read_bytes()) == []


@pytest.mark.parametrize(("wrong", "complaint"), [
    ({"gender": "unspecified"}, "gender"),
    ({"birthDate": "14 March 1938"}, "birthDate"),
    ({"maritalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "?"}]}}, "maritalStatus"),
    ({"colour": "red"}, "colour"),
    ({"meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Resident"]}}, "UKCore-Resident"),
])
def test_it_does_complain(wrong: dict[str, object], complaint: str, errors: Callable[[bytes], list[str]]) -> None:
    """The judge is awake: one fault, one complaint that names it."""
    resource = {"resourceType": "Patient", "name": [{"use": "official", "family": "Testcase"}], **wrong}
    assert any(complaint in line for line in errors(json.dumps(resource).encode()))


def test_there_are_pairs_to_judge() -> None:
    assert PAIRS
