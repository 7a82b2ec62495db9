"""What goes wrong beside a kill, with a SQLite file and the sandbox hospital."""
from __future__ import annotations

import pytest

from tests.durable import disasters
from tests.durable.disasters import Disaster
from tests.durable.trial import Trial

COLUMN = "SQLite, sandbox, 1 worker, bundles"


def test_a_b_a(trial: Trial) -> None:
    disasters.a_b_a(trial)


@pytest.mark.parametrize("disaster", [
    disasters.poisoned, disasters.fails_for_one, disasters.clock_set, disasters.clock_wrong, disasters.a_week_offline,
    disasters.stopped_alone, disasters.no_room], ids=lambda disaster: disaster.__name__)
def test_a_disaster(trial: Trial, disaster: Disaster) -> None:
    disaster(trial, COLUMN)


def test_two_workers_on_one_file(trial: Trial) -> None:
    disasters.two_of_one_kind(trial, COLUMN, "a second worker on the same file", "two")
