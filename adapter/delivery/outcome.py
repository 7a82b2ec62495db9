"""What a server's answer to a bundle means: a verdict, what became of each row, and sentences that say what to do. Pure.

A server's own words may hold a patient's values (a validator quotes what it refuses), so they are never repeated, only counted on: the
severity and code of FHIR's own lists, HAPI's message numbers, and where in the bundle it points, turned back into the record's row and
field. `show_server_text=True` adds the words for a person who may read them; such a sentence must not be logged.
Sources: HL7 FHIR R4, http.html (transactions) and OperationOutcome; HAPI's message numbers as observed from a HAPI 8 server.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from adapter.bundle import Row
from adapter.delivery.answer import Answer, ClientError, Resource
from adapter.delivery.dialects import fhir
from adapter.delivery.dialects.decision import Asked, Do, Means
from adapter.delivery.dialects.signs import entries_of, issues_of, status_of
from adapter.delivery.dialects.table import Rule, Wait, Whom, headline
from adapter.delivery.dialects.words import reason
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


OF_MEANS: Mapping[Means, Verdict] = {
    Means.DELIVERED: Verdict.DELIVERED, Means.RETRY: Verdict.LATER, Means.AMBIGUOUS: Verdict.UNKNOWN, Means.DEAD: Verdict.REFUSED,
    Means.PERSON: Verdict.PERSON}
OF_VERDICT: Mapping[Verdict, Means] = {verdict: means for means, verdict in OF_MEANS.items()}
ENTRY = re.compile(r"Bundle\.entry\[([0-9]{1,6})\](?:\.resource(?:\.ofType\(\w+\))?)?\.?(.*)", re.DOTALL)
LOCATION = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?")


def verdict_of(means: Means, *, mend: bool = False) -> Verdict:
    """For one who sends once and keeps nothing. `mend`: it fails until a person repairs something, so that sending again will not help."""
    return Verdict.REFUSED if mend and means is Means.RETRY else OF_MEANS[means]


def judge(answer: Answer, rows: Sequence[Row], *, show_server_text: bool = False, if_match: bool = True) -> Outcome:
    """The answer to a transaction or batch whose entries were `rows`, in order. `if_match`: some entry named the version it expected."""
    words = [*issues(answer.resource, rows, show_server_text)]
    said = entries_of(answer)
    if said is None:
        rule = fhir.of_whole(Asked("POST", entries=len(rows), fresh=True, if_match=if_match), answer)
        return _judged(rule, (), (headline(rule, answer), *words), answer.retry_after)
    found = [(outcome, entry, fhir.of_one(outcome.status, entry.get("outcome"), if_match=if_match))
             for outcome, entry in outcomes(said, rows)]
    words += [s for outcome, entry, rule in found for s in entry_says(outcome, entry, rule, rows, show_server_text)]
    return _judged(fhir.gravest([rule for _, _, rule in found]) or fhir.TAKEN, tuple(outcome for outcome, _, _ in found), tuple(words))


def judge_one(answer: Answer, row: Row, asked: Asked, *, show_server_text: bool = False) -> Outcome:
    """The answer to one resource that was written by itself."""
    rule, (target, version) = fhir.of_whole(asked, answer), _located({"location": answer.placed})
    outcome = RowOutcome(row, answer.status, target or row.target, _etag(answer.etag) or version)
    entry = {"outcome": answer.resource}
    if rule.whom is Whom.DELIVERY:
        return _judged(rule, (outcome,), tuple(entry_says(outcome, entry, rule, [row], show_server_text)), answer.retry_after)
    words = issues(answer.resource, [row], show_server_text)
    return _judged(rule, (outcome,), (headline(rule, answer), *words), answer.retry_after)


def _judged(rule: Rule, rows: tuple[RowOutcome, ...], sentences: tuple[str, ...], retry_after: float | None = None) -> Outcome:
    clash = rule.means is Means.RETRY and (rule.do is Do.READ_AGAIN or rule.wait is Wait.SOON)
    return Outcome(verdict_of(rule.means, mend=rule.whom is Whom.REPAIR), rows, sentences, retry_after, clash)


def called(row: Row) -> str:
    """A row in a sentence: the List that is made of `medicines` is not one of them."""
    return f"the list of {row.name}" if row.type == "List" and "[" not in row.name else row.name


def status_says(answer: Answer) -> tuple[Verdict, str, bool]:
    """What an answer to a read means that is not one of success, what to do, and whether every other read would be answered so."""
    rule = fhir.of_whole(Asked("GET", fresh=True), answer)
    mend = rule.whom is Whom.REPAIR
    return verdict_of(rule.means, mend=mend), rule.says, mend


def without_answer(error: ClientError) -> tuple[Verdict, bool]:
    """What it means that no answer came that could be used, and whether it would be so for everything until a person repairs it."""
    rule = fhir.of_whole(Asked("GET"), error)
    mend = rule.whom is Whom.REPAIR
    return verdict_of(rule.means, mend=mend), mend


def outcomes(said: Sequence[Resource], rows: Sequence[Row]) -> list[tuple[RowOutcome, Resource]]:
    """Which entry of the answer is about which row: by order where there are as many, else by where the server says it put it."""
    if len(said) == len(rows):
        return [(_outcome(row, each), each) for row, each in zip(rows, said, strict=True)]
    by_target = {target: each for each in said if (target := _located(each)[0])}
    return [(_outcome(row, each), each) for row in rows for each in [by_target.get(row.target or "", {})]]


def entry_says(outcome: RowOutcome, said: Resource, rule: Rule, rows: Sequence[Row], show_server_text: bool) -> Iterator[str]:
    """Sentences about one row: only where there is something to say."""
    name = called(outcome.row)
    if rule.means is not Means.DELIVERED:
        yield f"{name}: " + (f"{outcome.status}: " if outcome.status is not None else "") + rule.says
    if outcome.row.target and outcome.target and outcome.target != outcome.row.target:
        yield f"{name}: the server answers for another resource than the one sent: look at the server"
    yield from issues(said.get("outcome"), rows, show_server_text, outcome.row)


def issues(outcome: Any, rows: Sequence[Row], show_server_text: bool = False, about: Row | None = None) -> Iterator[str]:
    """The issues of an OperationOutcome as sentences. `about` is the row where it is known from where the outcome stood."""
    for issue in issues_of(outcome):
        # what is for information only (HAPI says so of every entry it took) is nothing without the server's words
        if show_server_text or issue.get("severity") != "information":
            yield f"{_place(issue, rows, about)}: {reason(issue)}" + (_server_text(issue) if show_server_text else "")


def _place(issue: Resource, rows: Sequence[Row], about: Row | None) -> str:
    said = [p for key in ("expression", "location") for p in _texts(issue.get(key))] if about is None else []
    pointed = next((m for m in map(ENTRY.fullmatch, said) if m and int(m[1]) < len(rows)), None)
    alone = about or (rows[0] if len(rows) == 1 else None)  # nothing else can be meant
    row, path = (rows[int(pointed[1])], pointed[2]) if pointed else (alone, _path_in(issue, alone))
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


def _server_text(issue: Resource) -> str:
    details = issue.get("details")
    said = [details.get("text") if isinstance(details, dict) else None, issue.get("diagnostics")]
    words = " / ".join(" ".join(s.split()) for s in said if isinstance(s, str))
    return f'; the server\'s words: "{words}"' if words else ""


def _outcome(row: Row, said: Resource) -> RowOutcome:
    target, version = _located(said)
    return RowOutcome(row, status_of(said), target, _etag(said.get("etag")) or version)


def _etag(said: Any) -> str:
    return str(said or "").removeprefix("W/").strip('"')


def _located(said: Resource) -> tuple[str | None, str | None]:
    found = LOCATION.fullmatch(str(said.get("location") or ""))
    return (f"{found[1]}/{found[2]}", found[3]) if found else (None, None)
