"""What an export does not say must not be taken for something: a file that is missing, a row of nothing, a text cut short, a key twice."""
from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from adapter.faults import Refused
from adapter.records.layout.export import residents
from adapter.records.layout.paths import CUT
from adapter.records.ledger import Ledger
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Top, absent
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.layouts import FILES, HEAD, MEDICINES, MEDS, PEOPLE, SHORT, both, layout, rows, shared, short
from tests.test_cli import redbag

LAYOUT = f'''{HEAD}{FILES}nothing = ["N/K"]
{PEOPLE}{MEDS}optional = true
[states]
medicines = %s
{MEDICINES}
[resident]
key = %s
family_name = "name"
'''
NONE = '{ constant = "none known", because = "no row in the chart means no medicine" }'
NIL = '{ from = "nil", table = { Y = "none known", N = "listed" } }'


def told(folder: Path, *, state: str = NONE, key: str = '"id"', med: str = "", then: str = "", **files: str) -> tuple[list[Any], Ledger]:
    """Of each resident her native JSON, or the rules of what is wrong; and the ledger."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.CSV").write_text(text)
    form = LAYOUT.replace(MEDICINES, MEDICINES + med)
    made, said = layout(form % (state, key) + then), list[Any]()
    ledger = Ledger(made)
    with open_export(folder, made.settings) as export:
        for found in residents(export, folder, made):
            hers, record = found.source.rows, found.record  # type: ignore[attr-defined]
            ledger.take(hers, refused=not isinstance(record, CareRecord))
            both(made, hers)
            said.append(care_records().encode(record) if isinstance(record, CareRecord) else [fault.rule for fault in record.found])
        ledger.close(export.top, export.unnamed())
    return said, ledger


# ---- a file that is not there -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("state", "meds", "expected"), [
    (NONE, None, None),
    (NONE, "id,no,drug\n", "none known"),
    (NIL, None, "none known"),  # the column of her own row says so, whatever files there are
])
def test_a_constant_state_does_not_stand_for_a_file_that_is_not_there(
        tmp_path: Path, state: str, meds: str | None, expected: str | None) -> None:
    (one,), ledger = told(tmp_path, state=state, P="id,name,nil\n1,Oak,Y\n", **({} if meds is None else {"M": meds}))
    assert one.get("medicines") == expected
    counted = {each.field: each.times for each in ledger.constants()}
    assert counted.get("medicines", 0) == (1 if state == NONE and expected else 0)


def test_whatever_the_verb_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "P.CSV").write_text("id,name\n1,Oak\n")
    form = tmp_path / "form.toml"
    form.write_text(LAYOUT % (NONE, '"id"'))
    for verb in ("convert", "check"):
        assert "a file of the medicines is not there" in redbag(verb, tmp_path, "--layout", form).stderr
    (tmp_path / "M.CSV").write_text("id,no,drug\n")
    assert "is not there" not in redbag("convert", tmp_path, "--layout", form).stderr


# ---- two residents with one key -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("key", "people"), [
    ('"no"', "id,no,name\n1,17,Oak\n2,17,Ash\n3,18,Elm\n"),
    ('{ from = ["home", "no"], join = "-" }', "id,home,no,name\n1,H,7,Oak\n2,H,7,Ash\n3,H,8,Elm\n"),
    ('{ from = "no", remove = " " }', "id,no,name\n1,1 7,Oak\n2,17,Ash\n3,18,Elm\n"),
    ('"id"', "id,name\n1,Oak\n1,Ash\n2,Elm\n"),
    ('"no"', "id,no,name\n1,17,Oak\n1,18,Ash\n2,19,Elm\n"),
    ('"card/no"', "id,name,p\n1,Oak,a\n2,Ash,a\n3,Elm,b\n"),
])
def test_a_key_that_is_there_twice_is_found_whatever_makes_it(tmp_path: Path, key: str, people: str) -> None:
    passes = shared("card", "CARD.CSV", by="p p") + "optional = true\n"
    said, _ = told(tmp_path, key=key, then=passes if "card" in key else "", P=people, M="id,no,drug\n", CARD="p,no\na,17\nb,18\n")
    assert [one[0] if isinstance(one, list) else one["resident"]["family_name"] for one in said] == ["same-resident"] * 2 + ["Elm"]


# ---- a text that is cut -------------------------------------------------------------------------------------------------------------
XML = SHORT.replace('"json"', '"xml"\nresidents = "e/r"') + '''
[resident]
key = "id"
preferred_name = "call"
[[medicines]]
each = "med"
key = "@id"
status = { constant = "active", because = "a test" }
drug = "drug"
[[medicines.doses]]
each = "dose"
text = "."
'''
MED = '<med id="m"><drug>Warfarin</drug>%s</med>'


@pytest.mark.parametrize(("inside", "cut"), [
    (MED % "<dose>Take ONE</dose>", False),
    (MED % "<dose>Take ONE<br/></dose>", False),
    (MED % "<dose>Take ONE<br/> on Monday only, <b>not</b> daily</dose>", True),
    (MED % "<dose><b>not</b> daily</dose>", True),
    (MED % '<dose at="8">Take ONE<br/> on Monday only</dose>', True),
    ("<med><drug>Warf<b>a</b>rin</drug></med>", True),
    ("<call>Ann<i>e</i>tte</call>", True),
    (MED % "<dose>Take<!-- two --> ONE</dose>", False),
])
def test_a_text_that_goes_on_behind_an_element_is_not_cut(tmp_path: Path, inside: str, cut: bool) -> None:
    (tmp_path / "x.xml").write_text(f"<e><r><id>1</id>{inside}</r></e>")
    made = layout(XML)
    with open_export(tmp_path / "x.xml", made.settings) as export:
        for rows in export:
            reading = both(made, rows)
            assert [(wrong.rule, wrong.says) for wrong in reading.wrong] == [("wrong-type", CUT)] * cut


def test_nor_is_another_written_into_it() -> None:
    made = layout(XML)
    tree = rows({"id": "1", "med": {"@id": "m", "drug": "Warfarin", "dose": {".": "Take ONE", "b": "not", "#mixed": " daily"}}}).tree
    record = care_records().decode({
        "source": "https://home.example/records", "as_of": "2026-07-01T12:00:00+01:00", "resident": {"key": "1"},
        "medicines": [{"key": "m", "status": "active", "drug": "Warfarin", "doses": [{"text": "Take TWO"}]}]})
    back = made.write(record, onto=tree)
    assert back.unwritten
    assert back.tree["med"]["dose"] == tree["med"]["dose"]


# ---- a row of nothing -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("state", "nil", "meds", "expected"), [
    (NONE, "Y", "1,,N/K,keep with her\n", ["empty-row"]),
    (NIL, "Y", "1,,N/K,keep with her\n", ["empty-row"]),
    (NIL, "N", "1,,N/K,keep with her\n", ["empty-row"]),
    (NONE, "Y", "1,a,Senna,\n1,,N/K,keep with her\n", ["empty-row"]),
    (NONE, "Y", "1,a,Senna,\n", 1),
])
def test_a_row_of_which_nothing_is_made_is_not_passed_over(tmp_path: Path, state: str, nil: str, meds: str, expected: Any) -> None:
    (one,), _ = told(tmp_path, state=state, P=f"id,name,nil\n1,Oak,{nil}\n", M="id,no,drug,note\n" + meds)
    assert (len(one["medicines"]) if isinstance(one, dict) else one) == expected


def test_unless_a_rule_ignores_it(tmp_path: Path) -> None:
    rule = '[[ignored_rows]]\nrows = "meds"\nonly = { drug = "", no = "" }\nbecause = "made by opening the window"\n'
    (one,), _ = told(tmp_path, then=rule, P="id,name\n1,Oak\n", M="id,no,drug,note\n1,,N/K,x\n")
    assert one["medicines"] == "none known"


def test_a_word_of_nothing_names_no_row(tmp_path: Path) -> None:
    cards = shared("card", "CARD.CSV", by="p p")
    said, _ = told(tmp_path, then=cards, P="id,name,p\n1,Oak,N/K\n2,Ash,x\n", M="id,no,drug\n", CARD="p,no\na,17\n")
    assert [one if isinstance(one, list) else one["resident"]["key"] for one in said] == ["1", ["no-such-row"]]


# ---- a row that many share, and nobody reads ------------------------------------------------------------------------------------------
STAFF = '''
[files.staff]
file = "STAFF.CSV"
of = "meds"
by = { sid = "by" }
lookup = true
[[ignored_rows]]
rows = "meds"
only = { drug = "T" }
because = "templates"
'''


@pytest.mark.parametrize(("meds", "verdict"), [
    ("1,a,Senna,s1\n", "mapped"), ("1,a,T,s1\n", "ignored"), ("1,a,T,s1\n1,b,Senna,s1\n", "mapped"), ("1,b,Senna,s1\n1,a,T,s1\n", "mapped"),
    ("1,b,Senna,\n", "ignored"),
])
def test_what_is_looked_up_is_mapped_only_where_it_is_read(tmp_path: Path, meds: str, verdict: str) -> None:
    source = 'information_source.display = "staff/name"\n'
    _, ledger = told(tmp_path, med=source, then=STAFF, P="id,name\n1,Oak\n", M="id,no,drug,by\n" + meds,
                     STAFF="sid,name\ns1,Nurse Onlytemplate\n")
    assert {line.verdict for line in ledger.lines() if line.path == "meds/staff/name"} == {verdict}


def test_of_a_resident_who_is_not_there_nothing_is_missing_that_the_layout_states() -> None:
    found = short('family_name = "name"').record(rows({"name": "N/K"}))
    assert isinstance(found.record, Refused)
    assert [(fault.rule, fault.path) for fault in found.record.found] == [("missing", "resident")]


def test_in_another_process_too() -> None:
    top = pickle.loads(pickle.dumps(Top({}, frozenset({"meds"}))))  # noqa: S301 - it was made here
    assert absent(top) == {"meds"}
