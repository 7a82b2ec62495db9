"""Care records of residents who do not exist, for trying things with and for measuring: as many as are wanted, always the same. Pure.

    residents(1000, seed=7)                  lines of NDJSON, in the native format
    residents(10, seed=7, start=50)          the 51st to the 60th of them: a resident depends on the seed and her number alone
    residents(1000, seed=7, hard=True)       with what makes a mapping break: hard.py has the table
    care_records(1000, seed=7)               the same as records

What is how frequent, and where that is known from, stands in figures.py and is printed into docs/synth.md. Nobody is treated like this:
each value is likely by itself, but they do not know of each other.
"""
from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from adapter.records.stream import care_records as native
from adapter.synth.allergies import allergies
from adapter.synth.hard import case_of, harden
from adapter.synth.medicines import medicines
from adapter.synth.numbers import MOST
from adapter.synth.people import Who, contacts, related_persons, resident, who
from adapter.synth.stays import stays
from adapter.synth.vaccinations import vaccinations
from adapter.synth.when import iso
from mappings.bag import CareRecord

__all__ = ["AS_OF", "MOST", "care_records", "made", "residents"]
AS_OF = "2026-11-02T06:00:00+00:00"
_encode = msgspec.json.Encoder().encode      # decimals stand in what is JSON already


def residents(
        n: int, seed: int, hard: bool = False, start: int = 0, as_of: str = AS_OF, before: bool = False) -> Iterator[bytes]:
    """One line each, without its end. `as_of`: the time of the export, from which every age and date is counted. `before`: the export of
    the day before that, in which nothing of what the hard cases say has happened yet. Raises ValueError where there are not so many NHS
    numbers of the test range."""
    if start + n > MOST:
        raise ValueError(f"there are {MOST:,} NHS numbers of the test range for residents, and no more residents than that")
    today = date.fromisoformat(as_of[:10]).toordinal()
    told = iso(today - 1) + as_of[10:] if before else as_of
    for number in range(start, start + n):
        yield _encode(made(who(seed, number, told, today), hard, before))


def care_records(
        n: int, seed: int, hard: bool = False, start: int = 0, as_of: str = AS_OF, before: bool = False) -> Iterator[CareRecord]:
    return map(native().loads, residents(n, seed, hard, start, as_of, before))


def made(she: Who, hard: bool = False, before: bool = False) -> dict[str, Any]:
    """Her record as JSON."""
    person, home = resident(she), she.home
    family = related_persons(she, person["family_name"])
    if family:
        person["contacts"] = contacts(family)
    record = {
        "source": f"https://synth.example/{she.seed}", "as_of": she.as_of, "resident": person, "related_persons": family,
        "stays": stays(she), "medicines": medicines(she), "allergies": allergies(she), "vaccinations": vaccinations(she),
        "organizations": home.organizations, "practitioners": home.practitioners, "practitioner_roles": home.practitioner_roles}
    if hard and (case := case_of(she.seed, she.number)):
        harden(record, she, case, before)
    return record
