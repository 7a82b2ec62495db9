"""What is left of a care record that is refused for how it is written: checked too, so that one run tells faults of form and of meaning.

What cannot be read is left out: a member of the resident or of a row of hers; of a list that nothing refers to, the row. Of what was left
out, and of whatever it stands in, nothing more is said. Where more than that is wrong, nothing is left.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapter import wire
from adapter.commands.check_trace import Traced
from adapter.commands.exported import Exported
from adapter.faults import Fault, Refused
from adapter.records.layout.origin import Origin, names_of
from adapter.records.source import Places, Source
from adapter.records.stream import LINE, care_records
from mappings.bag import CareRecord

Json = Any
ALONE = frozenset({"medicines", "allergies", "vaccinations"})  # nothing refers to what is in these lists
MISSING = "missing"
UNKNOWN = "unknown-field"  # told at what it stands in: its name may be anything
ROW = re.compile(r"\w+(\[\d+\])?")
ROUNDS = 4  # what was left out may have been needed
OUT = object()  # stands for a row that is left out, until a round is over


@dataclass(frozen=True)
class Left:
    """`part`: of a record that cannot be read as a whole. `gone`: the fields that were left out. `kept`: list -> which of its rows are in
    the record."""

    record: CareRecord
    part: bool = False
    gone: frozenset[str] = frozenset()
    kept: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def sure(self, found: Iterable[Traced]) -> list[Traced]:
        """What would be so with what was left out, each at its field in the whole."""
        whole = (each._replace(field=self._whole(each.field)) for each in found)
        return [each for each in whole if not self.gone or self._is_sure(each)]

    def _whole(self, path: str) -> str:
        top, *more = names_of(path) or ("",)
        if not more or top not in self.kept:
            return path
        return f"{top}[{self.kept[str(top)][int(more[0])]}]{path.partition(']')[2]}"

    def _is_sure(self, each: Traced) -> bool:
        """Not of what was left out, of what it stands in, or of what goes by its name (`nhs_number_status`); nor that something is missing
        from a row that is not whole."""
        row = ROW.match(each.field)
        around = row[0] if row and each.finding.rule == "fhir-min" else each.field
        return not any(each.field.startswith(gone) or gone.startswith(around) for gone in self.gone)


def left(refused: Refused, source: Places, export: Exported | None) -> Left | None:
    """None where nothing certain can be said of what is left."""
    json, faults = said(source, export), refused.found
    if not isinstance(json, dict):
        return None
    leaving = Leaving(json)
    for _ in range(ROUNDS):
        if not leaving.leave_out(faults):
            return None
        try:
            return Left(care_records().decode(leaving.json), True, frozenset(leaving.gone), leaving.kept)
        except Refused as more:
            faults = more.found
    return None


def said(source: Places, export: Exported | None) -> Json:
    """The native format of one record, as it was said; of a list in one document it is not read again for each."""
    if isinstance(source, Origin):
        return None if export is None or source.rows.faults else export.layout.read(source.rows, export.as_of).json
    if not isinstance(source, Source) or source.place is not None:
        return None
    try:
        return wire.loads(source.data, LINE)
    except Refused:
        return None


@dataclass
class Leaving:
    """`json`: what is left, in the native format."""

    json: dict[str, Json]
    gone: set[str] = field(default_factory=set)
    kept: dict[str, list[int]] = field(default_factory=dict)

    def leave_out(self, faults: Iterable[Fault]) -> bool:
        """Whether all that is wrong could be left out."""
        done = set[str]()
        for fault in sorted(faults, key=lambda fault: fault.rule != UNKNOWN):  # these first, while what they are in is there
            if not (self._unknown(fault.path) if fault.rule == UNKNOWN else self._out(fault, done)):
                return False
        for top, rows in self.json.items():
            if top in ALONE and isinstance(rows, list):
                kept = self.kept.get(top, range(len(rows)))
                self.kept[top] = [index for index, row in zip(kept, rows, strict=True) if row is not OUT]
                self.json[top] = [row for row in rows if row is not OUT]
        return True

    def _out(self, fault: Fault, done: set[str]) -> bool:
        """`done`: what was left out in this round."""
        top, *more = names_of(fault.path) or ("",)
        inside = self.json.get(str(top))
        if not more:
            self.gone.add(str(top))
            return top in ALONE and self.json.pop(str(top), None) is not None
        if isinstance(inside, dict):
            return self._member(inside, str(top), str(more[0]), fault.rule, done)
        if not isinstance(inside, list) or not isinstance(more[0], int) or more[0] >= len(inside):
            return False
        row, name = inside[more[0]], f"{top}[{self.kept[str(top)][more[0]] if top in self.kept else more[0]}]"
        if row is OUT or (len(more) > 1 and isinstance(row, dict) and self._member(row, name, str(more[1]), fault.rule, done)):
            return True
        self.gone.add(name)
        inside[more[0]] = OUT if top in ALONE else row
        return top in ALONE

    def _member(self, row: dict[str, Json], name: str, member: str, rule: str, done: set[str]) -> bool:
        """Not a key, by which others refer to it; nor what must be there and is not. What an export says wrongly is left out already."""
        path = f"{name}.{member}"
        if path not in done:
            if member == "key" or (rule == MISSING and member not in row):
                return False
            row.pop(member, None)
            self.gone.add(path)
            done.add(path)
        return True

    def _unknown(self, path: str) -> bool:
        """Nobody knows which field was meant: nothing is said of what it stands in, nor of what is not there beside it."""
        inside: Json = self.json
        for name in names_of(path):
            inside = inside[name]
        for member in inside.keys() - care_records().names:
            del inside[member]
        self.gone.update([path] if path else care_records().kind.slots.keys() - self.json.keys())
        return True
