"""HL7's own test cases: our check against HL7's engine on resources that were made by others, to be hard."""
from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from tests.jury.agreement import ENGINE, Tally, keep
from tests.real import hl7_cases
from tests.real.engine import Engine
from tests.real.hl7_cases import digest, kept, signed, we_refuse, why

AGAIN = os.environ.get("REDBAG_JUDGE_AGAIN", "")
SAMPLE = ("00", "80")      # of the digests: of these the engine is asked each time
Cases = Mapping[str, bytes]


@pytest.fixture(scope="module")
def told(cases: Cases) -> Tally:
    agreement = Tally(ENGINE, hl7_cases.judge()["engine"], "HL7's own test cases")
    for name, content in cases.items():
        agreement.count(name, we_refuse(content), bool(kept()[digest(content)]))
    agreement.why = {name: reason for name in agreement.theirs + agreement.ours if (reason := why(name, kept()[digest(cases[name])]))}
    keep(agreement)
    return agreement


def test_the_engine_says_it_still(engine: Engine, cases: Cases) -> None:
    """Of a part of them; REDBAG_JUDGE_AGAIN asks of all that are new, or (1) of all."""
    known = kept() if hl7_cases.judge() == engine.who() and AGAIN != "1" else {}
    wanted = {digest(each): each for each in cases.values()}
    asked = [key for key in wanted if key not in known or key.startswith(SAMPLE)]
    said = {key: frozenset(issue.message_id for issue in engine.judge(wanted[key]).errors) for key in asked}
    if AGAIN:
        hl7_cases.keep(engine.who(), {key: said.get(key, known.get(key, frozenset())) for key in wanted})
    assert hl7_cases.judge() == engine.who(), "another engine: REDBAG_JUDGE_AGAIN=1 asks it about everything"
    assert {key: errors for key, errors in said.items() if errors != kept().get(key)} == {}


def test_there_are_enough_of_them(told: Tally) -> None:
    assert told.both > 1_700
    assert told.neither > 900


def test_where_we_do_not_agree_somebody_has_looked_why(told: Tally) -> None:
    assert [name for name in told.theirs + told.ours if name not in told.why] == []


def test_nothing_is_signed_in_vain(told: Tally, cases: Cases) -> None:
    errors = {error for entry in signed()["theirs"] for error in entry.get("errors", ())}
    named = {only: {name for entry in signed()[only] for name in entry.get("cases", ())} for only in ("theirs", "ours")}
    assert errors - {error for name in told.theirs for error in kept()[digest(cases[name])]} == set()
    assert (named["theirs"] - set(told.theirs), named["ours"] - set(told.ours)) == (set(), set())
