"""Rows on their way to the resident they belong to, where their file is not in the residents' order: a database on disk, without a name and
gone with the process, that sorts them. What it holds in memory is bounded.

    keys     (i, k, n, line)    the value k, by which rows are joined in way i, is the resident n's; it stands on that line
    rows     (n, t, line, cells)    a row of table t belongs to the resident n; none, if there is no such resident
    nobody   (t, line, cells)       a row that was found to belong to none while the files were read
    shared   (i, k, line, cells)    a row of the lookup i
"""
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from adapter.records.rows.text import Cells

CACHE = 32 << 10      # KiB
APART = "\0"          # no cell holds it: a zero byte comes as a lone surrogate
Row = tuple[int, Cells]


class Index:
    def __init__(self) -> None:
        self.db = sqlite3.connect("", isolation_level=None)      # a file that the system deletes
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", f"cache_size = -{CACHE}"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute("CREATE TABLE keys (i INTEGER, k TEXT, n INTEGER, line INTEGER)")
        self.db.execute("CREATE TABLE rows (n INTEGER, t INTEGER, line INTEGER, cells)")
        self.db.execute("CREATE TABLE nobody (t INTEGER, line INTEGER, cells)")
        self.db.execute("CREATE TABLE shared (i INTEGER, k TEXT, line INTEGER, cells)")
        self.db.execute("CREATE INDEX by_key ON keys (i, k, n)")
        self.db.execute("CREATE INDEX by_name ON shared (i, k)")
        self.db.execute("BEGIN")

    def close(self) -> None:
        self.db.close()

    # ---- in ------------------------------------------------------------------------------------------------------------------
    def residents(self, way: int, keys: Iterable[tuple[str, int, int]]) -> None:
        """(key, number, line) of residents."""
        self.db.executemany("INSERT INTO keys VALUES (?4, ?1, ?2, ?3)", ((*key, way) for key in keys if key[0].strip()))

    def between(self, way: int, by: int, keys: Iterable[tuple[str, str, int]]) -> None:
        """(key, the key of what it belongs to, line) of rows to which others belong."""
        self.db.executemany("INSERT INTO keys SELECT ?4, ?1, (SELECT n FROM keys WHERE i = ?5 AND k = ?2 LIMIT 1), ?3",
                            ((*key, way, by) for key in keys if key[0].strip()))

    def rows(self, table: int, by: int, rows: Iterable[tuple[str, int, Cells]]) -> None:
        self.db.executemany("INSERT INTO rows SELECT (SELECT n FROM keys WHERE i = ?5 AND k = ?1 LIMIT 1), ?4, ?2, ?3",
                            ((key, line, _packed(cells), table, by) for key, line, cells in rows))

    def orphan(self, table: int, line: int, cells: Cells) -> None:
        self.db.execute("INSERT INTO nobody VALUES (?, ?, ?)", (table, line, _packed(cells)))

    def begin(self) -> None:
        """The files are read from their beginning."""
        self.db.execute("DELETE FROM nobody")

    def shared(self, way: int, rows: Iterable[tuple[str, int, Cells]]) -> None:
        self.db.executemany("INSERT INTO shared VALUES (?, ?, ?, ?)", ((way, key, line, _packed(cells)) for key, line, cells in rows))

    # ---- out -----------------------------------------------------------------------------------------------------------------
    def twice(self, way: int) -> bool:
        """Does a key stand on two lines?"""
        return bool(self.db.execute("SELECT 1 FROM keys WHERE i = ? GROUP BY k HAVING count(*) > 1 LIMIT 1", (way,)).fetchone())

    def lines(self, way: int, key: str) -> list[int]:
        return [line for line, in self.db.execute("SELECT line FROM keys WHERE i = ? AND k = ? ORDER BY line LIMIT 7", (way, key))]

    def joined(self) -> Iterator[tuple[int, int, int, Cells]]:
        """(resident, table, line, cells) in this order."""
        for n, t, line, cells in self.db.execute("SELECT n, t, line, cells FROM rows WHERE n IS NOT NULL ORDER BY n, t, line"):
            yield n, t, line, _unpacked(cells)

    def left(self) -> Iterator[tuple[int, int, Cells]]:
        """(table, line, cells) of what belongs to no resident."""
        nobody = "SELECT t, line, cells FROM nobody UNION ALL SELECT t, line, cells FROM rows WHERE n IS NULL ORDER BY t, line"
        for t, line, cells in self.db.execute(nobody):
            yield t, line, _unpacked(cells)

    def named(self, way: int, key: str) -> list[Row]:
        found = self.db.execute("SELECT line, cells FROM shared WHERE i = ? AND k = ? ORDER BY line LIMIT 7", (way, key))
        return [(line, _unpacked(cells)) for line, cells in found]


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
