"""`redbag backup` and `restore --reconcile`, and the keys: what a copy holds, and that after a restore nothing is sent twice or unasked."""
from __future__ import annotations

import doctest
import json

import pytest

from adapter.commands import configured, reconcile
from adapter.commands.exits import Exit
from tests.at_the_desk import NAME, SEND, Desk
from tests.test_cli import CANARY, another, lines

LATER = "2025-01-15T21:45:00Z"


def lost(here: Desk) -> None:
    """The disk."""
    for name in ("redbag.db", "redbag.db-wal", "redbag.db-shm", "redbag.db.lock"):
        (here.folder / name).unlink(missing_ok=True)


# ---- backup ------------------------------------------------------------------------------------------------------------------------
def test_a_copy_is_made_while_others_work_and_holds_neither_keys_nor_records_in_the_clear(quiet: Desk) -> None:
    she = another("a")
    she["resident"]["family_name"] = CANARY
    quiet.residents(she)
    quiet.well(SEND)
    said = quiet.well("backup copy.db")
    assert said == ("Copied into copy.db: 1 delivery, 1 of them waiting. The keys are not in it: keep a copy of their file apart from this "
                    "one.\n")
    copy, keys = (quiet.folder / "copy.db").read_bytes(), (quiet.folder / "redbag.keys").read_bytes()
    assert keys.split()[1] not in copy
    assert CANARY.encode() not in copy
    assert (quiet.folder / "copy.db").stat().st_mode & 0o077 == 0
    again = quiet.run("backup copy.db")
    assert (again.exit_code, again.stderr) == (Exit.NOTHING, "copy.db is already there and is not written over: name another file.\n")


@pytest.mark.parametrize(("command", "says", "code"), [
    ("backup copy.db", "There is no store redbag.db yet", Exit.NOTHING),
    ("restore nowhere.db", "nowhere.db: there is no such backup.", Exit.NOTHING),
    ("restore redbag.toml", "redbag.toml could not be copied", Exit.NOTHING),
    ("restore", "Name the file that `redbag backup` wrote.", Exit.USAGE),
])
def test_what_cannot_be_copied_is_one_sentence(quiet: Desk, command: str, says: str, code: Exit) -> None:
    result = quiet.run(command)
    assert result.exit_code == code
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (quiet.folder / "redbag.db").exists()


def test_of_postgresql_its_own_tools_make_the_copy(quiet: Desk) -> None:
    quiet.configure(store='database = "postgresql://hospital:secret-word@db.example/redbag"')
    result = quiet.run("backup copy.dump")
    assert result.exit_code == Exit.USAGE
    assert "pg_dump --format=custom --file=copy.dump" in result.stderr
    assert "secret-word" not in result.stderr
    assert "secret-word" not in quiet.run("restore copy.dump").stderr


# ---- restore -----------------------------------------------------------------------------------------------------------------------
def test_nothing_is_written_over_a_store_that_is_there(quiet: Desk) -> None:
    quiet.residents(another("a"))
    quiet.well(SEND)
    quiet.well("backup copy.db")
    result = quiet.run("restore copy.db")
    assert (result.exit_code, result.stderr) == (
        Exit.NOTHING, "redbag.db is already there and is not written over: move it away first.\n")


def test_what_is_left_of_an_earlier_store_does_not_get_into_the_restored_one(quiet: Desk) -> None:
    """SQLite plays the journal beside a file on top of it, whosever it is."""
    quiet.residents(another("a"))
    quiet.well(SEND)
    quiet.well("backup copy.db")
    lost(quiet)
    journal = quiet.folder / "redbag.db-wal"
    journal.write_bytes(b"left")
    result = quiet.run("restore copy.db")
    assert (result.exit_code, result.stderr) == (
        Exit.NOTHING, "redbag.db-wal is already there and is not written over: move it away first.\n")
    journal.unlink()
    assert "1 delivery waits" in quiet.well("restore copy.db")


