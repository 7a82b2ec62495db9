"""A prescription, as the hospital sends it home at discharge <-> UK Core MedicationRequest. Read only for now: a home does not prescribe.

Sources: HL7 FHIR R4, MedicationRequest; UK Core MedicationRequest 2.5.0 and its guidance.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from mappings.codes import CodeTable
from mappings.datatypes import CONCEPT, IDENTIFIER, NOTE, PERIOD, QUANTITY, Annotation, Coded, Identifier, Period, Quantity
from mappings.dosage import DOSAGE, DRUG, Dose, Drug, findings_of_doses, findings_of_drug
from mappings.findings import Finding, in_order, warning
from mappings.shape import Each, Part, Shape, also, f
from mappings.systems import SOURCE_KEY, THO, UKCORE, UKCORE_CODES
from mappings.values import Reference, choice, code, reference, unsigned, when

REPEATS = UKCORE + "Extension-UKCore-MedicationRepeatInformation"

# ValueSets medicationrequest-status, medicationrequest-intent and request-priority 4.0.1 (all required)
STATUS = code({"active": "active", "on hold": "on-hold", "cancelled": "cancelled", "completed": "completed",
               "entered in error": "entered-in-error", "stopped": "stopped", "draft": "draft", "unknown": "unknown"})
INTENT = code({"proposal": "proposal", "plan": "plan", "order": "order", "original order": "original-order", "reflex order": "reflex-order",
               "filler order": "filler-order", "instance order": "instance-order", "option": "option"})
PRIORITY = code({"routine": "routine", "urgent": "urgent", "asap": "asap", "stat": "stat"})
# ValueSet UKCore-MedicationRequestCategory 1.1.2 (extensible)
CATEGORY = CodeTable(THO + "medicationrequest-category", "CodeSystem medicationrequest-category 4.0.1", {
    "inpatient": ("inpatient", "Inpatient"), "outpatient": ("outpatient", "Outpatient"), "community": ("community", "Community"),
    "discharge": ("discharge", "Discharge"),
}) | CodeTable(UKCORE_CODES + "UKCore-MedicationRequestCategory", "CodeSystem UKCore-MedicationRequestCategory 1.1.1", {
    "leave": ("leave", "Leave"), "primary care": ("primarycare", "Primary Care"),
})
# ValueSet UKCore-MedicationRequestCourseOfTherapy 1.0.0 (extensible)
COURSE = CodeTable(THO + "medicationrequest-course-of-therapy", "CodeSystem medicationrequest-course-of-therapy 4.0.1", {
    "long term": ("continuous", "Continuous long term therapy"), "short course": ("acute", "Short course (acute) therapy"),
}) | CodeTable(UKCORE_CODES + "UKCore-MedicationRequestCourseOfTherapy", "CodeSystem UKCore-MedicationRequestCourseOfTherapy 1.0.0", {
    "long term, repeat dispensing": ("continuous-repeating-dispensing", "Continuous long term (repeat dispensing)"),
})


@dataclass(frozen=True)
class Dispense:
    """What is to be supplied: so much, enough for `expected_supply_duration`, again `repeats_allowed` times within `validity_period`."""

    validity_period: Period | None = None
    repeats_allowed: int | None = None
    quantity: Quantity | None = None
    expected_supply_duration: Quantity | None = None
    interval: Quantity | None = None
    performer: Reference | None = None


@dataclass(frozen=True)
class MedicationRequest:
    """`do_not_perform`: the drug must *not* be given. `reported`: not first hand, or by whom. `group_identifier`: the prescription
    this item is on. `prior_prescription`: the one it replaces."""

    status: str
    intent: str
    drug: Drug
    resident: Reference
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    status_reason: Coded | None = None
    categories: Annotated[tuple[Coded, ...], CATEGORY] = ()
    priority: str | None = None
    do_not_perform: bool | None = None
    reported: bool | Reference | None = None
    encounter: Reference | None = None
    authored_on: str | None = None
    requester: Reference | None = None
    performer: Reference | None = None
    recorder: Reference | None = None
    reasons: tuple[Coded, ...] = ()
    reason_references: tuple[Reference, ...] = ()
    based_on: tuple[Reference, ...] = ()
    group_identifier: Identifier | None = None
    course_of_therapy: Annotated[Coded | None, COURSE] = None
    notes: tuple[Annotation, ...] = ()
    doses: tuple[Dose, ...] = ()
    dispense: Dispense | None = None
    substitution_allowed: bool | Coded | None = None
    substitution_reason: Coded | None = None
    prior_prescription: Reference | None = None
    prescriptions_issued: int | None = None
    authorisation_expiry_date: str | None = None

    def findings(self) -> Iterator[Finding]:
        if self.status == "entered in error":
            return  # a correction travels, however odd the entry was
        yield from in_order("dispense.validity_period", self.dispense.validity_period if self.dispense else None)
        if self.status_reason and self.status not in ("on hold", "cancelled", "stopped"):
            yield warning("status_reason", "is only for a prescription on hold, cancelled or stopped (UK Core guidance)")
        if self.substitution_allowed is None:
            yield warning("substitution_allowed", "is missing; UK Core requires it")
        yield from findings_of_doses(self.doses)
        yield from findings_of_drug(self.drug)


DISPENSE = Part(Dispense, {
    "dispenseInterval": f.interval | QUANTITY,
    "validityPeriod": f.validity_period | PERIOD,
    "numberOfRepeatsAllowed": f.repeats_allowed | unsigned,
    "quantity": f.quantity | QUANTITY,
    "expectedSupplyDuration": f.expected_supply_duration | QUANTITY,
    "performer": f.performer | reference,
})

medication_request = Shape(MedicationRequest, {
    "resourceType": "MedicationRequest",
    "meta": also({"profile": [UKCORE + "UKCore-MedicationRequest"]}),
    "extension": [{"url": REPEATS, "extension": [
        {"url": "numberOfPrescriptionsIssued", "valueUnsignedInt": f.prescriptions_issued | unsigned},
        {"url": "authorisationExpiryDate", "valueDateTime": f.authorisation_expiry_date | when}]}],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "status": f.status | STATUS,
    "statusReason": f.status_reason | CONCEPT,
    "intent": f.intent | INTENT,
    "category": [Each(f.categories, CONCEPT)],
    "priority": f.priority | PRIORITY,
    "doNotPerform": f.do_not_perform,
    ("reportedBoolean", "reportedReference"): f.reported | choice(reportedBoolean=bool, reportedReference=reference),
    ("medicationCodeableConcept", "medicationReference"): f.drug | DRUG,
    "subject": f.resident | reference,
    "encounter": f.encounter | reference,
    "authoredOn": f.authored_on | when,
    "requester": f.requester | reference,
    "performer": f.performer | reference,
    "recorder": f.recorder | reference,
    "reasonCode": [Each(f.reasons, CONCEPT)],
    "reasonReference": [Each(f.reason_references, reference)],
    "basedOn": [Each(f.based_on, reference)],
    "groupIdentifier": f.group_identifier | IDENTIFIER,
    "courseOfTherapyType": f.course_of_therapy | CONCEPT,
    "note": [Each(f.notes, NOTE)],
    "dosageInstruction": [Each(f.doses, DOSAGE, by=f.sequence)],
    "dispenseRequest": f.dispense | DISPENSE,
    "substitution": {
        ("allowedBoolean", "allowedCodeableConcept"): f.substitution_allowed | choice(allowedBoolean=bool, allowedCodeableConcept=CONCEPT),
        "reason": f.substitution_reason | CONCEPT},
    "priorPrescription": f.prior_prescription | reference,
})
