"""`redbag deliveries`: what became of it, and what a person decides. The bad day of docs/delivery.md is played here, to the letter."""
from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from adapter import demo, hospital
from adapter.commands import deliveries, line, work
from adapter.commands.exits import Exit
from adapter.commands.line import HELD, state_of
from adapter.delivery.store.people import Line
from tests.at_the_desk import NAME, SEND, Desk
from tests.at_work import Hand, Home
from tests.test_cli import ROOT, another, example, lines

PAGE = ROOT / "docs" / "delivery.md"
LATER = "2025-01-15T21:45:00Z"
A_LINE = Line(id=7, lane=1, endpoint=NAME, subject="s", kind="complete", state="queued", urgent=False, as_of=None, place="record 1",
              accepted=0.0, expires=None, settled=None, attempts=0, outcome="", says=(), lane_state="active", held="", held_because="",
              due=None, in_flight=False, kept=True)


# ---- the page --------------------------------------------------------------------------------------------------------------------
def test_the_bad_day_of_the_page_is_what_the_commands_say(here: Desk, tmp_path: Path) -> None:
    """An answer that never comes, a patient whom the hospital does not know, and the day after."""
    here.configure()
    here.example("larkfield")
    told = [here.typed(f"send larkfield --layout larkfield.toml --to {NAME} --durable"), here.typed("work --until-idle")]
    asyncio.run(she_is_registered(here, tmp_path))
    told.append(here.typed("deliveries replay 1"))
    here.network.meets(first=["swallow"], methods=["POST"])
    while here.run("work --until-idle").exit_code != Exit.DONE:
        here.later()
    told.append(here.typed("deliveries show 1"))
    page = re.search(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert page
    assert plain("\n".join(told)) == plain(page[1])


async def she_is_registered(here: Desk, folder: Path) -> None:
    told = demo.at_home(demo.HOMES[0], folder)
    async with httpx.AsyncClient(base_url=here.hospital) as theirs:
        await hospital.register(theirs, demo.known_before(told.record, "H-1"))


def plain(text: str) -> str:
    """Without times, durations, and names of machines."""
    for what, instead in ((r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME"), (r"\d+(\.\d)? s\b", "SECONDS"), (r"At work as \S+,", "At work,"),
                          (r"POST http\S+", "POST URL:")):
        text = re.sub(what, instead, text)
    return text.strip()


def test_the_page_has_every_state_and_every_command_it_names() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for state in deliveries.STORED:
        assert f"\n| {state} |" in page, state
    from typer.main import get_command

    from adapter.cli import app

    command = get_command(app)
    for verb, sub in set(re.findall(r"`redbag ([a-z]+)(?: ([a-z]+))?", page)):
        assert verb in command.commands, verb  # type: ignore[attr-defined]
        inner = getattr(command.commands[verb], "commands", None)  # type: ignore[attr-defined]
        assert inner is None or sub in inner, f"{verb} {sub}"


@pytest.mark.parametrize(("changed", "state"), [
    ({}, "waiting"), ({"in_flight": True}, "in-flight"), ({"lane_state": "held", "held": "hand"}, "held"), ({"state": "done"}, "delivered"),
    ({"state": "superseded"}, "superseded"), ({"state": "dead", "lane_state": "held", "held": "dead"}, "dead"),
])
def test_the_state_of_a_delivery(changed: dict[str, object], state: str) -> None:
    assert state_of(replace(A_LINE, **changed)) == state  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["deliveries list", "deliveries show 1", "deliveries release --all", "keys list", "keys reseal"])
def test_whoever_only_looks_makes_no_store(quiet: Desk, command: str) -> None:
    result = quiet.run(command)
    assert (result.exit_code, result.stderr) == (
        Exit.NOTHING, "There is no store redbag.db yet: `redbag send --durable` makes it when it accepts something.\n")
    assert not (quiet.folder / "redbag.db").exists()


@pytest.mark.parametrize(("subject", "says"), [("a160af13-c530-5290-917e-ab441b439ef9", "complete"),
                                               ("Location/a160af13-c530-5290-917e-ab441b439ef9", "complete of Location")])
def test_what_travels_by_itself_is_told_from_residents(subject: str, says: str) -> None:
    assert line.whole(replace(A_LINE, subject=subject)) == says


# ---- looking ---------------------------------------------------------------------------------------------------------------------
def test_the_list_shows_what_waits_and_counts_the_rest(quiet: Desk) -> None:
    quiet.residents(*(another(f"r{i}") for i in range(3)))
    quiet.well(SEND)
    quiet.well(f"{SEND} --urgent")  # a repeat, and urgent now
    result = quiet.run("deliveries list --most 2")
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [["3", "waiting"], ["2", "waiting"]]
    assert "complete, urgent" in result.stdout
    assert "st-brigids: 3 accepted; 0 delivered, 0 superseded, 0 dead, 3 waiting." in result.stderr
    assert "Only the newest 2 of them are listed." in result.stderr
    assert quiet.well("deliveries list --older-than 1h").count("waiting     ") == 0
    assert lines(quiet.run("deliveries list --state delivered --json"), "delivery") == []
    [said, *_] = lines(quiet.run("deliveries list --json"), "delivery")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["accepted"])


