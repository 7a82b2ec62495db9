"""What invariants are asked of when two evaluators are compared: resources made to keep or break one, resources of ours and of others,
mutants of them, and resources of every type that are made by chance, always the same chance, with the words that invariants speak of.
"""
from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, NamedTuple

from adapter.conformance.definitions import Definitions
from adapter.conformance.model import Constraint, Element, Profile
from adapter.fhir_xml import tables
from tests.mutants.corpus import corpus
from tests.real.fhirpath_made import KEPT_AND_BROKEN

Json = Any
SETS = ("r4-4.0.1", "ukcore-stu2-2.0.2", "ukcore-stu3-sequence")
WORDS = ("", "a", "b", "#a", "#", "1", "10", "*", "http://example.org/a/_history/1", "Patient.name", "A b")
VALUES: dict[str, tuple[Json, ...]] = {
    "boolean": (True, False), "integer": (0, 1, 2, -1), "positiveInt": (1, 2), "unsignedInt": (0, 1), "decimal": (0, 1, 2, -1, 150),
    "date": ("2020", "2020-02", "2020-02-01", "2021"), "instant": ("2020-02-01T10:00:00Z", "2020-02-01T11:00:00+01:00"),
    "dateTime": ("2020", "2020-02-01", "2020-02-01T10:00:00Z", "2020-02-01T11:00:00+02:00", "2021-01"), "time": ("10:00:00", "11:00:00"),
    "xhtml": ('<div xmlns="http://www.w3.org/1999/xhtml">a</div>',), "id": ("a", "b"), "base64Binary": ("YQ==",),
}


class Asked(NamedTuple):
    """An element of a resource by its path, lists by place and choices by their stem (`Observation.value`), and its invariants. `root`:
    the resource around a contained one, or itself."""

    resource: Json
    root: Json
    path: str
    type: str
    value: Json
    extra: Json
    constraints: tuple[Constraint, ...]


@cache
def constraints() -> dict[str, tuple[Constraint, ...]]:
    """By type, as the tables of R4 call it (`Period`, `Patient.contact`): what R4 and UK Core ask of it, wherever they do."""
    known, found = Definitions.of(SETS), defaultdict[str, dict[str, Constraint]](dict)
    for url in sorted(set(known.profiles())):
        profile = known.profile(url)
        for owner, constraint in _said(profile) if profile else ():
            found[owner].setdefault(constraint.expression, constraint)
    return {owner: tuple(each.values()) for owner, each in found.items()}


def _said(profile: Profile) -> Iterator[tuple[str, Constraint]]:
    waiting = [(profile.type, profile.root)]
    while waiting:
        owner, element = waiting.pop()
        yield from ((owner, constraint) for constraint in element.constraints if constraint.expression)
        for part in (*element.children, *element.slices):
            waiting += [(type_, part) for type_ in _types(owner, part, element)]


def _types(owner: str, part: Element, of: Element) -> list[str]:
    """The types of an element, as the tables have them."""
    if part in of.slices:
        return [owner]
    known = tables.elements_of(owner).elements.values() if _is_known(owner) else ()
    return [each.type for each in known if each.stem == part.name.removesuffix("[x]")]


def _is_known(type_: str) -> bool:
    try:
        tables.elements_of(type_)
    except KeyError:
        return False
    return True


def asked(resource: Json, root: Json = None) -> Iterator[Asked]:
    """Every element of it that has invariants, and of the resources in it; a contained one knows the `root`."""
    around = resource if root is None else root
    waiting: list[tuple[str, str, Json, Json]] = [(str(resource["resourceType"]), str(resource["resourceType"]), resource, None)]
    while waiting:
        path, type_, value, extra = waiting.pop()
        rules = tuple(rule for each in tables.lineage(type_) for rule in constraints().get(each, ()))
        if rules:
            yield Asked(resource, around, path, type_, value, extra, rules)
        parts = list(_parts(path, type_, value)) if isinstance(value, dict) else []
        waiting += [part for part in parts if part[1] != "Resource"]
        for at, _, inner, _ in parts:
            if isinstance(inner, dict) and tables.is_resource_type(inner.get("resourceType")):
                yield from asked(inner, around if ".contained[" in at else None)


def _parts(path: str, type_: str, value: dict[str, Json]) -> Iterator[tuple[str, str, Json, Json]]:
    if not _is_known(type_):
        return
    elements = tables.elements_of(type_).elements.values()
    there = Counter(element.stem for element in elements if element.name in value)
    for element in elements:
        if there[element.stem] > 1:      # two of a choice: their path is one
            continue
        here, extra = value.get(element.name), value.get(f"_{element.name}")
        if isinstance(here, list) and element.many:
            more = extra if isinstance(extra, list) else [None] * len(here)
            if None not in here and len(more) == len(here):      # what stands at a place is then the same for everybody
                yield from ((f"{path}.{element.stem}[{at}]", element.type, each, more[at]) for at, each in enumerate(here))
        elif here is not None and not element.many and not isinstance(here, list):
            yield f"{path}.{element.stem}", element.type, here, extra


def resources() -> Iterator[Json]:
    """Small ones made for single invariants; mutants, and some of every type by chance."""
    yield from (resource for cases in KEPT_AND_BROKEN.values() for side in cases for resource in side)
    yield from (each.resource for each in corpus() if tables.is_resource_type(each.resource.get("resourceType")))
    for type_ in sorted(tables.resource_types()):
        dice = Random(type_)      # noqa: S311 (the same every time is what is wanted)
        yield from (made(type_, dice) for _ in range(24))
    for element in tables.elements_of("Extension").elements.values():      # the types that no element of R4 but this one has
        if element.stem == "value":
            dice = Random(element.type)      # noqa: S311
            yield {"resourceType": "Basic", "extension": [{"url": "a", element.name: made(element.type, dice, 1)} for _ in range(24)]}


def made(type_: str, dice: Random, deep: int = 0) -> Json:
    """A value of a type by chance: of shape as FHIR has it, of content as it comes."""
    values = VALUES.get(type_) or (_words() if tables.is_primitive_type(type_) else None)
    if values:
        return dice.choice(values)
    found: dict[str, Json] = {"resourceType": type_} if tables.is_resource_type(type_) else {}
    stems = defaultdict[str, list[tables.Element]](list)
    for element in tables.elements_of(type_).elements.values():
        if element.type != "Resource" and element.stem not in ("extension", "modifierExtension", "meta", "text", "contained"):
            stems[element.stem].append(element)
    for choice in stems.values():
        element = dice.choice(choice)
        if dice.random() < (0.1 if deep > 3 else 0.6 if "." in element.type else 0.4) and deep < 7:
            found[element.name] = [made(element.type, dice, deep + 1) for _ in range(dice.choice((1, 1, 2)))] if element.many \
                else made(element.type, dice, deep + 1)
    return found or {"id": "a"}


@cache
def _words() -> tuple[str, ...]:
    """Texts that invariants name, and some others."""
    said = (re.findall(r"'([^'\\]*)'", rule.expression) for rules in constraints().values() for rule in rules)
    return tuple(sorted({word for words in said for word in words})) + WORDS * 3
