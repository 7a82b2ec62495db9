"""A layout read against rows made by hand: what comes out, what is refused, where it stands, and the way back."""
from __future__ import annotations

from typing import Any

import pytest

from adapter.faults import Refused
from adapter.records.layout import Layout
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.layouts import EVERYTHING, both, layout, rows

TOP = {"export": {"EXPORTED_AT": "01/07/2026 12:00"}}


@pytest.fixture(scope="module")
def larkfield() -> Layout:
    return layout(EVERYTHING)


def medication(key: str, status: str = "C", **more: str) -> dict[str, str]:
    return {"RES_NO": "17", "MED_ID": key, "STATUS": status, "DRUG": "Senna liquid", "DOSE_TEXT": "10 ml at night", **more}


def resident(**more: Any) -> dict[str, Any]:
    said = {"RES_NO": "17", "SURNAME": "Teatime", "FORENAME": "Marigold", "DOB": "05/1931", "SEX": "F", "NHS_NO": "999 000 0018",
            "ADDR1": "1 Nowhere Road", "PCODE": "ZZ1 1ZZ", "GP": "G1", "gp": {"GP_CODE": "G1", "NAME": "Nowhere Surgery", "ODS": "Z99999"},
            "ALLERGY_STATUS": "NKA", "medication": [medication("m1"), medication("m2", "S")]} | more
    return {name: value for name, value in said.items() if value is not None}


def faults(found: Any) -> list[tuple[str, str, str]]:
    assert isinstance(found.record, Refused)
    return [(fault.rule, fault.name, fault.path) for fault in found.record.found]


def test_rows_become_a_care_record(larkfield: Layout) -> None:
    record = larkfield.record(rows(resident(), TOP)).record
    assert isinstance(record, CareRecord)
    said = care_records().encode(record)
    assert said["as_of"] == "2026-07-01T12:00:00+01:00"
    assert said["resident"] == {
        "key": "17", "family_name": "Teatime", "given_names": ["Marigold"], "birth_date": "1931-05", "gender": "female",
        "nhs_number": "9990000018", "general_practitioners": [{"type": "Organization", "key": "G1"}],
        "addresses": [{"use": "home", "lines": ["1 Nowhere Road"], "postcode": "ZZ1 1ZZ"}]}
    assert said["allergies"] == "none known"
    assert said["organizations"] == [{"key": "G1", "ods_code": "Z99999", "name": "Nowhere Surgery"}]
    assert said["medicines"] == [
        {"key": "m1", "status": "active", "drug": "Senna liquid", "doses": [{"text": "10 ml at night"}]},
        {"key": "m2", "status": "stopped", "drug": "Senna liquid", "doses": [{"text": "10 ml at night"}]}]


