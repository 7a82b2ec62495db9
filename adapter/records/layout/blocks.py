"""The blocks of a list: which rows of the tree each takes, and the fields that it makes of one."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adapter.records.layout.here import Here
from adapter.records.layout.leaf import Reader
from adapter.records.layout.nodes import Fields
from adapter.records.layout.paths import OBJECTS, Path, every
from adapter.records.layout.steps import key_of
from adapter.records.layout.tree import Out, put, spot

ANYTHING, EMPTY = "*", ""


@dataclass(frozen=True)
class Selector:
    """`only`: rows whose value at this path is one of these; "" stands for nothing, "*" for anything."""

    path: Path
    allowed: tuple[str, ...]
    nothing: frozenset[str] = frozenset()

    @cached_property
    def column(self) -> str:
        """Of most of them: the one name of their path."""
        return self.path.first if len(self.path.names) == 1 else ""

    def takes(self, here: Here) -> bool:
        if self.column and (value := here.row.get(self.column)).__class__ not in OBJECTS:
            return self.chooses(value)
        values = [v for v, _ in every(self.path, here) if not isinstance(v, dict)]
        return any(map(self.chooses, values)) if values else self.chooses(None)

    def chooses(self, value: Any) -> bool:
        """By one value, or by there being none."""
        text = value if value.__class__ is str else None if value is None else key_of(value)
        return text in self.allowed or (EMPTY if text is None or text in self.nothing else ANYTHING) in self.allowed

    def write(self, here: Here, out: Out) -> None:
        """What makes a row one of these, where no field has done so."""
        if not self.takes(here) and self.allowed[0] != ANYTHING and spot(self.path, here) not in out.claimed:
            put(self.path, here, [self.allowed[0]] if self.allowed[0] else [], out)
        out.claimed[spot(self.path, here)] = here.row


@dataclass(frozen=True)
class Ignored:
    """Rows that say nothing about the resident, and why. `rows`: the names from the resident's tree; none for her own row, and then she is
    no resident."""

    rows: tuple[str, ...]
    only: tuple[Selector, ...]
    because: str

    def takes(self, here: Here) -> bool:
        return all(selector.takes(here) for selector in self.only)

    @property
    def by_what_is_filled(self) -> bool:
        """Does it look for values, and never for there being none?"""
        return not any(selector.chooses(None) for selector in self.only)

    @property
    def leads_out(self) -> bool:
        """Does it look at what the row stands in?"""
        return any(selector.path.up for selector in self.only)


@dataclass
class Block:
    """`each`: the list in the row, None for a fixed element. `where`: the same from the resident's tree. `always`: why it is there although
    it is all constant. `by`: the columns that join its rows to what they stand in: (its own, the other's)."""

    fields: Fields
    each: Path | None = None
    where: tuple[str, ...] = ()
    only: tuple[Selector, ...] = ()
    always: str = ""
    ignored: tuple[Ignored, ...] = ()
    by: tuple[tuple[str, str], ...] = ()

    def takes(self, here: Here) -> bool:
        return all(selector.takes(here) for selector in self.only) and not any(i.takes(here) for i in self.ignored)

    @property
    def firsts(self) -> frozenset[str]:
        return frozenset({self.each.names[0]}) if self.each else frozenset({""}) if self.always else self.fields.firsts

    @cached_property
    def now(self) -> Reader:
        """The reader of what it makes now, made once."""
        return self.reader(traced=False)

    @cached_property
    def readonly(self) -> bool:
        """Is there something that it reads and does not write?"""
        return any(leaf.readonly for leaf in self.fields.leaves())

    @cached_property
    def inside(self) -> bool:
        """Does it write to its own row alone, and to what is in it?"""
        return not any(selector.path.up or selector.path.top for selector in self.only) and self.fields.within(0)

    def reader(self, *, traced: bool) -> Reader:
        read = self.fields.reader(traced=traced)
        constants = self.fields.value
        return (lambda here: read(here) or constants) if self.always else read
