"""The way back of blocks that walk rows: elements into the rows that they came from, or into new ones.

An element's row is the one with its key; of elements without a key, the one that says the same, else the next in the order. Rows whose
element is gone are taken out, as are the values of one of the several elements that a row may make. Rows of other blocks stay, and so do
rows that a block takes and makes nothing of.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from adapter.records.kinds import Kind
from adapter.records.layout.alike import keyless, one_key, same
from adapter.records.layout.blocks import Block
from adapter.records.layout.here import Here, Json, Names, Up
from adapter.records.layout.paths import OWN, Path, rows
from adapter.records.layout.tree import Out
from adapter.records.layout.trying import Tried, as_row, made_now, write_row
from adapter.records.rows.row import Node


class Element(NamedTuple):
    """An element of the record, and the block that writes it. `tried`: what it became in a row of its own."""

    value: Json
    block: Block
    names: Names
    tried: Tried | None = None


@dataclass(frozen=True, eq=False)
class Held:
    """A row that is there, and what a block makes of it now."""

    row: Here
    block: Block
    said: Json


@dataclass
class Table:
    """The rows of one list, while elements are written into them."""

    path: Path
    blocks: list[Block]
    here: Here
    out: Out
    kind: Kind

    def write(self, elements: list[Element], left: list[Json]) -> None:
        """`left`: elements that no block can write. The rows that they came from stay as they are."""
        if not elements and not self.held:
            return
        free = list(self.held)
        found = self._matched(elements, free)
        kept = {id(h.row.row) for h in self._came_from(left, free)}
        after = [found[i].row if i in found else self._new(elements[i]) for i in range(len(elements))]
        for i, element in enumerate(elements):
            if i in found:
                write_row(element.block, element.value, after[i], self.out, element.names)
        moved = [h for i, h in found.items() if h.block is not elements[i].block]
        written = {id(row.row) for row in after} - kept
        for h in [*moved, *(h for h in free if id(h.row.row) in written)]:
            h.block.fields.clear(h.row, Out(self.out.dialect, claimed=self.out.claimed), ())
        self._settle([h.row for h in self.held if id(h.row.row) not in kept], after)

    @cached_property
    def held(self) -> list[Held]:
        """As it was before anything was written."""
        made = []
        for row, up, local in rows(self.here.row, self.path.names, self.here.up, ()):
            here = Here(row, self.here.run, up, self.here, (), local)
            made += [Held(here, block, made_now(self.kind, block, here)) for block in self.blocks if block.takes(here)]
        return [held for held in made if held.said is not None]

    @staticmethod
    def _matched(elements: list[Element], free: list[Held]) -> dict[int, Held]:
        """What each element came from, of its own block if it can be; what is left stays in `free`."""
        found = dict[int, Held]()
        for alike, own in product((one_key, same, keyless), (True, False)) if free else ():
            for i, element in enumerate(elements):
                fits = (h for h in free if alike(h.said, element.value) and (h.block is element.block or not own))
                if i not in found and (h := next(fits, None)) is not None:
                    found[i] = h
                    free.remove(h)
        return found

    @staticmethod
    def _came_from(left: list[Json], free: list[Held]) -> Iterator[Held]:
        """The same of what is not written."""
        for alike, value in product((one_key, same, keyless), left):
            if (h := next((h for h in free if alike(h.said, value)), None)) is not None:
                free.remove(h)
                yield h

    def _new(self, element: Element) -> Here:
        """A row behind the others."""
        up = self.up(make=True)
        if element.tried and (made := as_row(element.tried, self.out, element.names)) is not None:
            return Here(made, self.here.run, up)
        row = Here(Node(), self.here.run, up)
        write_row(element.block, element.value, row, self.out, element.names)
        return row

    def up(self, *, make: bool = False) -> Up:
        """The object whose list a new row is in, with what that stands in. `make`: it is put there if need be."""
        if self.held and (up := self.held[-1].row.up):
            return up
        parent, up = self.here.row, self.here.up
        for name in self.path.names[:-1]:
            value = parent.get(name)
            value = value[-1] if isinstance(value, list) and value else value
            if not isinstance(value, Node):
                value = Node() if value is None else Node({OWN: value})
                if make:
                    parent[name] = value
            parent, up = value, (parent, up)
        return parent, up

    def _settle(self, before: list[Here], after: list[Here]) -> None:
        """In each object that has such a list: the rows in the order of the elements, in the places that they had; new ones behind."""
        parents = {id(row.up[0]): row.up[0] for row in [*before, *after] if row.up}
        for parent in parents.values():
            mine = {id(row.row) for row in before if row.up and row.up[0] is parent}
            new = unique([row.row for row in after if row.up and row.up[0] is parent])
            put_rows(parent, self.path.last, mine, new, lone=self.out.dialect.lone)


def put_rows(parent: Node, name: str, before: set[int], after: list[Node], *, lone: bool) -> None:
    held = parent.get(name)
    items: list[Any] = held if isinstance(held, list) else [] if held is None else [held]
    bare = any(not isinstance(item, dict) for item in items)  # texts are told by their places: each of them was taken
    new, made = iter(after), list[Any]()
    for item in items:
        if id(item) not in before and not (bare and before and not isinstance(item, dict)):
            made.append(item)
        elif (row := next(new, None)) is not None:
            made.append(row)
    made = [plain(row) for row in [*made, *new]]
    if made:
        parent[name] = made[0] if len(made) == 1 and (lone or (held is not None and held is not items)) else made
    else:
        parent.pop(name, None)


def unique(rows: list[Node]) -> list[Node]:
    return list({id(row): row for row in rows}.values())


def plain(row: Any) -> Any:
    """A row that only has its own text is that text."""
    return row[OWN] if isinstance(row, dict) and row.keys() == {OWN} else row
