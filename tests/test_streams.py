"""A full disk, a reader who has gone, a stream that was closed: one sentence, and a code of the table."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from adapter.commands.exits import Exit
from tests.test_cli import EXAMPLE, REDBAG, ROOT, another, ndjson

FULL = "ulimit -f 0; file=$(mktemp)"      # not one byte more goes into any file, as on a disk that is full


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bag") / "bag.json"
    path.write_bytes(EXAMPLE)
    return path


def run(line: str, bag: Path) -> subprocess.CompletedProcess[str]:
    """A line of the shell, in which $redbag is the program and $bag a record."""
    words = {"bag": str(bag), "python": REDBAG[0], "code": REDBAG[2]}
    shell = f'redbag() {{ "$python" -c "$code" "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", shell], env={**os.environ, **words}, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", [
    "convert $bag", "check $bag --json", "mapping", "mapping Immunization --json", "records example", "--help"])
def test_a_full_disk_behind_standard_output(verb: str, bag: Path) -> None:
    done = run(f"{FULL}; redbag {verb} > $file", bag)
    assert done.returncode == Exit.NOTHING
    assert "Standard output cannot be written (file too large)" in done.stderr
    assert "fault of this program" not in done.stderr


@pytest.mark.parametrize("line", ["redbag check $bag 2> $file", "redbag check nowhere.json 2> $file", "redbag convert $bag &> $file"])
def test_a_full_disk_behind_standard_error(line: str, bag: Path) -> None:
    assert run(f"{FULL}; {line}", bag).returncode == Exit.NOTHING


@pytest.mark.parametrize(("line", "code"), [
    ("redbag check $bag >&-", Exit.NOTHING), ("redbag check - <&-", Exit.USAGE), ("redbag check $bag 2>&-", Exit.DONE)])
def test_a_stream_that_is_closed(line: str, code: Exit, bag: Path) -> None:
    done = run(line, bag)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == (code is not Exit.DONE)


@pytest.mark.parametrize("verb", ["convert $bag", "check $bag", "check $bag --json", "demo -o $(mktemp -d)", "convert nowhere.json"])
@pytest.mark.parametrize("pipe", ["|", "2>&1 |"])
def test_a_reader_who_has_gone_is_not_missed(verb: str, pipe: str, bag: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.ndjson"
    many.write_bytes(ndjson(*(another(f"r{i}") for i in range(20))))
    done = run(f"redbag {verb} {pipe} true; exit ${{PIPESTATUS[0]}}", many)
    assert done.returncode == (Exit.NOTHING if "nowhere" in verb else Exit.DONE)
    assert done.stderr.count("\n") <= 1
    assert "Traceback" not in done.stderr
    assert "fault of this program" not in done.stderr
