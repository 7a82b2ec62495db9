"""Residents who do not exist: always the same, valid in every respect, and as frequent as the figures say."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from hashlib import sha256
from itertools import pairwise
from math import gcd
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from adapter.cli import app
from adapter.commands import exits
from adapter.faults import Refused
from adapter.records.layout import load
from adapter.records.layout.export import stream_export
from adapter.records.stream import Found
from adapter.synth import AS_OF, MOST, care_records, residents
from adapter.synth import figures as f
from adapter.synth.dice import Spread, between, dice
from adapter.synth.hard import CASES, case_of, cases
from adapter.synth.homes import BLOCK, home_of
from adapter.synth.numbers import STRIDE, nhs_number
from adapter.synth.when import DAY, last_change, time
from mappings.bag import CareRecord, findings
from mappings.findings import before, is_nhs_number
from mappings.immunization import Given, NotGiven
from tests.jury.jurors import complaints, known

ROOT = Path(__file__).resolve().parent.parent
Json = Any
# Whoever changes these has made other residents: adapter/synth/dice.py, VERSION, is to be counted on.
SAME = {False: "45e6cbeabb0e0c82", True: "1cb387ff3d58f324"}


@cache
def many() -> list[Json]:
    """5,000, as plain JSON. The seed is fixed: what is measured here is the same every time."""
    return [json.loads(line) for line in residents(5000, seed=4)]


@cache
def hard() -> dict[str, list[Json]]:
    """Case -> the records of the residents it is there for, among 500."""
    found: dict[str, list[Json]] = {}
    for number, line in enumerate(residents(500, seed=4, hard=True)):
        if case := case_of(4, number):
            found.setdefault(case.name, []).append(json.loads(line))
    return found


# ---- the same --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("with_hard", [False, True])
def test_the_same_bytes_as_ever(with_hard: bool) -> None:
    assert sha256(b"\n".join(residents(200, seed=4, hard=with_hard))).hexdigest()[:16] == SAME[with_hard]


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_with_any_hash_seed_and_in_any_zone(hash_seed: str) -> None:
    command = [sys.executable, "-m", "adapter.cli", "synth", "120", "--seed", "4", "--hard"]
    elsewhere = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    made = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=elsewhere).stdout
    assert made.splitlines() == list(residents(120, seed=4, hard=True))


def test_a_resident_depends_on_the_seed_and_her_number_alone() -> None:
    assert list(residents(130, seed=1, hard=True))[20:] == list(residents(110, seed=1, hard=True, start=20))
    assert not set(residents(50, seed=1)) & set(residents(50, seed=2))


def test_only_the_hard_cases_differ() -> None:
    pairs = zip(residents(200, seed=1), residents(200, seed=1, hard=True), strict=True)
    differ = {number for number, (plain, other) in enumerate(pairs) if plain != other}
    assert differ <= {number for number in range(200) if case_of(1, number)}


def test_another_time_of_export_is_another_today() -> None:
    for record in map(json.loads, residents(50, seed=1, as_of="2031-03-01T06:00:00+00:00")):
        assert record["as_of"] == "2031-03-01T06:00:00+00:00"
        assert all(m["last_issued"].startswith("2031-0") for m in listed(record, "medicines") if "last_issued" in m)


# ---- nobody is taken for somebody ------------------------------------------------------------------------------------------
def test_nhs_numbers_are_test_numbers_and_each_is_one_residents() -> None:
    numbers = [nhs_number(4, index) for index in range(0, MOST, 9)]
    assert all(is_nhs_number(number) and number.startswith("999") for number in numbers)
    assert len(set(numbers)) == len(numbers)
    in_use = Counter(r["resident"]["nhs_number"] for r in many() if "nhs_number" in r["resident"])
    assert max(in_use.values()) == 1


def test_the_order_of_the_numbers_leaves_none_out() -> None:
    assert gcd(STRIDE, MOST) == 1


def test_more_residents_than_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="900,000 NHS numbers"):
        next(residents(2, seed=1, start=MOST - 1))
    assert len(list(residents(1, seed=1, start=MOST - 1))) == 1


def test_telephones_and_postcodes_are_nobodys() -> None:
    text = b"\n".join(residents(500, seed=4, hard=True)).decode()
    values = {said.partition('"')[0] for said in text.split('"system":"phone","value":"')[1:]}
    assert {value[:9] for value in values} == {"01632 960", "07700 900"}
    assert {len(value) for value in values} == {12}
    assert all(said.startswith("ZZ99 ") for said in text.split('"postcode":"')[1:])


def test_keys_are_of_one_row_only() -> None:
    keys = Counter(row["key"] for r in many() for field in OWNED for row in listed(r, field))
    assert max(keys.values()) == 1


def test_a_home_has_its_residents() -> None:
    homes = Counter(home_of(4, number).number for number in range(3 * BLOCK))
    assert len(homes) == 9
    assert all(22 <= size <= 46 for size in homes.values())
    rooms = [(r["resident"]["managing_organization"]["key"], r["resident"]["addresses"][0]["lines"][0]) for r in many()]
    assert len(set(rooms)) == len(rooms)


# ---- valid -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("day_before", [False, True])
def test_nobody_is_refused(day_before: bool) -> None:
    for record in care_records(300, seed=4, hard=True, before=day_before):
        assert [x for x in findings(record) if x.level == "refusal"] == []
        assert collection(record)["entry"]


def test_the_jury_has_nothing_against_them() -> None:
    policy = Policy("upsert", directory="own")
    bundles = [part.bundle for record in care_records(300, seed=4, hard=True) for part in transaction(record, policy)]
    assert {complaint for bundle in bundles for complaint in complaints(bundle)} - known().keys() == set()


def test_stays_are_one_after_the_other() -> None:
    for record in many():
        times = [(s["period"]["start"], s["period"].get("end")) for s in record["stays"]]
        assert all(end is None or before(start, end) for start, end in times)
        assert all(earlier[1] and before(earlier[1], later[0]) for later, earlier in pairwise(times))


def test_every_code_is_written_right() -> None:
    """Its last digit is a check digit, as in every SNOMED CT and dm+d identifier (Verhoeff's)."""
    text = b"".join(residents(2000, seed=4, hard=True)).decode()
    codes = set(re.findall(r'"(?:https://dmd.nhs.uk|http://snomed.info/sct)","code":"(\d+)"', text))
    assert len(codes) > 30
    assert [code for code in codes if verhoeff(code)] == []
    assert verhoeff("322236009") == 0 != verhoeff("322236008")


def verhoeff(digits: str) -> int:
    """0 for a right one. Each place shuffles its digit once more than the place behind it; then they are added as turns of a pentagon."""
    shuffle, check = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), 0
    for place, said in enumerate(reversed(digits)):
        digit = int(said)
        for _ in range(place % 8):
            digit = shuffle[digit]
        check = turned(check, digit)
    return check


