"""One try at one delivery. Whatever goes wrong in it is that delivery's alone: one that cannot be opened, even a fault of this program.

A fault is told so that it can be found, without a word of what was being carried.
"""
from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import NamedTuple

from adapter.delivery.dialects.decision import Decision, Means
from adapter.delivery.store.errors import KeyMissing, Sealed, StoreAway, StoreFull
from adapter.delivery.store.model import Attempt, Claimed, Payload
from adapter.delivery.store.store import Store
from adapter.delivery.work.breaker import Sign, sign
from adapter.delivery.work.carry import NO_ROWS, Way
from adapter.delivery.work.lease import Buried

log = logging.getLogger(__name__)
Carry = Callable[[Way, Payload, Claimed, Callable[[], float]], Awaitable[tuple[Decision, Mapping[str, int]]]]
ANEW = (Buried, StoreAway, StoreFull)  # not about one delivery: the worker begins anew
OURS = ("adapter.", "mappings.")
KEY_AGAIN = 600.0  # seconds before it is looked whether a missing key is there again


class Tried(NamedTuple):
    """What came of it, what that says about the endpoint, and where the vendor has the rows that it speaks of."""

    attempt: Attempt
    sign: Sign
    where: Mapping[str, str]


async def attempt(carry: Carry, way: Way, claimed: Claimed, store: Store, worker: str) -> Tried:
    """Raises ANEW."""
    now, rows, where = store.clock.now, NO_ROWS, dict[str, str]()
    began = now()
    try:
        payload = store.open_payload(claimed)
        where.update(payload.where)
        decision, rows = await carry(way, payload, claimed, now)
        says = sign(decision)
    except Sealed as error:
        decision = sealed(error, now())
        says = sign(decision)
        _tell(claimed, decision)
    except ANEW:
        raise
    except Exception as error:  # noqa: BLE001  # it holds up its own lane and no other
        decision, says = fault_of_ours(error), Sign.DOUBT
        _tell(claimed, decision)
    return Tried(Attempt(began, now(), decision, worker, rows), says, where)


def sealed(error: Sealed, now: float) -> Decision:
    """A key that is missing may be put back, and then all that it sealed goes on by itself; what is damaged stays so."""
    missing = isinstance(error, KeyMissing)
    return Decision(Means.RETRY if missing else Means.PERSON, (str(error),), now + KEY_AGAIN if missing else None, asked=False)


def _tell(claimed: Claimed, decision: Decision) -> None:
    log.error("Delivery %d to %s: %s", claimed.delivery, claimed.endpoint, " ".join(decision.says))


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
