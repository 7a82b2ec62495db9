"""A layout: how one vendor's export is laid out, as a tree of nodes that reads a resident's rows and writes them.

    layout = load(Path("larkfield.toml"))         Refused, with everything wrong with the file at once
    layout.record(rows)                           Found: a CareRecord, or Refused with every fault of this resident
    layout.write(record, onto=tree)               Written: her tree, with what is not mapped left as it was, and what could not be written
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from adapter.faults import Fault, Refused
from adapter.records.layout.blocks import Ignored
from adapter.records.layout.checks import Lists, Lookups
from adapter.records.layout.covers import Became, Covers, covers
from adapter.records.layout.fields import Fed, Unfed, fed, unfed
from adapter.records.layout.here import Here, Json, Run, Wrong, written
from adapter.records.layout.leaf import Leaf, Reader
from adapter.records.layout.leftout import left_out
from adapter.records.layout.nodes import Constant, Fields, pruned
from adapter.records.layout.origin import Origin
from adapter.records.layout.quick import quick
from adapter.records.layout.states import Listed
from adapter.records.layout.steps import Same
from adapter.records.layout.writing import Written, write
from adapter.records.rows.plan import Plan
from adapter.records.rows.row import Node, Rows, Settings, Steps, absent
from adapter.records.stream import Found, care_records
from mappings.bag import CareRecord
from mappings.findings import Finding, warning

# What the native format says where a value is missing; it may be so only because the value could not be read.
FOLLOWS = {"missing", "wrong-type", "says-nothing", "unknown-field", "empty-list", "two-in-one"}


class Reading(NamedTuple):
    """What a layout makes of one resident's rows. `json`: the native format, to be trusted only where nothing is wrong."""

    json: Json
    wrong: list[Wrong]
    doubts: list[Wrong]


