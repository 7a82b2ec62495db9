"""Slices, fixed and pattern values, and extensions: one fault each, in the profiles of UK Core STU2 2.0.2 and in HL7's own.

Longer than a file should be because it is one table: the rule, and (base, edits). The engine is not expected to refuse every one (slicing
is mostly open): what it says is the verdict.
"""
from __future__ import annotations

from typing import Any

from tests.mutants.edits import DROP, Edits

UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/"
EXTENSION = f"{UKCORE}Extension-UKCore-"
FHIR = "http://hl7.org/fhir/StructureDefinition/"
R5 = "http://hl7.org/fhir/5.0/StructureDefinition/"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
SITE = "https://fhir.nhs.uk/Id/ods-site-code"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
KEY = "address[0].extension[0]"
STATUS = "identifier[1].extension[0].valueCodeableConcept"
VITAL = "category[0].coding[0]"


def extension(name: str, **value: Any) -> dict[str, Any]:
    return {"url": name if ":" in name else EXTENSION + name, **value}


def concept(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, **more}]}


def text(said: str) -> dict[str, str]:
    return {"text": said}


SEX = extension("BirthSex", valueCodeableConcept=concept("http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender", "F"))
ETHNIC = extension("EthnicCategory", valueCodeableConcept=concept("https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland", "B"))
RANK = extension("ContactRank", valuePositiveInt=1)
VERIFIED = extension(
    "NHSNumberVerificationStatus",
    valueCodeableConcept=concept("https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "01"),
)

SLICES: list[tuple[str, Edits]] = [
    ("patient/full", {"identifier[+]": {"system": NHS, "value": "9990000034"}}),
    ("patient/typical", {"identifier[+]": {"system": NHS, "value": "9990000042"}}),
    ("patient/full", {"identifier[1].value": DROP}),
    ("patient/typical", {"identifier[1].value": DROP}),
    ("patient/full", {"identifier[1].system": DROP}),
    ("patient/full", {"identifier[1].system": "https://fhir.nhs.uk/Id/NHS-number"}),
    ("patient/full", {"identifier[1].extension[+]": VERIFIED}),
    ("patient/full", {"extension[+]": ETHNIC}),
    ("patient/typical", {"extension[+]": ETHNIC}),
    ("patient/full", {"extension[+]": SEX}),
    ("patient/full", {"contact[0].extension[+]": RANK}),
    (
        "patient/typical",
        {
            "communication": [
                {
                    "language": concept("urn:ietf:bcp:47", "en"),
                    "extension": [
                        {
                            "url": f"{FHIR}patient-proficiency",
                            "extension": [
                                {
                                    "url": "type",
                                    "valueCoding": {
                                        "system": "http://terminology.hl7.org/CodeSystem/v3-LanguageAbilityMode",
                                        "code": "ESP",
                                    },
                                }
                            ],
                        }
                    ]
                    * 2,
                }
            ]
        },
    ),
    ("organization/full", {"identifier[+]": {"system": ODS, "value": "VZ903"}}),
    ("organization/full", {"identifier[+]": {"system": SITE, "value": "VZ903"}}),
    ("organization/full", {"identifier[1].value": DROP}),
    ("organization/full", {"identifier[2].value": DROP}),
    ("organization/full", {"extension[+]": extension("MainLocation", valueReference={"reference": "Location/2"})}),
    ("location/full", {"identifier[+]": {"system": SITE, "value": "VZ903"}}),
    ("location/full", {"identifier[1].value": DROP}),
    ("list/full", {"extension[+]": extension("CareSettingType", valueCodeableConcept=text("ward"))}),
    ("immunization/full", {"extension[+]": extension("ParentPresent", valueBoolean=True)}),
    ("immunization/typical", {"extension[+]": extension("VaccinationProcedure", valueCodeableConcept=text("flu"))}),
    ("encounter/full", {"extension[+]": extension("DischargeMethod", valueCodeableConcept=text("x"))}),
    ("encounter/full", {"hospitalization.extension[+]": extension("AdmissionMethod", valueCodeableConcept=text("x"))}),
    ("medication_statement/full", {"extension[+]": extension("PharmacistVerifiedIndicator", valueBoolean=False)}),
    ("medication_statement/full", {"extension[+]": extension("MedicationStatementLastIssueDate", valueDateTime="2025")}),
    (
        "medication_request/full",
        {
            "extension[+]": extension(
                "MedicationRepeatInformation", extension=[{"url": "numberOfPrescriptionsIssued", "valueUnsignedInt": 1}]
            )
        },
    ),
    ("service-request", {"extension[+]": extension("Coverage", valueCodeableConcept=text("x"))}),
    ("appointment", {"extension[+]": extension("DeliveryChannel", valueCodeableConcept=text("x"))}),
    # complex extensions
    ("patient/full", {f"{KEY}.extension[0]": DROP}),
    ("patient/full", {f"{KEY}.extension[1]": DROP}),
    ("organization/full", {f"{KEY}.extension[1]": DROP}),
    ("related_person/full", {f"{KEY}.extension[0]": DROP}),
    ("patient/full", {f"{KEY}.extension[+]": {"url": "value", "valueString": "2"}}),
    ("patient/full", {f"{KEY}.extension[+]": {"url": "colour", "valueString": "2"}}),
    ("patient/full", {f"{KEY}.extension[1].url": "Value"}),
    ("patient/full", {"extension[6].extension[+]": {"url": "PreferredContactTimes", "valueString": "x"}}),
    ("related_person/full", {"extension[0].extension[0].url": "preferredContactMethod"}),
    ("allergy_intolerance/full", {"clinicalStatus.extension[0].extension[+]": {"url": "endDate", "valueDateTime": "2022"}}),
    ("medication_request/full", {"extension[0].extension[+]": {"url": "authorisationExpiryDate", "valueDateTime": "2027"}}),
    (
        "patient/typical",
        {"extension[+]": extension("DeathNotificationStatus", extension=[{"url": "systemEffectiveDate", "valueDateTime": "2025-01-01"}])},
    ),
    (
        "encounter/full",
        {"extension[+]": extension("LegalStatus", extension=[{"url": "legalStatusContext", "valueCodeableConcept": text("x")}])},
    ),
    # laboratory
    ("observation-lab", {"category": DROP}),
    ("observation-lab", {"category[0].coding[0].code": "imaging"}),
    ("observation-lab", {"category[0].coding[0].system": "https://home.example/c"}),
    ("observation-lab", {"category[0].coding[0].system": DROP}),
    ("observation-lab", {"category[+]": concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")}),
    ("observation-group-lab", {"category[0].coding[0].code": "exam"}),
    ("diagnostic-report-lab", {"category": [text("laboratory")]}),
    ("diagnostic-report-lab", {"category[+]": concept("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB")}),
    ("diagnostic-report-lab", {"category[0].coding[0].system": "http://terminology.hl7.org/CodeSystem/observation-category"}),
    # HL7's vital signs, which the engine adds by the code of the observation
    ("observation-heart-rate", {"category": DROP}),
    ("observation-heart-rate", {f"{VITAL}.code": "exam"}),
    ("observation-heart-rate", {f"{VITAL}.system": DROP}),
    ("observation-heart-rate", {"category[+]": concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")}),
    ("observation-heart-rate", {"effectiveDateTime": DROP}),
    ("observation-heart-rate", {"subject": DROP}),
    ("observation-heart-rate", {"valueQuantity.value": DROP}),
    ("observation-heart-rate", {"valueQuantity.unit": DROP}),
    ("observation-heart-rate", {"valueQuantity.code": DROP}),
    ("observation-heart-rate", {"valueQuantity": DROP}),
    ("observation-heart-rate", {"valueQuantity": DROP, "valueString": "88"}),
    ("observation-heart-rate", {"valueQuantity": DROP, "dataAbsentReason": text("refused")}),
    ("observation-heart-rate", {"effectiveDateTime": "2025"}),
    ("observation-temperature", {"category": DROP}),
    ("observation-temperature", {"valueQuantity": DROP}),
    ("observation-temperature", {"effectiveDateTime": DROP, "effectiveInstant": "2025-01-14T21:30:00Z"}),
    ("observation-blood-pressure", {"component[0]": DROP}),
    ("observation-blood-pressure", {"component[1]": DROP}),
    ("observation-blood-pressure", {"component": DROP}),
    ("observation-blood-pressure", {"component[0].valueQuantity": DROP}),
    ("observation-blood-pressure", {"component[1].valueQuantity.unit": DROP}),
    (
        "observation-blood-pressure",
        {
            "component[+]": {
                "code": concept("http://loinc.org", "8480-6"),
                "valueQuantity": {"value": 1, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
            }
        },
    ),
    ("observation-blood-pressure", {"component[+]": {"code": text("cuff"), "valueString": "large"}}),
    ("observation-blood-pressure", {"valueQuantity": {"value": 1}}),
    # closed and in order, told apart by what a reference leads to
    ("lipids-report", {"result[2]": DROP}),
    ("lipids-report", {"result[0]": {"reference": "#tri"}, "result[1]": {"reference": "#cho"}}),
    ("lipids-report", {"result[+]": {"reference": "Observation/another"}}),
    ("lipids-report", {"result[+]": {"reference": "#hdl"}}),
    ("lipids-report", {"contained[0].code.coding[0].code": "35201-3"}),
    ("lipids-report", {"contained[1].referenceRange": DROP}),
    (
        "provenance-history",
        {
            "agent[+]": {
                "type": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "AUT"),
                "who": {"reference": "Practitioner/2"},
            }
        },
    ),
]

FIXED: list[tuple[str, Edits]] = [
    ("observation-heart-rate", {"valueQuantity.code": "/h"}),
    ("observation-heart-rate", {"valueQuantity.system": "https://home.example/units"}),
    ("observation-temperature", {"valueQuantity.code": "K"}),
    ("observation-temperature", {"valueQuantity.system": "http://snomed.info/sct"}),
    ("observation-blood-pressure", {"component[0].valueQuantity.code": "kPa"}),
    ("observation-blood-pressure", {"component[1].valueQuantity.system": "urn:units"}),
    ("lipids-cholesterol", {"code.coding[0].display": DROP}),
    ("lipids-cholesterol", {"code.text": "Cholesterol"}),
    ("lipids-cholesterol", {"code.coding[+]": {"system": "https://home.example/c", "code": "1"}}),
    ("lipids-cholesterol", {"code.coding[0].code": "35217-9"}),
    ("lipids-cholesterol", {"valueQuantity.unit": "mmol/l"}),
    ("lipids-cholesterol", {"valueQuantity.unit": "mg/dL"}),
    ("lipids-cholesterol", {"valueQuantity.code": "mg/dL"}),
    ("lipids-cholesterol", {"referenceRange[0].high.value": 4.6}),
    ("lipids-cholesterol", {"referenceRange[0].high.unit": "mmol/L"}),
    ("lipids-triglyceride", {"referenceRange[0].high.value": 2.1}),
    ("lipids-report", {"code.coding[0].display": "Lipids"}),
    ("lipids-report", {"code.text": "Lipids"}),
    ("observation-lab", {"category[0].coding[0].system": "http://terminology.hl7.org/CodeSystem/v2-0074"}),
]

PATTERNS: list[tuple[str, Edits]] = [
    ("lipids-triglyceride", {"code.coding[0].code": "35200-5"}),
    ("lipids-triglyceride", {"code.coding[0].system": "https://home.example/c"}),
    ("lipids-triglyceride", {"code.coding[0].display": DROP}),
    ("lipids-triglyceride", {"code.coding": DROP, "code.text": "Triglyceride"}),
    ("lipids-triglyceride", {"code.text": "Triglyceride"}),  # more than the pattern: allowed
    ("lipids-triglyceride", {"code.coding[+]": {"system": "https://home.example/c", "code": "1"}}),  # the same
    ("provenance-history", {"agent[0].type.text": "author"}),  # the same
    ("provenance-history", {"agent[0].type.coding[0].code": "PRF"}),
]

MOST: list[tuple[str, Edits]] = [
    ("lipids-cholesterol", {"referenceRange[0].low": {"value": 1}}),
    ("lipids-cholesterol", {"referenceRange[0].text": "up to 4.5"}),
    ("lipids-cholesterol", {"referenceRange[0].appliesTo": [text("women")]}),
    ("lipids-cholesterol", {"referenceRange[+]": {"high": {"value": 4.5}}}),
    ("lipids-cholesterol", {"hasMember": [{"reference": "Observation/1"}]}),
    ("lipids-cholesterol", {"valueQuantity.comparator": "<"}),
    ("lipids-cholesterol", {"interpretation": [text("high"), text("very high")]}),
    ("lipids-report", {"conclusionCode": [text("fine")]}),
    ("lipids-report", {"result[1]": DROP, "contained[1]": DROP}),
    ("observation-group-lab", {"referenceRange": [{"text": "x"}]}),
    ("provenance-history", {"occurredDateTime": DROP}),
    ("provenance-history", {"activity": DROP}),
    ("provenance-history", {"agent[0].type": DROP}),
    ("provenance-history", {"occurredDateTime": DROP, "occurredPeriod": {"start": "2025"}}),
    (
        "patient/full",
        {
            "extension[0].extension": [{"url": f"{FHIR}data-absent-reason", "valueCode": "unknown"}],
            "extension[0].valueCodeableConcept": DROP,
        },
    ),
]

EXTENSIONS: list[tuple[str, Edits]] = [
    # not known
    ("patient/full", {"extension[+]": extension("Colour", valueString="x")}),
    ("patient/full", {"extension[+]": extension("https://home.example/colour", valueString="x")}),
    ("patient/full", {"extension[+]": extension("http://example.org/colour", valueString="x")}),
    ("patient/full", {"extension[+]": extension(f"{FHIR}patient-colour", valueString="x")}),
    ("patient/full", {"extension[+]": extension("urn:oid:2.16.840.1.113883.2.1", valueString="x")}),
    ("patient/full", {"extension[+]": extension("NominatedPharmacy", valueReference={"reference": "Organization/1"})}),
    ("encounter/full", {"extension[+]": extension(f"{R5}extension-Encounter.plannedStartDate", valueDateTime="2025")}),
    (
        "medication_statement/full",
        {"extension[+]": extension("https://fhir.hl7.org.uk/StructureDefinition/Extension-CareConnect-X", valueString="x")},
    ),
    ("immunization/full", {"extension[0].url": f"{EXTENSION}vaccinationprocedure"}),
    ("list/full", {"extension[0].url": f"{EXTENSION}CareSettingType|1.0.0"}),
    # url
    ("patient/full", {"extension[0].url": DROP}),
    ("patient/full", {"extension[0].url": ""}),
    ("patient/full", {"extension[0].url": "BirthSex"}),
    ("patient/full", {"extension[6].extension[1].url": DROP}),
    ("organization/full", {"extension[1].url": "organization-period"}),
    ("patient/full", {"extension[0]._url": {"extension": []}}),
    # where it stands
    ("organization/full", {"extension[+]": SEX}),
    ("practitioner/full", {"extension": [SEX]}),
    ("patient/full", {"contact[0].extension[+]": SEX}),
    ("patient/full", {"extension[+]": RANK}),
    ("related_person/full", {"extension[+]": RANK}),
    ("related_person/full", {"identifier[1].extension": [VERIFIED]}),
    ("patient/full", {"extension[+]": VERIFIED}),
    ("encounter/full", {"extension[+]": extension("AdmissionMethod", valueCodeableConcept=text("x"))}),
    ("encounter/full", {"hospitalization.extension[+]": extension("DischargeMethod", valueCodeableConcept=text("x"))}),
    (
        "encounter/full",
        {
            "location[0].extension": [
                extension(
                    "LegalStatus",
                    extension=[
                        {"url": "legalStatusContext", "valueCodeableConcept": text("x")},
                        {"url": "legalStatusClassification", "valueCodeableConcept": text("x")},
                    ],
                )
            ]
        },
    ),
    (
        "patient/full",
        {
            "extension[+]": extension(
                "AddressKey", extension=[{"url": "type", "valueCodeableConcept": text("x")}, {"url": "value", "valueString": "1"}]
            )
        },
    ),
    ("patient/full", {"telecom[0].extension": [extension("OtherContactSystem", valueCodeableConcept=text("textphone"))]}),
    (
        "allergy_intolerance/full",
        {"extension[+]": extension("AllergyIntoleranceEnd", extension=[{"url": "endDate", "valueDateTime": "2021"}])},
    ),
    (
        "allergy_intolerance/full",
        {"verificationStatus.extension": [extension("AllergyIntoleranceEnd", extension=[{"url": "endDate", "valueDateTime": "2021"}])]},
    ),
    (
        "medication_statement/full",
        {
            "extension[+]": extension(
                "MedicationRepeatInformation", extension=[{"url": "numberOfPrescriptionsIssued", "valueUnsignedInt": 1}]
            )
        },
    ),
    ("medication_request/full", {"extension[+]": extension("PharmacistVerifiedIndicator", valueBoolean=True)}),
    ("condition/full", {"extension[+]": extension("Evidence", valueReference={"reference": "DiagnosticReport/1"})}),
    ("immunization/full", {"performer[0].extension": [extension("ParentPresent", valueBoolean=True)]}),
    ("list/full", {"entry[0].extension": [extension("ListWarningCode", valueCodeableConcept=text("x"))]}),
    ("patient/full", {"extension[+]": {"url": f"{FHIR}patient-birthTime", "valueDateTime": "1936-11-05T23:40:00Z"}}),
    ("organization/full", {"extension[+]": {"url": f"{FHIR}patient-religion", "valueCodeableConcept": text("x")}}),
    ("practitioner_role/full", {"extension": [{"url": f"{FHIR}organization-period", "valuePeriod": {"start": "1998"}}]}),
    ("medication_statement/full", {"medicationReference.extension": [extension("CodingSCTDescDisplay", valueString="x")]}),
    (
        "patient/full",
        {"extension[0].extension": [extension("CodingSCTDescDisplay", valueString="x")], "extension[0].valueCodeableConcept": DROP},
    ),
    ("patient/full", {"_gender": {"extension": [{"url": f"{FHIR}patient-birthTime", "valueDateTime": "1936-11-05T23:40:00Z"}]}}),
    ("patient/full", {"name[0].extension": [{"url": f"{FHIR}humanname-own-prefix", "valueString": "van"}]}),
    ("diagnostic-report-lab", {"extension": [extension("DeviceReference", valueReference={"reference": "Device/1"})]}),
    ("specimen", {"extension": [extension("BodySiteReference", valueReference={"reference": "BodyStructure/1"})]}),
    ("service-request", {"extension[+]": extension("PriorityReason", valueCodeableConcept=text("x"))}),
    ("observation-lab", {"extension": [extension("SampleCategory", valueCodeableConcept=text("x"))]}),
    # its value
    ("patient/full", {"extension[0].valueCodeableConcept": DROP, "extension[0].valueString": "F"}),
    ("patient/full", {"extension[0].valueCodeableConcept": DROP, "extension[0].valueCode": "F"}),
    ("patient/full", {"extension[0].valueCodeableConcept": DROP, "extension[0].valueCoding": {"code": "F"}}),
    ("patient/full", {"extension[1].valueAddress": DROP, "extension[1].valueString": "Aberystwyth"}),
    ("patient/full", {"extension[5].valueBoolean": DROP, "extension[5].valueString": "true"}),
    ("patient/full", {"extension[5].valueBoolean": "true"}),
    ("patient/full", {"contact[0].extension[0].valuePositiveInt": DROP, "contact[0].extension[0].valueInteger": 1}),
    ("patient/full", {"contact[0].extension[0].valuePositiveInt": 0}),
    ("patient/full", {"contact[0].extension[1].valueBoolean": DROP, "contact[0].extension[1].valueCode": "true"}),
    ("patient/full", {"_birthDate.extension[0].valueDateTime": DROP, "_birthDate.extension[0].valueTime": "23:40:00"}),
    ("patient/full", {f"{KEY}.extension[1].valueString": DROP, f"{KEY}.extension[1].valueInteger": 1}),
    ("patient/full", {"extension[6].extension[1].valueString": DROP, "extension[6].extension[1].valueCode": "x"}),
    ("organization/full", {"extension[0].valueReference": DROP, "extension[0].valueString": "x"}),
    ("organization/full", {"extension[1].valuePeriod": DROP, "extension[1].valueDateTime": "1998"}),
    ("medication_statement/full", {"extension[0].valueDateTime": DROP, "extension[0].valueDate": "2025-10-01"}),
    ("medication_statement/full", {"extension[1].valueBoolean": DROP, "extension[1].valueInteger": 1}),
    ("medication_request/full", {"extension[0].extension[0].valueUnsignedInt": -1}),
    ("medication_request/full", {"extension[0].extension[0].valueUnsignedInt": DROP, "extension[0].extension[0].valueString": "2"}),
    ("allergy_intolerance/full", {"extension[0].valueReference": {"reference": "Observation/1"}}),
    ("organization/full", {"extension[0].valueReference": {"reference": "Organization/1"}}),
    ("patient-narrative", {"name[0]._given[0].extension[0].valueCode": "no-idea"}),
    (
        "patient-narrative",
        {"telecom[0]._system.extension[0].valueCodeableConcept": DROP, "telecom[0]._system.extension[0].valueString": "textphone"},
    ),
    ("patient/full", {"extension[0].valueMoney": {"value": 1}, "extension[0].valueCodeableConcept": DROP}),
    ("patient/full", {"extension[0].valueColour": "x", "extension[0].valueCodeableConcept": DROP}),
    ("patient/full", {"extension[0].valueString": "x"}),
    ("condition/full", {"extension[0].value": "x", "extension[0].valueCodeableConcept": DROP}),
    # codes it asks for
    ("patient/full", {"extension[0].valueCodeableConcept.coding[0].code": "X"}),
    ("patient/full", {"extension[0].valueCodeableConcept.coding[0].code": "female"}),
    ("patient/full", {"extension[0].valueCodeableConcept": text("female")}),
    ("patient/full", {f"{STATUS}.coding[0].code": "99"}),
    ("patient/full", {f"{STATUS}": text("verified")}),
    ("patient/full", {f"{STATUS}.coding[0].system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"}),
    ("patient/typical", {f"{STATUS}.coding[0].system": DROP}),
]

MODIFIERS: list[tuple[str, Edits]] = [
    ("patient/full", {"modifierExtension": [extension("https://home.example/not", valueBoolean=True)]}),
    ("patient/full", {"modifierExtension": [SEX]}),
    ("encounter/full", {"modifierExtension": [extension("OutcomeOfAttendance", valueCodeableConcept=text("x"))]}),
    ("medication_statement/full", {"dosage[0].modifierExtension": [extension("https://home.example/not", valueBoolean=True)]}),
    ("patient/full", {"name[0].modifierExtension": [extension("https://home.example/not", valueBoolean=True)]}),
    ("patient/full", {"contact[0].modifierExtension": [extension("https://home.example/not", valueBoolean=True)]}),
    ("allergy_intolerance/full", {"reaction[0].modifierExtension": [{"url": f"{FHIR}data-absent-reason", "valueCode": "unknown"}]}),
    (
        "medication_request/full",
        {
            "extension[+]": {
                "url": f"{FHIR}allergyintolerance-resolutionAge",
                "valueAge": {"value": 1, "system": "http://unitsofmeasure.org", "code": "a"},
            }
        },
    ),
    ("bundle-transaction", {"entry[0].modifierExtension": [extension("https://home.example/not", valueBoolean=True)]}),
]

CASES = {
    "fhir-slice": SLICES,
    "fhir-fixed": FIXED,
    "fhir-pattern": PATTERNS,
    "fhir-max": MOST,
    "fhir-extension": EXTENSIONS,
    "fhir-modifier": MODIFIERS,
}
