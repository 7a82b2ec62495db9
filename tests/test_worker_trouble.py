"""A worker in trouble, told as stories: an endpoint that fails, a worker taken for dead, a key that is not there, a fault of ours."""
from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter.commands.reporting import Reports
from adapter.commands.talk import Talk
from adapter.delivery.client import FhirClient
from adapter.delivery.dialects.decision import About, Decision, Means
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.retry import Clock
from adapter.delivery.store.clock import Steady
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.errors import StoreAway, WorkerRunning
from adapter.delivery.store.model import Attempt, Claimed, Payload
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.sql import workers_in_flight
from adapter.delivery.store.store import Breaker, Store
from adapter.delivery.work.breaker import EVERYBODY, Sign
from adapter.delivery.work.carry import Way, carry
from adapter.delivery.work.engine import Loop
from adapter.delivery.work.traffic import Traffic
from adapter.delivery.work.worker import Summary
from tests.at_work import KEYS, Hand, Home, Hospital, Reply, becomes, bundle

HALF = Clock(dice=lambda: 0.5)
LOOK = 0.5  # seconds in which a worker would have asked again, if it were to
MARY = Claimed(1, 1, "acute", "Mary", 1, "key", "change", 1, 0.0, None, False, "", b"")
CANARY = "Zebedee Quagmire 9990000018"


# ---- an endpoint that fails ----------------------------------------------------------------------------------------------------
def test_an_endpoint_that_fails_is_left_alone_then_probed_then_taken_up_again_slowly(tmp_path: Path) -> None:
    hand, hospital, at_once = Hand(), Hospital(lambda about: Reply(503)), list[int]()

    def is_back(about: str) -> Reply:
        at_once.append(hospital.in_hand)
        return Reply(seconds=0.05)

    with Home(tmp_path, hospital, hand.clock) as home:
        home.accept(*(f"R{number} 0" for number in range(30)))

        async def story(desk: Desk) -> None:
            async with home.at_work(desk, clock=HALF):
                await becomes(lambda: len(hospital.asked) == 3)         # one after the other, then it is left alone
                await asyncio.sleep(LOOK)
                assert (len(hospital.asked), hospital.most) == (3, 1)
                hand.seconds = 0.49
                await asyncio.sleep(LOOK)
                assert len(hospital.asked) == 3
                hand.seconds = 0.51
                await becomes(lambda: len(hospital.asked) == 4)         # one probe
                await asyncio.sleep(LOOK)
                assert len(hospital.asked) == 4
                hospital.replies = is_back
                hand.seconds = 1.0 + 0.52                               # twice as long
                await becomes(lambda: len(hospital.took) >= 26)
                assert all(many <= answered + 1 for answered, many in enumerate(at_once))
                assert at_once[0] == 1
                hand.seconds = 100.0                                    # those that were tried meanwhile
                await becomes(lambda: len(hospital.took) == 30)

        home.told(story)
        tried = [home.store.people.line(number) for number in range(1, 31)]
        assert {line.attempts for line in tried} == {1}                 # nothing of it is an attempt of a delivery


def test_when_it_fails_what_was_claimed_ahead_is_given_back_and_what_was_under_way_counts_once(tmp_path: Path) -> None:
    hospital = Hospital()
    hospital.replies = lambda about: Reply(503, seconds=0.3) if len(hospital.asked) > 40 else Reply()
    with Home(tmp_path, hospital) as home:
        home.accept(*(f"R{number} 0" for number in range(100)))

        async def story(desk: Desk) -> None:
            async with home.at_work(desk, clock=Clock(dice=lambda: 300.0)):
                await becomes(lambda: home.store.opened("acute").open_until is not None)
                await becomes(lambda: home.store.read(workers_in_flight) == set())
                assert 43 <= len(hospital.asked) <= 40 + 8 + 2             # those it had in hand, and two turns that were free again
                assert home.store.opened("acute").failures == 3

        home.told(story)


