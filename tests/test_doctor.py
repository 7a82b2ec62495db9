"""`redbag doctor`: each thing that can be wrong is found, named with what to do, and the exit code says whether somebody must."""
from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from adapter.commands import support
from adapter.commands.exits import Exit
from tests.at_the_desk import SEND, UNUSED, Desk, alone
from tests.test_cli import ROOT, another, lines, ndjson

HOUR = 3600.0
Wrong = Callable[[Desk], object]


@pytest.fixture
def quiet(tmp_path: Path) -> Desk:
    """With one delivery that waits, at an endpoint nobody listens at."""
    here = alone(tmp_path)
    here.residents(another("a"))
    here.well(SEND)
    return here


def changed(here: Desk, statement: str) -> None:
    with closing(sqlite3.connect(here.folder / "redbag.db")) as there:
        there.execute(statement)
        there.commit()


def checks(here: Desk) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for check in lines(here.run("doctor --json"), "check"):
        found.setdefault(check["name"], []).append((check["level"], check["says"]))
    return found


# ---- well --------------------------------------------------------------------------------------------------------------------------
def test_all_is_well(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    here.well("work --until-idle")
    result = here.run("doctor")
    assert result.exit_code == Exit.DONE
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"ok"}
    assert result.stderr == "0 things for a person, 0 to look at.\n"


def test_before_anything_was_accepted_it_looks_and_makes_nothing(tmp_path: Path) -> None:
    here = alone(tmp_path)
    before = sorted(path.name for path in here.folder.iterdir())
    assert checks(here)["store"] == [("ok", "there is no store redbag.db yet: it is made when something is accepted")]
    assert sorted(path.name for path in here.folder.iterdir()) == before


def test_a_worker_is_seen_by_its_beat(quiet: Desk) -> None:
    command = [sys.executable, "-c", "from adapter.cli import main; main()", "work", "--name", "ward"]
    with subprocess.Popen(command, cwd=quiet.folder, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}) as run:
        assert run.stderr
        run.stderr.readline()
        assert checks(quiet)["workers"] == [("ok", "at work: ward")]
        run.kill()
        run.wait()
    assert checks(quiet)["workers"][0][0] == "look"  # its row is still there, and its beat stands still


# ---- each thing that can be wrong ----------------------------------------------------------------------------------------------------
def no_keys(here: Desk) -> None:
    (here.folder / "redbag.keys").unlink()


def another_key(here: Desk) -> None:
    no_keys(here)
    here.well("keys new --lost")


def held(here: Desk) -> None:
    here.well("deliveries hold 1")


def urgent_and_held(here: Desk) -> None:
    held(here)
    (here.folder / "home.ndjson").write_bytes(ndjson(another("a", as_of="2025-01-15T21:45:00Z")))
    here.run(f"{SEND} --urgent")


def restored(here: Desk) -> None:
    here.well("backup copy.db")
    (here.folder / "redbag.db").unlink()
    here.well("restore copy.db")


def accepted(here: Desk, then: float) -> None:
    """Everything that is there, so many seconds from now."""
    with closing(sqlite3.connect(here.folder / "redbag.db")) as there:
        there.execute("UPDATE delivery SET accepted = ?", [time.time() + then])
        there.commit()


def of_another_release(here: Desk) -> None:
    changed(here, "UPDATE alembic_version SET version_num = '9999'")


def damaged(here: Desk) -> None:
    changed(here, "PRAGMA wal_checkpoint(TRUNCATE)")
    file = here.folder / "redbag.db"
    data = bytearray(file.read_bytes())
    data[8192:8192 + 200] = bytes(200)
    file.write_bytes(data)


