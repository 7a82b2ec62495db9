"""Dates, times and numbers as vendors write them, both ways."""
from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapter.records.layout.forms import Cannot, Dates, form
from adapter.records.layout.here import Bad, Doubtful
from adapter.records.layout.steps import Digits, Number, Remove, Table

LONDON = ZoneInfo("Europe/London")


def dates(*forms: str, zone: ZoneInfo | None = LONDON, days: bool = True) -> Dates:
    return Dates([form(f) for f in forms], zone, days=days)


BOTH_WAYS = [
    (["DD/MM/YYYY"], "05/02/1931", "1931-02-05"),
    (["DD/MM/YYYY", "MM/YYYY", "YYYY"], "02/1931", "1931-02"),
    (["DD/MM/YYYY", "MM/YYYY", "YYYY"], "1931", "1931"),
    (["00/00/YYYY", "00/MM/YYYY", "DD/MM/YYYY"], "00/02/1931", "1931-02"),
    (["00/00/YYYY", "00/MM/YYYY", "DD/MM/YYYY"], "00/00/1931", "1931"),
    (["DD/MM/YYYY", "00/MM/YYYY", "00/00/YYYY"], "00/06/1935", "1935-06"),
    (["DD/MM/YYYY", "00/MM/YYYY", "00/00/YYYY"], "00/00/1935", "1935"),
    (["YYYYMMDD"], "19310205", "1931-02-05"),
    (["DD-MMM-YYYY"], "05-Feb-1931", "1931-02-05"),
    (["DD/MM/YYYY HH:mm"], "01/07/2026 12:30", "2026-07-01T12:30:00+01:00"),
    (["DD/MM/YYYY HH:mm"], "01/12/2026 12:30", "2026-12-01T12:30:00+00:00"),
    (["DD/MM/YYYY HH:mm:ss", "DD/MM/YYYY"], "01/12/2026 12:30:05", "2026-12-01T12:30:05+00:00"),
    (["DD/MM/YYYY HH:mm:ss", "DD/MM/YYYY"], "01/12/2026", "2026-12-01"),
    (["YYYY-MM-DDTHH:mm:ssZ"], "2026-07-01T12:30:00Z", "2026-07-01T12:30:00Z"),
    (["YYYY-MM-DDTHH:mm:ssZ"], "2026-07-01T12:30:00+02:00", "2026-07-01T12:30:00+02:00"),
    (["HH:mm"], "08:05", "08:05:00"),
    (["HHmm"], "0805", "08:05:00"),
    (["HH.mm.ss"], "08.05.59", "08:05:59"),
    (["DD/MM/YYYY [at] HH:mm"], "01/12/2026 [at] 12:30", "2026-12-01T12:30:00+00:00"),
]


@pytest.mark.parametrize(("forms", "theirs", "ours"), BOTH_WAYS)
def test_both_ways(forms: list[str], theirs: str, ours: str) -> None:
    step = dates(*forms)
    assert step.get(theirs) == ours
    assert step.put(ours) == theirs


@pytest.mark.parametrize("text", [
    "5/2/1931", "05/02/31", "05-02-1931", " 05/02/1931", "05/02/1931 ", "05/02/1931\n", "٠٥/٠٢/١٩٣١", "DD/MM/YYYY", "1931"])
def test_a_form_is_strict(text: str) -> None:
    with pytest.raises(Bad) as bad:
        dates("DD/MM/YYYY").get(text)
    assert (bad.value.rule, bad.value.says) == ("not-a-date", "expected DD/MM/YYYY")


@pytest.mark.parametrize(("one", "text"), [
    ("DD/MM/YYYY", "31/02/1931"), ("DD/MM/YYYY", "29/02/1931"), ("DD/MM/YYYY", "00/01/1931"), ("DD/MM/YYYY", "01/13/1931"),
    ("YYYY", "0000"), ("DD/MM/YYYY HH:mm", "01/01/1931 24:00"), ("DD/MM/YYYY HH:mm", "01/01/1931 12:60"), ("HH:mm", "25:00"),
    ("DD MMM YYYY", "01 Foo 1931"),
])
def test_a_day_is_one_of_the_calendar_and_a_time_one_of_the_clock(one: str, text: str) -> None:
    with pytest.raises(Bad):
        dates(one).get(text)


def test_months_are_read_in_any_case() -> None:
    assert [dates("DD MMM YYYY").get(f"01 {month} 1931") for month in ("dec", "DEC", "Dec")] == ["1931-12-01"] * 3


@pytest.mark.parametrize(("zone", "skipped", "doubled", "day"), [
    ("Europe/London", "29/03/2026 01:30", "25/10/2026 01:30", "2026-10-25"),
    ("Europe/London", "30/03/2025 01:00", "26/10/2025 01:59", "2025-10-26"),
    ("America/New_York", "08/03/2026 02:30", "01/11/2026 01:30", "2026-11-01"),
])
def test_the_hours_when_the_clock_changes(zone: str, skipped: str, doubled: str, day: str) -> None:
    step = dates("DD/MM/YYYY HH:mm", zone=ZoneInfo(zone))
    with pytest.raises(Bad) as bad:
        step.get(skipped)
    assert bad.value.rule == "missing-hour"
    with pytest.raises(Doubtful) as doubtful:
        step.get(doubled)
    assert doubtful.value.value == day
    with pytest.raises(Bad) as bad:
        dates("DD/MM/YYYY HH:mm", zone=ZoneInfo(zone), days=False).get(doubled)
    assert bad.value.rule == "doubled-hour"


