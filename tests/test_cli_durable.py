"""`redbag send --durable`, `retract --durable`, `work`: what is told to be accepted is, whatever goes wrong. Counted at the server."""
from __future__ import annotations

import doctest
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from adapter import wire
from adapter.commands import durable
from adapter.commands.exits import Exit
from adapter.commands.server import is_address
from tests import stores
from tests.at_the_desk import NAME, SEND, Desk
from tests.test_cli import CANARY, ROOT, another, example, lines, ndjson

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
LATER = "2025-01-15T21:45:00Z"  # a day after the example


def accepted(here: Desk) -> int:
    """How many deliveries there are, whoever is at work on the store."""
    with suppress(sqlite3.OperationalError):  # it is not made yet
        return int(here.asked("SELECT count(*) FROM delivery")[0][0]) if (here.folder / "redbag.db").exists() else 0
    return 0


# ---- accepting -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_accepted_then_delivered_and_again_nothing_is_written(here: Desk, database: str) -> None:
    here.configure('patient = "create-if-missing"', store=f'database = "{stores.address(database, Path())}"')
    here.residents(another("a"), another("b"))
    first = here.run(f"{SEND} --json")
    assert lines(first, "result") == [{"exit": 0, "residents": 2, "refused": 0, "warnings": 8, "accepted": 2, "repeat": 0, "older": 0,
                                       "conflict": 0, "superseded": 0}]
    assert here.versions() == {}
    assert "2 delivered, 0 dead.\n" in here.process("work --until-idle")
    there = here.versions()
    assert there["Patient"] == 2
    assert "0 accepted, 2 repeated" in here.well(SEND)
    assert "0 delivered, 0 dead.\n" in here.process("work --until-idle")
    assert here.versions() == there


def test_who_is_refused_is_told_and_the_others_are_accepted(quiet: Desk) -> None:
    quiet.residents(another("a"), another("b", as_of="yesterday"), another("c"))
    result = quiet.run(SEND)
    assert result.exit_code == Exit.PARTIAL
    assert "home.ndjson:2:" in result.stderr
    assert ": error: as_of: " in result.stderr
    assert "3 residents, 1 refused, " in result.stderr
    assert "; 2 accepted. `redbag work` delivers what is accepted." in result.stderr


def test_the_newer_record_takes_the_place_of_what_waited_and_an_older_one_is_not_accepted(quiet: Desk) -> None:
    quiet.residents(another("a"))
    quiet.well(SEND)
    quiet.residents(another("a", as_of=LATER))
    assert "1 accepted (in place of 1 that was waiting)" in quiet.well(SEND)
    quiet.residents(another("a"))
    older = quiet.run(SEND)
    assert older.exit_code == Exit.NOTHING
    assert "record 1: this is of 2025-01-14T21:45:00Z, and delivery 2 of 2025-01-15T21:45:00Z was accepted before" in older.stderr
    assert "say that the older one is meant (--older)\n" in older.stderr
    assert older.stderr.endswith("0 accepted, 1 older than what was accepted before.\n")
    assert "1 accepted" in quiet.well(f"{SEND} --older")


def test_what_residents_share_is_accepted_once_and_counted_as_nobodys(quiet: Desk) -> None:
    """Two of one home and one practice, the second from an older export: hers is accepted all the same."""
    quiet.configure('directory = "own"')
    quiet.residents(another("a"), another("b", as_of="2025-01-13T21:45:00Z"))
    result = quiet.run(SEND)
    assert result.exit_code == Exit.DONE
    assert "2 accepted. " in result.stderr
    assert "was accepted before" not in result.stderr
    [(lanes,)] = quiet.asked("SELECT count(*) FROM lane")
    [(shared,)] = quiet.asked("SELECT count(*) FROM lane WHERE subject LIKE '%/%'")
    assert lanes == shared + 2
    assert shared > 0


def test_under_one_event_one_thing_is_accepted(quiet: Desk) -> None:
    quiet.residents(another("a"))
    assert "1 accepted" in quiet.well(f"{SEND} --event admitted-7")
    assert "1 repeated" in quiet.well(f"{SEND} --event admitted-7")
    quiet.residents(another("a", as_of=LATER))
    other = quiet.run(f"{SEND} --event admitted-7")
    assert other.exit_code == Exit.NOTHING
    assert "this event's id was given before, with other content (delivery 1)" in other.stderr
    quiet.residents(another("a"), another("b"))
    several = quiet.run(f"{SEND} --event moved-8")
    assert several.exit_code == Exit.USAGE
    assert quiet.asked("SELECT count(*) FROM delivery") == [(1,)]


