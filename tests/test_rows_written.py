"""What is written is read again as it was, in every form: a law, over trees that Hypothesis makes of every character a form can say."""
from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.faults import Refused
from adapter.records.rows.form import like
from adapter.records.rows.formula import guarded, starts_a_formula, unguarded
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Lookup, Node, Settings, Table
from adapter.records.rows.writing import write_export
from tests.rows_in import CSV, FILES, TREES, folder

LAW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def node(value: Any) -> Any:
    if isinstance(value, dict):
        return Node({name: node(member) for name, member in value.items()})
    return [node(element) for element in value] if isinstance(value, list) else value


def again(form: Settings, top: Any, trees: list[Any]) -> tuple[Any, list[Any]]:
    """Written, and read."""
    with TemporaryDirectory() as place:
        write_export(Path(place) / "x", form, node(top), map(node, trees))
        with open_export(Path(place) / "x", form) as export:
            read = [rows.tree for rows in export if not rows.faults]
            return export.top, read


# ---- CSV -----------------------------------------------------------------------------------------------------------------------
def texts(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Not blank; often such as a spreadsheet, or a reader of CSV, would take for something else."""
    special = st.sampled_from([
        "=1+1", "'=1", "''=1", "+44 1792", "-0.5", "-", "@x", "\tx", "\rx", "\nx", "'", '"', ',"', "x\r\ny", " x ", "'tis", ";", "#1"])
    return (special | st.text(alphabet, min_size=1, max_size=6)).filter(lambda text: bool(text.strip()))


ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NEVER = {0x81, 0x8d, 0x8f, 0x90, 0x9d, *range(0xc2, 0xf5)}      # undefined; what begins a character of UTF-8, or the file may be both
WINDOWS = st.sampled_from([bytes([i]).decode("cp1252") for i in range(1, 256) if i not in NEVER])
ENCODINGS = {"utf-8": ANY, "windows-1252": WINDOWS, "": ANY}


@st.composite
def homes(draw: st.DrawFn, alphabet: st.SearchStrategy[str]) -> list[Any]:
    """Residents with medicines and doses, joined by keys that nobody else has."""
    cell, residents = texts(alphabet), []
    keys = iter(draw(st.lists(st.from_regex("[A-Z0-9]{1,5}", fullmatch=True), min_size=12, max_size=12, unique=True)))

    def row(more: dict[str, Any], *names: str) -> dict[str, Any]:
        return more | draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, cell)))

    for _ in range(draw(st.integers(0, 3))):
        resident = row({"RES_NO": next(keys)}, "SURNAME", "NOTE, more", "=x")
        if medication := [row({"MED_ID": next(keys), "RES_NO": resident["RES_NO"]}, "DRUG", "WHY") for _ in range(draw(st.integers(0, 3)))]:
            resident["medication"] = medication
            if doses := [row({"MED_ID": medication[-1]["MED_ID"]}, "DOSE") for _ in range(draw(st.integers(0, 2)))]:
                medication[-1]["dose"] = doses
        residents.append(resident)
    return residents


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.data())
@LAW
def test_csv(encoding: str, data: st.DataObject) -> None:
    trees = data.draw(homes(ENCODINGS[encoding]))
    top = {"export": {"AT": data.draw(texts(ENCODINGS[encoding]))}}
    form = replace(CSV, encoding=encoding, delimiter=data.draw(st.sampled_from(["", ";", "\t", "|"])))
    assert again(form, top, trees) == (top, trees)


@given(st.text(ANY))
@settings(max_examples=1000, deadline=None)
def test_nothing_written_starts_a_formula(text: str) -> None:
    assert not starts_a_formula(guarded(text))
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(("text", "written"), [
    ("=1+1", "'=1+1"), ("+44 1792 000000", "'+44 1792 000000"), ("@x", "'@x"), ("-x", "'-x"), ("\tx", "'\tx"), ("\rx", "'\rx"),
    ("'=x", "''=x"), ("-0.5", "-0.5"), ("+447700900001", "+447700900001"), ("0", "0"), ("'tis", "'tis"),
    ("x=1", "x=1"), ("-1e5", "'-1e5"), ("--1", "'--1")])
def test_guarded(text: str, written: str) -> None:
    assert guarded(text) == written
    assert unguarded(written) == text


def test_no_cell_of_a_file_starts_a_formula(tmp_path: Path) -> None:
    write_export(tmp_path / "x", CSV, Node(), [Node({"RES_NO": "1", "=HEAD": "=cmd|' /C calc'!A0", "SURNAME": "@SUM(1)"})])
    with (tmp_path / "x" / "RESIDENTS.CSV").open(newline="") as file:
        assert list(csv.reader(file)) == [["RES_NO", "SURNAME", "GP", "'=HEAD"], ["1", "'@SUM(1)", "", "'=cmd|' /C calc'!A0"]]


def test_the_form_of_files(tmp_path: Path) -> None:
    written = write_export(tmp_path / "x", CSV, node({"export": {"AT": "01/02/2026"}}), map(node, TREES))
    assert [path.name for path in written] == ["DOSES.CSV", "EXPORT.CSV", "GP.CSV", "MEDICATION.CSV", "RESIDENTS.CSV"]
    files = {path.name: path.read_bytes().decode() for path in written}
    assert files["RESIDENTS.CSV"] == FILES["RESIDENTS.CSV"].replace("\n", "\r\n")
    assert files["GP.CSV"] == "CODE,NAME\r\nG1,Dr Ffoulkes\r\n"
    assert files["MEDICATION.CSV"] == FILES["MEDICATION.CSV"].replace("\n", "\r\n")


def test_what_rows_are_joined_by_is_filled_in(tmp_path: Path) -> None:
    tree = node({"RES_NO": "1", "medication": [{"MED_ID": "m", "dose": {"DOSE": "ONE"}}]})
    write_export(tmp_path / "x", CSV, Node(), [tree])
    with open_export(tmp_path / "x", CSV) as export:
        assert [rows.tree for rows in export] == [
            {"RES_NO": "1", "medication": [{"MED_ID": "m", "RES_NO": "1", "dose": [{"MED_ID": "m", "DOSE": "ONE"}]}]}]


def test_columns_stand_in_the_order_of_the_layout_then_of_appearance(tmp_path: Path) -> None:
    form = Settings("csv", "r", tables=(Table("r", "R.CSV", columns=("C", "A")), Table("s", "S.CSV", "K", "r", (("A", "A"),))))
    write_export(tmp_path / "x", form, Node(), [Node({"Z": 1, "A": "2"}), Node({"Y": Decimal("0.50"), "Z": "3"})])
    assert (tmp_path / "x" / "R.CSV").read_bytes() == b"C,A,Z,Y\r\n,2,1,\r\n,,3,0.50\r\n"
    assert (tmp_path / "x" / "S.CSV").read_bytes() == b"K,A\r\n", "a file without rows has the columns that reading it needs"


# ---- JSON, XML -----------------------------------------------------------------------------------------------------------------
UNICODE = st.characters(exclude_categories=["Cs"])
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/~"), min_size=1, max_size=4)
LEAVES = texts(UNICODE) | st.booleans() | st.integers(-10**20, 10**20) | st.decimals(allow_nan=False, allow_infinity=False, places=2)


def objects(names: st.SearchStrategy[str], members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(names, members, min_size=1, max_size=4)


VALUES = st.recursive(LEAVES, lambda inner: objects(NAMES, inner) | st.lists(inner, min_size=1, max_size=3), max_leaves=8)


@given(st.lists(objects(NAMES, VALUES), max_size=3), objects(NAMES, VALUES))
@LAW
def test_json(trees: list[Any], top: Any) -> None:
    apart = {name: value for name, value in top.items() if name != "home"}
    assert again(Settings("json", "home/residents"), apart, trees) == (apart, trees)
    inside = {**apart, "home": {"more": 1}}
    assert again(Settings("json", "home/residents"), inside, trees) == (inside, trees)
    assert again(Settings("json"), {}, trees) == ({}, trees)
    assert again(Settings("ndjson"), {}, trees) == ({}, trees)


SAYABLE = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n\r")
SPACES = {"": "urn:main", "x": "urn:more"}
ELEMENTS = st.sampled_from(["a", "b", "c-d", "\u00e9l", "x:a", "{}a", "{urn:other}b"])
ATTRIBUTES = st.sampled_from(["@a", "@x:a", "@xml:lang", "@{urn:main}a", "@{urn:other}a"])


def elements(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """At least one attribute or child; what is a list occurs more than once."""
    children = st.dictionaries(ELEMENTS, inner | st.lists(inner, min_size=2, max_size=3), max_size=3)
    own = st.dictionaries(ATTRIBUTES, texts(SAYABLE), max_size=2)
    text = st.just({}) | st.builds(lambda text: {".": text}, texts(SAYABLE))
    both = st.builds(lambda a, t, c: a | t | c, own, text, children)
    return both.filter(lambda value: bool(value.keys() - {"."}))


@given(st.lists(elements(st.recursive(texts(SAYABLE), elements, max_leaves=6)) | st.builds(lambda t: {".": t}, texts(SAYABLE)), max_size=3),
       elements(texts(SAYABLE)))
@LAW
def test_xml(trees: list[Any], root: Any) -> None:
    form = Settings("xml", "e/people/person", namespaces=SPACES)
    root = {name: value for name, value in root.items() if name != "."}
    for top in ({}, {"e": root}, {"e": root | {"people": {"@kind": "x", ".": "text"}}}) if root else ({},):
        if trees:      # a document without residents is refused when it is read
            assert again(form, top, trees) == (top, trees)


def test_text_between_elements_stays(tmp_path: Path) -> None:
    tree = {"a": ["1", "2"], "b": "3", "#mixed": ["x", "y"]}
    assert again(Settings("xml", "e/r"), {}, [tree]) == ({}, [tree])


def test_what_hangs_in_a_row_is_not_written_there(tmp_path: Path) -> None:
    for form, top in ((Settings("json", "r", lookups=(Lookup("practice", "gps", "@id", "gp"),)), {"gps": [{"@id": "g1", "n": "x"}]}),
                      (Settings("xml", "e/r", lookups=(Lookup("practice", "e/gp", "@id", "gp"),)), {"e": {"gp": {"@id": "g1", "n": "x"}}})):
        trees = [{"gp": "g1", "practice": {"@id": "g1", "n": "x"}}, {"gp": "g2", "a": "b"}]
        assert again(form, top, trees) == (top, trees)
        write_export(tmp_path / "x", form, node(top), map(node, trees))
        assert (tmp_path / "x").read_text().count("practice") == 0


# ---- what a form cannot say ----------------------------------------------------------------------------------------------------
UNSAYABLE: dict[str, tuple[Settings, Any, Any, list[tuple[str, str, str]]]] = {
    "encoding": (replace(CSV, encoding="cp1252"), {}, {"RES_NO": "1", "SURNAME": "\u0142", "x": "\u0142"}, [
        ("not-in-encoding", "RESIDENTS.CSV", "SURNAME"), ("not-in-encoding", "RESIDENTS.CSV", "column 4")]),
    "half a character": (CSV, {}, {"RES_NO": "\ud800"}, [("not-in-encoding", "RESIDENTS.CSV", "RES_NO")]),
    "a zero byte": (CSV, {}, {"RES_NO": "a\0"}, [("not-a-cell", "RESIDENTS.CSV", "RES_NO")]),
    "a cell that is a list": (CSV, {}, {"RES_NO": ["1", "2"]}, [("not-a-cell", "RESIDENTS.CSV", "RES_NO")]),
    "one lookup, two ways": (CSV, {}, {"RES_NO": "1", "GP": "g", "gp": [{"NAME": "x"}, {"NAME": "y"}]}, [("twice", "GP.CSV", "CODE")]),
    "json": (Settings("json", "r"), {}, {"a": "\ud800"}, [("lone-surrogate", "", "")]),
    "a list has no top": (Settings("json"), {"a": 1}, {"a": 1}, [("no-place", "", "")]),
    "a table has no place": (CSV, {"elsewhere": {"a": "1"}}, {}, [("no-place", "", "")]),
    "lines have no top": (Settings("ndjson"), {"a": 1}, {"a": 1}, [("no-place", "", "")]),
    "xml": (Settings("xml", "e/r"), {}, {"a": {"@b": "\x0b"}}, [("not-in-xml", "", "@b")]),
    "a name": (Settings("xml", "e/r"), {}, {"a b": "x"}, [("not-in-xml", "", "")]),
    "a root": (Settings("xml", "e/r"), {"f": {"a": "1"}}, {"a": "x"}, [("no-place", "", "")]),
    "a form": (Settings("xls"), {}, {}, [("layout", "", "")]),
}


@pytest.mark.parametrize(("form", "top", "tree", "expected"), UNSAYABLE.values(), ids=UNSAYABLE.keys())
def test_what_cannot_be_said_is_refused_and_nothing_is_written(tmp_path: Path, form: Settings, top: Any, tree: Any,
                                                               expected: list[tuple[str, str, str]]) -> None:
    with pytest.raises(Refused) as refused:
        write_export(tmp_path / "new" / "x", form, node(top), [node(tree)])
    assert [(fault.rule, fault.file, fault.name) for fault in refused.value.found] == expected
    assert [*(tmp_path / "new").iterdir()] == [] if (tmp_path / "new").exists() else True


def test_an_interrupted_writing_leaves_what_was_there(tmp_path: Path) -> None:
    def trees() -> Any:
        yield Node({"a": 1})
        raise KeyboardInterrupt

    forms: list[tuple[Settings, Callable[[Path], bytes]]] = [
        (Settings("ndjson"), Path.read_bytes),
        (replace(CSV, tables=(Table("residents", "R.CSV"),), key=""), lambda path: (path / "R.CSV").read_bytes())]
    for form, read in forms:
        path = tmp_path / form.format
        write_export(path, form, Node(), [Node({"a": "before"})])
        before = read(path)
        with pytest.raises(KeyboardInterrupt):
            write_export(path, form, Node(), trees())
        assert read(path) == before
        assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    folder(tmp_path, {"file": "x"})
    with pytest.raises(Refused) as refused:
        write_export(tmp_path / "file" / "x", CSV, Node(), [])
    assert [fault.rule for fault in refused.value.found] == ["unwritable"]


# ---- like another ------------------------------------------------------------------------------------------------------------
ONE = (Table("residents", "R.CSV", "A", columns=("A", "B"), named=("A", "B")),)
LIKE: dict[str, tuple[bytes, bytes]] = {
    "its order, and columns of its own": (b"OWN,B,A\r\no,x,1\r\n", b"OWN,B,A\r\n,\xc3\xa9,1\r\n"),
    "its byte order mark": (b"\xef\xbb\xbfB,A\r\nx,1\r\n", b"\xef\xbb\xbfB,A\r\n\xc3\xa9,1\r\n"),
    "its encoding": (b"B,A\r\n\xe8,1\r\n", b"B,A\r\n\xe9,1\r\n"),
    "its delimiter": (b"B;A\r\nx;1\r\n", b"B;A\r\n\xc3\xa9;1\r\n"),
    "a column without a name": (b"B,,A\r\nx,,1\r\n", b"B,,A\r\n\xc3\xa9,,1\r\n"),
}


@pytest.mark.parametrize(("theirs", "ours"), LIKE.values(), ids=LIKE.keys())
def test_written_like_an_export_that_is_there(tmp_path: Path, theirs: bytes, ours: bytes) -> None:
    form = Settings("csv", "residents", "A", tables=ONE)
    (path,) = write_export(tmp_path / "x", like(form, folder(tmp_path / "own", {"r.csv": theirs})), Node(), [Node({"A": "1", "B": "é"})])
    assert path.read_bytes() == ours


def test_what_the_encoding_of_the_export_cannot_say_is_refused(tmp_path: Path) -> None:
    form = like(Settings("csv", "residents", "A", tables=ONE), folder(tmp_path / "own", {"R.CSV": b"A,B\r\n1,\xe8\r\n"}))
    with pytest.raises(Refused) as refused:
        write_export(tmp_path / "x", form, Node(), [Node({"A": "1", "B": "\u2265 2"})])
    assert [(fault.rule, fault.name) for fault in refused.value.found] == [("not-in-encoding", "B")]
    assert not (tmp_path / "x").exists()


def test_a_file_that_is_not_there_is_written_as_the_residents_is(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", {"RESIDENTS.CSV": "SURNAME;RES_NO;GP\n"})
    write_export(tmp_path / "x", like(CSV, own), node({}), map(node, TREES))
    assert (tmp_path / "x" / "RESIDENTS.CSV").read_text().splitlines()[0] == "SURNAME;RES_NO;GP"
    assert (tmp_path / "x" / "MEDICATION.CSV").read_text().splitlines()[0] == "MED_ID;RES_NO;DRUG"
