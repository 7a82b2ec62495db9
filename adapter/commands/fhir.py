"""FHIR that somebody has, for `redbag check`: resources and Bundles, in JSON, XML or NDJSON, each finding with its line.

It is known by its beginning: FHIR's namespace, or a resourceType. What is right and what no record of ours holds is information.
"""
from __future__ import annotations

import codecs
import importlib
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from adapter import wire
from adapter.commands import files
from adapter.commands.check_against import Against, in_order, resources
from adapter.commands.exits import Exit, Stop
from adapter.commands.foreign import foreign
from adapter.conformance import Finding, Level
from adapter.conformance.checker import MOST
from adapter.conformance.finding import OWN_CHECK, UNREAD
from adapter.conformance.report import Told, Unit
from adapter.conformance.report.told import OWN_LEVELS, resource_at
from adapter.faults import Refused
from adapter.records.lines import Lines
from adapter.records.rows.row import Place
from adapter.records.source import Source

if TYPE_CHECKING:
    from mappings.catalogue import AnyShape

Resource = dict[str, Any]
MODULES = frozenset({"patient", "related_person", "organization", "location", "practitioner", "practitioner_role", "encounter", "condition",
                     "allergy_intolerance", "medication_statement", "medication_request", "immunization", "list"})
HEAD = 4096
BEGINNINGS = {
    "json": re.compile(rb'(?:\xef\xbb\xbf)?\s*\{(?:[^{}\[\]]*?"resourceType"\s*:|(?!.*"(?:resident|as_of)"\s*:).*"resourceType"\s*:)',
                       re.DOTALL),
    "xml": re.compile(rb"""(?:\xef\xbb\xbf)?\s*<.*?\sxmlns(?::\w+)?\s*=\s*["']http://hl7\.org/fhir["']""", re.DOTALL),
}
OUTERMOST = re.compile(r"\w+\.?")  # the type that a path begins with
LISTED = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[\s*\{[^{}\[\]]*?"resourceType"\s*:')  # no form of FHIR's; a list of records has no such name
AN_ARRAY, EACH_APART = "is a JSON array of FHIR resources", "put each on its own line (NDJSON), or make a Bundle of them"
OWN_RULES = "rb-"
SERVERS_OWN = frozenset({"id", "meta.versionId", "meta.lastUpdated"})  # says nothing of the resident
SEARCHED = 8 << 20  # bytes; in a longer document nobody looks for lines, which takes a second for so much


def format_of(name: str) -> wire.Format | None:
    """The format, if this is FHIR. Of a pipe nothing is used up. Raises Stop, also for a JSON array of FHIR resources."""
    with files.reading(name) as file:
        head = head_of(file)
    if is_listed(head):
        raise Stop(Exit.NOTHING, f"This {AN_ARRAY}: {EACH_APART}.")
    return format_at(head)


def head_of(file: BinaryIO) -> bytes:
    """The beginning of what is open. Nothing is used up."""
    if hasattr(file, "peek"):
        return bytes(file.peek(HEAD)[:HEAD])
    head = file.read(HEAD)
    file.seek(-len(head), 1)
    return head


def format_at(head: bytes) -> wire.Format | None:
    return next((wire.FORMATS[form] for form, beginning in BEGINNINGS.items() if beginning.match(head)), None)


def no_fhir(file: BinaryIO, name: str) -> None:
    """Where care records are to be read. Nothing is used up. Raises Stop."""
    head = head_of(file)
    if is_listed(head) or format_at(head):
        says = "care records are expected (`redbag records example` shows one): `redbag check` checks FHIR, and `redbag send --durable`"
        raise Stop(Exit.NOTHING, f"{name} is FHIR, and {says} takes a Bundle as it is.")
    if other := foreign(head):
        raise Stop(Exit.NOTHING, f"{name} {other.says}; {other.fix}.")


def is_listed(head: bytes) -> bool:
    """A JSON array of FHIR resources: neither FHIR nor records."""
    return bool(LISTED.match(head))


def listed(name: str) -> Unit:
    return Unit(name, "document", (Told(Finding(Level.ERROR, "not-an-object", "", AN_ARRAY, EACH_APART), name, 1, 1),))


# ---- what is checked as one ------------------------------------------------------------------------------------------------------
def units(file: BinaryIO, name: str, form: wire.Format, against: Against) -> Iterator[Unit]:
    """The document; of NDJSON each line, and in memory no more than that. Nothing that is in it raises."""
    if form is wire.XML:
        yield unit(file.read(wire.LIMITS.size + 1), name, form, against)
        return
    lines = Lines(file, wire.LIMITS.size)
    if lines.are_a_document():
        yield unit(lines.rest(wire.LIMITS.size + 1), name, form, against)
        return
    for number, line in lines:
        yield unit(line, name, form, against, number)


def unit(body: bytes, name: str, form: wire.Format, against: Against, line: int = 1) -> Unit:
    """`line`: the number of its first line, in NDJSON its name."""
    began, holds, passed = time.perf_counter(), 1, 0
    try:
        resource = wire.loads(body, line=line) if form is wire.JSON else form.loads(body)
    except Refused as bad:
        told = [Told(Finding(Level.ERROR, fault.rule, fault.path, fault.says), name, fault.line, fault.column) for fault in bad.found]
    else:
        found = findings(resource, against)
        holds, passed = counted(resource, found)
        places = places_of(body, form, set(map(placed, found)), line)
        told = [Told(each, name, place.line, place.column) for each in found for place in [places.get(placed(each)) or Place()]]
        told += disordered(body, name) if form is wire.XML else []
    return Unit(name, f"line {line}" if line > 1 else "document", tuple(told), time.perf_counter() - began, holds, passed)


def disordered(body: bytes, name: str) -> list[Told]:
    """That elements of XML stand in another order than FHIR's."""
    from adapter.fhir_xml import disorder

    fault = disorder(body.removeprefix(codecs.BOM_UTF8))
    return [Told(Finding(Level.ERROR, fault.rule, fault.path, fault.says), name, fault.line, fault.column)] if fault else []


def findings(resource: Resource, against: Against) -> list[Finding]:
    """What its definitions say of it, and then what a record made from it would; in the order of the document."""
    found = against.findings(resource)
    wrong = {resource_at(each.path) for each in found if each.level is Level.ERROR}
    ruled = [each.path for each in found if each.rule.startswith(OWN_RULES)]
    for path, inner in looked_at(resource, found):
        if resource_at(path) not in wrong and inner.get("resourceType") != "Bundle":
            found += islice(read(path, inner, ruled), MOST)
    return in_order(found)


def placed(finding: Finding) -> str:
    """What its place is looked for by. A member whose name is not told is known by its number."""
    return finding.path if finding.member is None else f"{finding.path}#{finding.member}"


def places_of(body: bytes, form: wire.Format, paths: Iterable[str], line: int = 1) -> dict[str, Place]:
    """Where these stand in the text; what is not there, where it would stand."""
    wanted = {path: OUTERMOST.sub("", path, 1) for path in paths}
    if not wanted or len(body) > SEARCHED:
        return {}
    if form is wire.XML:
        from adapter.fhir_xml.places import places

        return {path: Place("", *position) for path, position in places(body.removeprefix(codecs.BOM_UTF8), wanted).items()}
    found = Source(body, line=line).places(wanted.values())
    return {path: found[within] for path, within in wanted.items()}


# ---- through the shapes ----------------------------------------------------------------------------------------------------------
def read(path: str, resource: Resource, ruled: Sequence[str] = ()) -> Iterator[Finding]:
    """What a record that is read from it says against itself, and what of it no record holds. `ruled`: places that a product rule has
    spoken of, in FHIR's words; of the fields there only what refuses is told again."""
    from mappings.faults import Faults
    from mappings.way_back import field_at

    kind = resource["resourceType"]
    if longest(resource) > MOST:
        yield Finding(Level.INFORMATION, UNREAD, path, f"has a list of more than {MOST:,} elements, and is not held against a record")
        return
    if (shape := shape_of(kind)) is None:
        yield Finding(Level.INFORMATION, UNREAD, path, f"{kind} is not read into a record")
        return
    try:
        record, _ = shape.read(resource)
    except Faults as bad:
        yield from (Finding(Level.INFORMATION, UNREAD, path + fault.path.removeprefix(kind), f"is not read into a record: {fault.reason}")
                    for fault in bad.found)
        return
    said = [field_at(shape, record, kind + place.removeprefix(path)) for place in ruled if place.startswith(f"{path}.")]
    yield from (Finding(OWN_LEVELS[each.level], OWN_CHECK, path, f"{each.field}: {each.says}")
                for each in getattr(record, "findings", tuple)()
                if each.level == "refusal" or not any(field and within(field, each.field) for field in said))
    yield from (Finding(Level.INFORMATION, UNREAD, f"{path}.{place}", "is held by no record")
                for place in shape.unread(resource) if place not in SERVERS_OWN)


def within(field: str, other: str) -> bool:
    return field == other or field.startswith((f"{other}.", f"{other}["))


def longest(value: Any) -> int:
    """The length of its longest list: which element of a record came from which takes time in the square of it."""
    if isinstance(value, dict):
        return max(map(longest, value.values()), default=0)
    return max(len(value), *map(longest, value)) if isinstance(value, list) and value else 0


@cache
def shape_of(kind: str) -> AnyShape | None:
    """As the catalogue has it, without all the others: a short check is over before they are made."""
    name = "_".join(re.findall("[A-Z][a-z]*", kind)).lower()
    module = importlib.import_module(f"mappings.{name}") if name in MODULES else None
    return getattr(module, "record_list" if name == "list" else name, None)


def counted(resource: Resource, found: Iterable[Finding]) -> tuple[int, int]:
    """How many resources were looked at, of a Bundle those in it; and how many were not."""
    every, seen = (sum(1 for _, each in some if each.get("resourceType") != "Bundle")
                   for some in (resources(resource), looked_at(resource, found)))
    return seen or 1, every - seen


def looked_at(resource: Resource, found: Iterable[Finding]) -> Iterator[tuple[str, Resource]]:
    """Those that are in no list which is too long."""
    too_long = tuple(f"{each.path}[" for each in found if each.rule == "too-many")
    return ((path, each) for path, each in resources(resource) if not path.startswith(too_long))
