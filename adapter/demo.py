"""`redbag demo`: three residents go to hospital and come home again. All of it is done; only the people and the hospital are made up.

Each record is read from the export of another home's system, by a layout, like any other. The hospital is the sandbox, inside this process
and without a network, spoken to through the client that speaks to all others; hospital.py does there what a hospital's own system would
do. What is counted is counted at the server. In the end what the hospital made is written into each system's own form.
"""
from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
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
from adapter.records.layout import Layout, load
from adapter.records.layout import Written as Back
from adapter.records.ledger import Ledger
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Rows
from adapter.records.rows.writing import write_export
from adapter.records.stream import care_records
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.pull import pull, who_is
from adapter.returns.returned import Return
from adapter.returns.words import concept
from adapter.sandbox import Store, create_app
from mappings.bag import THEIRS, CareRecord, findings

HOSPITAL = "http://st-brigids.example"
RECORD, BAG, EXPORTS, LAYOUTS, RETURNED, UNWRITTEN = "record.json", "bag.json", "exports", "layouts", "returned", "unwritten.json"
MATCH = Policy("match")
HOME_AGAIN = datetime(2026, 11, 9, 16, 30, tzinfo=UTC)  # by the homes' clocks, when they ask what came of their residents
CAME_BACK = ("stays", "prescriptions", "allergies", "vaccinations")  # the lists in which a hospital's own rows are written back
Versions = dict[str, int]  # "Type/id" -> how many versions the server has


@dataclass(frozen=True)
class Home:
    """`vendor`: the name of its system's layout. `export`: in the folder of examples. `number`: the hospital's own for the resident."""

    name: str
    vendor: str
    export: str
    visit: hospital.Visit
    number: str


HOMES = (
    Home("Rose House", "larkfield", "larkfield", hospital.CHEST_INFECTION, "H-220417"),
    Home("Fernbank Lodge", "fernbank", "fernbank/export.json", hospital.BROKEN_WRIST, "H-198822"),
    Home("Mossgate Court", "mossgate", "mossgate/export.xml", hospital.NOSEBLEED, "H-240031"),
)


@dataclass(frozen=True)
class Told:
    """What a home's system has written, and what a layout makes of it. `values`: what became of each value of the export, counted."""

    home: Home
    layout: Layout
    rows: Rows
    record: CareRecord
    values: dict[str, int]
    files: list[Path]


@dataclass(frozen=True)
class Journey:
    """One resident, there and back. `new`: by list, the rows that the hospital made; `unwritten`: the fields of them that the home's system
    has no place for."""

    told: Told
    sent: Sent
    treated: int
    back: Return
    changes: list[Change]
    new: dict[str, int] = field(default_factory=dict)
    unwritten: tuple[str, ...] = ()
    left: tuple[Path, ...] = ()

    @property
    def record(self) -> CareRecord:
        return self.told.record

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


@dataclass(frozen=True)
class Story:
    """What happened; the first journey is Hettie's. `before` and `after`: what the server held when her bag was sent a second time."""

    journeys: tuple[Journey, ...]
    doubts: int
    entries: Counter[str]
    again: Sent
    before: Versions
    after: Versions
    left: list[Path] = field(default_factory=list)

    @property
    def hers(self) -> Journey:
        return self.journeys[0]

    @property
    def values(self) -> dict[str, int]:
        """Of the exports, by what became of them."""
        return {name: sum(one.told.values[name] for one in self.journeys) for name in self.hers.told.values}


def run(folder: Path, talk: Talk) -> Exit:
    story = asyncio.run(happen(folder))
    if talk.as_json:
        for change in story.hers.changes:
            talk.json("change", as_json(change))
        talk.json("result", facts(story))
    else:
        from adapter.commands.screen import show

        with streams.stdout():
            show(story, folder)
    return Exit.DONE


async def happen(folder: Path) -> Story:
    """The story, chapter by chapter, with its files left in `folder`. Raises Stop where they cannot be written."""
    told = [at_home(home, folder) for home in HOMES]
    hers = told[0].record
    files.write(folder / RECORD, wire.pretty(care_records().encode(hers)))
    entries = packed(hers, folder / BAG)
    store = Store()
    transport = httpx.ASGITransport(create_app(store))
    ours = FhirClient(HOSPITAL, transport=transport, clock=Clock(now=lambda: HOME_AGAIN))
    async with ours as client, httpx.AsyncClient(transport=transport, base_url=HOSPITAL) as theirs:
        journeys = [await there_and_back(one, client, theirs) for one in told]
        before = await versions(theirs)
        again = await delivered(client, hers)
        after = await versions(theirs)
    store.close()
    kept = written(journeys[0].back, journeys[0].changes)
    for name, data in kept.items():
        files.write(folder / RETURNED / name, data)
    journeys = [written_back(journey, folder / RETURNED / journey.told.home.vendor) for journey in journeys]
    left = [folder / RECORD, folder / BAG, *(folder / RETURNED / name for name in kept), *(path for one in journeys for path in one.left)]
    return Story(tuple(journeys), sum(1 for _ in findings(hers)), entries, again, before, after, left)


