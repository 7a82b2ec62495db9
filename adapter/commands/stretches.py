"""A vendor's export in pieces. Whoever has it open reads the rows; what they mean can be worked out in another process.

Such a process gets the trees of the rows. What a tree alone cannot tell, the places of what is wrong, is found out where the export is
open; and so is what became of every value.
"""
from __future__ import annotations

import tomllib
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import chain, count, groupby, islice
from operator import attrgetter
from pathlib import Path

from adapter.commands.bundling import Written, converted
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported
from adapter.commands.inpieces import HANDFUL, Work
from adapter.commands.intake import Intake
from adapter.commands.journal import Done, fingerprint
from adapter.commands.streams import reason
from adapter.commands.talk import Kept, Said
from adapter.records.layout import Layout, load
from adapter.records.layout.export import record
from adapter.records.pieces import Step
from adapter.records.rows.row import Node, Place, Rows, Steps
from adapter.records.stream import Found

NOBODY = {"residents": 0, "refused": 0, "warnings": 0, "bundles": 0, "ordered": 0}
Numbered = tuple[Rows, list[int]]  # of a resident: her rows, and the numbers of those who have the same key


class Exports:
    """An export that is open: its `adapter.commands.inpieces.Way`. `held`: whose trees are on their way, a handful at a time, however large
    a piece is."""

    def __init__(self, export: Exported) -> None:
        self.size: int | None = None
        self.export, self.mark, self.held = export, mark_of(export.form), deque[list[Numbered]]()
        self.orphaned = frozenset[str]()

    def identity(self) -> dict[str, str]:
        """Raises Stop."""
        try:
            return {"input": fingerprint(self.export.path), "--layout": self.mark, "--as-of": self.export.as_of or "none"}
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{self.export.name} cannot be read ({reason(error)}): check the name.") from None

    def pieces(self, every: int) -> Iterator[Stretch]:
        each = self.export.rows()
        for number in count(1):
            if (first := next(each, None)) is None:
                return
            if self.export.layout.asks_for_orphans:  # it is known from then on; the index is this thread's alone
                self.orphaned = first[0].orphaned
            rows = chain([first], islice(each, every - 1))
            yield Stretch(number, self.export, rows)
            deque(rows, 0)  # who did not want these wants the next

    def passed(self, piece: Stretch, done: Done) -> None:
        for rows, _ in piece.rows:
            self.export.settle(rows, refused=rows.number in done.refused)

    def sent(self, every: Iterable[Stretch]) -> Iterator[Trees]:
        for piece in every:
            each = iter(piece.rows)
            while handful := list(islice(each, HANDFUL)):
                self.held.append(handful)
                trees = [(rows.number, None if rows.faults or others else rows.tree) for rows, others in handful]
                yield Trees(piece.number, handful[0][0].top, trees, self.export.form, self.mark, self.export.as_of, self.orphaned)

    def whole(self, work: Work, finished: Iterable[Done]) -> Iterator[Done]:
        for number, handfuls in groupby((self._settled(work, done) for done in finished), attrgetter("piece")):
            yield work.together(number, handfuls)

    def _settled(self, work: Work, done: Done) -> Done:
        """With what could not be told elsewhere, and every resident settled."""
        counts, said, refused, told = Counter(done.counts), list[Said](), list[int](), 0
        later = {number: line for line, number in done.later}
        for rows, others in self.held.popleft():
            if rows.number in later:
                intake = Intake(work.name, talk := Kept(work.as_json))
                found = record(self.export.layout, rows, others, self.export.as_of)
                converted(intake.judged([found]), intake, work.bundler, nobody)
                counts.update(intake.counts())
                said += [*done.said[told:later[rows.number]], *talk.said]
                refused.append(rows.number)
                told = later[rows.number]
            self.export.settle(rows, refused=rows.number in later)
        return done._replace(counts=dict(counts), said=[*said, *done.said[told:]], refused=refused, later=())

    def ended(self) -> None:
        self.export.ended()


def nobody(written: Written) -> None:
    raise RuntimeError("who was refused by a worker travels after all")


@dataclass
class Stretch:
    """Some residents, to be read here, once, and before the next are asked for."""

    number: int
    export: Exported
    rows: Iterable[Numbered]
    size = 0
    apart = False

    def found(self, step: Step) -> Iterator[Found]:
        for rows, others in self.rows:
            step(0)
            yield record(self.export.layout, rows, others, self.export.as_of)

    def worked(self, work: Work, step: Step) -> Done:
        """The intake settles each resident."""
        intake, before = Intake(work.name, talk := Kept(work.as_json), export=self.export), len(self.export.refused)
        with work.sinks(self.number) as into_which:
            tally = converted(intake.judged(self.found(step)), intake, work.bundler, into_which(talk))
        return Done(self.number, intake.counts() | asdict(tally), talk.said, self.export.refused[before:])


# ---- in another process --------------------------------------------------------------------------------------------------------
class Elsewhere(Exception):
    """Only where the export is open it is known where something stands."""


@dataclass(frozen=True)
class Carried:
    """Rows without their export: `adapter.records.rows.row.Rows`."""

    number: int
    tree: Node
    top: Node
    orphaned: frozenset[str]
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
    orphaned: frozenset[str] = frozenset()
    size = 0
    apart = True

    def found(self, step: Step) -> Iterator[Found]:
        """Of those of whom a tree tells enough."""
        return (self.record(number, tree) for number, tree in self.trees if tree is not None)

    def worked(self, work: Work, step: Step) -> Done:
        """Who is refused is left for later: it must be said where in the export that stands. A part of a file is handed back."""
        counts, said, later, bundles = Counter(NOBODY), list[Said](), list[tuple[int, int]](), list[Written]()
        with nullcontext(lambda _: bundles.append) if work.parts else work.sinks(self.number) as into_which:
            for number, tree in self.trees:
                step(0)
                intake = Intake(work.name, talk := Kept(work.as_json))
                try:
                    tally = converted(intake.judged([self.record(number, tree)]), intake, work.bundler, into_which(talk))
                except Elsewhere:
                    later.append((len(said), number))
                else:
                    counts.update(intake.counts() | asdict(tally))
                    said += talk.said
        return Done(self.number, dict(counts), said, (), later, bundles=bundles)

    def record(self, number: int, tree: Node | None) -> Found:
        """Raises Elsewhere, here or where the places of the record are asked for."""
        if tree is None:
            raise Elsewhere
        return loaded(self.form, self.mark).record(Carried(number, tree, self.top, self.orphaned), self.as_of)


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
