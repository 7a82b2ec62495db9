"""What a check has to say: one form for every rule, and one text, wherever it is shown.

    error: Patient.birthDate: is no date; a FHIR date is YYYY, YYYY-MM or YYYY-MM-DD [fhir-format]

No finding ever holds a value of a patient: what a definition says (codes it asks for, names of elements, URLs of definitions) and counts
are all that it may say.
"""
from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

OWN_CHECK = "rb-record"  # what a record says against itself, whatever FHIR thinks of it
ONE_PAGE = "rb-one-page"  # of a search at an address: there are more
UNREAD = "rb-unread"  # what is right, and no record of ours holds


class Level(StrEnum):
    """As OperationOutcome.issue.severity has it. What has an error does not travel; a warning does; information is for whoever asks."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


GRAVE = (Level.ERROR, Level.WARNING, Level.INFORMATION)  # the gravest first


def is_at_least(level: Level, least: Level) -> bool:
    """Is it as grave as this, or graver?"""
    return GRAVE.index(level) <= GRAVE.index(least)


class Finding(NamedTuple):
    """`rule` is a stable id: an invariant's own key (`pat-1`), else one of ours (`fhir-min`, `rb-nhs-number`), all in docs/rules.md.

    `path` is where, by the names that JSON has: `Patient.name[0].given[1]`, `Bundle.entry[3].resource.deceasedBoolean`; indices count
    from 0. `says` is what is wrong and what was expected; `fix` what to do about it, where `says` does not tell already. `source` is the
    canonical URL of the definition that asks for it, or the page by name. `member`: where it is about one member of what stands at `path`,
    and its name may be anything: which, from 0.
    """

    level: Level
    rule: str
    path: str
    says: str
    fix: str = ""
    source: str = ""
    member: int | None = None

    def __str__(self) -> str:
        return f"{self.level}: {self.path}{': ' * bool(self.path)}{self.told} [{self.rule}]"

    @property
    def told(self) -> str:
        """What is wrong and what to do, in one sentence."""
        return f"{self.says}; {self.fix}" if self.fix else self.says


def has_error(findings: list[Finding]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)
