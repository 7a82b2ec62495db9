"""References: written so that they lead somewhere, to a type that may stand there, and within a bundle or a resource to what is there.

Source: HL7 FHIR R4, pages References and Bundle ("Resolving references in bundles"); what is an error, as HL7's validator has it: a `#` or
a `urn:` that leads nowhere is one, a relative or absolute URL is not (it may lead to a server).
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from adapter.conformance.forms import Definitions, Form
from adapter.conformance.model import Json, Profile
from adapter.fhir_xml.tables import Element, Kind, elements_of, is_resource_type

if TYPE_CHECKING:
    from adapter.conformance.structure import Here, Walk

LITERAL = re.compile(r"(?P<base>https?://[^?#\s]+/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:")
RELATIVE = re.compile(r"[^/]+/[^/]+(?:/_history/[^/]+)?")
QUERY = re.compile(r"(?P<type>[^?/:#\s]*)\?(?P<parameters>.*)", re.DOTALL)
PARAMETERS = re.compile(r"[^=&?]+=[^=&]*(?:&[^=&?]+=[^=&]*)*")
ANY = frozenset({"Resource", "DomainResource", "Any"})
URIS = frozenset({"canonical", "uri", "url"})
LINK = re.compile(r"""\b(?:href|src)\s*=\s*["'](#[^"']+)""")      # of a narrative: an image that is contained as a Binary
DEEPEST = 64
PLACES = {"contained": "in this resource (contained)", "bundled": "in this bundle", "referenced": "apart from this resource"}
VERSION = re.compile(r"/_history/[^/]*$")


@dataclass(slots=True, eq=False)
class Bundled:
    """A bundle and its resources by fullUrl. `kind`: its type. `resource`: a copy, and new for every check: what is found in a bundle is
    kept for it."""

    resource: dict[str, Json]
    kind: str
    by_url: dict[str, dict[str, Json]] = field(default_factory=dict)
    urls: dict[int, str] = field(default_factory=dict)      # the fullUrl of a resource, by its identity


def bundled(resource: dict[str, Json]) -> Bundled:
    said = resource.get("type")
    found = Bundled(dict(resource), said if isinstance(said, str) else "")
    entries = resource.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(url := entry.get("fullUrl"), str) and isinstance(inner := entry.get("resource"), dict):
            found.by_url.setdefault(url, inner)
            found.urls.setdefault(id(inner), url)
    return found


def contained(resource: dict[str, Json]) -> dict[str, dict[str, Json]]:
    """The contained resources by id."""
    inside = resource.get("contained")
    every = [each for each in inside if isinstance(each, dict)] if isinstance(inside, list) else []
    return {each["id"]: each for each in every if isinstance(each.get("id"), str)}


# A reference ------------------------------------------------------------------------------------------------------------------------

def check(walk: Walk, form: Form, value: dict[str, Json], path: str, here: Here) -> None:
    said, kind = value.get("reference"), None
    if isinstance(said, str):
        if _malformed(walk, said, path, here):
            return
        _stands(walk, form, value, path, here)
        kind = leads_to(value, here)
    if kind is None and isinstance(said, str) and is_resource_type(value.get("type")):
        kind = value["type"]
    if kind:
        _may_lead_to(walk, form, kind, path)
        _says_so(walk, value, kind, path)


def _malformed(walk: Walk, said: str, path: str, here: Here) -> bool:
    """Tells where it is not written as a reference, or leads to nothing where it must."""
    path = f"{path}.reference"
    if said.startswith("#"):
        if said != "#" and said[1:] not in here.contained:
            walk.error("fhir-reference", path, "leads to no contained resource: none has this id", "correct it, or contain what is meant")
            return True
    elif any(character.isspace() for character in said):
        walk.error("fhir-reference", path, "holds white space, which no reference does")
        return True
    elif query := QUERY.fullmatch(said):
        return _conditional(walk, query["type"], query["parameters"], path, here)
    elif said.startswith("urn:") and here.bundle and said.partition("#")[0] not in here.bundle.by_url:
        walk.error("fhir-reference", path, "leads to no entry of the bundle: none has this fullUrl", "correct it, or add the entry")
        return True
    elif here.bundle and not ABSOLUTE.match(said) and not RELATIVE.fullmatch(said):
        walk.error("fhir-reference", path, "is written neither Type/id nor as an absolute URL")
        return True
    return False


def _conditional(walk: Walk, kind: str, parameters: str, path: str, here: Here) -> bool:
    if here.bundle is None and not is_resource_type(kind):
        return False      # a URL of another kind, which may lead anywhere
    if here.bundle is None or here.bundle.kind != "transaction":
        walk.error("fhir-reference", path, "is a search, which only a transaction may hold as a reference")
        return True
    if not is_resource_type(kind) or not PARAMETERS.fullmatch(parameters):
        walk.error("fhir-reference", path, "is no search of the form Type?parameter=value with a type that FHIR R4 has")
        return True
    return False


def _stands(walk: Walk, form: Form, value: dict[str, Json], path: str, here: Here) -> None:
    """What it leads to stands where it may: contained, beside it in the bundle, or anywhere else ("referenced"; in the bundle, too)."""
    inside = resolved(value, here) is not None
    ways = {"contained"} if value["reference"][:1] == "#" else {"bundled", "referenced"} if inside else {"referenced"}
    for modes, source in form.aggregation:
        if ways.isdisjoint(modes):
            where = _or([PLACES.get(mode, mode) for mode in modes])
            walk.error("fhir-aggregation", f"{path}.reference", f"must lead to a resource that stands {where}", "", source)
            return


def _may_lead_to(walk: Walk, form: Form, kind: str, path: str) -> None:
    for urls, source in form.targets:
        allowed = {name for url in urls if (name := kind_of(walk.forms.definitions, url))}
        if allowed and not allowed & ANY and kind not in allowed:
            walk.error("fhir-target", path, f"leads to {kind}; it may lead to {_or(sorted(allowed))} only", "", source)
            return


def _says_so(walk: Walk, value: dict[str, Json], kind: str, path: str) -> None:
    said = value.get("type")
    if isinstance(said, str) and said != kind:
        walk.error("fhir-target", f"{path}.type", f"is not what the reference leads to: {kind}")


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def kind_of(definitions: Definitions, url: str) -> str | None:
    """The type that a target profile is of."""
    profile: Profile | None = definitions.profile(url)
    return profile.type if profile else None


# Where it leads ---------------------------------------------------------------------------------------------------------------------

def resolved(value: Json, here: Here | None) -> dict[str, Json] | None:
    """The resource that a reference leads to within the resource or the bundle."""
    said = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(said, str) or here is None:
        return None
    if said.startswith("#"):
        return here.root if said == "#" else here.contained.get(said[1:])
    return _in_bundle(VERSION.sub("", said), here.bundle, here.root) if here.bundle else None


def _in_bundle(said: str, bundle: Bundled, source: dict[str, Json]) -> dict[str, Json] | None:
    """By fullUrl; a relative one from the base of the entry that it stands in."""
    if said in bundle.by_url:
        return bundle.by_url[said]
    return bundle.by_url.get(from_base(said, bundle.urls.get(id(source), "")))


def from_base(said: str, full_url: str) -> str:
    """A relative reference, as it stands in an entry with this fullUrl, made whole."""
    literal, own = LITERAL.fullmatch(said), LITERAL.fullmatch(full_url)
    return f"{own['base'] or ''}{said}" if literal and own and not literal["base"] else said


def leads_to(value: Json, here: Here | None) -> str | None:
    """The type of what a reference leads to, as found or as its URL says; None where it says none."""
    said = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(said, str):
        return None
    if (found := resolved(value, here)) is not None:
        return kind if is_resource_type(kind := found.get("resourceType")) else None
    match = LITERAL.fullmatch(said) or QUERY.fullmatch(said)
    return match["type"] if match and is_resource_type(match["type"]) else None


# Contained --------------------------------------------------------------------------------------------------------------------------

def check_contained(walk: Walk, here: Here) -> None:
    """Each has an id of its own, is referred to, or refers to what contains it (dom-3)."""
    inside = here.resource.get("contained")
    if not isinstance(inside, list) or not inside:
        return
    leading = set(_leading(here.resource, here.kind, 0))
    seen: set[str] = set()
    for index, each in enumerate(inside):
        if isinstance(each, dict) and is_resource_type(each.get("resourceType")):
            _contained(walk, each, f"{here.path}.contained[{index}]", leading, seen)


def _contained(walk: Walk, each: dict[str, Json], path: str, leading: set[str], seen: set[str]) -> None:
    own = each.get("id")
    if own is None:
        walk.error("fhir-contained", path, "has no id; a contained resource is referred to by it")
    elif not isinstance(own, str):
        return
    elif own in seen:
        walk.error("fhir-contained", f"{path}.id", "is the id of another contained resource too")
    elif f"#{own}" not in leading and "#" not in set(_leading(each, each["resourceType"], 0)):
        walk.error("dom-3", path, "is referred to from nowhere in the resource around it", "refer to it by # and its id, or leave it out")
    else:
        seen.add(own)


def _leading(value: Json, kind: str, depth: int) -> Iterator[str]:
    """What begins with #, wherever in a value of this type a reference, canonical or URI stands."""
    if depth > DEEPEST or not isinstance(value, dict):
        return
    elements = elements_of(kind).elements
    for key, inner in value.items():
        if key[:1] == "_" and key[1:] in elements:      # beside a primitive: what an extension says of it may refer as well
            yield from chain.from_iterable(_leading(each, "Element", depth + 1) for each in _each(inner))
        elif (element := elements.get(key)) is not None:
            yield from chain.from_iterable(_led(each, kind, element, depth) for each in _each(inner))


def _led(value: Json, kind: str, element: Element, depth: int) -> Iterator[str]:
    """The same of one value of an element."""
    if element.kind is Kind.OBJECT:
        yield from _leading(value, element.type, depth + 1)
    elif element.kind is Kind.RESOURCE:
        inside = value.get("resourceType") if isinstance(value, dict) else None
        yield from _leading(value, inside, depth + 1) if is_resource_type(inside) else ()
    elif isinstance(value, str) and element.kind is Kind.NARRATIVE:
        yield from LINK.findall(value)
    elif isinstance(value, str) and value[:1] == "#" and (element.type in URIS or (kind, element.name) == ("Reference", "reference")):
        yield value


def _each(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]
