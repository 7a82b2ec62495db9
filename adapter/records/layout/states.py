"""Why there is no list, where there are no rows: none known, not asked, not supplied. [states] of a layout.

A state may stand in a column or be a constant. A column that says there is none while there are rows contradicts them, and one that says
there is a list while there are no rows does so too: nobody but the home can tell which is right. A constant is about the rows of a file:
where the whole file is not in the export, the list is not supplied; and that there are none cannot be said while rows of it are nobody's.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from adapter.records.layout.elements import Elements
from adapter.records.layout.here import Bad, Here, Json, Names, Run
from adapter.records.layout.leaf import WRONG, Leaf, Reader
from adapter.records.layout.nodes import Constant
from adapter.records.layout.steps import Table
from adapter.records.layout.tree import Out
from adapter.records.rows.row import absent
from mappings.bag import Unlisted

LISTED = "listed"  # the word of a layout for: there must be rows
NONE_KNOWN = Unlisted.NONE_KNOWN.value
NOT_SUPPLIED = Unlisted.NOT_SUPPLIED.value  # what the native format leaves out


@dataclass
class Listed:
    """A list that says whether it is whole. `elements`: None where the layout makes none; `state`: a leaf or a constant."""

    name: str
    elements: Elements | None
    state: Leaf | Constant

    constant = False

    def leaves(self) -> Iterator[Leaf]:
        yield from self.elements.leaves() if self.elements else ()
        yield from self.state.leaves()

    def reader(self, *, traced: bool = False) -> Reader:
        items = self.elements.reader(traced=traced) if self.elements else lambda here: None
        if isinstance(self.state, Constant):
            return lambda here: items(here) or self._stated(here)
        read, empty = self.state.reader(traced=traced), self.empty
        return lambda here: self._agreed(here, items(here), read(here), empty)

    def _stated(self, here: Here) -> Json:
        try:
            return self.constantly(here.run)
        except Bad as bad:
            here.no(bad, (self.name,), (*here.steps, *sorted(self.tables & here.run.orphaned)[:1]))
            return WRONG

    def constantly(self, run: Run) -> Json:
        """What the layout states where there are no rows. It cannot know that there are none where their file is not in the export. Raises
        Bad where there may be some, which only do not say whose they are."""
        said = self.state.value  # type: ignore[union-attr]  # of a constant
        if not self.tables.isdisjoint(absent(run.top)):
            return NOT_SUPPLIED
        if self.denies and (tables := self.tables & run.orphaned):
            raise Bad("orphaned", f"there are rows in {' and '.join(sorted(tables))} that belong to nobody: whether they are hers cannot "
                                  "be known, so that nobody can say that there are none")
        return said

    @property
    def denies(self) -> bool:
        """Does it say that there are none, of whoever has no rows?"""
        return isinstance(self.state, Constant) and self.state.value == NONE_KNOWN

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables, in an export that has some, from whose rows elements are made."""
        blocks = self.elements.blocks if self.elements else ()
        return frozenset(name for block in blocks for name in (*block.firsts, *(block.each.names if block.each else ())))

    def _agreed(self, here: Here, items: Json, state: Json, empty: Json) -> Json:
        if WRONG in (items, state):
            return WRONG
        try:
            said = judged(items, state, empty)
        except Bad as bad:
            here.no(bad, (self.name,), self.state.found(here))  # type: ignore[union-attr]  # a constant contradicts nothing
            return WRONG
        if state == LISTED and here.run.trace:
            here.run.trace.fields.pop((*here.names, self.name), None)  # it says nothing that the rows do not say
        return said

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        items = value if isinstance(value, list) else []
        if self.elements:
            self.elements.write(items, here, out, names)
        elif items:
            out.no(items, names, "no block of the layout makes elements of this list")
        if isinstance(self.state, Leaf):
            word = LISTED if items else NOT_SUPPLIED if value is None else value
            self.state.write(word if self._code(word) or (value == word and self._code(word) is None) else None, here, out, names)
        elif not items and (NOT_SUPPLIED if value is None else value) != self.state.value:
            out.no(value, names, "the layout states a constant, which is something else")

    def _code(self, word: str) -> str | None:
        """What the column says for it: nothing at all, or None where the layout does not know."""
        tables = [step for step in self.state.steps if isinstance(step, Table)]  # type: ignore[union-attr]
        return next((table.codes.get((str, word)) for table in tables), None)

    @property
    def empty(self) -> Json:
        """What it means that the column is empty, where the table of the layout says so."""
        return next((step.words.get("") for step in self.state.steps if isinstance(step, Table)), None)  # type: ignore[union-attr]

    @property
    def firsts(self) -> frozenset[str]:
        return frozenset({""})  # it says something even of an empty row

    def clear(self, here: Here, out: Out, names: Names) -> None:
        self.write(None, here, out, names)


def judged(items: Json, state: Json, empty: Json) -> Json:
    """The list, or why there is none. `empty`: what it means that nothing says so, and that it is not supplied only means that there are
    no rows. Raises Bad where the two contradict each other, or neither is there."""
    if state is None and (items is None or empty != NOT_SUPPLIED):
        state = empty
    if items is None and state is None:
        raise Bad("state-missing", "nothing says why there are no rows")
    if items is None and state == LISTED:
        raise Bad("contradiction", "says that there are rows, and there are none")
    if items is not None and state not in (None, LISTED):
        raise Bad("contradiction", "says why there are no rows, and there are some")
    return items if items is not None else state
