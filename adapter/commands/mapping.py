"""`redbag mapping`: the pages of docs/mappings.md for the terminal; Markdown where nobody looks at it; JSON for programs."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk, count
from adapter.docs import Group, Page, page
from adapter.docs.markdown import page_lines, shown
from mappings.catalogue import SHAPES
from mappings.codes import CodeTable


def run(resource: str | None, talk: Talk) -> Exit:
    known = {kind.casefold(): kind for kind in SHAPES}
    if resource is None:
        overview(talk)
    elif resource.casefold() in known:
        show(page(known[resource.casefold()]), talk)
    else:
        raise Stop(Exit.USAGE, f"There is no mapping of that name. The resources are: {', '.join(SHAPES)}.")
    return Exit.DONE


def overview(talk: Talk) -> None:
    """Every resource in one line."""
    for p in map(page, SHAPES):
        fields = sum(len(group.rows) for group in p.groups)
        records = ", ".join(dict.fromkeys(name for group in p.groups for name in group.title.split(", ")))
        line = f"{p.resource:<20}{records:<34}{count(fields, 'field'):>10}   {'written and read' if p.writes else 'read only'}"
        said = {"resource": p.resource, "records": records.split(", "), "fields": fields, "written": p.writes}
        talk.found("mapping", said, line, data=True)


def show(p: Page, talk: Talk) -> None:
    if talk.as_json:
        for said in as_json(p):
            talk.found("field", said, "", data=True)
    elif sys.stdout.isatty():
        on_terminal(p)
    else:
        for line in page_lines(p):
            talk.data(line)


def as_json(p: Page) -> Iterator[dict[str, Any]]:
    """One object for each field."""
    for group in p.groups:
        for row in group.rows:
            words = {word: {"system": c.system, "code": c.code} for word, c in row.table.codings.items()} if row.table else None
            yield {"records": group.title.split(", "), "field": row.field, "path": row.path, "carries": row.carries,
                   "required": row.required, **({"words": words} if words else {})}


def on_terminal(p: Page) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"\n[bold]{p.resource}[/bold]\n{p.about}", markup=True)
    for group in p.groups:
        _group(console, group)
    for fields, codes in p.tables.items():
        _words(console, fields, codes)


def _group(console: Any, group: Group) -> None:
    console.print(f"\n[bold]{group.title}[/bold]\n{group.about}")
    if group.rows:
        table = _table("Field", "FHIR path", "Carried by")
        for row in group.rows:
            table.add_row(row.field + " *" * row.required, row.path.replace("[", r"\["), row.carries)
        console.print(table)
        if any(row.required for row in group.rows):
            console.print("* must be there")
    for constant in group.constants:
        kind = "insisted on" if constant.insisted else "also written"
        console.print(f"{kind}: {constant.path} = {shown(constant.value)}", markup=False)
    for field, why in group.not_in_fhir:
        console.print(f"not in FHIR: {field}: {why}", markup=False)


def _words(console: Any, fields: str, codes: CodeTable) -> None:
    console.print(f"\n[bold]Words of {fields.replace('[', chr(92) + '[')}[/bold]\nSource: {codes.source}")
    table = _table("Our word", "Code", "Display", "System")
    for word, coding in codes.codings.items():
        table.add_row(word, coding.code, coding.display, coding.system)
    console.print(table)


def _table(*columns: str) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
