"""What is refused when a shape is declared: a forgotten or misspelt field, elements that cannot be told apart, half a table."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mappings.datatypes import Period
from mappings.shape import Each, OneOf, Part, Shape, again, also, f
from mappings.values import choice, code, strings
from tests.engine.small import Only, Two


@dataclass(frozen=True)
class Rec:
    a: str | None = None
    b: str | None = None
    many: tuple[Only, ...] = ()
    when: Period | None = None


@dataclass(frozen=True)
class Lists:
    a: tuple[Only, ...] = ()
    b: tuple[Only, ...] = ()


@dataclass(frozen=True)
class Needed:
    name: str


X = {"resourceType": "X"}
ALL = {**X, "b": f.b, "many": [Each(f.many, Only, {"n": f.name})], "w": f.when | Part(Period, {"start": f.start, "end": f.end})}
NAMED = Shape(Only, {**X, "status": "a", "n": f.name})
REFUSED: dict[str, tuple[str, Any]] = {
    "a forgotten field": ("say where", lambda: Shape(Rec, ALL)),
    "a misspelt field": ("has no field", lambda: Shape(Rec, {**ALL, "a": f.aa})),
    "not in FHIR, for no reason": ("with a reason", lambda: Shape(Rec, ALL, not_in_fhir={"a": ""})),
    "not in FHIR, and yet there": ("in no other place", lambda: Shape(Rec, {**ALL, "a": f.a}, not_in_fhir={"a": "secret"})),
    "not in FHIR, and required": ("with a default", lambda: Shape(Needed, X, not_in_fhir={"name": "secret"})),
    "not in FHIR, and no field": ("must be fields", lambda: Shape(Rec, {**ALL, "a": f.a}, not_in_fhir={"c": "secret"})),
    "two places": ("two places", lambda: Shape(Rec, {**ALL, "a": f.a, "c": f.a})),
    "only a second place": ("say where", lambda: Shape(Rec, {**ALL, "a": again(f.a)})),
    "no codec": ("needs a codec", lambda: Shape(Rec, {**ALL, "a": f.a, "w": f.when})),
    "the same constants": ("cannot be told apart", lambda: Shape(Two, {**X, "l": [{"s": "1", "v": f.a}, {"s": "1", "v": f.b}]})),
    "subsumed through a hole": (
        "cannot be told apart", lambda: Shape(Two, {**X, "t": [{"s": "p", "use": f.a}, {"s": "p", "use": "mobile", "v": f.b}]})),
    "subsumed, deep inside": (
        "cannot be told apart", lambda: Shape(Two, {**X, "t": [{"c": {"t": "x"}, "v": f.a}, {"c": {"t": "x"}, "w": f.b}]})),
    "told apart by what is not insisted on": (
        "cannot be told apart", lambda: Shape(Two, {**X, "t": [{"s": also("1"), "v": f.a}, {"s": also("2"), "v": f.b}]})),
    "two that take everything": (
        "unreachable", lambda: Shape(Lists, {**X, "l": [Each(f.a, Only, {"n": f.name}), Each(f.b, Only, {"m": f.name})]})),
    "a table with two words for one code": ("two words for one code", lambda: code({"a": "1", "b": "1"})),
    "a choice of one type twice": ("make the same type", lambda: choice(aString=str, aCode=str)),
    "branches that do not exclude each other": ("do not exclude", lambda: OneOf(NAMED, Shape(Two, {**X, "m": f.a, "l": f.b}))),
    "branches of one record": ("do not exclude", lambda: OneOf(NAMED, Shape(Only, {**X, "status": "b", "n": f.name}))),
    "one key, two owners": ("must belong to one hole", lambda: Shape(Two, {**X, ("a", "b"): f.a | strings, "a": f.b})),
    "siblings and a codec for others": (
        "with a codec for these keys", lambda: Shape(Only, {**X, ("a", "b"): f.name | choice(a=str, c=bool)})),
    "siblings and a constant": ("must belong to one hole", lambda: Shape(Only, {**X, ("a", "b"): "x", "n": f.name})),
    "no JSON": ("neither JSON nor a hole", lambda: Shape(Only, {**X, "a": f.name, "b": object()})),
}


@pytest.mark.parametrize("case", REFUSED)
def test_import_refuses(case: str) -> None:
    words, make = REFUSED[case]
    with pytest.raises(TypeError, match=words):
        make()