def turned(a: int, b: int) -> int:
    """One after the other, in the group of the pentagon: 0 to 4 turn it, 5 to 9 turn it over as well."""
    return (a + b) % 5 + 5 * (b // 5) if a < 5 else 5 + (a - b) % 5 if b < 5 else (a - b) % 5


# ---- as frequent as the figures say: parts of 5,000 residents, with room for chance at four standard deviations ------------
OWNED = ("related_persons", "stays", "medicines", "allergies", "vaccinations")


def listed(record: Json, field: str) -> list[Json]:
    return record[field] if isinstance(record[field], list) else []


def taken(record: Json) -> int:
    return sum(m["status"] == "active" for m in listed(record, "medicines"))


def age(record: Json) -> float:
    days = [int(x) for x in record["resident"]["birth_date"].split("-")]
    return (2026 + 10 / 12) - (days[0] + days[1] / 12)


def old(record: Json) -> bool:
    return age(record) >= 66


def outcome(record: Json, vaccine: str) -> str:
    row = next((v for v in listed(record, "vaccinations") if vaccine in json.dumps(v["procedure"])), {"reason": "nothing"})
    return str(row.get("reason") or ("given" if row["primary_source"] else "reported"))


def part(fits: Any, of: Any = lambda record: True) -> tuple[float, int]:
    group = [record for record in many() if of(record)]
    return sum(map(fits, group)) / len(group), len(group)


FREQUENT: dict[str, tuple[tuple[float, int], float]] = {
    "65 and over": (part(lambda r: age(r) >= 65), 0.821),
    "85 and over": (part(lambda r: age(r) >= 85), 0.821 * 0.564),
    "women, of 65 and over": (part(lambda r: r["resident"]["gender"] == "female", old), 23 / 33),
    "white": (part(lambda r: "white" in r["resident"]["ethnic_category"]), 0.975),
    "verified": (part(lambda r: r["resident"].get("nhs_number_status") == "verified"), f.NUMBER_STATUS.share("verified")),
    "nobody related": (part(lambda r: not r["related_persons"]), f.RELATED.share(0)),
    "eight medicines or fewer": (part(lambda r: taken(r) <= 8), f.MEDICINES.share(*range(9))),
    "no known allergies": (part(lambda r: r["allergies"] == "none known"), 0.55),
    "allergies": (part(lambda r: isinstance(r["allergies"], list)), f.ALLERGIES.share(1, 2, 3)),
    "influenza": (part(lambda r: outcome(r, "influenza") in ("given", "reported")), 0.749),
    "influenza declined": (part(lambda r: outcome(r, "influenza") == "declined"), 0.09),
    "COVID-19": (part(lambda r: outcome(r, "SARS-CoV-2") in ("given", "reported")), 0.886),
    "pneumococcal": (part(lambda r: outcome(r, "pneumococcal") in ("given", "reported"), lambda r: age(r) >= 76), 0.839),
    "no stay": (part(lambda r: not any(s["status"] == "finished" for s in r["stays"])), f.STAYS.share(0)),
    "in hospital": (part(lambda r: any(s["status"] == "in progress" for s in r["stays"])), f.STAYS_NOW.share("in hospital")),
}


@pytest.mark.parametrize("what", FREQUENT)
def test_how_frequent_it_is(what: str) -> None:
    (share, count), expected = FREQUENT[what]
    assert abs(share - expected) < 4 * (expected * (1 - expected) / count) ** 0.5


def test_how_many_medicines() -> None:
    numbers = [taken(record) for record in many()]
    assert 7.8 < mean(numbers) < 8.2
    low, middle, high = quantiles(numbers, n=4)
    assert (low, middle, high) == pytest.approx((5.5, 8, 10.5), abs=0.5)


def test_how_many_stays() -> None:
    assert mean(sum(s["status"] == "finished" for s in record["stays"]) for record in many()) == pytest.approx(0.70, abs=0.05)


def test_a_spread_gives_each_value_its_share() -> None:
    rolls, spread = dice(1, "test", 0), Spread("", {"a": 1, "b": 3}, "")
    seen = Counter(spread.roll(rolls) for _ in range(4000))
    assert seen["a"] == pytest.approx(1000, abs=120)
    assert {between(rolls, 3, 5) for _ in range(100)} == {3, 4, 5}
    assert spread.share("b") == 0.75


# ---- hard cases ------------------------------------------------------------------------------------------------------------
def test_each_hard_case_is_there_once_in_a_hundred() -> None:
    for block in range(5):
        assert sorted(case.name for case in cases(1, block).values()) == sorted(case.name for case in CASES)
    assert {name: len(found) for name, found in hard().items()} == {case.name: 5 for case in CASES}


def person(record: Json) -> Json:
    return record["resident"]


def statuses(record: Json) -> list[str]:
    return [m["status"] for m in listed(record, "medicines")]


SHOWS = {
    "no NHS number": lambda r: "nhs_number" not in person(r) and person(r)["nhs_number_unavailable_reason"],
    "NHS number that is not verified": lambda r: person(r)["nhs_number"] and person(r)["nhs_number_status"] == "trace required",
    "birth date without its day": lambda r: len(person(r)["birth_date"]) == 7,
    "birth date of which only the year is known": lambda r: len(person(r)["birth_date"]) == 4,
    "two addresses": lambda r: len(person(r)["addresses"]) == 2,
    "apostrophe in the surname": lambda r: set("'’") & set(person(r)["family_name"]),
    "Welsh diacritics in the names": lambda r: not person(r)["family_name"].isascii() and person(r)["given_names"],
    "double-barrelled surname, several given names in one": lambda r: len(person(r)["given_names"][0].split()) == 4,
    "19 medicines": lambda r: len(r["medicines"]) == 19,
    "varying doses only": lambda r: any(len(m["doses"]) == 3 for m in r["medicines"]) and "low" in json.dumps(r["medicines"]),
    "medicines only when needed": lambda r: all(d["as_needed"] for m in r["medicines"] for d in m["doses"]),
    "dose texts with quotes, line ends, separators, formulas; an amount of 0.50": lambda r: r["medicines"][1]["doses"][0]["text"][0] == "=",
    "medicine that has vanished": lambda r: [m["key"][-2:] for m in r["medicines"]] == ["01", "03", "04", "05"],
    "medicine entered in error": lambda r: statuses(r).count("entered in error") == 1,
    "allergy entered in error": lambda r: "clinical_status" not in r["allergies"][0] and len(r["allergies"]) == 2,
    "no known allergies": lambda r: r["allergies"] == "none known",
    "allergies not asked": lambda r: r["allergies"] == "not asked",
    "allergies not supplied": lambda r: r["allergies"] == "not supplied",
    "vaccine refused": lambda r: r["vaccinations"][0]["reason"] == "declined",
    "vaccine reported by the family, without a date": lambda r: r["vaccinations"][0]["report_origin"] == "resident or family",
    "stay over the end of summer time": lambda r: zones(r) == ["+01:00", "+00:00"],
    "stay over the start of summer time": lambda r: zones(r) == ["+00:00", "+01:00"],
    "emergency visit that ends before it began, by the clock on the wall": lambda r: walls(r)[1] < walls(r)[0],
    "died in hospital": lambda r: person(r)["deceased"] == r["stays"][0]["period"]["end"] and "active" not in statuses(r),
    "moved to another home": lambda r: r["withdrawn"] == {"reason": "moved away"},
    "record of the wrong resident, taken back": lambda r: r["withdrawn"] == {"reason": "wrong resident"},
}


def zones(record: Json) -> list[str]:
    return [said[-6:] for said in record["stays"][0]["period"].values()]


def walls(record: Json) -> list[str]:
    return [said[:16] for said in record["stays"][0]["period"].values()]


@pytest.mark.parametrize("name", SHOWS)
def test_a_hard_case_is_what_it_is_called(name: str) -> None:
    assert all(map(SHOWS[name], hard()[name]))


def test_twins() -> None:
    first, other = (hard()[case.name] for case in CASES[:2])
    for one, two in zip(map(person, first), map(person, other), strict=True):
        assert (one["family_name"], one["birth_date"]) == (two["family_name"], two["birth_date"])
        assert one["given_names"] != two["given_names"]
        assert one["managing_organization"] == two["managing_organization"]
        assert one["key"] != two["key"]


def test_a_merge() -> None:
    stays, goes = (hard()[case.name] for case in CASES[2:4])
    for kept, taken_back in zip(stays, goes, strict=True):
        assert taken_back["withdrawn"] == {"reason": "merged", "into": person(kept)["key"]}
        assert [link["other"]["value"] for link in person(kept)["links"]] == [person(taken_back)["nhs_number"]]
        assert person(kept)["family_name"] == person(taken_back)["family_name"]


def test_every_case_has_its_test() -> None:
    assert {*SHOWS, *(case.name for case in CASES[:4])} == {case.name for case in CASES}


def test_the_day_before_nothing_of_it_had_happened() -> None:
    text = b"\n".join(residents(200, seed=4, hard=True, before=True)).decode()
    assert not any(said in text for said in ('"withdrawn"', "entered in error", '"deceased"', '"replaces"'))
    now, then = (list(map(json.loads, residents(200, seed=4, hard=True, before=day))) for day in (False, True))
    gone = {n for n in range(200) if len(listed(then[n], "medicines")) > len(listed(now[n], "medicines"))}
    assert gone == {n for n in range(200) if (case := case_of(4, n)) and case.name == "medicine that has vanished"}
    assert {record["as_of"] for record in then} == {"2026-11-01T06:00:00+00:00"}


# ---- time ------------------------------------------------------------------------------------------------------------------
def test_the_clocks_of_the_united_kingdom() -> None:
    autumn, spring = last_change(10, 739_922 * DAY), last_change(3, 739_922 * DAY)      # before 2 November 2026
    assert [time(autumn + minutes) for minutes in (-60, -1, 0)] == [
        "2026-10-25T01:00:00+01:00", "2026-10-25T01:59:00+01:00", "2026-10-25T01:00:00+00:00"]
    assert [time(spring + minutes) for minutes in (-1, 0)] == ["2026-03-29T00:59:00+00:00", "2026-03-29T02:00:00+01:00"]


# ---- the command line ------------------------------------------------------------------------------------------------------
def redbag(*args: str | int | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="redbag")


def test_lines_to_standard_output_and_into_a_file(tmp_path: Path) -> None:
    piped, filed = redbag("synth", 450, "--seed", 3), redbag("synth", 450, "--seed", 3, "-o", tmp_path / "a.ndjson")
    assert (piped.exit_code, filed.exit_code) == (0, 0)
    assert piped.stdout_bytes == (tmp_path / "a.ndjson").read_bytes() == b"".join(line + b"\n" for line in residents(450, seed=3))
    assert "450 residents who do not exist" in filed.stderr


def test_what_was_made_passes_our_own_check(tmp_path: Path) -> None:
    redbag("synth", 100, "--hard", "-o", tmp_path / "a.ndjson")
    assert redbag("check", tmp_path / "a.ndjson").exit_code == 0
    assert wire.loads((tmp_path / "a.ndjson").read_bytes().splitlines()[0])["as_of"] == AS_OF


@pytest.mark.parametrize(("args", "says"), [
    ((1, "--as-of", "yesterday"), "--as-of: expected a time with seconds and a zone"),
    ((10, "--from", MOST - 5), "900,000 NHS numbers"),
    ((0,), "greater than or equal to 1"),
])
def test_what_cannot_be_made_is_one_sentence(args: tuple[Any, ...], says: str) -> None:
    result = redbag("synth", *args)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


# ---- in a vendor's own form ----------------------------------------------------------------------------------------------------
LAYOUTS = Path(exits.__file__).parent.parent / "examples" / "layouts"


def exported(tmp_path: Path, vendor: str, n: int, start: int = 0) -> tuple[Result, dict[str, CareRecord]]:
    """What was said; and key -> what the layout reads from the export. Raises where somebody cannot be read."""
    layout, out = LAYOUTS / f"{vendor}.toml", tmp_path / vendor
    result = redbag("synth", n, "--seed", 4, "--hard", "--from", start, "--layout", layout, "-o", out)
    return result, {str(record.resident.key): record for record in map(certain, stream_export(out, load(layout)))}


def certain(found: Found) -> CareRecord:
    if isinstance(found.record, Refused):
        raise found.record
    assert not [finding for finding in findings(found.record) if finding.level == "refusal"]
    return found.record


@pytest.mark.parametrize("vendor", ["fernbank", "larkfield", "mossgate"])
def test_in_a_vendors_own_form_they_are_the_same_residents(tmp_path: Path, vendor: str) -> None:
    result, read = exported(tmp_path, vendor, 8)
    assert result.exit_code == 0, result.stderr
    for ours in care_records(8, seed=4, hard=True):
        theirs = read[str(ours.resident.key)]
        for name in ("family_name", "birth_date", "gender", "nhs_number"):
            assert getattr(theirs.resident, name) == getattr(ours.resident, name)
        assert theirs.resident.given_names[:2] == ours.resident.given_names[:2]      # larkfield has two columns for them
        assert theirs.resident.general_practitioners
        assert [drug(m) for m in of(theirs.medicines)] == [drug(m) for m in of(ours.medicines)]


def drug(medicine: Any) -> tuple[str, str]:
    return medicine.status, medicine.drug.text


LITTLE = """
source = { constant = "https://little.example", because = "it has one home" }
as_of = "/at"
[export]
vendor = "Little"
format = "json"
residents = "people"
encoding = "utf-8"
[states]
medicines = { constant = "not supplied", because = "it is only for jabs" }
allergies = { constant = "not supplied", because = "it is only for jabs" }
vaccinations = { constant = "not supplied", because = "it does not say whether it has them all" }
[resident]
key = "id"
family_name = "name"
[[vaccinations]]
each = "jabs"
key = "id"
given_on = "on"
vaccine.text = "what"
"""


def test_rows_that_have_no_words_in_that_form_are_counted(tmp_path: Path) -> None:
    """This one cannot say that a jab was not given: then it must not say that there was one."""
    (tmp_path / "little.toml").write_text(LITTLE, encoding="utf-8")
    result = redbag("synth", 40, "--seed", 4, "--layout", tmp_path / "little.toml", "-o", tmp_path / "a.json")
    ours = [v for record in care_records(40, seed=4) for v in of(record.vaccinations)]
    theirs = [v for found in stream_export(tmp_path / "a.json", load(tmp_path / "little.toml")) for v in of(certain(found).vaccinations)]
    assert {type(v) for v in ours} == {Given, NotGiven}
    assert [v.key for v in theirs] == [v.key for v in ours if isinstance(v, Given)]
    assert f"without {len(ours) - len(theirs)} of their vaccinations, for which the form has too few words" in result.stderr


def of(rows: Any) -> tuple[Any, ...]:
    return rows if isinstance(rows, tuple) else ()


def test_whom_the_encoding_cannot_write_is_left_out_and_counted(tmp_path: Path) -> None:
    lacking = [n for n, record in enumerate(care_records(500, seed=4, hard=True)) if not fits(record.resident.family_name or "")]
    result, read = exported(tmp_path, "larkfield", 2, start=lacking[0])
    assert list(read) == [f"R{lacking[0] + 1:06}"]
    assert "left out were 1 resident: windows-1252 lacks a character of hers" in result.stderr


def fits(text: str) -> bool:
    return text.encode("cp1252", "replace").decode("cp1252") == text


def test_a_vendors_export_is_no_stream() -> None:
    result = redbag("synth", 1, "--layout", LAYOUTS / "larkfield.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name it with -o" in result.stderr
