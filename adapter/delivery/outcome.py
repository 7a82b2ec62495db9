"""What a server's answer to a bundle means: a verdict, what became of each row, and sentences that say what to do. Pure.

A server's own words may hold a patient's values (a validator quotes what it refuses), so they are never repeated, only counted on: the
severity and code of FHIR's own lists, HAPI's message numbers, and where in the bundle it points, turned back into the record's row and
field. `show_server_text=True` adds the words for a person who may read them; such a sentence must not be logged.
Sources: HL7 FHIR R4, http.html (transactions) and OperationOutcome; HAPI's message numbers as observed from a HAPI 8 server.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from adapter.bundle import Row
from adapter.delivery.answer import Answer, Resource
from adapter.delivery.fields import field_at


class Verdict(Enum):
    DELIVERED = "delivered"
    REFUSED = "refused"  # sending the same again will not help
    LATER = "not taken, send again later"
    UNKNOWN = "not known whether it was taken"
    PERSON = "stopped for a person"  # it is not certain whom or what this is about


@dataclass(frozen=True)
class RowOutcome:
    """`status` is the entry's own HTTP status, None where the server said nothing about this row. `version` as it is now."""

    row: Row
    status: int | None = None
    target: str | None = field(default=None, repr=False)  # on some servers an id is an NHS number
    version: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Outcome:
    verdict: Verdict
    rows: tuple[RowOutcome, ...] = ()
    sentences: tuple[str, ...] = ()
    retry_after: float | None = None  # seconds
    clash: bool = False  # something was changed at the same moment: read again, and send again


CLASHES = frozenset({409, 412})
SAID = {  # HTTP status: (verdict, what it means and what to do)
    400: (Verdict.REFUSED, "the server cannot use what was sent"),
    401: (Verdict.REFUSED, "the server does not accept who we are: check the credentials"),
    403: (Verdict.REFUSED, "the server knows us and does not allow this: ask its owner for permission"),
    404: (Verdict.REFUSED, "the server has nothing at this address, or nothing that a reference of the bundle means: check the address"),
    405: (Verdict.REFUSED, "the server does not take bundles at this address: check the address"),
    406: (Verdict.REFUSED, "the server does not answer in the format asked for (--format)"),
    408: (Verdict.LATER, "the server gave up waiting: send again"),
    409: (Verdict.LATER, "somebody else was changing the same data: send again, it is compared afresh"),
    410: (Verdict.REFUSED, "what was addressed has been deleted on the server: a person must look"),
    412: (Verdict.REFUSED, "it has changed since we looked, or more than one resource matches: a person must look"),
    413: (Verdict.REFUSED, "the bundle is larger than the server takes: send smaller parts"),
    415: (Verdict.REFUSED, "the server does not take the format sent (--format)"),
    422: (Verdict.REFUSED, "the server read it and its rules refuse the content"),
    425: (Verdict.LATER, "the server is still busy with an earlier request: send again later"),
    429: (Verdict.LATER, "the server is asked too often: send again later"),
    501: (Verdict.REFUSED, "the server cannot do this"),
    503: (Verdict.LATER, "the server is out of service: send again later"),
}
FAILED = (Verdict.UNKNOWN, "the server failed; it may or may not have taken the bundle: send again, what was taken is then found unchanged")
ODD = (Verdict.UNKNOWN, "that is no answer to a bundle: look at the server")

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
SEVERITIES = frozenset({"fatal", "error", "warning", "information"})
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
ENTRY = re.compile(r"Bundle\.entry\[([0-9]{1,6})\](?:\.resource(?:\.ofType\(\w+\))?)?\.?(.*)", re.DOTALL)
HAPI_NUMBER = re.compile(r"\bHAPI-(\d{4})\b")
LOCATION = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?")


def judge(answer: Answer, rows: Sequence[Row], *, show_server_text: bool = False) -> Outcome:
    """The answer to a transaction or batch whose entries were `rows`, in order."""
    words = [*issues(answer.resource, rows, show_server_text)]
    if not answer.ok:
        verdict, means = status_says(answer.status)
        said = f"{answer.shown}: {answer.status}: {means}" + (f" (in {answer.retry_after:.0f} s)" if answer.retry_after else "")
        return Outcome(verdict, (), (said, *words), answer.retry_after, answer.status in CLASHES)
    if (answer.resource or {}).get("type") not in ("transaction-response", "batch-response"):
        said = f"{answer.shown}: {answer.status}, but the server does not say what became of the entries"
        return Outcome(Verdict.UNKNOWN, (), (said, *words))
    found = outcomes(answer.listed("entry"), rows)
    words += [s for outcome, entry in found for s in entry_says(outcome, entry, rows, show_server_text)]
    return Outcome(_verdict([outcome for outcome, _ in found]), tuple(outcome for outcome, _ in found), tuple(words))


def called(row: Row) -> str:
    """A row in a sentence: the List that is made of `medicines` is not one of them."""
    return f"the list of {row.name}" if row.type == "List" and "[" not in row.name else row.name


