"""Records written over the vendor's own export: whose rows they are, what stands outside of all residents, and what many of them share."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.commands.exits import Exit
from tests.layouts import HER, OURS, PEOPLE, shared
from tests.test_cli import redbag

TOP = OURS + '''
as_of = { from = "/%s", time = "YYYY-MM-DD HH:mmZ" }
[export]
format = "%s"
residents = "people"
'''
FIELDS = HER + '''
birth_date = { from = "born", date = "YYYY-MM-DD" }
[[resident.general_practitioners]]
type = { constant = "Organization", because = "a test" }
key = "gp"
[[organizations]]
key = "gp"
name = "practice/name"
'''
ABOUT = '[files.about]\nfile = "ABOUT.CSV"\nsingle = true\n'
CSV = TOP % ("about/at", "csv") + PEOPLE + shared("practice", "GP.CSV", by="code gp") + ABOUT + FIELDS
JSON = TOP % ("at", "json") + '[lookups.practice]\nitems = "practices"\nkey = "code"\nby = "gp"\n' + FIELDS
FILES = {
    "P": "id,name,born,gp,eyes\n1,Oak,1931-02-03,G1,blue\n2,Ash,99/99/1931,G2,green\n3,Elm,1933-02-03,,grey\n",
    "GP": "code,name,fax\nG1,Dr Ffoulkes,1\nG2,Dr Nobody,2\nG3,Dr Spare,3\n",
    "ABOUT": "at,version\n2026-01-01 10:00Z,7\n",
}
DOCUMENT = {
    "at": "2026-01-01 10:00Z", "version": 7,
    "practices": [{"code": "G1", "name": "Dr Ffoulkes", "fax": 1}, {"code": "G2", "name": "Dr Nobody", "fax": 2},
                  {"code": "G3", "name": "Dr Spare", "fax": 3}],
    "people": [{"id": "1", "name": "Oak", "born": "1931-02-03", "gp": "G1", "eyes": "blue"},
               {"id": "2", "name": "Ash", "born": "99/99/1931", "gp": "G2", "eyes": "green"},
               {"id": "3", "name": "Elm", "born": "1933-02-03", "eyes": "grey"}]}
NAMES = {"G1": "Dr Ffoulkes", "G2": "Dr Nobody", "G3": "Dr Spare", "G4": "Dr New"}


def record(key: str, gp: str = "", as_of: str = "2026-03-01T10:00:00Z") -> dict[str, Any]:
    shared = {"organizations": [{"key": gp, "name": NAMES[gp]}]} if gp else {}
    practitioners = {"general_practitioners": [{"type": "Organization", "key": gp}]} if gp else {}
    return {"source": "https://home.example/records", "as_of": as_of, **shared,
            "resident": {"key": key, "family_name": "Oak", "birth_date": "1931-02-03", **practitioners}}


class Home:
    """A folder with an export in one of two forms, to be written over."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.form = folder, form
        self.export, self.made = (folder / f"{name}{'' if form == 'csv' else '.json'}" for name in ("export", "made"))
        self.layout = folder / "form.toml"
        self.layout.write_text(CSV if form == "csv" else JSON)
        self.save(FILES if form == "csv" else DOCUMENT)

    def save(self, said: Any) -> None:
        if self.form == "json":
            self.export.write_text(json.dumps(said))
            return
        self.export.mkdir(exist_ok=True)
        for name, text in said.items():
            (self.export / f"{name}.CSV").write_text(text)

    def write(self, *records: dict[str, Any]) -> Any:
        (self.folder / "records.ndjson").write_text("".join(json.dumps(one) + "\n" for one in records))
        return redbag("layout", "write", self.folder / "records.ndjson", "--layout", self.layout, "--onto", self.export, "-o", self.made)

    def read(self, what: str) -> list[dict[str, Any]]:
        """The rows of a table that was written."""
        if self.form == "json":
            document = json.loads(self.made.read_text())
            there = {"P": document["people"], "GP": document["practices"], "ABOUT": document}[what]
            return [there] if isinstance(there, dict) else there
        header, *lines = (line.split(",") for line in (self.made / f"{what}.CSV").read_text().splitlines())
        return [{name: cell for name, cell in zip(header, line, strict=True) if cell} for line in lines]

    def check(self) -> Any:
        return redbag("check", self.made, "--layout", self.layout)


@pytest.fixture(params=["csv", "json"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    return Home(tmp_path, request.param)


def test_a_resident_is_known_by_her_key_however_much_of_her_rows_is_wrong(home: Home) -> None:
    assert home.write(record("2", "G2")).exit_code == Exit.DONE
    assert home.read("P") == [{"id": "2", "name": "Oak", "born": "1931-02-03", "gp": "G2", "eyes": "green"}]


def test_where_two_have_her_key_nothing_is_written_over_either(home: Home) -> None:
    twice = {**DOCUMENT, "people": [*DOCUMENT["people"], {"id": "1", "name": "Yew"}]}  # type: ignore[misc]  # it is a list
    home.save(twice if home.form == "json" else {**FILES, "P": FILES["P"] + "1,Yew,,,\n"})
    result = home.write(record("1", "G1"))
    assert (result.exit_code, home.made.exists()) == (Exit.NOTHING, False)
    assert "Nothing is written over resident number" in result.stderr


def test_the_time_of_the_export_is_that_of_the_records_and_what_stands_beside_it_stays(home: Home) -> None:
    assert "Not written" not in home.write(record("99"), record("1", "G1")).stderr
    about, = home.read("ABOUT")
    assert (about["at"], str(about["version"])) == ("2026-03-01 10:00Z", "7")
    assert [person["id"] for person in home.read("P")] == ["99", "1"]
    assert all("practice" not in person for person in home.read("P"))
    assert home.check().exit_code == Exit.DONE


def test_of_two_times_the_first_is_written_and_the_other_named(home: Home) -> None:
    result = home.write(record("1", "G1"), record("3", as_of="2026-03-02T10:00:00Z"))
    assert "Not written: as_of (1 field): stands outside of all residents" in result.stderr
    assert home.read("ABOUT")[0]["at"] == "2026-03-01 10:00Z"


@pytest.mark.parametrize("gp", ["G1", "G2", "G3"])
def test_rows_that_many_share_stay_whoever_names_them(home: Home, gp: str) -> None:
    result = home.write(record("1", gp))
    assert (result.exit_code, "Not written" in result.stderr) == (Exit.DONE, False)
    assert sorted(row["code"] for row in home.read("GP")) == ["G1", "G2", "G3"]
    assert {str(row["fax"]) for row in home.read("GP")} == {"1", "2", "3"}
    assert home.check().exit_code == Exit.DONE


def test_a_key_that_names_no_row_is_told_and_the_residents_own_stays(home: Home) -> None:
    result = home.write(record("1", "G4"))
    assert "names a row that others share and that is not there" in result.stderr
    assert "organizations[].key" in result.stderr
    assert home.read("P")[0]["gp"] == "G1"
    assert home.check().exit_code == Exit.DONE
