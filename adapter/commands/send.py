"""`redbag send`: care records to a FHIR server, one resident after the other. What is there already is not written again."""
from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapter.commands.absence import believed
from adapter.commands.exits import Exit, Stop, together
from adapter.commands.exported import Exported, closed
from adapter.commands.intake import Intake
from adapter.commands.proven import traced_to
from adapter.commands.server import EXITS, There, patiently
from adapter.commands.streams import Gone, flush
from adapter.commands.talk import Talk
from adapter.delivery.outcome import Verdict
from adapter.delivery.proving import NotProven
from adapter.delivery.send import Options, Sent, send
from mappings.bag import CareRecord
from mappings.faults import Faults

PATIENCE = 3  # residents in a row to whom the server gave no answer
AGAIN = "Run the same command again later: what was taken is found unchanged."


def run(file: Path, there: There, options: Options, talk: Talk, export: Exported | None = None) -> Exit:
    intake = Intake(str(file), talk, export=export)
    try:
        tally = asyncio.run(_send_all(there, intake, options, talk))
    except Gone:
        raise Stop(Exit.AGAIN, f"Whoever read standard output has gone; stopped at record {intake.residents}. {AGAIN}") from None
    more = closed(export)
    ended = Exit.BUG if export and export.fault else together([*tally.ends, *[Exit.NOTHING] * intake.lost])
    said = {"exit": ended, **intake.counts(), "delivered": tally.delivered, "rows": dict(tally.rows), **more.said}
    done = f"{intake.sentence()}; {tally.delivered:,} {'compared' if options.dry_run else 'delivered'}{counted(tally.rows)}."
    told = f"Compared: {done} Nothing was written." if options.dry_run else f"Sent: {done}"
    talk.result(said, told + more.told)
    return ended


@dataclass
class Tally:
    """How it ended for each resident, how many were delivered, and what became of the rows."""

    ends: Counter[Exit] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    waiting: int = 0  # in a row

    def add(self, sent: Sent) -> None:
        self.ends[Exit.PERSON if sent.for_a_person else EXITS[sent.verdict]] += 1
        self.rows.update(row.became for row in sent.rows)
        self.delivered += sent.verdict is Verdict.DELIVERED
        self.waiting = self.waiting + 1 if sent.verdict is Verdict.LATER else 0


async def _send_all(there: There, intake: Intake, options: Options, talk: Talk) -> Tally:
    """Raises Stop when the server does not answer any more, or answers to nobody."""
    tally = Tally()
    async with there.client:
        for number, care_record in intake.accepted("Comparing" if options.dry_run else "Sending"):
            options = replace(options, absence=believed(options.absence, intake.export, talk))
            try:
                there.may_have(care_record)
            except Faults as bad:
                intake.refuse(number, bad)
                continue
            except NotProven as bad:
                intake.unproven(number, traced_to(care_record, bad.found))
                continue
            sent = await patiently(send(there.client, care_record, there.policy, options), intake.where(number), talk)
            tally.add(sent)
            intake.unproven(number, traced_to(care_record, sent.unproven))
            tell(number, sent, intake, options, talk)
            if sent.for_all:
                raise Stop(Exit.NOTHING, f"It would be the same for all: stopped at record {number}. {there.credentials}.")
            if tally.waiting == PATIENCE:
                raise Stop(Exit.AGAIN, f"The server could not take {PATIENCE} residents in a row; stopped at record {number}. {AGAIN}")
    return tally


def tell(number: int, sent: Sent, intake: Intake, options: Options, talk: Talk) -> None:
    """One resident: what is to be said, and what became of her rows."""
    place = intake.where(number)
    lines = [f"{place}: {sentence}" for sentence in besides(sent)]
    verdict = "compared" if options.dry_run and sent.verdict is Verdict.DELIVERED else sent.verdict.value
    lines.append(f"{place}: {verdict}{counted(Counter(row.became for row in sent.rows))}")
    talk.found("resident", as_json(number, sent), "\n".join(lines), data=options.dry_run)
    flush()  # whoever reads it should know at once, and whether anybody does


def as_json(number: int, sent: Sent) -> dict[str, Any]:
    rows = [{name: value for name, value in vars(row).items() if value not in (None, ())} for row in sent.rows]
    not_written = {"not_written": list(sent.not_written)} if sent.not_written else {}
    return {"record": number, "verdict": sent.verdict.value, "rows": rows, **not_written, "says": besides(sent)}


def besides(sent: Sent) -> list[str]:
    """What is said, but for what is told at the sender's own file, row and field."""
    placed = set(map(str, sent.unproven))
    return [sentence for sentence in sent.sentences if sentence not in placed]


def counted(became: Counter[str]) -> str:
    """
    >>> counted(Counter(updated=1, created=3)), counted(Counter())
    (' (3 created, 1 updated)', '')
    """
    return f" ({', '.join(f'{n:,} {what}' for what, n in sorted(became.items()))})" if became else ""


def care_record_of(file: Path, talk: Talk, resident: str | None = None, export: Exported | None = None) -> CareRecord:
    """The one care record of a file, or the one of this resident (her key). Raises Stop where there is none, or more than one."""
    intake = Intake(str(file), talk, export=export)
    every = [record for _, record in intake.accepted("Reading") if resident in (None, record.resident.key)]
    if len(every) == 1:
        return every[0]
    if not every and intake.refused:
        raise Stop(Exit.NOTHING, f"{intake.shown}: {intake.sentence()}; none is left that may be meant.")
    raise Stop(Exit.USAGE, f"{intake.shown} holds {len(every)} care records that may be meant; name a file with exactly one, or say which "
                           "with --resident.")
