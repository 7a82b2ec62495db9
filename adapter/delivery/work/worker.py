"""The worker: it takes what is due out of the store, sends it, and writes down what came of it, until it is told to stop.

    claim as many lanes of an endpoint as there is room for
    each lane by itself: open the payload, carry it, settle; go on with the lane's next
    claim again as soon as a lane has ended

    worker = Worker(desk, Live(config, say), Loop(), "home-1")
    summary = await worker.run(stop)             `stop` is an asyncio.Event; stopping.py sets one when a signal comes

What goes wrong has one way out. Whatever is about one delivery is settled there and told. When the store is away, or others took this
worker for dead, it drops everything in hand and begins anew under a new name: that is safe, because a claim is fenced by its lane's
generation, and because every form of delivery may be sent twice.
"""
from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from adapter.delivery.client import FhirClient
from adapter.delivery.dialects.decision import Decision, Means
from adapter.delivery.endpoints.config import Config
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.quiet import is_quiet, quiet_for
from adapter.delivery.retry import Clock
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.errors import Sealed, StoreAway, StoreError, StoreFull
from adapter.delivery.store.handing import Lost
from adapter.delivery.store.model import Attempt, Claimed, Payload
from adapter.delivery.work.carry import NO_ROWS, Way, carry
from adapter.delivery.work.engine import Engine, until
from adapter.delivery.work.fault import fault_of_ours
from adapter.delivery.work.lease import BEAT, LEASE, Buried, Lease, Watch
from adapter.delivery.work.traffic import Traffic

log = logging.getLogger(__name__)
GRACE = 25.0  # seconds for what is in flight when it is told to stop; what runs services kills after 30
SOON = 2.0  # seconds: what is due so soon is waited for by a run that ends by itself
GLANCE = 1.0  # seconds between two looks at the endpoints' file
IN_A_ROW = 16  # deliveries of one lane before others have their turn
AGAIN = 1.0  # seconds before it begins anew
ANEW = (Buried, StoreAway, StoreFull)

Carry = Callable[[Way, Payload, Claimed, Callable[[], float]], Awaitable[tuple[Decision, Mapping[str, int]]]]
Connect = Callable[..., FhirClient]


@dataclass(frozen=True)
class Summary:
    """Of one run: how many were `delivered`, how many are for a person (`dead`). `waits`: seconds until something is due; None: nothing
    waits."""

    delivered: int = 0
    dead: int = 0
    waits: float | None = None


