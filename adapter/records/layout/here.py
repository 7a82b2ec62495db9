"""Where we are in a resident's tree while it is read, and what was found out on the way.

Reading is quick where all is well: a place is only worked out when something is wrong there, from the chain of elements that led to it.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapter.records.rows.row import Node, Rows, Steps

Json = Any
Names = tuple[str | int, ...]  # from the care record to a field: ("medicines", 3, "doses", 0, "text")
Up = tuple[Node, "Up"] | None  # the objects that a row stands in, the nearest first


class Bad(Exception):
    """A value that cannot be read: a rule id, and a sentence without the value."""

    def __init__(self, rule: str, says: str) -> None:
        super().__init__(says)
        self.rule, self.says = rule, says


class Doubtful(Exception):
    """A value that can be read, but not as the export says it; the sentence tells a person."""

    def __init__(self, value: Json, says: str) -> None:
        super().__init__(says)
        self.value, self.says = value, says


class Wrong(NamedTuple):
    """A fault, or a doubt: what it is about in the record, and where it stands in the tree."""

    rule: str
    says: str
    names: Names
    steps: Steps


@dataclass
class Trace:
    """What a reading made of what. `elements`: from which row, and by which block, an element of a list came. `fields`: the steps of every
    value that a field was read from."""

    elements: dict[Names, tuple[Here, Any]] = field(default_factory=dict)
    fields: dict[Names, list[Steps]] = field(default_factory=dict)


@dataclass
class Run:
    """One reading of one resident. `top`: what stands outside of all residents. `rows`: hers, where they are known as a whole."""

    top: Node
    wrong: list[Wrong] = field(default_factory=list)
    doubts: list[Wrong] = field(default_factory=list)
    trace: Trace | None = None
    rows: Rows | None = None

    @property
    def orphaned(self) -> frozenset[str]:
        """The tables that have rows which belong to nobody. To ask costs something, once for an export."""
        return self.rows.orphaned if self.rows else frozenset()


class Here:
    """A row, and the element of a list that is made from it. `outer` is the element that it is in, `names` leads from there to this one,
    and so does `local` from row to row. `up`: the objects of the tree around the row."""

    __slots__ = ("_local", "_names", "outer", "row", "run", "up")

    def __init__(self, row: Node, run: Run, up: Up = None, outer: Here | None = None, names: Names = (), local: Steps = ()) -> None:
        self.row, self.run, self.up, self.outer, self._names, self._local = row, run, up, outer, names, local

    @property
    def names(self) -> Names:
        return (*self.outer.names, *self._names) if self.outer else self._names

    @property
    def steps(self) -> Steps:
        return (*self.outer.steps, *self._local) if self.outer else self._local

    def no(self, bad: Bad, names: Names, local: Steps) -> None:
        self.run.wrong.append(Wrong(bad.rule, bad.says, (*self.names, *names), local))

    def doubt(self, doubtful: Doubtful, names: Names, local: Steps) -> None:
        self.run.doubts.append(Wrong("doubt", doubtful.says, (*self.names, *names), local))


def written(names: Names) -> str:
    """A path for people: medicines[3].doses[0].text."""
    return "".join(f"[{n}]" if isinstance(n, int) else f".{n}" for n in names).lstrip(".")
