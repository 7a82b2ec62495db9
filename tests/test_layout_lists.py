"""Lists of the record from rows of the tree, and back: blocks, selections, states, lookups, rows that stay and rows that go."""
from __future__ import annotations

from typing import Any

import pytest

from adapter.records.layout import Layout
from adapter.records.layout.here import written
from adapter.records.layout.states import LISTED
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.layouts import SHORT, both, layout, rows
from tests.traced import became

MEDICINES = """
[resident]
key = "id"
[[medicines]]
each = "meds"
only = { on = "Y" }
key = "no"
status = { constant = "active", because = "a test" }
drug = "drug"
taken.start = "from"
[[medicines.doses]]
each = "dose"
text = "."
[[medicines]]
each = "meds"
only = { on = ["N", ""] }
key = "no"
status = { constant = "stopped", because = "a test" }
drug = "drug"
taken.end = "to"
[[medicines]]
each = "old"
key = "no"
status = { from = "state", table = { D = "completed", W = "entered in error" } }
drug = "../prefix"
"""


@pytest.fixture(scope="module")
def meds() -> Layout:
    return layout(SHORT + MEDICINES)


def med(no: str, on: str = "Y", **more: Any) -> dict[str, Any]:
    return {"no": no, "on": on, "drug": "Senna", **more}


def read(made: Layout, **row: Any) -> Any:
    reading = both(made, rows({"id": "1", **row}))
    return [(w.rule, "/".join(map(str, w.steps)), written(w.names)) for w in reading.wrong] or reading.json


def record(**lists: Any) -> CareRecord:
    return care_records().decode({"source": "https://home.example/records", "as_of": "2026-07-01T12:00:00+01:00",
                                  "resident": {"key": "1"}, **lists})


# ---- reading ----------------------------------------------------------------------------------------------------------------------
def test_blocks_of_one_list_keep_the_order_of_its_rows(meds: Layout) -> None:
    said = read(meds, meds=[med("a"), med("b", "N"), {"no": "c", "drug": "x"}, med("d")], old=[{"no": "e", "state": "D"}], prefix="Iron")
    assert [(m["key"], m["status"], m["drug"]) for m in said["medicines"]] == [
        ("a", "active", "Senna"), ("b", "stopped", "Senna"), ("c", "stopped", "x"), ("d", "active", "Senna"), ("e", "completed", "Iron")]


def test_one_row_stands_for_a_list_of_one(meds: Layout) -> None:
    assert [m["key"] for m in read(meds, meds=med("a"))["medicines"]] == ["a"]


def test_rows_that_are_only_texts(meds: Layout) -> None:
    assert read(meds, meds=[med("a", dose=["one", {".": "two", "@x": "y"}])])["medicines"][0]["doses"] == [{"text": "one"}, {"text": "two"}]
    assert read(meds, meds=[med("a", dose="one")])["medicines"][0]["doses"] == [{"text": "one"}]


def test_a_row_that_no_block_takes_is_a_fault(meds: Layout) -> None:
    assert read(meds, meds=[med("a"), med("b", "?")]) == [("no-block", "meds/1/on", "")]


def test_rows_that_are_ignored(meds: Layout) -> None:
    made = layout(SHORT + MEDICINES + '[[ignored_rows]]\nrows = "meds"\nonly = { kind = "T" }\nbecause = "templates"')
    assert [m["key"] for m in read(made, meds=[med("a"), med("b", "?", kind="T"), med("c", kind="T")])["medicines"]] == ["a"]


def test_rows_in_ignored_rows_need_no_block() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[medicines]]\neach = "meds"\nkey = "no"\nstatus = "state"\ndrug = "drug"\n'
                  '[[medicines.doses]]\neach = "dose"\nonly = { k = "1" }\ntext = "t"\n'
                  '[[ignored_rows]]\nrows = "meds"\nonly = { drug = "T" }\nbecause = "templates"')
    assert read(made, meds=[{"no": "1", "drug": "T", "dose": [{"k": "2"}]}]).keys() == {"source", "as_of", "resident"}
    assert read(made, meds=[{"no": "1", "drug": "S", "dose": [{"k": "2"}]}]) == [("no-block", "meds/0/dose/0/k", "")]


