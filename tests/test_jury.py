"""Everything we write passes checks that others wrote; what a juror is known to get wrong is on a signed list."""
from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from mappings.catalogue import SHAPES, WRITABLE
from mappings.faults import BadValue
from tests import foreign
from tests.homes import bags
from tests.jury.jurors import Complaint, complaints, known
from tests.strategies import records_of

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
Json = dict[str, Any]
# Rules about single values. Sampled records break them on purpose (odd texts, numbers past 2^31); nothing else may be wrong with them.
# `oneOf` is all that the schema says where a contained resource breaks one; contained resources are judged on their own too.
VALUES = {"pattern", "string_pattern_mismatch", "less_than_equal", "oneOf"}


def pairs() -> Iterator[tuple[str, Json]]:
    """The FHIR side of every pair."""
    for path in sorted(FIXTURES.rglob("*.fhir.json")):
        yield str(path.relative_to(FIXTURES)), wire.loads(path.read_bytes())


def bundled() -> Iterator[tuple[str, Json]]:
    """Every bundle of every care record."""
    for name, bag in bags():
        yield f"collection of {name}", collection(bag)
        for part in transaction(bag, Policy("upsert", directory="own")):
            yield f"transaction {part.number} of {name}", part.bundle


def written() -> Iterator[tuple[str, Json]]:
    """What our shapes write, without the rest, for the records in every published resource that the jury has nothing against."""
    for kind, shape in SHAPES.items():
        for name, theirs in foreign.resources(kind):
            if not complaints(theirs):
                try:
                    record, _ = shape.read(theirs)
                except BadValue:      # theirs lacks what a record of ours needs: nothing to write
                    continue
                yield f"{kind} of {name}", shape.write(record)


@cache
def verdicts() -> dict[Complaint, str]:
    """Every complaint, and the first resource that it was about."""
    found: dict[Complaint, str] = {}
    for name, resource in [*pairs(), *bundled(), *written()]:
        for complaint in complaints(resource):
            found.setdefault(complaint, name)
    return found


def test_no_juror_has_anything_new_against_what_we_write() -> None:
    assert {complaint: name for complaint, name in verdicts().items() if complaint not in known()} == {}


@pytest.mark.parametrize("kind", sorted(WRITABLE))
@settings(phases=[Phase.generate], max_examples=60)
@given(data=st.data())
def test_whatever_may_be_sent_the_structure_is_fhir(kind: str, data: st.DataObject) -> None:
    record = data.draw(records_of(SHAPES[kind]))
    if any(finding.level == "refusal" for finding in getattr(record, "findings", tuple)()):
        return
    try:
        resource = SHAPES[kind].write(record)
    except BadValue:
        return
    assert {complaint for complaint in complaints(resource) if complaint.rule not in VALUES} <= set(known())


def test_every_entry_of_the_signed_list_is_still_needed() -> None:
    assert set(known()) - set(verdicts()) == set()


def test_there_is_enough_to_judge() -> None:
    assert {resource["resourceType"] for _, resource in pairs()} >= set(SHAPES)
    assert len(list(written())) > 250


@pytest.mark.parametrize(("change", "expected"), [
    ({"gender": "unspecified"}, {Complaint("schema", "enum", "Patient.gender")}),
    ({"birthDate": "1938-13-14"},
     {Complaint("schema", "pattern", "Patient.birthDate"), Complaint("models", "value_error", "Patient.birthDate")}),
    ({"name": {"family": "Testcase"}}, {Complaint("schema", "type", "Patient.name"), Complaint("models", "list_type", "Patient.name")}),
    ({"colour": "red"}, {Complaint("schema", "additionalProperties", "Patient"), Complaint("models", "extra_forbidden", "Patient.colour")}),
    ({"extension": [{"valueString": "x"}]}, {Complaint("models", "model_field_validation.missing", "Patient.extension.url")}),
    ({"contained": [{"resourceType": "List", "status": "current"}]},
     {Complaint("models", "model_field_validation.missing", "List.mode"),
      Complaint("models", "model_field_validation.missing", "Patient.contained.mode")}),
])
def test_the_jury_is_awake(change: Json, expected: set[Complaint]) -> None:
    """One fault, and exactly what each juror makes of it (what one of them lets through is why there are two)."""
    assert complaints(json.loads(json.dumps({"resourceType": "Patient", **change}))) == expected
