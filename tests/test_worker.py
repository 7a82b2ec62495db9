"""A worker at work, told as stories: a real store, a hospital on the loopback that answers by script. Counted at the hospital."""
from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.delivery.client import FhirClient
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.retry import Clock
from adapter.delivery.store.desk import Desk
from adapter.delivery.work.worker import Summary
from tests.at_work import Home, Hospital, Reply, becomes

EVERYBODY = ("Mary", "Ida", "Tom")


# ---- in order, once, and nobody waits for another -----------------------------------------------------------------------------
def test_everything_is_sent_in_the_order_of_each_resident(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.accept(*(f"{who} {number}" for number in range(20) for who in EVERYBODY))
        assert home.works() == Summary(delivered=60, dead=0, waits=None)
        assert home.lanes() == {who: [f"{who} {number}" for number in range(20)] for who in EVERYBODY}


def test_a_b_a_is_three_and_a_a_is_one(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.accept("Mary a", "Mary b", "Mary a", "Mary a")
        assert home.works().delivered == 3
        assert home.hospital.took == ["Mary a", "Mary b", "Mary a"]


def test_a_poisoned_resident_delays_nobody_and_holds_her_own(tmp_path: Path) -> None:
    with Home(tmp_path, Hospital(lambda about: Reply(422 if about == "Mary 0" else 200)), concurrency=1) as home:
        home.accept(*(f"{who} {number}" for number in range(3) for who in EVERYBODY))
        assert home.works() == Summary(delivered=6, dead=1, waits=None)
        assert home.lanes() == {who: [f"{who} {number}" for number in range(3)] for who in ("Ida", "Tom")}
        lane, = home.store.people.stuck()
        assert (lane.waiting, lane.held) == (2, "dead")
        assert "its rules refuse the content" in lane.because


def test_a_complete_one_passes_a_held_lane(tmp_path: Path) -> None:
    with Home(tmp_path, Hospital(lambda about: Reply(422 if about == "Mary 0" else 200))) as home:
        home.accept("Mary 0", "Mary 1")
        home.works()
        receipt, = home.accept("Mary 2", kind="complete")
        assert (receipt.became, receipt.superseded) == ("accepted", 1)
        assert home.works().delivered == 1
        assert home.hospital.took == ["Mary 2"]
        assert home.store.people.stuck() == []


def test_what_is_tried_again_goes_under_the_same_id_and_before_what_is_behind_it(tmp_path: Path) -> None:
    hospital = Hospital()
    hospital.replies = lambda about: Reply(408 if hospital.asked.count(about) <= 2 and about == "Mary 0" else 200)
    with Home(tmp_path, hospital) as home:
        home.store.chance = lambda: 0.1
        home.accept("Mary 0", "Mary 1")
        assert home.works().delivered == 2
        assert hospital.asked == ["Mary 0", "Mary 0", "Mary 0", "Mary 1"]
        assert len(hospital.ids["Mary 0"]) == 1


def test_an_answer_that_is_lost_is_asked_for_again(tmp_path: Path) -> None:
    hospital = Hospital()
    hospital.replies = lambda about: Reply(hangs_up=hospital.asked.count(about) == 1)
    with Home(tmp_path, hospital) as home:
        home.store.chance = lambda: 0.1
        home.accept("Mary 0", "Mary 1")
        assert home.works().delivered == 2
        assert hospital.took == ["Mary 0", "Mary 0", "Mary 1", "Mary 1"]
        assert {about: len(ids) for about, ids in hospital.ids.items()} == {"Mary 0": 1, "Mary 1": 1}


def test_urgent_lanes_go_first(tmp_path: Path) -> None:
    with Home(tmp_path, concurrency=1) as home:
        home.accept(*(f"R{number} 0" for number in range(40)))
        home.accept("Mary 0", urgent=True)
        home.works()
        assert home.hospital.took[0] == "Mary 0"


def test_one_whose_time_is_over_dies_and_what_is_behind_it_goes_on_when_it_says_all(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.accept("Mary 0", lasts=0.0)
        home.accept("Ida 0")
        assert home.works() == Summary(delivered=1, dead=0, waits=None)
        assert home.hospital.asked == ["Ida 0"]
        lane, = home.store.people.stuck()
        assert "its time ran out" in lane.because


def test_in_quiet_hours_only_what_is_urgent_is_sent(tmp_path: Path) -> None:
    night, morning = (Clock(now=lambda hour=hour: datetime(2026, 11, 3, hour, tzinfo=UTC)) for hour in (4, 7))      # type: ignore[misc]
    with Home(tmp_path, quiet=["22:00-06:00"]) as home:
        home.accept("Ida 0", "Ida 1", "Tom 0")
        home.accept("Mary 0", urgent=True)
        summary = home.works(clock=night)
        assert (home.hospital.took, summary.delivered) == (["Mary 0"], 1)
        assert summary.waits == 2 * 3600.0
        assert home.works(clock=morning).delivered == 3


def test_an_endpoint_that_is_slow_or_cannot_be_had_keeps_no_other_waiting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    slow = Hospital(lambda about: Reply(seconds=20))

    def connecting(endpoint: Endpoint, **more: Any) -> FhirClient:
        if endpoint.name == "gone":
            raise FileNotFoundError("/private/certificate.pem")
        return connect(endpoint, **more)

    with Home(tmp_path) as home:
        for name in ("acute", "slow", "gone"):
            home.accept(*(f"R{number} 0" for number in range(10)), endpoint=name)

        async def story(desk: Desk) -> None:
            await slow.open()
            home.others = {"slow": {"url": slow.url}, "gone": {}}
            async with home.at_work(desk, connect=connecting, grace=0.1):
                await becomes(lambda: len(home.hospital.took) == 10 and len(slow.asked) == 1)
            await slow.close()

        home.told(story)
        assert "nothing can be sent to gone (FileNotFoundError)" in caplog.text
        assert home.store.due("gone") == home.store.due("slow") == 0.0


# ---- how many at once ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("most", [1, 3, 8])
def test_so_many_are_under_way_at_once_and_never_more(tmp_path: Path, most: int) -> None:
    with Home(tmp_path, Hospital(lambda about: Reply(seconds=0.05)), concurrency=most) as home:
        home.accept(*(f"R{number} {turn}" for turn in range(2) for number in range(4 * most)))
        home.works()
        assert home.hospital.most == most


def test_it_begins_with_one_and_becomes_more_with_every_answer(tmp_path: Path) -> None:
    hospital = Hospital()
    at_once = list[int]()

    def replies(about: str) -> Reply:
        at_once.append(hospital.in_hand)
        return Reply(seconds=0.05)

    hospital.replies = replies
    with Home(tmp_path, hospital) as home:
        home.accept(*(f"R{number} 0" for number in range(30)))
        home.works()
        assert at_once[:2] == [1, 1] or at_once[:3] == [1, 1, 2]
        assert all(many <= answered + 1 for answered, many in enumerate(at_once))
        assert max(at_once) == 8


def test_only_so_many_a_second(tmp_path: Path) -> None:
    with Home(tmp_path, rate=20.0) as home:
        home.accept(*(f"R{number} 0" for number in range(10)))
        home.works()
        at = home.hospital.at
        assert len(at) == 10
        assert at[-1] - at[0] > 8.5 / 20


def test_waiting_for_its_turn_is_not_of_the_time_that_a_resident_may_take(tmp_path: Path) -> None:
    with Home(tmp_path, rate=5.0, seconds=1) as home:
        home.accept(*(f"R{number} 0" for number in range(20)))
        assert home.works().delivered == 20
        assert {home.store.people.line(number).attempts for number in range(1, 21)} == {1}


# ---- it is told to stop --------------------------------------------------------------------------------------------------------
async def stopped_when(home: Home, desk: Desk, asked: int, until_idle: bool = False, **more: Any) -> Summary:
    """A worker that is told to stop when the hospital has so many requests."""
    stop = asyncio.Event()
    running = asyncio.create_task(home.worker(desk, **more).run(stop, until_idle=until_idle))
    await becomes(lambda: len(home.hospital.asked) == asked)
    stop.set()
    return await running


@pytest.mark.parametrize("until_idle", [False, True])
def test_what_is_in_flight_is_finished_and_the_rest_is_left(tmp_path: Path, until_idle: bool) -> None:
    with Home(tmp_path, Hospital(lambda about: Reply(seconds=0.3)), concurrency=2) as home:
        home.accept(*(f"{who} {number}" for number in range(9) for who in EVERYBODY))

        assert home.told(lambda desk: stopped_when(home, desk, 3, until_idle)).delivered == len(home.hospital.took) == 3
        assert home.hospital.asked == home.hospital.took
        waiting, = home.store.people.counts()
        assert (waiting.waiting, home.store.beats()) == (24, {})
        home.hospital.replies = lambda about: Reply()
        assert home.works().delivered == 24
        assert home.lanes() == {who: [f"{who} {number}" for number in range(9)] for who in EVERYBODY}


def test_what_does_not_end_in_time_is_cut_off_and_sent_again(tmp_path: Path) -> None:
    hospital = Hospital(lambda about: Reply(seconds=20 if hospital.asked.count(about) == 1 else 0))
    with Home(tmp_path, hospital) as home:
        home.accept("Mary 0")

        assert home.told(lambda desk: stopped_when(home, desk, 1, grace=0.1)).delivered == 0
        assert home.works().delivered == 1
        assert (hospital.asked, len(hospital.ids["Mary 0"])) == (["Mary 0", "Mary 0"], 1)
