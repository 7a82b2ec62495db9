"""From the care record into the vendor's own form again, with nothing lost on the way that is not named."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.records.layout.alike import plainest
from adapter.records.ledger import Ledger
from adapter.records.rows.count import count_values
from adapter.records.rows.opening import open_export
from adapter.records.rows.writing import write_export
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from mappings.datatypes import Coded
from mappings.encounter import ADMISSION_METHOD
from mappings.values import Ref
from tests.exports.vendors import EXPORTS, VENDORS, Written, granted, layout, leaves, native, read, residents

EVERYBODY = [(vendor, number) for vendor in VENDORS for number in range(len(residents(vendor)))]
SHARED = "it is looked up in a row that others share, and is only read"
WITH_IT = "goes with the rest of its element"


@pytest.mark.parametrize(("vendor", "number"), EVERYBODY)
def test_written_onto_her_own_rows_nothing_changes(vendor: str, number: int) -> None:
    """Not one blank in an NHS number, and not a column that no field is mapped to."""
    rows, found = residents(vendor)[number]
    written = layout(vendor).write(granted(found), onto=rows.tree)
    assert written.tree == rows.tree
    assert written.unwritten == ()


@pytest.mark.parametrize(("vendor", "number"), EVERYBODY)
def test_written_and_read_again_she_is_the_same_but_for_what_is_named(vendor: str, number: int) -> None:
    """Only what is told once for everybody is not written with her."""
    record = granted(residents(vendor)[number][1])
    written = layout(vendor).write(record)
    before, after = dict(leaves(native(record))), dict(leaves(again(vendor, written.tree, written.top)))
    named = {path if path in before else path.removesuffix(".text") for path, _ in written.unwritten}  # "Nurse" is {"text": "Nurse"}
    assert {path for path, value in before.items() if after.get(path) != value} <= named
    assert after.keys() <= before.keys()
    assert {unwritten.why for unwritten in written.unwritten} <= {SHARED, WITH_IT}


def again(vendor: str, tree: object, top: object) -> object:
    """Without asking for the rows that are looked up."""
    reading = layout(vendor).read(Written(tree, top))  # type: ignore[arg-type]
    assert {wrong.rule for wrong in reading.wrong} <= {"no-such-row"}
    return plainest(care_records().kind, reading.json)


# ---- what others say in other words ------------------------------------------------------------------------------------------------
def test_a_code_that_a_hospital_describes_in_its_own_words_is_written_by_the_vendors_code() -> None:
    """The code is the same, and only the description is not; that is named."""
    rows, found = residents("larkfield")[6]
    record = granted(found)
    theirs = Coded((replace(ADMISSION_METHOD.coded("emergency department").codings[0], display="A&E"),), "Came by ambulance")
    changed = replace(record, stays=(replace(record.stays[0], admission_method=theirs),))
    written = layout("larkfield").write(changed, rows.tree, rows.top)
    assert written.tree["stays"][0]["ADM"] == "ED"
    assert [path for path, _ in written.unwritten] == ["stays[0].admission_method.codings[0].display", "stays[0].admission_method.text"]


def test_a_row_is_written_without_what_the_layout_says_otherwise_for_everybody() -> None:
    """Fernbank knows who of its own staff wrote something down: a hospital's doctor is none of them, and the allergy is there without."""
    rows, found = residents("fernbank")[3]
    record = granted(found)
    assert isinstance(record.allergies, tuple)
    doctor = replace(record.allergies[0], key="new", recorder=Ref("PractitionerRole", "staff-1"))
    written = layout("fernbank").write(replace(record, allergies=(*record.allergies, doctor)), rows.tree, rows.top)
    before, after = rows.tree["allergies"], written.tree["allergies"]
    assert after[:-1] == before
    assert {**after[-1], "id": before[0]["id"], "recordedBy": before[0]["recordedBy"]} == before[0]
    assert {path for path, _ in written.unwritten} == {f"allergies[5].recorder.{name}" for name in ("type", "key")}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_whole_export_is_written_and_read_again(vendor: str, tmp_path: Path) -> None:
    settings, path = layout(vendor).settings, tmp_path / EXPORTS[vendor].name
    with open_export(EXPORTS[vendor], settings) as export:
        trees = [layout(vendor).write(granted(layout(vendor).record(rows)), onto=rows.tree).tree for rows in export]
        write_export(path, settings, export.top, trees)
    assert [found.record for _, found in read(vendor, path)] == [found.record for _, found in residents(vendor)]
    assert +Counter(count_values(path, settings)) == Counter(count_values(EXPORTS[vendor], settings))  # a table without rows is a file too


def test_larkfields_files_are_byte_for_byte_the_same_lines(tmp_path: Path) -> None:
    """In the order of the residents."""
    settings = layout("larkfield").settings
    with open_export(EXPORTS["larkfield"], settings) as export:
        trees = [layout("larkfield").write(granted(layout("larkfield").record(rows)), rows.tree, rows.top).tree for rows in export]
        write_export(tmp_path / "again", settings, export.top, trees)
    for path in EXPORTS["larkfield"].glob("*.CSV"):
        before, after = (sorted(file.read_bytes().split(b"\r\n")) for file in (path, tmp_path / "again" / path.name))
        assert after == before


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_value_is_accounted_for(vendor: str) -> None:
    """Nothing is unknown, and the sum is that of a count which shares no code with the reading."""
    ledger = Ledger(layout(vendor))
    with open_export(EXPORTS[vendor], layout(vendor).settings) as export:
        for rows in export:
            ledger.take(rows, refused=not isinstance(layout(vendor).record(rows).record, CareRecord))
        ledger.close(export.top, export.unnamed())
    totals = ledger.totals()
    assert totals["unknown"] == 0
    assert totals["values"] == sum(totals[verdict] for verdict in ("mapped", "stated", "ignored", "unknown"))
    assert Counter(ledger.files()) == Counter(count_values(EXPORTS[vendor], layout(vendor).settings))
