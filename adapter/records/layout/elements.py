"""A list of the record, from blocks: fixed ones, and ones that make an element of each row of a list in the tree.

Reading keeps the order of the rows where consecutive blocks walk the same list. Writing looks for the block, and the row, that an
element came from: see table.py.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from adapter.records.kinds import Kind
from adapter.records.layout.alike import BESIDE, Missed, differing, leaves, one_key, same
from adapter.records.layout.blocks import Block
from adapter.records.layout.here import Here, Json, Names, Run
from adapter.records.layout.leaf import Leaf, Reader
from adapter.records.layout.paths import rows
from adapter.records.layout.table import Element, Table, made_now, write_row
from adapter.records.layout.tree import Out
from adapter.records.rows.row import Node
from adapter.records.spot import Spot

NO_BLOCK = "no block of the layout makes an element like this one"


class Tried(NamedTuple):
    """What became of an element in a row that was only tried. `good`: the row is the block's, and can be read. `lost`: what does not come
    back; `missed`: why, as far as it is known."""

    good: bool
    missed: list[Missed]
    lost: set[Names]


@dataclass
class Elements:
    """`kind`: of one element."""

    kind: Kind
    blocks: list[Block] = field(default_factory=list)
    names: Names = ()  # from the element of a list that this list is in

    constant = False

    def leaves(self) -> Iterator[Leaf]:
        for block in self.blocks:
            yield from block.fields.leaves()

    @property
    def firsts(self) -> frozenset[str]:
        return frozenset[str]().union(*(block.firsts for block in self.blocks))

    # ---- reading -----------------------------------------------------------------------------------------------------------
    def reader(self, *, traced: bool = False) -> Reader:
        groups = [self._group(list(blocks), traced) for _, blocks in groupby(self.blocks, lambda b: b.each and b.each.names)]

        def read(here: Here) -> Json:
            made = list[Json]()
            for group in groups:
                group(here, made)
            return made or None

        return read

    def _group(self, blocks: list[Block], traced: bool) -> Callable[[Here, list[Json]], None]:
        readers = [(block, block.reader(traced=traced)) for block in blocks]
        return self._every(readers, blocks[0].each.names) if blocks[0].each else self._fixed(readers)

    def _fixed(self, readers: list[tuple[Block, Reader]]) -> Callable[[Here, list[Json]], None]:
        guarded = [(block, read, block.firsts) for block, read in readers]

        def group(here: Here, made: list[Json]) -> None:
            for block, read, firsts in guarded:
                if "" not in firsts and here.row.keys().isdisjoint(firsts):
                    continue
                inner = Here(here.row, here.run, here.up, here, (*self.names, len(made)))
                if (value := read(inner)) is not None:
                    made.append(value)
                    if here.run.trace:
                        here.run.trace.elements[inner.names] = inner, block

        return group

    def _every(self, readers: list[tuple[Block, Reader]], names: tuple[str, ...]) -> Callable[[Here, list[Json]], None]:
        def group(here: Here, made: list[Json]) -> None:
            if names[0] not in here.row:
                return
            for row, up, local in rows(here.row, names, here.up, ()):
                for block, read in readers:
                    inner = Here(row, here.run, up, here, (*self.names, len(made)), local)
                    if (block.only or block.ignored) and not block.takes(inner):
                        continue
                    value = read(inner)
                    if here.run.trace:
                        here.run.trace.rows.add(inner.steps)
                    if value is not None:
                        made.append(value)
                        if here.run.trace:
                            here.run.trace.elements[inner.names] = inner, block

        return group

    # ---- writing -----------------------------------------------------------------------------------------------------------
    def clear(self, here: Here, out: Out, names: Names) -> None:
        self.write([], here, out, names)

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        chosen = self._chosen(value, here, out)
        for block in (b for b in self.blocks if b.each is None):
            i = next((i for i, b in chosen.items() if b is block), None)
            if i is None:
                block.fields.clear(here, out, (*names, len(value)))
            else:
                block.fields.write(value[i], here, out, (*names, i))
        for path in dict.fromkeys(b.each for b in self.blocks if b.each):
            blocks = [b for b in self.blocks if b.each == path]
            mine = [Element(v, block, (*names, i)) for i, v in enumerate(value) for block in blocks if chosen.get(i) is block]
            Table(path, blocks, here, out, self.kind).write(mine)
        for i in range(len(value)):
            if i not in chosen:
                self._refused(value[i], here, out, (*names, i))

    def _chosen(self, value: Json, here: Here, out: Out) -> dict[int, Block]:
        """For each element a block: of the fixed ones the one that makes it now; else the one that leaves the least of it unwritten."""
        chosen, free = dict[int, Block](), [block for block in self.blocks if block.each is None]
        said = {id(block): made_now(self.kind, block, here) for block in free}
        for alike in (same, one_key):
            for i, v in enumerate(value):
                block = next((b for b in free if i not in chosen and alike(said[id(b)], v)), None)
                if block:
                    chosen[i] = block
                    free.remove(block)
        for i, v in ((i, v) for i, v in enumerate(value) if i not in chosen):
            block = self._least([b for b in self.blocks if b.each or b in free], v, here, out)
            if block:
                chosen[i] = block
                free = [b for b in free if b is not block]
        return chosen

    def _least(self, blocks: list[Block], value: Json, here: Here, out: Out) -> Block | None:
        fitting = [block for block in blocks if block.fields.agrees(value, deep=block.each is None)]
        tries = [(self._tried(block, value, here, out), block) for block in fitting]
        possible = [(len(tried.lost), block) for tried, block in tries if tried.good]
        return min(possible, key=lambda pair: pair[0])[1] if possible else None

    def _tried(self, block: Block, value: Json, here: Here, out: Out) -> Tried:
        """In a row that is only tried."""
        trial = Out(out.dialect)
        row = Here(Node(), Run(Node()), (Node(here.row), here.up))
        write_row(block, value, row, trial, ())
        said, spot = made_now(self.kind, block, row), Spot()
        self.kind.decode(said, spot)
        good = (block.each is None or block.takes(row)) and (not spot.wrong or any(leaf.readonly for leaf in block.fields.leaves()))
        return Tried(good, trial.missed, {names for names, _ in [*trial.missed, *differing(value, said)]})

    def _refused(self, value: Json, here: Here, out: Out, names: Names) -> None:
        """An element that is not written at all; why not, as far as one block would have."""
        tries = [self._tried(block, value, here, out) for block in self.blocks if block.fields.agrees(value)]
        near = min(tries, key=lambda tried: len(tried.lost), default=None)
        reasons = dict(near.missed) if near else {}
        for leaf in leaves(value):
            out.missed.append(Missed((*names, *leaf), reasons.get(leaf, BESIDE if reasons else NO_BLOCK)))
