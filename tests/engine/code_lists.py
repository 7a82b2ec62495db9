"""What FHIR R4 allows in a `code` element, beside what our tables hold: from HL7's JSON Schema, or where that has only a pattern, from the
models of fhir.resources."""
from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from mappings.tree import Leaf, Many, Node, Obj, Seq
from tests.strategies import shapes

SCHEMA = Path(__file__).resolve().parent.parent / "jury" / "fhir.schema.json.gz"


@cache
def definitions() -> dict[str, Any]:
    with gzip.open(SCHEMA, "rt", encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)["definitions"]
    return found


def closed(lens: Any) -> Iterator[tuple[str, set[str], set[str]]]:
    """(element, our codes, FHIR's codes) of every hole with a closed code list that FHIR has one for."""
    for shape in shapes(lens):
        yield from _below(shape.node, shape.name, shape.name)


def _below(node: Node, kind: str, path: str) -> Iterator[tuple[str, set[str], set[str]]]:
    for key, part in getattr(node, "parts", {}).items():
        element = definitions()[kind]["properties"].get(key) if isinstance(key, str) else None
        for one in (part.items if isinstance(part, Seq) else [part]) if element else ():
            official = _enumerated(kind, key, element)
            if official and isinstance(one, Leaf | Many) and one.codec.label.startswith("code: "):
                yield f"{path}.{key}", {one.codec.put(word) for word in one.codec.label.removeprefix("code: ").split(", ")}, official
            node = one.node if isinstance(one, Many) else getattr(one.codec, "node", None) if isinstance(one, Leaf) else one
            if isinstance(node, Obj) and (reference := element.get("items", element).get("$ref")):
                yield from _below(node, reference.rpartition("/")[2], f"{path}.{key}")


def _enumerated(kind: str, key: str, element: dict[str, Any]) -> set[str]:
    if listed := element.get("items", element).get("enum"):
        return set(listed)
    field = get_fhir_model_class(kind).model_fields.get(key) if "_" not in kind and kind in definitions() else None
    return set((field.json_schema_extra or {}).get("enum_values", ())) if field else set()