def test_a_resident_is_found_by_her_key_by_her_record_and_by_a_number(quiet: Desk) -> None:
    quiet.residents(another("a"), another("b"))
    quiet.well(SEND)
    quiet.residents(another("b"))
    ways = ["deliveries show 2", "deliveries show --record home.ndjson",
            f"deliveries show --source {example()['source']} --resident b"]
    first, *others = (quiet.well(way) for way in ways)
    assert "accepted (record 2)" in first
    assert others == [first, first]
    nobody = quiet.run(f"deliveries show --source {example()['source']} --resident z")
    assert (nobody.exit_code, nobody.stderr.partition(":")[0]) == (Exit.NOTHING, "Nothing was ever accepted about her")


# ---- deciding --------------------------------------------------------------------------------------------------------------------
def dead(here: Desk, *each: object) -> None:
    """The hospital knows none of them, and they are not made there."""
    here.configure()
    here.residents(*each)
    here.well(SEND)
    assert here.run("work --until-idle").exit_code == Exit.PERSON


def test_a_newer_record_passes_a_dead_one(here: Desk) -> None:
    dead(here, another("a"))
    assert "At st-brigids: held behind a dead delivery" in here.well("deliveries show 1")
    here.configure('patient = "create-if-missing"')
    here.residents(another("a", as_of=LATER))
    here.well(SEND)
    here.well("work --until-idle")
    assert "1 delivered, 0 superseded, 1 dead" in here.well("deliveries list")
    assert "dead  " not in here.run("deliveries list").stdout  # it holds nobody any more
    assert here.run("deliveries replay 1").stderr == (
        "Delivery 1: a later one of this lane has gone out since, and this must not go over it: let the sender send it anew.\n")


def test_skip_goes_on_without_it(here: Desk) -> None:
    dead(here, another("a"), another("b"))
    result = here.run("deliveries skip 1 2 3")
    assert result.exit_code == Exit.PARTIAL
    assert result.stderr.splitlines() == ["Delivery 1 is left out.", "Delivery 2 is left out.", "There is no delivery 3."]
    assert here.run("deliveries list").stdout == ""
    assert here.versions() == {}


def test_all_that_is_dead_is_tried_again_at_once(here: Desk) -> None:
    """As after an address was wrong. What was left out stays so."""
    dead(here, another("a"), another("b"), another("c"))
    here.well("deliveries skip 2")
    assert "3 dead (2 hold their lanes), 0 waiting" in here.well("deliveries list")
    assert [each["outcome"] for each in lines(here.run("deliveries list --state dead --json"), "delivery")] == ["dead", "skipped", "dead"]
    here.configure('patient = "create-if-missing"')
    assert here.run("deliveries replay").exit_code == Exit.USAGE
    assert here.run("deliveries replay --to elsewhere").exit_code == Exit.USAGE
    assert here.well(f"deliveries replay --to {NAME}").splitlines() == ["Delivery 1 is tried again.", "Delivery 3 is tried again."]
    here.well("work --until-idle")
    assert here.versions()["Patient"] == 2
    assert here.well("deliveries replay --all") == "Nothing that is dead holds anybody.\n"


