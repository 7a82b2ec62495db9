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
from adapter.records.rows.row import Place
from mappings.bag import CareRecord
from tests.layouts import layout

AS_OF = "2026-07-01T12:00:00+01:00"
TEXT = '''
source = { constant = "https://home.example/records", because = "agreed" }
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
