"""Opening a store, and what cannot be opened: one sentence each; its tables from release to release; its copy."""
from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from adapter.delivery.store import opening
from adapter.delivery.store.errors import StoreAway, StoreError, StoreFull, WorkerRunning
from adapter.delivery.store.keeping import restore
from adapter.delivery.store.sql import SCHEMA, metadata
from adapter.delivery.store.store import Store
from tests.stores import HOSPITAL, KEYS, Hand, address, item, opened, stores


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from stores(request.param, tmp_path, Hand())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "redbag.db"


def test_the_migrations_make_the_tables_that_the_statements_know(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA


def test_a_store_of_a_newer_release_is_not_touched(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"made by a newer release of redbag \(its tables are of 9999, this release knows up to"):
        opened(store.engine.url.render_as_string(hide_password=False))
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :schema"), {"schema": SCHEMA})


def test_a_file_is_for_its_owner_only_and_every_commit_is_on_the_disk(file: Path) -> None:
    before = os.umask(0)
    try:
        store = opened(str(file))
        store.accept([item()])
        for name in ("redbag.db", "redbag.db-wal"):
            assert stat.S_IMODE((file.parent / name).stat().st_mode) == 0o600
    finally:
        os.umask(before)
    said = store.write(lambda connection: [connection.exec_driver_sql(f"PRAGMA {what}").scalar() for what in (
        "journal_mode", "synchronous", "foreign_keys")])
    assert said == ["wal", 2, 1]  # 2: FULL
    store.close()


def test_what_was_accepted_is_there_when_it_is_opened_again(file: Path) -> None:
    store = opened(str(file))
    store.accept([item()])
    store.close()
    again = opened(f"sqlite:///{file}")
    assert len(again.claim("w", HOSPITAL, 1)) == 1
    again.close()


@pytest.mark.parametrize(("url", "says"), [
    ("none/redbag.db", "there is no folder"),
    (".", "is a folder: name a file in it"),
    ("mysql://user:Sentinel@host/db", "nothing else"),
    ("://", "nothing else|cannot be read"),
    ("postgresql://user:Sentinel@127.0.0.1:1/db", "is not reachable"),
    ("text.db", "no SQLite database"),
])
def test_what_cannot_be_opened_is_one_sentence_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.db").write_text("Sentinel " * 1000, encoding="utf-8")
    with pytest.raises(StoreError, match=says) as refused:
        Store.open(url, KEYS, wait=2.0)
    assert "Sentinel" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_who_waits_for_another_that_writes_is_told_to_try_again(file: Path) -> None:
    store = Store.open(str(file), KEYS, wait=0.1)
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreAway, match="another process is writing"):
            store.accept([item()])
        assert store.people.listed() == []  # whoever reads is not kept waiting
    store.close()


def accept_many(store: Store) -> None:
    for number in range(20):
        store.accept([item(f"resident {number}", os.urandom(20_000).hex())])


def test_when_the_disk_is_full_nothing_is_kept_and_that_is_said(file: Path) -> None:
    store = opened(str(file))
    store.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 60"))
    with pytest.raises(StoreFull, match="the disk is full: nothing of this was kept"):
        accept_many(store)
    kept = len(store.people.listed())
    assert kept == store.people.counts()[0].accepted
    store.close()


@pytest.mark.parametrize(("said", "error"), [
    ("database is locked", StoreAway), ("database or disk is full", StoreFull), ("attempt to write a readonly database", StoreError),
    ("disk I/O error", StoreError), ("database disk image is malformed", StoreError), ("something new", StoreError),
])
def test_what_sqlite_says_is_said_in_our_words(said: str, error: type[StoreError]) -> None:
    assert type(opening._of_sqlite(said, "redbag.db")) is error


def test_by_another_name_it_is_the_same_file_and_one_works_on_it(file: Path) -> None:
    store, link = opened(str(file)), file.parent / "elsewhere" / "link.db"
    store.register("one")
    link.parent.mkdir()
    link.symlink_to(file)
    other = opened(str(link))
    with pytest.raises(WorkerRunning, match="is another worker's"):
        other.register("two")
    store.accept([item(body="A" * 100_000)])
    assert other.keeping.size().used == store.keeping.size().used
    store.close()
    other.close()


@pytest.mark.parametrize(("code", "error"), [
    ("08006", StoreAway), ("57P01", StoreAway), ("53300", StoreAway), ("55P03", StoreAway), ("25006", StoreAway), ("58030", StoreAway),
    ("40001", StoreAway), ("53100", StoreFull), ("42501", StoreError), ("22021", StoreError), ("22003", StoreError), ("XX000", StoreError),
])
def test_what_postgresql_says_is_tried_again_only_where_that_may_help(tmp_path: Path, code: str, error: type[StoreError]) -> None:
    store = opened(address("PostgreSQL", tmp_path))
    with pytest.raises(StoreError) as told:
        store.read(lambda connection: connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")))
    assert type(told.value) is error
    store.close()


def test_what_the_driver_cannot_even_send_is_not_tried_again(tmp_path: Path) -> None:
    store = opened(address("PostgreSQL", tmp_path))
    with pytest.raises(StoreError, match="does not take what was to be written") as told:
        store.read(lambda connection: connection.execute(text("SELECT :said"), {"said": "nothing\0"}))
    assert type(told.value) is StoreError
    store.close()


# Backup

def test_a_backup_is_whole_and_what_is_put_back_is_held(file: Path, tmp_path: Path) -> None:
    store = opened(str(file))
    store.accept([item("one"), item("two")])
    store.claim("w", HOSPITAL, 1)
    backup, back = tmp_path / "backup.db", tmp_path / "back.db"
    store.keeping.backup(backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    store.accept([item("three")])
    restore(backup, back)
    again = opened(str(back))
    assert again.keeping.restored()
    assert [lane.held for lane in again.people.stuck()] == ["restored", "restored"]
    assert again.claim("w", HOSPITAL, 8) == []
    assert again.people.release_restored() == 2
    assert [each.subject for each in again.claim("w", HOSPITAL, 8)] == ["one", "two"]
    assert again.keeping.checked() == ()
    store.close()
    again.close()


@pytest.mark.parametrize(("do", "says"), [
    (lambda here, store: store.keeping.backup(here / "redbag.db"), "already there"),
    (lambda here, store: store.keeping.backup(here / "none" / "b.db"), "could not be written"),
    (lambda here, store: restore(here / "none.db", here / "new.db"), "there is no such backup"),
    (lambda here, store: restore(here / "text.db", here / "new.db"), "could not be copied|no SQLite database"),
    (lambda here, store: restore(here / "empty.db", here / "new.db"), "is no backup of a store"),
    (lambda here, store: restore(here / "redbag.db", here / "redbag.db"), "already there"),
    (lambda here, store: restore(here / "redbag.db", here / "moved.db"), "moved.db-wal is already there"),
])
def test_what_cannot_be_copied_is_one_sentence(file: Path, tmp_path: Path, do: Callable[[Path, Store], None], says: str) -> None:
    (tmp_path / "text.db").write_text("nothing " * 1000, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "empty.db")) as other:
        other.execute("CREATE TABLE other (x)")
    (tmp_path / "moved.db-wal").touch()
    store = opened(str(file))
    with pytest.raises(StoreError, match=says):
        do(tmp_path, store)
    store.close()
    assert not (tmp_path / "new.db").exists()
