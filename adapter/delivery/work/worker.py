"""The worker: it takes what is due out of the store, sends it, and writes down what came of it, until it is told to stop.

    claim as many lanes of an endpoint as there is room for
    each lane by itself: open the payload, carry it, settle; go on with the lane's next
    claim again as soon as a lane has ended

    worker = Worker(desk, Live(config, say), Loop(), "home-1")
    summary = await worker.run(stop)             `stop` is an asyncio.Event; a signal's handler sets it

What goes wrong has one way out. Whatever is about one delivery is settled there and told. When the store is away, or others took this
worker for dead, it drops everything in hand and begins anew under a new name: that is safe, because a claim is fenced by its lane's
generation, and because every form of delivery may be sent twice.

Longer than 300 lines, for it is one life: who signs on, claims, sends and signs off shares what is in hand and when it is to stop.
"""
from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from adapter.delivery.client import FhirClient
from adapter.delivery.deadline import standing_still
from adapter.delivery.dialects.decision import Means
from adapter.delivery.endpoints.config import Config
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.quiet import is_quiet, quiet_for
from adapter.delivery.retry import Clock
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.errors import StoreAway, StoreError, StoreFull
from adapter.delivery.store.handing import Lost
from adapter.delivery.store.model import Claimed
from adapter.delivery.work.attempt import ANEW, Carry, attempt
from adapter.delivery.work.carry import Way, carry
from adapter.delivery.work.engine import Engine, until
from adapter.delivery.work.lease import BEAT, LEASE, Buried, Lease, Watch
from adapter.delivery.work.news import News
from adapter.delivery.work.traffic import Traffic

