"""The store's time: seconds since 1970 that only go forward, whatever is done to the machine's clock meanwhile."""
from __future__ import annotations

import time
from collections.abc import Callable


class Steady:
    """The wall clock is looked at once, when this is made; from then on the time that has passed is measured (monotonic). It never starts
    before `newest`, the newest time in the store, so that what is written next is not older than what stands there."""

    def __init__(self, newest: float = 0.0, wall: Callable[[], float] = time.time, passed: Callable[[], float] = time.monotonic) -> None:
        self.wall, self._passed, self._began = wall, passed, passed()
        self._start = max(wall(), newest)

    def now(self) -> float:
        return self._start + self._passed() - self._began

    def not_before(self, newest: float) -> None:
        """The store is found to hold a later time than this clock's: go on from there."""
        self._start += max(newest - self.now(), 0.0)
