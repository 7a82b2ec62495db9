"""The parts of a worker that only decide: when an endpoint is left alone, how many may be under way, who is still at work."""
from __future__ import annotations

import asyncio
import doctest
from collections.abc import Collection
from types import ModuleType

import pytest

from adapter.delivery.answer import Answer, NoAnswer, NotAsked
from adapter.delivery.deadline import left, standing_still, within
from adapter.delivery.dialects import decide
from adapter.delivery.dialects.decision import About, Asked, Decision, Means
from adapter.delivery.store.errors import StoreAway, WorkerRunning
from adapter.delivery.work import attempt, breaker, ramp
from adapter.delivery.work.breaker import LONGEST_ASKED, LONGEST_PAUSE, Sign, Standing, opens, sign, standing
from adapter.delivery.work.engine import Loop
from adapter.delivery.work.lease import Buried, Lease, Watch
from adapter.delivery.work.ramp import Ramp, Slots
from adapter.delivery.work.worker import reason

NOW = 1_000.0


@pytest.mark.parametrize("module", [attempt, breaker, ramp], ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


# ---- the breaker -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("failures", "asked", "dice", "until"), [
    (1, None, 0.9, None),                                   # one failure is nothing yet
    (2, None, 0.9, None),
    (3, None, 0.5, NOW + 0.5),                              # three in a row open it: 1 s, with full jitter
    (3, None, 0.0, NOW),                                    # the dice may say at once
    (4, None, 0.5, NOW + 1.0),                              # doubled
    (7, None, 0.5, NOW + 8.0),
    (12, None, 0.5, NOW + LONGEST_PAUSE / 2),               # never longer than 5 minutes
    (100_000, None, 0.5, NOW + LONGEST_PAUSE / 2),          # a month of them
    (1, NOW + 7.0, 0.5, NOW + 7.0),                         # the server names a time: at once, and exactly
    (9, NOW + 7.0, 0.5, NOW + 7.0),                         # it wins over the back-off, shorter or longer
    (1, NOW + 1e9, 0.5, NOW + LONGEST_ASKED),               # but for a time that nobody means
    (2, NOW - 1.0, 0.5, None),                              # a time that is over says nothing
    (3, NOW - 1.0, 0.5, NOW + 0.5),
])
def test_when_it_opens(failures: int, asked: float | None, dice: float, until: float | None) -> None:
    assert opens(failures, asked, NOW, lambda: dice) == until


@pytest.mark.parametrize(("open_until", "now", "is_"), [
    (None, NOW, Standing.CLOSED),
    (NOW + 0.001, NOW, Standing.OPEN),
    (NOW, NOW, Standing.PROBE),
    (NOW - 86_400, NOW, Standing.PROBE),
])
def test_how_it_stands(open_until: float | None, now: float, is_: Standing) -> None:
    assert standing(open_until, now) is is_


@pytest.mark.parametrize(("decision", "says"), [
    (Decision(Means.DELIVERED, status=200), Sign.UP),
    (Decision(Means.RETRY, status=409), Sign.UP),                                   # it answers, and that is what is asked here
    (Decision(Means.PERSON), Sign.UP),                                              # somebody else is there under her number
    (Decision(Means.DEAD, status=403), Sign.REFUSED),
    (Decision(Means.PERSON, status=412), Sign.REFUSED),
    (Decision(Means.DEAD, status=200), Sign.UP),                                    # one of its entries
    (Decision(Means.RETRY, status=503, about=About.ENDPOINT), Sign.DOWN),
    (Decision(Means.RETRY, status=502), Sign.DOUBT),
    (decide("fhir", Asked("GET"), Answer(403, "GET …"), 1, NOW), Sign.DOUBT),  # a firewall's: it may dislike one
    (decide("fhir", Asked("GET", fresh=True), Answer(401, "GET …"), 1, NOW), Sign.DOWN),
    (Decision(Means.AMBIGUOUS), Sign.DOUBT),
    (Decision(Means.RETRY, asked=False), Sign.NOTHING),
    (Decision(Means.PERSON, asked=False), Sign.NOTHING),                            # it could not be opened
    (decide("fhir", Asked("GET"), NotAsked("our time is over"), 1, NOW), Sign.NOTHING),
    (decide("bars", Asked("GET"), NoAnswer("none"), 1, NOW), Sign.DOUBT),
])
def test_what_an_attempt_says_of_the_endpoint(decision: Decision, says: Sign) -> None:
    assert sign(decision) is says