log = logging.getLogger(__name__)
GRACE = 25.0  # seconds for what is in flight when it is told to stop; what runs services kills after 30
SOON = 2.0  # seconds: what is due so soon is waited for by a run that ends by itself
GLANCE = 1.0  # seconds between two looks at the endpoints' file
IN_A_ROW = 16  # deliveries of one lane before others have their turn
ATTEMPTS = 2  # of one request: then the store knows when to try again, and what that says of the endpoint
AGAIN = 1.0  # seconds before it begins anew
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
    way out; `news` hears what somebody should know."""

    def __init__(self, desk: Desk, config: Config | Callable[[], Config], engine: Engine, name: str, *, carry: Carry = carry,
                 connect: Connect = connect, lease: float = LEASE, grace: float = GRACE, clock: Clock | None = None,
                 news: News | None = None) -> None:
        self.name, self._news = name, news or News()
        self._desk, self._engine, self._clock = desk, engine, clock or Clock()
        self._config = config if callable(config) else lambda: config
        self._carry, self._connect, self._lease_seconds, self._grace = carry, connect, lease, grace
        self._first_name, self._lives, self._told_ahead = name, 1, False
        self._became, self._waits = Counter[Means](), dict[str, float | None]()

    async def run(self, stop: asyncio.Event, *, until_idle: bool = False) -> Summary:
        """Until `stop`, or until nothing is due. Raises StoreError where the store cannot be used at all, WorkerRunning among them."""
        self._engine.attach(self._desk.store)
        over = asyncio.Event() if until_idle else stop
        while not (stop.is_set() or over.is_set()):
            try:
                await self._live(stop, over)
            except BaseExceptionGroup as failed:
                await self._begin_anew(reason(failed), stop)
            except (StoreAway, StoreFull):  # before it had begun
                if self._lives == 1:
                    raise
                await until(stop, AGAIN)
        waits = [due for due in self._waits.values() if due is not None]
        became = self._became
        return Summary(became[Means.DELIVERED], became[Means.DEAD] + became[Means.PERSON], min(waits, default=None))

    async def turn(self, name: str) -> float | None:
        """Sends what is due at an endpoint until nothing is, or no more may go there. Returns seconds until something is due, None: nothing
        waits."""
        endpoint = self._endpoints().get(name)
        traffic = None if endpoint is None else self._traffic_to(endpoint)
        if traffic is None:
            self._waits[name] = None  # what waits for it waits; `redbag doctor` tells
            return None
        async with traffic.claiming:
            self._waits[name] = await self._send_due(traffic)
        return self._waits[name]

    # ---- one life under one name -----------------------------------------------------------------------------------------
    async def _live(self, stop: asyncio.Event, over: asyncio.Event) -> None:
        await self._sign_on()
        self._over, self._look = over, 0.0
        self._traffic, self._open, self._cannot = dict[str, Traffic](), list[Traffic](), dict[str, Endpoint]()
        self._waits.clear()
        try:
            async with asyncio.TaskGroup() as self._group:
                others = [self._group.create_task(task) for task in (self._watch(), self._stir(over))]
                if over is not stop:
                    others += [self._group.create_task(task) for task in (self._pass_on(stop, over), self._until_idle(over))]
                await self._engine.run(self.turn, lambda: self._endpoints().keys(), over)
                await self._wind_up()
                for task in others:
                    task.cancel()
        finally:
            await self._sign_off()

    async def _sign_on(self) -> None:
        """Raises WorkerRunning."""
        await self._desk.run(self._desk.store.register, self.name, lease=self._lease_seconds)
        self._lease, self._unsure = Lease(self._lease_seconds), True

    async def _sign_off(self) -> None:
        """What was still in hand is free for others at once."""
        for traffic in self._open:
            await traffic.close()
        with suppress(StoreError):  # the store may be away; then it is found out without us, after a lease
            await self._desk.run(self._desk.store.leave, self.name)

    async def _begin_anew(self, why: BaseException, stop: asyncio.Event) -> None:
        """Raises what a new life would not mend."""
        if not isinstance(why, ANEW):
            raise why
        self._lives += 1
        self.name = f"{self._first_name}.{self._lives}"
        log.warning("%s; what was in hand is dropped, and the worker begins anew as %s", why, self.name)
        await until(stop, AGAIN)

    async def _wind_up(self) -> None:
        """What is in flight has so long to end. What has not is cut off there, and is sent again by whoever comes next."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                for traffic in list(self._open):
                    await traffic.over()
        if cut := sum(traffic.cut() for traffic in self._open):
            log.warning("%d under way when the time to stop was over: cut off, and sent again later", cut)

    async def _watch(self) -> None:
        """Tells that it lives, and looks whether the others do."""
        watch, store, pause = Watch(self._lease_seconds), self._desk.store, min(BEAT, self._lease_seconds / 6)
        while True:
            now = time.monotonic()
            await self._beat()
            await self._keep_up()
            if stale := watch.stale(await self._desk.run(store.beats), now):
                lanes = await self._desk.run(store.bury, stale)
                log.warning("no sign of life from %s; %d of its deliveries are sent again", ", ".join(stale), lanes)
            self._unsure = watch.unsure(self.name)
            await asyncio.sleep(pause)

    async def _beat(self) -> None:
        """Raises Buried."""
        asked = self._lease.clock()
        if not await self._desk.run(self._desk.store.beat, self.name):
            self._lease.bury()
            raise Buried("others took this worker for dead")
        self._lease.renew(asked)

    async def _keep_up(self) -> None:
        """Others accept by their clocks; told once where one of them cannot be right."""
        ahead = await self._desk.run(self._desk.store.keep_up)
        if ahead and not self._told_ahead:
            self._told_ahead = True
            log.warning("the newest time in the store is %.0f s ahead: set the clocks of the machines right; until then what was accepted "
                        "by the one that is wrong waits, unless the worker is started anew", ahead)

    async def _stir(self, over: asyncio.Event) -> None:
        """When it is over nobody waits for room any more."""
        await over.wait()
        for traffic in self._open:
            traffic.send_home()

    async def _pass_on(self, stop: asyncio.Event, over: asyncio.Event) -> None:
        await stop.wait()
        over.set()

    async def _until_idle(self, over: asyncio.Event) -> None:
        """Over when nothing is under way, nor due soon, and no other has died with something in hand. What is not known since something
        ended is found out."""
        while not over.is_set():
            for name in self._endpoints().keys() - self._waits.keys():
                await self.turn(name)
            if not (self._unsure or self._soon() or any(traffic.under_way for traffic in self._open)):
                over.set()
            await until(over, 0.05)

    def _soon(self) -> bool:
        waits = [self._waits.get(name, 0.0) for name in self._endpoints()]
        return any(due is not None and due <= SOON for due in waits)

    # ---- endpoints -------------------------------------------------------------------------------------------------------
    def _endpoints(self) -> Mapping[str, Endpoint]:
        """As the file says, looked at once in a while. Whatever was read anew begins with the next claim: of a certificate only the file's
        content may have changed."""
        if (now := time.monotonic()) >= self._look:
            self._look, self._named = now + GLANCE, self._config().endpoints
            for name, traffic in list(self._traffic.items()):
                if self._named.get(name) is not traffic.endpoint:
                    self._group.create_task(self._retire(self._traffic.pop(name)))
        return self._named

    async def _retire(self, traffic: Traffic) -> None:
        await traffic.retire()
        self._open.remove(traffic)

    def _traffic_to(self, endpoint: Endpoint) -> Traffic | None:
        """None where no client can be made for it, a certificate having gone since the file was read."""
        name = endpoint.name
        if name not in self._traffic and self._cannot.get(name) is not endpoint:
            try:
                client = self._connect(endpoint, before=lambda: self._before(endpoint), sure=self._lease.sure, attempts=ATTEMPTS)
            except (OSError, ValueError) as error:
                self._cannot[name] = endpoint
                log.error("nothing can be sent to %s (%s): look at its certificates, and save the file of endpoints again",  # noqa: TRY400
                          name, type(error).__name__)
                return None
            traffic = self._traffic[name] = Traffic(Way(endpoint, client), self._desk, self._clock.dice, self._news)
            self._open.append(traffic)
        return self._traffic.get(name)

    async def _before(self, endpoint: Endpoint) -> None:
        """Before each request: in its turn, where an endpoint wants only so many a second; and only while the lane is surely ours."""
        if endpoint.rate:
            with standing_still():
                start = await self._desk.run(self._desk.store.take, endpoint.name, 1, endpoint.rate)
                await self._clock.sleep(max(0.0, start - self._now()))
        await self._lease.sure()

    # ---- lanes -----------------------------------------------------------------------------------------------------------
    async def _send_due(self, traffic: Traffic) -> float | None:
        """Claims and starts lanes until nothing is due. Returns what `turn` does."""
        due = await self._due(traffic)
        while due is not None and due <= 0.0 and not (self._over.is_set() or traffic.retired):
            if (shut := await traffic.shut()) > 0.0:
                return shut
            if not (most := await traffic.may_claim()):
                await traffic.moved()
                self._endpoints()
                continue
            quiet = is_quiet(traffic.endpoint.quiet, self._clock.now())
            claimed = await self._desk.claim(self.name, traffic.name, most, urgent_only=quiet)
            await self._start(traffic, claimed)
            if len(claimed) < most:
                due = await self._due(traffic)
            if not claimed:
                break
        return due

    async def _start(self, traffic: Traffic, claimed: Sequence[Claimed]) -> None:
        """One that has been retired meanwhile is about to close its client: what was claimed for it is given back."""
        if traffic.retired:
            await self._desk.run(self._desk.store.release, claimed)
            return
        for each in claimed:
            lane = traffic.start(self._group, self._drain(traffic, each, traffic.slots.ask(each.urgent)))
            lane.add_done_callback(lambda _: self._waits.pop(traffic.name, None))  # it is found out anew

    async def _due(self, traffic: Traffic) -> float | None:
        """Seconds until something is; in quiet hours only what is urgent."""
        store, name = self._desk.store, traffic.name
        due, quiet = await self._desk.run(store.due, name), quiet_for(traffic.endpoint.quiet, self._clock.now())
        if due is None or not quiet:
            return due
        urgent = await self._desk.run(store.due, name, urgent_only=True)
        return max(due, quiet) if urgent is None else min(urgent, max(due, quiet))

    async def _drain(self, traffic: Traffic, claimed: Claimed, turn: Awaitable[bool]) -> None:
        """One lane: its deliveries one after the other, until there is none, or others have their turn."""
        for left in reversed(range(IN_A_ROW)):
            if not await turn:
                await self._desk.run(self._desk.store.release, [claimed])
                break
            tried, sign, where = await attempt(self._carry, traffic.way, claimed, self._desk.store, self.name)
            tried = await traffic.learn(claimed, tried, sign)  # before the next has its turn
            traffic.sent()
            following = await self._desk.settle(claimed, tried, on=left > 0 and self._goes_on(traffic))
            if isinstance(following, Lost):
                await self._beat()  # was only this lane taken away, or all of them?
                break
            self._became[tried.decision.means] += 1
            self._news.settled(claimed, tried.decision, where)
            if following is None:
                break
            claimed, turn = following, traffic.slots.ask(following.urgent)

    def _goes_on(self, traffic: Traffic) -> bool:
        return traffic.goes_on and not self._over.is_set() and not is_quiet(traffic.endpoint.quiet, self._clock.now())

    def _now(self) -> float:
        return self._desk.store.clock.now()


def reason(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """Why a life ended: one that a new life mends, if there is one, for others may come of it."""
    leaves = [reason(each) if isinstance(each, BaseExceptionGroup) else each for each in failed.exceptions]
    return next((leaf for leaf in leaves if isinstance(leaf, ANEW)), leaves[0])
