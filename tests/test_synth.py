"""Residents who do not exist: always the same, valid in every respect, and as frequent as the figures say."""
from __future__ import annotations

from adapter.synth import care_records, residents
from adapter.synth.hard import CASES, cases
from mappings.bag import findings


def test_a_resident_depends_on_the_seed_and_her_number_alone() -> None:
    assert list(residents(30, seed=1))[20:] == list(residents(10, seed=1, start=20))
    assert list(residents(5, seed=1)) != list(residents(5, seed=2))


def test_nobody_is_refused() -> None:
    assert [f for record in care_records(300, seed=1) for f in findings(record) if f.level == "refusal"] == []


def test_each_hard_case_is_there_once_in_a_hundred() -> None:
    for block in range(5):
        assert sorted(case.name for case in cases(1, block).values()) == sorted(case.name for case in CASES)


def test_no_hard_case_is_refused_either() -> None:
    for before in (False, True):
        assert [f for record in care_records(200, seed=1, hard=True, before=before) for f in findings(record) if f.level == "refusal"] == []
