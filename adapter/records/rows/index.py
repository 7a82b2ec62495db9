"""Rows on their way to the resident they belong to, where their file is not in the residents' order: a database on disk, without a name and
gone with the process, that sorts them. What it holds in memory is bounded.

    keys1    (k, n, line)           the value k, by which rows are joined in way 1, is the resident n's; it stands on that line
    rows     (n, t, line, cells)    a row of table t belongs to the resident n; none, if there is no such resident
    nobody   (t, line, cells)       a row that was found to belong to none while the files were read
    shared2  (k, line, cells)       a row of the lookup 2

Their names are made of our own numbers, and of nothing else.
"""
# ruff: noqa: S608
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from adapter.faults import Fault, Refused
from adapter.records.rows.text import Cells

CACHE = 32 << 10      # KiB
MANY = 7              # of rows with one key, so many are told
APART = "\0"          # no cell holds it: a zero byte comes as a lone surrogate
Row = tuple[int, Cells]


@contextmanager
def index() -> Iterator[Index]:
    """Raises Refused where the disk is full."""
    database = Index()
    try:
        yield database
    except sqlite3.Error:
        says = "the temporary index of its rows cannot be written: see that there is room where temporary files are (TMPDIR says where)"
        raise Refused([Fault("no-room", says)]) from None
    finally:
        database.close()


class Index:
    def __init__(self) -> None:
        self.db = sqlite3.connect("", isolation_level=None)      # a file that the system deletes
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", f"cache_size = -{CACHE}"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute("CREATE TABLE rows (n INTEGER, t INTEGER, line INTEGER, cells)")
        self.db.execute("CREATE TABLE nobody (t INTEGER, line INTEGER, cells)")
        self.db.execute("BEGIN")

    def close(self) -> None:
        self.db.close()

    # ---- in ------------------------------------------------------------------------------------------------------------------
    def residents(self, way: int, keys: Iterable[tuple[str, int, int]]) -> None:
        """(key, number, line) of residents."""
        with self._filling(f"keys{way}", "n INTEGER, line INTEGER") as table:
            self.db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", ((_key(k), n, line) for k, n, line in keys if k.strip()))

    def between(self, way: int, by: int, keys: Iterable[tuple[str, str, int]]) -> None:
        """(key, the key of what it belongs to, line) of rows to which others belong."""
        with self._filling(f"keys{way}", "n INTEGER, line INTEGER") as table:
            self.db.executemany(f"INSERT INTO {table} SELECT ?1, ({_resident(by, '?2')}), ?3",
                                ((_key(k), _key(of), line) for k, of, line in keys if k.strip()))

    def rows(self, table: int, by: int, rows: Iterable[tuple[str, int, Cells]]) -> None:
        self.db.executemany(f"INSERT INTO rows SELECT ({_resident(by, '?1')}), {table}, ?2, ?3",
                            ((_key(key), line, _packed(cells)) for key, line, cells in rows))

    def orphan(self, table: int, line: int, cells: Cells) -> None:
        self.db.execute("INSERT INTO nobody VALUES (?, ?, ?)", (table, line, _packed(cells)))

    def begin(self) -> None:
        """The files are read from their beginning."""
        self.db.execute("DELETE FROM nobody")

    def shared(self, way: int, rows: Iterable[tuple[str, int, Cells]]) -> None:
        with self._filling(f"shared{way}", "line INTEGER, cells") as table:
            self.db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", ((_key(key), line, _packed(cells)) for key, line, cells in rows))

    @contextmanager
    def _filling(self, table: str, columns: str) -> Iterator[str]:
        """A table by whose keys something is found when it is full: to sort them once costs less than to keep them in order."""
        self.db.execute(f"CREATE TABLE {table} (k TEXT, {columns})")
        yield table
        self.db.execute(f"CREATE INDEX {table}_by_key ON {table} (k, {columns.partition(' ')[0]})")

    # ---- out -----------------------------------------------------------------------------------------------------------------
    def twice(self, way: int) -> bool:
        """Does a key stand on two lines?"""
        return bool(self.db.execute(f"SELECT 1 FROM keys{way} GROUP BY k HAVING count(*) > 1 LIMIT 1").fetchone())

    def lines(self, way: int, key: str) -> list[int]:
        return [line for line, in self.db.execute(f"SELECT line FROM keys{way} WHERE k = ? ORDER BY line LIMIT {MANY}", (_key(key),))]

    def joined(self) -> Iterator[tuple[int, int, int, Cells]]:
        """(resident, table, line, cells) in this order."""
        for n, t, line, cells in self.db.execute("SELECT n, t, line, cells FROM rows WHERE n IS NOT NULL ORDER BY n, t, line"):
            yield n, t, line, _unpacked(cells)

    def left(self) -> Iterator[tuple[int, int, Cells]]:
        """(table, line, cells) of what belongs to no resident."""
        nobody = "SELECT t, line, cells FROM nobody UNION ALL SELECT t, line, cells FROM rows WHERE n IS NULL ORDER BY t, line"
        for t, line, cells in self.db.execute(nobody):
            yield t, line, _unpacked(cells)

    def astray(self) -> Iterator[tuple[int, int, Cells]]:
        """The same, of the rows that were put in by `rows`."""
        for t, line, cells in self.db.execute("SELECT t, line, cells FROM rows WHERE n IS NULL ORDER BY t, line"):
            yield t, line, _unpacked(cells)

    def named(self, way: int, key: str) -> list[Row]:
        found = self.db.execute(f"SELECT line, cells FROM shared{way} WHERE k = ? ORDER BY line LIMIT {MANY}", (_key(key),))
        return [(line, _unpacked(cells)) for line, cells in found]


def _resident(way: int, key: str) -> str:
    return f"SELECT n FROM keys{way} WHERE k = {key} LIMIT 1"


def _key(key: str) -> str | bytes:
    return key if key.isascii() else _packed([key])


def _packed(cells: Cells) -> str | bytes:
    text = APART.join(cells)
    return text if _is_text(text) else text.encode(errors="surrogatepass")


def _is_text(text: str) -> bool:
    """Without lone surrogates, which the database does not take."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unpacked(cells: str | bytes) -> Cells:
    return (cells if isinstance(cells, str) else cells.decode(errors="surrogatepass")).split(APART)