@pytest.mark.parametrize(("only", "row", "taken"), [
    ('"Y"', {"on": "Y"}, True), ('"Y"', {"on": "N"}, False), ('"Y"', {}, False), ('["Y", "N"]', {"on": "N"}, True),
    ('""', {}, True), ('""', {"on": "N/K"}, True), ('""', {"on": "Y"}, False), ('"*"', {"on": "Y"}, True), ('"*"', {}, False),
    ('"*"', {"on": "N/K"}, False), ('"N/K"', {"on": "N/K"}, True), ('"true"', {"on": True}, True), ('"1"', {"on": 1}, True),
    ('"Y"', {"on": ["N", "Y"]}, True), ('"Y"', {"on": {".": "Y", "@x": "z"}}, True), ('"Y"', {"on": {"@x": "Y"}}, False),
])
def test_what_a_block_takes(only: str, row: dict[str, Any], taken: bool) -> None:
    made = layout(SHORT + f'[resident]\nkey = "id"\n[[resident.addresses]]\neach = "at"\nonly = {{ on = {only} }}\ncity = "c"')
    said = read(made, at=[{"c": "x", **row}])
    assert (said["resident"].get("addresses") == [{"city": "x"}] if isinstance(said, dict) else None) is (True if taken else None)


def test_constants_alone_make_nothing_unless_they_always_do() -> None:
    text = SHORT + '[resident]\nkey = "id"\n[[organizations]]\n%s\nkey = { constant = "home", because = "a test" }\nname = %s'
    constant = '{ constant = "Larkfield", because = "a test" }'
    assert "organizations" not in read(layout(text % ("", '"n"')))
    assert "organizations" not in read(layout(text % ("", '"n"')), n="N/K")
    assert read(layout(text % ("", '"n"')), n="Oak")["organizations"] == [{"key": "home", "name": "Oak"}]
    assert read(layout(text % ('always = "the home"', constant)))["organizations"] == [{"key": "home", "name": "Larkfield"}]


def test_an_object_that_is_all_constant_is_there_with_what_it_is_in() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[vaccinations]]\nvaccine.text = { constant = "Flu", because = "the column" }\n'
                  'key = { constant = "flu", because = "one each" }\ngiven_on = "flu"')
    assert read(made, flu="2025")["vaccinations"] == [{"vaccine": {"text": "Flu"}, "key": "flu", "given_on": "2025"}]
    assert "vaccinations" not in read(made)


def test_rows_deep_in_objects_and_lists() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[stays]]\neach = "a/b"\nkey = "k"\nstatus = "../s"\nencounter_class = "../../c"')
    said = read(made, c="inpatient", a=[{"s": "planned", "b": [{"k": "1"}, {"k": "2"}]}, {"s": "finished", "b": {"k": "3"}}])
    assert [(s["key"], s["status"], s["encounter_class"]) for s in said["stays"]] == [
        ("1", "planned", "inpatient"), ("2", "planned", "inpatient"), ("3", "finished", "inpatient")]


# ---- states ---------------------------------------------------------------------------------------------------------------------------
STATES = SHORT + '''
[states]
medicines = { from = "state", table = { N = "none known", A = "not asked", S = "not supplied", L = "listed"%s } }
[resident]
key = "id"
[[medicines]]
each = "meds"
key = "no"
status = "status"
drug = "drug"
'''
ONE = [{"no": "1", "status": "active", "drug": "Senna"}]


