"""Durable delivery on PostgreSQL and before a real FHIR server: kill -9 at every point and at random moments, with one worker and three."""
from __future__ import annotations

import os

import pytest

from tests.durable.kills import Form, at_every_point, at_random_moments
from tests.durable.trial import Made

TIMES = int(os.environ.get("REDBAG_KILLS", "20"))  # random moments, over all of them

WITH_DBOS, EMBEDDED = "PostgreSQL and DBOS", "SQLite and DBOS"
POINTS_AT: list[tuple[str, str, int, Form]] = [
    ("PostgreSQL", "sandbox", 3, "record"), ("PostgreSQL", "HAPI", 1, "bundle"), (WITH_DBOS, "HAPI", 3, "record"),
    ("SQLite", "HAPI", 1, "record"), (EMBEDDED, "sandbox", 1, "record")]
MOMENTS_AT: list[tuple[str, str, int, Form]] = [
    ("PostgreSQL", "HAPI", 3, "bundle"), ("SQLite", "HAPI", 1, "bundle"), ("PostgreSQL", "sandbox", 1, "record"),
    (WITH_DBOS, "sandbox", 3, "bundle"), (EMBEDDED, "sandbox", 1, "record")]


def column(database: str, server: str, workers: int, form: Form) -> str:
    return f"{database}, {server}, {workers} worker{'s' if workers > 1 else ''}, {form}s"


@pytest.mark.parametrize(("database", "server", "workers", "form"), POINTS_AT)
def test_at_every_point(made: Made, database: str, server: str, workers: int, form: Form) -> None:
    at_every_point(made(database, server), column(database, server, workers, form), form, workers)


@pytest.mark.parametrize(("database", "server", "workers", "form"), MOMENTS_AT)
def test_at_random_moments(made: Made, database: str, server: str, workers: int, form: Form) -> None:
    times = TIMES // len(MOMENTS_AT)
    at_random_moments(made(database, server), column(database, server, workers, form), times, 2.0 * times, form, workers)
