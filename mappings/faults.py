"""What can be wrong with a record or a resource.

    ValueError
    └── BadValue        a codec cannot take a value; anything else a codec raises is a bug and propagates
        └── Faults      everything wrong with one record or one resource, all at once

No message ever holds a value.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn


class Fault(NamedTuple):
    """One thing wrong: where in the resource, which field of the record ('-' when none), and what was expected."""

    path: str
    field: str
    reason: str


class BadValue(ValueError):
    """A value is not what is expected here; the text says what is, and never what was found."""

    def faults(self, path: str, field: str) -> list[Fault]:
        return [Fault(path, field, str(self))]


class Faults(BadValue):
    """Everything wrong with one record or one resource."""

    def __init__(self, found: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{x.path} ({x.field}): {x.reason}" for x in found))
        self.found = list(found)

    def faults(self, path: str, field: str) -> list[Fault]:
        return [Fault(at(path, x.path), f"{field}.{x.field}".removesuffix(".-"), x.reason) for x in self.found]


class Walk(list[Fault]):
    """The faults found on one way through a shape. `strict`: an element that lacks a required field is one too."""

    def __init__(self, strict: bool = False) -> None:
        super().__init__()
        self.strict = strict

    def say(self, path: str, field: str, reason: str) -> None:
        self.append(Fault(path.strip("."), field, reason))

    def lacks(self, path: str, values: Mapping[str, object]) -> None:
        """Required fields that are not there, and of which nothing wrong has been said yet."""
        said = {x.field.partition(".")[0] for x in self}
        for name, value in values.items():
            if value is None and name not in said:
                self.say(path, name, "missing")


def complain(found: Sequence[Fault]) -> NoReturn:
    raise Faults(found)


def at(path: str, key: object) -> str:
    """A path one step further; sibling keys owned by one hole are joined by '|'."""
    return f"{path}.{'|'.join(key) if isinstance(key, tuple) else key}".strip(".").replace(".[", "[")