@pytest.mark.parametrize(("row", "expected"), [
    ({"state": "N"}, "none known"), ({"state": "A"}, "not asked"), ({"state": "S"}, "not supplied"),
    ({"state": "L", "meds": ONE}, [{"key": "1", "status": "active", "drug": "Senna"}]),
    ({"meds": ONE}, [{"key": "1", "status": "active", "drug": "Senna"}]),
    ({}, "state-missing"), ({"state": "L"}, "contradiction"), ({"state": "N", "meds": ONE}, "contradiction"),
    ({"state": "?"}, "not-in-table"),
    ({"state": "?", "meds": ONE}, "not-in-table"),
])
def test_states(row: dict[str, Any], expected: Any) -> None:
    said = read(layout(STATES % ""), **row)
    assert said["medicines"] == expected if isinstance(said, dict) else [rule for rule, *_ in said] == [expected]


def test_what_an_empty_state_means_if_the_layout_says_so() -> None:
    made = layout(STATES % ', "" = "not supplied"')
    assert read(made)["medicines"] == "not supplied"
    assert made.write(record(), onto=rows({"id": "1", "state": "N"}).tree).tree == {"id": "1", "state": "S"}, "the first code of a word"


@pytest.mark.parametrize(("code", "row", "expected"), [
    ("not supplied", {}, "not supplied"), ("not supplied", {"meds": ONE}, 1), ("not supplied", {"state": "N/K", "meds": ONE}, 1),
    ("not supplied", {"state": "N", "meds": ONE}, "contradiction"), ("not supplied", {"state": "S", "meds": ONE}, "contradiction"),
    ("none known", {}, "none known"), ("none known", {"meds": ONE}, "contradiction"), ("not asked", {"meds": ONE}, "contradiction"),
    ("listed", {}, "contradiction"), ("listed", {"meds": ONE}, 1),
])
def test_that_a_state_is_empty_and_so_nothing_is_supplied_contradicts_no_rows(code: str, row: dict[str, Any], expected: Any) -> None:
    """A column with a tick for none known: unticked it says nothing, whether there are rows or not."""
    made = layout(STATES % f', "" = "{code}"')
    said = read(made, **row)
    assert said[0][0] == expected if isinstance(said, list) else said["medicines"] == expected or len(said["medicines"]) == expected
    if expected == 1:
        back = made.write(record(medicines=[{"key": "1", "status": "active", "drug": "Senna"}]), onto=rows({"id": "1", "state": "N"}).tree)
        assert (back.tree.get("meds"), back.unwritten) == (ONE, ())


@pytest.mark.parametrize(("said", "state"), [("none known", "N"), ("not asked", "A"), ("not supplied", "S"), (ONE, "L")])
def test_states_are_written(said: Any, state: str) -> None:
    items = [{"key": "1", "status": "active", "drug": "Senna"}]
    back = layout(STATES % "").write(record(medicines=said if isinstance(said, str) else items))
    assert (back.tree["state"], back.unwritten) == (state, ())
    assert LISTED == "listed"


def test_a_state_that_is_constant() -> None:
    made = layout(STATES.replace('{ from = "state", table = { N = "none known", A = "not asked", S = "not supplied", L = "listed"%s } }',
                                 '{ constant = "none known", because = "a test" }'))
    assert read(made)["medicines"] == "none known"
    assert [u.path for u in made.write(record(medicines="not asked")).unwritten] == ["medicines"]
    assert made.write(record(medicines="none known")).unwritten == ()


@pytest.mark.parametrize(("word", "orphaned", "row", "expected"), [
    ("none known", {"meds"}, {}, [("orphaned", "meds", "medicines")]), ("none known", {"old"}, {}, [("orphaned", "old", "medicines")]),
    ("none known", {"dose"}, {}, "none known"), ("none known", set(), {}, "none known"), ("not asked", {"meds"}, {}, "not asked"),
    ("none known", {"meds"}, {"meds": [med("a")]}, [{"key": "a", "status": "active", "drug": "Senna"}]),
])
def test_none_known_is_not_stated_while_rows_belong_to_nobody(word: str, orphaned: set[str], row: dict[str, Any], expected: Any) -> None:
    made = layout(f"{SHORT}[states]\nmedicines = {{ constant = \"{word}\", because = \"a test\" }}\n{MEDICINES}")
    of = rows({"id": "1", **row})
    of.orphaned = frozenset(orphaned)
    reading = both(made, of)
    wrong = [(w.rule, "/".join(map(str, w.steps)), written(w.names)) for w in reading.wrong]
    assert (wrong or reading.json["medicines"]) == expected
    assert made.asks_for_orphans is (word == "none known")


