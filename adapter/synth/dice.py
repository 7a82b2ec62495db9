"""Chance that is the same everywhere: rolls that SHAKE-128 makes of the seed, the subject and the number of whoever it is about.

    rolls = dice(seed, "medicines", 17)     an endless iterator of whole numbers below 65,536
    SEX.roll(rolls)                         "female", in as many cases of a thousand as the table says

No generator of a standard library whose methods may change, no hash of Python's, no clock: the same three give the same rolls on any
machine. Each subject has rolls of its own, so that another medicine does not change anybody's name. Source: FIPS 202.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import shake_128
from itertools import chain, count
from struct import Struct
from typing import Generic, TypeVar

T = TypeVar("T")
Rolls = Iterator[int]
VERSION = 1      # of all that is made: whoever changes what a roll means, counts on
_block = Struct(">96H")


def dice(seed: int, subject: str, number: int) -> Rolls:
    who = f"{VERSION}/{seed}/{subject}/{number}/"
    return chain(_some(who, 0), chain.from_iterable(_some(who, n) for n in count(1)))


def _some(who: str, nth: int) -> tuple[int, ...]:
    return _block.unpack(shake_128(f"{who}{nth}".encode()).digest(192))


def between(rolls: Rolls, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + (next(rolls) * (high - low + 1) >> 16)


def one_of(rolls: Rolls, things: Sequence[T]) -> T:
    return things[next(rolls) * len(things) >> 16]


class Spread(Generic[T]):
    """How often what is so: a die with as many faces as the weights add up to. `what` and `source` are for docs/synth.md."""

    def __init__(self, what: str, weights: Mapping[T, int], source: str) -> None:
        self.what, self.weights, self.source = what, weights, source
        self.faces = tuple(value for value, weight in weights.items() for _ in range(weight))
        self.sides = len(self.faces)

    def roll(self, rolls: Rolls) -> T:
        return self.faces[next(rolls) * self.sides >> 16]

    def share(self, *values: T) -> float:
        """What part of all cases these are."""
        return sum(self.weights[value] for value in values) / self.sides