CASES: list[tuple[str, Wrong, str, str, str]] = [
    ("no keys", no_keys, "keys", "person", "redbag.keys: there is no such file of keys, and redbag.db holds "),
    ("another key", another_key, "keys", "person", "(missing: put its line back; what it sealed waits until then)"),
    ("keys for everybody", lambda here: (here.folder / "redbag.keys").chmod(0o644), "keys", "person",
     "the file redbag.keys can be read or written by everybody on this machine: chmod 600 redbag.keys"),
    ("held", held, "held", "person", "st-brigids: 1 lane is held by hand (release; "),
    ("urgent and held", urgent_and_held, "urgent", "person", "1 held lane with something urgent waiting"),
    ("restored", restored, "restored", "person", "the store was put back on "),
    ("a newer release", of_another_release, "store", "person", "this store was made by a newer release of redbag"),
    ("a lost count", lambda here: changed(here, "UPDATE lane SET accepted = 2"), "counts", "person", "which does not add up"),
    ("damaged", damaged, "integrity", "person", "redbag.db is damaged"),
    ("long waiting", lambda here: accepted(here, -3 * HOUR), "workers", "person",
     "nobody is at work, and something has waited for 3 h: start `redbag work`"),
    ("nobody at work", lambda here: None, "workers", "look", "nobody is at work, and something has waited for "),
    ("a clock set back", lambda here: accepted(here, HOUR / 6), "clock", "look",
     "this machine's clock is 10 min behind the newest time in the store"),
    ("a clock set far back", lambda here: accepted(here, 96 * HOUR), "clock", "look",
     "ahead; a worker at work follows for an hour and no more, so what is accepted may wait"),
    ("an endpoint gone from the file", lambda here: here.configure(name="elsewhere"), "endpoint", "person",
     "st-brigids: 1 delivery waits for it, and redbag.toml does not name it"),
    ("an endpoint that fails", lambda here: changed(here, "INSERT INTO endpoint VALUES ('st-brigids', 7, 4102444800, NULL)"), "endpoint",
     "look", "st-brigids: failed 7 times in a row; one delivery tries it again from 2100-01-01 00:00:00Z on"),
    ("full", lambda here: (here.configure(store="cap_mb = 10"), here.filled(11_000_000)), "room", "person",
     " of the 10 MB it may have for 1 delivery, which lasts less than a day at the rate of the last day. Nothing more is accepted until"),
    ("not reached", lambda here: None, "server", "look", "the server cannot be reached"),
]


@pytest.mark.parametrize(("wrong", "name", "level", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_wrong_is_found(quiet: Desk, wrong: Wrong, name: str, level: str, says: str) -> None:
    wrong(quiet)
    result = quiet.run("doctor --json")
    found = [check for check in lines(result, "check") if name in ("", check["name"]) and check["level"] == level]
    assert any(says in check["says"] for check in found), result.output
    persons = [check for check in lines(result, "check") if check["level"] == "person"]
    assert result.exit_code == (Exit.PERSON if persons else Exit.DONE)


def test_a_fault_of_the_configuration_is_told(quiet: Desk) -> None:
    quiet.configure("colour = 1")
    result = quiet.run("doctor")
    assert result.exit_code == Exit.NOTHING
    assert "redbag.toml:" in result.stderr
    assert "is no option of [endpoint.st-brigids]" in result.stderr


# ---- the file for support --------------------------------------------------------------------------------------------------------
def test_the_file_for_support_holds_no_secret_and_nothing_of_a_resident(here: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARD_TOKEN", "open-sesame")
    here.configure('auth = { kind = "bearer", token = "env:WARD_TOKEN" }', 'headers = { "X-Ward" = "rosebud" }')
    she = another("mrs-canary")
    (here.folder / "home.ndjson").write_bytes(ndjson(she))
    here.well(SEND)
    here.run("work --until-idle")
    assert "support.zip holds this" in here.run("doctor --bundle support.zip").stderr
    with zipfile.ZipFile(io.BytesIO((here.folder / "support.zip").read_bytes())) as bundle:
        held = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert set(held) == {"checks.json", "versions.json", "configuration.json", "attempts.ndjson"}
    text = "".join(held.values())
    secrets = ["open-sesame", "rosebud", "mrs-canary", she["resident"]["family_name"], (here.folder / "redbag.keys").read_text().split()[1]]
    [(subject,)] = here.asked("SELECT subject FROM lane")
    assert [secret for secret in (*secrets, subject) if secret in text] == []
    attempt = json.loads(held["attempts.ndjson"])["history"][0]
    assert attempt["outcome"] == "dead"
    assert attempt["says"][0].startswith("resident: the server has no patient")
    assert json.loads(held["configuration.json"])["endpoints"][0]["auth"] == {"kind": "bearer", "token": "(not shown)"}
    again = here.run("doctor --bundle support.zip")
    assert (again.exit_code, again.stderr) == (Exit.USAGE, "support.zip is there already: name another place with --bundle.\n")


def test_an_id_of_the_servers_is_not_in_it() -> None:
    import doctest

    assert doctest.testmod(support).failed == 0


def test_where_nobody_listens_nothing_else_is_made_of_it(tmp_path: Path) -> None:
    here = alone(tmp_path)
    here.configure(url=UNUSED)
    assert checks(here)["server"][0][0] == "look"
