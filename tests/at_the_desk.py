"""Somebody who looks after deliveries: a folder with redbag.toml, a hospital that may go wrong, and the commands as they are typed.

    with desk(tmp_path) as here:
        here.run("keys new")
        here.run("send home.ndjson --to st-brigids --durable")
        here.network.meets(first=["503"])
        here.run("work --until-idle")
"""
from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from adapter.cli import app
from tests.durable.parts import ROOT, Proxied, proxy, sandbox
from tests.test_cli import ndjson

NAME = "st-brigids"
UNUSED = "http://127.0.0.1:9"  # the port of the discard service: nobody listens
SEND = f"send home.ndjson --to {NAME} --durable"
EXAMPLES = ROOT / "adapter" / "examples"


@dataclass
class Desk:
    folder: Path
    hospital: str = UNUSED
    proxy: Proxied | None = None

    @property
    def network(self) -> Proxied:
        """What goes wrong on the way to the hospital."""
        assert self.proxy
        return self.proxy

    def configure(self, *more: str, store: str = "", name: str = NAME, url: str = "") -> None:
        """`more`: lines of the endpoint's table."""
        lines = ["[store]", store, f"[endpoint.{name}]", f'url = "{url or (self.proxy.url if self.proxy else UNUSED)}"', *more]
        (self.folder / "redbag.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def example(self, vendor: str) -> None:
        """A vendor's export of the examples, in its folder, with all layouts beside it."""
        shutil.copytree(EXAMPLES / "exports" / vendor, self.folder / vendor)
        for file in (EXAMPLES / "layouts").iterdir():
            if file.is_file():
                shutil.copy(file, self.folder)

    def residents(self, *each: object, to: str = "home.ndjson") -> None:
        """What SEND sends."""
        (self.folder / to).write_bytes(ndjson(*each))

    def run(self, command: str, said: bytes = b"") -> Result:
        with inside(self.folder):
            return CliRunner().invoke(app, shlex.split(command), input=said, prog_name="redbag")

    def well(self, command: str, said: bytes = b"") -> str:
        """What it said, where it went well."""
        result = self.run(command, said)
        assert result.exit_code == 0, result.output
        return result.output

    def process(self, command: str) -> str:
        """The same in a process of its own."""
        program = [sys.executable, "-c", "from adapter.cli import main; main()", *shlex.split(command)]
        done = subprocess.run(program, cwd=self.folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def typed(self, command: str) -> str:
        """As it stands on a terminal: the command, and all that it said."""
        return f"$ redbag {command}\n{self.run(command).output}"

    def versions(self) -> dict[str, int]:
        """Counted at the server, which nothing stands before."""
        found: dict[str, int] = {}
        url = f"{self.hospital}/_history"
        while url:
            page: dict[str, Any] = httpx.get(url).json()
            for entry in page.get("entry", ()):
                kind = entry["fullUrl"].rsplit("/", 2)[-2]
                found[kind] = found.get(kind, 0) + 1
            url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
        return found

    def bytes(self) -> bytes:
        """All that lies beside the keys."""
        return b"".join(path.read_bytes() for path in self.folder.iterdir() if path.is_file() and path.suffix in (".db", ".db-wal"))

    def asked(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "redbag.db")) as there:
            return there.execute(statement).fetchall()

    def filled(self, size: int) -> None:
        """So many bytes more in the store."""
        with closing(sqlite3.connect(self.folder / "redbag.db")) as there:
            there.execute("CREATE TABLE filling AS SELECT zeroblob(?) AS bytes", [size])
            there.commit()

    def later(self) -> None:
        """As if the time had passed until which something waits to be tried again."""
        with closing(sqlite3.connect(self.folder / "redbag.db")) as there:
            there.execute("UPDATE lane SET due = 0 WHERE due IS NOT NULL")
            there.execute("UPDATE endpoint SET open_until = 0 WHERE open_until IS NOT NULL")
            there.commit()


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """With a hospital to send to, and a proxy before it."""
    here = alone(folder)
    with sandbox(folder) as hospital, proxy(hospital, folder) as proxied:
        here.hospital, here.proxy = hospital, proxied
        here.configure('patient = "create-if-missing"')
        yield here


def alone(folder: Path) -> Desk:
    """Where nothing is sent."""
    home = folder / "home"
    home.mkdir()
    here = Desk(home)
    here.configure()
    here.well("keys new")
    return here
