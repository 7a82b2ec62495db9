"""Dates and times, and whole numbers that are not just any: what travels, and what is refused in both directions."""
from __future__ import annotations

from typing import Any

import pytest

from mappings.faults import BadValue, Faults
from mappings.medication_statement import medication_statement
from mappings.patient import Resident, patient
from mappings.shape import Codec
from mappings.values import date, instant, positive, time_of_day, unsigned, when

DAYS = ("1938", "1938-12", "1938-01-31", "2024-02-29", "2000-02-29", "2025-02-28", "2025-04-30", "0001-01-01")
NO_DAYS = ("1938-02-31", "2024-02-30", "2025-02-29", "1900-02-29", "2025-04-31", "2025-06-31", "2025-13-01", "2025-13", "2025-00-10",
           "2025-01-00", "2025-01-32", "0000-01-01", "0000", "٢٠٢٤")
TIMES = ("2025-03-01T00:00:00Z", "2025-03-01T23:59:60Z", "2025-03-01T08:30:00.123+01:00", "2025-03-31T08:30:00-14:00")
NO_TIMES = ("2025-03-01T24:00:00Z", "2025-03-01T24:61:00Z", "2025-03-01T08:60:00Z", "2025-03-01T08:30:61Z", "2025-03-01T08:30:00+15:00",
            "2025-03-01T08:30:00+01:60", "2025-03-01T08:30Z", "2025-03-01T08:30:00", "2025-02-30T08:30:00Z")
FORMS: dict[str, tuple[Codec, tuple[Any, ...], tuple[Any, ...]]] = {  # what travels as it is; what does not
    "date": (date, DAYS, (*NO_DAYS, *TIMES, *NO_TIMES)),
    "when": (when, (*DAYS, *TIMES), (*NO_DAYS, *NO_TIMES)),
    "instant": (instant, TIMES, (*DAYS, *NO_DAYS, *NO_TIMES)),
    "time of day": (time_of_day, ("08:00:00", "23:59:59.5"), ("8am", "08:00", "24:00:00", "08:60:00", 8)),
    "positive": (positive, (1, 10**20), (0, -1, True, 1.0, "1", None)),
    "unsigned": (unsigned, (0, 1), (-1, False, 0.0, "0", None)),
}
CASES = [(codec, value, good) for codec, fine, wrong in FORMS.values()
         for values, good in ((fine, True), (wrong, False)) for value in values]


@pytest.mark.parametrize(("codec", "value", "good"), CASES, ids=[f"{c.label}-{v}" for c, v, _ in CASES])
def test_forms(codec: Codec, value: Any, good: bool) -> None:
    for way in (codec.put, codec.get):
        if good:
            assert way(value) == value
        else:
            with pytest.raises(BadValue):
                way(value)


def test_a_day_that_no_calendar_has_is_not_written() -> None:
    with pytest.raises(Faults, match=r"Patient.birthDate \(birth_date\): is a day that no calendar has"):
        patient.write(Resident(key="1", birth_date="1938-02-31"))


def test_the_hospitals_resource_with_such_a_day_is_refused_by_name() -> None:
    theirs = {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": {"text": "x"},
              "subject": {"reference": "Patient/1"}, "effectivePeriod": {"start": "2024-02-31"}}
    with pytest.raises(Faults, match=r"MedicationStatement.effective.*\.start \(taken.start\): is a day"):
        medication_statement.read(theirs)
