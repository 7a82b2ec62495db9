"""An input in pieces of so many residents each, so that several processes can read them, and a run can go on after the last whole one.

    for piece in pieces(file, path, 5000):
        for found in piece.found(step): ...

A file of lines is cut by places in it, and the lines are not handed on. Whoever is there twice is found before it is cut: that is all
that pieces know of each other.
"""
from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path
from typing import BinaryIO, Protocol

from adapter.records.lines import Lines
from adapter.records.stream import LINE, Again, Found, Once, Twice, beforehand, read, the_document

Step = Callable[[int], None]
Line = tuple[int, bytes]


class Piece(Protocol):
    """`number` counts the pieces, from 1. `size` in bytes, 0 where it is not known. `apart`: it may be sent to another process, and read
    there."""

    @property
    def number(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def apart(self) -> bool: ...

    def found(self, step: Step) -> Iterator[Found]:
        """Its residents, once. At each, `step` hears how many bytes of the piece are read."""
        ...


@dataclass(frozen=True)
class Span:
    """So many `lines` of a file, blank ones not counted. `before`: how many lines there are before `start`, blank ones too. `alike`: by the
    number of a line, what is said of a resident who is there twice."""

    number: int
    path: Path
    start: int
    size: int
    before: int
    lines: int
    alike: dict[int, str]
    apart = True

    def found(self, step: Step) -> Iterator[Found]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            lines = islice(Lines(file, LINE.size, self.before), self.lines)
            for found in read(lines, lambda number, line: self.alike.get(number, "")):
                step(file.tell() - self.start)
                yield found


@dataclass(frozen=True)
class Batch:
    """The lines themselves, of what can be read only once."""

    number: int
    lines: list[Line]
    alike: dict[int, str]
    size = 0
    apart = True

    def found(self, step: Step) -> Iterator[Found]:
        return _stepping(read(self.lines, lambda number, line: self.alike.get(number, "")), step)


@dataclass(frozen=True)
class Handed:
    """Residents as whoever cut the pieces reads them: to be used up before the next piece is asked for."""

    number: int
    each: Iterator[Found]
    size = 0
    apart = False

    def found(self, step: Step) -> Iterator[Found]:
        return _stepping(self.each, step)


def _stepping(each: Iterator[Found], step: Step) -> Iterator[Found]:
    for found in each:
        step(0)
        yield found


def pieces(file: BinaryIO, path: Path | None, every: int) -> Iterable[Piece]:
    """Of native records. `path`: where another process finds the same file; None for standard input."""
    start = file.tell() if file.seekable() else None
    lines = Lines(file, LINE.size)
    if lines.are_a_document():
        return handed(the_document(lines), every)
    if path:
        return spans(file, path, every)
    again = Once() if start is None else beforehand(file, start, LINE.size)
    return batches(lines, again.says, every)


def spans(file: BinaryIO, path: Path, every: int) -> list[Span]:
    """The file is read once, for who is there twice and where to cut; once more only where two seem to be one."""
    cuts = Cuts(file, every)
    twice = Twice(cuts.lines)
    befores = [before for _, before in cuts.places]
    alike = [dict[int, str]() for _ in befores]
    for number in twice.alike:
        alike[bisect_left(befores, number) - 1][number] = twice.says(number)
    ends = [start for start, _ in cuts.places[1:]] + [file.tell()]
    made = []
    for i, ((start, before), end) in enumerate(zip(cuts.places, ends, strict=True)):
        lines = min(every, cuts.count - i * every)
        made += [Span(i + 1, path, start, end - start, before, lines, alike[i])] * (lines > 0)
    return made


@dataclass
class Cuts:
    """Where pieces begin in a file whose lines pass by: the byte, and how many lines are before it."""

    file: BinaryIO
    every: int
    places: list[tuple[int, int]] = field(default_factory=list)
    count: int = 0

    def lines(self) -> Iterator[Line]:
        self.file.seek(0)
        self.places, self.count = [(0, 0)], 0
        for number, line in Lines(self.file, LINE.size):
            yield number, line
            self.count += 1
            if self.count % self.every == 0:
                self.places.append((self.file.tell(), number))


def batches(lines: Iterable[Line], again: Again, every: int) -> Iterator[Batch]:
    each = iter(lines)
    for number in count(1):
        if not (some := list(islice(each, every))):
            return
        yield Batch(number, some, {n: says for n, line in some if (says := again(n, line))})


def handed(each: Iterator[Found], every: int) -> Iterator[Handed]:
    for number in count(1):
        if (first := next(each, None)) is None:
            return
        piece = chain([first], islice(each, every - 1))
        yield Handed(number, piece)
        deque(piece, 0)  # who did not want this piece wants the next, and not the rest of this
