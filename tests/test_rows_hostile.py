"""Files made to do harm, or by accident: each is refused by name, in memory that does not grow, and nothing of what is in it is told."""
from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.faults import Refused
from adapter.records.rows import text, xml_export, zipped
from adapter.records.rows.encoding import Encoding
from adapter.records.rows.files import File
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Settings, Table
from adapter.records.rows.text import rows_of
from tests.rows_in import CSV, FILES, folder, people, rules

R = Settings("csv", "residents", "A", tables=(Table("residents", "R.CSV", "A", columns=("A", "B")),))
XML = Settings("xml", "e/r")
MIB = 1 << 20


# ---- zips ----------------------------------------------------------------------------------------------------------------------
def zipped_as(at: Path, name: str, data: bytes = b"A,B\n1,x\n", mode: int = 0o100600, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(at / "x.zip", "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr, entry.compress_type = mode << 16, method
        archive.writestr(entry, data)
    return at / "x.zip"


def test_a_zip_as_it_should_be(tmp_path: Path) -> None:
    assert people(zipped_as(tmp_path, "a/b/r.csv"), R) == [{"A": "1", "B": "x"}]


@pytest.mark.parametrize("name", ["../R.CSV", "a/../../R.CSV", "/R.CSV", "C:/R.CSV", "..\\R.CSV", "\\R.CSV"])
def test_a_name_that_leads_out_of_the_zip(tmp_path: Path, name: str) -> None:
    assert rules(zipped_as(tmp_path, name), R) == ["zip-path"]


def test_links_zips_in_zips_and_other_ways_of_packing(tmp_path: Path) -> None:
    assert rules(zipped_as(tmp_path, "R.CSV", b"/etc/passwd", 0o120777), R) == ["zip-link"]
    assert rules(zipped_as(tmp_path, "R.zip"), R) == ["zip-in-zip"]
    assert rules(zipped_as(tmp_path, "R.CSV", method=zipfile.ZIP_BZIP2), R) == ["zip-method"]


def test_a_file_twice_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/R.CSV", "A,B\n1,x\n")
        archive.writestr("b/r.csv", "A,B\n1,y\n")
    assert rules(tmp_path / "x.zip", R) == ["file-twice"]


def test_a_bomb_is_known_by_its_ratio(tmp_path: Path) -> None:
    assert rules(zipped_as(tmp_path, "R.CSV", b"A,B\n" + b"1,x\n" * (5 * MIB)), R) == ["zip-bomb"]


def test_a_bomb_that_lies_about_its_size_is_read_no_further(tmp_path: Path) -> None:
    """The size in the directory is small; what is packed is not."""
    path = zipped_as(tmp_path, "R.CSV", b"A,B\n" + b"1,x\n" * MIB)
    data = path.read_bytes()
    true, said = struct.pack("<L", 4 + 4 * MIB), struct.pack("<L", 16)
    path.write_bytes(data.replace(true, said))
    assert rules(path, R) == ["zip-damaged"]


def test_too_many_files_or_too_much_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped_as(tmp_path, "R.CSV")
    monkeypatch.setattr(zipped, "TOTAL", 7)
    assert rules(path, R) == ["zip-bomb"]
    monkeypatch.setattr(zipped, "TOTAL", 8)
    assert rules(path, R) == []
    monkeypatch.setattr(zipped, "MEMBERS", 0)
    assert rules(path, R) == ["zip-bomb"]


def test_an_encrypted_or_a_damaged_zip(tmp_path: Path) -> None:
    path = zipped_as(tmp_path, "R.CSV", b"A,B\n1,x\n" * 100)
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert rules(path, R) == ["zip-encrypted"]
    path = zipped_as(tmp_path, "R.CSV", b"A,B\n1,x\n" * 100, method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"1,x\n", b"1,y\n", 1))
    assert rules(path, R) == ["zip-damaged"]


@pytest.mark.parametrize("name", ["x.zip", "export"])
@pytest.mark.parametrize("kept", [0, 40, 60], ids=["nothing", "the start of a file", "all but its end"])
def test_a_zip_that_is_not_whole(tmp_path: Path, name: str, kept: int) -> None:
    data = zipped_as(tmp_path, "R.CSV", b"A,B\n1,x\n" * 100).read_bytes()
    (tmp_path / name).write_bytes(data[:kept] if kept < 60 else data[:-22])
    assert rules(tmp_path / name, R) == (["zip-damaged"] if kept or name == "x.zip" else ["no-file"])


# ---- CSV -----------------------------------------------------------------------------------------------------------------------
class Endless(io.RawIOBase):
    """A file of any size, that is made while it is read."""

    def __init__(self, start: bytes, size: int) -> None:
        self.start, self.left = start, size

    def read(self, size: int = -1, /) -> bytes:
        assert 0 < size <= MIB, "it is never read as a whole"
        data, self.start = self.start, b""
        more = min(size - len(data), self.left)
        self.left -= more
        return data + b"x" * more


@pytest.mark.parametrize("start", [b"A,B\n1,", b'A,B\n1,"', b'A,B\n1,"\n'], ids=["a line", "a cell that has no end", "over many lines"])
def test_a_row_of_a_gigabyte_is_refused_without_being_held(start: bytes) -> None:
    file = File("R.CSV", 1 << 30, lambda: Endless(start, 1 << 30))      # type: ignore[arg-type,return-value]  # as much of a file as is read
    tracemalloc.start()
    with pytest.raises(Refused) as refused:
        list(rows_of(file, Encoding("utf-8", False, False), ","))
    assert tracemalloc.get_traced_memory()[1] < 9 * text.ROW
    tracemalloc.stop()
    assert [(fault.rule, fault.line, fault.file) for fault in refused.value.found] == [("too-large", 2, "R.CSV")]


def test_a_row_of_many_lines_is_bounded_too() -> None:
    """Each cell ends, and the row does not."""
    class Lines(Endless):
        def read(self, size: int = -1, /) -> bytes:
            return b"A,B\n1" if self.start and not (setattr(self, "start", b"")) else b',"\n"' * (MIB // 4)

    file = File("R.CSV", 1 << 30, lambda: Lines(b"A", 0))      # type: ignore[arg-type,return-value]
    with pytest.raises(Refused) as refused:
        list(rows_of(file, Encoding("utf-8", False, False), ","))
    assert [fault.rule for fault in refused.value.found] == ["too-large"]


def test_ten_thousand_columns(tmp_path: Path) -> None:
    names = [f"C{i}" for i in range(9_998)]
    rows = [",".join(["A", "B", *names]), ",".join(["1", "x", *names])]
    ((resident),) = people(folder(tmp_path, {"R.CSV": "\n".join(rows)}), R)
    assert len(resident) == 10_000
    assert resident["C9997"] == "C9997"


def test_many_columns_through_the_index(tmp_path: Path) -> None:
    names = ",".join(f"C{i}" for i in range(5_000))
    tables = (*R.tables, Table("more", "M.CSV", "", "residents", (("A", "A"),)))
    path = folder(tmp_path, {"R.CSV": "A,B\n2,x\n1,y\n", "M.CSV": f"A,{names}\n1,{names}\n"})
    assert len(people(path, Settings("csv", "residents", "A", tables=tables))[1]["more"][0]) == 5_001


@pytest.mark.parametrize("data", [
    b"", b"\0" * 5000, b"\x7fELF\x01\x01" + b"\xff" * 3000, b"PK\x03\x04" + b"\0" * 30, b"\n" * 100, b'"', b"'"])
def test_what_is_no_table(tmp_path: Path, data: bytes) -> None:
    assert rules(folder(tmp_path, {"R.CSV": data}), R)


def test_mixed_encodings_are_refused_where_they_show(tmp_path: Path) -> None:
    """A row of UTF-8 within Windows-1252: all of the file is one or the other."""
    data = "A,B\n1,Si\u00e2n\n".encode("cp1252") + "2,\u00c1ine\n".encode()
    assert people(folder(tmp_path, {"R.CSV": data}), R) == [{"A": "1", "B": "Si\u00e2n"}, ["encoding"]]


# ---- XML -----------------------------------------------------------------------------------------------------------------------
BOMB = "".join(f'<!ENTITY a{i} "&a{i - 1};&a{i - 1};">' for i in range(1, 30))
DOCTYPES = {
    "a file": '<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/hostname">]><e><r>&x;</r></e>',
    "the network": '<!DOCTYPE e SYSTEM "http://example.invalid/x.dtd"><e><r>1</r></e>',
    "billion laughs": f'<!DOCTYPE e [<!ENTITY a0 "ha">{BOMB}]><e><r>&a29;</r></e>',
    "in an attribute": f'<!DOCTYPE e [<!ENTITY a0 "ha">{BOMB}]><e><r x="&a29;"/></e>',
    "harmless": "<!DOCTYPE e><e><r>1</r></e>",
    "after a comment": "<?xml version='1.0'?><!-- <e> --><?pi <e>?>\n<!DOCTYPE e><e><r>1</r></e>",
}


@pytest.mark.parametrize("document", DOCTYPES.values(), ids=DOCTYPES.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_is_refused_by_name(tmp_path: Path, document: str, encoding: str) -> None:
    (tmp_path / "x.xml").write_bytes(document.encode(encoding))
    assert rules(tmp_path / "x.xml", XML) == ["dtd"]


@pytest.mark.parametrize("document", [
    "", "x", "<e><r>", "<e><r>&x;</r></e>", "<e><r>\0</r></e>", "<e><r></e></r>", "\x7fELF", "<e><r>1</r></e><f/>",
    "<e><r a='1' a='2'/></e>", "<e><x:r/></e>"])
def test_what_is_no_xml(tmp_path: Path, document: str) -> None:
    (tmp_path / "x.xml").write_bytes(document.encode())
    assert rules(tmp_path / "x.xml", XML) == ["not-xml"]


def test_xml_that_is_too_deep_or_has_a_text_too_long(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_bytes(b"<e><r>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</r></e>")
    assert rules(tmp_path / "x.xml", XML) == ["not-xml"]
    (tmp_path / "x.xml").write_bytes(b"<e><r>" + b"x" * (11 * MIB) + b"</r></e>")
    assert rules(tmp_path / "x.xml", XML) == ["not-xml"]


def test_xml_in_which_no_resident_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_export, "MUCH", 1 << 17)
    (tmp_path / "x.xml").write_bytes(b"<e>" + b"<x>y</x>" * (1 << 16) + b"<r>1</r></e>")
    assert rules(tmp_path / "x.xml", XML) == ["too-large"]


# ---- JSON ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("document", "rule"), [
    ('{"r": ' + "[" * 100_000, "too-deep"), ('{"r": [{"a": 1, "a": 2}]}', "duplicate-key"), ('{"r": [NaN]}', "not-a-number"),
    ('{"r": [', "not-json"), ("", "empty"), ("[]", "not-an-object"), ('{"x": []}', "no-residents"), ('{"r": "\\ud800"}', "lone-surrogate"),
    ('{"r": [1e9999999999999999999]}', "number-out-of-range")])
def test_what_is_no_json(tmp_path: Path, document: str, rule: str) -> None:
    (tmp_path / "x.json").write_text(document)
    assert rules(tmp_path / "x.json", Settings("json", "r")) == [rule]


# ---- nothing is told -----------------------------------------------------------------------------------------------------------
CANARY = "Zebrafinch"      # stands in every value, header, key and file name


def hostile() -> Iterator[tuple[Settings, dict[str, str | bytes], str]]:
    for more in ("", ",surplus", ",\0", ",\x81"):
        yield CSV, {name: data.replace("\n", f"{CANARY}{more}\n", 3) for name, data in FILES.items()}, ""
        yield CSV, {name: data.replace("\n", f",{CANARY}{more}\n", 1) for name, data in FILES.items()}, ""
    yield CSV, {"RESIDENTS.CSV": f"{CANARY},{CANARY}\n"}, ""
    yield CSV, {**FILES, f"{CANARY}.CSV": f"{CANARY}\n", "MEDICATION.CSV": f"RES_NO,MED_ID\n{CANARY},{CANARY}\n"}, ""
    yield CSV, {"RESIDENTS.CSV": f'RES_NO,SURNAME,GP\n{CANARY},"{CANARY}" x,\n'}, ""
    for document in (f"<e><r>{CANARY}</r>", f"<e><{CANARY}></e>", f"<e {CANARY}='{CANARY}' {CANARY}='2'/>", f"<!DOCTYPE {CANARY}><e/>",
                     f"<e>&{CANARY};</e>"):
        yield XML, {f"{CANARY}.xml": document}, f"{CANARY}.xml"
    for document in (f'{{"r": [{{"{CANARY}": "{CANARY}", "{CANARY}": 1}}]}}', f'{{"r": ["{CANARY}"]}}',
                     f'{{"r": [{{"{CANARY}": {CANARY}}}]}}'):
        yield Settings("json", "r"), {f"{CANARY}.json": document}, f"{CANARY}.json"


@pytest.mark.parametrize(("settings", "files", "name"), list(hostile()))
def test_no_sentence_holds_anything_of_the_export(tmp_path: Path, settings: Settings, files: dict[str, str | bytes], name: str) -> None:
    told: list[str] = []
    try:
        with open_export(folder(tmp_path, files) / name, settings) as export:
            told += export.says
            told += [str(fault) for rows in export for fault in rows.faults]
    except Refused as refused:
        told.append(str(refused))
    assert told
    assert CANARY not in " ".join(told)
