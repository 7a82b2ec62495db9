"""A worker at work on a real store (a SQLite file) against a small hospital on the loopback that answers by script.

    with Home(tmp_path) as home:
        home.accept("Mary 1", "Mary 2", "Ida 1")            whose, and which of hers
        home.works()                                         until nothing is due
        assert home.hospital.took == ["Mary 1", …]           in the order in which the server took them
"""
from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from adapter.delivery.endpoints.config import Config
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.settings import StoreSettings
from adapter.delivery.store.clock import Steady
from adapter.delivery.store.desk import Desk
from adapter.delivery.store.model import Item, Payload, Receipt
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import Store
from adapter.delivery.work.engine import Engine, Loop
from adapter.delivery.work.worker import Summary, Worker

KEYS = Keyring({"k1": bytes(32)})
TAKEN = {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "200 OK"}}]}


@dataclass(frozen=True)
class Reply:
    status: int = 200
    seconds: float = 0.0  # it takes to answer
    retry_after: int | None = None
    hangs_up: bool = False  # without an answer, having taken it
    in_its_place: bool = False  # something that stands before it answers


Script = Callable[[str], Reply]


@dataclass
class Hospital:
    """`replies` says what becomes of a request by what it is about. `asked` in the order in which requests came, `took` what it has taken;
    `most` is how many it has had in hand at once."""

    replies: Script = lambda about: Reply()
    asked: list[str] = field(default_factory=list)
    took: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    ids: dict[str, set[str]] = field(default_factory=dict)
    in_hand: int = 0
    most: int = 0
    url: str = ""
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/fhir"

    async def close(self) -> None:
        assert self._server
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                headers = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
                about = json.loads(await reader.readexactly(int(headers["content-length"])))["identifier"]["value"]
                reply = await self._handled(about, headers)
                if reply.hangs_up:
                    break
                writer.write(_answer(reply))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _handled(self, about: str, headers: dict[str, str]) -> Reply:
        self.asked.append(about)
        self.at.append(asyncio.get_running_loop().time())
        self.ids.setdefault(about, set()).add(headers["x-request-id"])
        self.in_hand += 1
        self.most = max(self.most, self.in_hand)
        reply = self.replies(about)
        await asyncio.sleep(reply.seconds)
        self.in_hand -= 1
        if reply.status == 200:
            self.took.append(about)
        return reply


def _answer(reply: Reply) -> bytes:
    says = {} if reply.in_its_place else TAKEN if reply.status == 200 else {"resourceType": "OperationOutcome", "issue": []}
    body = json.dumps(says).encode()
    later = f"Retry-After: {reply.retry_after}\r\n" if reply.retry_after is not None else ""
    return (f"HTTP/1.1 {reply.status} said\r\nContent-Type: application/fhir+json\r\n{later}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def bundle(about: str, endpoint: str = "acute", **more: Any) -> Item:
    """`about`: "Mary 1" goes into Mary's lane."""
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "identifier": {"value": about}}).encode()
    payload = Payload("bundle", body, {"path": "", "media": "application/fhir+json", "entries": 1})
    return Item(endpoint, about.split()[0], **{"kind": "change", "payload": payload, "lasts": None, **more})


class Home:
    """Where something is accepted and sent: a store in a folder, and the way to the hospital. `options` are the endpoint's."""

    def __init__(self, folder: Path, hospital: Hospital | None = None, clock: Steady | None = None, keys: Keyring = KEYS,
                 database: str = "", **options: Any) -> None:
        self.folder, self.hospital, self.options = folder, hospital or Hospital(), options
        self.database, self._clock = database or str(folder / "redbag.db"), clock
        self.store = self.opened(keys)
        self.others: dict[str, dict[str, Any]] = {}  # further endpoints
        self._config: Config | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.store.close()

    def opened(self, keys: Keyring = KEYS) -> Store:
        """As another process would."""
        return Store.open(self.database, keys, clock=self._clock)

    def reopened(self, keys: Keyring) -> None:
        self.store.close()
        self.store = self.opened(keys)

    def accept(self, *abouts: str, **more: Any) -> list[Receipt]:
        return self.store.accept([bundle(about, **more) for about in abouts])

    def config(self) -> Config:
        """As the file is now."""
        if self._config is None:
            said = {"acute": self.options, **self.others}
            common = {"url": self.hospital.url, "expires_hours": None}
            endpoints = {name: Endpoint.model_validate({"name": name, **common, **options}) for name, options in said.items()}
            store = StoreSettings.model_validate({"database": "redbag.db", "keys": "redbag.keys"})
            self._config = Config(self.folder / "redbag.toml", store, endpoints)
        return self._config

    def changes(self, **options: Any) -> None:
        """The file is edited."""
        self.options, self._config = self.options | options, None

    def worker(self, desk: Desk, engine: Engine | None = None, name: str = "home", **more: Any) -> Worker:
        return Worker(desk, self.config, engine or Loop(), name, **more)

    @asynccontextmanager
    async def at_work(self, desk: Desk, **more: Any) -> AsyncIterator[Worker]:
        """A worker in the background, stopped at the end of the block."""
        worker, stop = self.worker(desk, **more), asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()
            await running

    def works(self, **more: Any) -> Summary:
        """Until nothing is due soon. Every time with a hospital that has just been opened."""
        self._config = None

        async def until_idle(desk: Desk) -> Summary:
            return await self.worker(desk, **more).run(asyncio.Event(), until_idle=True)

        summary: Summary = self.told(until_idle)
        return summary

    def told(self, story: Callable[[Desk], Awaitable[Any]]) -> Any:
        """A story with the hospital open."""
        async def tell() -> Any:
            await self.hospital.open()
            try:
                with closing(Desk(self.store)) as desk:
                    return await asyncio.wait_for(story(desk), 30)
            finally:
                await self.hospital.close()

        return asyncio.run(tell())

    def lanes(self) -> dict[str, list[str]]:
        """What was taken of each, in order."""
        return {whose: [about for about in self.hospital.took if about.split()[0] == whose] for whose in _whose(self.hospital.took)}


async def becomes(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # nobody tells a test
            await asyncio.sleep(0.01)


class Hand:
    """A clock driven by hand: it stands still until it is moved on."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.clock = Steady(wall=lambda: 1_800_000_000.0, passed=lambda: self.seconds)


def _whose(abouts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(about.split()[0] for about in abouts))
