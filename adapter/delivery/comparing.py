"""What the server has under our ids, read, and held against what would be written there: entry by entry."""
from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from adapter.bundle import Part, Row
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.difference import Difference, difference, rewritten
from adapter.delivery.outcome import Verdict, called
from adapter.delivery.resident import Stopped, refuse
from adapter.delivery.sent import Options

AT_ONCE = 4  # reads in flight
NONE: Mapping[str, Resource] = {}


async def differences(client: FhirClient, parts: Sequence[Part], base: Mapping[str, Resource] = NONE, options: Options | None = None,
                      as_of: str = "", made: Collection[str] = ()) -> list[Difference]:
    """Of every entry, in order. References are written as "Type/id" on both sides. `base`: what was sent the last time, as `resources` has
    it; `as_of`: of the record; `made`: the server's Patients with the sender's key for her. Raises Stopped and ClientError."""
    ours, gate, replace = resources(parts), asyncio.Semaphore(AT_ONCE), options is not None and options.replace

    async def one(row: Row) -> Difference:
        async with gate:
            theirs = await _there(client, row) if row.target else None
        name = row.target or row.name
        return difference(row, ours[name], theirs, base.get(name), replace=replace, as_of=as_of, made=made)

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


def resources(parts: Sequence[Part]) -> dict[str, Resource]:
    """By target, or by name where the server chooses the id; references among them as "Type/id"."""
    entries = [(entry, row) for part in parts for entry, row in zip(part.bundle["entry"], part.rows, strict=True)]
    links = {entry["fullUrl"]: row.target for entry, row in entries if row.target}
    return {row.target or row.name: rewritten(entry["resource"], lambda said: links.get(said, said)) for entry, row in entries}
