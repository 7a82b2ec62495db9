"""Fifty residents of one home and one practice, sent by sixteen at once: what they share is there once, and before any of them.

The whole way: accepting, a store in a file, a worker, and a sandbox hospital whose resources are counted.
"""
from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter.commands.talk import Talk
from adapter.commands.timeline import tell
from adapter.delivery.accepting import items
from adapter.delivery.endpoints.config import Config
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.settings import StoreSettings
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.model import Item, Receipt
from adapter.delivery.store.people import Line
from adapter.delivery.store.store import Store
from adapter.delivery.work.engine import Loop
from adapter.delivery.work.worker import Summary, Worker
from adapter.sandbox import Store as Resources
from adapter.sandbox import create_app
from mappings.bag import CareRecord
from mappings.datatypes import HumanName
from mappings.location import Location
from mappings.organization import Organization
from mappings.patient import Resident
from mappings.practitioner import Practitioner
from mappings.practitioner_role import PractitionerRole
from mappings.values import Ref
from tests.at_work import KEYS
from tests.hospital import BAG

RESIDENTS, AT_ONCE = 50, 16
SHARED = {"Organization": 2, "Location": 1, "Practitioner": 1, "PractitionerRole": 1}
HOME = Organization(key="home", ods_code="VN9", name="Rose House", main_location=Ref("Location", "site"))
SITE = Location(key="site", ods_site_code="VN901", name="Rose House", managing_organization=Ref("Organization", "home"))
SURGERY = Organization(key="gp", ods_code="Y99901", name="Sample Surgery")
DOCTOR = Practitioner(key="dr", gmc_number="9999999", names=(HumanName(family="Fictional"),))
ROLE = PractitionerRole(key="role", practitioner=Ref("Practitioner", "dr"), organization=Ref("Organization", "gp"))
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "business-rule"}]}
Mended = Callable[["House", "Ward", Line], None]
Before = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


def resident(number: int) -> CareRecord:
    """Each record says the same of the home and the practice, in another order, and of another second."""
    who = Resident(key=f"r{number}", family_name=f"Examplesen{number}", given_names=("Mary",), gender="female", birth_date="1941-02-03",
                   general_practitioners=(Ref("PractitionerRole", "role"),), managing_organization=Ref("Organization", "home"))
    shared = (HOME, SURGERY) if number % 2 else (SURGERY, HOME)
    return replace(BAG, as_of=f"2026-11-01T08:00:{number:02}Z", resident=who, organizations=shared, locations=(SITE,),
                   practitioners=(DOCTOR,), practitioner_roles=(ROLE,))


class House:
    """The store of a home, and the way to one endpoint. `transport`: None goes by the network."""

    def __init__(self, folder: Path, url: str, transport: httpx.AsyncBaseTransport | None = None, database: str = "", **more: Any) -> None:
        self.folder, self.transport, self.database = folder, transport, database or str(folder / "redbag.db")
        self.store = Store.open(self.database, KEYS)
        self.endpoint = Endpoint.model_validate(
            {"name": "ward", "url": url, "patient": "upsert", "directory": "own", "concurrency": AT_ONCE, **more})

    def items(self, record: CareRecord, **said: Any) -> list[Item]:
        return items(record, self.endpoint, **said)

    def accept(self, records: Sequence[CareRecord]) -> list[Receipt]:
        return self.store.accept([item for record in records for item in self.items(record)])

    def works(self, workers: int = 1) -> list[Summary]:
        """Until nothing is due soon. More than one worker: each with a connection of its own, as on so many machines."""
        async def told() -> list[Summary]:
            others = [Store.open(self.database, KEYS) for _ in range(workers - 1)]
            works = (self._work(store, f"worker {number}") for number, store in enumerate([self.store, *others]))
            try:
                return await asyncio.wait_for(asyncio.gather(*works), 100)
            finally:
                for store in others:
                    store.close()

        return asyncio.run(told())

    async def _work(self, store: Store, name: str) -> Summary:
        config = Config(self.folder / "redbag.toml", StoreSettings(), {"ward": self.endpoint})
        with closing(Desk(store)) as desk:
            worker = Worker(desk, config, Loop(), name, connect=lambda endpoint, **how: connect(endpoint, **how, transport=self.transport))
            return await worker.run(asyncio.Event(), until_idle=True)


class Ward:
    """A sandbox; `before` may answer in its place."""

    def __init__(self) -> None:
        self.resources = Resources()
        self.app = httpx.ASGITransport(create_app(self.resources))
        self.came, self.in_hand, self.most = list[str](), 0, 0  # what was written, in order, and how much was under way at once
        self.answers: Before | None = None

    async def carry(self, request: httpx.Request) -> httpx.Response:
        self.in_hand += 1
        self.most = max(self.most, self.in_hand)
        try:
            await asyncio.sleep(0)
            if self.answers and (instead := await self.answers(request)):
                return instead
            response = await self.app.handle_async_request(request)
            await response.aread()
            if request.method == "POST":
                kinds = {entry["resource"]["resourceType"] for entry in json.loads(request.content)["entry"]}
                self.came.append("shared" if kinds <= SHARED.keys() else "hers")
            return httpx.Response(response.status_code, headers=response.headers, content=response.content)
        finally:
            self.in_hand -= 1

    def versions(self, kind: str) -> int:
        """How many there are of anything of this type."""
        async def told() -> int:
            async with httpx.AsyncClient(transport=self.app, base_url="http://ward.example") as http:
                return int((await http.get(f"/{kind}/_history")).json()["total"])

        return asyncio.run(told())


