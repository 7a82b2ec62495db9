"""Where a run may write: never over what it reads, and never among files that it did not make. Asked before anything is read."""
from __future__ import annotations

from pathlib import Path

from adapter.commands import files
from adapter.commands.exits import Exit, Stop


def is_new(to: Path, *read: Path | None, option: str = "-o") -> None:
    """Raises Stop where something is there already, or would come to stand among what is read."""
    is_apart(to, *read, option=option)
    if to.is_dir() and any(to.iterdir()):
        raise Stop(Exit.USAGE, f"{to} holds files that this run did not make: name a new folder with {option}, or empty this one.")
    if to.exists() and not to.is_dir():
        raise Stop(Exit.USAGE, f"{to} is there already: name another place with {option}.")


def is_apart(to: Path, *read: Path | None, option: str = "-o") -> None:
    """Raises Stop where a place is what is read, is inside of it or holds it."""
    for path in read:
        if path and str(path) != files.STDIN and path.exists() and (how := _touches(to, path)):
            raise Stop(Exit.USAGE, f"{to} {how} {path}, which is read: name another place with {option}.")


def _touches(to: Path, path: Path) -> str:
    """By what the file system says of the two, whatever their names."""
    if _same(to, path):
        return "is"
    if any(_same(around, path) for around in to.resolve().parents):
        return "is inside"
    return "holds" if any(_same(around, to) for around in path.resolve().parents) else ""


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
