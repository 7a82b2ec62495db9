"""Trees as a folder of CSV files: RFC 4180, lines ending CR LF, nothing that starts a formula in a spreadsheet.

The columns are known when the last row is. Until then the rows of a file wait in a temporary one.
"""
from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from adapter.faults import Fault, Refused
from adapter.records.rows.encoding import NAMES, named
from adapter.records.rows.formula import guarded
from adapter.records.rows.hanging import many
from adapter.records.rows.plan import Plan
from adapter.records.rows.row import Form, Node, Settings, Table


def write(folder: Path, settings: Settings, top: Node, trees: Iterable[Node], shared: Iterable[tuple[str, Node]] = ()) -> None:
    """`shared`: (table, row) of lookups that are to be there whether or not a tree names them.

    Raises Refused for a character that the encoding does not have, and for what is no row."""
    plan = Plan(settings)
    folder.mkdir()
    with ExitStack() as stack:
        outs = {table.name: _Out(table, settings, plan, stack.enter_context(_waiting())) for table in settings.tables}
        if top.keys() - {table.name for table in plan.singles}:
            says = "of what stands outside of the residents, something is in no `single` table of [files]"
            raise Refused([Fault("no-place", says, "files")])
        for table in plan.singles:
            for row in many(top.get(table.name)):
                outs[table.name].add(row)
        for tree in trees:
            _add(plan, plan.residents, outs, tree)
        for name, row in shared:
            if outs[name].is_new(row):
                _add(plan, plan.tables[name], outs, row)
        for out in outs.values():
            out.write(folder / out.table.file)


def _waiting() -> TextIO:
    return tempfile.TemporaryFile("w+", encoding="ascii", newline="\n")


def _add(plan: Plan, table: Table, outs: Mapping[str, _Out], row: Node) -> None:
    """A row, and every row that hangs there."""
    whole = outs[table.name].add(row)
    for child in plan.children[table.name]:
        for below in many(row.get(child.name)):
            _add(plan, child, outs, _joined(below, child, whole))
    for lookup in plan.lookups[table.name]:
        for shared in many(row.get(lookup.name)):
            row = _joined(shared, lookup, whole)
            if outs[lookup.name].is_new(row):
                _add(plan, lookup, outs, row)


def _joined(row: Mapping[str, Any], table: Table, above: Mapping[str, str]) -> Node:
    """With what it is joined by to the row above, where it does not have that itself."""
    return Node({**row, **{own: above[other] for own, other in table.by if other in above and own not in row}})


class _Out:
    """One file, while its rows come."""

    def __init__(self, table: Table, settings: Settings, plan: Plan, waiting: TextIO) -> None:
        self.table, self.stated = table, [*([table.key] if table.key else ()), *plan.needed(table)]
        self.form = table.form or Form(table.columns, frozenset(), named(settings.encoding or "utf-8"), settings.delimiter or ",")
        self.known = {*table.columns, *self.stated}
        self.columns = {name: i for i, name in enumerate(self.form.columns)}
        self.hung = {other.name for other in (*plan.children[table.name], *plan.lookups[table.name])}
        self.waiting = waiting
        self.seen: dict[tuple[str, ...], dict[str, str]] = {}

    def add(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The row without what hangs in it."""
        values = {name: text for name, value in row.items() if name not in self.hung and (text := self._text(name, value)).strip()}
        for name in values:
            self.columns.setdefault(name, len(self.columns))
        cells = [""] * len(self.columns)
        for name, value in values.items():
            cells[self.columns[name]] = value
        if values:
            json.dump(cells, self.waiting)
            self.waiting.write("\n")
        return values

    def is_new(self, row: Mapping[str, Any]) -> bool:
        """Of a row that many share: is it here for the first time? Raises Refused where two have one key and are not alike."""
        values = {name: value for name, value in row.items() if isinstance(value, str)}
        key = tuple(values.get(own, "") for own, _ in self.table.by)
        if self.seen.setdefault(key, values) != values:
            raise Refused([self._fault("twice", "two rows with one key are not alike: which of them is meant cannot be known",
                                       ", ".join(own for own, _ in self.table.by))])
        return self.seen[key] is values

    def write(self, path: Path) -> None:
        names = list(self.columns | dict.fromkeys(self.stated))  # what it is joined by, even where no row has it
        with path.open("w", encoding=self.form.encoding, newline="") as file:
            writer = csv.writer(file, delimiter=self.form.delimiter, lineterminator="\r\n")
            for cells in chain([["" if name in self.form.nameless else name for name in names]], self._rows()):
                try:
                    writer.writerow([guarded(cell) for cell in cells] + [""] * (len(names) - len(cells)))
                except UnicodeEncodeError:
                    raise Refused(self._unsayable(names, cells)) from None

    def _rows(self) -> Iterator[list[str]]:
        self.waiting.seek(0)
        return map(json.loads, self.waiting)

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, str) and "\0" not in value:
            return value
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        says = "a cell holds one text, without a zero byte"
        raise Refused([self._fault("not-a-cell", says, self._told(name))])

    def _unsayable(self, names: list[str], cells: list[str]) -> Iterator[Fault]:
        """Of what the file is to hold, each cell that its encoding cannot write."""
        for name, cell in zip(names, cells, strict=False):
            try:
                cell.encode(self.form.encoding)
            except UnicodeEncodeError:
                what = f"holds a character that {NAMES[self.form.encoding.removesuffix('-sig')]} does not have"
                says = f"{what}: take it out, or have the export, and [export] in the layout, in UTF-8"
                yield self._fault("not-in-encoding", says, self._told(name))

    def _told(self, name: str) -> str:
        return name if name in self.known else f"column {[*self.columns, name].index(name) + 1}"

    def _fault(self, rule: str, says: str, name: str) -> Fault:
        return Fault(rule, says, file=self.table.file, name=name)
