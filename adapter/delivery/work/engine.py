"""What wakes a worker: an engine. It knows endpoints by name and nothing of deliveries; all it knows may be lost."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

if TYPE_CHECKING:
    from adapter.delivery.store.store import Store

Turn = Callable[[str], Awaitable[float | None]]
POLL = 0.2  # seconds: what another process accepted is seen after this time
LEAST = 0.02  # seconds: what is due and cannot be had yet is not asked for without a breath
LOOK_ROUND = 1.0  # seconds between two looks at which endpoints there are


class Engine(Protocol):
    """`attach` sets store.wake, which is called inside the transactions of accept and settle. `run` calls `turn` of each endpoint whenever
    something may be due there, until `stop`; turn returns in how many seconds something will be, None where nothing waits."""

    def attach(self, store: Store) -> None: ...

    async def run(self, turn: Turn, endpoints: Callable[[], Collection[str]], stop: asyncio.Event) -> None: ...


class Loop:
    """The engine for one machine: it asks the store again and again, and at once where this process itself has accepted something."""

    def __init__(self, poll: float = POLL) -> None:
        self._poll = poll
        self._loop: asyncio.AbstractEventLoop | None = None
        self._nudges = dict[str, asyncio.Event]()

    def attach(self, store: Store) -> None:
        store.wake = self._woken

    def _woken(self, connection: Connection, endpoint: str, delay: float) -> None:
        """In the thread of the store, which does the next turn's work after it has committed; what is due later is found by asking."""
        if self._loop is not None and delay <= 0 and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._nudge, endpoint)

    def _nudge(self, endpoint: str) -> None:
        if endpoint in self._nudges:
            self._nudges[endpoint].set()

    async def run(self, turn: Turn, endpoints: Callable[[], Collection[str]], stop: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tended:
            while not stop.is_set():
                for endpoint in set(endpoints()) - self._nudges.keys():
                    self._nudges[endpoint] = asyncio.Event()
                    tended.create_task(self._tend(endpoint, turn, endpoints, stop))
                await until(stop, LOOK_ROUND)
            for nudge in self._nudges.values():
                nudge.set()

    async def _tend(self, endpoint: str, turn: Turn, endpoints: Callable[[], Collection[str]], stop: asyncio.Event) -> None:
        """Each endpoint by itself: a slow one keeps nobody waiting."""
        nudge = self._nudges[endpoint]
        try:
            while not stop.is_set() and endpoint in endpoints():
                nudge.clear()
                due = await turn(endpoint)
                await until(nudge, self._poll if due is None else max(LEAST, min(due, self._poll)))
        finally:
            del self._nudges[endpoint]


async def until(event: asyncio.Event, seconds: float) -> None:
    """Waits for something to happen, or for so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
