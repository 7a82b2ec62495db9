"""Sends one care record: finds the resident, compares what is there, writes only what differs, and says what became of each row.

    sent = await send(client, care_record, Policy("create-if-missing"))
    sent.verdict, sent.sentences, sent.rows                   # the same again: every row "unchanged", and nothing is written

When it runs twice, nothing is written the second time; after a crash or an ambiguous answer, what was taken is found unchanged.
Sources: HL7 FHIR R4, RESTful API (transaction, ifMatch); docs/design.md, docs/corrections.md.
"""
from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from adapter.bundle import Part, Policy, Row, transaction
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.difference import Difference, difference, rewritten
from adapter.delivery.left import Left, Looked, ending, left
from adapter.delivery.older import not_older, other_lists
from adapter.delivery.outcome import Verdict, called
from adapter.delivery.resident import Stopped, refuse
from adapter.delivery.sent import Options, Remark, Sent, SentRow, told
from adapter.delivery.settled import settle
from adapter.delivery.withdrawal import take_back
from adapter.delivery.writing import with_endings, write
from mappings.absence import checked
from mappings.bag import KINDS_OF_DIRECTORY, THEIRS, CareRecord, directory, findings, personal
from mappings.corrections import linked_keys
from mappings.patient import Resident
from mappings.values import Ref

__all__ = ["Options", "Sent", "SentRow", "send"]

AT_ONCE = 4  # reads in flight
MOVING = "resident: what was sent before stands under another patient of the server; it goes to this one"
ANOTHERS = ("resident: rows that you sent under another resident's key stand under the same patient of the server; nothing was sent: if "
            "these are two records of one person, say so (this one replaces the other, or the other is withdrawn); else one has a number "
            "that is not hers")
NOT_OURS = "is the server's own, as it came back, and not yours to send: leave it out, or give it a key of your own"


async def send(client: FhirClient, care_record: CareRecord, policy: Policy, options: Options | None = None) -> Sent:
    """Raises nothing that a record, a server or the network can cause: it is in the verdict and the sentences."""
    asked = options or Options()
    return await told(client, lambda: _once(client, care_record, policy, asked), asked.seconds)


async def _once(client: FhirClient, bag: CareRecord, policy: Policy, options: Options) -> tuple[Sent, bool]:
    """One pass, and whether somebody was changing the same data meanwhile."""
    if refused := _refused(bag):
        return Sent(Verdict.REFUSED, (), tuple(refused)), False
    if bag.withdrawn:
        return await take_back(client, bag, policy, options)
    absence, there = checked(options.absence), await settle(client, bag, policy)
    parts = transaction(bag, there.policy)
    base = _resources(transaction(_base(options.base, bag), there.policy)) if options.base else {}
    differences = await _differences(client, parts, base, options, bag.as_of, there.made)
    moving = _moving(differences, there.patients)
    looked = await left(client, bag, (*there.patients, *moving), absence)
    if not options.older:
        hers = [d.theirs for d in differences if d.theirs and d.row.type not in KINDS_OF_DIRECTORY]
        not_older(bag.as_of, [*hers, *looked.seen, *await other_lists(client, bag)], "nothing was sent")
    _of_one(bag.resident, looked, there.reference)
    ends, remain = ending(looked.remain, bag, absence, replace=options.replace)
    said = [*there.said, *[Remark(MOVING, for_a_person=False)] * bool(moving), *_remaining(remain, options), *map(Remark, looked.untold)]
    all_parts = with_endings(parts, ends, there.policy.most, client.base, bag.as_of)
    sent, clash = await write(client, all_parts, [*differences, *ends], said, options)
    made = next((row.target for row in sent.rows if row.type == "Patient"), None)
    rows = (*there.rows("same" if options.dry_run else "unchanged"), *sent.rows)
    return replace(sent, rows=rows, patient=there.reference or made, not_written=there.not_written), clash


def _refused(bag: CareRecord) -> list[str]:
    refusals = [f"{f.field}: {f.says}" for f in findings(bag) if f.level == "refusal"]
    return refusals or [f"{row.path}: {NOT_OURS}" for row in [*directory(bag), *personal(bag)] if (row.record.key or "").startswith(THEIRS)]


def _of_one(resident: Resident, looked: Looked, patient: str | None) -> None:
    """Nobody else's rows stand where hers go. Raises Stopped."""
    if patient and any(key not in linked_keys(resident) for key, whose in looked.others if whose == patient):
        raise Stopped(Verdict.PERSON, ANOTHERS)


def _moving(differences: Sequence[Difference], hers: Sequence[str]) -> list[str]:
    """Other Patients under which the sender's rows of hers stand: as when it was the wrong NHS number, and was put right."""
    before = (d.values["resident"][0] for d in differences if d.state == "changed" and "resident" in d.values)
    return list(dict.fromkeys(f"{to.type}/{to.key}" for to in before if isinstance(to, Ref) and f"{to.type}/{to.key}" not in hers))


def _base(base: CareRecord, bag: CareRecord) -> CareRecord:
    if (base.source, base.resident.key) != (bag.source, bag.resident.key):
        raise Stopped(Verdict.REFUSED, "resident: what is said to have been sent the last time is another resident's, or another sender's")
    return base


def _remaining(remain: Sequence[Left], options: Options) -> list[Remark]:
    return [Remark(f"{each}; it is {each.what}" if options.show_values else str(each)) for each in remain]


# ---- what differs ----------------------------------------------------------------------------------------------------------
async def _differences(client: FhirClient, parts: Sequence[Part], base: Mapping[str, Resource], options: Options,
                       as_of: str, made: Collection[str]) -> list[Difference]:
    """Of every entry, in order. References are written as "Type/id" on both sides."""
    ours, gate = _resources(parts), asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> Difference:
        async with gate:
            theirs = await _there(client, row) if row.target else None
        name = row.target or row.name
        return difference(row, ours[name], theirs, base.get(name), replace=options.replace, as_of=as_of, made=made)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(row)) for part in parts for row in part.rows]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _there(client: FhirClient, row: Row) -> Resource | None:
    """What the server has under our id; None: nothing yet. Raises Stopped where it was deleted there."""
    answer = await client.get(row.target or "")
    if answer.status == 404:
        return None
    if answer.status == 410:
        raise Stopped(Verdict.PERSON, f"{called(row)}: was deleted on the server since it was sent; nothing is sent: a person must look")
    refuse(answer)
    if (answer.resource or {}).get("resourceType") != row.type:
        raise Stopped(Verdict.PERSON, f"{called(row)}: the server answers with something else under its id; nothing was sent")
    theirs: Resource = rewritten(answer.resource, lambda reference: reference.removeprefix(client.base))
    return theirs


def _resources(parts: Sequence[Part]) -> dict[str, Resource]:
    """By target, or by name where the server chooses the id; references among them as "Type/id"."""
    entries = [(entry, row) for part in parts for entry, row in zip(part.bundle["entry"], part.rows, strict=True)]
    links = {entry["fullUrl"]: row.target for entry, row in entries if row.target}
    return {row.target or row.name: rewritten(entry["resource"], lambda said: links.get(said, said)) for entry, row in entries}
