"""CSV exports: how files are found and read, how their rows are joined, and what is said of those that cannot be."""
from __future__ import annotations

import random
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.faults import Refused
from adapter.records.rows import index, lookup
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import TOP, Place, Settings, Table
from tests.rows_in import CSV, FILES, HOME, TREES, faults, folder, people, rules

RESIDENTS = Settings("csv", "residents", "A", tables=(Table("residents", "R.CSV", "A", columns=("A", "B")),))


def one(at: Path, data: str | bytes, settings: Settings = RESIDENTS) -> Any:
    return people(folder(at, {"R.CSV": data}), settings)


# ---- joins ---------------------------------------------------------------------------------------------------------------------
def test_rows_hang_under_the_rows_they_belong_to(tmp_path: Path) -> None:
    with open_export(folder(tmp_path, FILES), CSV) as export:
        assert [rows.tree for rows in export] == TREES
        assert export.top == {"export": {"AT": "01/02/2026"}}


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            archive.writestr(f"export of today\\{name.lower()}", text)
        archive.writestr("__MACOSX/._RESIDENTS.CSV", b"\0")
    assert people(tmp_path / "x.zip") == TREES


def test_a_file_alone_is_an_export(tmp_path: Path) -> None:
    folder(tmp_path, {"r.csv": "A,B\n1,x\n"})
    assert people(tmp_path / "r.csv", RESIDENTS) == [{"A": "1", "B": "x"}]


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_the_same_trees(tmp_path: Path, seed: int) -> None:
    """Each resident with her rows in the order of their file, whether the index was needed or not."""
    shuffled, draw = {}, random.Random(seed)      # noqa: S311  # any order will do
    for name, text in FILES.items():
        header, *lines = text.splitlines()
        draw.shuffle(lines)
        shuffled[name] = "\n".join([header, *lines, ""])
    by_key = {tree["RES_NO"]: tree for tree in people(folder(tmp_path, shuffled))}
    assert [without_order(by_key[str(i)]) for i in (1, 2, 3)] == [without_order(tree) for tree in TREES]


def without_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_order(member) for name, member in value.items()}
    return sorted(map(without_order, value), key=str) if isinstance(value, list) else value


FLAT = (HOME[0], Table("medication", "MEDICATION.CSV", "", "residents", (("RES_NO", "RES_NO"),)),
        Table("stay", "STAYS.CSV", "", "residents", (("WHO", "RES_NO"),)))
ORDERS = {      # residents, medication, stays: which of them are joined through the index
    "text": (["1", "10", "2"], ["1", "10", "10", "2"], ["10", "2"], []),
    "number": (["1", "2", "10"], ["1", "2", "10"], ["2", "2", "10"], []),
    "one file is not": (["1", "2", "10"], ["2", "1", "10"], ["2", "10"], ["MEDICATION.CSV"]),
    "two orders": (["1", "2", "3"], ["1", "2", "3"], ["3", "2"], ["STAYS.CSV"]),
    "residents are not": (["2", "10", "1"], ["2", "10", "1"], ["1", "2", "10"], ["MEDICATION.CSV", "STAYS.CSV"]),
    "names with numbers": (["R9", "R10"], ["R9", "R10"], ["R10"], []),
    "nobody has rows": (["1"], [], [], []),
}


@pytest.mark.parametrize(("residents", "medication", "stays", "apart"), ORDERS.values(), ids=ORDERS.keys())
def test_the_order_of_files_decides_how_they_are_joined(tmp_path: Path, residents: list[str], medication: list[str], stays: list[str],
                                                        apart: list[str]) -> None:
    path = folder(tmp_path, {
        "RESIDENTS.CSV": "RES_NO,SURNAME,GP\n" + "".join(f"{key},x,\n" for key in residents),
        "MEDICATION.CSV": "RES_NO,N\n" + "".join(f"{key},{i}\n" for i, key in enumerate(medication)),
        "STAYS.CSV": "WHO,N\n" + "".join(f"{key},{i}\n" for i, key in enumerate(stays))})
    with open_export(path, replace(CSV, tables=FLAT)) as export:
        found = [(rows.tree["RES_NO"], *([row["N"] for row in rows.tree.get(name, [])] for name in ("medication", "stay")))
                 for rows in export]
        said = [says for says in export.says if "index" in says]
        assert [tree for tree in export] == [tree for tree in export], "it can be read again"      # noqa: C416  # two readings
    assert found == [(key, [str(i) for i, k in enumerate(medication) if k == key], [str(i) for i, k in enumerate(stays) if k == key])
                     for key in residents]
    assert [file for file in ("MEDICATION.CSV", "STAYS.CSV") if any(file in says for says in said)] == apart


