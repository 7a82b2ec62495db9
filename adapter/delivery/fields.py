"""Which field of a record a FHIR path is about, read from the shapes. Pure."""
from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from mappings.catalogue import SHAPES

NOISE = re.compile(r"\.ofType\(\w*\)|\.as\(\w*\)|\[[^\]]*\]")
INDEX = re.compile(r"\[(\d+)\]")


def field_at(resource_type: str, path: str) -> str | None:
    """The record's field at a FHIRPath inside a resource, or None where no single one is meant.

    >>> field_at("MedicationStatement", "dosage[1].text"), field_at("MedicationStatement", "medication.ofType(CodeableConcept)")
    ('doses[1].text', 'drug')
    """
    shape = SHAPES.get(resource_type)
    return field_of(shape.table(), path) if shape else None


def field_of(table: Sequence[tuple[str, str, str]], path: str) -> str | None:
    """The same over a shape's table of (field, FHIR path, codec)."""
    said = NOISE.sub("", path).split(".")
    agreeing = [(_agree(said, NOISE.sub("", theirs).split(".")), field) for field, theirs, _ in table]
    best = max((n for n, _ in agreeing), default=0.0)
    fields = [re.sub(r"^[A-Z]\w*\.", "", field).split(".") for n, field in agreeing if best and n == best]
    common = [steps[0] for steps in takewhile(lambda steps: len(set(steps)) == 1, zip(*fields, strict=False))]
    return _numbered(".".join(common), INDEX.findall(path)) or None


def _agree(said: Sequence[str], ours: Sequence[str]) -> float:
    """How many leading steps are the same; a choice named without its type (medication) counts a little less."""
    return sum(takewhile(bool, (max(_same(s, o) for o in step.split("|")) for s, step in zip(said, ours, strict=False))))


def _same(said: str, ours: str) -> float:
    return 1.0 if said == ours else 0.9 if ours.startswith(said) and ours[len(said):len(said) + 1].isupper() else 0.0


def _numbered(field: str, indices: Sequence[str]) -> str:
    for index in indices:
        field = field.replace("[]", f"[{index}]", 1)
    return field.replace("[]", "")
