"""What an answer means for a delivery: the words that every dialect uses. Pure."""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from adapter.delivery.answer import Answer, ClientError


class Means(Enum):
    """`AMBIGUOUS`: it may have been taken; it is asked again in a way that does no harm. `DEAD`: the same again will not help."""

    DELIVERED = "delivered"
    RETRY = "not taken, try again later"
    AMBIGUOUS = "not known whether it was taken"
    DEAD = "refused"
    PERSON = "stopped for a person"  # dead, and it is not certain whom or what it is about


class Do(Enum):
    """What to do at once, within the same attempt, before anything else."""

    NOTHING = ""
    FRESH_TOKEN = "ask for a fresh token, once"  # noqa: S105  # a word for what to do
    READ_AGAIN = "read what is there again, and compare"
    SMALLER = "send smaller parts"
    POLL = "ask at the address given what became of it"


class About(Enum):
    """Whom it concerns: this delivery only, or whatever is sent to this endpoint (then a breaker opens, and no attempt is counted)."""

    DELIVERY = "delivery"
    ENDPOINT = "endpoint"


@dataclass(frozen=True)
class Decision:
    """`says`: sentences for a person, without any value of a patient. `at`: not before this time (seconds since 1970), None: by back-off.
    `status` is HTTP's, None where none came. `mend`: of an endpoint only, it goes on like this until a person repairs something, such as
    the address or the credentials. `asked`: False where the endpoint was not, our own time having been over before. `for_a_person`: of what
    was delivered, what it says is for somebody to look at, such as an edit of the hospital's that stays."""

    means: Means
    says: tuple[str, ...] = ()
    at: float | None = None
    do: Do = Do.NOTHING
    about: About = About.DELIVERY
    status: int | None = None
    mend: bool = False
    asked: bool = True
    for_a_person: bool = False


class Asked(NamedTuple):
    """What was sent, as far as a decision needs it. `repeatable`: sent twice, it does what it does once (every entry is a PUT or
    conditional, or the receiver knows the request by its id). `entries`: of a bundle, how many. `fresh`: its token was made for it, or
    there is none to be had. `if_match`: some entry names the version it expects, so that a 412 may mean that."""

    method: str
    repeatable: bool = True
    entries: int = 0
    fresh: bool = False
    if_match: bool = True


Came = Answer | ClientError  # an answer, or why there is none
