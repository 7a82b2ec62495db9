"""Rows that belong to nobody, found before the first resident is handed out: while there are some in a file, that a resident has no row in
it does not say that she has none."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapter.records.rows.index import Index
from adapter.records.rows.order import Course, Rank
from adapter.records.rows.row import Table
from adapter.records.rows.sheet import Sheet
from adapter.records.rows.text import Cells

Keyed = tuple[str, int, Cells]
Stray = tuple[Table, int, Cells]


class Strays:
    """`running`: the tables that are joined while they are read; of the others the index knows. `key`: the residents'."""

    def __init__(self, people: Sheet, key: str, sheets: Mapping[str, Sheet], running: Mapping[str, Course], index: Index) -> None:
        self.people, self.key, self.sheets, self.running, self.index = people, key, sheets, running, index

    def of(self, below: list[Table]) -> Iterator[Stray]:
        """(table, line, cells) of these tables."""
        for name in self.running:
            yield from ((self.sheets[name].table, line, cells) for own, (_, line, cells) in self._rows(name) if not own)
        for t, line, cells in self.index.astray():
            yield below[t], line, cells

    def _rows(self, name: str) -> Iterator[tuple[bool, Keyed]]:
        """Every row of a table, and whether it belongs to somebody."""
        course = self.running[name]
        return matched(self.sheets[name].keyed((course.column,)), self._above(course), course.rank)

    def _above(self, course: Course) -> Iterator[str]:
        """The keys that a row may have: of residents, or of rows that belong to some."""
        if not course.of:
            return self.people.keys(self.key)
        place = self.sheets[course.of].names.index(course.key)
        return (cells[place] for own, (_, _, cells) in self._rows(course.of) if own and place < len(cells))


def matched(rows: Iterable[Keyed], above: Iterable[str], rank: Rank) -> Iterator[tuple[bool, Keyed]]:
    """Each row, and whether one of these has its key. Both are in one order."""
    keys = (key for key in above if key.strip())
    at = next(keys, None)
    for row in rows:
        while at is not None and rank(at) < rank(row[0]):
            at = next(keys, None)
        yield row[0] == at, row