NESTED = {      # medicines of the residents 1 and 2, doses, whether they are joined while they are read, doses of each and of nobody
    "in order": (["m1", "m2"], ["m3"], ["m1", "m3", "m3"], True, ["m1"], ["m3", "m3"], []),
    "some of nobody": (["m1", "m2"], ["m4"], ["", "m0", "m1", "m3", "m4", "m5"], True, ["m1"], ["m4"], ["", "m0", "m3", "m5"]),
    "not in order": (["m1", "m2"], ["m3"], ["m3", "m1", "m3"], False, ["m1"], ["m3", "m3"], []),
    "medicines are not": (["m2", "m1"], ["m3"], ["m1", "m3", "m3"], False, ["m1"], ["m3", "m3"], []),
}


@pytest.mark.parametrize(("of_one", "of_two", "doses", "read", "one", "two", "nobody"), NESTED.values(), ids=NESTED.keys())
def test_rows_of_rows_may_be_in_order_too(tmp_path: Path, of_one: list[str], of_two: list[str], doses: list[str], read: bool,
                                          one: list[str], two: list[str], nobody: list[str]) -> None:
    path = folder(tmp_path, {
        "RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,x,\n2,y,\n",
        "MEDICATION.CSV": "MED_ID,RES_NO\n" + "".join(f"{med},{key}\n" for key, meds in enumerate((of_one, of_two), 1) for med in meds),
        "DOSES.CSV": "MED_ID,DOSE\n" + "".join(f"{med},x\n" for med in doses)})
    with open_export(path, CSV) as export:
        assert ("joined while they are read" in " ".join(export.says)) is read
        found = [[row.get("MED_ID", "") for above in rows.tree["medication"] for row in above.get("dose", [])] for rows in export]
    first, second, *rest = found
    assert (first, second, [key for found in rest for key in found]) == (one, two, nobody)


def test_rows_are_joined_by_several_columns(tmp_path: Path) -> None:
    tables = (Table("residents", "R.CSV", "", columns=("HOME", "NO")),
              Table("stay", "S.CSV", "", "residents", (("HOME", "HOME"), ("NO", "NO"))),
              Table("ward", "W.CSV", "", "stay", (("HOME", "HOME"), ("NO", "NO"), ("S", "S"))))
    path = folder(tmp_path, {"R.CSV": "HOME,NO\na,11\na1,1\n", "S.CSV": "HOME,NO,S\na1,1,x\na,11,x\n",
                             "W.CSV": "HOME,NO,S,W\na,11,x,first\na1,1,x,second\n,1,x,third\n"})
    first, second, third = people(path, Settings("csv", "residents", tables=tables))
    assert first["stay"][0]["ward"] == [{"HOME": "a", "NO": "11", "S": "x", "W": "first"}]
    assert second["stay"][0]["ward"] == [{"HOME": "a1", "NO": "1", "S": "x", "W": "second"}]
    assert third == ["no-resident"]


@pytest.mark.parametrize("small", [lookup.SMALL, 0], ids=["in memory", "in the index"])
def test_lookups_tell_which_rows_nobody_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(lookup, "SMALL", small)
    with open_export(folder(tmp_path, FILES), CSV) as export:
        assert [rows.tree for rows in export] == TREES
    assert list(export.unnamed()) == [("gp", {"CODE": "G2", "NAME": "Dr Nobody"})]


