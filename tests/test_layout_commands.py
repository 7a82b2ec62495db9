"""A vendor's export on the command line: checked, converted, sent, accounted for, brought back; its layout: proposed, checked, tried."""
from __future__ import annotations

import csv
import doctest
import io
import json
import re
import shutil
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from adapter import wire
from adapter.commands import exported as exports
from adapter.commands.exits import Exit
from adapter.commands.intake import Intake
from adapter.commands.talk import Talk
from adapter.records.draft import columns, names, target, toml
from tests.exports.vendors import EXAMPLES, EXPORTS, VENDORS, layout, native, records
from tests.test_cli import EXAMPLE, lines, redbag
from tests.test_cli_server import address

__all__ = ["address"]  # a fixture
CANARY = "Quetzalcoatl"


def toml_of(vendor: str) -> Path:
    return EXAMPLES / "layouts" / f"{vendor}.toml"


def about(result: Result) -> dict[str, Any]:
    said: dict[str, Any] = lines(result, "result")[0]
    return said


@pytest.fixture
def larkfield(tmp_path: Path) -> Path:
    """A copy of the export, to be changed."""
    return Path(shutil.copytree(EXPORTS["larkfield"], tmp_path / "larkfield"))


def edit(file: Path, was: str, now: str) -> None:
    text = file.read_bytes().decode("cp1252")
    assert was in text
    file.write_bytes(text.replace(was, now, 1).encode("cp1252"))


# ---- the same numbers everywhere -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vendor", VENDORS)
def test_every_verb_accounts_for_the_same_values(vendor: str, tmp_path: Path) -> None:
    by = ("--layout", toml_of(vendor), "--json")
    verbs = [redbag(verb, EXPORTS[vendor], *by) for verb in ("check", "ledger", "convert")]
    verbs.append(redbag("layout", "check", toml_of(vendor), EXPORTS[vendor], "--json"))
    verbs.append(redbag("convert", EXPORTS[vendor], *by, "-o", tmp_path / "out"))
    assert [result.exit_code for result in verbs] == [Exit.DONE] * len(verbs)
    said = [about(result)["values"] for result in verbs]
    assert all(each == said[0] for each in said)
    assert said[0]["values"] == sum(line["total"] for line in lines(verbs[1], "line"))


def test_after_sending_too(address: str) -> None:
    by = ("--layout", toml_of("larkfield"), "--json")
    sent = redbag("send", EXPORTS["larkfield"], "--to", address, "--patient", "create-if-missing", *by)
    assert about(sent)["delivered"] == about(sent)["residents"]
    assert about(sent)["values"] == about(redbag("ledger", EXPORTS["larkfield"], *by))["values"]


def test_the_sentence_and_the_file_say_it_too(tmp_path: Path) -> None:
    by = ("--layout", toml_of("larkfield"))
    result = redbag("convert", EXPORTS["larkfield"], *by, "-o", tmp_path)
    totals = about(redbag("ledger", EXPORTS["larkfield"], *by, "--json"))["values"]
    assert f"{totals['values']:,} values: {totals['mapped']:,} mapped, {totals['stated']:,} stated" in result.stderr
    shown = redbag("ledger", EXPORTS["larkfield"], *by, "--csv").stdout.encode().splitlines()
    assert (tmp_path / "ledger.csv").read_bytes().splitlines() == shown


def test_the_ledger_on_the_screen_shows_what_is_not_known(larkfield: Path) -> None:
    edit(larkfield / "GP.CSV", "TEL", "FAX")
    result = redbag("ledger", larkfield, "--layout", toml_of("larkfield"))
    assert re.search(r"gp/FAX +unknown ", result.stdout)
    assert re.search(r"gp/ODS +mapped +resident\.general_practitioners\[\]\.value +\d+", result.stdout)
    assert "the column holds dm+d ids" in result.stdout
    assert re.search(r"[1-9] unknown\.", result.stderr)


def test_a_ledger_that_does_not_add_up_is_a_fault_of_ours() -> None:
    export = exports.exported(EXPORTS["larkfield"], toml_of("larkfield"), None, None, Talk())
    intake = Intake(export.name, Talk(), export=export)
    told = export.closed(None).told  # nothing of it has been read
    assert intake.exit is Exit.BUG
    assert re.search(r"RESIDENTS\.CSV holds \d+ values, and the ledger has 0.*do not rely on the ledger", told)


def test_a_file_that_the_layout_does_not_name_counts_for_every_verb(larkfield: Path) -> None:
    before = about(redbag("ledger", larkfield, "--layout", toml_of("larkfield"), "--json"))["values"]
    (larkfield / "FALLS.CSV").write_text("RES_NO,WHEN\r\nLC-00003,01/11/2026\r\n")
    for verb in ("check", "ledger", "convert"):
        after = about(redbag(verb, larkfield, "--layout", toml_of("larkfield"), "--json"))["values"]
        assert after == before | {"values": before["values"] + 2, "unknown": before["unknown"] + 2}


