"""Since a restore: a store that was put back from a backup holds its lanes, for nobody knows what was sent since the backup was made.

    hold       every lane, and those that are made from now on: the backup may not know them
    released   an endpoint's lanes go on, and so do new ones there; when no lane is held any more, all is as before the restore
"""
from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from adapter.delivery.store import sql

RESTORED = "restored"  # why a lane is held; and the setting: when the store was put back, until all is released
RELEASED = "released "  # settings: the endpoints at which all was released since
PUT_BACK = "the store was put back from a backup; it is not known what was sent since: reconcile, then release"


def hold(connection: Connection, now: float) -> None:
    sql.hold_all(connection, PUT_BACK)
    sql.forget_settings(connection, RELEASED)
    sql.set_setting(connection, RESTORED, f"{now:.0f}")


def since(connection: Connection) -> float | None:
    """When it was put back, until all is released."""
    said = sql.setting_of(connection, RESTORED)
    return float(said) if said else None


def holding(connection: Connection, endpoints: Collection[str]) -> set[str]:
    """Those of these at which new lanes are held too."""
    if since(connection) is None:
        return set()
    return {name for name in endpoints if sql.setting_of(connection, RELEASED + name) is None}


def released(connection: Connection, endpoint: str | None = None) -> None:
    """A lane was, or all that were held at the endpoint."""
    if not sql.lanes_held(connection, RESTORED, None, 0, most=1):
        sql.forget_settings(connection, RELEASED)
        sql.set_setting(connection, RESTORED, None)
    elif endpoint is not None:
        sql.set_setting(connection, RELEASED + endpoint, "")
