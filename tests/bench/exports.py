"""Exports of three vendors, as large as wanted: the fixtures' residents over and over, each time under other keys; and the same residents
in the native form."""
from __future__ import annotations

import csv
import itertools
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from operator import itemgetter
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.records.layout import Layout
from adapter.records.layout.export import stream_export
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Node
from adapter.records.rows.writing import write_export
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from tests.exports.vendors import EXPORTS, layout

ENCODING = "cp1252"


def larkfield(folder: Path, count: int, *, in_order: bool = True) -> Path:
    """CSV. `in_order`: every file that names the resident is in the residents' order; else it stands the other way round."""
    settings = layout("larkfield").settings
    folder.mkdir()
    for table in settings.tables:
        source = EXPORTS["larkfield"] / table.file
        if source.exists():
            keys = () if table.lookup or table.single else {table.key, *(own for own, _ in table.by)}
            write(source, folder / table.file, keys, settings.key, range(count) if in_order or not table.of else range(count)[::-1])
    return folder


def unshared(folder: Path) -> Path:
    """The same export, in which every resident names a row of her own in GP.CSV: what the row says stays the same."""
    with changed(folder / "GP.CSV") as ((head, *rows), out):
        practices = {row[0]: row[1:] for row in rows}
        out.writerow(head)
        with changed(folder / "RESIDENTS.CSV") as (people, into):
            into.writerow(names := next(people))
            key, named = names.index("RES_NO"), names.index("GP")
            for row in people:
                if row[named]:
                    out.writerow([row[key], *practices[row[named]]])
                    row[named] = row[key]
                into.writerow(row)
    return folder


@contextmanager
def changed(path: Path) -> Iterator[tuple[Iterator[list[str]], Any]]:
    """(the rows of a CSV file, a writer of the rows that are to stand in their place)"""
    new = path.with_suffix(".new")
    with path.open(encoding=ENCODING, newline="") as file, new.open("w", encoding=ENCODING, newline="") as made:
        yield csv.reader(file), csv.writer(made)
    new.replace(path)


def write(source: Path, path: Path, keys: Container[str], sort: str, copies: Iterable[int]) -> None:
    """The rows of a file over and over, where they have keys; and those of a resident together, where they name her."""
    with source.open(encoding=ENCODING, newline="") as file:
        head, *rows = csv.reader(file)
    if sort in head:
        rows.sort(key=itemgetter(head.index(sort)))
    named = [name in keys for name in head]
    with path.open("w", encoding=ENCODING, newline="") as file:
        out = csv.writer(file)
        out.writerow(head)
        for copy in copies if keys else [0]:
            keyed = ([f"{copy:06}{cell}" if key and cell else cell for key, cell in zip(named, row, strict=True)] for row in rows)
            out.writerows(keyed)


def nested(vendor: str, path: Path, count: int) -> Path:
    """JSON or XML."""
    with open_export(EXPORTS[vendor], layout(vendor).settings) as export:
        trees = [rows.tree for rows in export]
        write_export(path, layout(vendor).settings, export.top, copies(trees, layout(vendor).settings.key, count))
    return path


def copies(trees: list[Node], key: str, count: int) -> Iterator[Node]:
    *above, last = key.split("/")
    for copy, tree in itertools.product(range(count), trees):
        made = row = deepcopy(tree)
        for name in above:
            row = row[name]
        row[last] = f"{copy:06}{row[last]}"
        yield made


def native(export: Path, form: Layout, path: Path) -> int:
    """The same residents as native NDJSON. How many they are."""
    with path.open("wb") as file:
        return sum(1 for found in stream_export(export, form) if file.write(wire.dumps(care_records().encode(whole(found.record))) + b"\n"))


def whole(record: Any) -> CareRecord:
    assert isinstance(record, CareRecord), "every resident of the fixtures is one that travels"
    return record
