"""What may go wrong between a client and its server, as words; and a script that says which request meets what. Pure.

    pass           nothing goes wrong                          lost           the connection ends before the server is asked
    delay:S        the server is asked S seconds later         swallow        the server did it, and its answer never comes
    late:S         the server did it, the answer comes S later truncate       half the body, then the connection ends
    hang           the server is not asked, nobody answers     reset          half the body, then the connection is reset
    refuse:S       reset, and nobody listens for S seconds     login          200 with a page in HTML
    503 | 503:V    this status instead of the server's answer, with Retry-After: V (seconds or a date)
"""
from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

PLAIN = ("pass", "lost", "swallow", "truncate", "reset", "hang", "login")
TIMED = ("delay", "late", "refuse")


class Fault(NamedTuple):
    """`what` is a word of the table above, or "status"; `value` its seconds, its Retry-After."""

    what: str
    value: str = ""
    status: int = 0

    @property
    def seconds(self) -> float:
        return float(self.value)

    @property
    def asks(self) -> bool:
        """Whether the server gets to see the request."""
        return self.what in ("pass", "delay", "late", "swallow", "truncate", "reset")


PASS = Fault("pass")


def fault(words: str) -> Fault:
    """Raises ValueError for a word that is not in the table."""
    what, _, value = words.partition(":")
    if what.isdigit():
        return Fault("status", value, int(what))
    if what in PLAIN and not value or what in TIMED and float(value) >= 0:
        return Fault(what, value)
    raise ValueError(f"{words!r} is no fault that the proxy knows")


@dataclass(frozen=True)
class Script:
    """`first`: what the first requests meet, in turn; after them each draws by `odds` (weights), with a random number of `seed`; without
    odds it passes. It concerns only requests of `methods` (none: all) whose body or address holds `only` (none: all); the rest passes.
    `words`: of each request the log says which of these it holds. `says`: the words of the OperationOutcome that comes with a status."""

    first: tuple[str, ...] = ()
    odds: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    methods: tuple[str, ...] = ()
    only: str = ""
    words: tuple[str, ...] = ()
    says: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Script:
        """From JSON. Raises ValueError or TypeError where it says anything else."""
        lists = {name: tuple(said[name]) for name in ("first", "methods", "words") if name in said}
        made = cls(**{**said, **lists})
        for words in (*made.first, *made.odds):
            fault(words)
        return made

    def json(self) -> dict[str, Any]:
        return asdict(self)


class Turns:
    """A script as it is played."""

    def __init__(self, script: Script) -> None:
        self.script, self._random = script, random.Random(script.seed)  # noqa: S311  # the same faults in every run
        self._first = list(map(fault, reversed(script.first)))
        self._odds = {fault(words): weight for words, weight in script.odds.items()}

    def next(self, method: str, text: bytes) -> Fault:
        """What a request meets; `text` is its address and body."""
        script = self.script
        if script.methods and method not in script.methods or script.only.encode() not in text:
            return PASS
        if self._first:
            return self._first.pop()
        return self._random.choices([*self._odds], [*self._odds.values()])[0] if self._odds else PASS
