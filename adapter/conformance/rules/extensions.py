"""Extensions and profiles of UK Core: their spelling, and whether they are published, withdrawn or drafts."""
from __future__ import annotations

import re
from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.identifiers import plain
from adapter.conformance.rules.reading import text, texts
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import HL7, UKCORE

OURS = UKCORE + "Extension-UKCore-"
PLAIN_OURS = plain(OURS)
NONE = "nothing in UK Core takes its place"
# Retired in UK Core, and what is used instead. Source: the StructureDefinitions with status retired, and the profiles' own guidance.
RETIRED = {
    "ActualProblem": NONE, "AnaestheticIssues": NONE, "ClinicalSetting": NONE, "CodingSCTDescId": f"use {HL7}coding-sctdescid",
    "EffectivePeriod": NONE, "EncounterTransport": NONE, "MedicalApplianceSupplier": NONE, "MedicationChangeSummary": NONE,
    "MedicationDosageLastChanged": NONE, "MedicationPrescribingAgency": f"use {OURS}MedicationPrescribingOrganizationType",
    "MedicationPrescribingOrganization": f"use {OURS}MedicationPrescribingOrganizationType", "MedicationQuantityText": NONE,
    "MessageHeaderInstruction": NONE, "NHSCommunication": f"use Patient.communication with {HL7}patient-proficiency",
    "NominatedPharmacy": NONE, "OverseasVisitorChargingCategory": NONE, "PreferredDispenserOrganization": NONE, "PrescriptionType": NONE,
    "ProblemSignificance": NONE, "RelatedClinicalContent": NONE, "RelatedProblemHeader": NONE,
    "ReligiousAffiliation": f"use {HL7}patient-religion", "ServiceRequestMethod": NONE, "TreatmentCategory": NONE,
}
INSTEAD = {OURS + name: instead for name, instead in RETIRED.items()}
# The profiles of UK Core STU2 2.0.2, the last published package.
PUBLISHED = frozenset(UKCORE + "UKCore-" + name for name in (
    "AllergyIntolerance", "Appointment", "Composition", "Condition", "DiagnosticReport-Lab", "DiagnosticReport", "Encounter",
    "FamilyMemberHistory", "HealthcareService", "Immunization", "List", "Location", "Medication", "MedicationAdministration",
    "MedicationDispense", "MedicationRequest", "MedicationStatement", "Observation-Group-Lab", "Observation-Lab", "Observation",
    "Organization", "Patient", "Practitioner", "PractitionerRole", "Procedure", "RelatedPerson", "Schedule", "ServiceRequest-Lab",
    "ServiceRequest", "Slot", "Specimen"))
LATER = re.compile(r"http://hl7\.org/fhir/[56]\.\d/")


def _spelling(extension: Object) -> Sequence[Said]:
    url = text(extension, "url")
    if url.startswith(OURS) or "://" not in url or not plain(url).startswith(PLAIN_OURS):
        return ()
    return ((".url", f"is misspelt: the URL of an extension of UK Core begins with {OURS}"),)


def _retired(extension: Object) -> Sequence[Said]:
    instead = INSTEAD.get(text(extension, "url"))
    return ((".url", f"is of an extension that UK Core has retired; {instead}"),) if instead else ()


def _later(extension: Object) -> Sequence[Said]:
    url = text(extension, "url")
    if not LATER.match(url) or "/StructureDefinition/extension-" in url:
        return ()
    return ((".url", "is no URL of an element of a later FHIR version: http://hl7.org/fhir/5.0/StructureDefinition/extension-Type.element"),)


def _draft(meta: Object) -> Sequence[Said]:
    return [(at, "is a profile that the published UK Core (STU2 2.0.2) does not have") for at, profile in texts(meta, "profile")
            if profile.startswith(UKCORE + "UKCore-") and profile.partition("|")[0] not in PUBLISHED]


def _patient(url: str, **value: object) -> Object:
    return {"resourceType": "Patient", "extension": [{"url": url, **value}]}


def _pulse(**more: object) -> Object:
    return {"resourceType": "Observation", **more, "status": "final", "code": {"text": "Pulse"}}


R5 = "http://hl7.org/fhir/5.0/StructureDefinition/"
WHERE: Object = {"url": f"{R5}extension-Observation.bodyStructure", "valueReference": {"reference": "BodyStructure/1"}}
SIKH: dict[str, object] = {"valueCodeableConcept": {"text": "Sikh"}}

PROFILE_DRAFT = Rule(      # not asked where a receiver wants the drafts (checker.py)
    "rb-profile-draft", Level.WARNING, ("Meta",), _draft,
    "meta.profile claims only profiles that are published: UK Core STU2 2.0.2.",
    fix="claim the published profile, or none; a draft only to a receiver who has asked for it (`definitions` of its endpoint)",
    source="UK Core, Lifecycle: balloted packages contain neither draft nor retired assets",
    good=_pulse(meta={"profile": [UKCORE + "UKCore-Observation"]}),
    bad=_pulse(meta={"profile": [UKCORE + "UKCore-Observation-VitalSigns-HeartRate"]}))

RULES = (
    Rule("rb-extension-spelling", Level.ERROR, ("Extension",), _spelling,
         "The URL of an extension of UK Core begins as UK Core writes it: https, no capital lost, Extension-UKCore-.",
         fix="write it exactly so: under another URL nobody knows the extension",
         source="UK Core, Extension Library",
         good=_patient(OURS + "ResidentialStatus", valueCodeableConcept={"text": "UK resident"}),
         bad=_patient(OURS.replace("https", "http") + "ResidentialStatus", valueCodeableConcept={"text": "UK resident"})),
    Rule("rb-extension-retired", Level.WARNING, ("Extension",), _retired,
         "What is sent has no extension that UK Core has retired; what is received may.",
         fix="",
         source="UK Core, Extension Library: StructureDefinition.status is retired",
         good=_patient(HL7 + "patient-religion", **SIKH), bad=_patient(OURS + "ReligiousAffiliation", **SIKH)),
    Rule("rb-extension-later", Level.WARNING, ("Extension",), _later,
         "An element of FHIR R5 or R6 that is used in R4 has the URL of its back-port.",
         fix="write the URL so",
         source="UK Core, HL7 Backport Elements; HL7 FHIR R5, Version Management",
         good=_pulse(extension=[WHERE]), bad=_pulse(extension=[WHERE | {"url": f"{R5}Observation.bodyStructure"}])),
    PROFILE_DRAFT,
)
