"""An export and a layout that do not belong together are told apart when the export is opened, not by what is missing from the records."""
from __future__ import annotations

from pathlib import Path

import pytest

from adapter.commands.exits import Exit
from adapter.faults import Fault, Refused
from adapter.records.layout import load
from adapter.records.rows.opening import open_export
from adapter.records.rows.writing import write_export
from tests.rows_in import folder
from tests.test_cli import redbag

LAYOUT = """
source = { constant = "https://example.org/home", because = "as agreed" }
as_of = "/run/AT"
[export]
format = "csv"
residents = "people"
{export}
[files.people]
file = "PEOPLE.CSV"
key = "NO"
[files.meds]
file = "MEDS.CSV"
of = "people"
by = { WHO = "NO" }
[files.gp]
file = "GP.CSV"
of = "people"
by = { CODE = "GP" }
lookup = true
[files.run]
file = "RUN.CSV"
single = true
[ignored]
COLOUR = "decoration"
[[ignored_rows]]
rows = "meds"
only = { TEMPLATE = "Y" }
because = "never given"
[resident]
key = "NO"
family_name = "SURNAME"
[[organizations]]
key = "GP"
name = "gp/NAME"
[[medicines]]
each = "meds"
only = { STATE = "C" }
key = "MED"
status = { constant = "active", because = "STATE is C" }
drug.text = "DRUG"
"""
FILES = {
    "PEOPLE.CSV": "NO;GP;SURNAME;COLOUR\r\n7;G1;Teatime;red\r\n",
    "MEDS.CSV": "WHO;MED;STATE;TEMPLATE;DRUG\r\n7;m1;C;;Senna\r\n",
    "GP.CSV": "CODE;NAME\r\nG1;Ffoulkes\r\n",
    "RUN.CSV": "AT\r\n2026-01-02T00:00:00Z\r\n",
}


def layout(at: Path, export: str = "") -> Path:
    at.mkdir(parents=True, exist_ok=True)
    (at / "layout.toml").write_text(LAYOUT.replace("{export}", export), encoding="utf-8")
    return at / "layout.toml"


def found(at: Path, files: dict[str, str]) -> list[Fault]:
    settings = load(layout(at)).settings
    with pytest.raises(Refused) as refused, open_export(folder(at / "export", files), settings):
        pass
    return list(refused.value.found)


MAPPED = {"a field": ("PEOPLE.CSV", "SURNAME"), "a field of rows": ("MEDS.CSV", "DRUG"), "a field of a lookup": ("GP.CSV", "NAME"),
          "what stands outside": ("RUN.CSV", "AT"), "what chooses rows": ("MEDS.CSV", "STATE"),
          "what chooses rows to ignore": ("MEDS.CSV", "TEMPLATE"), "a join": ("MEDS.CSV", "WHO"), "a lookup's join": ("PEOPLE.CSV", "GP")}


@pytest.mark.parametrize(("file", "column"), MAPPED.values(), ids=MAPPED.keys())
def test_a_column_that_the_layout_names_and_the_file_has_not_refuses_the_export(tmp_path: Path, file: str, column: str) -> None:
    files = {**FILES, file: FILES[file].replace(column, "Teatime's", 1)}
    (fault,) = found(tmp_path, files)
    assert (fault.rule, fault.file, fault.line, fault.name) == ("no-column", file, 1, column)
    assert "Teatime" not in fault.says, "a file without a header begins with somebody's values"


def test_a_renamed_column_is_pointed_at(tmp_path: Path) -> None:
    (fault,) = found(tmp_path, {**FILES, "PEOPLE.CSV": FILES["PEOPLE.CSV"].replace("SURNAME", "SURNAME_1")})
    assert fault.says.endswith("perhaps column 3 is meant")


def test_an_ignored_column_need_not_be_there(tmp_path: Path) -> None:
    path = folder(tmp_path / "export", {**FILES, "PEOPLE.CSV": "NO;GP;SURNAME\r\n7;G1;Teatime\r\n"})
    with open_export(path, load(layout(tmp_path)).settings) as export:
        assert [rows.tree["SURNAME"] for rows in export] == ["Teatime"]


