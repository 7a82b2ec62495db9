"""A medicine the resident takes, took, will take or does not take <-> UK Core MedicationStatement.

Sources: HL7 FHIR R4, MedicationStatement; UK Core MedicationStatement 2.5.0 and its guidance. What was last *given* is a
MedicationAdministration and compliance aids have no element: neither stands here.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from mappings.codes import CodeTable
from mappings.datatypes import CONCEPT, IDENTIFIER, NOTE, PERIOD, Annotation, Coded, Identifier, Period
from mappings.dosage import DOSAGE, DRUG, Dose, Drug, findings_of_doses, findings_of_drug
from mappings.findings import Finding, before, in_order, warning
from mappings.shape import Each, Shape, also, f
from mappings.systems import SOURCE_KEY, THO, UKCORE, UKCORE_CODES
from mappings.values import Reference, choice, code, reference, when

LAST_ISSUED = UKCORE + "Extension-UKCore-MedicationStatementLastIssueDate"
PHARMACIST_VERIFIED = UKCORE + "Extension-UKCore-PharmacistVerifiedIndicator"
PRESCRIBED_BY = UKCORE + "Extension-UKCore-MedicationPrescribingOrganizationType"

# ValueSet medication-statement-status 4.0.1 (required)
STATUS = code({"active": "active", "completed": "completed", "entered in error": "entered-in-error", "intended": "intended",
               "stopped": "stopped", "on hold": "on-hold", "unknown": "unknown", "not taken": "not-taken"})
# ValueSet UKCore-MedicationStatementCategory 1.1.0 (extensible)
CATEGORY = CodeTable(THO + "medication-statement-category", "CodeSystem medication-statement-category 4.0.1", {
    "inpatient": ("inpatient", "Inpatient"), "outpatient": ("outpatient", "Outpatient"), "community": ("community", "Community"),
    "patient specified": ("patientspecified", "Patient Specified"),
}) | CodeTable(UKCORE_CODES + "UKCore-MedicationStatementCategory", "CodeSystem UKCore-MedicationStatementCategory 1.0.0", {
    "discharge": ("discharge", "Discharge"), "leave": ("leave", "Leave"),
})
PRESCRIBER = CodeTable(
    UKCORE_CODES + "UKCore-MedicationPrescribingOrganizationType", "CodeSystem UKCore-MedicationPrescribingOrganizationType 1.0.0", {
        "GP practice": ("prescribed-at-gp-practice", "Prescribed at GP practice"),
        "another organisation": ("prescribed-by-another-organisation", "Prescribed by another organisation")})


@dataclass(frozen=True)
class Medication:
    """`taken` is the day, or from and to. `last_issued` is when it was last prescribed, not when it was last given.

    `reasons` are why it is taken, `status_reasons` why it is stopped, on hold or not taken.
    """

    status: str
    drug: Drug
    resident: Reference
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    status_reasons: tuple[Coded, ...] = ()
    category: Annotated[Coded | None, CATEGORY] = None
    taken: str | Period | None = None
    date_asserted: str | None = None
    information_source: Reference | None = None
    doses: tuple[Dose, ...] = ()
    reasons: tuple[Coded, ...] = ()
    reason_references: tuple[Reference, ...] = ()
    notes: tuple[Annotation, ...] = ()
    last_issued: str | None = None
    pharmacist_verified: bool | None = None
    prescribed_by: Annotated[Coded | None, PRESCRIBER] = None
    context: Reference | None = None
    based_on: tuple[Reference, ...] = ()
    part_of: tuple[Reference, ...] = ()
    derived_from: tuple[Reference, ...] = ()

    def findings(self) -> Iterator[Finding]:
        if self.status == "entered in error":
            return  # a correction travels, however odd the entry was
        period = self.taken if isinstance(self.taken, Period) else None
        yield from in_order("taken", period)
        # UK Core guidance says SHALL to both. A stopped medicine that does not travel is worse than one without a reason.
        if self.status in ("stopped", "on hold") and not self.status_reasons:
            yield warning("status_reasons", "is missing; UK Core asks why a medicine is stopped or on hold")
        if self.status == "intended" and not self.taken:
            yield warning("taken", "is missing; UK Core asks when an intended medicine is to be taken")
        if self.status == "active" and period and before(period.end, self.date_asserted):
            yield warning("status", "is active, but the medicine had ended when this was asserted")
        if self.based_on and self.derived_from:
            yield warning("derived_from", "stands beside based_on; UK Core asks for one of them")
        yield from findings_of_doses(self.doses)
        yield from findings_of_drug(self.drug)


NOT_TAKEN = ("entered in error", "stopped", "completed", "not taken")


def _name(medicine: Medication) -> str | None:
    return medicine.drug.text if isinstance(medicine.drug, Coded) else None


def findings_of_medicines(medicines: tuple[Medication, ...]) -> Iterator[Finding]:
    """What only all of them together can tell: one that stands twice may be given twice."""
    first: dict[Any, int] = {}
    names = Counter(_name(medicine) for medicine in medicines)  # the whole is dear to compare: only where the names are alike
    for i, medicine in enumerate(medicines):
        if names[_name(medicine)] == 1 or medicine.status in NOT_TAKEN:
            continue
        if (before := first.setdefault((medicine.drug, medicine.doses), i)) != i:
            yield warning(f"medicines[{i}]", f"is the same drug in the same dose as medicines[{before}]")


medication_statement = Shape(Medication, {
    "resourceType": "MedicationStatement",
    "meta": also({"profile": [UKCORE + "UKCore-MedicationStatement"]}),
    "extension": [
        {"url": LAST_ISSUED, "valueDateTime": f.last_issued | when},
        {"url": PHARMACIST_VERIFIED, "valueBoolean": f.pharmacist_verified},
        {"url": PRESCRIBED_BY, "valueCodeableConcept": f.prescribed_by | CONCEPT}],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "basedOn": [Each(f.based_on, reference)],
    "partOf": [Each(f.part_of, reference)],
    "status": f.status | STATUS,
    "statusReason": [Each(f.status_reasons, CONCEPT)],
    "category": f.category | CONCEPT,
    ("medicationCodeableConcept", "medicationReference"): f.drug | DRUG,
    "subject": f.resident | reference,
    "context": f.context | reference,
    ("effectiveDateTime", "effectivePeriod"): f.taken | choice(effectiveDateTime=when, effectivePeriod=PERIOD),
    "dateAsserted": f.date_asserted | when,
    "informationSource": f.information_source | reference,
    "derivedFrom": [Each(f.derived_from, reference)],
    "reasonCode": [Each(f.reasons, CONCEPT)],
    "reasonReference": [Each(f.reason_references, reference)],
    "note": [Each(f.notes, NOTE)],
    "dosage": [Each(f.doses, DOSAGE, by=f.sequence)],
})
