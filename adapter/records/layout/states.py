"""Why there is no list, where there are no rows: none known, not asked, not supplied. [states] of a layout.

A state may stand in a column or be a constant. A column that says there is none while there are rows contradicts them, and one that says
there is a list while there are no rows does so too: nobody but the home can tell which is right.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.records.layout.elements import Elements
from adapter.records.layout.here import Bad, Here, Json, Names
from adapter.records.layout.leaf import WRONG, Leaf, Reader
from adapter.records.layout.nodes import Constant
from adapter.records.layout.tree import Out

LISTED = "listed"  # the word of a layout for: there must be rows


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
            constant = self.state.value
            return lambda here: items(here) or constant
        state = self.state.reader(traced=traced)
        return lambda here: self._agreed(here, items(here), state(here))

    def _agreed(self, here: Here, items: Json, state: Json) -> Json:
        if items is None and state is None:
            return self._no(here, "state-missing", "nothing says why there are no rows")
        if items is None and state == LISTED:
            return self._no(here, "contradiction", "says that there are rows, and there are none")
        if items is not None and state not in (None, LISTED, WRONG):
            return self._no(here, "contradiction", "says why there are no rows, and there are some")
        if state == LISTED and here.run.trace:
            here.run.trace.fields.pop((*here.names, self.name), None)  # it says nothing that the rows do not say
        return items if items is not None else state

    def _no(self, here: Here, rule: str, says: str) -> Any:
        self.at(here, Bad(rule, says))
        return WRONG

    def at(self, here: Here, bad: Bad) -> None:
        assert isinstance(self.state, Leaf)  # noqa: S101 - a constant contradicts nothing
        here.no(bad, (self.name,), self.state.found(here))

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        items = value if isinstance(value, list) else []
        if self.elements:
            self.elements.write(items, here, out, names)
        elif items:
            out.no(items, names, "no block of the layout makes elements of this list")
        if isinstance(self.state, Leaf):
            self.state.write(self._word(items) if items else value, here, out, names)
        elif not items and value != self.state.value:
            out.no(value, names, "the layout states a constant, which is something else")

    def _word(self, items: Json) -> Json:
        """What the column says where there are rows: that there are, if it has a word for it."""
        assert isinstance(self.state, Leaf)  # noqa: S101 - asked for a leaf alone
        return LISTED if any(LISTED in getattr(step, "words", {}).values() for step in self.state.steps) else None

    def clear(self, here: Here, out: Out) -> None:
        self.write(None, here, out, (self.name,))
