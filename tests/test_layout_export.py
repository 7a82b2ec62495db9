"""Care records from an export: who is there twice, the time of the export, and the places of what is said later."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.faults import Refused
from adapter.records.layout import Layout
from adapter.records.layout import export as exports
from adapter.records.layout.export import stream_export
from adapter.records.ledger import Ledger
from adapter.records.rows.count import count_values
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Place
from mappings.bag import CareRecord
from tests.layouts import MEDICINES, MEDS, OURS, PEOPLE, layout

AS_OF = "2026-07-01T12:00:00+01:00"
TEXT = OURS + '''
[export]
format = "%s"
residents = "%s"
zone = "Europe/London"
[resident]
key = { from = "id", number = "plain" }
family_name = "name"
deceased = { from = "died", time = ["DD/MM/YYYY HH:mm"] }
'''


def told(path: Path, made: Layout, as_of: str | None = AS_OF) -> list[tuple[int, Any]]:
    return [(number, record.resident.key if isinstance(record, CareRecord) else [(f.rule, f.says) for f in record.found])
            for number, record, *_ in stream_export(path, made, as_of)]


@pytest.fixture(params=["json", "ndjson"])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Makes an export of these residents, and its layout."""
    def made(*residents: Any) -> tuple[Path, Layout]:
        path = tmp_path / f"export.{request.param}"
        lines = [json.dumps(r) for r in residents]
        path.write_text("\n".join(lines) if request.param == "ndjson" else '{"people": [\n' + ",\n".join(lines) + "]}")
        return path, layout(TEXT % (request.param, "people" if request.param == "json" else ""))

    return made


def test_each_resident_by_her_number(export: Any) -> None:
    assert told(*export({"id": 1}, {"id": 2})) == [(1, "1"), (2, "2")]


def test_whoever_is_there_twice_is_refused_each_time(export: Any) -> None:
    found = told(*export({"id": 1}, {"id": 2}, {"id": "1"}, {"id": 1, "name": 5}, {"name": "A"}))
    assert [[rule for rule, _ in said] if isinstance(said, list) else said for _, said in found] == [
        ["same-resident"], "2", ["same-resident"], ["same-resident", "wrong-type"], None]
    assert [said[0][1] for _, said in found if isinstance(said, list)] == [
        "is the same resident as number 3 and number 4 of the export: two with one key",
        "is the same resident as number 1 and number 4 of the export: two with one key",
        "is the same resident as number 1 and number 3 of the export: two with one key"]


def test_like_fingerprints_are_not_the_same_resident(export: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "fingerprint", lambda key: 7)
    assert told(*export({"id": 1}, {"id": 2})) == [(1, "1"), (2, "2")]


def test_the_time_of_the_export_must_be_said_by_somebody(export: Any) -> None:
    path, made = export({"id": 1})
    with pytest.raises(Refused, match=r"^test\.toml: as_of: says nothing about the time of the export: map as_of, or .* with --as-of"):
        told(path, made, None)
    with pytest.raises(Refused, match="as_of: expected a time with seconds and a zone"):
        told(path, made, "yesterday")
    first, = stream_export(path, made, AS_OF)
    assert isinstance(first.record, CareRecord)
    assert first.record.as_of == AS_OF


def test_what_the_layout_says_of_the_time_is_not_overruled(export: Any) -> None:
    path, _ = export({"id": 1})
    residents = "people" if path.suffix == ".json" else ""
    made = layout('as_of = { constant = "2026-01-01T00:00:00Z", because = "a test" }\n' + TEXT % (path.suffix[1:], residents))
    first, = stream_export(path, made, AS_OF)
    assert isinstance(first.record, CareRecord)
    assert first.record.as_of == "2026-01-01T00:00:00Z"


def test_the_places_of_fields_and_of_what_is_missing(export: Any) -> None:
    path, made = export({"id": 1}, {"id": 2, "name": "A", "died": "25/10/2026 01:30"})
    _, second = stream_export(path, made, AS_OF)
    line = 2 if path.suffix == ".ndjson" else 3
    places = second.source.places(["resident.family_name", "resident.gender", "resident.deceased", "medicines[0].drug"])
    assert {name: (place.line, place.name.rpartition("/")[2]) for name, place in places.items()} == {
        "resident.family_name": (line, "name"), "resident.gender": (line, places["resident.gender"].name.rpartition("/")[2]),
        "resident.deceased": (line, "died"), "medicines[0].drug": (line, places["medicines[0].drug"].name.rpartition("/")[2])}
    assert [(doubt.field, doubt.level) for doubt in second.doubts] == [("resident.deceased", "warning")]
    assert all(isinstance(place, Place) for place in places.values())


# ---- what stands among the residents and is none --------------------------------------------------------------------------------------
TRAINING = '[[ignored_rows]]\nrows = "%s"\nonly = { name = "TOTAL" }\nbecause = "a line of totals"\n'


def passed(path: Path, made: Layout) -> tuple[list[str], Ledger]:
    """Who is a resident, or why not; and the ledger, which is whole."""
    ledger, who = Ledger(made), list[str]()
    with open_export(path, made.settings) as opened:
        for found in exports.residents(opened, path, made, AS_OF, ledger.leave_out):
            record = found.record
            ledger.take(found.source.rows, refused=isinstance(record, Refused))  # type: ignore[attr-defined]
            who.append(str(record.resident.key) if isinstance(record, CareRecord) else record.found[0].rule)
        ledger.close(opened.top)
    assert ledger.files() == {file: n for file, n in count_values(path, made.settings).items() if n}
    return who, ledger


