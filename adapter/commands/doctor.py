"""`redbag doctor`: how the store, its keys, the clock, the disk, the workers and the endpoints are, and whether somebody must look.

Nothing is decided and nothing is made. What it says holds no value of a patient: all of it may go to whoever helps.
"""
from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from adapter.commands import support
from adapter.commands.configured import cap, configured, is_made, keyring, place, sentence
from adapter.commands.exits import Exit
from adapter.commands.keys import keys
from adapter.commands.line import at, runway, span, totals, unnamed
from adapter.commands.places import is_new
from adapter.commands.server import patiently
from adapter.commands.talk import Talk, count
from adapter.delivery.endpoints import Config, Endpoint
from adapter.delivery.endpoints.secrets import private
from adapter.delivery.endpoints.trial import How, steps
from adapter.delivery.store.errors import StoreError
from adapter.delivery.store.keeping import LEAST_FREE
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import AHEAD, Store

BACKWARDS = 60.0  # seconds by which the newest time in the store may be ahead of the clock
FEW = 14.0  # days of runway below which somebody should know
OLD = 900.0  # seconds that something may wait while nobody is at work
WATCH = 1.5  # seconds in which the beat of a worker that lives has moved
HELD = {"dead": "by a dead delivery (replay, skip, or a newer export)", "restored": "since a restore (release --all)",
        "hand": "by hand (release; `redbag deliveries list --state held` shows which)"}


class Level(Enum):
    WELL = "ok"
    LOOK = "look"  # it goes on, and somebody should know
    PERSON = "person"  # it does not go on until somebody does something


OF_TRIAL = {How.WELL: Level.WELL, How.DOUBT: Level.LOOK, How.AGAIN: Level.LOOK, How.NO: Level.PERSON}


class Check(NamedTuple):
    """`name`: a stable word for programs."""

    name: str
    level: Level
    says: str


def run(config: Path | None, bundle: Path | None, talk: Talk) -> Exit:
    """Raises Stop."""
    found = configured(config, talk)
    if bundle:
        is_new(bundle, found.file, option="--bundle")
    checks = list[Check]()
    for check in examined(found, talk):
        checks.append(check)
        talk.found("check", as_json(check), f"{check.level.value:>6}  {check.says}", data=True)
    levels = Counter(check.level for check in checks)
    ended = Exit.PERSON if levels[Level.PERSON] else Exit.DONE
    written = f" {support.write(bundle, found, [as_json(check) for check in checks])}" if bundle else ""
    talk.result({"exit": ended, "person": levels[Level.PERSON], "look": levels[Level.LOOK]},
                f"{count(levels[Level.PERSON], 'thing')} for a person, {levels[Level.LOOK]} to look at.{written}")
    return ended


def as_json(check: Check) -> dict[str, str]:
    return {"name": check.name, "level": check.level.value, "says": check.says}


def examined(config: Config, talk: Talk) -> Iterator[Check]:
    """Raises nothing that a store, a server or the network can cause."""
    yield Check("configuration", Level.WELL, f"{config.file}: {count(len(config.endpoints), 'endpoint')}")
    try:
        keyring(config)
    except StoreError as error:
        yield Check("keys", Level.PERSON, sentence(error))
    yield from secret(config)
    if is_made(config):
        yield from _store(config, keyring(config, look=True))
    else:
        yield Check("store", Level.WELL, f"there is no store {place(config)} yet: it is made when something is accepted")
    yield from asyncio.run(patiently(_all_tried(config), "endpoints", talk))


def secret(config: Config) -> Iterator[Check]:
    """Whoever reads the keys reads everything."""
    file = Path(config.store.keys)
    try:
        private(file)
    except ValueError as error:
        yield Check("keys", Level.PERSON, str(error))
    except OSError:  # it is not there, and that is told already
        return


async def _all_tried(config: Config) -> list[Check]:
    """At once: those that do not answer are waited for together."""
    found = await asyncio.gather(*map(_tried, config.endpoints.values()))
    return [check for checks in found for check in checks]


async def _tried(endpoint: Endpoint) -> list[Check]:
    return [Check(step.name, OF_TRIAL[step.how], f"{endpoint.name}: {step.says}") async for step in steps(endpoint)]


# ---- the store ---------------------------------------------------------------------------------------------------------------------
def _store(config: Config, ring: Keyring) -> Iterator[Check]:
    try:
        store = Store.open(config.store.database, ring, cap=cap(config))
    except StoreError as error:
        yield Check("store", Level.PERSON, sentence(error))
        return
    try:
        for look in (database, sealed, room, clock, workers, lanes):
            yield from look(store)
        yield from breakers(store, config)
    except StoreError as error:
        yield Check("store", Level.PERSON, sentence(error))
    finally:
        store.close()