# ---- lookups ----------------------------------------------------------------------------------------------------------------------------
LOOKUP = SHORT + '''
[lookups.practice]
items = "practices"
key = "id"
by = "gp"
[resident]
key = "id"
[[organizations]]
key = "gp"
name = "practice/name"
'''


def test_a_key_that_is_looked_up_and_is_not_there() -> None:
    made = layout(LOOKUP)
    assert read(made, gp="7", practice={"id": "7", "name": "Oak"})["organizations"] == [{"key": "7", "name": "Oak"}]
    assert read(made, gp="8") == [("no-such-row", "gp", "")]
    assert "organizations" not in read(made)


def test_what_is_looked_up_is_not_written() -> None:
    made = layout(LOOKUP)
    tree = rows({"id": "1", "gp": "7", "practice": {"id": "7", "name": "Oak"}}).tree
    said = record(organizations=[{"key": "7", "name": "Ash"}])
    back = made.write(said, onto=tree)
    assert back.tree == tree
    assert back.unwritten == (("organizations[0].name", "it is looked up in a row that others share, and is only read"),)
    assert made.write(record(organizations=[{"key": "7", "name": "Oak"}]), onto=tree).unwritten == ()


def test_a_name_that_a_lookup_has_too_is_written_elsewhere() -> None:
    made = layout(LOOKUP + '[[medicines]]\neach = "practice/meds"\nkey = "no"\nstatus = "s"\ndrug = "d"\n'
                  '[[stays]]\neach = "stays"\nkey = "no"\nstatus = "s"\nencounter_class = "practice/class"')
    stay = {"key": "1", "status": "planned", "encounter_class": "inpatient"}
    back = made.write(record(stays=[stay]))
    assert (back.tree["stays"], back.unwritten) == ([{"no": "1", "s": "planned", "practice": {"class": "inpatient"}}], ())
    assert [fed.path for fed in made.fields() if fed.back] == [
        "organizations[].name", "medicines[].key", "medicines[].status", "medicines[].drug"]


# ---- writing ----------------------------------------------------------------------------------------------------------------------------
A = {"key": "a", "status": "active", "drug": "Senna", "doses": [{"text": "one"}]}
B = {"key": "b", "status": "stopped", "drug": "Iron", "taken": {"end": "2025"}}


def test_elements_become_rows_of_the_block_that_fits(meds: Layout) -> None:
    back = meds.write(record(medicines=[A, B]))
    assert back.unwritten == ()
    assert back.tree["meds"] == [{"no": "a", "drug": "Senna", "dose": ["one"], "on": "Y"}, {"no": "b", "drug": "Iron", "to": "2025"}]


def test_what_no_block_makes_is_named(meds: Layout) -> None:
    back = meds.write(record(medicines=[{"key": "c", "status": "on hold", "drug": "x"}, {**B, "taken": {"start": "2024"}}]))
    assert {(u.path, u.why) for u in back.unwritten} == {
        ("medicines[0].status", "is none of the words in the layout's table"), ("medicines[0].key", "goes with the rest of its element"),
        ("medicines[0].drug", "goes with the rest of its element"), ("medicines[1].taken.start", "no column is named for it")}
    assert [row["no"] for row in back.tree["meds"]] == ["b"]
    assert "old" not in back.tree


