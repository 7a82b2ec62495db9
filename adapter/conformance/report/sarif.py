"""As SARIF 2.1.0, which code hosts show beside the file. Source: OASIS, Static Analysis Results Interchange Format 2.1.0.

One run. Its results come first and what is said of tool and rules last (the order of members is free in JSON), so that nothing is kept but
the rules. A place is the file and, where it is known, line and column; beside it the record's field and the FHIRPath as logical locations.
What was not checked is a notification of the run: the standard has these for what a tool says of its own work.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from adapter import wire
from adapter.conformance.finding import Finding, Level
from adapter.conformance.report.told import Lines, Summary, Told, Unit, Unseen

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFORMATION: "note"}
URI = ("http://", "https://")


class Sarif:
    """`version` of the program, empty where it is not known; `about`: what is to be said of a rule by its id, or None."""

    def __init__(self, version: str, about: Callable[[str], str | None]) -> None:
        self.version, self.about, self.rules = version, about, dict[str, Finding]()  # a rule -> the first finding of it

    def begin(self) -> Lines:
        yield f'{{"$schema":"{SCHEMA}","version":"2.1.0","runs":[{{"columnKind":"unicodeCodePoints","results":['

    def unit(self, unit: Unit) -> Lines:
        for told in unit.found:
            comma = "," * bool(self.rules)
            self.rules.setdefault(told.finding.rule, told.finding)
            yield comma + wire.dumps(result(told, list(self.rules).index(told.finding.rule))).decode()

    def end(self, summary: Summary) -> Lines:
        version = {"version": self.version} if self.version else {}
        driver = {"name": "redbag", **version, "rules": [self._rule(finding) for finding in self.rules.values()]}
        notes = {"toolExecutionNotifications": said} if (said := [notification(each) for each in summary.unseen()]) else {}
        run = {"invocations": [{"executionSuccessful": True, "exitCode": summary.exit, **notes}],
               "properties": {"definitions": list(summary.sets), "notChecked": dict(summary.not_checked),
                              "notLookedUp": dict(summary.not_looked_up)}, "tool": {"driver": driver}}
        yield f"],{wire.dumps(run).decode()[1:-1]}}}]}}"

    def _rule(self, finding: Finding) -> dict[str, Any]:
        about = {"help": {"text": text}} if (text := self.about(finding.rule)) else {}
        source = {"helpUri": finding.source.partition("|")[0]} if finding.source.startswith(URI) else {}
        return {"id": finding.rule, **about, **source, "defaultConfiguration": {"level": LEVELS[finding.level]}}


def result(told: Told, index: int) -> dict[str, Any]:
    """One result; `index` of its rule among those of the run."""
    finding = told.finding
    names = [(told.name, "member"), (told.field, "member"), (finding.path, "member")]
    logical = [{"fullyQualifiedName": name, "kind": kind} for name, kind in names if name]
    location = {"physicalLocation": physical(told), **({"logicalLocations": logical} if logical else {})}
    record = {"properties": {"record": told.record}} if told.record else {}
    return {"ruleId": finding.rule, "ruleIndex": index, "level": LEVELS[finding.level], "message": {"text": finding.told},
            "locations": [location], **record}


def notification(unseen: Unseen) -> dict[str, Any]:
    """What was not checked."""
    where = {"properties": {"statedAt": list(unseen.each)}} if unseen.each else {}
    return {"level": "note", "message": {"text": f"Not checked: {unseen.told}"}, **where}


def physical(told: Told) -> dict[str, Any]:
    column = {"startColumn": told.column} if told.line and told.column else {}
    region = {"region": {"startLine": told.line, **column}} if told.line else {}
    return {"artifactLocation": {"uri": uri(told.file)}, **region}


def uri(file: str) -> str:
    """
    >>> uri("bags/home 1.json"), uri("https://hospital.example/Patient/1"), uri("standard input")
    ('bags/home%201.json', 'https://hospital.example/Patient/1', 'standard%20input')
    """
    if file.startswith(URI):
        return file
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
