"""Care records from a file or a pipe, one at a time: who may travel, and what is wrong with the others. In constant memory."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from adapter.commands import files
from adapter.commands.exits import Exit, Stop
from adapter.commands.fhir import no_fhir
from adapter.commands.talk import Talk, count
from adapter.conformance.finding import OWN_CHECK, Finding, Level
from adapter.conformance.report.told import OWN_LEVELS, Told
from adapter.faults import Refused
from adapter.records.rows.row import Place
from adapter.records.source import Places
from adapter.records.stream import Found, stream
from mappings.bag import CareRecord, findings
from mappings.faults import Faults
from mappings.findings import Finding as OwnFinding

if TYPE_CHECKING:
    from adapter.commands.check_trace import Traced
    from adapter.commands.exported import Exported

ORPHAN = "no-resident"  # the rule of a row that belongs to nobody


@dataclass
class Intake:
    """The residents of one input, and what became of them. `report`: problems are what was asked for, not talk about it. `export`: set
    where the input is a vendor's, and not native. `orphans`: rows of an export that belong to nobody; they are no residents."""

    name: str
    talk: Talk
    report: bool = False
    export: Exported | None = None
    residents: int = 0
    refused: int = 0
    orphans: int = 0
    warnings: int = 0
    let_through: int = 0  # errors that were tolerated by name, or stand at the server already
    source: Places | None = None  # of the resident who was handed out last

    def accepted(self, title: str) -> Iterator[tuple[int, CareRecord]]:
        """(number, care record) of those that may travel. Raises Stop where there is no care record at all."""
        if self.export:
            with self.talk.progress(title, None) as step:
                yield from self.judged(self.export.found(), lambda: step(0))
        else:
            with files.reading(self.name) as file, self.talk.progress(title, files.size_of(file)) as step:
                no_fhir(file, self.shown)
                yield from self.judged(stream(file), lambda: step(file.tell() if file.seekable() else 0))
        self.some()

    def judged(self, every: Iterable[Found], step: Callable[[], None] = lambda: None) -> Iterator[tuple[int, CareRecord]]:
        """Of all that was read, who may travel; what is wrong with the others is said. `step` is called for each that was read."""
        for read in every:
            number, found, source, doubts = read
            step()
            self.source, before = source, self.lost
            if self._may_travel(found, number, source, doubts):
                yield number, found
            if self.export:  # only now it is known whether she could be written too
                self.export.settle_found(read, refused=self.lost > before)

    def add(self, counts: Mapping[str, int]) -> None:
        """Residents whom another intake has seen."""
        self.residents += counts["residents"]
        self.refused += counts["refused"]
        self.orphans += counts.get("orphans", 0)
        self.warnings += counts["warnings"]
        self.let_through += counts.get("let_through", 0)

    def some(self) -> None:
        """Raises Stop where there is no care record at all."""
        if not self.residents:
            hint = "" if self.export else "; `redbag records example` shows one"
            raise Stop(Exit.NOTHING, f"{self.shown} holds no care record{hint}.")

    def refuse(self, number: int, bad: Faults) -> None:
        """The resident who was handed out last turned out not to be writable."""
        self.refused += 1
        said = [(".".join(p for p in (x.path, x.field.strip("-")) if p), x.reason) for x in bad.found]
        places = self.source.places(path for path, _ in said) if self.source else {}
        for path, reason in said:
            self._tell(self.told(Finding(Level.ERROR, OWN_CHECK, "", reason), path, places.get(path), number))

    def unproven(self, number: int, found: Iterable[Traced]) -> None:
        """Of the resident who was handed out last: the errors of her FHIR, for which she is refused. What is let through is told as a
        warning, for nobody else says it: where it is checked it is an error."""
        told = list(found)
        self.let_through += sum(each.finding.level is Level.WARNING for each in told)
        self.refused += any(each.finding.level is Level.ERROR for each in told)
        places = self.source.places({each.field for each in told}) if self.source and told else {}
        for each in told:
            one = self.told(each.finding, each.field, places.get(each.field), number)
            self.talk.found("problem", one.as_json(), str(one), data=self.report)

    def told(self, finding: Finding, field: str, place: Place | None, number: int) -> Told:
        """`field`: the record's own; `number`: the record's in the input. Of an export that is a folder, the file in it is told."""
        where = place or Place()
        inside = f"{self.shown}/{where.file}" if where.file else self.shown
        return Told(finding, inside, where.line, where.column, where.name, field, number)

    @property
    def lost(self) -> int:
        """What does not travel."""
        return self.refused + self.orphans

    def where(self, number: int) -> str:
        """The resident who was handed out last: by the place of her row, where she has one."""
        return (self.source and self.export and self.export.where(self.source)) or f"{self.shown}, record {number}"

    @property
    def shown(self) -> str:
        return "standard input" if self.name == files.STDIN else self.name

    @property
    def exit(self) -> Exit:
        if self.export and self.export.fault:
            return Exit.BUG
        return Exit.DONE if not self.lost else Exit.PARTIAL if self.refused < self.residents else Exit.NOTHING

    def counts(self) -> dict[str, int]:
        nobodys = {"orphans": self.orphans} if self.export or self.orphans else {}
        passed = {"let_through": self.let_through} if self.let_through else {}
        return {"residents": self.residents, "refused": self.refused, **nobodys, "warnings": self.warnings, **passed}

    def sentence(self) -> str:
        said = [count(self.residents, "resident")]
        said += [f"{self.refused:,} refused"] if self.refused else []
        said += [f"{count(self.orphans, 'row')} that belong{'s' * (self.orphans == 1)} to nobody"] if self.orphans else []
        hint = "" if self.report else " (`redbag check` shows them)"
        said += [count(self.warnings, "warning") + hint] if self.warnings else []
        said += [f"{count(self.let_through, 'error')} let through"] if self.let_through else []
        return ", ".join(said)

    def _may_travel(self, found: CareRecord | Refused, number: int, source: Places,
                    doubts: tuple[OwnFinding, ...]) -> TypeGuard[CareRecord]:
        if isinstance(found, Refused):
            every = [self.told(Finding(Level.ERROR, x.rule, "", x.says), x.path, Place(x.file, x.line, x.column, x.name), number)
                     for x in found.found]
        else:
            said = [*doubts, *findings(found)]
            places = source.places(x.field for x in said if self._is_told(OWN_LEVELS[x.level]))
            every = [self.told(Finding(OWN_LEVELS[x.level], OWN_CHECK, "", x.says), x.field, places.get(x.field), number) for x in said]
        for told in every:
            self.warnings += told.finding.level is Level.WARNING
            self._tell(told)
        refused = any(told.finding.level is Level.ERROR for told in every)
        orphan = isinstance(found, Refused) and any(fault.rule == ORPHAN for fault in found.found)
        self.orphans += orphan
        self.residents += not orphan
        self.refused += refused and not orphan
        return not refused

    def _tell(self, told: Told) -> None:
        if self._is_told(told.finding.level):  # the others are counted, and the sentence at the end says how to see them
            self.talk.found("problem", told.as_json(), str(told), data=self.report)

    def _is_told(self, level: Level) -> bool:
        return self.report or level is not Level.WARNING
