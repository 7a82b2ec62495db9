"""What FHIRPath walks over: plain JSON with FHIR's types, which come from the tables of R4 and not from the JSON.

A collection is a list of items. Whatever stands there is walked over as it is: a list where FHIR has one value, a text where it has a
number; a property that FHIR does not have is not there. Source: FHIR R4, page FHIRPath; FHIRPath N1, "Path selection".
"""
from __future__ import annotations

from decimal import Decimal
from functools import cache, lru_cache
from itertools import zip_longest
from typing import Any, NamedTuple

from adapter.conformance.fhirpath.budget import bounded, take
from adapter.fhir_xml.tables import Element, elements_of, is_primitive_type, is_resource_type, lineage

Json = Any


class Item(NamedTuple):
    """`value`: JSON; None of a primitive that has nothing but extensions. `extra`: its `_name` sibling.

    `type`: FHIR's name (`code`, `Observation.component`, `Patient`), `System.String` of what FHIRPath computes, "" where nothing is known.
    """

    value: Json
    type: str
    extra: Json = None


class Focus(NamedTuple):
    """What an invariant is said of. `extra`: the `_name` sibling of a primitive.

    `resource`: %resource, the innermost resource around it, be it contained. `root`: %rootResource, that in which `resource` is contained,
    else itself. `bundle`: in which resolve() may look; in none if there is none. `contained`: what `root` contains, by id, if known.
    """

    value: Json
    type: str
    extra: Json
    resource: Json
    root: Json
    bundle: Json = None
    contained: dict[str, Json] | None = None


def resource_item(value: Json) -> Item:
    return Item(value, resource_type(value))


def resource_type(value: Json) -> str:
    said = value.get("resourceType") if isinstance(value, dict) else None
    return said if is_resource_type(said) else ""


def step(items: list[Item], name: str) -> list[Item]:
    """The children of that name, of a choice whatever type it has."""
    found: list[Item] = []
    for item in items:
        inside = item.value if isinstance(item.value, dict) else item.extra
        if isinstance(inside, dict):
            for key, beside, type_ in keys(item.type, name):
                if key in inside or beside in inside:
                    found += at(inside.get(key), inside.get(beside), type_)
                    bounded(len(found))
    return found


def at(value: Json, extra: Json, type_: str) -> list[Item]:
    """What stands at one key, and at its `_key`: one item, or those of a list."""
    if not isinstance(value, list) and not isinstance(extra, list):
        return [_item(value, type_, extra)] if value is not None or isinstance(extra, dict) else []
    pairs = zip_longest(_listed(value), _listed(extra))
    return [_item(here, type_, more) for here, more in pairs if here is not None or isinstance(more, dict)]


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _item(value: Json, type_: str, extra: Json) -> Item:
    return resource_item(value) if type_ == "Resource" else Item(value, type_ or kind_of(value), extra)


def kind_of(value: Json) -> str:
    """The type of a primitive of which only the JSON is known."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) else "decimal" if isinstance(value, (Decimal, float)) else ""


@lru_cache(maxsize=8192)     # names come from expressions, types from the tables: there are not many
def keys(type_: str, name: str) -> tuple[tuple[str, str, str], ...]:
    """The keys in JSON that a name means, those beside them, and their types.

    `value` is any valueX; valueQuantity, as HL7's engine has it, just that one.
    """
    known = properties(type_)
    if known is None:
        return ((name, f"_{name}", ""),)
    if name in known:
        return ((name, f"_{name}", known[name]),)
    return tuple((each.name, f"_{each.name}", each.type) for each in elements(type_) or () if each.stem == name)


@cache
def properties(type_: str) -> dict[str, str] | None:
    """The types of a type's elements by their keys in JSON; None where nothing is known of it."""
    found = elements(type_)
    return None if found is None else {element.name: element.type for element in found}


def elements(type_: str) -> tuple[Element, ...] | None:
    """Of a primitive those of Element: its id and extensions."""
    try:
        return tuple(elements_of("Element" if is_primitive_type(type_) else type_).elements.values())
    except KeyError:
        return None


def children(item: Item) -> list[Item]:
    inside = item.value if isinstance(item.value, dict) else item.extra
    if not isinstance(inside, dict):
        return []
    known, found = properties(item.type), list[Item]()
    for key in dict.fromkeys(key.removeprefix("_") for key in inside):
        if known is None or key in known:
            found += at(inside.get(key), inside.get(f"_{key}"), known[key] if known else "")
    return found


def all_children(items: list[Item]) -> list[Item]:
    found: list[Item] = []
    for item in items:
        inner = children(item)
        take(len(inner))
        found += inner
    return found


def descendants(items: list[Item]) -> list[Item]:
    """All below them, in the order of the document. What is below two of them is there once, as `repeat(children())` has it."""
    found, waiting, seen = list[Item](), all_children(items)[::-1], set[int]()
    while waiting:
        item = waiting.pop()
        inside = item.value if isinstance(item.value, dict) else item.extra
        if isinstance(inside, dict):
            if id(inside) in seen:
                continue
            seen.add(id(inside))
            waiting += children(item)[::-1]
        found.append(item)
    return found


@cache
def ancestry(type_: str) -> frozenset[str]:
    """The type and what it extends or narrows."""
    try:
        return frozenset(lineage(type_))
    except KeyError:
        return frozenset({type_})
