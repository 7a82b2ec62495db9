"""A layout file that is wrong: everything at once, each with its line, its path in the file, and a sentence on what is expected."""
from __future__ import annotations

from pathlib import Path

import pytest

from adapter.faults import Refused
from adapter.records.layout import load
from tests.layouts import EVERYTHING, tried

CSV = """
[export]
format = "csv"
residents = "residents"
zone = "Europe/London"
[files.residents]
file = "R.CSV"
[files.meds]
file = "M.CSV"
of = "residents"
by = "NO"
[files.doses]
file = "D.CSV"
of = "meds"
by = "MED"
[files.export]
file = "E.CSV"
single = true
[tables.sex]
F = "female"
"""
JSON = '[export]\nformat = "json"\n'
BECAUSE = 'because = "a test"'


def told(text: str) -> list[tuple[str, str]]:
    return [(fault.path, fault.says) for fault in tried(text)[1]]


@pytest.mark.parametrize(("field", "path", "says"), [
    ('famly_name = "A"', "resident.famly_name", "is no field; perhaps family_name is meant"),
    ('family_name = { frm = "A" }', "resident.family_name", "has fields, and the record takes a text there: say `from`"),
    ('family_name = 5', "resident.family_name", "is a bare value: a constant is written"),
    ('family_name = { from = "A", tabel = "sex" }', "resident.family_name.tabel", "is no option of a field; perhaps table is meant"),
    ('family_name = ["A", "B"]', "resident.family_name", "is a list, and the record takes a text there"),
    ('family_name = { from = ["A", "B"] }', "resident.family_name.from", "names several sources of one value: say `join`"),
    ('family_name = { from = [] }', "resident.family_name.from", "names no source"),
    ('family_name = { from = "A", split = ";" }', "resident.family_name.split", "makes a list, and the field takes one value"),
    ('given_names = { from = "A", split = "" }', "resident.given_names.split", "is empty: name what stands between"),
    ('given_names = { from = "A", split = ";", join = " " }', "resident.given_names.split", "stands beside join"),
    ('given_names = ["A", "B"]', "resident.given_names", 'is a list of bare values: several columns are { from = ["A", "B"] }'),
    ('gender = { from = "A", table = "sexes" }', "resident.gender.table", "is not defined in [tables]; perhaps sex is meant"),
    ('gender = { from = "A", table = { F = "femal" } }', "resident.gender.table.F", "expected one of: male, female, other, unknown"),
    ('deceased = { from = "A", table = { "" = false, Y = true } }', "resident.deceased.table.", "is never used: where nothing stands"),
    ('gender = { from = "A", table = { F = ["x"] } }', "resident.gender.table.F", "is our word for one code"),
    ('gender = { from = "A", table = "sex", date = "YYYY" }', "resident.gender.date", "stands beside table: a field has one of"),
    ('gender = { from = "A", table = "sex", otherwise = "text" }', "resident.gender.otherwise", 'is only "text", beside a table'),
    ('ethnic_category = { from = "A", table = { A = "blue" } }', "resident.ethnic_category.table.A", "expected one of: white british"),
    ('gender = { constant = "femal", because = "x" }', "resident.gender.constant", "expected one of: male, female, other, unknown"),
    ('gender = { constant = "female" }', "resident.gender", "needs `because`"),
    ('gender = { constant = ["female"], because = "x" }', "resident.gender.constant", "is one value"),
    ('gender = { constant = "female", because = "x", becose = "A" }', "resident.gender.becose",
     "is no option of a constant; perhaps because is meant"),
    ('nhs_number_status = { constant = "verified", because = "x" }', "resident.nhs_number_status", "it is never a constant of a layout"),
    ('nhs_number_status.text = { constant = "ok", because = "x" }', "resident.nhs_number_status.text",
     "it is never a constant of a layout"),
    ('birth_date = { from = "A", date = "DD/MM/YY" }', "resident.birth_date.date", "has a year of two digits"),
    ('birth_date = { from = "A", date = "D/M/YYYY" }', "resident.birth_date.date", "has D and M alone"),
    ('birth_date = { from = "A", date = "DD/YYYY" }', "resident.birth_date.date", "is neither a date"),
    ('birth_date = { from = "A", date = "DD/MM/YYYY MM" }', "resident.birth_date.date", "says one thing twice"),
    ('birth_date = { from = "A", date = "DD/MM/YYYY HH:mm" }', "resident.birth_date.date", "has a time in it: say `time`"),
    ('birth_date = { from = "A", time = "DD/MM/YYYY HH:mm" }', "resident.birth_date.time",
     "says a time of day, and the record takes only a date"),
    ('birth_date = { from = "A", date = ["DD/MM/YYYY", "MM/DD/YYYY"] }', "resident.birth_date.date",
     "has two forms that fit the same texts"),
    ('birth_date = { from = "A", time = "HH:mm" }', "resident.birth_date.time", "makes a date or a time, and the record takes a date"),
    ('gender = { from = "A", date = "YYYY" }', "resident.gender.date", "makes a date or a time, and the record takes one of"),
    ('family_name = { from = "A", number = "plain" }', "resident.family_name.number", "makes a number, and the record takes a text"),
    ('multiple_birth = { from = "A", number = "dots" }', "resident.multiple_birth.number", 'is "plain" (0.5) or "comma" (0,5)'),
    ('interpreter_required = "A"', "resident.interpreter_required",
     "is a text in the export, and the record takes true or false: give it a `table`"),
    ('name_period = "A"', "resident.name_period",
     "is one value, and the record takes an object (Period: start, end) there: name its fields"),
    ('addresses = "A"', "resident.addresses", "is one value, and the record takes a list there: give it blocks"),
    ('addresses = { from = "A", function = "f" }', "resident.addresses.function",
     "names a function to read that the module of the layout does not have"),
    ('family_name = { from = "A", function = { rd = "f" } }', "resident.family_name.function.rd", "is neither read nor write"),
    ('family_name = "A//B"', "resident.family_name", "is no path"),
    ('family_name = "../A"', "resident.family_name", "goes up to where nothing is"),
    ('family_name = "med/A"', "resident.family_name", "leads to a file that is not defined in [files] there; perhaps meds is meant"),
    ('family_name = "/exprt/A"', "resident.family_name", "leads to a file that is not defined in [files] there; perhaps export is meant"),
    ('addresses = [{ each = "meds", use = { constant = "home", because = "x" }, always = "x" }]', "resident.addresses[0].always", "is for"),
    ('addresses = [{ use = { constant = "home", because = "x" } }]', "resident.addresses[0]",
     "has no source, so that nothing makes it be there"),
    ('addresses = [{ city = "A", only = { B = "x" } }]', "resident.addresses[0].only", "is for elements of each row"),
    ('addresses = [{ each = "../meds", city = "A" }]', "resident.addresses[0].each", "goes up to where nothing is"),
    ('addresses = [{ each = "doses", city = "A" }]', "resident.addresses[0].each", "leads to a file that is not defined"),
    ('addresses = [{ each = "meds", cty = "A" }]', "resident.addresses[0].cty", "is no field; perhaps city is meant"),
    ('addresses = [{ each = "meds", only = { B = 5 }, city = "A" }]', "resident.addresses[0].only.B",
     "is not what is expected there: a list of texts"),
])
def test_a_field_that_does_not_fit(field: str, path: str, says: str) -> None:
    found = told(f"{CSV}[resident]\n{field}")
    assert [where for where, _ in found][:1] == [path]
    assert says in found[0][1]