def test_after_a_restore_nothing_is_sent_until_it_is_released(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    here.well("backup copy.db")
    lost(here)
    said = here.well("restore copy.db")
    assert "Put back, and held: 1 delivery waits. Nothing is sent until `redbag deliveries release --all`." in said
    assert here.run("work --until-idle").exit_code == Exit.PERSON
    here.residents(another("b"))
    assert "its lane is held, so it waits: the store was put back" in here.run(SEND).stderr
    assert here.run("work --until-idle").exit_code == Exit.PERSON
    assert here.versions() == {}
    assert here.run("doctor").exit_code == Exit.PERSON
    assert "2 lanes released." in here.well("deliveries release --all")
    assert "2 delivered" in here.well("work --until-idle")
    assert here.versions()["Patient"] == 2


def test_what_is_found_there_is_counted_of_what_waited(here: Desk) -> None:
    here.residents(another("a"), another("b"))
    here.well(SEND)
    here.well("backup copy.db")
    here.well("deliveries hold 2")
    here.run("work --until-idle")
    lost(here)
    assert here.well("restore copy.db --reconcile").startswith(
        "Put back, and held: 2 deliveries wait. Of those 1 is there already, of 0 a later record is; 1 is not there, and of 0 it is not "
        "known. So 1 waits now. Nothing is sent until")


def test_reconciled_with_what_is_there(here: Desk) -> None:
    """Of four that waited when the copy was made, one was delivered since, one was and then a later record of hers, of one the hospital has
    only a part, and of one it has never heard."""
    here.residents(*map(another, ("there", "later", "part", "absent")))
    here.well(SEND)
    here.well("backup copy.db")
    here.well("deliveries hold 3 4")
    here.run("work --until-idle")
    here.residents(another("later", as_of=LATER))
    here.well(SEND)
    part = another("part")
    here.residents({**part, "medicines": part["medicines"][:2]})
    here.well(f"send home.ndjson --to {NAME}")
    here.run("work --until-idle")
    there = here.versions()
    lost(here)

    result = here.run("restore copy.db --reconcile --json")
    assert result.exit_code == Exit.DONE, result.output
    [said] = lines(result, "result")
    assert {name: said[name] for name in ("there", "later", "not there", "not known", "waiting")} == {
        "there": 1, "later": 1, "not there": 2, "not known": 0, "waiting": 2}
    assert here.versions() == there  # it only asked
    shown = here.well("deliveries show 1")
    assert "found (redbag restore --reconcile): it was found at the endpoint after a restore" in shown
    assert "a later record of hers" in here.well("deliveries show 2")

    here.well("deliveries release --all")
    assert "2 delivered, 0 dead" in here.well("work --until-idle")
    after = here.versions()
    assert after["Patient"] == 4
    assert after["List"] == there["List"] + 4  # all three of the one nobody had heard of, and one that is longer now


def test_a_record_that_takes_back_is_not_done_because_a_later_one_is_there(here: Desk) -> None:
    """Whether what is there is to be taken back is for a person."""
    here.residents(another("a", as_of=LATER))
    here.well(f"send home.ndjson --to {NAME}")
    here.residents(another("a", withdrawn={"reason": "wrong resident"}))
    here.well(SEND)
    here.well("backup copy.db")
    lost(here)
    said = here.well("restore copy.db --reconcile")
    assert ("Put back, and held: 1 delivery waits. Of those 0 are there already, of 0 a later record is; 0 are not there, and of 1 it is "
            "not known. So 1 waits now. ") in said
    assert "1 waiting" in here.well("deliveries list")


def test_an_endpoint_that_does_not_answer_leaves_everything_as_it_is(here: Desk) -> None:
    here.configure('patient = "create-if-missing"', "seconds = 0.3")
    here.residents(another("a"), another("b"))
    here.well(SEND)
    here.well("backup copy.db")
    lost(here)
    here.network.down()
    said = here.well("restore copy.db --reconcile")
    assert "Of those 0 are there already, of 0 a later record is; 0 are not there, and of 2 it is not known." in said
    assert "2 waiting" in here.well("deliveries list")


# ---- keys --------------------------------------------------------------------------------------------------------------------------
def test_a_new_key_takes_over_and_after_resealing_the_old_one_may_go(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    old = (here.folder / "redbag.keys").read_text().split()[0]
    here.well("keys new")
    [new, also] = [line.split()[0] for line in (here.folder / "redbag.keys").read_text().splitlines()]
    assert also == old
    assert here.run("keys list").stdout.splitlines() == [f"{new}: 0 payloads (current)", f"{old}: 1 payload"]
    assert here.well("keys reseal") == "1 payload sealed anew. No older key is needed any more.\n"
    first, *_ = (here.folder / "redbag.keys").read_text().splitlines()
    (here.folder / "redbag.keys").write_text(f"{first}\n")
    assert "1 delivered" in here.well("work --until-idle")


def test_a_lost_key_is_named_and_stops_only_what_it_sealed_until_it_is_put_back(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    lost_key = (here.folder / "redbag.keys").read_text()
    (here.folder / "redbag.keys").unlink()
    here.well("keys new --lost")
    here.residents(another("b"))
    here.well(SEND)
    name = lost_key.split()[0]
    listed = here.run("keys list")
    assert listed.exit_code == Exit.PERSON
    assert f"{name}: 1 payload (missing: put its line back; what it sealed waits until then)" in listed.stdout
    assert f"key {name}" in here.run("doctor").stdout
    run = here.run("work --until-idle")
    assert run.exit_code == Exit.AGAIN
    assert "1 delivered, 0 dead" in run.stderr
    assert here.versions()["Patient"] == 1
    assert f"the key {name} that this payload was sealed with is not in redbag.keys" in here.run("deliveries show 1").stdout

    with (here.folder / "redbag.keys").open("a") as file:
        file.write(lost_key)
    here.later()
    assert "1 delivered" in here.well("work --until-idle")
    assert here.versions()["Patient"] == 2


@pytest.mark.parametrize("command", ["keys new", SEND, "work --until-idle", "deliveries replay 1"])
def test_where_the_store_needs_keys_that_are_gone_nobody_is_told_to_make_new_ones(quiet: Desk, command: str) -> None:
    quiet.residents(another("a"))
    quiet.well(SEND)
    file = quiet.folder / "redbag.keys"
    name = file.read_text().split()[0]
    file.rename(quiet.folder / "elsewhere")
    result = quiet.run(command)
    assert (result.exit_code, result.stderr) == (Exit.PERSON if command == "keys new" else Exit.NOTHING, (
        f"redbag.keys: there is no such file of keys, and redbag.db holds what was sealed with {name}: put the file back from your copy. "
        "If there is none, `redbag keys new --lost` makes a new one, and what was sealed must be sent anew.\n"))
    assert not file.exists()
    assert f"{name}: 1 payload (missing: " in quiet.run("keys list").stdout
    (quiet.folder / "elsewhere").rename(file)
    assert "1 repeated" in quiet.well(SEND)


def test_the_file_of_keys_is_its_owners_and_never_shown(quiet: Desk) -> None:
    file = quiet.folder / "redbag.keys"
    assert file.stat().st_mode & 0o077 == 0
    secret = file.read_text().split()[1]
    said = quiet.run("keys new").output + quiet.run("keys list").output + quiet.run("doctor").output
    assert secret not in said
    assert "Keep a copy of it apart from the database and its backups" in said


def test_sentences() -> None:
    assert [doctest.testmod(module).failed for module in (configured, reconcile)] == [0, 0]
    assert json.dumps(reconcile.Found().counts())
