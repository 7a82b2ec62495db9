"""A finding with its place, what was checked as one thing, and how it all ended."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from adapter.conformance.finding import GRAVE, Finding, Level, is_at_least
from adapter.conformance.unchecked import Unchecked

Lines = Iterable[str]
INNER = re.compile(r"^Bundle(?:\.entry\[\d+\]\.resource(?![A-Za-z]))+")  # the resource in a Bundle that a path is in
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
IN_TOO_LONG = "resource in a list that is too long"
REFUSAL = "refusal"  # what a record calls an error, in the lines for programs: it does not travel
OWN_LEVELS = {REFUSAL: Level.ERROR, "warning": Level.WARNING}  # of what a record says against itself


def line(text: str) -> str:
    """In one line, whatever somebody's file or column is called."""
    return CONTROL.sub("\ufffd", text)


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
        return line(f"{self.place}: {self.finding._replace(path=where)}")

    @property
    def place(self) -> str:
        """As editors and compilers have it: they go there when it is clicked on."""
        if self.line:
            return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"
        return f"{self.file}, record {self.record}" if self.record else self.file

    def as_json(self) -> dict[str, Any]:
        """`level` in the product's words, `severity` in FHIR's. `path` is the record's field, where there is one; then `fhir` is FHIR's."""
        level, rule, path, says, fix, source, _ = self.finding
        said = {
            "level": REFUSAL if level is Level.ERROR else level.value, "severity": level.value, "rule": rule, "path": self.field or path,
            "fhir": path if self.field else "", "says": says, "fix": fix, "source": source, "file": self.file, "line": self.line,
            "column": self.column, "name": self.name, "record": self.record}
        return {key: value for key, value in said.items() if value not in (None, "")}


class Unit(NamedTuple):
    """One thing that was checked: a resource or Bundle, a line of NDJSON, a care record. `name` tells it from others of its file.

    `holds`: how many residents or resources that is; none, where it is a row that belongs to nobody, or cannot be read at all. `passed`: so
    many more resources are in it, and were not looked at.
    """

    file: str
    name: str
    found: tuple[Told, ...] = ()
    seconds: float = 0.0
    holds: int = 1
    passed: int = 0

    def at_least(self, level: Level) -> list[Told]:
        return [told for told in self.found if is_at_least(told.finding.level, level)]

    def bad(self, level: Level) -> int:
        """How many of them have a finding that is so grave: of a Bundle, resources; what is about the Bundle itself counts as one more."""
        return min(len({resource_at(told.finding.path) for told in self.at_least(level)}), max(self.holds, 1))


def resource_at(path: str) -> str:
    """
    >>> resource_at("Bundle.entry[3].resource.name[0]"), resource_at("Patient.name[0]"), resource_at("Bundle.entry[3].fullUrl")
    ('Bundle.entry[3].resource', '', '')
    """
    return "".join(INNER.findall(path)[:1])


class Unseen(NamedTuple):
    """What was not checked, `what` it is and, in `told`, how much of it. `each`: where the packages state it."""

    what: str
    told: str
    each: tuple[str, ...] = ()


@dataclass
class Summary:
    """Over all units. `holds`: residents and other resources, so many of them `residents`; `bad`: how many have a finding of the level that
    `fails`. `lost`: units that hold nothing, so many of them `orphans`: rows that belong to no resident; the others cannot be read.
    `not_checked`: what the definitions state and nobody evaluated, by its reason; `left_open`: each of it that a package states;
    `not_looked_up`: codes, by their system. `held`: profiles that somebody named or brought -> how many resources were held against them;
    `apart`: types of which a package has several."""

    fails: Level = Level.ERROR
    files: int = 0
    holds: int = 0
    residents: int = 0
    bad: int = 0
    lost: int = 0
    orphans: int = 0
    levels: Counter[Level] = field(default_factory=Counter)
    rules: Counter[tuple[Level, str]] = field(default_factory=Counter)
    not_checked: Counter[str] = field(default_factory=Counter)
    left_open: tuple[Unchecked, ...] = ()
    not_looked_up: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    apart: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    seconds: float = 0.0
    exit: int = 0

    def add(self, unit: Unit) -> None:
        """All that was found in a unit, shown or not."""
        bad = unit.bad(self.fails)
        self.holds += unit.holds
        self.bad += bad if unit.holds else 0
        self.lost += 0 if unit.holds else bad
        if unit.passed:
            self.not_checked[IN_TOO_LONG] += unit.passed
        self.levels.update(told.finding.level for told in unit.found)
        self.rules.update((told.finding.level, told.finding.rule) for told in unit.found)

    def unseen(self) -> Iterator[Unseen]:
        """Everything that was not checked: every report says it. The most frequent first, what is stated before codes."""
        for reason, number in self.not_checked.most_common():
            yield Unseen(reason, f"{number:,} × {reason}", tuple(line(str(each)) for each in self.left_open if each.reason == reason))
        for system, number in self.not_looked_up.most_common():
            yield Unseen(line(f"codes of {system}"), line(f"{number:,} code{'s' * (number != 1)} of {system}"))

    def by_rule(self) -> list[tuple[Level, str, int]]:
        """The gravest first, then the most frequent."""
        return sorted(((level, rule, count) for (level, rule), count in self.rules.items()),
                      key=lambda each: (GRAVE.index(each[0]), -each[2], each[1]))


class Report(Protocol):
    """A form in which findings are told: lines to be written, one after the other."""

    def begin(self) -> Lines: ...
    def unit(self, unit: Unit) -> Lines: ...
    def end(self, summary: Summary) -> Lines: ...
