"""NDJSON, a line at a time, in memory that does not grow; and whether what looks like it is one document instead."""
from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import msgspec

AHEAD = 4  # lines that are looked at where the first is no whole object: cut off, or the beginning of a document
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Lines:
    """(number, line) of every line that is not blank. Of one that is too long only so much is kept that it shows. `before`: how many lines
    are before where the file stands."""

    def __init__(self, file: BinaryIO, size: int, before: int = 0) -> None:
        self.file, self.size, self.number, self.ahead = file, size, before, deque[bytes]()
        self.start = b"" if before else codecs.BOM_UTF8

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while line := self._line():
            self.number += 1
            if not line.isspace():
                yield self.number, line.rstrip(b"\r\n")

    def _line(self) -> bytes:
        line = more = self._next()
        while self._too_long(more):
            more = self._next()
        return line

    def _next(self) -> bytes:
        return self.ahead.popleft() if self.ahead else self._read()

    def _read(self) -> bytes:
        """A line, or so much of it as is kept."""
        mark, self.start = self.start, b""  # a byte order mark stands only at the start
        return self.file.readline(self.size + 2).removeprefix(mark)

    def _too_long(self, line: bytes) -> bool:
        return len(line) > self.size and not line.endswith(b"\n")

    def are_a_document(self) -> bool:
        """A list; or an object that is not whole at the end of its line. A line that is broken is told by those behind it: in a document
        no line that begins with { and ends with } stands before another {."""
        first = self._peek()
        start = first.strip()
        if start.startswith((b"[", *UTF_16)) or b"\0" in start[:64]:
            return True  # what is no text at all is refused once, and not line by line
        if not start.startswith(b"{") or self._too_long(first) or is_json(start):
            return False
        some = [start, *(self._peek().strip() for _ in range(AHEAD))]
        return not any(here.startswith(b"{") and here.endswith(b"}") and there[:1] in (b"{", b"") for here, there in pairwise(some))

    def _peek(self) -> bytes:
        """The next line that is not blank, kept for later."""
        while (line := self._read()) and line.isspace():
            self.ahead.append(line)
        self.ahead.append(line)
        return line

    def rest(self, size: int) -> bytes:
        return b"".join(self.ahead) + self.file.read(size)


def is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
