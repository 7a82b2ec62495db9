"""When to try again, and after how long. Time and dice come from one seam, the Clock.

Only two things are tried again here: what cannot have reached the server, and reads. Everything else is for whoever keeps the record of
deliveries. Sources: RFC 9110, Retry-After; NHS England API platform guidance on rate limits (a 429 often comes without Retry-After).
"""
from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, stop_after_attempt, stop_after_delay, stop_any

from adapter.delivery.answer import Answer, CutOff, NoAnswer, TlsFailed, Unreachable
from adapter.delivery.deadline import left

BUSY = frozenset({429, 502, 503, 504})  # answers to a read that say "later"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0  # seconds


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """The one seam for time: what is now, how to wait (seconds), and the dice of the jitter (0 <= dice() < 1)."""

    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Callable[[], float] = random.random


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait as the server said them, in seconds or as a date; None where it said nothing that can be understood.

    >>> retry_after("7", datetime(2026, 11, 3, tzinfo=UTC)), retry_after("soon", datetime(2026, 11, 3, tzinfo=UTC))
    (7.0, None)
    >>> retry_after("Tue, 03 Nov 2026 00:01:00 GMT", datetime(2026, 11, 3, tzinfo=UTC))
    60.0
    """
    said = (header or "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        when = parsedate_to_datetime(said)
        return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def pause(attempt: int, asked: float | None, dice: Callable[[], float]) -> float:
    """Seconds before the next try: what the server asked for, else exponential back-off with full jitter. The first attempt is 1.

    >>> pause(1, 7.0, lambda: 0.5), pause(1, None, lambda: 0.5), pause(3, None, lambda: 0.5), pause(50, None, lambda: 0.5)
    (7.0, 0.25, 1.0, 10.0)
    """
    return asked if asked is not None else dice() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt - 1, 30))


def again(came: Answer | BaseException, *, reading: bool, longest_wait: float) -> bool:
    """Is it safe, and any use, to try once more?"""
    if isinstance(came, Answer):
        return reading and came.status in BUSY and (came.retry_after or 0.0) <= longest_wait
    return isinstance(came, Unreachable | NoAnswer | CutOff) and not isinstance(came, TlsFailed)


def retrying(clock: Clock, *, reading: bool, attempts: int, longest_wait: float, patience: float) -> AsyncRetrying:
    """The last try's answer is returned, or its error raised, as it came. Times in seconds."""
    return AsyncRetrying(
        sleep=clock.sleep, stop=stop_any(stop_after_attempt(attempts), stop_after_delay(patience)),
        retry=lambda state: left() > 0 and again(_came(state), reading=reading, longest_wait=longest_wait),
        wait=lambda state: min(pause(state.attempt_number, getattr(_came(state), "retry_after", None), clock.dice), left()),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None)


def _came(state: RetryCallState) -> Any:
    return state.outcome and (state.outcome.exception() or state.outcome.result())
