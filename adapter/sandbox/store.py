"""Every version of every resource in SQLite, in memory or in a file. It knows nothing of FHIR beyond type, id and version.

    with store.transaction() as tx:            one at a time: whoever comes next waits; an exception leaves nothing behind
        stored = tx.write(("Patient", "7"), tx.current("Patient", "7"), "PUT", body, terms)

`resource` has one row per resource ever made (its number is the order of making), `version` one row per version, deletions
included (its seq is the order of everything that happened), `term` the search index of what is there now.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from adapter.sandbox.terms import Term

APPLICATION, LAYOUT = 0x52426167, 1
SCHEMA = f"""
BEGIN;
CREATE TABLE resource (
    number INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, latest INTEGER NOT NULL DEFAULT 0, live INTEGER NOT NULL DEFAULT 0,
    UNIQUE (type, id));
CREATE TABLE version (
    seq INTEGER PRIMARY KEY, resource INTEGER NOT NULL REFERENCES resource, version INTEGER NOT NULL, method TEXT NOT NULL,
    updated TEXT NOT NULL, body BLOB, UNIQUE (resource, version));
CREATE TABLE term (
    resource INTEGER NOT NULL REFERENCES resource, name TEXT NOT NULL, system TEXT NOT NULL, value TEXT NOT NULL, until TEXT NOT NULL);
