"""The tables, from one release to the next: Alembic's scripts, run from inside the package when a store is opened."""
from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from adapter.delivery.store.errors import StoreError
from adapter.delivery.store.sql import SCHEMA

LOCK = 0x5EDBA6  # of PostgreSQL, while the tables are made: two that open an empty database at once
TABLE = "alembic_version"


def version(connection: Connection) -> str | None:
    """What the tables are of; None where there are none yet."""
    if not inspect(connection).has_table(TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar()  # noqa: S608  # a constant


def migrate(connection: Connection, place: str) -> None:
    """To the newest, inside the connection's transaction: all of it or nothing. Raises StoreError where the store is of a newer release."""
    if version(connection) == SCHEMA:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    _upgrade(connection, place)


def _upgrade(connection: Connection, place: str) -> None:
    from alembic import command  # takes a while, and is needed once a release
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    there = version(connection)
    if there is not None and there not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        raise StoreError(f"{place}: this store was made by a newer release of redbag (its tables are of {there}, this release knows up to "
                         f"{SCHEMA}): use that release, or put the backup back that was made before it")
    command.upgrade(config, "head")
