"""The way back: from a place in a resource to the field of the record that was written there.

    field_at(patient, resident, "Patient.name[0].given[1]")         "given_names[1]"
    field_at(patient, resident, "Patient.birthDate")                "birth_date", also where there is none
    field_at(encounter, stay, "Encounter.hospitalization")          "": several fields stand there, so it is the stay as a whole

What no field says, a constant, is told by the only field beside it, if there is but one. Only for what the shape wrote itself: of a
resource of somebody else's, elements stand in an order that no record knows.
"""
from __future__ import annotations

import re
from typing import Any

from mappings.shape import Json, Lens, Part
from mappings.tree import Leaf, Many, Node, Obj, Seq, empty, is_empty

Steps = tuple[str | int, ...]
STEP = re.compile(r"\w+")


def field_at(shape: Lens[Any] | Part[Any], record: Any, path: str) -> str:
    """`path` begins with the type, names are those of JSON, indices count from 0. The field in the record's own words."""
    part: Part[Any] = shape.by(record) if isinstance(shape, Lens) else shape
    steps: Steps = tuple(int(step) if step.isdigit() else step for step in STEP.findall(path)[1:])
    if steps[:1] == ("contained",) and isinstance(shape, Lens):
        steps = _lifted(shape.write(record), steps)
    return _at(part.node, record, steps) if steps else ""


def _at(node: Node, record: Any, steps: Steps) -> str:
    if isinstance(node, Leaf):
        name = _only(node, record) or node.names[0]
        return name + _inside(node.codec, getattr(record, name), steps)
    found = _member(node, steps) if isinstance(node, Obj) else _element(node, record, steps) if isinstance(node, Seq) else None
    return _at(found[0], record, found[1]) if found else _only(node, record)


def _member(node: Obj, steps: Steps) -> tuple[Node, Steps] | None:
    """Siblings that one field owns tell it their key: of a choice it says the type."""
    key = str(steps[0]) if steps else ""
    owner = node.owner.get(key) or node.owner.get(key.removeprefix("_"))
    if owner is None or not owner[0].holes:
        return None
    part, sibling = owner
    return part, steps if sibling else steps[1:]


def _element(node: Seq, record: Any, steps: Steps) -> tuple[Node, Steps] | None:
    """A list holds its parts in the order of the shape: each once if it says something, an Each as often as its field has values."""
    if not steps or not isinstance(index := steps[0], int):
        return None
    for part in node.items:
        size = len(getattr(record, part.field) or ()) if isinstance(part, Many) else int(not (part.holes and is_empty(part, record)))
        if index < size:
            return part, (index, *steps[1:]) if isinstance(part, Many) else steps[1:]
        index -= size
    return None


def _inside(codec: Any, value: Any, steps: Steps) -> str:
    """What of a field's value: `.codings[0].code`, `[1]`. Nothing where it has no parts of its own."""
    if empty(value) or not steps:
        return ""
    if isinstance(steps[0], int):
        known = value.__class__ is tuple and steps[0] < len(value)
        return f"[{steps[0]}]{_inside(codec, value[steps[0]], steps[1:])}" if known else ""
    if node := getattr(codec, "node", None):
        return f".{name}" if (name := _at(node, value, steps)) else ""
    inner, within = codec.inside(steps[0], value) if hasattr(codec, "inside") else (None, None)
    return _inside(inner, within, steps[1:])


def _only(node: Node, record: Any) -> str:
    """The one field that is said here, or that could be."""
    said = [name for name in node.names if not empty(getattr(record, name))] or node.names
    return said[0] if len(said) == 1 else ""


# ---- what is contained ---------------------------------------------------------------------------------------------------------
def _lifted(written: dict[str, Json], steps: Steps) -> Steps:
    """Into where the shape wrote it: contained[0].code -> medicationReference.contained.code. Nothing where nobody refers to it."""
    inside = written.get("contained", [])
    while steps[:1] == ("contained",):
        if len(steps) < 2 or not isinstance(index := steps[1], int) or index >= len(inside):
            return ()
        there = _referring({**written, "contained": [*inside[:index], None, *inside[index + 1:]]}, f"#{inside[index]['id']}")
        steps = (*there[:-1], "contained", *steps[2:]) if there else ()
    return steps


def _referring(value: Json, name: str) -> Steps:
    """To the first reference with this name."""
    if isinstance(value, dict) and value.get("reference") == name:
        return ("reference",)
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if found := _referring(inner, name):
            return (key, *found)
    return ()
