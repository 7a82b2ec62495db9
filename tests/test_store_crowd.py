"""Many at once: who accepts, and who works, in threads of their own with connections of their own."""
from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapter.delivery.dialects.decision import Means
from adapter.delivery.store.errors import WorkerRunning
from adapter.delivery.store.handing import Lost
from adapter.delivery.store.model import Claimed
from adapter.delivery.store.store import Store
from tests.stores import HOSPITAL, Hand, became, bodies, came, item, opened, stores

LANES, EACH, CROWD = 12, 10, 3


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from stores(request.param, tmp_path, Hand())


def all_at_once(*do: Callable[[], None]) -> None:
    """Raises what the first of them raised."""
    wrong: list[BaseException] = []

    def one(what: Callable[[], None]) -> None:
        try:
            what()
        except BaseException as error:  # noqa: BLE001  # told below, in the thread of the test
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(each,)) for each in do]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if wrong:
        raise wrong[0]


def accept_in_turn(store: Store, who: int) -> None:
    """Every second one names the lanes in another order: nobody waits for ever."""
    for number in range(EACH):
        lanes = reversed(range(LANES)) if who % 2 else range(LANES)
        store.accept([item(f"lane {lane}", f"{who} {number}") for lane in lanes])


def test_who_accepts_and_who_works_at_once_neither_lose_nor_double_nor_overtake(store: Store) -> None:
    sent: dict[str, list[tuple[str, int]]] = defaultdict(list)
    flying: set[str] = set()
    accepted = threading.Event()

    def send(claimed: Claimed) -> None:
        assert claimed.subject not in flying
        flying.add(claimed.subject)
        who, number = bodies(store, [claimed])[0].split()
        sent[claimed.subject].append((who, int(number)))
        flying.remove(claimed.subject)

    def work(who: int) -> None:
        while not accepted.is_set() or store.due(HOSPITAL) is not None:
            claims: list[Claimed] = store.claim(f"worker {who}", HOSPITAL, 4)
            while claims:
                for each in claims:
                    send(each)
                results = store.settle([(each, came()) for each in claims])
                assert not any(isinstance(each, Lost) for each in results)
                claims = [each for each in results if isinstance(each, Claimed)]

    def accept_all() -> None:
        try:
            all_at_once(*(lambda who=who: accept_in_turn(store, who) for who in range(CROWD)))  # type: ignore[misc]
        finally:
            accepted.set()

    all_at_once(accept_all, *(lambda who=who: work(who) for who in range(CROWD)))  # type: ignore[misc]
    [counts] = store.people.counts()
    assert (counts.accepted, counts.delivered, counts.reconciled) == (LANES * EACH * CROWD, LANES * EACH * CROWD, True)
    for lane in sent.values():
        for who in map(str, range(CROWD)):
            assert [number for name, number in lane if name == who] == list(range(EACH))


def test_one_event_told_by_many_at_once_is_one_delivery(store: Store) -> None:
    told: list[str] = []
    all_at_once(*(lambda number=number: told.extend(  # type: ignore[misc]
        each.became for each in store.accept([item(f"lane {number}", event="e1")])) for number in range(6)))
    assert sorted(told) == ["accepted", *["repeat"] * 5]
    assert len(store.people.listed()) == 1


def test_a_refused_lane_is_decided_by_many_at_once_and_goes_on_once(store: Store) -> None:
    store.accept([item(body=each) for each in "AB"])
    store.settle([(each, came(Means.DEAD)) for each in store.claim("w", HOSPITAL, 1)])
    claims: list[Claimed] = []

    def replay() -> None:
        store.people.replay(1)

    def claim() -> None:
        for _ in range(20):
            claims.extend(store.claim("w", HOSPITAL, 1))

    all_at_once(replay, claim, claim)
    assert bodies(store, [*claims, *store.claim("w", HOSPITAL, 1)]) == ["A"]


def test_of_many_workers_of_one_name_one_begins(store: Store) -> None:
    begun: list[str] = []

    def begin() -> None:
        try:
            store.register("one", lease=0.0)
            begun.append("one")
        except WorkerRunning:
            begun.append("refused")

    store.register("another")
    with store.engine.connect():
        all_at_once(begin, begin, begin)
    assert sorted(store.beats()) == ["another", "one"]
    assert begun.count("one") >= 1


@pytest.mark.parametrize("time", range(4))
def test_a_file_that_many_open_at_once_is_made_once(tmp_path: Path, time: int) -> None:
    made: list[Store] = []
    all_at_once(*(lambda: made.append(opened(str(tmp_path / f"{time}.db"))) for _ in range(4)))
    assert [became(store.accept([item(f"lane {which}")])) for which, store in enumerate(made)] == [["accepted"]] * 4
    for store in made:
        store.close()
