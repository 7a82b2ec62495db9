"""Hours in which an endpoint is left alone but for what is urgent, by the clock on the wall of its zone. Pure."""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE = "Europe/London"
WRITTEN = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)(?: (\S+))?", re.ASCII)


@dataclass(frozen=True)
class Quiet:
    """From the first time until just before the second; over midnight where the second is the earlier one."""

    start: time
    end: time
    zone: str = ZONE

    @classmethod
    def of(cls, said: str) -> Quiet:
        """
        >>> Quiet.of("22:00-06:00").zone
        'Europe/London'
        """
        found = WRITTEN.fullmatch(said)
        if found is None:
            raise ValueError("expected hours such as 22:00-06:00, by the clock of Europe/London or of the zone named after them")
        start, end = time.fromisoformat(found[1]), time.fromisoformat(found[2])
        if start == end:
            raise ValueError("begins and ends at the same time: leave it out, or say when it ends")
        zone = found[3] or ZONE
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("the zone after the hours is not one: it is named as in the IANA database, such as Europe/London") from None
        return cls(start, end, zone)

    def covers(self, when: datetime) -> bool:
        """`when` has a zone, any."""
        clock = when.astimezone(ZoneInfo(self.zone)).time()
        return self.start <= clock < self.end if self.start < self.end else clock >= self.start or clock < self.end


def is_quiet(hours: Iterable[Quiet], when: datetime) -> bool:
    return any(each.covers(when) for each in hours)


def quiet_for(hours: Iterable[Quiet], when: datetime) -> float:
    """Seconds until it is not quiet any more, two days at most; 0.0 where it is not quiet. Minute by minute, because the clock on the wall
    may be put over the end, or back before it."""
    hours, now = tuple(hours), when.astimezone(UTC)
    minutes = (now.replace(second=0, microsecond=0) + timedelta(minutes=n) for n in range(1, 2 * 24 * 60))
    if not is_quiet(hours, now):
        return 0.0
    return next(((minute - now).total_seconds() for minute in minutes if not is_quiet(hours, minute)), 2 * 86_400.0)
