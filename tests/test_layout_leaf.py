"""One field from a JSON row, and back: every option, what it refuses, and what it cannot write."""
from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapter.faults import Refused
from adapter.records.layout import Layout
from adapter.records.layout.here import written
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.layouts import SHORT, both, layout, rows, short


def read(layout: Layout, **row: Any) -> Any:
    """The resident, or what is wrong: (rule, path in the tree, path in the record)."""
    reading = both(layout, rows({"id": "1", **row}))
    if reading.wrong:
        return [(w.rule, "/".join(map(str, w.steps)), written(w.names)) for w in reading.wrong]
    return {name: value for name, value in reading.json["resident"].items() if name != "key"}


READ = [
    ('family_name = "a"', {"a": "Teatime"}, {"family_name": "Teatime"}),
    ('family_name = "a"', {}, {}),
    ('family_name = "a"', {"a": "N/K"}, {}),
    ('family_name = { from = "a", nothing = ["?"] }', {"a": "?"}, {}),
    ('family_name = "n/f"', {"n": {"f": "Teatime"}}, {"family_name": "Teatime"}),
    ('family_name = "n/f"', {"n": "x"}, {}),
    ('family_name = "n"', {"n": {".": "Teatime", "@x": "y"}}, {"family_name": "Teatime"}),
    ('family_name = "n"', {"n": ["Teatime"]}, {"family_name": "Teatime"}),
    ('family_name = "a~1b~0c"', {"a/b~c": "Teatime"}, {"family_name": "Teatime"}),
    ('family_name = "n"', {"n": ["A", "B"]}, [("twice", "n/0", "resident.family_name")]),
    ('family_name = "n"', {"n": {"@x": "y"}}, [("wrong-type", "n", "resident.family_name")]),
    ('family_name = "n"', {"n": 5}, [("wrong-type", "n", "resident.family_name")]),
    ('family_name = { from = "n", number = "plain" }', {"n": 5}, {"family_name": "5"}),
    ('family_name = { from = "n", number = "plain" }', {"n": True}, [("wrong-type", "n", "resident.family_name")]),
    ('family_name = { from = ["a", "b", "c"], join = "-" }', {"a": "A", "c": "C", "b": "N/K"}, {"family_name": "A-C"}),
    ('family_name = { from = ["a", "b"], join = "" }', {"b": "B"}, {"family_name": "B"}),
    ('family_name = { from = ["a", "b"], join = " " }', {"a": "A", "b": 5}, [("wrong-type", "a", "resident.family_name")]),
    ('given_names = "a"', {"a": "A"}, {"given_names": ["A"]}),
    ('given_names = "a"', {"a": ["A", "N/K", "B"]}, {"given_names": ["A", "B"]}),
    ('given_names = "a"', {"a": [{".": "A", "@x": "y"}, "B"]}, {"given_names": ["A", "B"]}),
    ('given_names = "a"', {"a": {".": "A", "@x": "y"}}, {"given_names": ["A"]}),
    ('given_names = "n/a"', {"n": [{"a": "A"}, {"a": ["B", "C"]}]}, {"given_names": ["A", "B", "C"]}),
    ('given_names = { from = ["a", "b"] }', {"b": "B"}, {"given_names": ["B"]}),
    ('given_names = { from = "a", split = ";" }', {"a": "A; B ;;C"}, {"given_names": ["A", "B", "C"]}),
    ('given_names = { from = "a", split = ";" }', {"a": " ; "}, {}),
    ('given_names = { from = "a", split = ";" }', {"a": 5}, [("wrong-type", "a", "resident.given_names")]),
    ('given_names = { from = ["a", "b"], join = " " }', {"a": "A", "b": "B"}, {"given_names": ["A B"]}),
    ('nhs_number = { from = "a", remove = " -" }', {"a": "999 000-0018"}, {"nhs_number": "9990000018"}),
    ('gender = { from = "a", table = { "1" = "male", "true" = "female" } }', {"a": 1}, {"gender": "male"}),
    ('gender = { from = "a", table = { "1" = "male", "true" = "female" } }', {"a": True}, {"gender": "female"}),
    ('gender = { from = "a", table = { "1" = "male" } }', {"a": 2}, [("not-in-table", "a", "resident.gender")]),
    ('religion = { from = "a", table = { C = "Christian" }, otherwise = "text" }', {"a": "Jedi"}, {"religion": "Jedi"}),
    ('marital_status = { from = "a", table = { M = "married" }, otherwise = "text" }', {"a": "?"}, {"marital_status": {"text": "?"}}),
    ('multiple_birth = "a"', {"a": True}, {"multiple_birth": True}),
    ('multiple_birth = "a"', {"a": 2}, {"multiple_birth": 2}),
    ('multiple_birth = "a"', {"a": "2"}, [("wrong-type", "a", "resident.multiple_birth")]),
    ('multiple_birth = { from = "a", number = "plain" }', {"a": "2"}, {"multiple_birth": 2}),
    ('deceased = { from = "a", time = ["DD/MM/YYYY"] }', {"a": "01/02/2026"}, {"deceased": "2026-02-01"}),
    ('birth_date = { from = "a", date = "DD/MM/YYYY" }', {"a": 1941}, [("wrong-type", "a", "resident.birth_date")]),
    ('birth_date = { from = ["y", "m"], join = "-", date = ["YYYY-MM", "YYYY"] }', {"y": "1941"}, {"birth_date": "1941"}),
    ('name_period = { start = "a", end = "b" }', {"b": "1941"}, {"name_period": {"end": "1941"}}),
    ('interpreter_required = { constant = false, because = "x" }', {}, {"interpreter_required": False}),
]


