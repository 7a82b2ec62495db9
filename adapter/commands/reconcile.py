"""After a restore: what each endpoint has already. It is asked as for a dry run of `send`: all is read and compared, nothing is written.

Marked as delivered is a record, or what goes before it of the directory, of which every row stands there as it would be written; and a
record of which the server has a later one, unless it takes back: whether what is there is to stay is for a person. Whatever else it is,
whatever cannot be asked, stays as it is.
"""
from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from adapter import wire
from adapter.commands.deliveries import every
from adapter.commands.talk import Step, Talk
from adapter.delivery.accepting import policy_for
from adapter.delivery.client import FhirClient
from adapter.delivery.directory import send_shared
from adapter.delivery.endpoints import Config, Endpoint, connect
from adapter.delivery.older import LATER
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Options, Sent, send
from adapter.delivery.store.errors import NotSo, Sealed
from adapter.delivery.store.model import Payload
from adapter.delivery.store.people import Line
from adapter.delivery.store.store import Store
from adapter.faults import Refused
from adapter.records.stream import care_records
from mappings.faults import Faults

ALL_THERE = "it was found at the endpoint after a restore: every row stands there as it would be written"
LATER_THERE = "after a restore the endpoint was found to have a later record of hers"
WHO = "redbag restore --reconcile"
AWAY = (Verdict.LATER, Verdict.UNKNOWN)
ENOUGH = 3  # batches in a row that nobody answered


@dataclass
class Found:
    """How many deliveries were found there, were not, and could not be asked for."""

    became: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, int]:
        return {name: self.became[name] for name in ("there", "later", "not there", "not known")}

    def sentence(self) -> str:
        """
        >>> Found(Counter({"there": 3, "not there": 1})).sentence()
        'Of those 3 are there already, of 0 a later record is; 1 is not there, and of 0 it is not known.'
        """
        there, later, absent, unknown = (f"{n:,}" for n in self.counts().values())
        return (f"Of those {there} {are(there)} there already, of {later} a later record is; {absent} {are(absent)} not there, and of "
                f"{unknown} it is not known.")


def are(count: str) -> str:
    return "is" if count == "1" else "are"


async def reconciled(store: Store, config: Config, talk: Talk, waiting: int) -> Found:
    """Of all that waits, so many. Of endpoints that are no longer configured nothing is known."""
    found = Found()
    with talk.progress("Asking what is there", waiting, 0) as step:
        for counted in store.people.counts():
            endpoint = config.endpoints.get(counted.endpoint)
            there = every(store, counted.endpoint, "queued")
            if endpoint is None or endpoint.dialect != "fhir":
                found.became["not known"] += sum(1 for _ in there)
                continue
            async with connect(endpoint) as client:
                await _at(endpoint, client, store, there, found, talk, step)
    return found


async def _at(endpoint: Endpoint, client: FhirClient, store: Store, waiting: Iterator[Line], found: Found, talk: Talk, step: Step) -> None:
    """As many at once as it takes. One that answers nobody is not asked on and on."""
    silent = 0
    while some := list(islice(waiting, endpoint.concurrency)):
        if silent >= ENOUGH:
            found.became["not known"] += len(some)
            continue
        became = await asyncio.gather(*(_one(endpoint, client, store, line) for line in some))
        silent = silent + 1 if set(became) == {"away"} else 0
        if silent == ENOUGH:
            talk.say(f"{endpoint.name} does not answer: what waits for it stays as it is.")
        found.became.update("not known" if word == "away" else word for word in became)
        step(found.became.total())


async def _one(endpoint: Endpoint, client: FhirClient, store: Store, line: Line) -> str:
    """What is known of it, marked in the store where that is enough."""
    try:
        sent = await looked(endpoint, client, store.people.payload(line.id))
    except (Sealed, NotSo, Refused, Faults):
        return "not known"
    if sent is None or sent.verdict in AWAY:
        return "not known" if sent is None else "away"
    later = line.kind == "complete" and sent.verdict is Verdict.REFUSED and any(says.startswith(LATER) for says in sent.sentences)
    if not (later or is_all_there(sent)):
        return "not there" if sent.verdict is Verdict.DELIVERED else "not known"
    try:
        store.people.found(line.id, LATER_THERE if later else ALL_THERE, who=WHO)
    except NotSo:  # settled meanwhile, for a later one of its lane was looked at first
        return "not known"
    return "later" if later else "there"


async def looked(endpoint: Endpoint, client: FhirClient, payload: Payload) -> Sent | None:
    """What would become of each row. None: it cannot be told of this. Raises Refused and Faults."""
    said = cast(Mapping[str, Any], payload.options)
    if payload.form == "bundle" and said.get("shared"):
        return await send_shared(client, wire.loads(payload.body), Options(dry_run=True, seconds=endpoint.seconds))
    if payload.form != "record":
        return None
    care_record = care_records().loads(payload.body)
    options = Options(dry_run=True, seconds=endpoint.seconds, absence=dict(said.get("absence", {})), older=bool(said.get("older")))
    policy = policy_for(endpoint, care_record, str(said.get("directory") or endpoint.directory))
    return await send(client, care_record, policy, options)


def is_all_there(sent: Sent) -> bool:
    """Would nothing be written?"""
    return sent.verdict is Verdict.DELIVERED and bool(sent.rows) and all(row.became == "same" for row in sent.rows)
