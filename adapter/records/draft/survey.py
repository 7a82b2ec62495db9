"""What is in an export, seen without a layout: its tables, their columns, which of their keys agree.

    CSV         every file is a table; which of them has a row for each resident is told by its columns, the joins by equal values
    JSON, XML   the list that most of the document is in; lists inside of its elements are tables too, named by their paths
"""
from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from adapter.faults import Fault, Refused
from adapter.records.draft import outline
from adapter.records.draft.columns import Column
from adapter.records.draft.names import field_of, flat, section_of
from adapter.records.rows import row as rows
from adapter.records.rows.opening import open_export

FRONT = 20      # a key is looked for among so many columns
MOST = 50_000   # so many rows of a table are looked at, and no more
SURE = 0.95     # of the values of a key, in how many the other table must have it
ALIKE = 0.5     # ... where the two are called the same: a few rows that belong to nobody are wrong, and no reason to see no join
PRACTICE = "general_practitioners[].key"
SUFFIXES = {
    ".zip": "csv", ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".xml": "xml"}


@dataclass
class Table:
    """`of`, `by`: whose rows it belongs to, and by which columns of equal value, (its own, the other's); `agree`: in how many rows of
    the many, of how many that have a value."""

    name: str
    file: str = ""
    rows: int = 0
    columns: dict[str, Column] = field(default_factory=dict)
    section: str | None = None
    of: str = ""
    by: tuple[str, str] | None = None
    agree: tuple[int, int] = (0, 0)
    lookup: bool = False
    single: bool = False

    def column(self, path: str) -> Column:
        return self.columns.setdefault(path, Column(path))