@pytest.mark.parametrize(("text", "path", "says"), [
    ("", "export", "needs a format, one of csv, json, ndjson, xml"),
    ('[export]\nformat = "xlsx"', "export.format", "needs a format"),
    (JSON + 'zone = "Europe/Londn"', "export.zone", "is no time zone"),
    (JSON + 'zoen = "Europe/London"', "export.zoen", "perhaps zone is meant"),
    (JSON + 'module = "../x.py"', "export.module", "is the name of a Python file beside the layout"),
    (JSON + 'module = "none.py"', "export.module", "is no file beside the layout"),
    ('export = "csv"', "export", "is one value, and a table of options is expected"),
    ('[export]\nformat = "csv"\nresidents = "people"\n[files.persons]\nfile = "x"\nof = "people"\nby = "NO"', "files.persons.of",
     "names no table"),
    (CSV + "[files.gp]\nof = \"residents\"\nby = \"GP\"", "files.gp", "needs `file`"),
    (CSV + "[files.gp]\nfile = \"g\"\nof = \"residents\"", "files.gp", "needs `by`"),
    (CSV + "[files.gp]\nfile = \"g\"", "files.gp", "or nobody knows whose its rows are"),
    (CSV + "[files.gp]\nfile = \"g\"\nlookup = true", "files.gp", "needs `of`"),
    (CSV + "[files.gp]\nfile = \"g\"\nof = \"gp\"\nby = \"x\"", "files.gp.of", "goes round in a circle"),
    (CSV + "[files.gp]\nfile = \"g\"\nof = \"meds\"\nby = \"x\"\nsingle = true", "files.gp.single", "cannot be"),
    (CSV + "[lookups.gp]\nitems = \"x\"\nkey = \"y\"\nby = \"z\"", "lookups", "are for JSON and XML"),
    (JSON + "[files.gp]\nfile = \"g\"", "files", "are for CSV"),
    (JSON + "[lookups.gp]\nitems = \"x\"\nby = \"z\"", "lookups.gp", "needs `key`"),
    (JSON + "[absence]\nmedicines = \"gone\"", "absence.medicines", "expected one of: stopped, entered-in-error, unknown"),
    (JSON + "[absence]\nallergies = \"stopped\"", "absence.allergies", "expected one of: entered-in-error, unknown"),
    (JSON + "[absence]\nmedicine = \"stopped\"", "absence.medicine", "perhaps medicines is meant"),
    (JSON + "[states]\nstays = \"A\"", "states.stays", "is no list that has states"),
    (JSON + "[states]\nallergies = { from = \"A\", table = { N = \"none\" } }", "states.allergies.table.N",
     "expected one of: none known, not asked"),
    (JSON + f"[states]\nallergies = {{ constant = \"listed\", {BECAUSE} }}", "states.allergies.constant", "expected one of"),
    (f"allergies = {{ constant = \"none known\", {BECAUSE} }}\n{JSON}[states]\nallergies = {{ constant = \"not asked\", {BECAUSE} }}",
     "states.allergies", "and the field allergies both say what is in the list"),
    (JSON + "[ignored]\nA = \"\"", "ignored.A", "needs the reason"),
    (JSON + "[ignored]\nA = \"x\"\n[resident]\nkey = \"A\"", "ignored.A", "is mapped to resident.key"),
    (JSON + "[[ignored_rows]]\nrows = \"A\"", "ignored_rows[0]", "needs `rows`"),
    (JSON + f"[[ignored_rows]]\nrows = \"\"\n{BECAUSE}", "ignored_rows[0]", "needs `only`: without it every resident"),
    (JSON + f"[[ignored_rows]]\nrows = \".\"\n{BECAUSE}", "ignored_rows[0].rows", "walks the rows of"),
    (JSON + f"[[ignored_rows]]\nrows = \"/x\"\n{BECAUSE}", "ignored_rows[0].rows", "walks the rows of"),
    (JSON + f"[[ignored_rows]]\nrows = \"a//b\"\n{BECAUSE}", "ignored_rows[0].rows", "is no path"),
    (CSV + f"[[ignored_rows]]\nrows = \"residentz\"\n{BECAUSE}", "ignored_rows[0].rows", "leads to a file that is not defined in [files]"),
    (CSV + f"[[ignored_rows]]\nrows = \"med\"\n{BECAUSE}", "ignored_rows[0].rows", "perhaps meds is meant"),
    (CSV + f"[[ignored_rows]]\nrows = \"meds\"\nonly = {{ \"dose/X\" = \"\" }}\n{BECAUSE}", "ignored_rows[0].only.dose/X",
     "perhaps doses is meant"),
    (JSON + "[residnet]\nkey = \"A\"", "residnet", "is no field; perhaps resident is meant"),
    (JSON + "as_of = \"A\"", "export.as_of", "is no option"),
    ("as_of = { from = \"A\", time = \"DD/MM/YYYY HH:mm\" }\n" + JSON, "as_of.time", "needs the zone of the export"),
    ("as_of = { from = \"A\", date = \"DD/MM/YYYY\" }\n" + JSON, "as_of.date", "makes a date or a time, and the record takes a time with"),
])
def test_what_else_does_not_fit(text: str, path: str, says: str) -> None:
    found = dict(told(text))
    assert says in found.get(path, f"not told, but {found}")


