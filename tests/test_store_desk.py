"""The store for async callers: what waits for a commit shares it."""
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.delivery.dialects.decision import Means
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.errors import StoreFull
from adapter.delivery.store.handing import Lost
from adapter.delivery.store.store import Store
from tests.stores import HOSPITAL, Hand, became, came, item, stores


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield from stores("SQLite", tmp_path, Hand())


def commits(store: Store) -> list[int]:
    """A number for each accepting or settling transaction, as they happen: how many were in it."""
    sizes: list[int] = []
    accept, settle = store.accept, store.settle
    store.accept = lambda items: (sizes.append(len(items)), accept(items))[1]  # type: ignore[method-assign]
    store.settle = lambda all_, on=True: (sizes.append(len(all_)), settle(all_, on))[1]  # type: ignore[method-assign]
    return sizes


def test_what_comes_while_one_commits_goes_into_the_next_together(store: Store) -> None:
    sizes = commits(store)
    desk = Desk(store)

    async def story() -> None:
        receipts = await asyncio.gather(*(desk.accept([item(f"resident {number}")]) for number in range(40)))
        assert became([each for some in receipts for each in some]) == ["accepted"] * 40
        claims = await desk.claim("w", HOSPITAL, 40)
        first = await asyncio.gather(*(desk.settle(each, came()) for each in claims))
        assert first == [None] * 40
        assert await desk.settle(claims[0], came(Means.DEAD)) == Lost(claims[0].delivery)
        assert await desk.run(store.due, HOSPITAL) is None

    asyncio.run(story())
    desk.close()
    assert sum(sizes) == 81
    assert len(sizes) < 10


def test_an_error_is_told_to_everybody_in_it_and_the_desk_goes_on(store: Store) -> None:
    store.cap = 1
    desk = Desk(store)

    async def story() -> None:
        told = await asyncio.gather(*(desk.accept([item(f"resident {n}")]) for n in range(5)), return_exceptions=True)
        assert [type(each) for each in told] == [StoreFull] * 5
        store.cap = None
        assert became(await desk.accept([item()])) == ["accepted"]

    asyncio.run(story())
    desk.close()


def test_who_no_longer_waits_does_not_keep_the_others_waiting(store: Store) -> None:
    desk = Desk(store)

    async def story() -> None:
        gone, stays = (asyncio.create_task(desk.accept([item(name)])) for name in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        assert became(await stays) == ["accepted"]

    asyncio.run(story())
    desk.close()
    assert len(store.people.listed()) == 2  # it was on its way already
