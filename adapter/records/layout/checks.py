"""What must be so of a resident's rows, whatever they say: every row is taken or ignored, every key that is looked up is there."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.records.layout.blocks import Block, Ignored
from adapter.records.layout.elements import Elements
from adapter.records.layout.hanging import lookups
from adapter.records.layout.here import Bad, Here, Run
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.paths import rows
from adapter.records.layout.states import Listed
from adapter.records.rows.row import Node, Settings

NO_BLOCK = "is a row that no block of the layout takes, and no rule ignores"


@dataclass(frozen=True)
class Rule:
    """Every row of this list is one of these blocks' own, or ignored. `column`: the names of the value that would tell."""

    where: tuple[str, ...]
    blocks: list[Block]
    ignored: list[Ignored]
    column: tuple[str, ...]

    def broken(self, row: Here) -> bool:
        return not any(block.takes(row) for block in self.blocks) and not any(i.takes(row) for i in self.ignored)


class Lists:
    """The lists of a tree that blocks walk. `walked`: all of them, by the names that lead there. `rules`: those of which not every row is
    taken anyway."""

    def __init__(self, root: Fields, ignored: tuple[Ignored, ...]) -> None:
        self.ignored, walked = ignored, defaultdict[tuple[str, ...], list[Block]](list)
        for block in blocks_of(root):
            if block.each:
                walked[block.where].append(block)
        self.walked = dict(walked)
        self.rules = [Rule(where, blocks, [i for i in ignored if i.rows == where], _column(blocks))
                      for where, blocks in walked.items() if all(block.only for block in blocks)]

    def check(self, tree: Node, run: Run, rules: list[Rule] | None = None) -> None:
        """Of these rules, or of all."""
        for rule in self.rules if rules is None else rules:
            for row, up, steps in rows(tree, rule.where, None, ()) if rule.where[0] in tree else ():
                here = Here(row, run, up, None, (), steps)
                if rule.broken(here) and not self._within_ignored(here):
                    here.no(Bad("no-block", NO_BLOCK), (), (*steps, *rule.column))

    def _within_ignored(self, here: Here) -> bool:
        return any(i.takes(above) for above in outer(here) for i in self.ignored if i.rows == names(above))


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


class Lookups:
    """Where a row names another by a key, and what hangs there then. `nothing`: words that are no key."""

    def __init__(self, settings: Settings, nothing: frozenset[str] = frozenset()) -> None:
        self.all, self.nothing = lookups(settings), nothing

    def check(self, tree: Node, run: Run) -> None:
        """A row that names another, and the other is not there."""
        for name, keys, where in self.all:
            for row, up, steps in rows(tree, where, None, ()):
                if name not in row and all(key in row and not self._is_nothing(row[key]) for key in keys):
                    bad = Bad("no-such-row", f"names a row of {name} that is not there")
                    Here(row, run, up, None, (), steps).no(bad, (), (*steps, keys[0]))

    def _is_nothing(self, key: Any) -> bool:
        return isinstance(key, str) and key in self.nothing
