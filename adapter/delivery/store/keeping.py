"""Looking after the store: room, retention, keys, backup. PostgreSQL has a backup of its own (pg_dump), and its disk is not ours to see."""
from __future__ import annotations

import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from adapter.delivery.store import opening, restored, sql
from adapter.delivery.store.errors import Sealed, StoreError, StoreFull
from adapter.delivery.store.migrations import migrate, version
from adapter.delivery.store.seal import key_of

if TYPE_CHECKING:
    from adapter.delivery.store.store import Store

LEAST_FREE = 200 * 1000 * 1000  # bytes of the disk that stay free: what is in flight must still be settled
DAY = 86400.0
LOOK = 1.0  # seconds for which a look at the disk holds


@dataclass(frozen=True)
class Size:
    """Bytes. `free`: of the disk, with what is free in the file; None where it is not ours to see. `a_day`: deliveries of the last day;
    `runway`: days until the cap or the disk is reached at that rate, None where there is no end to be seen."""

    used: int
    free: int | None
    cap: int | None
    deliveries: int
    waiting: int
    a_day: int
    runway: float | None


@dataclass(frozen=True)
class Resealed:
    """`done`: sealed with the current key now. `closed`: payloads that could not be opened, by the sentence that says why."""

    done: int
    closed: tuple[str, ...] = ()


