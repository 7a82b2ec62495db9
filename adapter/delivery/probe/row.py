"""One row of a probe: what we wanted to know, how it was asked, what came, and what that means for us."""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class How(Enum):
    """What came of it. `AS_IT_IS`: a property of the server, neither good nor bad for us."""

    YES = "yes"
    NO = "no"
    AS_IT_IS = "so"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Row:
    """`name` is a stable word for programs. No field holds a server's own words, but the name of its software. `number`: of bytes, where
    that is what was found."""

    name: str
    question: str
    asked: str
    came: str
    means: str
    how: How
    number: int | None = None
