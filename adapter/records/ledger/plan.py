"""What a layout does with a value, told by its path and by the blocks that take the row it stands in. Worked out once for each path.

adapter/records/layout/covers.py answers the same for one resident after the other, from a trace of her reading: the tests hold the two
together. This is for all of them: as quick as counting.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapter.records.layout import Layout
from adapter.records.layout.blocks import Block, Ignored
from adapter.records.layout.covers import NOTHING
from adapter.records.layout.elements import Elements
from adapter.records.layout.fields import Where, absolute
from adapter.records.layout.hanging import of
from adapter.records.layout.here import Here
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.paths import OWN, Path, every, parse, rows
from adapter.records.layout.states import Listed
from adapter.records.rows.row import absent

Active = frozenset[int]          # the blocks that take a row, by their numbers; 0 is the record itself
MAPPED, STATED, IGNORED, UNKNOWN = VERDICTS = "mapped", "stated", "ignored", "unknown"
ROOT = 0


class Verdict(NamedTuple):
    """`what`: the fields it feeds, or why it feeds none."""

    verdict: str
    what: str


class Feed(NamedTuple):
    """A field that reads from a path: by which block, whose rows stand where."""

    block: int
    where: Where
    field: str
    nothing: frozenset[str]


class Maker(NamedTuple):
    """A block that walks a list of rows, numbered. `outer`: the one it is in."""

    number: int
    block: Block
    outer: int


class Stated(NamedTuple):
    """A constant. It is used where one of the leaves beside it says something (no leaves: wherever its block is); or, being the state of a
    list, where no block makes an element of it, and the files of its rows are there."""

    field: str
    constant: Constant
    beside: tuple[Leaf, ...] = ()
    listed: Listed | None = None

    def used(self, here: Here) -> bool:
        if self.listed and self.listed.elements:
            taken = (block.takes(row) for block in self.listed.elements.blocks for row in _rows(block, here))
            return self.listed.tables.isdisjoint(absent(here.run.top)) and not any(taken)
        for leaf in self.beside:
            for path in leaf.sources:
                if said(leaf, path, here):
                    return True
        return not self.beside


@dataclass
class Plan:
    """`feeds`: by path. `makers`: by the path of the rows they walk. `rules`: rules that ignore rows, the same way. `rows_in`: the names of
    all these lists, by the path of what they hang in. `constants`: by the block they are in."""

    layout: Layout
    feeds: dict[Where, list[Feed]] = field(default_factory=lambda: defaultdict(list))
    makers: dict[Where, list[Maker]] = field(default_factory=lambda: defaultdict(list))
    rules: dict[Where, list[Ignored]] = field(default_factory=lambda: defaultdict(list))
    rows_in: dict[Where, set[str]] = field(default_factory=lambda: defaultdict(set))
    constants: dict[int, list[Stated]] = field(default_factory=lambda: defaultdict(list))
    known: dict[tuple[Where, Active, str | None], Verdict] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self._fields(self.layout.root, "", (), ROOT)
        for rule in self.layout.ignored_rows:
            self.rules[rule.rows].append(rule)
        for where in filter(None, (*self.makers, *self.rules)):
            self.rows_in[where[:-1]].add(where[-1])

    def nothing(self) -> frozenset[str]:
        """Every word that says nothing, somewhere."""
        return self.layout.nothing | {word for feeds in self.feeds.values() for feed in feeds for word in feed.nothing}

    def hung(self) -> Iterator[tuple[str, Where]]:
        """Every lookup, and where its rows hang in a resident's tree."""
        settings = self.layout.settings
        yield from ((table.name, (*of(table, settings), table.name)) for table in settings.tables if table.lookup)
        yield from ((lookup.name, (*parse(lookup.by).names[:-1], lookup.name)) for lookup in settings.lookups)

    # ---- the verdict ---------------------------------------------------------------------------------------------------------
    def verdict(self, where: Where, active: Active, word: str | None = None) -> Verdict:
        """`word`: the value, where it is one that says nothing somewhere; it is then not a patient's."""
        key = where, active, word
        if key not in self.known:
            self.known[key] = self._verdict(where, active, word)
        return self.known[key]

    def _verdict(self, where: Where, active: Active, word: str | None) -> Verdict:
        feeds = self._feeds(where)
        fields = dict.fromkeys(x.field for x in feeds if word not in x.nothing and (x.block in active or not within(where, x.where)))
        if fields:
            return Verdict(MAPPED, ", ".join(fields))
        static = self.layout.covers(where)
        if word is not None and static.verdict != IGNORED and (word in self.layout.nothing or any(word in x.nothing for x in feeds)):
            return Verdict(STATED, NOTHING)
        if why := self.layout.coverage.stated.get(where) if static.verdict == MAPPED else None:
            return Verdict(STATED, why)
        return Verdict(UNKNOWN, "") if static.verdict == MAPPED else Verdict(static.verdict, ", ".join(static.what))

    def _feeds(self, where: Where) -> list[Feed]:
        """A text alone and an element's own text are the same to a path."""
        return self.feeds.get(where) or self.feeds.get(where[:-1] if where[-1:] == (OWN,) else (*where, OWN), [])

    # ---- from the layout -----------------------------------------------------------------------------------------------------
    def _fields(self, node: Any, name: str, where: Where, block: int) -> None:
        if isinstance(node, Listed):
            self._listed(node, name, where, block)
        elif isinstance(node, Leaf):
            for path in node.sources:
                self.feeds[absolute(path, where)].append(Feed(block, where, name, node.nothing))
        elif isinstance(node, Elements):
            for inner in node.blocks:
                self._block(inner, f"{name}[]", where, block)
        elif isinstance(node, Fields):
            beside = tuple(near(node))
            for member, inner in node.members.items():
                self._member(inner, f"{name}.{member}".lstrip("."), where, block, beside)

    def _member(self, node: Any, name: str, where: Where, block: int, beside: tuple[Leaf, ...]) -> None:
        if isinstance(node, Constant):
            self.constants[block].append(Stated(name, node, beside))
        elif isinstance(node, Fields) and node.constant:
            for member, inner in node.members.items():
                self._member(inner, f"{name}.{member}", where, block, beside)
        else:
            self._fields(node, name, where, block)

    def _listed(self, node: Listed, name: str, where: Where, block: int) -> None:
        self._fields(node.elements, name, where, block)
        if isinstance(node.state, Constant):
            self.constants[block].append(Stated(name, node.state, (), node))
        else:
            self._fields(node.state, name, where, block)

    def _block(self, block: Block, name: str, where: Where, outer: int) -> None:
        if block.each is None:
            self._fields(block.fields, name, where, outer)
            return
        self.count += 1
        inside = absolute(block.each, where)
        self.makers[inside].append(Maker(self.count, block, outer))
        self._fields(block.fields, name, inside, self.count)


def said(leaf: Leaf, path: Path, here: Here) -> bool:
    """Most are one column of the row itself."""
    if not path.up and not path.top and len(path.names) == 1:
        value = here.row.get(path.last)
        if value is None or value.__class__ is str:
            return value is not None and value not in leaf.nothing
    return any(leaf.says(value) for value, _ in every(path, here))


def near(node: Any) -> Iterator[Leaf]:
    """The leaves that read from the row itself, and not from rows inside of it."""
    if isinstance(node, Leaf):
        yield node
    for inner in node.members.values() if isinstance(node, Fields) else ():
        yield from near(inner)
    for block in node.blocks if isinstance(node, Elements) else ():
        yield from near(block.fields) if block.each is None else ()


def _rows(block: Block, here: Here) -> Iterator[Here]:
    for row, up, _ in rows(here.row, block.each.names, here.up, ()) if block.each else ():
        yield Here(row, here.run, up)


def within(where: Where, row: Where) -> bool:
    """Does the value stand in such a row, or in what is in it? If not, a block looks up to it from inside."""
    return where[:len(row)] == row
