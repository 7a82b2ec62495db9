"""Care records from an export of any form, one after the other, in memory that does not grow.

A resident whose key is there twice is refused each time, and the other places are named: which of them is meant cannot be known. A CSV
export tells that by its own index of rows, where the key is the very column that joins them; any other is read beforehand, for 64-bit
fingerprints of its keys.
"""
from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from adapter.faults import Fault, Refused
from adapter.records.layout.here import Here, Json, Run
from adapter.records.layout.layout import Layout
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Export, Rows
from adapter.records.stream import Found
from mappings.bag import CareRecord
from mappings.faults import BadValue
from mappings.values import instant

NAMED, SAME = 5, "same-resident"
Passed = Callable[[Rows], None]


def nobody(rows: Rows) -> None:
    """To whom nothing is told of what is no resident."""


def stream_export(path: Path, layout: Layout, as_of: str | None = None) -> Iterator[Found]:
    """`as_of`: the time of the export, for a layout that does not say it. Raises Refused for what concerns the whole export."""
    with open_export(path, layout.settings) as export:
        yield from residents(export, path, layout, as_of)


def residents(export: Export, path: Path, layout: Layout, as_of: str | None = None, passed: Passed = nobody) -> Iterator[Found]:
    """The same of an export that is open. The source of each of them is an Origin, which has her rows. `passed` is told of what stands
    among them and is no resident, by a rule of the layout."""
    for rows, others in numbered(export, path, layout, as_of, passed):
        yield record(layout, rows, others, as_of)


def numbered(
        export: Export, path: Path, layout: Layout, as_of: str | None = None, passed: Passed = nobody) -> Iterator[tuple[Rows, list[int]]]:
    """The rows of each resident, and the numbers of those who have the same key."""
    timed(layout, as_of)
    twice = {} if layout.key_joins else again(path, layout)
    for rows in export:
        if layout.left_out(rows):
            passed(rows)
        else:
            yield rows, [number for number in twice.get(rows.number, ()) if number != rows.number]


def record(layout: Layout, rows: Rows, others: list[int], as_of: str | None = None) -> Found:
    """What her rows say; `others`: who has the same key."""
    found = layout.record(rows, as_of)
    return refused(found, rows, others) if others else found


def timed(layout: Layout, as_of: str | None) -> None:
    """Raises Refused where nobody says the time of the export, or somebody says it badly."""
    if not layout.has_as_of and as_of is None:
        raise Refused([Fault("no-time", "says nothing about the time of the export: map as_of, or give the time with --as-of", "as_of",
                             file=layout.file)])
    if as_of is not None:
        try:
            instant.put(as_of)
        except BadValue as bad:
            raise Refused([Fault("no-time", str(bad), "as_of")]) from None


def again(path: Path, layout: Layout) -> dict[int, list[int]]:
    """Number -> the numbers of all who have the same key, where there are several."""
    once, marks = set[int](), set[int]()
    for _, key in keys(path, layout):
        mark = fingerprint(key)
        (marks if mark in once else once).add(mark)
    numbers = defaultdict[str, list[int]](list)
    for number, key in keys(path, layout) if marks else ():
        if fingerprint(key) in marks:
            numbers[key].append(number)
    return {number: alike for alike in numbers.values() if len(alike) > 1 for number in alike}


def keys(path: Path, layout: Layout) -> Iterator[tuple[int, str]]:
    read = layout.key_reader()
    with open_export(path, layout.settings_of_key) as export:
        for rows in export:
            unsure = any(fault.rule != SAME for fault in rows.faults)
            key: Json = None if unsure or layout.left_out(rows) else read(Here(rows.tree, Run(rows.top)))
            if isinstance(key, str):
                yield rows.number, key


def fingerprint(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())


def refused(found: Found, rows: Rows, others: list[int]) -> Found:
    """Beside whatever else is wrong."""
    named = [f"number {number}" for number in others[:NAMED]] + ["more"] * (len(others) > NAMED)
    says = f"is the same resident as {' and '.join(named)} of the export: two with one key"
    place = found.source.places(["resident.key"])["resident.key"]
    fault = Fault(SAME, says, "resident.key", place.line, place.column, place.file, place.name)
    before = () if isinstance(found.record, CareRecord) else found.record.found
    return Found(rows.number, Refused([fault, *before]), found.source)
