"""Sends one care record: finds the resident, compares what is there, writes only what differs, and says what became of each row.

    sent = await send(client, care_record, Policy("create-if-missing"))
    sent.verdict, sent.sentences, sent.rows                   # the same again: every row "unchanged", and nothing is written

When it runs twice, nothing is written the second time; after a crash or an ambiguous answer, what was taken is found unchanged.
Sources: HL7 FHIR R4, RESTful API (transaction, ifMatch); docs/design.md, docs/corrections.md.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapter.bundle import Policy, transaction
from adapter.delivery.client import FhirClient
from adapter.delivery.comparing import differences, resources
from adapter.delivery.difference import Difference
from adapter.delivery.left import Left, Looked, ending, left
from adapter.delivery.older import not_older, other_lists
from adapter.delivery.outcome import Verdict
from adapter.delivery.refusals import refusals
from adapter.delivery.resident import Stopped
from adapter.delivery.sent import Options, Remark, Sent, SentRow, told
from adapter.delivery.settled import settle
from adapter.delivery.withdrawal import take_back
from adapter.delivery.writing import with_endings, write
from mappings.absence import checked
from mappings.bag import KINDS_OF_DIRECTORY, CareRecord
from mappings.corrections import linked_keys
from mappings.patient import Resident
from mappings.values import Ref

__all__ = ["Options", "Sent", "SentRow", "send"]

MOVING = "resident: what was sent before stands under another patient of the server; it goes to this one"
ANOTHERS = ("resident: rows that you sent under another resident's key stand under the same patient of the server; nothing was sent: if "
            "these are two records of one person, say so (this one replaces the other, or the other is withdrawn); else one has a number "
            "that is not hers")


async def send(client: FhirClient, care_record: CareRecord, policy: Policy, options: Options | None = None) -> Sent:
    """Raises nothing that a record, a server or the network can cause: it is in the verdict and the sentences."""
    asked = options or Options()
    return await told(client, lambda: _once(client, care_record, policy, asked), asked.seconds)


async def _once(client: FhirClient, bag: CareRecord, policy: Policy, options: Options) -> tuple[Sent, bool]:
    """One pass, and whether somebody was changing the same data meanwhile."""
    if refused := refusals(bag):
        return Sent(Verdict.REFUSED, (), tuple(f"{fault.path}: {fault.reason}" for fault in refused)), False
    if bag.withdrawn:
        return await take_back(client, bag, policy, options)
    absence, there = checked(options.absence), await settle(client, bag, policy)
    parts = transaction(bag, there.policy)
    base = resources(transaction(_base(options.base, bag), there.policy)) if options.base else {}
    found = await differences(client, parts, base, options, bag.as_of, there.made)
    moving = _moving(found, there.patients)
    looked = await left(client, bag, (*there.patients, *moving), absence)
    if not options.older:
        hers = [d.theirs for d in found if d.theirs and d.row.type not in KINDS_OF_DIRECTORY]
        not_older(bag.as_of, [*hers, *looked.seen, *await other_lists(client, bag)], "nothing was sent")
    _of_one(bag.resident, looked, there.reference)
    ends, remain = ending(looked.remain, bag, absence, replace=options.replace)
    said = [*there.said, *[Remark(MOVING, for_a_person=False)] * bool(moving), *_remaining(remain, options), *map(Remark, looked.untold)]
    all_parts = with_endings(parts, ends, there.policy, client.base, bag.as_of)
    sent, clash = await write(client, all_parts, [*found, *ends], said, options)
    made = next((row.target for row in sent.rows if row.type == "Patient"), None)
    rows = (*there.rows("same" if options.dry_run else "unchanged"), *sent.rows)
    return replace(sent, rows=rows, patient=there.reference or made, not_written=there.not_written), clash


def _of_one(resident: Resident, looked: Looked, patient: str | None) -> None:
    """Nobody else's rows stand where hers go. Raises Stopped."""
    if patient and any(key not in linked_keys(resident) for key, whose in looked.others if whose == patient):
        raise Stopped(Verdict.PERSON, ANOTHERS)


def _moving(found: Sequence[Difference], hers: Sequence[str]) -> list[str]:
    """Other Patients under which the sender's rows of hers stand: as when it was the wrong NHS number, and was put right."""
    before = (d.values["resident"][0] for d in found if d.state == "changed" and "resident" in d.values)
    return list(dict.fromkeys(f"{to.type}/{to.key}" for to in before if isinstance(to, Ref) and f"{to.type}/{to.key}" not in hers))


def _base(base: CareRecord, bag: CareRecord) -> CareRecord:
    if (base.source, base.resident.key) != (bag.source, bag.resident.key):
        raise Stopped(Verdict.REFUSED, "resident: what is said to have been sent the last time is another resident's, or another sender's")
    return base


def _remaining(remain: Sequence[Left], options: Options) -> list[Remark]:
    return [Remark(f"{each}; it is {each.what}" if options.show_values else str(each)) for each in remain]
