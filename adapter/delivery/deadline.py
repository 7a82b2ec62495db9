"""How long everything about one resident may take: whoever asks sets it, every request within keeps to it, in any task.

    with within(90.0): ...         seconds; left() is what is left of them, without end where nobody set any
"""
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))  # by the clock of the event loop


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is set already and ends earlier stays."""
    before = _ends.set(min(_ends.get(), asyncio.get_running_loop().time() + seconds))
    try:
        yield
    finally:
        _ends.reset(before)


def left() -> float:
    """Seconds, not below 0."""
    return max(0.0, _ends.get() - asyncio.get_running_loop().time())
