"""What redbag.toml names, opened for a verb: the configuration, an endpoint, the keys, the store. What is wrong with it ends the run."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import stopped
from adapter.commands.talk import Talk
from adapter.delivery.endpoints import Config, Endpoint, NotConfigured, find, load
from adapter.delivery.store.errors import StoreAway, StoreError
from adapter.delivery.store.opening import address, place_of
from adapter.delivery.store.seal import Keyring
from adapter.faults import Refused

if TYPE_CHECKING:
    from adapter.delivery.store.store import Store, Wake
    from adapter.delivery.work.engine import Engine

KEYS = "REDBAG_KEYS"
NO_KEY = {"none": bytes(32)}  # to look at a store without its keys: nothing is sealed or opened with it
LOST = ("{keys}: there is no such file of keys, and {store} holds what was sealed with {names}: put the file back from your copy. If "
        "there is none, `redbag keys new --lost` makes a new one, and what was sealed must be sent anew")

NO_DBOS = "engine = \"dbos\" needs a package that is not installed: pip install 'redbag-adapter[postgresql]', or say engine = \"loop\"."


def configured(said: Path | None, talk: Talk) -> Config:
    """Raises Stop when all that is wrong with the file has been told."""
    try:
        return load(find(said))
    except Refused as refused:
        raise stopped(refused.found, str(find(said)), talk, layout=True) from None


def endpoint(config: Config, name: str) -> Endpoint:
    """Raises Stop."""
    try:
        return config.endpoint(name)
    except NotConfigured as error:
        raise Stop(Exit.USAGE, str(error)) from None


@contextmanager
def storing() -> Iterator[None]:
    """What the store cannot do, as the end of the run. Raises Stop."""
    try:
        yield
    except StoreAway as error:
        raise Stop(Exit.AGAIN, sentence(error)) from None
    except StoreError as error:
        raise Stop(Exit.NOTHING, sentence(error)) from None


@contextmanager
def opened(config: Config, *, make: bool = False, look: bool = False) -> Iterator[Store]:
    """The store, for as long as it is needed. `make`: where there is none yet; the keys are not made, they are for somebody to make and to
    keep a copy of. `look`: it is only looked at, without its keys if they are not there. Raises Stop."""
    from adapter.delivery.store.store import Store

    if not make and not is_made(config):
        raise Stop(Exit.NOTHING, f"There is no store {place(config)} yet: `redbag send --durable` makes it when it accepts something.")
    with storing():
        store = Store.open(config.store.database, keyring(config, look=look), cap=cap(config))
        try:
            store.wake = first_wake(config, store)
            yield store
        finally:
            store.close()


def first_wake(config: Config, store: Store) -> Wake:
    """The engine is asked for when somebody is to be woken: most commands only look."""

    def wake(transaction: Any, endpoint: str, delay: float) -> None:
        engine(config).attach(store)
        store.wake(transaction, endpoint, delay)

    return wake


def engine(config: Config, name: str = "") -> Engine:
    """Whoever wakes the workers: whatever becomes due by a command, another process is told. `name`: the worker's, where it is one. Raises
    Stop."""
    from adapter.delivery.work.engine import Loop

    if (config.store.engine or ("loop" if is_file(config) else "dbos")) == "loop":
        return Loop()
    try:
        from adapter.delivery.work.by_dbos import Dbos
    except ImportError:
        raise Stop(Exit.USAGE, NO_DBOS) from None
    return Dbos(name)


# ---- keys ------------------------------------------------------------------------------------------------------------------------
def keyring(config: Config, *, look: bool = False) -> Keyring:
    """Raises StoreError, which does not advise new keys where old ones are needed."""
    try:
        return Keyring.load(config.store.keys)
    except StoreError:
        if look:
            return Keyring(NO_KEY)
        if why := lost(config):
            raise StoreError(why) from None
        raise


def lost(config: Config) -> str:
    """What is said where there is no file of keys and the store needs one; empty: all is well, or it cannot be known."""
    if os.environ.get(KEYS) or Path(config.store.keys).exists() or not is_made(config):
        return ""
    try:
        with opened(config, look=True) as store:
            needed = store.keeping.keys_in_use()
    except Stop:
        return ""
    return LOST.format(keys=config.store.keys, store=place(config), names=", ".join(sorted(needed))) if needed else ""


def cap(config: Config) -> int | None:
    """How large the database may become, in bytes."""
    return config.store.cap_mb and config.store.cap_mb * 1_000_000


def sentence(error: Exception | str) -> str:
    """As one that begins and ends like one.

    >>> sentence(StoreError("the store is newer than this release"))
    'The store is newer than this release.'
    >>> sentence(StoreError("redbag.keys: there is no such file"))
    'redbag.keys: there is no such file.'
    """
    said = str(error)
    first = said.partition(" ")[0]
    begun = first.capitalize() if first.isalpha() and first.islower() else first
    return begun + said[len(first):] + "." * (not said.endswith((".", "?")))


def is_file(config: Config) -> bool:
    """Is the store SQLite's? Raises Stop."""
    with storing():
        return address(config.store.database).get_backend_name() == "sqlite"


def place(config: Config) -> str:
    """How the store is called in sentences."""
    return place_of(address(config.store.database))


def is_made(config: Config) -> bool:
    """Was there ever a store? Whoever only looks makes none. Of PostgreSQL it says yes."""
    return not is_file(config) or Path(address(config.store.database).database or "").is_file()
