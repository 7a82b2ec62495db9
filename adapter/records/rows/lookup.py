"""A file whose rows are shared by many: in memory if it is small, else in the index. It knows which of its rows nobody named."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from adapter.faults import Fault
from adapter.records.rows.files import File
from adapter.records.rows.index import MANY, Index, Row
from adapter.records.rows.lines import Marked
from adapter.records.rows.row import Node
from adapter.records.rows.sheet import Sheet

SMALL = 1 << 20      # bytes of the file; in memory it is some ten times that


class Shared:
    """`way`: under which number it stands in the index. `named`: the lines of the rows that were asked for."""

    def __init__(self, sheet: Sheet, index: Index, way: int) -> None:
        self.sheet, self.index, self.way = sheet, index, way
        self.own = tuple(own for own, _ in sheet.table.by)
        self.small: dict[str, list[Row]] | None = None
        self.named = Marked()
        if sheet.file.size > SMALL:
            index.shared(way, sheet.keyed(self.own))
        else:
            self.small = defaultdict(list)
            for key, line, cells in sheet.keyed(self.own):
                self.small[key].append((line, cells))

    def rows(self, key: str) -> list[Node]:
        """What has this key: at most one, if all is well; if not, the first of them. A node of its own each time."""
        if not key.strip():
            return []
        rows = self.index.named(self.way, key) if self.small is None else self.small.get(key, [])[:MANY]
        for line, _ in rows:
            self.named.add(line)
        return [self.sheet.node(line, cells) for line, cells in rows]

    def twice(self, rows: list[Node]) -> Fault:
        lines = ", ".join(str(row.line) for row in rows[1:])
        return self.sheet.fault("twice", f"this row and line {lines} have one key: which of them is named cannot be known; leave one in",
                                rows[0].line, ", ".join(self.own))

    def unnamed(self, file: File) -> Iterator[Node]:
        """The rows that were never asked for. `file`: the same, opened anew."""
        for line, cells in self.sheet.rows(file=file):
            if line not in self.named:
                yield self.sheet.node(line, cells)
                self.sheet.faults.clear()      # nobody is wrong by them
