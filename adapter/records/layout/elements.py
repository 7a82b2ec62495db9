"""A list of the record, from blocks: fixed ones, and ones that make an element of each row of a list in the tree.

Reading keeps the order of the rows where consecutive blocks walk the same list. Writing looks for the row that an element came from, by
its key or by what it says, and else by its place; rows that no element is left for are taken out, rows of other blocks stay as they are.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

from adapter.records.kinds import Kind
from adapter.records.layout.here import Here, Json, Names, Run
from adapter.records.layout.leaf import Leaf, Reader
from adapter.records.layout.nodes import Fields, pruned
from adapter.records.layout.paths import OBJECTS, OWN, Path, every, rows
from adapter.records.layout.steps import key_of
from adapter.records.layout.tree import Out, plainest, put, same
from adapter.records.rows.row import Node

ANYTHING, EMPTY = "*", ""
NO_BLOCK = "no block of the layout makes an element like this one"


@dataclass(frozen=True)
class Selector:
    """`only`: rows whose value at this path is one of these; "" stands for nothing, "*" for anything."""

    path: Path
    allowed: tuple[str, ...]
    nothing: frozenset[str] = frozenset()

    @cached_property
    def column(self) -> str:
        """Of most of them: the one name of their path."""
        return self.path.first if len(self.path.names) == 1 else ""

    def takes(self, here: Here) -> bool:
        if self.column and (value := here.row.get(self.column)).__class__ not in OBJECTS:
            return self.chooses(value)
        values = [v for v, _ in every(self.path, here) if not isinstance(v, dict)]
        return any(map(self.chooses, values)) if values else self.chooses(None)

    def chooses(self, value: Any) -> bool:
        """By one value, or by there being none."""
        text = value if value.__class__ is str else None if value is None else key_of(value)
        return text in self.allowed or (EMPTY if text is None or text in self.nothing else ANYTHING) in self.allowed

    def write(self, here: Here, out: Out) -> None:
        """What makes a row one of these, as far as nothing else does."""
        if not self.takes(here) and self.allowed[0] != ANYTHING:
            put(self.path, here, [self.allowed[0]] if self.allowed[0] else [], out)


@dataclass(frozen=True)
class Ignored:
    """Rows that say nothing about the resident, and why. `rows`: the names from the resident's tree."""

    rows: tuple[str, ...]
    only: tuple[Selector, ...]
    because: str

    def takes(self, here: Here) -> bool:
        return all(selector.takes(here) for selector in self.only)


@dataclass
class Block:
    """`each`: the list in the row, None for a fixed element. `where`: the same from the resident's tree. `always`: why it is there although
    it is all constant."""

    fields: Fields
    each: Path | None = None
    where: tuple[str, ...] = ()
    only: tuple[Selector, ...] = ()
    always: str = ""
    ignored: tuple[Ignored, ...] = ()

    def takes(self, here: Here) -> bool:
        return all(selector.takes(here) for selector in self.only) and not any(i.takes(here) for i in self.ignored)

    @property
    def firsts(self) -> frozenset[str]:
        return frozenset({self.each.names[0]}) if self.each else frozenset({""}) if self.always else self.fields.firsts

    def reader(self, *, traced: bool) -> Reader:
        read = self.fields.reader(traced=traced)
        constants = self.fields.value
        return (lambda here: read(here) or constants) if self.always else read


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
            mine = [(v, block, (*names, i)) for i, v in enumerate(value) for block in blocks if chosen.get(i) is block]
            Table(path, blocks, here, out, self.kind).write(mine)
        for i in range(len(value)):
            if i not in chosen:
                out.no(value[i], (*names, i), NO_BLOCK)

    def _chosen(self, value: Json, here: Here, out: Out) -> dict[int, Block]:
        """For each element a block: of the fixed ones the one that makes it now; else the one that leaves the least of it unwritten."""
        chosen, free = dict[int, Block](), [block for block in self.blocks if block.each is None]
        said = {id(block): read(self.kind, block, here) for block in free}
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
        fitting = [block for block in blocks if block.fields.agrees(value)]
        tries = [(self._tried(block, value, here, out), block) for block in fitting]
        possible = [(missed, block) for missed, block in tries if missed is not None]
        return min(possible, key=lambda pair: pair[0])[1] if possible else None

    @staticmethod
    def _tried(block: Block, value: Json, here: Here, out: Out) -> int | None:
        """How much is left, in a row that is only tried; None where such a row would not be the block's."""
        trial = Out(out.dialect)
        row = Here(Node(), Run(Node()), (Node(here.row), here.up))
        write_row(block, value, row, trial, ())
        return len(trial.missed) if block.each is None or block.takes(row) else None