@pytest.mark.parametrize(("field", "row", "expected"), READ)
def test_reading(field: str, row: dict[str, Any], expected: Any) -> None:
    assert read(short(field), **row) == expected


# What is written into an empty row, and read back from it: (field, what the record says, the row, what is not written).
WRITTEN = [
    ('family_name = "a"', {"family_name": "A"}, {"a": "A"}, []),
    ('family_name = "n/f"', {"family_name": "A"}, {"n": {"f": "A"}}, []),
    ('family_name = "a"', {"family_name": "N/K"}, {}, ["would be read back as something else"]),
    ('family_name = { from = ["a", "b"], join = " " }', {"family_name": "A B"}, {"a": "A", "b": "B"}, []),
    ('family_name = { from = ["a", "b"], join = " " }', {"family_name": "A B C"}, {},
     ["holds what joins the columns, more often than there are columns"]),
    ('family_name = { from = ["a", "b"], join = "" }', {"family_name": "A"}, {"a": "A"}, []),
    ('given_names = { from = ["a", "b"] }', {"given_names": ["A", "B", "C"]}, {"a": "A", "b": "B"},
     ["there are more of them than columns"]),
    ('given_names = "a"', {"given_names": ["A"]}, {"a": ["A"]}, []),
    ('given_names = "a"', {"given_names": ["A", "B"]}, {"a": ["A", "B"]}, []),
    ('given_names = { from = "a", split = ";" }', {"given_names": ["A", "B"]}, {"a": "A;B"}, []),
    ('given_names = { from = "a", split = ";" }', {"given_names": ["A;B"]}, {}, ["would be read back as something else"]),
    ('nhs_number = { from = "a", remove = " " }', {"nhs_number": "9990000018"}, {"a": "9990000018"}, []),
    ('gender = { from = "a", table = { F = "female", W = "female" } }', {"gender": "female"}, {"a": "F"}, []),
    ('gender = { from = "a", table = { F = "female" } }', {"gender": "male"}, {}, ["is none of the words in the layout's table"]),
    ('gender = { from = "a", table = { true = "female" } }', {"gender": "female"}, {"a": True}, []),
    ('religion = { from = "a", table = { C = "Christian" }, otherwise = "text" }', {"religion": "Jedi"}, {"a": "Jedi"}, []),
    ('religion = { from = "a", table = { C = "Christian" }, otherwise = "text" }', {"religion": "C"}, {},
     ["would be read back as something else"]),
    ('religion = "a"', {"religion": {"codings": [{"code": "1"}], "text": "Jedi"}}, {"a": "Jedi"},
     ["no column takes its codes, only its text is written"]),
    ('marital_status = "a"', {"marital_status": {"text": "married"}}, {},
     ["is said by more than one value, and the layout has one place for it"]),
    ('birth_date = { from = "a", date = "DD/MM/YYYY" }', {"birth_date": "1941"}, {},
     ["is more or less exact than any of the forms: DD/MM/YYYY"]),
    ('active = { constant = true, because = "x" }', {"active": False}, {}, ["the layout states a constant, which is something else"]),
    ('active = { constant = true, because = "x" }', {}, {}, ["the layout states a constant, which is something else"]),
    ('active = { constant = true, because = "x" }', {"active": True}, {}, []),
    ("", {"active": True}, {}, ["no column is named for it"]),
    ('multiple_birth = "a"', {"multiple_birth": 2}, {"a": 2}, []),
    ('religion.text = "a"', {"religion": "Jedi"}, {"a": "Jedi"}, []),
    ('name_period.start = "a"', {"name_period": {"start": "1941", "end": "1942"}}, {"a": "1941"}, ["no column is named for it"]),
    ('managing_organization = "a"', {"managing_organization": "Home"}, {"a": "Home"}, []),
    ('managing_organization.display = "a"', {"managing_organization": "Home"}, {"a": "Home"}, []),
    ('managing_organization = "a"', {"managing_organization": {"type": "Organization", "key": "h"}}, {},
     ["is said by more than one value, and the layout has one place for it"]),
    ('family_name = "a"\npreferred_name = "a"', {"family_name": "A", "preferred_name": "A"}, {"a": "A"}, []),
    ('family_name = "a"\npreferred_name = "a"', {"family_name": "A", "preferred_name": "B"}, {"a": "A"},
     ["stands where another field is written, which says something else"]),
]


