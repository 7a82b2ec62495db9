"""What `redbag check` is given: files, folders with all that is below them, a pipe, addresses."""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from adapter.commands import files
from adapter.commands.exits import Exit, Stop

ENDINGS = frozenset({".json", ".xml", ".ndjson", ".jsonl"})  # what is looked at in a folder
EXPORT = "A vendor's export is read with --layout."
SCHEMES = ("http://", "https://")


class Inputs(NamedTuple):
    """`each` in a stable order; `is_one`: a single one, named as it is. `passed`: files in folders that have other endings."""

    each: list[str]
    passed: int
    is_one: bool


def is_address(name: str) -> bool:
    return name.casefold().startswith(SCHEMES)


def inputs(names: Iterable[str]) -> Inputs:
    """Raises Stop for a name that is nowhere."""
    given, found, passed = list(names), list[str](), 0
    for name in given:
        if name == files.STDIN or is_address(name) or not Path(name).is_dir():
            found.append(name)
            continue
        for path in _below(name):
            if path.suffix.casefold() in ENDINGS:
                found.append(str(path))
            else:
                passed += 1
    if found.count(files.STDIN) > 1:
        raise Stop(Exit.USAGE, "A pipe can be read once: name - once.")
    if not found:
        raise Stop(Exit.NOTHING, f"Nothing to check: no file that ends in {', '.join(sorted(ENDINGS))}. {EXPORT}")
    return Inputs(found, passed, given == found and len(found) == 1)


def _below(folder: str) -> Iterator[Path]:
    """Hidden files and folders are left out, and links to folders are not followed: they may lead in a circle. Raises Stop."""
    for here, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in sorted(names) if not name.startswith(".") and (path := Path(here, name)).is_file())


def _unreadable(error: OSError) -> None:
    raise Stop(Exit.NOTHING, f"{error.filename} cannot be read: check the name.") from None
