"""What became of one resident's deliveries, told: when what was accepted, each attempt and how it ended, in the vendor's own words.

The store knows her only as an opaque id; her key becomes it here. Where a sentence names a row of ours, the payload says which row of the
vendor's it was made from; when the payload is no longer kept, or its key is lost, it stays in our words.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from adapter.commands.exits import Exit, Stop
from adapter.commands.line import HELD, at, iso, placed, span, state_of, summary, words
from adapter.commands.retract import whose
from adapter.commands.send import counted
from adapter.commands.talk import Talk, count
from adapter.delivery.accepting import in_their_words, subject_of
from adapter.delivery.dialects.decision import About, Means
from adapter.delivery.store.people import LaneLine, Line, Timeline, Told
from adapter.delivery.store.sql import LOOK
from adapter.delivery.store.store import Store

TRIED = {means.name.lower(): means.value for means in Means} | {LOOK: "delivered, and a person should look"}


@dataclass(frozen=True)
class Whom:
    """Whose deliveries: of whomever that delivery is about, or of this lane's subject."""

    number: int | None = None
    subject: str | None = None

    @classmethod
    def of(cls, number: int | None, source: str | None, resident: str | None, record: Path | None, layout: Path | None,
           talk: Talk) -> Whom:
        """Raises Stop."""
        if number is not None:
            if source or resident or record:
                raise Stop(Exit.USAGE, "Say whom once: by the number of a delivery, or by --record FILE, or by --source with --resident.")
            return cls(number)
        if not (record or source or resident):
            raise Stop(Exit.USAGE, "Say whom: by the number of a delivery, --record FILE, or --source URI with --resident KEY.")
        found = whose(record, source, resident, layout, talk)
        return cls(subject=subject_of(found.source, found.key))


# ---- what is told ------------------------------------------------------------------------------------------------------------------
def tell(timeline: Timeline, store: Store, talk: Talk) -> None:
    """A lane, for a person."""
    lane = timeline.lane
    talk.data(f"At {lane.endpoint}{f': {HELD[lane.held]}' if lane.held else ''}")
    for line, attempts in timeline.deliveries:
        where = words(store, line) if any(told.says for told in attempts) else {}
        talk.data(f"  {line.id}  {', '.join(about(line))}")
        talk.data(f"      {at(line.accepted)}  accepted{placed(line)}")
        for other in awaited(store, line):
            talk.data(f"{' ' * 28}waits for {other.subject}{f', which is held: {other.because}' if other.because else ''}")
        for (number, told), *more in alike(attempts):
            says = [in_their_words(each, where) for each in told.says]
            alone = f": {says[0]}" if len(says) == 1 else ""
            often = f" ({count(len(more), 'time')} more, the last at {at(more[-1][1].began)})" if more else ""
            talk.data(f"      {at(told.began)}  {attempt(number, told)}{alone}{often}")
            for each in () if alone else says:
                talk.data(f"{' ' * 28}{each}")
        if line.state == "superseded":
            talk.data(f"      {at(line.settled or line.accepted)}  superseded: a later one says everything, and this one was not sent")


def as_json(timeline: Timeline, store: Store) -> dict[str, Any]:
    """A lane, for programs."""
    lane = timeline.lane
    return {"endpoint": lane.endpoint, "state": lane.state, "held_because": lane.because, "waiting": lane.waiting, "deliveries": [
        {**_as_json(line, attempts, words(store, line)), "waits_for": [other.subject for other in awaited(store, line)]}
        for line, attempts in timeline.deliveries]}


def awaited(store: Store, line: Line) -> list[LaneLine]:
    """What must be there before it: organisations, places and people that travel by themselves."""
    return store.people.awaited(line.id) if line.state == "queued" else []


def _as_json(line: Line, attempts: Sequence[Told], where: Mapping[str, str]) -> dict[str, Any]:
    return {**summary(line), "settled": iso(line.settled), "history": [
        {"began": iso(told.began), "ended": iso(told.ended), "outcome": told.outcome, "status": told.status, "rows": dict(told.rows),
         "says": [in_their_words(says, where) for says in told.says]} for told in attempts]}


def about(line: Line) -> list[str]:
    """What it is, and how it stands."""
    said = [f"{line.kind}{f' of {line.as_of}' if line.as_of else ''}", *["urgent"] * line.urgent, state_of(line)]
    return said + (["payload no longer kept"] if not line.kept and line.state in ("queued", "dead") else [])


def numbered(attempts: Sequence[Told]) -> Iterator[tuple[int, Told]]:
    """What a person did, and what was only interrupted, is told between the attempts and has no number."""
    number = 0
    for told in attempts:
        number += told.outcome in TRIED and told.about == About.DELIVERY.value
        yield number, told


def alike(attempts: Sequence[Told]) -> Iterator[list[tuple[int, Told]]]:
    """The endpoint's trouble as often in a row as it was the same; all else by itself."""
    for _, same in groupby(numbered(attempts), lambda each: each if each[1].about == About.DELIVERY.value else each[1].says):
        yield list(same)


def attempt(number: int, told: Told) -> str:
    """What was tried, how long it took, and how it ended. What was the endpoint's own trouble is no attempt of hers."""
    if told.outcome not in TRIED:
        return f"{told.outcome} ({told.worker})" if told.worker else told.outcome
    tried = f"attempt {number}" if told.about == About.DELIVERY.value else "the endpoint's trouble"
    return f"{tried}, {span(told.ended - told.began)}: {TRIED[told.outcome]}{counted(Counter(dict(told.rows)))}"
