"""Durable delivery against a bare loop of the same HTTP client, to the same server: what it costs that nothing can be lost.

The worker is a process of its own, as in earnest; so is the server, which takes 5 ms over everything (far_end.py). Each commit waits for
the disk.
"""
from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapter import wire
from adapter.delivery.client import FhirClient
from adapter.delivery.endpoints.config import load
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.model import Item, Payload
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import Store
from adapter.delivery.work.engine import Loop
from adapter.delivery.work.worker import Worker
from tests.bench import far_end
from tests.real import parts

AT_ONCE = 8
NAME = "far-end"
BATCH = 500
ENTRIES = 3


def bundle(n: int) -> bytes:
    """A small transaction, none like another."""
    each = [{"fullUrl": f"urn:uuid:{uuid.UUID(int=n * ENTRIES + i)}", "request": {"method": "PUT", "url": f"Basic/b{n}-{i}"},
             "resource": {"resourceType": "Basic", "id": f"b{n}-{i}", "code": {"text": f"Number {n}, {'nothing ' * 40}"}}}
            for i in range(ENTRIES)]
    return wire.dumps({"resourceType": "Bundle", "type": "transaction", "entry": each})


def items(count: int, per_lane: int = 1, first: int = 0, *, urgent: bool = False) -> list[Item]:
    options = {"path": "", "media": wire.JSON.media, "entries": ENTRIES}
    return [Item(NAME, f"lane-{(first + n) // per_lane}", "change", Payload("bundle", bundle(first + n), options), urgent=urgent)
            for n in range(count)]


@dataclass(frozen=True)
class Box:
    """A store, its keys and its configuration in a folder, for one far end."""

    folder: Path
    far_end: far_end.FarEnd

    def write(self, database: str = "", engine: str = "loop") -> None:
        where = f'database = "{database}"\n' if database else ""
        (self.folder / "redbag.toml").write_text(
            f'[store]\n{where}engine = "{engine}"\n[endpoint.{NAME}]\nurl = "{self.far_end.url}"\nconcurrency = {AT_ONCE}\n')
        Keyring.new(self.folder / "redbag.keys")

    @property
    def toml(self) -> Path:
        return self.folder / "redbag.toml"

    def store(self) -> Store:
        config = load(self.toml)
        store = Store.open(config.store.database, Keyring.load(config.store.keys))
        engine_of(config.store.engine).attach(store)
        return store

    def accept(self, store: Store, wanted: Sequence[Item]) -> float:
        """Seconds."""
        start = time.perf_counter()
        for n in range(0, len(wanted), BATCH):
            store.accept(wanted[n:n + BATCH])
        return time.perf_counter() - start

    def work(self) -> Worked:
        """Everything that waits, by a process of its own."""
        command = [sys.executable, "-m", "tests.bench.deliveries", str(self.toml)]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        seconds, megabytes, count = done.stdout.split()
        return Worked(float(seconds), float(megabytes), int(count))


@dataclass(frozen=True)
class Worked:
    seconds: float
    megabytes: float
    delivered: int

    @property
    def per_second(self) -> float:
        return self.delivered / self.seconds


@contextmanager
def box() -> Iterator[Box]:
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build") as folder, far_end.running() as there:
        made = Box(Path(folder).absolute(), there)
        made.write()
        yield made


# ---- the figures -------------------------------------------------------------------------------------------------------------
def figures(quick: bool) -> dict[str, float]:
    count, waiting = (1_500, 10_000) if quick else (6_000, 100_000)
    found = rates(count)
    found |= latency(100 if quick else 400)
    found |= backlog(waiting, count)
    return found if quick or parts.missing() else found | in_front_of_hapi(1_500)


def rates(count: int) -> dict[str, float]:
    """The best of three rounds each, in turn: bare, one delivery in each lane, ten in each."""
    best = {"bare": 0.0, "one": 0.0, "ten": 0.0, "accept": 0.0}
    for _ in range(3):
        with box() as there:
            bare = asyncio.run(bare_loop(there.far_end.url, [bundle(n) for n in range(count)]))
            best["bare"] = max(best["bare"], bare)
            store = there.store()
            best["accept"] = max(best["accept"], count / there.accept(store, items(count)))
            best["one"] = max(best["one"], there.work().per_second)
            there.accept(store, items(count, 10, first=10 * count))
            best["ten"] = max(best["ten"], there.work().per_second)
            store.close()
    return {"deliver_one_per_lane_per_s": best["one"], "deliver_ten_per_lane_per_s": best["ten"], "accept_per_s": best["accept"],
            "deliver_bare_per_s": best["bare"], "deliver_vs_bare_loop": best["one"] / best["bare"]}


async def bare_loop(url: str, bodies: Sequence[bytes]) -> float:
    """The same client, as many in flight, and nothing kept of it. Requests a second."""
    waiting = iter(bodies)

    async def one(client: FhirClient) -> None:
        for body in waiting:
            answer = await client.post_bytes("", body, wire.JSON.media)
            assert answer.ok

    async with FhirClient(url) as client:
        start = time.perf_counter()
        await asyncio.gather(*(one(client) for _ in range(AT_ONCE)))
        return len(bodies) / (time.perf_counter() - start)


