"""Corrections on HAPI: what vanished ends, a withdrawn record is taken back, and each the second time changes nothing there."""
from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx

from adapter.bundle import Policy
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Options, Sent, send
from adapter.delivery.withdrawal import retract
from mappings.bag import CareRecord, Unlisted
from mappings.corrections import Reason, Withdrawn
from mappings.patient import Link
from mappings.systems import NHS_NUMBER
from mappings.values import Logical
from tests.hospital import AMLODIPINE, MARY, WHOLE

UPSERT = Policy("upsert")
SOURCE = "https://corrections.example/records"
HERS = replace(WHOLE, source=SOURCE, resident=replace(MARY, nhs_number="9990000204"))
FEWER = replace(HERS, medicines=(AMLODIPINE,), allergies=Unlisted.NONE_KNOWN)
ABSENCE = {"medicines": "stopped", "allergies": "entered-in-error"}
RENUMBERED = replace(
    FEWER, resident=replace(MARY, nhs_number="9990000212", links=(Link(Logical(NHS_NUMBER, "9990000204", "Patient"), "replaces"),)))
OTHER = replace(HERS, resident=replace(MARY, key="r2", nhs_number="9990000220"))
MERGED = replace(OTHER, withdrawn=Withdrawn(Reason.MERGED, "r1"))


def asked(base: str, bag: CareRecord, absence: dict[str, str]) -> Sent:
    async def told() -> Sent:
        async with FhirClient(base) as client:
            return await send(client, bag, UPSERT, Options(absence=absence))

    return asyncio.run(told())


def retracted(base: str, key: str) -> Sent:
    async def told() -> Sent:
        async with FhirClient(base) as client:
            return await retract(client, SOURCE, key)

    return asyncio.run(told())


def seen(base: str, number: str) -> dict[str, Any]:
    """What a ward asks for: her Patient by a number, her active medicines, her allergies, her current lists."""
    with httpx.Client(base_url=f"{base.rstrip('/')}/", timeout=60, headers={"Cache-Control": "no-cache"}) as http:
        found = http.get(f"Patient?identifier={NHS_NUMBER}|{number}").json().get("entry", [])
        if not found:
            return {"patients": []}
        hers = ",".join(f"Patient/{e['resource']['id']}" for e in found)
        asks = {"medicines": "MedicationStatement?status=active", "allergies": "AllergyIntolerance?clinical-status=active",
                "lists": "List?status=current"}
        totals = {name: len(http.get(f"{ask}&patient={hers}&_count=50").json().get("entry", [])) for name, ask in asks.items()}
        return {"patients": [e["resource"].get("active", True) for e in found], **totals}


def twice(base: str, bag: CareRecord, absence: dict[str, str]) -> Sent:
    first, second = asked(base, bag, absence), asked(base, bag, absence)
    assert (first.verdict, second.verdict) == (Verdict.DELIVERED, Verdict.DELIVERED), (first.sentences, second.sentences)
    assert {row.became for row in second.rows} == {"unchanged"}
    return first


def test_every_event_is_seen_on_a_real_server_and_is_sent_once(hapi: str) -> None:
    twice(hapi, HERS, {})
    assert seen(hapi, "9990000204") == {"patients": [True], "medicines": 2, "allergies": 1, "lists": 3}
    assert [row.became for row in twice(hapi, FEWER, ABSENCE).rows].count("ended") == 2
    assert seen(hapi, "9990000204") == {"patients": [True], "medicines": 1, "allergies": 0, "lists": 3}
    twice(hapi, RENUMBERED, ABSENCE)
    assert seen(hapi, "9990000212") == {"patients": [True], "medicines": 1, "allergies": 0, "lists": 3}
    assert seen(hapi, "9990000204") == {"patients": []}
    twice(hapi, OTHER, {})
    assert {row.became for row in twice(hapi, MERGED, {}).rows} == {"ended"}
    assert seen(hapi, "9990000220") == {"patients": [False], "medicines": 0, "allergies": 0, "lists": 0}
    first, second = retracted(hapi, "r1"), retracted(hapi, "r1")
    assert {row.became for row in first.rows} == {"ended", "unchanged"}  # the allergy was in error already
    assert ({row.became for row in second.rows}, second.sentences) == ({"unchanged"}, ())
    assert seen(hapi, "9990000212") == {"patients": [False], "medicines": 0, "allergies": 0, "lists": 0}