def record(**resident: Any) -> CareRecord:
    return care_records().decode({"source": "https://home.example/records", "as_of": "2026-07-01T12:00:00+01:00",
                                  "resident": {"key": "1", **resident}})


@pytest.mark.parametrize(("field", "said", "row", "unwritten"), WRITTEN)
def test_writing(field: str, said: dict[str, Any], row: dict[str, Any], unwritten: list[str]) -> None:
    back = short(field).write(record(**said))
    assert back.tree == {"id": "1", **row}
    assert list(dict.fromkeys(u.why for u in back.unwritten)) == unwritten


def test_writing_over_what_is_there_keeps_what_is_not_changed() -> None:
    layout = short('family_name = "a"\nnhs_number = { from = "n", remove = " " }\n'
                   'gender = { from = "g", table = { F = "female", W = "female", M = "male" } }')
    tree = rows({"id": "1", "a": "A", "g": "W", "n": "999 000 0018", "x": "unknown"}).tree
    assert layout.write(record(family_name="A", gender="female", nhs_number="9990000018"), onto=tree).tree == tree
    assert layout.write(record(family_name="B", gender="male"), onto=tree).tree == {"id": "1", "a": "B", "g": "M", "x": "unknown"}
    assert tree["a"] == "A", "what was given is not changed"


def test_an_element_keeps_its_attributes() -> None:
    layout = short('family_name = "n"\ngiven_names = "g"')
    tree = rows({"id": "1", "n": {".": "A", "@x": "y"}, "g": [{".": "B", "@x": "y"}, "C"]}).tree
    assert layout.write(record(family_name="D", given_names=["E", "F", "G"]), onto=tree).tree == {
        "id": "1", "n": {".": "D", "@x": "y"}, "g": [{".": "E", "@x": "y"}, "F", "G"]}
    assert layout.write(record(), onto=tree).tree == {"id": "1", "n": {"@x": "y"}, "g": [{"@x": "y"}]}


