"""What goes wrong beside a kill, with PostgreSQL: several workers, and a database that dies as well; a full disk; and a great many."""
from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapter.delivery.store.errors import StoreAway, StoreFull
from tests.durable import disasters
from tests.durable.disasters import HOME, Disaster
from tests.durable.parts import proxy, sandbox
from tests.durable.people import Plan
from tests.durable.trial import Made, Trial, until
from tests.real.disk import PLENTY, Disk, small_disk
from tests.real.postgres import Postgres

ON_FILE = "SQLite, sandbox, 1 worker, bundles"
COLUMN = "PostgreSQL, sandbox, 3 workers, bundles"


@pytest.fixture
def trial(made: Made) -> Trial:
    return made("PostgreSQL", "sandbox")


def test_a_b_a(trial: Trial) -> None:
    disasters.a_b_a(trial)


@pytest.mark.parametrize("disaster", [
    disasters.poisoned, disasters.fails_for_one, disasters.clock_set, disasters.clock_wrong, disasters.a_week_offline,
    disasters.stopped_past_its_lease, disasters.stopped_in_a_transaction, disasters.found_dead], ids=lambda disaster: disaster.__name__)
def test_a_disaster(trial: Trial, disaster: Disaster) -> None:
    disaster(trial, COLUMN)


@pytest.mark.parametrize("disaster", [disasters.a_week_offline, disasters.clock_set, disasters.stopped_past_its_lease,
                                      disasters.found_dead], ids=lambda disaster: disaster.__name__)
def test_a_disaster_with_dbos(made: Made, disaster: Disaster) -> None:
    disaster(made("PostgreSQL and DBOS", "sandbox"), COLUMN.replace("SQL", "SQL and DBOS"))


def test_two_workers_of_one_name(trial: Trial) -> None:
    disasters.two_of_one_kind(trial, COLUMN, "a second worker of the same name", "one")


def test_the_database_dies_meanwhile(trial: Trial, postgres: Postgres) -> None:
    """kill -9 of the whole server, twice; whoever accepts is told that nothing was; the workers go on by themselves when it is back."""
    plans = [Plan(f"{HOME}/database{number}", residents=12, each=4) for number in range(3)]
    trial.proxied.meets(odds={"delay:0.02": 1})
    with trial.calm(3), trial.store() as store:
        for plan in plans[:2]:
            store.accept(plan.items("hospital"))
            time.sleep(0.5)
            postgres.kill()
            with pytest.raises(StoreAway):
                store.accept(plans[2].items("hospital"))
            postgres.start()
        store.accept(plans[2].items("hospital"))
        until(lambda: not trial.waiting())
    disasters.told(trial, COLUMN, "the database is killed twice", *plans)


def test_the_disk_is_full(tmp_path: Path) -> None:
    """A disk of its own that becomes full under a worker; where none may be mounted, files that may not grow."""
    with sandbox(tmp_path) as server, proxy(server, tmp_path) as proxied, small_disk(tmp_path / "disk") as disk:
        trial = Trial(tmp_path, str((disk.folder if disk else tmp_path) / "redbag.db"), server, proxied)
        if disk is None:
            disasters.no_room(trial, ON_FILE)
        else:
            full(trial, disk)


def full(trial: Trial, disk: Disk) -> None:
    """Who accepts is told so, and nothing of it is kept; workers wait; when there is room, all that was accepted is sent, once."""
    plan = Plan(f"{HOME}/full", residents=8)
    trial.accept(plan)
    disk.leave(48 << 10)
    with trial.calm(1):
        time.sleep(3)
        with pytest.raises(StoreFull):
            trial.accept(Plan(f"{HOME}/too-much"))
    assert trial.waiting()
    disk.leave(PLENTY)
    trial.settle()
    assert sum(trial.states().values()) == plan.residents * plan.each
    disasters.told(trial, ON_FILE, "the disk is full for a while", plan)


def test_a_great_many_wait(made: Made) -> None:
    disasters.many_wait(made("SQLite", "sandbox"), ON_FILE)
