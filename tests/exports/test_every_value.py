"""Of every single value of the three exports: change it, and the bundle changes, or a fault says where in the vendor's own file it stands.

A value that nothing reads could be lost without anybody's noticing; so could one whose change is refused somewhere else.
"""
from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle import collection
from adapter.faults import Refused
from adapter.records.rows.row import TOP, Rows, Steps
from adapter.records.stream import Found
from mappings.bag import CareRecord
from tests.exports.vendors import EXPORTS, VENDORS, Value, changed, granted, layout, native, read, records, residents, values
from tests.traced import became

# A record that is taken back is not in use, whatever it said itself.
OVERRULED = {("fernbank", "current", "1056")}
RULES = {("larkfield", "medication/STATUS")}  # by which a row is ignored: changed, the row is not
Json = Any


def reacts(vendor: str, rows: Rows, value: Value, before: Json) -> str:
    """Empty where the bundle changes or a fault names this very value; else what happened instead."""
    with changed(value):
        found = layout(vendor).record(rows)
        if isinstance(found.record, CareRecord):
            return "" if collection(found.record) != before else "nothing changes"
        places = {(fault.file, fault.line, fault.name) for fault in found.record.found}
        here = rows.place(value.steps)
        return "" if (here.file, here.line, here.name) in places else f"refused elsewhere: {places}"


def told(vendor: str, *verdicts: str) -> list[tuple[Rows, Found, Value]]:
    """Every value of every resident, and what stands outside of her, of which the layout says one of these."""
    found = []
    for rows, made in residents(vendor):
        fates = dict(became(layout(vendor), rows))
        said = [(value, fates.get(value.steps) or layout(vendor).covers(value.steps)) for value in values(rows)]
        found += [(rows, made, value) for value, (verdict, what) in said if verdict in verdicts or what[:1] in [(v,) for v in verdicts]]
    return found


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_mapped_value_is_lost(vendor: str) -> None:
    """What stands outside of the residents must change somebody's bundle."""
    bundles = {id(rows): collection(granted(found)) for rows, found in residents(vendor)}
    wrong, shared = [], dict[Steps, str]()
    for rows, made, value in told(vendor, "mapped", "chooses its row"):
        if value.steps[0] == TOP and shared.get(value.steps) == "":
            continue
        says = reacts(vendor, rows, value, bundles[id(rows)])
        if value.steps[0] == TOP:
            shared[value.steps] = says
        elif says and (vendor, value.path, granted(made).resident.key) not in OVERRULED:
            wrong.append((value.path, says))
    assert wrong == []
    assert [(steps, says) for steps, says in shared.items() if says] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_ignored_changes_nothing(vendor: str) -> None:
    for rows, made, value in told(vendor, "ignored"):
        with changed(value):
            assert layout(vendor).record(rows).record == made.record or (vendor, value.path) in RULES, value.path


@pytest.mark.parametrize("vendor", VENDORS)
def test_nothing_is_unknown(vendor: str) -> None:
    assert [value.path for *_, value in told(vendor, "unknown")] == []


# ---- what ties the rows together, in the files -------------------------------------------------------------------------------------
TIES = [  # (file, column, line): a row that now belongs to nobody, or names nobody
    ("CONTACTS.CSV", "RES_NO", 2), ("MEDICATION.CSV", "RES_NO", 4), ("DOSES.CSV", "MED_ID", 5), ("ALLERGIES.CSV", "RES_NO", 2),
    ("VACCINATIONS.CSV", "RES_NO", 3), ("STAYS.CSV", "RES_NO", 9), ("RESIDENTS.CSV", "GP", 3),
]


@pytest.mark.parametrize(("file", "column", "line"), TIES)
def test_a_row_that_belongs_to_nobody_is_named(file: str, column: str, line: int, tmp_path: Path) -> None:
    path = shutil.copytree(EXPORTS["larkfield"], tmp_path / "export")
    with (path / file).open(newline="", encoding="windows-1252") as old:
        rows = list(csv.reader(old))
    rows[line - 1][rows[0].index(column)] = "nobody"
    with (path / file).open("w", newline="", encoding="windows-1252") as new:
        csv.writer(new).writerows(rows)
    faults = [fault for _, found in read("larkfield", path) if isinstance(found.record, Refused) for fault in found.record.found]
    assert (file, column) in {(fault.file, fault.name) for fault in faults}
    assert "nobody" not in str(Refused(faults))


def test_ties_of_the_other_forms_are_read_from_the_record() -> None:
    """A key that leads to a list outside of the residents stands in the record too, so that its change is seen above."""
    assert native(records("fernbank")["1041"])["resident"]["general_practitioners"][0]["key"] == "prac-1"
    assert native(records("mossgate")["MG.0001"])["resident"]["general_practitioners"][0]["key"] == "s1"
