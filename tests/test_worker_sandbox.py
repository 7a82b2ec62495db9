"""A worker at work on care records, against the sandbox: effects are counted there."""
from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapter.delivery.accepting import items, retraction
from adapter.delivery.client import FhirClient
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.store.clock import Steady
from adapter.delivery.work.worker import Summary
from mappings.bag import CareRecord
from tests.at_work import Home
from tests.hospital import BAG, FUROSEMIDE, ROWS, Hospital, with_dose


class Sending(Home):
    """Care records for a sandbox."""

    def __init__(self, folder: Path, clock: Steady | None = None) -> None:
        self.sandbox = Hospital()
        super().__init__(folder, clock=clock, patient="create-if-missing", url="http://localhost/", expires_hours=72)

    def wants(self, *records: CareRecord) -> list[str]:
        """What became of each."""
        endpoint = self.config().endpoint("acute")
        return [self.store.accept(items(each, endpoint))[-1].became for each in records]

    def sends(self) -> Summary:
        def connecting(endpoint: Endpoint, **more: Any) -> FhirClient:
            return connect(endpoint, transport=self.sandbox.app, **more)

        return self.works(connect=connecting)


def test_what_is_accepted_is_at_the_hospital_once(tmp_path: Path) -> None:
    with Sending(tmp_path) as home:
        assert home.wants(BAG, BAG) == ["accepted", "repeat"]
        assert home.sends() == Summary(delivered=1, dead=0, waits=None)
        assert home.sandbox.writes() == ROWS
        assert home.wants(BAG) == ["repeat"]
        assert home.sends().delivered == 0
        assert home.sandbox.writes() == ROWS


def test_what_is_accepted_after_the_clock_was_wrong_has_its_whole_time(tmp_path: Path) -> None:
    """Once something was accepted four days ahead, the store stays ahead of the machine, and so does what runs out."""
    with Sending(tmp_path, clock=Steady(wall=lambda: time.time() + 4 * 86400)) as home:
        home.wants(BAG)
    with Sending(tmp_path) as home:
        home.wants(with_dose(BAG, "two each morning"))
        assert home.sends() == Summary(delivered=1, dead=0, waits=None)


def test_a_dose_that_changes_there_and_back_is_three_versions(tmp_path: Path) -> None:
    with Sending(tmp_path) as home:
        for edition in (BAG, with_dose(BAG, "two each morning"), BAG):
            assert home.wants(edition) == ["accepted"]
            assert home.sends().delivered == 1
        medicine = home.sandbox.medicine("Furosemide")
        assert (medicine["meta"]["versionId"], medicine["dosage"][0]["text"]) == ("3", FUROSEMIDE.doses[0].text)


def test_a_whole_record_makes_the_one_that_waits_needless(tmp_path: Path) -> None:
    with Sending(tmp_path) as home:
        assert home.wants(BAG, with_dose(BAG, "two each morning")) == ["accepted", "accepted"]
        assert home.sends().delivered == 1
        assert home.sandbox.medicine("Furosemide")["meta"]["versionId"] == "1"
        counts, = home.store.people.counts()
        assert (counts.accepted, counts.delivered, counts.superseded, counts.waiting, counts.reconciled) == (2, 1, 1, 0, True)


def test_what_is_taken_back_is_taken_back_after_what_was_sent(tmp_path: Path) -> None:
    with Sending(tmp_path) as home:
        home.wants(BAG)
        home.sends()
        endpoint = home.config().endpoint("acute")
        home.store.accept([retraction(BAG.source, BAG.resident.key or "", BAG.resident, endpoint)])
        assert home.sends().delivered == 1
        assert {each["status"] for each in home.sandbox.has("MedicationStatement")} == {"entered-in-error"}


def test_a_resident_who_is_another_there_holds_her_lane_and_no_other(tmp_path: Path) -> None:
    other = replace(BAG, resident=replace(BAG.resident, key="r2", nhs_number="9990000026"))
    with Sending(tmp_path) as home:
        home.wants(BAG)
        home.sends()
        patient, = home.sandbox.has("Patient")
        home.sandbox.ask("PUT", f"/Patient/{patient['id']}", patient | {"birthDate": "1950-01-01", "name": [{"family": "Fictitious"}]})
        home.wants(with_dose(BAG, "two each morning"), other)
        assert home.sends() == Summary(delivered=1, dead=1, waits=None)
        lane, = home.store.people.stuck()
        assert lane.held == "dead"
        assert not any(said in json.dumps(lane.because) for said in ("Fictitious", "1950", "9990000018"))
