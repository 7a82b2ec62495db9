"""`redbag layout`: how a vendor's export is laid out. Checked, tried, proposed; and the way back into the vendor's own form."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path

from adapter import wire
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported, counted_values, exported, layout_of, stopped
from adapter.commands.intake import Intake, Problem
from adapter.commands.layout_check import PLACE, Said, Tried, alone, on_export
from adapter.commands.ledger import reconcile
from adapter.commands.streams import reason
from adapter.commands.talk import Talk, count
from adapter.faults import Refused
from adapter.records.draft import page, survey
from adapter.records.layout import Layout
from adapter.records.layout.writing import Unwritten, Written
from adapter.records.rows.row import Node
from adapter.records.rows.writing import write_export
from mappings.bag import CareRecord


# ---- check -----------------------------------------------------------------------------------------------------------------------
def check(file: Path, path: Path | None, as_of: str | None, talk: Talk) -> Exit:
    layout = layout_of(file, talk)
    tell(alone(layout), talk)
    if path is None:
        fields = layout.fields()
        said = {"exit": Exit.DONE, "fields": len(fields), "constants": sum(not fed.sources for fed in fields)}
        talk.result(said, f"Checked: {layout.file} feeds {count(len(fields), 'field')}, {said['constants']:,} of them with a constant.")
        return Exit.DONE
    return tried(exported(path, file, as_of, None, talk), talk)


def tried(export: Exported, talk: Talk) -> Exit:
    intake, seen = Trial(export.name, talk, export=export), Tried()
    intake.seen = seen
    for _, care_record in intake.accepted("Trying"):
        seen.take(care_record)
    reconcile(export)
    tell(on_export(export, seen), talk)
    export.notes()
    totals = export.ledger.totals()
    talk.result({"exit": intake.exit, **intake.counts(), "values": totals}, f"Tried: {intake.sentence()}. {counted_values(totals)}.")
    return intake.exit


@dataclass
class Trial(Intake):
    """What is refused is counted by its kind, and not told one by one."""

    seen: Tried = field(default_factory=Tried)

    def _problem(self, problem: Problem) -> None:
        self.warnings += problem.level == "warning"
        self.seen.refuse(problem)


def tell(every: Iterator[Said], talk: Talk) -> None:
    """Under their headings."""
    for heading, group in groupby(every, key=lambda said: said.heading):
        if not talk.as_json:
            talk.data(f"{heading}:")
        for said in group:
            talk.found("said", said._asdict(), f"    {said.about}: {said.says}", data=True)


# ---- draft, schema ---------------------------------------------------------------------------------------------------------------
def draft(path: Path, form: str, show_values: bool, talk: Talk) -> Exit:
    if not path.exists():
        raise Stop(Exit.NOTHING, f"{path} is not there: check the name.")
    try:
        seen = survey(path, form)
    except Refused as refused:
        raise stopped(refused.found, str(path), talk) from None
    except OSError as error:
        raise Stop(Exit.NOTHING, f"{path} cannot be read ({reason(error)}): check the name.") from None
    talk.data(page(seen, show_values=show_values).rstrip())
    return Exit.DONE


def schema(talk: Talk) -> Exit:
    from adapter.records.layout.schema import schema

    talk.data(wire.pretty(schema()).decode().rstrip())
    return Exit.DONE


# ---- write -----------------------------------------------------------------------------------------------------------------------
def write(records: Path, file: Path, out: Path, talk: Talk) -> Exit:
    """Native care records in the vendor's own form."""
    layout, intake = layout_of(file, talk), Intake(str(records), talk)
    unwritten = Counter[Unwritten]()
    made = into(layout, (record for _, record in intake.accepted("Writing")), out, unwritten, talk)
    told(unwritten, talk)
    where = f"{made[0].parent}: {', '.join(path.name for path in made)}" if made else str(out)
    said = {"exit": intake.exit, **intake.counts(), "files": [str(path) for path in made], "unwritten": unwritten.total()}
    talk.result(said, f"Written: {intake.sentence()}; in {where}.")
    return intake.exit


def into(layout: Layout, every: Iterator[CareRecord], out: Path, unwritten: Counter[Unwritten], talk: Talk) -> list[Path]:
    """What was written. `unwritten` takes what could not be, by path and reason. Raises Stop."""
    first = next(every, None)
    if first is None:
        return []

    def trees() -> Iterator[Node]:
        for written in chain([start], (layout.write(record) for record in every)):
            unwritten.update(generic(written))
            yield written.tree

    start = layout.write(first)
    try:
        return write_export(out, layout.settings, start.top, trees())
    except Refused as refused:
        raise stopped(refused.found, str(out), talk) from None


def generic(written: Written) -> Iterator[Unwritten]:
    return (Unwritten(PLACE.sub("[]", path), why) for path, why in written.unwritten)


def told(unwritten: Counter[Unwritten], talk: Talk) -> None:
    for (path, why), n in unwritten.most_common():
        talk.found("unwritten", {"path": path, "why": why, "times": n}, f"Not written: {path}, {count(n, 'time')}: {why}")
