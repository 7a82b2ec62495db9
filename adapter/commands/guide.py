"""`redbag guide`, docs/guide.md: what a trust needs to know to say yes, printed from the code and from what it does in front of a sandbox.

What is sent is not described but shown: a resident of the examples is sent to a sandbox hospital, and what travelled stands here.
"""
from __future__ import annotations

import asyncio
import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import httpx

from adapter import wire
from adapter.bundle import Policy, transaction
from adapter.bundle.identity import own_system
from adapter.commands.exits import Exit
from adapter.commands.talk import Talk
from adapter.delivery.answer import Answer
from adapter.delivery.client import FhirClient
from adapter.delivery.comparing import AT_ONCE
from adapter.delivery.dialects import Asked, decide
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.loads import Sending
from adapter.delivery.mark import MARK
from adapter.delivery.probe.needed import SEARCHES
from adapter.delivery.send import Options, send
from adapter.docs.markdown import table
from adapter.records.stream import care_records as native
from adapter.sandbox import Store, create_app
from adapter.synth import care_records
from mappings.bag import CareRecord, Unlisted
from mappings.catalogue import DIRECTORY, SHAPES, WRITABLE
from mappings.location import Location, location
from mappings.systems import NHS_NUMBER

RESIDENTS = 100  # of which sizes are told; synthetic, always the same
OWN = Policy("upsert", directory="own")
THEIRS = "Patient/H-220417"
STATUSES = (200, 400, 401, 403, 404, 409, 410, 412, 413, 422, 429, 500, 503)
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
HEAD = """<!-- Printed from the program by `redbag docs`: change the program, not this page. -->
# For the receiving trust

A care home's record system sends what it knows of a resident to your FHIR server, with this adapter in between, and reads back what you
changed. This page is what you need to know to say yes: what arrives, how, how much, what we ask, and what we do with your answers. It is
printed from the program, and what it shows was sent to a server. `redbag probe URL` asks your server whether it can do all this;
with `--write` it tries, with a test resident who does not exist, and removes everything.

- FHIR R4 (4.0.1), JSON or XML, UK Core; over https, with whatever authentication of [endpoints.md](endpoints.md) you choose.
- Nothing about a person travels in an address but identifiers in searches: those to `identifier` hold an NHS number.
- **Nothing is invented**: what the home does not know is left out. **Nothing is sent twice**: the same record again writes nothing.
  **Nothing of yours is overwritten** unasked: your edits stay, and a person at the home is told. Of an edit made while
  we write, only a server that refuses a stale `If-Match` can keep it.

## What arrives

"""
WRITTEN = """
Not written: {read} (read back only). Nothing is ever deleted: what ends changes its status
([corrections.md](corrections.md)).
Field by field: [mappings.md](mappings.md). Codes travel as the home has them; medicines with dm+d where it has dm+d.

## Who she is, and what is whose

- **The resident** is found by her NHS number (`{nhs}`) where it is verified, else by the home's own key; birth date,
  family name and gender must not contradict. In doubt nothing is sent, and a person is told.
- **Her Patient**, `patient`: with `match`, the usual, it is yours and is never written; with `create-if-missing` it is made once by a
  conditional create and never changed after that; with `upsert` it is the home's own, beside or instead of yours.
- **Ids** of what is hers are UUIDs (version 5) made from the home, her key, the type and the row's key: always the same, so that a repeat
  is an update.
- **Identifiers** of what is hers are the home's own keys, under a system of the home's own such as
  `{own}`.
- **Organisations, places, people**, `directory`: with `logical`, the usual, they are named by identifier and display and nothing is made;
  with `existing` they are your own resources, found by identifier; with `own` they are sent, once for all residents.
- **Marks**: one `meta.tag` of the system `{mark}` on what we wrote, by which an edit of yours is known. It may be ignored.

## How it travels

"""
WAYS: dict[Sending, tuple[str, str]] = {
    "transaction": ("one transaction of PUTs; all of it or nothing", "transactions, PUT under ids that we choose, `urn:uuid` references"),
    "batch": ("batches of PUTs, what is referred to before what refers to it", "batches, PUT under ids that we choose"),
    "single": ("PUT after PUT, in the same order", "PUT under ids that we choose"),
}
TRAVEL = """
Before anything is written, what stands there is read (`GET` of each id, and the searches below), and only what differs is sent. What was
read is written with the version that was read (`ifMatch`, `If-Match`); 409 and 412 make us read again. Below a transaction a sending that
is cut off leaves a part there: that is told, and the same sending goes on. Where the server chooses her id, her Patient is made by a
conditional create (`ifNoneExist`). Every request has an `X-Request-ID`, the same one when it is repeated.

## What we ask

"""
ASKED = """
Besides: `GET metadata`; `GET Type/id` of ids of ours; `GET List/id/_history` when something is taken back; `GET Patient/id/$everything` on
a pull, where you offer it; `next` links as you give them, on your server only.

## What is sent, as it was sent

The resident is one who does not exist, and is known to the server as `{theirs}`. The first time:

"""
AGAIN = """
The same again: nothing is written. When one dose has changed: that, and the Lists, whose date is the record's.

"""
ERRORS = """
## What we do with your answers

Your words are never repeated to anybody who may not read them, for they may quote a patient: we look at the status and at the codes of an
OperationOutcome. A transaction refused with an OperationOutcome, by its status; every rule is in [answers.md](answers.md).

"""
NEEDED = """
## What we need from you

- The address, and how we prove who we are; what the home is called there, if it must be.
- Permission to read and write the types above, and to read what you want told back: allergies, prescriptions, stays, diagnoses.
- That we may choose ids (update as create), which makes a repeat harmless.
- Which of `match`, `create-if-missing` and `upsert` you want, and which of `logical`, `existing` and `own`.
- How large and how often: `most_bytes`, `concurrency`, `rate`, and the hours in which we should be quiet.
- Whether profiles are checked: if so, that UK Core STU2 is known to the server.
- Whom to tell when something is for a person on your side.
"""


