"""Refused residents are written in the vendor's own form, byte for byte, ready to be corrected; and values are counted by another hand."""
from __future__ import annotations

import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.faults import Refused
from adapter.records.rows import lookup
from adapter.records.rows.count import count_values
from adapter.records.rows.opening import open_export
from adapter.records.rows.refused import write_refused
from adapter.records.rows.row import Node, Settings, Table
from tests.rows_in import CSV, FILES, HOME, TREES, folder, people

ORPHANS = {**FILES, "MEDICATION.CSV": FILES["MEDICATION.CSV"] + "m8,8,Lost\n"}


# ---- refused -------------------------------------------------------------------------------------------------------------------
def test_csv(tmp_path: Path) -> None:
    written = write_refused(tmp_path / "refused", folder(tmp_path / "x", ORPHANS), CSV, {3})
    assert {path.name: path.read_bytes().decode() for path in written} == {
        "RESIDENTS.CSV": "RES_NO,SURNAME,GP\n3,Pennyfeather,\n",
        "MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm3,3,Codeine\nm8,8,Lost\n",
        "DOSES.CSV": FILES["DOSES.CSV"].replace("m1,ONE each morning\n", ""),
        "GP.CSV": "CODE,NAME\n",
        "EXPORT.CSV": FILES["EXPORT.CSV"]}


def test_it_can_be_read_again(tmp_path: Path) -> None:
    write_refused(tmp_path / "refused", folder(tmp_path / "x", FILES), CSV, {1, 3})
    assert people(tmp_path / "refused") == [TREES[0], TREES[2]]


BYTES = "\ufeffA;B\r\n\r\n1;\"x\r\n\u00f6\"\r\n2;' \r\n3;\"=1\";\r\n4;'=1;\n5;@x\r\n6;last".encode()
R = Settings("csv", "residents", "A", tables=(Table("residents", "R.CSV", "A", columns=("A", "B")),))


@pytest.mark.parametrize(("numbers", "expected"), [
    ({1}, b'\xef\xbb\xbfA;B\r\n1;"x\r\n\xc3\xb6"\r\n'),
    ({2, 6}, b"\xef\xbb\xbfA;B\r\n2;' \r\n6;last\r\n"),
    ({3, 4, 5}, b"\xef\xbb\xbfA;B\r\n3;'=1;\r\n4;'=1;\n5;'@x\r\n"),
    (set(), b"\xef\xbb\xbfA;B\r\n"),
])
def test_bytes_stay_but_for_formulas(tmp_path: Path, numbers: set[int], expected: bytes) -> None:
    (path,) = write_refused(tmp_path / "refused", folder(tmp_path / "x", {"R.CSV": BYTES}), R, numbers)
    assert path.read_bytes() == expected


@pytest.mark.parametrize("small", [lookup.SMALL, 0], ids=["in memory", "in the index"])
def test_a_key_that_two_rows_have_is_still_there_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(lookup, "SMALL", small)
    twice = {**FILES, "GP.CSV": FILES["GP.CSV"] + "G1,Dr Twin\n"}
    write_refused(tmp_path / "refused", folder(tmp_path / "x", twice), CSV, {1, 2})
    assert (tmp_path / "refused" / "GP.CSV").read_text() == "CODE,NAME\nG1,Dr Ffoulkes\nG1,Dr Twin\n"
    assert people(tmp_path / "refused") == [["twice"], ["twice"]]


def test_from_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in FILES.items():
            archive.writestr(name.lower(), text)
    write_refused(tmp_path / "refused", tmp_path / "x.zip", CSV, {2})
    assert (tmp_path / "refused" / "residents.csv").read_text() == "RES_NO,SURNAME,GP\n2,Quill,G1\n"


def test_json(tmp_path: Path) -> None:
    path = folder(tmp_path, {"x.json": '{"v": {"a": null, "r": [{"n": 1.50, "empty": ""}, 5, {"n": 3}]}, "more": []}'}) / "x.json"
    (written,) = write_refused(tmp_path / "refused", path, Settings("json", "v/r"), {1, 2})
    assert written.read_bytes() == b'{"v":{"a":null,"r":[{"n":1.50,"empty":""},5]},"more":[]}\n'


def test_ndjson(tmp_path: Path) -> None:
    path = folder(tmp_path, {"x.ndjson": '{"n": 1}\n\n{"n" : 2.50}\r\n{bad\n{"n": 4}'}) / "x.ndjson"
    (written,) = write_refused(tmp_path / "refused", path, Settings("ndjson"), {3, 4, 5})
    assert written.read_bytes() == b'{"n" : 2.50}\n{bad\n{"n": 4}\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_xml(tmp_path: Path, encoding: str) -> None:
    people = ["<x:r n='1'>\u00f6<x:r>inner</x:r></x:r>", "<x:r/>", "<x:r  n='>' />", "<x:r>4</x:r><!-- after -->", "<x:r>5</x:r >"]
    text = f"<?xml version='1.0' encoding='{encoding}'?>\n<e xmlns='urn:e' xmlns:x='urn:x'><top/>{{}}</e>"
    path = folder(tmp_path, {"x.xml": text.replace("{}", "".join(people)).encode(encoding)}) / "x.xml"
    settings = Settings("xml", "e/x:r", namespaces={"": "urn:e", "x": "urn:x"})
    for numbers, expected in (({1, 3}, people[0] + people[2] + "<!-- after -->"), ({2, 5}, "<x:r/><!-- after --><x:r>5</x:r >"),
                              ({4}, people[3])):
        (written,) = write_refused(tmp_path / "refused", path, settings, numbers)
        assert written.read_bytes().decode(encoding).partition("<top/>")[2] == expected + "</e>"


