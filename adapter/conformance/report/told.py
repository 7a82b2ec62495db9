"""A finding with its place, what was checked as one thing, and how it all ended."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from adapter.conformance.finding import Finding, Level

Lines = Iterable[str]
GRAVE = (Level.ERROR, Level.WARNING, Level.INFORMATION)  # the gravest first
REFUSAL = "refusal"  # what a record calls an error, in the lines for programs: it does not travel


class Told(NamedTuple):
    """`file` as somebody named it; lines and columns count from 1 and are those of the file. `record`: its number in the input.

    Where the resource was made from a record: `field` is the record's own (`medicines[3].doses[0].text`), and `name` what a vendor's export
    calls it there, such as the column DOSE. No value of a patient is in any of them.
    """

    finding: Finding
    file: str
    line: int | None = None
    column: int | None = None
    name: str = ""
    field: str = ""
    record: int | None = None

    def __str__(self) -> str:
        """The one text of a finding: place, level, the vendor's word for it (ours, FHIR's), what is wrong and what to do [rule]."""
        words = [word for word in (self.name, self.field, self.finding.path) if word]
        where = f"{words[0]} ({', '.join(words[1:])})" if len(words) > 1 else "".join(words)
        return f"{self.place}: {self.finding._replace(path=where)}"

    @property
    def place(self) -> str:
        """As editors and compilers have it: they go there when it is clicked on."""
        if self.line:
            return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"
        return f"{self.file}, record {self.record}" if self.record else self.file

    def as_json(self) -> dict[str, Any]:
        """`level` in the product's words, `severity` in FHIR's. `path` is the record's field, where there is one; then `fhir` is FHIR's."""
        level, rule, path, says, fix, source = self.finding
        said = {
            "level": REFUSAL if level is Level.ERROR else level.value, "severity": level.value, "rule": rule, "path": self.field or path,
            "fhir": path if self.field else "", "says": says, "fix": fix, "source": source, "file": self.file, "line": self.line,
            "column": self.column, "name": self.name, "record": self.record}
        return {key: value for key, value in said.items() if value not in (None, "")}


class Unit(NamedTuple):
    """One thing that was checked: a resource or Bundle, a line of NDJSON, a care record. `name` tells it from others of its file."""

    file: str
    name: str
    found: tuple[Told, ...] = ()
    seconds: float = 0.0

    def at_least(self, level: Level) -> list[Told]:
        return [told for told in self.found if GRAVE.index(told.finding.level) <= GRAVE.index(level)]


@dataclass
class Summary:
    """`bad`: units that have an error. `not_checked`: what the definitions state and nobody evaluated; `not_looked_up`: codes, by their
    system. `sets`: what it was held against."""

    files: int = 0
    units: int = 0
    bad: int = 0
    levels: Counter[Level] = field(default_factory=Counter)
    rules: Counter[tuple[Level, str]] = field(default_factory=Counter)
    not_checked: Counter[str] = field(default_factory=Counter)
    not_looked_up: Counter[str] = field(default_factory=Counter)
    sets: tuple[str, ...] = ()
    seconds: float = 0.0
    exit: int = 0

    def add(self, found: Iterable[Told]) -> None:
        """All that was found in a unit, shown or not."""
        levels = [told.finding.level for told in found]
        self.units += 1
        self.bad += Level.ERROR in levels
        self.levels.update(levels)
        self.rules.update((told.finding.level, told.finding.rule) for told in found)

    def by_rule(self) -> list[tuple[Level, str, int]]:
        """The gravest first, then the most frequent."""
        return sorted(((level, rule, count) for (level, rule), count in self.rules.items()),
                      key=lambda each: (GRAVE.index(each[0]), -each[2], each[1]))


class Report(Protocol):
    """A form in which findings are told: lines to be written, one after the other."""

    def begin(self) -> Lines: ...
    def unit(self, unit: Unit) -> Lines: ...
    def end(self, summary: Summary) -> Lines: ...
