"""What FHIR's issue codes and HAPI's numbers mean, in our words. A server's own words may hold a patient's values (a validator quotes what
it refuses), so they are never repeated. Pure.

Sources: HL7 FHIR R4, IssueType and IssueSeverity; HAPI's message numbers as observed from a HAPI 8 server.
"""
from __future__ import annotations

from typing import Any

from adapter.delivery.dialects.signs import hapi_numbers, issues_of

MOST = 10  # sentences about one answer
SEVERITIES = frozenset({"fatal", "error", "warning", "information"})
HAPI = {
    "0507": "a reference leads to the full address of another entry, which this server does not follow",
    "0541": "a reference leads to an entry that is not in the bundle",
    "0550": "somebody else was changing the same data; send again",
    "0931": "a reference leads to a type of resource that may not stand there",
    "0958": "more than one resource matches; a person must look",
    "0988": "more than one resource matches; a person must look",
    "0989": "the resource has changed since we looked; send again",
    "1091": "nothing on the server matches a conditional reference",
    "1094": "a reference leads to a resource that is not on the server",
    "1821": "a code or a date is not one that FHIR allows",
    "1825": "an element is not one that FHIR knows",
    "2207": "more than one resource matches; a person must look",
    "2745": "somebody else was changing the same data; send again",
}
ISSUES = {  # HL7 FHIR R4, IssueType: every code, and our words where the code alone does not say what it means
    "invalid": "the content is invalid", "structure": "the structure is not FHIR", "required": "a required element is missing",
    "value": "a value is not allowed", "invariant": "a rule of the profile is broken", "security": "a question of security",
    "login": "not logged in", "unknown": "the server does not know us", "expired": "the session has expired", "forbidden": "not allowed",
    "suppressed": "something is withheld", "processing": "it could not be processed", "not-supported": "this is not supported",
    "duplicate": "this is there already", "multiple-matches": "more than one resource matches", "not-found": "something was not found",
    "deleted": "something has been deleted", "too-long": "something is too long", "code-invalid": "a code is not known or not allowed",
    "extension": "an extension is not accepted", "too-costly": "it is too costly", "business-rule": "a rule of the server refuses it",
    "conflict": "the data was changed by somebody else", "transient": "a passing fault", "lock-error": "a lock could not be had",
    "no-store": "the server has no room", "exception": "the server failed", "timeout": "it took too long",
    "incomplete": "the answer is incomplete", "throttled": "the server is asked too often", "informational": "for information",
}


def reason(issue: dict[str, Any]) -> str:
    """One issue of an OperationOutcome: how grave, and what it means; its code and number, where they are known."""
    severity, code = issue.get("severity"), issue.get("code")
    number = next(iter(hapi_numbers(issue)), None)
    known = code if isinstance(code, str) and code in ISSUES else ""
    means = HAPI.get(number or "") or ISSUES.get(known) or "the server does not say why in words we know"
    codes = [c for c in (known, number and f"HAPI-{number}") if c]
    grave = severity if isinstance(severity, str) and severity in SEVERITIES else "error"
    return f"{grave}: {means}" + (f" [{', '.join(codes)}]" if codes else "")


def reasons(outcome: Any) -> list[str]:
    """Of an OperationOutcome whatever is not for information only, each once; of anything else nothing."""
    return list(dict.fromkeys(reason(issue) for issue in issues_of(outcome) if issue.get("severity") != "information"))[:MOST]
