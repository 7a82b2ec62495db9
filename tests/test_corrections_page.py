"""docs/corrections.md is true: its records are read and may travel, its tables are the program's, its commands and sentences exist."""
from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from adapter.bundle import Policy, transaction
from adapter.cli import app
from adapter.delivery import settled
from adapter.records.stream import care_records
from mappings.absence import ENDS, WORDS
from mappings.bag import CareRecord, findings
from mappings.corrections import Reason, Withdrawn, stopped
from tests.hospital import HOME, WHOLE

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "corrections.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line.split() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
SENTENCES = re.findall(r"^> (.*)$", PAGE, re.MULTILINE)


def table(first: str) -> list[list[str]]:
    """The lines of the table whose head begins with this, without the head."""
    _, _, rest = PAGE.partition(f"\n| {first} |")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_record_that_may_travel(example: str) -> None:
    bag = care_records().decode({"source": HOME, "as_of": "2026-11-02T08:00:00Z", **json.loads(example)})
    assert [f for f in findings(bag) if f.level == "refusal"] == []
    transaction(bag, Policy("upsert"))


def test_every_reason_has_its_example() -> None:
    said = {json.loads(example).get("withdrawn", {}).get("reason") for example in EXAMPLES}
    assert said - {None} == {reason.value for reason in Reason}


def test_the_words_of_absence_are_the_programs() -> None:
    assert {field.strip("`"): tuple(re.findall("`(.*?)`", words)) for field, words in table("List | Absence may mean")} == WORDS
    assert re.findall(r"^- `(.*?)`: ", PAGE, re.MULTILINE) == list(ENDS)


def endings() -> list[list[str]]:
    """The second table, from what the records become."""
    rows: dict[str, Any] = {field: tuple(map(stopped, getattr(WHOLE, field))) for field in WORDS}
    was = of(WHOLE)
    reasons = (Reason.WRONG_RESIDENT, Reason.MOVED_AWAY)
    ends = [of(replace(WHOLE, **rows)), *(of(replace(WHOLE, withdrawn=Withdrawn(reason))) for reason in reasons)]
    return [[kind.replace("Patient", "Patient, if the sender made it"), *(said(was[kind], now[kind]) for now in ends)] for kind in was]


def of(bag: CareRecord) -> dict[str, dict[str, Any]]:
    """One resource of each type."""
    return {e["resource"]["resourceType"]: e["resource"] for part in transaction(bag, Policy("upsert")) for e in part.bundle["entry"]}


def said(was: dict[str, Any], now: dict[str, Any]) -> str:
    changed = {k: now.get(k) for k in ("verificationStatus", "clinicalStatus", "status", "active") if was.get(k) != now.get(k)}
    return ", ".join(f"no {k}" if v is None else f"{k} `{code(v)}`" for k, v in changed.items())


def code(value: Any) -> str:
    return str(value["coding"][0]["code"] if isinstance(value, dict) else value).replace("False", "false")


def test_how_each_row_ends_is_what_the_records_become() -> None:
    assert sorted(table("Row")) == sorted(endings())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_has_these_options(command: list[str]) -> None:
    verb: Any = typer.main.get_command(app)
    words = command[1:]
    while hasattr(verb, "commands"):
        verb = verb.commands[words.pop(0)]
    known = {option for parameter in verb.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_a_sentence_is_one_that_is_said() -> None:
    assert SENTENCES == [settled.ONLY_OLD]


def test_every_place_on_the_page_exists() -> None:
    headings = {re.sub(r"[^a-z0-9 -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^## (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\(#(.*?)\)", PAGE)) == headings
