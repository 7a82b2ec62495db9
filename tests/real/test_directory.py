"""Fifty residents of one home and one practice, sent by sixteen at once to a real FHIR server (HAPI): one of everything that they share."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx

from adapter import wire
from mappings.bag import CareRecord
from tests.real.postgres import Postgres
from tests.test_directory_lane import AT_ONCE, DOCTOR, RESIDENTS, SITE, House, resident

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"


def of_a_town(record: CareRecord, town: str) -> CareRecord:
    """With codes, and so ids, that nobody else's on this server has."""
    homes = tuple(replace(each, ods_code=f"{each.ods_code}{town}") for each in record.organizations)
    return replace(record, source=f"https://{town}.example/records", organizations=homes,
                   locations=(replace(SITE, ods_site_code=f"VN9{town}"),), practitioners=(replace(DOCTOR, gmc_number=f"99999{town}"),))


def total(server: str, question: str) -> int:
    with httpx.Client(timeout=60) as http:
        return int(http.get(f"{server}/{question}").json()["total"])


def sent(house: House, server: str, town: str, workers: int) -> None:
    """By so many workers; then it is counted at the server."""
    records = [of_a_town(resident(number), town) for number in range(RESIDENTS)]
    before = house.items(records[0])[:-1]
    shared = [entry["request"]["url"] for item in before for entry in wire.loads(item.payload.body)["entry"]]
    house.accept(records)
    summaries = house.works(workers)
    assert (sum(each.delivered for each in summaries), sum(each.dead for each in summaries)) == (len(before) + RESIDENTS, 0)
    assert {target: total(server, f"{target}/_history?_summary=count") for target in shared} == dict.fromkeys(shared, 1)
    assert [total(server, f"Organization?identifier={ODS}|{code}{town}&_total=accurate") for code in ("VN9", "Y99901")] == [1, 1]
    hers = [f"Patient/{house.items(record)[-1].subject}" for record in records]
    assert {total(server, f"{patient}/_history?_summary=count") for patient in hers} == {1}
    house.store.close()


def test_sixteen_at_once_from_a_file(hapi: str, tmp_path: Path) -> None:
    sent(House(tmp_path, hapi, concurrency=AT_ONCE), hapi, "50", workers=1)


def test_sixteen_workers_on_one_database(hapi: str, postgres: Postgres, tmp_path: Path) -> None:
    sent(House(tmp_path, hapi, database=postgres.database("directory"), concurrency=1), hapi, "51", workers=16)
