"""In which encoding a file is written: found out from all of its bytes, never from the first few, and never guessed any further.

UTF-8 if all of it is UTF-8, with or without a byte order mark; else Windows-1252. Where the layout names one, the file must not
contradict it.
"""
from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import NamedTuple

from adapter.faults import Fault, Refused
from adapter.records.rows.files import File

CHUNK = 1 << 20
NAMES = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "iso8859-1": "ISO 8859-1", "iso8859-15": "ISO 8859-15"}
UNDEFINED = {"cp1252": b"\x81\x8d\x8f\x90\x9d"}
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Encoding:
    """`name` as Python calls it. `mark`: with a byte order mark. `dirty`: some bytes are no text in it; they come as lone surrogates,
    U+DC00 for a zero byte to U+DCFF."""

    name: str
    mark: bool
    dirty: bool

    @property
    def says(self) -> str:
        return NAMES[self.name] + (" with a byte order mark" if self.mark else "")

    def text(self, data: bytes) -> str:
        """Whole lines. Never raises."""
        if not self.dirty:
            return data.decode(self.name)
        return data.decode(self.name, "surrogateescape").replace("\0", "\udc00")


class _Seen(NamedTuple):
    """What is in a file. `foreign`: where its first byte is that is not ASCII."""

    start: bytes
    utf_8: bool
    foreign: int | None
    zero: bool
    undefined: bool


def named(encoding: str) -> str:
    """The encoding that a layout names. Raises Refused for one that is not read."""
    try:
        name = codecs.lookup(encoding).name.removesuffix("-sig")      # a byte order mark may always be there
    except LookupError:
        name = ""
    if name not in NAMES:
        raise Refused([Fault("encoding", f"the encoding of the layout is not one of {', '.join(NAMES.values())}", "export.encoding")])
    return name


def encoding_of(file: File, wanted: str) -> Encoding:
    """`wanted`: what the layout says, or nothing. Reads the whole file once. Raises Refused."""
    seen = _look(file)
    if seen.start.startswith(UTF_16) or seen.start[:2].count(0) == 1:
        raise Refused([Fault("utf-16", "is UTF-16 (Windows calls it Unicode): save it as UTF-8", "", 1, None, file.name)])
    name = named(wanted) if wanted else "utf-8" if seen.utf_8 else "cp1252"
    mark = seen.start.startswith(codecs.BOM_UTF8)
    if name != "utf-8" and seen.utf_8 and seen.foreign is not None:
        line, column = _position(file, seen.foreign)
        says = f"is UTF-8 throughout, and the layout says {NAMES[name]}: take encoding out of [export], or export in {NAMES[name]}"
        raise Refused([Fault("encoding", says, "export.encoding", line, column, file.name)])
    return Encoding(name, mark and name == "utf-8", seen.zero or not seen.utf_8 and name == "utf-8" or seen.undefined and name in UNDEFINED)


def _look(file: File) -> _Seen:
    decoder, utf_8 = codecs.getincrementaldecoder("utf-8")(), True
    start, foreign, at, zero, undefined = b"", None, 0, False, False
    with file.open() as stream:
        while data := stream.read(CHUNK):
            start = start or data[:4]
            utf_8 = utf_8 and _decodes(decoder, data)
            zero = zero or b"\0" in data
            undefined = undefined or any(byte in data for byte in UNDEFINED["cp1252"])
            if foreign is None and not data.isascii():
                foreign = at + next(i for i, byte in enumerate(data) if byte > 127)
            at += len(data)
    return _Seen(start, utf_8 and _decodes(decoder, b"", final=True), foreign, zero, undefined)


def _decodes(decoder: codecs.IncrementalDecoder, data: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError:
        return False
    return True


def _position(file: File, offset: int) -> tuple[int, int]:
    """Line and column of a byte before which there is only ASCII."""
    line = column = 1
    with file.open() as stream:
        while offset and (data := stream.read(min(offset, CHUNK))):
            line += data.count(b"\n")
            column = len(data) - data.rfind(b"\n") if b"\n" in data else column + len(data)
            offset -= len(data)
    return line, column
