"""Care records from a file: NDJSON, one a line, in memory that does not grow; or one JSON document, an object or a list of them.

    for number, found, source, doubts in stream(file):        # found: CareRecord, or Refused with everything wrong with that one

A record that cannot be read does not stop the others. A resident who is there twice is refused each time, and the other lines are named:
which of them is meant cannot be known. In a file they are found before anything is handed out; in a pipe only from the second on.
"""
from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import BinaryIO, NamedTuple

import msgspec

from adapter.faults import Fault, Refused
from adapter.records.lines import Lines
from adapter.records.native import Format, checks_of
from adapter.records.source import Places, Source
from adapter.wire import Limits
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from mappings.findings import Finding

DOCUMENT = Limits(size=256 << 20)
LINE = Limits(size=16 << 20)
NAMED = 5  # of residents who are there more than once: so many of the other places
Person = tuple[str, str]  # source, the resident's key
Again = Callable[[int, bytes], str]


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
        yield from the_document(lines, document)
        return
    people = Once() if start is None else beforehand(file, start, line.size)
    yield from read(lines, people.says, line)


def read(lines: Iterable[tuple[int, bytes]], again: Again, limits: Limits = LINE) -> Iterator[Found]:
    """Each line as a care record. `again` says of a line whether its resident is there twice."""
    for number, data in lines:
        says, source = again(number, data), Source(data, line=number)
        try:
            record = care_records().loads(data, limits, number)
        except Refused as refused:
            yield Found(number, refused, source)
            continue
        yield Found(number, same(says, source) if says else record, source)


# ---- one document ----------------------------------------------------------------------------------------------------------
def the_document(lines: Lines, limits: Limits = DOCUMENT) -> Iterator[Found]:
    """What `are_a_document`: all of it, from its first line on."""
    return _told_apart(list(_document(lines.rest(limits.size + 1), limits)))


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
        others = _others(number, places[_person(record)]) if _person(record) else ""
        says = f"is the same resident as record {others} of this list: two rows with one key" if others else ""
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


def _people(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Person]]:
    for number, line in lines:
        if who := _person_of(line):
            yield number, who


def _person_of(line: bytes) -> Person | None:
    """None where the line does not say; it will be refused for that."""
    try:
        who = _who(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return who.source, who.resident.key


class Twice:
    """What can be read again is read beforehand: for 64-bit fingerprints of who is in it, and where two are alike once more, for who
    exactly. `lines` starts such a reading."""

    def __init__(self, lines: Callable[[], Iterable[tuple[int, bytes]]]) -> None:
        once, again, exactly = set[int](), set[int](), defaultdict[Person, list[int]](list)
        for _, person in _people(lines()):
            mark = _fingerprint(person)
            (again if mark in once else once).add(mark)
        for number, person in _people(lines()) if again else ():
            if _fingerprint(person) in again:
                exactly[person].append(number)
        self.alike = {number: numbers for numbers in exactly.values() if len(numbers) > 1 for number in numbers}

    def says(self, number: int, line: bytes = b"") -> str:
        others = _others(number, self.alike.get(number, ()))
        return f"is the same resident as line {others}: two rows with one key" if others else ""


def beforehand(file: BinaryIO, start: int, size: int) -> Twice:
    """A file that stays where it stands."""

    def lines() -> Lines:
        file.seek(start)
        return Lines(file, size)

    here = file.tell()
    twice = Twice(lines)
    file.seek(here)
    return twice


class Once:
    """A pipe cannot be read twice: whoever came first has gone by."""

    def __init__(self) -> None:
        self.first: dict[int, int] = {}

    def says(self, number: int, line: bytes) -> str:
        who = _person_of(line)
        first = self.first.setdefault(_fingerprint(who), number) if who else number
        return "" if first == number else (
            f"is the same resident as line {first}, which has gone by already (by a 64-bit fingerprint; to be certain, name a file)")


def _others(number: int, numbers: Iterable[int]) -> str:
    """
    >>> _others(2, [1, 2, 5]), _others(2, [2]), _others(1, range(1000))
    ('1 and 5', '', '0, 2, 3, 4, 5 and more')
    """
    others = [str(other) for other in islice((n for n in numbers if n != number), NAMED + 1)]
    last = others[-1:] if len(others) <= NAMED else ["more"]
    return " and ".join(filter(None, [", ".join(others[:-1]), *last]))
