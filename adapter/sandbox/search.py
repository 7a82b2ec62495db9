"""Search: the parameters that choose become SQL (criteria.py), those that shape the answer are here; the answer is a searchset Bundle.

An unknown parameter is refused, because leaving it out finds other people's data; with `Prefer: handling=lenient` it is left out, and
the `self` link says what was used. Source: FHIR R4 "Search".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from adapter import wire
from adapter.sandbox.call import Answer, Call, Context, Pairs, whole
from adapter.sandbox.criteria import UnknownParameter, Where, criterion
from adapter.sandbox.outcome import Refusal, Resource
from adapter.sandbox.pages import Link, Snapshot
from adapter.sandbox.parameters import PARAMETERS, references
from adapter.sandbox.store import Stored

USUAL, LARGEST = 20, 200
"""Matches on a page: when the client does not say, and whatever it says."""
MOST = 500
"""Parameters and alternatives of one search; SQLite can do about twice as many."""


@dataclass(frozen=True, slots=True)
class Query:
    """`where` chooses, the rest shapes; `used` is what the `self` link says."""

    where: tuple[Where, ...] = ()
    used: Pairs = ()
    count: int = USUAL
    only_count: bool = False
    total: bool = True
    order: str = "number"
    include: tuple[Link, ...] = ()
    revinclude: tuple[Link, ...] = ()


def search(context: Context, call: Call) -> Answer:
    if any(key == "_page" for key, _ in call.parameters):
        return following_page(context, call.type, call.parameters)
    query = parse(context, call.type, call.parameters)
    found = find(context, call.type, query.where, query.order)
    here = f"{context.base}/{call.type}" + (f"?{urlencode(query.used)}" if query.used else "")
    if query.only_count or not query.count:
        return Answer(200, {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": [link("self", here)]})
    return first_page(context, Snapshot(call.type, tuple(found), query.count, query.total, query.include, query.revinclude), here)


def matching(context: Context, type_: str, criteria: Pairs, place: str) -> Stored | None:
    """The one resource that the criteria of a conditional interaction find, or None. Raises Refusal: 412 for several, 400 for criteria
    that are missing or hold anything but criteria (lenient or not: with one left out the wrong resource would be changed)."""
    query = parse(replace(context, prefer=frozenset()), type_, criteria)
    if not query.where or query != Query(query.where, query.used):
        raise Refusal(400, "invalid", f"{place} must hold search parameters that choose a resource, and nothing else")
    found = find(context, type_, query.where)
    if len(found) > 1:
        raise Refusal(412, "multiple-matches", f"{place} finds {len(found)} resources of type {type_}; it must find one at most")
    return context.tx.live(found)[0] if found else None


def find(context: Context, type_: str, where: Sequence[Where], order: str = "number") -> list[int]:
    # The plus keeps SQLite from going through all of the type when there is a criterion, whose index leads to a few.
    conditions = (Where("+type = ?" if where else "type = ?", (type_,)), *where)
    arguments = tuple(argument for each in conditions for argument in each.arguments)
    return context.tx.numbers(" AND ".join(each.sql for each in conditions), arguments, order)


def first_page(context: Context, snapshot: Snapshot, here: str) -> Answer:
    more = len(snapshot.numbers) > snapshot.count
    return _page(context, snapshot, context.pages.keep(snapshot) if more else "", 0, here)


def following_page(context: Context, path: str, parameters: Pairs) -> Answer:
    said = dict(parameters)
    snapshot, offset = context.pages.get(said["_page"], path), whole(said.get("_offset", ""))
    if not snapshot or offset is None or len(said) != 2:
        raise Refusal(410, "not-found", "this page is no longer kept, or the link was altered; search again from the beginning")
    return _page(context, snapshot, said["_page"], offset, f"{context.base}/{path}?{urlencode(parameters)}")


def _page(context: Context, snapshot: Snapshot, token: str, offset: int, here: str) -> Answer:
    end = offset + snapshot.count
    numbers = snapshot.numbers[offset:end]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset"}
    if snapshot.total:
        bundle["total"] = len(snapshot.numbers)
    bundle["link"] = [link("self", here)]
    if end < len(snapshot.numbers):
        bundle["link"].append(link("next", f"{context.base}/{snapshot.path}?{urlencode({'_page': token, '_offset': end})}"))
    matches = [entry(context, stored, "match") for stored in context.tx.live(numbers)]
    included = [entry(context, stored, "include") for stored in context.tx.live(_included(context, snapshot, numbers))]
    return Answer(200, bundle | {"entry": matches + included} if matches or included else bundle)


def _included(context: Context, snapshot: Snapshot, numbers: tuple[int, ...]) -> list[int]:
    """What comes along with the matches of this page, each once and in the order of making."""
    tx = context.tx
    found = {number for each in snapshot.include for number in tx.referred_to(numbers, each.names, each.target)}
    found |= {number for each in snapshot.revinclude for number in tx.referring(numbers, each.names, each.target)}
    return sorted(found - set(numbers))


def entry(context: Context, stored: Stored, mode: str) -> Resource:
    resource = wire.loads(stored.body or b"{}")
    return {"fullUrl": f"{context.base}/{stored.address}", "resource": resource, "search": {"mode": mode}}


def link(relation: str, url: str) -> Resource:
    return {"relation": relation, "url": url}


def parse(context: Context, type_: str, parameters: Pairs) -> Query:
    query = Query()
    if sum(value.count(",") + 1 for _, value in parameters) > MOST:
        raise Refusal(400, "too-costly", f"a search may have {MOST} parameters and alternatives together")
    for position, (key, value) in enumerate(parameters, 1):
        place = f"search parameter {position}"
        try:
            if key in SHAPING:
                query = SHAPING[key](query, type_, value)
            else:
                query = replace(query, where=(*query.where, criterion(type_, key, value, context.base, place)))
        except UnknownParameter:
            if not context.lenient:
                raise
        else:
            query = replace(query, used=(*query.used, (key, value)))
    return query


def _count(query: Query, type_: str, value: str) -> Query:
    if (count := whole(value)) is None:
        raise _misused("_count", "a whole number")
    return replace(query, count=min(count, LARGEST))


def _sort(query: Query, type_: str, value: str) -> Query:
    orders = {"_lastUpdated": "latest", "-_lastUpdated": "latest DESC"}
    if value not in orders:
        raise _misused("_sort", "_lastUpdated or -_lastUpdated")
    return replace(query, order=orders[value])


def _summary(query: Query, type_: str, value: str) -> Query:
    if value not in ("count", "false"):
        raise _misused("_summary", "count or false")
    return replace(query, only_count=value == "count")


def _total(query: Query, type_: str, value: str) -> Query:
    if value not in ("none", "estimate", "accurate"):
        raise _misused("_total", "none, estimate or accurate")
    return replace(query, total=value != "none")


def _include(query: Query, type_: str, value: str) -> Query:
    source, name, target = _path(value)
    if source not in ("*", type_) or target not in ("", *PARAMETERS):
        raise _misused("_include", f"a reference parameter of {type_}, as in {type_}:patient")
    return replace(query, include=(*query.include, Link(_names("_include", type_, name), target)))


def _revinclude(query: Query, type_: str, value: str) -> Query:
    source, name, target = _path(value)
    if target not in ("", type_):
        raise _misused("_revinclude", f"about references to {type_}")
    return replace(query, revinclude=(*query.revinclude, Link(_names("_revinclude", source, name), type_)))


def _path(value: str) -> tuple[str, str, str]:
    """`List:item`, `List:item:Patient`, `*:patient`, `*`: the type that refers, the parameter, the type referred to or ""."""
    source, _, rest = value.partition(":")
    name, _, target = rest.partition(":")
    return source, name or "*", target


def _names(parameter: str, source: str, name: str) -> tuple[str, ...]:
    found = tuple(references(source, name))
    if not found and name != "*":
        raise _misused(parameter, "a type and one of its reference parameters, as in List:item, *:patient or *")
    return found


def _misused(parameter: str, expected: str) -> Refusal:
    return Refusal(400, "value", f"{parameter} must be {expected}")


SHAPING: Mapping[str, Callable[[Query, str, str], Query]] = {
    "_count": _count,
    "_sort": _sort,
    "_summary": _summary,
    "_total": _total,
    "_include": _include,
    "_revinclude": _revinclude,
}
