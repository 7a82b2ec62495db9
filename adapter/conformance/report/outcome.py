"""As a FHIR OperationOutcome. Source: HL7 FHIR R4, page OperationOutcome and value set issue-type.

`diagnostics` is the one text with its place, `details.text` the same without, `expression` the FHIRPath. What was not checked is an issue
too, an information, for who reads this sees nothing else; its `diagnostics` are the places in a package that state it.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from adapter import wire
from adapter.conformance.finding import Finding, Level
from adapter.conformance.report.told import Lines, Summary, Told, Unit, Unseen, line

CODES = {  # issue-type of our structural rules; an invariant is `invariant`, a product rule `business-rule`, any other fault `structure`
    "fhir-min": "required", "fhir-format": "value", "fhir-fixed": "value", "fhir-pattern": "value", "fhir-code": "code-invalid",
    "fhir-binding": "code-invalid", "fhir-display": "code-invalid", "fhir-extension": "extension", "fhir-modifier": "extension",
    "fhir-reference": "not-found", "fhir-target": "value", "fhir-profile": "not-found", "too-large": "too-long", "too-deep": "too-costly",
    "duplicate-key": "structure"}
INVARIANT = re.compile(r"(?!fhir-|rb-)[a-z]+(-[a-z]+)*-[0-9]+[a-z]?")
SIBLING = re.compile(r"(?<=\.)_")  # `_birthDate` is how JSON says what FHIRPath calls birthDate


class Outcome:
    """One resource for all that was found."""

    def __init__(self) -> None:
        self.some = False

    def begin(self) -> Lines:
        yield '{"resourceType":"OperationOutcome","issue":['

    def unit(self, unit: Unit) -> Lines:
        return map(self._next, map(issue, unit.found))

    def end(self, summary: Summary) -> Lines:
        unseen = list(summary.unseen())
        if not self.some:
            yield self._next(information(f"Checked {summary.holds:,}: {nothing(summary, unseen)}"))
        yield from map(self._next, map(not_checked, unseen))
        yield "]}"

    def _next(self, issue: dict[str, Any]) -> str:
        comma, self.some = "," * self.some, True
        return comma + wire.dumps(issue).decode()


def nothing(summary: Summary, unseen: Sequence[Unseen]) -> str:
    """Why no finding is told. Information is told to who asks for it."""
    grave = [f"{number:,} {level}{'s' * (number != 1)}" for level in (Level.ERROR, Level.WARNING) if (number := summary.levels[level])]
    if grave:
        return f"{' and '.join(grave)}, not shown here"
    return f"no error and no warning{' in what could be looked at' if unseen else ''}"


def not_checked(unseen: Unseen) -> dict[str, Any]:
    said = information(f"Not checked: {unseen.told}")
    return {**said, "diagnostics": "; ".join(unseen.each)} if unseen.each else said


def information(text: str) -> dict[str, Any]:
    return {"severity": "information", "code": "informational", "details": {"text": text}}


def issue(told: Told) -> dict[str, Any]:
    """One issue of an OperationOutcome."""
    finding, where = told.finding, SIBLING.sub("", told.finding.path)
    said = {"severity": finding.level.value, "code": code(finding), "details": {"text": line(f"{finding.told} [{finding.rule}]")},
            "diagnostics": str(told)}
    return {**said, "expression": [where]} if where else said


def code(finding: Finding) -> str:
    """
    >>> [code(Finding(Level.ERROR, rule, "", "")) for rule in ("pat-1", "ukcore-imm-001", "fhir-min", "rb-nhs-number", "not-json")]
    ['invariant', 'invariant', 'required', 'business-rule', 'structure']
    """
    if finding.rule.startswith("rb-"):
        return "informational" if finding.level is Level.INFORMATION else "business-rule"
    return "invariant" if INVARIANT.fullmatch(finding.rule) else CODES.get(finding.rule, "structure")