def test_rows_are_found_by_their_key_and_keep_what_is_not_mapped(meds: Layout) -> None:
    tree = rows({"id": "1", "meds": [med("b", "N", drug="Iron", to="2025", x="1"), med("a", dose=["one"], x="2"), med("gone", x="3")],
                 "old": [{"no": "e", "state": "D"}], "prefix": "Iron"}).tree
    back = meds.write(record(medicines=[{**A, "drug": "Senna forte"}, B, {"key": "e", "status": "completed", "drug": "Iron"}]), onto=tree)
    assert back.unwritten == ()
    assert back.tree["meds"] == [med("a", drug="Senna forte", dose=["one"], x="2"), med("b", "N", drug="Iron", to="2025", x="1")]
    assert back.tree["old"] == [{"no": "e", "state": "D"}]


def test_a_row_goes_over_to_another_block(meds: Layout) -> None:
    tree = rows({"id": "1", "meds": [med("a", dose=["one"], **{"from": "2024"}, x="1")]}).tree
    back = meds.write(record(medicines=[{"key": "a", "status": "stopped", "drug": "Senna", "taken": {"end": "2026"}}]), onto=tree)
    assert (back.tree["meds"], back.unwritten) == ([{"no": "a", "on": "N", "drug": "Senna", "to": "2026", "x": "1"}], ())


def test_what_disagrees_with_a_constant_in_it_is_left_out_of_its_element() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[stays]]\neach = "s"\nkey = "k"\nstatus = "st"\nencounter_class = "c"\n'
                  'service_provider = { system = { constant = "urn:ods", because = "x" }, value = "ods" }')
    stay = {"key": "1", "status": "planned", "encounter_class": "inpatient"}
    back = made.write(record(stays=[{**stay, "service_provider": {"system": "urn:other", "value": "7"}}]))
    assert back.tree["s"] == [{"k": "1", "st": "planned", "c": "inpatient"}]
    assert {u.path for u in back.unwritten} == {"stays[0].service_provider.system", "stays[0].service_provider.value"}


def test_rows_of_nobody_stay() -> None:
    made = layout(SHORT + MEDICINES + '[[ignored_rows]]\nrows = "meds"\nonly = { kind = "T" }\nbecause = "templates"')
    template = med("t", "?", kind="T")
    tree = rows({"id": "1", "meds": [med("b"), template, med("a")]}).tree
    assert made.write(record(), onto=tree).tree["meds"] == [template]
    said = record(medicines=[{"key": key, "status": "active", "drug": "Senna"} for key in ("a", "b", "c")])
    assert made.write(said, onto=tree).tree["meds"] == [med("a"), template, med("b"), med("c")]


def test_an_own_row_that_cannot_be_written_stays_as_it_was(meds: Layout) -> None:
    made = layout(SHORT + MEDICINES + '[[ignored_rows]]\nrows = "meds"\nonly = { kind = "" }\nbecause = "not sorted yet"')
    tree = rows({"id": "1", "meds": [med("a", kind="M"), med("b", kind="M"), med("c", kind="M")], "prefix": "Iron",
                 "old": [{"no": "e", "state": "D"}, {"no": "f", "state": "D"}]}).tree
    said = [{**A, "doses": []}, {**A, "key": "b", "status": "on hold"}, {"key": "e", "status": "unknown", "drug": "Iron"},
            {**A, "key": "new"}]
    back = made.write(record(medicines=said), onto=tree)
    assert back.tree["meds"] == [med("a", kind="M"), med("b", kind="M")]
    assert back.tree["old"] == [{"no": "e", "state": "D"}]
    assert {u.path.split(".")[0] for u in back.unwritten} == {"medicines[1]", "medicines[2]", "medicines[3]"}
    changed = made.write(record(medicines=[{**A, "drug": "Iron"}]), onto=tree)
    assert changed.tree["meds"] == [{**med("a", kind="M", dose=["one"]), "drug": "Iron"}], "what no field writes is there already"


def test_fixed_elements_that_look_alike_go_where_they_came_from() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[resident.addresses]]\ncity = "a"\n[[resident.addresses]]\ncity = "b"')
    tree = rows({"id": "1", "b": "Oak"}).tree
    said = record(resident={"key": "1", "addresses": [{"city": "Oak"}]})
    assert (made.write(said).tree, made.write(said, onto=tree).tree) == ({"id": "1", "a": "Oak"}, tree)


