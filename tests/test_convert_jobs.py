"""Convert by several processes, into files of many, interrupted and gone on with: always what one process writes in one go."""
from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.bundle import Policy
from adapter.commands import convert
from adapter.commands.bundling import Bundler
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import exported
from adapter.commands.inpieces import HANDFUL
from adapter.commands.jobs import in_order
from adapter.commands.journal import NAME, Journal
from adapter.commands.stretches import Exports
from adapter.commands.talk import Kept, Log
from adapter.faults import Refused
from adapter.records import pieces as cutting
from adapter.records.stream import Found, stream
from adapter.synth import residents
from tests.bench import exports
from tests.exports.vendors import EXAMPLES, EXPORTS
from tests.layouts import FILES, HEAD, HER, MEDICINES, MEDS, PEOPLE
from tests.test_cli import REDBAG, ROOT
from tests.test_stream import SHAPES, TWICE, Pipe

SEED = 20261124
RUN = {"input": "sha256:0"}


def resident(n: int, **more: Any) -> bytes:
    said = {"source": "https://home.example/records", "as_of": "2026-11-02T09:00:00Z", "resident": {"key": f"r{n}"}}
    return wire.dumps({**said, "medicines": "none known", **more})


def home(count: int) -> bytes:
    """A resident a line, with everything that may be wrong in a line now and then."""
    wrong = {3: b"", 7: b"{", 11: resident(11, as_of="yesterday"), 13: b"\xff", 17: resident(16), 19: resident(19, medicines=[])}
    return b"\n".join(wrong.get(n % 100, resident(n)) if n % 100 != 17 else resident(16) for n in range(count))


@dataclass(frozen=True)
class Ran:
    exit: int
    out: bytes
    err: str


def redbag(*args: str | Path, said: bytes = b"") -> Ran:
    done = subprocess.run([*REDBAG, *map(str, args)], input=said, cwd=ROOT, capture_output=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr.decode())


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than fit into one piece, whichever way it is written."""
    path = tmp_path_factory.mktemp("many") / "home.ndjson"
    path.write_bytes(home(2100))
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for a second or so."""
    path = tmp_path_factory.mktemp("large") / "home.ndjson"
    path.write_bytes(home(100) + b"\n" + b"\n".join(residents(700, SEED, hard=True)))
    return path


# ---- pieces ------------------------------------------------------------------------------------------------------------------
def as_read(found: Found) -> tuple[Any, ...]:
    says = found.record.found if isinstance(found.record, Refused) else found.record
    return found.number, says, found.source.places(["resident.key"]) if not isinstance(found.record, Refused) else None


@pytest.mark.parametrize("every", [1, 2, 3, 100])
@pytest.mark.parametrize("data", [*(data for data, _ in SHAPES.values()), TWICE, home(120)], ids=[*SHAPES, "twice", "a home"])
@pytest.mark.parametrize("way", ["file", "pipe", "standard input that is a file"])
def test_pieces_hold_what_the_whole_holds(data: bytes, every: int, way: str, tmp_path: Path) -> None:
    path = tmp_path / "home.ndjson"
    path.write_bytes(data)
    with path.open("rb") as file:
        source = Pipe(data) if way == "pipe" else file
        cut = [[as_read(found) for found in piece.found(lambda done: None)]
               for piece in cutting.pieces(source, path if way == "file" else None, every)]
    whole = stream(Pipe(data) if way == "pipe" else io.BytesIO(data))
    assert [found for piece in cut for found in piece] == [as_read(found) for found in whole]
    assert all(len(piece) == every for piece in cut[:-1])
    assert all(0 < len(piece) <= every for piece in cut)


def test_a_piece_that_is_passed_over_is_gone(tmp_path: Path) -> None:
    data = b"[" + b",".join(map(resident, range(5))) + b"]"
    first, second, third = ((piece.number, [found.number for found in piece.found(lambda done: None)]) if piece.number != 2 else None
                            for piece in cutting.pieces(io.BytesIO(data), None, 2))
    assert (first, second, third) == ((1, [1, 2]), None, (3, [5]))


# ---- the same bytes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options", [(), ("--json",), ("--directory", "own", "--as", "collection"), ("--format", "xml")], ids=" ".join)
def test_jobs_print_the_same(many: Path, options: tuple[str, ...]) -> None:
    alone = redbag("convert", many, *options)
    assert alone.exit == Exit.PARTIAL
    assert redbag("convert", many, *options, "--jobs", "2") == alone


