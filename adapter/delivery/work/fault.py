"""A fault of this program, met while a delivery was carried: told so that it can be found, without a word of what it was carrying."""
from __future__ import annotations

from types import TracebackType

from adapter.delivery.dialects.decision import Decision, Means

OURS = ("adapter.", "mappings.")


def fault_of_ours(error: Exception) -> Decision:
    """Its class and its place in our code. Its own words may hold a patient's values, and so may a traceback's lines."""
    where = place_of(error.__traceback__)
    says = f"a fault of this program, {type(error).__name__} at {where}: report it, and replay this delivery with a release that mends it"
    return Decision(Means.PERSON, (says,))


def place_of(trace: TracebackType | None) -> str:
    """
    >>> place_of(None)
    'an unknown place'
    """
    place = "an unknown place"
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith(OURS):
            place = f"{module}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
