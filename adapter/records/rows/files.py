"""The files of a CSV export: a folder, a zip, or one file alone. Found by their names in whatever case; opened as often as needed."""
from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapter.faults import Fault, Refused
from adapter.records.rows import zipped

FIRST_MEMBER = b"PK\x03\x04"


@dataclass(frozen=True)
class File:
    """`name` as it is called in the export, `size` in bytes. A file is read as a stream, from its beginning, each time it is opened."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


@contextmanager
def files_of(path: Path) -> Iterator[dict[str, File]]:
    """The files by their names in lower case; those whose name begins with a dot are no data. Raises Refused."""
    try:
        if path.is_dir():
            yield _by_name(_folder(path))
        elif _torn(path):
            raise Refused([Fault("zip-damaged", "is not a whole zip file: export it again, or copy it once more")])
        elif zipfile.is_zipfile(path):
            with zipped.members(path) as members:
                yield _by_name(File(name, size, opens) for name, size, opens in members)
        else:
            yield _by_name([File(path.name, path.stat().st_size, lambda: path.open("rb"))])
    except OSError as error:
        raise unreadable(error) from None


def _torn(path: Path) -> bool:
    """Is it a zip by its name or its first bytes, and has no end?"""
    if zipfile.is_zipfile(path):
        return False
    with path.open("rb") as file:
        return path.suffix.lower() == ".zip" or file.read(4) == FIRST_MEMBER


def unreadable(error: OSError) -> Refused:
    return Refused([Fault("unreadable", f"cannot be read ({error.strerror or 'it is damaged'}): check the name, and who may read it")])


def _folder(path: Path) -> Iterator[File]:
    for entry in sorted(path.iterdir()):
        if not entry.name.startswith(".") and entry.is_file():
            yield File(entry.name, entry.stat().st_size, lambda entry=entry: entry.open("rb"))     # type: ignore[misc]  # mypy has no type for it


def _by_name(files: Iterator[File] | list[File]) -> dict[str, File]:
    found: dict[str, File] = {}
    for file in files:
        if found.setdefault(file.name.lower(), file) is not file:
            raise Refused([Fault("file-twice", "two files have one name, or names that differ only in their case: "
                                               "which of them is meant cannot be known; leave one in")])
    return found