@dataclass
class Survey:
    """`tables`: the residents' first. `top`: what stands outside of all residents. `residents`: as a layout would name it."""

    name: str
    format: str
    residents: str
    tables: list[Table]
    top: Table
    namespaces: dict[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def survey(path: Path, form: str = "") -> Survey:
    """Raises Refused where nothing can be seen."""
    form = form or format_of(path)
    if not form:
        raise Refused([Fault("format", "its name does not tell the format: say --format csv, json, ndjson or xml")])
    return csv(path) if form == "csv" else trees(path, form)


def format_of(path: Path) -> str:
    """By the file's name, or empty; a folder and a zip hold CSV."""
    return "csv" if path.is_dir() else SUFFIXES.get(path.suffix.casefold(), "")


# ---- CSV -------------------------------------------------------------------------------------------------------------------
def csv(path: Path) -> Survey:
    files = list(csv_files(path))
    if not files:
        raise Refused([Fault("no-table", "holds no file whose name ends in .csv")])
    names = names_of(files)
    said, tables = dict[str, None](), list[Table]()
    for file, name in zip(files, names, strict=True):
        settings = rows.Settings("csv", name, tables=(rows.Table(name, file),))
        with open_export(path, settings) as export:
            said.update(dict.fromkeys(says for says in export.says if says.startswith(file)))  # not of the other files
            tables.append(table_of(name, file, (found.tree for found in export)))
    return joined(path, tables, tuple(said))


def csv_files(path: Path) -> Iterator[str]:
    if path.is_dir():
        every = [p.name for p in sorted(path.iterdir()) if p.is_file()]
    elif path.suffix.casefold() == ".zip":
        every = zipped(path)
    else:
        every = [path.name]
    yield from (name for name in every if len(every) == 1 or name.casefold().endswith((".csv", ".tsv")))


def zipped(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as held:
            return sorted(info.filename.rpartition("/")[2] for info in held.infolist() if not info.is_dir())
    except zipfile.BadZipFile:
        raise Refused([Fault("not-a-zip", "is not a whole zip file: check the name, or make it again")]) from None


def names_of(files: list[str]) -> list[str]:
    """What each file is called in the layout: its name, without the ending and what all of them begin with."""
    stems = [file.rpartition(".")[0].casefold() or file.casefold() for file in files]
    plain = ["".join(c if c.isalnum() else "_" for c in stem).strip("_") for stem in stems]
    return plain if len(set(plain)) == len(plain) else [f"{name}_{i}" for i, name in enumerate(plain, 1)]


def table_of(name: str, file: str, every: Iterable[rows.Node]) -> Table:
    table = Table(name, file)
    for row in islice(every, MOST):
        table.rows += 1
        for column, value in row.items():
            table.column(column).add(value)
    return table


def joined(path: Path, tables: list[Table], says: tuple[str, ...]) -> Survey:
    residents = max(tables, key=lambda t: (fits(t), section_of(t.name) == "resident", t.rows))
    residents.section = "resident"
    others = [t for t in tables if t is not residents]
    for table in others:
        table.single = table.rows <= 1
        if not table.single:
            join(table, [residents, *(t for t in others if t is not table)])
    sections(residents, others)
    ordered = [residents, *sorted(others, key=lambda t: (t.lookup, bool(t.of) and t.of != residents.name, t.name))]
    return Survey(path.name, "csv", residents.name, ordered, Table("/"), says=says)


def fits(table: Table) -> int:
    """How many different facts about a person its columns are named for."""
    return len({found[0] for column in table.columns if (found := field_of("resident", column))} - {"key"})


def join(table: Table, others: list[Table]) -> None:
    """The other table whose key its rows name, or, for a lookup, whose rows name its own."""
    best = max(joins(table, others), key=lambda x: x[0], default=None)
    if best:
        _, table.of, table.by, table.lookup, table.agree = best


def joins(table: Table, others: list[Table]) -> Iterator[tuple[tuple[int, ...], str, tuple[str, str], bool, tuple[int, int]]]:
    for place, other in enumerate(others):
        for mine, theirs in pairs(table, other):
            alike = flat(mine.path) == flat(theirs.path)
            rank, least = (alike, place == 0, -place, theirs.distinct), ALIKE if alike else SURE
            if theirs.unique and not is_told(theirs) and within(mine, theirs, least):
                yield rank, other.name, (mine.path, theirs.path), False, (common(mine, theirs), mine.filled)
            elif mine.unique and not theirs.unique and within(theirs, mine, least):
                yield rank, other.name, (mine.path, theirs.path), True, (common(theirs, mine), theirs.filled)


def pairs(table: Table, other: Table) -> Iterator[tuple[Column, Column]]:
    """Columns of the two that may mean the same: called the same, or the one named for the other's table, and that one a key of it."""
    named, front = {flat(column.path): column for column in other.columns.values()}, keys(other)
    for mine in table.columns.values():
        if theirs := named.get(flat(mine.path)):
            yield mine, theirs
        elif named_for(mine, other):
            yield from ((mine, key) for key in front)
    front = keys(table)
    for theirs in other.columns.values():
        if named_for(theirs, table):
            yield from ((key, theirs) for key in front)


def keys(table: Table) -> list[Column]:
    """Columns by which its rows can be told apart; the first of them, for a key stands in front."""
    return list(islice((column for column in table.columns.values() if column.unique), FRONT))


def within(part: Column, whole: Column, least: float = SURE) -> bool:
    """Nearly every value of the one is a value of the other, and they are no small numbers that would agree by chance."""
    if not part.filled or part.distinct < 2 or whole.longest == 0:
        return False
    return common(part, whole) >= least * part.filled


def common(part: Column, whole: Column) -> int:
    """In how many rows the one has a value of the other's."""
    return sum(n for value, n in part.values.items() if value in whole.values)


def named_for(column: Column, table: Table) -> bool:
    """GP_CODE for gp, RESIDENT for residents."""
    return flat(column.path)[:3] == flat(table.name)[:3] or section_of(column.path) == (section_of(table.name) or "") != ""


def is_told(column: Column) -> bool:
    """A number that she is known by everywhere is no key of the export's own."""
    return column.share("nhs number") > 0.5


def sections(residents: Table, others: list[Table]) -> None:
    known = {residents.name: residents}
    for table in sorted(others, key=lambda t: t.of != residents.name):
        parent = known[table.of].section or "" if table.of in known else ""
        table.section = section_of(table.name, "" if table.lookup or table.single else parent) or practices(table, residents)
        known[table.name] = table


def practices(table: Table, residents: Table) -> str | None:
    """What a resident's practice is looked up in is a table of practices, whatever it is called."""
    named = field_of("resident", table.by[1]) if table.lookup and table.by and table.of == residents.name else None
    return "organizations" if named and named[0] == PRACTICE else None


# ---- JSON and XML ----------------------------------------------------------------------------------------------------------
def trees(path: Path, form: str) -> Survey:
    seen = outline.xml(path) if form == "xml" else outline.json(path) if form == "json" else outline.Outline("")
    settings = rows.Settings(form, seen.residents, namespaces=seen.namespaces)
    with open_export(path, settings) as export:
        every = [found.tree for found in islice(export, MOST)]
        top, says = export.top, export.says
    tables = profiled("", every)
    tables[""].section = "resident"
    for name in sorted(set(tables) - {""}, key=len):
        held = max((other for other in tables if other != name and (not other or name.startswith(f"{other}/"))), key=len)
        tables[name] = replace(tables[name], of=held, section=section_of(name.removeprefix(held).strip("/"), tables[held].section or ""))
    around = profiled("/", [top])
    lists = [replace(t, by=lookup_by(t, tables[""]), lookup=True, section=section_of(name)) for name, t in around.items() if name != "/"]
    return Survey(path.name, form, seen.residents, [*tables.values(), *lists], around["/"], seen.namespaces, says)


def lookup_by(table: Table, residents: Table) -> tuple[str, str] | None:
    found = [(key.path, by.path) for key in table.columns.values() if key.unique for by in residents.columns.values() if within(by, key)]
    return found[0] if found else None


def profiled(name: str, every: list[rows.Node]) -> dict[str, Table]:
    """The table of these rows under its name, and one for every list of rows inside of them, by its path."""
    lists = {path for node in every for path in listed(node, name)}
    tables = {name: Table(name)}
    for node in every:
        tables[name].rows += 1
        count(node, "", tables[name], tables, lists)
    return tables


def listed(node: rows.Node, path: str) -> Iterator[str]:
    for key, value in node.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                if isinstance(value, list):
                    yield under(path, key)
                yield from listed(rows.Node(item), under(path, key))


def count(node: dict[str, Any], prefix: str, table: Table, tables: dict[str, Table], lists: set[str]) -> None:
    for key, value in node.items():
        here, path = under(prefix, key), under(beneath(table.name, prefix), key)
        items = value if isinstance(value, list) else [value]
        if path in lists:
            inner = tables.setdefault(path, Table(path))
            inner.rows += len(items)
            for item in items:
                count(item if isinstance(item, dict) else {".": item}, "", inner, tables, lists)
        elif isinstance(value, dict):
            count(value, here, table, tables, lists)
        else:
            for item in items:
                table.column(here).add(item)
                table.column(here).several |= isinstance(value, list)


def beneath(path: str, inner: str) -> str:
    return f"{path}/{inner}".replace("//", "/") if path and inner else path or inner


def under(path: str, name: str) -> str:
    said = name.replace("~", "~0").replace("/", "~1")
    return f"{path}/{said}" if path.strip("/") else f"{path}{said}"
