"""FHIR dates as intervals: `2025-03` is everything from the first instant of March to the first instant of April.

Both ends are UTC texts of one width, so that comparing texts compares instants. The upper end is not part of the interval.
A date without a zone is taken as UTC: the sandbox has no other zone to offer. Source: FHIR R4 "Search", date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

Interval = tuple[str, str]

BEGINNING, END = "0001-01-01T00:00:00.000000", "9999-12-31T23:59:59.999999"
"""The ends of a Period that does not say when it began or ended."""

_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<time>\d\d:\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


def interval(text: str) -> Interval | None:
    """The interval that a FHIR date, dateTime or instant stands for; None if it is none."""
    found = _DATE.fullmatch(text)
    try:
        low = _lower(found) if found else None
    except (ValueError, OverflowError):
        return None
    if not found or not low:
        return None
    try:
        return _text(low), _text(_upper(found, low))
    except (ValueError, OverflowError):  # the end of the year 9999
        return _text(low), END


def _lower(found: re.Match[str]) -> datetime:
    day = f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}"
    second = int(found["second"] or 0)
    start = datetime.fromisoformat(f"{day}T{found['time'] or '00:00'}{found['zone'] or 'Z'}")
    if second > 60:  # FHIR lets a clock show 60 in a leap second
        raise ValueError
    return (start + timedelta(seconds=second, microseconds=int((found["fraction"] or "0")[:6].ljust(6, "0")))).astimezone(UTC)


def _upper(found: re.Match[str], low: datetime) -> datetime:
    """The first instant after all that the text, as precise as it is, can mean."""
    if not found["month"]:
        return low.replace(year=low.year + 1)
    if not found["day"]:
        return (low + timedelta(days=31)).replace(day=1)
    if not found["time"]:
        return low + timedelta(days=1)
    if not found["second"]:
        return low + timedelta(minutes=1)
    return low + timedelta(microseconds=10 ** (6 - min(6, len(found["fraction"] or ""))))


def _text(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds")
