"""How the files of a CSV export hang together: which rows belong to which, and by which columns one gets from them to the resident."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from adapter.faults import Fault, Refused
from adapter.records.rows.row import Settings, Table

Columns = tuple[str, ...]


def others(table: Table) -> Columns:
    """The columns of the table it belongs to, by which it does."""
    return tuple(other for _, other in table.by)


class Plan:
    """`children`, `lookups`: the tables that belong to a table, by its name. Raises Refused where the layout contradicts itself."""

    def __init__(self, settings: Settings) -> None:
        self.tables = {table.name: table for table in settings.tables}
        self.children, self.lookups = defaultdict[str, list[Table]](list), defaultdict[str, list[Table]](list)
        self.singles = [table for table in settings.tables if table.single]
        for table in settings.tables:
            if table.of:
                (self.lookups if table.lookup else self.children)[table.of].append(table)
        self._refuse(settings)
        self.residents = self.tables[settings.residents]
        self.key = self.residents.key or (settings.key if "/" not in settings.key else "")

    def below(self) -> Iterator[Table]:
        """Every table whose rows belong to a resident, those they belong to before them."""
        waiting = list(self.children[self.residents.name])
        while waiting:
            yield (table := waiting.pop(0))
            waiting += self.children[table.name]

    def needed(self, table: Table) -> Iterator[str]:
        """The columns of a table without which nothing can be joined."""
        yield from (own for own, _ in table.by)
        for other in (*self.children[table.name], *self.lookups[table.name]):
            yield from (column for _, column in other.by)
        if table is self.residents and self.key:
            yield self.key

    def anchor(self, table: Table) -> tuple[Columns, Columns] | None:
        """(its own columns, the residents' columns of equal value); None where one gets there only by the rows in between."""
        if table.of == self.residents.name:
            return tuple(own for own, _ in table.by), others(table)
        between = self.anchor(self.tables[table.of])
        if between is None:
            return None
        own = {other: own for own, other in table.by}
        return (tuple(own[column] for column in between[0]), between[1]) if own.keys() >= set(between[0]) else None

    def _refuse(self, settings: Settings) -> None:
        says = None
        if len(self.tables) < len(settings.tables) or len({table.file.lower() for table in settings.tables}) < len(settings.tables):
            says = "two tables of [files] have one name, or one file"
        elif any(set("/\\") & set(table.file) or table.file in ("", ".", "..") for table in settings.tables):
            says = "a file of [files] is a name without a folder"
        elif len(settings.delimiter) > 1 or settings.delimiter in tuple('"\r\n\0'):
            says = "the delimiter is one character, and not a quotation mark"
        elif settings.residents not in self.tables:
            says = "[export] residents names no table of [files]"
        elif any(table.of and (table.of not in self.tables or not table.by) for table in settings.tables):
            says = "a table of [files] says `of` a table that is not there, or not by which columns"
        elif any(not (table.of or table.single or table.name == settings.residents) for table in settings.tables):
            says = "a table of [files] is neither the residents', nor `of` another, nor `single`"
        elif set(self.tables) != {settings.residents, *(table.name for table in self.singles), *self._reached(settings.residents)}:
            says = "a table of [files] does not belong to the residents, not even by others in between"
        if says:
            raise Refused([Fault("layout", says, "export")])

    def _reached(self, name: str) -> Iterator[str]:
        for table in self.children[name]:
            yield table.name
            yield from self._reached(table.name)
            yield from self._looked_up(table.name)
        yield from self._looked_up(name)

    def _looked_up(self, name: str) -> Iterator[str]:
        for table in self.lookups[name]:
            yield table.name
            yield from self._looked_up(table.name)
