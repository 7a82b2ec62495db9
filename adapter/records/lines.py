"""NDJSON, a line at a time, in memory that does not grow; and whether what looks like it is one document instead."""
from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Lines:
    """(number, line) of every line that is not blank. Of one that is too long only so much is kept that it shows. `before`: how many lines
    are before where the file stands."""

    def __init__(self, file: BinaryIO, size: int, before: int = 0) -> None:
        self.file, self.size, self.number, self.ahead = file, size, before, deque[bytes]()
        self.start = b"" if before else codecs.BOM_UTF8

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while line := self.ahead.popleft() if self.ahead else self._line():
            self.number += 1
            if not line.isspace():
                yield self.number, line.rstrip(b"\r\n")

    def _line(self) -> bytes:
        line = more = self.file.readline(self.size + 2)
        while len(more) > self.size and not more.endswith(b"\n"):
            more = self.file.readline(self.size + 2)
        mark, self.start = self.start, b""  # a byte order mark stands only at the start
        return line.removeprefix(mark)

    def are_a_document(self) -> bool:
        """A list; or an object that goes on in a line that is no object of its own."""
        start = self._peek().strip()
        if start.startswith((b"[", *UTF_16)) or b"\0" in start[:64]:
            return True  # what is no text at all is refused once, and not line by line
        return start.startswith(b"{") and not start.endswith(b"}") and not self._peek().startswith(b"{")

    def _peek(self) -> bytes:
        """The next line that is not blank, kept for later."""
        while (line := self._line()) and line.isspace():
            self.ahead.append(line)
        self.ahead.append(line)
        return line

    def rest(self, size: int) -> bytes:
        return b"".join(self.ahead) + self.file.read(size)
