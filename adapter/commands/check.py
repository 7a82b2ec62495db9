"""`redbag check`: everything that is wrong with care records, and everything that may be."""
from __future__ import annotations

from pathlib import Path

from adapter.commands.exits import Exit
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk


def run(file: Path, talk: Talk) -> Exit:
    intake = Intake(str(file), talk, report=True)
    for _ in intake.accepted("Checking"):
        pass
    talk.result({"exit": intake.exit, **intake.counts()}, f"Checked: {intake.sentence()}.")
    return intake.exit
