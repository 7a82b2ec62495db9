"""When an endpoint is left alone: it fails for everybody, so nothing is sent there but one delivery from time to time. Pure.

    closed --3 failures in a row, or the server names a time--> open --the time is over--> one probe --answered--> closed
                                                                 ^------------- fails -------|

A failure is about the endpoint (not reached, out of service, asked too often, not let in), never about one delivery; where an answer
leaves that open, many in a row say it. Where it stands is in the store, shared by all processes: `failures` in a row, and `open_until`,
None where it is closed. Times in seconds since 1970.
Source: RFC 9110, Retry-After; NHS England API platform guidance on rate limits (exponential back-off where no time is given).
"""
from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from adapter.delivery.dialects.decision import Decision, Means

OPENS_AT = 3  # failures in a row
DOUBTS = 5  # lanes in a row with a doubtful result
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds
LONGEST_ASKED = 3600.0  # seconds: a server that says "tomorrow" is tried in an hour all the same


class Standing(Enum):
    CLOSED = "as usual"
    OPEN = "left alone"
    PROBE = "one delivery is tried"


def standing(open_until: float | None, now: float) -> Standing:
    """
    >>> standing(None, 100.0).value, standing(101.0, 100.0).value, standing(100.0, 100.0).value
    ('as usual', 'left alone', 'one delivery is tried')
    """
    if open_until is None:
        return Standing.CLOSED
    return Standing.OPEN if now < open_until else Standing.PROBE


def opens(failures: int, asked: float | None, now: float, dice: Callable[[], float]) -> float | None:
    """Until when it is open after so many failures in a row, the last of them at `now`; None: it stays closed. `asked`: not before this
    time, as the server said, which wins. `dice`: 0 <= dice() < 1.

    >>> opens(2, None, 100.0, lambda: 0.5), opens(3, None, 100.0, lambda: 0.5), opens(5, None, 100.0, lambda: 0.5)
    (None, 100.5, 102.0)
    >>> opens(1, 130.0, 100.0, lambda: 0.5)
    130.0
    """
    if asked is not None and asked > now:
        return min(asked, now + LONGEST_ASKED)
    return now + pause(failures, dice) if failures >= OPENS_AT else None


def pause(failures: int, dice: Callable[[], float]) -> float:
    """Seconds until the next probe: 1 s, doubled with every failure up to 5 min, with full jitter, so that many boxes of one vendor do not
    come back to a server in one moment."""
    return dice() * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - OPENS_AT, 30))


def doubtful(decision: Decision) -> bool:
    """It may be the delivery, and it may be the endpoint: no answer came, or it failed over it.

    >>> doubtful(Decision(Means.AMBIGUOUS)), doubtful(Decision(Means.RETRY, status=502)), doubtful(Decision(Means.RETRY, status=409))
    (True, True, False)
    """
    return decision.means in (Means.RETRY, Means.AMBIGUOUS) and (decision.status is None or decision.status >= 500)


class Doubts:
    """Many doubtful results with no answer between them, each about another lane, are about the endpoint. One resident whom a server cannot
    bear is one lane, however often it is tried.

    >>> doubts = Doubts(); [doubts.of(lane) for lane in (1, 1, 1, 2, 3, 4, 5)]
    [False, False, False, False, False, False, True]
    """

    def __init__(self) -> None:
        self._lanes = set[int]()

    def of(self, lane: int) -> bool:
        """One more; True: too many."""
        self._lanes.add(lane)
        return len(self._lanes) >= DOUBTS
