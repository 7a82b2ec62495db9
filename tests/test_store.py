"""The store of deliveries, in stories, each on SQLite and on PostgreSQL. Longer than 300 lines: a story for everything it promises."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.delivery.accepting import items
from adapter.delivery.dialects.decision import About, Means
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.store.clock import Steady
from adapter.delivery.store.errors import NotSo, StoreFull, WorkerRunning
from adapter.delivery.store.handing import Lost
from adapter.delivery.store.model import Claimed, Item, Payload
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.sql import metadata
from adapter.delivery.store.store import Breaker, Store
from tests.hospital import BAG
from tests.stores import BEGAN, HOSPITAL, KEYS, Hand, became, bodies, came, item, opened, stores

GP = "Organization/0f6e"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest, tmp_path: Path, hand: Hand) -> Iterator[Store]:
    yield from stores(request.param, tmp_path, hand)


def claim(store: Store, most: int = 8, worker: str = "w") -> list[Claimed]:
    return store.claim(worker, HOSPITAL, most)


def states(store: Store) -> list[str]:
    return [line.state for line in reversed(store.people.listed())]


# Accepting

def test_a_b_a_is_three_and_a_a_is_one(store: Store) -> None:
    assert became(store.accept([item(body=each) for each in "ABA"])) == ["accepted"] * 3
    [again] = store.accept([item(body="A")])
    assert (again.became, again.delivery) == ("repeat", 3)


def test_what_is_accepted_in_one_go_is_as_if_it_came_one_by_one(store: Store) -> None:
    receipts = store.accept([item(body="A"), item(body="A"), item(body="B"), item("another", "A"), item(body="C", kind="complete")])
    assert became(receipts) == ["accepted", "repeat", "accepted", "accepted", "accepted"]
    assert receipts[-1].superseded == 2
    assert states(store) == ["superseded", "superseded", "queued", "queued"]


def test_an_events_id_is_one_delivery(store: Store) -> None:
    store.accept([item(body="A", event="e1"), item(body="B", event="e2")])
    receipts = store.accept([item(body="A", event="e1"), item(body="X", event="e1"), item("another", "A", event="e1")])
    assert became(receipts) == ["repeat", "conflict", "repeat"]
    assert len(states(store)) == 2


def test_an_event_that_was_refused_and_is_told_again_is_a_repeat_that_says_so(store: Store) -> None:
    store.accept([item(event="e1"), item("another", event="e2")])
    store.settle([(each, came(Means.DEAD)) for each in claim(store) if each.delivery == 1])
    first, second = store.accept([item(event="e1"), item("another", event="e2")])
    assert (first.became, first.delivery, first.dead) == ("repeat", 1, True)
    assert "delivery 1, which was refused" in first.says
    assert (second.became, second.dead) == ("repeat", False)


def test_a_refused_one_that_is_sent_again_is_a_new_one(store: Store) -> None:
    store.accept([item()])
    store.settle([(each, came(Means.DEAD, "No such ward.")) for each in claim(store)])
    [receipt] = store.accept([item()])
    assert (receipt.became, receipt.delivery) == ("accepted", 2)
    assert "No such ward." in receipt.says


def test_an_older_record_is_not_accepted_unless_it_is_meant(store: Store) -> None:
    store.accept([item(body="B", as_of="2026-02-01T08:00:00Z")])
    older = item(body="A", as_of="2026-01-31T23:00:00Z")
    assert became(store.accept([older])) == ["older"]
    assert became(store.accept([replace(older, older=True)])) == ["accepted"]


@pytest.mark.parametrize(("kind", "queue", "left"), [
    ("change", ["complete", "change"], ["queued", "queued", "queued"]),
    ("complete", ["complete", "change"], ["superseded", "superseded", "queued"]),
    ("complete", ["retraction", "change"], ["queued", "superseded", "queued"]),
    ("retraction", ["complete", "change"], ["superseded", "superseded", "queued"]),
    ("retraction", ["retraction", "change"], ["queued", "superseded", "queued"]),
])
def test_what_says_the_whole_supersedes_what_waits(store: Store, kind: str, queue: list[str], left: list[str]) -> None:
    store.accept([item(body=str(number), kind=each) for number, each in enumerate(queue)])  # type: ignore[arg-type]
    store.accept([item(body="new", kind=kind)])  # type: ignore[arg-type]
    assert states(store) == left


def test_what_is_in_flight_is_not_superseded(store: Store) -> None:
    store.accept([item(body="A"), item(body="B")])
    [first] = claim(store)
    [receipt] = store.accept([item(body="C", kind="complete")])
    assert receipt.superseded == 1
    [following] = store.settle([(first, came())])
    assert isinstance(following, Claimed)
    assert bodies(store, [following]) == ["C"]


@pytest.mark.parametrize("kind", ["complete", "retraction"])
@pytest.mark.parametrize("ended", ["may be tried again", "was given back", "was lost with its worker"])
def test_what_is_in_flight_is_not_tried_again_where_the_whole_waits_behind_it(store: Store, kind: str, ended: str) -> None:
    store.accept([item(body="poison", kind="complete")])
    [first] = claim(store)
    store.accept([item(body="mended", kind=kind)])  # type: ignore[arg-type]
    if ended == "may be tried again":
        assert store.settle([(first, came(Means.AMBIGUOUS, "It fell over."))], on=False) == [None]
    elif ended == "was given back":
        store.release([first])
    else:
        store.bury(["w"])
    assert states(store) == ["superseded", "queued"]
    assert bodies(store, claim(store)) == ["mended"]
    [counts] = store.people.counts()
    assert (counts.superseded, counts.reconciled) == (1, True)
    assert len(store.people.show(1).deliveries[0][1]) == (ended != "was given back")  # what was tried is kept


def test_a_retraction_in_flight_is_tried_again_whatever_waits_behind_it(store: Store, hand: Hand) -> None:
    store.accept([item(kind="retraction")])
    store.settle([(each, came(Means.RETRY)) for each in claim(store) if store.accept([item(body="B", kind="complete")])])
    hand.passed = 5
    assert [each.kind for each in claim(store)] == ["retraction"]


# Order

def test_a_lane_goes_in_order_one_at_a_time(store: Store) -> None:
    store.accept([item(body=each) for each in "ABC"])
    [first] = claim(store)
    assert claim(store) == []
    seen = bodies(store, [first])
    while isinstance(first, Claimed):
        [first] = store.settle([(first, came())])  # type: ignore[list-item]
        seen += bodies(store, [first]) if isinstance(first, Claimed) else []
    assert seen == ["A", "B", "C"]
    assert store.due(HOSPITAL) is None


def test_urgent_lanes_are_handed_out_first_and_alone_when_asked(store: Store) -> None:
    store.accept([item(f"resident {number}", str(number)) for number in range(3)])
    store.accept([item("late", "first"), item("late", "urgent", urgent=True)])
    assert [each.subject for each in store.claim("w", HOSPITAL, 8, urgent_only=True)] == ["late"]
    assert store.due(HOSPITAL, urgent_only=True) is None
    assert store.due(HOSPITAL) == 0.0


def test_a_repeat_that_is_urgent_makes_the_first_urgent(store: Store) -> None:
    store.accept([item("one"), item("two")])
    store.accept([item("two", urgent=True)])
    assert [each.subject for each in claim(store)] == ["two", "one"]


def test_residents_wait_for_what_was_accepted_before_them_in_a_lane_they_need(store: Store, hand: Hand) -> None:
    store.accept([item(GP, "gp", "complete"), *(item(f"resident {n}", needs=(GP,)) for n in range(3))])
    [gp] = claim(store)
    assert gp.subject == GP
    assert claim(store) == []
    store.settle([(gp, came(Means.RETRY))])
    assert claim(store) == []
    hand.passed += 5
    [gp] = claim(store)
    store.accept([item(GP, "gp again", "complete")])
    store.settle([(gp, came())], on=False)
    assert {each.subject for each in claim(store)} == {GP, "resident 0", "resident 1", "resident 2"}


def test_what_stands_for_an_earlier_one_is_waited_for_as_that_was(store: Store) -> None:
    store.accept([item(GP, "gp", "complete"), item("mary", needs=(GP,)), item(GP, "GP", "complete"), item("ida", needs=(GP,))])
    [gp] = claim(store, 1)
    assert bodies(store, [gp]) == ["GP"]
    assert claim(store) == []
    assert {lane.subject for lane in store.people.awaited(2)} == {GP}
    store.settle([(gp, came())], on=False)
    assert {each.subject for each in claim(store)} == {"mary", "ida"}


@pytest.mark.parametrize("accepted", ["when it was refused", "before"])
def test_what_passes_a_refused_one_is_waited_for_as_that_was(store: Store, accepted: str) -> None:
    store.accept([item(GP, "gp", "complete")])
    refused = [(each, came(Means.DEAD, "No such code.")) for each in claim(store)]
    if accepted == "when it was refused":
        store.settle(refused)
    store.accept([item("mary", needs=(GP,)), item(GP, "GP", "complete")])
    if accepted == "before":
        store.settle(refused, on=False)
    [gp] = claim(store)
    assert gp.subject == GP
    store.settle([(gp, came())], on=False)
    assert [each.subject for each in claim(store)] == ["mary"]


def test_who_waits_is_left_alone_while_what_it_waits_for_is_only_tried_again(store: Store) -> None:
    store.accept([item(GP, "gp", "complete"), *(item(f"resident {n}", needs=(GP,), urgent=n == 2) for n in range(3))])
    [gp] = claim(store)
    store.settle([(gp, came(Means.RETRY, at=BEGAN + 5))])
    assert store.due(HOSPITAL) == 5.0
    assert store.due(HOSPITAL, urgent_only=True) == 5.0  # it is still what the urgent one waits for


def test_one_look_goes_through_so_many_lanes_and_no_more(store: Store, hand: Hand) -> None:
    store.accept([item(GP, "gp", "complete"), *(item(f"late {n}", lasts=1) for n in range(700))])
    store.accept([item(f"resident {n}", needs=(GP,)) for n in range(700)])
    [gp] = [each for each in claim(store, 1000) if each.subject == GP or store.release([each])]
    hand.passed = 2
    assert claim(store, 8) == []
    dead, waiting = store.people.counts()[0].dead, store.people.counts()[0].waiting
    assert (0 < dead <= 600, waiting, store.due(HOSPITAL)) == (True, 1401 - dead, 0.0)
    looks = 1
    while store.due(HOSPITAL) == 0.0:
        assert claim(store, 8) == []
        looks += 1
    assert (store.people.counts()[0].dead, looks) == (700, 3)
    store.settle([(gp, came())])
    assert len(claim(store, 1000)) == 700


def test_a_lane_that_an_urgent_one_waits_for_is_urgent(store: Store) -> None:
    store.accept([item(f"resident {n}") for n in range(3)])
    store.accept([item(GP, "gp", "complete"), item("urgent", needs=(GP,), urgent=True)])
    [first] = claim(store, 1)
    assert first.subject == GP


def test_who_waits_for_a_lane_that_is_held_waits_until_somebody_decides(store: Store) -> None:
    store.accept([item(GP, "gp"), item(needs=(GP,))])
    [gp] = claim(store)
    store.settle([(gp, came(Means.DEAD, "Not allowed."))])
    assert claim(store) == []
    store.people.skip(gp.delivery)
    assert [each.subject for each in claim(store)] == ["resident"]


# Outcomes

def test_what_may_be_tried_again_is_later_and_later_and_an_endpoints_trouble_is_not_counted(store: Store, hand: Hand) -> None:
    store.accept([item()])
    pauses = []
    for about in (About.DELIVERY, About.DELIVERY, About.ENDPOINT, About.DELIVERY):
        store.settle([(each, came(Means.AMBIGUOUS, about=about)) for each in claim(store)])
        pauses.append(store.due(HOSPITAL))
        hand.passed += pauses[-1] or 0.0
    assert pauses == [2.0, 4.0, 4.0, 8.0]
    assert claim(store)[0].attempt == 4


def test_what_a_person_must_repair_first_is_not_tried_every_second(store: Store, hand: Hand) -> None:
    store.accept([item()])
    hand.passed += 3600.0
    [one] = claim(store)
    attempt = came(Means.RETRY, about=About.ENDPOINT)
    store.settle([(one, replace(attempt, decision=replace(attempt.decision, mend=True)))])
    assert (store.due(HOSPITAL) or 0.0) >= 60.0


def test_when_the_server_says_when_it_is_then(store: Store) -> None:
    store.accept([item()])
    store.settle([(claim(store)[0], came(Means.RETRY, at=BEGAN + 77))])
    assert store.due(HOSPITAL) == 77.0


def test_a_refused_one_holds_its_lane_and_nobody_elses(store: Store) -> None:
    store.accept([item("poisoned", "A"), item("poisoned", "B"), item("another")])
    store.settle([(each, came(Means.PERSON, "Two Patients.") if each.subject == "poisoned" else came()) for each in claim(store)])
    assert claim(store) == []
    [held] = store.people.stuck()
    assert (held.subject, held.because, held.waiting) == ("poisoned", "Two Patients.", 1)
    store.accept([item("poisoned", "whole", "complete")])
    assert bodies(store, claim(store)) == ["whole"]
    assert [(each.dead, each.superseded, each.waiting, each.reconciled) for each in store.people.counts()] == [(1, 1, 1, True)]


def test_a_sentence_that_no_database_takes_is_kept_without_that(store: Store) -> None:
    store.accept([item()])
    store.settle([(claim(store)[0], came(Means.DEAD, "No\0."))])
    assert [each.because for each in store.people.stuck()] == ["No."]


def test_an_urgent_one_on_a_held_lane_is_told(store: Store) -> None:
    store.accept([item(body="A")])
    store.settle([(claim(store)[0], came(Means.DEAD, "No."))])
    [receipt] = store.accept([item(body="B", urgent=True)])
    assert receipt.says == "urgent, but its lane is held, so it waits: No."
    assert store.people.stuck()[0].urgent


def test_what_is_out_of_time_is_dead_and_says_what_was_tried(store: Store, hand: Hand) -> None:
    store.accept([item(lasts=7200), item("held", lasts=7200)])
    store.people.hold(store.people.line(2).lane, "moved ward")
    store.settle([(claim(store)[0], came(Means.RETRY, "The server was busy.", at=BEGAN + 9e9))])
    assert store.due(HOSPITAL) == 7200.0
    hand.passed = 7200.5
    assert claim(store) == []
    assert store.people.line(1).says == (
        "its time ran out, 2 hours after it was accepted; it was tried once; the last time: The server was busy.",)
    assert store.expire(HOSPITAL) == 1
    assert states(store) == ["dead", "dead"]


def test_a_week_without_the_hospital_makes_nothing_dead_and_a_fortnight_does(store: Store, hand: Hand) -> None:
    """By what an endpoint says that says nothing of it; by its own clock, which nobody sleeps by."""
    hospital, another = Endpoint(name=HOSPITAL, url="https://h.example"), replace(BAG, source=f"{BAG.source}/2")
    store.accept([items(each, hospital)[-1] for each in (BAG, another)])
    for tried in range(1, 7 * 2 + 1):
        hand.passed = tried * 12 * 3600
        assert store.expire(HOSPITAL) == 0
        store.settle([(each, came(Means.RETRY, "It was away.")) for each in claim(store)])
    hand.passed += 3600
    back, away = claim(store)
    store.settle([(back, came())])
    assert {(line.state, line.attempts) for line in store.people.listed()} == {("queued", 14), ("done", 15)}
    hand.passed = 14 * 24 * 3600 - 1
    assert store.expire(HOSPITAL) == 0
    store.settle([(away, came(Means.RETRY, "It was away."))])
    hand.passed += 2
    assert store.expire(HOSPITAL) == 1
    assert store.people.line(away.delivery).says == (
        "its time ran out, 14 days after it was accepted; it was tried 15 times; the last time: It was away.",)


def test_whose_time_has_run_out_is_told_whoever_finds_it(store: Store, hand: Hand) -> None:
    told = list[tuple[int, str]]()
    store.died = lambda late: told.extend((each.delivery, each.endpoint) for each in late)
    store.accept([item("one", lasts=60.0), item("two")])
    hand.passed = 100
    assert [each.subject for each in claim(store)] == ["two"]
    assert told == [(1, HOSPITAL)]
    store.accept([item("three", lasts=60.0)])
    hand.passed = 200
    assert store.expire(HOSPITAL) == 1
    assert told == [(1, HOSPITAL), (3, HOSPITAL)]


def test_settling_twice_does_what_settling_once_does(store: Store) -> None:
    store.accept([item(body="A"), item(body="B")])
    [first] = claim(store)
    following, again = store.settle([(first, came()), (first, came(Means.DEAD))])
    assert isinstance(following, Claimed)
    assert again == Lost(first.delivery)
    assert store.settle([(first, came(Means.DEAD))]) == [Lost(first.delivery)]
    assert states(store) == ["done", "queued"]
    assert len(store.people.show(1).deliveries[0][1]) == 1


# Workers

def test_what_a_buried_worker_says_is_dropped(store: Store) -> None:
    store.register("one")
    store.register("two")
    store.accept([item()])
    [late] = claim(store, worker="one")
    assert store.beat("one")
    assert store.bury(["one"]) == 1
    assert not store.beat("one")
    [again] = claim(store, worker="two")
    assert store.settle([(late, came(Means.DEAD))]) == [Lost(late.delivery)]
    store.settle([(again, came())])
    [(line, told)] = store.people.show(1).deliveries
    assert line.state == "done"
    assert [each.outcome for each in told] == ["interrupted", "delivered"]
    assert again.key == late.key


def test_beats_rise_and_what_is_given_back_is_free(store: Store) -> None:
    store.register("one")
    store.beat("one")
    assert store.beats() == {"one": 1}
    store.accept([item()])
    claims = claim(store, worker="one")
    store.release(claims)
    assert [(each.delivery, each.attempt) for each in claim(store, worker="one")] == [(1, 1)]
    store.leave("one")
    assert store.beats() == {}
    assert claim(store)


def test_one_name_is_one_worker(tmp_path: Path, store: Store) -> None:
    if store.engine.dialect.name == "sqlite":
        other = opened(store.engine.url.database or "")
        store.register("one")
        with pytest.raises(WorkerRunning, match="is another worker's"):
            other.register("two")
        assert became(other.accept([item()])) == ["accepted"]
        store.close()
        other.register("two")
        assert other.beats() == {"two": 0}
        other.close()
        return
    store.register("one")
    store.register("one", lease=0.1)  # its beat does not move: given up
    assert store.beats() == {"one": 0}
    over = threading.Event()
    beating = threading.Thread(target=lambda: [store.beat("one") for _ in iter(lambda: over.wait(0.05), True)])
    beating.start()
    with pytest.raises(WorkerRunning, match="a worker named one is at work"):
        store.register("one", lease=20.0)
    over.set()
    beating.join()


# Endpoints

def test_how_an_endpoint_does_is_known_to_all(store: Store, hand: Hand) -> None:
    assert store.opened(HOSPITAL) == Breaker()
    assert [store.failed(HOSPITAL), store.failed(HOSPITAL, BEGAN + 5)] == [1, 2]
    assert store.opened(HOSPITAL) == Breaker(2, BEGAN + 5)
    assert not store.probe(HOSPITAL, BEGAN + 10)
    hand.passed = 5
    assert [store.probe(HOSPITAL, BEGAN + 10), store.probe(HOSPITAL, BEGAN + 10)] == [True, False]
    store.succeeded(HOSPITAL)
    assert store.opened(HOSPITAL) == Breaker()


def test_requests_are_paced_over_all_processes(store: Store, hand: Hand) -> None:
    assert [store.take(HOSPITAL, 2, 5.0) - BEGAN for _ in range(3)] == pytest.approx([0.0, 0.4, 0.8])
    hand.passed = 60
    assert store.take(HOSPITAL, 1, 5.0) == pytest.approx(BEGAN + 60)


def test_who_is_woken_is_told_inside_the_transaction(store: Store) -> None:
    woken: list[tuple[str, float]] = []
    store.wake = lambda connection, endpoint, delay: woken.append((endpoint, delay))
    store.accept([item()])
    store.accept([item()])
    [first] = claim(store)
    store.settle([(first, came(Means.RETRY, at=BEGAN + 9))])
    assert woken == [(HOSPITAL, 0.0), (HOSPITAL, 9.0)]

    def broken(*_: object) -> None:
        raise RuntimeError

    store.wake = broken
    with pytest.raises(RuntimeError):
        store.accept([item("another")])
    assert states(store) == ["queued"]


# People

def test_a_refused_one_is_replayed_in_its_old_place(store: Store) -> None:
    store.accept([item(body=each, lasts=1) for each in "AB"])
    store.settle([(claim(store)[0], came(Means.DEAD, "No."))])
    store.people.replay(1, who="Ward clerk")
    [again] = claim(store)
    assert bodies(store, [again]) == ["A"]
    store.settle([(again, came())])
    with pytest.raises(NotSo, match="only a delivery that was refused"):
        store.people.replay(1)
    assert [each.outcome for each in store.people.show(1).deliveries[0][1]] == ["dead", "replayed", "delivered"]


def test_a_lane_is_held_and_released_by_hand(store: Store) -> None:
    store.accept([item(body="A", urgent=True), item(body="B")])
    [first] = claim(store)
    lane = store.people.line(1).lane
    store.people.hold(lane, "moved ward")
    assert store.settle([(first, came())]) == [None]
    assert claim(store) == []
    store.accept([item(body="C", kind="complete")])
    assert claim(store) == []
    store.people.release(lane)
    assert bodies(store, claim(store)) == ["C"]
    with pytest.raises(NotSo, match="not held by hand"):
        store.people.release(lane)


def test_a_refused_one_that_a_person_held_too_still_holds_when_that_is_released(store: Store) -> None:
    store.accept([item(body=each) for each in "AB"])
    store.settle([(claim(store)[0], came(Means.DEAD, "No."))])
    lane = store.people.line(1).lane
    store.people.hold(lane, "moved ward")
    store.people.release(lane)
    assert [(each.held, each.because) for each in store.people.stuck()] == [("dead", "No.")]


def refused(store: Store, *kinds: str) -> None:
    """Each accepted when the one before it was refused; only what says the whole is tried then."""
    for number, kind in enumerate(kinds, 1):
        store.accept([item(body=f"D{number}", kind=kind, lasts=100)])  # type: ignore[arg-type]
        store.settle([(each, came(Means.DEAD, f"No {number}.")) for each in claim(store)])


def test_nothing_passes_a_refused_one_that_nobody_decided_about(store: Store) -> None:
    refused(store, "change", "complete")
    store.accept([item(body="D3")])
    with pytest.raises(NotSo, match="delivery 1: a later one of this lane was refused too"):
        store.people.replay(1)
    store.people.skip(2)
    assert [each.because for each in store.people.stuck()] == ["No 1."]
    store.people.replay(1)
    [first] = claim(store)
    [then] = store.settle([(first, came())])
    assert isinstance(then, Claimed)
    assert bodies(store, [first, then]) == ["D1", "D3"]


def test_what_would_have_passed_a_refused_one_and_is_left_out_does_not(store: Store) -> None:
    refused(store, "change")
    store.accept([item(body="D2", kind="complete")])
    store.people.skip(2)
    store.accept([item(body="D3")])
    assert claim(store) == []
    assert [each.because for each in store.people.stuck()] == ["No 1."]


def test_a_change_that_ran_out_of_time_behind_a_refused_one_does_not_go_before_it(store: Store, hand: Hand) -> None:
    refused(store, "change", "change")
    hand.passed = 101
    assert store.expire(HOSPITAL) == 1
    store.people.replay(2)
    assert claim(store) == []
    assert [each.because for each in store.people.stuck()] == ["No 1."]
    store.people.replay(1)
    [first] = claim(store)
    [then] = store.settle([(first, came())])
    assert isinstance(then, Claimed)
    assert bodies(store, [first, then]) == ["D1", "D2"]


@pytest.mark.parametrize(("do", "of", "says"), [
    ("replay", 99, "there is no delivery 99"), ("skip", 1, "nothing is to be done about it any more"),
    ("skip", 2, "it is with a worker just now"), ("line", 99, "there is no delivery 99"),
])
def test_what_does_not_fit_is_said_in_a_sentence(store: Store, do: str, of: int, says: str) -> None:
    store.accept([item(body=each) for each in "AB"])
    store.settle([(claim(store)[0], came())])
    with pytest.raises(NotSo, match=says):
        getattr(store.people, do)(of)


def test_of_many_lanes_that_are_held_the_urgent_ones_are_told_first(store: Store) -> None:
    store.accept([item(f"resident {number}", urgent=number == 3) for number in range(5)])
    for number in range(1, 6):
        store.people.hold(number, "moved ward")
    assert [each.subject for each in store.people.stuck(most=2)] == ["resident 3", "resident 0"]
    assert len(store.people.stuck()) == len(store.people.stuck(HOSPITAL)) == 5
    assert store.people.stuck("another") == []


def test_a_page_of_deliveries_follows_another(store: Store) -> None:
    store.accept([item(body=each) for each in "ABC"])
    page = store.people.listed(most=2)
    assert [line.id for line in page + store.people.listed(before=page[-1].id)] == [3, 2, 1]
    assert store.people.listed(endpoint="another") == store.people.listed(state="dead") == []


# Keeping

def test_payloads_go_after_a_time_and_what_became_of_them_stays(store: Store, hand: Hand) -> None:
    store.accept([item(f"resident {number}") for number in range(700)])
    store.settle([(each, came(Means.DEAD if each.delivery == 1 else Means.DELIVERED)) for each in claim(store, 600)])
    hand.passed = 10
    store.settle([(each, came()) for each in claim(store, 50)])
    assert store.keeping.purge(5.0) == 600
    assert sum(line.kept for line in store.people.listed(most=1000)) == 100
    with pytest.raises(NotSo, match="no longer kept"):
        store.people.replay(1)
    assert store.people.show(1).deliveries[0][1][0].outcome == "dead"


def test_keys_are_changed_and_what_cannot_be_opened_is_told(store: Store) -> None:
    store.accept([item(f"resident {number}") for number in range(3)])
    fresh = Keyring({"k2": b"2" * 32, "k1": bytes(32)})
    store.keys = fresh
    store.accept([item("resident 3")])
    assert store.keeping.keys_in_use() == {"k1": 3, "k2": 1}
    store.keys = Keyring({"k2": b"2" * 32})
    lost = store.keeping.reseal()
    assert lost.done == 0
    assert "the key k1" in lost.closed[0]
    store.keys = fresh
    assert store.keeping.reseal().done == 3
    assert store.keeping.keys_in_use() == {"k2": 4}
    store.keys = Keyring({"k2": b"2" * 32})
    assert bodies(store, claim(store)) == ["A"] * 4


def test_when_there_is_no_room_nothing_is_accepted_and_what_waits_is_sent(store: Store) -> None:
    store.accept([item()])
    store.cap = 1000
    with pytest.raises(StoreFull, match=r"nothing more is accepted, its cap of .* is reached: it holds 1 delivery \(1 waiting\) in "):
        store.accept([item("another")])
    assert store.settle([(each, came()) for each in claim(store)]) == [None]
    assert states(store) == ["done"]


def test_a_runway_is_what_is_left_at_the_last_days_rate(store: Store) -> None:
    assert store.keeping.size().runway is None
    store.accept([item(body=str(number)) for number in range(10)])
    store.cap = store.keeping.size().used * 3
    size = store.keeping.size()
    assert (size.deliveries, size.waiting, size.a_day) == (10, 10, 10)
    assert size.runway == pytest.approx(2.0, rel=0.1)


def test_a_store_that_was_put_back_is_held_until_it_is_released(store: Store) -> None:
    store.accept([item("refused"), item("waiting"), item("by hand")])
    store.settle([(each, came(Means.DEAD, "No.")) for each in claim(store, 1)])
    store.people.hold(store.people.line(3).lane, "moved ward")
    claim(store)
    store.keeping.hold_restored()
    store.accept([item("new"), item("refused", "whole", "complete")])
    assert claim(store) == []
    store.people.found(2, "It is there already.")
    assert store.people.release_restored() == 3
    assert store.keeping.restored() is None
    assert sorted(bodies(store, claim(store))) == ["A", "whole"]
    assert [each.held for each in store.people.stuck()] == ["hand"]


def test_what_is_new_where_all_was_released_after_a_restore_is_sent(store: Store) -> None:
    store.accept([item("mary"), replace(item("mary"), endpoint="st-pauls")])
    store.keeping.hold_restored()
    assert store.people.release_restored(HOSPITAL) == 1
    store.accept([item("ida"), replace(item("ida"), endpoint="st-pauls")])
    assert {each.subject for each in claim(store)} == {"mary", "ida"}
    assert store.claim("w", "st-pauls", 8) == []
    assert store.keeping.restored()
    assert store.people.release_restored("st-pauls") == 2
    assert store.keeping.restored() is None  # each by itself: nothing is left to release
    store.accept([replace(item("joan"), endpoint="st-pauls")])
    assert len(store.claim("w", "st-pauls", 8)) == 3


def test_lanes_that_are_released_one_by_one_after_a_restore_leave_nothing_held(store: Store) -> None:
    store.accept([item("mary")])
    store.keeping.hold_restored()
    store.people.release(1)
    assert store.keeping.restored() is None


def test_nothing_of_a_patient_or_vendor_lies_in_the_clear(store: Store) -> None:
    told = Payload("record", b"Zzyzx " * 50, {"base": "Zzyzx", "source": ["Zzyzx"]}, {"medicines[0]": "Zzyzx.csv, row 1"})
    store.accept([Item(HOSPITAL, "resident", "complete", told, event="Zzyzx")])
    [claimed] = claim(store)
    assert store.open_payload(claimed) == told
    assert "Zzyzx" not in repr(claimed)
    store.settle([(claimed, came(Means.RETRY, "The server was busy."))])
    with store.engine.connect() as connection:
        rows = [str(row) for table in metadata.tables.values() for row in connection.execute(table.select())]
    assert len(rows) >= 4
    assert "Zzyzx" not in "".join(rows)


# Time

def test_no_clock_moves_the_store(store: Store) -> None:
    store.accept([item()])
    assert store.people.line(1).accepted == BEGAN
    set_back = Store.open(store.engine.url.render_as_string(hide_password=False), KEYS, clock=Steady(wall=lambda: 0.0, passed=Hand()))
    assert set_back.clock.now() == BEGAN
    set_back.close()


def test_time_goes_on_from_the_newest_there_is_and_only_forward() -> None:
    hand, wall = Hand(), [BEGAN]
    clock = Steady(newest=BEGAN - 5, wall=lambda: wall[0], passed=hand)
    wall[0], hand.passed = 0.0, 2.0
    assert clock.now() == BEGAN + 2
    clock.not_before(BEGAN + 100)
    clock.not_before(BEGAN)
    hand.passed = 3.0
    assert clock.now() == BEGAN + 101
