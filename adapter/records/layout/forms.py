"""Dates and times as they are written: forms such as DD/MM/YYYY HH:mm, both ways, strictly.

    YYYY MM DD        digits, as many as there are letters         HH mm ss      the same; hours from 00 to 23
    MMM               Jan to Dec, in any case; written as Jan      Z             Z or an offset such as +01:00, at the end
    anything else     itself, so that 00/00/YYYY is a form

A form says as much as its letters do. Of several the first that fits is read; written is the one that says as much as the value. A time
without an offset of its own is the local time of the layout's zone. Without a zone it is cut to its date. An hour that the clock goes
through twice is cut to its date as well, with a doubt; an hour that no clock showed is a fault. A form without a date is a time of day.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from adapter.records.layout.here import Bad, Doubtful, Json

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TOKENS = {
    "YYYY": r"(?P<YYYY>[0-9]{4})", "MMM": r"(?P<MMM>[A-Za-z]{3})", "MM": r"(?P<MM>[0-9]{2})", "DD": r"(?P<DD>[0-9]{2})",
    "HH": r"(?P<HH>[0-9]{2})", "mm": r"(?P<mm>[0-9]{2})", "ss": r"(?P<ss>[0-9]{2})", "Z": r"(?P<Z>Z|[+-][0-9]{2}:[0-9]{2})",
}
SPLIT = re.compile("(" + "|".join(TOKENS) + ")")
PARTS = {  # what may stand together -> how the native format writes it
    frozenset({"YYYY"}), frozenset({"YYYY", "MM"}), frozenset({"YYYY", "MM", "DD"}),
}
TIMES = frozenset({"HH", "mm"}), frozenset({"HH", "mm", "ss"})
MANY = 16_384  # days and times of an export repeat; so many are remembered


class Cannot(Exception):
    """A value that this cannot write; the sentence says why, without the value."""


@dataclass(frozen=True)
class Form:
    """One way to write a date or a time. `parts`: the tokens that are in it, MMM as MM."""

    text: str
    tokens: tuple[str, ...]
    pattern: re.Pattern[str]

    @property
    def parts(self) -> frozenset[str]:
        return frozenset("MM" if t == "MMM" else t for t in self.tokens if t in TOKENS)

    @property
    def date(self) -> frozenset[str]:
        return self.parts & {"YYYY", "MM", "DD"}

    @property
    def time(self) -> frozenset[str]:
        return self.parts & {"HH", "mm", "ss"}

    @property
    def shape(self) -> str:
        """Two forms of one shape fit the same texts."""
        return "".join(re.sub("[A-Za-z]", "#" if t != "MMM" else "a", t) if t in TOKENS else t for t in self.tokens)

    def read(self, text: str) -> dict[str, str] | None:
        """The digits of each token; None where the text is of another form."""
        match = self.pattern.fullmatch(text)
        said = match.groupdict() if match else None
        if said and "MMM" in said:
            month = said.pop("MMM").capitalize()
            if month not in MONTHS:
                return None
            said["MM"] = f"{MONTHS.index(month) + 1:02}"
        return said

    def write(self, said: dict[str, str]) -> str:
        said = {**said, "MMM": MONTHS[int(said.get("MM", "01")) - 1]}
        return "".join(said[token] if token in TOKENS else token for token in self.tokens)


def form(text: str) -> Form:
    """Raises ValueError with a sentence."""
    tokens = tuple(filter(None, SPLIT.split(text)))
    known = [t for t in tokens if t in TOKENS]
    if re.search("(?<!Y)YY(?!Y)", text):
        raise ValueError("has a year of two digits, and nobody knows its century: have it exported with four")
    if left := sorted({letter for t in tokens if t not in TOKENS for letter in t if letter in "YMDHhms"}):
        raise ValueError(f"has {' and '.join(left)} alone: what stands for a part of a date is {', '.join(TOKENS)}")
    if len(set(known)) < len(known) or {"MM", "MMM"} <= set(known):
        raise ValueError("says one thing twice")
    made = Form(text, tokens, re.compile("".join(TOKENS.get(t) or re.escape(t) for t in tokens)))
    if not _whole(made):
        raise ValueError("is neither a date (YYYY, YYYY and MM, or YYYY, MM and DD) nor a time (HH and mm, with ss or without)")
    return made


def _whole(made: Form) -> bool:
    """A date, with a time behind it only where there is a day; or a time of day alone."""
    if not made.time:
        return made.date in PARTS and "Z" not in made.parts
    return made.time in TIMES and (made.date == {"YYYY", "MM", "DD"} or not made.parts & {"YYYY", "MM", "DD", "Z"})


class Dates:
    """The step `date` or `time` of a layout: a text of one of the forms <-> a FHIR date, dateTime or time of day.

    `days`: whether the field takes a date where it takes a time; where not, the doubled hour is a fault.
    """

    def __init__(self, forms: Iterable[Form], zone: ZoneInfo | None, *, days: bool = True) -> None:
        self.forms, self.zone, self.days = tuple(forms), zone, days
        self.get = lru_cache(MANY)(self.read)
        names = " or ".join(f.text for f in self.forms)
        self.says, self.rule = f"expected {names}", "not-a-time" if any(f.time for f in self.forms) else "not-a-date"

    @property
    def cut(self) -> bool:
        """Are times cut to their date, for want of a zone?"""
        return self.zone is None and any(f.time and f.date and "Z" not in f.parts for f in self.forms)

    def same(self, now: Json, value: Json) -> bool:
        """One instant, written with different offsets."""
        pair = [v for v in (now, value) if v.__class__ is str and "T" in v]
        instants = [instant_of(v) for v in pair]
        return len(pair) == 2 and None not in instants and instants[0] == instants[1]

    invertible = ""

    def read(self, text: str) -> str:
        if text.__class__ is not str:
            raise Bad("wrong-type", f"is not a text: {self.says}")
        fits = False
        for one in self.forms:
            if (said := one.read(text)) is not None:
                fits = True
                if at := local(said):
                    return self._value(one, said, at)
        raise Bad(self.rule, "is a day or a time that no calendar and no clock has" if fits else self.says)

    def _value(self, one: Form, said: dict[str, str], at: datetime) -> str:
        if not one.date:
            return at.strftime("%H:%M:%S")
        day = "-".join(said[part] for part in ("YYYY", "MM", "DD") if part in one.date)
        if not one.time:
            return day
        if "Z" in one.parts:
            return f"{at.isoformat()}{said['Z']}"
        return f"{at.isoformat()}{offset(at, self.zone)}" if self.zone and self._certain(at, day, self.zone) else day

    def _certain(self, at: datetime, day: str, zone: ZoneInfo) -> bool:
        """PEP 495: of a time that the clock shows twice the first offset is the larger one; of a time that it skips, the smaller one."""
        first, second = (at.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
        if first < second:
            raise Bad("missing-hour", "is in the hour that the clock skips when summer time begins: there is no such time")
        if first > second and not self.days:
            raise Bad("doubled-hour", "is in the hour that the clock shows twice when summer time ends: which one is meant cannot be known")
        if first > second:
            raise Doubtful(day, "is in the hour that the clock shows twice when summer time ends: it travels as its date alone")
        return True

    def put(self, value: str) -> str:
        """Raises Cannot."""
        if value.__class__ is not str:
            raise Cannot("is no date or time")
        day, _, clock = value.partition("T")
        if ":" in day:
            return self._written({}, day)
        said = dict(zip(("YYYY", "MM", "DD"), day.split("-"), strict=False))
        return self._written(said, "") if not clock else self._instant(value)

    def _instant(self, value: str) -> str:
        if (at := instant_of(value)) is None:
            raise Cannot("is a leap second, or a time that no clock of the layout's shows")
        said = {"YYYY": f"{at.year:04}", "MM": f"{at.month:02}", "DD": f"{at.day:02}"}
        own = next((f for f in self.forms if "Z" in f.parts and self._says(f, said, value[11:19])), None)
        if own:
            return own.write({**said, **clock_of(value[11:19]), "Z": value[19:]})
        if self.zone is None:
            raise Cannot("is a time, and the layout names no zone in which it could be written")
        try:
            local = at.astimezone(self.zone)
        except OverflowError:
            raise Cannot("is a time that has no day in the calendar of the zone") from None
        said = {"YYYY": f"{local.year:04}", "MM": f"{local.month:02}", "DD": f"{local.day:02}"}
        return self._written(said, local.strftime("%H:%M:%S") + ("." if at.microsecond else ""))

    def _written(self, said: dict[str, str], clock: str) -> str:
        for one in self.forms:
            if "Z" not in one.parts and self._says(one, said, clock):
                return one.write({**said, **clock_of(clock)})
        raise Cannot(f"is more or less exact than any of the forms: {' or '.join(f.text for f in self.forms)}")

    @staticmethod
    def _says(one: Form, said: dict[str, str], clock: str) -> bool:
        """Does this form say exactly so much? Seconds that are 00 need not be said."""
        times = {"HH", "mm", "ss"} if clock else set[str]()
        return one.date == said.keys() and len(clock) <= 8 and (one.time == times or (clock.endswith(":00") and one.time == {"HH", "mm"}))


def local(said: dict[str, str]) -> datetime | None:
    """A time without a zone; None where no calendar or no clock has it."""
    try:
        return datetime(int(said.get("YYYY", 2000)), int(said.get("MM", 1)), int(said.get("DD", 1)),  # noqa: DTZ001 - local time
                        int(said.get("HH", 0)), int(said.get("mm", 0)), int(said.get("ss", 0)))
    except ValueError:
        return None


def instant_of(value: str) -> datetime | None:
    """None for what FHIR can say and Python cannot: the second 60."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def clock_of(clock: str) -> dict[str, str]:
    return dict(zip(("HH", "mm", "ss"), clock.split(":"), strict=False)) if clock else {}


def offset(at: datetime, zone: ZoneInfo) -> str:
    """As FHIR writes it: +01:00. A zone of earlier days may have seconds in its offset, which FHIR cannot say; they are cut."""
    minutes = int((at.replace(tzinfo=zone).utcoffset() or timedelta()).total_seconds() // 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"
