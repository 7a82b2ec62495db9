"""How long everything about one resident may take: whoever asks sets it, every request within keeps to it, in any task.

    with within(90.0): ...         seconds; left() is what is left of them, without end where nobody set any
        with standing_still(): ... what is waited for here is not of the resident's time, such as one's turn where many are sent
"""
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Deadline:
    """Times by the clock of the event loop. What stands still in several tasks at once stands still once."""

    def __init__(self, ends: float) -> None:
        self._ends, self._stands, self._since = ends, 0, 0.0

    def left(self, now: float) -> float:
        return self._ends - (self._since if self._stands else now)

    def stop(self, now: float) -> None:
        self._since = self._since if self._stands else now
        self._stands += 1

    def go_on(self, now: float) -> None:
        self._stands -= 1
        if not self._stands:
            self._ends += now - self._since


_set: ContextVar[tuple[Deadline, ...]] = ContextVar("set", default=())  # the outermost first


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is set already and ends earlier stays."""
    before = _set.set((*_set.get(), Deadline(_now() + seconds)))
    try:
        yield
    finally:
        _set.reset(before)


@contextmanager
def standing_still() -> Iterator[None]:
    deadlines = _set.get()
    for each in deadlines:
        each.stop(_now())
    try:
        yield
    finally:
        for each in deadlines:
            each.go_on(_now())


def left() -> float:
    """Seconds, not below 0."""
    return max(0.0, min((each.left(_now()) for each in _set.get()), default=float("inf")))


def _now() -> float:
    return asyncio.get_running_loop().time()
