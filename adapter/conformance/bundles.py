"""A bundle as a whole: who its entries are, and that a document or message holds what it speaks of.

Source: HL7 FHIR R4, pages Bundle, Documents and Messaging, as HL7's validator asks; of requests RESTful API ("update", "create",
"transaction"), of which that asks nothing and servers refuse what is wrong. What stands in invariants (bdl-1 …) is asked there.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from adapter.conformance import references
from adapter.conformance.model import Json
from adapter.fhir_xml.tables import is_resource_type

if TYPE_CHECKING:
    from adapter.conformance.structure import Here, Walk

RESTFUL = re.compile(r"https?://.*/([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
NAMELESS = frozenset({"transaction", "batch", "transaction-response", "batch-response"})      # where an entry need not have a fullUrl
OF_COMPOSITION = ("subject", "encounter", "author", "attester.party", "custodian", "event.detail")
OF_SECTION = ("author", "focus", "entry")
DEEPEST = 64
Placed = tuple[str, Json]      # (path, value)


def check(walk: Walk, here: Here) -> None:
    entries = here.resource.get("entry")
    listed = entries if isinstance(entries, list) else []
    every = [(f"{here.path}.entry[{index}]", each) for index, each in enumerate(listed) if isinstance(each, dict)]
    kind = here.resource.get("type")
    for path, entry in every:
        _entry(walk, kind, entry, path)
    if kind in ("transaction", "batch"):
        _requests(walk, every, kind)
    _links(walk, here)
    if kind in ("document", "message") and every and isinstance(first := every[0][1].get("resource"), dict):
        _whole(walk, here, every, first, f"{every[0][0]}.resource", kind)


def _entry(walk: Walk, kind: Json, entry: dict[str, Json], path: str) -> None:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if not isinstance(resource, dict):
        return
    search = entry.get("search")
    found = kind == "searchset" and isinstance(search, dict) and search.get("mode") in ("match", "include")
    if found and "id" not in resource:
        walk.error("fhir-bundle", f"{path}.resource", "has no id; what a search finds has one")
    if "fullUrl" not in entry and kind not in NAMELESS:
        walk.error("fhir-bundle", path, "has no fullUrl; only in a transaction or batch it may", "write urn:uuid: and a UUID")
    if isinstance(url, str) and url:
        _named(walk, url, resource, path)


def _named(walk: Walk, url: str, resource: dict[str, Json], path: str) -> None:
    kind, own = resource.get("resourceType"), resource.get("id")
    if not ABSOLUTE.match(url):
        walk.error("fhir-bundle", f"{path}.fullUrl", "must be an absolute URL, or urn:uuid: and a UUID")
    elif (found := RESTFUL.fullmatch(url)) and is_resource_type(found[1]):
        if own is None:
            walk.error("fhir-bundle", path, "has a fullUrl on a server, but its resource has no id")
        elif (found[1], found[2]) != (kind, own):
            walk.error("fhir-bundle", f"{path}.fullUrl", "must end with the type and the id of the resource in the entry")


# Requests -----------------------------------------------------------------------------------------------------------------------------

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Written(NamedTuple):
    """What a request writes: a type of FHIR, or what stands in its place; and the id, if it names one and does not search."""

    kind: str
    id: str


def _requests(walk: Walk, every: list[Placed], kind: str) -> None:
    seen: set[Written] = set()
    for path, entry in every:
        request = entry.get("request")
        method, url = (request.get("method"), request.get("url")) if isinstance(request, dict) else (None, None)
        if not isinstance(method, str) or not isinstance(url, str) or method not in WRITING or (written := written_by(url)) is None:
            continue
        if says := wrong(method, written, entry.get("resource")):
            walk.error("fhir-bundle", f"{path}.request.url", says)
        elif kind == "transaction" and written.id and written in seen:
            walk.error("fhir-bundle", f"{path}.request.url", "is written by another entry, too; a transaction writes a resource once")
        seen.add(written)


def written_by(url: str) -> Written | None:
    """None of an absolute URL, an operation, a search, or the whole server."""
    named, query, _ = url.removeprefix("/").partition("?")
    kind, *more = (step for step in named.split("/")) if named else ("",)
    if not kind or ABSOLUTE.match(url) or any(step[:1] in ("$", "_") for step in (kind, *more)):
        return None
    return Written(kind, "" if query or not more else more[0])


def wrong(method: str, written: Written, resource: Json) -> str:
    own = resource.get("resourceType") if isinstance(resource, dict) else None
    if not is_resource_type(written.kind):
        return "begins with no type that FHIR R4 has; write Type to create one, Type/id to write it"
    if method in ("POST", "PUT") and is_resource_type(own) and own != written.kind:
        return f"is of another type than the resource in the entry, which is of {own}"
    if method == "POST" and written.id:
        return "names a resource; what is created has no id yet: write its type alone, or PUT"
    if method == "PUT" and written.id and is_resource_type(own) and resource.get("id") != written.id:
        return "must end with the id of the resource in the entry"
    return ""


def _links(walk: Walk, here: Here) -> None:
    links = here.resource.get("link")
    seen = set()
    for index, link in enumerate(links) if isinstance(links, list) else ():
        said = link.get("relation") if isinstance(link, dict) else None
        if isinstance(said, str) and said in seen:
            walk.error("fhir-bundle", f"{here.path}.link[{index}]", "is a second link of the same relation")
        seen.add(said if isinstance(said, str) else "")


# Documents and messages -------------------------------------------------------------------------------------------------------------

def _whole(walk: Walk, here: Here, every: list[Placed], first: dict[str, Json], path: str, kind: str) -> None:
    places = {str(entry.get("fullUrl")): index for index, (_, entry) in reversed(list(enumerate(every)))}
    speaks_of = _of_composition(first, path) if kind == "document" else _at(first, "focus", path)
    for place, reference in speaks_of:
        said = reference.get("reference") if isinstance(reference, dict) else None
        if isinstance(said, str) and not said.startswith(("#", "urn:")) and _target(said, places, every[0][1]) is None:
            walk.error("fhir-reference", f"{place}.reference", f"leads to no entry of the bundle; a {kind} holds what it speaks of",
                       "add it as an entry, and refer to it by its fullUrl")
    _misnamed(walk, every, places)
    if kind == "document":
        _reachable(walk, every, places)


def _misnamed(walk: Walk, every: list[Placed], places: dict[str, int]) -> None:
    """References that mean an entry by its type and id, and do not find it under its fullUrl."""
    own = {f"{inner.get('resourceType')}/{inner.get('id')}" for _, entry in every if isinstance(inner := entry.get("resource"), dict)}
    for path, entry in every:
        for place, said in _references(entry.get("resource"), f"{path}.resource", 0):
            if references.VERSION.sub("", said) in own and _target(said, places, entry) is None:
                walk.error("fhir-reference", f"{place}.reference", "means an entry by type and id, but that entry has another fullUrl",
                           "refer to it by its fullUrl")


def _of_composition(composition: dict[str, Json], path: str) -> Iterator[Placed]:
    for name in OF_COMPOSITION:
        yield from _at(composition, name, path)
    sections = list(_at(composition, "section", path))
    while sections:
        place, section = sections.pop()
        if isinstance(section, dict):
            sections.extend(_at(section, "section", place))
            for name in OF_SECTION:
                yield from _at(section, name, place)


def _at(value: dict[str, Json], names: str, path: str) -> Iterator[Placed]:
    """The values under `a` or `a.b`, each with its path."""
    name, _, rest = names.partition(".")
    inner = value.get(name)
    found = [(f"{path}.{name}", inner)]
    if isinstance(inner, list):
        found = [(f"{path}.{name}[{index}]", each) for index, each in enumerate(inner)]
    for place, each in found:
        if rest and isinstance(each, dict):
            yield from _at(each, rest, place)
        elif not rest and each is not None:
            yield place, each


def _target(said: str, places: dict[str, int], source: dict[str, Json]) -> int | None:
    """The entry that a reference in the entry `source` leads to; `places`: of the entries, by fullUrl."""
    return places.get(references.from_base(references.VERSION.sub("", said.partition("#")[0]), str(source.get("fullUrl"))))


def _reachable(walk: Walk, every: list[Placed], places: dict[str, int]) -> None:
    """Each entry of a document is linked with its Composition, in whatever direction."""
    linked: dict[int, set[int]] = {index: set() for index in range(len(every))}
    for index, (_, entry) in enumerate(every):
        for _, said in _references(entry.get("resource"), "", 0):
            if (target := _target(said, places, entry)) is not None:
                linked[index].add(target)
                linked[target].add(index)
    reached, waiting = {0}, [0]
    while waiting:
        waiting.extend(linked[waiting.pop()] - reached)
        reached.update(waiting)
    for index in linked.keys() - reached:
        walk.error("fhir-bundle", every[index][0], "is not linked with the Composition by any reference", "refer to it, or leave it out")


def _references(value: Json, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """(where, what it says) of every reference."""
    if isinstance(value, dict) and depth < DEEPEST:
        if isinstance(said := value.get("reference"), str):
            yield path, said
        for name, inner in value.items():
            yield from _references(inner, f"{path}.{name}", depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for index, inner in enumerate(value):
            yield from _references(inner, f"{path}[{index}]", depth + 1)