@pytest.mark.parametrize(("theirs", "ours"), [
    ("29/03/2026 00:59", "2026-03-29T00:59:00+00:00"), ("29/03/2026 02:00", "2026-03-29T02:00:00+01:00"),
    ("25/10/2026 00:59", "2026-10-25T00:59:00+01:00"), ("25/10/2026 02:00", "2026-10-25T02:00:00+00:00"),
])
def test_the_minutes_beside_them_are_like_any_other(theirs: str, ours: str) -> None:
    assert dates("DD/MM/YYYY HH:mm").get(theirs) == ours


def test_without_a_zone_a_time_is_cut_to_its_date() -> None:
    assert dates("DD/MM/YYYY HH:mm", zone=None).get("29/03/2026 01:30") == "2026-03-29"
    assert dates("DD/MM/YYYY HH:mm", zone=None).cut
    assert not dates("DD/MM/YYYY", "HH:mm", "YYYY-MM-DDTHH:mm:ssZ", zone=None).cut


@pytest.mark.parametrize(("forms", "value"), [
    (["DD/MM/YYYY"], "1931"), (["DD/MM/YYYY"], "1931-02"), (["DD/MM/YYYY"], "2026-07-01T12:30:00+01:00"), (["YYYY"], "1931-02"),
    (["DD/MM/YYYY HH:mm"], "2026-07-01"), (["DD/MM/YYYY HH:mm"], "2026-07-01T12:30:05+01:00"),
    (["DD/MM/YYYY HH:mm:ss"], "2026-07-01T12:30:05.500+01:00"), (["HH:mm"], "08:05:01"), (["HH:mm"], "2026-07-01"), (["YYYY"], True),
])
def test_what_no_form_says_exactly_is_not_written(forms: list[str], value: Any) -> None:
    with pytest.raises(Cannot):
        dates(*forms).put(value)


def test_a_time_is_written_as_the_clock_of_the_zone_showed_it() -> None:
    step = dates("DD/MM/YYYY HH:mm")
    assert step.put("2026-07-01T11:30:00Z") == "01/07/2026 12:30"
    assert step.same("2026-07-01T12:30:00+01:00", "2026-07-01T11:30:00Z")
    assert not step.same("2026-07-01T12:30:00+01:00", "2026-07-01T12:30:00Z")


# ---- numbers, tables, characters --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("one", "theirs", "ours"), [
    ("plain", "5", "5"), ("plain", "0.50", "0.50"), ("plain", "-3", "-3"), ("comma", "0,50", "0.50"), ("comma", "12", "12"),
])
def test_numbers_keep_their_digits(one: str, theirs: str, ours: str) -> None:
    step = Number(one)
    assert str(step.get(theirs)) == ours
    assert step.put(step.get(theirs)) == theirs


@pytest.mark.parametrize("text", ["", "1,000", "1.000,5", ".5", "5.", "1e3", "٣", " 5", "NaN", "+5", "5 mg", True])
def test_what_is_no_number(text: Any) -> None:
    with pytest.raises(Bad) as bad:
        Number("plain").get(text)
    assert bad.value.rule == "not-a-number"


def test_a_number_that_is_a_name() -> None:
    assert [Digits().get(v) for v in (17, "17", "x")] == ["17", "17", "x"]
    assert [Digits().put(v) for v in ("17", "017", "x", "1.50")] == [17, "017", "x", Number().get("1.50")]
    with pytest.raises(Bad):
        Digits().get(True)


def test_a_table_reads_truth_values_and_numbers_by_how_they_are_written() -> None:
    step = Table("t", {"true": "a", "1": "b", "x": "c"}, booleans=True)
    assert [step.get(v) for v in (True, 1, "1", "true", "x")] == ["a", "b", "b", "a", "c"]
    assert [step.put(v) for v in ("a", "b", "c")] == [True, "1", "x"]
    with pytest.raises(Bad):
        step.get(False)


def test_a_table_tells_true_from_one() -> None:
    step = Table("t", {"y": True, "one": 1})
    assert [step.put(True), step.put(1)] == ["y", "one"]


def test_of_several_codes_for_one_word_the_first_is_written() -> None:
    step = Table("t", {"C": "active", "X": "active"})
    assert (step.put(step.get("X")), step.invertible) == ("C", "several codes stand for one word: the first of them is written")


def test_characters_that_are_taken_out() -> None:
    step = Remove(" -")
    assert step.get("999 000-0018") == "9990000018"
    assert step.put("9990000018") == "9990000018"
    with pytest.raises(Cannot):
        step.put("999 0")


@pytest.mark.parametrize(("forms", "value"), [
    (["DD/MM/YYYY HH:mm:ss"], "2016-12-31T23:59:60Z"),  # FHIR can say it, Python cannot
    (["YYYY-MM-DDTHH:mm:ssZ"], "2016-12-31T23:59:60Z"),
    (["DD/MM/YYYY HH:mm"], "0001-01-01T00:00:00+14:00"),
])
def test_a_time_that_has_no_place_on_the_clock_is_not_written(forms: list[str], value: str) -> None:
    step = dates(*forms)
    with pytest.raises(Cannot):
        step.put(value)
    assert not step.same(value, "2017-01-01T00:00:00Z")


@pytest.mark.parametrize("form_of", ["plain", "comma"])
def test_a_number_of_more_digits_than_any_has(form_of: str) -> None:
    with pytest.raises(Bad):
        Number(form_of).get("1" * 5000)
    assert Digits().put("1" * 5000) == "1" * 5000
