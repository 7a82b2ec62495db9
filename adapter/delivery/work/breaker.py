"""When an endpoint is left alone: it fails for everybody, so nothing is sent there but one delivery from time to time. Pure.

    closed --3 failures in a row, or the server names a time--> open --the time is over--> one probe --answered--> closed
                                                                 ^------------- fails -------|

A failure is about the endpoint (not reached, out of service, asked too often, not let in), never about one delivery; where an answer
leaves that open (a time-out, a 502, a refusal of a firewall's), many in a row say it. So it is where delivery after delivery is refused
for good: a gateway that has been set up wrong must not make dead all that waits. Where it stands is in the store, shared by all
processes: `failures` in a row, and `open_until`, None where it is closed. Times in seconds since 1970.
Source: RFC 9110, Retry-After; NHS England API platform guidance on rate limits (exponential back-off where no time is given).
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from adapter.delivery.dialects.decision import About, Decision, Means

OPENS_AT = 3  # failures in a row
MANY = 5  # lanes in a row with a doubtful result, or refused
IN_ITS_PLACE = frozenset({400, 403})  # where a person is to mend it: by what a gateway or firewall says it may dislike one resident's text
EVERYBODY = "every delivery is refused: look at the endpoint, and at whatever stands before it"
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


class Sign(Enum):
    """What one attempt says about the endpoint."""

    UP = "it answers"
    REFUSED = "it answers, and refuses this one for good"
    DOWN = "it fails for everybody"
    DOUBT = "it may be the delivery, and it may be the endpoint"
    NOTHING = "it was not asked"


def sign(decision: Decision) -> Sign:
    """
    >>> [sign(Decision(Means.RETRY, status=status)).name for status in (None, 502, 409)], sign(Decision(Means.RETRY, asked=False)).name
    (['DOUBT', 'DOUBT', 'UP'], 'NOTHING')
    >>> [sign(Decision(Means.RETRY, about=About.ENDPOINT, status=status, mend=True)).name for status in (401, 403)]
    ['DOWN', 'DOUBT']
    >>> sign(Decision(Means.DEAD, status=422)).name, sign(Decision(Means.DEAD)).name
    ('REFUSED', 'UP')
    """
    if not decision.asked:
        return Sign.NOTHING
    if decision.about is About.ENDPOINT:
        return Sign.DOUBT if decision.mend and decision.status in IN_ITS_PLACE else Sign.DOWN
    if decision.means in (Means.DEAD, Means.PERSON):
        return Sign.REFUSED if 400 <= (decision.status or 0) < 500 else Sign.UP
    doubtful = decision.means is not Means.DELIVERED and (decision.status is None or decision.status >= 500)
    return Sign.DOUBT if doubtful else Sign.UP


def of_everybody(decision: Decision) -> Decision:
    """Of one that was refused as everybody is: it waits until somebody has looked, and so does the endpoint."""
    return replace(decision, means=Means.RETRY, says=(EVERYBODY, *decision.says), at=None, about=About.ENDPOINT, mend=True)


class Crowd:
    """Many results of one kind with none between them that says otherwise, each about another lane, are about the endpoint. One resident
    whom a server cannot bear is one lane, however often it is tried.

    >>> crowd = Crowd(); [crowd.of(lane) for lane in (1, 1, 1, 2, 3, 4, 5)]
    [False, False, False, False, False, False, True]
    """

    def __init__(self) -> None:
        self._lanes = set[int]()

    def of(self, lane: int) -> bool:
        """One more; True: too many."""
        self._lanes.add(lane)
        return self.many

    @property
    def many(self) -> bool:
        return len(self._lanes) >= MANY
