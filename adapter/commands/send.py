"""`redbag send`: care records to a FHIR server, one resident after the other. What is there already is not written again."""
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adapter.bundle import Policy
from adapter.commands.exits import Exit, Stop, together
from adapter.commands.intake import Intake
from adapter.commands.server import EXITS, server
from adapter.commands.talk import Talk
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Options, Sent, send
from mappings.bag import CareRecord

PATIENCE = 3  # residents in a row to whom the server gave no answer


def run(file: Path, to: str, policy: Policy, options: Options, talk: Talk) -> Exit:
    client, intake = server(to), Intake(str(file), talk)
    verdicts, rows = asyncio.run(_send_all(client, intake, policy, options, talk))
    ended = together([*map(EXITS.__getitem__, verdicts), *[Exit.NOTHING] * intake.refused])
    what = "Compared" if options.dry_run else "Sent"
    delivered = verdicts.count(Verdict.DELIVERED)
    said = {"exit": ended, **intake.counts(), "delivered": delivered, "rows": dict(rows)}
    done = f"{what}: {intake.sentence()}; {delivered:,} {'compared' if options.dry_run else 'delivered'} ({counted(rows)})."
    talk.result(said, done + " Nothing was written." * options.dry_run)
    return ended


async def _send_all(client: FhirClient, intake: Intake, policy: Policy, options: Options, talk: Talk) -> tuple[list[Verdict], Counter[str]]:
    """Raises Stop when the server does not answer any more."""
    verdicts, rows = list[Verdict](), Counter[str]()
    async with client:
        for number, care_record in intake.accepted("Comparing" if options.dry_run else "Sending"):
            sent = await send(client, care_record, policy, options)
            tell(number, sent, intake, options, talk)
            verdicts.append(sent.verdict)
            rows.update(row.became for row in sent.rows)
            if verdicts[-PATIENCE:] == [Verdict.LATER] * PATIENCE:
                raise Stop(Exit.AGAIN, f"The server could not take {PATIENCE} residents in a row; stopped at record {number}. Run the same "
                                       "command again later: what was taken is found unchanged.")
    return verdicts, rows


def tell(number: int, sent: Sent, intake: Intake, options: Options, talk: Talk) -> None:
    """One resident: what is to be said, and what became of her rows."""
    place = f"{intake.shown}, record {number}"
    became = counted(Counter(row.became for row in sent.rows))
    lines = [f"{place}: {sentence}" for sentence in sent.sentences]
    verdict = "compared" if options.dry_run and sent.verdict is Verdict.DELIVERED else sent.verdict.value
    lines.append(f"{place}: {verdict}" + f" ({became})" * bool(sent.rows))
    talk.found("resident", as_json(number, sent), "\n".join(lines), data=options.dry_run)


def as_json(number: int, sent: Sent) -> dict[str, Any]:
    rows = [{name: value for name, value in vars(row).items() if value not in (None, ())} for row in sent.rows]
    return {"record": number, "verdict": sent.verdict.value, "rows": rows, "says": list(sent.sentences)}


def counted(became: Counter[str]) -> str:
    """'3 created, 1 updated'; 'nothing to write' where there is none."""
    return ", ".join(f"{n:,} {what}" for what, n in sorted(became.items())) or "nothing to write"


def care_record_of(file: Path, talk: Talk, resident: str | None = None) -> CareRecord:
    """The one care record of a file. Raises Stop where there is none, or more than one."""
    found: Iterable[tuple[int, CareRecord]] = Intake(str(file), talk).accepted("Reading")
    every = [record for _, record in found if resident in (None, record.resident.key)]
    if len(every) != 1:
        raise Stop(Exit.USAGE, f"{file} holds {len(every)} care records that may be meant; name a file with exactly one.")
    return every[0]
