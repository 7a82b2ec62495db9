"""How the files of a CSV export are written, so that more can be written like them."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapter.records.rows.files import files_of
from adapter.records.rows.plan import Plan
from adapter.records.rows.row import Form, Settings
from adapter.records.rows.sheet import Sheet


def like(settings: Settings, path: Path) -> Settings:
    """What is written with these settings has the form of the export `path`: of each file the columns in the order of its header, the
    delimiter, the encoding and its mark; a file that is not there is written as the residents' is. JSON and XML have none but their own.
    Raises Refused for what cannot be read."""
    if settings.format != "csv":
        return settings
    plan, forms = Plan(settings), dict[str, Form]()
    with files_of(path) as files:
        for table in settings.tables:
            if file := files.get(table.file.lower()):
                forms[table.name] = _form(Sheet(table, file, settings.encoding, settings.delimiter, plan.needed(table)))
    usual = forms.get(settings.residents) or next(iter(forms.values()), None)
    return replace(settings, tables=tuple(
        replace(table, form=forms.get(table.name) or usual and usual._replace(columns=table.columns, nameless=frozenset()))
        for table in settings.tables))


def _form(sheet: Sheet) -> Form:
    mark = "-sig" if sheet.encoding.mark else ""
    return Form(tuple(sheet.names), sheet.nameless, sheet.encoding.name + mark, sheet.delimiter)