def test_what_is_written_has_every_column_that_reading_asks_for(tmp_path: Path) -> None:
    settings = load(layout(tmp_path)).settings
    with open_export(folder(tmp_path / "export", FILES), settings) as export:
        tree = next(iter(export)).tree
        del tree["SURNAME"], tree["meds"]
        write_export(tmp_path / "made", settings, export.top, [tree])
    with open_export(tmp_path / "made", settings) as export:
        assert [rows.tree for rows in export] == [tree]
    assert (tmp_path / "made" / "MEDS.CSV").read_bytes() == b"WHO,MED,DRUG,STATE,TEMPLATE\r\n"


def test_a_row_of_nobody_that_a_rule_ignores_is_no_orphan(tmp_path: Path) -> None:
    settings = load(layout(tmp_path)).settings
    for row, orphaned in (("TOTAL;;;Y;\r\n", set()), ("TOTAL;;;;\r\n", {"meds"})):
        with open_export(folder(tmp_path / "export", {**FILES, "MEDS.CSV": FILES["MEDS.CSV"] + row}), settings) as export:
            assert next(iter(export)).orphaned == orphaned


SPELT = {"a word": ('delimiter = "semicolon"', "export.delimiter"), "two signs": ('delimiter = ";;"', "export.delimiter"),
         "a quotation mark": ("delimiter = '\"'", "export.delimiter"), "a letter": ('delimiter = "x"', "export.delimiter"),
         "no line end": ('delimiter = "\\n"', "export.delimiter"), "not ASCII": ('delimiter = "\u00a6"', "export.delimiter"),
         "an encoding that is not read": ('encoding = "cp850"', "export.encoding"),
         "one file twice": ('[files.too]\nfile = "meds.csv"\nof = "people"\nby = { WHO = "NO" }', "files.meds.file"),
         "a folder": ('[files.too]\nfile = "sub/X.CSV"\nof = "people"\nby = { WHO = "NO" }', "files.too.file")}


@pytest.mark.parametrize(("export", "path"), SPELT.values(), ids=SPELT.keys())
def test_how_files_are_written_is_said_in_the_layout_with_its_line(tmp_path: Path, export: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        load(layout(tmp_path, export))
    (fault,) = refused.value.found
    last = path.rpartition(".")[2]
    lines = (tmp_path / "layout.toml").read_text(encoding="utf-8").splitlines()
    assert (fault.file, fault.path) == ("layout.toml", path)
    assert lines[(fault.line or 0) - 1].startswith(last)


@pytest.mark.parametrize("sign", [";", "\\t", "|", "^"])
def test_a_sign_may_be_stated(tmp_path: Path, sign: str) -> None:
    assert len(load(layout(tmp_path, f'delimiter = "{sign}"')).settings.delimiter) == 1


def test_layout_write_keeps_the_header_and_the_mark_of_the_export_it_writes_onto(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", {**FILES, "PEOPLE.CSV": "\ufeffEMPTY;SURNAME;COLOUR;GP;NO\r\n;Teatime;red;G1;7\r\n"})
    records = tmp_path / "one.ndjson"
    records.write_text('{"source": "https://example.org/home", "as_of": "2026-01-02T00:00:00Z", "resident": {"key": "7", '
                       '"family_name": "Quill"}}\n', encoding="utf-8")
    result = redbag("layout", "write", records, "--layout", layout(tmp_path), "--onto", own, "-o", tmp_path / "made")
    assert result.exit_code == Exit.DONE, result.stderr
    header, row = (tmp_path / "made" / "PEOPLE.CSV").read_bytes().decode().splitlines()
    assert (header, row.split(";")[1:3]) == ("\ufeffEMPTY;SURNAME;COLOUR;GP;NO", ["Quill", "red"])
