"""A hospital's server that is never the bottleneck: it takes every bundle after 5 ms and says when. A process of its own, on the loopback.

    with running() as far_end: far_end.url; far_end.arrivals()        # X-Request-ID -> seconds since 1970, in the order of arrival
"""
from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

TAKES = 0.005  # seconds
ENTRY = {"response": {"status": "201 Created", "location": "Basic/1/_history/1", "etag": "1"}}


@dataclass(frozen=True)
class FarEnd:
    url: str

    def arrivals(self) -> dict[str, float]:
        """And forgets them."""
        found: dict[str, float] = httpx.get(f"{self.url}/arrivals", timeout=60).json()
        return found


@contextmanager
def running() -> Iterator[FarEnd]:
    command = [sys.executable, "-m", "tests.bench.far_end"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield FarEnd(server.stdout.readline().strip())
        finally:
            server.terminate()


class Taker(asyncio.Protocol):
    """As much of HTTP/1.1 as our own client speaks: requests with a Content-Length, one after the other."""

    arrivals: dict[str, float] = {}  # noqa: RUF012  # of the whole server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.got = transport, b""

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, found, rest = self.got.partition(b"\r\n\r\n")
        if not found:
            return
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(headers.get(b"content-length", 0))
        if len(rest) < length:
            return
        self.got = rest[length:]
        if head.startswith(b"GET /arrivals"):
            self._answer(json.dumps(Taker.arrivals).encode())
            Taker.arrivals.clear()
        else:
            Taker.arrivals[headers.get(b"x-request-id", b"").decode()] = time.time()
            asyncio.get_running_loop().call_later(TAKES, self._answer, _taken(rest[:length].count(b'"request"')))

    def _answer(self, body: bytes) -> None:
        if not self.transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)  # type: ignore[attr-defined]


def _taken(entries: int) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": [ENTRY] * entries}).encode()


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
