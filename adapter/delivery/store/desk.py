"""The store for async callers: one thread of its own does one thing after another, and whatever waits for a commit shares the next one.

A commit waits for the disk (some milliseconds); while it does, more is settled and accepted, and goes into the next commit together.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from adapter.delivery.store.handing import Lost
from adapter.delivery.store.model import Attempt, Claimed, Item, Receipt
from adapter.delivery.store.store import Store

T = TypeVar("T")
In = TypeVar("In")
Out = TypeVar("Out")
TOGETHER = 64  # settlements in one commit
ITEMS = 500  # items in one
BREATH = 0.003  # seconds that settlements wait for others, where the last time there were some


class Desk:
    """Of one event loop; closed with `close`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._thread = ThreadPoolExecutor(1, "store")
        self._settling = {on: _Together[tuple[Claimed, Attempt], Claimed | Lost | None](
            self._thread, lambda all_, on=on: store.settle(all_, on), TOGETHER, BREATH) for on in (True, False)}  # type: ignore[misc]
        self._accepting = _Together[Item, Receipt](self._thread, store.accept, ITEMS)

    async def accept(self, items: Sequence[Item]) -> list[Receipt]:
        return await self._accepting.add(list(items))

    async def claim(self, worker: str, endpoint: str, most: int, *, urgent_only: bool = False) -> list[Claimed]:
        return await self.run(self.store.claim, worker, endpoint, most, urgent_only=urgent_only)

    async def settle(self, claimed: Claimed, attempt: Attempt, on: bool = True) -> Claimed | Lost | None:
        [result] = await self._settling[on].add([(claimed, attempt)])
        return result

    async def run(self, what: Callable[..., T], *args: Any, **options: Any) -> T:
        """Anything else of the store's, in its turn: desk.run(store.beat, name)."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: what(*args, **options))

    def close(self) -> None:
        """When all that was begun is done."""
        self._thread.shutdown()


class _Together(Generic[In, Out]):
    """What comes while the thread is busy goes in one call; an error is told to everybody in it."""

    def __init__(self, thread: ThreadPoolExecutor, what: Callable[[Sequence[In]], list[Out]], most: int,
                 breath: float = 0.0) -> None:
        self._thread, self._what, self._most, self._breath, self._several = thread, what, most, breath, False
        self._waiting: list[tuple[list[In], asyncio.Future[list[Out]]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, some: list[In]) -> list[Out]:
        done: asyncio.Future[list[Out]] = asyncio.get_running_loop().create_future()
        self._waiting.append((some, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._several and self._breath:  # more of them are likely under way: a commit costs much the same for two and for eight
                    await asyncio.sleep(self._breath)
                some = self._some()
                self._several = len(some) > 1
                await self._turn(some)
        finally:
            self._running = None

    def _some(self) -> list[tuple[list[In], asyncio.Future[list[Out]]]]:
        """As many as go together, one at least."""
        count, size = 0, 0
        while count < len(self._waiting) and (not count or size + len(self._waiting[count][0]) <= self._most):
            size += len(self._waiting[count][0])
            count += 1
        some, self._waiting = self._waiting[:count], self._waiting[count:]
        return some

    async def _turn(self, some: list[tuple[list[In], asyncio.Future[list[Out]]]]) -> None:
        asked = [each for part, _ in some for each in part]
        try:
            results = iter(await asyncio.get_running_loop().run_in_executor(self._thread, self._what, asked))
        except Exception as error:  # noqa: BLE001  # it is raised where the work was asked for
            for _, done in some:
                if not done.done():
                    done.set_exception(error)
            return
        for part, done in some:
            told = [next(results) for _ in part]
            if not done.done():
                done.set_result(told)