def read(kind: Kind, block: Block, row: Here) -> Json:
    """What a block makes of a row now, as the native format writes it."""
    return plainest(kind, pruned(block.reader(traced=False)(Here(row.row, Run(row.run.top), row.up))))


def write_row(block: Block, value: Json, row: Here, out: Out, names: Names) -> None:
    for selector in block.only:
        selector.write(row, out)
    block.fields.write(value, row, out, names)


Element = tuple[Json, Block, Names]


@dataclass
class Table:
    """The rows of one list, while elements are written into them."""

    path: Path
    blocks: list[Block]
    here: Here
    out: Out
    kind: Kind

    def write(self, elements: list[Element]) -> None:
        held = [row for row in self._rows() if any(block.takes(row) for block in self.blocks)]
        mine = self._matched([value for value, *_ in elements], held)
        if not elements and not held:
            return
        parent, after = self._parent(held), list[Node]()
        for (value, block, names), row in zip(elements, mine, strict=True):
            made = row or Here(Node(), self.here.run, (parent, self._up()))
            write_row(block, value, made, self.out, names)
            after.append(made.row)
        self._settle(parent, [row.row for row in held], after)

    def _rows(self) -> Iterator[Here]:
        for row, up, local in rows(self.here.row, self.path.names, self.here.up, ()):
            yield Here(row, self.here.run, up, self.here, (), local)

    def _matched(self, values: list[Json], held: list[Here]) -> list[Here | None]:
        """For each value the row that it came from: by its key, else by what it says, else by its place."""
        said = [self._read(row) for row in held]
        free = dict(enumerate(held))
        found: list[Here | None] = [None] * len(values)
        for alike in (one_key, same, lambda now, value: not (_key(now) or _key(value))):
            for i, value in enumerate(values):
                if found[i] is None and (at := next((j for j in free if alike(said[j], value)), None)) is not None:
                    found[i] = free.pop(at)
        return found

    def _read(self, row: Here) -> Json:
        return read(self.kind, next(block for block in self.blocks if block.takes(row)), row)

    def _up(self) -> Any:
        return (self.here.row, self.here.up) if len(self.path.names) > 1 else self.here.up

    def _parent(self, held: list[Here]) -> Node:
        """The object whose list it is; made, if need be."""
        if held and held[-1].up:
            return held[-1].up[0]
        row = self.here.row
        for name in self.path.names[:-1]:
            inner = row.get(name)
            inner = inner[-1] if isinstance(inner, list) and inner else inner
            if not isinstance(inner, Node):
                inner = row[name] = Node() if inner is None else Node({OWN: inner})
            row = inner
        return row

    def _settle(self, parent: Node, before: list[Node], after: list[Node]) -> None:
        """The rows in the order of the elements, in the places that their rows had; new ones behind."""
        name = self.path.last
        held = parent.get(name)
        items: list[Any] = held if isinstance(held, list) else [] if held is None else [held]
        mine, new = {id(row) for row in before}, iter(after)
        made = list[Any]()
        for item in items:
            if id(item) not in mine and not (mine and not isinstance(item, dict)):
                made.append(item)
            elif (row := next(new, None)) is not None:
                made.append(row)
        made = [plain(row) for row in [*made, *new]]
        if made:
            parent[name] = made[0] if len(made) == 1 and (self.out.dialect.lone or (held and held is not items)) else made
        elif name in parent:
            del parent[name]


def plain(row: Any) -> Any:
    """A row that only has its own text is that text."""
    return row[OWN] if isinstance(row, dict) and row.keys() == {OWN} else row


def _key(value: Json) -> Json:
    return value.get("key") if isinstance(value, dict) else None


def one_key(now: Json, value: Json) -> bool:
    return _key(value) is not None and same(_key(now), _key(value))


def taken(blocks: Iterable[Block], ignored: Iterable[Ignored], row: Here) -> bool:
    return any(block.takes(row) for block in blocks) or any(i.takes(row) for i in ignored)
