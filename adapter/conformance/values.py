"""What is asked of single values and data types beyond what definitions state in elements.

Source: HL7 FHIR R4, page Data Types, in the text of each type (a size that is right, a system that is absolute), as HL7's validator asks.
"""
from __future__ import annotations

import base64
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from adapter.conformance import bindings, references
from adapter.conformance.forms import Form
from adapter.conformance.model import Json
from adapter.conformance.other_versions import NAMES, said_elsewhere
from adapter.conformance.primitives import fault, told
from adapter.conformance.rules.languages import TAG
from adapter.conformance.ucum import UCUM
from adapter.fhir_xml.tables import closest, fhir_names, is_primitive_type

if TYPE_CHECKING:
    from adapter.conformance.structure import Here, Walk

ABSOLUTE = re.compile(r"[a-z]+:\S+")      # HL7's validator knows only schemes of small letters
NAMESPACE = re.compile(r"(?:https?|urn|ldap):\S+")      # and of systems of identifiers only these
URIS = "urn:ietf:rfc:3986"      # the system of which every URI is a code
UUID = re.compile(r"(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UUIDS = "https://tools.ietf.org/html/rfc4122"      # a system that many write for identifiers that are UUIDs
IN_CONCEPT = re.compile(r"\.coding\[\d+\]\Z")
CLAIM = re.compile(r"\.meta\.profile\[\d+\]\Z")
_EXAMPLE = re.compile(r"https?://.*(?:example\.org|acme\.com)(?![\w-])", re.DOTALL)
EXAMPLE = {      # what documentation and tests write for a URL, by the types that HL7's validator looks at
    "uri": _EXAMPLE, "url": _EXAMPLE,
    "canonical": re.compile(r"https?://.*(?:example\.org|example\.com|acme\.com)(?![\w-])", re.DOTALL),
}


# Names ------------------------------------------------------------------------------------------------------------------------------

def unknown(walk: Walk, form: Form, value: dict[str, Json], key: str, path: str) -> None:
    """A member that the type does not have. Its name is told only where it is one of FHIR's: what a vendor writes there may be anything."""
    meant, stem = closest(key, form.keys), key.lstrip("_")
    fix = f"did you mean {meant}?" if meant else f"leave it out{', or send it as an extension' * ('extension' in form.keys)}"
    if key == "value" and is_primitive_type(form.type):
        fix = "leave it out: the value stands under the same name without _"
    if elsewhere := said_elsewhere(form.base, key):
        version, said = elsewhere
        fix = f"{version} has it, and R4 says it in {said}"
        walk.error("fhir-unknown", f"{path}.{key}", f"is no element of {form.base} in FHIR R4", fix)
    elif stem in fhir_names() or stem in NAMES:
        walk.error("fhir-unknown", f"{path}.{key}", f"is no element of {form.base}", fix)
    else:
        place = list(value).index(key)
        says = f"has a member, number {place + 1} of {len(value)}, that is no element of {form.base}"
        walk.error("fhir-unknown", path, says, fix, member=place)


def resource_type(walk: Walk, value: Json, path: str) -> str | None:
    """What a resource says that it is; None, and told, where that cannot be."""
    place = path or "resource"
    if not isinstance(value, dict):
        walk.error("fhir-type", place, f"must be a resource (an object), not {told(value)}")
        return None
    kind = value.get("resourceType")
    if not isinstance(kind, str):
        walk.error("fhir-type", place, "has no resourceType, the name of the type that it is of")
        return None
    type_ = walk.forms.definitions.type(kind)
    if type_ is None or type_.kind != "resource" or type_.abstract:
        walk.error("fhir-type", f"{place}.resourceType", "is no type of resource of FHIR R4", "capital letters matter")
        return None
    return kind


# Primitive values -------------------------------------------------------------------------------------------------------------------

def own_id(walk: Walk, said: Json, path: str, here: Here) -> None:
    """No two elements of a resource have the same id, nor has one that of the resource. A StructureDefinition has two lists of elements,
    each with ids of its own."""
    within = path.partition(".element[")[0] if here.kind == "StructureDefinition" else ""
    if isinstance(said, str) and (within, said) in here.ids:
        walk.error("fhir-format", f"{path}.id", "is the id of another element of this resource too; an id is given once")
    elif isinstance(said, str):
        here.ids.add((within, said))


def plain_id(walk: Walk, resource: dict[str, Json], path: str) -> None:
    """The id of a resource is no element that could be extended."""
    beside = resource.get("_id")
    if isinstance(beside, dict) and "extension" in beside:
        walk.error("fhir-extension", f"{path}._id", "the id of a resource may not be extended")


def language(walk: Walk, resource: dict[str, Json], path: str) -> None:
    """The language of a resource has the form of a tag of BCP 47. HL7's validator refuses, beyond that, what it does not know itself
    (en-gb, eng, x-klingon, en-GB-x-twain): these are tags, and stay."""
    said = resource.get("language")
    if isinstance(said, str) and not fault("code", said) and not TAG.fullmatch(said):
        walk.error("fhir-binding", f"{path}.language", "is no language tag of BCP 47", "write one, such as en-GB; Welsh is cy")


def bare(value: Json, path: str, here: Here) -> Json:
    """base64 may be broken into lines, as FHIR's base64Binary allows; HL7's validator takes that everywhere but in an Attachment."""
    broken = path.endswith("Base64Binary") or (here.kind == "Binary" and path == f"{here.path}.data")
    return "".join(value.split()) if broken and isinstance(value, str) else value


def limits(walk: Walk, form: Form, value: Json, path: str, here: Here) -> None:
    """maxLength, minValue and maxValue, and URIs that nobody means."""
    for each in form.limited:
        element = each.element
        if element.longest and isinstance(value, str) and len(value) > element.longest:
            walk.error("fhir-format", path, f"is longer than the {element.longest} characters that are allowed", "", each.source)
        for bound, wrong, says in ((element.lowest, _below, "less"), (element.highest, _above, "more")):
            if bound is not None and wrong(value, bound):
                walk.error("fhir-format", path, f"is {says} than {bound}", "", each.source)
    if form.type in EXAMPLE and EXAMPLE[form.type].match(value) and not _is_its_own(walk, path, here):
        walk.error("fhir-format", path, "is an example URL, which identifies nothing", "write the real one")
    if form.type == "canonical":
        _canonical(walk, value, path, here)


def _is_its_own(walk: Walk, path: str, here: Here) -> bool:
    """The URL that an entry of a bundle, or a definition, goes by: whoever publishes examples calls them so. A definition is what somebody
    publishes."""
    if path == f"{here.path}.url":
        return "publisher" in walk.forms.of(here.kind, ()).keys
    return here.kind == "Bundle" and path.endswith(".fullUrl")


def _canonical(walk: Walk, value: str, path: str, here: Here) -> None:
    if CLAIM.search(path):
        if not ABSOLUTE.match(value):
            walk.error("fhir-format", path, "must be an absolute URL: that of the profile", "leave it out, or look its URL up")
    elif value.startswith("#"):
        if value[1:] not in here.contained:
            walk.error("fhir-reference", path, "leads to no contained resource: none has this id", "correct it, or contain what is meant")
    elif not ABSOLUTE.match(value):
        walk.error("fhir-format", path, "must be an absolute URL, or # and the id of a contained resource")


def _below(value: Json, bound: Json) -> bool:
    return _comparable(value, bound) and bool(value < bound)


def _above(value: Json, bound: Json) -> bool:
    return _comparable(value, bound) and bool(value > bound)


def _comparable(value: Json, bound: Json) -> bool:
    """Two numbers, or two dates of the same precision."""
    if isinstance(value, str) or isinstance(bound, str):
        return isinstance(value, str) and isinstance(bound, str) and len(value) == len(bound)
    return isinstance(value, (int, Decimal)) and isinstance(bound, (int, Decimal))


# Data types -------------------------------------------------------------------------------------------------------------------------

def _identifier(walk: Walk, form: Form, value: dict[str, Json], path: str, here: Here) -> None:
    system, said = value.get("system"), value.get("value")
    if isinstance(system, str) and not NAMESPACE.match(system):
        walk.error("fhir-format", f"{path}.system", "must be an absolute URI (https:, urn:): that of whoever gives the identifiers out")
    elif isinstance(system, str) and bindings.is_misspelt(walk, system):
        walk.error("fhir-format", f"{path}.system", "stands in the namespace of HL7 FHIR, which does not define it", "look its URL up")
    if system == URIS and isinstance(said, str) and not ABSOLUTE.match(said):
        walk.error("fhir-format", f"{path}.value", "must be a whole URI, since the system says that values are URIs")
    if system == UUIDS and isinstance(said, str) and not UUID.fullmatch(said):
        walk.error("fhir-format", f"{path}.value", "must be a UUID in lower case, since the system says that values are UUIDs")


def _attachment(walk: Walk, form: Form, value: dict[str, Json], path: str, here: Here) -> None:
    data, size = value.get("data"), value.get("size")
    if isinstance(data, str) and type(size) is int and len(base64.b64decode(data)) != size:
        walk.error("fhir-format", f"{path}.size", "is not the number of bytes that data holds")


def _coding(walk: Walk, form: Form, value: dict[str, Json], path: str, here: Here) -> None:
    system = value.get("system")
    alone = "code" in value and not IN_CONCEPT.search(path)      # of one among several HL7's validator is content with a warning
    if alone and isinstance(system, str) and not ABSOLUTE.match(system):
        walk.error("fhir-format", f"{path}.system", "must be an absolute URI: that of the code system, with its scheme")
    elif system == URIS and isinstance(code := value.get("code"), str) and not ABSOLUTE.match(code):
        walk.error("fhir-code", f"{path}.code", "must be a whole URI, since the system says that codes are URIs")
    else:
        bindings.known(walk, value, path)


def _quantity(walk: Walk, form: Form, value: dict[str, Json], path: str, here: Here) -> None:
    system = value.get("system")
    if "code" in value and isinstance(system, str) and not system.startswith(("http:", "https:", "urn:")):
        walk.error("fhir-format", f"{path}.system", f"must be an absolute URI; that of UCUM is {UCUM}")
    else:
        bindings.known(walk, value, path)


CHECKS: dict[str, Callable[[Walk, Form, dict[str, Json], str, Here], None]] = {
    "Identifier": _identifier, "Attachment": _attachment, "Coding": _coding, "Reference": references.check,
    **dict.fromkeys(("Quantity", "Age", "Count", "Distance", "Duration"), _quantity),
}
