"""`redbag check`: everything that is wrong with care records, or with FHIR, and everything that may be."""
from __future__ import annotations

from pathlib import Path

from adapter.commands import fhir
from adapter.commands.exits import Exit
from adapter.commands.exported import Exported, closed
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk


def run(file: Path, talk: Talk, export: Exported | None = None) -> Exit:
    if export is None and (form := fhir.format_of(str(file))):
        return fhir.run(str(file), form, talk)
    intake = Intake(str(file), talk, report=True, export=export)
    for _ in intake.accepted("Checking"):
        pass
    if export:
        export.notes()
    more = closed(export)
    talk.result({"exit": intake.exit, **intake.counts(), **more.said}, f"Checked: {intake.sentence()}.{more.told}")
    return intake.exit
