"""A vendor's export in pieces. Whoever has opened it reads the rows; what they mean can be worked out in another process."""
from __future__ import annotations

import tomllib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count, islice
from pathlib import Path

from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported
from adapter.commands.journal import fingerprint
from adapter.records.layout import Layout, load
from adapter.records.layout.export import record
from adapter.records.pieces import Step
from adapter.records.rows.row import Node, Place, Rows, Steps
from adapter.records.stream import Found

Numbered = tuple[Rows, list[int]]  # of a resident: her rows, and the numbers of those who have the same key


@dataclass
class Stretch:
    """Some residents, to be read here, once, and before the next are asked for."""

    number: int
    export: Exported
    mark: str
    rows: Iterable[Numbered]
    size = 0
    apart = False

    def found(self, step: Step) -> Iterator[Found]:
        for rows, others in self.rows:
            step(0)
            yield self.record(rows, others)

    def record(self, rows: Rows, others: list[int]) -> Found:
        return record(self.export.layout, rows, others, self.export.as_of)

    def sent(self) -> Trees:
        """The same for another process. From now on the rows are held here."""
        self.rows = list(self.rows)
        trees = [(rows.number, None if rows.faults or others else rows.tree) for rows, others in self.rows]
        top = next((rows.top for rows, _ in self.rows), Node())
        return Trees(self.number, top, trees, self.export.form, self.mark, self.export.as_of)


def stretches(export: Exported, every: int) -> Iterator[Stretch]:
    each, mark = export.rows(), mark_of(export.form)
    for number in count(1):
        if (first := next(each, None)) is None:
            return
        rows = chain([first], islice(each, every - 1))
        yield Stretch(number, export, mark, rows)
        deque(rows, 0)  # who did not want these wants the next


# ---- in another process --------------------------------------------------------------------------------------------------------
class Elsewhere(Exception):
    """Only where the export is open it is known where something stands."""


@dataclass(frozen=True)
class Carried:
    """Rows without their export: `adapter.records.rows.row.Rows`."""

    number: int
    tree: Node
    top: Node
    faults: tuple[()] = ()

    def place(self, steps: Steps) -> Place:
        raise Elsewhere


@dataclass(frozen=True)
class Trees:
    """What is sent. No tree: about this resident it is certain that something must be said. `form`: the file of the layout, and `mark`:
    what it must be like, so that everybody reads by the same."""

    number: int
    top: Node
    trees: list[tuple[int, Node | None]]
    form: Path
    mark: str
    as_of: str | None
    size = 0
    apart = True

    def found(self, step: Step) -> Iterator[Found]:
        """Of those who have a tree; whoever must say more of them than a tree tells, asks one by one."""
        return (self.record(number, tree) for number, tree in self.trees if tree is not None)

    def record(self, number: int, tree: Node | None) -> Found:
        """Raises Elsewhere, here or where the places of the record are asked for."""
        if tree is None:
            raise Elsewhere
        return loaded(self.form, self.mark).record(Carried(number, tree, self.top), self.as_of)


@lru_cache(maxsize=1)
def loaded(form: Path, mark: str) -> Layout:
    """Raises Stop."""
    if mark_of(form) != mark:
        raise Stop(Exit.NOTHING, f"{form} was changed while it was in use: run the same again.")
    return load(form)


def mark_of(form: Path) -> str:
    """Of a layout's file, and of the module that it names."""
    module = tomllib.loads(form.read_text(encoding="utf-8")).get("export", {}).get("module")
    return " ".join(fingerprint(path) for path in (form, *([form.parent / module] if module else ())))


def laid_out(export: Exported) -> dict[str, str]:
    """How an export is read, as it is said on the command line."""
    return {"--layout": mark_of(export.form), "--as-of": export.as_of or "none"}
