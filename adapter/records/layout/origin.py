"""Where the fields of a record came from: a reading is done once more, and traced. Only for what is wrong, and for the ledger."""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from adapter.records.layout.elements import Elements
from adapter.records.layout.here import Here, Names, Run, Trace
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.nodes import Fields
from adapter.records.layout.states import Listed
from adapter.records.rows.row import Place, Rows, Steps

STEP = re.compile(r"\w+")


def names_of(path: str) -> Names:
    """medicines[3].doses -> ("medicines", 3, "doses")"""
    return tuple(int(name) if name.isdigit() else name for name in STEP.findall(path))


@dataclass(frozen=True)
class Origin:
    """What a care record was read from: the rows of one resident, by the tree of a layout."""

    root: Fields
    rows: Rows

    def trace(self) -> Trace:
        run = Run(self.rows.top, trace=Trace())
        self.root.tracer(Here(self.rows.tree, run))
        assert run.trace is not None  # noqa: S101 - as it was made
        return run.trace

    def places(self, paths: Iterable[str]) -> dict[str, Place]:
        """Where each of these begins; where it is not there, whatever it would stand in."""
        wanted = list(paths)
        trace = self.trace() if wanted else Trace()
        return {path: self.rows.place(self.steps(names_of(path), trace)) for path in wanted}

    def steps(self, names: Names, trace: Trace) -> Steps:
        """Of a field of the record, or of what it is missing from."""
        made = next(((names[:n], trace.elements[names[:n]]) for n in range(len(names), 0, -1) if names[:n] in trace.elements), None)
        if made is None:
            return self._within(self.root, Here(self.rows.tree, Run(self.rows.top)), names, (), trace)
        stem, (here, block) = made
        return self._within(block.fields, here, names[len(stem):], stem, trace)

    def _within(self, node: Any, here: Here, names: Names, stem: Names, trace: Trace) -> Steps:
        while names and isinstance(node, Fields | Listed):
            if isinstance(node, Listed):
                node = node.state if not isinstance(names[0], int) or node.elements is None else node.elements
                continue
            node, stem, names = node.members.get(str(names[0])), (*stem, names[0]), names[1:]
        if isinstance(node, Listed):
            node = node.state
        if not isinstance(node, Leaf):
            return self._any(node, here)
        found = trace.fields.get(stem, [])
        index = names[0] if names and isinstance(names[0], int) else 0
        return found[index] if index < len(found) else found[0] if found else node.found(here)

    def _any(self, node: Any, here: Here) -> Steps:
        """Of something that has several sources, the first; of something that has none, the row."""
        if isinstance(node, Elements) and node.blocks and node.blocks[0].each:
            return (*here.steps, *node.blocks[0].each.names)
        leaf = next(iter(node.leaves()), None) if node is not None and not isinstance(node, Elements) else None
        return leaf.found(here) if leaf else here.steps

