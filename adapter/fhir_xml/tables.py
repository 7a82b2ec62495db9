"""What FHIR R4 says of every type: its elements in their order, their types, and which may repeat. Read from r4.txt when first asked.

r4.txt is made by tools/fhir_tables.py from HL7's definitions, which are CC0; the notation is explained there.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeGuard

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
LONGEST_NAME = 100  # of which it is asked what may be meant


class Kind(Enum):
    """How an element is written in XML."""

    ATTRIBUTE = "an attribute of its parent"
    TEXT = "a value attribute"
    INTEGER = "the same, and a whole number in JSON"
    DECIMAL = "the same, and a number in JSON"
    BOOLEAN = "the same, and true or false in JSON"
    NARRATIVE = "XHTML"
    RESOURCE = "an element around an element named after the resource"
    OBJECT = "an element with elements"


class Element(NamedTuple):
    """`name` as in JSON, so that a choice has one for each of its types (valueQuantity). `type` is a line of the table.

    `stem` is what all of a choice are called where the type does not matter (value); else the name.
    """

    name: str
    type: str
    kind: Kind
    many: bool
    stem: str


class Type(NamedTuple):
    """The elements of one type. `properties` has them by all their names in JSON, _given beside given; `places` says what comes first."""

    elements: dict[str, Element]
    properties: dict[str, Element]
    attributes: frozenset[str]
    tags: dict[str, Element]  # all but the attributes, by their names as XML parsers tell them
    places: dict[str, int]


PRIMITIVES = {"boolean": Kind.BOOLEAN, "integer": Kind.INTEGER, "decimal": Kind.DECIMAL, "xhtml": Kind.NARRATIVE}
VALUES = (Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN)  # a tuple is looked through faster than they are hashed


@cache
def elements_of(name: str) -> Type:
    """Raises KeyError for a type that FHIR R4 does not have."""
    elements = {element.name: element for element in _elements(name)}
    properties: dict[str, Element] = {}
    for element in elements.values():
        properties[element.name] = element
        if element.kind in VALUES:
            properties[f"_{element.name}"] = element
    places = {name: place for place, name in enumerate(properties)}
    tags = {_tag(element): element for element in elements.values() if element.kind is not Kind.ATTRIBUTE}
    attributes = frozenset(element.name for element in elements.values() if element.kind is Kind.ATTRIBUTE)
    return Type(elements, properties, attributes, tags, places)


def is_resource_type(said: object) -> TypeGuard[str]:
    return isinstance(said, str) and said in resource_types()


def is_primitive_type(name: str) -> bool:
    return _lines().get(name, [""])[0] == "primitive"


@cache
def resource_types() -> frozenset[str]:
    """Those that a resource can say it is."""
    return frozenset(name for name in _lines() if "Resource" in lineage(name)[1:] and name != "DomainResource")


@cache
def fhir_names() -> frozenset[str]:
    """The names of elements of all resource types and of the types within them: nobody's own, so they may be told."""
    seen: set[str] = set()
    names: set[str] = set()
    waiting = list(resource_types())
    while waiting:
        kind = waiting.pop()
        seen.add(kind)
        for element in elements_of(kind).elements.values():
            names.add(element.name)
            if element.kind is Kind.OBJECT and element.type not in seen:
                waiting.append(element.type)
    return frozenset(names)


def closest(name: str, known: Iterable[str]) -> str:
    """Of these names the one that is meant, perhaps; empty where none is near."""
    return next(iter(get_close_matches(name, known, 1, 0.7)), "") if len(name) <= LONGEST_NAME else ""


def _elements(name: str) -> Iterator[Element]:
    base, *described = _lines()[name]
    if base != "-":
        yield from elements_of(base).elements.values()
    for each in described:
        said, _, types = each.partition(":")
        many, attribute = types.endswith("*"), types.startswith("@")
        for type_ in _choice(types.strip("@*")):
            called = said.replace("[x]", type_[0].upper() + type_[1:])
            yield Element(called, type_, Kind.ATTRIBUTE if attribute else _kind(type_), many, said.removesuffix("[x]"))


def _choice(types: str) -> list[str]:
    return _lines()["any"][1:] if types == "any" else types.split("|")


def _tag(element: Element) -> str:
    """Its name as XML parsers tell it."""
    return f"{{{XHTML if element.kind is Kind.NARRATIVE else FHIR}}}{element.name}"


@cache
def _kind(type_: str) -> Kind:
    if type_ == "Resource":
        return Kind.RESOURCE
    if _lines()[type_][0] != "primitive":
        return Kind.OBJECT
    return next((PRIMITIVES[name] for name in lineage(type_) if name in PRIMITIVES), Kind.TEXT)


def lineage(name: str) -> list[str]:
    """The type, what it extends or narrows, and so on. Raises KeyError for one that FHIR R4 does not have."""
    line = _lines()[name]
    base = line[1] if line[0] == "primitive" else line[0]
    return [name] if base == "-" else [name, *lineage(base)]


@cache
def _lines() -> dict[str, list[str]]:
    lines = files(__package__).joinpath("r4.txt").read_text(encoding="utf-8").splitlines()
    return {name: said for name, *said in (line.split(" ") for line in lines if not line.startswith("#"))}