CREATE INDEX term_by_value ON term (name, value, system, until, resource);
CREATE INDEX term_by_resource ON term (resource, name);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {LAYOUT};
COMMIT;
"""
VERSION = "SELECT r.number, r.type, r.id, v.version, v.seq, v.updated, v.method, v.body FROM resource r JOIN version v"
IN_LIST = "IN (SELECT value FROM json_each(?))"
"""One question mark for a list of any length."""
REFERRED_TO = """
SELECT DISTINCT r.number FROM json_each(?) one CROSS JOIN term t ON t.resource = one.value
JOIN resource r ON r.type = t.system AND r.id = t.value
WHERE t.name IN (SELECT value FROM json_each(?)) AND (? = '' OR r.type = ?)"""
REFERRING = """
SELECT DISTINCT t.resource FROM json_each(?) one CROSS JOIN resource r ON r.number = one.value
CROSS JOIN json_each(?) name CROSS JOIN term t ON t.name = name.value AND t.system = r.type AND t.value = r.id
WHERE (? = '' OR r.type = ?)"""
"""CROSS JOIN keeps SQLite to this order: from the few resources in hand to their references, never through the whole index."""


class StoreError(Exception):
    """The file cannot be used; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one resource. `updated` is an instant in UTC, `body` its JSON, None where it was deleted."""

    number: int
    type: str
    id: str
    version: int
    seq: int
    updated: str
    method: str
    body: bytes | None

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def location(self) -> str:
        return f"{self.address}/_history/{self.version}"

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    @property
    def modified(self) -> datetime:
        return datetime.fromisoformat(self.updated).replace(microsecond=0)

    @property
    def last_modified(self) -> str:
        """As HTTP writes it: to the second."""
        return format_datetime(self.modified, usegmt=True)


class Store:
    """A hospital's database. `file` None keeps it in memory; `now` and `new_id` are the only clock and source of ids."""

    def __init__(
        self,
        file: Path | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._now, self._new_id = now, new_id
        self._lock = threading.Lock()
        self._connection = _open(file)
        self._newest: str = self._connection.execute("SELECT COALESCE(MAX(updated), '') FROM version").fetchone()[0]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing. The only way to read and to write."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._connection, self._instant(), self._new_id)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _instant(self) -> str:
        """Now, to the millisecond; never earlier than anything stored, also when the machine's clock is set back."""
        self._newest = max(self._newest, self._now().astimezone(UTC).isoformat(timespec="milliseconds"))
        return self._newest


class Transaction:
    """What can be asked and done while the store is ours. `now` is the one instant of everything done in it."""

    def __init__(self, connection: sqlite3.Connection, now: str, new_id: Callable[[], str]) -> None:
        self._execute, self._connection, self.now, self.new_id = connection.execute, connection, now, new_id

    def current(self, type_: str, id_: str) -> Stored | None:
        """The latest version, a deletion included; None if there never was one."""
        return self._one("ON v.seq = r.latest WHERE r.type = ? AND r.id = ?", (type_, id_))

    def version(self, type_: str, id_: str, version: str) -> Stored | None:
        return self._one("ON v.resource = r.number WHERE r.type = ? AND r.id = ? AND CAST(v.version AS TEXT) = ?", (type_, id_, version))

    def live(self, numbers: Sequence[int]) -> list[Stored]:
        """The current versions of these resources, in this order, without those deleted."""
        rows = self._execute(f"{VERSION} ON v.seq = r.latest WHERE r.live AND r.number {IN_LIST}", (json.dumps(numbers),))
        found = {stored.number: stored for stored in (Stored(*row) for row in rows)}
        return [found[number] for number in numbers if number in found]

    def numbers(self, where: str, arguments: Sequence[str], order: str = "number") -> list[int]:
        """The resources there now for which `where` holds (SQL over `resource`)."""
        select = f"SELECT number FROM resource WHERE live AND {where} ORDER BY {order}"  # noqa: S608 - criteria.py binds all values
        return [number for (number,) in self._execute(select, arguments)]

    def referred_to(self, numbers: Sequence[int], names: Sequence[str], target: str) -> list[int]:
        """What these resources refer to in the reference parameters `names`, kept to one type unless `target` is ""."""
        return self._linked(REFERRED_TO, numbers, names, target)

    def referring(self, numbers: Sequence[int], names: Sequence[str], target: str) -> list[int]:
        """What refers to these resources in the reference parameters `names`; to those of one type unless `target` is ""."""
        return self._linked(REFERRING, numbers, names, target)

    def _linked(self, select: str, numbers: Sequence[int], names: Sequence[str], target: str) -> list[int]:
        return [number for (number,) in self._execute(select, (json.dumps(numbers), json.dumps(names), target, target))]

    def history(self, where: str, arguments: Sequence[str | int], limit: int) -> list[Stored]:
        """Versions for which `where` holds (SQL over `resource r JOIN version v`), the newest first."""
        rows = self._execute(f"{VERSION} ON v.resource = r.number WHERE {where} ORDER BY v.seq DESC LIMIT ?", (*arguments, limit))
        return [Stored(*row) for row in rows]

    def count_history(self, where: str, arguments: Sequence[str | int]) -> int:
        select = f"SELECT COUNT(*) FROM resource r JOIN version v ON v.resource = r.number WHERE {where}"  # noqa: S608 - as above
        return int(self._execute(select, arguments).fetchone()[0])

    def write(self, address: tuple[str, str], before: Stored | None, method: str, body: bytes | None, terms: Iterable[Term] = ()) -> Stored:
        """A new version of the resource at `address` (type, id) on top of `before`, its current one; `body` None is a deletion."""
        number = before.number if before else _row(self._execute("INSERT INTO resource (type, id) VALUES (?, ?)", address))
        version = before.version + 1 if before else 1
        columns = "INSERT INTO version (resource, version, method, updated, body) VALUES (?, ?, ?, ?, ?)"
        seq = _row(self._execute(columns, (number, version, method, self.now, body)))
        self._execute("UPDATE resource SET latest = ?, live = ? WHERE number = ?", (seq, body is not None, number))
        self._index(number, terms, fresh=before is None)
        return Stored(number, *address, version, seq, self.now, method, body)

    def _index(self, number: int, terms: Iterable[Term], *, fresh: bool) -> None:
        if not fresh:
            self._execute("DELETE FROM term WHERE resource = ?", (number,))
        self._connection.executemany("INSERT INTO term VALUES (?, ?, ?, ?, ?)", ((number, *term) for term in terms))

    def _one(self, where: str, arguments: Sequence[str]) -> Stored | None:
        row = self._execute(f"{VERSION} {where}", arguments).fetchone()
        return Stored(*row) if row else None


def _row(cursor: sqlite3.Cursor) -> int:
    """The number of the row just inserted."""
    if cursor.lastrowid is None:
        raise sqlite3.DatabaseError("nothing was inserted")
    return cursor.lastrowid


def _open(file: Path | None) -> sqlite3.Connection:
    with ExitStack() as undo:
        try:
            connection = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
            undo.callback(connection.close)
            _prepare(connection)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{file} cannot be used as the sandbox's database ({error}); name a new file or one it made.") from error
        undo.pop_all()
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Durable before it answers. A file that holds something else is not touched."""
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    made_by = connection.execute("PRAGMA application_id").fetchone() + connection.execute("PRAGMA user_version").fetchone()
    if tables and made_by != (APPLICATION, LAYOUT):
        raise sqlite3.DatabaseError("it holds something else")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if not tables:
        connection.executescript(SCHEMA)
