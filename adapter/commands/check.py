"""`redbag check`: everything that is wrong with care records, or with FHIR, and everything that may be.

An input becomes units (a resource, a line, a resident), each with all that was found; a report tells them at once and forgets them.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from adapter.commands import check_closing as closing
from adapter.commands import fhir, files
from adapter.commands.check_against import Against, against
from adapter.commands.check_inputs import EXPORT, inputs, is_address
from adapter.commands.exits import Exit, Stop
from adapter.commands.foreign import foreign
from adapter.commands.talk import Talk, count
from adapter.conformance import Finding, Level
from adapter.conformance.report import Report, Summary, Told, Unit

if TYPE_CHECKING:
    from adapter.commands.exported import Exported
    from adapter.records.stream import Found

NO_FORM = "no-form"  # the rule of what is neither FHIR nor records
NOT_READ = "not-read"  # the rule of what is there, and cannot be read


@dataclass(frozen=True)
class Asked:
    """What the command line says. `fails`: the level from which on it does not end well; `least`: the level from which on it is shown."""

    names: tuple[str, ...]
    form: str = "text"
    fails: Level = Level.ERROR
    least: Level = Level.WARNING
    most: int | None = None
    profiles: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    packages: tuple[Path, ...] = ()
    second: bool = False

    def against(self) -> Against:
        """Raises Stop."""
        return against(self.profiles, self.sets, self.packages, self.second)


def run(asked: Asked, talk: Talk, export: Exported | None = None) -> Exit:
    """Raises Stop."""
    session = Session(asked, talk, report(asked), asked.against())
    return session.exported(export) if export else session.all()


def explained(rule: str, asked: Asked, talk: Talk) -> Exit:
    """Raises Stop."""
    from adapter.commands import check_explain

    return check_explain.run(rule, asked.against().checker, talk)


def report(asked: Asked) -> Report:
    """Only what is asked for is imported."""
    if asked.form == "sarif":
        from adapter.commands.journal import NOT_INSTALLED, program
        from adapter.conformance.report.sarif import Sarif
        from adapter.conformance.rules.explaining import explain

        return Sarif("" if program() == NOT_INSTALLED else program(), explain)
    if asked.form == "junit":
        from adapter.conformance.report.junit import Junit

        return Junit(asked.fails)
    if asked.form == "outcome":
        from adapter.conformance.report.outcome import Outcome

        return Outcome()
    from adapter.conformance.report.text import Json, Text

    return Json() if asked.form == "json" else Text()


@dataclass
class Session:
    """One run."""

    asked: Asked
    talk: Talk
    report: Report
    against: Against
    summary: Summary = field(default_factory=Summary)
    shown: int = 0

    # ---- what is checked ---------------------------------------------------------------------------------------------------------
    def all(self) -> Exit:
        found = inputs(self.asked.names)
        with self._told(), self.talk.progress("Checking", len(found.each)) as step:
            for number, name in enumerate(found.each, 1):
                self._input(name, found.is_one)
                step(number)
        return self._ended({}, f" Passed over: {count(found.passed, 'file')} with other endings. {EXPORT}" if found.passed else "")

    def exported(self, export: Exported) -> Exit:
        from adapter.commands.exported import closed

        with self._told(), self.talk.progress("Checking", None) as step:
            self._records(export.name, export.found(), lambda: step(0), export)
        export.notes()
        more = closed(export)
        return self._ended(more.said, more.told, Exit.BUG if export.fault else None)

    def _input(self, name: str, is_one: bool) -> None:
        """One of several that cannot be read is told of, and the others are gone on with. Raises Stop."""
        self.summary.files += 1
        try:
            if is_address(name):
                from adapter.commands import check_url

                self.take(check_url.unit(name, self.against, self.talk))
            else:
                with files.reading(name) as file:
                    self._file(name, file)
        except Stop as stop:
            if is_one or stop.exit is Exit.USAGE:
                raise
            says = stop.says.removeprefix(f"{name} ").rstrip(".")
            self.take(Unit(name, "document", (Told(Finding(Level.ERROR, NOT_READ, "", says), name),), holds=0))

    def _file(self, name: str, file: BinaryIO) -> None:
        head, shown = fhir.head_of(file), "standard input" if name == files.STDIN else name
        if fhir.is_listed(head):
            self.take(fhir.listed(shown))
            return
        if form := fhir.format_at(head):
            for unit in fhir.units(file, shown, form, self.against):
                self.take(unit)
            return
        if other := foreign(head):
            self.take(Unit(shown, "document", (Told(Finding(Level.ERROR, NO_FORM, "", *other), shown, 1, 1),), holds=0))
            return
        from adapter.records.stream import stream

        self._records(name, stream(file))

    def _records(self, name: str, every: Iterable[Found], step: Callable[[], None] = lambda: None, export: Exported | None = None) -> None:
        from adapter.commands.check_records import Checking

        intake = Checking(name, self.talk, True, export, against=self.against, put=self.take, least=self.asked.least)
        for _ in intake.judged(every, step):
            pass
        self.summary.residents += intake.residents
        self.summary.orphans += intake.orphans
        if not intake.residents and not intake.orphans:
            nothing = Finding(Level.ERROR, "empty", "", "holds no care record and no FHIR", "`redbag records example` shows a record")
            self.take(Unit(intake.shown, "document", (Told(nothing, intake.shown),), holds=0))

    # ---- what is told ------------------------------------------------------------------------------------------------------------
    def take(self, unit: Unit) -> None:
        self.summary.add(unit)
        found = unit.at_least(self.asked.least)
        if self.asked.most is not None and self.asked.form != "junit":  # there a test without its findings would have passed
            found = found[:max(0, self.asked.most - self.shown)]
        self.shown += len(found)
        self._tell(self.report.unit(unit._replace(found=tuple(found))))

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.talk.data(line)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Around all inputs: the report, from its beginning to its end."""
        began = time.perf_counter()
        self.summary.fails, self.summary.sets = self.asked.fails, self.against.sets
        self._tell(self.report.begin())
        for fault in self.against.checker.definitions.left_out:
            found = Finding(Level.WARNING, fault.rule, "", f"{fault.says}; it is left out", "correct it, or tell who made the package")
            self.take(Unit(fault.file, "document", (Told(found, fault.file),), holds=0))
        yield
        self.summary.exit = self._exit()
        left = self.against.left_open()
        self.summary.not_checked.update(each.reason for each in left)
        self.summary.not_looked_up = self.against.not_looked_up
        self.summary.left_open = tuple(each for each in left if each.profile in self.against.brought)
        self.summary.held, self.summary.apart = self.against.held, self.against.checker.definitions.apart
        self.summary.seconds = time.perf_counter() - began
        self._tell(self.report.end(self.summary))

    def _exit(self) -> Exit:
        if not self.summary.bad and not self.summary.lost:
            return Exit.DONE
        return Exit.PARTIAL if self.summary.bad < self.summary.holds else Exit.NOTHING

    def _ended(self, said: Mapping[str, Any], told: str, exit: Exit | None = None) -> Exit:
        exit = self._exit() if exit is None else exit
        if not self.talk.as_json:
            for line in closing.lines(self.summary, self.shown, self.asked.least):
                self.talk.say(line)
        self.talk.result({**closing.as_json(self.summary, exit), **said}, closing.sentence(self.summary) + told)
        return exit
