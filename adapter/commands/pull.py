"""`redbag pull`: everything a server has about one resident, as records, with what was not read; and what changed since she was sent."""
from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from adapter import wire
from adapter.commands import files, places
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported
from adapter.commands.layout_write import into_folder
from adapter.commands.server import EXITS, patiently
from adapter.commands.talk import Talk, count
from adapter.delivery.client import FhirClient
from adapter.delivery.resident import Stopped
from adapter.records.layout import Layout
from adapter.returns import returned
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.pull import Who, pull, who_is
from adapter.returns.returned import Return
from mappings.bag import CareRecord
from mappings.faults import BadValue, Faults
from mappings.findings import is_nhs_number
from mappings.values import when

CHANGES = "changes.json"


class Options(NamedTuple):
    """`since`: a FHIR date or instant, by the server's clock; `seconds`: for everything. `layout`: of the vendor in whose form it is left
    too, and the `export` that has her own rows."""

    since: str | None
    seconds: float
    layout: Layout | None = None
    export: Exported | None = None


def who(nhs_number: str | None, resident: str | None, source: str | None, record: CareRecord | None) -> Who:
    """Whom the options mean, `record` being the one of --record. Raises Stop, which does not repeat the number."""
    asked(nhs_number, resident, source, record is not None)
    if record:
        return who_is(record)
    number = "".join((sys.stdin.readline() if nhs_number == files.STDIN else nhs_number or "").split()) or None
    if number and not is_nhs_number(number):
        raise Stop(Exit.USAGE, "That is not an NHS number: ten digits, the last of them a check digit.")
    return Who(number, source or "", resident)


def asked(nhs_number: str | None, resident: str | None, source: str | None, record: bool) -> None:
    """Do the options name one person, in one way? Raises Stop."""
    if nhs_number is None and resident is None and not record:
        raise Stop(Exit.USAGE, "Say who: --nhs-number, or --resident with --source, or --record.")
    if nhs_number is not None and (resident is not None or record):
        raise Stop(Exit.USAGE, "--nhs-number says who; --record and --resident would say it once more: choose one.")
    if record and source is not None:
        raise Stop(Exit.USAGE, "--record has the namespace of your keys in it; leave --source out.")
    if resident is not None and not record and not source:
        raise Stop(Exit.USAGE, "--resident is your own key for her, so --source is needed too: the namespace of your keys.")


def placed(out: Path | None, record: Path | None) -> None:
    """A vendor's form is never left among other files of the vendor's. Raises Stop."""
    if out and str(out) != files.STDOUT:
        places.is_new(out, record)


def run(client: FhirClient, wanted: Who, options: Options, record: CareRecord | None, out: Path | None, talk: Talk) -> Exit:
    if options.since and not is_time(options.since):
        raise Stop(Exit.USAGE, "--since is not a time: expected something like 2026-11-03T08:00:00Z, or a date.")
    if options.layout and record is None and str(out) in ("None", files.STDOUT):
        raise Stop(Exit.USAGE, "With --layout what came back is left in the vendor's form: name a folder for it with -o.")
    back = asyncio.run(_pulled(client, wanted, options, talk))
    differences = changes(record, back) if record else None
    kept = written(back, differences)
    for said in left_over(back):
        talk.found("note", {"says": said}, said)
    tell(kept, differences, out, talk)
    if options.layout and out and str(out) != files.STDOUT:
        into_folder(back.care_record(sent=record), options.layout, options.export, out, talk)
    return _end(back, differences, out, talk)


def is_time(said: str) -> bool:
    try:
        when.get(said)
    except BadValue:
        return False
    return True


def tell(kept: dict[str, bytes], differences: list[Change] | None, out: Path | None, talk: Talk) -> None:
    """Files into a folder; the record to standard output where that was said, or where there are no changes to tell; else the changes."""
    record_asked = str(out) == files.STDOUT or (out is None and differences is None)
    for change in differences or ():
        if talk.as_json or not record_asked:
            talk.found("change", as_json(change), sentence(change), data=True)
    if out and not record_asked:
        for name, data in kept.items():
            files.write(out / name, data)
    elif talk.as_json:
        talk.json("care_record", wire.loads(kept[returned.RECORD]))
    elif record_asked:
        talk.data(kept[returned.RECORD].rstrip())


async def _pulled(client: FhirClient, wanted: Who, options: Options, talk: Talk) -> Return:
    """Raises Stop."""
    async with client:
        try:
            return await patiently(pull(client, wanted, options.since, seconds=options.seconds), "resident", talk)
        except Stopped as stopped:
            raise Stop(EXITS[stopped.verdict], str(stopped).removesuffix("; nothing was sent")) from None


def written(back: Return, differences: list[Change] | None) -> dict[str, bytes]:
    """The files of a return, by name. Raises Stop where none of her Patients could be read."""
    try:
        kept = returned.files(back)
    except Faults as bad:
        where = ", ".join(sorted({x.path for x in bad.found}))
        raise Stop(Exit.PERSON, f"The server's patient cannot be read ({where}), so it is not certain who it is.") from None
    kept |= {name: wire.pretty(wire.loads(data)) for name, data in kept.items() if name.endswith(".json")}
    listed = {} if differences is None else {CHANGES: wire.pretty({"changes": [as_json(change) for change in differences]})}
    return {**kept, **listed}


def left_over(back: Return) -> Iterator[str]:
    """What a person should know of what came back and is not in the record."""
    yield from back.sentences
    for each in back.returned.unreadable:
        yield f"{each.url}: is not read: " + "; ".join(f"{x.path}: {x.reason}" for x in each.faults)
    for kind, n in back.unknown.items():
        yield f"{kind}: {n} came back and {'is' if n == 1 else 'are'} not read yet; kept as they came"


def sentence(change: Change) -> str:
    return f"{'' if change.certainty == 'certain' else 'For a person: '}{change.sentence}"


def as_json(change: Change) -> dict[str, str]:
    said = {"kind": change.kind, "certainty": change.certainty, "sentence": change.sentence, "about": change.about, "source": change.source}
    return {name: value for name, value in said.items() if value is not None}


def _end(back: Return, differences: list[Change] | None, out: Path | None, talk: Talk) -> Exit:
    kinds = Counter(item.resource["resourceType"] for item in back.returned.items)
    unread = sum(bool(item.rest) for item in back.returned.items)
    every = differences or []
    certain = sum(change.certainty == "certain" for change in every)
    two = len(back.patients) > 1  # somebody must join them, or say that they are two people
    ended = Exit.PARTIAL if back.gaps or back.returned.unreadable else Exit.PERSON if two else Exit.DONE
    said = {"exit": ended, "resources": dict(sorted(kinds.items())), "unreadable": len(back.returned.unreadable), "with_a_rest": unread,
            "changes": certain, "for_a_person": len(every) - certain}
    where = f" in {out}" if out and str(out) != files.STDOUT else ""
    told = "" if differences is None else f"; {count(certain, 'change')}, {len(every) - certain} for a person" if every else "; no change"
    talk.result(said, f"Came back: {count(kinds.total(), 'resource')}{where}{told}.")
    return ended
