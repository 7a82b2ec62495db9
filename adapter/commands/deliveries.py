"""`redbag deliveries`: what was accepted and what became of it, and what a person decides about it. Nothing here shows a payload."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from adapter.commands.configured import configured, endpoint, opened
from adapter.commands.exits import Exit, Stop, together
from adapter.commands.line import quiet_hours, runway, sentence, state_of, summary, totals, words
from adapter.commands.talk import Talk, count
from adapter.commands.timeline import Whom, as_json, tell
from adapter.delivery.endpoints import Config
from adapter.delivery.store.errors import NotSo
from adapter.delivery.store.model import State
from adapter.delivery.store.people import LaneLine, Line
from adapter.delivery.store.rules import WHOLE
from adapter.delivery.store.sql import LOOK, SKIPPED
from adapter.delivery.store.store import Store

PAGE = 500
AGE = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
STORED: dict[str, State] = {"waiting": "queued", "in-flight": "queued", "held": "queued", "delivered": "done", "superseded": "superseded",
                            "dead": "dead", LOOK: "done"}  # by our words for them
NOBODY = "Say whose: the numbers of deliveries, --to NAME, or --all."


@dataclass(frozen=True)
class Wanted:
    """Which deliveries: at this endpoint, in this state, accepted more than so many seconds ago; `most`: how many of them."""

    to: str | None = None
    state: str | None = None
    older_than: float = 0.0
    most: int = 50

    @classmethod
    def of(cls, to: str | None, state: str | None, age: str | None, most: int) -> Wanted:
        """Raises Stop."""
        return cls(to, state, seconds(age) if age else 0.0, most)


def seconds(age: str) -> float:
    """Raises Stop.

    >>> seconds("90s"), seconds("1.5h"), seconds("3d")
    (90.0, 5400.0, 259200.0)
    """
    if found := AGE.fullmatch(age):
        return float(found[1]) * UNITS[found[2]]
    raise Stop(Exit.USAGE, "--older-than: expected a number with its unit, such as 90s, 30m, 2h or 3d.")


# ---- looking -----------------------------------------------------------------------------------------------------------------------
def list_(config: Path | None, wanted: Wanted, talk: Talk) -> Exit:
    """Raises Stop."""
    found = configured(config, talk)
    if wanted.to:
        endpoint(found, wanted.to)
    with opened(found, look=True) as store:
        shown = list(islice(lines(store, wanted), wanted.most + 1))
        for line in shown[:wanted.most]:
            said = sentence(line, store.clock.now() - line.accepted, words(store, line) if line.says else {})
            talk.found("delivery", summary(line), said, data=True)
        counted = [each for each in store.people.counts() if wanted.to in (None, each.endpoint)]
        more = f" Only the newest {wanted.most:,} of them are listed." if len(shown) > wanted.most else ""
        holding = Counter(lane.endpoint for lane in store.people.stuck(wanted.to) if lane.held == "dead")
        lasts = runway(store.keeping.size())
    result = {"exit": Exit.DONE, "endpoints": [vars(each) for each in counted], "listed": min(len(shown), wanted.most)}
    told = "".join(f"{totals(each, holding[each.endpoint])}\n" for each in counted) or "Nothing was ever accepted.\n"
    told += "".join(f"{each}\n" for each in quiet_hours(counted, found))
    talk.result(result, f"{told}{lasts}{more}")
    return Exit.DONE


def lines(store: Store, wanted: Wanted) -> Iterator[Line]:
    """What holds its lane first, then what waits, then what is held though nothing waits there; of one state what is in that state. The
    newest first."""
    states: Sequence[State] = [STORED[wanted.state]] if wanted.state else ["dead", "queued"]
    now = store.clock.now()
    for state in states:
        for line in every(store, wanted.to, state, look=wanted.state == LOOK):
            fits = wanted.state in (state_of(line), LOOK) if wanted.state else line.state != "dead" or line.held == "dead"
            if fits and now - line.accepted >= wanted.older_than:
                yield line
    for lane in store.people.stuck(wanted.to) if wanted.state in (None, "held") else ():
        if lane.held == "hand" and not lane.waiting:
            yield from store.people.listed(subject=lane.subject, endpoint=lane.endpoint, most=1)


def every(store: Store, to: str | None, state: State | None = None, look: bool = False, subject: str | None = None) -> Iterator[Line]:
    """The newest first, a page at a time: there may be a hundred thousand."""
    before = None
    while page := store.people.listed(endpoint=to, subject=subject, state=state, most=PAGE, look=look, before=before):
        yield from page
        before = page[-1].id


def show(config: Path | None, whom: Whom, to: str | None, talk: Talk) -> Exit:
    """Raises Stop."""
    with opened(configured(config, talk), look=True) as store:
        if whom.number:
            found = [store.people.show(whom.number)]
        else:
            hers = {line.lane: line.id for line in store.people.listed(subject=whom.subject, endpoint=to, most=PAGE)}
            found = [store.people.show(one) for one in hers.values()]
        if not found:
            raise Stop(Exit.NOTHING, "Nothing was ever accepted about her: check the source and the key, and which configuration this is.")
        for timeline in found:
            if talk.as_json:
                talk.json("lane", as_json(timeline, store))
            else:
                tell(timeline, store, talk)
    if talk.as_json:
        talk.result({"exit": Exit.DONE, "lanes": len(found)}, "")
    return Exit.DONE


# ---- deciding ----------------------------------------------------------------------------------------------------------------------
def replay(config: Path | None, numbers: Sequence[int], to: str | None, all_: bool, talk: Talk) -> Exit:
    """Each gets a new time to run out. Raises Stop."""
    found = _whose(config, numbers, to, all_, talk)
    with opened(found) as store:
        def do(number: int) -> None:
            one = found.endpoints.get(store.people.line(number).endpoint)
            hours = one.expires_hours if one else None
            store.people.replay(number, expires=None if hours is None else store.clock.now() + hours * 3600)

        if not (chosen := sorted(numbers, reverse=True) or holding(store, to)):  # of one lane the newest first
            talk.result({"exit": Exit.DONE, "done": 0}, "Nothing that is dead holds anybody.")
            return Exit.DONE
        return _each(chosen, do, " is tried again", talk)


def holding(store: Store, to: str | None) -> list[int]:
    """The dead ones that hold their lanes: of each lane all, and the newest first, for nothing older goes over it."""
    lanes = sorted(list(_holding(store, lane)) for lane in store.people.stuck(to) if lane.held == "dead")
    return [number for lane in lanes for number in lane]


def _holding(store: Store, lane: LaneLine) -> Iterator[int]:
    """What is older than what has gone out since, or than what says the whole, is passed."""
    for line in every(store, lane.endpoint, subject=lane.subject):
        if line.state == "done":
            break
        if line.state == "dead" and line.outcome != SKIPPED:
            yield line.id
            if line.kind in WHOLE:
                break


def skip(config: Path | None, numbers: Sequence[int], talk: Talk) -> Exit:
    """Raises Stop."""
    with opened(configured(config, talk)) as store:
        return _each(numbers, store.people.skip, " is left out", talk)


def hold(config: Path | None, numbers: Sequence[int], talk: Talk) -> Exit:
    """Raises Stop."""
    with opened(configured(config, talk)) as store:
        people = store.people
        return _each(numbers, lambda number: people.hold(people.line(number).lane, BY_HAND), ": its lane is held", talk)


def _whose(config: Path | None, numbers: Sequence[int], to: str | None, all_: bool, talk: Talk) -> Config:
    """Raises Stop."""
    if bool(numbers) + bool(to or all_) != 1:
        raise Stop(Exit.USAGE, NOBODY)
    found = configured(config, talk)
    if to:
        endpoint(found, to)
    return found


def release(config: Path | None, numbers: Sequence[int], to: str | None, all_: bool, talk: Talk) -> Exit:
    """Raises Stop."""
    with opened(_whose(config, numbers, to, all_, talk)) as store:
        if numbers:
            return _each(numbers, lambda number: store.people.release(store.people.line(number).lane), ": its lane goes on", talk)
        by_hand = [lane.id for lane in store.people.stuck(to) if lane.held == "hand"]
        for lane in by_hand:
            store.people.release(lane)
        done = len(by_hand) + store.people.release_restored(to)
        left = len(store.people.stuck(to))
    dead = f" {count(left, 'lane')} still held by a dead delivery: replay or skip it." if left else ""
    talk.result({"exit": Exit.DONE, "released": done, "held": left}, f"{count(done, 'lane')} released.{dead}")
    return Exit.DONE


BY_HAND = "somebody said so with `redbag deliveries hold`"


def _each(numbers: Sequence[int], do: Callable[[int], None], done: str, talk: Talk) -> Exit:
    """One after the other; where one cannot be done, the others are."""
    ends = []
    for number in numbers:
        try:
            do(number)
        except NotSo as why:
            ends.append(Exit.NOTHING)
            talk.found("delivery", {"delivery": number, "done": False, "says": str(why)}, f"{str(why)[:1].upper()}{str(why)[1:]}.")
        else:
            ends.append(Exit.DONE)
            talk.found("delivery", {"delivery": number, "done": True}, f"Delivery {number}{done}.")
    ended = together(ends)
    if talk.as_json:
        talk.result({"exit": ended, "done": ends.count(Exit.DONE)}, "")
    return ended