def latency(count: int) -> dict[str, float]:
    """From the commit to the arrival, in ms, of urgent deliveries that come one by one: the worker in another process, which asks the store
    from time to time; and in the process that accepted. Meanwhile routine work goes on."""
    with box() as there:
        store = there.store()
        there.accept(store, items(20 * count))
        command = [sys.executable, "-m", "tests.bench.deliveries", str(there.toml), "on"]
        with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as worker:
            assert worker.stdout
            worker.stdout.readline()
            busy = asyncio.run(urgent(there, store, count, 0.05, first=10**6))
            while store.due(NAME) is not None:
                time.sleep(0.1)
            polled = asyncio.run(urgent(there, store, count, 0.05, first=2 * 10**6))
            worker.terminate()
        woken = asyncio.run(urgent_in_process(there, store, count))
        store.close()
    return {"urgent_busy_p99_ms": p99(busy), "urgent_p99_ms": p99(polled), "urgent_in_process_p99_ms": p99(woken)}


async def urgent(there: Box, store: Store | Desk, count: int, every: float, first: int) -> list[float]:
    """Each one's ms from commit to arrival."""
    await asyncio.to_thread(there.far_end.arrivals)
    accepted: dict[int, float] = {}
    for n in range(count):
        [item] = items(1, first=first + n, urgent=True)
        [receipt] = await store.accept([item]) if isinstance(store, Desk) else store.accept([item])
        accepted[receipt.delivery or 0] = time.time()
        await asyncio.sleep(every)
    await asyncio.sleep(1.0)
    arrivals = await asyncio.to_thread(there.far_end.arrivals)
    keys = keys_of(store.store if isinstance(store, Desk) else store, accepted)
    return [(arrivals[keys[of]] - at) * 1000 for of, at in accepted.items()]


def keys_of(store: Store, accepted: dict[int, float]) -> dict[int, str]:
    from sqlalchemy import text

    rows = store.read(lambda connection: connection.execute(text("SELECT id, key FROM delivery")).all())
    return {of: key for of, key in rows if of in accepted}


async def urgent_in_process(there: Box, store: Store, count: int) -> list[float]:
    desk, stop = Desk(store), asyncio.Event()
    working = asyncio.create_task(Worker(desk, load(there.toml), Loop(), "beside").run(stop))
    await asyncio.sleep(0.5)
    found = await urgent(there, desk, count, 0.02, first=3 * 10**6)
    stop.set()
    await working
    desk.close()
    return found


def p99(each: Sequence[float]) -> float:
    return statistics.quantiles(each, n=100)[98]


def backlog(waiting: int, count: int) -> dict[str, float]:
    """Very many wait at the start: the memory of the worker, and its speed as a share of that with few."""
    with box() as there:
        store = there.store()
        there.accept(store, items(count))
        few = there.work()
        there.accept(store, items(waiting, first=10**6))
        many = there.work()
        store.close()
    return {"waiting_rss_mb": many.megabytes, "waiting": waiting, "deliver_many_waiting_vs_few": many.per_second / few.per_second}


def in_front_of_hapi(count: int) -> dict[str, float]:
    """The second of two rounds: HAPI is slow at first."""
    share, bare = 0.0, 0.0
    with parts.running("hapi") as url:
        for n in range(2):
            with box() as there:
                there.toml.write_text(there.toml.read_text().replace(there.far_end.url, url))
                first = n * 10**7
                bare = asyncio.run(bare_loop(url, [bundle(first + i) for i in range(count)]))
                store = there.store()
                there.accept(store, items(count, first=first + 10**6))
                share = there.work().per_second / bare
                store.close()
    return {"deliver_vs_bare_hapi": share, "bare_hapi_per_s": bare}


# ---- the worker's process ----------------------------------------------------------------------------------------------------
async def process(toml: Path, on: bool) -> None:
    """Prints seconds, megabytes and how many were delivered; or, if it goes on, that it has begun."""
    config = load(toml)
    store = Store.open(config.store.database, Keyring.load(config.store.keys))
    desk, stop = Desk(store), asyncio.Event()
    if on:
        print("begun", flush=True)
    start = time.perf_counter()
    summary = await Worker(desk, config, engine_of(config.store.engine), "bench").run(stop, until_idle=not on)
    print(time.perf_counter() - start, most_memory(), summary.delivered)
    desk.close()


def most_memory() -> float:
    """MB of this process since its program was begun; what rusage says holds that of whoever started it as well."""
    (line,) = (line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024


def engine_of(name: str | None) -> Loop:
    if name == "dbos":
        from adapter.delivery.work.by_dbos import Dbos

        return Dbos("bench")  # type: ignore[return-value]
    return Loop()


if __name__ == "__main__":
    asyncio.run(process(Path(sys.argv[1]), on=len(sys.argv) > 2))
