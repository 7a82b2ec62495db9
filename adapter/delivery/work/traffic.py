"""What this process has under way to one endpoint, and how much more may go there now: breaker, ramp, room."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from adapter.delivery.dialects.decision import About
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.model import Attempt
from adapter.delivery.store.store import Breaker
from adapter.delivery.work.breaker import Standing, opens, standing
from adapter.delivery.work.carry import Way
from adapter.delivery.work.ramp import Ramp


class Traffic:
    """One client, kept open. When the endpoint's table in the file changes this one is retired: what is under way goes on with it as it
    was, and the next claim is for another. `dice` as in breaker.py."""

    def __init__(self, way: Way, desk: Desk, dice: Callable[[], float]) -> None:
        self.way, self.turn, self.retired = way, asyncio.Lock(), False
        self._desk, self._store, self._dice = desk, desk.store, dice
        self._ramp, self._standing = Ramp(way.endpoint.concurrency), Standing.CLOSED
        self._failing = False  # then an answer is news to the store
        self._shut_at = 0.0  # when it was last left alone: what had begun before, and fails too, says nothing new
        self._lanes = set[asyncio.Task[None]]()
        self._moved = asyncio.Event()

    @property
    def endpoint(self) -> Endpoint:
        return self.way.endpoint

    @property
    def name(self) -> str:
        return self.way.endpoint.name

    # ---- the endpoint ----------------------------------------------------------------------------------------------------
    async def shut(self) -> float:
        """Seconds for which it is left alone; 0.0: it is not, or one may try."""
        known = await self._known()
        now = self._store.clock.now()
        self._standing, self._failing = standing(known.open_until, now), known != Breaker()
        return max(0.0, known.open_until - now) if known.open_until is not None else 0.0

    async def may_claim(self) -> int:
        """How many lanes. While it is not known whether the endpoint is back, one at all, over all processes: whoever asks first."""
        if self._standing is not Standing.PROBE:
            return self.room
        if self._lanes:
            return 0
        until = self._store.clock.now() + self.endpoint.seconds
        return int(await self._desk.run(self._store.probe, self.name, until))

    async def learn(self, attempt: Attempt) -> None:
        """What an attempt says about the endpoint itself."""
        if attempt.decision.about is About.DELIVERY:
            await self._answered()
        elif attempt.began >= self._shut_at:
            await self._failed(attempt)

    async def _answered(self) -> None:
        self._ramp = self._ramp.answered()
        self._moved.set()
        if self._failing:
            self._failing, self._standing = False, Standing.CLOSED
            await self._desk.run(self._store.succeeded, self.name)

    async def _failed(self, attempt: Attempt) -> None:
        known, now = await self._known(), self._store.clock.now()
        self._failing = True
        until = opens(known.failures + 1, attempt.decision.at, now, self._dice)
        if until is not None:
            self._ramp, self._standing, self._shut_at = self._ramp.outage(), Standing.OPEN, now
        await self._desk.run(self._store.failed, self.name, until)

    async def _known(self) -> Breaker:
        return await self._desk.run(self._store.opened, self.name)

    # ---- what is under way -----------------------------------------------------------------------------------------------
    @property
    def under_way(self) -> int:
        return len(self._lanes)

    @property
    def room(self) -> int:
        return max(0, self._ramp.limit - len(self._lanes))

    @property
    def goes_on(self) -> bool:
        """May a lane that has sent one send its next?"""
        return not self.retired and self._standing is Standing.CLOSED and len(self._lanes) <= self._ramp.limit

    def start(self, group: asyncio.TaskGroup, lane: Coroutine[None, None, None]) -> None:
        task = group.create_task(lane)
        self._lanes.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._lanes.discard(task)
        self._moved.set()

    async def moved(self) -> None:
        """Waits until a lane has ended, or more may go there, or there is nothing to wait for any more."""
        await self._moved.wait()
        self._moved.clear()

    def stir(self) -> None:
        self._moved.set()

    async def over(self) -> None:
        """Waits until nothing is under way."""
        while self._lanes:
            await asyncio.wait(self._lanes)

    def cut(self) -> int:
        """Ends what is under way, wherever it is; how many lanes that were."""
        return sum(lane.cancel() for lane in self._lanes)

    async def retire(self) -> None:
        """No more of it; closed when what is under way has ended."""
        self.retired = True
        self.stir()
        await self.over()
        await self.close()

    async def close(self) -> None:
        await self.way.client.__aexit__(None, None, None)
