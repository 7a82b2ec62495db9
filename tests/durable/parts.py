"""What deliveries meet, each in a process of its own and on the loopback: a sandbox hospital, the proxy before it, PostgreSQL."""
from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.durable.faults import Script

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = r"http://127\.0\.0\.1:\d+"


@contextmanager
def started(command: Sequence[str], ready: str, errors: Path) -> Iterator[re.Match[str]]:
    """A process until the block ends; `ready` is the line by which it says that it can be used. It is stopped by its own id."""
    with errors.open("w", encoding="utf-8") as err:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True)
    assert process.stdout
    try:
        said = process.stdout.readline()
        found = re.search(ready, said)
        assert found, f"{command[:4]} did not start: {said}{errors.read_text(encoding='utf-8')}"
        yield found
    finally:
        process.kill()
        process.communicate()


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """The base URL of an empty hospital, whose store is a file in the folder."""
    command = [sys.executable, "-m", "tests.durable.hospital", str(folder / "hospital.db")]
    with started(command, f"READY ({ADDRESS})", folder / "hospital.err") as found:
        yield found[1]


class Proxied:
    """The proxy, as a test holds it. `url` is the server as the adapter knows it."""

    def __init__(self, url: str, control: str) -> None:
        self.url, self._http = url, httpx.Client(base_url=control, timeout=10)

    def meets(self, **script: Any) -> None:
        """From now on by this script (tests.durable.faults.Script); the log begins anew."""
        self._http.put("/script", json=Script.of(script).json()).raise_for_status()

    def down(self) -> None:
        self._http.post("/down").raise_for_status()

    def up(self) -> None:
        self._http.post("/up").raise_for_status()

    def log(self) -> list[dict[str, Any]]:
        """tests.durable.proxy.Seen, one a request."""
        seen: list[dict[str, Any]] = self._http.get("/log").json()
        return seen

    def close(self) -> None:
        self._http.close()


@contextmanager
def proxy(upstream: str, folder: Path) -> Iterator[Proxied]:
    command = [sys.executable, "-m", "tests.durable.proxy", upstream]
    with started(command, f"READY ({ADDRESS}) ({ADDRESS})", folder / "proxy.err") as found:
        proxied = Proxied(found[1], found[2])
        try:
            yield proxied
        finally:
            proxied.close()
