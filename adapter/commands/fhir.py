"""`redbag check` of FHIR: one resource or Bundle, in JSON or XML, read through the shapes. What is wrong with it, and what no record holds.

It is known by its beginning: FHIR's namespace, or a resourceType before any other object or list.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from adapter import wire
from adapter.commands import files
from adapter.commands.exits import Exit
from adapter.commands.talk import Talk, count
from adapter.faults import Refused
from mappings.catalogue import SHAPES
from mappings.faults import Faults

Resource = dict[str, Any]
HEAD = 4096
BEGINNINGS = {
    "json": re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^{}\[\]]*?"resourceType"\s*:'),
    "xml": re.compile(rb"""(?:\xef\xbb\xbf)?\s*<.*?\sxmlns(?::\w+)?\s*=\s*["']http://hl7\.org/fhir["']""", re.DOTALL),
}
SERVERS_OWN = frozenset({"id", "meta.versionId", "meta.lastUpdated"})  # says nothing of the resident


class Found(NamedTuple):
    """`level`: a refusal, a warning, or unread: kept beside the record as it came."""

    level: str
    path: str
    says: str = ""
    line: int | None = None

    def sentence(self, file: str) -> str:
        place = f"{file}:{self.line}" if self.line else file
        return ": ".join(part for part in (place, self.level, self.path, self.says) if part)


@dataclass
class Tally:
    """How many resources were looked at, how many of them were refused, and how much was found of each level."""

    resources: int = 0
    refused: int = 0
    levels: Counter[str] = field(default_factory=Counter)

    @property
    def exit(self) -> Exit:
        return Exit.DONE if not self.refused else Exit.PARTIAL if self.refused < self.resources else Exit.NOTHING

    def sentence(self) -> str:
        said = [count(self.resources, "resource")] + [f"{self.refused:,} refused"] * (self.refused > 0)
        said += [count(self.levels["warning"], "warning")] * (self.levels["warning"] > 0)
        return ", ".join([*said, f"{count(self.levels['unread'], 'place')} that no record holds"])


def format_of(name: str) -> wire.Format | None:
    """The format, if this is FHIR. Of a pipe nothing is used up. Raises Stop."""
    with files.reading(name) as file:
        head = _head(file)
    return next((wire.FORMATS[form] for form, beginning in BEGINNINGS.items() if beginning.match(head)), None)


def _head(file: BinaryIO) -> bytes:
    if hasattr(file, "peek"):
        return bytes(file.peek(HEAD)[:HEAD])
    head = file.read(HEAD)
    file.seek(-len(head), 1)
    return head


def run(name: str, form: wire.Format, talk: Talk) -> Exit:
    with files.reading(name) as file:
        body = file.read(wire.LIMITS.size + 1)
    shown, tally = "standard input" if name == files.STDIN else name, Tally()
    for each in checked(body, form):
        tally.resources += 1
        tally.refused += any(found.level == "refusal" for found in each)
        tally.levels.update(found.level for found in each)
        for found in each:
            said = {key: value for key, value in found._asdict().items() if value not in (None, "")}
            talk.found("problem", said | {"file": shown}, found.sentence(shown), data=True)
    said = {"exit": tally.exit, "resources": tally.resources, "refused": tally.refused, "warnings": tally.levels["warning"],
            "unread": tally.levels["unread"]}
    talk.result(said, f"Checked: {tally.sentence()}.")
    return tally.exit


def checked(body: bytes, form: wire.Format) -> Iterator[list[Found]]:
    """What is found in each resource; of a document that is not FHIR, what it is not."""
    try:
        resource = form.loads(body)
        wire.dumps_xml(resource)  # also of JSON: the tables say what FHIR has, and from here on every name is one of FHIR's
    except Refused as bad:
        yield [Found("refusal", fault.path, fault.says, fault.line) for fault in bad.found]
        return
    for path, each in resources(resource["resourceType"], resource):
        yield list(read(path, each))


def resources(path: str, resource: Resource) -> Iterator[tuple[str, Resource]]:
    """The resource; of a Bundle, those in it."""
    if resource["resourceType"] != "Bundle":
        yield path, resource
    for index, entry in enumerate(resource.get("entry", ()) if resource["resourceType"] == "Bundle" else ()):
        if "resource" in entry:
            yield from resources(f"{path}.entry[{index}].resource", entry["resource"])


def read(path: str, resource: Resource) -> Iterator[Found]:
    """Through its shape."""
    kind = resource["resourceType"]
    if kind not in SHAPES:
        yield Found("unread", path, f"{kind} is not read")
        return
    try:
        record, _ = SHAPES[kind].read(resource)
    except Faults as bad:
        yield from (Found("refusal", path + fault.path.removeprefix(kind), fault.reason) for fault in bad.found)
        return
    yield from (Found(finding.level, path, f"{finding.field}: {finding.says}") for finding in getattr(record, "findings", tuple)())
    yield from (Found("unread", f"{path}.{place}") for place in SHAPES[kind].unread(resource) if place not in SERVERS_OWN)
