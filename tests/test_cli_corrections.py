"""`redbag retract`, `redbag records ended` and `redbag send --absence`, as a person at a command line meets them."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter.commands.absence import CUT
from adapter.commands.exits import Exit
from tests.test_cli import another, example, lines, ndjson, redbag
from tests.test_cli_server import address

__all__ = ["address"]
SOURCE = example()["source"]
EXAMPLES = Path(adapter.__file__).parent / "examples"


def vanished(record: dict[str, Any]) -> dict[str, Any]:
    """The next export: the first medicine is not in it any more, and no allergy is known."""
    return {**record, "medicines": record["medicines"][1:], "allergies": "none known"}


def test_send_says_what_absence_means(address: str) -> None:
    first = another("c1")
    redbag("send", "-", "--to", address, "--patient", "create-if-missing", said=ndjson(first))
    untold = redbag("send", "-", "--to", address, said=ndjson(vanished(first)))
    assert (untold.exit_code, untold.stderr.count("is no longer in your record; a person must look")) == (Exit.PERSON, 2)
    told = redbag("send", "-", "--to", address, "--absence", "medicines=stopped", "--absence", "allergies=entered-in-error", "--json",
                  said=ndjson(vanished(first)))
    assert (told.exit_code, lines(told, "result")[0]["rows"]["ended"]) == (Exit.DONE, 2)


def test_retract_shows_it_does_it_and_has_then_nothing_to_do(address: str) -> None:
    redbag("send", "-", "--to", address, "--patient", "create-if-missing", said=ndjson(another("c2")))
    whom = ("retract", "--to", address, "--source", SOURCE, "--resident", "c2")
    shown, done, again = redbag(*whom, "--dry-run"), redbag(*whom), redbag(*whom, "--json")
    assert [result.exit_code for result in (shown, done, again)] == [Exit.DONE] * 3
    assert shown.stdout.count("it would be entered in error there") == done.stderr.count("it is now entered in error there") > 10
    assert {lines(again, "result")[0]["rows"][n]["became"] for n in range(10)} == {"unchanged"}
    record = redbag("retract", "--to", address, "--record", "-", "--json", said=ndjson(another("c2")))
    assert record.exit_code == Exit.DONE


@pytest.mark.parametrize(("said", "code", "told"), [
    ((), Exit.USAGE, "Say whom"), (("--source", SOURCE), Exit.USAGE, "Say whom"),
    (("--source", "Rose House", "--resident", "c3"), Exit.USAGE, "a URI that the sender owns"),
    (("--source", SOURCE, "--resident", "never sent"), Exit.NOTHING, "nothing of yours under this key")])
def test_retract_must_be_told_whom(address: str, said: tuple[str, ...], code: Exit, told: str) -> None:
    result = redbag("retract", "--to", address, *said)
    assert (result.exit_code, told in result.stderr) == (code, True)


def test_records_ended_adds_what_has_vanished(tmp_path: Path) -> None:
    before = tmp_path / "before.ndjson"
    before.write_bytes(ndjson(another("d1"), another("d2"), another("d3", medicines=[])))
    now = ndjson(vanished(another("d1")), another("d2"), another("d3"), another("d4"))
    result = redbag("records", "ended", "-", "--before", before, "--absence", "medicines=stopped", said=now)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [[m["status"] for m in r["medicines"]].count("stopped") for r in records] == [1, 0, 0, 0]
    assert (records[0]["allergies"], records[1]) == ("none known", another("d2"))
    assert result.exit_code == Exit.PARTIAL
    assert "rows of 1 resident have ended. 1 resident of the export before could not be read" in result.stderr


def test_nothing_is_concluded_from_an_export_that_was_cut_off(address: str, tmp_path: Path) -> None:
    """The file of medicines ends too early, between two rows; the file of their doses does not, and gives it away."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    shutil.copytree(EXAMPLES / "exports" / "larkfield", whole)
    shutil.copytree(whole, cut)
    (cut / "MEDICATION.CSV").write_bytes(b"".join((whole / "MEDICATION.CSV").read_bytes().splitlines(keepends=True)[:3]))
    send = ("send", "--layout", EXAMPLES / "layouts" / "larkfield.toml", "--to", address, "--patient", "create-if-missing", "--json")
    assert redbag(*send, whole).exit_code == Exit.DONE
    sent = redbag(*send, cut)
    assert "ended" not in lines(sent, "result")[0]["rows"]
    assert CUT in sent.stdout
    assert sum("no longer in your record" in says for says in lines(sent, "resident")[0]["says"]) == 2
    ended = redbag("records", "ended", cut, "--before", whole, "--layout", EXAMPLES / "layouts" / "larkfield.toml")
    assert (ended.exit_code, CUT in ended.stderr) == (Exit.PERSON, True)
    assert redbag(*send, whole).exit_code == Exit.DONE


@pytest.mark.parametrize("said", [(), ("--absence", "medicines=gone"), ("--absence", "allergies=stopped"), ("--absence", "medicines"),
                                  ("--absence", "medicines=stopped", "--absence", "medicines=unknown")])
def test_what_absence_may_mean_is_said_where_it_was_not(said: tuple[str, ...], tmp_path: Path) -> None:
    before = tmp_path / "before.ndjson"
    before.write_bytes(ndjson(another("d1")))
    result = redbag("records", "ended", "-", "--before", before, *said, said=ndjson(another("d1")))
    assert (result.exit_code, "medicines=stopped or entered-in-error or unknown" in result.stderr) == (Exit.USAGE, True)
