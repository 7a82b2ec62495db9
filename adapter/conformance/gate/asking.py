"""What JSON Schema cannot say, or not quickly: small questions that Rust asks Python. Each takes any JSON value and says yes or no.

    Period              that its end does not come before its start
    reference           where a reference leads; what can only be told at the end (urn:uuid:, #) is put down in `Links`; no other urn: leads
                        to an entry here, and is left to the explaining check
"""
from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from adapter.conformance.fhirpath import Focus, allowed, compiled
from adapter.fhir_xml.tables import is_resource_type

Json = Any
Question = Callable[[Json], bool]

LITERAL = re.compile(r"(?:https?://[!-~]+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")
PAIR = "[A-Za-z_][A-Za-z_.:-]*=[!-%'-<>-~]+"      # without & and =
QUERY = re.compile(rf"([A-Z][A-Za-z]+)\?{PAIR}(?:&{PAIR})*")
URL = re.compile(r"https?://[!-~]+")


class Links(NamedTuple):
    """References of which only the whole can tell: urn:uuid: and the types it may lead to, # and its types, a search (for a type)."""

    entries: list[tuple[str, frozenset[str]]]
    contained: list[tuple[str, frozenset[str]]]
    searches: list[str]


LINKS: ContextVar[Links] = ContextVar("links")      # of the resource that is looked at: threads and tasks have their own
STOPPED: ContextVar[list[BaseException]] = ContextVar("stopped")      # likewise: a Ctrl-C that came while Rust was asking
ANY: frozenset[str] = frozenset()
FEW = 1000      # steps of an invariant that is asked in Python (fhirpath/budget.py)
INNERMOST = 24      # objects and lists in what is of a type within itself; around it stand a dozen objects at most (structure.DEEPEST: 64)


class No(Exception):
    """The answer no, as jsonschema-rs wants it."""


def keyword(question: Callable[[Json], Question]) -> type:
    """A keyword of JSON Schema: from its value in the schema, the question to ask."""

    class Keyword:
        def __init__(self, schema: Json, value: Json, path: Json) -> None:
            self.holds = question(value)

        def validate(self, instance: Json) -> None:
            try:
                held = self.holds(instance)
            except (KeyboardInterrupt, SystemExit) as stop:      # Rust takes whatever is raised here for a no
                STOPPED.get().append(stop)
                raise
            if not held:
                raise No

    return Keyword


# ---- values ------------------------------------------------------------------------------------------------------------------------
def whole(limits: list[int]) -> Question:
    """1.0 is a whole number in JSON Schema, and is none in FHIR."""
    least, most = limits
    return lambda value: value.__class__ is int and least <= value <= most


def in_order(_: Json) -> Question:
    """A Period with both ends (per-1). Of two precisions or zones FHIRPath is asked."""
    holds_anyway = evaluated(["start <= end", "Period"])

    def holds(period: Json) -> bool:
        start, end = period.get("start"), period.get("end")
        alike = start.__class__ is end.__class__ is str and len(start) == len(end) == 10
        return start <= end if alike else holds_anyway(period)
    return holds


def evaluated(said: list[str]) -> Question:
    """An invariant that looks only at the value itself, as the explaining check asks it."""
    expression, type_ = said
    asked = compiled(expression)

    def holds(value: Json) -> bool:
        with allowed(FEW):      # what takes more is TooMuch: no
            return asked(Focus(value, type_, None, value, value))
    return holds


def once(said: list[str]) -> Question:
    """At most one element of the list has this text under this key."""
    key, text = said
    return lambda found: len(found) == 1 or [each.get(key) for each in found].count(text) <= 1


def shallow(most: int) -> Question:
    """No more objects and lists stand in one another than so many."""
    def holds(value: Json, left: int = most) -> bool:
        if value.__class__ is dict:
            return left > 0 and all(holds(each, left - 1) for each in value.values())
        return value.__class__ not in (list, tuple) or (left > 0 and all(holds(each, left - 1) for each in value))
    return holds


# ---- references --------------------------------------------------------------------------------------------------------------------
def leading_to(types: frozenset[str]) -> Question:
    """`types`: to which the reference may lead; none: to any."""
    def holds(said: str) -> bool:
        if said[:9] == "urn:uuid:":
            LINKS.get().entries.append((said, types))
            return True
        return elsewhere(said)

    def elsewhere(said: str) -> bool:
        if said[:1] == "#":
            LINKS.get().contained.append((said, types))
            return True
        if found := QUERY.fullmatch(said):
            LINKS.get().searches.append(said)
        else:
            found = LITERAL.fullmatch(said)
        if found:
            return is_resource_type(found[1]) and (not types or found[1] in types)
        return URL.fullmatch(said) is not None
    return holds