def test_an_element_that_is_always_there_is_named_where_the_record_has_none() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[organizations]]\nalways = "x"\nkey = { constant = "home", because = "x" }\n'
                  '[[organizations]]\nkey = "gp"')
    back = made.write(record(organizations=[{"key": "7"}]))
    assert (back.tree, back.unwritten) == ({"id": "1", "gp": "7"}, (("organizations", "would be read back with more of them"),))
    home = record(organizations=[{"key": "7"}, {"key": "home"}])
    assert made.write(home).unwritten == (("organizations", "would be read back in another order"),)


def test_what_only_follows_from_a_value_that_cannot_be_read_is_not_told() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[medicines]]\neach = "a/b"\nkey = "k"\ndrug = "d"\n'
                  'status = { from = "../s", table = { A = "active" } }')
    found = made.record(rows({"id": "1", "a": [{"s": "A", "b": {"k": "1", "d": "x"}}, {"s": "?", "b": [{"k": "2", "d": "x"}]}]})).record
    assert [(f.rule, f.name, f.path) for f in found.found] == [("not-in-table", "a/1/s", "medicines[1].status")]  # type: ignore[union-attr]
    also = made.record(rows({"id": "1", "a": [{"s": "?", "b": [{"k": "2"}, {"k": "3"}]}]})).record
    assert [(f.rule, f.path) for f in also.found] == [  # type: ignore[union-attr]
        ("not-in-table", "medicines[0].status"), ("not-in-table", "medicines[1].status"), ("missing", "medicines[0].drug"),
        ("missing", "medicines[1].drug")]


def test_the_place_of_each_value_of_a_list(meds: Layout) -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\ngiven_names = { from = ["a", "b", "c"] }')
    source = made.record(rows({"id": "1", "a": "N/K", "b": "B", "c": ["C", "D"]})).source
    places = source.places([f"resident.given_names[{i}]" for i in range(4)])
    assert [place.name for place in places.values()] == ["b", "c/0", "c/1", "b"]


def test_what_becomes_of_each_value() -> None:
    made = layout(STATES % "" + '[ignored]\nroom = "decoration"\n"box" = "all of it"\n[[ignored_rows]]\nrows = "meds"\nonly = { t = "T" }\n'
                  'because = "templates"\n[[medicines.doses]]\neach = "dose"\nonly = { k = "1" }\ntext = "t"')
    row = {"no": "1", "status": "active", "drug": "S", "new": "x", "dose": [{"k": "1", "t": "one"}]}
    tree = {"id": "1", "state": "L", "room": "N/K", "box": {"x": ["y"]}, "meds": [row, {"no": "2", "t": "T", "drug": "x"}], "what": "N/K"}
    assert {"/".join(map(str, steps)): tuple(fate) for steps, fate in became(made, rows(tree))} == {
        "id": ("mapped", ("resident.key",)), "state": ("stated", ("says whether there are medicines",)),
        "room": ("ignored", ("decoration",)),
        "box/x/0": ("ignored", ("all of it",)), "what": ("stated", ("says nothing",)),
        "meds/0/no": ("mapped", ("medicines[0].key",)), "meds/0/status": ("mapped", ("medicines[0].status",)),
        "meds/0/drug": ("mapped", ("medicines[0].drug",)), "meds/0/new": ("unknown", ()),
        "meds/0/dose/0/k": ("stated", ("chooses its row",)), "meds/0/dose/0/t": ("mapped", ("medicines[0].doses[0].text",)),
        "meds/1/no": ("ignored", ("templates",)), "meds/1/t": ("ignored", ("templates",)), "meds/1/drug": ("ignored", ("templates",))}
    assert made.covers(("meds", 3, "drug")) == ("mapped", ("medicines[].drug",))
    assert made.covers(("meds", "t")) == ("stated", ("chooses rows to ignore",))
    assert made.covers(("meds", "x")) == ("unknown", ())


