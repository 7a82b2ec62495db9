"""HL7's own validator with the published UK Core (STU2 2.0.2) has nothing against what we write."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from mappings.absence import WORDS
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from mappings.corrections import Reason, in_error, stopped
from mappings.faults import BadValue
from tests import foreign
from tests.events import DIED, MERGED, RENUMBERED, SURVIVES, withdrawn
from tests.homes import bags
from tests.hospital import WHOLE

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PAIRS = sorted(FIXTURES.rglob("*.fhir.json"))


def rows(become: Callable[[Any], Any]) -> CareRecord:
    changed: dict[str, Any] = {field: tuple(map(become, getattr(WHOLE, field))) for field in WORDS}
    return replace(WHOLE, **changed)


CORRECTIONS = {
    "a new NHS number": RENUMBERED, "the record that stays": SURVIVES, "the record that was merged": MERGED, "she died": DIED,
    "moved away": withdrawn(Reason.MOVED_AWAY), "the wrong resident": withdrawn(Reason.WRONG_RESIDENT),
    "rows that have vanished": rows(stopped),
    "rows in error": rows(in_error)}


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_every_pair_is_uk_core(path: Path, errors: Callable[[bytes], list[str]]) -> None:
    assert errors(path.read_bytes()) == []


POLICIES = [Policy("upsert", directory="own"), Policy("create-if-missing"), Policy("match", patient_reference="Patient/1")]


@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_bundle_is_uk_core(name: str, bag: CareRecord, errors: Callable[[bytes], list[str]]) -> None:
    bundles = [collection(bag), *(part.bundle for policy in POLICIES for part in transaction(bag, policy))]
    assert [error for bundle in bundles for error in errors(wire.dumps(bundle))] == []


@pytest.mark.parametrize("event", CORRECTIONS)
def test_every_correction_is_uk_core(event: str, errors: Callable[[bytes], list[str]]) -> None:
    bundles = [collection(CORRECTIONS[event]), *(part.bundle for policy in POLICIES for part in transaction(CORRECTIONS[event], policy))]
    assert [error for bundle in bundles for error in errors(wire.dumps(bundle))] == []


@pytest.mark.parametrize("kind", SHAPES)
def test_reading_and_writing_adds_no_error(kind: str, errors: Callable[[bytes], list[str]]) -> None:
    """What we write of a published resource has at most the errors that the resource had already."""
    for name, theirs in foreign.resources(kind):
        try:
            record, _ = SHAPES[kind].read(theirs)
        except BadValue:      # theirs lacks what a record of ours needs: nothing to write
            continue
        if ours := errors(wire.dumps(SHAPES[kind].write(record))):
            assert _sentences(ours) <= _sentences(errors(wire.dumps(theirs))), name


def _sentences(errors: list[str]) -> set[str]:
    """Without the place: elements of a list come in our order."""
    return {error.split(": ", 1)[1] for error in errors}


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