@dataclass
class Layout:
    """`file`: its name. `absence`: list -> what a row means that is gone since the last export. `ignored`: path -> why.
    `says`: what is true of every resident and should be stated."""

    file: str
    vendor: str
    settings: Settings
    root: Fields
    absence: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    ignored_rows: tuple[Ignored, ...] = ()
    nothing: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()

    @cached_property
    def _reader(self) -> Reader:
        return self.root.reader()

    @cached_property
    def _quick(self) -> Callable[..., Json]:
        return quick(self.root, self.lists, self.lookups)

    @cached_property
    def lists(self) -> Lists:
        return Lists(self.root, self.ignored_rows)

    @cached_property
    def lookups(self) -> Lookups:
        return Lookups(self.settings, self.nothing)

    @property
    def has_as_of(self) -> bool:
        return "as_of" in self.root.members

    # ---- reading -----------------------------------------------------------------------------------------------------------
    def left_out(self, rows: Rows) -> str:
        """Why this is no resident, where a rule of [[ignored_rows]] says so; else empty."""
        return left_out(self.ignored_rows, rows) if self.ignored_rows else ""

    def read(self, rows: Rows, as_of: str | None = None) -> Reading:
        """`as_of`: the time of the export, where the layout does not say it."""
        run = Run(rows.top, rows=rows)
        json = self.made(rows.tree, run)
        if as_of is not None and not self.has_as_of:
            json["as_of"] = as_of
        return Reading(json, run.wrong, run.doubts)

    def made(self, tree: Node, run: Run) -> Json:
        """The native format, as far as the tree can be read."""
        json = self._quick(tree, run.top, run.rows)
        return self._careful(tree, run) if json is None else json

    def _careful(self, tree: Node, run: Run) -> Json:
        """By the nodes, with everything that is wrong."""
        json = self._reader(Here(tree, run)) or self.root.value
        self.lists.check(tree, run)
        self.lookups.check(tree, run)
        return pruned(json)

    def record(self, rows: Rows, as_of: str | None = None) -> Found:
        """Raises nothing for what is in the rows; a bug in a function of the vendor's module comes through."""
        origin = Origin(self.root, rows)
        if rows.faults:
            return Found(rows.number, Refused(rows.faults), origin)
        reading = self.read(rows, as_of)
        faults = [self._fault(wrong, rows) for wrong in reading.wrong]
        try:
            record = care_records().decode(reading.json)
        except Refused as refused:
            faults += self._placed(refused.found, reading.wrong, origin)
            return Found(rows.number, Refused(faults), origin)
        found = Refused(faults) if faults else record
        return Found(rows.number, found, origin, tuple(self._doubts(reading.doubts)) if reading.doubts else ())

    @staticmethod
    def _fault(wrong: Wrong, rows: Rows) -> Fault:
        place = rows.place(wrong.steps)
        return Fault(wrong.rule, wrong.says, written(wrong.names), place.line, place.column, place.file, place.name)

    @staticmethod
    def _placed(faults: Iterable[Fault], wrong: list[Wrong], origin: Origin) -> list[Fault]:
        """The native format's own, without those that only follow from a value that could not be read."""
        read = [written(w.names) for w in wrong]
        own = [f for f in faults if not (f.rule in FOLLOWS and any(f"{path}.".startswith((f"{f.path}.", f"{f.path}[")) for path in read))]
        places = origin.places([f.path for f in own])
        return [f._replace(line=p.line, column=p.column, file=p.file, name=p.name) for f in own for p in [places[f.path]]]

    @staticmethod
    def _doubts(doubts: list[Wrong]) -> list[Finding]:
        return [warning(written(doubt.names), doubt.says) for doubt in doubts]

    @property
    def key(self) -> Leaf | None:
        """Of the resident."""
        resident = self.root.members.get("resident")
        key = resident.members.get("key") if isinstance(resident, Fields) else None
        return key if isinstance(key, Leaf) else None

    def key_reader(self) -> Reader:
        """Of the resident's key alone."""
        return self.key.reader() if self.key else lambda here: None

    @property
    def key_joins(self) -> bool:
        """Is it, as it stands, the column by which the rows of a CSV export are joined to her?"""
        if self.settings.format != "csv" or self.key is None:
            return False
        plain = len(self.key.sources) == 1 and self.key.join is None and all(isinstance(step, Same) for step in self.key.steps)
        return plain and str(self.key.sources[0]) == Plan(self.settings).key

    @property
    def settings_of_key(self) -> Settings:
        """To read the key alone, of whoever is a resident: without the files that do not tell it."""
        people = tuple(table for table in self.settings.tables if table.name == self.settings.residents)
        looked_at = [selector.path for rule in self.ignored_rows if not rule.rows for selector in rule.only]
        near = self.key is not None and all(path.first and len(path.names) == 1 for path in (*self.key.sources, *looked_at))
        return replace(self.settings, tables=people) if self.settings.format == "csv" and near else self.settings

    def unsupplied(self, top: Node) -> list[str]:
        """The lists of which the layout states why they are empty, and this export does not have the files of their rows."""
        lists = (node for node in self.root.members.values() if isinstance(node, Listed) and isinstance(node.state, Constant))
        return [node.name for node in lists if not node.tables.isdisjoint(absent(top))]

    # ---- writing -----------------------------------------------------------------------------------------------------------
    def write(self, record: CareRecord, onto: Node | None = None, top: Node | None = None) -> Written:
        """The resident's tree. `onto`: the vendor's own, and `top`: what stands outside of all residents there. They are not changed: what
        the layout does not map is taken over from them."""
        return write(self, care_records().encode(record), onto, top)

    @cached_property
    def asks_for_orphans(self) -> bool:
        """Does it say of a list that there are none, wherever it has no rows?"""
        return any(isinstance(member, Listed) and member.denies for member in self.root.members.values())

    # ---- what it says of itself --------------------------------------------------------------------------------------------
    def fields(self) -> list[Fed]:
        """Every field that it feeds, with its sources and whether it is written back."""
        return list(fed(self.root))

    def unfed(self) -> list[Unfed]:
        """The fields of the record that it does not feed."""
        return unfed(self.root)

    @cached_property
    def coverage(self) -> Covers:
        return covers(self.root, self.settings, self.ignored, self.ignored_rows)

    def covers(self, where: Steps) -> Became:
        """What becomes of the values of this column or path, as far as the layout alone can tell: see covers.py."""
        return self.coverage.of(where)

