"""Records in plain English, for sentences a home's manager reads: dates, concepts, doses, places. Pure. Never for a log."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mappings.datatypes import Coded, Period
from mappings.dosage import Dose, Product
from mappings.values import Logical, Ref, Reference

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SEMANTIC_TAG = re.compile(r" \([a-z /+-]+\)$")  # SNOMED CT's fully specified names end in what kind of thing it is
UNSAID = "something without a name"
Places = Mapping[str, str]  # "Organization/17" -> its name, as far as the return knows it


def day(date: str | None) -> str:
    """A FHIR date or dateTime as a day, its precision kept; a time of day is left out.

    >>> day("2026-11-03T09:30:00+00:00"), day("2026-11"), day("2026"), day(None)
    ('3 Nov 2026', 'Nov 2026', '2026', 'an unstated date')
    """
    year, month, number = [*(date or "").partition("T")[0].split("-"), "", ""][:3]
    name = MONTHS[int(month) - 1] if month and 1 <= int(month) <= 12 else month
    return " ".join(part for part in (number.lstrip("0"), name, year) if part) or "an unstated date"


def period(said: Period | None) -> str:
    """
    >>> period(Period("2026-11-01", "2026-11-09")), period(Period("2026-11-01")), period(Period(None, "2026"))
    ('1 Nov 2026 to 9 Nov 2026', 'from 1 Nov 2026', 'until 2026')
    """
    if said is None or not (said.start or said.end):
        return "at an unstated time"
    if said.start and said.end:
        return f"{day(said.start)} to {day(said.end)}"
    return f"from {day(said.start)}" if said.start else f"until {day(said.end)}"


def concept(said: Any) -> str:
    """A coded value as it was said: its text, else a display, else a code; anything else by what it displays."""
    named = said.code if isinstance(said, Product) else said
    if not isinstance(named, Coded):
        return getattr(named, "display", None) or UNSAID
    shown = next((c.display for c in named.codings if c.display), None) or next((f"code {c.code}" for c in named.codings if c.code), None)
    return SEMANTIC_TAG.sub("", named.text or shown or UNSAID)


def concepts(said: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys(map(concept, said)))


def doses(said: Iterable[Dose]) -> str:
    """The doses in words, in their order; only words somebody wrote, never made from the coded parts."""
    return "; ".join(words for dose in said if (words := dose.text or dose.patient_instruction))


def counted(n: int, one: str, more: str) -> str:
    """
    >>> counted(1, "entry", "entries"), counted(2, "entry", "entries")
    ('1 entry', '2 entries')
    """
    return f"{n} {one if n == 1 else more}"


def because(said: Iterable[Any]) -> str:
    """
    >>> because([Coded(text="low sodium")]), because([])
    (' (low sodium)', '')
    """
    return f" ({words})" if (words := concepts(said)) else ""


def place(said: Reference | None, places: Places) -> str | None:
    """Who or where, by name; None where nothing names it."""
    if isinstance(said, Ref):
        return said.display or places.get(f"{said.type}/{said.key}")
    if isinstance(said, Logical):
        return said.display or said.value
    return said.display if said else None


def listed(names: Iterable[str], most: int = 3) -> str:
    """
    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"])
    ('a', 'a, b and c', 'a, b, c and 2 more')
    """
    every = list(names)
    shown = every[:most] if len(every) <= most else [*every[:most], f"{len(every) - most} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


