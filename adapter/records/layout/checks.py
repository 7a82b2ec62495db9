"""What must be so of a resident's rows, whatever they say: every row is taken or ignored, every key that is looked up is there."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from adapter.records.layout.elements import Block, Elements, Ignored
from adapter.records.layout.here import Bad, Here, Run
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.paths import parse, rows
from adapter.records.layout.states import Listed
from adapter.records.rows.row import Node, Settings, Table


@dataclass
class Lists:
    """The lists of a tree that blocks walk. `where`: the names from the resident's tree."""

    where: dict[tuple[str, ...], list[Block]] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()

    @classmethod
    def of(cls, root: Fields, ignored: tuple[Ignored, ...]) -> Lists:
        made = cls(ignored=ignored)
        for block in blocks_of(root):
            if block.each:
                made.where.setdefault(block.where, []).append(block)
        return made

    def check(self, tree: Node, run: Run) -> None:
        for where, blocks in self.where.items():
            if all(block.only for block in blocks):
                ignored = [i for i in self.ignored if i.rows == where]
                column = _column(blocks)
                for row in self._rows(tree, run, where):
                    if not any(block.takes(row) for block in blocks) and not any(i.takes(row) for i in ignored):
                        row.no(Bad("no-block", "is a row that no block of the layout takes, and no rule ignores"), (), (*row.steps, *column))

    def _rows(self, tree: Node, run: Run, where: tuple[str, ...]) -> Iterator[Here]:
        """Those of rows that are not ignored themselves."""
        for row, up, steps in rows(tree, where, None, ()):
            here = Here(row, run, up, None, (), steps)
            if not any(i.takes(above) for above in outer(here) for i in self.ignored if i.rows == names(above)):
                yield here


def _column(blocks: list[Block]) -> tuple[str, ...]:
    """The names of the one value that all of these blocks look at."""
    looks = [[s.path for s in block.only if not s.path.up and not s.path.top] for block in blocks]
    return next((path.names for path in looks[0] if all(path in others for others in looks)), ())


def outer(here: Here) -> Iterator[Here]:
    """The rows that this one stands in."""
    up, steps = here.up, here.steps
    while up:
        while steps and isinstance(steps[-1], int):
            steps = steps[:-1]
        steps = steps[:-1]
        yield Here(up[0], here.run, up[1], None, (), steps)
        up = up[1]


def names(here: Here) -> tuple[str, ...]:
    return tuple(step for step in here.steps if isinstance(step, str))


def blocks_of(node: Fields | Elements | Listed | Leaf | Constant | None) -> Iterator[Block]:
    """Every block at any depth."""
    if isinstance(node, Listed):
        yield from blocks_of(node.elements)
    for member in node.members.values() if isinstance(node, Fields) else ():
        yield from blocks_of(member)
    for block in node.blocks if isinstance(node, Elements) else ():
        yield block
        yield from blocks_of(block.fields)


def missing_rows(settings: Settings, tree: Node, run: Run) -> None:
    """A row that names another by a key, and the other is not there."""
    for table in settings.tables:
        if table.lookup:
            _missing(table.name, [theirs for _, theirs in table.by], of(table, settings), tree, run)
    for lookup in settings.lookups:
        *above, last = parse(lookup.by).names
        _missing(lookup.name, [last], tuple(above), tree, run)


def _missing(name: str, keys: list[str], where: tuple[str, ...], tree: Node, run: Run) -> None:
    for row, up, steps in rows(tree, where, None, ()):
        if name not in row and all(key in row for key in keys):
            here = Here(row, run, up, None, (), steps)
            here.no(Bad("no-such-row", f"names a row of {name} that is not there"), (), (*steps, keys[0]))


def of(table: Table, settings: Settings) -> tuple[str, ...]:
    """The names that lead to the rows that this table's rows belong to."""
    tables, made = {t.name: t for t in settings.tables}, list[str]()
    while table.of and table.of != settings.residents:
        made.insert(0, table.of)
        table = tables[table.of]
    return tuple(made)
