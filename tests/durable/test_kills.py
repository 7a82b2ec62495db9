"""kill -9 with a SQLite file and the sandbox hospital. The same with PostgreSQL and with a real FHIR server: tests/real/test_durable.py."""
from __future__ import annotations

import os

import pytest

from tests.durable.kills import Form, at_every_point, at_random_moments
from tests.durable.trial import Trial

COLUMN = "SQLite, sandbox, 1 worker"
TIMES = int(os.environ.get("REDBAG_KILLS", "20"))


@pytest.mark.parametrize("form", ["bundle", "record"])
def test_at_every_point(trial: Trial, form: Form) -> None:
    at_every_point(trial, f"{COLUMN}, {form}s", form)


def test_at_random_moments(trial: Trial) -> None:
    at_random_moments(trial, f"{COLUMN}, bundles", TIMES, seconds=60)
