"""`redbag convert`: care records as FHIR Bundles, to standard output or into a folder."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.bundle import Names, Policy, collection, transaction
from adapter.commands import files
from adapter.commands.exits import Exit, Stop
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk, count
from mappings.bag import CareRecord
from mappings.faults import Faults

Bundle = dict[str, Any]
OURS = re.compile(r"\d{6,}-[0-9a-f]{8}(-\d+of\d+)?\.json")


def run(file: Path, kind: str, out: Path, policy: Policy, talk: Talk) -> Exit:
    intake, written, ordered = Intake(str(file), talk), 0, 0
    folder = None if str(out) == files.STDOUT else fresh(out)
    for number, care_record in intake.accepted("Converting"):
        try:
            bundles = [*bundled(care_record, kind, policy)]
        except Faults as bad:
            intake.refuse(number, bad)
            continue
        for name, bundle in named(bundles, number, care_record):
            put(bundle, folder and folder / name, talk)
        written, ordered = written + len(bundles), ordered + (len(bundles) > 1)
    where = f" in {folder}" if folder else ""
    order = f" {count(ordered, 'resident')} in more than one: send a resident's bundles in order, each when the one before was taken."
    said = {"exit": intake.exit, **intake.counts(), "bundles": written}
    talk.result(said, f"Converted: {intake.sentence()}; {count(written, 'bundle')}{where}." + order * (ordered > 0))
    return intake.exit


def fresh(folder: Path) -> Path:
    """A folder without the bundles of another run: who looks into it must not take them for this one's. Raises Stop."""
    if folder.is_dir() and any(OURS.fullmatch(path.name) for path in folder.iterdir()):
        raise Stop(Exit.USAGE, f"{folder} holds the bundles of another run: name a new folder with -o, or empty this one.")
    return folder


def bundled(care_record: CareRecord, kind: str, policy: Policy) -> Iterator[Bundle]:
    """Raises Faults."""
    if kind == "collection":
        yield collection(care_record)
    else:
        yield from (part.bundle for part in transaction(care_record, policy))


def named(bundles: list[Bundle], number: int, care_record: CareRecord) -> Iterator[tuple[str, Bundle]]:
    """After the place of the resident in the input and the start of her Patient's id, which is made from her key and does not tell it.

    Of several bundles the name says the order: 000007-5f0c1a9e-1of2.json.
    """
    who = Names(care_record.source, care_record.resident.key or "").id("Patient", care_record.resident.key or "")[:8]
    for n, bundle in enumerate(bundles, 1):
        part = f"-{n}of{len(bundles)}" if len(bundles) > 1 else ""
        yield f"{number:06}-{who}{part}.json", bundle


def put(bundle: Bundle, path: Path | None, talk: Talk) -> None:
    if path:
        files.write(path, wire.dumps(bundle) + b"\n")
    elif talk.as_json:
        talk.json("bundle", bundle)
    else:
        talk.data(wire.dumps(bundle))
