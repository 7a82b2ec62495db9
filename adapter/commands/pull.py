"""`redbag pull`: everything a server has about one resident, as records, with what was not read; and what changed since she was sent."""
from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from adapter import wire
from adapter.commands import files
from adapter.commands.exits import Exit, Stop
from adapter.commands.server import EXITS, server
from adapter.commands.talk import Talk, count
from adapter.delivery.client import FhirClient
from adapter.delivery.resident import Stopped
from adapter.returns import returned
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.pull import Who, pull, who_is
from adapter.returns.returned import Return
from mappings.bag import CareRecord
from mappings.faults import Faults
from mappings.findings import is_nhs_number
from mappings.values import DATE_TIME

CHANGES = "changes.json"


def who(nhs_number: str | None, resident: str | None, source: str | None, record: CareRecord | None) -> Who:
    """Whom the options mean. Raises Stop, which does not repeat the number."""
    if nhs_number is None and resident is None and record is None:
        raise Stop(Exit.USAGE, "Say who: --nhs-number, or --resident with --source, or --record.")
    if record:
        return who_is(record)
    if resident and not source:
        raise Stop(Exit.USAGE, "--resident is your own key for her, so --source is needed too: the namespace of your keys.")
    number = "".join((sys.stdin.readline() if nhs_number == files.STDIN else nhs_number or "").split()) or None
    if number and not is_nhs_number(number):
        raise Stop(Exit.USAGE, "That is not an NHS number: ten digits, the last of them a check digit.")
    return Who(number, source or "", resident)


def run(address: str, wanted: Who, since: str | None, record: CareRecord | None, out: Path, talk: Talk) -> Exit:
    if since and not DATE_TIME.fullmatch(since):
        raise Stop(Exit.USAGE, "--since is not a time: expected something like 2026-11-03T08:00:00Z, or a date.")
    back = asyncio.run(_pulled(server(address), wanted, since))
    differences = changes(record, back) if record else []
    kept = written(back, differences if record else None)
    folder = None if str(out) == files.STDOUT else out
    for change in differences:
        talk.found("change", as_json(change), sentence(change), data=folder is not None)
    for said in left_over(back):
        talk.found("note", {"says": said}, said)
    if folder:
        for name, data in kept.items():
            files.write(folder / name, data)
    elif talk.as_json:
        talk.json("care_record", wire.loads(kept[returned.RECORD]))
    else:
        talk.data(kept[returned.RECORD].rstrip())
    return _end(back, differences, folder, talk)


async def _pulled(client: FhirClient, wanted: Who, since: str | None) -> Return:
    """Raises Stop."""
    async with client:
        try:
            return await pull(client, wanted, since)
        except Stopped as stopped:
            raise Stop(EXITS[stopped.verdict], str(stopped)) from None


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


def _end(back: Return, differences: list[Change], folder: Path | None, talk: Talk) -> Exit:
    kinds = Counter(item.resource["resourceType"] for item in back.returned.items)
    unread = sum(bool(item.rest) for item in back.returned.items)
    certain = sum(change.certainty == "certain" for change in differences)
    ended = Exit.PARTIAL if back.gaps or back.returned.unreadable else Exit.DONE
    said = {"exit": ended, "resources": dict(sorted(kinds.items())), "unreadable": len(back.returned.unreadable), "with_a_rest": unread,
            "changes": certain, "for_a_person": len(differences) - certain}
    where = f" in {folder}" if folder else ""
    told = f"; {count(certain, 'change')}, {len(differences) - certain} for a person" if differences else ""
    talk.result(said, f"Came back: {count(kinds.total(), 'resource')}{where}{told}.")
    return ended
