"""Durable delivery on PostgreSQL and before a real FHIR server: kill -9 at every point and at random moments, with one worker and three."""
from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.durable.kills import Form, at_every_point, at_random_moments
from tests.durable.parts import proxy, sandbox
from tests.durable.trial import Trial
from tests.real.postgres import Postgres

TIMES = int(os.environ.get("REDBAG_KILLS", "20"))
NUMBER = itertools.count(1)
Made = Callable[[str, str], Trial]


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """trial("PostgreSQL", "HAPI")."""

    def trial(database: str, server: str) -> Trial:
        url = next_database(request) if database == "PostgreSQL" else str(tmp_path / "redbag.db")
        at = request.getfixturevalue("hapi") if server == "HAPI" else ending.enter_context(sandbox(tmp_path))
        return Trial(tmp_path, url, at, ending.enter_context(proxy(at, tmp_path)))

    with contextlib.ExitStack() as ending:
        yield trial


def next_database(request: pytest.FixtureRequest) -> str:
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database(f"redbag{next(NUMBER)}")


POINTS_AT: list[tuple[str, str, int, Form]] = [
    ("PostgreSQL", "sandbox", 1, "bundle"), ("PostgreSQL", "sandbox", 3, "record"), ("PostgreSQL", "HAPI", 1, "record"),
    ("PostgreSQL", "HAPI", 3, "bundle"), ("SQLite", "HAPI", 1, "bundle"), ("SQLite", "HAPI", 1, "record")]
MOMENTS_AT: list[tuple[str, str, int, Form]] = [
    ("PostgreSQL", "sandbox", 3, "bundle"), ("PostgreSQL", "HAPI", 3, "record"), ("SQLite", "HAPI", 1, "bundle")]


def column(database: str, server: str, workers: int, form: Form) -> str:
    return f"{database}, {server}, {workers} worker{'s' if workers > 1 else ''}, {form}s"


@pytest.mark.parametrize(("database", "server", "workers", "form"), POINTS_AT)
def test_at_every_point(made: Made, database: str, server: str, workers: int, form: Form) -> None:
    at_every_point(made(database, server), column(database, server, workers, form), form, workers)


@pytest.mark.parametrize(("database", "server", "workers", "form"), MOMENTS_AT)
def test_at_random_moments(made: Made, database: str, server: str, workers: int, form: Form) -> None:
    at_random_moments(made(database, server), column(database, server, workers, form), TIMES, 90, form, workers)
