"""As JUnit's XML, as GitLab and Jenkins read it: a suite for each file, a test for each thing in it, a failure for what must not be.

Sources: Jenkins xUnit plugin, junit-10.xsd; GitLab, unit test reports (a test is known by its classname and name, which is why both are
said). What is not grave enough to fail stands in system-out. What was not checked is a suite of its own, of tests that were skipped:
build servers show these, and neither properties nor what a suite prints.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from adapter.conformance.finding import Level, is_at_least
from adapter.conformance.report.told import Lines, Summary, Told, Unit, Unseen

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Junit:
    """`fails`: the level from which on a finding is a failure. Of a file only its own tests are kept until the next begins."""

    def __init__(self, fails: Level) -> None:
        self.fails, self.file, self.cases, self.failures, self.seconds = fails, "", list[str](), 0, 0.0

    def begin(self) -> Lines:
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield '<testsuites name="redbag check">'

    def unit(self, unit: Unit) -> Lines:
        if unit.file != self.file:
            yield from self._suite()
            self.file = unit.file
        bad = unit.at_least(self.fails)
        self.failures += bool(bad)
        self.seconds += unit.seconds
        self.cases.append(self._case(unit, len(bad)))

    def end(self, summary: Summary) -> Lines:
        yield from self._suite()
        if unseen := list(summary.unseen()):
            yield f'<testsuite name="not checked" tests="{len(unseen)}" failures="0" errors="0" skipped="{len(unseen)}" time="0.000">'
            yield from map(skipped, unseen)
            yield "</testsuite>"
        yield "</testsuites>"

    def _suite(self) -> Lines:
        if self.cases:
            counts = f'tests="{len(self.cases)}" failures="{self.failures}" errors="0" skipped="0" time="{self.seconds:.3f}"'
            yield f"<testsuite name={attribute(self.file)} {counts}>"
            yield from self.cases
            yield "</testsuite>"
        self.cases, self.failures, self.seconds = [], 0, 0.0

    def _case(self, unit: Unit, bad: int) -> str:
        head = f'<testcase classname={attribute(unit.file)} name={attribute(unit.name or "whole")} time="{unit.seconds:.3f}"'
        if not unit.found:
            return f"{head}/>"
        graver = unit.at_least(self.fails)
        lighter = [told for told in unit.found if not is_at_least(told.finding.level, self.fails)]
        failure = f'<failure message="{bad} found" type={attribute(graver[0].finding.rule)}>{text(graver)}</failure>' if graver else ""
        return f"{head}>{failure}{f'<system-out>{text(lighter)}</system-out>' if lighter else ''}</testcase>"


def skipped(unseen: Unseen) -> str:
    """A test by the same name in every run, however much of it there is."""
    why = f"<skipped message={attribute(unseen.told)}>{text(unseen.each)}</skipped>"
    return f'<testcase classname="not checked" name={attribute(unseen.what)} time="0.000">{why}</testcase>'


def text(found: Iterable[Told | str]) -> str:
    return escape(NOT_XML.sub("\ufffd", "\n".join(map(str, found))))


def attribute(said: str) -> str:
    return quoteattr(NOT_XML.sub("\ufffd", said))
