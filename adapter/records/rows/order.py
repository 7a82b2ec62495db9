"""Files that stand in the residents' order can be joined while they are read: a resident's rows come when she comes."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from adapter.records.rows.index import Index
from adapter.records.rows.row import Node
from adapter.records.rows.sheet import Sheet
from adapter.records.rows.text import Cells

Rank = Callable[[str], Any]      # what two keys of one file are compared by


def by_text(key: str) -> str:
    return key


def by_number(key: str) -> tuple[int, str]:
    """As numbers are ordered, and names that end in one: R9 before R10."""
    return len(key), key


RANKS: tuple[Rank, ...] = (by_text, by_number)


def ranks_of(sheet: Sheet, column: str) -> tuple[set[Rank], bool]:
    """In which orders the rows stand, if in any, and whether a key stands there more than once. Reads as far as it must."""
    left, before, twice = set(RANKS), "", False
    for key in sheet.keys(column):
        if key == before:
            twice = True
        elif len(key) == len(before) and key > before:
            before = key      # in any order
        else:
            left = {rank for rank in left if rank(before) < rank(key)}
            before = key
            if not left:
                break
    return left, twice


class Course(NamedTuple):
    """By which column, and in which order, the rows of a file follow the residents; or, of another table, the rows that have its key."""

    column: str
    rank: Rank
    of: str = ""
    key: str = ""


class Run:
    """The rows of such a file, while they come. `table`: its number in the index, which keeps what belongs to nobody."""

    def __init__(self, sheet: Sheet, course: Course, table: int, index: Index) -> None:
        self.sheet, self.course, self.rank, self.table, self.index = sheet, course, course.rank, table, index
        self.place, self.rows = sheet.names.index(course.column), sheet.rows()
        self.ahead = next(self.rows, None)

    def rows_of(self, key: str | None, found: Mapping[str, list[Node]]) -> list[Node]:
        """Of the resident with this key. `found`: her rows of the tables before."""
        if not self.course.of:
            return self.take(key) if key else []
        return [row for above in found.get(self.course.of, ()) if (key := above.get(self.course.key)) for row in self.take(key)]

    def take(self, key: str) -> list[Node]:
        """The rows with this key, which is that of the time before, or a later one."""
        ahead, place, found = self.ahead, self.place, []
        while ahead is not None and len(ahead[1]) > place and ahead[1][place] == key:
            found.append(self.sheet.node(*ahead))
            ahead = next(self.rows, None)
        self.ahead = ahead
        if ahead is not None and not found and self.rank(self._key(ahead[1])) < self.rank(key):
            self.pass_over(key)
            return self.take(key)
        return found

    def pass_over(self, key: str | None = None) -> None:
        """What comes before this key, or all that is left, belongs to nobody."""
        while self.ahead is not None and (key is None or self.rank(self._key(self.ahead[1])) < self.rank(key)):
            self.index.orphan(self.table, *self.ahead)
            self.ahead = next(self.rows, None)

    def _key(self, cells: Cells) -> str:
        return cells[self.place] if self.place < len(cells) else ""
