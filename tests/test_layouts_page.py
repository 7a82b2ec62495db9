"""docs/layouts.md is true: its export is read by its layout, its tables are the program's, and its commands exist."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adapter.cli import app
from adapter.records.layout import load
from adapter.records.layout.export import stream_export
from adapter.records.layout.says import BLOCK_SAYS, EXPORT_SAYS, FILE_SAYS, LEAF_SAYS, LOOKUP_SAYS
from adapter.records.stream import care_records
from mappings.bag import CareRecord

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "layouts.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Everything that the page says is a file."""
    (tmp_path / "export").mkdir()
    for name, text in re.findall(r"^`(export/\w+\.CSV)`\n\n```text\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE):
        (tmp_path / name).write_text(text)
    (tmp_path / "copperbeech.toml").write_text(fenced("toml"))
    return tmp_path


def fenced(language: str) -> str:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return found[0]


def test_the_example_is_read_as_the_page_says(folder: Path) -> None:
    layout = load(folder / "copperbeech.toml")
    first, second = stream_export(folder / "export", layout)
    assert isinstance(first.record, CareRecord)
    assert isinstance(second.record, CareRecord)
    assert care_records().encode(first.record) == json.loads(fenced("json"))
    said = care_records().encode(second.record)
    assert (said["resident"]["birth_date"], said["allergies"], said["medicines"]) == ("1941", "not asked", "none known")


def test_the_example_is_converted_and_nothing_is_unknown(folder: Path) -> None:
    runner = CliRunner()
    export, layout = str(folder / "export"), str(folder / "copperbeech.toml")
    converted = runner.invoke(app, ["convert", export, "--layout", layout, "-o", str(folder / "out")])
    assert converted.exit_code == 0, converted.output
    told = runner.invoke(app, ["ledger", export, "--layout", layout])
    assert told.exit_code == 0, told.output
    assert " 0 unknown" in told.output


@pytest.mark.parametrize("table", [EXPORT_SAYS, FILE_SAYS, LOOKUP_SAYS, LEAF_SAYS, {k: BLOCK_SAYS[k] for k in ("each", "only", "always")}])
def test_every_option_has_its_line(table: dict[str, str]) -> None:
    for option, says in table.items():
        assert f"| `{option}` | {says} |" in PAGE


def test_every_command_of_the_page_exists() -> None:
    for line in re.findall(r"^    redbag (.*)", PAGE, re.MULTILINE):
        verbs = [word for word in line.split()[:2] if word.islower() and "." not in word]
        assert CliRunner().invoke(app, [*verbs, "--help"]).exit_code == 0, line


def test_a_mistake_in_a_function_stops_the_run_and_is_named(folder: Path) -> None:
    layout = folder / "copperbeech.toml"
    (folder / "own.py").write_text("def wrong(text):\n    return {}[text]\n")
    right = layout.read_text().replace("[export]\n", '[export]\nmodule = "own.py"\n')
    layout.write_text(right.replace('family_name = "SURNAME"', 'family_name = { from = "SURNAME", function = "wrong" }'))
    stopped = CliRunner().invoke(app, ["check", str(folder / "export"), "--layout", str(layout)])
    assert stopped.exit_code == 3
    assert "The layout's function wrong fails with KeyError: that is a mistake in it. Mend it" in stopped.output
    assert "Teatime" not in stopped.output


def test_the_sentences_of_the_page_are_the_programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    layout, residents = Path("copperbeech.toml"), Path("export/RESIDENTS.CSV")
    right = layout.read_text()
    layout.write_text(right.replace("family_name =", "famly_name ="))
    refused = CliRunner().invoke(app, ["layout", "check", "copperbeech.toml"])
    sentence = re.search(r"^    (copperbeech.toml:.*?)\.\.\.$", PAGE, re.MULTILINE)
    assert sentence
    assert sentence[1] in refused.output
    layout.write_text(right)
    residents.write_text(residents.read_text().replace(",F,", ",Q,"))
    checked = CliRunner().invoke(app, ["check", "export", "--layout", "copperbeech.toml"])
    refusals = [line for line in checked.output.splitlines() if ": error: " in line]
    assert refusals == re.findall(r"^    (export/RESIDENTS.*)", PAGE, re.MULTILINE)


ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("docs/*.md")), ROOT / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    verbs: Any = vars(typer.main.get_command(app))["commands"]
    for words in re.findall(r"(?:^ {4}|`|^## )redbag ([a-z]+(?: [a-z]+)?)\b", page.read_text(encoding="utf-8"), re.MULTILINE):
        verb, _, more = words.partition(" ")
        assert verb in verbs, words
        assert not hasattr(verbs[verb], "commands") or not more or more in verbs[verb].commands, words
