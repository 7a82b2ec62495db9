"""The canary, on its way through a store: one word, one day, one number, in every place of a care record in which they may stand. Whatever
goes wrong, nothing of them is to be had from what is said, nor from what is kept: neither as they are, nor in hex, base64 or zlib."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adapter import wire
from adapter.bundle import Policy, transaction
from adapter.delivery.accepting import bundle_item, items, retraction
from adapter.delivery.store.model import Item
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.durable import worker
from tests.durable.traces import traces
from tests.durable.trial import HOSPITAL, Trial, ended
from tests.fuzz import CANARY, may_travel, with_canaries
from tests.homes import EXAMPLE
from tests.mutate import Json, copied, held, nodes

NUMBER, DAY = 7319731973, "1873-03-19"
NHS_NUMBER = "9990000034"  # the example's: it had to stay, and is as secret
WORDS = (CANARY, DAY, str(NUMBER), NHS_NUMBER)
LATER = "2026-11-04T02:10:00+00:00"
UNREAL = ("rb-sctid", "fhir-format")  # by which what the canary stands in can be no code
FIRST = ("503", "swallow", "reset", "truncate", "login", "lost", "429:0", "500", "pass")


def record() -> CareRecord:
    """The example with canaries: also in its keys, in the sender's address, in days and in numbers."""
    found: dict[str, Json] = with_canaries(wire.loads(EXAMPLE.read_bytes()))
    for at, value in [*nodes(found)]:
        if (new := _canary(at, value)) is not None:
            changed = copied(found)
            held(changed, at[:-1])[at[-1]] = new
            found = changed if may_travel(changed) else found
    return care_records().decode(found)


def _canary(at: tuple[Any, ...], value: Json) -> Json:
    if at == ("source",):
        return f"https://{CANARY}.example/records"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return DAY
    return NUMBER if isinstance(value, int) and not isinstance(value, bool) else None


def through_trouble(trial: Trial) -> None:
    """A record through every fault of the network; refused; a newer one that passes; a bundle; taken back; a worker without room."""
    with trial.setup.file.open("a", encoding="utf-8") as config:
        config.write(f"tolerate = {list(UNREAL)}\n")
    hers, endpoint = record(), worker.config(trial.setup).endpoints[HOSPITAL]
    where = {"medicines[0]": f"{CANARY}.csv, row 14", "resident": f"{CANARY}.csv, row 1"}
    trial.proxied.meets(first=FIRST, says=CANARY)
    trial.take(items(hers, endpoint, event=f"{CANARY}-1", where=where, place="record 1"))
    ended(trial.start("dies", point="send.after-answer", until_idle=False), None)
    trial.settle()
    trial.proxied.meets(odds={"422": 1}, methods=["POST"], says=f"{CANARY} {DAY} {NUMBER}")
    trial.take(items(replace(hers, as_of=LATER), endpoint, event=f"{CANARY}-2", where=where, place="record 1"))
    trial.settle()
    assert trial.states()["dead"]
    trial.proxied.meets()
    trial.take(more(hers, trial))
    trial.settle()
    ended(trial.start("no-room", room=4096), None)


def more(hers: CareRecord, trial: Trial) -> Iterator[Item]:
    endpoint = worker.config(trial.setup).endpoints[HOSPITAL]
    yield items(replace(hers, as_of=LATER), endpoint, older=True, place="record 1")[-1]
    for number, part in enumerate(transaction(hers, Policy("upsert", directory="own"))):
        yield bundle_item(wire.dumps(part.bundle), endpoint, event=f"{CANARY}-3-{number}", subject=f"bundle {number}")
    yield retraction(hers.source, hers.resident.key or "", hers.resident, endpoint, place="record 1")


def silent(trial: Trial, *kept: bytes) -> None:
    """`kept`: what a database server holds; a SQLite file and what stands beside it are looked at anyway."""
    files = [file.read_bytes() for file in trial.folder.iterdir() if file.name.startswith(("redbag", "says"))]
    for held_bytes in (*files, *kept):
        assert traces(held_bytes, WORDS) == []


def it_would_be_seen() -> None:
    text = wire.dumps(care_records().encode(record()))
    assert {trace.partition(" (")[0] for trace in traces(text, WORDS)} == set(WORDS)
