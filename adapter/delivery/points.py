"""Places between statements that matter, by name. A test stops the process there; in earnest nothing happens.

    reached("settle.before-commit")
"""
from __future__ import annotations

from collections.abc import Callable

POINTS = (
    "accept.begun", "accept.before-commit", "accept.committed",
    "claim.before-commit", "claim.committed",
    "send.before-request", "send.after-answer",
    "settle.before-commit", "settle.committed",
)
Stop = Callable[[str], None]
_stops: list[Stop] = []


def reached(point: str) -> None:
    for stop in _stops:
        stop(point)


def stop_at(stop: Stop) -> None:
    """`stop` is told of every point reached from now on, in this process."""
    _stops.append(stop)
