"""`redbag work`: a worker, until it is told to stop. It says only what somebody should know; `redbag deliveries` tells the rest."""
from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from adapter.commands.configured import configured, engine, opened, sentence
from adapter.commands.exits import Exit, Stop
from adapter.commands.line import unnamed
from adapter.commands.streams import Gone
from adapter.commands.talk import Talk, count
from adapter.delivery.accepting import in_their_words
from adapter.delivery.dialects.decision import Decision, Means
from adapter.delivery.endpoints import Live
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.errors import StoreAway, StoreError
from adapter.delivery.store.model import Claimed, Payload
from adapter.delivery.store.store import Store
from adapter.delivery.work.attempt import Carry
from adapter.delivery.work.carry import Way, carry
from adapter.delivery.work.engine import until
from adapter.delivery.work.worker import Summary, Worker

TIDY = 60.0  # seconds between two looks at what may be removed, and whose time has run out
DAY = 86400.0
DEAD = (Means.DEAD, Means.PERSON)


def run(config: Path | None, name: str | None, talk: Talk, *, until_idle: bool) -> Exit:
    """Raises Stop."""
    found = configured(config, talk)
    name = name or f"{socket.gethostname().partition('.')[0]}-{os.getpid()}"
    with opened(found, make=True) as store:
        live, look = Live(found, talk.say), set[int]()
        summary = asyncio.run(_work(store, live, name, telling(talk, look), talk, until_idle=until_idle))
        stuck = [lane for lane in store.people.stuck() if lane.waiting or lane.held == "dead"]
        astray = unnamed(store.people.counts(), live.config)
    ended = Exit.DONE
    if until_idle:
        ended = Exit.PERSON if stuck or astray or look else Exit.AGAIN if summary.waits is not None else Exit.DONE
    said = {"exit": ended, "delivered": summary.delivered, "look": len(look), "dead": summary.dead, "held": len(stuck)}
    talk.result({**said, "waits": summary.waits, "unnamed": sorted(astray)}, told(summary, len(look), len(stuck)))
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
    return said + ("." if summary.waits is None else f"; the next is due in {summary.waits:.0f} s.")


async def _work(store: Store, live: Live, name: str, carry: Carry, talk: Talk, *, until_idle: bool) -> Summary:
    """Gently to its end, where it is asked to stop; a second time, at once."""
    stop, desk = asyncio.Event(), Desk(store)
    _on_signal(stop.set)
    names = ", ".join(live.config.endpoints) or "no endpoint yet"
    talk.say(f"At work as {name}, for {names}.{'' if until_idle else ' Ctrl-C stops it gently.'}")
    for says in unnamed(store.people.counts(), live.config).values():
        talk.say(f"{says}.")
    worker = Worker(desk, live, engine(live.config, name), name, carry=carry, lease=live.config.store.lease_seconds)
    over = asyncio.Event()
    tidying = asyncio.create_task(tidy(lambda: _tidied(store, live.config.store.keep_days * DAY), talk, over))
    try:
        return await worker.run(stop, until_idle=until_idle)
    finally:
        over.set()
        await tidying  # whoever works now and then only has tidied up too
        desk.close()


def telling(talk: Talk, look: set[int]) -> Carry:
    """Carries, and says at once what is for a person. `look`: gets those that were delivered, and are to be looked at."""

    async def told(way: Way, payload: Payload, claimed: Claimed, now: Callable[[], float]) -> tuple[Decision, Mapping[str, int]]:
        decision, rows = await carry(way, payload, claimed, now)
        dead, seen = decision.means in DEAD, decision.means is Means.DELIVERED and decision.for_a_person
        if seen:
            look.add(claimed.delivery)
        if dead or seen:
            says = [in_their_words(each, payload.where) for each in decision.says]
            became = decision.means.value if dead else "delivered, and a person should look"
            with suppress(Stop, Gone):  # nobody reads it: the store knows it too
                talk.found("dead" if dead else "look",
                           {"delivery": claimed.delivery, "endpoint": claimed.endpoint, "place": claimed.place, "says": says},
                           f"Delivery {claimed.delivery} to {claimed.endpoint} ({claimed.place}), {became}: {' '.join(says)}")
        return decision, rows

    return told


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
