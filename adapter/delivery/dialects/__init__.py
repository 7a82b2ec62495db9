"""What an answer means, for every way of speaking with an NHS-side server: a table each. Pure: nothing is sent and no clock is read.

    decide("fhir", Asked("POST", entries=13), answer, attempt=1, now=time) -> Decision(RETRY, …, READ_AGAIN, …)
"""
from __future__ import annotations

from collections.abc import Callable, Mapping

from adapter.delivery.dialects import bars, fhir
from adapter.delivery.dialects.decision import About, Asked, Came, Decision, Do, Means

__all__ = ["DIALECTS", "About", "Asked", "Came", "Decision", "Do", "Means", "decide"]

DIALECTS: Mapping[str, Callable[[Asked, Came, int, float], Decision]] = {"fhir": fhir.decide, "bars": bars.decide}


def decide(dialect: str, asked: Asked, came: Came, attempt: int, now: float) -> Decision:
    """What is to be done after `came`, the answer to `asked`, or after there was none. `attempt` counts from 1, `now` is in seconds since
    1970. Raises KeyError for a dialect that has no table."""
    return DIALECTS[dialect](asked, came, attempt, now)
