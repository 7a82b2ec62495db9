"""Days and times of the United Kingdom without a clock or a zone file: both would differ from one machine to the next.

A day is its number as `date.toordinal` has it. A minute is counted from the same start, in UTC. Source of the clock changes: the Summer
Time Order 2002: from one o'clock UTC of the last Sunday of March to that of the last Sunday of October.
"""
from __future__ import annotations

from datetime import date
from functools import cache, lru_cache

DAY = 24 * 60
CLOCK = tuple(f"T{minute // 60:02}:{minute % 60:02}:00" for minute in range(DAY))


@lru_cache(50_000)
def iso(day: int) -> str:
    """2026-11-02."""
    return date.fromordinal(day).isoformat()


def month(day: int) -> str:
    """2026-11."""
    return iso(day)[:7]


@cache
def summer(year: int) -> tuple[int, int]:
    """From which minute to which it is summer time."""
    march, october = (date(year, month, 31).toordinal() for month in (3, 10))
    return (march - march % 7) * DAY + 60, (october - october % 7) * DAY + 60


@lru_cache(50_000)
def summer_of(day: int) -> tuple[int, int]:
    return summer(date.fromordinal(day).year)


def time(minute: int) -> str:
    """What a clock in the United Kingdom shows, with the zone: 2026-10-25T01:30:00+01:00."""
    start, end = summer_of(minute // DAY)
    if start <= minute < end:
        day, minute = divmod(minute + 60, DAY)
        return f"{iso(day)}{CLOCK[minute]}+01:00"
    day, minute = divmod(minute, DAY)
    return f"{iso(day)}{CLOCK[minute]}+00:00"


def last_change(month: int, before: int) -> int:
    """The minute of the last change of the clocks in March (3) or October (10) that was over by this minute."""
    year = date.fromordinal(before // DAY).year
    of_year = {3: 0, 10: 1}[month]
    return next(at for year in (year, year - 1) if (at := summer(year)[of_year]) + 3 * DAY < before)