def run(talk: Talk) -> Exit:
    talk.data(page().rstrip())
    return Exit.DONE


@cache
def page() -> str:
    read = ", ".join(kind for kind in SHAPES if kind not in WRITABLE)
    about = WRITTEN.format(read=read, nhs=NHS_NUMBER, own=own_system(_example().source, "MedicationStatement"), mark=MARK)
    example = asyncio.run(_travelled())
    return "".join([
        HEAD, _lines(table(("Type", "Profile claimed", "When"), [*_types()])), about,
        _lines(table(("`sending`", "What travels", "What it takes of your server"), [(f"`{name}`", *said) for name, said in WAYS.items()])),
        TRAVEL, _lines(table(("Search", "Of", "When", "Why"), [*_searches()])), ASKED.format(theirs=THEIRS), _shown(example),
        "## How much\n\n", _lines(_volumes(example)), ERRORS,
        _lines(table(("Your answer", "Means", "So"), [*_answers()])), NEEDED]).rstrip() + "\n"


def _lines(lines: Any) -> str:
    return "\n".join(lines).rstrip() + "\n"


# ---- types, searches, answers -------------------------------------------------------------------------------------------------
def _types() -> Iterator[Sequence[str]]:
    claimed = {resource["resourceType"]: resource["meta"]["profile"] for bag in _residents() for resource in _written(bag)}
    claimed["Location"] = location.write(Location(key="home", name="Rose House"))["meta"]["profile"]
    for kind in SHAPES:
        if kind in WRITABLE:
            when = "unless `patient` is match" if kind == "Patient" else "only where `directory` is own" if kind in DIRECTORY else "always"
            yield kind, ", ".join(f"`{url}`" for url in claimed[kind]), when


def _searches() -> Iterator[Sequence[str]]:
    for search in SEARCHES:
        yield f"`{search.shown}`", ", ".join(search.types), search.when, search.why


def _answers() -> Iterator[Sequence[str]]:
    for status in STATUSES:
        answer = Answer(status, "", resource=OUTCOME if status >= 400 else None)
        if status == 200:
            answer = replace(answer, resource={"resourceType": "Bundle", "type": "transaction-response", "entry": [
                {"response": {"status": "201 Created"}}]})
        decision = decide("fhir", Asked("POST", entries=1, fresh=True), answer, 1, 0.0)
        yield str(status), decision.means.value, decision.says[0].partition(": ")[2].partition(": ")[2]


