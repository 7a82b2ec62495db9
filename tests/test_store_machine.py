"""The store held against a plain Python model of the ledger, whatever is done to it in whatever order (Hypothesis)."""
from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
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

SUBJECTS = ("one", "two")
WHOLE = ("complete", "retraction")
ANY = st.integers(0, 1000)  # which of what there is


@dataclass
class Delivery:
    id: int
    kind: str
    said: tuple[str, str]  # kind and content: what a repeat repeats
    urgent: bool
    expires: float | None
    state: str = "queued"
    attempts: int = 0


@dataclass
class Lane:
    deliveries: list[Delivery] = field(default_factory=list)
    held: str = ""
    due: float = 0.0
    flying: Claimed | None = None

    @property
    def queued(self) -> list[Delivery]:
        return [each for each in self.deliveries if each.state == "queued"]

    @property
    def state(self) -> str:
        return "held" if self.held else "active" if self.queued else "idle"

    @property
    def urgent(self) -> bool:
        return any(each.urgent for each in self.queued)

    def claimable(self, now: float) -> bool:
        return self.state == "active" and self.flying is None and self.due <= now

    def goes_on(self, now: float) -> None:
        self.flying, self.due = None, now

    def dies(self, delivery: Delivery, now: float) -> None:
        delivery.state = "dead"
        self.goes_on(now)
        if self.held in ("", "dead"):
            self.held = "" if self.queued and self.queued[0].kind in WHOLE else "dead"


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

    def found(self, which: int, state: str | None = None) -> Delivery | None:
        there = [each for lane in self.lanes.values() for each in lane.deliveries if state in (None, each.state)]
        return there[which % len(there)] if there else None

    def lane_of(self, delivery: Delivery) -> Lane:
        return next(lane for lane in self.lanes.values() if delivery in lane.deliveries)

    # What is done

    @rule(subject=st.sampled_from(SUBJECTS), kind=st.sampled_from(("complete", "change", "change", "retraction")),
          content=st.sampled_from("ABC"), event=st.sampled_from((None, None, None, "e1", "e2")),
          urgent=st.sampled_from((False, False, True)), lives=st.sampled_from((None, None, None, 4.0)))
    def accept(self, subject: str, kind: Any, content: str, event: str | None, urgent: bool, lives: float | None) -> None:
        self._accept(subject, kind, content, event, urgent, lives)

    def _accept(
        self, subject: str, kind: Any, content: str, event: str | None = None, urgent: bool = False, lives: float | None = None,
    ) -> None:
        expires = None if lives is None else self.now + lives
        [receipt] = self.store.accept(
            [stores.item(subject, content, kind, event=event, urgent=urgent, lasts=lives)])
        lane, said, before = self.lanes[subject], (kind, content), self.events.get(event or "")
        latest = lane.deliveries[-1] if lane.deliveries else None
        if event is None and latest is not None and latest.said == said and latest.state != "dead":
            before = latest
        if before is not None:
            self._told_again(before, before.said == said, receipt, urgent)
            return
        assert receipt.became == "accepted"
        self._accepted(lane, Delivery(receipt.delivery or 0, kind, said, urgent, expires), event, receipt.superseded)

    def _told_again(self, before: Delivery, same: bool, receipt: Any, urgent: bool) -> None:
        assert (receipt.became, receipt.delivery) == ("repeat" if same else "conflict", before.id)
        if same and urgent and before.state == "queued":
            before.urgent = True

    def _accepted(self, lane: Lane, delivery: Delivery, event: str | None, superseded: int) -> None:
        if delivery.kind in WHOLE:
            gone = [each for each in lane.queued if each.kind != "retraction" and not (lane.flying and lane.flying.delivery == each.id)]
            for each in gone:
                each.state = "superseded"
            assert superseded == len(gone)
            if lane.held == "dead":
                lane.held, lane.due = "", self.now
        if not lane.queued:
            lane.due = self.now
        lane.deliveries.append(delivery)
        if event is not None:
            self.events[event] = delivery

    @rule(worker=st.sampled_from(("w1", "w2")), most=st.integers(1, 3), urgent_only=st.booleans())
    def claim(self, worker: str, most: int, urgent_only: bool) -> None:
        """What has expired is swept first."""
        assert self.store.expire(stores.HOSPITAL) == sum(self._expire(lane) for lane in self.lanes.values() if lane.flying is None)
        self._claim(worker, most, urgent_only)

    @rule(worker=st.sampled_from(("w1", "w2")))
    def claim_all(self, worker: str) -> None:
        """What has expired is met on the way."""
        for lane in self.lanes.values():
            while lane.claimable(self.now) and self._expire(lane, once=True):
                pass
        self._claim(worker, 100, urgent_only=False)

    def _expire(self, lane: Lane, once: bool = False) -> int:
        count = 0
        while (first := next(iter(lane.queued), None)) and first.expires is not None and first.expires < self.now:
            lane.dies(first, self.now)
            count += 1
            if once:
                break
        return count

    def _claim(self, worker: str, most: int, urgent_only: bool) -> None:
        ready = {subject: lane for subject, lane in self.lanes.items() if lane.claimable(self.now) and (lane.urgent or not urgent_only)}
        urgent = {subject for subject, lane in ready.items() if lane.urgent}
        claims = self.store.claim(worker, stores.HOSPITAL, most, urgent_only=urgent_only)
        assert len(claims) == min(most, len(ready))
        assert {each.subject for each in claims[:len(urgent)]} <= urgent  # urgent lanes first
        for each in claims:
            self._handed_out(each, worker)

    def _handed_out(self, claim: Claimed, worker: str) -> None:
        lane = self.lanes[claim.subject]
        assert lane.flying is None  # one at a time
        assert claim.delivery == lane.queued[0].id  # in order
        assert claim.attempt == lane.queued[0].attempts + 1
        assert self.store.open_payload(claim).body.decode() == lane.queued[0].said[1]
        lane.flying = claim
        self.workers[claim.delivery] = worker
        self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(which=ANY, means=st.sampled_from([*Means, Means.DELIVERED, Means.DEAD]), about=st.sampled_from(About), on=st.booleans(),
          later=st.sampled_from((None, 2.0)), meanwhile=st.sampled_from((None, None, "complete", "change")))
    def settle(self, which: int, means: Means, about: About, on: bool, later: float | None, meanwhile: str | None) -> None:
        claim = self.claims[-1 - which % min(len(self.claims), 3)]  # mostly one that holds, at times one that does not
        if meanwhile is not None:
            self._accept(claim.subject, meanwhile, "D")
        at = None if later is None else self.now + later
        [result] = self.store.settle([(claim, stores.came(means, at=at, about=about))], on)
        lane = self.lanes[claim.subject]
        if lane.flying != claim:
            assert result == Lost(claim.delivery)
            return
        delivery, worker = lane.queued[0], self.workers[claim.delivery]
        again = means in (Means.RETRY, Means.AMBIGUOUS)
        delivery.attempts += not again or about is About.DELIVERY
        lane.goes_on(self.now)
        if again:
            lane.due = min(at or self.now, delivery.expires or 1e18)
        elif means is Means.DELIVERED:
            delivery.state = "done"
            self.done[claim.subject].append(delivery.id)
        else:
            lane.dies(delivery, self.now)
        following = next(iter(lane.queued), None)
        goes = on and not again and not lane.held and following and not (following.expires is not None and following.expires < self.now)
        assert isinstance(result, Claimed) == bool(goes)
        if isinstance(result, Claimed):
            self._handed_out(result, worker)

    @precondition(lambda self: self.claims)
    @rule(which=ANY)
    def give_back(self, which: int) -> None:
        claim = self.claims[-1 - which % min(len(self.claims), 3)]  # mostly one that holds, at times one that does not
        self.store.release([claim])
        if self.lanes[claim.subject].flying == claim:
            self.lanes[claim.subject].goes_on(self.now)

    @rule(worker=st.sampled_from(("w1", "w2")))
    def bury(self, worker: str) -> None:
        lanes = [lane for lane in self.lanes.values() if lane.flying and self.workers[lane.flying.delivery] == worker]
        assert self.store.bury([worker]) == len(lanes)
        for lane in lanes:
            lane.goes_on(self.now)

    @rule(seconds=st.sampled_from((1.0, 3.0, 10.0)))
    def wait(self, seconds: float) -> None:
        self.hand.passed += seconds

    # What people do

    @rule(which=ANY)
    def replay(self, which: int) -> None:
        if (delivery := self.found(which, "dead")) is None:
            return
        lane = self.lane_of(delivery)
        later = [each for each in lane.deliveries if each.id > delivery.id]
        flying = lane.flying.delivery if lane.flying else None
        stops = any(each.state == "done" or each.id == flying or (each.state == "queued" and each.kind in WHOLE) for each in later)
        if self._refused(stops, lambda: self.store.people.replay(delivery.id)):
            return
        delivery.state, delivery.expires = "queued", None
        lane.held = "" if lane.held == "dead" else lane.held
        lane.due = self.now

    @rule(which=ANY)
    def skip(self, which: int) -> None:
        if (delivery := self.found(which)) is None:
            return
        lane = self.lane_of(delivery)
        flying = lane.flying is not None and lane.flying.delivery == delivery.id
        stops = delivery.state not in ("queued", "dead") or flying or (delivery.state == "dead" and lane.held != "dead")
        if self._refused(stops, lambda: self.store.people.skip(delivery.id)):
            return
        if delivery.state == "dead":
            lane.held = ""
        delivery.state, delivery.said = "dead", delivery.said
        lane.due = self.now
        self.skipped.add(delivery.id)

    @property
    def skipped(self) -> set[int]:
        return self.__dict__.setdefault("_skipped", set())

    @rule(subject=st.sampled_from(SUBJECTS), rarely=st.sampled_from((False, False, False, True)))
    def hold(self, subject: str, rarely: bool) -> None:
        if rarely and (lane := self._lane_id(subject)):
            self.store.people.hold(lane, "wait for the ward")
            self.lanes[subject].held = "hand"

    @rule(subject=st.sampled_from(SUBJECTS))
    def let_go(self, subject: str) -> None:
        if not (of := self._lane_id(subject)):
            return
        lane = self.lanes[subject]
        if self._refused(lane.held != "hand", lambda: self.store.people.release(of)):
            return
        first = next(iter(lane.queued), None)
        settled = [each for each in lane.deliveries if each.state in ("done", "dead") and (first is None or each.id < first.id)]
        refused = settled and settled[-1].state == "dead" and settled[-1].id not in self.skipped
        lane.held = "dead" if refused and not (first and first.kind in WHOLE) else ""
        lane.due = self.now

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
            assert line.in_flight == (lane.flying is not None and lane.flying.delivery == each.id)

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


@pytest.mark.parametrize(("database", "examples"), [("SQLite", 80), ("PostgreSQL", 20)])
def test_the_store_does_what_the_ledger_says(database: str, examples: int, tmp_path: Path) -> None:
    stores.address(database, tmp_path)  # skips where there is no such database
    machine = type("Ledger", (Ledger,), {"database": database})
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None))
