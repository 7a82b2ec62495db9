"""What a definition states and nobody here can check, found without any resource: so that a report can say it with a count.

    for each in unchecked(profile, definitions): each.reason, each.element, each.what

Of a profile alone: its own elements, not those of the types and profiles it points to (reached() tells those). Invariants whose FHIRPath is
not evaluated are the evaluator's to count; codes that nobody could look up are counted when they are met.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapter.conformance.compiling import parts
from adapter.conformance.definitions import Definitions
from adapter.conformance.model import Element, Profile

WORDS_INVARIANT = "invariant told in words only"
WORDS_BINDING = "binding told in words only"
WORDS_SLICING = "slices that only a person can tell apart"
NO_BASE = "base that is not there"
NO_TYPE = "type that is not there"
NO_PROFILE = "profile that is not there"
NO_VALUE_SET = "value set that is not there"


class Unchecked(NamedTuple):
    """`reason`: one of those above; `profile`, `element`: where it is stated; `what`: what is asked for, by URL or key."""

    reason: str
    profile: str
    element: str
    what: str = ""


def unchecked(profile: Profile, definitions: Definitions) -> Iterator[Unchecked]:
    if profile.base and definitions.profile(profile.base) is None:
        yield Unchecked(NO_BASE, profile.url, profile.root.id, profile.base)
    for element in parts(profile.root):
        for reason, what in _of_element(element, definitions):
            yield Unchecked(reason, profile.url, element.id, what)


def _of_element(element: Element, definitions: Definitions) -> Iterator[tuple[str, str]]:
    yield from ((WORDS_INVARIANT, each.key) for each in element.constraints if not each.expression)
    if element.slicing is not None and element.slices and not element.slicing.discriminators:
        yield WORDS_SLICING, element.name
    yield from _of_binding(element, definitions)
    for kind in element.types:
        if definitions.type(kind.code) is None:
            yield NO_TYPE, kind.code
        yield from ((NO_PROFILE, url) for url in kind.profiles if definitions.profile(url) is None)


def _of_binding(element: Element, definitions: Definitions) -> Iterator[tuple[str, str]]:
    if element.binding is None:
        return
    if not element.binding.value_set and not element.binding.within:
        yield WORDS_BINDING, element.name
    for url in {element.binding.value_set, element.binding.within} - {""}:
        if definitions.codes(url) is None:
            yield NO_VALUE_SET, url


def reached(urls: Iterable[str], definitions: Definitions) -> list[Profile]:
    """The profiles with these URLs and everything that a resource held against them may be held against besides: their bases, the types and
    profiles of their elements. Any resource that may be contained is not followed."""
    found: dict[str, Profile] = {}
    todo = list(urls)
    while todo:
        profile = definitions.profile(todo.pop())
        if profile is None or profile.url in found:
            continue
        found[profile.url] = profile
        todo += [profile.base, *(used for element in parts(profile.root) for used in _used(element, definitions))]
    return list(found.values())


def _used(element: Element, definitions: Definitions) -> Iterator[str]:
    for kind in element.types:
        yield from kind.profiles
        if (defined := definitions.type(kind.code)) is not None:
            yield defined.url
