"""A vendor's export, read through its layout: its residents, what became of every value, and the rows of those who were refused.

What concerns the whole export, or the layout, is told at once and in the places of their own files; then the run stops.
"""
from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from adapter.commands import files, places
from adapter.commands.exits import Exit, Stop
from adapter.commands.intake import ORPHAN
from adapter.commands.streams import reason
from adapter.commands.talk import Talk, count
from adapter.faults import Fault, Refused
from adapter.records.draft.survey import format_of
from adapter.records.layout import Layout, load
from adapter.records.layout.export import numbered, residents
from adapter.records.layout.origin import Origin
from adapter.records.ledger import VERDICTS, Ledger, Line
from adapter.records.rows.count import count_values
from adapter.records.rows.formula import guarded
from adapter.records.rows.opening import open_export
from adapter.records.rows.refused import write_refused
from adapter.records.rows.row import Export, Node, Rows
from adapter.records.source import Places
from adapter.records.stream import Found
from mappings.faults import BadValue
from mappings.values import instant

LEDGER, REFUSED = "ledger.csv", "refused"
FAULT = "This is a fault of this program: do not rely on the ledger, and please report it."
WHOLE = " A row that belongs to nobody is not: correct it in the whole export, and send that, for alone she seems to have nothing else."
T = TypeVar("T")