def test_everything_is_told_at_once_each_by_its_line() -> None:
    text = EVERYTHING.replace('family_name = "SURNAME"', 'famly_name = "SURNAME"').replace('M = "male"', 'M = "mail"').replace(
        'text = "DOSE_TEXT"', 'txt = "DOSE_TEXT"').replace('by = "RES_NO"', "")
    lines = text.splitlines()
    found = tried(text)[1]
    assert {fault.path: lines[(fault.line or 0) - 1] for fault in found} == {
        "files.medication": "[files.medication]",
        "tables.sex.M": 'M = "mail"',
        "resident.famly_name": 'famly_name = "SURNAME"',
        "medicines[0].doses[0].txt": 'txt = "DOSE_TEXT"',
        "medicines[0].doses[0]": "[[medicines.doses]]",
    }


def test_lines_are_counted_past_values_of_several_lines() -> None:
    values = 'nothing = [\n  "a",  # a note = with [brackets]\n  "b",\n]\nvendor = """\n[resident]\nkey = 1\n"""'
    text = f'{JSON}{values}\n\n[resident]\nkey = "A"\n\nfamly_name = "B"'
    assert [(fault.path, fault.line) for fault in tried(text)[1]] == [("resident.famly_name", 15)]


@pytest.mark.parametrize(("data", "place", "says"), [
    (b"x = ", (1, None), "is not TOML: invalid value"),
    (b"[export]\nformat = csv", (2, 10), "is not TOML: invalid value"),
    (b"x = 1\nx = 2", (2, None), "is not TOML: cannot overwrite a value"),
    (b"x = \"\xe9\"", (None, None), "is not UTF-8"),
])
def test_what_is_not_toml_is_told_by_line_and_column(tmp_path: Path, data: bytes, place: tuple[int, int], says: str) -> None:
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(Refused) as refused:
        load(tmp_path / "x.toml")
    fault, = refused.value.found
    assert (fault.file, (fault.line, fault.column)) == ("x.toml", place)
    assert fault.says.startswith(says)


def test_a_layout_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^none\.toml: cannot be read"):
        load(tmp_path / "none.toml")
