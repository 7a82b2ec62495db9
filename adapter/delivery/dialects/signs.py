"""What a table looks at in an answer, as words "name=value": the status, FHIR's codes, HAPI's numbers. Never anybody's own words. Pure.

    of=request|entry        of the whole answer, or of one entry of a transaction's or a batch's
    sent=bundle|resource|nothing        a bundle of several entries; one resource or message; a question (GET)
    status=409 status=4xx       HTTP's; status=none where an entry has none
    outcome=yes|no      is there an OperationOutcome?       severity=… issue=… details=…        what stands in it
    hapi=0989       the number of one of HAPI's messages        quota=yes       NHS England's platform: the quota is used up
    token=fresh|kept        was the token made for this request?        if-match=yes|no     was a version named?
    echoed=yes|no       did the ids of the request come back?       ask=here        it says where to ask what became of it
    raised=Unreachable      instead of an answer: its class, and those above it

Sources: HL7 FHIR R4, OperationOutcome; HAPI's messages ("HAPI-0989: …") as observed from a HAPI 8 server; NHS England, PDS FHIR API (429:
two texts, of which one says "quota", and nothing else tells them apart).
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapter.delivery.answer import Answer, ClientError
from adapter.delivery.dialects.decision import Asked, Came

HAPI_NUMBER = re.compile(r"\bHAPI-(\d{4})\b")
QUOTA = re.compile(r"\bexceeded its quota\b")


def of_request(asked: Asked, came: Came) -> frozenset[str]:
    """Of an answer to the whole request, or of why there is none."""
    sent = "nothing" if asked.method == "GET" else "bundle" if asked.entries else "resource"
    said = {"of=request", f"sent={sent}", f"token={'fresh' if asked.fresh else 'kept'}", f"if-match={'yes' if asked.if_match else 'no'}"}
    if isinstance(came, ClientError):
        return frozenset(said | {f"raised={kind.__name__}" for kind in type(came).__mro__})
    said |= {f"echoed={'yes' if came.echoed else 'no'}", *(["ask=here"] if came.location else [])}
    return frozenset(said | {*_of_status(came.status), *_of_outcome(came.resource)})


def of_entry(status: int | None, outcome: Any, *, if_match: bool) -> frozenset[str]:
    """Of what is said of one entry."""
    return frozenset({"of=entry", f"if-match={'yes' if if_match else 'no'}", *_of_status(status), *_of_outcome(outcome)})


def issues_of(outcome: Any) -> list[dict[str, Any]]:
    """The issues of an OperationOutcome, however odd it is; of anything else none."""
    listed = outcome.get("issue") if isinstance(outcome, dict) and outcome.get("resourceType") == "OperationOutcome" else None
    return [issue for issue in listed if isinstance(issue, dict)] if isinstance(listed, list) else []


def hapi_numbers(issue: dict[str, Any]) -> list[str]:
    return HAPI_NUMBER.findall(str(issue.get("diagnostics")))


def entries_of(answer: Answer) -> list[dict[str, Any]] | None:
    """What a server says of every entry of a transaction or batch; None where this is no such answer."""
    if not answer.ok or (answer.resource or {}).get("type") not in ("transaction-response", "batch-response"):
        return None
    return [entry["response"] if isinstance(entry.get("response"), dict) else {} for entry in answer.listed("entry")]


def status_of(response: dict[str, Any]) -> int | None:
    """An entry's own status: "201", "201 Created"; None where it has none."""
    said = str(response.get("status") or "")[:3]
    return int(said) if len(said) == 3 and said.isascii() and said.isdigit() else None


def _of_status(status: int | None) -> Iterator[str]:
    yield f"status={'none' if status is None else status}"
    if status is not None:
        yield f"status={status // 100}xx"


def _of_outcome(outcome: Any) -> Iterator[str]:
    is_one = isinstance(outcome, dict) and outcome.get("resourceType") == "OperationOutcome"
    yield f"outcome={'yes' if is_one else 'no'}"
    for issue in issues_of(outcome):
        yield f"severity={issue.get('severity')}"
        yield f"issue={issue.get('code')}"
        yield from (f"details={coding.get('code')}" for coding in _codings(issue))
        yield from (f"hapi={number}" for number in hapi_numbers(issue))
        if QUOTA.search(str(issue.get("diagnostics"))):
            yield "quota=yes"


def _codings(issue: dict[str, Any]) -> list[dict[str, Any]]:
    details = issue.get("details")
    listed = details.get("coding") if isinstance(details, dict) else None
    return [coding for coding in listed if isinstance(coding, dict)] if isinstance(listed, list) else []