# ---- how long one resident may take ------------------------------------------------------------------------------------------
def test_what_stands_still_in_several_tasks_at_once_stands_still_once_and_for_whoever_set_a_time() -> None:
    async def told() -> None:
        loop = asyncio.get_running_loop()
        now, loop.time = loop.time(), lambda: now                   # type: ignore[method-assign]
        assert left() == float("inf")
        with within(90.0), within(30.0):
            with standing_still():
                now += 1.0
                with standing_still():
                    now += 10.0
                    assert left() == 30.0
                now += 100.0
            now += 10.0
            assert left() == 20.0
            now += 21.0
            assert left() == 0.0

    asyncio.run(told())


# ---- the ramp --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("most", "what", "limits"), [
    (3, "aaaa", [1, 2, 3, 3, 3]),
    (3, "aaoa", [1, 2, 3, 1, 2]),
    (1, "aoa", [1, 1, 1, 1]),
])
def test_how_many_at_once(most: int, what: str, limits: list[int]) -> None:
    steps = [Ramp(most)]
    for step in what:
        steps.append(steps[-1].answered() if step == "a" else steps[-1].outage())
    assert [ramp.limit for ramp in steps] == limits


@pytest.mark.parametrize(("asks", "most", "first"), [
    ("nnn", 1, [0]),
    ("nnn", 8, [0]),                            # the ramp begins with one
    ("nun", 1, [0]),                            # who has a turn keeps it
])
def test_who_has_a_turn(asks: str, most: int, first: list[int]) -> None:
    async def told() -> list[int]:
        slots = Slots(most)
        turns = [slots.ask(each == "u") for each in asks]
        return [number for number, turn in enumerate(turns) if turn.done()]

    assert asyncio.run(told()) == first


def test_what_is_urgent_is_next_and_an_outage_sends_everybody_home() -> None:
    async def told() -> None:
        slots = Slots(2)
        first, second, urgent, third, fourth = (slots.ask(each == "u") for each in "nnunn")
        slots.give_back()
        assert (first.done(), urgent.done(), second.done()) == (True, True, False)
        slots.answered()
        assert (second.result(), third.done(), slots.taken, slots.waiting) == (True, False, 2, 2)
        slots.outage()
        assert (third.result(), fourth.result(), slots.taken, slots.ramp.limit) == (False, False, 2, 1)
        slots.give_back()
        later = slots.ask(urgent=False)
        assert not later.done()                 # one is still under way, and one is the limit
        slots.give_back()
        assert later.result()

    asyncio.run(told())


# ---- why a worker begins anew ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("came", "why"), [
    ([KeyError()], KeyError),
    ([Buried()], Buried),
    ([RuntimeError(), BaseExceptionGroup("", [RuntimeError(), StoreAway()])], StoreAway),      # the others may come of it
    ([WorkerRunning()], WorkerRunning),
])
def test_why_a_life_ended(came: list[BaseException], why: type[BaseException]) -> None:
    assert type(reason(BaseExceptionGroup("", came))) is why