def test_of_all_processes_one_tries_whether_it_is_back(tmp_path: Path) -> None:
    hand = Hand()
    with Home(tmp_path, clock=hand.clock) as home:
        async def story(desk: Desk) -> None:
            endpoint = home.config().endpoint("acute")
            here, there = (Traffic(Way(endpoint, connect(endpoint)), desk, HALF.dice) for _ in range(2))
            home.store.failed("acute", hand.clock.now() + 1.0)
            assert [await here.shut(), await there.shut()] == [1.0, 1.0]
            hand.seconds = 1.0
            assert [await here.shut(), await there.shut()] == [0.0, 0.0]
            assert [await here.may_claim(), await there.may_claim()] == [1, 0]
            assert (await here.shut(), await there.shut()) == (0.0, endpoint.seconds)       # so long the others wait for what it finds
            hand.seconds = 2.0
            down = Attempt(hand.clock.now(), hand.clock.now(), Decision(Means.RETRY, about=About.ENDPOINT))
            await there.learn(MARY, down, Sign.DOWN)            # had been under way: nothing new
            assert home.store.opened("acute").failures == 1
            await here.learn(MARY, down, Sign.DOWN)
            assert home.store.opened("acute") == Breaker(2, hand.clock.now() + 0.5)
            hand.seconds += 1.0
            await here.learn(MARY, replace(down, began=down.began - 1.0), Sign.DOWN)       # had begun before that
            assert home.store.opened("acute").failures == 2
            for each in (here, there):
                await each.close()

        home.told(story)


def test_a_probe_that_never_went_out_is_lost_to_whoever_tries_next(tmp_path: Path) -> None:
    hand = Hand()
    with Home(tmp_path, clock=hand.clock) as home:
        async def story(desk: Desk) -> None:
            endpoint = home.config().endpoint("acute")
            here, there = (Traffic(Way(endpoint, connect(endpoint)), desk, HALF.dice) for _ in range(2))
            home.store.failed("acute", hand.clock.now())
            assert [await here.shut(), await here.may_claim()] == [0.0, 1]
            began = hand.clock.now()
            await here.learn(MARY, Attempt(began, began, Decision(Means.RETRY, asked=False)), Sign.NOTHING)
            assert [await here.shut(), await here.may_claim()] == [0.0, 1]                 # it is still for this process
            hand.seconds = endpoint.seconds
            assert [await there.shut(), await there.may_claim()] == [0.0, 1]
            assert await here.shut() == endpoint.seconds
            now = hand.clock.now()
            await here.learn(MARY, Attempt(now, now, Decision(Means.RETRY, status=502)), Sign.DOUBT)
            assert home.store.opened("acute").failures == 1                                # one doubt, and no probe's
            for each in (here, there):
                await each.close()

        home.told(story)


def test_a_server_that_names_a_time_is_asked_then_and_not_before(tmp_path: Path) -> None:
    hand, hospital = Hand(), Hospital()
    hospital.replies = lambda about: Reply(503, retry_after=120) if len(hospital.asked) == 1 else Reply()
    with Home(tmp_path, hospital, hand.clock) as home:
        home.accept("Mary 0", "Ida 0", "Tom 0")

        async def story(desk: Desk) -> None:
            async with home.at_work(desk, clock=HALF):
                await becomes(lambda: len(hospital.asked) == 1)
                for hand.seconds in (1.0, 60.0, 119.0):
                    await asyncio.sleep(LOOK)
                    assert len(hospital.asked) == 1
                hand.seconds = 121.0
                await becomes(lambda: len(hospital.took) == 3)

        home.told(story)


def test_a_server_that_hangs_for_everybody_is_left_alone_and_one_that_hangs_for_one_is_not(tmp_path: Path) -> None:
    hand, hospital = Hand(), Hospital(lambda about: Reply(502))
    with Home(tmp_path, hospital, hand.clock) as home:
        home.accept(*(f"R{number} 0" for number in range(30)))

        async def everybody(desk: Desk) -> None:
            async with home.at_work(desk, clock=HALF):
                await becomes(lambda: len(hospital.asked) == 5)
                await asyncio.sleep(LOOK)
                assert len(hospital.asked) == 5

        async def one(desk: Desk) -> None:
            async with home.at_work(desk, clock=HALF):
                await becomes(lambda: len(hospital.took) == 29)

        home.told(everybody)
        hand.seconds = 1000.0
        hospital.replies = lambda about: Reply(502 if about == "R7 0" else 200)
        home.changes()
        home.told(one)