def test_an_event_that_is_told_again_when_it_was_refused_is_for_a_person(here: Desk) -> None:
    here.configure()  # nobody is made there
    here.residents(another("a"))
    send = f"{SEND} --event admitted-7"
    here.well(send)
    here.run("work --until-idle")
    result = here.run(send)
    assert result.exit_code == Exit.PERSON
    told = rf"record 1: accepted before, on {TIME}: delivery 1 is dead. `redbag deliveries show 1` says why; replay it, or send what was"
    assert re.search(told, result.stderr), result.stderr
    assert lines(here.run(f"{send} --json"), "result")[0]["exit"] == Exit.PERSON


def test_an_event_that_is_told_again_when_it_was_delivered_says_how_it_is_sent_once_more(here: Desk) -> None:
    here.residents(another("a"))
    send = f"{SEND} --event admitted-7"
    here.well(send)
    here.well("work --until-idle")
    assert "delivery 1 is delivered. Under this id it is accepted once; --again instead of --event accepts it once more." in here.well(send)
    assert "; 1 accepted. " in here.well(f"{SEND} --again")


def test_the_same_is_accepted_once_more_when_that_is_said(here: Desk) -> None:
    """As when the hospital has lost what it had, or somebody took it back there."""
    here.residents(another("a"), another("b"))
    here.well(SEND)
    here.well("work --until-idle")
    here.well(f"retract --record home.ndjson --resident a --to {NAME}")
    there = here.versions()
    again = here.well(SEND)
    assert re.search(rf"; 0 accepted, 2 repeated \(accepted before, the last on {TIME}\)\. --again accepts it once more\.", again), again
    here.well("work --until-idle")
    assert here.versions() == there
    assert "; 2 accepted. " in here.well(f"{SEND} --again")
    assert "1 to be looked at" in here.run("work --until-idle").stderr  # her Patient, which was taken back, stays marked as not in use
    assert here.versions() != there


def test_a_run_that_is_killed_has_accepted_what_it_told_and_again_accepts_the_rest(quiet: Desk) -> None:
    """Of 1,000 residents; the second time nobody is there twice."""
    quiet.residents(*(another(f"r{i}", allergies="none known", vaccinations="none known") for i in range(1000)))
    command = [sys.executable, "-c", "from adapter.cli import main; main()", *f"{SEND} --json".split()]
    with subprocess.Popen(command, cwd=quiet.folder, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}) as run:
        assert run.stdout
        told = [wire.loads(run.stdout.readline())["receipt"] for _ in range(150)]
        run.kill()
    assert {each["became"] for each in told} == {"accepted"}
    [(before,)] = quiet.asked("SELECT count(*) FROM delivery")
    assert 150 <= before < 1000
    assert f"{1000 - before:,} accepted, {before:,} repeated" in quiet.well(SEND)
    assert quiet.asked("SELECT count(*), count(DISTINCT lane) FROM delivery") == [(1000, 1000)]


def test_interrupted_it_says_what_is_accepted(quiet: Desk) -> None:
    quiet.residents(*(another(f"r{i}", allergies="none known", vaccinations="none known") for i in range(1000)))
    command = [sys.executable, "-c", "from adapter.cli import main; main()", *SEND.split()]
    with subprocess.Popen(command, cwd=quiet.folder, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}) as run:
        while not accepted(quiet):
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=20)
    told = re.fullmatch(r"Interrupted: ([\d,]+) accepted. Run the same again: what is accepted already is not accepted twice.\n", said)
    assert told, said
    assert run.returncode == Exit.INTERRUPTED
    assert int(told[1].replace(",", "")) <= accepted(quiet) < 1000


def test_rows_of_an_export_that_are_refused_are_left_to_be_corrected(quiet: Desk) -> None:
    quiet.example("larkfield")
    file = quiet.folder / "larkfield" / "RESIDENTS.CSV"
    file.write_bytes(file.read_bytes().replace(b"1938", b"19E8"))
    result = quiet.run(f"send larkfield --layout larkfield.toml --to {NAME} --durable --refused again")
    assert result.exit_code == Exit.NOTHING, result.output
    assert "The rows of the refused are in again" in result.stderr
    assert quiet.asked("SELECT count(*) FROM delivery") == [(0,)]


def test_an_export_whose_name_is_not_in_utf_8_is_accepted_and_named(here: Desk) -> None:
    here.configure()
    here.example("mossgate")
    name = os.fsdecode(b"h\xfcgel.xml")
    (here.folder / "mossgate" / "export.xml").rename(here.folder / name)
    assert "1 accepted" in here.well(f"send '{name}' --layout mossgate.toml --to {NAME} --durable")
    here.run("work --until-idle")
    assert "h?gel.xml, line " in here.well("deliveries show 1")


