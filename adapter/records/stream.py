"""Care records from a file: NDJSON, one a line, in memory that does not grow; or one JSON document, an object or a list of them.

    for number, found, source, doubts in stream(file):        # found: CareRecord, or Refused with everything wrong with that one

A record that cannot be read does not stop the others. A resident who is there twice is refused each time, and the other lines are named:
which of them is meant cannot be known. In a file they are found before anything is handed out; in a pipe only from the second on.
"""
from __future__ import annotations

import codecs
import hashlib
import io
from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO, NamedTuple

import msgspec

from adapter.faults import Fault, Refused
from adapter.records.native import Format, checks_of
from adapter.records.source import Places, Source
from adapter.wire import Limits
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from mappings.findings import Finding

DOCUMENT = Limits(size=256 << 20)
LINE = Limits(size=16 << 20)
CHUNK = 1 << 20
Person = tuple[str, str]  # source, the resident's key
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Found(NamedTuple):
    """`number` is the line of NDJSON; in a list, the place from 1. `source` knows the places of its fields. `doubts`: warnings about how it
    was read, beside what the record says of itself."""

    number: int
    record: CareRecord | Refused
    source: Places
    doubts: tuple[Finding, ...] = ()


@cache
def care_records() -> Format[CareRecord]:
    """The native format of care records, with the checks of every shape."""
    return Format(CareRecord, checks_of(SHAPES.values()))


def stream(file: BinaryIO, line: Limits = LINE, document: Limits = DOCUMENT) -> Iterator[Found]:
    """From where the file stands to its end. Raises nothing for what is in it."""
    start = file.tell() if file.seekable() else None
    lines = Lines(file, line.size)
    if lines.are_a_document():
        yield from _told_apart(list(_document(lines.rest(document.size + 1), document)))
        return
    people = Once() if start is None else Twice(file, start, line.size)
    for number, data in lines:
        source = Source(data, line=number)
        try:
            record = care_records().loads(data, line, number)
        except Refused as refused:
            yield Found(number, refused, source)
            continue
        again = people.says(who, number) if (who := _person(record)) else ""
        yield Found(number, same(again, source) if again else record, source)


# ---- lines -----------------------------------------------------------------------------------------------------------------
class Lines:
    """(number, line) of every line that is not blank. Of one that is too long only so much is kept that it shows."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size, self.number, self.ahead, self.start = file, size, 0, deque[bytes](), codecs.BOM_UTF8

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


# ---- one document ----------------------------------------------------------------------------------------------------------
def _document(data: bytes, limits: Limits) -> Iterator[Found]:
    """An object, or a list of them."""
    try:
        if data.lstrip().startswith(b"["):
            yield from (Found(i + 1, record, Source(data, i)) for i, record in enumerate(care_records().loads_all(data, limits)))
        else:
            yield Found(1, care_records().loads(data, limits), Source(data))
    except Refused as refused:
        yield Found(1, refused, Source(data))


def _told_apart(every: list[Found]) -> Iterator[Found]:
    """Whoever is in the list twice is refused."""
    places = defaultdict[Person | None, list[int]](list)
    for number, record, *_ in every:
        places[_person(record)].append(number)
    for number, record, source, _ in every:
        others = [n for n in places[_person(record)] if n != number] if _person(record) else []
        says = f"is the same resident as record {_and(others)} of this list: two rows with one key" if others else ""
        yield Found(number, same(says, source, f"[{number - 1}].") if others else record, source)


def _person(record: CareRecord | Refused) -> Person | None:
    return (record.source, record.resident.key) if isinstance(record, CareRecord) and record.resident.key is not None else None


# ---- the same resident twice -----------------------------------------------------------------------------------------------
class _Key(msgspec.Struct):
    key: str


class _Who(msgspec.Struct):
    source: str
    resident: _Key


_who = msgspec.json.Decoder(_Who).decode  # passes over everything else


def same(says: str, source: Places, inside: str = "") -> Refused:
    """The refusal of a resident who is there twice. `inside`: what she stands in."""
    where = source.places(["resident.key"])["resident.key"]
    return Refused([Fault("same-resident", says, f"{inside}resident.key", *where[1:3], where.file, where.name)])


def _fingerprint(person: Person) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(person).encode(), digest_size=8).digest())


def _people(file: BinaryIO, size: int) -> Iterator[tuple[int, Person]]:
    for number, line in Lines(file, size):
        try:
            who = _who(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # it will be refused for that
        yield number, (who.source, who.resident.key)


class Twice:
    """A file is read beforehand: for 64-bit fingerprints of who is in it, and where two are alike once more, for who exactly."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        here, once, again = file.seek(0, io.SEEK_CUR), set[int](), set[int]()
        file.seek(start)
        for _, person in _people(file, size):
            mark = _fingerprint(person)
            (again if mark in once else once).add(mark)
        self.lines = defaultdict[Person, list[int]](list)
        file.seek(start)
        for number, person in _people(file, size) if again else ():
            if _fingerprint(person) in again:
                self.lines[person].append(number)
        file.seek(here)

    def says(self, person: Person, number: int) -> str:
        others = [line for line in self.lines.get(person, ()) if line != number]
        return f"is the same resident as line {_and(others)}: two rows with one key" if others else ""


class Once:
    """A pipe cannot be read twice: whoever came first has gone through."""

    def __init__(self) -> None:
        self.first: dict[int, int] = {}

    def says(self, person: Person, number: int) -> str:
        line = self.first.setdefault(_fingerprint(person), number)
        return "" if line == number else (
            f"is the same resident as line {line}, which has gone through already (by a 64-bit fingerprint; to be certain, name a file)")


def _and(numbers: list[int]) -> str:
    return " and ".join(filter(None, [", ".join(map(str, numbers[:-1])), str(numbers[-1])]))