class Worker:
    """`config`: what the file says, or a function that says what it says now. `lease`: seconds, the same for all workers. `grace`: seconds
    for what is in flight when it is to stop. `clock`: the wall's time for quiet hours, how to wait, the dice. `carry` and `connect` are the
    way out."""

    def __init__(self, desk: Desk, config: Config | Callable[[], Config], engine: Engine, name: str, *, carry: Carry = carry,
                 connect: Connect = connect, lease: float = LEASE, grace: float = GRACE, clock: Clock | None = None) -> None:
        self.name = name
        self._desk, self._engine, self._clock = desk, engine, clock or Clock()
        self._config = config if callable(config) else lambda: config
        self._carry, self._connect, self._lease_seconds, self._grace = carry, connect, lease, grace
        self._first_name, self._lives = name, 1
        self._became, self._waits = Counter[Means](), dict[str, float | None]()

    async def run(self, stop: asyncio.Event, *, until_idle: bool = False) -> Summary:
        """Until `stop`, or until nothing is due. Raises StoreError where the store cannot be used at all, WorkerRunning among them."""
        self._engine.attach(self._desk.store)
        over = asyncio.Event() if until_idle else stop
        while not (stop.is_set() or over.is_set()):
            try:
                await self._live(stop, over)
            except BaseExceptionGroup as failed:
                await self._begin_anew(gravest(failed), stop)
        waits = [due for due in self._waits.values() if due is not None]
        became = self._became
        return Summary(became[Means.DELIVERED], became[Means.DEAD] + became[Means.PERSON], min(waits, default=None))

    async def turn(self, name: str) -> float | None:
        """Sends what is due at an endpoint until nothing is, or no more may go there. Returns seconds until something is due, None: nothing
        waits."""
        endpoint = self._endpoints().get(name)
        if endpoint is None:
            return None  # what waits for it waits; `redbag doctor` tells
        traffic = self._traffic_to(endpoint)
        async with traffic.turn:
            self._waits[name] = await self._send_due(traffic)
        return self._waits[name]

    # ---- one life under one name -----------------------------------------------------------------------------------------
    async def _live(self, stop: asyncio.Event, over: asyncio.Event) -> None:
        await self._sign_on()
        self._over, self._traffic, self._all, self._look = over, dict[str, Traffic](), list[Traffic](), 0.0
        try:
            async with asyncio.TaskGroup() as self._group:
                others = [self._group.create_task(task) for task in (self._beat(), self._stir(over))]
                if over is not stop:
                    others.append(self._group.create_task(self._until_idle(stop, over)))
                await self._engine.run(self.turn, lambda: self._endpoints().keys(), over)
                await self._wind_up()
                for task in others:
                    task.cancel()
        finally:
            await self._sign_off()

    async def _sign_on(self) -> None:
        """Raises WorkerRunning."""
        await self._desk.run(self._desk.store.register, self.name, lease=self._lease_seconds)
        self._lease = Lease(self._lease_seconds)

    async def _sign_off(self) -> None:
        """What was still in hand is free for others at once."""
        for traffic in self._all:
            await traffic.close()
        with suppress(StoreError):  # the store may be away; then it is found out without us, after a lease
            await self._desk.run(self._desk.store.leave, self.name)

    async def _begin_anew(self, reason: BaseException, stop: asyncio.Event) -> None:
        """Raises what a new life would not mend."""
        if not isinstance(reason, ANEW):
            raise reason
        self._lives += 1
        self.name = f"{self._first_name}.{self._lives}"
        log.warning("%s; what was in hand is dropped, and the worker begins anew as %s", reason, self.name)
        await until(stop, AGAIN)

    async def _wind_up(self) -> None:
        """What is in flight has so long to end. What has not is cut off there, and is sent again by whoever comes next."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                for traffic in self._all:
                    await traffic.over()
        if cut := sum(traffic.cut() for traffic in self._all):
            log.warning("%d under way when the time to stop was over: cut off, and sent again later", cut)

    async def _beat(self) -> None:
        """Tells that it lives, and looks whether the others do."""
        watch, store, pause = Watch(self._lease_seconds), self._desk.store, min(BEAT, self._lease_seconds / 6)
        while True:
            asked, seen = self._lease.clock(), time.monotonic()
            if not await self._desk.run(store.beat, self.name):
                self._lease.bury()
                raise Buried("others took this worker for dead")
            self._lease.renew(asked)
            if stale := watch.stale(await self._desk.run(store.beats), seen):
                lanes = await self._desk.run(store.bury, stale)
                log.warning("no sign of life from %s; %d of its deliveries are sent again", ", ".join(stale), lanes)
            await asyncio.sleep(pause)

    async def _stir(self, over: asyncio.Event) -> None:
        """When it is over nobody waits for room any more."""
        await over.wait()
        for traffic in self._all:
            traffic.stir()

    async def _until_idle(self, stop: asyncio.Event, over: asyncio.Event) -> None:
        while not stop.is_set() and self._busy():
            await until(stop, 0.05)
        over.set()

    def _busy(self) -> bool:
        """Is anything under way, or due soon, or is that not known since the last turn?"""
        waits = [self._waits.get(name, 0.0) for name in self._endpoints()]
        return any(traffic.under_way for traffic in self._all) or any(due is not None and due <= SOON for due in waits)

    # ---- endpoints -------------------------------------------------------------------------------------------------------
    def _endpoints(self) -> Mapping[str, Endpoint]:
        """As the file says, looked at once in a while. What has changed there begins with the next claim."""
        if (now := time.monotonic()) >= self._look:
            self._look, self._named = now + GLANCE, self._config().endpoints
            for name, traffic in list(self._traffic.items()):
                if self._named.get(name) != traffic.endpoint:
                    self._group.create_task(self._traffic.pop(name).retire())
        return self._named

    def _traffic_to(self, endpoint: Endpoint) -> Traffic:
        if endpoint.name not in self._traffic:
            client = self._connect(endpoint, before=lambda: self._before(endpoint))
            traffic = self._traffic[endpoint.name] = Traffic(Way(endpoint, client), self._desk, self._clock.dice)
            self._all.append(traffic)
        return self._traffic[endpoint.name]

    async def _before(self, endpoint: Endpoint) -> None:
        """Before each request: in its turn, where an endpoint wants only so many a second; and only while the lane is surely ours."""
        if endpoint.rate:
            start = await self._desk.run(self._desk.store.take, endpoint.name, 1, endpoint.rate)
            await self._clock.sleep(max(0.0, start - self._now()))
        await self._lease.sure()

    # ---- lanes -----------------------------------------------------------------------------------------------------------
    async def _send_due(self, traffic: Traffic) -> float | None:
        """Claims and starts lanes until nothing is due. Returns what `turn` does."""
        while not (self._over.is_set() or traffic.retired):
            due = await self._desk.run(self._desk.store.due, traffic.name)
            if due is None:
                return None
            if (wait := max(due, await traffic.shut())) > 0.0:
                return wait
            if most := await traffic.may_claim():
                quiet = quiet_for(traffic.endpoint.quiet, self._clock.now())
                if not (claimed := await self._desk.claim(self.name, traffic.name, most, urgent_only=quiet > 0.0)):
                    return max(due, quiet)
                for each in claimed:
                    traffic.start(self._group, self._drain(traffic, each))
            else:
                await traffic.moved()
                self._endpoints()
        return 0.0

    async def _drain(self, traffic: Traffic, claimed: Claimed) -> None:
        """One lane: its deliveries one after the other, until there is none, or others have their turn."""
        self._waits.pop(claimed.endpoint, None)
        for left in reversed(range(IN_A_ROW)):
            attempt = await self._attempt(traffic.way, claimed)
            await traffic.learn(attempt)
            following = await self._desk.settle(claimed, attempt, on=left > 0 and self._goes_on(traffic))
            if not isinstance(following, Lost):
                self._became[attempt.decision.means] += 1
            if not isinstance(following, Claimed):
                break
            claimed = following

    def _goes_on(self, traffic: Traffic) -> bool:
        return traffic.goes_on and not self._over.is_set() and not is_quiet(traffic.endpoint.quiet, self._clock.now())

    async def _attempt(self, way: Way, claimed: Claimed) -> Attempt:
        """One try. Whatever goes wrong in it is this delivery's alone: one that cannot be opened, even a fault of ours."""
        began, rows = self._now(), NO_ROWS
        try:
            payload = self._desk.store.open_payload(claimed)
            decision, rows = await self._carry(way, payload, claimed, self._now)
        except Sealed as error:
            decision = Decision(Means.PERSON, (str(error),))
        except ANEW:
            raise
        except Exception as error:  # noqa: BLE001  # one delivery's fault holds up its own lane and no other
            decision = fault_of_ours(error)
        return Attempt(began, self._now(), decision, self.name, rows)

    def _now(self) -> float:
        return self._desk.store.clock.now()


def gravest(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one that ends the worker, if there is one; else any that a new life mends."""
    leaves = [leaf for each in failed.exceptions for leaf in ([gravest(each)] if isinstance(each, BaseExceptionGroup) else [each])]
    return next((leaf for leaf in leaves if not isinstance(leaf, ANEW)), leaves[0])
