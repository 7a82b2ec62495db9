"""kill -9 with a SQLite file and the sandbox hospital. The same with PostgreSQL and with a real FHIR server: tests/real/test_durable.py."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durable.kills import Form, at_every_point, at_random_moments
from tests.durable.parts import proxy, sandbox
from tests.durable.trial import Trial

COLUMN = "SQLite, sandbox, 1 worker"
TIMES = int(os.environ.get("REDBAG_KILLS", "20"))


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with sandbox(tmp_path) as server, proxy(server, tmp_path) as proxied:
        yield Trial(tmp_path, str(tmp_path / "redbag.db"), server, proxied)


@pytest.mark.parametrize("form", ["bundle", "record"])
def test_at_every_point(trial: Trial, form: Form) -> None:
    at_every_point(trial, f"{COLUMN}, {form}s", form)


def test_at_random_moments(trial: Trial) -> None:
    at_random_moments(trial, f"{COLUMN}, bundles", TIMES, seconds=60)
