"""Languages, by BCP 47: the list of all tags is nowhere whole, their form is."""
from __future__ import annotations

import re
from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import BCP47

# RFC 5646, section 2.1. No language has a registered tag of four letters or more, so that "English" is none.
TAG = re.compile(r"""
    [a-z]{2,3} (-[a-z]{3}){0,3}            # language, and what extends it
    (-[a-z]{4})? (-([a-z]{2}|[0-9]{3}))?   # script, region
    (-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*   # variants
    (-[a-wy-z0-9](-[a-z0-9]{2,8})+)*       # extensions
    (-x(-[a-z0-9]{1,8})+)?                 # private use
    | x(-[a-z0-9]{1,8})+
    | en-GB-oed | i-(ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu) | sgn-(BE-FR|BE-NL|CH-DE)  # irregular""",
    re.IGNORECASE | re.VERBOSE | re.ASCII)


def _tag(coding: Object) -> Sequence[Said]:
    if coding.get("system") != BCP47 or not text(coding, "code") or TAG.fullmatch(text(coding, "code")):
        return ()
    return ((".code", "is no language tag: two or three letters for the language, then perhaps script and region, such as en-GB"),)


def _speaks(code: str) -> Object:
    return {"resourceType": "Patient", "communication": [{"language": {"coding": [{"system": BCP47, "code": code}], "text": "English"}}]}


RULES = (
    Rule("rb-language-tag", Level.ERROR, ("Coding",), _tag,
         "A code under urn:ietf:bcp:47 has the form of a language tag.",
         fix="Welsh is cy, British Sign Language bfi; what has no tag (Makaton) goes into a coding of another system beside the language's",
         source="RFC 5646 (BCP 47), 2.1 Syntax; UK Core, Patient, guidance on communication",
         good=_speaks("en-GB"), bad=_speaks("English")),
)
