"""The store of deliveries: what is accepted is on the disk when `accept` returns, and is there until it is settled. The ledger is the
truth; whoever wakes the workers may forget everything.

    store = Store.open("redbag.db", Keyring.load("redbag.keys"))
    receipts = store.accept(items)
    for claimed in store.claim("worker 1", "st-marys", 8):
        payload = store.open_payload(claimed)
        ...
        store.settle([(claimed, attempt)])

Every method is one transaction and may be called from any thread. All raise StoreError (errors.py). For people: store.people; for whoever
looks after it: store.keeping.
"""
from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sqlalchemy import Connection, Engine

from adapter.delivery.points import reached
from adapter.delivery.store import handing, intake, opening, sql
from adapter.delivery.store.clock import Steady
from adapter.delivery.store.errors import StoreAway, WorkerRunning
from adapter.delivery.store.handing import Late, Lost, Wakes
from adapter.delivery.store.keeping import Keeping
from adapter.delivery.store.lock import FileLock
from adapter.delivery.store.migrations import migrate
from adapter.delivery.store.model import Attempt, Claimed, Item, Payload, Receipt
from adapter.delivery.store.packing import unpacked
from adapter.delivery.store.people import People
from adapter.delivery.store.seal import Keyring

__all__ = ["Breaker", "Lost", "Store"]

T = TypeVar("T")
Wake = Callable[[Connection, str, float], None]
Died = Callable[[Sequence[Late]], None]  # called when it is committed, by whichever thread found that their time was over
TRIES = 5  # of a transaction that was undone because of another
OVERHEAD = 1500  # bytes of a delivery beside its payload, indexes and attempts included
SAME_NAME = "a worker named {} is at work on this store already: give this one another name"
AHEAD = 3600.0  # seconds that another process' clock is followed beyond the machine's own
LEASE = 30.0  # seconds without a beat after which a worker is given up


def no_wake(connection: Connection, endpoint: str, delay: float) -> None:
    """Nobody is to be woken: workers look by themselves."""


def untold(late: Sequence[Late]) -> None:
    """Nobody is told: it can be read in the store."""


@dataclass(frozen=True)
class Breaker:
    """How an endpoint does: failures in a row; `open_until`: nothing is sent there before (seconds since 1970)."""

    failures: int = 0
    open_until: float | None = None