# ---- what travels -----------------------------------------------------------------------------------------------------------------
class Travelled(NamedTuple):
    """`requests` by method of each sending: the first, the same again, one dose changed. `bodies`: what was posted."""

    requests: list[Counter[str]]
    bodies: list[bytes]


def _example() -> CareRecord:
    bag = native().loads(files("adapter").joinpath("examples", "rose-house.json").read_bytes())
    few = bag.medicines[:1] if isinstance(bag.medicines, tuple) else bag.medicines
    return replace(bag, medicines=few, vaccinations=Unlisted.NOT_SUPPLIED, stays=(), related_persons=())


async def _travelled() -> Travelled:
    bag = _example()
    first, *_ = bag.medicines if isinstance(bag.medicines, tuple) else ()
    later = replace(first, doses=(replace(first.doses[0], text="Two tablets once a day"),))
    changed = replace(bag, as_of="2026-11-04T02:10:00+00:00", medicines=(later,))
    found = Travelled([], [])
    with closing(Store()) as store:
        transport = Listening(store, found)
        async with FhirClient("http://hospital.example/", transport=transport) as client:
            await client.write_bytes("PUT", THEIRS, wire.dumps(_known(bag)), wire.JSON.media)
            for each in (bag, bag, changed):
                found.requests.append(Counter())
                await send(client, each, Policy("match"), Options())
    return found


def _known(bag: CareRecord) -> dict[str, Any]:
    """The hospital's own Patient."""
    her = bag.resident
    return {"resourceType": "Patient", "id": THEIRS.partition("/")[2], "identifier": [{"system": NHS_NUMBER, "value": her.nhs_number}],
            "name": [{"family": her.family_name, "given": list(her.given_names)}], "birthDate": her.birth_date, "gender": her.gender}


class Listening(httpx.AsyncBaseTransport):
    """To a sandbox, writing down what goes there."""

    def __init__(self, store: Store, found: Travelled) -> None:
        self._app, self._found = httpx.ASGITransport(create_app(store)), found

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for counts in self._found.requests[-1:]:
            counts[request.method] += 1
        if request.method == "POST":
            self._found.bodies.append(request.content)
        return await self._app.handle_async_request(request)


def _shown(found: Travelled) -> str:
    first, changed = (_json(body) for body in found.bodies)
    return f"{first}{AGAIN}{changed}\n"


def _json(body: bytes) -> str:
    return f"```json\n{json.dumps(json.loads(body), indent=1, ensure_ascii=False)}\n```\n"


# ---- how much ---------------------------------------------------------------------------------------------------------------------
def _residents() -> Iterator[CareRecord]:
    return care_records(RESIDENTS, 1)


def _written(bag: CareRecord) -> Iterator[dict[str, Any]]:
    return (entry["resource"] for part in transaction(bag, OWN) for entry in part.bundle["entry"])


def _volumes(found: Travelled) -> Iterator[str]:
    bundles = [transaction(bag, Policy("match", patient_reference=THEIRS)) for bag in _residents()]
    entries = [sum(len(part.rows) for part in parts) for parts in bundles]
    sizes = [sum(len(wire.dumps(part.bundle)) for part in parts) for parts in bundles]
    usual = Endpoint.model_fields
    yield from table(("For one resident, the first time", "Least", "Half have no more than", "Most"), [
        ("resources", *map(str, _spread(entries))), ("kB of JSON", *(f"{size / 1000:.0f}" for size in _spread(sizes)))])
    yield from (f"Of {RESIDENTS} residents who do not exist ([synth.md](synth.md)). Afterwards only what differs travels.", "")
    names = ("The first time", "The same again", "One dose changed")
    yield from table(("The resident above", "Reads", "Writes"), [
        (name, str(counts["GET"]), str(counts["POST"])) for name, counts in zip(names, found.requests, strict=True)])
    yield f"At the same moment at most {usual['concurrency'].default} residents (`concurrency`), each with {AT_ONCE} reads or one write;"
    yield f"`rate`: so many requests a second. A bundle has at most {usual['most_entries'].default} entries (`most_entries`), and as many"
    yield "bytes as you say (`most_bytes`)."


def _spread(values: Sequence[int]) -> tuple[int, int, int]:
    return min(values), int(statistics.median(values)), max(values)