# ---- the vendor's own functions ---------------------------------------------------------------------------------------------------
MODULE = '''
from decimal import Decimal
def upper(text):
    if text == "no":
        raise ValueError("the secret " + text)
    return text.upper()
def lower(text):
    if text == "No":
        raise ValueError("the secret " + text)
    return text.lower()
def both(first, second):
    return f"{first}+{second}"
def apart(text):
    return text.split("+")
def period(text):
    start, end = text.split("..")
    return {"start": start, "end": end}
def dots(period):
    return f"{period['start']}..{period['end']}"
def words(text):
    return text.split()
def line(words):
    return " ".join(words)
def bug(text):
    return {}["gone"]
'''


@pytest.fixture
def own(tmp_path: Path) -> Any:
    (tmp_path / "own.py").write_text(MODULE)
    return lambda field: layout(f'{SHORT}module = "own.py"\n[resident]\nkey = "id"\n{field}', tmp_path)


def test_a_function_reads_and_writes(own: Any) -> None:
    layout = own('family_name = { from = "a", function = { read = "upper", write = "lower" } }')
    assert read(layout, a="teatime") == {"family_name": "TEATIME"}
    assert layout.write(record(family_name="TEATIME")).tree == {"id": "1", "a": "teatime"}
    assert layout.write(record(family_name="Teatime")).tree == {"id": "1"}, "it would come back as something else"


def test_a_function_of_several_values(own: Any) -> None:
    layout = own('family_name = { from = ["a", "b"], function = { read = "both", write = "apart" } }')
    assert read(layout, a="A", b="B") == {"family_name": "A+B"}
    assert read(layout, a="A") == {"family_name": "A+None"}
    assert layout.write(record(family_name="A+B")).tree == {"id": "1", "a": "A", "b": "B"}


def test_a_function_may_make_an_object_or_a_list(own: Any) -> None:
    layout = own('name_period = { from = "a", function = { read = "period", write = "dots" } }\n'
                 'given_names = { from = "b", function = { read = "words", write = "line" } }')
    assert read(layout, a="1941..1942", b="A B") == {"name_period": {"start": "1941", "end": "1942"}, "given_names": ["A", "B"]}
    assert layout.write(record(name_period={"start": "1941", "end": "1942"}, given_names=["A", "B"])).tree == {
        "id": "1", "a": "1941..1942", "b": "A B"}


def test_what_a_function_refuses_is_a_fault_without_its_words(own: Any) -> None:
    layout = own('family_name = { from = "a", function = { read = "upper", write = "lower" } }')
    found = layout.record(rows({"id": "1", "a": "no"})).record
    assert isinstance(found, Refused)
    assert [(f.rule, f.says) for f in found.found] == [("function", "the layout's function upper cannot read it")]
    assert [u.why for u in layout.write(record(family_name="No")).unwritten] == ["the layout's function that writes it cannot say it"]


def test_a_function_that_only_reads(own: Any) -> None:
    layout = own('family_name = { from = "a", function = "upper" }')
    assert [u.why for u in layout.write(record(family_name="A")).unwritten] == ["the function upper has no function that writes"]


def test_a_bug_in_a_function_comes_through(own: Any) -> None:
    layout = own('family_name = { from = "a", function = "bug" }')
    with pytest.raises(RuntimeError, match=r"^the layout's function bug fails with KeyError: that is a mistake in it$") as error:
        layout.read(rows({"id": "1", "a": "x"}))
    assert error.value.__suppress_context__, "a traceback would show the value"


def test_numbers_keep_their_digits() -> None:
    layout = short('multiple_birth = { from = "a", number = "plain" }')
    assert read(layout, a=Decimal("2.0")) == {"multiple_birth": Decimal("2.0")}
