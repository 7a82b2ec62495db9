"""Transactions and batches: a Bundle of calls.

A transaction is done wholly or not at all, in FHIR's order: deletes, creates, updates, reads. Before anything is created or updated
every entry's identity is decided, so a reference may point to an entry before or behind it. Decisions:

- The refusal of one entry is the refusal of the transaction, and says which entry (HAPI does not).
- Two entries that write one resource refuse the transaction. Two creates with the same ifNoneExist make one resource, and each has its
  own entry in the response (HAPI leaves one out).
- References equal to a fullUrl are resolved, urn:uuid or http(s); those that say Type/id are left (see references.py). Resources
  that hold conditional references are written last, so that they find the others.
- A batch's entries are independent: done in the order given, each with its own status, references to other entries not resolved.

Source: FHIR R4 "RESTful API", batch/transaction; "Bundle".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from adapter import wire
from adapter.sandbox.call import Answer, Call, Context, Pairs, pairs, preconditions
from adapter.sandbox.interactions import Target, create, creating, update, updating, write
from adapter.sandbox.outcome import Refusal, Resource
from adapter.sandbox.references import has_conditional
from adapter.sandbox.router import ROUTES, find, perform

METHODS = ("GET", "POST", "PUT", "DELETE")
CONDITIONS = {"ifMatch": "if-match", "ifNoneMatch": "if-none-match", "ifModifiedSince": "if-modified-since", "ifNoneExist": "if-none-exist"}
"""Elements of Bundle.entry.request and the headers they stand for."""


@dataclass(frozen=True, slots=True)
class Entry:
    place: str
    full_url: str
    call: Call


def bundle(context: Context, call: Call) -> Answer:
    """Answers a Bundle posted to the server's base."""
    sent = call.resource or {}
    if sent.get("resourceType") != "Bundle":
        raise Refusal(422, "structure", "what is posted to the base must be a Bundle", "Bundle.resourceType")
    raws = sent.get("entry", [])
    if not isinstance(raws, list):
        raise Refusal(422, "structure", "entry must be a list of entries", "Bundle.entry")
    if (kind := sent.get("type")) in context.without:
        raise Refusal(405, "not-supported", f"this server takes no Bundle of type {kind}", "Bundle.type")
    match kind:
        case "transaction":
            entries = _transaction(context, raws)
        case "batch":
            entries = [_alone(context, raw, _place(index)) for index, raw in enumerate(raws)]
        case _:
            raise Refusal(422, "value", "type must be transaction or batch", "Bundle.type")
    response: Resource = {"resourceType": "Bundle", "type": f"{sent['type']}-response"}
    return Answer(200, response | {"entry": entries} if entries else response)


def _alone(context: Context, raw: Any, place: str) -> Resource:
    """One entry of a batch. A refusal leaves nothing to undo: every interaction refuses before it writes."""
    try:
        entry = _read(context, raw, place)
        return _response(context, entry.call.method, perform(ROUTES, context, entry.call))
    except Refusal as refusal:
        return {"response": {"status": _status(refusal.status), "outcome": refusal.inside(place).outcome()}}


def _transaction(context: Context, raws: list[Any]) -> list[Resource]:
    entries = []
    for index, raw in enumerate(raws):
        with _in(_place(index)):
            entries.append(_read(context, raw, _place(index)))
    answers = _simply(context, entries, "DELETE")
    answers |= _written(context, [entry for method in ("POST", "PUT") for entry in entries if entry.call.method == method], answers)
    answers |= _simply(context, entries, "GET")
    return [_response(context, entry.call.method, answers[entry.place]) for entry in entries]


def _simply(context: Context, entries: Iterable[Entry], method: str) -> dict[str, Answer]:
    answers = {}
    for entry in entries:
        if entry.call.method == method:
            with _in(entry.place):
                answers[entry.place] = perform(ROUTES, context, entry.call)
    return answers


