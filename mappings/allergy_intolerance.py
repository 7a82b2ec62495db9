"""An allergy or intolerance, and the reactions it was known by <-> UK Core AllergyIntolerance.

"No known allergies" is a code here (`no known allergy`) or, better, the emptyReason of the List of allergies.
Sources: HL7 FHIR R4, AllergyIntolerance (with its rules ait-1 and ait-2); UK Core AllergyIntolerance 2.5.0 and its guidance.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from mappings.codes import CodeTable
from mappings.datatypes import (
    CONCEPT,
    IDENTIFIER,
    NOTE,
    PERIOD,
    QUANTITY,
    RANGE,
    WORDS,
    Annotation,
    Coded,
    Coding,
    Identifier,
    Period,
    Quantity,
    Range,
    Words,
)
from mappings.dosage import DMD_SYSTEMS, ROUTE, findings_of_uncoded
from mappings.findings import Finding, before, in_order, ordered, refusal, warning
from mappings.shape import Each, Shape, also, f
from mappings.systems import SNOMED_CT, SOURCE_KEY, THO, UKCORE
from mappings.values import Reference, choice, code, reference, when

ENDED = UKCORE + "Extension-UKCore-AllergyIntoleranceEnd"
EVIDENCE = UKCORE + "Extension-UKCore-Evidence"

CLINICAL_STATUS = CodeTable(THO + "allergyintolerance-clinical", "CodeSystem allergyintolerance-clinical 4.0.1", {
    "active": ("active", "Active"), "inactive": ("inactive", "Inactive"), "resolved": ("resolved", "Resolved")})
VERIFICATION = CodeTable(THO + "allergyintolerance-verification", "CodeSystem allergyintolerance-verification 4.0.1", {
    "unconfirmed": ("unconfirmed", "Unconfirmed"), "confirmed": ("confirmed", "Confirmed"),
    "refuted": ("refuted", "Refuted"), "entered in error": ("entered-in-error", "Entered in Error")})
ALLERGY_CODE = CodeTable(SNOMED_CT, "ValueSet UKCore-AllergyCode 2.2.0, its single codes", {
    "no known allergy": ("716186003", "No known allergy"),
    "transfer-degraded drug allergy": ("196461000000101", "Transfer-degraded drug allergy"),
    "transfer-degraded non-drug allergy": ("196471000000108", "Transfer-degraded non-drug allergy")})
# ValueSet UKCore-AllergyManifestation 2.2.0: the manifestation of a reaction of which only the severity is known
NO_INFORMATION = Coded((Coding(THO + "v3-NullFlavor", "NI", "NoInformation"),))
# ValueSets allergy-intolerance-type, -category, -criticality and reaction-event-severity 4.0.1 (all required)
TYPE = code({"allergy": "allergy", "intolerance": "intolerance"})
CATEGORY = code({"food": "food", "medication": "medication", "environment": "environment", "biologic": "biologic"})
CRITICALITY = code({"low": "low", "high": "high", "unable to assess": "unable-to-assess"})
SEVERITY = code({"mild": "mild", "moderate": "moderate", "severe": "severe"})
ONSET: Any = choice(onsetDateTime=when, onsetAge=QUANTITY, onsetPeriod=PERIOD, onsetRange=RANGE, onsetString=WORDS)


@dataclass(frozen=True)
class Reaction:
    """One time it happened. `severity` is mild, moderate or severe; where only that is known the manifestation is NO_INFORMATION,
    in JSON `{"codings": [{"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "NI", "display": "NoInformation"}]}`."""

    manifestations: tuple[Coded, ...]
    substance: Coded | None = None
    severity: str | None = None
    onset: str | None = None
    exposure_route: Annotated[Coded | None, ROUTE] = None
    description: str | None = None
    notes: tuple[Annotation, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """A DiagnosticReport that confirms the diagnosis."""

    report: Reference


@dataclass(frozen=True)
class Allergy:
    """`onset`: a date, an age (a Quantity of years), from and to, a range of ages, or words. `criticality` is the harm to be expected
    next time, not the severity of what happened. `recorded_date` is when it was first recorded."""

    code: Annotated[Coded, ALLERGY_CODE]
    resident: Reference
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    clinical_status: Annotated[Coded | None, CLINICAL_STATUS] = None
    verification_status: Annotated[Coded | None, VERIFICATION] = None
    end_date: str | None = None
    end_reason: str | None = None
    type: str | None = None
    categories: tuple[str, ...] = ()
    criticality: str | None = None
    encounter: Reference | None = None
    onset: str | Quantity | Period | Range | Words | None = None
    recorded_date: str | None = None
    recorder: Reference | None = None
    asserter: Reference | None = None
    last_occurrence: str | None = None
    notes: tuple[Annotation, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def findings(self) -> Iterator[Finding]:
        if self.verification_status is not None and VERIFICATION.word(self.verification_status) == "entered in error":
            for name in ("clinical_status", "end_date", "end_reason"):  # all three are its clinicalStatus in FHIR
                if getattr(self, name):
                    yield refusal(name, "stands on an allergy that was entered in error (FHIR ait-2)")
            return  # a correction travels, however odd the entry was
        if not self.clinical_status:
            yield refusal("clinical_status", "is missing; an allergy is active, inactive or resolved (FHIR ait-1)")
        if ALLERGY_CODE.word(self.code) == "no known allergy" and self.reactions:
            yield refusal("reactions", "describes a reaction where no allergy is known")
        if not any(c.system in DMD_SYSTEMS for c in self.code.codings):
            yield from findings_of_uncoded(
                "code", self.code, "is text only: without a dm+d or SNOMED CT code the receiver cannot check prescriptions against it")
        yield from self._times()

    def _times(self) -> Iterator[Finding]:
        began = self.onset.start if isinstance(self.onset, Period) else self.onset if isinstance(self.onset, str) else None
        yield from in_order("onset", self.onset if isinstance(self.onset, Period) else None)
        yield from ordered(began, self.end_date, "end_date", "is before the allergy began")
        if self.clinical_status and CLINICAL_STATUS.word(self.clinical_status) == "active" and (self.end_date or self.end_reason):
            yield warning("clinical_status", "is active, but the allergy has an end")
        # An onset is when it was first noticed, often an estimate: what is before it may still be right.
        if before(self.last_occurrence, began):
            yield warning("last_occurrence", "is before the allergy began")
        if before(self.recorded_date, began):
            yield warning("recorded_date", "is before the allergy began")


def findings_of_allergies(allergies: tuple[Allergy, ...]) -> Iterator[Finding]:
    """What only all of them together can tell."""
    none = [i for i, allergy in enumerate(allergies) if ALLERGY_CODE.word(allergy.code) == "no known allergy"]
    active = [i for i, allergy in enumerate(allergies) if none and i not in none and _is_active(allergy)]
    for i in none:
        if active and _is_active(allergies[i]):
            yield warning(f"allergies[{i}].code", f"says that no allergy is known, beside allergies[{active[0]}], which is active")


def _is_active(allergy: Allergy) -> bool:
    clinical, verification = allergy.clinical_status or Coded(), allergy.verification_status or Coded()
    return CLINICAL_STATUS.word(clinical) == "active" and VERIFICATION.word(verification) not in ("refuted", "entered in error")


allergy_intolerance = Shape(Allergy, {
    "resourceType": "AllergyIntolerance",
    "meta": also({"profile": [UKCORE + "UKCore-AllergyIntolerance"]}),
    "extension": [Each(f.evidence, Evidence, {"url": EVIDENCE, "valueReference": f.report | reference})],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "clinicalStatus": {
        "extension": [{"url": ENDED, "extension": [
            {"url": "endDate", "valueDateTime": f.end_date | when},
            {"url": "reasonEnded", "valueString": f.end_reason}]}],
        ("coding", "text"): f.clinical_status | CONCEPT},
    "verificationStatus": f.verification_status | CONCEPT,
    "type": f.type | TYPE,
    "category": [Each(f.categories, CATEGORY)],
    "criticality": f.criticality | CRITICALITY,
    "code": f.code | CONCEPT,
    "patient": f.resident | reference,
    "encounter": f.encounter | reference,
    ("onsetDateTime", "onsetAge", "onsetPeriod", "onsetRange", "onsetString"): f.onset | ONSET,
    "recordedDate": f.recorded_date | when,
    "recorder": f.recorder | reference,
    "asserter": f.asserter | reference,
    "lastOccurrence": f.last_occurrence | when,
    "note": [Each(f.notes, NOTE)],
    "reaction": [Each(f.reactions, Reaction, {
        "substance": f.substance | CONCEPT,
        "manifestation": [Each(f.manifestations, CONCEPT)],
        "description": f.description,
        "onset": f.onset | when,
        "severity": f.severity | SEVERITY,
        "exposureRoute": f.exposure_route | CONCEPT,
        "note": [Each(f.notes, NOTE)]})],
})
