"""Read, version read, create, update and delete.

A create or update has two steps, because a transaction must know every identity before it writes anything: `creating` or `updating`
decides which resource it is about (a Target), `write` writes it. Decisions, with FHIR R4 "RESTful API":

- If-Match naming another version, or where there is no resource: 412 (managing resource contention). HAPI says 409 to the first and
  ignores the second.
- A create's own `id` is ignored. An update under an id not yet used makes the resource there (update as create), also after a delete.
- Conditional create and update: none, one, several matches: 201, 200, 412. A conditional update whose body has another id than the
  match: 400; one without a match whose body has the id of another resource: 409 (as R5 has it). A body that does not itself meet the
  criteria is accepted, as FHIR says nothing of it.
- A body equal to the current version, `meta.versionId` and `meta.lastUpdated` apart, makes no version: 200 with the current one. Equal
  means type-exact: 1.50 is not 1.5. `meta` is kept as sent; HAPI keeps the tags of the version before.
- A delete of what is not there is answered like one that worked (204). References to a deleted resource stay; HAPI refuses with 409.
- Another resourceType or id in the body than in the address: 422. So is a day that no calendar has, where it can be searched by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapter import wire
from adapter.sandbox.call import ID, Answer, Call, Context
from adapter.sandbox.outcome import Refusal, Resource
from adapter.sandbox.references import resolved
from adapter.sandbox.search import matching
from adapter.sandbox.store import Stored
from adapter.sandbox.terms import impossible_date, terms

NO_LINKS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Target:
    """`resource` as sent, and which resource it is to become. `before` is that one's current version, None if there never was one;
    `settled` means that a conditional create found it, so nothing is to be written."""

    resource: Resource
    type: str
    id: str
    method: str
    before: Stored | None = None
    settled: bool = False

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"


def read(context: Context, call: Call) -> Answer:
    stored = present(context.tx.current(call.type, call.id))
    return Answer(304, stored=stored) if _known(call, stored) else Answer(200, stored.body, stored)


def vread(context: Context, call: Call) -> Answer:
    stored = present(context.tx.version(call.type, call.id, call.version))
    return Answer(200, stored.body, stored)


def create(context: Context, call: Call) -> Answer:
    return write(context, creating(context, call))


def update(context: Context, call: Call) -> Answer:
    return write(context, updating(context, call))


def delete(context: Context, call: Call) -> Answer:
    tx = context.tx
    before = tx.current(call.type, call.id) if call.id else matching(context, call.type, call.parameters, "a conditional delete")
    _must_match(call, before)
    if before and before.body is not None:
        before = tx.write((before.type, before.id), before, "DELETE", None)
    return Answer(204, stored=before)


def creating(context: Context, call: Call) -> Target:
    resource, criteria = _body(call), call.preconditions.if_none_exist
    found = None if criteria is None or "conditional-create" in context.without else matching(context, call.type, criteria, "If-None-Exist")
    if found:
        return Target(resource, call.type, found.id, "POST", found, settled=True)
    return Target(resource, call.type, context.tx.new_id(), "POST")


def updating(context: Context, call: Call) -> Target:
    resource = _body(call)
    found = context.tx.current(call.type, call.id) if call.id else _by_criteria(context, call, resource)
    if "if-match" not in context.without:
        _must_match(call, found)
    if found is None and call.id and "update-as-create" in context.without:
        raise Refusal(405, "not-supported", "there is no such resource, and this server alone chooses ids")
    id_ = call.id or (found.id if found else resource.get("id") or context.tx.new_id())
    return Target(resource, call.type, id_, "PUT", found)


def _by_criteria(context: Context, call: Call, resource: Resource) -> Stored | None:
    """What a conditional update is to replace: what the criteria find, else what was deleted under the id in the body, if anything."""
    own = resource.get("id")
    found = matching(context, call.type, call.parameters, "a conditional update")
    if found and own not in (None, found.id):
        raise Refusal(400, "invalid", "the id in the body is not that of the resource that the criteria find", f"{call.type}.id")
    if found or own is None:
        return found
    there = context.tx.current(call.type, own)
    if there and there.body is not None:
        raise Refusal(409, "conflict", "the criteria find nothing, and the id in the body is that of another resource", f"{call.type}.id")
    return there


def write(context: Context, target: Target, links: Mapping[str, str] = NO_LINKS) -> Answer:
    """A new version at `target`, unless nothing would change. `links`: see references.resolved."""
    if target.settled:
        found = present(context.tx.current(target.type, target.id))
        return Answer(200, found.body, found, written=True)
    before = target.before
    wanted = resolved(context, target.resource, links)
    if before and before.body is not None and _exact(_content(wanted), _content(wire.loads(before.body))):
        return Answer(200, before.body, before, written=True)
    stamped = _stamped(wanted, target.id, before.version + 1 if before else 1, context.tx.now)
    stored = context.tx.write((target.type, target.id), before, target.method, wire.dumps(stamped), terms(stamped))
    return Answer(200 if before and before.body is not None else 201, stored.body, stored, written=True)


def _body(call: Call) -> Resource:
    """The resource sent, when its type, id and meta are such that it can be kept at the address."""
    resource = call.resource
    if resource is None:
        raise Refusal(400, "required", "a resource is required as the body", call.type)
    if resource.get("resourceType") != call.type:
        raise Refusal(422, "structure", f"resourceType must be {call.type}, as in the address", f"{call.type}.resourceType")
    if call.id and resource.get("id") != call.id:
        raise Refusal(422, "value", "id must be there and the same as in the address", f"{call.type}.id")
    if call.method == "PUT" and "id" in resource and not (isinstance(resource["id"], str) and ID.fullmatch(resource["id"])):
        raise Refusal(422, "value", "id must be 1 to 64 letters, digits, hyphens or points", f"{call.type}.id")
    if not isinstance(resource.get("meta", {}), dict):
        raise Refusal(422, "structure", "meta must be an object", f"{call.type}.meta")
    if place := impossible_date(resource):
        raise Refusal(422, "value", "this is not a date: there is no such day, or it is not written as FHIR writes dates", place)
    return resource


def present(stored: Stored | None) -> Stored:
    """It, unless it is not there (404) or not any more (410)."""
    if stored is None:
        raise Refusal(404, "not-found", "there is no such resource or version here")
    if stored.body is None:
        raise Refusal(410, "deleted", "the resource was deleted; its earlier versions are in its _history")
    return stored


def _known(call: Call, stored: Stored) -> bool:
    """Has the client this version already?"""
    has = call.preconditions
    if has.if_none_match is not None:
        return has.if_none_match == str(stored.version)
    return has.if_modified_since is not None and stored.modified <= has.if_modified_since


def _must_match(call: Call, stored: Stored | None) -> None:
    wanted = call.preconditions.if_match
    if wanted is not None and (stored is None or stored.body is None or wanted != str(stored.version)):
        raise Refusal(412, "conflict", "If-Match names another version than the current one; read the resource again")


def _stamped(resource: Resource, id_: str, version: int, now: str) -> Resource:
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": now}
    rest = {key: value for key, value in resource.items() if key not in ("resourceType", "id", "meta")}
    return {"resourceType": resource["resourceType"], "id": id_, "meta": meta, **rest}


def _content(resource: Resource) -> Resource:
    """What makes a version: all but what the server itself sets."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    rest = {key: value for key, value in resource.items() if key not in ("id", "meta")}
    return rest | {"meta": meta} if meta else rest


def _exact(one: Any, other: Any) -> bool:
    """Equal, and written with the same types and the same digits."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_exact(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_exact, one, other))
    return str(one) == str(other) if isinstance(one, Decimal) else bool(one == other)
