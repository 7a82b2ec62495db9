"""`redbag convert`: care records as FHIR Bundles, to standard output or into a folder."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from adapter.commands import files
from adapter.commands.exits import Exit
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk, count
from mappings.bag import CareRecord
from mappings.faults import Faults

Bundle = dict[str, Any]


def run(file: Path, kind: str, out: Path, policy: Policy, talk: Talk) -> Exit:
    intake, written = Intake(str(file), talk), 0
    folder = None if str(out) == files.STDOUT else out
    for number, care_record in intake.accepted("Converting"):
        try:
            bundles = [*bundled(care_record, kind, policy)]
        except Faults as bad:
            intake.refuse(number, bad)
            continue
        for name, bundle in named(bundles, number):
            put(bundle, folder and folder / name, talk)
        written += len(bundles)
    where = f" in {folder}" if folder else ""
    said = {"exit": intake.exit, **intake.counts(), "bundles": written}
    talk.result(said, f"Converted: {intake.sentence()}; {count(written, 'bundle')}{where}.")
    return intake.exit


def bundled(care_record: CareRecord, kind: str, policy: Policy) -> Iterator[Bundle]:
    """Raises Faults."""
    if kind == "collection":
        yield collection(care_record)
    else:
        yield from (part.bundle for part in transaction(care_record, policy))


def named(bundles: list[Bundle], number: int) -> Iterator[tuple[str, Bundle]]:
    """Files are named after the place of the resident in the input, which says nothing about her."""
    if len(bundles) == 1:
        yield f"{number:06}.json", bundles[0]
    else:
        yield from ((f"{number:06}-{n}.json", bundle) for n, bundle in enumerate(bundles, 1))


def put(bundle: Bundle, path: Path | None, talk: Talk) -> None:
    if path:
        files.write(path, wire.dumps(bundle) + b"\n")
    elif talk.as_json:
        talk.json("bundle", bundle)
    else:
        talk.data(wire.dumps(bundle))
