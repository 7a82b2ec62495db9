"""Nothing of a record is to be had from PostgreSQL, whoever wakes the workers: from no table of ours or of DBOS, its log or its WAL."""
from __future__ import annotations

import pytest

from tests.durable import canary, worker
from tests.durable.trial import Made
from tests.real.postgres import Postgres


@pytest.mark.parametrize("database", ["PostgreSQL", "PostgreSQL and DBOS"])
def test_nothing_is_to_be_had(made: Made, postgres: Postgres, database: str) -> None:
    trial = made(database, "sandbox")
    canary.through_trouble(trial)
    kept = [*postgres.kept(worker.config(trial.setup).store.database)]
    assert any(b"payload" in table[:30] for table in kept)
    assert any(table.startswith(b"dbos.") for table in kept) == database.endswith("DBOS")
    canary.silent(trial, *kept)
