"""Values that a definition asks for: the same (fixed), or at least this (pattern); and which profile asks, where that is not plain.

Source: HL7 FHIR R4, page ElementDefinition.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from adapter.conformance.forms import Asked, Definitions
from adapter.conformance.model import Json, Profile
from adapter.conformance.vital_signs import PROFILES, named

if TYPE_CHECKING:
    from adapter.conformance.structure import Walk

SHOWN = 300      # characters of a value that a sentence shows
_encode = msgspec.json.Encoder(decimal_format="number").encode


def hold(walk: Walk, asked: Asked, value: Json, extra: Json, path: str) -> None:
    """Tells where a value is not the one that is asked for, or of a fixed one says more. `extra`: what stands in its `_name` sibling."""
    if not holds(asked, value):
        rule, must = ("fhir-fixed", "must be exactly") if asked.whole else ("fhir-pattern", "must hold at least")
        walk.error(rule, path, f"{must} {written(asked.value)}", "", asked.source)
    elif asked.whole and isinstance(extra, dict) and "extension" in extra:
        walk.error("fhir-fixed", path, f"must be exactly {written(asked.value)}, without an extension", "", asked.source)


def holds(asked: Asked, value: Json) -> bool:
    return equal(value, asked.value) if asked.whole else covers(value, asked.value)


def equal(value: Json, wanted: Json) -> bool:
    """The same JSON; 1 and true are not the same, 1.0 and 1 are."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and value.keys() == wanted.keys() and all(equal(value[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(equal, value, wanted))
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def covers(value: Json, pattern: Json) -> bool:
    """At least the pattern: each of its members, and for each element of its lists one that covers it."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(key in value and covers(value[key], pattern[key]) for key in pattern)
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(covers(each, wanted) for each in value) for wanted in pattern)
    return equal(value, pattern)


def written(value: Json) -> str:
    """A definition's value, for a sentence."""
    said = _encode(value).decode()
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}…"


def asked_by(definitions: Definitions, source: str, why: Mapping[str, str]) -> str:
    """Which profile asks, and why it holds: a sender knows of his type, and that UK Core has a profile of it, and of no other.

    `why`: URL of a profile -> why it holds; it holds for what that profile narrows too. Empty where nothing needs to be said.
    """
    profile = definitions.profile(source) if source else None
    if profile is None or profile.kind != "resource" or profile.derivation != "constraint" or profile is definitions.implied(profile.type):
        return ""
    reason = next((reason for url, reason in why.items() if _narrows(definitions, url, profile)), "")
    name = f"HL7's {named(profile.url)} profile" if profile.url.startswith(PROFILES) else f"the profile {profile.url}"
    return f" (asked by {name}{', ' * bool(reason)}{reason})"


def _narrows(definitions: Definitions, url: str, wanted: Profile) -> bool:
    """Is it that profile, or one made from it?"""
    seen = set()
    while (found := definitions.profile(url)) is not None and found.url not in seen:
        if found.url == wanted.url:
            return True
        seen.add(found.url)
        url = found.base
    return False