def test_lookups_of_a_zip_tell_it_too_when_it_is_closed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            archive.writestr(f"export/{name}", text)
    with open_export(tmp_path / "x.zip", CSV) as export:
        assert len(list(export)) == len(TREES)
    assert [node["CODE"] for _, node in export.unnamed()] == ["G2"]


def test_a_lookup_may_hang_in_a_lookup(tmp_path: Path) -> None:
    tables = (*HOME[:1], HOME[3], Table("town", "TOWNS.CSV", "", "gp", (("T", "TOWN"),), lookup=True))
    path = folder(tmp_path, {**FILES, "GP.CSV": "CODE,NAME,TOWN\nG1,Dr F,t1\n", "TOWNS.CSV": "T,NAME\nt1,Anytown\n"})
    assert people(path, replace(CSV, tables=tables))[1]["gp"] == {
        "CODE": "G1", "NAME": "Dr F", "TOWN": "t1", "town": {"T": "t1", "NAME": "Anytown"}}


# ---- cells ---------------------------------------------------------------------------------------------------------------------
CELLS: dict[str, tuple[bytes, list[dict[str, str]]]] = {
    "plain": (b"A,B\n1,x\n", [{"A": "1", "B": "x"}]),
    "no end": (b"A,B\r\n1,x", [{"A": "1", "B": "x"}]),
    "old Macintosh": (b"A,B\r1,x\r2,y\r", [{"A": "1", "B": "x"}, {"A": "2", "B": "y"}]),
    "semicolons": (b"A;B\n1;x,y\n", [{"A": "1", "B": "x,y"}]),
    "tabs": (b"A\tB\n1\tx;y\n", [{"A": "1", "B": "x;y"}]),
    "bars": (b"A|B\n1|x\n", [{"A": "1", "B": "x"}]),
    "a byte order mark": ("\ufeffA,B\n1,ö\n".encode(), [{"A": "1", "B": "ö"}]),
    "Windows": ("A,B\n1,\u2019ö\n".encode("cp1252"), [{"A": "1", "B": "\u2019ö"}]),
    "quoted": (b'"A","B"\n"1","x, ""y""\nz"\n', [{"A": "1", "B": 'x, "y"\nz'}]),
    "a quotation mark within": (b'A,B\n1,5" tube\n', [{"A": "1", "B": '5" tube'}]),
    "spaces are kept": (b"A ,B\n1, x \n2,   \n", [{"A": "1", "B": " x "}, {"A": "2"}]),
    "blank rows": (b"A,B\n\n,\n  ,\t\n1,x\n\n", [{"A": "1", "B": "x"}]),
    "apostrophes": (b"A,B\n1,'=x\n2,'-0.5\n3,''=y\n4,'tis\n", [
        {"A": "1", "B": "=x"}, {"A": "2", "B": "-0.5"}, {"A": "3", "B": "'=y"}, {"A": "4", "B": "'tis"}]),
    "formulas that were always there": (b"A,B\n1,=x\n", [{"A": "1", "B": "=x"}]),
    "an empty column": (b"A,B,\n1,x,\n", [{"A": "1", "B": "x"}]),
    "only a header": (b"A,B\n", []),
    "one column": (b"A\n1\n", [{"A": "1"}]),
}


@pytest.mark.parametrize(("data", "expected"), CELLS.values(), ids=CELLS.keys())
def test_cells(tmp_path: Path, data: bytes, expected: list[dict[str, str]]) -> None:
    assert one(tmp_path, data) == expected


def test_a_row_has_the_line_on_which_it_begins(tmp_path: Path) -> None:
    data = 'A,B\r\n1,"x\r\ny"\r\n\r\n"2\n",z\r\n3,\n'
    with open_export(folder(tmp_path, {"R.CSV": data}), RESIDENTS) as export:
        assert [rows.place(("B",)) for rows in export] == [Place("R.CSV", line, None, "B") for line in (2, 5, 7)]


