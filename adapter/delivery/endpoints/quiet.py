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

    def ends(self, when: datetime) -> datetime:
        """The first time after `when` at which the clock on the wall shows the end, or would show it if it were not put forward."""
        zone = ZoneInfo(self.zone)
        day = when.astimezone(zone).date()
        shown = (datetime.combine(day + timedelta(days), self.end, zone).replace(fold=fold) for days in (0, 1, 2) for fold in (0, 1))
        return next(end for end in (each.astimezone(UTC) for each in shown) if end > when)


def is_quiet(hours: Iterable[Quiet], when: datetime) -> bool:
    return any(each.covers(when) for each in hours)


def quiet_for(hours: Iterable[Quiet], when: datetime) -> float:
    """Seconds until it is not quiet any more; 0.0 where it is not quiet."""
    hours, now = tuple(hours), when.astimezone(UTC)
    for _ in range(8):
        if not (over := [each.ends(now) for each in hours if each.covers(now)]):
            break
        now = max(over)
    return (now - when).total_seconds()
