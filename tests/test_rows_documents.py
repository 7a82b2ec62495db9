"""JSON, NDJSON and XML exports: what is read of them, where it stands, and what hangs beside a key."""
from __future__ import annotations

import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapter.records.rows.opening import open_export
from adapter.records.rows.row import TOP, Lookup, Settings, Steps
from tests.rows_in import faults, people


def file(at: Path, text: str, encoding: str = "utf-8") -> Path:
    (at / "export").write_bytes(text.encode(encoding))
    return at / "export"


def places(path: Path, settings: Settings, wanted: list[Steps]) -> list[tuple[Any, ...]]:
    """Of the last resident: line, column, name."""
    with open_export(path, settings) as export:
        *_, rows = export
        return [rows.place(steps)[1:] for steps in wanted]


# ---- JSON ----------------------------------------------------------------------------------------------------------------------
DOCUMENT = """{"taken": "today", "home": {"name": "Oak", "people": [
  {"no": 1, "weight": 60.50, "here": false, "note": "", "more": null, "list": [null, "", {"x": []}, {"y": " z "}]},
  {"no": 2, "gp": "g2", "visits": [{"gp": "g1"}, {"gp": "g9"}, {"gp": ["g2"]}]}]},
 "gps": [{"id": "g1", "name": "Dr A"}, {"id": "g2", "name": "Dr \u00d6"}]}"""
JSON = Settings("json", "home/people", lookups=(Lookup("practice", "gps", "id", "gp"), Lookup("seen_by", "gps", "id", "visits/gp")))


def test_what_says_nothing_is_left_out(tmp_path: Path) -> None:
    with open_export(file(tmp_path, DOCUMENT), JSON) as export:
        assert export.top == {
            "taken": "today", "home": {"name": "Oak"}, "gps": [{"id": "g1", "name": "Dr A"}, {"id": "g2", "name": "Dr \u00d6"}]}
        first, second = (rows.tree for rows in export)
    assert first == {"no": 1, "weight": Decimal("60.50"), "here": False, "list": [{"y": " z "}]}
    assert str(first["weight"]) == "60.50"
    assert second["practice"] == {"id": "g2", "name": "Dr \u00d6"}
    assert [visit.get("seen_by", {}).get("id") for visit in second["visits"]] == ["g1", None, "g2"]


def test_places_in_a_document(tmp_path: Path) -> None:
    path = file(tmp_path, "\ufeff" + DOCUMENT)
    wanted: list[Steps] = [
        (), ("visits", 1, "gp"), ("visits", 1, "why"), ("practice", "name"), ("visits", 0, "seen_by", "name"), (TOP, "home", "name")]
    people, gps = (line.index for line in DOCUMENT.splitlines()[2:])
    assert places(path, JSON, wanted) == [
        (3, 3, ""), (3, people('"gp": "g9"') + 1, "visits/1/gp"), (3, people('{"gp": "g9"') + 1, "visits/1/why"),
        (4, gps('"name": "Dr \u00d6"') + 1, "gps/1/name"), (4, gps('"name": "Dr A"') + 1, "gps/0/name"), (1, 29, "home/name")]
    with open_export(path, JSON) as export:
        first = next(iter(export))
    assert first.place(("list", 0, "y"))[1:3] == (2, DOCUMENT.splitlines()[1].index('"y"') + 1), "counted as it stands in the text"


@pytest.mark.parametrize("text", ['[{"a": 1}, {"a": "2"}]', '\ufeff\n[{"a": 1},{"a":"2"}\n]'])
def test_the_document_may_be_the_list(tmp_path: Path, text: str) -> None:
    assert people(file(tmp_path, text), Settings("json")) == [{"a": 1}, {"a": "2"}]


def test_one_resident_needs_no_list(tmp_path: Path) -> None:
    path = file(tmp_path, '{"v": 1, "who": {"a":\n 1}}')
    assert people(path, Settings("json", "who")) == [{"a": 1}]
    assert places(path, Settings("json", "who"), [("a",), ()]) == [(1, 18, "a"), (1, 17, "")]


def test_a_resident_who_is_no_object(tmp_path: Path) -> None:
    assert faults(file(tmp_path, '[{"a": 1},\n 5, [], null]'), Settings("json")) == [
        ("not-an-object", "", 2, ""), ("not-an-object", "", 2, ""), ("not-an-object", "", 2, "")]


def test_a_key_that_two_have(tmp_path: Path) -> None:
    settings = Settings("json", "r", lookups=(Lookup("practice", "gps", "id", "gp"),))
    path = file(tmp_path, '{"gps": [{"id": 1}, {"id": 1}, {"id": 2}], "r": [{"gp": 1}, {"gp": 2}]}')
    assert people(path, settings) == [["twice"], {"gp": 2, "practice": {"id": 2}}]


# ---- NDJSON --------------------------------------------------------------------------------------------------------------------
def test_a_bad_line_refuses_only_that_one(tmp_path: Path) -> None:
    path = file(tmp_path, '{"a": 1}\n\n{"a": }\n[]\n{"b": "x"}\r\n')
    with open_export(path, Settings("ndjson")) as export:
        found = [(rows.number, rows.tree, [(f.rule, f.line, f.column) for f in rows.faults], rows.place(("b",))[1:]) for rows in export]
    assert found == [(1, {"a": 1}, [], (1, 1, "b")), (3, {}, [("not-json", 3, 7)], (3, None, "b")),
                     (4, {}, [("not-an-object", 4, 1)], (4, None, "b")), (5, {"b": "x"}, [], (5, 2, "b"))]


