"""What a resident takes, and what she took until lately."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adapter.synth.dice import Rolls, Spread, between, one_of
from adapter.synth.drugs import COURSES, NEEDED, REGULAR, VARIABLE, Regimen
from adapter.synth.figures import MEDICINE_KIND, MEDICINES, MEDICINES_PAST, NO_MEDICINES, STARTED
from adapter.synth.people import Who
from adapter.synth.when import iso, month

Json = Any
KINDS: dict[str, Spread[Regimen]] = {"regularly": REGULAR, "when needed": NEEDED, "in varying doses": VARIABLE}
STOPPED = ("Falls", "Low blood pressure", "No longer needed", "Could not swallow them", "Kidney function")


def medicines(she: Who) -> list[dict[str, Json]] | str:
    rolls = she.dice("medicines")
    chosen = regimens(she, rolls, MEDICINES.roll(rolls))
    taken = rows(she, rolls, chosen.values())
    past = [over(she, rolls, chosen, len(taken) + nth + 1) for nth in range(MEDICINES_PAST.roll(rolls))]
    return taken + past or NO_MEDICINES.roll(rolls)


def taking(she: Who, rolls: Rolls, count: int) -> list[dict[str, Json]]:
    """So many that she takes now."""
    return rows(she, rolls, regimens(she, rolls, count).values())


def rows(she: Who, rolls: Rolls, chosen: Iterable[Regimen]) -> list[dict[str, Json]]:
    return [active(she, rolls, regimen, nth) for nth, regimen in enumerate(chosen, 1)]


def regimens(she: Who, rolls: Rolls, count: int) -> dict[str, Regimen]:
    """So many, no two of one group."""
    chosen: dict[str, Regimen] = {}
    not_for = "male" if she.female else "female"
    while len(chosen) < count:
        regimen = KINDS[MEDICINE_KIND.roll(rolls)].roll(rolls)
        if regimen.only != not_for:
            chosen.setdefault(regimen.group, regimen)
    return chosen


def active(she: Who, rolls: Rolls, regimen: Regimen, nth: int) -> dict[str, Json]:
    low, high = STARTED.roll(rolls)
    start = she.today - between(rolls, low, high)
    return {
        "key": she.key("M", nth), "status": "active", "drug": regimen.drug, "taken": {"start": month(start) if high > 1825 else iso(start)},
        "date_asserted": she.as_of, "information_source": she.home.reference, "doses": regimen.doses, "reasons": regimen.reasons,
        "prescribed_by": "GP practice", "last_issued": iso(she.today - between(rolls, 2, 27))}


def over(she: Who, rolls: Rolls, chosen: dict[str, Regimen], nth: int) -> dict[str, Json]:
    """A course that was finished, or something that was stopped or is on hold."""
    end = she.today - between(rolls, 2, 60)
    regimen, status = REGULAR.roll(rolls), one_of(rolls, ("stopped", "on hold", "completed", "completed", "completed", "completed"))
    if status == "completed" or regimen.group in chosen:
        regimen, status, days = COURSES.roll(rolls), "completed", between(rolls, 3, 7)
    else:
        days = between(rolls, 30, 900)
    chosen[regimen.group] = regimen
    made: dict[str, Json] = {
        "key": she.key("M", nth), "status": status, "drug": regimen.drug, "taken": {"start": iso(end - days), "end": iso(end)},
        "date_asserted": she.as_of, "information_source": she.home.reference, "doses": regimen.doses, "reasons": regimen.reasons}
    if status == "on hold":
        del made["taken"]["end"]
    return made if status == "completed" else made | {"status_reasons": [one_of(rolls, STOPPED)]}
