"""The rows of a CSV file, with the line on which each begins: block by block, in memory that does not grow, whatever is in the file."""
from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from adapter.faults import Fault, Refused
from adapter.records.rows.encoding import Encoding
from adapter.records.rows.files import File
from adapter.records.rows.formula import MAYBE, unguarded

BLOCK = 1 << 18
ROW = 16 << 20      # bytes
csv.field_size_limit(ROW)      # of the whole process: the usual limit, 128 KiB, is less than a letter in a cell may have

TOO_LONG = (f"a row is longer than {ROW >> 20} MiB: a cell that begins with a quotation mark does not end with one, "
            "or this is no table of rows; export it again")
MISQUOTED = "a cell in quotation marks has no end, or holds single ones: double those within; whose row this is cannot be known"
Cells = list[str]


class TooLong(Exception):
    """A row, or what there is of it."""


class _Lines:
    """The lines of a file for csv.reader. `guards`: the row that is read now may hold a guarded cell. `row`: how many rows are through."""

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self.file, self.encoding, self.guards, self.row = file, encoding, False, 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[io.StringIO]:
        guards, row, waiting = False, -1, 0
        for data in whole_lines(self.file):
            text = self.encoding.text(data)
            guards, self.guards = (now := MAYBE.search(text) is not None), guards or now      # a row may begin in the block before
            waiting = 0 if self.row != row else waiting + len(data)
            if waiting > ROW:
                raise TooLong
            row = self.row
            yield io.StringIO(text, newline="")


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Blocks that end where a line ends. A byte order mark is no text."""
    rest, start = b"", codecs.BOM_UTF8
    while more := file.read(BLOCK):
        data = rest + more
        cut = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
        rest = data[cut:]
        if cut:
            yield data[:cut].removeprefix(start)
            start = b""
        if len(rest) > ROW:
            raise TooLong
    if rest:
        yield rest.removeprefix(start)


class _Held:
    """Lines, kept until the row they belong to is whole."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines, self.held = lines, list[str]()

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.held.append(line)
            yield line

    def taken(self) -> str:
        text = "".join(self.held)
        self.held.clear()
        return text


def raw_rows_of(file: File, delimiter: str) -> Iterator[tuple[int, Cells, str]]:
    """(line, cells, the row as it stands in the file, with its line end) of a file that was read before. A character is a byte."""
    with file.open() as stream:
        held, end = _Held(chain.from_iterable(io.StringIO(data.decode("latin-1"), newline="") for data in whole_lines(stream))), 0
        reader = csv.reader(iter(held), delimiter=delimiter, strict=True)
        for cells in reader:
            line, end = end + 1, reader.line_num
            yield line, cells, held.taken()


def rows_of(file: File, encoding: Encoding, delimiter: str, cut: int = -1) -> Iterator[tuple[int, Cells]]:
    """(line, cells) of every row in which something stands, the header among them. Raises Refused where rows cannot be told apart.

    A line without a quotation mark is a row, and its cells are what stands between the delimiters; any other is for csv.reader. `cut`: how
    many cells are wanted; more may stand in what comes after them.
    """
    begins = 1
    with file.open() as stream:
        lines = _Lines(stream, encoding)
        every, ahead = iter(lines), list[str]()
        reader = csv.reader(_first(ahead, every), delimiter=delimiter, strict=True)
        try:
            for text in every:
                lines.row = line = begins
                if '"' in text:
                    ahead.append(text)
                    before = reader.line_num
                    cells = next(reader)
                    begins += reader.line_num - before
                else:
                    cells = text.rstrip("\r\n").split(delimiter, cut)
                    begins += 1
                if cells[0].strip() or "".join(cells).strip():
                    yield line, [unguarded(cell) for cell in cells] if lines.guards else cells
        except TooLong:
            raise Refused([Fault("too-large", TOO_LONG, "", begins, None, file.name)]) from None
        except csv.Error:
            raise Refused([Fault("misquoted", MISQUOTED, "", begins, None, file.name)]) from None


def _first(ahead: list[str], lines: Iterator[str]) -> Iterator[str]:
    """For csv.reader: the line at hand, and as many more as its row has."""
    while (text := ahead.pop() if ahead else next(lines, None)) is not None:
        yield text