def test_a_bundle_is_accepted_to_the_byte_if_it_can_be_sent_twice(here: Desk) -> None:
    she = {"resourceType": "Patient", "identifier": [{"system": "https://home.example/Id/Patient", "value": "a"}]}
    request = {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=https://home.example/Id/Patient|a"}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": she, "request": request}]}
    (here.folder / "bundle.json").write_bytes(wire.dumps(bundle))
    send = f"send bundle.json --to {NAME} --durable"
    assert here.well(send) == "Accepted as delivery 1. `redbag work` delivers it.\n"
    assert re.fullmatch(rf"Accepted before, on {TIME}: delivery 1 is waiting. `redbag work` delivers it.\n", here.well(send))
    here.network.meets(first=["swallow"], methods=["POST"])
    while here.run("work --until-idle").exit_code != Exit.DONE:
        here.later()
    assert here.versions() == {"Patient": 1}
    del request["ifNoneExist"]
    (here.folder / "bundle.json").write_bytes(wire.dumps(bundle))
    twice = here.run(send)
    assert twice.exit_code == Exit.NOTHING
    assert "bundle.json: entry[0] would do twice what it does when it is sent twice: expected PUT, or POST with ifNoneExist" in twice.stderr


def test_whom_a_bundle_is_about_can_be_said_where_it_does_not_say_so(quiet: Desk) -> None:
    """As what `convert` makes for a server where she is known: her Patient is not in it."""
    quiet.residents(another("a"))
    bundle = quiet.run("convert home.ndjson").stdout_bytes
    unsaid = quiet.run(f"send - --to {NAME} --durable", bundle)
    assert unsaid.exit_code == Exit.NOTHING
    assert "it is not certain whom it is about" in unsaid.stderr
    assert "--source and --resident" in unsaid.stderr
    whose = f"--source {example()['source']} --resident a"
    assert "accepted as delivery 1" in quiet.well(f"send - --to {NAME} --durable {whose}", bundle).lower()
    assert "delivery 2" in quiet.well(f"send - --to {NAME} --durable {whose} --again", bundle)
    assert quiet.asked("SELECT count(*) FROM lane") == [(1,)]
    quiet.residents(another("a", as_of=LATER))
    assert "1 accepted (in place of 2 that were waiting)" in quiet.well(SEND)  # it was her lane


def test_when_it_is_full_nothing_more_is_accepted_and_what_is_stays(quiet: Desk) -> None:
    quiet.residents(another("a"))
    quiet.well(SEND)
    quiet.configure(store="cap_mb = 10")
    quiet.filled(11_000_000)
    quiet.residents(another("b"))
    full = quiet.run(SEND)
    assert full.exit_code == Exit.NOTHING
    assert full.stderr.startswith("redbag.db: nothing more is accepted, its cap of 10 MB is reached: it holds 1 delivery (1 waiting) in ")
    assert full.stderr.endswith("Until then: 0 accepted. Run the same again: what is accepted already is not accepted twice.\n")
    assert accepted(quiet) == 1
    quiet.configure(store="cap_mb = 30")
    assert "1 accepted" in quiet.well(SEND)


# ---- retracting ------------------------------------------------------------------------------------------------------------------
def test_a_retraction_takes_back_what_was_delivered_and_what_waits_is_never_sent(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    here.well("work --until-idle")
    here.residents(another("a", as_of=LATER))
    here.well(SEND)
    assert "Retraction accepted as delivery 3; 1 delivery of hers that waited will not be sent." in here.well(
        f"retract --record home.ndjson --to {NAME} --durable")
    here.well("work --until-idle")
    said = here.well(f"retract --record home.ndjson --to {NAME} --dry-run")
    assert "resident: Patient/… is taken back" not in said
    heads = [line for line in here.well("deliveries show 1").splitlines() if re.match(r"  \d", line)]
    assert [line.rpartition(", ")[2] for line in heads] == ["delivered", "superseded", "delivered"]


# ---- what the command line refuses -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("command", "says"), [
    ("send home.ndjson --to https://hospital.example --durable", "--durable is for an endpoint of the configuration"),
    (f"{SEND} --dry-run --replace", "--dry-run, --replace: not with --durable"),
    (f"{SEND} --patient upsert", "--patient: not with --durable"),
    (f"{SEND} --event e --again", "--event and --again: under one id one thing is accepted, once"),
    (f"send home.ndjson --to {NAME} --again", "--again: only with --durable"),
    (f"{SEND} --resident a", "--source and --resident say together whom a Bundle is about: give both."),
    (f"{SEND} --resident a --source urn:home", "--source and --resident are for a FHIR Bundle"),
    (f"send home.ndjson --to {NAME} --urgent", "--urgent: only with --durable"),
    ("send home.ndjson --to st-brigit --durable", "There is no endpoint of that name in redbag.toml"),
    ("deliveries list --older-than soon", "--older-than: expected a number with its unit, such as 90s"),
    ("deliveries show", "Say whom: by the number of a delivery"),
    ("deliveries show 1 --source https://home.example --resident a", "Say whom once"),
    ("deliveries release", "Say whose: the numbers of deliveries, --to NAME, or --all."),
])
def test_the_wrong_command_line_is_one_sentence(quiet: Desk, command: str, says: str) -> None:
    quiet.residents(another("a"))
    result = quiet.run(command)
    assert result.exit_code == Exit.USAGE
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_a_configuration_a_name_is_no_address(quiet: Desk) -> None:
    (quiet.folder / "redbag.toml").unlink()
    quiet.residents(another("a"))
    for command in (SEND, f"send home.ndjson --to {NAME}", f"pull --from {NAME} --record home.ndjson"):
        result = quiet.run(command)
        assert result.exit_code == Exit.USAGE
        assert result.stderr.startswith("That is no address (https://HOST/PATH), and there is no redbag.toml in which an endpoint")


