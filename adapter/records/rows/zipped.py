"""The members of a zip, read where they are and never extracted: whatever could lead elsewhere or swell up is refused by name.

Nothing is told of a member but its number: its name is somebody else's text.
"""
from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from adapter.faults import Fault, Refused

MEMBERS = 10_000
TOTAL = 32 << 30         # bytes, of all members together
RATIO = 250              # text does not become smaller than that; only asked from SMALL on
SMALL = 16 << 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Member(NamedTuple):
    """`name` without its folders."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


@contextmanager
def members(path: Path) -> Iterator[list[Member]]:
    """Raises Refused with the first thing that is wrong. A member is read only as far as its declared size."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield list(_members(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise Refused([Fault("zip-damaged", "is damaged, or no zip as it should be: export it again")]) from None


def _members(archive: zipfile.ZipFile) -> Iterator[Member]:
    entries = archive.infolist()
    if len(entries) > MEMBERS or sum(entry.file_size for entry in entries) > TOTAL:
        raise Refused([Fault("zip-bomb", f"holds more than {MEMBERS:,} files or {TOTAL >> 30} GiB: hand in the folder instead")])
    for number, entry in enumerate(entries, 1):
        for rule, says in _wrong(entry):
            raise Refused([Fault(rule, f"file {number} in the zip {says}")])
        name = _path(entry)[-1]
        if not entry.is_dir() and not name.startswith(".") and _path(entry)[0] != "__MACOSX":
            yield Member(name, entry.file_size, lambda entry=entry: cast(BinaryIO, archive.open(entry)))     # type: ignore[misc]


def _path(entry: zipfile.ZipInfo) -> list[str]:
    return entry.filename.replace("\\", "/").split("/")     # some Windows programs write the other slash


def _wrong(entry: zipfile.ZipInfo) -> Iterator[tuple[str, str]]:
    if ".." in _path(entry) or _path(entry)[0] == "" or ":" in _path(entry)[0]:
        yield "zip-path", "has a name that leads out of the zip; nothing in it is read"
    if stat.S_ISLNK(entry.external_attr >> 16):
        yield "zip-link", "is a link to another file; put the file itself in"
    if entry.flag_bits & 0x1:
        yield "zip-encrypted", "is encrypted; hand it in without a password"
    if entry.filename.lower().endswith(".zip"):
        yield "zip-in-zip", "is a zip itself; put its files in"
    if entry.compress_type not in METHODS:
        yield "zip-method", "is packed in an unusual way; use the usual one (deflate)"
    if entry.file_size > SMALL and entry.file_size > RATIO * max(entry.compress_size, 1):
        yield "zip-bomb", f"would become more than {RATIO} times as large when it is unpacked; nothing in it is read"
