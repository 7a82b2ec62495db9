"""Invariants that are said of a whole and broken by one of its parts: which it is, and in what way. In a Bundle of 300 entries nobody looks
for the one without a request.

    BLAMED["bdl-3"](bundle)      (".entry[17]", "has no request; every entry of a transaction has one", "say its method and url")

FHIRPath says that an invariant does not hold; what is told here is where. Source: the expressions of HL7 FHIR R4, pages Bundle, List and
DomainResource.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from adapter.conformance.model import Json
from adapter.conformance.rules.reading import each, has, inner, text
from adapter.conformance.rules.rule import Object

Part = tuple[str, str, str]      # (where, from the whole; what is wrong; what to do)
OF_REQUESTS = ("batch", "transaction", "history")
OF_RESPONSES = ("batch-response", "transaction-response", "history")


def blamed(key: str, value: Json) -> list[Part]:
    """The parts that break an invariant; none where it is about the whole."""
    return list(BLAMED[key](value)) if key in BLAMED and isinstance(value, dict) else []


def _either_all_or_none(name: str, types: tuple[str, ...], fix: str, bundle: Object) -> Iterator[Part]:
    """bdl-3, bdl-4: in these types of Bundle every entry has it, in any other none."""
    kind = text(bundle, "type")
    for at, entry in each(bundle, "entry"):
        if has(entry, name) and kind not in types:
            yield f"{at}.{name}", f"stands in a Bundle that is no {', '.join(types[:-1])} or {types[-1]}", "leave it out"
        elif not has(entry, name) and kind in types:
            yield at, f"has no {name}; every entry of a {kind} has one", fix


def _addresses(bundle: Object) -> Iterator[Part]:
    """bdl-7: of one address there is one version."""
    seen = set[str]()
    for at, entry in each(bundle, "entry"):
        version = text(inner(inner(entry, "resource"), "meta"), "versionId")
        said = f"{text(entry, 'fullUrl')}{version}"
        if has(entry, "fullUrl") and said in seen:
            yield f"{at}.fullUrl", "is that of an entry before it", "give each entry one of its own (urn:uuid: and a new UUID)"
        seen.add(said)


def _contained_in_contained(resource: Object) -> Iterator[Part]:
    """dom-2"""
    for at, found in each(resource, "contained"):
        if has(found, "contained"):
            yield f"{at}.contained", "stands within what is contained", "put it into the contained of the outermost resource"


def _meta_of_contained(names: tuple[str, ...], resource: Object) -> Iterator[Part]:
    """dom-4, dom-5"""
    for at, found in each(resource, "contained"):
        for name in names:
            if has(inner(found, "meta"), name):
                yield f"{at}.meta.{name}", "is said of a contained resource, which has none of its own", "leave it out"


def _of_entries(name: str, mode: str, listed: Object) -> Iterator[Part]:
    """lst-2, lst-3"""
    for at, entry in each(listed, "entry"):
        if has(entry, name):
            yield f"{at}.{name}", f"may stand only in a list of the mode {mode}", f"leave it out, or give the list the mode {mode}"


BLAMED: dict[str, Callable[[Object], Iterator[Part]]] = {
    "bdl-3": partial(_either_all_or_none, "request", OF_REQUESTS, "say its method and url"),
    "bdl-4": partial(_either_all_or_none, "response", OF_RESPONSES, "say its status"),
    "bdl-7": _addresses,
    "dom-2": _contained_in_contained,
    "dom-4": partial(_meta_of_contained, ("versionId", "lastUpdated")),
    "dom-5": partial(_meta_of_contained, ("security",)),
    "lst-2": partial(_of_entries, "deleted", "changes"),
    "lst-3": partial(_of_entries, "date", "working"),
}
