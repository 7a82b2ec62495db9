"""Care records, native or of a vendor's export, checked as records and as the FHIR that they become."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from adapter.commands.check_against import Against
from adapter.commands.check_left import Left, left
from adapter.commands.check_trace import Traced, traced
from adapter.commands.fhir import OWN_RULES, within
from adapter.commands.intake import ORPHAN, Intake
from adapter.conformance import Finding, Level
from adapter.conformance.finding import OWN_CHECK, is_at_least
from adapter.conformance.report import Told, Unit
from adapter.conformance.report.told import OWN_LEVELS
from adapter.faults import Refused
from adapter.records.source import Places
from mappings.bag import CareRecord, findings
from mappings.faults import Faults
from mappings.findings import Finding as OwnFinding


@dataclass
class Checking(Intake):
    """An intake that hands over each resident with all that was found. Whose FHIR has an error does not travel: she is refused.
    `least`: the level from which on findings are shown; of others nobody looks for the place."""

    against: Against = field(kw_only=True)
    put: Callable[[Unit], None] = field(kw_only=True)
    least: Level = field(kw_only=True)
    found: list[Told] = field(default_factory=list)

    def _may_travel(self, found: CareRecord | Refused, number: int, source: Places,
                    doubts: tuple[OwnFinding, ...]) -> TypeGuard[CareRecord]:
        self.found, began = [], time.perf_counter()
        travels = super()._may_travel(found, number, source, doubts)
        if left_of_it := left(found, source, self.export) if isinstance(found, Refused) else Left(found):
            travels = self._is_meant(left_of_it, number, source, travels)
        nobodys = any(told.finding.rule == ORPHAN for told in self.found)
        self.put(Unit(self.shown, f"record {number}", tuple(self.found), time.perf_counter() - began, int(not nobodys)))
        return travels

    def _tell(self, told: Told) -> None:
        self.found.append(told)

    def _is_meant(self, of: Left, number: int, source: Places, travels: bool) -> bool:
        """What it says, whether it `travels` so far or not: what else is wrong is told in the same run. Whether it travels then."""
        try:
            found = meant(of, self.against, [Traced(told.field, told.finding) for told in self.found])
        except Faults as bad:
            if travels:
                self.refuse(number, bad)
            return False
        places = source.places({each.field for each in found if is_at_least(each.finding.level, self.least)})
        levels = [each.finding.level for each in found]
        self.found += [self.told(each.finding, each.field, places.get(each.field), number) for each in found]
        self.warnings += levels.count(Level.WARNING)
        self.refused += travels and Level.ERROR in levels
        return travels and Level.ERROR not in levels


def meant(of: Left, against: Against, said: Sequence[Traced]) -> list[Traced]:
    """What is wrong with it as FHIR; and, where something was left out of it, what it says against itself. `said`: what was told already.
    Raises Faults: it is not writable."""
    own = [Traced(each.field, Finding(OWN_LEVELS[each.level], OWN_CHECK, "", each.says)) for each in findings(of.record)] if of.part else []
    own, as_fhir = of.sure(own), of.sure(traced(of.record, against))
    return [*own, *unsaid(as_fhir, [*said, *own])]


def unsaid(found: Iterable[Traced], said: Sequence[Traced]) -> list[Traced]:
    """Where the record has said an error of itself, FHIR has nothing to add, and a product rule not to a warning either."""
    every = tuple(each.field for each in said if each.field)
    errors = tuple(each.field for each in said if each.field and each.finding.level is Level.ERROR)
    return [each for each in found if not _is_at(each.field, every if _is_ours(each.finding) else errors)]


def _is_ours(finding: Finding) -> bool:
    return finding.rule.startswith(OWN_RULES) and finding.rule != OWN_CHECK


def _is_at(field: str, fields: Iterable[str]) -> bool:
    return any(within(field, each) or within(each, field) for each in fields)
