"""The lines of a file, in bounded memory; and what is known of each, in little."""
from __future__ import annotations

import codecs
from array import array
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


class Marked:
    """Some of the lines of a file, a bit for each."""

    def __init__(self) -> None:
        self.bits = bytearray()

    def add(self, line: int) -> None:
        if line >> 3 >= len(self.bits):
            self.bits.extend(bytes((line >> 3) + 1024 - len(self.bits)))
        self.bits[line >> 3] |= 1 << (line & 7)

    def __contains__(self, line: int) -> bool:
        return line >> 3 < len(self.bits) and bool(self.bits[line >> 3] >> (line & 7) & 1)


class Numbered:
    """A small number for each line of a file, four bytes; 0 for the others."""

    def __init__(self) -> None:
        self.numbers = array("I")

    def __getitem__(self, line: int) -> int:
        return self.numbers[line] if line < len(self.numbers) else 0

    def __setitem__(self, line: int, number: int) -> None:
        if line >= len(self.numbers):
            self.numbers.frombytes(bytes(self.numbers.itemsize * (line + 1024 - len(self.numbers))))
        self.numbers[line] = number
