"""Elements that other versions of FHIR have and R4 does not, of the types a home sends: what a sender means by them, and how R4 says it.

    said_elsewhere("Encounter", "actualPeriod")      ("FHIR R5", "period")

These are names out of HL7's pages, nobody's own, and so they may be told. Source: HL7 FHIR DSTU2, STU3, R5, the pages of the resources,
section "R4 Diff" (STU3: "DSTU2 Diff").
"""
from __future__ import annotations

DSTU2, STU3, R5 = "FHIR DSTU2", "FHIR STU3", "FHIR R5"

ELSEWHERE: dict[str, dict[str, tuple[str, str]]] = {
    "Patient": {"careProvider": (DSTU2, "generalPractitioner"), "animal": (STU3, "the extension patient-animal")},
    "Encounter": {
        "patient": (DSTU2, "subject"), "indication": (DSTU2, "diagnosis"), "incomingReferral": (STU3, "basedOn"),
        "reason": ("another version of FHIR", "reasonCode or reasonReference"), "actualPeriod": (R5, "period"),
        "admission": (R5, "hospitalization"), "careTeam": (R5, "participant"), "subjectStatus": (R5, "status"),
        "plannedStartDate": (R5, "an extension"), "plannedEndDate": (R5, "an extension")},
    "MedicationStatement": {
        "patient": (DSTU2, "subject"), "wasNotTaken": (DSTU2, "status"), "reasonNotTaken": ("an older version of FHIR", "statusReason"),
        "taken": (STU3, "status"), "medication": (R5, "medicationCodeableConcept or medicationReference"),
        "adherence": (R5, "status"), "encounter": (R5, "context"), "reason": (R5, "reasonCode or reasonReference")},
    "MedicationRequest": {
        "context": (STU3, "encounter"), "definition": (STU3, "instantiatesCanonical"),
        "medication": (R5, "medicationCodeableConcept or medicationReference"), "reason": (R5, "reasonCode or reasonReference"),
        "renderedDosageInstruction": (R5, "dosageInstruction.text")},
    "AllergyIntolerance": {"substance": (DSTU2, "code"), "assertedDate": (STU3, "recordedDate"),
                           "participant": (R5, "recorder and asserter")},
    "Immunization": {
        "date": ("an older version of FHIR", "occurrenceDateTime"), "wasNotGiven": (DSTU2, "status (not-done)"),
        "notGiven": (STU3, "status (not-done)"), "practitioner": (STU3, "performer"),
        "explanation": ("an older version of FHIR", "reasonCode, or statusReason"),
        "vaccinationProtocol": ("an older version of FHIR", "protocolApplied"), "informationSource": (R5, "reportOrigin"),
        "administeredProduct": (R5, "vaccineCode"), "reason": (R5, "reasonCode or reasonReference")},
    "Condition": {
        "patient": (DSTU2, "subject"), "dateRecorded": (DSTU2, "recordedDate"), "assertedDate": (STU3, "recordedDate"),
        "context": (STU3, "encounter"), "participant": (R5, "recorder and asserter")},
    "Observation": {
        "context": (STU3, "encounter"), "comment": (STU3, "note"), "related": (STU3, "hasMember or derivedFrom")},
    "Location": {"form": (R5, "physicalType"), "contact": (R5, "telecom")},
    "Organization": {"description": (R5, "an extension"), "qualification": (R5, "an extension")},
    "Practitioner": {"practitionerRole": (DSTU2, "a resource PractitionerRole"), "role": (STU3, "a resource PractitionerRole")},
    "PractitionerRole": {"contact": (R5, "telecom"), "display": (R5, "an extension")},
}
NAMES = frozenset(name for names in ELSEWHERE.values() for name in names)


def said_elsewhere(kind: str, name: str) -> tuple[str, str] | None:
    """(the version that has it, how R4 says it); None for any other name."""
    return ELSEWHERE.get(kind, {}).get(name)
