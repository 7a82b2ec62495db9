"""Files without accidents: what is written stands there whole or not at all, and what cannot be read is one sentence."""
from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

from adapter.commands.exits import Exit, Stop
from adapter.commands.streams import reason

STDIN = STDOUT = "-"


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """Standard input for "-". Raises Stop, also where the reading fails half-way."""
    if name == STDIN and (sys.stdin is None or sys.stdin.isatty()):
        raise Stop(Exit.USAGE, "Nothing is piped in: name a file, or pipe one into `-`.")
    try:
        with nullcontext(sys.stdin.buffer) if name == STDIN else Path(name).open("rb") as file:
            yield file
    except OSError as error:
        what = "Standard input" if name == STDIN else name
        raise Stop(Exit.NOTHING, f"{what} cannot be read ({reason(error)}): check the name.") from None


def size_of(file: BinaryIO) -> int | None:
    """In bytes; None for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size or None if file.seekable() else None
    except OSError:
        return None


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Under a temporary name beside it, and renamed when all is written. Raises Stop where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise Stop(Exit.NOTHING, f"{path} cannot be written ({reason(error)}): name another place with -o.") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise Stop(Exit.NOTHING, f"{path} cannot be written ({reason(error)}): name another place with -o.") from None
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> None:
    with writing(path) as file:
        file.write(data)


def last(path: Path) -> int:
    """What was written stands on the disk, whatever happens then: of a file its content, of a folder its names. The size in bytes. Windows
    sees to its folders itself. Raises Stop."""
    if sys.platform == "win32" and path.is_dir():
        return 0
    try:
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
            return os.fstat(handle).st_size
        finally:
            os.close(handle)
    except OSError as error:
        raise Stop(Exit.NOTHING, f"{path} cannot be written ({reason(error)}): name another place with -o.") from None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else writes into the folder meanwhile; it is made, and taken away again where nothing came of it. The lock ends with this
    process, however that ends. Windows has none for folders. Raises Stop."""
    new, handle = not folder.exists(), -1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if sys.platform != "win32":
            handle = os.open(folder, os.O_RDONLY)
            _lock(handle, folder)
    except OSError as error:
        _close(handle)
        raise Stop(Exit.NOTHING, _not_alone(folder, error)) from None
    try:
        yield
    finally:
        if new:
            with suppress(OSError):  # there is something in it
                folder.rmdir()
        _close(handle)


def _lock(handle: int, folder: Path) -> None:
    """Raises OSError, also where the folder was taken away while we waited for it."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(handle), folder.stat()):
            raise BlockingIOError


def _not_alone(folder: Path, error: OSError) -> str:
    if isinstance(error, BlockingIOError):
        return f"Another run is at work in {folder}: wait until it has ended, or name a new folder with -o."
    return f"{folder} cannot be written ({reason(error)}): name another place with -o."


def _close(handle: int) -> None:
    if handle >= 0:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
