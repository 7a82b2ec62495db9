"""One store, one server behind the proxy, and the processes that accept and work; any of them may be killed, stopped, started again.

    trial = Trial(folder, database, server, proxied)
    trial.accept(plan)
    trial.start("one", point="settle.committed").join()      it has killed itself there
    trial.settle()                                           workers that nothing happens to, until nothing waits
    trial.found([plan])                                      what differs at the server
"""
from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import text

from adapter.delivery.store.model import Item, Receipt
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import Store
from tests.durable import worker
from tests.durable.effects import Found, all_said, difference, seen_at
from tests.durable.parts import Proxied
from tests.durable.people import Plan
from tests.durable.worker import Setup

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.durable.worker"])  # so that a worker starts in milliseconds, and still is a process of its own
HOSPITAL = "hospital"
LEASE = 3  # seconds: the shortest that may be set
SECONDS = 5  # for one resident; so long an endpoint may be left alone whose only probe was killed
PATIENCE = 120  # seconds; a worker that takes longer hangs


class Trial:
    """`database` as redbag.toml names it; `engine` wakes the workers."""

    def __init__(self, folder: Path, database: str, server: str, proxied: Proxied, engine: Literal["loop", "dbos"] = "loop") -> None:
        self.folder, self.server, self.proxied, self._processes = folder, server, proxied, list[ForkServerProcess]()
        self.setup = Setup(folder / "redbag.toml", folder / "says", engine=engine)
        Keyring.new(folder / "redbag.keys")
        self.setup.file.write_text("\n".join([
            "[store]", f'database = "{database}"', 'keys = "redbag.keys"', f"lease_seconds = {LEASE}",
            f"[endpoint.{HOSPITAL}]", f'url = "{proxied.url}"', 'patient = "create-if-missing"', f"seconds = {SECONDS}", ""]),
            encoding="utf-8")

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        with contextlib.closing(worker.opened(self.setup)) as store:
            yield store

    def accept(self, *plans: Plan) -> list[Receipt]:
        """Without anything going wrong."""
        return self.take(item for plan in plans for item in plan.items(HOSPITAL))

    def take(self, items: Iterable[Item]) -> list[Receipt]:
        with self.store() as store:
            return store.accept([*items])

    # ---- processes ---------------------------------------------------------------------------------------------------------
    def start(self, name: str = "worker", **what: Any) -> ForkServerProcess:
        """A worker, as soon as it has opened the store; `what`: fields of Setup."""
        return self._started(worker.work, replace(self.setup, name=name, **what))

    def start_accepting(self, batches: Sequence[Sequence[Item]], told: Path, **what: Any) -> ForkServerProcess:
        return self._started(worker.accept, replace(self.setup, **what), batches, told)

    def _started(self, run: Callable[..., None], *arguments: Any) -> ForkServerProcess:
        mine, its = FORKS.Pipe(duplex=False)
        process = FORKS.Process(target=_run, args=(run, arguments, its))
        process.start()
        self._processes.append(process)
        its.close()
        with contextlib.suppress(EOFError), mine:  # it may be killed before it is ready
            mine.recv()
        return process

    def close(self) -> None:
        """Whatever is still there after a test that failed."""
        for process in self._processes:
            if process.exitcode is None:
                process.kill()
            process.join()

    @contextlib.contextmanager
    def calm(self, workers: int) -> Iterator[None]:
        """Workers to whom nothing happens; at the end they are told to stop, and do."""
        team = [self.start(f"calm-{number}", until_idle=False) for number in range(workers)]
        yield
        for process in team:
            process.terminate()
        for process in team:
            ended(process)

    def settle(self, workers: int = 1, patience: float = PATIENCE) -> None:
        """Until nothing waits."""
        until = time.monotonic() + patience
        with self.calm(workers), self.store() as store:
            while (waiting := states(store)["queued"]) and time.monotonic() < until:
                time.sleep(0.05)
        assert not waiting, f"{waiting} deliveries still wait after {patience} s: {self.said()[-2000:]}"

    def states(self) -> Counter[str]:
        """How many deliveries are in each state."""
        with self.store() as store:
            return states(store)

    def waiting(self) -> int:
        return self.states()["queued"]

    def said(self) -> str:
        """All that any of the processes said."""
        return self.setup.says.read_text(encoding="utf-8") if self.setup.says.exists() else ""

    # ---- what came of it ---------------------------------------------------------------------------------------------------
    def found(self, plans: Sequence[Plan]) -> dict[str, Found]:
        """Of each plan's source, what differs."""
        seen = seen_at(self.server, {plan.source for plan in plans})
        return {plan.source: difference(plan, seen) for plan in plans}

    def all_is_there(self, *plans: Plan) -> None:
        """Once, and in order."""
        seen = seen_at(self.server, {plan.source for plan in plans})
        assert {plan.source: all_said(plan, seen) for plan in plans} == {plan.source: plan.effects() for plan in plans}


Made = Callable[[str, str], Trial]  # with "SQLite", "PostgreSQL" or "PostgreSQL and DBOS", before "HAPI" or the "sandbox"


def states(store: Store) -> Counter[str]:
    return Counter(dict(store.read(lambda db: db.execute(text("SELECT state, count(*) FROM delivery GROUP BY state")).all())))


def _run(run: Callable[..., None], arguments: Sequence[Any], ready: Connection) -> None:
    run(*arguments, ready=lambda: ready.send(True))


def ended(process: ForkServerProcess, code: int | None = 0) -> None:
    """Waits for it; `code` is how it must end, None: somehow."""
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"it did not end within {PATIENCE} s")
    assert code in (None, process.exitcode), f"it ended with {process.exitcode}, not {code}"


def killed(process: ForkServerProcess) -> None:
    """kill -9, from outside."""
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def after(process: ForkServerProcess, seconds: float) -> ForkServerProcess:
    """It, so much later."""
    time.sleep(seconds)
    return process


def stopped(process: ForkServerProcess) -> bool:
    """By a SIGSTOP. Source: proc(5)."""
    return Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].startswith("T")


def until(happens: Callable[[], bool], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not happens():
        assert time.monotonic() < end, f"it did not happen within {patience} s"
        time.sleep(0.05)