def test_where_every_delivery_is_refused_few_die_of_it_and_the_rest_waits_until_somebody_has_looked(tmp_path: Path) -> None:
    hand, hospital = Hand(), Hospital(lambda about: Reply(403))
    with Home(tmp_path, hospital, hand.clock) as home:
        home.accept(*(f"R{number} 0" for number in range(60)))

        async def story(desk: Desk) -> None:
            def dead() -> int:
                return len(home.store.people.listed(state="dead"))

            async with home.at_work(desk, clock=HALF):
                await becomes(lambda: home.store.opened("acute").open_until is not None)
                await asyncio.sleep(LOOK)
                assert dead() == 4
                waiting = [line for line in home.store.people.listed(state="queued") if line.says]
                assert len(waiting) == len(hospital.asked) - 4
                assert all(line.says[0] == EVERYBODY and not line.attempts for line in waiting)
                for turn, hand.seconds in enumerate((2.0, 10.0, 100.0), 1):     # one is tried from time to time, and dies alone
                    await becomes(lambda: dead() == 4 + turn)                    # noqa: B023  # waited for within the turn
                    await asyncio.sleep(LOOK)
                    assert (dead(), home.store.opened("acute").failures) == (4 + turn, 1 + turn)       # after longer and longer pauses
                hospital.replies = lambda about: Reply(422 if about in {"R20 0", "R30 0", "R40 0"} else 200)
                hand.seconds = 1000.0
                await becomes(lambda: len(hospital.took) == 60 - 7 - 3)
                await becomes(lambda: dead() == 10)                             # a few that are refused are a few
                assert home.store.opened("acute") == Breaker()

        home.told(story)


def test_one_whom_a_firewall_refuses_delays_nobody_and_where_it_refuses_everybody_nobody_dies(tmp_path: Path) -> None:
    hand, hospital = Hand(), Hospital(lambda about: Reply(403, in_its_place=True))
    with Home(tmp_path, hospital, hand.clock) as home:
        home.accept("Mary 0")

        async def story(desk: Desk) -> None:
            async with home.at_work(desk, clock=HALF):
                for turn in range(1, 6):
                    await becomes(lambda: len(hospital.asked) == turn)              # noqa: B023  # waited for within the turn
                    await becomes(lambda: home.store.read(workers_in_flight) == set())
                    hand.seconds += 130.0                                           # she is tried every minute or two
                assert home.store.opened("acute") == Breaker()
                home.accept(*(f"R{number} 0" for number in range(10)))
                await becomes(lambda: home.store.opened("acute").open_until is not None)
                await asyncio.sleep(LOOK)
                assert len(home.store.people.listed(state="queued")) == 11

        home.told(story)


def test_after_an_outage_one_that_is_refused_is_an_answer(tmp_path: Path) -> None:
    hospital = Hospital(lambda about: Reply(422 if about.startswith("Bad") else 200))
    with Home(tmp_path, hospital) as home:
        home.accept(*(f"Bad{number} 0" for number in range(3)), *(f"Good{number} 0" for number in range(20)))
        for _ in range(8):
            home.store.failed("acute", home.store.clock.now())

        async def story(desk: Desk) -> None:
            async with home.at_work(desk):
                await becomes(lambda: len(hospital.took) == 20)
                await becomes(lambda: home.store.opened("acute") == Breaker())

        home.told(story)
        assert len(home.store.people.listed(state="dead")) == 3


def test_a_run_that_ends_by_itself_does_not_wait_for_what_is_due_much_later(tmp_path: Path) -> None:
    with Home(tmp_path, Hospital(lambda about: Reply(503, retry_after=100))) as home:
        home.accept("Mary 0")
        summary = home.works()
        assert (summary.delivered, summary.dead) == (0, 0)
        assert 95 < (summary.waits or 0) <= 100


# ---- workers -------------------------------------------------------------------------------------------------------------------
def test_a_worker_taken_for_dead_says_nothing_more_and_begins_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hospital = Hospital(lambda about: Reply(seconds=0.3))
    with Home(tmp_path, hospital) as home:
        home.accept("Mary 0", "Mary 1")

        async def story(desk: Desk) -> None:
            async with home.at_work(desk) as worker:
                await becomes(lambda: hospital.asked == ["Mary 0"])
                home.store.bury(["home"])
                await becomes(lambda: worker.name == "home.2")
                await becomes(lambda: {home.store.people.line(number).state for number in (1, 2)} == {"done"})

        home.told(story)
        assert hospital.took[:2] == ["Mary 0", "Mary 0"]        # what it said of the first was dropped, so it was sent again
        assert hospital.took == sorted(hospital.took)           # and in order
        told = [each.outcome for each in home.store.people.show(1).deliveries[0][1]]
        assert (told[0], told.count("delivered"), told[-1]) == ("interrupted", 1, "delivered")
        assert home.store.beats() == {}
        assert "others took this worker for dead" in caplog.text


