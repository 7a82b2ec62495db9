"""The rows of all files of a CSV export, brought to the residents they belong to."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from adapter.faults import Fault
from adapter.records.rows.index import Index
from adapter.records.rows.lookup import Shared
from adapter.records.rows.plan import Columns, Plan
from adapter.records.rows.row import Node, Table
from adapter.records.rows.sheet import Sheet, joined

Tree = tuple[Node, tuple[Fault, ...]]
Found = dict[str, list[Node]]      # the rows of one resident, by their tables


class Joining:
    """`says`: how the files were joined."""

    def __init__(self, plan: Plan, sheets: dict[str, Sheet], shared: dict[str, Shared], index: Index) -> None:
        self.plan, self.sheets, self.shared, self.index = plan, sheets, shared, index
        self.people = sheets[plan.residents.name]
        self.below = [table for table in plan.below() if table.name in sheets]
        self.ways: dict[Columns | str, int] = {}      # of joining: by columns of the residents' file, or of the rows of a table
        self.says: list[str] = []
        self._fill(self.below)
        self.doubtful = [columns for columns, way in self.ways.items() if index.twice(way)]

    # ---- into the index --------------------------------------------------------------------------------------------------------
    def _fill(self, tables: list[Table]) -> None:
        for columns in dict.fromkeys(self._wanted(tables)):
            self.ways[columns] = len(self.ways)
            self.index.residents(self.ways[columns], self._numbered(columns))
        for table in tables:
            sheet = self.sheets[table.name]
            own, way = self._way(table)
            self.index.rows(self.below.index(table), way, sheet.keyed(own))
            for columns in dict.fromkeys(self._others(child) for child in self._unanchored(table)):
                self.ways[f"{table.name}/{columns}"] = len(self.ways)
                self.index.between(self.ways[f"{table.name}/{columns}"], way, _pairs(sheet, columns, own))
        if tables:
            self.says.append("joined through a temporary index: " + ", ".join(table.file for table in tables))

    def _wanted(self, tables: Iterable[Table]) -> Iterator[Columns]:
        if self.plan.key:
            yield (self.plan.key,)
        yield from (anchor[1] for table in tables if (anchor := self.plan.anchor(table)))

    def _numbered(self, columns: Columns) -> Iterator[tuple[str, int, int]]:
        return ((key, number, line) for number, (key, line, _) in enumerate(self.people.keyed(columns), 1))

    def _way(self, table: Table) -> tuple[Columns, int]:
        """Its own columns, and the way of joining by them."""
        if anchor := self.plan.anchor(table):
            return anchor[0], self.ways[anchor[1]]
        return tuple(own for own, _ in table.by), self.ways[f"{table.of}/{self._others(table)}"]

    def _others(self, table: Table) -> Columns:
        return tuple(other for _, other in table.by)

    def _unanchored(self, table: Table) -> Iterator[Table]:
        return (child for child in self.plan.children[table.name] if child.name in self.sheets and not self.plan.anchor(child))

    # ---- trees -----------------------------------------------------------------------------------------------------------------
    def trees(self) -> Iterator[Tree]:
        """Of every resident, then of every row that belongs to none."""
        rest = self.index.joined()
        ahead = next(rest, None)
        for number, (line, cells) in enumerate(self.people.rows(), 1):
            found: Found = defaultdict(list)
            while ahead and ahead[0] == number:
                table = self.below[ahead[1]]
                found[table.name].append(self.sheets[table.name].node(*ahead[2:]))
                ahead = next(rest, None)
            yield self._tree(line, self.people.node(line, cells), found)
        for t, line, cells in self.index.left():
            yield self._left(self.below[t], line, self.sheets[self.below[t].name].node(line, cells))

    def _tree(self, line: int, tree: Node, found: Found) -> Tree:
        faults = list(self._keys(tree))
        faults += self._hung(self.plan.residents, [tree], found)
        return tree, (*self._drained(), *faults)

    def _hung(self, table: Table, parents: list[Node], found: Found) -> Iterator[Fault]:
        """Every row under the row it belongs to."""
        for child in self.plan.children[table.name]:
            rows = found.get(child.name, [])
            yield from self._hung(child, rows, found)
            if rows and table is self.plan.residents:
                parents[0][child.name] = rows
            elif rows:
                yield from self._apart(table, child, parents, rows)
        for lookup in self.plan.lookups[table.name] if parents else ():
            if lookup.name in self.shared:
                yield from self._looked_up(lookup, parents)

    def _apart(self, table: Table, child: Table, parents: list[Node], rows: list[Node]) -> Iterator[Fault]:
        """To which of the rows of a resident each of these belongs."""
        own, others = [own for own, _ in child.by], self._others(child)
        of = defaultdict[str, list[Node]](list)
        for parent in parents:
            of[_key(parent, others)].append(parent)
        for row in rows:
            known = of.get(_key(row, own), [])
            if len(known) != 1 and row.line:
                says = f"{len(known) or 'no'} rows of {table.file} have this key: to which one this row belongs cannot be known"
                yield self.sheets[child.name].fault("twice" if known else "no-row", says, row.line, ", ".join(own))
            (known or [_stray(parents)])[0].setdefault(child.name, []).append(row)

    def _looked_up(self, lookup: Table, parents: list[Node]) -> Iterator[Fault]:
        shared, others = self.shared[lookup.name], self._others(lookup)
        for parent in parents:
            rows = shared.rows(_key(parent, others))
            if len(rows) > 1:
                yield shared.twice(rows)
            if rows and lookup.name not in parent:
                parent[lookup.name] = rows[0]
                yield from self._hung(lookup, rows[:1], {})

    def _keys(self, tree: Node) -> Iterator[Fault]:
        """Is there a key, and only here?"""
        if self.plan.key and self.plan.key not in tree:
            yield self.people.fault("no-key", "is empty: without it nothing can be said of this resident", tree.line, self.plan.key)
        for columns in self.doubtful:
            if isinstance(columns, tuple):
                others = [line for line in self.index.lines(self.ways[columns], _key(tree, columns)) if line != tree.line]
                if others:
                    yield self._same(tree.line, columns, others)

    def _same(self, line: int | None, columns: Columns, others: list[int]) -> Fault:
        lines = ", ".join(map(str, others[:5])) + (" and more" if len(others) > 5 else "")
        says = f"is the same as on line {lines}: two residents with one key, whose rows cannot be told apart"
        return self.people.fault("same-resident", says, line, ", ".join(columns))

    def _left(self, table: Table, line: int, node: Node) -> Tree:
        """A row alone, under the tables it would stand in."""
        own = ", ".join(own for own, _ in table.by)
        file = self.plan.tables[table.of].file
        says = f"no row of {file} has this key: correct it, or put the row it belongs to in"
        faults = (*self._drained(), self.sheets[table.name].fault("no-resident", says, line, own))
        tree = Node({table.name: [node]}, node.file, line)
        while (table := self.plan.tables[table.of]) is not self.plan.residents:
            tree = Node({table.name: [tree]}, node.file, line)
        return tree, faults

    def _drained(self) -> Iterator[Fault]:
        for sheet in self.sheets.values():
            if sheet.faults:
                yield from sheet.faults
                sheet.faults.clear()


def _key(node: Node, columns: Iterable[str]) -> str:
    return joined(node.get(column, "") for column in columns)


def _stray(parents: list[Node]) -> Node:
    """Where a row hangs that belongs to none of them, so that it is not lost."""
    parents.append(Node())
    return parents[-1]


def _pairs(sheet: Sheet, columns: Columns, own: Columns) -> Iterator[tuple[str, str, int]]:
    pairs = zip(sheet.keyed(columns), sheet.keyed(own), strict=True)
    return ((key, of, line) for (key, line, _), (of, _, _) in pairs)
