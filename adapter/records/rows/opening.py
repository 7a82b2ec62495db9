"""Opens an export in any of its forms."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from adapter.faults import Fault, Refused
from adapter.records.rows.csv_export import CsvExport
from adapter.records.rows.json_export import JsonExport, NdjsonExport
from adapter.records.rows.row import FORMATS, Export, Settings
from adapter.records.rows.xml_export import XmlExport

_FORMS: dict[str, Callable[[Path, Settings], Export]] = dict(zip(FORMATS, (CsvExport, JsonExport, NdjsonExport, XmlExport), strict=True))


def open_export(path: Path, settings: Settings) -> Export:
    """To be used in a `with`. Raises Refused for what cannot be read at all, then or when the first resident is asked for."""
    if settings.format not in _FORMS:
        raise Refused([Fault("layout", f"the format of an export is one of {', '.join(FORMATS)}", "export.format")])
    return _FORMS[settings.format](path, settings)
