"""A proxy that goes wrong by script, in a process of its own: python -m tests.durable.proxy http://127.0.0.1:8080

It prints `READY address control` and goes on until its standard input ends (so it never outlives who started it). At `control`:

    PUT /script {"first": ["swallow", "429:1"], "odds": {"pass": 9, "reset": 1}, "seed": 7, "methods": ["POST"]}    words: faults.py
    POST /down, POST /up         nobody listens; listens again, on the same port
    GET /log                     one object a request, in the order in which they came
"""
from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import struct
import sys
import time
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from tests.durable import message
from tests.durable.faults import Fault, Script, Turns
from tests.durable.message import Message

PAGE = b"<!DOCTYPE html><html><title>Sign in</title></html>"


@dataclass
class Seen:
    """One request. `at`: seconds of this machine's monotonic clock; `same`: a hash of its bytes; `status`: what the server itself answered
    (0: it was not asked, or did not answer); `in_flight`: with this one."""

    at: float
    method: str
    path: str
    request_id: str
    same: str
    fault: str
    words: list[str]
    in_flight: int
    status: int = 0
    ended: float = 0.0


class Proxy:
    def __init__(self, upstream: str) -> None:
        self.upstream, self.turns, self.log, self.in_flight = urlsplit(upstream), Turns(Script()), list[Seen](), 0
        self._server: asyncio.Server | None = None
        self._open = set[Writer]()
        self._later = set[asyncio.Task[None]]()
        self.port = 0

    async def up(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """As when the machine is gone: nobody listens, and what was connected is reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            _reset(writer)

    async def _connection(self, reader: Reader, writer: Writer) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while (request := await message.read(reader)) and await self._request(request, reader, writer):
                    pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _request(self, request: Message, reader: Reader, writer: Writer) -> bool:
        """Whether the connection can be used on."""
        fault, seen = self._meets(request)
        self.in_flight += 1
        try:
            if fault.what == "hang":
                await reader.read(1)  # until the client has gone
            answer = await self._answer(request, fault, seen)
            return await self._told(answer, fault, writer)
        finally:
            self.in_flight -= 1
            seen.ended = time.monotonic()

    def _meets(self, request: Message) -> tuple[Fault, Seen]:
        method, target, _ = request.start.split(" ")
        text = target.encode() + request.body
        fault = self.turns.next(method, text)
        words = [word for word in self.turns.script.words if word.encode() in text]
        same = hashlib.sha256(request.start.encode() + request.body).hexdigest()[:16]
        seen = Seen(time.monotonic(), method, target.partition("?")[0], request.headers.get("x-request-id", ""), same,
                    fault.what if fault.what != "status" else str(fault.status), words, self.in_flight + 1)
        self.log.append(seen)
        return fault, seen

    async def _answer(self, request: Message, fault: Fault, seen: Seen) -> Message | None:
        if fault.what in ("status", "login"):
            return scripted(fault, self.turns.script.says)
        if fault.what == "delay":
            await asyncio.sleep(fault.seconds)
        if not fault.asks:
            return None
        answer = await self._asked(request)
        seen.status = int(answer.start.split(" ")[1])
        if fault.what == "late":
            await asyncio.sleep(fault.seconds)
        return answer

    async def _asked(self, request: Message) -> Message:
        """What the server answers, on a connection of its own."""
        assert self.upstream.hostname
        reader, writer = await asyncio.open_connection(self.upstream.hostname, self.upstream.port or 80)
        try:
            method, target, version = request.start.split(" ")
            writer.write(request._replace(start=f"{method} {self.upstream.path.rstrip('/')}{target} {version}").bytes(close=True))
            answer = await message.read(reader, answer=True)
        finally:
            writer.close()
        if answer is None:
            raise ConnectionError("the server did not answer")
        return answer

    async def _told(self, answer: Message | None, fault: Fault, writer: Writer) -> bool:
        if answer is None or fault.what == "swallow":
            if fault.what == "refuse":
                await self._refuse(fault.seconds)
            return False
        if fault.what in ("truncate", "reset"):
            half = answer._replace(body=answer.body[:len(answer.body) // 2])
            writer.write(half.bytes(length=max(len(answer.body), 1)))
            await writer.drain()
            if fault.what == "reset":
                await asyncio.sleep(0.005)  # a reset overtakes what was just written
                _reset(writer)
            return False
        writer.write(answer.bytes())
        await writer.drain()
        return True

    async def _refuse(self, seconds: float) -> None:
        async def comes_back() -> None:
            await asyncio.sleep(seconds)
            await self.up()

        task = asyncio.create_task(comes_back())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        await self.down()


def scripted(fault: Fault, says: str) -> Message:
    """What the server is made to answer."""
    if fault.what == "login":
        return Message("HTTP/1.1 200 Scripted", {"content-type": "text/html"}, PAGE)
    retry = {"retry-after": fault.value} if fault.value else {}
    code = "transient" if fault.status == 429 or fault.status >= 500 else "invalid"
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": says or "as scripted"}]}
    return Message(f"HTTP/1.1 {fault.status} Scripted", {"content-type": "application/fhir+json", **retry}, json.dumps(outcome).encode())


def _reset(writer: Writer) -> None:
    """RST instead of FIN."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def control(proxy: Proxy) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def done(request: Message) -> object:
        match request.start.split(" ")[:2]:
            case ["PUT", "/script"]:
                proxy.turns = Turns(Script.of(json.loads(request.body)))
                proxy.log.clear()
            case ["POST", "/down"]:
                await proxy.down()
            case ["POST", "/up"]:
                await proxy.up()
            case ["GET", "/log"]:
                return [asdict(seen) for seen in proxy.log]
            case _:
                raise ValueError("there is no such thing to control")
        return None

    async def connection(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while request := await message.read(reader):
                try:
                    status, body = 200, await done(request)
                except (ValueError, TypeError) as error:
                    status, body = 400, str(error)
                writer.write(Message(f"HTTP/1.1 {status} Done", {"content-type": "application/json"}, json.dumps(body).encode()).bytes())
        writer.close()

    return connection


async def main(upstream: str) -> None:
    proxy = Proxy(upstream)
    await proxy.up()
    server = await asyncio.start_server(control(proxy), "127.0.0.1", 0)
    sys.stdout.write(f"READY http://127.0.0.1:{proxy.port} http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