# ---- at home ---------------------------------------------------------------------------------------------------------------
def at_home(home: Home, folder: Path) -> Told:
    """The record as the home's own system writes it: an export, read by its layout."""
    exported = unpacked(f"{EXPORTS}/{home.vendor}", folder)
    layouts = unpacked(f"{LAYOUTS}", folder, home.vendor)
    layout = load(next(path for path in layouts if path.suffix == ".toml"))
    ledger = Ledger(layout)
    with open_export(folder / EXPORTS / home.export, layout.settings) as export:
        rows, = export
        ledger.take(rows, refused=False)
        ledger.close(export.top, export.unnamed())
    record = layout.record(rows).record
    if not isinstance(record, CareRecord):
        raise record
    return Told(home, layout, rows, record, ledger.totals(), exported)


def unpacked(inside: str, folder: Path, only: str = "") -> list[Path]:
    """The files of this folder of the examples, in the same folder of ours."""
    made = []
    for file in package("adapter").joinpath("examples", *inside.split("/")).iterdir():
        if file.is_file() and file.name.startswith(only):
            files.write(path := folder / inside / file.name, file.read_bytes())
            made.append(path)
    return made


def packed(record: CareRecord, path: Path) -> Counter[str]:
    """The bag as it would be sent to a server nobody has asked yet, and how many resources of each type are in it."""
    part, = transaction(record, MATCH)
    files.write(path, wire.pretty(part.bundle))
    return Counter(row.type for row in part.rows)


# ---- at the hospital -------------------------------------------------------------------------------------------------------
async def there_and_back(told: Told, client: FhirClient, theirs: httpx.AsyncClient) -> Journey:
    number = told.record.resident.nhs_number or ""
    await hospital.register(theirs, known_before(told.record, told.home.number))
    sent = await delivered(client, told.record)
    treated = await hospital.treat(theirs, number, told.home.visit)
    back = await pull(client, who_is(told.record))
    return Journey(told, sent, treated, back, changes(told.record, back))


def known_before(record: CareRecord, number: str) -> hospital.Person:
    """The same person, as the hospital wrote her down years ago. `number`: its own for her."""
    she = record.resident
    nhs, family, born, gender = (said or "" for said in (she.nhs_number, she.family_name, she.birth_date, she.gender))
    return hospital.Person(nhs, number, family, she.given_names[:1], born, gender)


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


# ---- home again ------------------------------------------------------------------------------------------------------------
def written_back(journey: Journey, folder: Path) -> Journey:
    """In its system's own form, beside the home's own rows. Of those only a note that there are none gives way, such as no allergies."""
    told, came = journey.told, journey.back.care_record()
    new = {name: tuple(row for row in listed(came, name) if (row.key or "").startswith(THEIRS)) for name in CAME_BACK}
    more: dict[str, Any] = {name: (*listed(told.record, name), *rows) for name, rows in new.items() if rows}
    record = replace(told.record, **more)
    back = told.layout.write(record, told.rows.tree, told.rows.top)
    name = Path(told.home.export).name
    made = write_export(folder if told.layout.settings.format == "csv" else folder / name, told.layout.settings, back.top, [back.tree])
    files.write(folder / UNWRITTEN, wire.pretty({"unwritten": [each._asdict() for each in back.unwritten]}))
    return replace(journey, new={name: len(rows) for name, rows in new.items() if rows}, unwritten=tuple(fields(back)),
                   left=(*made, folder / UNWRITTEN))


def listed(record: CareRecord, name: str) -> tuple[Any, ...]:
    said = getattr(record, name)
    return said if isinstance(said, tuple) else ()


def fields(back: Back) -> list[str]:
    """The fields of rows of which something is not written: `allergies[0].reactions[0].onset` is something of the reactions."""
    inside = [each.path.partition(".")[2] or each.path for each in back.unwritten]
    return sorted({path.partition(".")[0].partition("[")[0] for path in inside})


# ---- for programs ----------------------------------------------------------------------------------------------------------
def facts(story: Story) -> dict[str, Any]:
    hers = story.hers
    return {
        "exit": Exit.DONE,
        "values": story.values,
        "sent": Counter(row.became for row in hers.sent.rows),
        "not_written": list(hers.sent.not_written),
        "made_by_the_hospital": hers.treated,
        "came_back": len(hers.back.returned.items),
        "compared": list(hers.back.comparison.agree) if hers.back.comparison else [],
        "certain": len(hers.certain),
        "for_a_person": len(hers.for_a_person),
        "sent_again": Counter(row.became for row in story.again.rows),
        "resources": len(story.after),
        "versions_before": sum(story.before.values()),
        "versions_after": sum(story.after.values()),
        "written_back": {one.told.home.vendor: {"rows": one.new, "unwritten": list(one.unwritten)} for one in story.journeys},
        "files": [str(path) for path in story.left],
    }
