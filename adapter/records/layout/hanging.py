"""Where the rows of tables and lookups hang in a resident's tree."""
from __future__ import annotations

from adapter.records.layout.paths import parse
from adapter.records.rows.row import Settings, Table

Where = tuple[str, ...]


def of(table: Table, settings: Settings) -> Where:
    """The names that lead to the rows that this table's rows belong to."""
    tables, made = {t.name: t for t in settings.tables}, list[str]()
    while table.of and table.of != settings.residents:
        made.insert(0, table.of)
        table = tables[table.of]
    return tuple(made)


def lookups(settings: Settings) -> list[tuple[str, list[str], Where]]:
    """(its name, the names of the keys, where the rows are that name one of its rows) of each lookup."""
    tables = [(table.name, [theirs for _, theirs in table.by], of(table, settings)) for table in settings.tables if table.lookup]
    return [*tables, *((lookup.name, [names[-1]], names[:-1]) for lookup in settings.lookups for names in [parse(lookup.by).names])]
