"""`redbag work`: what was accepted arrives, once in effect, whatever goes wrong on the way; and it stops when it is told to."""
from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest
from typer.testing import Result

from adapter.commands import work
from adapter.commands.exits import Exit
from adapter.commands.talk import Talk
from adapter.delivery.store.errors import StoreAway, StoreError, StoreFull
from tests.at_the_desk import NAME, SEND, Desk
from tests.test_cli import ROOT, another, lines

WORK = [sys.executable, "-c", "from adapter.cli import main; main()", "work", "--name", "ward"]


def test_after_an_answer_that_never_came_it_is_sent_again_and_is_there_once(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    here.network.meets(first=["swallow"], methods=["POST"])
    here.well("work --until-idle")
    shown = here.well("deliveries show 1")
    assert "attempt 1, " in shown
    assert "not known whether it was taken" in shown
    assert "delivered (" in shown.splitlines()[-1]
    assert set(here.versions().values()) <= {1, 2, 3, 8}  # of each type as many as she has: no version twice
    assert sum(here.versions().values()) == 18


def test_while_the_hospital_is_away_it_waits_and_nothing_is_lost(here: Desk) -> None:
    here.configure('patient = "create-if-missing"', "seconds = 1")
    here.residents(another("a"))
    here.well(SEND)
    here.network.down()
    away = here.run("work --until-idle")
    assert away.exit_code == Exit.AGAIN
    assert "the next is due in" in away.stderr
    assert "1 waiting" in here.well("deliveries list")
    here.network.up()
    here.configure('patient = "create-if-missing"')
    here.later()
    assert "1 delivered, 0 dead.\n" in here.well("work --until-idle")
    assert here.versions()["Patient"] == 1


def test_a_server_that_is_busy_is_asked_twice_and_then_left_to_the_store(here: Desk) -> None:
    """It knows when to try again, and for everybody."""
    here.residents(another("a"))
    here.well(SEND)
    here.network.meets(first=["503"] * 4, methods=["GET"])
    here.run("work --until-idle")
    here.later()
    here.run("work --until-idle")
    shown = here.well("deliveries show 1")
    assert re.search(r"the endpoint's trouble, .*: .* 503: .* \(1 time more, the last at .*Z\)\n.* attempt 1, ", shown)
    assert here.versions()["Patient"] == 1


def test_that_an_endpoint_is_in_trouble_is_told_once_and_that_it_is_over(here: Desk) -> None:
    here.residents(another("a"))
    here.well(SEND)
    here.network.meets(first=["503"] * 9, methods=["GET"])
    with subprocess.Popen(WORK, cwd=here.folder, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}) as run:
        assert run.stderr
        told = [run.stderr.readline() for _ in range(3)]
        run.terminate()
        assert run.stderr.read() == "1 delivered, 0 dead.\n"
    assert re.fullmatch(rf"{NAME} is in trouble: .*503.*\. It is tried now and then, and what is for it waits\.\n", told[1])
    assert re.fullmatch(rf"{NAME} is well again, after \d+(\.\d)? s\.\n", told[2])


def test_quiet_hours_are_told(here: Desk) -> None:
    here.configure('patient = "create-if-missing"', 'quiet = ["00:00-12:00", "12:00-23:59", "23:59-00:00"]')
    here.residents(another("a"))
    here.well(SEND)
    run = here.run("work --until-idle")
    assert run.exit_code == Exit.AGAIN
    says = f"{NAME} keeps its quiet hours for another 2 days: only what is urgent is sent there.\n"
    assert run.stderr.endswith(f"; the next is due in 2 days. {says}")
    assert says in here.run("deliveries list").stderr


def test_a_worker_that_is_stopped_ends_gently(here: Desk) -> None:
    with subprocess.Popen(WORK, cwd=here.folder, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}) as run:
        assert run.stderr
        assert run.stderr.readline() == f"At work as ward, for {NAME}. Ctrl-C stops it gently.\n"
        second = here.run("work --until-idle")
        assert second.exit_code == Exit.NOTHING
        assert "redbag.db.lock is another worker's: one process works on a SQLite store" in second.stderr
        assert "At work" not in second.stderr
        run.terminate()
        assert run.wait(20) == Exit.DONE
    assert here.asked("SELECT count(*) FROM worker") == [(0,)]


