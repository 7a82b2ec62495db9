"""The refused residents of an export, in an export of their own: as the vendor's files have it, ready to be corrected and sent again."""
from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from adapter import wire
from adapter.records.rows.csv_export import CsvExport
from adapter.records.rows.formula import guarded, starts_a_formula
from adapter.records.rows.hanging import names
from adapter.records.rows.json_export import LINE, JsonExport
from adapter.records.rows.lines import Marked, lines_of
from adapter.records.rows.row import Node, Settings
from adapter.records.rows.sheet import Sheet
from adapter.records.rows.text import raw_rows_of
from adapter.records.rows.writing import beside, moved
from adapter.records.rows.xml_export import XmlExport
from adapter.records.rows.xml_spans import spans_of

CHUNK = 1 << 20


def write_refused(folder: Path, path: Path, settings: Settings, numbers: Container[int]) -> list[Path]:
    """The residents of the export `path` with these numbers, written to `folder`: files of the same names, which are returned.

    CSV: each file with its header and their rows, the rows of lookups that they name, the single files, and every row that belongs to no
    resident. JSON and XML: the document with only them. NDJSON: their lines. In CSV, what would start a formula gets an apostrophe before
    it; apart from that, and from the spaces of JSON, everything is as it was, byte for byte. Raises Refused where nothing can be written.
    """
    with beside(folder) as waiting:
        made = waiting / folder.name
        made.mkdir()
        _FORMS[settings.format](made, path, settings, numbers)
        return moved(made, folder)


# ---- CSV -----------------------------------------------------------------------------------------------------------------------
def _csv(folder: Path, path: Path, settings: Settings, numbers: Container[int]) -> None:
    with CsvExport(path, settings) as export:
        marked = {sheet.name: Marked() for sheet in export.sheets.values()}
        _mark(export.top, marked)
        for rows in export:
            if rows.number in numbers or any(fault.rule == "no-resident" for fault in rows.faults):
                _mark(rows.tree, marked)
        for sheet in export.sheets.values():
            with (folder / sheet.name).open("wb") as file:
                file.writelines(_rows(sheet, marked[sheet.name]))


def _mark(value: Any, marked: dict[str, Marked]) -> None:
    """Every row in a tree."""
    if isinstance(value, Node) and value.line:
        marked[value.file].add(value.line)
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            _mark(member, marked)


def _rows(sheet: Sheet, marked: Marked) -> Iterator[bytes]:
    if sheet.encoding.mark:
        yield b"\xef\xbb\xbf"
    header = True
    for line, cells, text in raw_rows_of(sheet.file, sheet.delimiter):
        if line in marked or header:
            safe = _guarded(cells, sheet.delimiter) if any(map(starts_a_formula, cells)) else text
            yield (safe if safe.endswith(("\n", "\r")) else safe + "\r\n").encode("latin-1")
        header = header and not "".join(cells).strip()


def _guarded(cells: list[str], delimiter: str) -> str:
    row = io.StringIO()
    csv.writer(row, delimiter=delimiter, lineterminator="\r\n").writerow(guarded(c) if starts_a_formula(c) else c for c in cells)
    return row.getvalue()


# ---- JSON, XML -----------------------------------------------------------------------------------------------------------------
def _json(folder: Path, path: Path, settings: Settings, numbers: Container[int]) -> None:
    with JsonExport(path, settings) as export:
        people = [value for number, value in enumerate(export.people, 1) if number in numbers]
        document = _with(export.document, names(settings.residents), people)
    (folder / path.name).write_bytes(wire.dumps(document) + b"\n")


def _with(document: Any, steps: list[str], people: list[Any]) -> Any:
    return document | {steps[0]: _with(document[steps[0]], steps[1:], people)} if steps else people


def _ndjson(folder: Path, path: Path, _: Settings, numbers: Container[int]) -> None:
    with path.open("rb") as file, (folder / path.name).open("wb") as out:
        out.writelines(line + b"\n" for number, line in lines_of(file, LINE.size) if number in numbers)


def _xml(folder: Path, path: Path, settings: Settings, numbers: Container[int]) -> None:
    """All of the document but for the others."""
    with XmlExport(path, settings) as export, path.open("rb") as file, (folder / path.name).open("wb") as out:
        at = 0
        for number, (start, end, *_) in enumerate(spans_of(path, export.way), 1):
            if number not in numbers:
                _copy(file, out, at, start)
                at = end
        _copy(file, out, at, path.stat().st_size)


def _copy(file: BinaryIO, out: BinaryIO, start: int, end: int) -> None:
    file.seek(start)
    while start < end and (data := file.read(min(CHUNK, end - start))):
        out.write(data)
        start += len(data)


_FORMS: dict[str, Callable[[Path, Path, Settings, Container[int]], None]] = {"csv": _csv, "json": _json, "ndjson": _ndjson, "xml": _xml}