class Store:
    """Made by `Store.open`."""

    def __init__(self, engine: Engine, keys: Keyring, clock: Steady, cap: int | None) -> None:
        self.engine, self.keys, self.clock, self.cap = engine, keys, clock, cap
        self.place = opening.place_of(engine.url)
        self.wake: Wake = no_wake
        self.died: Died = untold
        self.chance: Callable[[], float] = random.random
        self._lock = FileLock(f"{os.path.realpath(engine.url.database or '')}.lock") if engine.dialect.name == "sqlite" else None
        self._writing = engine.execution_options(writes=True)
        self._lightly = engine.execution_options(writes=True, lightly=True)
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ") if self._lock is None else engine

    @classmethod
    def open(cls, url: str, keys: Keyring, *, clock: Steady | None = None, cap: int | None = None, wait: float = 30.0) -> Store:
        """`url`: a file's name, sqlite:///FILE or postgresql://…; its tables are made, or brought to this release's. `cap`: bytes the
        store may have. `wait`: seconds for a lock or a connection."""
        store = cls(opening.engine(url, wait), keys, clock or Steady(), cap)
        try:
            store.write(lambda connection: migrate(connection, store.place))
            store.clock.not_before(store.read(sql.newest))
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """The worker's lock is given back too."""
        self.engine.dispose()
        if self._lock:
            self._lock.release()

    @cached_property
    def people(self) -> People:
        return People(self)

    @cached_property
    def keeping(self) -> Keeping:
        return Keeping(self)

    # Transactions

    def write(self, what: Callable[[Connection], T], point: str = "", *, lightly: bool = False) -> T:
        """All of it or nothing, done anew where another transaction was in the way. `point` names it to the tests. `lightly`: with a SQLite
        file it need not outlast the loss of power."""
        for tried in range(TRIES):
            try:
                with opening.translated(self.place):
                    with (self._lightly if lightly else self._writing).begin() as connection:
                        done = what(connection)
                        if point:
                            reached(f"{point}.before-commit")
                    if point:
                        reached(f"{point}.committed")
                    return done
            except opening.TryAgain:
                time.sleep(0.01 * tried)
        raise StoreAway(f"{self.place}: other processes were in the way {TRIES} times; try again")

    def read(self, what: Callable[[Connection], T]) -> T:
        """One picture of the store."""
        try:
            with opening.translated(self.place), self._reading.connect() as connection:
                return what(connection)
        except opening.TryAgain:
            raise StoreAway(f"{self.place}: another process was in the way; try again") from None

    # Accepting

    def accept(self, items: Sequence[Item]) -> list[Receipt]:
        """Accepted is committed: all of them, or by an exception none. Raises StoreFull before anything is kept."""
        packed = [intake.Packed.of(item) for item in items]

        def accept(connection: Connection) -> list[Receipt]:
            reached("accept.begun")
            self.keeping.need_room(connection, sum(len(each.squeezed) + OVERHEAD for each in packed))
            taking = intake.Intake(connection, self.keys, self.clock.now())
            receipts = taking.accept(packed)
            for endpoint in sorted(taking.endpoints):
                self.wake(connection, endpoint, 0.0)
            return receipts

        return self.write(accept, "accept") if packed else []

    # Handing out

    def claim(self, worker: str, endpoint: str, most: int, *, urgent_only: bool = False) -> list[Claimed]:
        """Heads of lanes that are due, each with its payload still sealed. Those whose time has run out are dead instead."""
        claimed, late = self.write(lambda connection: handing.claim(connection, worker, endpoint, most, self.clock.now(), urgent_only),
                                   "claim", lightly=True)
        self.died(late)
        return claimed

    def settle(self, settlements: Sequence[tuple[Claimed, Attempt]], on: bool = True) -> list[Claimed | Lost | None]:
        """One transaction for all of them. `on`: the next of the lane is handed on to the same worker; None: the lane is free."""
        return self._waking(
            lambda connection, wakes: handing.settle(connection, settlements, on, self.clock.now(), self.chance, wakes), "settle")

    def release(self, claimed: Sequence[Claimed]) -> None:
        """Given back untouched."""
        self._waking(lambda connection, wakes: handing.release(connection, claimed, self.clock.now(), wakes))

    def open_payload(self, claimed: Claimed) -> Payload:
        """Raises KeyMissing and Broken."""
        return unpacked(self.keys.open(claimed.sealed, claimed.key.encode()))

    def expire(self, endpoint: str) -> int:
        """Whatever comes next in its lane there, held or not, and whose time has run out, is dead; returns how many."""
        gone = 0
        while late := self.write(lambda connection: handing.expire(connection, endpoint, self.clock.now())):
            self.died(late)
            gone += len(late)
        return gone

    def due(self, endpoint: str, *, urgent_only: bool = False) -> float | None:
        """Seconds until something is due there; None: nothing waits."""
        at = self.read(lambda connection: sql.earliest(connection, endpoint, urgent_only))
        return None if at is None else max(at - self.clock.now(), 0.0)

    def _waking(self, what: Callable[[Connection, Wakes], T], point: str = "") -> T:
        """A write that says itself where something will be due."""
        def do(connection: Connection) -> T:
            wakes = Wakes()
            done = what(connection, wakes)
            for endpoint, delay in sorted(wakes.at.items()):
                self.wake(connection, endpoint, delay)
            return done

        return self.write(do, point)

    # Workers

    def register(self, worker: str, *, lease: float = LEASE) -> None:
        """A worker begins. With a SQLite file there may be one process at work, and whatever an earlier one left is taken up at once; with
        PostgreSQL a name may be had once: while its beat moves it is taken, and one that has not moved for `lease` seconds is buried.
        Raises WorkerRunning."""
        if self._lock is None:
            self._outlast(worker, lease)
        elif self._lock.take():
            self.bury({*self.beats(), *self.read(sql.workers_in_flight)})
        if not self.write(lambda connection: sql.add_worker(connection, worker)):
            raise WorkerRunning(SAME_NAME.format(worker))

    def _outlast(self, worker: str, lease: float) -> None:
        first, until = self.beats().get(worker), time.monotonic() + lease
        while first is not None and time.monotonic() < until:
            time.sleep(min(0.2, lease))
            if self.beats().get(worker, first) != first:
                raise WorkerRunning(SAME_NAME.format(worker))
        if first is not None:
            self.bury([worker])

    def leave(self, worker: str) -> None:
        """A worker ends; whatever it still has is given back."""
        self.bury([worker])

    def beat(self, worker: str) -> bool:
        """Still alive. False: this worker was given up and buried; what it has in flight is no longer its own."""
        return self.write(lambda connection: sql.beat(connection, worker), lightly=True)

    def keep_up(self) -> float:
        """Another process' clock may be ahead of this one's: what it accepts is due here too. But never by more than an hour ahead of the
        machine's own clock, which may be the right one. Returns how many seconds the store's newest time is still ahead of."""
        newest = self.read(sql.newest)
        self.clock.not_before(min(newest, self.clock.wall() + AHEAD))
        return max(newest - self.clock.now(), 0.0)

    def beats(self) -> dict[str, int]:
        """Of every worker; and -1 of one that was buried and claimed something before it knew, for nobody else would miss it."""
        return self.read(lambda connection: dict.fromkeys(sql.workers_in_flight(connection), -1) | sql.beats(connection))

    def bury(self, stale: Collection[str]) -> int:
        """Workers that no longer answer: their lanes are free. Returns how many lanes."""
        return self._waking(lambda connection, wakes: handing.bury(connection, list(stale), self.clock.now(), wakes)) if stale else 0

    # Endpoints

    def opened(self, endpoint: str) -> Breaker:
        row = self.read(lambda connection: sql.endpoint_now(connection, endpoint))
        return Breaker(row["failures"], row["open_until"]) if row else Breaker()

    def failed(self, endpoint: str, until: float | None = None) -> int:
        """One more failure in a row; `until`: nothing is sent there before. Returns how many in a row."""
        return self.write(lambda connection: sql.endpoint_failed(connection, endpoint, until), lightly=True)

    def succeeded(self, endpoint: str) -> None:
        self.write(lambda connection: sql.endpoint_succeeded(connection, endpoint), lightly=True)

    def probe(self, endpoint: str, until: float) -> bool:
        """True for one of all who ask, once the time until which nothing is sent is over; it is then set to `until` for the others."""
        return self.write(lambda connection: sql.endpoint_probed(connection, endpoint, self.clock.now(), until), lightly=True)

    def take(self, endpoint: str, n: int, rate: float) -> float:
        """When n requests may begin, `rate` a second over all processes: seconds since 1970 (GCRA: ITU-T I.371)."""
        seconds = n / rate
        return self.write(lambda connection: sql.endpoint_taken(connection, endpoint, self.clock.now(), seconds), lightly=True) - seconds


