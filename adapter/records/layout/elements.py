"""A list of the record, from blocks: fixed ones, and ones that make an element of each row of a list in the tree.

Reading keeps the order of the rows where consecutive blocks walk the same list. Writing looks for the block, and the row, that an
element came from: see table.py and trying.py.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from adapter.records.kinds import Kind
from adapter.records.layout.alike import BESIDE, Missed, leaves, one_key, same
from adapter.records.layout.blocks import Block
from adapter.records.layout.here import Bad, Here, Json, Names
from adapter.records.layout.leaf import WRONG, Leaf, Reader
from adapter.records.layout.paths import Path, rows
from adapter.records.layout.table import Element, Table
from adapter.records.layout.tree import Out
from adapter.records.layout.trying import Tried, into_row, made_now, tried

NO_BLOCK = "no block of the layout makes an element like this one"
MAKES_NOTHING = "is a row of which no field of this list says anything: correct it, or ignore such rows by a rule of [[ignored_rows]]"


class Choice(NamedTuple):
    """The block that writes an element. `tried`: what it became where it was tried."""

    block: Block
    tried: Tried | None = None


@dataclass
class Elements:
    """`kind`: of one element. `whole`: it matters whether there are any, so that a row of which nothing is made is a fault."""

    kind: Kind
    blocks: list[Block] = field(default_factory=list)
    names: Names = ()  # from the element of a list that this list is in
    whole: bool = False

    constant = False

    def leaves(self) -> Iterator[Leaf]:
        for block in self.blocks:
            yield from block.fields.leaves()

    @cached_property
    def firsts(self) -> frozenset[str]:
        return frozenset[str]().union(*(block.firsts for block in self.blocks))

    # ---- reading -----------------------------------------------------------------------------------------------------------
    def reader(self, *, traced: bool = False) -> Reader:
        groups = [self._group(list(blocks), traced) for _, blocks in groupby(self.blocks, lambda b: b.each and b.each.names)]

        def read(here: Here) -> Json:
            made, before = list[Json](), len(here.run.wrong)
            for group in groups:
                group(here, made)
            return made or (WRONG if self.whole and len(here.run.wrong) > before else None)

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
                before, taken = len(made), False
                for block, read in readers:
                    inner = Here(row, here.run, up, here, (*self.names, len(made)), local)
                    if (block.only or block.ignored) and not block.takes(inner):
                        continue
                    value, taken = read(inner), True
                    if value is not None:
                        made.append(value)
                        if here.run.trace:
                            here.run.trace.elements[inner.names] = inner, block
                if self.whole and taken and len(made) == before:
                    here.no(Bad("empty-row", MAKES_NOTHING), self.names, (*here.steps, *local))

        return group

    # ---- writing -----------------------------------------------------------------------------------------------------------
    def within(self, depth: int) -> bool:
        """Do all paths stay in what is so many objects up?"""
        return all(block.fields.within(depth + (len(block.each.names) if block.each else 0)) for block in self.blocks)

    def clear(self, here: Here, out: Out, names: Names) -> None:
        if "" in self.firsts or not here.row.keys().isdisjoint(self.firsts):
            self.write([], here, out, names)

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        tables = [Table(path, blocks, here, out, self.kind) for path, blocks in self._walked]
        chosen = self._chosen(value, here, out, tables)
        for block in self._fixed_blocks:
            i = next((i for i, choice in chosen.items() if choice.block is block), None)
            if i is None:
                block.fields.clear(here, out, (*names, len(value)))
            elif not ((made := chosen[i].tried) and into_row(made, here, out, (*names, i))):
                block.fields.write(value[i], here, out, (*names, i))
        left = [v for i, v in enumerate(value) if i not in chosen]
        for table in tables:
            mine = [Element(v, block, (*names, i), chosen[i].tried) for i, v in enumerate(value) if i in chosen
                    for block in table.blocks if chosen[i].block is block]
            table.write(mine, left)
        for i in range(len(value)):
            if i not in chosen:
                self._refused(value[i], here, out, (*names, i), tables)

    @cached_property
    def _fixed_blocks(self) -> list[Block]:
        return [block for block in self.blocks if block.each is None]

    @cached_property
    def _walked(self) -> list[tuple[Path, list[Block]]]:
        """Each list, with the blocks that walk it."""
        paths = dict.fromkeys(block.each for block in self.blocks if block.each)
        return [(path, [block for block in self.blocks if block.each == path]) for path in paths]

    def _chosen(self, value: Json, here: Here, out: Out, tables: list[Table]) -> dict[int, Choice]:
        """For each element a block: of the fixed ones the one that makes it now, or that of a row that says it now; else the one that
        leaves the least of it unwritten."""
        chosen, free = dict[int, Choice](), list(self._fixed_blocks)
        said = {id(block): made_now(self.kind, block, here) for block in free if value}
        for alike in (same, one_key):
            for i, v in enumerate(value):
                block = next((b for b in free if i not in chosen and alike(said[id(b)], v)), None)
                if block:
                    chosen[i] = Choice(block)
                    free.remove(block)
        held = [h for table in tables for h in table.held]
        for i, v in ((i, v) for i, v in enumerate(value) if i not in chosen):
            own = next((h for h in held if same(h.said, v)), None)
            choice = Choice(own.block) if own else self._least([b for b in self.blocks if b.each or b in free], v, here, out, tables)
            if own:
                held.remove(own)
            if choice:
                chosen[i] = choice
                free = [b for b in free if b is not choice.block]
        return chosen

    def _least(self, blocks: list[Block], value: Json, here: Here, out: Out, tables: list[Table]) -> Choice | None:
        """The first that loses nothing, or else the least."""
        best: Tried | None = None
        for block in blocks:
            if block.fields.agrees(value, deep=block.each is None):
                made = self._tried(block, value, here, out, tables)
                if made.good and (best is None or len(made.lost) < len(best.lost)):
                    best = made
                    if not best.lost:
                        break
        return Choice(best.block, best) if best else None

    def _tried(self, block: Block, value: Json, here: Here, out: Out, tables: list[Table]) -> Tried:
        """In its own row, if it has one, or a new one."""
        table = next((table for table in tables if table.path == block.each), None)
        if table is None:
            return tried(self.kind, block, value, (here.row, here.up), out)
        own = next((h for h in table.held if h.block is block and one_key(h.said, value)), None)
        return tried(self.kind, block, value, own.row.up if own else table.up(), out, own.row.row if own else None)

    def _refused(self, value: Json, here: Here, out: Out, names: Names, tables: list[Table]) -> None:
        """An element that is not written at all; why not, as far as one block would have."""
        tries = [self._tried(block, value, here, out, tables) for block in self.blocks if block.fields.agrees(value)]
        near = min(tries, key=lambda tried: len(tried.lost), default=None)
        reasons = dict(near.out.missed) if near else {}
        for leaf in leaves(value):
            out.missed.append(Missed((*names, *leaf), reasons.get(leaf, BESIDE if reasons else NO_BLOCK)))