def test_what_is_for_a_person_is_told_at_once_in_the_vendors_words(here: Desk) -> None:
    here.configure()  # nobody is made there
    here.example("larkfield")
    here.well(f"send larkfield --layout larkfield.toml --to {NAME} --durable")
    said = here.run("work --until-idle")
    assert said.exit_code == Exit.PERSON
    told = [line for line in said.stderr.splitlines() if line.startswith("Delivery 1")]
    assert told
    assert "Delivery 1 to st-brigids (record 1), refused: RESIDENTS.CSV, line 2 (resident): the server has no patient" in told[0]


def test_what_was_delivered_and_is_for_a_person_is_told_counted_and_listed_until_it_is_settled(here: Desk) -> None:
    def edited(resource: dict[str, Any]) -> None:
        httpx.put(f"{here.hospital}/MedicationStatement/{resource['id']}", json=resource).raise_for_status()

    def export(day: int) -> Result:
        here.residents({**another("a"), "as_of": f"2026-12-{day:02}T08:00:00Z"})
        here.well(SEND)
        return here.run("work --until-idle")

    assert export(1).exit_code == Exit.DONE
    ours = httpx.get(f"{here.hospital}/MedicationStatement").json()["entry"][0]["resource"]
    edited(ours | {"note": [{"text": "seen by the ward"}]})
    said = export(2)
    assert said.exit_code == Exit.PERSON
    assert "Delivery 2 to st-brigids (record 1), delivered, and a person should look: medicines[" in said.stderr
    assert "1 delivered (1 to be looked at: `redbag deliveries list --state look`), 0 dead." in said.stderr
    listed = here.well("deliveries list --state look")
    assert [line.split()[:2] for line in listed.splitlines() if line.startswith(" ")] == [["2", "delivered"]]
    assert "delivered, and a person should look" in here.well("deliveries show 2")
    edited(ours)
    assert export(3).exit_code == Exit.DONE
    assert "medicines[" not in here.well("deliveries list --state look")


# ---- what is looked after meanwhile --------------------------------------------------------------------------------------------
def test_what_waits_for_an_endpoint_that_is_not_named_any_more_is_told_and_dies_in_its_time(here: Desk) -> None:
    here.configure("expires_hours = 0.0001")
    here.residents(another("a"))
    here.well(SEND)
    here.configure(name="elsewhere")
    says = f"{NAME}: 1 delivery waits for it, and redbag.toml does not name it.\n"
    first = here.run("work --until-idle")
    assert (first.exit_code, says in first.stderr) == (Exit.PERSON, True)
    time.sleep(0.5)
    here.run("work --until-idle")
    assert "its time ran out" in here.well("deliveries show 1")
    again = here.run("work --until-idle")
    assert says not in again.stderr


def test_whose_time_runs_out_is_told_and_counted(here: Desk) -> None:
    here.configure("expires_hours = 0.0001")
    here.residents(another("a"), another("b"))
    here.well(SEND)
    time.sleep(0.5)
    says = "its time ran out, N seconds after it was accepted; it was not tried"
    ended = here.run("work --until-idle")
    assert ended.exit_code == Exit.PERSON
    assert sorted(re.sub(r"\d+ s", "N s", line) for line in ended.stderr.splitlines() if line.startswith("Delivery")) == [
        f"Delivery {number} to {NAME} (record {number}), dead: {says}" for number in (1, 2)]
    assert "0 delivered, 2 dead; 2 lanes are held" in ended.stderr
    here.well(f"{SEND} --again")
    time.sleep(0.5)
    found = here.run("work --until-idle --json")
    assert [re.sub(r"\d+ s", "N s", *each["says"]) for each in lines(found, "dead")] == [says] * 2
    assert lines(found, "result")[0]["dead"] == 2


def test_what_cannot_be_tidied_up_is_told_once_and_tidied_up_later(capsys: pytest.CaptureFixture[str]) -> None:
    """As when the disk is full, and then has room again."""
    full, away = StoreFull("redbag.db: the disk is full"), StoreAway("redbag.db: another process is writing")
    coming: list[StoreError | None] = [None, full, full, away, full, None, full]
    over = asyncio.Event()

    def once() -> None:
        if not coming:
            over.set()
        elif error := coming.pop(0):
            raise error

    asyncio.run(asyncio.wait_for(work.tidy(once, Talk(), over, every=0.001), 5))
    assert coming == []
    assert capsys.readouterr().err == "Nothing is tidied up: redbag.db: the disk is full.\n" * 2
