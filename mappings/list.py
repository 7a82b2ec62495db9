"""A list of a resident's records, which says whether it is whole and, when empty, why <-> UK Core List.

"None known", "not asked" and "not supplied" are three different things, and the absence of a row is none of them.
Sources: HL7 FHIR R4, List (with its rules lst-1 to lst-3); UK Core List 2.4.0 and its guidance.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from mappings.codes import CodeTable
from mappings.datatypes import CODING, CONCEPT, IDENTIFIER, NOTE, Annotation, Coded, Identifier
from mappings.findings import Finding, refusal, warning
from mappings.shape import Each, Shape, also, f
from mappings.systems import SNOMED_CT, SOURCE_KEY, THO, UKCORE, UKCORE_CODES
from mappings.values import Reference, code, reference, when

CARE_SETTING = UKCORE + "Extension-UKCore-CareSettingType"
WARNING = UKCORE + "Extension-UKCore-ListWarningCode"

STATUS = code({"current": "current", "retired": "retired", "entered in error": "entered-in-error"})  # ValueSet list-status 4.0.1
MODE = code({"working": "working", "snapshot": "snapshot", "changes": "changes"})  # ValueSet list-mode 4.0.1
LIST_CODE = CodeTable(SNOMED_CT, "ValueSet UKCore-ListCode 2.1.0, the lists of a care record", {
    "active medications": ("1102411000000102", "Active medications"),
    "discontinued medications": ("1102191000000100", "Discontinued medications"),
    "medications and medical devices": ("933361000000108", "Medications and medical devices"),
    "allergies and adverse reactions": ("886921000000105", "Allergies and adverse reactions"),
    "ended allergies": ("1103671000000101", "Ended allergies"),
    "immunisations": ("1102181000000102", "Immunisations"),
    "problems": ("717711000000103", "Problems"),
    "diagnoses": ("887161000000102", "Diagnoses"),
    "procedures": ("887171000000109", "Procedures"),
    "investigations and results": ("887191000000108", "Investigations and results")})
# ValueSet UKCore-ListEmptyReasonCode 2.1.0 (extensible)
EMPTY_REASON = CodeTable(THO + "list-empty-reason", "CodeSystem list-empty-reason 4.0.1", {
    "nil known": ("nilknown", "Nil Known"), "not asked": ("notasked", "Not Asked"), "withheld": ("withheld", "Information Withheld"),
    "unavailable": ("unavailable", "Unavailable"), "not started": ("notstarted", "Not Started"), "closed": ("closed", "Closed"),
}) | CodeTable(UKCORE_CODES + "UKCore-ListEmptyReasonCode", "CodeSystem UKCore-ListEmptyReasonCode 2.1.0", {
    "no content recorded": ("no-content-recorded", "No Content Recorded"),
})
WARNING_CODE = CodeTable(UKCORE_CODES + "UKCore-ListWarningCode", "CodeSystem UKCore-ListWarningCode 2.1.0", {
    "confidential items": ("confidential-items", "Confidential Items"), "data in transit": ("data-in-transit", "Data in Transit"),
    "data awaiting filing": ("data-awaiting-filing", "Data Awaiting Filing")})
ORDERED_BY = CodeTable(THO + "list-order", "CodeSystem list-order 4.0.1", {
    "user": ("user", "Sorted by User"), "system": ("system", "Sorted by System"), "event date": ("event-date", "Sorted by Event Date"),
    "item date": ("entry-date", "Sorted by Item Date"), "priority": ("priority", "Sorted by Priority"),
    "alphabetic": ("alphabetic", "Sorted Alphabetically"), "category": ("category", "Sorted by Category"),
    "patient": ("patient", "Sorted by Patient")})


@dataclass(frozen=True)
class Entry:
    """`deleted`: no longer on the list (only in mode changes). `date`: since when it is on the list (only in mode working)."""

    item: Reference
    flag: Coded | None = None
    deleted: bool | None = None
    date: str | None = None


@dataclass(frozen=True)
class RecordList:
    """`mode` snapshot: how things were at `date`, whole; working: kept up to date; changes: what was added and taken away.

    `warnings` say that items are missing because they are confidential, in transit or not yet filed.
    """

    status: str
    mode: str
    resident: Reference
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    title: str | None = None
    code: Annotated[Coded | None, LIST_CODE] = None
    encounter: Reference | None = None
    date: str | None = None
    source: Reference | None = None
    ordered_by: Annotated[Coded | None, ORDERED_BY] = None
    notes: tuple[Annotation, ...] = ()
    entries: tuple[Entry, ...] = ()
    empty_reason: Annotated[Coded | None, EMPTY_REASON] = None
    care_setting: Coded | None = None
    warnings: Annotated[tuple[Coded, ...], WARNING_CODE] = ()

    def findings(self) -> Iterator[Finding]:
        if self.entries and self.empty_reason:
            yield refusal("empty_reason", "says why the list is empty, but it is not (FHIR lst-1)")
        for i, entry in enumerate(self.entries):
            if entry.deleted is not None and self.mode != "changes":
                yield refusal(f"entries[{i}].deleted", "is only for a list of changes (FHIR lst-2)")
            if entry.date and self.mode != "working":
                yield refusal(f"entries[{i}].date", "is only for a working list (FHIR lst-3)")
        if not self.entries and not self.empty_reason:
            yield warning("empty_reason", "is missing: an empty list without a reason says nothing about the resident")
        if self.mode == "snapshot" and not self.date:
            yield warning("date", "is missing: a snapshot is of some time")


record_list = Shape(RecordList, {
    "resourceType": "List",
    "meta": also({"profile": [UKCORE + "UKCore-List"]}),
    "extension": [
        {"url": CARE_SETTING, "valueCodeableConcept": f.care_setting | CONCEPT},
        Each(f.warnings, Coded, {"url": WARNING, "valueCodeableConcept": {"coding": [Each(f.codings, CODING)], "text": f.text}})],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "status": f.status | STATUS,
    "mode": f.mode | MODE,
    "title": f.title,
    "code": f.code | CONCEPT,
    "subject": f.resident | reference,
    "encounter": f.encounter | reference,
    "date": f.date | when,
    "source": f.source | reference,
    "orderedBy": f.ordered_by | CONCEPT,
    "note": [Each(f.notes, NOTE)],
    "entry": [Each(f.entries, Entry, {
        "flag": f.flag | CONCEPT,
        "deleted": f.deleted,
        "date": f.date | when,
        "item": f.item | reference})],
    "emptyReason": f.empty_reason | CONCEPT,
})