def test_places(tmp_path: Path) -> None:
    with open_export(folder(tmp_path, FILES), CSV) as export:
        first = next(iter(export))
        assert first.place(("medication", 1, "dose", 0, "DOSE")) == Place("DOSES.CSV", 3, None, "DOSE")
        assert first.place(("medication", 1, "WHY")) == Place("MEDICATION.CSV", 3, None, "WHY")
        assert first.place(("medication", 7, "WHY")) == Place("RESIDENTS.CSV", 2, None, "WHY")
        assert first.place(("gp", "NAME")) == Place("GP.CSV", 2, None, "NAME")
        assert first.place((TOP, "export", "AT")) == Place("EXPORT.CSV", 2, None, "AT")


def test_what_was_found_out_is_said(tmp_path: Path) -> None:
    path = folder(tmp_path, {
        "Residents.csv": "RES_NO;SURNAME;GP\n1;Pugh\u00e9;\n".encode("cp1252"), "GP.csv": "CODE\tNAME\n", "notes.csv": "x"})
    with open_export(path, CSV) as export:
        assert export.says == (
            "RESIDENTS.CSV is read as Windows-1252, its cells separated by semicolons",
            "GP.CSV is read as UTF-8, its cells separated by tabs",
            "MEDICATION.CSV is not there", "DOSES.CSV is not there", "EXPORT.CSV is not there",
            "1 file in it the layout does not name")


SEPARATED: dict[str, tuple[str, str]] = {
    "one cell with a delimiter": ("A;B;C\n1;x;y\n2;x;y;z\n", "semicolons"),
    "one row that is too short": ("A;B;C\n1;x;y\n2;x\n", "semicolons"),
    "nothing but a ragged row": ("A;B;C\n1;x\n", "semicolons"),
    "a header alone": ("A|B|C\n", "vertical bars"),
    "commas in cells": ("NAME;NOTE\nTeatime, J;a, b, c\nQuill, P;d\n", "semicolons"),
    "commas in the header": ("NAME, FIRST;NOTE, LAST, B;C\nx;y;z\n", "semicolons"),
    "two columns, nothing but a ragged row": ("A;B\n1;x;y\n", "semicolons"),
    "one column, with commas in cells": ("NOTE\na, b\nc\n", "semicolons"),
    "one column": ("NOTE\na\n", "commas"),
}


@pytest.mark.parametrize(("text", "says"), SEPARATED.values(), ids=SEPARATED.keys())
def test_the_header_says_what_separates_cells(tmp_path: Path, text: str, says: str) -> None:
    """Where nothing is known of its columns, as when a layout is drafted."""
    with open_export(folder(tmp_path, {"R.CSV": text}), Settings("csv", "r", tables=(Table("r", "R.CSV"),))) as export:
        assert export.says[0] == f"R.CSV is read as UTF-8, its cells separated by {says}"


ODD: dict[str, tuple[bytes, int | None]] = {
    "a code page of DOS": ("A;B\n1;x\n2;Róisín\n".encode("cp850"), 3),
    "another vowel of it": ("A;B\n1;Björn\n".encode("cp850"), 2),
    "after a cell of two lines": ('A;B\r\n1;"x\r\ny"\r\n2;Róisín\r\n'.encode("cp850"), 4),
    "lines that end in CR": ("A;B\r1;x\r2;Róisín\r".encode("cp850"), 3),
    "UTF-8, read and written as something else": ("A;B\n1;RÂ¢isÂ¡n\n".encode(), 2),
    "a control": (b"A;B\n1;x\n2;y\n3;O\x1bBrien\n", 4),
    "no word": ("A;B\n1;¢\n2;5¢a\n3;a ¢\n4;¿Qué?\n".encode(), None),
    "Windows-1252": ("A;B\n1;Róisín\n2;D´Arcy said “no”\n3;Zoë–Ann’s\n".encode("cp1252"), None),
    "quotation marks that somebody typed": ("A;B\n1;said“no”then\n".encode(), None),
}


@pytest.mark.parametrize(("data", "line"), ODD.values(), ids=ODD.keys())
def test_a_sign_within_a_word_is_a_doubt_about_the_encoding(tmp_path: Path, data: bytes, line: int | None) -> None:
    with open_export(folder(tmp_path, {"R.CSV": data}), RESIDENTS) as export:
        assert [says.split(", has")[0] for says in export.says if "between two letters" in says] == [f"R.CSV, line {line}"] * bool(line)


