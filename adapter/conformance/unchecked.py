"""What a definition points to and is not there, or says in words only: nobody can check it, and a report says so with a count.

    for each in unchecked(profile, definitions): each.reason, each.element, each.what

Of one definition, found without any resource. Invariants and slicing that cannot be evaluated are the checker's to tell; codes that nobody
could look up are counted when they are met.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from adapter.conformance.compiling import parts
from adapter.conformance.definitions import Definitions
from adapter.conformance.model import Element, Profile

NO_DEFINITION = "definition that cannot be read"
IN_WORDS = "binding told in words only"
NO_BASE = "base that is not there"
NO_TYPE = "type that is not there"
NO_PROFILE = "profile that is not there"
NO_VALUE_SET = "value set that is not there"
VERSIONED = "whether a reference names a version"
NO_CONTEXT = "where an extension may stand, by an expression that cannot be evaluated"
NO_INVARIANT = "invariant that cannot be evaluated"
NO_SLICING = "slicing that cannot be told apart"
ANSWERS = "answers against their Questionnaire"
REASONS = (NO_DEFINITION, IN_WORDS, NO_BASE, NO_TYPE, NO_PROFILE, NO_VALUE_SET, VERSIONED, NO_CONTEXT, NO_INVARIANT, NO_SLICING, ANSWERS)
HL7_ANSWERS = "http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse"      # of which every profile is one: it is counted once


class Unchecked(NamedTuple):
    """`reason`: one of those above; `profile`, `element`: where it is stated; `what`: what is asked for, by its URL or name."""

    reason: str
    profile: str
    element: str
    what: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.what}, of {self.element} in {self.profile}"


def unchecked(profile: Profile, definitions: Definitions) -> Iterator[Unchecked]:
    if profile.base and definitions.profile(profile.base) is None:
        yield Unchecked(NO_BASE, profile.url, profile.root.id, profile.base)
    if profile.url == HL7_ANSWERS:
        yield Unchecked(ANSWERS, profile.url, "QuestionnaireResponse.item", "Questionnaire")
    for element in parts(profile.root):
        for reason, what in _of_element(element, definitions):
            yield Unchecked(reason, profile.url, element.id, what)


def _of_element(element: Element, definitions: Definitions) -> Iterator[tuple[str, str]]:
    for kind in element.types:
        if definitions.type(kind.code) is None:
            yield NO_TYPE, kind.code
        if kind.versioning not in ("", "either"):
            yield VERSIONED, kind.versioning
        yield from ((NO_PROFILE, url) for url in kind.profiles if definitions.profile(url) is None)
    if element.binding is None:
        return
    asked = sorted({element.binding.value_set, element.binding.within} - {""})
    if not asked:
        yield IN_WORDS, element.name
    yield from ((NO_VALUE_SET, url) for url in asked if definitions.codes(url) is None)
