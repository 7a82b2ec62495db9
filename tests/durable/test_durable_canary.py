"""Nothing of a record is to be had from a SQLite store, from what stands beside it, or from what its workers say."""
from __future__ import annotations

from tests.durable import canary
from tests.durable.trial import Trial


def test_nothing_is_to_be_had(trial: Trial) -> None:
    canary.through_trouble(trial)
    canary.silent(trial)


def test_it_would_be_seen() -> None:
    canary.it_would_be_seen()
