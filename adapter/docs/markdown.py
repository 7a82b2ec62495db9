"""docs/mappings.md: every page one after the other, as Markdown. Pure."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapter.docs.pages import Group, Page, Row, page, part_page, parts
from mappings.catalogue import SHAPES, WRITABLE
from mappings.codes import CodeTable

MADE = "<!-- Printed from the shapes by `redbag docs`: change the shapes, not this page. -->"
INTRODUCTION = f"""{MADE}
# Mappings

Which field of a record stands where in FHIR R4 (UK Core), for clinical and technical review. The same for the terminal:
`redbag mapping RESOURCE`.

- `[]` is every element of a list. A name in brackets is the one element it tells: `extension[BirthSex]`, `name[official]`.
- A **constant insisted on** is written. Where it is missing or different on reading, that part is not read: it stays in the rest.
- What no field takes is never dropped. It stays in the *rest*, is shown, and is written back.
- `key` is the sender's own key. It travels under a system made from the sender's namespace, not under `urn:redbag:source-key`.
- A field that is *Coded* keeps every code and every word as it was said; its table only offers our word for one of the codes.
"""
DATA_TYPES = """## Data types

Parts that many fields share.
"""


def mappings() -> str:
    contents = [f"- [{p}](#{p.lower()}){'' if p in WRITABLE else ' (read only)'}" for p in SHAPES]
    body = [line for resource in SHAPES for line in page_lines(page(resource))]
    shared = [line for name in sorted(parts()) for line in group_lines(part_page(name))]
    return "\n".join([INTRODUCTION, *contents, "- [Data types](#data-types)", "", *body, DATA_TYPES, *shared]).rstrip() + "\n"


def page_lines(p: Page) -> Iterator[str]:
    yield from (f"## {p.resource}", "", p.about, "")
    for group in p.groups:
        yield from group_lines(group)
    for fields, codes in p.tables.items():
        yield from words_lines(fields, codes)


def group_lines(group: Group) -> Iterator[str]:
    yield from (f"### {group.title}", "")
    if group.about:
        yield from (group.about, "")
    if group.rows:
        yield from table(("Field", "FHIR path", "Carried by"), [row_cells(row) for row in group.rows])
    for insisted, title in ((True, "Constants insisted on"), (False, "Also written, not insisted on")):
        if found := [c for c in group.constants if c.insisted is insisted and c.path != "resourceType"]:
            yield from (f"{title}:", "", *(f"- `{c.path}` = `{shown(c.value)}`" for c in found), "")
    if group.not_in_fhir:
        yield from ("Not in FHIR:", "", *(f"- `{field}`: {why}" for field, why in group.not_in_fhir), "")


def row_cells(row: Row) -> tuple[str, str, str]:
    linked = re.sub(r"\w+", lambda word: f"[{word[0]}](#{word[0].lower()})" if word[0] in parts() else word[0], row.carries)
    return f"`{row.field}`" + " (required)" * row.required, f"`{row.path}`", linked


def words_lines(fields: str, codes: CodeTable) -> Iterator[str]:
    """Our words and their codes; the system stands once where there is only one."""
    systems = {c.system for c in codes.codings.values()}
    several = len(systems) > 1
    yield from (f"#### Words of `{fields}`", "", f"Source: {codes.source}." + ("" if several else f" System: `{codes.system}`."), "")
    yield from table(("Our word", "Code", "Display", "System")[:3 + several], [
        (word, f"`{c.code}`", c.display or "", f"`{c.system}`")[:3 + several] for word, c in codes.codings.items()])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table and an empty line."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    yield from ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    yield ""


def shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
