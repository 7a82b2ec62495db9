"""A diagnosis or problem, as the hospital tells it <-> UK Core Condition. Read only for now.

Sources: HL7 FHIR R4, Condition (with its rules con-3 to con-5); UK Core Condition 2.6.0 and its guidance.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from mappings.codes import CodeTable
from mappings.datatypes import (
    CODING,
    CONCEPT,
    IDENTIFIER,
    NOTE,
    PERIOD,
    QUANTITY,
    RANGE,
    WORDS,
    Annotation,
    Coded,
    Identifier,
    Period,
    Quantity,
    Range,
    Words,
)
from mappings.findings import Finding, in_order, ordered, refusal, warning
from mappings.shape import Each, Shape, also, f
from mappings.systems import SNOMED_CT, SOURCE_KEY, THO, UKCORE, UKCORE_CODES
from mappings.values import Reference, choice, reference, when

EPISODE = UKCORE + "Extension-UKCore-ConditionEpisode"

CLINICAL_STATUS = CodeTable(THO + "condition-clinical", "CodeSystem condition-clinical 4.0.1", {
    "active": ("active", "Active"), "recurrence": ("recurrence", "Recurrence"), "relapse": ("relapse", "Relapse"),
    "inactive": ("inactive", "Inactive"), "remission": ("remission", "Remission"), "resolved": ("resolved", "Resolved")})
VERIFICATION = CodeTable(THO + "condition-ver-status", "CodeSystem condition-ver-status 4.0.1", {
    "unconfirmed": ("unconfirmed", "Unconfirmed"), "provisional": ("provisional", "Provisional"),
    "differential": ("differential", "Differential"), "confirmed": ("confirmed", "Confirmed"), "refuted": ("refuted", "Refuted"),
    "entered in error": ("entered-in-error", "Entered in Error")})
# ValueSet UKCore-ConditionCategory 2.1.0 (extensible)
CATEGORY = CodeTable(THO + "condition-category", "CodeSystem condition-category 4.0.1", {
    "problem list item": ("problem-list-item", "Problem List Item"), "encounter diagnosis": ("encounter-diagnosis", "Encounter Diagnosis"),
}) | CodeTable(UKCORE_CODES + "UKCore-ConditionCategory", "CodeSystem UKCore-ConditionCategory 1.1.0", {
    "presenting complaint": ("presenting-complaint", "Presenting Complaint"), "co-morbidity": ("co-morbidity", "Co-morbidity"),
})
SEVERITY = CodeTable(SNOMED_CT, "ValueSet condition-severity 4.0.1", {
    "severe": ("24484000", "Severe"), "moderate": ("6736007", "Moderate"), "mild": ("255604002", "Mild")})
EPISODICITY = CodeTable(UKCORE_CODES + "UKCore-ConditionEpisodicity", "CodeSystem UKCore-ConditionEpisodicity 2.1.0", {
    "first": ("first", "First"), "new": ("new", "New"), "review": ("review", "Review"), "end": ("end", "End")})
ONSET: Any = choice(onsetDateTime=when, onsetAge=QUANTITY, onsetPeriod=PERIOD, onsetRange=RANGE, onsetString=WORDS)
ABATEMENT: Any = choice(
    abatementDateTime=when, abatementAge=QUANTITY, abatementPeriod=PERIOD, abatementRange=RANGE, abatementString=WORDS)
Time = str | Quantity | Period | Range | Words  # a date, an age, from and to, a range of ages, or words


@dataclass(frozen=True)
class Condition:
    """`abatement` is when it went away. `episodes`: first, new, review or end."""

    resident: Reference
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    clinical_status: Annotated[Coded | None, CLINICAL_STATUS] = None
    verification_status: Annotated[Coded | None, VERIFICATION] = None
    categories: Annotated[tuple[Coded, ...], CATEGORY] = ()
    severity: Annotated[Coded | None, SEVERITY] = None
    code: Coded | None = None
    body_sites: tuple[Coded, ...] = ()
    encounter: Reference | None = None
    onset: Time | None = None
    abatement: Time | None = None
    recorded_date: str | None = None
    recorder: Reference | None = None
    asserter: Reference | None = None
    notes: tuple[Annotation, ...] = ()
    episodes: Annotated[tuple[Coded, ...], EPISODICITY] = ()

    def findings(self) -> Iterator[Finding]:
        status = CLINICAL_STATUS.word(self.clinical_status) if self.clinical_status else None
        in_error = self.verification_status is not None and VERIFICATION.word(self.verification_status) == "entered in error"
        if in_error and self.clinical_status:
            yield refusal("clinical_status", "stands on a condition that was entered in error (FHIR con-5)")
        if self.abatement and status not in ("inactive", "resolved", "remission"):
            yield refusal("abatement", "stands on a condition that is not inactive, resolved or in remission (FHIR con-4)")
        if not self.clinical_status and not in_error and any(CATEGORY.word(c) == "problem list item" for c in self.categories):
            yield warning("clinical_status", "is missing on a problem list item (FHIR con-3)")
        for field, time in (("onset", self.onset), ("abatement", self.abatement)):
            yield from in_order(field, time if isinstance(time, Period) else None)
        yield from ordered(_start(self.onset), _start(self.abatement), "abatement", "is before the condition began")


def _start(time: Time | None) -> str | None:
    return time.start if isinstance(time, Period) else time if isinstance(time, str) else None


condition = Shape(Condition, {
    "resourceType": "Condition",
    "meta": also({"profile": [UKCORE + "UKCore-Condition"]}),
    "extension": [
        Each(f.episodes, Coded, {"url": EPISODE, "valueCodeableConcept": {"coding": [Each(f.codings, CODING)], "text": f.text}})],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "clinicalStatus": f.clinical_status | CONCEPT,
    "verificationStatus": f.verification_status | CONCEPT,
    "category": [Each(f.categories, CONCEPT)],
    "severity": f.severity | CONCEPT,
    "code": f.code | CONCEPT,
    "bodySite": [Each(f.body_sites, CONCEPT)],
    "subject": f.resident | reference,
    "encounter": f.encounter | reference,
    ("onsetDateTime", "onsetAge", "onsetPeriod", "onsetRange", "onsetString"): f.onset | ONSET,
    ("abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString"): f.abatement | ABATEMENT,
    "recordedDate": f.recorded_date | when,
    "recorder": f.recorder | reference,
    "asserter": f.asserter | reference,
    "note": [Each(f.notes, NOTE)],
})
