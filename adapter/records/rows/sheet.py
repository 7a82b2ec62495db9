"""One file of a CSV export: its header, how it is written, and its rows as nodes."""
from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice

from adapter.faults import Fault, Refused
from adapter.records.rows.encoding import Encoding, encoding_of
from adapter.records.rows.files import File
from adapter.records.rows.row import Node, Table
from adapter.records.rows.text import Cells, rows_of

Columns = tuple[str, ...]
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
FIRST_ROWS = 20
NO_COLUMN = "the header has no such column, which the layout names: check its name in both, and the delimiter"
BLANK = "begins or ends with a blank, and what belongs together is found by it: take the blank out"
_NO_TEXT = re.compile("[\udc00-\udcff]")
_new = Node.__new__


class Sheet:
    """`needed`: the columns without which it cannot be joined; it must also have those that the layout names.
    `faults`: of the nodes that were made since it was emptied last.
    """

    def __init__(self, table: Table, file: File, encoding: str, delimiter: str, needed: Iterable[str] = ()) -> None:
        self.table, self.file, self.name = table, file, file.name
        joins = [*needed, *([table.key] if table.key else ())]
        self.needed = list(dict.fromkeys([*joins, *table.named]))
        self.known = frozenset([*self.needed, *table.columns])
        self.encoding = encoding_of(file, encoding)
        self.delimiter = delimiter or sniffed(file, self.encoding, self.known)
        self.faults: list[Fault] = []
        self.names = self._header()
        self.keyed_by = tuple(dict.fromkeys(name for name in joins if name in self.names))
        self.nameless = frozenset(f"#{i}" for i, name in enumerate(self.names, 1) if name == f"#{i}")
        self.width, self.easy = len(self.names), not (self.encoding.dirty or self.nameless)

    @property
    def says(self) -> str:
        apart = DELIMITERS.get(self.delimiter, "the layout's delimiter")
        return f"{self.table.file} is read as {self.encoding.says}, its cells separated by {apart}"

    def rows(self, cut: int = -1, file: File | None = None) -> Iterator[tuple[int, Cells]]:
        """(line, cells) without the header. `file`: the same, where the export was closed and opened anew."""
        return islice(rows_of(file or self.file, self.encoding, self.delimiter, cut), 1, None)

    def _header(self) -> list[str]:
        line, cells = next(rows_of(self.file, self.encoding, self.delimiter), (1, []))
        names = [cell.strip() or f"#{i}" for i, cell in enumerate(cells, 1)]
        wrong = [i for i, name in enumerate(names, 1) if name in names[:i - 1]] if len(set(names)) < len(names) else []
        faults = [self.fault("header-twice", "two columns have one name in the header: which is meant cannot be known; name them apart",
                             line, self._told(names, i)) for i in wrong]
        faults += [self.fault("no-column", NO_COLUMN + self._near(name, names), line, name) for name in self.needed if name not in names]
        if any(map(_NO_TEXT.search, names)):
            faults.append(self.fault("encoding", f"the header holds bytes that are no {self.encoding.says}", line))
        if faults:
            raise Refused(faults)
        return names

    def _near(self, name: str, names: list[str]) -> str:
        """Of a column that may have been renamed, where it is: what it is called now is somebody's text."""
        near = difflib.get_close_matches(name, [n for n in names if n not in self.known], 1)
        return f"; perhaps column {names.index(near[0]) + 1} is meant" if near else ""

    def keyed(self, columns: Columns) -> Iterator[tuple[str, int, Cells]]:
        """(key, line, cells): what the row is joined by."""
        key = self.key(columns)
        return ((key(cells), line, cells) for line, cells in self.rows())

    def key(self, columns: Columns) -> Callable[[Cells], str]:
        """Of a row: what it is joined by, which is blank where there is nothing to join by, as in a row that is too short."""
        places = [self.names.index(column) for column in columns]
        first, most = places[0], max(places)
        if len(places) == 1 and not self.encoding.dirty:
            return lambda cells: cells[first] if len(cells) > first else ""
        return lambda cells: joined([cells[place] for place in places]) if len(cells) > most else ""

    def keys(self, column: str) -> Iterator[str]:
        """The cells of one column; blank where a row is too short."""
        place = self.names.index(column)
        for _, cells in self.rows(place + 1):
            yield cells[place] if place < len(cells) else ""

    def node(self, line: int, cells: Cells) -> Node:
        """The filled cells of a row. What is wrong with them is put to `faults`."""
        node: Node = _new(Node)
        node.file, node.line = self.name, line
        names = self.names
        if len(cells) > self.width:
            names = names + [f"#{i}" for i in range(self.width + 1, len(cells) + 1)]
        for name, cell in zip(names, cells, strict=False):
            if cell and not cell.isspace():
                node[name] = cell
        for name in self.keyed_by:
            if (key := node.get(name)) and (key[0].isspace() or key[-1].isspace()):
                self.faults.append(self.fault("blank-in-key", BLANK, line, name))
        if not self.easy or len(cells) != self.width:
            self.faults += self._wrong(node, line, cells)
        return node

    def _wrong(self, node: Node, line: int, cells: Cells) -> Iterator[Fault]:
        if len(cells) < self.width:
            says = f"this row has {len(cells)} cells and the header {self.width}: its end is missing, from here on"
            yield self.fault("too-few-cells", says, line, self._told(self.names, len(cells) + 1))
        if len(cells) > self.width:
            says = f"this row has {len(cells)} cells, the header {self.width}: a text with the delimiter in it belongs in quotation marks"
            yield self.fault("too-many-cells", says, line, f"column {self.width + 1}")
        for name in self.nameless & node.keys() if self.nameless else ():
            yield self.fault("no-header", "is filled, and the header has no name for it", line, f"column {name[1:]}")
        for i, cell in enumerate(cells[:self.width] if self.encoding.dirty else (), 1):
            if bad := _NO_TEXT.search(cell):
                what = "a zero byte" if bad[0] == "\udc00" else f"a byte that is no {self.encoding.says}"
                says = f"holds {what}: correct this cell, or export the file in one encoding"
                yield self.fault("encoding", says, line, self._told(self.names, i))

    def _told(self, names: list[str], column: int) -> str:
        """A name that the layout has; any other is somebody's text."""
        return names[column - 1] if names[column - 1] in self.known else f"column {column}"

    def fault(self, rule: str, says: str, line: int | None, name: str = "") -> Fault:
        return Fault(rule, says, "", line, None, self.name, name)


