"""How much work an expression may make: whoever brings a package writes invariants, and one of thirty characters may ask for a million
million comparisons.

Work is counted in steps, not by the clock, so that the same resource always gets the same answer: an item that is made is one, so is an
object or list that is compared, and 64 characters of a text that is read. What is counted belongs to the check that runs (`allowed`);
outside of one nothing is counted. FHIR's and UK Core's own invariants take some ten steps for every time that they are asked,
whatever resource it is.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST = 500_000      # steps of one check, half a second or so; and items of one collection that are not counted again
MORE = 200            # and for every invariant that is asked of a value, so that what is large may take longer


class TooMuch(Exception):
    """No more steps are left."""


class Steps:
    __slots__ = ("left",)

    def __init__(self, left: float) -> None:
        self.left = left


STEPS: ContextVar[Steps] = ContextVar("steps", default=Steps(float("inf")))      # noqa: B039 - without an end it is never changed


@contextmanager
def allowed(most: int = MOST) -> Iterator[None]:
    """So many steps for all that is asked within."""
    before = STEPS.set(Steps(most))
    try:
        yield
    finally:
        STEPS.reset(before)


def one_more() -> None:
    """One more invariant is asked."""
    STEPS.get().left += MORE


def take(count: int) -> None:
    """Raises TooMuch, and from then on always."""
    steps = STEPS.get()
    steps.left -= count
    if steps.left < 0:
        steps.left = -float("inf")
        raise TooMuch


def bounded(count: int) -> None:
    """Of a collection that is being made."""
    if count > MOST:
        take(count)
