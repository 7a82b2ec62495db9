"""Opening the database: SQLite or PostgreSQL by its URL, with the settings that make a commit a promise; and what its errors mean.

SQLite: WAL and synchronous=FULL, so that what is committed survives the loss of power; who writes says so at the beginning (BEGIN
IMMEDIATE), so that nobody learns in the middle that somebody else has written. What says only who works on what
(`lightly`) does not wait for the disk: should the power be lost with it, the worker is too, and what is committed later is not on the disk
before it is. Its file is for its owner only. PostgreSQL: psycopg 3.
Sources: sqlite.org, Write-Ahead Logging and PRAGMA synchronous; PostgreSQL, appendix A (error codes).
"""
from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapter.delivery.store.errors import StoreAway, StoreError, StoreFull

AGAIN = ("40001", "40P01")  # serialization failure, deadlock: PostgreSQL has undone all of it, and it can be done anew
AWAY = ("08", "25", "53", "55", "57", "58")  # connection, transaction ended or read-only, resources, lock, operator, its machine's trouble
NO_ROOM = ("53100", "53200")  # disk full, out of memory
# Nobody waits for ever; and a process that is stopped in the middle of a transaction keeps its locks only half as long: the others go on.
LOCKS = "-c lock_timeout={} -c idle_in_transaction_session_timeout={}"
POSTGRESQL_IS_EXTRA = "PostgreSQL needs a package that is not installed: pip install 'redbag-adapter[postgresql]'"


class TryAgain(Exception):
    """Undone because of another transaction at the same time."""


def engine(url: str, wait: float) -> Engine:
    """`wait`: seconds for a lock or a connection. Raises StoreError."""
    parsed = address(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, wait)
    try:
        made = create_engine(parsed, pool_pre_ping=True, pool_timeout=wait, hide_parameters=True, connect_args={
            "connect_timeout": max(int(wait), 2), "application_name": "redbag", "options": LOCKS.format(int(wait * 1000), int(wait * 500))})
    except ImportError:
        raise StoreError(POSTGRESQL_IS_EXTRA) from None
    return made


def address(url: str) -> URL:
    """A file's name, sqlite:///FILE or postgresql://…; whichever driver is named, it is ours."""
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the store's address cannot be read: expected a file's name or postgresql://user@host/database") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return URL.create("sqlite", database=parsed.database)
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError("the store is a SQLite file (redbag.db) or a PostgreSQL database (postgresql://user@host/database), nothing else")


def place_of(url: URL) -> str:
    """How it is called in sentences: never with its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def _sqlite(url: URL, wait: float) -> Engine:
    _private(Path(url.database or ""))
    made = create_engine(url, hide_parameters=True, pool_timeout=wait, connect_args={"timeout": wait, "check_same_thread": False})

    @event.listens_for(made, "connect")
    def connected(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begun` says, not where the driver thinks
        _write_ahead(connection, wait)
        for said in ("synchronous=FULL", "foreign_keys=ON", "journal_size_limit=67108864", "cache_size=-4000"):
            connection.execute(f"PRAGMA {said}")

    @event.listens_for(made, "begin")
    def begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writes"):
            connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get('lightly') else 'FULL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return made


def _write_ahead(connection: sqlite3.Connection, wait: float) -> None:
    """Said once in a file's life. Of two who open a new file at once SQLite lets one wait for nothing: it is told that it is locked."""
    until = time.monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _private(file: Path) -> None:
    """Made for its owner only, before SQLite makes it for everybody; its -wal and -shm are made like it."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except IsADirectoryError:
        raise StoreError(f"{file} is a folder: name a file in it, such as {file / 'redbag.db'}") from None
    except FileNotFoundError:
        raise StoreError(f"{file}: there is no folder {file.parent}; make it first, or name another file") from None
    except OSError as error:
        raise StoreError(f"{file} cannot be opened for writing ({error.strerror}): the store needs to write there") from None


@contextmanager
def translated(place: str) -> Iterator[None]:
    """The database's errors as ours: one sentence, without the statement, its values, or a password."""
    try:
        yield
    except PoolTimeout:
        raise StoreAway(f"{place}: all connections are in use; try again") from None
    except IntegrityError:
        raise TryAgain from None
    except DBAPIError as error:
        raise _ours(error, place) from None
    except SQLAlchemyError as error:
        raise StoreError(f"{place}: the database could not be used ({type(error).__name__})") from None


def _ours(error: DBAPIError, place: str) -> Exception:
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(str(error.orig), place)
    state = getattr(error.orig, "sqlstate", None)
    if state in AGAIN:
        return TryAgain()
    if state in NO_ROOM:
        return StoreFull(f"{place}: the database server has no room left: nothing of this was kept; make room there, then try again")
    if state is not None and state[:2] in ("28", "3D", "42"):
        return StoreError(f"{place}: PostgreSQL refuses ({_REFUSED[state[:2]]}, {state})")
    if state[:2] not in AWAY if state else not isinstance(error, (OperationalError, InterfaceError)):
        said = state or type(error.orig).__name__
        return StoreError(f"{place}: PostgreSQL does not take what was to be written or asked ({said}): nothing was kept")
    return StoreAway(f"{place}: PostgreSQL is not reachable, or has just ended the connection; once it is up, try again: what was kept "
                     "after all is known again")


_REFUSED = {"28": "the user or the password is not accepted", "3D": "there is no such database", "42": "this user may not do that, or the "
            "tables are not as this release makes them"}


def _of_sqlite(said: str, place: str) -> Exception:
    for words, error, sentence in _SQLITE:
        if words in said:
            return error(f"{place}: {sentence}")
    return StoreError(f"{place}: the database could not be used: {said}")


_SQLITE: list[tuple[str, type[StoreError], str]] = [
    ("locked", StoreAway, "another process is writing to it and has not ended in time; try again"),
    ("full", StoreFull, "the disk is full: nothing of this was kept; make room, then try again"),
    ("readonly", StoreError, "it cannot be written to: the store needs to write there"),
    ("unable to open", StoreError, "it cannot be opened: look at its folder and who may write there"),
    ("not a database", StoreError, "this file is no SQLite database: name another, or put the backup back"),
    ("malformed", StoreError, "this file is damaged: put the backup back with `redbag restore`"),
    ("disk I/O", StoreError, "the disk does not do what is asked (disk I/O error): look at the disk before going on"),
]


