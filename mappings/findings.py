"""What a record says against itself, where FHIR cannot check it: one sentence for a person, never a value of the patient.

A record's `findings()` yields them; nothing else decides. They are not raised and not part of reading: a hospital's data must stay
readable however odd it is. There is no clock here: a record is only compared with itself, so it always gives the same findings.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from mappings.datatypes import Period
from mappings.numbers import is_nhs_number as is_nhs_number

ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


@dataclass(frozen=True)
class Finding:
    """`field` is the record's own field name (`period.end`, `reactions[0].onset`); `says` is a sentence without its subject's value.

    A refusal is wrong whatever was meant, and the record must not travel. A warning may legitimately be so, and travels.
    """

    field: str
    level: Literal["refusal", "warning"]
    says: str


def refusal(field: str, says: str) -> Finding:
    return Finding(field, "refusal", says)


def warning(field: str, says: str) -> Finding:
    return Finding(field, "warning", says)


# ---- systems -------------------------------------------------------------------------------------------------------------
class Systematic(Protocol):
    @property
    def system(self) -> str | None: ...


def of_no_system(field: str, items: Iterable[Systematic]) -> Iterator[Finding]:
    """A refusal where the system of an identifier or a code is no absolute URI (HL7 FHIR R4, Identifier.system and Coding.system)."""
    for i, item in enumerate(items):
        if item.system is not None and not ABSOLUTE.fullmatch(item.system):
            yield refusal(f"{field}[{i}].system", "is no URI: a system is written with its scheme, such as https://dmd.nhs.uk")


# ---- dates ---------------------------------------------------------------------------------------------------------------
def before(first: str | None, second: str | None) -> bool:
    """Is the first FHIR date or dateTime certainly earlier? Nothing is certain about what is missing, vaguer or unreadable.

    Two times are compared as instants, across time zones. Anything vaguer is compared as it stands on the calendar where it was written,
    as far as both say something: 1941 is not before 1941-02, and a day is not before a time on that day.
    """
    if not first or not second:
        return False
    if "T" in first and "T" in second:
        one, other = _instant(first), _instant(second)
        return one is not None and other is not None and one < other
    said = min(len(first.partition("T")[0]), len(second.partition("T")[0]))
    return first[:said] < second[:said]


def latest_day(time: str) -> str:
    """Of an instant, the latest date that any clock on earth shows; empty where it cannot be read."""
    at = _instant(time)
    return (at.astimezone(UTC) + timedelta(hours=14)).date().isoformat() if at else ""


def _instant(time: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(time)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def ordered(first: str | None, second: str | None, field: str, says: str) -> Iterator[Finding]:
    """A refusal when the second is certainly earlier than the first."""
    if before(second, first):
        yield refusal(field, says)


def in_order(field: str, period: Period | None) -> Iterator[Finding]:
    """A refusal when a period ends before it starts."""
    if period:
        yield from ordered(period.start, period.end, f"{field}.end", "is before the start")


class Dated(Protocol):
    @property
    def period(self) -> Period | None: ...


def all_in_order(field: str, items: Iterable[Dated]) -> Iterator[Finding]:
    """The same for every name, address, identifier … of a list."""
    for i, item in enumerate(items):
        yield from in_order(f"{field}[{i}].period", item.period)
