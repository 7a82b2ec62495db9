"""`redbag check`: everything that is wrong with care records, and everything that may be."""
from __future__ import annotations

from pathlib import Path

from adapter.commands.exits import Exit
from adapter.commands.exported import Exported, accounted, left
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk


def run(file: Path, talk: Talk, export: Exported | None = None) -> Exit:
    intake = Intake(str(file), talk, report=True, export=export)
    for _ in intake.accepted("Checking"):
        pass
    talk.result({"exit": intake.exit, **intake.counts(), **accounted(export)}, f"Checked: {intake.sentence()}.{left(export)}")
    return intake.exit
