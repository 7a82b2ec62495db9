"""Where a run may write: never over what it reads, and never among files that it did not make."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adapter.commands.exits import Exit
from tests.exports.vendors import EXAMPLES, EXPORTS
from tests.test_cli import EXAMPLE, redbag

LAYOUT = EXAMPLES / "layouts" / "larkfield.toml"
NOBODY = "http://127.0.0.1:9"  # who is never asked


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an export in it, of which one resident is refused, a care record, and a folder with somebody's notes."""
    shutil.copytree(EXPORTS["larkfield"], tmp_path / "export")
    residents = tmp_path / "export" / "RESIDENTS.CSV"
    residents.write_bytes(residents.read_bytes().replace(b"14/02/1934", b"14.02.1934"))
    (tmp_path / "she.json").write_bytes(EXAMPLE)
    (tmp_path / "linked").symlink_to(tmp_path / "export")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.txt").write_text("somebody's")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stands(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


VERBS = {
    "check": ("check", "export", "--layout", LAYOUT, "--refused"),
    "ledger": ("ledger", "export", "--layout", LAYOUT, "--refused"),
    "convert": ("convert", "export", "--layout", LAYOUT, "--refused"),
    "a dry run": ("send", "export", "--layout", LAYOUT, "--to", NOBODY, "--dry-run", "--refused"),
    "layout write": ("layout", "write", "she.json", "--layout", LAYOUT, "--onto", "export", "-o"),
    "pull": ("pull", "--from", NOBODY, "--record", "export", "--layout", LAYOUT, "-o"),
    "convert -o": ("convert", "export", "--layout", LAYOUT, "-o"),
}
PLACES = {
    "export": "is export, which is read", "linked": "is export, which is read", "export/refused": "is inside export, which is read",
    ".": "holds", "notes": "holds files that this run did not make"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_written_over_what_is_read_nor_among_the_files_of_others(verb: str, place: str, at: Path) -> None:
    before = stands(at)
    result = redbag(*VERBS[verb], place)
    assert result.exit_code == Exit.USAGE, result.output
    assert f"{place} {PLACES[place]}" in result.stderr
    assert (result.stderr.count("\n"), result.stdout) == (1, "")
    assert stands(at) == before


def test_a_file_that_is_there_is_not_written_over(at: Path) -> None:
    (at / "theirs.xml").write_text("theirs")
    result = redbag("layout", "write", "she.json", "--layout", EXAMPLES / "layouts" / "mossgate.toml", "-o", "theirs.xml")
    assert (result.exit_code, (at / "theirs.xml").read_text()) == (Exit.USAGE, "theirs")
    assert "theirs.xml is there already" in result.stderr


def test_rows_that_were_refused_before_are_not_left_to_be_sent_again(at: Path) -> None:
    command = ("check", "export", "--layout", LAYOUT, "--refused", "again")
    assert redbag(*command).exit_code == Exit.PARTIAL
    residents = at / "export" / "RESIDENTS.CSV"
    residents.write_bytes(residents.read_bytes().replace(b"14.02.1934", b"14/02/1934"))
    result = redbag(*command)
    assert result.exit_code == Exit.USAGE
    assert "again holds files that this run did not make" in result.stderr


def test_a_run_that_goes_on_leaves_the_refused_where_they_were(at: Path) -> None:
    command = ("convert", "export", "--layout", LAYOUT, "-o", "out")
    first, before = redbag(*command), stands(at / "out")
    again = redbag(*command)
    assert (first.exit_code, again.exit_code) == (Exit.PARTIAL, Exit.PARTIAL)
    assert any("refused" in path.parts for path in before)
    assert stands(at / "out") == before
