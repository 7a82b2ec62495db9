"""Rows back into an export, in the form that its vendor writes. Whole or not at all."""
from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapter.faults import Fault, Refused
from adapter.records.rows import csv_writing, json_writing, xml_writing
from adapter.records.rows.row import FORMATS, Node, Settings

_FORMS: dict[str, Callable[[Path, Settings, Node, Iterable[Node]], None]] = {
    "json": json_writing.write, "ndjson": json_writing.write_lines, "xml": xml_writing.write}


def write_export(
        path: Path, settings: Settings, top: Node, trees: Iterable[Node], shared: Iterable[tuple[str, Node]] = ()) -> list[Path]:
    """What was written: for CSV the files in the folder `path`, one for each table; else `path`.

    Columns stand in the order of `Table.columns`, then in that of their first appearance. What rows are joined by and a row does not have
    is taken from the row it belongs to. `shared`: of CSV, (table, row) of lookups that stay whether or not a tree names them.
    Raises Refused for what the form cannot say, and then nothing is written.
    """
    if settings.format not in FORMATS:
        raise Refused([Fault("layout", f"the format of an export is one of {', '.join(FORMATS)}", "export.format")])
    with beside(path) as folder:
        if settings.format == "csv":
            csv_writing.write(folder / path.name, settings, top, trees, shared)
        else:
            _FORMS[settings.format](folder / path.name, settings, top, trees)
        return moved(folder / path.name, path)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A folder next to where something is to stand, for as long as it is not whole. Raises Refused where nothing can be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            yield Path(folder)
    except OSError as error:
        says = f"cannot be written ({error.strerror or 'the system says no'}): name another place"
        raise Refused([Fault("unwritable", says)]) from None


def moved(made: Path, path: Path) -> list[Path]:
    """To where it belongs; of a folder, each of its files."""
    if not made.is_dir():
        return [made.replace(path)]
    path.mkdir(exist_ok=True)
    return [file.replace(path / file.name) for file in sorted(made.iterdir())]
