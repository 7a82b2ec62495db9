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
from adapter.commands.exits import Exit
from adapter.commands.exported import Exported, exported, layout_of, rows_of, stopped
from adapter.commands.intake import Intake
from adapter.commands.layout_check import PLACE
from adapter.commands.talk import Talk, count
from adapter.faults import Refused
from adapter.records.layout import Layout, Unwritten
from adapter.records.rows.row import Node
from adapter.records.rows.writing import write_export
from mappings.bag import CareRecord

Person = tuple[str, str | None]
Theirs = dict[Person, tuple[Node, Node]]


def run(records: Path, file: Path, onto: Path | None, out: Path, talk: Talk) -> Exit:
    places.is_new(out, records, onto, file)
    layout, intake = layout_of(file, talk), Intake(str(records), talk)
    writer = Writer(layout, talk, theirs(exported(onto, file, None, None, talk)) if onto else {})
    made = writer.write((record for _, record in intake.accepted("Writing")), out)
    writer.tell()
    where = f"{made[0].parent}: {', '.join(path.name for path in made)}" if made else str(out)
    said = {"exit": intake.exit, **intake.counts(), "files": [str(path) for path in made], "unwritten": writer.unwritten.total()}
    talk.result(said, f"Written: {intake.sentence()}; in {where}.")
    return intake.exit


def theirs(export: Exported, wanted: Person | None = None) -> Theirs:
    """Of every resident of an export who can be read, or of this one: her tree, and what stands outside of all."""
    found: Theirs = {}
    for each in export.found():
        if isinstance(each.record, CareRecord) and wanted in (None, who(each.record)):
            found[who(each.record)] = rows_of(each).tree, rows_of(each).top
    return found


def who(record: CareRecord) -> Person:
    return record.source, record.resident.key


@dataclass
class Writer:
    """`onto`: the vendor's own trees. `unwritten`: what had no place, by path and reason."""

    layout: Layout
    talk: Talk
    onto: Theirs = field(default_factory=dict)
    unwritten: Counter[Unwritten] = field(default_factory=Counter)

    def write(self, records: Iterator[CareRecord], out: Path) -> list[Path]:
        """The files that were written. Raises Stop."""
        first = next(records, None)
        if first is None:
            return []
        tree, top = self._written(first)
        try:
            return write_export(out, self.layout.settings, top, self._trees(tree, records))
        except Refused as refused:
            raise stopped(refused.found, str(out), self.talk) from None

    def _trees(self, tree: Node, records: Iterable[CareRecord]) -> Iterator[Node]:
        yield tree
        for record in records:
            yield self._written(record)[0]

    def _written(self, record: CareRecord) -> tuple[Node, Node]:
        tree, top = self.onto.get(who(record), (None, Node()))
        made = self.layout.write(record, onto=tree)
        self.unwritten.update(Unwritten(PLACE.sub("[]", path), why) for path, why in made.unwritten)
        return made.tree, Node({**made.top, **top})

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


ENDINGS = {"json": ".json", "ndjson": ".ndjson", "xml": ".xml"}


def into_folder(record: CareRecord, layout: Layout, export: Exported | None, folder: Path, talk: Talk) -> None:
    """What came back of one resident, as an export of the vendor's with her alone; `export`: where her own rows are. Raises Stop."""
    writer = Writer(layout, talk, theirs(export, who(record)) if export else {})
    writer.write(iter([record]), folder / f"export{ENDINGS.get(layout.settings.format, '')}")
    writer.tell()
