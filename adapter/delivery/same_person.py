"""Are these two records about the same person? Asked before a first delivery and on every pull, beside the identifier that matched. Pure.

A record found by a number may still be somebody else's: numbers are mistyped, filed on the wrong person, merged. So birth date, family name
and gender are compared as far as both sides have them. One that differs is a conflict and a person must look; to say "same", birth date and
family name must both have been compared. Nothing is scored: a near miss is a difference.
"""
from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mappings.corrections import former_numbers
from mappings.datatypes import HumanName
from mappings.patient import Resident

UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass(frozen=True)
class Comparison:
    """`agree` and `differ` are fields of Resident; what neither names could not be compared. Holds no values."""

    verdict: Literal["same", "conflict", "not enough to tell"]
    agree: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()


def same_person(ours: Resident, theirs: Resident) -> Comparison:
    """Raises nothing; reads `nhs_number` (only where verified on both sides), `birth_date`, the names and `gender`."""
    compared = {
        "nhs_number": _numbers(ours, theirs),
        "birth_date": dates_agree(ours.birth_date, theirs.birth_date),
        "family_name": families_agree(ours.names, theirs.names),
        "gender": _genders(ours.gender, theirs.gender)}
    agree, differ = (tuple(field for field, like in compared.items() if like is wanted) for wanted in (True, False))
    enough = {"birth_date", "family_name"} <= set(agree)
    return Comparison("conflict" if differ else "same" if enough else "not enough to tell", agree, differ)


def dates_agree(one: str | None, other: str | None) -> bool | None:
    """FHIR dates, compared as far as both say something. None: one of them says nothing.

    >>> dates_agree("1941-02", "1941-02-03"), dates_agree("1941", "1942-01-01"), dates_agree(None, "1941")
    (True, False, None)
    """
    if not one or not other:
        return None
    said = min(len(one), len(other))
    return one[:said] == other[:said]


def families_agree(ours: Iterable[HumanName], theirs: Iterable[HumanName]) -> bool | None:
    """Any family name of the one is any family name of the other: official, at birth, former. None: one of them has none.

    A name given only as one text agrees where the other's family name is a word of it, and otherwise says nothing.
    """
    one, other = list(ours), list(theirs)
    mine, yours = ({folded(n.family) for n in names if n.family} - {""} for names in (one, other))
    if mine & yours or mine & _words(other) or yours & _words(one):
        return True
    return False if mine and yours else None


def folded(name: str) -> str:
    """A name without what a form, a keyboard or a typist changes: case, accents, apostrophes, hyphens, spaces.

    >>> folded("O’Brien"), folded("Núñez-De  la Cruz"), folded("STRAßE"), folded("Mc Donald")
    ('obrien', 'nunezdelacruz', 'strasse', 'mcdonald')
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(UNDECOMPOSED)
    return "".join(c for c in plain if c.isalnum())


def _words(names: Iterable[HumanName]) -> set[str]:
    return {folded(word) for n in names if n.text and not n.family for word in n.text.split()} - {""}


def _genders(one: str | None, other: str | None) -> bool | None:
    return one == other if one not in (None, "unknown") and other not in (None, "unknown") else None


def _numbers(ours: Resident, theirs: Resident) -> bool | None:
    """A number nobody has verified neither joins nor parts two people; nor does one that is known to be superseded."""
    if not (ours.nhs_number_is_verified and theirs.nhs_number_is_verified) or theirs.nhs_number in former_numbers(ours):
        return None
    return ours.nhs_number == theirs.nhs_number