# ---- leases ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seen", "stale"), [
    ([(0, {"a": 1}), (29.9, {"a": 1})], []),                                     # not a whole lease yet
    ([(0, {"a": 1}), (30.0, {"a": 1})], ["a"]),
    ([(0, {"a": 1}), (29.0, {"a": 2}), (58.0, {"a": 2})], []),                   # it moved meanwhile
    ([(0, {"a": 1}), (29.0, {"a": 2}), (59.0, {"a": 2})], ["a"]),
    ([(0, {"a": 1}), (40.0, {"a": 2})], []),                                     # the watcher was away: a beat that moved is a beat
    ([(0, {"a": 1}), (10.0, {}), (40.0, {"a": 1})], []),                         # buried by another, and there again under its name
    ([(0, {"a": 1, "b": 1}), (40.0, {"a": 1, "b": 9, "c": 1})], ["a"]),
])
def test_whom_a_watcher_buries(seen: list[tuple[float, dict[str, int]]], stale: list[str]) -> None:
    watch = Watch(30.0)
    assert [watch.stale(beats, now) for now, beats in seen][-1] == stale


@pytest.mark.parametrize(("seen", "unsure"), [
    ([{"me": 1}], False), ([{"me": 1, "a": 1}], True), ([{"me": 1, "a": 1}, {"me": 2, "a": 1}], True),
    ([{"me": 1, "a": 1}, {"me": 2, "a": 2}, {"me": 3, "a": 2}], False), ([{"me": 1, "a": 1}, {"me": 2}], False),
])
def test_who_works_until_nothing_waits_looks_whether_others_live(seen: list[dict[str, int]], unsure: bool) -> None:
    watch = Watch(30.0)
    for now, beats in enumerate(seen):
        watch.stale(beats, float(now))
    assert watch.unsure("me") is unsure


def test_a_worker_is_sure_for_half_a_lease() -> None:
    now = 0.0
    lease = Lease(30.0, lambda: now)
    now = 14.9
    assert lease.still_mine()
    now = 15.0
    assert not lease.still_mine()
    lease.renew(asked=1.0)      # the store took it, but it was asked long ago: it took that long, or we were stopped in between
    assert lease.still_mine()
    now = 16.0
    assert not lease.still_mine()


def test_who_is_not_sure_waits_for_a_beat_and_who_is_buried_stops() -> None:
    async def told() -> None:
        now = 0.0
        lease = Lease(30.0, lambda: now)
        await lease.sure()
        now = 20.0
        waiting = asyncio.create_task(lease.sure())
        await asyncio.sleep(0)
        assert not waiting.done()
        lease.renew(20.0)
        await waiting
        now = 40.0
        waiting = asyncio.create_task(lease.sure())
        await asyncio.sleep(0)
        lease.bury()
        with pytest.raises(Buried):
            await waiting
        now = 20.0
        assert not lease.still_mine()

    asyncio.run(told())


# ---- the engine ------------------------------------------------------------------------------------------------------------
class Turns:
    """Which endpoints had a turn, in order."""

    def __init__(self, due: float | None = None) -> None:
        self.due, self.had = due, list[str]()

    async def __call__(self, endpoint: str) -> float | None:
        self.had.append(endpoint)
        return self.due


async def for_so_long(engine: Loop, turns: Turns, endpoints: Collection[str], seconds: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await engine.run(turns, lambda: endpoints, stop)


def test_every_endpoint_has_its_turn_and_then_is_asked_at_every_poll() -> None:
    turns = Turns()
    asyncio.run(for_so_long(Loop(poll=0.1), turns, ["a", "b"], 0.35))
    assert sorted(turns.had[:2]) == ["a", "b"]
    assert 6 <= len(turns.had) <= 10


def test_what_is_due_sooner_is_asked_for_sooner_and_never_without_a_breath() -> None:
    soon, now = Turns(due=0.03), Turns(due=0.0)
    asyncio.run(for_so_long(Loop(poll=10.0), soon, ["a"], 0.3))
    assert 4 <= len(soon.had) <= 11
    asyncio.run(for_so_long(Loop(poll=10.0), now, ["a"], 0.3))
    assert 4 <= len(now.had) <= 31