def test_jobs_take_a_pipe_and_a_document(many: Path) -> None:
    piped = redbag("convert", "-", said=many.read_bytes())
    assert redbag("convert", "-", "--jobs", "3", said=many.read_bytes()) == piped
    listed = b"[" + b",".join(map(resident, range(500))) + b"]"
    assert redbag("convert", "-", "--jobs", "2", said=listed) == redbag("convert", "-", said=listed)


@pytest.mark.parametrize("options", [(), ("--parts", "250"), ("--json",), ("--parts", "10000", "--json")], ids=" ".join)
def test_jobs_leave_the_same_folder(many: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    alone, shared = (redbag("convert", many, "-o", tmp_path / "out", *options, "--jobs", jobs) for jobs in "12" if _away(tmp_path, jobs))
    assert alone == shared
    assert held(tmp_path / "out1") == held(tmp_path / "out")


def _away(folder: Path, jobs: str) -> bool:
    """The first run's folder makes room for the second's."""
    if jobs == "2":
        (folder / "out").rename(folder / "out1")
    return True


def test_parts_are_what_standard_output_would_be_cut_after_so_many_residents(many: Path, tmp_path: Path) -> None:
    redbag("convert", many, "-o", tmp_path, "--parts", "500")
    names = sorted(path.name for path in tmp_path.glob("bundles-*"))
    assert names == [f"bundles-{n:06}.ndjson" for n in range(1, 6)]
    assert b"".join((tmp_path / name).read_bytes() for name in names) == redbag("convert", many).out


@pytest.mark.parametrize("where", [(), ("--format", "xml", "-o", "out")], ids=" ".join)
def test_parts_are_lines_of_json_in_a_folder(where: tuple[str, ...], many: Path) -> None:
    ran = redbag("convert", many, "--parts", "10", *where)
    assert (ran.exit, ran.out) == (Exit.USAGE, b"")
    assert "--parts are files of JSON lines" in ran.err


# ---- interrupted, and gone on with -------------------------------------------------------------------------------------------
def begun(*args: str | Path) -> subprocess.Popen[bytes]:
    """In a process group of its own, as under a terminal."""
    return subprocess.Popen([*REDBAG, *map(str, args)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def nobody_is_left(group: int) -> bool:
    """Of a process group, after a moment."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def wait_for_pieces(folder: Path, count: int) -> None:
    """Until so many of them are written down as done."""
    for _ in range(1200):
        if (folder / NAME).exists() and (folder / NAME).read_bytes().count(b'{"piece"') >= count:
            return
        time.sleep(0.05)
    raise AssertionError("it never came so far")


@pytest.mark.parametrize("options", [("--parts", "50", "--jobs", "2"), ("--parts", "50", "--json"), ("--jobs", "2")], ids=" ".join)
def test_killed_at_any_moment_it_goes_on_and_ends_the_same(options: tuple[str, ...], large: Path, tmp_path: Path) -> None:
    whole = redbag("convert", large, "-o", tmp_path / "whole", *options)
    command, most = ("convert", large, "-o", tmp_path / "out", *options), len(list((tmp_path / "whole").iterdir()))
    chance, kills = random.Random(SEED), 0  # noqa: S311 - moments, not secrets
    for part in (0.05, 0.4, 0.8):
        kills += killed(begun(*command), tmp_path / "out", int(part * most), chance.uniform(0, 0.1))
    ended = redbag(*command)
    assert kills
    assert {**held(tmp_path / "out"), NAME: b""} == {**held(tmp_path / "whole"), NAME: b""}
    assert (ended.exit, ended.out) == (whole.exit, whole.out)
    said = [line for line in ended.err.splitlines() if not line.startswith("Going on after ")]
    assert said == [line.replace("/whole", "/out") for line in whole.err.splitlines()]


def killed(run: subprocess.Popen[bytes], folder: Path, files: int, seconds: float) -> bool:
    """So many seconds after the folder has so many files, unless it was done sooner."""
    while run.poll() is None and (not folder.is_dir() or len(list(folder.iterdir())) < files):
        time.sleep(0.05)
    time.sleep(seconds)
    run.kill()
    run.communicate()
    assert nobody_is_left(run.pid)
    return run.returncode == -signal.SIGKILL


def test_what_is_done_is_not_done_again(many: Path, tmp_path: Path) -> None:
    command = ("convert", many, "-o", tmp_path, "--parts", "100")
    redbag(*command)
    journal = tmp_path / NAME
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:11]) + lines[11][:20])      # killed while it wrote down the eleventh
    (tmp_path / ".bundles-000012.ndjson.x1y2").write_bytes(b"{")    # and in the middle of another
    stood = {path: path.stat().st_mtime_ns for path in (tmp_path / f"bundles-{n:06}.ndjson" for n in range(1, 11))}
    ran = redbag(*command)
    assert ran.err.startswith("Going on after 1,000 residents that were done before.\n")
    assert journal.read_bytes() == b"".join(lines)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*(f"bundles-{n:06}.ndjson" for n in range(1, 22)), NAME]
    assert {path: path.stat().st_mtime_ns for path in stood} == stood


@pytest.mark.parametrize("options", [("--parts", "2"), ()], ids=" ".join)
@pytest.mark.parametrize("wrong", ["gone", "emptied"])
def test_what_no_longer_stands_there_is_made_again(options: tuple[str, ...], wrong: str, tmp_path: Path) -> None:
    path, out = tmp_path / "home.ndjson", tmp_path / "out"
    path.write_bytes(b"\n".join(map(resident, range(6))))
    redbag("convert", path, "-o", out, *options)
    whole = held(out)
    second = out / sorted(whole)[1]
    second.unlink()
    if wrong == "emptied":
        second.touch()
    ran = redbag("convert", path, "-o", out, *options)
    assert (ran.exit, held(out)) == (Exit.DONE, whole)


@pytest.mark.parametrize("options", [("--parts", "2"), (), ("--parts", "2", "--jobs", "2")], ids=" ".join)
def test_the_journal_knows_every_file(options: tuple[str, ...], tmp_path: Path) -> None:
    path, out = tmp_path / "home.ndjson", tmp_path / "out"
    path.write_bytes(b"\n".join(map(resident, range(4))))
    redbag("convert", path, "-o", out, *options)
    _, *lines = [json.loads(line) for line in (out / NAME).read_bytes().splitlines()]
    sizes = {name: len(data) for name, data in held(out).items() if name != NAME}
    assert {name: size for line in lines for name, size in line["files"].items()} == sizes


def test_a_piece_stands_on_the_disk_before_the_journal_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content of its files, then their names in the folder, then the line."""
    path, out, really, seen = tmp_path / "home.ndjson", tmp_path / "out", os.fsync, list[int]()

    def fsync(handle: int) -> None:
        seen.append(os.fstat(handle).st_ino)
        really(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    path.write_bytes(b"\n".join(map(resident, range(2))))
    assert convert.run(path, Bundler("transaction", Policy(patient="match")), out, Kept()) is Exit.DONE
    names = {each.stat().st_ino: each.name for each in (out, *out.iterdir())}
    first, second = sorted(name for name in held(out) if name != NAME)
    assert [names[each] for each in seen] == [NAME, first, second, "out", NAME]


@pytest.mark.parametrize(("changed", "says"), [
    (("--patient", "upsert"), "another --patient"), (("--as", "collection"), "another --as"), (("--parts", "7"), "another --parts"),
    ((), "another input, or it has changed since")])
def test_only_the_same_goes_on(changed: tuple[str, ...], says: str, tmp_path: Path) -> None:
    path = tmp_path / "home.ndjson"
    path.write_bytes(resident(1))
    redbag("convert", path, "-o", tmp_path / "out")
    before = held(tmp_path / "out")
    path.write_bytes(resident(1) if changed else resident(2))
    ran = redbag("convert", path, "-o", tmp_path / "out", *changed)
    assert (ran.exit, held(tmp_path / "out")) == (Exit.USAGE, before)
    assert ran.err == f"{tmp_path / 'out'} holds a run with {says}: name a new folder with -o, or empty this one.\n"


def test_one_run_at_a_time_is_at_work_in_a_folder(large: Path, tmp_path: Path) -> None:
    command: tuple[str | Path, ...] = ("convert", large, "-o", tmp_path / "out", "--parts", "20")
    run = begun(*command)
    wait_for_pieces(tmp_path / "out", 2)
    os.killpg(run.pid, signal.SIGSTOP)
    ran = redbag(*command)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert ran.exit == Exit.NOTHING
    assert ran.err == f"Another run is at work in {tmp_path / 'out'}: wait until it has ended, or name a new folder with -o.\n"
    assert redbag(*command).exit == Exit.PARTIAL
    assert len(list((tmp_path / "out").glob("bundles-*"))) == 40


def test_a_folder_of_which_nothing_came_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "none.ndjson").write_bytes(b"")
    redbag("convert", tmp_path / "none.ndjson", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("order", [(1, 1), (2,), (1, 3), (2, 1)], ids=str)
def test_pieces_that_are_not_one_after_the_other_are_not_gone_on_with(order: tuple[int, ...], tmp_path: Path) -> None:
    path, out = tmp_path / "home.ndjson", tmp_path / "out"
    path.write_bytes(b"\n".join(map(resident, range(3))))
    command = ("convert", path, "-o", out, "--parts", "1")
    redbag(*command)
    head, *lines = (out / NAME).read_bytes().splitlines(keepends=True)
    (out / NAME).write_bytes(head + b"".join(lines[n - 1] for n in order))
    ran = redbag(*command)
    assert ran == Ran(Exit.USAGE, b"", f"{out / NAME} is damaged: name a new folder with -o, or empty this one.\n")


@pytest.mark.parametrize("data", [
    b"garbage", b"garbage\n", b"{}\n", b"[]\n", b"[]", b'{"run": 5}\n', b'{"run": {"a": 5}}\n', b"\xff\n", b"\n", b"5\n" * 2, b"[" * 9999])
@pytest.mark.parametrize("head", [False, True], ids=["alone", "after its first line"])
def test_a_damaged_journal_is_one_sentence(data: bytes, head: bool, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / NAME).write_bytes(head * (json.dumps({"run": RUN}).encode() + b"\n") + data + b"\n" * head)
    with pytest.raises(Stop) as stopped:
        Journal(out, RUN)
    assert stopped.value.exit is Exit.USAGE
    assert stopped.value.says == f"{out / NAME} is damaged: name a new folder with -o, or empty this one."


def test_a_journal_that_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home.ndjson").write_bytes(resident(1))
    (tmp_path / "out" / NAME).mkdir(parents=True)
    ran = redbag("convert", tmp_path / "home.ndjson", "-o", tmp_path / "out")
    assert (ran.exit, ran.err.count("\n"), f"{NAME} cannot be read" in ran.err) == (Exit.NOTHING, 1, True)


def test_killed_in_its_first_line_a_run_begins_anew(tmp_path: Path) -> None:
    path, out = tmp_path / "home.ndjson", tmp_path / "out"
    path.write_bytes(b"\n".join(map(resident, range(3))))
    redbag("convert", path, "-o", out, "--parts", "1")
    whole = held(out)
    for left in (b"", whole[NAME][:30]):
        (out / NAME).write_bytes(left)
        assert redbag("convert", path, "-o", out, "--parts", "1").exit == Exit.DONE
        assert held(out) == whole


def test_ctrl_c_ends_all_of_them(large: Path, tmp_path: Path) -> None:
    run = begun("convert", large, "-o", tmp_path / "out", "--parts", "20", "--jobs", "2")
    wait_for_pieces(tmp_path / "out", 2)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == Exit.INTERRUPTED
    assert b"Interrupted; no file is left half-written. The same command goes on after" in err
    assert b"Traceback" not in err
    assert nobody_is_left(run.pid)
    assert not list((tmp_path / "out").glob(".*"))


def test_a_file_that_changes_meanwhile_is_noticed(large: Path, tmp_path: Path) -> None:
    path = tmp_path / "home.ndjson"
    path.write_bytes(large.read_bytes())
    run = begun("convert", path, "-o", tmp_path / "out", "--parts", "20", "--jobs", "2")
    wait_for_pieces(tmp_path / "out", 2)
    with path.open("ab") as file:
        file.write(b"\n" + resident(99_999))
    _, err = run.communicate(timeout=60)
    assert run.returncode == Exit.NOTHING
    assert b"was changed while it was read: what was written is not to be used" in err
    assert b"The same command goes on" not in err


def test_a_worker_that_is_killed_is_missed(large: Path, tmp_path: Path) -> None:
    command = ("convert", large, "-o", tmp_path / "out", "--parts", "20", "--jobs", "2")
    run = begun(*command)
    wait_for_pieces(tmp_path / "out", 2)
    os.kill(next(workers(run.pid)), signal.SIGKILL)
    _, err = run.communicate(timeout=30)
    assert run.returncode == Exit.NOTHING
    assert b"A worker process has ended before its work was done." in err
    assert b"The same command goes on after" in err
    assert nobody_is_left(run.pid)
    assert redbag(*command).exit == Exit.PARTIAL
    assert len(list((tmp_path / "out").glob("bundles-*"))) == 40


def workers(parent: int) -> Iterator[int]:
    listed = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        if "spawn_main" in line:
            yield int(line.split()[0])


def test_a_place_that_cannot_be_written_is_one_sentence(many: Path) -> None:
    for jobs in "12":
        ran = redbag("convert", many, "-o", __file__, "--jobs", jobs)
        assert (ran.exit, ran.err.count("\n")) == (Exit.NOTHING, 1)
        assert "cannot be written" in ran.err


# ---- workers -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Task:
    n: int
    size: int = 10
    apart: bool = True


def slow_first(task: Task, step: Any) -> int:
    step(5)
    time.sleep(0.3 * (task.n == 0))
    return task.n


def buggy(task: Task, step: Any) -> int:
    raise ValueError("Quetzalcoatl")


def stopping(task: Task, step: Any) -> int:
    raise Stop(Exit.NOTHING, "The disk is full.")


def test_what_comes_first_is_told_first() -> None:
    moved: list[int] = []
    assert list(in_order(slow_first, map(Task, range(20)), 2, moved.append)) == list(range(20))
    assert moved[-1] == 200
    assert moved == sorted(moved)


@pytest.mark.parametrize(("work", "exit", "says"), [
    (buggy, Exit.BUG, "ValueError in test_convert_jobs.py"), (stopping, Exit.NOTHING, "The disk is full.")])
def test_what_ends_a_worker_ends_the_run_in_words_that_hold_no_value(work: Any, exit: Exit, says: str) -> None:
    with pytest.raises(Stop) as ended:
        list(in_order(work, map(Task, range(4)), 2, lambda done: None))
    assert ended.value.exit is exit
    assert says in ended.value.says
    assert "Quetzalcoatl" not in ended.value.says


# ---- progress ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("size", "start", "steps", "said"), [
    (1000, 0, [(30, 100), (59, 300)], []),
    (1000, 0, [(60, 200), (90, 400), (120, 400)], ["Converting: 20 %, about 4 min left", "Converting: 40 %, about 3 min left"]),
    (1000, 800, [(60, 850)], ["Converting: 85 %, about 3 min left"]),
    (1000, 0, [(100, 900)], ["Converting: 90 %, less than a minute left"]),
    (None, 0, [(61, 0), (125, 0)], ["Converting: 1 min", "Converting: 2 min"]),
])
def test_a_log_has_a_line_a_minute(size: int | None, start: int, steps: list[tuple[int, int]], said: list[str]) -> None:
    now = [0.0]
    talk = Kept()
    log = Log(talk, "Converting", size, start, lambda: now[0])
    for now[0], done in steps:
        log.step(done)
    assert talk.said == [(False, line) for line in said]


# ---- a vendor's export -------------------------------------------------------------------------------------------------------
WRONG = {      # in the export: a date that is none, and a resident's key as another resident's
    "larkfield": ((b",14/02/1934,", b",31/02/1934,"), (b"000003LC-00003,", b"000002LC-00003,")),
    "fernbank": ((b"1934-02-03", b"1934-02-31"), (b'"000003', b'"000002')),
    "mossgate": ((b'on="1936-09-09"', b'on="1936-09-31"'), (b'"000003', b'"000002')),
}


@pytest.fixture(scope="module", params=WRONG)
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Some copies of a vendor's fixtures, with something wrong here and there; and the layout."""
    vendor, path = request.param, tmp_path_factory.mktemp("export") / request.param
    made = exports.larkfield(path, 24) if vendor == "larkfield" else exports.nested(vendor, path, 24)
    file = made / "RESIDENTS.CSV" if vendor == "larkfield" else made
    data = file.read_bytes()
    (value, wrong), (key, other) = WRONG[vendor]
    assert value in data
    assert key in data
    file.write_bytes(data.replace(key, other).replace(value, wrong, 5))
    return made, EXAMPLES / "layouts" / f"{vendor}.toml"


@pytest.mark.parametrize("options", [(), ("--json",)], ids=" ".join)
def test_jobs_print_the_same_of_an_export(export: tuple[Path, Path], options: tuple[str, ...]) -> None:
    alone = redbag("convert", export[0], "--layout", export[1], *options)
    assert alone.exit == Exit.PARTIAL
    assert redbag("convert", export[0], "--layout", export[1], *options, "--jobs", "2") == alone


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_export_is_gone_on_with(export: tuple[Path, Path], jobs: str, tmp_path: Path) -> None:
    """Also what became of each value, and the rows of the refused."""
    command = ("convert", export[0], "--layout", export[1], "-o", tmp_path / "out", "--parts", "50", "--jobs", jobs)
    whole, files = redbag(*command), everything(tmp_path / "out")
    journal = tmp_path / "out" / NAME
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:3]))
    (tmp_path / "out" / "bundles-000003.ndjson").unlink()
    again = redbag(*command)
    assert again.err == "Going on after 100 residents that were done before.\n" + whole.err
    assert everything(tmp_path / "out") == files
    assert {"ledger.csv", "bundles-000003.ndjson"} <= files.keys()