MISSING = {
    "one of several": ({name: text for name, text in FILES.items() if name != "RESIDENTS.CSV"}, "put it in, or say `optional = true`"),
    "all but one file": ({"GP.CSV": FILES["GP.CSV"]}, "hand in the folder, or the zip"),
    "all": ({"README.txt": "x"}, "is this the export"),
    "every file": ({}, "is this the export"),
}


@pytest.mark.parametrize(("files", "says"), MISSING.values(), ids=MISSING.keys())
def test_what_to_do_about_a_file_that_is_not_there(tmp_path: Path, files: dict[str, str], says: str) -> None:
    """What is no export at all is not to be made one by the layout."""
    with pytest.raises(Refused) as refused:
        open_export(folder(tmp_path, files), CSV)
    (fault,) = refused.value.found
    assert (fault.rule, fault.file) == ("no-file", "RESIDENTS.CSV")
    assert says in fault.says
    assert ("optional" in fault.says) == ("optional" in says)


# ---- what is wrong -------------------------------------------------------------------------------------------------------------
def test_rows_of_nobody_come_at_the_end_each_with_a_fault(tmp_path: Path) -> None:
    path = folder(tmp_path, {
        **FILES, "MEDICATION.CSV": FILES["MEDICATION.CSV"] + "m8,8,x\nm9,,y\n", "DOSES.CSV": "MED_ID,DOSE\nm8,a\nm7,b\n"})
    with open_export(path, CSV) as export:
        found = [(rows.number, rows.tree, rows.faults) for rows in export][3:]
    assert [(number, tree) for number, tree, _ in found] == [
        (4, {"medication": [{"MED_ID": "m8", "RES_NO": "8", "DRUG": "x"}]}),
        (5, {"medication": [{"MED_ID": "m9", "DRUG": "y"}]}),
        (6, {"medication": [{"dose": [{"MED_ID": "m8", "DOSE": "a"}]}]}),
        (7, {"medication": [{"dose": [{"MED_ID": "m7", "DOSE": "b"}]}]})]
    assert [(fault.rule, fault.file, fault.line, fault.name) for *_, (fault,) in found] == [
        ("no-resident", "MEDICATION.CSV", 5, "RES_NO"), ("no-resident", "MEDICATION.CSV", 6, "RES_NO"),
        ("no-resident", "DOSES.CSV", 2, "MED_ID"), ("no-resident", "DOSES.CSV", 3, "MED_ID")]


ORPHANED: dict[str, tuple[dict[str, str], set[str]]] = {
    "nothing": ({}, set()),
    "a row that is joined while it is read": ({"MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm1,1,x\nm3,3,y\nm8,8,z\n"}, {"medication"}),
    "one between two residents": ({"MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm1,1,x\nm2,15,z\nm3,3,y\n"}, {"medication"}),
    "one that names nobody": ({"MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm0,,x\nm1,1,x\nm3,3,y\n"}, {"medication"}),
    "one through the index": ({"MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm3,3,y\nm8,8,z\nm1,1,x\n"}, {"medication"}),
    "one of no row": ({"DOSES.CSV": "MED_ID,DOSE\nm1,x\nm7,x\n"}, {"dose"}),
    "one of a row of nobody, in order": ({"MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm1,1,x\nm3,3,y\nm8,8,z\n",
                                          "DOSES.CSV": "MED_ID,DOSE\nm1,x\nm8,x\n"}, {"medication", "dose"}),
    "one of a row of nobody, through the index": ({"MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm8,8,z\nm3,3,x\n",
                                                   "DOSES.CSV": "MED_ID,DOSE\nm8,x\nm3,x\n"}, {"medication", "dose"}),
    "none of a lookup": ({"GP.CSV": "CODE,NAME\nG1,Dr Ffoulkes\nG9,x\n,y\n"}, set()),
    "a resident without a key takes none": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n ,x,\n1,x,\n3,x,\n",
                                             "MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm0, ,x\n"}, {"medication", "dose"}),
}