def test_lines_are_read_in_flat_memory(tmp_path: Path) -> None:
    def peak(lines: int) -> int:
        path = file(tmp_path, '{"a": "some text of a resident", "b": [1, 2, 3]}\n' * lines)
        tracemalloc.start()
        with open_export(path, Settings("ndjson")) as export:
            assert sum(1 for _ in export) == lines
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    assert peak(20_000) < peak(1_000) + 50_000


# ---- XML -----------------------------------------------------------------------------------------------------------------------
XML = Settings("xml", "export/people/x:person", namespaces={"": "urn:main", "x": "urn:more"},
               lookups=(Lookup("practice", "export/gp", "@id", "x:gp"),))
PERSON = """<x:person no="1" xml:lang="cy" x:kind="r" empty="">
    <name> Enid <!-- really --><![CDATA[& ]]>T</name><x:gp>g2</x:gp><none/><none> </none>
    <dose unit="mg">5</dose><dose unit="mg"/><dose>6</dose>
    <plain xmlns="">7</plain><other xmlns="urn:other" xmlns:o="urn:o" o:a="8"><?pi x?></other>tail <b>9</b> end
  </x:person>"""
EXPORT = f"""<?xml version="1.0"?>
<export xmlns="urn:main" xmlns:x="urn:more" at="today">
 <gp id="g1"/><gp id="g2"><n>Dr B</n></gp>
 <people kind="all">{{}}
  {PERSON}
 </people><people>between</people>
</export>"""


def test_elements(tmp_path: Path) -> None:
    with open_export(file(tmp_path, EXPORT.replace("{}", "<x:person>only text</x:person>")), XML) as export:
        assert export.top == {"export": {
            "@at": "today", "gp": [{"@id": "g1"}, {"@id": "g2", "n": "Dr B"}], "people": [{"@kind": "all"}, "between"]}}
        first, second = (rows.tree for rows in export)
    assert first == {".": "only text"}
    assert second == {
        "@no": "1", "@xml:lang": "cy", "@x:kind": "r", "name": " Enid & T", "x:gp": "g2", "practice": {"@id": "g2", "n": "Dr B"},
        "dose": [{"@unit": "mg", ".": "5"}, {"@unit": "mg"}, "6"], "{}plain": "7", "{urn:other}other": {"@{urn:o}a": "8"}, "b": "9",
        "#mixed": ["tail ", " end\n  "]}


def test_places_of_elements(tmp_path: Path) -> None:
    wanted: list[Steps] = [(), ("dose", 1, "@unit"), ("name",), ("{}plain",), ("dose", 9, "why"), ("why",), ("practice", "n"),
                           (TOP, "export", "people", 0, "@kind")]
    expected = [(5, ""), (7, "dose/1/@unit"), (6, "name"), (8, "{}plain"), (7, "dose/9/why"), (5, "why"), (3, "export/gp/1/n"),
                (4, "export/people/0/@kind")]
    assert [(line, name) for line, _, name in places(file(tmp_path, EXPORT), XML, wanted)] == expected
    late = [(line + 70_000, name) for line, name in expected[:6]] + expected[6:]
    path = file(tmp_path, EXPORT.replace("{}", "\n" * 70_000))
    assert [(line, name) for line, _, name in places(path, XML, wanted)] == late, "libxml2 counts lines to 65535 only"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "iso-8859-1"])
def test_places_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    declared = encoding.removesuffix("-be")
    text = f"<?xml version='1.0' encoding='{declared}'?>\n<e xmlns:a='urn:a'>\u00d6\n<a:r>\u00d6\n<b>\n\u00d6</b></a:r></e>"
    path = file(tmp_path, ("\ufeff" if encoding == "utf-16-be" else "") + text, encoding)
    assert places(path, Settings("xml", "e/{urn:a}r"), [("b",), (".",)]) == [(4, None, "b"), (3, None, ".")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_is_what_the_document_says(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><e><r>\u00d6</r></e>'
    assert people(file(tmp_path, text, encoding), Settings("xml", "e/r")) == [{".": "\u00d6"}]


def test_only_on_the_way_an_element_is_a_resident(tmp_path: Path) -> None:
    path = file(tmp_path, "<e><r><r>inner</r></r><x><r>other</r></x><r>last</r></e>")
    assert people(path, Settings("xml", "e/r")) == [{"r": "inner"}, {".": "last"}]
    assert faults(path, Settings("xml", "e/s")) == [("no-residents", "", None, "")]
    assert faults(path, Settings("xml", "e")) == [("layout", "", None, "")]


def test_documents_are_read_in_flat_memory(tmp_path: Path) -> None:
    """As far as Python counts it: the tree of lxml is emptied too, which the benchmark measures."""
    path = file(tmp_path, "<e>" + '<r a="1"><b>some text</b><b>and more</b></r>\n' * 40_000 + "</e>")
    tracemalloc.start()
    with open_export(path, Settings("xml", "e/r")) as export:
        assert sum(1 for _ in export) == 40_000
    assert tracemalloc.get_traced_memory()[1] < 1 << 20 < path.stat().st_size
    tracemalloc.stop()


@pytest.mark.parametrize("form", ["csv", "json", "ndjson", "xml"])
def test_a_file_that_cannot_be_read(tmp_path: Path, form: str) -> None:
    settings = Settings(form, {"json": "r", "xml": "e/r"}.get(form, ""))
    expected = "layout" if form == "csv" else "unreadable"
    assert [rule for rule, *_ in faults(tmp_path / "nothing", settings)] == [expected]


def test_a_form_that_there_is_not(tmp_path: Path) -> None:
    assert faults(tmp_path, Settings("xlsx")) == [("layout", "", None, "")]
