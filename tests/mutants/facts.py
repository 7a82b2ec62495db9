"""What the generator needs to know of FHIR: read from the published UK Core package as it is, and by hand where that has nothing.

Nothing here is the checker's: this reads the raw snapshots of 31 profiles and the table of R4's elements, and picks out two facts.
"""
from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from adapter.fhir_xml.tables import Element, elements_of

PACKAGE = Path(__file__).resolve().parents[1] / "real" / "uk-core" / "fhir.r4.ukcore.stu2-2.0.2.tgz"
Json = Any
# What types that UK Core STU2 has no profile of, and data types, must have (R4 4.0.1, the types' own pages)
ASKED = {
    "Flag": ("status", "code", "subject"), "CarePlan": ("status", "intent", "subject"), "CarePlan.activity.detail": ("status",),
    "Consent": ("status", "scope", "category"), "Consent.verification": ("verified",), "Consent.provision.actor": ("role", "reference"),
    "Consent.provision.data": ("meaning", "reference"), "QuestionnaireResponse": ("status",), "QuestionnaireResponse.item": ("linkId",),
    "DocumentReference": ("status", "content"), "DocumentReference.content": ("attachment",),
    "DocumentReference.relatesTo": ("code", "target"),
    "Provenance": ("target", "recorded", "agent"), "Provenance.agent": ("who",), "Provenance.entity": ("role", "what"),
    "Task": ("status", "intent"), "Task.input": ("type",), "AuditEvent": ("type", "recorded", "agent", "source"), "Annotation": ("text",),
}
# Codes of data types and of those types; each is bound to a required value set
CODED = {
    "HumanName": ("use",), "ContactPoint": ("system", "use"), "Address": ("use", "type"), "Identifier": ("use",), "Narrative": ("status",),
    "Quantity": ("comparator",), "Timing.repeat": ("periodUnit", "durationUnit", "dayOfWeek", "when"),
    "Attachment": ("contentType", "language"),
    "Flag": ("status",), "CarePlan": ("status", "intent"), "CarePlan.activity.detail": ("kind", "status"), "Consent": ("status",),
    "Consent.provision": ("type",), "Consent.provision.data": ("meaning",), "QuestionnaireResponse": ("status",),
    "DocumentReference": ("status", "docStatus"), "DocumentReference.relatesTo": ("code",), "Provenance.entity": ("role",),
    "Task": ("status", "intent", "priority"), "Reference": ("type",),
}


class Fact(NamedTuple):
    """Of an element of a profile: from how many, and how strongly its codes are bound."""

    least: int
    strength: str


@cache
def facts() -> dict[str, Fact]:
    """By path, Patient.contact.gender; said by the UK Core profile of that type. Slices are left out."""
    found: dict[str, Fact] = {}
    for definition in _definitions():
        if definition["url"].endswith(f"/UKCore-{definition['type']}"):
            for element in definition["snapshot"]["element"]:
                if ":" not in element["id"]:
                    found[element["path"]] = Fact(element["min"], element.get("binding", {}).get("strength", ""))
    return found


def _definitions() -> Iterator[Json]:
    with tarfile.open(PACKAGE) as archive:
        for member in archive:
            if "/UKCore-" in member.name:
                yield json.load(archive.extractfile(member))  # type: ignore[arg-type]


class Place(NamedTuple):
    """An element that is there. `owner`: of which type it is an element; `way`: from the top; `value`: a list where it is one."""

    owner: str
    way: tuple[str | int, ...]
    element: Element
    value: Json


def places(resource: Json, way: tuple[str | int, ...] = (), owner: str = "") -> Iterator[Place]:
    """Every element of a resource that FHIR R4 knows, with those of what stands inside it."""
    owner = resource.get("resourceType", owner)
    known = elements_of(owner).properties
    for name, value in resource.items():
        if name != "resourceType" and not name.startswith("_") and name in known:
            yield Place(owner, (*way, name), known[name], value)
            for inner, at in _objects(value, (*way, name)):
                yield from places(inner, at, known[name].type)


def _objects(value: Json, way: tuple[str | int, ...]) -> Iterator[tuple[Json, tuple[str | int, ...]]]:
    if isinstance(value, dict):
        yield value, way
    elif isinstance(value, list):
        yield from ((inner, (*way, number)) for number, inner in enumerate(value) if isinstance(inner, dict))


def path_of(place: Place) -> str:
    """As definitions name it: Patient.contact.gender, Dosage.text, MedicationStatement.medication[x]."""
    return f"{place.owner}.{place.element.stem}{'[x]' if place.element.stem != place.element.name else ''}"
