"""The care records that correct what was sent before: each event as its sender tells it."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapter.bundle import Policy
from adapter.delivery.outcome import Verdict
from adapter.delivery.send import Sent
from mappings.bag import CareRecord, Unlisted, findings
from mappings.corrections import Reason, Withdrawn
from mappings.patient import Link
from mappings.systems import NHS_NUMBER
from mappings.values import Logical, Ref
from tests.hospital import AMLODIPINE, FUROSEMIDE, MARY, WHOLE, Hospital

OLD, NEW, OTHER = "9990000018", "9990000026", "9990000034"
MATCH, UPSERT = Policy("match"), Policy("upsert")
NOTHING: list[Any] = [[], [], [], [], [], {}]  # holds about her
ALL = [["Amlodipine 5mg tablets", "Furosemide 40mg tablets"], ["penicillin"], ["Fictional vaccine"], ["planned"], ["Clover"],
       {"home.example medicines": 2, "home.example allergies": 1, "home.example vaccinations": 1}]


def visited(policy: Policy, bag: CareRecord = WHOLE) -> Hospital:
    """A hospital to which the record was sent; where it must know her already, it does."""
    hospital = Hospital()
    if policy.patient == "match":
        hospital.registers()
    assert hospital.send(bag, policy).verdict is Verdict.DELIVERED
    return hospital


def again(hospital: Hospital, bag: CareRecord, policy: Policy) -> Sent:
    """The same sent once more: nothing is written."""
    written = hospital.writes()
    sent = hospital.send(bag, policy)
    assert (sent.verdict, hospital.writes(), hospital.posts()) == (Verdict.DELIVERED, written, 0)
    return sent


def refusals(bag: CareRecord) -> list[str]:
    return [f.field for f in findings(bag) if f.level == "refusal"]


def withdrawn(reason: Reason, into: str | None = None, bag: CareRecord = WHOLE) -> CareRecord:
    return replace(bag, withdrawn=Withdrawn(reason, into))


# ---- the events --------------------------------------------------------------------------------------------------------------
SUPERSEDED = replace(MARY, nhs_number=NEW, links=(Link(Logical(NHS_NUMBER, OLD, "Patient"), "replaces"),))
RENUMBERED = replace(WHOLE, resident=SUPERSEDED)
TWIN = replace(WHOLE, resident=replace(MARY, key="r2", nhs_number=NEW), medicines=(replace(FUROSEMIDE, key="m9"),))
SURVIVES = replace(WHOLE, resident=replace(
    MARY, links=(Link(Logical(NHS_NUMBER, NEW, "Patient"), "replaces"), Link(Ref("Patient", "r2"), "replaces"))))
MERGED = withdrawn(Reason.MERGED, "r1", TWIN)
NEXT = "https://elms.example/records"
MOVED_IN = replace(
    WHOLE, source=NEXT, as_of="2026-11-02T08:00:00Z", resident=replace(MARY, key="77"), medicines=(replace(AMLODIPINE, key="1"),),
    vaccinations=Unlisted.NOT_SUPPLIED, stays=(), related_persons=())
DIED = replace(WHOLE, resident=replace(MARY, deceased="2026-11-01T06:10:00+00:00"))
