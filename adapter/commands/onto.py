"""The vendor's own export, when records are written over it: each resident's rows, and what many of them share.

A resident is known by her key alone, however much of her rows cannot be read: what is wrong there is no reason to leave out the columns
that the layout does not map. Where her rows are not to be trusted as a whole, nothing is written over them.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapter.commands.exported import Exported
from adapter.records.layout import Layout
from adapter.records.layout.hanging import lookups
from adapter.records.layout.here import Here, Run
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.nodes import Constant
from adapter.records.layout.paths import rows
from adapter.records.rows.hanging import Hanging, many
from adapter.records.rows.row import Node, Rows
from mappings.bag import CareRecord

Person = tuple[str | None, str | None]  # the source, and the resident's key there
Key = tuple[str, ...]
FAULTY = "its rows cannot be joined or read: correct them first"
TWICE = "there are two residents with that key: leave one in"


@dataclass
class Onto:
    """`top`: what stands outside of all. `shut`: number and reason, of those over whose rows nothing can be written. `nameless`: numbers
    of those who have no key that can be read. `shared`: of CSV, the rows of each lookup by what they are named by. `path`: where it is."""

    top: Node = field(default_factory=Node)
    trees: dict[Person, Node] = field(default_factory=dict)
    shut: dict[Person, tuple[int, str]] = field(default_factory=dict)
    nameless: list[int] = field(default_factory=list)
    shared: dict[str, dict[Key, Node]] = field(default_factory=lambda: defaultdict(dict))
    path: Path | None = None

    def take(self, layout: Layout, hers: Rows, wanted: Person | None) -> None:
        her, faults = person(layout, hers), {fault.rule for fault in hers.faults}
        if "no-resident" in faults:
            return
        if None in her:
            self.nameless.append(hers.number)
        elif her in self.trees or faults:
            self.shut[her] = hers.number, FAULTY if faults else TWICE
        elif wanted in (None, her):
            self.trees[her] = hers.tree
        for name, keys, where in lookups(layout.settings) if layout.settings.format == "csv" else ():
            for row, _, _ in rows(hers.tree, where, None, ()):
                for hung in many(row.get(name)):      # several, where a key is there twice
                    self.shared[name].setdefault(tuple(row.get(key, "") for key in keys), hung)

    def leave(self, layout: Layout, name: str, row: Node) -> None:
        """A row of a lookup that nobody named."""
        table = next(table for table in layout.settings.tables if table.name == name)
        self.shared[name].setdefault(tuple(row.get(own, "") for own, _ in table.by), row)

    def left(self) -> Iterator[tuple[str, Node]]:
        """All that is shared, whether or not somebody who is written names it."""
        return ((name, row) for name, found in self.shared.items() for row in found.values())

    def rehung(self, layout: Layout, tree: Node) -> bool:
        """Beside each key that names a row, the row that it names now: did any change?"""
        before = list(hung(layout, tree))
        if layout.settings.format == "csv":
            self._hang(layout, tree)
        else:
            shed(layout, tree)
            list(Hanging(layout.settings.lookups, self.top).hang(tree))
        return list(hung(layout, tree)) != before

    def _hang(self, layout: Layout, tree: Node) -> None:
        for name, keys, where in lookups(layout.settings):
            for row, _, _ in rows(tree, where, None, ()):
                now = self.shared[name].get(tuple(row.get(key, "") for key in keys))
                row.pop(name, None)
                row.update({name: now} if now is not None else {})


def hung(layout: Layout, tree: Node) -> Iterator[Node | None]:
    """Everything that hangs there, and does not."""
    return (row.get(name) for name, _, where in lookups(layout.settings) for row, _, _ in rows(tree, where, None, ()))


def shed(layout: Layout, tree: Node) -> None:
    """Of JSON and XML: what is not named any more."""
    for lookup, (name, keys, where) in zip(layout.settings.lookups, lookups(layout.settings), strict=True):
        for row, _, _ in rows(tree, where, None, ()):
            there = row.get(name)
            if isinstance(there, Node) and there.get(lookup.key) not in many(row.get(keys[0])):
                del row[name]


def person(layout: Layout, hers: Rows) -> Person:
    """Each as far as it can be read, whatever else is wrong."""
    here, source = Here(hers.tree, Run(hers.top)), layout.root.members.get("source")
    said = source.value if isinstance(source, Constant) else source.reader()(here) if isinstance(source, Leaf) else None
    key = layout.key_reader()(here)
    return said if isinstance(said, str) else None, key if isinstance(key, str) else None


def who(record: CareRecord) -> Person:
    return record.source, record.resident.key


def onto_of(export: Exported, wanted: Person | None = None) -> Onto:
    """Of everybody, or of one person. Raises Stop."""
    made = Onto(path=export.path)
    for hers in export.all():
        made.take(export.layout, hers, wanted)
    made.top, unnamed = export.around
    for name, row in unnamed:
        made.leave(export.layout, name, row)
    return made