@pytest.mark.parametrize("options", [(), ("--parts", "210")], ids=" ".join)
def test_jobs_leave_the_same_folder_of_an_export(export: tuple[Path, Path], options: tuple[str, ...], tmp_path: Path) -> None:
    """Whose pieces are larger than what is sent to another process at once."""
    ran = [redbag("convert", export[0], "--layout", export[1], "-o", tmp_path / jobs / "out", *options, "--jobs", jobs) for jobs in "12"]
    assert ran[0].err.replace(f"{tmp_path}/1", "") == ran[1].err.replace(f"{tmp_path}/2", "")
    one, two = (everything(tmp_path / jobs / "out") for jobs in "12")
    done = [[json.loads(line).get("files") for line in left.pop(NAME).splitlines()] for left in (one, two)]
    assert done[0] == done[1]
    assert one == two


def test_a_handful_is_on_its_way_however_large_a_piece_is(tmp_path: Path) -> None:
    export = exported(exports.larkfield(tmp_path / "export", 50), EXAMPLES / "layouts" / "larkfield.toml", None, None, Kept())
    way = Exports(export)
    sent = way.sent(way.pieces(100_000))
    first = next(sent)
    assert len(first.trees) == sum(map(len, way.held)) == HANDFUL
    assert [len(trees.trees) for trees in sent] == [HANDFUL, 450 - 2 * HANDFUL]


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_layout_is_another_run(tmp_path: Path) -> None:
    for name in ("mossgate.toml", "mossgate.py"):
        if (EXAMPLES / "layouts" / name).exists():
            (tmp_path / name).write_bytes((EXAMPLES / "layouts" / name).read_bytes())
    command = ("convert", EXPORTS["mossgate"], "--layout", tmp_path / "mossgate.toml", "-o", tmp_path / "out")
    assert redbag(*command).exit in (Exit.DONE, Exit.PARTIAL)
    with (tmp_path / "mossgate.toml").open("a", encoding="utf-8") as file:
        file.write("# looked at again\n")
    ran = redbag(*command)
    assert (ran.exit, ran.err.count("\n")) == (Exit.USAGE, 1)
    assert "holds a run with another --layout, or it has changed since" in ran.err


NOBODYS = HEAD + FILES + PEOPLE + MEDS + HER + MEDICINES + '''
[states]
medicines = { constant = "none known", because = "no row means none" }
[[ignored_rows]]
rows = "people"
only = { id = "TOTAL" }
because = "a line of totals"
'''


def test_what_is_nobodys_is_known_in_every_process(tmp_path: Path) -> None:
    """Who has no medicine is refused, for the one that is nobody's may be hers; a line of totals is nobody in any of them."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "P.CSV").write_text("id,name\n" + "".join(f"{n},Oak\n" for n in range(150)) + "TOTAL,150\n")
    (folder / "M.CSV").write_text("id,no,drug\n" + "".join(f"{n},m{n},Senna\n" for n in range(0, 150, 2)) + "X,m,Iron\n")
    (tmp_path / "x.toml").write_text(NOBODYS)
    alone = redbag("convert", folder, "--layout", tmp_path / "x.toml")
    assert (alone.exit, alone.err.count("whether they are hers")) == (Exit.PARTIAL, 75)
    assert redbag("convert", folder, "--layout", tmp_path / "x.toml", "--jobs", "2") == alone
