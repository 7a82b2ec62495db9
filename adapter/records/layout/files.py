"""The settings of a layout: [export], [files], [lookups]. What the export is, before anything is said about what it means."""
from __future__ import annotations

from adapter.faults import Refused
from adapter.records.layout.options import Options, perhaps
from adapter.records.layout.paths import parse
from adapter.records.layout.toml import Document
from adapter.records.rows.encoding import NAMES, named
from adapter.records.rows.row import FORMATS, Lookup, Settings, Table

EXPORT = ("vendor", "format", "residents", "zone", "nothing", "encoding", "delimiter", "module", "namespaces")
FILE = ("file", "key", "of", "by", "lookup", "single", "optional", "columns")
LOOKUP = ("items", "key", "by")


def settings(document: Document) -> Settings:
    """The faults are noted in the document."""
    export = Options(document, ("export",))
    export.only(EXPORT, "[export]")
    form = export.text("format")
    if form not in FORMATS:
        export.no(("format",) if form else (), f"needs a format, one of {', '.join(FORMATS)}")
    tables = tuple(_table(name, options) for name, options in Options(document, ("files",)).tables())
    lookups = tuple(_lookup(name, options) for name, options in Options(document, ("lookups",)).tables())
    made = Settings(form, export.text("residents"), _key(document), export.text("encoding"), export.text("delimiter"),
                    tables, lookups, export.pairs("namespaces"))
    _spelt(export, made)
    _agree(document, made)
    return made


def _spelt(export: Options, made: Settings) -> None:
    """How the files are written."""
    sign = made.delimiter
    if sign and (len(sign) > 1 or not sign.isascii() or sign.isalnum() or sign in '"\r\n\0'):
        export.no(("delimiter",), 'is one sign, such as ";" or "\\t" for a tab, and no quotation mark, letter or digit')
    try:
        named(made.encoding or "utf-8")
    except Refused:
        export.no(("encoding",), f"is none that is read: expected one of {', '.join(NAMES.values())}")


def _key(document: Document) -> str:
    """The path of the resident's key."""
    resident = document.values.get("resident")
    said = resident.get("key", "") if isinstance(resident, dict) else ""
    said = said.get("from", "") if isinstance(said, dict) else said
    return said if isinstance(said, str) else ""


def _table(name: str, options: Options) -> Table:
    options.only(FILE, f"[files.{name}]")
    by = options.values.get("by", {})
    pairs = {by: by} if isinstance(by, str) else options.pairs("by")
    made = Table(name, options.text("file"), options.text("key"), options.text("of"), tuple(pairs.items()),
                 options.flag("lookup"), options.flag("single"), options.flag("optional"), options.texts("columns"))
    if not made.file:
        options.no((), "needs `file`, the name of the file in the export")
    if made.of and not made.by:
        options.no((), f"needs `by`, the column that says to which row of {made.of} its rows belong")
    if made.by and not made.of or made.lookup and not made.of:
        options.no((), "needs `of`, the table that its rows belong to")
    if made.single and made.of:
        options.no(("single",), "cannot be: its rows belong to another table")
    return made


def _lookup(name: str, options: Options) -> Lookup:
    options.only(LOOKUP, f"[lookups.{name}]")
    for needed in LOOKUP:
        if not options.text(needed):
            options.no((), f"needs `{needed}`")
        elif needed != "key":
            checked(options, needed)
    return Lookup(name, options.text("items"), options.text("key"), options.text("by"))


def checked(options: Options, name: str) -> None:
    try:
        parse(options.text(name))
    except ValueError as error:
        options.no((name,), str(error))


def _agree(document: Document, made: Settings) -> None:
    """Between the tables."""
    names = [t.name for t in made.tables]
    if made.format == "csv":
        if made.residents not in names:
            document.no(("export", "residents"), f"names no table of [files]{perhaps(made.residents, names)}")
        if made.lookups:
            document.no(("lookups",), "are for JSON and XML; in CSV say `lookup = true` in the file's own table")
    elif names:
        document.no(("files",), "are for CSV")
    _apart(document, made.tables)
    for table in made.tables:
        if table.of and table.of not in names:
            document.no(("files", table.name, "of"), f"names no table of [files]{perhaps(table.of, names)}")
        if not (table.of or table.single or table.name == made.residents or made.format != "csv"):
            document.no(("files", table.name), "needs `of` and `by`, or `single = true`, or nobody knows whose its rows are")
        if _round(table, {t.name: t for t in made.tables}):
            document.no(("files", table.name, "of"), "goes round in a circle")


def _apart(document: Document, tables: tuple[Table, ...]) -> None:
    """Each table has a file of its own, in the export."""
    for i, table in enumerate(tables):
        if other := next((t for t in tables[:i] if t.file and t.file.lower() == table.file.lower()), None):
            document.no(("files", table.name, "file"), f"is the file of {other.name} already: each file is one table")
        if set("/\\") & set(table.file) or table.file in (".", ".."):
            document.no(("files", table.name, "file"), "is the name of a file, without a folder")


def _round(table: Table, tables: dict[str, Table]) -> bool:
    seen = set[str]()
    while table.of in tables and table.name not in seen:
        seen.add(table.name)
        table = tables[table.of]
    return table.name in seen