@pytest.mark.parametrize("named", ["", "/"])
def test_a_row_among_the_residents_that_a_rule_ignores_is_no_resident(export: Any, named: str) -> None:
    path, made = export({"id": 1, "name": "Oak"}, {"id": 1, "name": "TOTAL"}, {"name": "TOTAL", "n": 12})
    made = layout(TEXT % (made.settings.format, made.settings.residents) + TRAINING % (named + made.settings.residents))
    who, ledger = passed(path, made)
    assert who == ["1"], "and nobody has the same key"
    assert (ledger.totals()["ignored"], ledger.totals()["unknown"]) == (4, 0)


def test_the_same_in_xml(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<e><r><id>1</id><name>Oak</name></r><r><id>2</id><name>TOTAL</name></r></e>")
    made = layout((TEXT % ("xml", "e/r")).replace(', number = "plain"', "") + TRAINING % "e/r")
    who, ledger = passed(tmp_path / "x.xml", made)
    assert (who, ledger.totals()["ignored"]) == (["1"], 2)


def in_files(folder: Path, people: str, meds: str, rules: str) -> tuple[list[str], Ledger]:
    (folder / "P.CSV").write_text("id,name,died\n" + people)
    (folder / "M.CSV").write_text("id,no,drug\n" + meds)
    text = (TEXT % ("csv", "people")).replace(', number = "plain"', "")
    return passed(folder, layout(text + PEOPLE + MEDS + MEDICINES + rules))


def test_totals_in_any_file_are_ignored_and_whatever_else_belongs_to_nobody_is_refused(tmp_path: Path) -> None:
    rules = TRAINING % "people" + '[[ignored_rows]]\nrows = "meds"\nonly = { no = "SUM" }\nbecause = "a sum"\n'
    who, ledger = in_files(tmp_path, "1,Oak,\nX,TOTAL,\n,TOTAL,12\n", "1,a,Senna\nX,b,Iron\n,SUM,2\nZ,SUM,\n1,SUM,\n", rules)
    assert who == ["1"]
    assert {(line.path, line.what, line.total) for line in ledger.lines() if line.verdict == "ignored"} == {
        ("id", "a line of totals", 1), ("name", "a line of totals", 2), ("died", "a line of totals", 1),
        ("meds/id", "a line of totals", 1), ("meds/no", "a line of totals", 1), ("meds/drug", "a line of totals", 1),
        ("meds/id", "a sum", 2), ("meds/no", "a sum", 3), ("meds/drug", "a sum", 1)}
    who, _ = in_files(tmp_path, "1,Oak,\n", "1,a,Senna\nZ,b,Iron\n", rules)
    assert who == ["1", "no-resident"]


def test_nobody_has_no_medicines_while_a_medicine_is_nobodys_unless_it_is_ignored(tmp_path: Path) -> None:
    rules = '[states]\nmedicines = { constant = "none known", because = "x" }\n'
    rules += '[[ignored_rows]]\nrows = "meds"\nonly = { no = "SUM" }\nbecause = "x"\n'
    people = "1,Oak,\n2,Ash,\n"
    assert in_files(tmp_path, people, "1,a,Senna\nX,b,Iron\n", rules)[0] == ["1", "orphaned", "no-resident"]
    assert in_files(tmp_path, people, "1,a,Senna\nX,SUM,2\n", rules)[0] == ["1", "2"]


def test_what_the_layout_chooses_rows_by_and_is_nowhere_is_named(export: Any) -> None:
    path, made = export({"id": 1, "name": "Oak", "meds": [{"no": "a", "drug": "Iron", "t": "x"}]})
    rules = ('[[medicines]]\neach = "meds"\nonly = { on = "" }\nkey = "no"\nstatus = { constant = "active", because = "x" }\n'
             'drug = "drug"\n[[ignored_rows]]\nrows = "medz"\nonly = { t = "T" }\nbecause = "x"\n'
             '[[ignored_rows]]\nrows = "meds"\nonly = { t = "T" }\nbecause = "x"\n')
    _, ledger = passed(path, layout(TEXT % (made.settings.format, made.settings.residents) + rules))
    assert list(ledger.absent()) == ["meds/on", "medz", "medz/t"]


@pytest.mark.parametrize(("only", "people", "expected"), [
    ('name = "TOTAL"', "1,Oak,\n2,TOTAL\n", ["1"]),  # its end is missing, and what is there says enough
    ('died = ""', "1,Oak,x\n2,Ash\n", ["not-a-time", "too-few-cells"]),  # it may be what is missing
    ('name = "TOTAL"', "1,Oak,\n2,TOTAL,,,\n", ["1", "too-many-cells"]),
])
def test_what_may_be_something_else_is_not_left_out(tmp_path: Path, only: str, people: str, expected: list[str]) -> None:
    who, _ = in_files(tmp_path, people, "", f'[[ignored_rows]]\nrows = "people"\nonly = {{ {only} }}\nbecause = "x"\n')
    assert who == expected


def test_what_belongs_to_nobody_is_not_ignored_for_what_it_would_stand_in(tmp_path: Path) -> None:
    for rule in ('rows = "people"\nonly = { name = "" }', 'rows = "meds"\nonly = { "../name" = "" }'):
        assert in_files(tmp_path, "1,Oak,\n", "Z,b,Iron\n", f'[[ignored_rows]]\n{rule}\nbecause = "x"\n')[0] == ["1", "no-resident"]