def status_says(status: int) -> tuple[Verdict, str]:
    """What an HTTP status means for a bundle, and what to do."""
    return SAID.get(status) or (FAILED if status >= 500 else (Verdict.REFUSED, "the server refuses it") if status >= 400 else ODD)


def outcomes(entries: Sequence[Resource], rows: Sequence[Row]) -> list[tuple[RowOutcome, Resource]]:
    """Which entry of the answer is about which row: by order where there are as many, else by where the server says it put it."""
    answers = [entry["response"] if isinstance(entry.get("response"), dict) else {} for entry in entries]
    if len(answers) == len(rows):
        return [(_outcome(row, said), said) for row, said in zip(rows, answers, strict=True)]
    by_target = {target: said for said in answers if (target := _located(said)[0])}
    return [(_outcome(row, said), said) for row in rows for said in [by_target.get(row.target or "", {})]]


def entry_says(outcome: RowOutcome, said: Resource, rows: Sequence[Row], show_server_text: bool) -> Iterator[str]:
    """Sentences about one row: only where there is something to say."""
    name = called(outcome.row)
    if outcome.status is None:
        yield f"{name}: the server does not say what became of it: look at the server"
    elif not 200 <= outcome.status < 300:
        yield f"{name}: {outcome.status}: {status_says(outcome.status)[1]}"
    if outcome.row.target and outcome.target and outcome.target != outcome.row.target:
        yield f"{name}: the server answers for another resource than the one sent: look at the server"
    yield from issues(said.get("outcome"), rows, show_server_text, outcome.row)


def issues(outcome: Any, rows: Sequence[Row], show_server_text: bool = False, about: Row | None = None) -> Iterator[str]:
    """The issues of an OperationOutcome as sentences. `about` is the row where it is known from where the outcome stood."""
    listed = outcome.get("issue") if isinstance(outcome, dict) and outcome.get("resourceType") == "OperationOutcome" else None
    for issue in listed if isinstance(listed, list) else ():
        # what is for information only (HAPI says so of every entry it took) is nothing without the server's words
        if isinstance(issue, dict) and (show_server_text or issue.get("severity") != "information"):
            yield f"{_place(issue, rows, about)}: {_reason(issue)}" + (_server_text(issue) if show_server_text else "")


def _place(issue: Resource, rows: Sequence[Row], about: Row | None) -> str:
    said = [p for key in ("expression", "location") for p in _texts(issue.get(key))] if about is None else []
    pointed = next((m for m in map(ENTRY.fullmatch, said) if m and int(m[1]) < len(rows)), None)
    row, path = (rows[int(pointed[1])], pointed[2]) if pointed else (about, _path_in(issue, about))
    if row is None:
        return "the bundle"
    field = field_at(row.type, path) if path else None
    return f"{called(row)}, field {field}" if field else called(row)


def _path_in(issue: Resource, about: Row | None) -> str:
    """The path within the row's own resource, where an entry's own outcome points there."""
    said = _texts(issue.get("expression")) if about else []
    return next((p.removeprefix(f"{about.type}.") for p in said if about and p.startswith(f"{about.type}.")), "")


def _texts(said: Any) -> list[str]:
    return [text for text in said if isinstance(text, str)] if isinstance(said, list) else []


def _reason(issue: Resource) -> str:
    severity, code = issue.get("severity"), issue.get("code")
    number = next(iter(HAPI_NUMBER.findall(str(issue.get("diagnostics")))), None)
    known = code if isinstance(code, str) and code in ISSUES else ""
    means = HAPI.get(number or "") or ISSUES.get(known) or "the server does not say why in words we know"
    codes = [c for c in (known, number and f"HAPI-{number}") if c]
    grave = severity if isinstance(severity, str) and severity in SEVERITIES else "error"
    return f"{grave}: {means}" + (f" [{', '.join(codes)}]" if codes else "")


def _server_text(issue: Resource) -> str:
    details = issue.get("details")
    said = [details.get("text") if isinstance(details, dict) else None, issue.get("diagnostics")]
    words = " / ".join(" ".join(s.split()) for s in said if isinstance(s, str))
    return f'; the server\'s words: "{words}"' if words else ""


def _outcome(row: Row, said: Resource) -> RowOutcome:
    status = str(said.get("status") or "")[:3]
    target, version = _located(said)
    etag = str(said.get("etag") or "").removeprefix("W/").strip('"')
    return RowOutcome(row, int(status) if status.isascii() and status.isdigit() else None, target, etag or version)


def _located(said: Resource) -> tuple[str | None, str | None]:
    found = LOCATION.fullmatch(str(said.get("location") or ""))
    return (f"{found[1]}/{found[2]}", found[3]) if found else (None, None)


def _verdict(found: Sequence[RowOutcome]) -> Verdict:
    """The gravest of the rows: unknown before refused before later. A row the server is silent about is unknown."""
    each = {Verdict.UNKNOWN if x.status is None else Verdict.DELIVERED if 200 <= x.status < 300 else status_says(x.status)[0]
            for x in found}
    return next((v for v in (Verdict.UNKNOWN, Verdict.REFUSED, Verdict.LATER) if v in each), Verdict.DELIVERED)