@pytest.mark.parametrize(("files", "tables"), ORPHANED.values(), ids=ORPHANED.keys())
def test_tables_with_rows_of_nobody_are_known_from_the_first_resident_on(tmp_path: Path, files: dict[str, str], tables: set[str]) -> None:
    with open_export(folder(tmp_path, {**FILES, **files}), CSV) as export:
        every = iter(export)
        assert next(every).orphaned == tables
        alone = [next(iter(rows.tree.items())) for rows in every if any(fault.rule == "no-resident" for fault in rows.faults)]
    assert {"dose" if "dose" in rows[0] and len(rows[0]) == 1 else name for name, rows in alone} == tables, "as it turns out at the end"


def test_a_row_of_nobody_that_the_layout_ignores_is_no_orphan(tmp_path: Path) -> None:
    path = folder(tmp_path, {**FILES, "MEDICATION.CSV": FILES["MEDICATION.CSV"] + "m8,TOTAL,x\n"})
    with open_export(path, replace(CSV, left_out=lambda rows: rows.tree["medication"][0]["RES_NO"] == "TOTAL")) as export:
        assert next(iter(export)).orphaned == set()


WRONG: dict[str, tuple[dict[str, str | bytes], list[tuple[str, str, int | None, str]]]] = {
    "too few cells": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,x,\n2,y\n"}, [("too-few-cells", "RESIDENTS.CSV", 3, "GP")]),
    "too many cells": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,x,y,z\n"}, [("too-many-cells", "RESIDENTS.CSV", 2, "column 4")]),
    "no key at all": ({"RESIDENTS.CSV": "SURNAME,RES_NO,GP\nx\n"}, [
        ("too-few-cells", "RESIDENTS.CSV", 2, "RES_NO"), ("no-key", "RESIDENTS.CSV", 2, "RES_NO")]),
    "a cell without a header": ({"RESIDENTS.CSV": "RES_NO,,GP\n1,,\n2,x,\n"}, [("no-header", "RESIDENTS.CSV", 3, "column 2")]),
    "a blank key": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n ,x,\n1,y,\n"}, [("no-key", "RESIDENTS.CSV", 2, "RES_NO")]),
    "a blank before the resident's key": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n 1,x,\n2,y,\n", "MEDICATION.CSV": "MED_ID,RES_NO\na,1\n"}, [
        ("blank-in-key", "RESIDENTS.CSV", 2, "RES_NO"), ("no-resident", "MEDICATION.CSV", 2, "RES_NO")]),
    "a blank after a row's own key": ({**FILES, "DOSES.CSV": "MED_ID,DOSE\n", "MEDICATION.CSV": "MED_ID,RES_NO\nm1\u00a0,1\nm2,2\n"}, [
        ("blank-in-key", "MEDICATION.CSV", 2, "MED_ID")]),
    "a blank after what a row is joined by": ({**FILES, "DOSES.CSV": "MED_ID,DOSE\n", "MEDICATION.CSV": "MED_ID,RES_NO\nm1,1 \n"}, [
        ("blank-in-key", "MEDICATION.CSV", 2, "RES_NO"), ("no-resident", "MEDICATION.CSV", 2, "RES_NO")]),
    "a blank in both": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1 ,x,\n", "MEDICATION.CSV": "MED_ID,RES_NO\na,1 \n"}, [
        ("blank-in-key", "RESIDENTS.CSV", 2, "RES_NO"), ("blank-in-key", "MEDICATION.CSV", 2, "RES_NO")]),
    "a blank in what names a row of a lookup": ({**FILES, "GP.CSV": "CODE,NAME\nG1 ,x\n", "RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,x,G1 \n",
                                                 "MEDICATION.CSV": "MED_ID,RES_NO\n", "DOSES.CSV": "MED_ID,DOSE\n"}, [
        ("blank-in-key", "RESIDENTS.CSV", 2, "GP"), ("blank-in-key", "GP.CSV", 2, "CODE")]),
    "a key twice": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,x,\n2,y,\n1,z,\n"}, [
        ("same-resident", "RESIDENTS.CSV", 2, "RES_NO"), ("same-resident", "RESIDENTS.CSV", 4, "RES_NO")]),
    "a key twice, in order": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,x,\n1,y,\n2,z,\n", "MEDICATION.CSV": "MED_ID,RES_NO\na,1\n"}, [
        ("same-resident", "RESIDENTS.CSV", 2, "RES_NO"), ("same-resident", "RESIDENTS.CSV", 3, "RES_NO")]),
    "a row that others belong to, twice": ({**FILES, "MEDICATION.CSV": "MED_ID,RES_NO\nm1,1\nm1,2\n", "DOSES.CSV": "MED_ID,DOSE\nm1,x\n"}, [
        ("twice", "MEDICATION.CSV", 2, "MED_ID"), ("twice", "MEDICATION.CSV", 3, "MED_ID")]),
    "a lookup twice": ({**FILES, "GP.CSV": "CODE,NAME\nG1,x\nG3,y\nG1,z\nG3,\n"}, [("twice", "GP.CSV", 2, "CODE")] * 2),
    "no such column": ({"RESIDENTS.CSV": "RES_NO,SURNAME\n1,x\n"}, [("no-column", "RESIDENTS.CSV", 1, "GP")]),
    "a column twice": ({"RESIDENTS.CSV": "RES_NO,GP,SURNAME,GP,x,x\n1,x\n"}, [
        ("header-twice", "RESIDENTS.CSV", 1, "GP"), ("header-twice", "RESIDENTS.CSV", 1, "column 6")]),
    "no such file": ({}, [("no-file", "RESIDENTS.CSV", None, "")]),
    "a file twice": ({"RESIDENTS.CSV": "x", "residents.csv": "x"}, [("file-twice", "", None, "")]),
    "two rows about the export": ({**FILES, "EXPORT.CSV": "AT\nx\ny\n"}, [("twice", "EXPORT.CSV", 3, "")]),
    "a byte that is no text": ({"RESIDENTS.CSV": b"RES_NO,SURNAME,GP\n1,ok \xf6,\n2,bad \x81,\n3,\x9d,\n"}, [
        ("encoding", "RESIDENTS.CSV", 3, "SURNAME"), ("encoding", "RESIDENTS.CSV", 4, "SURNAME")]),
    "a zero byte": ({"RESIDENTS.CSV": b"RES_NO,SURNAME,GP\n1,a\0b,\n2,ok,\n"}, [("encoding", "RESIDENTS.CSV", 2, "SURNAME")]),
    "a zero byte on the way": ({**FILES, "MEDICATION.CSV": b"MED_ID,RES_NO,DRUG\nm3,2,a\0b\nm1,1,c\n"}, [
        ("encoding", "MEDICATION.CSV", 2, "DRUG")]),
    "UTF-16": ({"RESIDENTS.CSV": "RES_NO\n1\n".encode("utf-16")}, [("utf-16", "RESIDENTS.CSV", 1, "")]),
    "a text that does not end": ({"RESIDENTS.CSV": 'RES_NO,SURNAME,GP\n1,x,\n2,"y,\n3,z,\n'}, [("misquoted", "RESIDENTS.CSV", 3, "")]),
    "quotation marks within": ({"RESIDENTS.CSV": 'RES_NO,SURNAME,GP\n1,"x "y" z",\n'}, [("misquoted", "RESIDENTS.CSV", 2, "")]),
    "a column that is a table": ({"RESIDENTS.CSV": "RES_NO,SURNAME,GP,gp\n"}, [("layout", "RESIDENTS.CSV", 1, "gp")]),
}