def joined(values: Iterable[str]) -> str:
    """One value as it is; several as one that no other values make, or nothing if one of them is missing. Bytes that are no text are
    written out: an index takes none."""
    told = list(values)
    key = told[0] if len(told) == 1 else "".join(f"{len(value)}:{value}" for value in told) if all(map(str.strip, told)) else ""
    return key if key.isascii() else key.encode("utf-8", "backslashreplace").decode()


def sniffed(file: File, encoding: Encoding, known: frozenset[str]) -> str:
    """What separates the cells: with which the header has most columns that the layout knows, then with which it has most cells, each row
    of the first that has as many counting for it. Commas where nothing is separated."""
    return max(DELIMITERS, key=lambda delimiter: _fits(file, encoding, delimiter, known))


def _fits(file: File, encoding: Encoding, delimiter: str, known: frozenset[str]) -> tuple[int, float, int]:
    first: list[Cells] = []
    with suppress(Refused):      # that is said when it is read, if no other delimiter makes rows of it
        first.extend(cells for _, cells in islice(rows_of(file, encoding, delimiter), FIRST_ROWS))
    header = first[0] if first else []
    alike = sum(len(cells) == len(header) for cells in first) / max(len(first), 1)
    return len({cell.strip() for cell in header} & known), len(header) * alike, len(header)
