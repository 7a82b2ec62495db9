"""`redbag work`: a worker, until it is told to stop. It says only what somebody should know; `redbag deliveries` tells the rest."""
from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from adapter.commands.configured import configured, engine, opened, sentence
from adapter.commands.exits import Exit, Stop
from adapter.commands.line import quiet_hours, span, unnamed
from adapter.commands.reporting import Reports
from adapter.commands.streams import Gone
from adapter.commands.talk import Talk, count
from adapter.delivery.endpoints import Live
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.errors import StoreAway, StoreError
from adapter.delivery.store.handing import Late
from adapter.delivery.store.store import Store
from adapter.delivery.work.engine import Engine, Turn, until
from adapter.delivery.work.worker import Summary, Worker

TIDY = 60.0  # seconds between two looks at what may be removed, and whose time has run out
DAY = 86400.0


def run(config: Path | None, name: str | None, talk: Talk, *, until_idle: bool) -> Exit:
    """Raises Stop."""
    found = configured(config, talk)
    name = name or f"{socket.gethostname().partition('.')[0]}-{os.getpid()}"
    with opened(found, make=True) as store:
        live, reports, store.died = Live(found, talk.say), Reports(talk), (late := Expired(talk))
        summary = asyncio.run(_work(store, live, name, reports, talk, until_idle=until_idle))
        summary = replace(summary, dead=summary.dead + late.count)
        stuck = [lane for lane in store.people.stuck() if lane.waiting or lane.held == "dead"]
        counted, look = store.people.counts(), reports.look
    astray, quiet = unnamed(counted, live.config), quiet_hours(counted, live.config)
    ended = Exit.DONE
    if until_idle:
        ended = Exit.PERSON if stuck or astray or look else Exit.AGAIN if summary.waits is not None else Exit.DONE
    said = {"exit": ended, "delivered": summary.delivered, "look": len(look), "dead": summary.dead, "held": len(stuck)}
    talk.result({**said, "waits": summary.waits, "unnamed": sorted(astray)}, " ".join([told(summary, len(look), len(stuck)), *quiet]))
    return ended


def told(summary: Summary, look: int, held: int) -> str:
    """
    >>> told(Summary(3, 1, 12.0), 0, 1)
    '3 delivered, 1 dead; 1 lane is held (`redbag deliveries list`); the next is due in 12 s.'
    >>> told(Summary(3), 2, 0)
    '3 delivered (2 to be looked at: `redbag deliveries list --state look`), 0 dead.'
    """
    seen = f" ({look:,} to be looked at: `redbag deliveries list --state look`)" if look else ""
    said = f"{summary.delivered:,} delivered{seen}, {summary.dead:,} dead"
    said += f"; {count(held, 'lane is', 'lanes are')} held (`redbag deliveries list`)" if held else ""
    return said + ("." if summary.waits is None else f"; the next is due in {span(summary.waits)}.")


async def _work(store: Store, live: Live, name: str, reports: Reports, talk: Talk, *, until_idle: bool) -> Summary:
    """Gently to its end, where it is asked to stop; a second time, at once."""
    stop, desk = asyncio.Event(), Desk(store)
    _on_signal(stop.set)

    def begun() -> None:
        names = ", ".join(live.config.endpoints) or "no endpoint yet"
        talk.say(f"At work as {name}, for {names}.{'' if until_idle else ' Ctrl-C stops it gently.'}")
        for says in unnamed(store.people.counts(), live.config).values():
            talk.say(f"{says}.")

    announced = Announced(engine(live.config, name), begun)
    worker = Worker(desk, live, announced, name, news=reports, lease=live.config.store.lease_seconds)
    over = asyncio.Event()
    tidying = asyncio.create_task(tidy(lambda: _tidied(store, live.config.store.keep_days * DAY), talk, over))
    try:
        return await worker.run(stop, until_idle=until_idle)
    finally:
        over.set()
        await tidying  # whoever works now and then only has tidied up too
        desk.close()


@dataclass
class Expired:
    """Whose time has run out is told like what was refused, and counted. What claims and what tidies up find them in threads of theirs."""

    talk: Talk
    count: int = 0
    one: Lock = field(default_factory=Lock)

    def __call__(self, late: Sequence[Late]) -> None:
        with self.one, suppress(Stop, Gone):  # nobody reads it: the store knows it too
            self.count += len(late)
            for each in late:
                self.talk.found("dead", {**vars(each), "says": [each.says]},
                                f"Delivery {each.delivery} to {each.endpoint} ({each.place}), dead: {each.says}")


@dataclass(frozen=True)
class Announced:
    """An engine of whose beginning is told: before it, another worker may be found at work."""

    engine: Engine
    begun: Callable[[], None]

    def attach(self, store: Store) -> None:
        self.engine.attach(store)

    async def run(self, turn: Turn, endpoints: Callable[[], Collection[str]], stop: asyncio.Event) -> None:
        self.begun()
        await self.engine.run(turn, endpoints, stop)


async def tidy(once: Callable[[], None], talk: Talk, over: asyncio.Event, every: float = TIDY) -> None:
    """Once, and again every so many seconds. What the store cannot do just now is told once, and done when it can."""
    told = ""
    while not over.is_set():
        try:
            await asyncio.to_thread(once)
            told = ""
        except StoreError as error:
            says = "" if isinstance(error, StoreAway) else sentence(error)  # of that the worker tells
            if says not in ("", told):
                with suppress(Stop):  # nobody reads it
                    talk.say(f"Nothing is tidied up: {says}")
            told = says or told
        await until(over, every)


def _tidied(store: Store, keep: float) -> None:
    """What was settled long ago is removed, and what waits in a held lane dies when its time is over, as if it went on; so does what is for
    an endpoint that is not configured any more."""
    store.keeping.purge(keep)
    for name in store.people.endpoints():
        store.expire(name)


def _on_signal(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def asked() -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
        stop()

    for each in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends it at once, and nothing is lost
            loop.add_signal_handler(each, asked)
