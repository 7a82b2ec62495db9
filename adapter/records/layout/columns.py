"""Which columns of a CSV export a layout names: a file that does not have one of them is not the file that the layout is about.

A column that the vendor renamed would else be read as empty for everybody: an allergy that is not there, a medicine without an end. And
whatever is written has them all, so that it can be read again.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adapter.records.layout.blocks import Ignored, Selector
from adapter.records.layout.checks import blocks_of
from adapter.records.layout.fields import Where, absolute, entries
from adapter.records.layout.hanging import of
from adapter.records.layout.nodes import Fields
from adapter.records.layout.paths import OWN
from adapter.records.rows.row import TOP, Settings, Table


def with_columns(settings: Settings, root: Fields, ignored: tuple[Ignored, ...]) -> Settings:
    """Each table with the columns that fields are read from, or rows chosen by; they are written after those that it has in its list."""
    homes = {home(table, settings): table for table in settings.tables}
    named = dict.fromkeys(where for where in mentioned(root, ignored) if where not in homes and where[-1:] != (OWN,))
    return replace(settings, tables=tuple(completed(table, [where[-1] for where in named if where[:-1] == there])
                                          for there, table in homes.items()))


def home(table: Table, settings: Settings) -> Where:
    """The names that lead to its rows."""
    above = (TOP,) if table.single else of(table, settings)
    return () if table.name == settings.residents else (*above, table.name)


def mentioned(root: Fields, ignored: tuple[Ignored, ...]) -> Iterator[Where]:
    for entry in entries(root):
        yield from entry.sources()
    chosen: list[tuple[Where, tuple[Selector, ...]]] = [*((block.where, block.only) for block in blocks_of(root)),
                                                        *((rule.rows, rule.only) for rule in ignored)]
    yield from (absolute(selector.path, where) for where, only in chosen for selector in only)


def completed(table: Table, named: list[str]) -> Table:
    first = [table.key] * bool(table.key) + [own for own, _ in table.by]
    return replace(table, named=tuple(named), columns=tuple(dict.fromkeys([*table.columns, *first, *named])))
