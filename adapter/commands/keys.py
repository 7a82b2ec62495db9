"""`redbag keys`: the keys with which payloads lie encrypted in the store. Their values are never shown; their names are no secret."""
from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from adapter.commands.configured import KEYS, NO_KEY, configured, lost, opened, sentence, storing
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk, count
from adapter.delivery.endpoints import Config
from adapter.delivery.store.seal import Keyring

COPY = "Keep a copy of it apart from the database and its backups: without it nothing that waits can be opened, with it anybody can."

OTHERS = " The others still open what they sealed, until `redbag keys reseal`. A worker at work reads the new one by itself."


class Key(NamedTuple):
    """`payloads`: how many are sealed with it. `there`: is it in the keyring?"""

    name: str
    payloads: int
    there: bool
    current: bool

    def sentence(self) -> str:
        says = " (current)" if self.current else "" if self.there else " (missing: put its line back; what it sealed waits until then)"
        return f"{self.name}: {count(self.payloads, 'payload')}{says}"


def new(config: Path | None, talk: Talk, *, is_lost: bool = False) -> Exit:
    """`is_lost`: what was sealed with keys that are not there any more is given up. Raises Stop."""
    found = configured(config, talk)
    settings = found.store
    if os.environ.get(KEYS):
        raise Stop(Exit.USAGE, f"The keys are taken from {KEYS}: a new one is put in front of the others there, as its first line.")
    if not is_lost and (why := lost(found)):
        raise Stop(Exit.PERSON, sentence(why))
    with storing():
        first = not Path(settings.keys).exists()
        made = Keyring.new(settings.keys) if first else Keyring.rotate(settings.keys)
    talk.result({"exit": Exit.DONE, "file": settings.keys, "key": made.current},
                f"Made the key {made.current} in {settings.keys}. {COPY}{'' if first else OTHERS}")
    return Exit.DONE


def list_(config: Path | None, talk: Talk) -> Exit:
    """Raises Stop."""
    found = of_store(configured(config, talk))
    for key in found:
        talk.found("key", key._asdict(), key.sentence(), data=True)
    missing = sum(not key.there for key in found)
    ended = Exit.PERSON if missing else Exit.DONE
    talk.result({"exit": ended, "keys": len(found), "missing": missing}, f"{count(len(found), 'key')}, {missing or 'none'} missing.")
    return ended


def of_store(config: Config) -> list[Key]:
    """Those of the keyring, and those that payloads need. Raises Stop."""
    with opened(config, look=True) as store:
        return keys(store.keys, store.keeping.keys_in_use())


def keys(ring: Keyring, needed: Mapping[str, int]) -> list[Key]:
    """The current one first, what is missing last."""
    ours = [name for name in ring.names if name not in NO_KEY]
    names = [*ours, *sorted(needed.keys() - set(ours))]
    return [Key(name, needed.get(name, 0), name in ring.names, name == ring.current) for name in names]


def reseal(config: Path | None, talk: Talk) -> Exit:
    """Raises Stop."""
    with opened(configured(config, talk)) as store:
        done = store.keeping.reseal()
        found = keys(store.keys, store.keeping.keys_in_use())
    needed = [key.name for key in found if key.payloads and not key.current]
    for says in done.closed:
        talk.found("problem", {"says": says}, f"{says}.")
    left = f" {', '.join(needed)}: payloads are still sealed with it." if needed else " No older key is needed any more."
    ended = Exit.PERSON if done.closed else Exit.DONE
    talk.result({"exit": ended, "resealed": done.done, "needed": needed}, f"{count(done.done, 'payload')} sealed anew.{left}")
    return ended