def test_what_is_held_is_found_though_nothing_waits_there(here: Desk) -> None:
    here.residents(another("a"), another("b"))
    here.well(SEND)
    here.well("work --until-idle")
    assert here.well("deliveries hold 2") == "Delivery 2: its lane is held.\n"
    for command in ("deliveries list", "deliveries list --state held"):
        listed = here.run(command).stdout.splitlines()
        assert [line.split()[:2] for line in listed] == [["2", "delivered"]]
        assert listed[0].endswith("(record 2): what comes after it is held by hand")
    assert "1 lane is held by hand (release; `redbag deliveries list --state held` shows which)" in here.run("doctor").stdout
    here.well("deliveries release 2")
    assert here.run("deliveries list").stdout == ""


@pytest.mark.parametrize(("kinds", "tried"), [
    ("change change change", [3, 2, 1]),
    ("change complete change", [3, 2]),  # what says the whole needs nothing of what was before
    ("change done change", [3]),
    ("change change skipped", [2, 1]),
])
def test_all_the_dead_changes_of_a_lane_are_tried_again_in_order(tmp_path: Path, kinds: str, tried: list[int]) -> None:
    """As when the server was away for longer than they had time."""
    hand = Hand()
    with Home(tmp_path, clock=hand.clock) as home:
        for number, kind in enumerate(kinds.split(), 1):
            home.accept(f"Mary {number}", kind="complete" if kind == "complete" else "change", lasts=None if kind == "done" else 100.0)
        hand.seconds += 200
        while home.store.expire("acute"):
            pass
        for number, kind in enumerate(kinds.split(), 1):
            if kind == "skipped":
                home.store.people.skip(number)
            elif kind == "done":
                home.store.people.found(number, "is there")
        while home.store.expire("acute"):
            pass
        home.accept("Ida 1")
        assert deliveries.holding(home.store, "acute") == tried
        for number in deliveries.holding(home.store, "acute"):
            home.store.people.replay(number)
        home.works()
        assert home.lanes()["Mary"] == [f"Mary {number}" for number in reversed(tried)]
        assert deliveries.holding(home.store, "acute") == []


def test_replay_and_it_has_time_again(here: Desk) -> None:
    dead(here, another("a"))
    here.configure('patient = "create-if-missing"', "expires_hours = 1")
    [(before,)] = here.asked("SELECT expires FROM delivery")
    here.well("deliveries replay 1")
    [(after,)] = here.asked("SELECT expires FROM delivery")
    assert after < before  # an hour, and no longer three days
    here.well("work --until-idle")
    assert here.versions()["Patient"] == 1  # as the endpoint is configured now
    assert "replayed (by hand)" in here.well("deliveries show 1")


def test_held_by_hand_nothing_is_sent_until_it_is_released(here: Desk) -> None:
    here.residents(another("a"), another("b"))
    here.well(SEND)
    here.well("deliveries hold 1")
    here.residents(another("a", as_of=LATER))
    accepted = here.run(SEND)
    assert "its lane is held, so it waits" in accepted.stderr
    assert here.run("work --until-idle").exit_code == Exit.PERSON
    assert here.versions()["Patient"] == 1
    assert "held by hand" in here.run("deliveries list --state held").stdout
    assert "1 lane released." in here.well("deliveries release --all")
    here.well("work --until-idle")
    assert here.versions()["Patient"] == 2


def test_a_delivery_dies_when_its_time_is_over_and_says_how_long_it_was_tried(here: Desk) -> None:
    here.configure("expires_hours = 0.0001")
    here.residents(another("a"))
    here.well(SEND)
    here.network.down()
    said = ""
    for _ in range(20):
        here.later()
        here.run("work --until-idle")
        if "dead" in (said := here.run("deliveries show 1").stdout):
            break
    assert "its time ran out, " in said
    assert "after it was accepted; it was" in said


def test_words() -> None:
    assert set(HELD) == {"dead", "hand", "restored"}
    import doctest

    assert [doctest.testmod(module).failed for module in (line, deliveries, work)] == [0, 0, 0]
