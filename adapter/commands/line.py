"""A delivery in a line, and how many there are of which: our words for what the store says. docs/delivery.md explains them."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapter.commands.talk import count
from adapter.delivery.accepting import in_their_words
from adapter.delivery.endpoints import Config
from adapter.delivery.endpoints.quiet import quiet_for
from adapter.delivery.store.errors import Sealed
from adapter.delivery.store.keeping import Size
from adapter.delivery.store.people import Counts, Line
from adapter.delivery.store.store import Store

YEARS = 3650.0  # days
HELD = {"dead": "held behind a dead delivery", "hand": "held by hand", "restored": "held since a restore"}

AFTER_IT = "what comes after it is held by hand"


def state_of(line: Line) -> str:
    """In our words: docs/delivery.md has them all."""
    if line.in_flight:
        return "in-flight"
    if line.state == "queued":
        return "held" if line.lane_state == "held" else "waiting"
    return "delivered" if line.state == "done" else line.state


def summary(line: Line) -> dict[str, Any]:
    return {"delivery": line.id, "endpoint": line.endpoint, "state": state_of(line), "kind": line.kind, "urgent": line.urgent,
            "as_of": line.as_of, "place": line.place, "accepted": iso(line.accepted), "attempts": line.attempts, "outcome": line.outcome,
            "says": list(line.says), "held_because": line.held_because}


def sentence(line: Line, age: float, where: Mapping[str, str]) -> str:
    """One delivery in a line: its number, and whatever is worth knowing first. `where`: its rows in the vendor's words."""
    state, urgent = state_of(line), ", urgent" if line.urgent else ""
    told = "; ".join(in_their_words(each, where) for each in line.says)
    why = HELD[line.held] if state == "held" and line.held else told or (AFTER_IT if line.held == "hand" else "")
    return f"{line.id:>8}  {state:<10}  {line.endpoint}, {whole(line)}{urgent}, {span(age)} ago{placed(line)}{': ' * bool(why)}{why}"


def whole(line: Line) -> str:
    """Its kind; and of what, where that travels by itself: a practice, a home, a practitioner."""
    kind, slash, _ = line.subject.partition("/")
    return f"{line.kind} of {kind}" if slash else line.kind


def placed(line: Line) -> str:
    return f" ({line.place})" if line.place else ""


def words(store: Store, line: Line) -> Mapping[str, str]:
    """Its rows in the vendor's words, as far as the payload still tells them."""
    try:
        return store.people.payload(line.id).where if line.kept else {}
    except Sealed:
        return {}


def totals(each: Counts, holding: int = 0) -> str:
    """`holding`: so many of the dead hold their lanes; the others were left out, or passed."""
    said = {"delivered": each.delivered, "superseded": each.superseded, "dead": each.dead, "waiting": each.waiting}
    odd = "" if each.reconciled else " (which does not add up: `redbag doctor`)"
    hold = {"dead": f" ({holding:,} {'holds its lane' if holding == 1 else 'hold their lanes'})"} if holding else {}
    told = ", ".join(f"{n:,} {what}{hold.get(what, '')}" for what, n in said.items())
    return f"{each.endpoint}: {each.accepted:,} accepted; {told}{odd}."


def unnamed(counted: Iterable[Counts], config: Config) -> dict[str, str]:
    """Of each endpoint for which something waits and that is not configured any more a sentence."""
    return {each.endpoint: f"{each.endpoint}: {count(each.waiting, 'delivery waits', 'deliveries wait')} for it, and {config.file} does "
                           "not name it"
            for each in counted if each.waiting and each.endpoint not in config.endpoints}


def quiet_hours(counted: Iterable[Counts], config: Config) -> list[str]:
    """A sentence on each endpoint for which something waits and that keeps its quiet hours just now."""
    now = datetime.now(UTC)
    left = {name: quiet_for(each.quiet, now) for name, each in config.endpoints.items()}
    return [f"{each.endpoint} keeps its quiet hours for another {span(left[each.endpoint])}: only what is urgent is sent there."
            for each in counted if each.waiting and left.get(each.endpoint)]


def runway(size: Size) -> str:
    """What the store takes of what it may have, and how long it goes on like this."""
    days = "for years" if size.runway and size.runway > YEARS else f"about {count(round(size.runway or 0), 'day')}"
    days = "less than a day" if size.runway is not None and size.runway < 1 else days
    lasts = f", which lasts {days} at the rate of the last day" if size.runway is not None else ""
    most = f" of the {size.cap / 1e6:,.0f} MB it may have" if size.cap is not None else ""
    left = f"; {size.free / 1e9:,.1f} GB of the disk are free" if size.free is not None and size.cap is None else ""
    return f"The store takes {size.used / 1e6:,.1f} MB{most} for {count(size.deliveries, 'delivery', 'deliveries')}{left}{lasts}."


def at(time: float) -> str:
    """In UTC, for the machines that are at work may stand in several zones.

    >>> at(1762135814.6)
    '2025-11-03 02:10:14Z'
    """
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%SZ}"


def iso(time: float | None) -> str | None:
    """For programs.

    >>> iso(1762135814.6)
    '2025-11-03T02:10:14.600Z'
    """
    return None if time is None else f"{datetime.fromtimestamp(time, UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def span(seconds: float) -> str:
    """
    >>> span(0.34), span(75), span(7200), span(200_000)
    ('0.3 s', '75 s', '2 h', '2 days')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    for unit, name, least in ((86400, " days", 2), (3600, " h", 2), (60, " min", 2)):
        if seconds >= unit * least:
            return f"{seconds / unit:.0f}{name}"
    return f"{seconds:.0f} s"
