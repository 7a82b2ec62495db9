"""Fifty residents of one home and one practice, sent by sixteen at once to a real FHIR server (HAPI): one of everything that they share."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx

from adapter import wire
from mappings.bag import CareRecord
from tests.test_directory_lane import AT_ONCE, DOCTOR, RESIDENTS, SITE, House, resident

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"


def of_a_town(record: CareRecord) -> CareRecord:
    """With codes, and so ids, that nobody else's on this server has."""
    homes = tuple(replace(each, ods_code=f"{each.ods_code}50") for each in record.organizations)
    return replace(record, source="https://fifty.example/records", organizations=homes, locations=(replace(SITE, ods_site_code="VN5001"),),
                   practitioners=(replace(DOCTOR, gmc_number="9999950"),))


def total(server: str, question: str) -> int:
    with httpx.Client(timeout=60) as http:
        return int(http.get(f"{server}/{question}").json()["total"])


def test_what_fifty_residents_share_is_there_once(hapi: str, tmp_path: Path) -> None:
    house = House(tmp_path, hapi)
    records = [of_a_town(resident(number)) for number in range(RESIDENTS)]
    before = house.items(records[0])[:-1]
    shared = [entry["request"]["url"] for item in before for entry in wire.loads(item.payload.body)["entry"]]
    house.accept(records)
    summary = house.works()
    assert (summary.delivered, summary.dead, house.endpoint.concurrency) == (len(before) + RESIDENTS, 0, AT_ONCE)
    assert {target: total(hapi, f"{target}/_history?_summary=count") for target in shared} == dict.fromkeys(shared, 1)
    assert [total(hapi, f"Organization?identifier={ODS}|{code}&_total=accurate") for code in ("VN950", "Y9990150")] == [1, 1]
    hers = [f"Patient/{house.items(record)[-1].subject}" for record in records]
    assert {total(hapi, f"{patient}/_history?_summary=count") for patient in hers} == {1}
    house.store.close()