@pytest.mark.parametrize(("changed", "expected"), [
    ({"SEX": "Q"}, ("not-in-table", "SEX", "resident.gender")),
    ({"DOB": "31/02/1931"}, ("not-a-date", "DOB", "resident.birth_date")),
    ({"DOB": "1/2/1931"}, ("not-a-date", "DOB", "resident.birth_date")),
    ({"ALLERGY_STATUS": "YES"}, ("contradiction", "ALLERGY_STATUS", "allergies")),
    ({"ALLERGY_STATUS": None}, ("state-missing", "ALLERGY_STATUS", "allergies")),
    ({"gp": None}, ("no-such-row", "GP", "")),
    ({"medication": [medication("m1", "Z")]}, ("no-block", "medication/0/STATUS", "")),
    ({"medication": [medication("m1", START="29/03/2026", START_TIME="01:30")]},
     ("missing-hour", "medication/0/START", "medicines[0].taken.start")),
    ({"medication": [{"RES_NO": "17", "MED_ID": "m1", "STATUS": "C"}]}, ("missing", "medication/0/DRUG", "medicines[0].drug")),
])
def test_what_is_wrong_is_told_by_its_place(larkfield: Layout, changed: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert expected in faults(larkfield.record(rows(resident(**changed), TOP)))


def test_a_record_is_written_into_a_tree_and_read_again(larkfield: Layout) -> None:
    record = larkfield.record(rows(resident(), TOP)).record
    assert isinstance(record, CareRecord)
    written = larkfield.write(record)
    assert written.top == TOP
    assert written.tree == {**{k: v for k, v in resident().items() if k != "gp"}, "NHS_NO": "9990000018"}
    assert [u.path for u in written.unwritten] == ["organizations[0].ods_code", "organizations[0].name"]


@pytest.mark.parametrize("rule", ['RES_NO = ""', 'RES_NO = ["", "0"]'])
@pytest.mark.parametrize("first", [True, False], ids=["resident first", "resident last"])
def test_rows_are_written_with_what_joins_them_and_so_no_rule_takes_them(rule: str, first: bool) -> None:
    made = layout(EVERYTHING.replace('only = { STATUS = "TEMPLATE" }', f"only = {{ {rule} }}"))
    made.root.members = dict(sorted(made.root.members.items(), key=lambda member: member[0] == "resident", reverse=first))
    tree = rows(resident(), TOP)
    record = made.record(tree).record
    assert isinstance(record, CareRecord)
    for back in (made.write(record), made.write(record, onto=tree.tree, top=tree.top)):
        assert back.tree["medication"] == tree.tree["medication"]
        assert [u.path for u in back.unwritten if u.path.startswith("medicines")] == []


def test_a_field_does_not_change_to_whom_a_row_belongs() -> None:
    made = layout(EVERYTHING.replace('key = "MED_ID"', 'key = "RES_NO"'))
    said = [{"key": key, "status": "active", "drug": {"text": "Senna"}} for key in ("17", "18")]
    record = care_records().decode({"source": "https://larkfield.example/records", "as_of": "2026-07-01T12:00:00+01:00",
                                    "resident": {"key": "17"}, "medicines": said})
    back = made.write(record)
    assert [row["RES_NO"] for row in back.tree["medication"]] == ["17", "17"]
    assert ("medicines[1].key", "stands where another field is written, which says something else") in back.unwritten


def test_rows_that_are_values_of_a_list(larkfield: Layout) -> None:
    """CSV, one value a row: one field of many files."""
    text = EVERYTHING.replace("[tables.sex]", '[files.why]\nfile = "WHY.CSV"\nof = "medication"\nby = "MED_ID"\n[tables.sex]')
    made = layout(text.replace('drug.text = "DRUG"', 'drug.text = "DRUG"\nreasons = "why/REASON"'))
    tree = resident(medication=[{**medication("m1"), "why": [{"MED_ID": "m1", "REASON": "A"}, {"MED_ID": "m1", "REASON": "B"}]}])
    record = both(made, rows(tree, TOP)).json
    assert record["medicines"][0]["reasons"] == ["A", "B"]
    assert made._quick(rows(tree, TOP).tree, rows(tree, TOP).top) == record
    said = made.record(rows(tree, TOP)).record
    assert isinstance(said, CareRecord)
    assert made.write(said).tree["medication"] == tree["medication"]


def test_a_layout_says_what_it_does(larkfield: Layout) -> None:
    fed = {f.path: f for f in larkfield.fields()}
    assert fed["medicines[].taken.start"] == (
        "medicines[].taken.start", ("medication/START", "medication/START_TIME"), "join ' ', time DD/MM/YYYY HH:mm or DD/MM/YYYY", "")
    assert fed["resident.addresses[].use"] == ("resident.addresses[].use", (), "constant, because the home's address", "")
    assert fed["as_of"].sources == ("/export/EXPORTED_AT",)
    assert fed["organizations[].name"].back == "it is looked up in a row that others share, and is only read"
    lacking = {u.path: u.needed for u in larkfield.unfed()}
    assert lacking["stays"] is False
    assert "medicines[].status" not in lacking
    without = {u.path: u.needed for u in layout(EVERYTHING.replace('drug.text = "DRUG"', "")).unfed()}
    assert without["medicines[].drug"] is True


def test_times_that_are_cut_are_said() -> None:
    text = EVERYTHING.replace('zone = "Europe/London"\n', "").replace('as_of = { from = "/export/EXPORTED_AT", time', "x = { x")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("x ="))
    assert layout(text).says == ("medicines[].taken.start: a time is cut to its date, because the layout names no zone",)


def test_what_becomes_of_a_column_at_the_top(larkfield: Layout) -> None:
    assert larkfield.covers(("/", "export", "EXPORTED_AT")) == ("mapped", ("as_of",))
    assert larkfield.covers(("EXPORTED_AT",)) == ("unknown", ())
    assert larkfield.covers(("medication", "RES_NO")) == ("stated", ("joins medication to residents",))
    assert larkfield.covers(("gp", "GP_CODE")) == ("stated", ("joins gp to residents",))
    assert larkfield.covers(("ROOM",)) == ("ignored", ("decoration",))


def test_what_is_not_changed_stays_as_the_vendor_wrote_it(larkfield: Layout) -> None:
    tree = rows(resident(MIDDLE="N/K", ROOM="blue"), TOP)
    record = larkfield.record(tree).record
    assert isinstance(record, CareRecord)
    written = larkfield.write(record, onto=tree.tree)
    assert (written.tree, written.unwritten) == (tree.tree, ())