def house(folder: Path, ward: Ward) -> House:
    return House(folder, "https://ward.example", httpx.MockTransport(ward.carry))


def test_what_fifty_residents_share_is_there_once_and_before_them(tmp_path: Path) -> None:
    ward = Ward()
    home = house(tmp_path, ward)
    receipts = home.accept([resident(number) for number in range(RESIDENTS)])
    lanes = 4  # the home and its site are one
    assert Counter(receipt.became for receipt in receipts) == {"accepted": lanes + RESIDENTS, "repeat": lanes * (RESIDENTS - 1)}
    summary, = home.works()
    assert (summary.delivered, summary.dead) == (lanes + RESIDENTS, 0)
    assert {kind: ward.versions(kind) for kind in SHARED} == SHARED
    assert ward.versions("Patient") == RESIDENTS
    assert ward.most > AT_ONCE / 2
    assert ward.came == ["shared"] * lanes + ["hers"] * RESIDENTS
    assert {receipt.became for receipt in home.accept([resident(number) for number in range(RESIDENTS)])} == {"repeat"}
    home.store.close()


# ---- what is refused ---------------------------------------------------------------------------------------------------------
class Refusing(Ward):
    """It does not take the practice."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = self._refuse

    async def _refuse(self, request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and b"Sample Surgery" in request.content:
            return httpx.Response(422, json=OUTCOME, headers={"Content-Type": "application/fhir+json"})
        return None


def held(home: House, ward: Ward) -> Line:
    """Three residents are sent, and what they need is refused: nobody is there, and it is said why."""
    home.accept([resident(number) for number in range(3)])
    assert (home.works()[0].dead, ward.versions("Patient"), ward.versions("Organization")) == (1, 0, 1)
    dead, = home.store.people.listed(state="dead")
    stuck, = home.store.people.stuck()
    assert (stuck.subject, stuck.state, stuck.held) == (dead.subject, "held", "dead")
    assert stuck.subject.startswith("Organization/")
    assert dead.says[1] == "organizations: error: a rule of the server refuses it [business-rule]"
    assert dead.says[1] in stuck.because
    waiting = [line for line in home.store.people.listed(state="queued") if "/" not in line.subject]
    assert len(waiting) == 3
    for line in waiting:  # whoever looks at one of them is told why
        assert ("held", stuck.subject, stuck.because) in {(lane.state, lane.subject, lane.because)
                                                           for lane in home.store.people.awaited(line.id)}
    return dead


def replayed(home: House, ward: Ward, dead: Line) -> None:
    ward.answers = None
    home.store.people.replay(dead.id)


def corrected(home: House, ward: Ward, dead: Line) -> None:
    renamed = replace(SURGERY, name="Fictional Surgery")
    home.accept([replace(resident(number), organizations=(HOME, renamed)) for number in range(3)])


@pytest.mark.parametrize("mended", [replayed, corrected])
def test_a_practice_that_is_refused_holds_whoever_needs_it_until_that_is_mended(tmp_path: Path, mended: Mended) -> None:
    ward = Refusing()
    home = house(tmp_path, ward)
    mended(home, ward, held(home, ward))
    assert home.works()[0].dead == 0
    assert (ward.versions("Patient"), {kind: ward.versions(kind) for kind in SHARED}) == (3, SHARED)
    home.store.close()


def test_whoever_looks_at_her_is_told_what_she_waits_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ward = Refusing()
    home = house(tmp_path, ward)
    dead = held(home, ward)
    hers = next(line for line in home.store.people.listed(state="queued") if "/" not in line.subject)
    tell(home.store.people.show(hers.id), home.store, Talk())
    said = capsys.readouterr().out
    assert f"waits for {dead.subject}, which is held: " in said
    assert "organizations: error: a rule of the server refuses it [business-rule]" in said
    home.store.close()


def test_who_is_let_go_without_it_goes(tmp_path: Path) -> None:
    ward = Refusing()
    home = house(tmp_path, ward)
    dead = held(home, ward)
    home.store.people.skip(dead.id)
    assert home.works()[0].dead == 0
    assert (ward.versions("Patient"), ward.versions("Organization")) == (3, 1)
    home.store.close()


def test_an_urgent_resident_does_not_wait_for_what_is_there(tmp_path: Path) -> None:
    ward = Ward()
    home = house(tmp_path, ward)
    home.accept([resident(0)])
    home.works()
    home.store.accept(home.items(resident(1), urgent=True))
    assert home.works()[0].delivered == 1  # she alone: the directory's are repeats
    assert ward.versions("Organization") == 2
    home.store.close()