@dataclass
class Exported:
    """`as_of`: its time, where the layout does not say it. `to`: a folder for the rows of the refused. `refused`: their numbers;
    `orphans`: are there rows among them that belong to nobody? `fault`: what is wrong with the ledger, which is our fault.
    `form`: the file of the layout. `around`: what stands outside of the residents, and, to be gone through once, rows that nobody names."""

    path: Path
    layout: Layout
    talk: Talk
    as_of: str | None = None
    to: Path | None = None
    says: tuple[str, ...] = ()
    delimiters: Mapping[str, str] = field(default_factory=dict)
    nobodys: Callable[[], frozenset[str]] = frozenset      # while it is read: the tables that have rows which belong to nobody
    refused: list[int] = field(default_factory=list)
    orphans: bool = False
    fault: str = ""
    form: Path = Path()
    around: tuple[Node, Iterable[tuple[str, Node]]] = (Node(), ())

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.layout)

    @property
    def name(self) -> str:
        return str(self.path)

    def found(self) -> Iterator[Found]:
        """Its residents. Raises Stop for what concerns the whole export."""
        yield from self._read(residents)
        self.ended()

    def rows(self) -> Iterator[tuple[Rows, list[int]]]:
        """The rows of each, and the numbers of those who have the same key. `ended` is for whoever has settled them all. Raises Stop."""
        return self._read(numbered)

    def all(self) -> Iterator[Rows]:
        """Everybody's rows, whatever is wrong with them: to be written over. Raises Stop."""
        return self._read(lambda export, path, layout, as_of, passed: (rows for rows in export if not layout.left_out(rows)))

    def _read(self, each: Callable[[Export, Path, Layout, str | None, Callable[[Rows], None]], Iterator[T]]) -> Iterator[T]:
        with self._told(), open_export(self.path, self.layout.settings) as export:
            self.says, self.delimiters = export.says, export.delimiters
            self.nobodys = lambda: export.orphaned
            self._unsupplied(export.top)
            yield from each(export, self.path, self.layout, self.as_of, self.ledger.leave_out)
            self.around = export.top, self._unnamed(export)

    def _unnamed(self, export: Export) -> Iterator[tuple[str, Node]]:
        """Read when they are asked for: nobody holds them."""
        with self._told():
            yield from export.unnamed()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What cannot be read. Raises Stop."""
        try:
            yield
        except Refused as refused:
            of_layout = all(fault.file == self.layout.file for fault in refused.found)
            raise stopped(refused.found, str(self.form) if of_layout else self.name, self.talk, layout=of_layout) from None
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{self.name} cannot be read ({reason(error)}): check the name.") from None

    def _unsupplied(self, top: Node) -> None:
        """Whatever the verb: a missing file is no empty one."""
        for name in self.layout.unsupplied(top):
            says = f"a file of the {name} is not there: where the layout states that no row means none, they are \"not supplied\""
            self.talk.found("note", {"says": says}, f"{self.name}: {says}")

    def is_cut(self) -> bool:
        """Does it look as if rows were missing? Then nothing can be concluded from one that is not there. While it is read."""
        return bool(self.nobodys())

    def settle(self, rows: Rows, *, refused: bool) -> None:
        """A resident, when it is known whether she travels."""
        self.ledger.take(rows, refused=refused)
        if refused:
            self.refused.append(rows.number)
            self.orphans |= any(fault.rule == ORPHAN for fault in rows.faults)

    def settle_found(self, found: Found, *, refused: bool) -> None:
        self.settle(rows_of(found), refused=refused)

    def ended(self) -> None:
        """All are settled: what is left is what stands outside of them."""
        self.ledger.close(*self.around)

    def where(self, source: Places) -> str:
        """The row of a resident, where she has one that stands in a line."""
        row = source.rows.tree if isinstance(source, Origin) else Node()
        return f"{self.name}/{row.file}".rstrip("/") + f":{row.line}" if row.line else ""

    def reconcile(self) -> None:
        """Every value of every file is in the ledger exactly once, by a count that shares no code with the reading. If not: `fault`."""
        try:
            there = count_values(self.path, self.layout.settings, self.delimiters)
        except Refused:
            self.fault = f"{self.name} could be read, and its values could not be counted a second time. {FAULT}"
            return
        self.ledger.unread_files(there)
        ours = self.ledger.files()
        wrong = [f"{file or self.name} holds {there.get(file, 0):,} values, and the ledger has {ours.get(file, 0):,}"
                 for file in sorted({*there, *ours}) if there.get(file, 0) != ours.get(file, 0)]
        self.fault = f"{'; '.join(wrong)}. {FAULT}" if wrong else ""

    def closed(self, folder: Path | None) -> Closed:
        """What became of its values, and the files that are left beside a report. Raises Stop."""
        self.reconcile()
        if folder:
            files.write(folder / LEDGER, as_csv(self.ledger.lines()))
        totals, to = self.ledger.totals(), self.to or (folder / REFUSED if folder else None)
        said, told = {"values": totals}, f" {counted_values(totals)}.{' ' * bool(self.fault)}{self.fault}"
        if not self.refused:
            return Closed(said, told)
        if to is None:
            return Closed(said, f"{told} With --refused DIR the rows of the refused are left in a file, ready to be corrected.")
        made = [str(path) for path in self._write_refused(to)]
        again = to if len(made) > 1 else made[0]
        told += f" The rows of the refused are in {again}, in their own form: correct them there and send them again."
        return Closed({**said, "refused_rows": made}, told + WHOLE * self.orphans)

    def _write_refused(self, to: Path) -> list[Path]:
        """The export is read once more, for them alone: what is refused must not have to fit into memory."""
        try:
            return write_refused(to, self.path, self.layout.settings, set(self.refused))
        except Refused as refused:
            raise stopped(refused.found, str(to), self.talk) from None

    def notes(self) -> None:
        """What was found out about the export, and what the layout says of everybody: stated by verbs that report."""
        for says in (*self.says, *self.layout.says):
            self.talk.found("note", {"says": says}, f"{self.name}: {says}")


# ---- what is told at the end -----------------------------------------------------------------------------------------------------
class Closed(NamedTuple):
    """For programs, and for a person: after the closing sentence."""

    said: dict[str, Any]
    told: str


def closed(export: Exported | None, folder: Path | None = None) -> Closed:
    return export.closed(folder) if export else Closed({}, "")


def counted_values(totals: dict[str, int]) -> str:
    """
    >>> counted_values({"values": 9, "mapped": 5, "stated": 2, "ignored": 1, "unknown": 1})
    '9 values: 5 mapped, 2 stated, 1 ignored, 1 unknown'
    """
    return f"{totals['values']:,} values: " + ", ".join(f"{totals[verdict]:,} {verdict}" for verdict in VERDICTS)


def rows_of(found: Found) -> Rows:
    assert isinstance(found.source, Origin)  # noqa: S101 - what `residents` makes
    return found.source.rows


def as_csv(lines: Iterable[Line]) -> bytes:
    """A name of the export's must not start a formula in a spreadsheet."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(Line._fields)
    table.writerows([guarded(x) if isinstance(x, str) else x for x in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


# ---- the layout ----------------------------------------------------------------------------------------------------------------
def layout_of(path: Path, talk: Talk) -> Layout:
    """Raises Stop, when all that is wrong with it has been told."""
    try:
        return load(path)
    except Refused as refused:
        raise stopped(refused.found, str(path), talk, layout=True) from None


def stated(absence: Sequence[str], layout: Layout | None) -> Mapping[str, str]:
    """What the command line says of absence; of the other lists what the layout says. Raises Stop."""
    from adapter.commands import absence as absences

    return {**(layout.absence if layout else {}), **absences.stated(absence)}


def exported(path: Path, layout: Path, as_of: str | None, to: Path | None, talk: Talk) -> Exported:
    """Raises Stop."""
    if str(path) == files.STDIN:
        raise Stop(Exit.USAGE, "With --layout the export is a file, a folder or a zip: a pipe cannot be read twice.")
    if to is not None:
        places.is_new(to, path, option="--refused")
    made = Exported(path, layout_of(layout, talk), talk, as_of, to, form=layout)
    if as_of is not None:
        timed(made.layout, as_of)
    form, seems = made.layout.settings.format, format_of(path)
    if seems and seems != form and {seems, form} != {"json", "ndjson"}:
        raise Stop(Exit.NOTHING, f"{path} seems to be {seems.upper()}, and {layout} is for {form.upper()}: name the layout of this export.")
    return made


def timed(layout: Layout, as_of: str) -> None:
    """Raises Stop where the time of the export cannot be this."""
    if layout.has_as_of:
        raise Stop(Exit.USAGE, f"{layout.file} says where the time of the export stands: leave out --as-of.")
    try:
        instant.put(as_of)
    except BadValue as bad:
        raise Stop(Exit.USAGE, f"--as-of: {bad}.") from None


def stopped(found: Iterable[Fault], name: str, talk: Talk, *, layout: bool = False) -> Stop:
    """What the run ends with, when all that is wrong has been told. One fault alone is the end itself."""
    every = list(found)
    if len(every) == 1 and not talk.as_json:
        says = sentence(every[0], name, layout)
        return Stop(Exit.NOTHING, says if says.endswith((".", "?")) else f"{says}.")
    for fault in every:
        talk.found("problem", as_json(fault, name, layout), sentence(fault, name, layout))
    return Stop(Exit.NOTHING, f"{name}: {count(len(every), 'fault')}; nothing was read.")


def sentence(fault: Fault, name: str, layout: bool = False) -> str:
    place = shown(fault, name, layout) + (f":{fault.line}" if fault.line else "")
    return ": ".join(part for part in (place, fault.name, fault.path, fault.says) if part)


def shown(fault: Fault, name: str, layout: bool) -> str:
    return name if layout or not fault.file else f"{name}/{fault.file}"


def as_json(fault: Fault, name: str, layout: bool) -> dict[str, Any]:
    said = {key: value for key, value in fault._asdict().items() if value not in (None, "")}
    return {"level": "refusal", **said, "file": shown(fault, name, layout)}
