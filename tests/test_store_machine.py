"""The store held against a plain Python model of the ledger (lanes.py), whatever is done to it in whatever order (Hypothesis).

Longer than 300 lines: whatever can be done to a store is one machine's rules, or what they do together would not be tried.
"""
from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from adapter.delivery.dialects.decision import About, Means
from adapter.delivery.store.errors import NotSo
from adapter.delivery.store.handing import Lost
from adapter.delivery.store.model import Claimed
from tests import stores
from tests.lanes import PUT_OFF, WHOLE, Delivery, Lane, arrived, blocked, woken

GP = "gp"
SUBJECTS = ("one", "two", GP)
ANY = st.integers(0, 1000)  # which of what there is


class Ledger(RuleBasedStateMachine):
    database = "SQLite"

    @initialize()
    def begin(self) -> None:
        fast = Path("/dev/shm")  # noqa: S108  # memory where there is such a thing: the disk is not what is tested here
        self.folder = Path(tempfile.mkdtemp(dir=fast if fast.is_dir() else None))
        self.hand = stores.Hand()
        self.store = stores.opened(stores.address(self.database, self.folder), self.hand)
        self.store.chance = lambda: 0.0
        self.lanes = {subject: Lane() for subject in SUBJECTS}
        self.events: dict[str, Delivery] = {}
        self.claims: list[Claimed] = []  # every one ever handed out, whether it holds or not
        self.workers: dict[int, str] = {}  # lane's claim: its delivery -> worker
        self.done: dict[str, list[int]] = {subject: [] for subject in SUBJECTS}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    @property
    def now(self) -> float:
        return self.store.clock.now()

    @property
    def any_free(self) -> bool:
        return any(lane.free(self.now) for lane in self.lanes.values())

    @property
    def any_flying(self) -> bool:
        return any(lane.flying for lane in self.lanes.values())

    def found(self, which: int, state: str | None = None) -> Delivery | None:
        there = [each for lane in self.lanes.values() for each in lane.deliveries if state in (None, each.state)]
        return there[which % len(there)] if there else None

    def lane_of(self, delivery: Delivery) -> Lane:
        return next(lane for lane in self.lanes.values() if delivery in lane.deliveries)

    # What is done

    @rule(subject=st.sampled_from(SUBJECTS), kind=st.sampled_from(("complete", "change", "change", "retraction")),
          content=st.sampled_from("ABC"), event=st.sampled_from((None, None, None, "e1", "e2")),
          urgent=st.sampled_from((False, False, True)), lives=st.sampled_from((None, None, None, 4.0)), needs=st.booleans())
    def accept(self, subject: str, kind: Any, content: str, event: str | None, urgent: bool, lives: float | None, needs: bool) -> None:
        self._accept(subject, kind, content, event, urgent, lives, (GP,) if needs and subject != GP else ())

    def _accept(
        self, subject: str, kind: Any, content: str, event: str | None = None, urgent: bool = False, lives: float | None = None,
        needs: tuple[str, ...] = (),
    ) -> None:
        expires = None if lives is None else self.now + lives
        [receipt] = self.store.accept(
            [stores.item(subject, content, kind, event=event, urgent=urgent, lasts=lives, needs=needs)])
        lane, said, before = self.lanes[subject], (kind, content), self.events.get(event or "")
        latest = lane.deliveries[-1] if lane.deliveries else None
        if event is None and latest is not None and latest.said == said and latest.state != "dead":
            before = latest
        if before is not None:
            self._told_again(before, before.said == said, receipt, urgent)
            return
        assert receipt.became == "accepted"
        new = Delivery(receipt.delivery or 0, kind, said, urgent, expires, needs, since=receipt.delivery or 0)
        new.waits = any(self.lanes[each].queued or self.lanes[each].refused for each in needs)
        assert receipt.superseded == lane.accepted(new, self.now)
        if event is not None:
            self.events[event] = new

    def _told_again(self, before: Delivery, same: bool, receipt: Any, urgent: bool) -> None:
        assert (receipt.became, receipt.delivery) == ("repeat" if same else "conflict", before.id)
        assert receipt.dead == (same and before.state == "dead")
        if same and urgent and before.state == "queued":
            before.urgent = True

    @precondition(lambda self: self.any_free)
    @rule(worker=st.sampled_from(("w1", "w2")), most=st.integers(1, 4), urgent_only=st.booleans())
    def claim(self, worker: str, most: int, urgent_only: bool) -> None:
        """What has expired is swept first."""
        swept = sum(self._expire(subject) for subject, lane in self.lanes.items() if lane.flying is None)
        assert self.store.expire(stores.HOSPITAL) == swept
        self._claim(worker, most, urgent_only)

    @precondition(lambda self: self.any_free)
    @rule(worker=st.sampled_from(("w1", "w2")))
    def claim_all(self, worker: str) -> None:
        """What has expired is met on the way."""
        for subject, lane in self.lanes.items():
            while lane.free(self.now) and self._expire(subject, once=True):
                pass
        self._claim(worker, 100, urgent_only=False)

    def _expire(self, subject: str, once: bool = False) -> int:
        count, lane = 0, self.lanes[subject]
        while lane.first and lane.first.late(self.now) and not (once and count):
            lane.dies(lane.first, self.now)
            woken(subject, self.lanes, self.now)
            count += 1
        return count

    def _claim(self, worker: str, most: int, urgent_only: bool) -> None:
        urgent = {subject for subject, lane in self.lanes.items() if lane.free(self.now) and self._is_urgent(subject)}
        due = {subject: lane for subject, lane in self.lanes.items() if lane.free(self.now)}
        waiting = {subject: lane for subject, lane in due.items() if lane.first and blocked(lane.first, self.lanes)}
        if any(self.lanes[subject].urgent for subject in waiting) and GP in due:
            urgent.add(GP)  # what an urgent one waits for is urgent
        ready = {subject for subject in due if subject not in waiting and (subject in urgent or not urgent_only)}
        claims = self.store.claim(worker, stores.HOSPITAL, most, urgent_only=urgent_only)
        assert len(claims) == min(most, len(ready))
        assert {each.subject for each in claims} <= ready
        assert {each.subject for each in claims[:len(urgent & ready)]} <= urgent  # urgent lanes first
        for each in claims:
            self._handed_out(each, worker)
        for subject, lane in waiting.items():
            found = self.store.people.listed(subject=subject, most=1)[0].due
            assert found == self.now + PUT_OFF or (found == lane.due and most < 100)  # whether it was looked at
            lane.due = found or 0.0

    def _is_urgent(self, subject: str) -> bool:
        """Or was raised for another's sake."""
        [newest] = self.store.people.listed(subject=subject, most=1)
        found = self.store.people.show(newest.id, most=1).lane.urgent
        assert found >= self.lanes[subject].urgent
        assert found == self.lanes[subject].urgent or subject == GP
        return found

    def _handed_out(self, claim: Claimed, worker: str) -> None:
        lane = self.lanes[claim.subject]
        [first, *_] = lane.queued
        assert lane.flying is None  # one at a time
        assert claim.delivery == first.id  # in order
        assert claim.attempt == first.attempts + 1
        assert self.store.open_payload(claim).body.decode() == first.said[1]
        assert not (first.kind == "change" and lane.refused)  # what was refused is passed by what says the whole, and by nothing else
        assert not first.waits  # not before what it needs
        lane.flying = claim
        self.workers[claim.delivery] = worker
        self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(which=ANY, means=st.sampled_from([*Means, Means.DELIVERED, Means.DEAD]), about=st.sampled_from(About), on=st.booleans(),
          later=st.sampled_from((None, 2.0)), meanwhile=st.sampled_from((None, None, "complete", "change")))
    def settle(self, which: int, means: Means, about: About, on: bool, later: float | None, meanwhile: str | None) -> None:
        self._settle(self._a_claim(which), means, about, on, later, meanwhile)

    @precondition(lambda self: self.any_flying)
    @rule(which=ANY, means=st.sampled_from((Means.DELIVERED, Means.RETRY, Means.DEAD)), meanwhile=st.sampled_from((None, *WHOLE, "change")))
    def settle_what_is_in_flight(self, which: int, means: Means, meanwhile: str | None) -> None:
        self._settle(self._a_claim(which or 1), means, About.DELIVERY, False, None, meanwhile)

    def _settle(self, claim: Claimed, means: Means, about: About, on: bool, later: float | None, meanwhile: str | None) -> None:
        if meanwhile is not None:
            self._accept(claim.subject, meanwhile, "D")
        at = None if later is None else self.now + later
        [result] = self.store.settle([(claim, stores.came(means, at=at, about=about))], on)
        lane = self.lanes[claim.subject]
        if lane.flying != claim:
            assert result == Lost(claim.delivery)
            return
        self._settled(claim, means, about, at)
        assert isinstance(result, Claimed) == (on and self._goes_on(lane, claim.delivery))
        if isinstance(result, Claimed):
            self._handed_out(result, self.workers[claim.delivery])

    def _goes_on(self, lane: Lane, settled: int) -> bool:
        if lane.state != "active" or lane.first is None or lane.first.id == settled:
            return False
        return not lane.first.late(self.now) and not blocked(lane.first, self.lanes)

    def _a_claim(self, which: int) -> Claimed:
        """Mostly one that holds, at times one that does not."""
        holding = [lane.flying for lane in self.lanes.values() if lane.flying]
        return holding[which % len(holding)] if holding and which % 7 else self.claims[-1 - which % len(self.claims)]

    def _settled(self, claim: Claimed, means: Means, about: About, at: float | None) -> None:
        lane, delivery = self.lanes[claim.subject], self.lanes[claim.subject].queued[0]
        again = means in (Means.RETRY, Means.AMBIGUOUS)
        delivery.attempts += not again or about is About.DELIVERY
        delivery.skipped = False
        if again:
            if lane.back(delivery, self.now):
                lane.due = min(at or self.now, delivery.expires or 1e18)
                return
        elif means is Means.DELIVERED:
            delivery.state = "done"
            self.done[claim.subject].append(delivery.id)
            arrived(claim.subject, self.lanes)
            lane.goes_on(self.now)
        else:
            lane.dies(delivery, self.now)
        woken(claim.subject, self.lanes, self.now)

    def _given_back(self, lane: Lane) -> None:
        subject = next(name for name, each in self.lanes.items() if each is lane)
        if not lane.back(lane.queued[0], self.now):
            woken(subject, self.lanes, self.now)

    @precondition(lambda self: self.any_flying)
    @rule(which=ANY)
    def give_back(self, which: int) -> None:
        claim = self._a_claim(which)
        self.store.release([claim])
        if self.lanes[claim.subject].flying == claim:
            self._given_back(self.lanes[claim.subject])

    @precondition(lambda self: self.any_flying)
    @rule(worker=st.sampled_from(("w1", "w2")))
    def bury(self, worker: str) -> None:
        lanes = [lane for lane in self.lanes.values() if lane.flying and self.workers[lane.flying.delivery] == worker]
        assert self.store.bury([worker]) == len(lanes)
        for lane in lanes:
            self._given_back(lane)

    @precondition(lambda self: any(lane.queued for lane in self.lanes.values()))
    @rule(seconds=st.sampled_from((1.0, 3.0, 10.0)))
    def wait(self, seconds: float) -> None:
        self.hand.passed += seconds

    # What people do

    @precondition(lambda self: self.found(0, "dead"))
    @rule(which=ANY)
    def replay(self, which: int) -> None:
        if (delivery := self.found(which, "dead")) is None:
            return
        lane = self.lane_of(delivery)
        later = [each for each in lane.deliveries if each.id > delivery.id and each.state != "superseded" and not (
            each.state == "dead" and each.skipped)]
        stops = any(each.state in ("done", "dead") or lane.is_flying(each) or each.kind in WHOLE for each in later)
        if self._refused(stops, lambda: self.store.people.replay(delivery.id)):
            return
        delivery.state, delivery.expires = "queued", None
        self._decided(lane)

    @precondition(lambda self: self.found(0, "dead"))
    @rule(which=ANY)
    def skip(self, which: int) -> None:
        if (delivery := self.found(which)) is None:
            return
        lane = self.lane_of(delivery)
        stops = delivery.state not in ("queued", "dead") or lane.is_flying(delivery) or (delivery.state == "dead" and lane.held != "dead")
        if self._refused(stops, lambda: self.store.people.skip(delivery.id)):
            return
        delivery.state, delivery.skipped = "dead", True
        self._decided(lane, settled=True)

    @precondition(lambda self: self.found(0, "dead"))
    @rule(which=ANY)
    def at_the_endpoint_already(self, which: int) -> None:
        if (delivery := self.found(which)) is None:
            return
        lane = self.lane_of(delivery)
        stops = delivery.state not in ("queued", "dead") or lane.is_flying(delivery)
        if self._refused(stops, lambda: self.store.people.found(delivery.id, "It is there.")):
            return
        delivery.state, delivery.skipped = "done", False
        self._decided(lane, settled=True)

    def _decided(self, lane: Lane, settled: bool = False) -> None:
        subject = next(name for name, each in self.lanes.items() if each is lane)
        if settled:
            arrived(subject, self.lanes)
        lane.decided(self.now)
        woken(subject, self.lanes, self.now)

    @precondition(lambda self: self.any_flying)
    @rule(subject=st.sampled_from(SUBJECTS), rarely=st.sampled_from((False, False, False, True)))
    def hold(self, subject: str, rarely: bool) -> None:
        if rarely and (lane := self._lane_id(subject)):
            self.store.people.hold(lane, "wait for the ward")
            self.lanes[subject].held = "hand"

    @precondition(lambda self: any(lane.held for lane in self.lanes.values()))
    @rule(subject=st.sampled_from(SUBJECTS))
    def let_go(self, subject: str) -> None:
        if not (of := self._lane_id(subject)):
            return
        lane = self.lanes[subject]
        if self._refused(lane.held != "hand", lambda: self.store.people.release(of)):
            return
        lane.held = ""
        self._decided(lane)

    def _lane_id(self, subject: str) -> int | None:
        lines = self.store.people.listed(subject=subject, most=1)
        return lines[0].lane if lines else None

    def _refused(self, stops: bool, do: Any) -> bool:
        try:
            do()
        except NotSo:
            assert stops
            return True
        assert not stops
        return False

    # What always holds

    @invariant()
    def nothing_is_lost_and_all_is_told(self) -> None:
        there = {line.id: line for line in self.store.people.listed(most=1000)}
        lanes = [(each, lane) for lane in self.lanes.values() for each in lane.deliveries]
        assert {of: line.state for of, line in there.items()} == {each.id: each.state for each, _ in lanes}
        for each, lane in lanes:
            line = there[each.id]
            assert (line.lane_state, line.held, line.attempts, line.urgent) == (lane.state, lane.held, each.attempts, each.urgent)
            assert line.in_flight == lane.is_flying(each)

    @invariant()
    def counts_reconcile(self) -> None:
        for counts in self.store.people.counts():
            assert counts.reconciled
            assert counts.accepted == sum(len(lane.deliveries) for lane in self.lanes.values())

    @invariant()
    def each_lane_in_order(self) -> None:
        assert all(done == sorted(done) for done in self.done.values())

    @invariant()
    def somebody_will_look(self) -> None:
        """Whatever may be sent has a time when it is due."""
        waits = [lane.due for lane in self.lanes.values() if lane.state == "active" and lane.flying is None]
        due = self.store.due(stores.HOSPITAL)
        assert due == (max(min(waits) - self.now, 0.0) if waits else None)


@pytest.mark.parametrize(("database", "examples"), [("SQLite", 60), ("PostgreSQL", 12)])
def test_the_store_does_what_the_ledger_says(database: str, examples: int, tmp_path: Path) -> None:
    stores.address(database, tmp_path)  # skips where there is no such database
    machine = type("Ledger", (Ledger,), {"database": database})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None))
