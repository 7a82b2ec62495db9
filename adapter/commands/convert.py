"""`redbag convert`: care records as FHIR Bundles, or in the native format, to standard output or into a folder.

The intake knows who may travel, a bundler what her bundles are, and a sink where they go. Where there is more to it (several processes, a
folder that can be gone on with) the input is done in pieces.
"""
from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from adapter import wire
from adapter.commands import files, places
from adapter.commands.bundling import RECORDS, Bundler, converted, sink
from adapter.commands.exits import Exit, Stop
from adapter.commands.inpieces import Work, in_pieces
from adapter.commands.intake import Intake
from adapter.commands.jobs import settled
from adapter.commands.talk import Talk, count

if TYPE_CHECKING:
    from adapter.commands.exported import Exported

__all__ = ["Bundler", "run"]


def run(file: Path, bundler: Bundler, out: Path, talk: Talk, jobs: int = 1, parts: int | None = None,
        export: Exported | None = None) -> Exit:
    intake, folder = Intake(str(file), talk, export=export), None if str(out) == files.STDOUT else out
    if parts and not (folder and bundler.form is wire.JSON):
        raise Stop(Exit.USAGE, "--parts are files of JSON lines: name a folder for them with -o, and leave --format at json.")
    if bundler.kind == RECORDS and bundler.form is not wire.JSON:
        raise Stop(Exit.USAGE, "Care records are JSON: leave --format at json, or ask for bundles.")
    if folder:
        places.is_apart(folder, file)
    settled()
    with files.alone(folder) if folder else nullcontext():
        return _run(Work(intake.name, talk.as_json, bundler, folder, parts), intake, talk, jobs)


def _run(work: Work, intake: Intake, talk: Talk, jobs: int) -> Exit:
    bundler, folder, export = work.bundler, work.folder, intake.export
    if jobs == 1 and not folder:
        tally = converted(intake.accepted("Converting"), intake, bundler, sink(talk))
    else:
        tally = in_pieces(work, intake, jobs)
    where = f" in {folder}" if folder else ""
    order = f" {count(tally.ordered, 'resident')} in more than one: send a resident's bundles in order, each when the one before was taken."
    values, told = export.closed(folder) if export else ({}, "")
    said = {"exit": intake.exit, **intake.counts(), f"{bundler.what}s": tally.bundles, **values}
    done = f"Converted: {intake.sentence()}; {count(tally.bundles, bundler.what)}{where}."
    talk.result(said, done + order * (tally.ordered > 0) + told)
    return intake.exit
