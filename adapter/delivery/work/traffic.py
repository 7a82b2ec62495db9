"""What this process has under way to one endpoint, and how much more may go there now: breaker, ramp, room."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace

from adapter.delivery.dialects.decision import Means
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.model import Attempt, Claimed
from adapter.delivery.store.store import Breaker
from adapter.delivery.work.breaker import OPENS_AT, Crowd, Sign, Standing, of_everybody, opens, standing
from adapter.delivery.work.carry import Way
from adapter.delivery.work.engine import until
from adapter.delivery.work.news import News
from adapter.delivery.work.ramp import Slots

FRESH = 0.2  # seconds for which it is taken as known that no other process has found the endpoint failing
LOOK = 1.0  # seconds: who waits for room looks so often whether another process has found the endpoint failing
LONG = 60.0  # seconds: where a server that has not failed often wants to be left alone so long, somebody should know
FAST = 0.25  # seconds: where one takes less, others are claimed ahead of their turn, so that nobody waits for the disk


class Traffic:
    """One client, kept open. When the endpoint's table in the file changes this one is retired: what is under way goes on with it as it
    was, and the next claim is for another. `dice` as in breaker.py; `news` hears when the endpoint is left alone, and when no longer."""

    def __init__(self, way: Way, desk: Desk, dice: Callable[[], float], news: News | None = None) -> None:
        self._news = news or News()
        self.way, self.claiming, self.retired = way, asyncio.Lock(), False
        self._desk, self._store, self._dice = desk, desk.store, dice
        self.slots, self._standing = Slots(way.endpoint.concurrency), Standing.CLOSED
        self._doubts, self._refused = Crowd(), Crowd()  # since the last answer; since the last that was delivered
        self._failing, self._telling = False, asyncio.Lock()  # `failing`: an answer is news to the store
        self._probing = False  # it is for this process to try whether it is back, with one delivery
        self._probe_until: float | None = None  # what it has then written down as `open_until`, for the others
        self._shut_at = self._looked = 0.0  # when it was last left alone (the store's clock); when that was looked up (the loop's)
        self._takes = float("inf")  # seconds, the last ones counting most
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
        if not self._failing and (now := asyncio.get_running_loop().time()) < self._looked + FRESH:
            return 0.0
        known = await self._known()
        self._looked, now = asyncio.get_running_loop().time(), self._store.clock.now()
        self._standing, self._failing = standing(known.open_until, now), known != Breaker()
        self._probing &= known.open_until == self._probe_until  # else another has it meanwhile, or has found out
        if not self._failing:
            self._news.well(self.name, now)
        if self._probing and not self._lanes:  # what it was tried with never went out
            self._standing = Standing.PROBE
            return 0.0
        return max(0.0, known.open_until - now) if known.open_until is not None else 0.0

    async def may_claim(self) -> int:
        """How many lanes. While it is not known whether the endpoint is back, one at all, over all processes: whoever asks first."""
        if self._standing is not Standing.PROBE:
            return self._room()
        if self._lanes:
            return 0
        if not self._probing:
            self._probe_until = self._store.clock.now() + self.endpoint.seconds
            self._probing = await self._desk.run(self._store.probe, self.name, self._probe_until)
        return int(self._probing)

    def _room(self) -> int:
        """Many at a time: a claim costs much the same for one and for eight."""
        limit = self.slots.ramp.limit
        ahead = limit if self._takes < FAST else 0
        return 0 if self.slots.waiting > ahead // 2 else max(0, limit + ahead - self.slots.taken - self.slots.waiting)

    async def learn(self, claimed: Claimed, attempt: Attempt, sign: Sign) -> Attempt:
        """What an attempt says about the endpoint itself. Returns what is to be settled: where every delivery is refused no more of them
        die of it than the one that is tried from time to time."""
        tried_alone = self._probing and self._refused.many  # after any other trouble one that is refused is an answer
        refused = sign is Sign.REFUSED and self._refused.of(claimed.lane)
        if refused and not tried_alone:
            attempt = replace(attempt, decision=of_everybody(attempt.decision))
        if sign is Sign.DOWN:
            await self._failed(attempt, 1)
        elif refused or sign is Sign.DOUBT and (self._doubts.of(claimed.lane) or self._probing):
            await self._failed(attempt, OPENS_AT)
        elif sign in (Sign.UP, Sign.REFUSED):
            await self._answered(attempt)
        return attempt

    async def _answered(self, attempt: Attempt) -> None:
        took = attempt.ended - attempt.began
        self._takes = took if self._takes == float("inf") else 0.8 * self._takes + 0.2 * took
        self._doubts, self._probing = Crowd(), False
        if attempt.decision.means is Means.DELIVERED:
            self._refused = Crowd()
        self.slots.answered()
        self._moved.set()
        if self._failing:
            self._failing, self._standing = False, Standing.CLOSED
            await self._desk.run(self._store.succeeded, self.name)
            self._news.well(self.name, self._store.clock.now())

    async def _failed(self, attempt: Attempt, least: int) -> None:
        async with self._telling:  # one after the other: of all that fail in one moment those after the last straw say nothing new
            if attempt.began >= self._shut_at:
                await self._count(attempt, OPENS_AT if self._probing else least)

    async def _count(self, attempt: Attempt, least: int) -> None:
        """One more failure in a row, of `least` so many; unless another process was first to find it."""
        known, now = await self._known(), self._store.clock.now()
        if standing(known.open_until, now) is Standing.OPEN and not self._probing:
            self._leave_alone(now)
            self._tell(max(known.failures, least), known.open_until, attempt, now)
            return
        self._probing, self._failing, failures = False, True, max(known.failures + 1, least)
        until = opens(failures, attempt.decision.at, now, self._dice)
        if until is not None:
            self._leave_alone(now)
        await self._desk.run(self._store.failed, self.name, until)
        self._tell(failures, until, attempt, now)

    def _tell(self, failures: int, until: float | None, attempt: Attempt, now: float) -> None:
        if until is not None and (failures >= OPENS_AT or until >= now + LONG):
            self._news.trouble(self.name, attempt.decision.says, now)

    def _leave_alone(self, now: float) -> None:
        self._standing, self._failing, self._shut_at, self._doubts = Standing.OPEN, True, now, Crowd()
        self.slots.outage()

    async def _known(self) -> Breaker:
        return await self._desk.run(self._store.opened, self.name)

    # ---- what is under way -----------------------------------------------------------------------------------------------
    @property
    def under_way(self) -> int:
        return len(self._lanes)

    @property
    def goes_on(self) -> bool:
        """May a lane that has sent one send its next?"""
        return not self.retired and self._standing is Standing.CLOSED

    def start(self, group: asyncio.TaskGroup, lane: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = group.create_task(lane)
        self._lanes.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._lanes.discard(task)
        self._moved.set()

    def sent(self) -> None:
        """A slot is free; writing down what came of it needs none."""
        self.slots.give_back()
        self._moved.set()

    async def moved(self) -> None:
        """Waits a while for a slot that is free, or for more of them. Where nothing is under way nothing would tell."""
        if self._lanes:
            await until(self._moved, LOOK)
        self._moved.clear()

    def send_home(self) -> None:
        """Nothing more is begun."""
        self.slots.send_home()
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
        self.send_home()
        await self.over()
        await self.close()

    async def close(self) -> None:
        await self.way.client.__aexit__(None, None, None)