class Keeping:
    """Of one store: store.keeping."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sqlite = store.engine.dialect.name == "sqlite"
        self._looked, self._seen = -LOOK, (0, None)  # type: tuple[float, tuple[int, int | None]]

    # Room

    def size(self) -> Size:
        used, free = self._store.read(self._measure)
        deliveries, waiting = self._store.read(sql.how_many)
        a_day = self._store.read(lambda connection: sql.accepted_since(connection, self._store.clock.now() - DAY))
        left = [room for room in (self._store.cap and self._store.cap - used, free and free - LEAST_FREE) if room is not None]
        daily = used / deliveries * a_day if deliveries else 0
        runway = max(min(left), 0) / daily if left and daily else None
        return Size(used, free, self._store.cap, deliveries, waiting, a_day, runway)

    def need_room(self, connection: Connection, more: int) -> None:
        """For `more` bytes. Raises StoreFull; looks at most once a second."""
        if time.monotonic() - self._looked >= LOOK:
            self._looked, self._seen = time.monotonic(), self._measure(connection)
        used, free = self._seen
        cap = self._store.cap
        if cap is not None and used + more > cap:
            do = "raise cap_mb, lower keep_days, or see why so much waits"
            raise self._full(connection, f"its cap of {_bytes(cap)} is reached", do)
        if free is not None and free - more < LEAST_FREE:
            raise self._full(connection, f"its disk has {_bytes(free)} left", "make room on the disk")
        self._seen = used + more, None if free is None else free - more

    def _full(self, connection: Connection, why: str, do: str) -> StoreFull:
        deliveries, waiting = sql.how_many(connection)
        holds = f"{deliveries:,} deliver{'y' if deliveries == 1 else 'ies'} ({waiting:,} waiting) in {_bytes(self._seen[0])}"
        return StoreFull(f"{self._store.place}: nothing more is accepted, {why}: it holds {holds}; {do}; what waits is sent meanwhile")

    def _measure(self, connection: Connection) -> tuple[int, int | None]:
        if not self._sqlite:
            return sql.database_size(connection), None
        (used, spare), file = sql.pages(connection), Path(self._store.place).resolve()
        wal = Path(f"{file}-wal")
        return used + (wal.stat().st_size if wal.exists() else 0), shutil.disk_usage(file.parent).free + spare

    # Retention

    def purge(self, keep: float) -> int:
        """Payloads of what was settled more than `keep` seconds ago are removed; what became of it stays. Returns how many."""
        before, after, count = self._store.clock.now() - keep, 0, 0

        def some(connection: Connection) -> list[int]:
            gone = sql.old_payloads(connection, before, after)
            sql.remove_payloads(connection, gone)
            return gone

        while gone := self._store.write(some):
            after, count = gone[-1], count + len(gone)
        return count

    # Keys

    def keys_in_use(self) -> dict[str, int]:
        """How many payloads are sealed with which key: one that is not here any more may be thrown away."""
        return self._store.read(sql.keys_in_use)

    def reseal(self) -> Resealed:
        """Everything that another key than the current one has sealed, is sealed with that."""
        after, done, closed = 0, 0, set[str]()

        def some(connection: Connection) -> tuple[int, int, set[str]] | None:
            found = sql.payloads_not_of(connection, self._store.keys.current, after)
            fresh, why = [], set()
            for row in found:
                try:
                    plain = self._store.keys.decrypt(row["sealed"], row["key"].encode())
                except Sealed as error:
                    why.add(str(error))
                    continue
                sealed = self._store.keys.encrypt(plain, row["key"].encode())
                fresh.append({"of": row["delivery"], "to_key_id": key_of(sealed), "to_sealed": sealed})
            sql.resealed(connection, fresh)
            return (found[-1]["delivery"], len(fresh), why) if found else None

        while step := self._store.write(some):
            after, done, closed = step[0], done + step[1], closed | step[2]
        return Resealed(done, tuple(sorted(closed)))

    # Backup

    def backup(self, to: Path | str) -> None:
        """The store as it is at this moment, while others go on working. The file must not be there yet. The keys are not in it."""
        if not self._sqlite:
            raise StoreError("PostgreSQL is backed up with its own pg_dump; when it was put back with pg_restore, `redbag restore` holds "
                             "its lanes")
        _copy(Path(self._store.place), Path(to))

    def hold_restored(self) -> None:
        """It was put back from a backup: every lane is held, for nobody knows what was sent since the backup was made."""
        self._store.write(lambda connection: restored.hold(connection, self._store.clock.now()))

    def restored(self) -> float | None:
        """When it was put back, until all is released; None: it is not held."""
        return self._store.read(restored.since)

    def oldest_waiting(self) -> float | None:
        """When the delivery was accepted that waits longest; None: nothing waits."""
        return self._store.read(sql.oldest_waiting)

    def made_as(self) -> str:
        """The database, the release of its tables, and how a commit is kept."""
        schema = self._store.read(version) or "none"
        if not self._sqlite:
            return f"PostgreSQL, tables of {schema}"
        journal = self._store.read(lambda connection: str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()))
        return f"SQLite {sqlite3.sqlite_version}, tables of {schema}, journal {journal}"

    def checked(self) -> tuple[str, ...]:
        """What the database itself finds wrong with its files; nothing, where all is well."""
        if not self._sqlite:
            return ()
        said = self._store.read(lambda connection: list(connection.exec_driver_sql("PRAGMA quick_check").scalars()))
        return () if said == ["ok"] else tuple(said)


def restore(backup: Path | str, to: Path | str) -> None:
    """A backup of a SQLite store becomes the store `to`, which must not be there yet, with every lane held. Raises StoreError."""
    backup, to, beside = Path(backup), Path(to), Path(f"{to}.restoring")
    if not backup.is_file():
        raise StoreError(f"{backup}: there is no such backup")
    for there in (to, Path(f"{to}-wal"), Path(f"{to}-shm")):  # SQLite would put an old journal on top of the copy
        if there.exists():
            raise StoreError(f"{there} is already there and is not written over: move it away first")
    for left in (beside, Path(f"{beside}-wal"), Path(f"{beside}-shm")):
        left.unlink(missing_ok=True)
    _copy(backup, beside)
    _hold(beside, str(backup))
    beside.rename(to)
    _on_disk(to)


def _hold(file: Path, place: str) -> None:
    engine = opening.engine(str(file), 5.0)
    try:
        with opening.translated(place), engine.execution_options(writes=True).begin() as connection:
            if version(connection) is None:
                raise StoreError(f"{place} is no backup of a store")
            migrate(connection, place)
            restored.hold(connection, max(time.time(), sql.newest(connection)))
    finally:
        engine.dispose()


def _copy(source: Path, target: Path) -> None:
    """By SQLite's own backup, in one go: one picture, whoever writes meanwhile. Put in its place when it is whole and on the disk."""
    beside = Path(f"{target}.part")
    try:
        if target.exists():
            raise StoreError(f"{target} is already there and is not written over: name another file")
        beside.unlink(missing_ok=True)
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        there, here = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True), sqlite3.connect(beside)
        try:
            there.backup(here)
            here.execute("PRAGMA journal_mode=DELETE")
        finally:
            there.close()
            here.close()
        beside.rename(target)
        _on_disk(target)
    except OSError as error:
        raise StoreError(f"{target}: the copy could not be written: {error.strerror}") from None
    except sqlite3.Error as error:
        raise StoreError(f"{source} could not be copied: {error}") from None


def _on_disk(file: Path) -> None:
    """The file, and that it is called so."""
    for path in (file, file.parent):
        which = os.open(path, os.O_RDONLY)
        try:
            os.fsync(which)
        finally:
            os.close(which)


def _bytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
