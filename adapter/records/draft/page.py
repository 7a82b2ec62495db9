"""The draft as a TOML file: whole and valid as it stands, and empty until a person takes the `#` away from a line that is right."""
from __future__ import annotations

from collections.abc import Iterator

from adapter.records.draft import toml
from adapter.records.draft.blocks import Block, Codes, block, chosen, option, read, table_lines
from adapter.records.draft.columns import Column, evidence
from adapter.records.draft.names import field_of, flat
from adapter.records.draft.survey import PRACTICE, Survey, Table
from mappings.bag import LISTED

KNOWN = "none known, not asked, not supplied, listed"
GONE = {"medicines": "stopped, entered-in-error or unknown"}


def page(seen: Survey, *, show_values: bool = False) -> str:
    """The text of the draft. `show_values`: codes of every column are written out, also of those that may tell of a person."""
    return "\n".join(Page(seen, show_values).lines()) + "\n"


class Page:
    def __init__(self, seen: Survey, show: bool) -> None:
        self.seen, self.show = seen, show
        self.blocks = {table.name: self._block(table) for table in seen.tables if table.section}
        self.states = {field: column for field in LISTED if (column := self._state(field))}

    def lines(self) -> Iterator[str]:
        yield from self._head()
        yield from self._export()
        yield from self._files()
        yield from self._tables()
        yield from self._lists()
        for table in self.seen.tables:
            yield from self._records(table)
        yield from self._practices()
        yield from self._ignored()

    def _block(self, table: Table) -> Block:
        return block(table.section or "", table, f"{self._name(table)}/" if table.lookup else "")

    @staticmethod
    def _name(table: Table) -> str:
        return table.name.strip("/").rpartition("/")[2]

    # ---- the head ------------------------------------------------------------------------------------------------------------
    def _head(self) -> Iterator[str]:
        yield from toml.says(
            "A draft of a layout, from the names and the kinds of values of an export. Nothing in it counts as it stands: every proposal",
            "begins with # and no space. Take the # away from a line that is right, and mend one that is not. Then:",
            "    redbag layout check THIS_FILE EXPORT", *(f"Seen: {says}" for says in self.seen.says), "")
        yield ""
        owned = "whose keys these are: a URI that you own, always the same"
        uri = next((path for path, column in self._around("source") if all("://" in value for value in column.values)), None)
        yield toml.proposed(f"source = {toml.text(uri)}" if uri else 'source = { constant = "", because = "" }', owned)
        at = next(((path, column) for path, column in self._around("as_of") if column.is_time() or column.share("instant") > 0), None)
        if at:
            yield toml.proposed("as_of = " + toml.value(as_time(*at)), evidence(at[1], 1))
        else:
            yield from toml.says("as_of, the time of the export, was not found in it: --as-of can say it each time")

    def _around(self, field: str) -> Iterator[tuple[str, Column]]:
        """What stands outside of the residents and is named for this field of the care record."""
        for table in [self.seen.top, *(table for table in self.seen.tables if table.single)]:
            for column in table.columns.values():
                if (field_of("", column.path) or ("",))[0] == field:
                    yield self._path(table, column), column

    def _export(self) -> Iterator[str]:
        yield from ("", toml.proposed("[export]"), toml.proposed(f"format = {toml.text(self.seen.format)}"))
        residents = self.seen.tables[0]
        yield toml.proposed(f"residents = {toml.text(self.seen.residents)}", f"{residents.rows:,} of them")
        yield toml.proposed('zone = "Europe/London"', "if its times are British local time")
        if self.seen.namespaces:
            yield toml.proposed("[export.namespaces]")
            yield from (toml.proposed(f"{toml.key(prefix)} = {toml.text(uri)}") for prefix, uri in self.seen.namespaces.items())

    # ---- the files -----------------------------------------------------------------------------------------------------------
    def _files(self) -> Iterator[str]:
        for table in self.seen.tables if self.seen.format == "csv" else ():
            yield from ("", toml.proposed(f"[files.{toml.key(table.name)}]", f"{table.rows:,} rows"))
            yield toml.proposed(f"file = {toml.text(table.file)}")
            yield from self._joined(table)
        for table in self.seen.tables if self.seen.format != "csv" else ():
            if table.lookup and table.by:
                yield from ("", toml.proposed(f"[lookups.{toml.key(self._name(table))}]", f"{table.rows:,} of them"))
                said = {"items": table.name.strip("/"), "key": table.by[0], "by": table.by[1]}
                yield from (toml.proposed(f"{name} = {toml.text(path)}") for name, path in said.items())

    def _joined(self, table: Table) -> Iterator[str]:
        if key := self._key(table):
            yield toml.proposed(f"key = {toml.text(key.path)}", "all filled, no two the same")
        if table.by:
            yield toml.proposed(f"of = {toml.text(table.of)}")
            mine, theirs = table.by
            by = mine if mine == theirs else {mine: theirs}
            both = " and ".join(dict.fromkeys(table.by))
            yield toml.proposed(f"by = {toml.value(by)}", f"{both}: {table.agree[0]:,} of {table.agree[1]:,} rows")
        if table.lookup:
            yield toml.proposed("lookup = true", "many rows name one of these")
        elif table.single:
            yield toml.proposed("single = true", "one row, about the export itself")
        elif not table.by and table.section != "resident":
            yield from toml.says("whose rows these are was not found: `of` and `by` are missing")

    @staticmethod
    def _key(table: Table) -> Column | None:
        able = [c for c in table.columns.values() if c.unique and c.filled == table.rows and c.share("nhs number") < 0.5]
        named = [c for c in able if (match := field_of(table.section or "resident", c.path, table.name)) and match[0] == "key"]
        return named[0] if named else None

    # ---- codes and lists -------------------------------------------------------------------------------------------------------
    def _tables(self) -> Iterator[str]:
        codes: dict[str, Codes] = {c.name: c for made in self.blocks.values() for c in made.codes}
        for each in codes.values():
            yield ""
            yield from table_lines(each, show=self.show)

    def _state(self, field: str) -> Column | None:
        for column in self.seen.tables[0].columns.values():
            if flat(column.path) in {flat(f"{said}_{word}") for said in (field, field[:-1], field.replace("ies", "y")) for word in STATE}:
                return column
        return None

    def _lists(self) -> Iterator[str]:
        yield ""
        yield from toml.says("What it means that a row was in the last export and is not in this one. Nobody can guess it: say it.")
        yield toml.proposed("[absence]")
        for field in LISTED:
            yield toml.proposed(f'{field} = ""', GONE.get(field, "entered-in-error or unknown"))
        yield ""
        yield from toml.says("What it means that she has no rows. Nobody can guess that either.")
        yield toml.proposed("[states]")
        for field in LISTED:
            yield from self._said_state(field)

    def _said_state(self, field: str) -> Iterator[str]:
        if column := self.states.get(field):
            codes = [code for code, _ in column.values.most_common()] if self.show or column.coded else []
            said = {"from": column.path, "table": dict.fromkeys(codes, "")}
            yield toml.proposed(f"{field} = {toml.value(said)}", f"{evidence(column, self.seen.tables[0].rows)}; our words: {KNOWN}")
        else:
            yield toml.proposed(f'{field} = {{ constant = "", because = "" }}', KNOWN.removesuffix(", listed"))

    # ---- the records -----------------------------------------------------------------------------------------------------------
    def _records(self, table: Table) -> Iterator[str]:
        made = self.blocks.get(table.name)
        if not made or table.single:
            return
        section = table.section or ""
        yield ""
        yield toml.proposed(f"[{section}]" if section == "resident" else f"[[{section}]]", f"{table.rows:,} rows")
        if section != "resident" and not table.lookup:
            yield toml.proposed(f"each = {toml.text(self._each(table))}")
        elif table.lookup and table.by:
            yield toml.proposed(f"key = {toml.text(table.by[1])}")
            made.used.add(table.by[0])
        yield from (line for line in made.lines if not (table.lookup and line.startswith("#key = ")))
        for name, lines in made.inner:
            yield from (toml.proposed(f"[[{section}.{name}]]"), *lines)

    def _practices(self) -> Iterator[str]:
        """What a resident refers to by a key has to be there, if it is by no more than that key."""
        residents = self.seen.tables[0]
        columns = chosen("resident", residents).get(PRACTICE)
        if columns and not any(table.section == "organizations" for table in self.seen.tables):
            yield from ("", toml.proposed("[[organizations]]", "the practices that are referred to"))
            yield toml.proposed(f"key = {toml.value(read('organizations[].key', columns)[0])}", evidence(columns[0], residents.rows))

    def _each(self, table: Table) -> str:
        return table.name.removeprefix(table.of).strip("/") if self.seen.format != "csv" and table.of else table.name

    # ---- what is left ----------------------------------------------------------------------------------------------------------
    def _ignored(self) -> Iterator[str]:
        yield ""
        yield from toml.says("Not recognised by their names: feed a field from each of them, or say here why it is left behind.")
        yield toml.proposed("[ignored]")
        for table in self.seen.tables:
            yield from self._left(table)
        if self.seen.top.rows:
            yield from self._left(self.seen.top)

    def _left(self, table: Table) -> Iterator[str]:
        if not table.section and table is not self.seen.top and not table.single:
            yield toml.proposed(f'{toml.key(table.name)} = ""', f"{table.rows:,} rows, of which it is not known what they are about")
            return
        around, used = table.single or table is self.seen.top, self._used(table)
        for column in table.columns.values():
            if not (field_of("", column.path) if around else column.path in used):
                yield toml.proposed(f'{toml.key(self._path(table, column))} = ""', evidence(column, table.rows))

    def _used(self, table: Table) -> set[str]:
        fed = self.blocks[table.name].used if table.name in self.blocks else set[str]()
        return fed | ({table.by[0]} if table.by else set()) | {c.path for c in self.states.values()} | self._keys(table)

    def _keys(self, table: Table) -> set[str]:
        """Columns by which other tables join this one."""
        return {other.by[1] for other in self.seen.tables if other.by and other.of == table.name}

    def _path(self, table: Table, column: Column) -> str:
        if table is self.seen.top or table.single:
            return f"/{table.name}/{column.path}".replace("///", "/")
        return column.path if table.section == "resident" else f"{table.name}/{column.path}"


STATE = ("status", "state", "known", "")


def as_time(path: str, column: Column) -> object:
    options, _ = option("as_of", column)
    return {"from": path, **options} if options else path
