"""`redbag demo`: a resident goes to hospital and comes home again. All of it is done; only the people and the hospital are made up.

The record is a file that is read like any other. The hospital is the sandbox, inside this process and without a network, spoken to through
the client that speaks to all others; hospital.py does there what a hospital's own system would do. What is counted is counted at the
server.
"""
from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files as package
from pathlib import Path
from typing import Any

import httpx

from adapter import hospital, wire
from adapter.bundle import Policy, transaction
from adapter.commands import files, streams
from adapter.commands.exits import Exit
from adapter.commands.pull import as_json, written
from adapter.commands.talk import Talk
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.retry import Clock
from adapter.delivery.send import Sent, send
from adapter.records.stream import stream
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.pull import pull, who_is
from adapter.returns.returned import Return
from adapter.returns.words import concept
from adapter.sandbox import Store, create_app
from mappings.bag import CareRecord, findings

HOSPITAL = "http://st-brigids.example"
RECORD, BAG, RETURNED = "record.json", "bag.json", "returned"
MATCH = Policy("match")
HOME_AGAIN = datetime(2026, 11, 9, 16, 30, tzinfo=UTC)  # by the home's clock, when it asks what came of her
Versions = dict[str, int]  # "Type/id" -> how many versions the server has


@dataclass(frozen=True)
class Story:
    """What happened. `before` and `after` are what the server held when the same bag was sent a second time."""

    record: CareRecord
    doubts: int
    entries: Counter[str]
    sent: Sent
    treated: int
    back: Return
    changes: list[Change]
    again: Sent
    before: Versions
    after: Versions
    left: list[Path] = field(default_factory=list)

    @property
    def certain(self) -> list[Change]:
        return [change for change in self.changes if change.certainty == "certain"]

    @property
    def for_a_person(self) -> list[Change]:
        return [change for change in self.changes if change.certainty != "certain"]

    @property
    def as_before(self) -> list[str]:
        """Medicines that the hospital prescribes as the home gives them."""
        medicines = self.record.medicines if isinstance(self.record.medicines, tuple) else ()
        about = {change.about for change in self.changes}
        return [concept(medicine.drug) for i, medicine in enumerate(medicines) if f"medicines[{i}]" not in about]


def run(folder: Path, talk: Talk) -> Exit:
    story = asyncio.run(happen(folder))
    if talk.as_json:
        for change in story.changes:
            talk.json("change", as_json(change))
        talk.json("result", facts(story))
    else:
        from adapter.commands.screen import show

        with streams.stdout():
            show(story, folder)
    return Exit.DONE


async def happen(folder: Path) -> Story:
    """The story, chapter by chapter, with its files left in `folder`. Raises Stop where they cannot be written."""
    record = at_home(folder / RECORD)
    entries = packed(record, folder / BAG)
    store = Store()
    transport = httpx.ASGITransport(create_app(store))
    clock = Clock(now=lambda: HOME_AGAIN)
    ours, their_own = FhirClient(HOSPITAL, transport=transport, clock=clock), httpx.AsyncClient(transport=transport, base_url=HOSPITAL)
    async with ours as client, their_own as theirs:
        await hospital.register(theirs, known_before(record))
        sent = await delivered(client, record)
        treated = await hospital.treat(theirs, record.resident.nhs_number or "")
        back = await pull(client, who_is(record))
        before = await versions(theirs)
        again = await delivered(client, record)
        after = await versions(theirs)
    store.close()
    differences = changes(record, back)
    returned = written(back, differences)
    for name, data in returned.items():
        files.write(folder / RETURNED / name, data)
    left = [folder / RECORD, folder / BAG, *(folder / RETURNED / name for name in returned)]
    doubts = sum(1 for _ in findings(record))
    return Story(record, doubts, entries, sent, treated, back, differences, again, before, after, left)


# ---- at home ---------------------------------------------------------------------------------------------------------------
def at_home(path: Path) -> CareRecord:
    """The record as the home's own system writes it: a file, then read like any other."""
    files.write(path, package("adapter").joinpath("examples", "rose-house.json").read_bytes())
    with path.open("rb") as file:
        (_, record, *_), = stream(file)
    if not isinstance(record, CareRecord):
        raise record
    return record


def packed(record: CareRecord, path: Path) -> Counter[str]:
    """The bag as it would be sent to a server nobody has asked yet, and how many resources of each type are in it."""
    part, = transaction(record, MATCH)
    files.write(path, wire.pretty(part.bundle))
    return Counter(row.type for row in part.rows)


# ---- at the hospital -------------------------------------------------------------------------------------------------------
def known_before(record: CareRecord) -> hospital.Person:
    """The same person, as the hospital wrote her down years ago."""
    she = record.resident
    number, family, born, gender = (said or "" for said in (she.nhs_number, she.family_name, she.birth_date, she.gender))
    return hospital.Person(number, "H-220417", family, she.given_names[:1], born, gender)


async def delivered(client: FhirClient, record: CareRecord) -> Sent:
    sent = await send(client, record, MATCH)
    if sent.verdict is not Verdict.DELIVERED:
        raise RuntimeError(f"the sandbox did not take the bag: {sent.verdict.value}")
    return sent


async def versions(http: httpx.AsyncClient) -> Versions:
    """How many versions of every resource the server holds, asked of the server."""
    found, url = Counter[str](), "/_history"
    while url:
        page: dict[str, Any] = (await http.get(url)).json()
        found.update(entry["fullUrl"].removeprefix(f"{HOSPITAL}/") for entry in page.get("entry", ()))
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    return dict(found)


# ---- for programs ----------------------------------------------------------------------------------------------------------
def facts(story: Story) -> dict[str, Any]:
    return {
        "exit": Exit.DONE,
        "sent": Counter(row.became for row in story.sent.rows),
        "not_written": list(story.sent.not_written),
        "made_by_the_hospital": story.treated,
        "came_back": len(story.back.returned.items),
        "compared": list(story.back.comparison.agree) if story.back.comparison else [],
        "certain": len(story.certain),
        "for_a_person": len(story.for_a_person),
        "sent_again": Counter(row.became for row in story.again.rows),
        "resources": len(story.after),
        "versions_before": sum(story.before.values()),
        "versions_after": sum(story.after.values()),
        "files": [str(path) for path in story.left],
    }