# ---- what is wrong, and the way to correct it ---------------------------------------------------------------------------------------
def test_a_fault_is_told_in_the_vendors_own_file_row_and_column(larkfield: Path) -> None:
    edit(larkfield / "RESIDENTS.CSV", "14/02/1934", "14.02.1934")
    result = redbag("check", larkfield, "--layout", toml_of("larkfield"))
    assert result.exit_code == Exit.PARTIAL
    refusal, = [line for line in result.stdout.splitlines() if ": error: " in line]
    assert refusal.startswith(f"{larkfield}/RESIDENTS.CSV:2: error: DOB (resident.birth_date): expected ")
    assert "14.02.1934" not in result.output
    problems = lines(redbag("check", larkfield, "--layout", toml_of("larkfield"), "--json"), "problem")
    problem, = [problem for problem in problems if problem["level"] == "refusal"]
    assert {k: problem[k] for k in ("file", "line", "name", "path", "record")} == {
        "file": f"{larkfield}/RESIDENTS.CSV", "line": 2, "name": "DOB", "path": "resident.birth_date", "record": 1}


BREAK = {  # a file, something in it, what nobody can read instead; and the same two words as they stand in what was refused
    "larkfield": ("RESIDENTS.CSV", "14/02/1934", "14.02.1934", "14.02.1934", "14/02/1934"),
    "fernbank": ("export.json", '"allergyStatus": "', '"allergyStatus": "nay ', '"nay ', '"'),
    "mossgate": ("export.xml", 'allergies="none"', 'allergies="nay"', '"nay"', '"none"'),
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_refused_are_corrected_in_their_own_form_and_all_is_there(vendor: str, tmp_path: Path) -> None:
    name, was, now, wrong, right = BREAK[vendor]
    whole = EXPORTS[vendor].parent / vendor if vendor == "larkfield" else EXPORTS[vendor].parent
    folder, by = Path(shutil.copytree(whole, tmp_path / "export")), ("--layout", toml_of(vendor))
    path = folder if vendor == "larkfield" else folder / name
    text = (folder / name).read_bytes()
    assert was.encode() in text
    (folder / name).write_bytes(text.replace(was.encode(), now.encode(), 1))
    first = redbag("convert", path, *by, "-o", tmp_path / "first")
    assert first.exit_code == Exit.PARTIAL
    assert "correct them there and send them again" in first.stderr

    refused = tmp_path / "first" / "refused"
    (refused / name).write_bytes((refused / name).read_bytes().replace(wrong.encode(), right.encode(), 1))
    second = redbag("convert", refused if vendor == "larkfield" else refused / name, *by, "-o", tmp_path / "second", "--json")
    assert (second.exit_code, about(second)["residents"]) == (Exit.DONE, 1)
    redbag("convert", EXPORTS[vendor], *by, "-o", tmp_path / "whole")
    assert bundles(tmp_path / "first") | bundles(tmp_path / "second") == bundles(tmp_path / "whole")


def bundles(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.glob("0*.json")}


@pytest.mark.parametrize(("file", "column"), [
    ("RESIDENTS.CSV", "RES_NO"), ("RESIDENTS.CSV", "GP"), ("MEDICATION.CSV", "RES_NO"), ("MEDICATION.CSV", "MED_ID"),
    ("DOSES.CSV", "MED_ID")])
@pytest.mark.parametrize("bad", ["\0", "\x81"], ids=["a zero byte", "no Windows-1252"])
def test_a_key_that_is_no_text_is_refused_where_it_stands(file: str, column: str, bad: str, larkfield: Path) -> None:
    header, first, *rest = (larkfield / file).read_bytes().decode("latin-1").splitlines()
    cells = next(csv.reader([first]))
    spoilt = first.replace(cells[header.split(",").index(column)], cells[header.split(",").index(column)] + bad, 1)
    (larkfield / file).write_bytes("\r\n".join([header, spoilt, *rest, ""]).encode("latin-1"))
    result = redbag("check", larkfield, "--layout", toml_of("larkfield"), "--json")
    refusals = [problem for problem in lines(result, "problem") if problem["level"] == "refusal"]
    assert result.exit_code in (Exit.PARTIAL, Exit.NOTHING)
    assert any((problem["file"], problem["line"], problem.get("name")) == (f"{larkfield}/{file}", 2, column) for problem in refusals)


def test_without_a_folder_it_is_said_how_to_get_the_refused(larkfield: Path, tmp_path: Path) -> None:
    edit(larkfield / "RESIDENTS.CSV", "14/02/1934", "14.02.1934")
    by = ("--layout", toml_of("larkfield"))
    assert "With --refused DIR the rows of the refused are left" in redbag("convert", larkfield, *by).stderr
    said = about(redbag("check", larkfield, *by, "--refused", tmp_path / "again", "--json"))
    assert str(tmp_path / "again" / "RESIDENTS.CSV") in said["refused_rows"]


def test_what_was_found_out_about_the_files_is_stated() -> None:
    result = redbag("check", EXPORTS["larkfield"], "--layout", toml_of("larkfield"))
    assert "RESIDENTS.CSV is read as Windows-1252, its cells separated by commas" in result.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_row_that_belongs_to_nobody_is_no_resident(jobs: str, larkfield: Path, tmp_path: Path) -> None:
    before = about(redbag("check", larkfield, "--layout", toml_of("larkfield"), "--json"))["residents"]
    edit(larkfield / "ALLERGIES.CSV", "LC-00003", "LC-88888")
    by = ("--layout", toml_of("larkfield"))
    for command in (("check", larkfield), ("convert", larkfield, "-o", tmp_path / jobs, "--jobs", jobs)):
        result = redbag(*command, *by, "--json")
        said = about(result)
        assert (result.exit_code, said["residents"], said["orphans"]) == (Exit.PARTIAL, before, 1)
    assert f"{before} residents, 1 row that belongs to nobody" in redbag("check", larkfield, *by).stderr
    assert f"Tried: {before} residents, 1 row that belongs to nobody" in redbag("layout", "check", toml_of("larkfield"), larkfield).stderr
    assert "correct it in the whole export" in redbag("check", larkfield, *by, "--refused", tmp_path / "again").stderr.splitlines()[-1]


def test_what_becomes_of_a_resident_is_said_by_the_place_of_her_row(address: str, larkfield: Path) -> None:
    sent = redbag("send", larkfield, "--to", address, "--patient", "create-if-missing", "--layout", toml_of("larkfield"))
    assert f"{larkfield}/RESIDENTS.CSV:2: delivered" in sent.stderr
    assert ", record " not in sent.stderr


# ---- the time of the export -------------------------------------------------------------------------------------------------------
def test_the_time_of_the_export_can_be_said(tmp_path: Path) -> None:
    timeless = tmp_path / "larkfield.toml"
    text = toml_of("larkfield").read_text(encoding="utf-8")
    timeless.write_text(re.sub(r"(?m)^as_of = .*$", "", text), encoding="utf-8")
    shutil.copy(EXAMPLES / "layouts" / "larkfield.py", tmp_path)
    missing = redbag("check", EXPORTS["larkfield"], "--layout", timeless)
    assert (missing.exit_code, "--as-of" in missing.stderr) == (Exit.NOTHING, True)
    assert missing.stderr.startswith(f"{timeless}: as_of: ")
    said = redbag("convert", EXPORTS["larkfield"], "--layout", timeless, "--as-of", "2026-11-05T06:30:00Z")
    assert said.exit_code == Exit.DONE
    assert json.loads(said.stdout.splitlines()[0])["timestamp"] == "2026-11-05T06:30:00Z"


def test_records_say_their_own_time_when_they_are_written_onto_an_export_without_one(tmp_path: Path) -> None:
    timeless, by = tmp_path / "larkfield.toml", ("--layout", tmp_path / "larkfield.toml")
    timeless.write_text(re.sub(r"(?m)^as_of = .*$", "", toml_of("larkfield").read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(EXAMPLES / "layouts" / "larkfield.py", tmp_path)
    home = redbag("convert", EXPORTS["larkfield"], *by, "--as", "records", "--as-of", "2026-11-05T06:30:00Z").stdout
    (tmp_path / "home.ndjson").write_text(home, encoding="utf-8")
    result = redbag("layout", "write", tmp_path / "home.ndjson", *by, "--onto", EXPORTS["larkfield"], "-o", tmp_path / "made")
    assert result.exit_code == Exit.DONE, result.stderr
    assert (tmp_path / "made" / "RESIDENTS.CSV").read_bytes() == (EXPORTS["larkfield"] / "RESIDENTS.CSV").read_bytes()
    assert "as_of" in result.stderr


# ---- what a user can get wrong -----------------------------------------------------------------------------------------------------
WRONG: list[tuple[tuple[str | Path, ...], Exit, str]] = [
    (("check", EXPORTS["larkfield"], "--layout", "nowhere.toml"), Exit.NOTHING,
     "nowhere.toml: cannot be read (no such file or directory): name the"),
    (("check", "nowhere", "--layout", toml_of("larkfield")), Exit.NOTHING, "nowhere: cannot be read"),
    (("check", "-", "--layout", toml_of("larkfield")), Exit.USAGE, "a pipe cannot be read twice"),
    (("check", EXPORTS["fernbank"], "--layout", toml_of("larkfield")), Exit.NOTHING, "seems to be JSON, and"),
    (("convert", EXPORTS["larkfield"], "--layout", toml_of("mossgate")), Exit.NOTHING, "seems to be CSV, and"),
    (("ledger", EXPORTS["mossgate"], "--layout", toml_of("fernbank")), Exit.NOTHING, "name the layout of this export"),
    (("check", EXPORTS["larkfield"], "--as-of", "2026-11-05T06:30:00Z"), Exit.USAGE, "say with --layout how it is laid out"),
    (("check", EXPORTS["larkfield"], "--layout", toml_of("larkfield"), "--as-of", "2026-11-05T06:30:00Z"), Exit.USAGE, "leave out --as-of"),
    (("ledger", EXPORTS["larkfield"]), Exit.USAGE, "Missing option '--layout'"),
    (("layout", "check", "nowhere.toml"), Exit.NOTHING, "cannot be read (no such file or directory): name the layout's file"),
    (("layout", "draft", "nowhere"), Exit.NOTHING, "nowhere is not there: check the name."),
    (("layout", "draft", toml_of("larkfield")), Exit.NOTHING, "its name does not tell the format: say --format"),
    (("layout", "write", "nowhere", "--layout", toml_of("larkfield"), "-o", "x"), Exit.NOTHING, "nowhere cannot be read"),
    (("pull", "--from", "http://127.0.0.1:9", "--nhs-number", "9990000018", "--layout", toml_of("larkfield")), Exit.USAGE,
     "name a folder for it with -o"),
]


@pytest.mark.parametrize(("command", "exit", "sentence"), WRONG, ids=lambda x: x[-30:] if isinstance(x, str) else None)
def test_what_is_wrong_is_one_sentence(command: tuple[str | Path, ...], exit: Exit, sentence: str) -> None:
    result = redbag(*command)
    assert result.exit_code == exit
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert result.stderr.startswith("Usage") or result.stderr.count("\n") == 1


def test_all_that_is_wrong_with_a_layout_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('sauce = "x"\n[export]\nformat = "csw"\n[resident]\nfamly_name = "SURNAME"\n'
                    'birth_date = { from = "DOB", date = "DD/MM/YY" }\n')
    result = redbag("layout", "check", path)
    assert result.exit_code == Exit.NOTHING
    told = re.findall(rf"(?m)^{re.escape(str(path))}:(\d+): (\S+): ", result.stderr)
    assert told == [("1", "sauce"), ("3", "export.format"), ("5", "resident.famly_name"), ("6", "resident.birth_date.date")]
    assert [p["line"] for p in lines(redbag("layout", "check", path, "--json"), "problem")] == [1, 3, 5, 6]


# ---- layout check ------------------------------------------------------------------------------------------------------------------
def headings(result: Result) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for said in lines(result, "said"):
        found.setdefault(said["heading"], {})[said["about"]] = said["says"]
    return found


def test_a_layout_alone() -> None:
    said = headings(redbag("layout", "check", toml_of("larkfield"), "--json"))
    assert "looked up" in said["Not written back as it was"]["resident.general_practitioners[].value"]
    constants = said["Said by the layout, and not by the export"]
    assert constants["resident.other_names[].use"] == "constant, because the column is for nothing else"
    assert "resident.managing_organization" in said["Nothing feeds, and the example has it"]
    assert "Filled" not in said
    on_screen = redbag("layout", "check", toml_of("larkfield"), "--all")
    assert on_screen.exit_code == Exit.DONE
    assert re.search(r"(?m)^Nothing feeds:\n    \S", on_screen.stdout)


def test_what_nothing_feeds_is_a_line_for_each_part_of_the_record() -> None:
    """What our own example has comes first; the rest is counted, and `--all` names it."""
    shown = redbag("layout", "check", toml_of("larkfield")).stdout
    part = re.search(r"(?m)^Nothing feeds.*\(--all names every field\):\n((?: {4}.*\n)+)", shown)
    assert part
    told = dict(line.strip().split(": ", 1) for line in part[1].splitlines())
    assert told.keys() >= {"the record", "resident", "medicines", "allergies", "stays"}
    assert told["resident"].startswith("contacts, managing_organization, ")
    assert re.search(r" and \d+ more$", told["resident"])
    assert "[]" not in part[1]


def test_what_is_to_be_worked_on_is_said_first(larkfield: Path) -> None:
    edit(larkfield / "RESIDENTS.CSV", "14/02/1934", "14.02.1934")
    result = redbag("layout", "check", toml_of("larkfield"), larkfield)
    headed = [line for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert headed[0] == "Refused:"
    assert headed.index("Filled:") < headed.index("Not written back as it was:")


def test_where_all_are_refused_nothing_is_said_to_be_filled(tmp_path: Path) -> None:
    people = {"RESIDENTS.CSV": "NO,SEX\r\n1,?\r\n2,?\r\n"}
    (tmp_path / "a.toml").write_text("""source = { constant = "https://home.example/records", because = "agreed" }
as_of = { constant = "2026-07-01T12:00:00+01:00", because = "a test" }
[export]
format = "csv"
residents = "residents"
[files.residents]
file = "RESIDENTS.CSV"
key = "NO"
[resident]
key = "NO"
gender = { from = "SEX", table = { F = "female" } }
""", encoding="utf-8")
    result = redbag("layout", "check", tmp_path / "a.toml", written(tmp_path / "export", people))
    assert (result.exit_code, "2 times: " in result.stdout, "Filled" in result.stdout) == (Exit.NOTHING, True, False)


def test_what_a_layout_leaves_unsaid(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text("""source = { constant = "https://home.example/records", because = "agreed" }
[export]
format = "csv"
residents = "residents"
[files.residents]
file = "RESIDENTS.CSV"
[resident]
key = "RES_NO"
[[stays]]
key = "STAY_NO"
""")
    said = headings(redbag("layout", "check", path, "--json"))
    assert said["Not said"].keys() == {"absence.stays", "states.medicines", "states.allergies", "states.vaccinations", "as_of"}
    assert said["Nothing feeds, and without it a record is refused"].keys() == {"stays[].status", "stays[].encounter_class"}


def test_a_layout_tried_on_an_export(larkfield: Path) -> None:
    edit(larkfield / "RESIDENTS.CSV", "14/02/1934", "14.02.1934")
    edit(larkfield / "RESIDENTS.CSV", "29/02/1940", "29.02.1940")
    edit(larkfield / "GP.CSV", "TEL", "FAX")
    result = redbag("layout", "check", toml_of("larkfield"), larkfield, "--json")
    said, residents = headings(result), len(records("larkfield"))
    assert result.exit_code == Exit.PARTIAL
    assert "gp/FAX" in said["Not covered: the layout does not know of it"]
    assert said["Refused"]["RESIDENTS.CSV DOB (resident.birth_date)"].startswith("2 times: expected ")
    assert said["Filled"]["resident.family_name"] == f"{residents - 2} of {residents - 2}"
    assert "14.02.1934" not in result.output
    filled, whole = map(int, said["Filled"]["medicines[].doses[].text"].split(" of "))
    assert 0 < filled <= whole


# ---- layout draft ------------------------------------------------------------------------------------------------------------------
def drafted(path: Path, *options: str) -> str:
    result = redbag("layout", "draft", path, *options)
    assert result.exit_code == Exit.DONE
    return result.stdout


SHARE = {"larkfield": 0.75, "mossgate": 0.35, "fernbank": 0.15}  # of what the real layouts feed; the last two have few names in common


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_draft_says_nothing_until_somebody_finds_it_right(vendor: str) -> None:
    page = drafted(EXPORTS[vendor])
    assert tomllib.loads(page) == {}
    assert tomllib.loads(toml.uncommented(page)).keys() >= {"export", "resident", "medicines", "source"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_draft_is_a_good_part_of_the_layout(vendor: str) -> None:
    proposed = set(pairs(tomllib.loads(toml.uncommented(drafted(EXPORTS[vendor], "--show-values")))))
    true = {(plain(fed.path), source.removesuffix("/.")) for fed in layout(vendor).fields() for source in fed.sources
            if not fed.path.startswith("prescriptions")}
    assert len(proposed & true) / len(true) > SHARE[vendor]
    assert len(proposed - true) / len(proposed) < 0.25


def plain(path: str) -> str:
    return path.removesuffix("[]")


SETTINGS = {"export", "files", "lookups", "tables", "absence", "states", "ignored"}


def pairs(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, source) of a layout, the source from the resident's tree."""
    for part in ({name: value for name, value in said.items() if name not in SETTINGS}, said["states"]):
        for name, value in part.items():
            yield from leaves(value, name, "")


def leaves(value: Any, path: str, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield plain(path), under(where, value)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]", where)
    elif "from" in value:
        sources = [value["from"]] if isinstance(value["from"], str) else value["from"]
        yield from ((plain(path), under(where, source)) for source in sources)
    elif "constant" not in value:
        inside = under(where, value["each"]) if "each" in value else where
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}", inside) if name != "each" else ()


def under(where: str, source: str) -> str:
    return (source if source.startswith("/") or not where else f"{where}/{source}").removesuffix("/.")


def test_a_draft_finds_the_joins() -> None:
    said = tomllib.loads(toml.uncommented(drafted(EXPORTS["larkfield"])))
    real = tomllib.loads(toml_of("larkfield").read_text(encoding="utf-8"))
    keys = ("file", "of", "by", "lookup", "single")
    assert {name: {k: v for k, v in table.items() if k in keys} for name, table in said["files"].items()} == {
        name: {k: v for k, v in table.items() if k in keys} for name, table in real["files"].items() if name != "tto"}
    assert said["export"]["residents"] == "residents"
    lookup = tomllib.loads(toml.uncommented(drafted(EXPORTS["mossgate"])))
    assert lookup["lookups"]["Surgery"] == {"items": "Register/Surgeries/Surgery", "key": "@id", "by": "Surgery/@id"}
    assert lookup["export"]["residents"] == layout("mossgate").settings.residents


def test_when_all_proposals_are_taken_the_check_asks_for_what_nobody_could_guess(tmp_path: Path) -> None:
    path = tmp_path / "draft.toml"
    path.write_text(toml.uncommented(drafted(EXPORTS["larkfield"], "--show-values")), encoding="utf-8")
    result = redbag("layout", "check", path, "--json")
    asked = {problem["path"] for problem in lines(result, "problem")}
    assert result.exit_code == Exit.NOTHING
    assert {"tables.medicines_status.C", "absence.medicines"} <= asked
    assert not any(path.startswith(("files.", "resident.")) for path in asked)


def test_a_draft_of_lines_with_numbers_for_keys(tmp_path: Path) -> None:
    every = [{"clientId": i, "lastName": CANARY, "sex": "MF"[i % 2], "meds": [{"id": i, "name": CANARY, "dose": "one"}]} for i in range(24)]
    (tmp_path / "export.ndjson").write_bytes(b"".join(wire.dumps(each) + b"\n" for each in every))
    page = drafted(tmp_path / "export.ndjson")
    said = tomllib.loads(toml.uncommented(page))
    assert said["resident"] == {"key": {"from": "clientId", "number": "plain"}, "family_name": "lastName",
                                "gender": {"from": "sex", "table": "resident_gender"}}
    assert said["medicines"] == [{"each": "meds", "key": {"from": "id", "number": "plain"}, "drug": {"text": "name"},
                                  "doses": [{"text": "dose"}]}]
    assert CANARY not in page


GPS = "GP CODE;PRACTICE;ODS\r\nG1;Nowhere Road Surgery;Z99901\r\nG2;Somewhere Lane;Z99902\r\n"
HOME = {
    "HOME_PEOPLE.CSV": "RESIDENT NO;SURNAME;SEX;GP CODE\r\n" + "".join(f"J{i};Teatime;F;G{i % 2 + 1}\r\n" for i in range(9)),
    "HOME_MEDS.CSV": "RESIDENT NO;DRUG\r\n" + "".join(f"J{i};Senna\r\n" for i in (1, 2, 3, 3, 4, 88)),
    "HOME_HOSPITAL.CSV": "RESIDENT NO;ADM DATE;ADM TIME;DISCH DATE\r\nJ1;01-Mar-2025;0810;09-Mar-2025\r\nJ2;12-Apr-2025;1640;\r\n"}


def written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return folder


def test_a_row_that_belongs_to_nobody_hides_no_join(tmp_path: Path) -> None:
    page = drafted(written(tmp_path, HOME | {"HOME_GPLIST.CSV": GPS}))
    said = tomllib.loads(toml.uncommented(page))
    assert said["files"]["home_meds"] == {"file": "HOME_MEDS.CSV", "of": "home_people", "by": "RESIDENT NO"}
    assert said["files"]["home_gplist"] == {
        "file": "HOME_GPLIST.CSV", "key": "GP CODE", "of": "home_people", "by": "GP CODE", "lookup": True}
    assert re.search(r'by = "RESIDENT NO" +# RESIDENT NO: 5 of 6 rows', page)
    assert "was not found: `of`" not in page
    assert "does not name" not in page


def test_a_date_is_the_start_of_a_stay_and_no_code(tmp_path: Path) -> None:
    said = tomllib.loads(toml.uncommented(drafted(written(tmp_path, HOME))))
    assert said["stays"] == [{"each": "home_hospital", "period": {
        "start": {"from": "ADM DATE", "date": "DD-MMM-YYYY"}, "end": {"from": "DISCH DATE", "date": "DD-MMM-YYYY"}}}]


@pytest.mark.parametrize("more", [{}, {"HOME_GPLIST.CSV": GPS}], ids=["only its key", "with its own table"])
def test_a_practice_that_is_referred_to_is_there(more: dict[str, str], tmp_path: Path) -> None:
    """Taken as it is proposed, and with the namespace of its keys, nobody is refused for it."""
    nothing = {"HOME_MEDS.CSV": "RESIDENT NO\r\n", "HOME_HOSPITAL.CSV": "RESIDENT NO\r\n"}
    export, path = written(tmp_path / "export", HOME | more | nothing), tmp_path / "a.toml"
    page = toml.uncommented(drafted(export, "--show-values"))
    page = re.sub(r'(?ms)^\[(absence|states|ignored|files.home_(meds|hospital)|\[(stays|medicines).*?)\].*?(?=^\[|\Z)', "", page)
    path.write_text(page.replace('constant = ""', 'constant = "https://home.example"').replace('because = ""', 'because = "a test"'))
    result = redbag("convert", export, "--layout", path, "--as-of", "2026-11-05T06:30:00Z", "--as", "records")
    assert (result.exit_code, result.stderr.count("refused")) == (Exit.DONE, 0), result.stderr
    assert {each["key"] for line in result.stdout.splitlines() for each in json.loads(line)["organizations"]} == {"G1", "G2"}


def patients(rows: int) -> str:
    return "RES_NO,SURNAME,SEX,NHS_NO\r\n" + "".join(f"{i},{CANARY}{i},{'MFX'[i % 3]},\r\n" for i in range(rows))


@pytest.mark.parametrize(("rows", "options", "shown"), [(12, (), False), (12, ("--show-values",), True), (24, (), True)])
def test_codes_are_shown_where_they_cannot_tell_of_a_person(rows: int, options: tuple[str, ...], shown: bool, tmp_path: Path) -> None:
    (tmp_path / "RESIDENTS.CSV").write_text(patients(rows))
    page = drafted(tmp_path, *options)
    assert ('\n#M = "male" ' in page) is shown
    assert CANARY not in page


def zipped(data: bytes) -> bytes:
    """A zip with one file in it, as it is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("GPS.CSV", data)
    return made.getvalue()


HOSTILE = {
    "two columns of one name": ("RESIDENTS.CSV", b"RES_NO,RES_NO\r\n1,2\r\n", "two columns have one name"),
    "no JSON": ("export.json", b'{"residents": [{', "is not JSON in UTF-8"),
    "JSON without a list": ("export.json", b'{"a": {"b": 1}}', "holds no list of objects that could be residents"),
    "no XML": ("export.xml", b"<a><b></a>", "is not well-formed XML"),
    "XML with entities": ("export.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b><b/></a>', "document type declaration"),
    "XML with a name that is none": ("export.xml", b"<a><b><c:d:e/></b></a>", "is not well-formed XML"),
    "XML without a list": ("export.xml", b"<a><b/></a>", "holds no element that is there more than once"),
    "nothing": ("export.json", b"", "is not JSON"),
    "no zip": ("export.zip", b"PK", "is not a whole zip file"),
    "half a zip": ("export.zip", zipped(GPS.encode() * 100)[:-40], "is not a whole zip file"),
    "a spoilt zip": ("export.zip", zipped(GPS.encode()).replace(b"Nowhere", b"Nowhare"), "is damaged"),
}


@pytest.mark.parametrize(("name", "data", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_draft_can_be_made_of(name: str, data: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    result = redbag("layout", "draft", tmp_path if name.endswith(".CSV") else tmp_path / name)
    assert (result.exit_code, result.stderr.count("\n")) == (Exit.NOTHING, 1)
    assert sentence in result.stderr


def test_a_draft_of_ten_thousand_columns_with_any_names(tmp_path: Path) -> None:
    odd = ['"', "a\nb", "#x", "[y]", "=z", "\x7f", "\u2028", "a = 1", "'''", '"' * 3]
    header = ["RES_NO", "SURNAME", *odd, *(f"C{i}" for i in range(10_000))]
    for file in ("RESIDENTS.CSV", "OTHER.CSV"):
        with (tmp_path / file).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([header, *([f"{i}"] * len(header) for i in range(3))])
    page = drafted(tmp_path, "--show-values")
    assert tomllib.loads(page) == {}
    assert tomllib.loads(toml.uncommented(page))["ignored"].keys() >= {*odd[:5], "C9999"}


# ---- as care records -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vendor", VENDORS)
def test_an_export_is_printed_as_care_records(vendor: str, tmp_path: Path) -> None:
    by, every = ("--layout", toml_of(vendor), "--as", "records"), [native(record) for record in records(vendor).values()]
    result = redbag("convert", EXPORTS[vendor], *by)
    assert result.exit_code == Exit.DONE
    assert [wire.loads(line.encode()) for line in result.stdout.splitlines()] == every
    assert f"; {len(every)} records." in result.stderr
    as_json = redbag("convert", EXPORTS[vendor], *by, "--json")
    assert lines(as_json, "record") == [json.loads(line) for line in result.stdout.splitlines()]
    assert about(as_json)["records"] == len(every)
    redbag("convert", EXPORTS[vendor], *by, "--parts", "10000", "-o", tmp_path / "parts")
    part, = (tmp_path / "parts").glob("*.ndjson")
    assert part.read_text(encoding="utf-8") == result.stdout


def test_care_records_are_json() -> None:
    result = redbag("convert", EXPORTS["mossgate"], "--layout", toml_of("mossgate"), "--as", "records", "--format", "xml")
    assert (result.exit_code, result.stdout, "Care records are JSON" in result.stderr) == (Exit.USAGE, "", True)


# ---- the way back -------------------------------------------------------------------------------------------------------------------
ENDING = {"larkfield": "", "fernbank": ".json", "mossgate": ".xml"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_written_onto_the_vendors_own_export_nothing_is_lost(vendor: str, tmp_path: Path) -> None:
    """Also what no field holds: the ledger of what was written is the ledger of the export."""
    home, made, by = tmp_path / "home.ndjson", tmp_path / f"made{ENDING[vendor]}", ("--layout", toml_of(vendor))
    home.write_bytes(b"".join(wire.dumps(native(record)) + b"\n" for record in records(vendor).values()))
    result = redbag("layout", "write", home, *by, "--onto", EXPORTS[vendor], "-o", made, "--json")
    assert (result.exit_code, about(result)["unwritten"]) == (Exit.DONE, 0)
    assert redbag("convert", made, *by).stdout == redbag("convert", EXPORTS[vendor], *by).stdout
    before, after = (lines(redbag("ledger", path, *by, "--json"), "line") for path in (EXPORTS[vendor], made))
    assert after == before


def test_what_the_form_has_no_place_for_is_told(tmp_path: Path) -> None:
    bag = tmp_path / "bag.json"
    bag.write_bytes(EXAMPLE)
    result = redbag("layout", "write", bag, "--layout", toml_of("larkfield"), "-o", tmp_path / "made")
    assert result.exit_code == Exit.DONE
    assert re.search(r"(?m)^Not written: .*vaccinations\[\]\.recorded.* \(\d+ fields\): no column is named for it\.$", result.stderr)
    assert (tmp_path / "made" / "RESIDENTS.CSV").read_text("cp1252").startswith("RES_NO,")


def test_what_came_back_is_left_in_the_vendors_form(address: str, tmp_path: Path) -> None:
    by = ("--layout", toml_of("mossgate"))
    assert redbag("send", EXPORTS["mossgate"], "--to", address, "--patient", "create-if-missing", *by).exit_code == Exit.DONE
    key = next(key for key, record in records("mossgate").items() if record.resident.nhs_number_status)
    back = redbag("pull", "--from", address, "--record", EXPORTS["mossgate"], "--resident", key, *by, "-o", tmp_path / "back")
    assert back.exit_code == Exit.DONE, back.stderr
    again = redbag("check", tmp_path / "back" / "export.xml", *by, "--json")
    assert (again.exit_code, about(again)["residents"]) == (Exit.DONE, 1)


# ---- no value of a patient ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vendor", ["fernbank", "mossgate"])
def test_no_value_is_said(vendor: str, tmp_path: Path) -> None:
    """Every text of the export is another, with a canary in it: whatever is said about it, it is not repeated."""
    text = EXPORTS[vendor].read_text(encoding="utf-8")
    spoilt = re.sub(r'(": ")([^"]+)' if vendor == "fernbank" else r'(?<!xmlns)(?<!xmlns:c)(=")([^"]+)(?=")', rf"\1{CANARY}\2", text)
    path = tmp_path / EXPORTS[vendor].name
    path.write_text(spoilt.replace(f'"{CANARY}1.0"', '"1.0"').replace(f'"{CANARY}UTF-8"', '"UTF-8"'), encoding="utf-8")
    assert spoilt.count(CANARY) > 100
    silent(path, vendor, tmp_path)


def test_no_cell_is_said(larkfield: Path, tmp_path: Path) -> None:
    for file in larkfield.glob("*.CSV"):
        rows = list(csv.reader(io.StringIO(file.read_bytes().decode("cp1252"))))
        out = io.StringIO()
        csv.writer(out).writerows([rows[0], *([cell and f"{CANARY}{cell}" for cell in row] for row in rows[1:])])
        file.write_bytes(out.getvalue().encode("cp1252"))
    silent(larkfield, "larkfield", tmp_path)


def silent(path: Path, vendor: str, tmp_path: Path) -> None:
    """A draft shows codes that many rows share: there are such only among the CSV files."""
    by = ("--layout", toml_of(vendor))
    for command in (("check", path, *by), ("check", path, *by, "--json"), ("ledger", path, *by), ("ledger", path, *by, "--csv"),
                    ("convert", path, *by, "-o", tmp_path / "out"), ("layout", "check", toml_of(vendor), path),
                    *([("layout", "draft", path)] if vendor != "larkfield" else [])):
        result = redbag(*command)
        assert result.exit_code in (Exit.DONE, Exit.PARTIAL, Exit.NOTHING)
        assert CANARY.casefold() not in result.output.casefold()


def test_a_name_of_a_column_may_be_said_and_a_formula_is_none(larkfield: Path) -> None:
    edit(larkfield / "GP.CSV", "TEL", "=TEL")
    result = redbag("ledger", larkfield, "--layout", toml_of("larkfield"), "--csv")
    assert "gp/=TEL" in result.stdout
    assert not any(cell[:1] in "=+-@" for row in csv.reader(io.StringIO(result.stdout)) for cell in row if cell)


# ---- examples -------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("module", [columns, names, target, toml, exports], ids=lambda m: m.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
