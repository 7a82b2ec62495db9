"""What becomes of a delivery and its lane, as rules: no database, no clock. Source: docs/design.md, Delivery.

    a lane     one endpoint, one subject: in order, one at a time; idle | active | held
    accepted   what is asked for is new, a repeat, in conflict, or older; what it makes needless; whether it passes a held lane
    settled    what an attempt's outcome makes of its delivery; and what the lane does next
"""
from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

from adapter.delivery.dialects.decision import About, Means
from adapter.delivery.store.model import Became, Kind, LaneState, State
from mappings.findings import before

# Why a lane is held: its last delivery was refused; somebody said so; the store was put back from a backup.
Held = Literal["", "dead", "hand", "restored"]

WHOLE: frozenset[Kind] = frozenset({"complete", "retraction"})  # says all there is to say: needs nothing of what was before
NEEDLESS: frozenset[Kind] = frozenset({"complete", "change"})  # what such a one supersedes; a retraction is superseded by nothing
AGAIN = frozenset({Means.RETRY, Means.AMBIGUOUS})  # what came of an attempt, after which there is another
NAMESPACE = UUID("2f3b7d0a-6a0e-5d0c-9e44-6d1a51c4b9d1")
FIRST, LONGEST = 1.0, 600.0  # seconds: the first and the longest pause before trying again
LONGEST_REPAIR = 120.0  # seconds: the same where somebody must repair something first


@dataclass(frozen=True)
class Known:
    """A delivery that was accepted before: the lane's latest, or the one with this event's key. `dead`: it was refused."""

    delivery: int
    hash: str
    dead: bool = False
    as_of: str | None = None


@dataclass(frozen=True)
class Taken:
    """`delivery`: of a repeat, the first one, and `dead` as that is. `whole`: undelivered ones before it are superseded, and a refused one
    is passed."""

    became: Became
    key: str = ""
    delivery: int | None = None
    whole: bool = False
    says: str = ""
    dead: bool = False


def event_key(endpoint: str, event: str) -> str:
    """The vendor's own id of what happened: the same event is the same delivery, for ever."""
    return str(uuid5(NAMESPACE, f"event\n{endpoint}\n{event}"))


def state_key(endpoint: str, subject: str, latest: int | None, hash_: str) -> str:
    """Without an event's id: the same content after the same delivery. So A, B, A is three, and a store put back from a backup gives the
    same keys again."""
    return str(uuid5(NAMESPACE, f"state\n{endpoint}\n{subject}\n{latest or 0}\n{hash_}"))


def taken(kind: Kind, hash_: str, key: str | None, as_of: str | None, older: bool, latest: Known | None, same_event: Known | None) -> Taken:
    """`key`: the event's, or None where the vendor gave none; then `same_event` is None too. First match wins."""
    if same_event is not None:
        return _told_again(hash_, same_event)
    if key is None and latest is not None and latest.hash == hash_ and not latest.dead:
        return Taken("repeat", delivery=latest.delivery, says=f"the same as delivery {latest.delivery}, accepted before")
    if latest is not None and not older and before(as_of, latest.as_of):
        return Taken("older", says=f"this is of {as_of}, and delivery {latest.delivery} of {latest.as_of} was accepted before: send the "
                                   "newer one, or say that the older one is meant")
    return Taken("accepted", key=key or "", whole=kind in WHOLE)


def _told_again(hash_: str, same_event: Known) -> Taken:
    if same_event.hash == hash_ and same_event.dead:
        says = f"this event is delivery {same_event.delivery}, which was refused or left out: replay that, or send what was mended"
        return Taken("repeat", delivery=same_event.delivery, says=f"{says} as another event", dead=True)
    if same_event.hash == hash_:
        return Taken("repeat", delivery=same_event.delivery, says=f"this event is delivery {same_event.delivery}, accepted before")
    says = f"this event's id was given before, with other content (delivery {same_event.delivery}): nothing was accepted"
    return Taken("conflict", delivery=same_event.delivery, says=f"{says}; give each event an id of its own")


def held_after(held: Held, whole: bool) -> Held:
    """Of a lane in which something was accepted: what is whole passes a refused one, never a person's word."""
    return "" if held == "dead" and whole else held


@dataclass(frozen=True)
class Settled:
    """`counted`: it was an attempt of this delivery; what is the endpoint's own trouble is not."""

    state: State
    counted: bool


def settled(means: Means, about: About, needless: bool = False) -> Settled:
    """Transient never becomes dead by count. `needless`: what waits behind it says the whole, so it is not tried again."""
    if means is Means.DELIVERED:
        return Settled("done", True)
    if means in (Means.DEAD, Means.PERSON):
        return Settled("dead", True)
    return Settled("superseded" if needless else "queued", about is About.DELIVERY)


def lane_after(held: Held, state: State, following: Kind | None) -> tuple[LaneState, Held]:
    """After a delivery's attempt was settled as `state`; `following`: the kind of the first one that waits, itself included."""
    if held in ("hand", "restored"):
        return "held", held
    if state == "dead" and following not in WHOLE:
        return "held", "dead"
    return ("active", "") if following else ("idle", "")


def pause(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds before attempt + 1: exponential with full jitter, so that many that failed together do not come back together."""
    return chance() * min(LONGEST, FIRST * 2.0 ** min(attempt, 20))


def repair_pause(age: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds before a delivery of this age (seconds) is tried again where somebody must repair something first: a tenth of it.

    >>> repair_pause(2.0, lambda: 1.0), repair_pause(300.0, lambda: 0.0), repair_pause(86400.0, lambda: 1.0)
    (1.0, 15.0, 120.0)
    """
    return (0.5 + chance() / 2) * min(LONGEST_REPAIR, max(FIRST, age / 10))


def expired(accepted: float, now: float, attempts: int, last: Collection[str]) -> str:
    """The sentence on a delivery whose time has run out."""
    tried = "it was not tried" if not attempts else "it was tried once" if attempts == 1 else f"it was tried {attempts} times"
    said = "; the last time: " + " ".join(last) if attempts and last else ""
    return f"its time ran out, {_span(now - accepted)} after it was accepted; {tried}{said}"


def _span(seconds: float) -> str:
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit or seconds >= unit and name == "minute":
            return f"{seconds / unit:.0f} {name}{'s' if seconds / unit >= 1.5 else ''}"
    return f"{max(seconds, 0):.0f} seconds"


def cannot_replay(state: State, payload: bool, later: Collection[tuple[Kind, State, bool]]) -> str:
    """Why a delivery cannot be sent again as it is; empty: it can. `later`: those accepted after it in its lane that
    nobody has left out, each with whether it is in flight: what is older must not go over what is newer, nor hide that it was refused."""
    if state != "dead":
        return "only a delivery that was refused can be replayed"
    if not payload:
        return "its payload is no longer kept: let the sender send it anew"
    if any(each == "done" or flying for _, each, flying in later):
        return "a later one of this lane has gone out since, and this must not go over it: let the sender send it anew"
    if any(each == "dead" for _, each, _ in later):
        return "a later one of this lane was refused too: replay or skip that one first"
    if any(each == "queued" and kind in WHOLE for kind, each, _ in later):
        return "a later one that says the whole is waiting in this lane and makes it needless"
    return ""