def database(store: Store) -> Iterator[Check]:
    wrong = store.keeping.checked()
    yield Check("store", Level.WELL, f"{store.place}: {store.keeping.made_as()}")
    if wrong:
        yield Check("integrity", Level.PERSON, f"{store.place} is damaged ({count(len(wrong), 'fault')}): stop the workers, keep a copy of "
                                               "it as it is, and restore the last backup")
    for each in store.people.counts():
        yield Check("counts", Level.WELL if each.reconciled else Level.PERSON, totals(each))


def sealed(store: Store) -> Iterator[Check]:
    for key in keys(store.keys, store.keeping.keys_in_use()):
        yield Check("keys", Level.WELL if key.there else Level.PERSON, f"key {key.sentence()}")


def room(store: Store) -> Iterator[Check]:
    size = store.keeping.size()
    full = size.free is not None and size.free < LEAST_FREE or size.cap is not None and size.used >= size.cap
    level = Level.PERSON if full else Level.LOOK if size.runway is not None and size.runway < FEW else Level.WELL
    yield Check("room", level, runway(size) + (" Nothing more is accepted until there is room." if full else ""))


def clock(store: Store) -> Iterator[Check]:
    """The store's time never goes back, so it shows when the machine's did, or when another machine's is ahead. Nothing is lost by it."""
    ahead = store.clock.now() - time.time()
    if ahead <= BACKWARDS:
        yield Check("clock", Level.WELL, "this machine's clock is not behind the newest time in the store")
        return
    why = (f"this machine's clock is {span(ahead)} behind the newest time in the store: it was set back, or was ahead before, or another "
           "machine's is ahead; ")
    do = "the store goes on from its own time, tokens do not: let a time server set it"
    if ahead > AHEAD:
        do = ("a worker at work follows for an hour and no more, so what is accepted may wait: let a time server set the clocks of all "
              "machines, then start the workers anew")
    yield Check("clock", Level.LOOK, f"{why}{do}")


def workers(store: Store) -> Iterator[Check]:
    """Who is at work, by whether their beats move; and whether anything waits for nobody."""
    before = store.beats()
    if before:
        time.sleep(WATCH)
    alive = sorted(name for name, beat in store.beats().items() if before.get(name) != beat)
    if alive:
        yield Check("workers", Level.WELL, f"at work: {', '.join(alive)}")
        return
    oldest = store.keeping.oldest_waiting()
    waits = store.clock.now() - oldest if oldest is not None else 0.0
    level = Level.PERSON if waits > OLD else Level.LOOK if oldest is not None else Level.WELL
    waiting = f", and something has waited for {span(waits)}: start `redbag work`" if oldest is not None else ""
    yield Check("workers", level, f"nobody is at work{waiting}")


def lanes(store: Store) -> Iterator[Check]:
    """What is held, by endpoint and reason; what is urgent is named."""
    if since := store.keeping.restored():
        yield Check("restored", Level.PERSON, f"the store was put back on {at(since)}, and is held: `redbag deliveries release --all`")
    stuck = store.people.stuck()
    for (endpoint, held), number in sorted(Counter((lane.endpoint, lane.held) for lane in stuck).items()):
        yield Check("held", Level.PERSON, f"{endpoint}: {count(number, 'lane is', 'lanes are')} held {HELD[held or 'hand']}")
    urgent = [lane for lane in stuck if lane.urgent]
    if urgent:
        yield Check("urgent", Level.PERSON, f"{count(len(urgent), 'held lane')} with something urgent waiting: "
                                            "`redbag deliveries list --state held` shows them first")
    if not stuck:
        yield Check("held", Level.WELL, "no lane is held")


def breakers(store: Store, config: Config) -> Iterator[Check]:
    """Endpoints that fail for everybody; and what waits for one that is not configured any more."""
    counted = store.people.counts()
    astray = unnamed(counted, config)
    for each in counted:
        if each.endpoint in astray:
            yield Check("endpoint", Level.PERSON, astray[each.endpoint])
        elif (breaker := store.opened(each.endpoint)).open_until is not None:
            again = f"one delivery tries it again from {at(breaker.open_until)} on"
            yield Check("endpoint", Level.LOOK, f"{each.endpoint}: failed {count(breaker.failures, 'time')} in a row; {again}")