def test_without_keys_it_is_said_how_they_are_made(quiet: Desk) -> None:
    (quiet.folder / "redbag.keys").unlink()
    quiet.residents(another("a"))
    result = quiet.run(SEND)
    assert (result.exit_code, result.stderr) == (Exit.NOTHING, (
        "redbag.keys: there is no such file of keys; make one with `redbag keys new`, or put its lines into REDBAG_KEYS.\n"))
    assert not (quiet.folder / "redbag.db").exists()


def test_every_fault_of_the_configuration_is_told_before_anything_is_read(quiet: Desk) -> None:
    quiet.configure('patient = "mach"', "concurrency = 0")
    result = quiet.run(f"send nowhere.ndjson --to {NAME} --durable")
    assert result.exit_code == Exit.NOTHING
    assert "redbag.toml:5: endpoint.st-brigids.patient: expected one of: match, create-if-missing, upsert" in result.stderr
    assert "redbag.toml:6: endpoint.st-brigids.concurrency: " in result.stderr
    assert "nowhere" not in result.stderr


@pytest.mark.parametrize(("said", "is_one"), [("https://a.example", True), ("localhost:8080", True), ("a/b", True), ("st-brigids", False),
                                              ("fhir.example", False)])
def test_an_address_is_known_from_a_name(said: str, is_one: bool) -> None:
    assert is_address(said) is is_one


# ---- an endpoint by its name, at once ------------------------------------------------------------------------------------------
def test_without_durable_an_endpoint_is_sent_to_at_once_as_it_is_configured(here: Desk) -> None:
    here.residents(another("a"))
    assert "1 delivered" in here.well(f"send home.ndjson --to {NAME}")
    assert here.versions()["Patient"] == 1
    assert not (here.folder / "redbag.db").exists()
    refused = here.run(f"send home.ndjson --to {NAME} --patient match")
    assert "1 delivered" in refused.output  # the command line wins; she is there by now
    here.residents(another("b"))
    assert here.run(f"send home.ndjson --to {NAME} --patient match").exit_code == Exit.NOTHING
    assert here.well(f"pull --from {NAME} --source {example()['source']} --resident a")


def test_sentences() -> None:
    assert doctest.testmod(durable).failed == 0


# ---- nothing of a resident shows -----------------------------------------------------------------------------------------------
def test_nothing_that_a_record_says_lies_in_the_clear_or_is_told(here: Desk, caplog: pytest.LogCaptureFixture) -> None:
    she = another(f"key-{CANARY}", source=f"https://{CANARY}.example/records".lower())
    she["resident"]["family_name"] = CANARY
    she["medicines"][0]["key"] = f"medicine-{CANARY}"
    (here.folder / f"{CANARY}.ndjson").write_bytes(ndjson(she))
    here.configure()
    told = [here.run(command).output.replace(f"{CANARY}.ndjson", "") for command in (
        f"send {CANARY}.ndjson --to {NAME} --durable", "work --until-idle", "deliveries list", "deliveries show 1",
        "deliveries show 1 --json", "deliveries replay 1", "doctor", "doctor --bundle support.zip", "backup copy.db", "keys list")]
    assert "1 accepted" in told[0]
    lies = [here.bytes().decode("latin-1"), (here.folder / "support.zip").read_bytes().decode("latin-1"), *told, caplog.text]
    assert [place for place, text in enumerate(lies) if CANARY.casefold() in text.casefold()] == []
