"""What the sandbox says when it refuses: one exception, one OperationOutcome.

Sentences name places (an entry, an element, a header, the how-manieth parameter) and what was expected there. They never
repeat a value, a key or a parameter that was sent: it may be somebody's.
Source: FHIR R4 "OperationOutcome", value set "Issue Type" for the codes.
"""

from __future__ import annotations

from typing import Any, Literal

Resource = dict[str, Any]
"""A FHIR resource as plain JSON: dicts, lists, str, int, Decimal, bool, None."""

Code = Literal[
    "conflict", "deleted", "exception", "invalid", "multiple-matches",
    "not-found", "not-supported", "required", "structure", "too-costly", "too-long", "value",
]  # fmt: skip


class Refusal(Exception):
    """What was asked for is not done.

    `status` is the HTTP status, `code` FHIR's issue type, `expression` the FHIRPath of the element at fault where there is one,
    beginning with its resource's type, and `allow` the methods of an address that has others (405).
    """

    def __init__(self, status: int, code: Code, diagnostics: str, expression: str = "", allow: str = "") -> None:
        super().__init__(diagnostics)
        self.status, self.code, self.diagnostics, self.expression, self.allow = status, code, diagnostics, expression, allow

    def inside(self, entry: str) -> Refusal:
        """The same refusal as it concerns one entry of a bundle: Patient.id becomes Bundle.entry[2].resource.id."""
        _, _, path = self.expression.partition(".")
        return Refusal(self.status, self.code, f"{entry}: {self.diagnostics}", f"{entry}.resource.{path}" if path else entry)

    def outcome(self) -> Resource:
        return outcome("fatal" if self.status == 500 else "error", self.code, self.diagnostics, self.expression)


def outcome(severity: str, code: Code | Literal["informational"], diagnostics: str, expression: str = "") -> Resource:
    """An OperationOutcome with one issue."""
    issue: Resource = {"severity": severity, "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue | {"expression": [expression]} if expression else issue]}
