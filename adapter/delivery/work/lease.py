"""Who is still at work, without comparing anybody's clocks: every worker raises a number in the store once a second, its beat.

A worker whose beat has not changed for a whole lease, by the clock of whoever watches, is buried: its lanes are free for others, and all
it may still write about them is dropped. A worker knows by its own clock how long ago its last beat was, and sends nothing after half a
lease: so it stops well before others go on with its lanes, even if it was stopped in between, or its machine slept.
"""
from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

LEASE = 30.0  # seconds
BEAT = 1.0  # seconds from one beat to the next


class Buried(Exception):
    """Others took this worker for dead, and its lanes are theirs."""


def awake_or_not() -> float:
    """Seconds, never set, that go on while the machine sleeps (where the system has such a clock)."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Watch:
    """Of every worker the beat last seen, and since when it has been that one. `now` is of the watcher's own clock, taken before the beats
    were read; one that stands still while the machine sleeps, for then the others slept as well."""

    def __init__(self, lease: float = LEASE) -> None:
        self._lease = lease
        self._seen, self._moved = dict[str, tuple[int, float]](), set[str]()

    def stale(self, beats: Mapping[str, int], now: float) -> list[str]:
        """The workers to bury."""
        before = self._seen
        self._moved = {name for name, beat in beats.items() if name in self._moved or name in before and before[name][0] != beat}
        self._seen = {name: before[name] if name in before and before[name][0] == beat else (beat, now) for name, beat in beats.items()}
        return [name for name, (_, since) in self._seen.items() if now - since >= self._lease]

    def unsure(self, own: str) -> bool:
        """Is there another of which it is not known yet whether it lives?"""
        return bool(self._seen.keys() - self._moved - {own})


class Lease:
    """A worker's own: how long it may be sure that its lanes are still its."""

    def __init__(self, lease: float = LEASE, clock: Callable[[], float] = awake_or_not) -> None:
        self.clock, self._half = clock, lease / 2
        self._renewed, self._buried = clock(), False
        self._news = asyncio.Event()

    def renew(self, asked: float) -> None:
        """The store took a beat; `asked` is when it was asked to, by the own clock."""
        self._renewed = asked
        self._tell()

    def bury(self) -> None:
        self._buried = True
        self._tell()

    def still_mine(self) -> bool:
        return not self._buried and self.clock() - self._renewed < self._half

    async def sure(self) -> None:
        """At once, as a rule; after a time without a beat when there has been one. Raises Buried."""
        while not self.still_mine():
            if self._buried:
                raise Buried
            await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
