"""How many values are in the files of an export, counted a second time: by other parsers, with no code in common with the reading.

    count_values(path, settings, delimiters)      {"RESIDENTS.CSV": 212, "MEDICATION.CSV": 1034}

A value is a cell below the header, a JSON leaf or an XML attribute, text or tail, in which something other than white space stands; null is
none. A declaration of a namespace is no attribute. Files that the layout does not name are counted too, if they are of the same kind and
can be read. A line of NDJSON that is refused whole has none.
"""
from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, AnyStr
from xml.parsers import expat

from adapter.faults import Fault, Refused
from adapter.records.rows.row import Settings

CHUNK = 1 << 20
LINE = 64 << 20      # no line is read further than that
RECORD, DEEP = 16 << 20, 64      # a line of NDJSON that is longer or deeper is refused
csv.field_size_limit(16 << 20)      # of the whole process
Opens = Callable[[], IO[bytes]]


def count_values(path: Path, settings: Settings, delimiters: Mapping[str, str] = MappingProxyType({})) -> dict[str, int]:
    """By the file's name within the export; of an export that is one file, the name is empty. `delimiters`: of files where it is known what
    stands between the cells: this counts a second time, and does not guess a second time. Raises Refused for what cannot be read."""
    try:
        if settings.format == "csv":
            return _tables(path, settings, delimiters)
        with path.open("rb") as file:
            return {"": _COUNTS[settings.format](file)}
    except (OSError, ValueError, RecursionError, csv.Error, expat.ExpatError, zipfile.BadZipFile):
        raise Refused([Fault("uncountable", "its values cannot be counted; read it, and what is wrong with it is told")]) from None


# ---- CSV -----------------------------------------------------------------------------------------------------------------------
def _tables(path: Path, settings: Settings, delimiters: Mapping[str, str]) -> dict[str, int]:
    endings = {Path(table.file).suffix.lower() for table in settings.tables}
    with ExitStack() as stack:
        files = [(name, opens) for name, opens in _files(path, stack) if name[:1] != "." and Path(name).suffix.lower() in endings]
        named = {table.file.casefold() for table in settings.tables}
        counted = {name: _counted(opens, settings.encoding, settings.delimiter or delimiters.get(name, ""),
                                  named=name.casefold() in named or len(files) == 1) for name, opens in files}
        return {name: count for name, count in counted.items() if count is not None}


def _counted(opens: Opens, encoding: str, delimiter: str, *, named: bool) -> int | None:
    """None for a file that the layout does not name and that is no CSV."""
    try:
        return _cells(opens, encoding, delimiter)
    except (ValueError, csv.Error):
        if named:
            raise
        return None


def _files(path: Path, stack: ExitStack) -> Iterator[tuple[str, Opens]]:
    path.stat()      # is it there?
    if path.is_dir():
        yield from ((file.name, _opens(file)) for file in sorted(path.iterdir()) if file.is_file())
    elif zipfile.is_zipfile(path):
        archive = stack.enter_context(zipfile.ZipFile(path))
        for entry in archive.infolist():
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX"):
                yield entry.filename.replace("\\", "/").split("/")[-1], partial(archive.open, entry)
    else:
        yield path.name, _opens(path)


def _opens(path: Path) -> Opens:
    return lambda: path.open("rb")


def _cells(opens: Opens, encoding: str, delimiter: str) -> int:
    with opens() as file:
        encoding = encoding or ("utf-8-sig" if _is_utf_8(file) else "cp1252")
    with opens() as file:
        text = io.TextIOWrapper(file, encoding, "replace", newline="")
        lines = _bounded(text.readline)
        header = next(filter(str.strip, lines), "")
        rows = csv.reader(itertools.chain([header], lines), delimiter=delimiter or _delimiter(header))
        return sum(bool(cell.strip()) for row in itertools.islice(rows, 1, None) for cell in row)


def _is_utf_8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while data := file.read(CHUNK):
            decoder.decode(data)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(header: str) -> str:
    bare = re.sub('"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _bounded(readline: Callable[[int], AnyStr]) -> Iterator[AnyStr]:
    while line := readline(LINE):
        if len(line) == LINE:
            raise ValueError
        yield line


# ---- JSON ----------------------------------------------------------------------------------------------------------------------
def _document(file: IO[bytes]) -> int:
    return _leaves(json.load(file))


def _lines(file: IO[bytes]) -> int:
    """A line that is no object, or that is ambiguous, has no values."""
    total = 0
    for line in _bounded(file.readline):
        try:
            if len(line.rstrip(b"\r\n")) > RECORD or _depth(line) > DEEP:
                continue
            value = json.loads(line, object_pairs_hook=_object, parse_constant=_no_number)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            continue
        total += _leaves(value) if isinstance(value, dict) else 0
    return total


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in members}) < len(members):
        raise ValueError
    return dict(members)


def _no_number(_: str) -> None:
    raise ValueError


def _depth(line: bytes) -> int:
    """How deep brackets stand in brackets, those in texts left out."""
    brackets = re.sub(rb'"(?:[^"\\]|\\.)*"|[^][{}]', b"", line)
    return max(itertools.accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _leaves(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_leaves, value.values() if isinstance(value, dict) else value))
    return int(value is not None and not (isinstance(value, str) and not value.strip()))


# ---- XML -----------------------------------------------------------------------------------------------------------------------
class _Counter:
    """`open`: has something been said since the last tag?"""

    def __init__(self) -> None:
        self.total, self.open = 0, False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler, self.parser.StartDoctypeDeclHandler = self.text, self.doctype

    def start(self, _: str, attributes: dict[str, str]) -> None:
        self.end()
        self.total += sum(bool(value.strip()) and name.partition(":")[0] != "xmlns" for name, value in attributes.items())

    def end(self, _: str = "") -> None:
        self.total, self.open = self.total + self.open, False

    def text(self, text: str) -> None:
        self.open = self.open or bool(text.strip())

    def doctype(self, *_: object) -> None:
        raise ValueError


def _elements(file: IO[bytes]) -> int:
    counter = _Counter()
    while data := file.read(CHUNK):
        counter.parser.Parse(data)
    counter.parser.Parse(b"", True)
    return counter.total


_COUNTS: dict[str, Callable[[IO[bytes]], int]] = {"json": _document, "ndjson": _lines, "xml": _elements}
