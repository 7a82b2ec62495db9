"""The rows of one resident, each hung under the row it belongs to."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from adapter.faults import Fault
from adapter.records.rows.lookup import Shared
from adapter.records.rows.plan import Plan, others
from adapter.records.rows.row import Node, Table
from adapter.records.rows.sheet import Sheet, joined
from adapter.records.rows.text import Cells

Found = defaultdict[str, list[Node]]      # the rows of one resident, by their tables
Tree = tuple[Node, tuple[Fault, ...]]


class Trees:
    def __init__(self, plan: Plan, sheets: dict[str, Sheet], shared: dict[str, Shared]) -> None:
        self.plan, self.sheets, self.shared = plan, sheets, shared
        self.people = sheets[plan.residents.name]

    def hang(self, tree: Node, found: Found) -> tuple[Fault, ...]:
        """Into the resident's tree; what was wrong with its rows, and with their keys."""
        faults = list(self._hung(self.plan.residents, [tree], found))
        if self.plan.key and self.plan.key not in tree:
            faults.append(self.people.fault("no-key", "is empty: without it nothing belongs to this resident", tree.line, self.plan.key))
        return *self._of_rows(), *faults

    def alone(self, table: Table, line: int, cells: Cells) -> Tree:
        """A row that belongs to no resident, in a tree of its own, under the tables it would stand in."""
        sheet = self.sheets[table.name]
        node = sheet.node(line, cells)
        says = (f"no row of {self.plan.tables[table.of].file} has this key: correct it in the whole export, and send that again; with this "
                "row alone a resident would seem to have nothing else")
        fault = sheet.fault("no-resident", says, line, ", ".join(own for own, _ in table.by))
        tree = Node({table.name: [node]}, node.file, line)
        while (table := self.plan.tables[table.of]) is not self.plan.residents:
            tree = Node({table.name: [tree]}, node.file, line)
        return tree, (*self._of_rows(), fault)

    def _hung(self, table: Table, parents: list[Node], found: Found) -> Iterator[Fault]:
        for child in self.plan.children[table.name]:
            rows = found[child.name]
            yield from self._hung(child, rows, found)
            if rows and table is self.plan.residents:
                parents[0][child.name] = rows
            elif rows:
                yield from self._apart(table, child, parents, rows)
        for lookup in self.plan.lookups[table.name] if parents else ():
            if lookup.name in self.shared:
                yield from self._looked_up(lookup, parents)

    def _apart(self, table: Table, child: Table, parents: list[Node], rows: list[Node]) -> Iterator[Fault]:
        """Each under the one of these rows whose key it has. What has none of them hangs under an empty row, so that it is not lost."""
        own, of = [own for own, _ in child.by], defaultdict[str, list[Node]](list)
        for parent in parents:
            of[_key(parent, others(child))].append(parent)
        for row in rows:
            known = of.get(_key(row, own), [])
            if len(known) != 1 and row.line:
                says = f"{len(known) or 'no'} rows of {table.file} have this key: to which of them this row belongs cannot be known"
                yield self.sheets[child.name].fault("twice" if known else "no-row", says, row.line, ", ".join(own))
            if not known:
                parents.append(Node())
            (known or parents[-1:])[0].setdefault(child.name, []).append(row)

    def _looked_up(self, lookup: Table, parents: list[Node]) -> Iterator[Fault]:
        shared = self.shared[lookup.name]
        for parent in parents:
            rows = shared.rows(_key(parent, others(lookup)))
            if len(rows) > 1:
                yield shared.twice(rows)
            if rows and lookup.name not in parent:
                parent[lookup.name] = rows[0] if len(rows) == 1 else rows
                yield from self._hung(lookup, rows, Found(list))

    def _of_rows(self) -> Iterator[Fault]:
        """What was wrong with the rows since this was asked last."""
        for sheet in self.sheets.values():
            if sheet.faults:
                yield from sheet.faults
                sheet.faults.clear()


def _key(node: Node, columns: Sequence[str]) -> str:
    return joined(str(node.get(column, "")) for column in columns)
