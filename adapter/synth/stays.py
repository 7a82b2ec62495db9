"""When a resident was in hospital within the last year, whether she is there now, or is about to go."""
from __future__ import annotations

from typing import Any

from adapter.synth import names
from adapter.synth.dice import Rolls, between, one_of
from adapter.synth.figures import ADMITTED, NIGHTS, STAYS, STAYS_NOW
from adapter.synth.homes import fixed
from adapter.synth.people import Who
from adapter.synth.when import DAY, time
from mappings.systems import SNOMED_CT

Json = Any
REASONS = tuple(fixed([reason]) for reason in (
    {"codings": [{"system": SNOMED_CT, "code": "233604007", "display": "Pneumonia"}], "text": "Chest infection"},
    "Fall, found on the floor", "Fall with hip pain", "Urinary tract infection, confused", "Short of breath", "Chest pain",
    "Suspected stroke", "Vomiting, not drinking", "Bleeding from the bowel", "Blocked catheter", "Head injury", "Seizure", "Cellulitis"))
HOUR = 60


def stays(she: Who) -> list[dict[str, Json]]:
    """From the last to the first, none over another."""
    rolls = she.dice("stays")
    rows, before = [], (she.today - 3) * DAY
    if (now := STAYS_NOW.roll(rolls)) != "at home":
        before -= between(rolls, 0, 6 * DAY)
        rows.append(under_way(she, rolls, now, before))
    for nth in range(2, 2 + STAYS.roll(rolls)):
        low, high = NIGHTS.roll(rolls)
        end = before - between(rolls, 5 * DAY, 75 * DAY)
        before = end - between(rolls, low, high) * DAY - between(rolls, 5 * HOUR, 15 * HOUR)
        rows.append(finished(she, rolls, nth, before, end))
    return rows


def under_way(she: Who, rolls: Rolls, now: str, start: int) -> dict[str, Json]:
    if now == "leaving for hospital":
        return row(she, rolls, 1, "planned", {"start": she.as_of}) | {"encounter_class": "emergency"}
    ward = {"location": {"display": one_of(rolls, names.WARDS)}, "status": "active"}
    return row(she, rolls, 1, "in progress", {"start": time(start)}) | {"locations": [ward]}


def finished(she: Who, rolls: Rolls, nth: int, start: int, end: int) -> dict[str, Json]:
    return row(she, rolls, nth, "finished", {"start": time(start), "end": time(end)}) | {
        "destination": she.home.reference, "discharge_method": "clinical advice or consent", "discharge_destination": she.home.kind}


def row(she: Who, rolls: Rolls, nth: int, status: str, period: dict[str, str]) -> dict[str, Json]:
    return {"key": she.key("S", nth), "status": status, "encounter_class": "inpatient", "period": period, "reasons": one_of(rolls, REASONS),
            "origin": she.home.reference, "admission_method": ADMITTED.roll(rolls), "admission_source": she.home.kind,
            "service_provider": she.home.hospital}