def _written(context: Context, entries: list[Entry], deleted: dict[str, Answer]) -> dict[str, Answer]:
    plan = _Plan({answer.stored.address: place for place, answer in deleted.items() if answer.stored})
    for entry in entries:
        with _in(entry.place):
            plan.add(context, entry)
    answers = {}
    for entry, target in plan.in_order():
        with _in(entry.place):
            answers[entry.place] = write(context, target, plan.links)
    return answers


class _Plan:
    """Which resource each create and update is about. `taken`: which entry is about which resource already."""

    def __init__(self, taken: dict[str, str]) -> None:
        self.links: dict[str, str] = {}
        self._taken = taken
        self._targets: list[tuple[Entry, Target]] = []
        self._by_criteria: dict[tuple[str, Pairs], Target] = {}

    def add(self, context: Context, entry: Entry) -> None:
        target = self._target(context, entry.call)
        if not target.settled and (other := self._taken.setdefault(target.address, entry.place)) != entry.place:
            raise Refusal(400, "invalid", f"{other} is about the same resource")
        if entry.full_url and self.links.setdefault(entry.full_url, target.address) != target.address:
            raise Refusal(400, "invalid", "another entry has the same fullUrl")
        self._targets.append((entry, target))

    def in_order(self) -> list[tuple[Entry, Target]]:
        """Those that refer by a search behind those they may find."""
        return sorted(self._targets, key=lambda each: has_conditional(each[1].resource))

    def _target(self, context: Context, call: Call) -> Target:
        route, placed = find(ROUTES, call)
        if route.handler not in (create, update):
            raise Refusal(400, "not-supported", "an entry with POST or PUT must create or update a resource")
        criteria = placed.preconditions.if_none_exist or (placed.parameters if not placed.id else ())
        earlier = self._by_criteria.get((placed.type, criteria)) if criteria else None
        if earlier and earlier.method == placed.method == "POST":
            return replace(earlier, settled=True)
        target = creating(context, placed) if route.handler is create else updating(context, placed)
        if earlier:
            raise Refusal(400, "invalid", f"{self._taken[earlier.address]} is about the same resource")
        if criteria and not target.settled:
            self._by_criteria[placed.type, criteria] = target
        return target


def _read(context: Context, raw: Any, place: str) -> Entry:
    """An entry as a call. Raises Refusal (400) when it does not say what is to be done."""
    request = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(request, dict) or request.get("method") not in METHODS or not isinstance(request.get("url"), str):
        raise Refusal(400, "required", f"request must be there, with url and method ({', '.join(METHODS)})")
    resource, full_url = raw.get("resource"), raw.get("fullUrl", "")
    if not isinstance(resource, dict | None) or not isinstance(full_url, str):
        raise Refusal(400, "structure", "resource must be an object and fullUrl a text")
    conditions = {header: request[element] for element, header in CONDITIONS.items() if element in request}
    if not all(isinstance(value, str) for value in conditions.values()):
        raise Refusal(400, "structure", f"{', '.join(CONDITIONS)} of the request must be texts")
    path, _, query = request["url"].removeprefix(f"{context.base}/").partition("?")
    return Entry(place, full_url, Call(request["method"], path, pairs(query), resource, preconditions(conditions)))


def _response(context: Context, method: str, answer: Answer) -> Resource:
    response = {"status": _status(answer.status)}
    if answer.stored and answer.stored.body is not None:
        response |= {"etag": answer.stored.etag, "lastModified": answer.stored.updated}
    if answer.stored and answer.written:
        response |= {"location": answer.stored.location}
    if answer.body is None or (method != "GET" and "return=representation" not in context.prefer):
        return {"response": response}
    return {"resource": wire.loads(answer.body) if isinstance(answer.body, bytes) else answer.body, "response": response}


def _status(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _place(index: int) -> str:
    return f"Bundle.entry[{index}]"


@contextmanager
def _in(place: str) -> Iterator[None]:
    """A refusal in here names the entry. It answers for the whole bundle, whose own method was right: 405 becomes 400."""
    try:
        yield
    except Refusal as refusal:
        named = refusal.inside(place)
        named.status = 400 if named.status == 405 else named.status
        raise named from refusal
