"""The same residents in the form of a vendor's own export, by its layout.

    form = VendorForm(load(path))
    write_export(out, form.layout.settings, form.top(first_of_each_home), form.trees(care_records))
    form.left_out, form.without         whom, and which rows, that form has no words for

What the form has no column for is not in the export; `redbag layout check` lists it. A row of which too little is left to be read again,
because a word is in none of the layout's tables, is not written. What many share and a layout therefore only reads (the practice that a
row names) has to be made up with the residents, and is written here.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from adapter.faults import Refused
from adapter.records.layout import Layout, Written
from adapter.records.layout.paths import rows
from adapter.records.rows.hanging import names
from adapter.records.rows.row import Node, Place, Steps
from mappings.bag import LISTED, PERSONAL, CareRecord, Unlisted, findings
from mappings.systems import ODS_ORGANISATION
from mappings.values import Logical, Ref

ROW = re.compile(r"(\w+)(?:\[(\d+)\])?")
LISTS = tuple(section.field for section in PERSONAL)
TRIES = 3


@dataclass
class Made:
    """A tree as if it had been read: `adapter.records.rows.row.Rows`."""

    tree: Node
    top: Node
    number: int = 1
    faults: tuple[Any, ...] = ()
    orphaned: frozenset[str] = frozenset()

    def place(self, steps: Steps) -> Place:
        return Place(name="/".join(map(str, steps)))


@dataclass
class VendorForm:
    """`left_out`: why -> how many residents. `without`: list of the record -> how many of its rows. The layout is taken over."""

    layout: Layout
    left_out: Counter[str] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)
    by_code: bool = False      # her practice is named by its ODS code, and not by the key of its record

    def __post_init__(self) -> None:
        self.encoding = self.layout.settings.encoding or "utf-8"
        for leaf in self.layout.root.leaves():
            leaf.readonly = ""

    # ---- what many share -----------------------------------------------------------------------------------------------------
    def top(self, records: Iterable[CareRecord]) -> Node:
        """What stands outside of all residents, where these are one of each home."""
        top, lists = Node(), dict[str, dict[Any, Node]]()
        for record in records:
            if not top:
                self.by_code = len(self.layout.write(coded(record)).unwritten) < len(self.layout.write(record).unwritten)
            written = self.written(record)
            top = top or written.top
            for lookup in self.layout.settings.lookups:
                above, last = split(lookup.by)
                found = {row[last]: row[lookup.name] for row in within(written.tree, above) if lookup.name in row}
                lists.setdefault(lookup.items, {}).update(found)
        for items, shared in lists.items():
            above, last = split(items)
            place = top
            for name in above:
                place = place.setdefault(name, Node())
            place[last] = list(shared.values())
        return top

    def written(self, record: CareRecord) -> Written:
        """A shared row hangs beside each key that names one, be it of its key alone; and beside each shared row that is said is its key."""
        written = self.layout.write(coded(record) if self.by_code else record)
        for name, keys, where in self.layout.lookups.all:
            for row in within(written.tree, where):
                if name in row:
                    row.update({key: next(texts(row[name]), "1") for key in keys if key not in row})
                elif all(key in row for key in keys):
                    row[name] = Node()
        for lookup in self.layout.settings.lookups:
            above, last = split(lookup.by)
            for row in within(written.tree, above):
                if lookup.name in row:
                    row[lookup.name].setdefault(lookup.key, row[last])
        return written

    # ---- the residents --------------------------------------------------------------------------------------------------------
    def trees(self, records: Iterable[CareRecord]) -> Iterator[Node]:
        return filter(None, map(self.tree, records))

    def tree(self, record: CareRecord) -> Node | None:
        """None for whom this form has no words, or no characters."""
        left = record
        for _ in range(TRIES):
            written = self.written(left)
            made = Made(written.tree, written.top)
            found = self.layout.record(made).record
            wrong = [fault.path for fault in found.found] if isinstance(found, Refused) else refusals(found)
            if isinstance(found, CareRecord) and not wrong:
                return self._counted(record, found, written.tree)
            for name, key in self.unread(made, wrong):
                left = without(left, name, key)
        self.left_out["the form has no word for something that must be said of her"] += 1
        return None

    def _counted(self, record: CareRecord, found: CareRecord, tree: Node) -> Node | None:
        """With what of the record is found in the tree again."""
        try:
            for text in texts(tree):
                text.encode(self.encoding)
        except UnicodeEncodeError:
            self.left_out[f"{self.encoding} lacks a character of hers"] += 1
            return None
        for name in LISTS:
            if name in self.layout.root.members and (missing := len(listed(record, name)) - len(listed(found, name))):
                self.without[name] += missing
        return tree

    def unread(self, made: Made, wrong: list[str]) -> set[tuple[str, str | None]]:
        """The rows, by list and key, that cannot be read again: too little of them was written. Without a key: none of them was."""
        json = self.layout.read(made).json
        places = [ROW.match(path) for path in wrong]
        return {(at[1], json[at[1]][int(at[2])].get("key") if at[2] else None) for at in places if at and at[1] in LISTS}


def refusals(record: CareRecord) -> list[str]:
    """What would not travel: such as a name of somebody for whom the form has no words."""
    return [finding.field for finding in findings(record) if finding.level == "refusal"]


def listed(record: CareRecord, name: str) -> tuple[Any, ...]:
    rows = getattr(record, name)
    return rows if isinstance(rows, tuple) else ()


def coded(record: CareRecord) -> CareRecord:
    """With her practice by its ODS code."""
    codes = {made.key: made.ods_code for made in record.organizations}
    named = [Logical(ODS_ORGANISATION, code, to.type, to.display) if isinstance(to, Ref) and (code := codes.get(to.key)) else to
             for to in record.resident.general_practitioners]
    return replace(record, resident=replace(record.resident, general_practitioners=tuple(named)))


def without(record: CareRecord, name: str, key: str | None) -> CareRecord:
    """Without this row, or without any. What is left must not say that there is none."""
    left = tuple(row for row in listed(record, name) if key not in (None, row.key))
    changed: dict[str, Any] = {name: left or (Unlisted.NOT_SUPPLIED if name in LISTED else ())}
    return replace(record, **changed)


def split(path: str) -> tuple[tuple[str, ...], str]:
    *above, last = names(path)
    return tuple(above), last


def within(tree: Node, where: tuple[str, ...]) -> Iterator[Node]:
    """Every row that the names lead to."""
    return (row for row, *_ in rows(tree, where, None, ()))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value
