"""A record that is older than what the server has undoes nothing: neither what was taken back nor what came after it."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapter.bundle import Policy
from adapter.delivery.outcome import Verdict
from mappings.bag import CareRecord, Unlisted
from mappings.corrections import Reason
from tests.events import ALL, MATCH, NOTHING, again, visited, withdrawn
from tests.hospital import CREATE, POLICIES, WHOLE, Hospital, Ward

EARLIER, NOW, LATER = WHOLE.as_of, "2026-11-02T08:00:00+00:00", "2026-11-03T08:00:00+00:00"
SILENT = Unlisted.NOT_SUPPLIED
UNLISTED = replace(WHOLE, medicines=SILENT, allergies=SILENT, vaccinations=SILENT)  # nothing but a stay and a daughter
TAKEN_BACK = [(Reason.WRONG_RESIDENT, None), (Reason.MERGED, "r9"), (Reason.MOVED_AWAY, None)]
TOLD = f"as_of: this record is of {EARLIER} and the server has one of {NOW}; nothing was sent"


def of(bag: CareRecord, as_of: str) -> CareRecord:
    return replace(bag, as_of=as_of)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("reason", "into"), TAKEN_BACK)
def test_an_older_export_does_not_bring_back_what_was_taken_back(reason: Reason, into: str | None, policy: Policy) -> None:
    hospital, gone = visited(policy), withdrawn(reason, into, of(WHOLE, NOW))
    assert hospital.send(gone, policy).verdict is Verdict.DELIVERED
    seen = Ward(hospital).all()
    sent = hospital.send(WHOLE, policy)
    assert (sent.verdict is Verdict.DELIVERED, hospital.posts()) == (False, 0)
    assert sent.sentences[0].startswith(TOLD) or "was replaced by another" in sent.sentences[0]
    again(hospital, gone, policy)
    assert Ward(hospital).all() == seen
    if into is None:  # it was a mistake, or she has come back
        assert hospital.send(of(WHOLE, LATER), policy).verdict is Verdict.DELIVERED
        assert Ward(hospital).all() == ALL


def test_where_there_is_no_list_the_rows_say_of_what_time_they_were_taken_back() -> None:
    hospital = visited(MATCH, UNLISTED)
    hospital.send(withdrawn(Reason.WRONG_RESIDENT, None, of(UNLISTED, NOW)), MATCH)
    assert (hospital.send(UNLISTED, MATCH).verdict, Ward(hospital).all()) == (Verdict.REFUSED, NOTHING)
    another = replace(UNLISTED, stays=(replace(UNLISTED.stays[0], key="s7"),), related_persons=())
    assert (hospital.send(another, MATCH).verdict, Ward(hospital).all()) == (Verdict.REFUSED, NOTHING)


def test_a_list_that_had_ended_is_of_the_time_of_whoever_says_so_again() -> None:
    hospital = visited(MATCH)
    hospital.retract()
    sent = hospital.send(withdrawn(Reason.WRONG_RESIDENT, None, of(WHOLE, NOW)), MATCH)
    assert ({r["date"] for r in hospital.has("List")}, [r.name for r in sent.rows if r.became == "ended"]) == ({NOW}, [])
    assert (hospital.send(WHOLE, MATCH).verdict, Ward(hospital).all()) == (Verdict.REFUSED, NOTHING)


# ---- absence ---------------------------------------------------------------------------------------------------------------
STAYS = (WHOLE.stays[0], replace(WHOLE.stays[0], key="s2"))
GONE = {"stays": "entered-in-error"}


def test_an_older_record_without_lists_ends_nothing_that_a_newer_one_said() -> None:
    hospital = Hospital()
    hospital.send(of(replace(UNLISTED, stays=STAYS), NOW))
    sent = hospital.send(UNLISTED, absence=GONE)
    assert (sent.verdict, Ward(hospital).stays()) == (Verdict.REFUSED, ["planned", "planned"])


def test_an_older_record_without_lists_is_told_by_the_lists_that_are_there() -> None:
    """Everything was as it is: the newer record left its time on its Lists alone."""
    hospital = Hospital()
    for time in (EARLIER, LATER):
        hospital.send(of(replace(WHOLE, stays=STAYS), time))
    sent = hospital.send(of(UNLISTED, NOW), absence=GONE)
    assert (sent.verdict, Ward(hospital).stays()) == (Verdict.REFUSED, ["planned", "planned"])


def test_a_record_without_any_list_ends_nothing_for_nothing_would_tell_of_what_time_it_was() -> None:
    hospital = Hospital()
    hospital.send(replace(UNLISTED, stays=STAYS))
    sent = hospital.send(of(UNLISTED, NOW), absence=GONE)
    assert (sent.verdict, sent.for_a_person, Ward(hospital).stays()) == (Verdict.DELIVERED, True, ["planned", "planned"])
    assert "say with --absence" not in sent.sentences[0]
    hospital.send(of(WHOLE, NOW), absence=GONE)
    assert Ward(hospital).stays() == ["planned"]


# ---- a time that says nothing ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("date", [None, 7, ["2027"], {}])
def test_a_list_whose_date_says_nothing_does_not_hold_up_what_is_taken_back(date: Any) -> None:
    hospital = visited(MATCH)
    for made in hospital.has("List"):
        hospital.edits({k: v for k, v in made.items() if k != "date"}, **({} if date is None else {"date": date}))
    sent = hospital.send(withdrawn(Reason.WRONG_RESIDENT), MATCH)
    assert (sent.verdict, Ward(hospital).all()[:5]) == (Verdict.DELIVERED, NOTHING[:5])


def test_the_older_one_may_be_meant() -> None:
    hospital = visited(CREATE)
    hospital.send(withdrawn(Reason.MOVED_AWAY, None, of(WHOLE, NOW)))
    assert hospital.send(WHOLE, older=True).verdict is Verdict.DELIVERED
    assert (Ward(hospital).all(), {r["date"] for r in hospital.has("List")}) == (ALL, {EARLIER})
