"""Rows of lookups, to which many refer. Each counts once, by all who refer to it; what is kept of it is one number."""
from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from adapter.records.layout.fields import Where
from adapter.records.ledger.plan import Active
from adapter.records.rows.lines import Numbered
from adapter.records.rows.row import Node


class Referred(NamedTuple):
    """How such a row is referred to: where it hangs, from the rows of which blocks, and, where all of these are ignored, why. `refused`:
    by nobody who travels."""

    where: Where
    active: Active
    over: str
    refused: bool

    def also(self, other: Referred) -> Referred:
        """It travels if one of them does. What is read from it once is read from it."""
        if self.refused != other.refused:
            return other if self.refused else self
        if not self.over and not other.over:
            return self._replace(active=self.active | other.active)
        return other if self.over else self


class References:
    """How every row was referred to so far. There are not many ways, whose numbers are kept: of a file by its lines, else by the object,
    which stands in memory as long as the export is open."""

    def __init__(self) -> None:
        self.ways: list[Referred | None] = [None]
        self.numbers: dict[Referred, int] = {}
        self.lines, self.objects = defaultdict[str, Numbered](Numbered), Counter[int]()

    def has(self, row: Node) -> bool:
        """Has somebody referred to it?"""
        return bool(self.lines[row.file][row.line or 0] if row.file else self.objects[id(row)])

    def add(self, row: Node, how: Referred) -> tuple[Referred | None, Referred]:
        """How it was referred to before, if at all, and is now."""
        known, at = (self.lines[row.file], row.line or 0) if row.file else (self.objects, id(row))
        before = self.ways[known[at]]
        now = before.also(how) if before and before != how else how
        if now != before:
            known[at] = self._number(now)
        return before, now

    def _number(self, way: Referred) -> int:
        if way not in self.numbers:
            self.numbers[way] = len(self.ways)
            self.ways.append(way)
        return self.numbers[way]
