"""The rows of all files of a CSV export, brought to the residents they belong to.

Files in the residents' order are joined while they are read. Of the others the index learns which resident each row belongs to, and gives
them back in the residents' order.
"""
from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from adapter.faults import Fault
from adapter.records.rows.index import Index
from adapter.records.rows.order import RANKS, Course, Rank, Run, ranks_of
from adapter.records.rows.plan import Columns, Plan, others
from adapter.records.rows.row import Node, Table
from adapter.records.rows.sheet import Sheet, joined
from adapter.records.rows.strays import Strays
from adapter.records.rows.text import Cells
from adapter.records.rows.tree import Found, Tree, Trees

Waiting = tuple[int, int, int, Cells]      # resident, table, line


class Joining:
    """`says`: how the files were joined."""

    def __init__(self, plan: Plan, sheets: dict[str, Sheet], trees: Trees, index: Index) -> None:
        self.plan, self.sheets, self.hung, self.index = plan, sheets, trees, index
        self.people = sheets[plan.residents.name]
        self.below = [table for table in plan.below() if table.name in sheets]
        self.ways: dict[tuple[str, Columns], int] = {}      # of joining: to the rows of a table, by columns of it
        self.running, unique = self._in_order()
        self._below()
        self._fill(unique)
        self.doubtful = [way for way, number in self.ways.items() if index.twice(number)]

    @property
    def says(self) -> Iterator[str]:
        apart = [table.file for table in self.below if table.name not in self.running]
        if apart:
            yield f"not in the order of {self.plan.residents.file}, and joined through a temporary index: {', '.join(apart)}"
        elif self.below:
            yield f"every file is in the order of {self.plan.residents.file}: they are joined while they are read"

    # ---- before ----------------------------------------------------------------------------------------------------------------
    def _in_order(self) -> tuple[dict[str, Course], bool]:
        """(the tables that are in the residents' order, is no resident there twice?)"""
        key, running = self.plan.key, dict[str, str]()
        ranks, twice = ranks_of(self.people, key) if key else (set[Rank](), False)
        for table in self.below if ranks else ():
            anchor = self.plan.anchor(table)
            if anchor and anchor[1] == (key,) and (both := ranks & ranks_of(self.sheets[table.name], anchor[0][0])[0]):
                ranks, running[table.name] = both, anchor[0][0]
        rank = next((rank for rank in RANKS if rank in ranks), RANKS[0])
        return {name: Course(column, rank) for name, column in running.items()}, not key or bool(ranks) and not twice

    def _below(self) -> None:
        """The tables that are in the order of rows which are themselves in the residents' order, and of which none is there twice."""
        for table in self.below:
            if table.of in self.running and not self.plan.anchor(table) and len(table.by) == 1:
                (own, other), = table.by
                ranks, twice = ranks_of(self.sheets[table.of], other)
                both = ranks & ranks_of(self.sheets[table.name], own)[0] if ranks and not twice else ()
                if both:
                    self.running[table.name] = Course(own, next(rank for rank in RANKS if rank in both), table.of, other)

    def _fill(self, unique: bool) -> None:
        """The index: of residents as far as they are looked for, then of rows, those that others belong to first."""
        for columns in dict.fromkeys(self._wanted(unique)):
            self.index.residents(self._new(self.plan.residents.name, columns), self._numbered(columns))
        for number, table in enumerate(self.below):
            if table.name not in self.running:
                own, way = self._way(table)
                self.index.rows(number, way, self.sheets[table.name].keyed(own))
            for columns in dict.fromkeys(others(child) for child in self._unanchored(table)):
                own, way = self._way(table)
                self.index.between(self._new(table.name, columns), way, _pairs(self.sheets[table.name], columns, own))

    def _wanted(self, unique: bool) -> Iterator[Columns]:
        """By which columns of the residents' file something must be found."""
        if not unique:
            yield (self.plan.key,)
        for table in self.below:
            if (anchor := self.plan.anchor(table)) and (table.name not in self.running or any(self._unanchored(table))):
                yield anchor[1]

    def _new(self, name: str, columns: Columns) -> int:
        return self.ways.setdefault((name, columns), len(self.ways))

    def _numbered(self, columns: Columns) -> Iterator[tuple[str, int, int]]:
        return ((key, number, line) for number, (key, line, _) in enumerate(self.people.keyed(columns), 1))

    def _way(self, table: Table) -> tuple[Columns, int]:
        """Its own columns, and the way of joining by them."""
        if anchor := self.plan.anchor(table):
            return anchor[0], self.ways[self.plan.residents.name, anchor[1]]
        return tuple(own for own, _ in table.by), self.ways[table.of, others(table)]

    def _unanchored(self, table: Table) -> Iterator[Table]:
        """The tables of which the index must know that their rows lead to a resident by its rows."""
        return (child for child in self.plan.children[table.name]
                if child.name in self.sheets and not self.plan.anchor(child)
                and (child.name not in self.running or any(self._unanchored(child))))

    # ---- trees -----------------------------------------------------------------------------------------------------------------
    def trees(self) -> Iterator[Tree]:
        """Of every resident, then of every row that belongs to none."""
        self.index.begin()
        runs = {name: Run(self.sheets[name], course, self._number(name), self.index) for name, course in self.running.items()}
        waiting = self._waiting()
        n, rows = next(waiting)
        for number, (line, cells) in enumerate(self.people.rows(), 1):
            tree, found = self.people.node(line, cells), Found(list)
            if n == number:
                for _, t, begins, values in rows:
                    found[self.below[t].name].append(self.sheets[self.below[t].name].node(begins, values))
                n, rows = next(waiting)
            for name, run in runs.items():
                if nodes := run.rows_of(tree.get(self.plan.key), found):
                    found[name] = nodes
            yield tree, (*self.hung.hang(tree, found), *self._same(tree, found))
        for run in runs.values():
            run.pass_over()
        for t, line, cells in self.index.left():
            yield self.hung.alone(self.below[t], line, cells)

    def strays(self) -> Iterator[tuple[Table, Tree]]:
        """(table, tree) of every row that belongs to none, at any time."""
        found = Strays(self.people, self.plan.key, self.sheets, self.running, self.index)
        return ((table, self.hung.alone(table, line, cells)) for table, line, cells in found.of(self.below))

    def _number(self, name: str) -> int:
        return next(i for i, table in enumerate(self.below) if table.name == name)

    def _waiting(self) -> Iterator[tuple[int, list[Waiting]]]:
        """(resident, her rows in the index) of those who have some there, and then nobody."""
        yield from ((n, list(rows)) for n, rows in groupby(self.index.joined(), itemgetter(0)))
        yield 0, []

    def _same(self, tree: Node, found: Found) -> Iterator[Fault]:
        """Has another row the key of this one, by which other rows belong to it?"""
        for name, columns in self.doubtful:
            for node in [tree] if name == self.plan.residents.name else found[name]:
                lines = self.index.lines(self.ways[name, columns], joined(node.get(column, "") for column in columns))
                also = [line for line in lines if line != node.line]
                if also:
                    yield self._twice(name, columns, node.line, also)

    def _twice(self, name: str, columns: Columns, line: int | None, also: list[int]) -> Fault:
        lines = ", ".join(map(str, also[:5])) + (" and others" if len(also) > 5 else "")
        rule, what = ("same-resident", "residents") if name == self.plan.residents.name else ("twice", "rows")
        says = f"is the same as on line {lines}: two {what} with one key; what belongs to which of them cannot be known"
        return self.sheets[name].fault(rule, says, line, ", ".join(columns))


def _pairs(sheet: Sheet, columns: Columns, own: Columns) -> Iterator[tuple[str, str, int]]:
    key, of = sheet.key(columns), sheet.key(own)
    return ((key(cells), of(cells), line) for line, cells in sheet.rows())
