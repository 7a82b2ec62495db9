"""`redbag backup` and `redbag restore`: a copy of the store, and a store from its copy, held until a person says that it may go on.

Nobody knows what was sent after the copy was made. So after a restore nothing is sent; each endpoint is asked what it has, and that is
marked. What was accepted after the copy was made is not in it: the exports since then are sent again, which does no harm.
"""
from __future__ import annotations

import asyncio
from pathlib import Path

from adapter.commands.configured import configured, is_file, opened, place, storing
from adapter.commands.exits import Exit, Stop
from adapter.commands.line import at, iso
from adapter.commands.reconcile import Found, reconciled
from adapter.commands.talk import Talk, count
from adapter.delivery.store.keeping import restore as put_back
from adapter.delivery.store.opening import address
from adapter.delivery.store.seal import Keyring
from adapter.delivery.store.store import Store

KEYS = "The keys are not in it: keep a copy of their file apart from this one."
PG_DUMP = ("{place} is PostgreSQL, and its own tools copy it while it is in use: pg_dump --format=custom --file={file} DATABASE-URL. The "
           "keys are not in it: keep a copy of their file apart from this one.")
PG_RESTORE = "{place} is PostgreSQL: put it back with pg_restore into an empty database, then run `redbag restore` without a file."
WHICH = "Name the file that `redbag backup` wrote."
THEN = ("Nothing is sent until `redbag deliveries release --all`. What was accepted after {time} is not in it: then send the exports since "
        "then again, which does no harm.")


def run(config: Path | None, file: Path, talk: Talk) -> Exit:
    """Raises Stop."""
    found = configured(config, talk)
    if not is_file(found):
        raise Stop(Exit.USAGE, PG_DUMP.format(place=place(found), file=file))
    with opened(found) as store:
        store.keeping.backup(file)
        size = store.keeping.size()
    talk.result({"exit": Exit.DONE, "file": str(file), "deliveries": size.deliveries, "waiting": size.waiting},
                f"Copied into {file}: {count(size.deliveries, 'delivery', 'deliveries')}, {size.waiting:,} of them waiting. {KEYS}")
    return Exit.DONE


def restore(config: Path | None, file: Path | None, talk: Talk, *, reconcile: bool) -> Exit:
    """Raises Stop."""
    found = configured(config, talk)
    with storing():
        Keyring.load(found.store.keys)  # before anything is put in its place
        if is_file(found):
            if file is None:
                raise Stop(Exit.USAGE, WHICH)
            put_back(file, address(found.store.database).database or "")
        elif file is not None:
            raise Stop(Exit.USAGE, PG_RESTORE.format(place=place(found)))
    with opened(found, make=True) as store:
        if not is_file(found):
            store.keeping.hold_restored()
        newest, before = _newest(store), store.keeping.size().waiting
        marked = asyncio.run(reconciled(store, found, talk, before)) if reconcile else Found()
        waiting = store.keeping.size().waiting
    done = f"Put back, and held: {count(before, 'delivery waits', 'deliveries wait')}. "
    asked = f"{marked.sentence()} So {waiting:,} {'waits' if waiting == 1 else 'wait'} now. " if reconcile else ""
    talk.result({"exit": Exit.DONE, "waiting": waiting, "newest": iso(newest), **(marked.counts() if reconcile else {})},
                done + asked + THEN.format(time=at(newest) if newest else "it was made"))
    return Exit.DONE


def _newest(store: Store) -> float | None:
    """When the last thing that it knows was accepted."""
    last = store.people.listed(most=1)
    return last[0].accepted if last else None
