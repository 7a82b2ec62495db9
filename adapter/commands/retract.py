"""`redbag retract`: everything that was sent for one resident, by mistake, is ended at the server. Again, and nothing is left to end."""
from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from adapter.commands.exits import Exit, Stop
from adapter.commands.options import perhaps
from adapter.commands.send import as_json, care_record_of, counted
from adapter.commands.server import EXITS, patiently
from adapter.commands.talk import Talk
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Options, Sent
from adapter.delivery.withdrawal import retract
from mappings.bag import OWN_URI
from mappings.faults import BadValue
from mappings.patient import Resident


class Whose(NamedTuple):
    """Whose things: the sender, its key for her, and what else she is known by."""

    source: str
    key: str
    person: Resident | None = None


def whose(record: Path | None, source: str | None, resident: str | None, layout: Path | None, talk: Talk) -> Whose:
    """Raises Stop where it is not said, or said twice."""
    if record:
        if source:
            raise Stop(Exit.USAGE, "The record says whose keys these are: name either --record or --source.")
        found = care_record_of(record, talk, resident, perhaps(record, layout, None, None, talk))
        return Whose(found.source, found.resident.key or "", found.resident)
    if layout or not (source and resident):
        raise Stop(Exit.USAGE, "Say whom: --record FILE (a vendor's with --layout), or --source URI with --resident KEY.")
    try:
        OWN_URI.put(source)
    except BadValue as bad:
        raise Stop(Exit.USAGE, f"--source: {bad}.") from None
    return Whose(source, resident)


def run(client: FhirClient, who: Whose, options: Options, talk: Talk) -> Exit:
    sent = asyncio.run(_retracted(client, who, options, talk))
    nothing = sent.verdict is Verdict.DELIVERED and not sent.rows
    ended = Exit.PERSON if sent.for_a_person else Exit.NOTHING if nothing else EXITS[sent.verdict]
    for sentence in () if talk.as_json else sent.sentences:
        talk.found("sentence", {}, sentence, data=options.dry_run)
    talk.result({"exit": ended, **as_json(1, sent)}, said(sent, options))
    return ended


async def _retracted(client: FhirClient, who: Whose, options: Options, talk: Talk) -> Sent:
    async with client:
        return await patiently(retract(client, who.source, who.key, who.person, options), "retract", talk)


def said(sent: Sent, options: Options) -> str:
    """How it ended."""
    rows = counted(Counter(row.became for row in sent.rows))
    if sent.verdict is not Verdict.DELIVERED:
        return f"Retract: {sent.verdict.value}{rows}."
    if not sent.rows:
        return "Nothing to retract: the server has nothing of yours under this key, and never had; check the key and the source."
    return f"Would be retracted{rows}. Nothing was written." if options.dry_run else f"Retracted{rows}."
