"""Care records in a vendor's own form: for `redbag layout write`, and for what `redbag pull --layout` brings back.

A form has rows that many residents share, such as practices, and columns that the layout does not map. Neither can be made up: they are
taken over from an export of the vendor's, if there is one (`onto`), and else they are missing, and that is told.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapter.commands import places
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported, exported, layout_of, stopped
from adapter.commands.intake import Intake
from adapter.commands.layout_check import PLACE
from adapter.commands.onto import Onto, onto_of, who
from adapter.commands.talk import Talk, count
from adapter.faults import Refused
from adapter.records.layout import Layout, Unwritten, Written
from adapter.records.layout.fields import entries
from adapter.records.layout.here import Run
from adapter.records.rows.form import like
from adapter.records.rows.row import TOP, Node, Steps
from adapter.records.rows.writing import write_export
from mappings.bag import CareRecord

ONE_FOR_ALL = "stands outside of all residents, and the first record that was written says something else"
NO_ROW = "names a row that others share and that is not there: with such a key the vendor's form is not read again"


def run(records: Path, file: Path, onto: Path | None, out: Path, talk: Talk) -> Exit:
    places.is_new(out, records, onto, file)
    layout, intake = layout_of(file, talk), Intake(str(records), talk)
    writer = Writer(layout, talk, own(onto, file, talk) if onto else Onto())
    made = writer.write((record for _, record in intake.accepted("Writing")), out)
    writer.tell()
    where = f"{made[0].parent}: {', '.join(path.name for path in made)}" if made else str(out)
    said = {"exit": intake.exit, **intake.counts(), "files": [str(path) for path in made], "unwritten": writer.unwritten.total()}
    talk.result(said, f"Written: {intake.sentence()}; in {where}.")
    return intake.exit


def own(path: Path, file: Path, talk: Talk) -> Onto:
    """The vendor's export. Raises Stop."""
    made = onto_of(exported(path, file, None, None, talk))
    if made.nameless:
        told = count(len(made.nameless), "resident")
        talk.say(f"{path}: of {told} the key cannot be read; whoever has a record is written as if {path.name} did not have her.")
    return made


@dataclass
class Writer:
    """`onto`: the vendor's own export. `unwritten`: what had no place, by path and reason."""

    layout: Layout
    talk: Talk
    onto: Onto = field(default_factory=Onto)
    unwritten: Counter[Unwritten] = field(default_factory=Counter)

    def write(self, records: Iterator[CareRecord], out: Path) -> list[Path]:
        """The files that were written. Raises Stop."""
        first = next(records, None)
        if first is None:
            return []
        made = self._written(first, self.onto.top)
        try:
            settings = like(self.layout.settings, self.onto.path) if self.onto.path else self.layout.settings
            return write_export(out, settings, made.top, self._trees(made, records), self.onto.left())
        except Refused as refused:
            raise stopped(refused.found, str(out), self.talk) from None

    def _trees(self, first: Written, records: Iterable[CareRecord]) -> Iterator[Node]:
        """What stands outside of all residents is already written: it is as the first of them says."""
        yield first.tree
        for record in records:
            made = self._written(record, first.top)
            if made.top != first.top:
                self.unwritten.update(Unwritten(path, ONE_FOR_ALL) for path in self._outside)
            yield made.tree

    @property
    def _outside(self) -> list[str]:
        return [entry.path for entry in entries(self.layout.root) if any(where[:1] == (TOP,) for where in entry.sources())]

    def _written(self, record: CareRecord, top: Node) -> Written:
        """Once more, where a key names another row now: what is looked up there may be what the record says."""
        own = self._own(record)
        made = self.layout.write(record, onto=own, top=top)
        if self.onto.rehung(self.layout, made.tree):
            made = self.layout.write(record, onto=made.tree, top=top)
        self.unwritten.update(Unwritten(PLACE.sub("[]", path), why) for path, why in made.unwritten)
        self.unwritten.update(self._unnamed(made, own))
        return made

    def _own(self, record: CareRecord) -> Node | None:
        """The resident's own tree in the export. Raises Stop where nothing can be written over it."""
        if who(record) in self.onto.shut:
            number, why = self.onto.shut[who(record)]
            raise Stop(Exit.NOTHING, f"Nothing is written over resident number {number} of the vendor's export, of whom there is a record: "
                                     f"{why}.")
        return self.onto.trees.get(who(record))

    def _unnamed(self, made: Written, own: Node | None) -> Iterator[Unwritten]:
        """Keys that name a row which is not there: with them the vendor's form would not be read again. Her own stays, if she has one."""
        run = Run(made.top)
        self.layout.lookups.check(made.tree, run)
        for steps in {wrong.steps for wrong in run.wrong}:
            put_back(steps, made.tree, own or Node())
            names = tuple(step for step in steps if isinstance(step, str))
            yield from (Unwritten(entry.path, NO_ROW) for entry in entries(self.layout.root) if names in entry.sources())
        if run.wrong:
            self.onto.rehung(self.layout, made.tree)

    def tell(self) -> None:
        """One line for each reason, with the fields."""
        if self.talk.as_json:
            for (path, why), n in self.unwritten.most_common():
                self.talk.json("unwritten", {"path": path, "why": why, "times": n})
            return
        reasons: dict[str, list[str]] = {}
        for path, why in sorted(self.unwritten):
            reasons.setdefault(why, []).append(path)
        for why, paths in reasons.items():
            self.talk.say(f"Not written: {', '.join(paths)} ({count(len(paths), 'field')}): {why}.")


def put_back(steps: Steps, tree: Node, own: Node) -> None:
    """A value as it was, where it is certain that it stood in the same place: in no list."""
    *way, last = steps
    for step in way:
        there, before = tree.get(str(step)), own.get(str(step))
        if not isinstance(there, Node) or not isinstance(before, Node):
            return
        tree, own = there, before
    if last in own:
        tree[str(last)] = own[str(last)]


ENDINGS = {"json": ".json", "ndjson": ".ndjson", "xml": ".xml"}


def into_folder(record: CareRecord, layout: Layout, export: Exported | None, folder: Path, talk: Talk) -> None:
    """What came back of one resident, as an export of the vendor's with her alone; `export`: where her own rows are. Raises Stop."""
    writer = Writer(layout, talk, onto_of(export, who(record)) if export else Onto())
    writer.write(iter([record]), folder / f"export{ENDINGS.get(layout.settings.format, '')}")
    writer.tell()
