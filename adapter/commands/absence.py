"""What a row means that is no longer in the export, as it is said on the command line; and `redbag records ended`, which compares with the
export before this one: for whoever writes bundles into files, and has no server to ask what still stands there."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from adapter import wire
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk, count
from adapter.records.stream import care_records
from mappings.absence import WORDS, checked, with_absences
from mappings.bag import CareRecord
from mappings.faults import Faults

SAY = "It is said as " + "; ".join(f"{field}={' or '.join(words)}" for field, words in WORDS.items()) + "."


def stated(said: Sequence[str]) -> Mapping[str, str]:
    """The option as it was given, once for each list. Raises Stop."""
    pairs = [each.partition("=")[::2] for each in said]
    if len({field for field, _ in pairs}) < len(pairs):
        raise Stop(Exit.USAGE, f"--absence says two things of one list. {SAY}")
    try:
        return checked(dict(pairs))
    except Faults:
        raise Stop(Exit.USAGE, f"--absence says what it cannot. {SAY}") from None

CUT = "some of its rows belong to nobody, so that others may be missing too: nothing is concluded from a row that is not there"


def believed(absence: Mapping[str, str], export: Exported | None, talk: Talk) -> Mapping[str, str]:
    """What absence means, where it can mean anything. While the export is read."""
    if not absence or not export or not export.is_cut():
        return absence
    talk.found("note", {"says": CUT}, f"{export.name}: {CUT}")
    return {}


def run(file: Path, before: Path, absence: Mapping[str, str], talk: Talk, export: Exported | None, export_before: Exported | None) -> Exit:
    """Prints every care record of `file` with what has vanished since `before`, which is held in memory."""
    if not absence:
        raise Stop(Exit.USAGE, f"Say with --absence what a row means that has vanished: nobody else can. {SAY}")
    then = Intake(str(before), talk, export=export_before)
    earlier = {_who(record): record for _, record in then.accepted("Reading the export before")}
    intake, changed = Intake(str(file), talk, export=export), 0
    for number, now in intake.accepted("Comparing"):
        if export and export.is_cut():
            raise Stop(Exit.PERSON, f"{export.name}: {CUT}. Nothing was ended.")
        try:
            ended = with_absences(earlier.get(_who(now), now), now, absence)
        except Faults as bad:
            intake.refuse(number, bad)
            continue
        changed += ended is not now
        put(ended, talk)
    missed = f" {count(then.refused, 'resident')} of the export before could not be read, so nothing of theirs has ended."
    code = Exit.PARTIAL if then.refused and intake.exit is Exit.DONE else intake.exit
    said = {"exit": code, **intake.counts(), "changed": changed, "refused_before": then.refused}
    talk.result(said, f"Compared: {intake.sentence()}; rows of {count(changed, 'resident')} have ended." + missed * bool(then.refused))
    return code


def put(record: CareRecord, talk: Talk) -> None:
    said = care_records().encode(record)
    if talk.as_json:
        talk.json("record", said)
    else:
        talk.data(wire.dumps(said))


def _who(record: CareRecord) -> tuple[str, str | None]:
    return record.source, record.resident.key
