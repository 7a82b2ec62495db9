"""`redbag layout`: how a vendor's export is laid out, checked alone, tried on an export, or proposed. The way back: layout_write.py."""
from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path

from adapter import wire
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported, counted_values, exported, layout_of, stopped
from adapter.commands.intake import Intake
from adapter.commands.layout_check import Said, Tried, alone, on_export
from adapter.commands.streams import reason
from adapter.commands.talk import Talk, count
from adapter.conformance.report.told import Told
from adapter.faults import Refused
from adapter.records.draft import page, survey


# ---- check -----------------------------------------------------------------------------------------------------------------------
def check(file: Path, path: Path | None, as_of: str | None, whole: bool, talk: Talk) -> Exit:
    layout = layout_of(file, talk)
    says = alone(layout, whole=whole or talk.as_json)
    if path is None:
        tell(says, talk)
        fields = layout.fields()
        said = {"exit": Exit.DONE, "fields": len(fields), "constants": sum(not fed.sources for fed in fields)}
        talk.result(said, f"Checked: {layout.file} feeds {count(len(fields), 'field')}, {said['constants']:,} of them with a constant.")
        return Exit.DONE
    return tried(exported(path, file, as_of, None, talk), says, talk)


def tried(export: Exported, alone: Iterator[Said], talk: Talk) -> Exit:
    """`alone`: what is to be said of the layout itself."""
    intake, seen = Trial(export.name, talk, export=export), Tried()
    intake.seen = seen
    for _, care_record in intake.accepted("Trying"):
        seen.take(care_record)
    export.reconcile()
    if export.fault:
        raise Stop(Exit.BUG, export.fault)
    tell(chain(on_export(export, seen), alone), talk)
    export.notes()
    totals = export.ledger.totals()
    talk.result({"exit": intake.exit, **intake.counts(), "values": totals}, f"Tried: {intake.sentence()}. {counted_values(totals)}.")
    return intake.exit


@dataclass
class Trial(Intake):
    """What is refused is counted by its kind, and not told one by one."""

    seen: Tried = field(default_factory=Tried)

    def _tell(self, told: Told) -> None:
        self.seen.refuse(told, inside=self.shown)


def tell(every: Iterator[Said], talk: Talk) -> None:
    """Under their headings; of what the same is to be said, once."""
    if talk.as_json:
        for said in every:
            talk.json("said", said._asdict())
        return
    for heading, under in groupby(every, key=lambda said: said.heading):
        talk.data(f"{heading}:")
        for says, alike in groupby(under, key=lambda said: said.says):
            told = f"{', '.join(said.about for said in alike)}: {says}"
            for line in textwrap.wrap(told, WIDTH, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False):
                talk.data(line)


WIDTH = 140


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
