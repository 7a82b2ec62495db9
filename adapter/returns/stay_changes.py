"""What the hospital says about stays: its own, and ours where it wrote on. Its stay beside ours is shown, never merged. Pure."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapter.bundle.reading import Item
from adapter.returns.change import Change, Kind
from adapter.returns.words import Places, concept, counted, day, period, place
from mappings.bag import Row
from mappings.datatypes import Period
from mappings.encounter import DEATHS, DISCHARGE_DESTINATION, DISCHARGE_METHOD, ENCOUNTER_CLASS, Stay
from mappings.findings import before

OVER = ("cancelled", "entered in error")


def stay_changes(ours: Sequence[Row], theirs: Sequence[Item], places: Places, as_of: str) -> Iterator[Change]:
    """`ours`: the home's stays. `theirs`: Encounters of the hospital's own, items whose record is a Stay. Those that were over before the
    home's record was made are counted."""
    earlier = [item for item in theirs if item.record.period and before(item.record.period.end, as_of)]
    if earlier:
        visits = counted(len(earlier), "visit", "visits")
        yield Change("not compared", f"Over before your record was made: {visits} to hospital", "for a person")
    for item in (item for item in theirs if item not in earlier):
        yield told(item.record, places, None, item.url)
        for row in ours:
            if row.record.status not in OVER and item.record.status not in OVER and overlap(row.record, item.record):
                yours = f"the one you recorded as {row.record.status} ({period(row.record.period)})"
                sentence = f"The hospital's stay ({period(item.record.period)}) may be {yours}; the two are not joined"
                yield Change("same stay", sentence, "for a person", row.path, item.url)


def told(stay: Stay, places: Places, about: str | None, source: str) -> Change:
    """One stay as one sentence."""
    kind, sentence, sure = _told(stay, place(stay.service_provider, places) or "hospital")
    return Change(kind, sentence, "certain" if sure else "for a person", about, source)


def _told(stay: Stay, where: str) -> tuple[Kind, str, bool]:
    start, end = (stay.period.start, stay.period.end) if stay.period else (None, None)
    visit = ENCOUNTER_CLASS.word(stay.encounter_class) or concept(stay.encounter_class)
    if died(stay):
        return "died", f"The hospital records a death: {where}, {day(end)}", False
    match stay.status:
        case "finished":
            admitted = f" (admitted {day(start)})" if start else ""
            return "discharged", f"Discharged from {where} on {day(end)}{_to(stay)}{admitted}", bool(end)
        case "planned":
            return "admission", f"Planned at {where}: {visit}, {day(start)}", True
        case "arrived" | "triaged" | "in progress":
            return "in hospital", f"In {where} since {day(start)} ({visit})", True
        case "on leave":
            return "in hospital", f"On leave from {where}, admitted {day(start)}", True
        case "cancelled":
            return "admission", f"Cancelled at {where}: {visit}, {day(start)}", False
        case _:
            return "admission", f"To check: {where} has a stay whose status is '{stay.status}' ({period(stay.period)})", False


def died(stay: Stay) -> bool:
    method = stay.discharge_method and DISCHARGE_METHOD.word(stay.discharge_method)
    return method in DEATHS or bool(stay.discharge_destination and DISCHARGE_DESTINATION.word(stay.discharge_destination) == "died")


def overlap(one: Stay, other: Stay) -> bool:
    """Could they be the same time, as far as both say? A stay without dates could be any; one that goes on has no end."""
    return not (_ended_before(one.period, other.period) or _ended_before(other.period, one.period))


def _ended_before(one: Period | None, other: Period | None) -> bool:
    end, start = one.end if one else None, other.start if other else None
    if not end or not start:
        return False
    said = min(len(end), len(start), len("2026-11-03"))  # by the day: an hour's difference between two systems parts nothing
    return end[:said] < start[:said]


def _to(stay: Stay) -> str:
    """Our word for it: England's code list has a paragraph for each."""
    said = stay.discharge_destination
    return f", destination: {DISCHARGE_DESTINATION.word(said) or concept(said)}" if said else ""
