"""A table of what answers mean: rules from top to bottom, the first whose signs are all there is the one. Pure.

    Rule("status=409|412 hapi=0989", RETRY, READ_AGAIN, DELIVERY, "the resource has changed since we looked: …")

A rule names signs (signs.py), of which each must be there, `a|b` one of the two. Then what it means, what to do at once within the same
attempt, whom it concerns, and a sentence for a person. Whatever concerns an endpoint is tried again until it passes or is repaired, and
never makes a delivery dead: nothing about that delivery is wrong.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache

from adapter.delivery.answer import Answer, NotAsked
from adapter.delivery.dialects.decision import About, Asked, Came, Decision, Do, Means
from adapter.delivery.dialects.words import reasons

LONGEST_ASKED = 3600.0  # seconds: a Retry-After of next year must not stop a lane; to ask once an hour harms nobody
GO_ON = (Means.RETRY, Means.AMBIGUOUS)
ONCE_MORE = "; sent twice it would do twice what it does, so a person must look"


class Whom(Enum):
    """Whom a rule concerns: one delivery; whatever is sent to this endpoint, until it passes; the same, until a person repairs it."""

    DELIVERY = "this delivery"
    ENDPOINT = "this endpoint, for a while"
    REPAIR = "this endpoint, until it is repaired"


class Wait(Enum):
    """When to try again where the server does not say (Retry-After): by back-off; soon, for it was a matter of the moment; or when a quota
    that is counted over a minute is surely free again."""

    BACK_OFF = "by back-off"
    SOON = "soon"
    MINUTE = "in a minute"


@dataclass(frozen=True)
class Rule:
    """`when`: "name=value|value name=value", all of which must be there."""

    when: str
    means: Means
    do: Do
    whom: Whom
    says: str
    wait: Wait = Wait.BACK_OFF
    needs: tuple[frozenset[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pairs = [word.partition("=") for word in self.when.split()]
        object.__setattr__(self, "needs", tuple(frozenset(f"{name}={value}" for value in values.split("|")) for name, _, values in pairs))

    def fits(self, signs: frozenset[str]) -> bool:
        return all(one_of & signs for one_of in self.needs)


class Table:
    """Rules from top to bottom; the last one takes everything. What was found once for the same signs is not looked for again: kept are
    only signs that some rule names, nothing else that a server said."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        self._named = frozenset(sign for rule in rules for one_of in rule.needs for sign in one_of)
        self._found = lru_cache(maxsize=1024)(self._search)

    def first(self, signs: frozenset[str]) -> Rule:
        return self._found(signs & self._named)

    def _search(self, signs: frozenset[str]) -> Rule:
        return next(rule for rule in self.rules if rule.fits(signs))


def decision(rule: Rule, asked: Asked, came: Came, attempt: int, now: float) -> Decision:
    """Of a request that has been sent for the `attempt`-th time (from 1), `now` in seconds since 1970."""
    if rule.means is Means.AMBIGUOUS and not asked.repeatable:
        rule = replace(rule, means=Means.PERSON, whom=Whom.DELIVERY, says=rule.says + ONCE_MORE)
    about = About.DELIVERY if rule.whom is Whom.DELIVERY else About.ENDPOINT
    asks = bounded(came.retry_after) if isinstance(came, Answer) else None
    return Decision(rule.means, sentences(rule, came), _at(rule, asks, attempt, now), rule.do, about,
                    came.status if isinstance(came, Answer) else None, rule.whom is Whom.REPAIR, not isinstance(came, NotAsked))


def sentences(rule: Rule, came: Came) -> tuple[str, ...]:
    """What came, and what it means; then the reasons that an OperationOutcome gives, in our words."""
    return (headline(rule, came), *reasons(came.resource)) if isinstance(came, Answer) else (str(came), rule.says)


def headline(rule: Rule, came: Answer) -> str:
    """What came, what it means, and after how long the server wants to be asked again."""
    asks = bounded(came.retry_after) if rule.means in GO_ON else None
    return f"{came.shown}: {came.status}: {rule.says}" + (f" (in {asks:.0f} s)" if asks else "")


def bounded(seconds: float | None) -> float | None:
    """What a server asks for, as far as it is followed.

    >>> bounded(7.0), bounded(-7.0), bounded(1e300), bounded(float("nan")), bounded(None)
    (7.0, 0.0, 3600.0, None, None)
    """
    return None if seconds is None or seconds != seconds else min(max(0.0, seconds), LONGEST_ASKED)


def _at(rule: Rule, asks: float | None, attempt: int, now: float) -> float | None:
    """Not before this time; None: by back-off. What is over is over."""
    if rule.means not in GO_ON:
        return None
    if asks is not None:
        return now + asks
    return {Wait.SOON: now + min(8.0, 2.0 ** min(attempt - 1, 3)), Wait.MINUTE: now + 60.0}.get(rule.wait)
