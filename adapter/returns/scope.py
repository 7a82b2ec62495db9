"""Which of the hospital's statements are about the stay that just was, and which are older than what the home knows. Pure.

A server keeps everything: the discharge medicines of two years ago come back with those of this week. What is from before the last stay
and before the home's record was made is not news, and is counted. What belongs to the last stay, but not to a time after the record was
made, or says no time at all, may be news: for a person.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from adapter.bundle import Item
from mappings.datatypes import Period
from mappings.encounter import ENCOUNTER_CLASS, NOT_OVER, Stay
from mappings.findings import before
from mappings.values import Ref, Reference

Age = Literal["now", "unsure", "earlier"]
ADMITTED = frozenset({"inpatient", "inpatient acute", "inpatient non-acute", "emergency", "observation", "short stay"})
HAPPENED = frozenset({"arrived", "triaged", "in progress", "on leave", "finished"})


@dataclass(frozen=True)
class Scope:
    """`stay`: the names of the last stay ("Encounter/9"), `others` those of all others; its `start` and `end`. `over`: none goes on.
    `waiting`: none is over, and one is planned or goes on."""

    as_of: str
    stay: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    start: str | None = None
    end: str | None = None
    over: bool = False
    waiting: bool = False

    @property
    def older(self) -> bool:
        """Was she home again before the record was made?"""
        return self.over and before(self.end, self.as_of)

    def age(self, where: Reference | None, date: str | None) -> Age:
        """Of something said during a stay, or on a date."""
        name = f"{where.type}/{where.key}" if isinstance(where, Ref) else ""
        of_the_stay = name in self.stay or name not in self.others and bool(date and self.start) and not before(date, self.start)
        of_another = name in self.others or bool(name not in self.stay and before(date, self.start))
        if of_the_stay and date and not before(date, self.as_of):
            return "now"
        return "earlier" if of_another and before(date, self.as_of) else "unsure"


def scope(stays: Sequence[Item], as_of: str) -> Scope:
    """`stays`: Encounters, ours and the hospital's. The last one is the last that she was in, planned ones and clinics left out."""
    been = [item for item in stays if item.record.status in HAPPENED and _admitted(item.record)]
    if not been:
        waiting = any(item.record.status in NOT_OVER for item in stays)
        return Scope(as_of, others=frozenset(name for item in stays for name in _names(item)), waiting=waiting)
    last = max(been, key=lambda item: _period(item).start or "")
    others = frozenset(name for item in stays if item is not last for name in _names(item))
    over = last.record.status == "finished" and not any(_goes_on(item.record) for item in stays)
    waiting = not over and any(item.record.status in NOT_OVER for item in stays)
    return Scope(as_of, frozenset(_names(last)), others, _period(last).start, _period(last).end, over, waiting)


def _admitted(stay: Stay) -> bool:
    return ENCOUNTER_CLASS.word(stay.encounter_class) in ADMITTED


def _goes_on(stay: Stay) -> bool:
    return stay.status in NOT_OVER and stay.status != "planned" and _admitted(stay)


def _period(item: Item) -> Period:
    period: Period | None = item.record.period
    return period or Period()


def _names(item: Item) -> list[str]:
    """By its address, and by our key where it is one of ours."""
    return [item.url, *([f"Encounter/{item.record.key}"] if item.record.key else [])]