@pytest.mark.parametrize("known", [True, False])      # or buried, and it has claimed something since, before it knew
def test_whoever_gives_no_sign_of_life_is_buried_and_its_lanes_go_on(tmp_path: Path, known: bool) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            async with home.at_work(desk, lease=1.0):
                await becomes(lambda: "home" in home.store.beats())
                if known:
                    home.store.register("dead one")
                home.accept("Tom 0", endpoint="other")
                claimed, = home.store.claim("dead one", "other", 1)
                await becomes(lambda: "dead one" not in home.store.beats())
                assert home.store.due("other") == 0.0
                assert home.store.people.show(claimed.delivery).deliveries[0][1][0].outcome == "interrupted"

        home.told(story)


def test_a_second_worker_on_the_same_file_is_refused(tmp_path: Path) -> None:
    with Home(tmp_path) as home, closing(Store.open(str(tmp_path / "redbag.db"), KEYS)) as other:

        async def story(desk: Desk) -> None:
            async with home.at_work(desk):
                await becomes(lambda: "home" in home.store.beats())
                with closing(Desk(other)) as another, pytest.raises(WorkerRunning):
                    await home.worker(another).run(asyncio.Event())

        home.told(story)


class Stalled(Desk):
    """The store takes its time over beats, while `open` is not set."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.open = asyncio.Event()

    async def run(self, what: Any, *said: Any, **more: Any) -> Any:
        if what == self.store.beat:
            await self.open.wait()
        return await super().run(what, *said, **more)


def test_who_is_not_sure_that_its_lanes_are_its_own_sends_nothing_until_it_is(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            with closing(Stalled(home.store)) as stalled:
                stalled.open.set()
                async with home.at_work(stalled, lease=2.0):
                    home.accept("Mary 0")
                    await becomes(lambda: home.hospital.took == ["Mary 0"])
                    stalled.open.clear()
                    await asyncio.sleep(1.5)
                    home.accept("Mary 1")
                    await asyncio.sleep(LOOK)
                    assert home.hospital.asked == ["Mary 0"]
                    stalled.open.set()
                    await becomes(lambda: home.hospital.took == ["Mary 0", "Mary 1"])

        home.told(story)


class Slow(httpx.Auth):
    """Who gives out tokens takes longer than anybody is sure without a beat; and there is none meanwhile."""

    def __init__(self, stalled: Stalled) -> None:
        self.stalled, self.given = stalled, asyncio.Event()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        self.stalled.open.clear()
        await asyncio.sleep(1.5)
        self.given.set()
        yield request


def test_nor_when_it_was_sure_before_it_had_a_token(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            with closing(Stalled(home.store)) as stalled:
                stalled.open.set()
                slow = Slow(stalled)
                async with home.at_work(stalled, lease=2.0, connect=lambda of, attempts, **how: FhirClient(of.url, auth=slow, **how)):
                    home.accept("Mary 0")
                    await asyncio.wait_for(slow.given.wait(), 5.0)
                    await asyncio.sleep(LOOK)
                    assert home.hospital.asked == []
                    stalled.open.set()
                    await becomes(lambda: home.hospital.took == ["Mary 0"])

        home.told(story)


class Away(Desk):
    """The store is away for a moment, when something has been sent."""

    away = 1

    async def settle(self, *said: Any, **more: Any) -> Any:
        if self.away:
            self.away -= 1
            raise StoreAway("the database is being restarted; try again")
        return await super().settle(*said, **more)


def test_a_store_that_is_away_for_a_moment_costs_a_repetition(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Home(tmp_path) as home:
        home.accept("Mary 0", "Mary 1")

        async def story(desk: Desk) -> Summary:
            with closing(Away(home.store)) as away:
                return await home.worker(away).run(asyncio.Event(), until_idle=True)

        assert home.told(story).delivered == 2
        assert home.hospital.took == ["Mary 0", "Mary 0", "Mary 1"]
        assert "the database is being restarted" in caplog.text


class Second(Desk):
    """Another process is always first to try whether an endpoint is back."""

    async def run(self, what: Any, *said: Any, **more: Any) -> Any:
        if what == self.store.probe:
            self.store.probe(*said)
        return await super().run(what, *said, **more)


def test_who_may_not_try_whether_it_is_back_goes_on_when_another_has_found_out(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            home.store.failed("acute", home.store.clock.now() + 0.3)
            home.accept("Mary 0")
            with closing(Second(home.store)) as second:
                async with home.at_work(second):
                    await becomes(lambda: (home.store.opened("acute").open_until or 0.0) > home.store.clock.now() + 60.0)
                    await asyncio.sleep(LOOK)
                    assert home.hospital.asked == []
                    home.store.succeeded("acute")
                    await becomes(lambda: home.hospital.took == ["Mary 0"])

        home.told(story)


# ---- what is told of it --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("replies", "told", "dead"), [
    (lambda asked: Reply(422), ["trouble"], 4),                 # the rest waits, and can go on
    (lambda asked: Reply(502), ["trouble"], 0),
    (lambda asked: Reply(503 if asked < 5 else 502), ["trouble"], 0),           # it has never been well
    (lambda asked: Reply(503, retry_after=3600), ["trouble"], 0),
    (lambda asked: Reply(503, retry_after=1) if asked == 1 else Reply(), [], 0),       # busy for a moment
    (lambda asked: Reply(502 if asked < 7 else 200), ["trouble", "well"], 0),
    (lambda asked: Reply(422 if asked < 4 else 200), [], 3),
])
def test_what_is_told_is_what_is_so(tmp_path: Path, replies: Callable[[int], Reply], told: list[str], dead: int) -> None:
    hand, hospital, kinds = Hand(), Hospital(), list[str]()
    hospital.replies = lambda about: replies(len(hospital.asked))

    class Heard(Talk):
        def found(self, kind: str, said: Mapping[str, Any], sentence: str, *, data: bool = False) -> None:
            kinds.append(kind if kind != "endpoint" else "well" if said["well"] else "trouble")

    with Home(tmp_path, hospital, hand.clock) as home:
        home.accept(*(f"R{number} 0" for number in range(9)))

        async def story(desk: Desk) -> None:
            async with home.at_work(desk, clock=HALF, news=Reports(Heard())):
                for hand.seconds in (0.0, 0.1, 1.0, 2.0):
                    await asyncio.sleep(LOOK)
                    if told == ["trouble"] and dead:        # before one is tried, and dies
                        break

        home.told(story)
        assert [kind for kind in kinds if kind != "dead"] == told
        assert kinds.count("dead") == len(home.store.people.listed(state="dead")) == dead


# ---- the file of endpoints -----------------------------------------------------------------------------------------------------
def test_what_is_under_way_ends_with_the_old_endpoint_and_the_next_goes_to_the_new(tmp_path: Path) -> None:
    old, new = Hospital(lambda about: Reply(seconds=1.5)), Hospital()
    with Home(tmp_path, old) as home:
        home.accept("Mary 0", "Mary 1")

        async def story(desk: Desk) -> None:
            await new.open()
            async with home.at_work(desk):
                await becomes(lambda: old.asked == ["Mary 0"])
                home.changes(url=new.url)
                await becomes(lambda: new.took == ["Mary 1"])
            await new.close()

        home.told(story)
        assert (old.took, home.store.people.line(1).attempts) == (["Mary 0"], 1)


class Edited(Desk):
    """While it claims the file is edited, and that is seen."""

    def __init__(self, home: Home, url: str) -> None:
        super().__init__(home.store)
        self.home, self.url = home, url

    async def claim(self, *said: Any, **more: Any) -> list[Claimed]:
        claimed = await super().claim(*said, **more)
        if len(claimed) > 1 and "url" not in self.home.options:
            self.home.changes(url=self.url)
            await asyncio.sleep(2.5)
        return claimed


def test_what_is_claimed_while_the_file_is_edited_goes_to_the_new_endpoint(tmp_path: Path) -> None:
    old, new = Hospital(), Hospital()
    with Home(tmp_path, old) as home:
        home.accept(*(f"R{number} 0" for number in range(20)))
        home.others = {"other": {}}     # one more that looks at the file meanwhile

        async def story(desk: Desk) -> None:
            await new.open()
            with closing(Edited(home, new.url)) as edited:
                async with home.at_work(edited):
                    await becomes(lambda: len(old.asked) + len(new.took) == 20)
            await new.close()

        home.told(story)
        assert old.asked == ["R0 0"]
        assert {home.store.people.line(number).state for number in range(1, 21)} == {"done"}


def test_what_waits_for_an_endpoint_that_is_gone_waits(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.accept("Mary 0", endpoint="gone")
        home.accept("Mary 0")
        assert home.works().delivered == 1
        assert home.store.due("gone") == 0.0


# ---- at once -------------------------------------------------------------------------------------------------------------------
def test_what_the_working_process_accepts_itself_is_sent_at_once(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            async with home.at_work(desk, engine=Loop(poll=60.0)):
                await asyncio.sleep(0.3)
                for number in range(3):
                    await desk.accept([bundle(f"Mary {number}")])
                    await becomes(lambda: len(home.hospital.took) == number + 1)      # noqa: B023  # waited for within the turn

        home.told(story)


# ---- one that cannot be carried --------------------------------------------------------------------------------------------------
async def faulty(way: Way, payload: Payload, claimed: Claimed, now: Callable[[], float]) -> tuple[Decision, Mapping[str, int]]:
    if claimed.subject == "Mary":
        raise KeyError(CANARY)
    return await carry(way, payload, claimed, now)


def test_a_fault_of_ours_holds_one_lane_and_says_nothing_of_a_patient(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Home(tmp_path) as home:
        home.accept("Mary 0", "Mary 1", "Ida 0", "Tom 0")
        assert home.works(carry=faulty) == Summary(delivered=2, dead=1, waits=None)
        lane, = home.store.people.stuck()
        assert lane.because.startswith("a fault of this program, KeyError at ")
        assert lane.because in caplog.text
        assert CANARY not in caplog.text
    assert not any(CANARY.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_what_a_missing_key_has_sealed_waits_for_it_and_neither_dies_nor_is_in_anybodys_way(tmp_path: Path) -> None:
    hand, file = Hand(), tmp_path / "redbag.keys"
    Keyring.new(file)
    with Home(tmp_path, clock=hand.clock, keys=Keyring.load(file, {})) as home:
        home.accept(*(f"R{number} 0" for number in range(12)))
        whole = file.read_text()
        file.unlink()
        home.reopened(Keyring.new(file))
        home.store.failed("acute", hand.clock.now())                # it is not known whether the endpoint is back either
        home.accept("Ida 0")
        assert home.works() == Summary(delivered=1, dead=0, waits=600.0)
        assert home.store.opened("acute") == Breaker()
        line = home.store.people.line(1)
        assert (line.state, "is not in" in " ".join(line.says)) == ("queued", True)
        file.write_text(whole)
        hand.seconds = 601.0
        assert home.works() == Summary(delivered=12, dead=0, waits=None)


def test_a_key_that_is_new_while_the_worker_works_is_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "redbag.keys"
    with Home(tmp_path, keys=Keyring.new(file)) as home:
        async def story(desk: Desk) -> None:
            async with home.at_work(desk):
                home.accept("Mary 0")
                await becomes(lambda: home.hospital.took == ["Mary 0"])
                with closing(Store.open(str(tmp_path / "redbag.db"), Keyring.rotate(file))) as sending:
                    sending.accept([bundle("Mary 1")])
                await becomes(lambda: home.hospital.took == ["Mary 0", "Mary 1"])

        home.told(story)


def test_a_payload_that_is_damaged_holds_its_lane_and_others_go_on(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.accept("Mary 0", "Mary 1")
        home.reopened(Keyring({"k1": bytes(31) + b"1"}, "redbag.keys"))
        home.accept("Ida 0")
        assert home.works() == Summary(delivered=1, dead=1, waits=None)
        lane, = home.store.people.stuck()
        assert "the key k1 in redbag.keys is another one under the same name" in lane.because


# ---- clocks ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("ahead", "sent", "says"), [(600.0, True, 0), (4 * 86_400.0, False, 1)])
def test_what_is_accepted_by_a_clock_that_is_ahead_is_due_at_once_unless_it_cannot_be_right(
        tmp_path: Path, caplog: pytest.LogCaptureFixture, ahead: float, sent: bool, says: int) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            async with home.at_work(desk, lease=3.0):
                await becomes(lambda: "home" in home.store.beats())
                clock = Steady(wall=lambda: time.time() + ahead)
                with closing(Store.open(str(tmp_path / "redbag.db"), KEYS, clock=clock)) as sending:
                    sending.accept([bundle("Mary 0")])
                await asyncio.sleep(1.5)
                assert bool(home.hospital.took) is sent

        home.told(story)
        assert caplog.text.count("set the clocks of the machines right") == says
