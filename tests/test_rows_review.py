"""Rows, where two ways of doing something meet: what is merged and what is indexed, what is read and what is counted again."""
from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from adapter.records.rows.count import count_values
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Settings, Table
from tests.rows_in import CSV, FILES, folder, people, rules

DEEP = Settings("csv", "residents", "RES_NO", tables=(
    Table("residents", "R.CSV", "RES_NO", columns=("RES_NO",)),
    Table("medication", "M.CSV", "MED", "residents", (("RES_NO", "RES_NO"),)),
    Table("dose", "D.CSV", "DOSE", "medication", (("MED", "MED"),)),
    Table("tick", "T.CSV", "", "dose", (("DOSE", "DOSE"),))))
ORDERS = list(itertools.product(("1,m1\n2,m2\n", "2,m2\n1,m1\n"), ("m1,d1\nm1,d2\nm2,d3\n", "m2,d3\nm1,d2\nm1,d1\n"),
                                ("d1,a\nd2,b\nd3,c\n", "d3,c\nd2,b\nd1,a\n")))


@pytest.mark.parametrize(("medication", "doses", "ticks"), ORDERS)
def test_four_levels_in_any_order(tmp_path: Path, medication: str, doses: str, ticks: str) -> None:
    path = folder(tmp_path, {"R.CSV": "RES_NO\n1\n2\n", "M.CSV": "RES_NO,MED\n" + medication, "D.CSV": "MED,DOSE\n" + doses,
                             "T.CSV": "DOSE,AT\n" + ticks})
    one, two = people(path, DEEP)
    assert sorted(d["tick"][0]["AT"] for d in one["medication"][0]["dose"]) == ["a", "b"]
    assert [d["tick"][0]["AT"] for d in two["medication"][0]["dose"]] == ["c"]


@pytest.mark.parametrize("key", [b"m\x81", b"m\0", "mŵ".encode()], ids=["undefined in Windows-1252", "a zero byte", "beyond ASCII"])
def test_a_key_of_any_bytes_leads_somewhere_or_is_a_fault(tmp_path: Path, key: bytes) -> None:
    """Through the index: the medicines are not in the residents' order."""
    path = folder(tmp_path, FILES | {"MEDICATION.CSV": b"MED_ID,RES_NO,DRUG\nm3,3,Codeine\n" + key + b",1,Senna\n",
                                     "DOSES.CSV": b"MED_ID,DOSE\n" + key + b",ONE\nm3,TWO\n"})
    first, _, third = people(path)
    assert third["medication"][0]["dose"][0]["DOSE"] == "TWO"
    assert first["medication"][0]["dose"] if key.isalnum() or key == "mŵ".encode() else isinstance(first, list)


@pytest.mark.parametrize("encoding", ["foo", "shift_jis", "utf-7"])
def test_an_encoding_of_xml_that_is_not_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><e><r>1</r></e>')
    assert rules(tmp_path / "x.xml", Settings("xml", "e/r")) == ["encoding"]


AMBIGUOUS = {"a name twice": b'{"a": 1, "a": 2}', "no number": b'{"a": NaN}', "half a character": b'{"a": "\\ud800"}',
             "too deep": b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", "no object": b"[1, 2]", "no JSON": b'{"a": 1'}


@pytest.mark.parametrize("line", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_line_that_is_refused_has_no_values_for_the_second_count_either(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "x.ndjson").write_bytes(b'{"a": "{[", "b": [1, null, " "]}\n' + line + b"\n")
    settings = Settings("ndjson", key="a")
    with open_export(tmp_path / "x.ndjson", settings) as export:
        first, second = export
    assert not first.faults
    assert second.faults
    assert count_values(tmp_path / "x.ndjson", settings) == {"": 2}


def test_blank_lines_above_a_header_and_a_stray_file_are_no_fault_of_the_count(tmp_path: Path) -> None:
    never = 'A,B\n"never closed,1\n' + "x" * (17 << 20)
    path = folder(tmp_path, FILES | {"GP.CSV": "\r\n\nCODE,NAME\nG1,Dr Ffoulkes\n", "STRAY.CSV": never})
    counted = count_values(path, CSV)
    assert counted["GP.CSV"] == 2
    assert "STRAY.CSV" not in counted


def test_what_separates_cells_is_not_guessed_a_second_time(tmp_path: Path) -> None:
    path = folder(tmp_path, {"RESIDENTS.CSV": "RES_NO;SURNAME;GP;a,b,c,d,e,f\n1;Teatime;;x,y\n"})
    with open_export(path, CSV) as export:
        (rows,) = export
        assert len(rows.tree) == count_values(path, CSV, export.delimiters)["RESIDENTS.CSV"] == 3
