"""What accepts and what works, each in a process of its own that may be killed: python -m tests.durable.worker SETUP.json

Both do what the commands do (`redbag send --durable`, `redbag work`): they read redbag.toml, open the store, and go on.
"""
from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adapter.delivery import points
from adapter.delivery.endpoints.config import Config, load
from adapter.delivery.store.clock import Steady
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.model import Item, Receipt
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import Store
from adapter.delivery.work.engine import Engine, Loop
from adapter.delivery.work.worker import Worker


@dataclass(frozen=True)
class Setup:
    """`file` is redbag.toml; all that the process says goes to `says`. When it reaches `point` for the `nth` time it kills itself, or
    stops itself if `stops` (it goes on by a SIGCONT). `until_idle`: it ends when nothing waits. `wrong`: by so many seconds its machine's
    clock differs from ours; `jumps`: by so many more once it has claimed something. `room`: bytes that a file may have, 0: any number."""

    file: Path
    says: Path
    name: str = "worker"
    point: str = ""
    nth: int = 1
    stops: bool = False
    until_idle: bool = True
    engine: Literal["loop", "dbos"] = "loop"
    wrong: float = 0.0
    jumps: float = 0.0
    room: int = 0


REAL = time.time
WAIT = 8.0  # seconds for a lock


def work(setup: Setup, ready: Callable[[], None] = lambda: None) -> None:
    _alone(setup)
    with contextlib.closing(opened(setup)) as store:
        asyncio.run(_work(setup, store, ready))


async def _work(setup: Setup, store: Store, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    ready()
    said = config(setup)
    with contextlib.closing(Desk(store)) as desk:
        await Worker(desk, said, _engine(setup), setup.name, lease=said.store.lease_seconds).run(stop, until_idle=setup.until_idle)


def _engine(setup: Setup) -> Engine:
    if setup.engine == "loop":
        return Loop()
    from adapter.delivery.work.by_dbos import Dbos

    return Dbos(setup.name)


def accept(setup: Setup, batches: Sequence[Sequence[Item]], told: Path, ready: Callable[[], None] = lambda: None) -> None:
    """One transaction a batch. What became of each is told (a line each, on the disk) as soon as the store has said so."""
    _alone(setup)
    with contextlib.closing(opened(setup)) as store, told.open("a", encoding="utf-8") as file:
        ready()
        for number, batch in enumerate(batches):
            receipts: list[Receipt] = store.accept(batch)
            file.writelines(f"{json.dumps([number, receipt.became, receipt.delivery])}\n" for receipt in receipts)
            file.flush()


def config(setup: Setup) -> Config:
    return load(setup.file, {})


def opened(setup: Setup) -> Store:
    said = config(setup).store
    clock = Steady(wall=lambda: REAL() + setup.wrong)
    return Store.open(said.database, Keyring.load(Path(said.keys)), clock=clock, wait=WAIT)


def _alone(setup: Setup) -> None:
    """This process, from here on: what it says goes to a file, and what is to happen to it will."""
    out = os.open(setup.says, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, force=True)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    reached = Counter[str]()

    def happens(point: str) -> None:
        reached[point] += 1
        if point == setup.point and reached[point] == setup.nth:
            os.kill(os.getpid(), signal.SIGSTOP if setup.stops else signal.SIGKILL)
            time.sleep(0.2)  # all of its threads stop, but not in the same moment
        if setup.jumps and point == "claim.committed":
            time.time = lambda: REAL() + setup.wrong + setup.jumps

    points.stop_at(happens)
    if setup.room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (setup.room, setup.room))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails as it does on a full disk


if __name__ == "__main__":
    said = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    work(Setup(**{**said, "file": Path(said["file"]), "says": Path(said["says"])}))