def test_what_cannot_be_read_as_a_whole_is_refused_again(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write_refused(tmp_path / "refused", folder(tmp_path / "x", {"RESIDENTS.CSV": "x"}), CSV, {1})
    assert not (tmp_path / "refused").exists()


# ---- counted -------------------------------------------------------------------------------------------------------------------
def values(value: Any, file: str = "") -> Iterator[str]:
    """For each leaf, the file it is in."""
    if isinstance(value, Node):
        for member in value.values():
            yield from values(member, value.file or file)
    elif isinstance(value, list):
        for element in value:
            yield from values(element, file)
    else:
        yield file


def read(path: Path, settings: Settings) -> dict[str, int]:
    """How many values the reading hands out; what many share, once."""
    with open_export(path, settings) as export:
        total, shared = Counter(values(export.top)), {}
        for rows in export:
            for table in settings.tables:
                if table.lookup and (row := rows.tree.pop(table.name, None)):
                    shared[row.file, row.line] = row
            total.update(values(rows.tree))
        for row in (*shared.values(), *(row for _, row in export.unnamed())):
            total.update(values(row))
    return dict(total)


COUNTED: dict[str, tuple[Settings, dict[str, str | bytes], dict[str, int]]] = {
    "a home": (CSV, dict(FILES), {"RESIDENTS.CSV": 8, "MEDICATION.CSV": 9, "DOSES.CSV": 6, "GP.CSV": 4, "EXPORT.CSV": 1}),
    "rows of nobody": (CSV, ORPHANS, {"RESIDENTS.CSV": 8, "MEDICATION.CSV": 12, "DOSES.CSV": 6, "GP.CSV": 4, "EXPORT.CSV": 1}),
    "every way of writing": (R, {"R.CSV": BYTES}, {"R.CSV": 12}),
    "Windows-1252": (R, {"R.CSV": b"A\tB\tC\n1\t\xa0\t\x85\n2\t \t\xf6\n"}, {"R.CSV": 4}),
    "too few, too many": (R, {"R.CSV": "A,B,\n1\n2,x,y,,z\n3,,\n"}, {"R.CSV": 6}),
    "a zero byte": (R, {"R.CSV": b"A,B\n1,x\0\n"}, {"R.CSV": 2}),
    "json": (Settings("json", "r"), {
        "x": '{"a": 1, "r": [{"x": null, "y": [" ", "z", false, {"q": 0}]}, 5, [{"p": ""}, 6]], "b": {"c": "d"}}'}, {"": 7}),
    "ndjson": (Settings("ndjson"), {"x": '{"a": 1, "b": "\\u00a0"}\nbad\n[1]\n{"c": [true]}\n'}, {"": 2}),
    "xml": (Settings("xml", "e/r"), {
        "x": '<e xmlns:x="u" a="1" b=" "><r>x<!-- - -->y<b/>tail<b/> <?p q?></r>z<r x:n="2"><![CDATA[ ]]><b> 3</b></r></e>'}, {"": 6}),
}


@pytest.mark.parametrize(("settings", "files", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_what_is_read_is_what_is_counted(tmp_path: Path, settings: Settings, files: dict[str, str | bytes],
                                         expected: dict[str, int]) -> None:
    path = folder(tmp_path, files) / ("" if settings.format == "csv" else "x")
    assert count_values(path, settings) == expected
    assert read(path, settings) == expected


def test_files_that_the_layout_does_not_name_are_counted_too(tmp_path: Path) -> None:
    path = folder(tmp_path, {**FILES, "notes.csv": "A;B\n1;2\n", "photo.jpg": b"\xff", ".hidden.csv": "x\ny\n"})
    assert count_values(path, CSV)["notes.csv"] == 2
    assert len(count_values(path, CSV)) == len(FILES) + 1


@pytest.mark.parametrize(("settings", "text"), [
    (Settings("json"), "{"), (Settings("xml"), "<e>"), (Settings("xml"), "<!DOCTYPE e><e/>"), (Settings("json"), "[" * 100_000), (CSV, "")])
def test_what_cannot_be_counted_is_one_sentence(tmp_path: Path, settings: Settings, text: str) -> None:
    path = folder(tmp_path, {"x.csv": text}) / "x.csv"
    with pytest.raises(Refused, match="cannot be counted"):
        count_values(tmp_path / "nothing" if settings is CSV else path, settings)


# ---- memory --------------------------------------------------------------------------------------------------------------------
def many(at: Path, count: int, shuffled: bool) -> Path:
    """Residents in the order of their keys, or in the opposite one."""
    keys = [f"R{i:06}" for i in range(count)]
    return folder(at / f"{count}-{shuffled}", {
        "RESIDENTS.CSV": "RES_NO,SURNAME,GP\n" + "".join(f"{key},Somebody,\n" for key in (keys[::-1] if shuffled else keys)),
        "MEDICATION.CSV": "MED_ID,RES_NO,DRUG\n" + "".join(f"m{i},{key},Some tablets\n" for key in keys for i in range(5))})


@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "through the index"])
def test_memory_does_not_grow_with_the_number_of_residents(tmp_path: Path, shuffled: bool) -> None:
    """As far as Python counts it: all of them together are 60 MB. What SQLite holds is bounded by its cache."""
    path = many(tmp_path, 15_000, shuffled)
    tracemalloc.start()
    with open_export(path, replace(CSV, tables=HOME[:2])) as export:
        assert sum(len(rows.tree["medication"]) for rows in export) == 75_000
    assert tracemalloc.get_traced_memory()[1] < 6 << 20
    tracemalloc.stop()