def test_elements_without_a_key_are_found_by_what_they_say(meds: Layout) -> None:
    tree = rows({"id": "1", "meds": [med("a", dose=[{".": "one", "@x": "1"}, {".": "two", "@x": "2"}, {".": "three", "@x": "3"}])]}).tree
    back = meds.write(record(medicines=[{**A, "doses": [{"text": "three"}, {"text": "four"}]}]), onto=tree)
    assert back.tree["meds"][0]["dose"] == [{".": "three", "@x": "3"}, {".": "four", "@x": "1"}]


def test_two_elements_of_one_row() -> None:
    made = layout(SHORT + '''[resident]\nkey = "id"
[[vaccinations]]\neach = "year"\nkey = "flu_no"\nvaccine.text = { constant = "Flu", because = "x" }\ngiven_on = "flu"
[[vaccinations]]\neach = "year"\nkey = "cov_no"\nvaccine.text = { constant = "Covid", because = "x" }\ngiven_on = "cov"''')
    first = {"flu_no": "f1", "flu": "2024", "cov_no": "c1", "cov": "2024", "x": "y"}
    tree = rows({"id": "1", "year": [first, {"flu_no": "f2", "flu": "2025"}]}).tree
    said = made.record(rows(tree)).record
    assert isinstance(said, CareRecord)
    assert [v.key for v in said.vaccinations] == ["f1", "c1", "f2"]  # type: ignore[union-attr]
    assert made.write(said, onto=tree).tree == tree
    flu = [{"key": k, "vaccine": {"text": "Flu"}, "given_on": "2024"} for k in ("f1", "f3")]
    assert made.write(record(vaccinations=flu), onto=tree).tree["year"] == [
        {"flu_no": "f1", "flu": "2024", "x": "y"}, {"flu_no": "f3", "flu": "2024"}]


def test_a_fixed_element_goes_where_it_came_from() -> None:
    made = layout(SHORT + '''[resident]\nkey = "id"
[[resident.telecom]]\nsystem = { constant = "phone", because = "x" }\nvalue = "mobile"\nuse = { constant = "mobile", because = "x" }
[[resident.telecom]]\nsystem = { constant = "phone", because = "x" }\nvalue = "phone"''')
    phone, mobile = {"system": "phone", "value": "1"}, {"system": "phone", "value": "2", "use": "mobile"}
    assert made.write(record(resident={"key": "1", "telecom": [phone]})).tree == {"id": "1", "phone": "1"}
    assert made.write(record(resident={"key": "1", "telecom": [mobile, phone]})).tree == {"id": "1", "phone": "1", "mobile": "2"}
    other = {"system": "email", "value": "x@home.example"}
    back = made.write(record(resident={"key": "1", "telecom": [mobile, other]}), onto=rows({"id": "1", "phone": "1"}).tree)
    assert back.tree == {"id": "1", "mobile": "2"}
    assert {u.path for u in back.unwritten} == {"resident.telecom[1].system", "resident.telecom[1].value"}


def test_lists_in_several_objects_keep_to_their_own() -> None:
    made = layout(SHORT + '[resident]\nkey = "id"\n[[stays]]\neach = "a/b"\nkey = "k"\nstatus = "s"\nencounter_class = "../c"')
    tree = rows({"id": "1", "a": [{"c": "inpatient", "b": [{"k": "1", "s": "planned"}]},
                                  {"c": "emergency", "b": [{"k": "2", "s": "planned"}]}]}).tree
    said = made.record(rows(tree)).record
    assert isinstance(said, CareRecord)
    assert made.write(said, onto=tree).tree == tree
    back = made.write(record(stays=[{"key": "2", "status": "finished", "encounter_class": "emergency"}]), onto=tree)
    assert back.tree["a"] == [{"c": "inpatient"}, {"c": "emergency", "b": [{"k": "2", "s": "finished"}]}]
