"""How many deliveries may be under way to an endpoint at once, and which is next.

A server that comes back is not run over by all that waited for it.
"""
from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Ramp:
    """One at first and after an outage, one more for every answer, up to `most`. Pure.

    >>> Ramp(3).limit, Ramp(3).answered().limit, Ramp(3).answered().answered().answered().limit, Ramp(3).answered().outage().limit
    (1, 2, 3, 1)
    """

    most: int
    limit: int = 1

    def answered(self) -> Self:
        return self if self.limit == self.most else replace(self, limit=min(self.most, self.limit + 1))

    def outage(self) -> Self:
        return replace(self, limit=1)


class Slots:
    """Turns to send: as many at once as the ramp allows, what is urgent first, else whoever asked first. Of one event loop."""

    def __init__(self, most: int) -> None:
        self.ramp, self.taken = Ramp(most), 0
        self._queue: list[tuple[bool, int, asyncio.Future[bool]]] = []
        self._asked = 0

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def ask(self, urgent: bool) -> asyncio.Future[bool]:
        """True when its turn has come: a slot is then taken. False: there will be none."""
        turn = asyncio.get_running_loop().create_future()
        self._asked += 1
        heapq.heappush(self._queue, (not urgent, self._asked, turn))
        self._next()
        return turn

    def give_back(self) -> None:
        self.taken -= 1
        self._next()

    def answered(self) -> None:
        self.ramp = self.ramp.answered()
        self._next()

    def send_home(self) -> None:
        """Whoever waits will have no turn."""
        for _, _, turn in self._queue:
            if not turn.done():
                turn.set_result(False)
        self._queue.clear()

    def outage(self) -> None:
        self.ramp = self.ramp.outage()
        self.send_home()

    def _next(self) -> None:
        while self._queue and self.taken < self.ramp.limit:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():
                self.taken += 1
                turn.set_result(True)