@pytest.mark.parametrize(("files", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_has_a_place(tmp_path: Path, files: dict[str, str | bytes], expected: list[tuple[str, str, int | None, str]]) -> None:
    assert faults(folder(tmp_path, files)) == expected


def test_a_row_without_a_row_to_hang_under_is_not_lost(tmp_path: Path) -> None:
    dose = Table("dose", "DOSES.CSV", "", "medication", (("MED_ID", "MED_ID"), ("RES_NO", "RES_NO")))
    path = folder(tmp_path, {**FILES, "DOSES.CSV": "RES_NO,MED_ID,DOSE\n1,m1,x\n1,m9,y\n2,m3,z\n"})
    with open_export(path, replace(CSV, tables=(*HOME[:2], dose, *HOME[3:]))) as export:
        first, second, third = export
    assert [fault.rule for fault in (*first.faults, *second.faults, *third.faults)] == ["no-row", "no-row"]
    assert first.tree["medication"][2] == {"dose": [{"RES_NO": "1", "MED_ID": "m9", "DOSE": "y"}]}
    assert second.tree["medication"] == [{"dose": [{"RES_NO": "2", "MED_ID": "m3", "DOSE": "z"}]}]


@pytest.mark.parametrize(("encoding", "data", "expected"), [
    ("windows-1252", "A,B\n1,Rhös\n", [("encoding", "R.CSV", 2, "")]),
    ("windows-1252", "A,B\n1,Rhos\n", []),
    ("windows-1252", "A,B\n1,Rhös\n".encode("cp1252"), []),
    ("utf-8", "A,B\n1,Rhos\n2,Rhös\n".encode("cp1252"), [("encoding", "R.CSV", 3, "B")]),
    ("latin-1", b"A,B\n1,\x81\n", []),
    ("utf-8-sig", "A,B\n1,Rhös\n", []),
    ("utf-16", "A,B\n", [("encoding", "", None, "")]),
    ("no such thing", "A,B\n", [("encoding", "", None, "")]),
])
def test_an_encoding_that_contradicts_the_layout(tmp_path: Path, encoding: str, data: str | bytes, expected: list[tuple[Any, ...]]) -> None:
    assert faults(folder(tmp_path, {"R.CSV": data}), replace(RESIDENTS, encoding=encoding)) == expected


def test_where_it_contradicts_is_told_to_the_column(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        people(folder(tmp_path, {"R.CSV": "A,B\n1,Rhos\n2,Rhös\n"}), replace(RESIDENTS, encoding="cp1252"))
    assert [(fault.line, fault.column) for fault in refused.value.found] == [(3, 5)]


def test_a_disk_without_room_is_one_sentence() -> None:
    with pytest.raises(Refused, match="cannot be written"), index.index() as rows:
        fill(rows)


def fill(rows: index.Index) -> None:
    rows.db.execute("PRAGMA max_page_count = 10")
    rows.residents(0, ((str(i) * 99, i, i) for i in range(9_999)))


@pytest.mark.parametrize("delimiter", ["tab", ";;", '"', "\n"])
def test_a_delimiter_that_is_none(tmp_path: Path, delimiter: str) -> None:
    assert rules(folder(tmp_path, FILES), replace(CSV, delimiter=delimiter)) == ["layout"]


@pytest.mark.parametrize("tables", [
    (Table("residents", "R.CSV"), Table("residents", "S.CSV")),
    (Table("residents", "R.CSV"), Table("x", "r.csv", of="residents", by=(("a", "a"),))),
    (Table("x", "R.CSV"),),
    (Table("residents", "R.CSV"), Table("x", "X.CSV")),
    (Table("residents", "R.CSV"), Table("x", "X.CSV", of="y", by=(("a", "a"),))),
    (Table("residents", "R.CSV"), Table("x", "X.CSV", of="residents")),
    (Table("residents", "R.CSV"), Table("x", "X.CSV", of="y", by=(("a", "a"),)), Table("y", "Y.CSV", of="x", by=(("a", "a"),))),
    (Table("residents", "../R.CSV"),),
], ids=["a name twice", "a file twice", "no residents", "belongs to nothing", "to no table", "by nothing", "to each other", "a way out"])
def test_a_layout_that_contradicts_itself(tmp_path: Path, tables: tuple[Table, ...]) -> None:
    assert rules(tmp_path, Settings("csv", "residents", tables=tables)) == ["layout"]
