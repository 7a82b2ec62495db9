"""From a care record to a resident's tree, and what of it could not be written.

What was written is read again: a field that does not come back is named, whatever the reason. So a record that is written and read is the
same but for what `unwritten` names.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from adapter.records.layout.alike import BESIDE, ELSE, Missed, differing, plainest
from adapter.records.layout.hanging import of
from adapter.records.layout.here import Here, Json, Names, Run, written
from adapter.records.layout.paths import rows
from adapter.records.layout.tree import Dialect, Out, copied
from adapter.records.rows.row import Node, Settings
from adapter.records.stream import care_records

if TYPE_CHECKING:
    from adapter.records.layout.layout import Layout


class Unwritten(NamedTuple):
    """A field of the record that is not in the tree, or would not be read back as it was, and why."""

    path: str
    why: str


@dataclass(frozen=True)
class Written:
    """`tree`: the resident's. `top`: what stands outside of all residents, such as the time of the export."""

    tree: Node
    top: Node
    unwritten: tuple[Unwritten, ...] = ()


def write(layout: Layout, json: Json, onto: Node | None, top: Node | None) -> Written:
    out, run = Out(dialect(layout.settings)), Run(Node() if top is None else copied(top))
    here = Here(copied(onto) if onto is not None else Node(), run)
    layout.root.write(json, here, out, ())
    for table in layout.settings.tables:
        if table.of and not table.lookup:
            _joined(here.row, (*of(table, layout.settings), table.name), dict(table.by))
    missed = [*out.missed, *_unlike(layout, json, here, out)]
    unwritten = dict.fromkeys(Unwritten(written(names), why) for names, why in missed)
    return Written(here.row, run.top, tuple(unwritten))


def dialect(settings: Settings) -> Dialect:
    tables = frozenset(t.name for t in settings.tables if not (t.lookup or t.single))
    return Dialect(tables, settings.format in ("csv", "xml"), settings.format == "xml")


def _joined(tree: Node, where: tuple[str, ...], by: dict[str, str]) -> None:
    """A row names the row that it belongs to."""
    for row, up, _ in rows(tree, where, None, ()):
        parent = up[0] if up else Node()
        row.update({own: parent[theirs] for own, theirs in by.items() if own not in row and theirs in parent})


def _unlike(layout: Layout, json: Json, here: Here, out: Out) -> list[Missed]:
    """What is read from the tree, and is not the record's."""
    again = plainest(care_records().kind, layout.made(here.row, Run(here.run.top)))
    known = {names for names, _ in out.missed}
    beside = {element(names) for names in known}
    return [Missed(names, BESIDE if why == ELSE and element(names) in beside else why)
            for names, why in differing(json, again) if not any(names[:len(k)] == k or k[:len(names)] == names for k in known | out.words)]


def element(names: Names) -> Names:
    """The nearest element of a list that this is in."""
    while names and not isinstance(names[-1], int):
        names = names[:-1]
    return names
