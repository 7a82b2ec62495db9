"""DBOS wakes the workers: the same deliveries, in the same order, whatever becomes of what it knows. With PostgreSQL, where one can be
started, and with a SQLite file.

    python -m tests.test_engine_dbos DATABASE URL NAME          one more worker, in a process of its own
"""
from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("dbos", reason="DBOS is not installed: pip install 'redbag-adapter[postgresql]'")

from sqlalchemy import Engine, inspect, text

from adapter.delivery.store.desk import Desk
from adapter.delivery.store.sql import metadata
from adapter.delivery.work.by_dbos import Dbos
from adapter.delivery.work.worker import Summary
from tests.at_work import Home, Hospital, Reply, becomes, bundle
from tests.stores import address

EVERYBODY = ("Mary", "Ida", "Tom")
OURS = {*metadata.tables, "alembic_version"}


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path, database=empty(request.param, tmp_path)) as made:
        yield made


def empty(database: str, folder: Path) -> str:
    where = address(database, folder)
    if database == "PostgreSQL":
        with Home(folder, database=where) as home:
            forgotten(home.store.engine)
    return where


def theirs(engine: Engine) -> list[str]:
    """DBOS's tables: beside ours in a SQLite file, in a schema of their own in PostgreSQL."""
    schema = "dbos" if engine.dialect.name == "postgresql" else None
    return [f"{schema}.{table}" if schema else table for table in inspect(engine).get_table_names(schema) if table not in OURS]


def forgotten(engine: Engine) -> None:
    """All that DBOS knows is gone."""
    with engine.begin() as connection:
        for table in theirs(engine):
            connection.execute(text(f"DROP TABLE {table}" + (" CASCADE" if engine.dialect.name == "postgresql" else "")))
        if engine.dialect.name == "postgresql":
            connection.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))


def known(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All that DBOS knows."""
    with engine.connect() as connection:
        return {table: [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {table}"))] for table in theirs(engine)}  # noqa: S608


def turns(engine: Engine) -> list[dict[str, Any]]:
    return next((rows for table, rows in known(engine).items() if table.endswith("workflow_status")), [])


def test_all_is_sent_in_order_whoever_accepts_it_and_it_knows_endpoints_by_name_and_nothing_else(home: Home) -> None:
    hospital = home.hospital
    hospital.replies = lambda about: Reply(408 if hospital.asked.count(about) == 1 and about == "Mary 0" else 200)
    home.store.chance = lambda: 0.1
    home.accept(*(f"{who} {number}" for number in range(10) for who in EVERYBODY))

    async def story(desk: Desk) -> None:
        async with home.at_work(desk, engine=Dbos("home", look=0.2)):
            await becomes(lambda: len(hospital.took) == 30)
            home.accept("Mary 10")
            with closing(home.opened()) as another:         # which wakes nobody
                another.accept([bundle("Tom 10")])
            await becomes(lambda: len(hospital.took) == 32)
            await becomes(lambda: {turn["status"] for turn in turns(home.store.engine)} == {"SUCCESS"})

    home.told(story)
    assert home.lanes() == {who: [f"{who} {number}" for number in range(10 if who == "Ida" else 11)] for who in EVERYBODY}
    everything = repr(known(home.store.engine))
    assert "acute" in everything
    assert not any(said in everything for said in (*EVERYBODY, "Bundle", home.hospital.url))


def test_a_run_that_ends_by_itself_sends_all(home: Home) -> None:
    home.accept("Mary 0", "Mary 1", "Ida 0")
    assert home.works(engine=Dbos("home", look=0.1)) == Summary(delivered=3, dead=0, waits=None)


def test_where_all_that_it_knows_is_lost_while_it_works_nothing_is_lost_and_what_has_ended_is_forgotten(home: Home) -> None:
    home.hospital.replies = lambda about: Reply(seconds=0.05)
    home.accept(*(f"{who} {number}" for number in range(10) for who in EVERYBODY))

    async def story(desk: Desk) -> None:
        async with home.at_work(desk, engine=Dbos("home", look=0.2, kept=1.0)):
            await becomes(lambda: len(home.hospital.took) >= 5)
            await asyncio.to_thread(forgotten, home.store.engine)
            await becomes(lambda: len(home.hospital.took) >= 30 and bool(theirs(home.store.engine)))       # it has begun anew
            home.accept("Mary 10")
            await becomes(lambda: "Mary 10" in home.hospital.took)
            await becomes(lambda: bool(turns(home.store.engine)))
            await becomes(lambda: turns(home.store.engine) == [])

    home.told(story)
    assert home.lanes() == {who: [f"{who} {number}" for number in range(11 if who == "Mary" else 10)] for who in EVERYBODY}


def test_a_worker_taken_for_dead_begins_anew(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        async def story(desk: Desk) -> None:
            async with home.at_work(desk, engine=Dbos("home", look=0.1)) as worker:
                await becomes(lambda: "home" in home.store.beats())
                home.store.bury(["home"])
                await becomes(lambda: worker.name == "home.2")
                home.accept("Mary 0")
                await becomes(lambda: home.hospital.took == ["Mary 0"])

        home.told(story)


def test_two_workers_share_what_there_is(tmp_path: Path) -> None:
    database = empty("PostgreSQL", tmp_path)
    with Home(tmp_path, Hospital(lambda about: Reply(seconds=0.02)), database=database, concurrency=2) as home:
        async def story(desk: Desk) -> None:
            with another(database, home.hospital.url, "another"):
                async with home.at_work(desk, engine=Dbos("home")):
                    await becomes(lambda: home.store.beats().keys() == {"home", "another"}, 20.0)
                    home.accept(*(f"R{lane} {number}" for number in range(5) for lane in range(30)))
                    await becomes(lambda: len(home.hospital.took) == 150, 20.0)

        home.told(story)
        workers = [told.worker for of in range(1, 151) for _, tried in home.store.people.show(of).deliveries for told in tried]
        assert min(workers.count(name) for name in ("home", "another")) > 20
        assert home.lanes() == {f"R{lane}": [f"R{lane} {number}" for number in range(5)] for lane in range(30)}


@contextmanager
def another(database: str, url: str, name: str) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", __name__, database, url, name], cwd=Path(__file__).parents[1]) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


async def works(database: str, url: str, name: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with Home(Path(), Hospital(url=url), database=database, concurrency=2) as home, closing(Desk(home.store)) as desk:
        await home.worker(desk, Dbos(name), name=name).run(stop)


if __name__ == "__main__":
    asyncio.run(works(*sys.argv[1:]))
