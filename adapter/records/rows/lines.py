"""The lines of a file, in bounded memory."""
from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO


def lines_of(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """(number, line) of every line that is not blank, without its end. Of a longer one only so much is kept that it shows."""
    number, mark = 0, codecs.BOM_UTF8
    while line := file.readline(size + 2):
        more = line
        while len(more) > size and not more.endswith(b"\n"):
            more = file.readline(size + 2)
        number += 1
        if not line.isspace():
            yield number, line.removeprefix(mark).rstrip(b"\r\n")
        mark = b""
