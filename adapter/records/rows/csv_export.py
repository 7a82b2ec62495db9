"""A CSV export, open: its files joined to one tree for each resident, in the order of the residents' file."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self

from adapter.faults import Fault, Refused
from adapter.records.rows.doubt import SAYS, doubtful
from adapter.records.rows.files import File, files_of
from adapter.records.rows.index import index
from adapter.records.rows.joining import Joining
from adapter.records.rows.lookup import Shared
from adapter.records.rows.plan import Plan
from adapter.records.rows.row import Node, Place, Settings, Steps, Table, Top, stands
from adapter.records.rows.sheet import Sheet
from adapter.records.rows.tree import Trees


@dataclass(frozen=True)
class CsvRows:
    """One resident; at the end, one row that belongs to none."""

    number: int
    tree: Node
    top: Node
    faults: tuple[Fault, ...] = ()
    export: CsvExport | None = field(default=None, repr=False, compare=False)

    @property
    def orphaned(self) -> frozenset[str]:
        return self.export.orphaned if self.export else frozenset()

    def place(self, steps: Steps) -> Place:
        return stands(self.tree, self.top, steps)


class CsvExport:
    """Everything is read once before the first resident is handed out; what cannot be read at all is refused then."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.settings, self.plan = path, settings, Plan(settings)
        self.stack = ExitStack()
        with self.stack:
            self.files = self.stack.enter_context(files_of(path))
            self.index = self.stack.enter_context(index())
            self.sheets = {table.name: sheet for table in settings.tables if (sheet := self._sheet(table))}
            self.top = Top({}, frozenset(self.plan.tables) - self.sheets.keys())
            self._singles()
            self.shared = {name: Shared(sheet, self.index, way) for way, (name, sheet) in enumerate(self.sheets.items())
                           if sheet.table.lookup}
            self.joining = Joining(self.plan, self.sheets, Trees(self.plan, self.sheets, self.shared), self.index)
            self.says = tuple(self._says())
            self.stack = self.stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.stack.__exit__(*what)     # type: ignore[arg-type]  # the protocol leaves open what they are

    def __iter__(self) -> Iterator[CsvRows]:
        for number, (tree, faults) in enumerate(self.joining.trees(), 1):
            yield CsvRows(number, tree, self.top, faults, self)

    @cached_property
    def orphaned(self) -> frozenset[str]:
        """Found when it is asked for: the files are read once more for it."""
        found, left_out = set[str](), self.settings.left_out
        for table, (tree, faults) in self.joining.strays():
            if table.name not in found and not (left_out and left_out(CsvRows(0, tree, self.top, faults))):
                found.add(table.name)
        return frozenset(found)

    @property
    def delimiters(self) -> dict[str, str]:
        """By file: what stands between its cells."""
        return {sheet.name: sheet.delimiter for sheet in self.sheets.values()}

    def unnamed(self) -> Iterator[tuple[str, Node]]:
        """After the last resident, be it closed by then or not: (table, row) of lookups that nobody named."""
        with files_of(self.path) as files:
            for name, shared in self.shared.items():
                yield from ((name, node) for node in shared.unnamed(files[shared.sheet.name.lower()]))

    def _sheet(self, table: Table) -> Sheet | None:
        file = self.files.get(table.file.lower())
        if file is None and not table.optional:
            raise Refused([Fault("no-file", self._missing(), file=table.file)])
        return None if file is None else self._opened(table, file)

    def _missing(self) -> str:
        """What to do about a file that is not there. A part of an export is not to be made a whole one by the layout."""
        if not any(table.file.lower() in self.files for table in self.settings.tables):
            return "there is no such file in the export, nor any other that the layout names: is this the export, and the layout for it?"
        if len(self.files) == 1:
            return "there is no such file, only one of those that the layout names: hand in the folder, or the zip, that holds them all"
        return "there is no such file in the export: put it in, or say `optional = true` for it in the layout"

    def _opened(self, table: Table, file: File) -> Sheet:
        sheet = Sheet(table, file, self.settings.encoding, self.settings.delimiter, self.plan.needed(table))
        below = {other.name for other in (*self.plan.children[table.name], *self.plan.lookups[table.name])} & set(sheet.names)
        if below:
            raise Refused([sheet.fault("layout", "a column has the name of a table that hangs there: rename the table in the layout", 1,
                                       min(below))])
        return sheet

    def _singles(self) -> None:
        for table in self.plan.singles:
            if sheet := self.sheets.get(table.name):
                rows = list(islice(sheet.rows(), 2))
                if len(rows) > 1:
                    raise Refused([sheet.fault("twice", "one row is expected in this file, about the whole export", rows[1][0])])
                for row in rows:
                    self.top[table.name] = sheet.node(*row)
                if sheet.faults:
                    raise Refused(sheet.faults)

    def _says(self) -> Iterator[str]:
        yield from (sheet.says for sheet in self.sheets.values())
        yield from (f"{sheet.table.file}, line {line}, {SAYS}" for sheet in self.sheets.values()
                    if (line := doubtful(sheet.file, sheet.encoding)) is not None)
        yield from (f"{table.file} is not there" for table in self.settings.tables if table.name not in self.sheets)
        yield from self.joining.says
        more = len(self.files) - len(self.sheets)
        if more:
            yield f"{more} {'file' if more == 1 else 'files'} in it the layout does not name"
