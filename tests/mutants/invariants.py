"""Every invariant of the types that we emit, of their data types, and some of other types, broken singly.

Longer than a file should be because it is one table: the invariant's key, and (base, edits) that break it and nothing else. Where FHIR
lets an invariant stand that nobody can break alone (ppc-2 to ppc-5 ask for a code system named "something"), it is left out.
"""
from __future__ import annotations

from tests.mutants.edits import DROP, Edits

UNKNOWN = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
REPEAT = "dosage[0].timing.repeat"
DRIVER = "dosage[1].timing.repeat"
UCUM = "http://unitsofmeasure.org"
DIV = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}

CASES: dict[str, list[tuple[str, Edits]]] = {
    # ---- resources ----------------------------------------------------------------------------------------------------------------
    "pat-1": [
        ("patient/full", {"contact[0]": {"gender": "male"}}),
        ("patient/full", {"contact[1]": {"relationship": [{"text": "friend"}], "period": {"start": "2022-05-01"}}}),
        (
            "patient/typical",
            {
                "contact": [
                    {
                        "extension": [
                            {"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactRank", "valuePositiveInt": 1}
                        ]
                    }
                ]
            },
        ),
    ],
    "imm-1": [
        ("immunization/full", {"education": [{"publicationDate": "2024-01-01"}]}),
        ("immunization/typical", {"education": [{"documentType": "A1"}, {"presentationDate": "2025-05-12"}]}),
    ],
    "ukcore-imm-001": [
        ("immunization/not-given", {"statusReason": DROP}),
        ("immunization/full", {"status": "not-done"}),
        ("immunization/typical", {"status": "not-done"}),
    ],
    "ait-1": [
        ("allergy_intolerance/full", {"clinicalStatus": DROP}),
        ("allergy_intolerance/typical", {"clinicalStatus": DROP}),
        ("allergy_intolerance/full", {"clinicalStatus": DROP, "verificationStatus": DROP}),
    ],
    "ait-2": [
        (
            "allergy_intolerance/full",
            {
                "verificationStatus": {
                    "coding": [
                        {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "code": "entered-in-error"}
                    ]
                }
            },
        ),
        (
            "allergy_intolerance/entered-in-error",
            {
                "clinicalStatus": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
                }
            },
        ),
    ],
    "lst-1": [("list/medicines", {"emptyReason": {"text": "none"}}), ("list/no-known-allergies", {"entry": [{"item": {"display": "x"}}]})],
    "lst-2": [("list/medicines", {"entry[0].deleted": True}), ("list/medicines", {"entry[1].deleted": False})],
    "lst-3": [("list/medicines", {"entry[0].date": "2025-01-01"}), ("list/full", {"entry[1].date": "2025-01"})],
    "org-1": [
        ("organization/full", {"identifier": DROP, "name": DROP}),
        ("bundle-document", {"entry[3].resource": {"resourceType": "Organization", "id": "home", "active": True}}),
    ],
    "org-2": [("organization/full", {"address[0].use": "home"}), ("organization/typical", {"address": [{"use": "home", "city": "X"}]})],
    "org-3": [
        ("organization/full", {"telecom[0].use": "home"}),
        ("organization/typical", {"telecom": [{"system": "phone", "value": "1", "use": "home"}]}),
    ],
    "con-1": [("condition/full", {"stage": [{"type": {"text": "clinical"}}]})],
    "con-2": [
        ("condition/full", {"evidence": [{"extension": [UNKNOWN]}]}),
        ("condition/typical", {"evidence": [{"code": [{"text": "x"}]}, {"extension": [UNKNOWN]}]}),
    ],
    "con-3": [("condition/full", {"clinicalStatus": DROP, "abatementString": DROP})],
    "con-4": [
        (
            "condition/full",
            {"clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}},
        ),
        ("condition/full", {"clinicalStatus": DROP}),
    ],
    "con-5": [
        (
            "condition/full",
            {
                "verificationStatus": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"}]
                }
            },
        )
    ],
    "obs-3": [
        ("observation-waterlow", {"referenceRange[0]": {"appliesTo": [{"text": "women"}]}}),
        ("observation-lab", {"referenceRange[0].low": DROP, "referenceRange[0].high": DROP}),
    ],
    "obs-6": [("observation-waterlow", {"dataAbsentReason": {"text": "x"}}), ("observation-lab", {"dataAbsentReason": {"text": "x"}})],
    "obs-7": [
        (
            "observation-waterlow",
            {
                "code": {"coding": [{"system": "https://home.example/c", "code": "1"}]},
                "component[0].code": {
                    "coding": [{"system": "https://home.example/c", "code": "2"}, {"system": "https://home.example/c", "code": "1"}]
                },
            },
        )
    ],
    "ukcore-obs-lab-001": [("observation-lab", {"valueQuantity": DROP})],
    "ukcore-obs-grplab-001": [("observation-group-lab", {"valueString": "x"}), ("observation-group-lab", {"valueInteger": 1})],
    "ukcore-diag-lab-001": [
        ("diagnostic-report-lab", {"issued": DROP}),
        ("diagnostic-report-lab", {"issued": DROP, "status": "amended"}),
        ("diagnostic-report-lab", {"issued": DROP, "status": "registered"}),
    ],  # the last one may be so
    "ukcore-spec-001": [
        (
            "specimen",
            {
                "collection.collector.extension": [
                    {
                        "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Specimen.collection.collector",
                        "valueReference": {"reference": "Patient/resident"},
                    }
                ]
            },
        )
    ],
    "cmp-1": [
        ("bundle-document", {"entry[0].resource.section[0]": {"title": "Allergies"}, "entry[4]": DROP}),
        ("bundle-document", {"entry[0].resource.section[2].section[0].text": DROP}),
    ],
    "cmp-2": [("bundle-document", {"entry[0].resource.section[0].emptyReason": {"text": "x"}})],
    "qrs-1": [
        ("questionnaire-response", {"item[1].item": [{"linkId": "2.2"}]}),
        ("questionnaire-response", {"item[0].item[1].item": [{"linkId": "1.2.1", "text": "x"}]}),
    ],
    "cpl-3": [
        ("care-plan", {"activity[0].reference": {"reference": "Task/1"}}),
        ("care-plan", {"activity[1].detail": {"status": "stopped"}}),
    ],
    "ppc-1": [("consent", {"policy": DROP})],
    "inv-1": [("task", {"lastModified": "2025-01-20T08:59:59Z"}), ("task", {"lastModified": "2025-01-20T10:30:00+02:00"})],
    "app-3": [("appointment", {"start": DROP, "end": DROP})],
    "app-2": [("appointment", {"end": DROP})],
    "app-1": [("appointment", {"participant[0].actor": DROP})],
    "app-4": [("appointment", {"cancelationReason": {"text": "x"}})],
    "prr-1": [("service-request", {"code": DROP})],
    "fhs-1": [("family-member-history", {"ageAge": {"value": 70, "unit": "a", "system": UCUM, "code": "a"}})],
    "fhs-2": [("family-member-history", {"estimatedAge": True})],
    # ---- data types ---------------------------------------------------------------------------------------------------------------
    "cpt-2": [
        ("patient/full", {"telecom[0].system": DROP}),
        ("patient/full", {"contact[0].telecom[0].system": DROP}),
        ("organization/full", {"telecom[1].system": DROP}),
        ("practitioner/full", {"telecom[0].system": DROP}),
        ("practitioner_role/full", {"telecom[0].system": DROP}),
        ("related_person/full", {"telecom[0].system": DROP}),
        ("location/full", {"telecom[0].system": DROP}),
    ],
    "qty-3": [
        ("medication_statement/full", {"dosage[0].doseAndRate[0].doseQuantity.system": DROP}),
        ("immunization/full", {"doseQuantity.system": DROP}),
        ("observation-lab", {"valueQuantity.system": DROP}),
        ("medication_request/full", {"dispenseRequest.quantity.code": "mL"}),
        ("medication_statement/full", {"dosage[1].doseAndRate[0].rateRatio.numerator.code": "mL"}),
    ],
    "sqty-1": [
        ("medication_statement/full", {"dosage[0].doseAndRate[0].doseQuantity.comparator": "<"}),
        ("immunization/full", {"doseQuantity.comparator": ">="}),
        ("medication_statement/full", {f"{REPEAT}.boundsRange.low.comparator": "<"}),
        ("observation-waterlow", {"referenceRange[0].high.comparator": ">"}),
    ],
    "rng-2": [
        ("medication_statement/full", {f"{REPEAT}.boundsRange.low.value": 6}),
        ("medication_statement/full", {"dosage[2].doseAndRate[0].rateRange.low.value": 1.5}),
        ("condition/full", {"onsetRange.low.value": 80}),
        ("observation-lab", {"referenceRange[0].age.high.value": 1}),
    ],
    "rat-1": [
        ("medication_statement/full", {"dosage[1].doseAndRate[0].rateRatio.denominator": DROP}),
        ("medication_statement/full", {"dosage[1].doseAndRate[0].rateRatio.numerator": DROP}),
        ("medication", {"amount.denominator": DROP}),
        ("medication", {"ingredient[0].strength.numerator": DROP}),
    ],
    "per-1": [
        ("patient/full", {"identifier[2].period.end": "2019-03-01"}),
        ("patient/full", {"name[2].period.start": "1962"}),
        ("patient/full", {"address[1].period.end": "1960-12"}),
        ("encounter/full", {"period.end": "2025-01-14T22:04:59Z"}),
        ("encounter/full", {"period.end": "2025-01-14T22:30:00+01:00"}),
        ("encounter/full", {"period.end": "2025-01-14"}),
        ("encounter/full", {"location[0].period.end": "2025-01-14T22:05:00.000Z"}),
        ("practitioner_role/full", {"period.end": "2019"}),
        ("medication_statement/full", {"effectivePeriod.end": "2025-08"}),
        ("allergy_intolerance/full", {"onsetPeriod.end": "1989"}),
        ("medication_request/full", {"dispenseRequest.validityPeriod.end": "2025-11-08"}),
        ("medication_statement/full", {f"{DRIVER}.boundsPeriod.end": "2025-09-30"}),
        ("consent", {"provision.period.end": "2024-04-30"}),
        ("procedure", {"performedPeriod.end": "2025-01-15T09:59:59.999Z"}),
    ],
    "age-1": [
        ("allergy_intolerance/from-an-age", {"onsetAge.code": DROP}),
        ("allergy_intolerance/from-an-age", {"onsetAge.value": 0}),
        ("allergy_intolerance/from-an-age", {"onsetAge.value": -1}),
        ("allergy_intolerance/from-an-age", {"onsetAge.system": "http://snomed.info/sct"}),
        ("family-member-history", {"deceasedAge.code": DROP}),
    ],
    "drt-1": [
        ("medication_statement/full", {"dosage[3].timing.repeat.boundsDuration.value": DROP}),
        ("medication_request/full", {"dispenseRequest.dispenseInterval.system": DROP}),
        ("medication_request/full", {"dispenseRequest.expectedSupplyDuration.system": "https://home.example/units"}),
        ("specimen", {"collection.duration.value": DROP}),
    ],
    "tim-1": [("medication_statement/full", {f"{DRIVER}.durationUnit": DROP})],
    "tim-2": [
        ("medication_statement/full", {f"{REPEAT}.periodUnit": DROP}),
        ("care-plan", {"activity[0].detail.scheduledTiming.repeat.periodUnit": DROP}),
    ],
    "tim-4": [("medication_statement/full", {f"{DRIVER}.duration": -1})],
    "tim-5": [("medication_statement/full", {f"{REPEAT}.period": -0.5})],
    "tim-6": [("medication_statement/full", {f"{REPEAT}.period": DROP})],
    "tim-7": [("medication_statement/full", {f"{REPEAT}.durationMax": 3})],
    "tim-8": [("medication_statement/full", {f"{REPEAT}.countMax": 3})],
    "tim-9": [
        ("medication_statement/full", {f"{DRIVER}.when": ["C"]}),
        ("medication_statement/full", {f"{REPEAT}.offset": 5}),
        ("medication_statement/full", {f"{DRIVER}.when": ["CM"]}),
    ],
    "tim-10": [("medication_statement/full", {f"{REPEAT}.when": ["ACM"]})],
    "att-1": [("patient-narrative", {"photo[0].contentType": DROP}), ("document-reference", {"content[0].attachment.contentType": DROP})],
    "ext-1": [
        ("patient/full", {"extension[0].extension": [{"url": "x", "valueString": "y"}]}),
        ("patient/full", {"extension[0].valueCodeableConcept": DROP}),
        ("encounter/full", {"extension[1].valueCodeableConcept": DROP}),
        ("patient/full", {"extension[6].extension": DROP}),
        ("patient/full", {"address[0].extension[0].extension[1].valueString": DROP}),
        ("patient/full", {"_birthDate.extension[0].valueDateTime": DROP}),
        ("patient/full", {"address[0].extension[0].valueString": "x"}),
        ("immunization/full", {"extension[1].valueBoolean": DROP}),
        ("list/full", {"extension[0].valueCodeableConcept": DROP}),
    ],
    # ---- what is contained --------------------------------------------------------------------------------------------------------
    "dom-2": [
        (
            "patient-contained",
            {"contained[0].contained": [{"resourceType": "Location", "id": "l", "name": "x"}], "contained[0].partOf": {"reference": "#l"}},
        )
    ],
    "dom-3": [
        ("patient-contained", {"generalPractitioner[1]": DROP}),
        ("immunization/carried-inside", {"performer[0]": DROP}),
        ("medication_request/full", {"medicationReference": {"reference": "Medication/1"}}),
        ("patient-contained", {"contained[0].id": DROP, "generalPractitioner[0]": DROP}),
        ("encounter/typical", {"contained": [{"resourceType": "Location", "id": "x", "name": "x"}]}),
    ],
    "dom-4": [
        ("patient-contained", {"contained[0].meta": {"versionId": "1"}}),
        ("immunization/carried-inside", {"contained[0].meta": {"lastUpdated": "2025-01-14T21:45:00Z"}}),
    ],
    "dom-5": [
        (
            "patient-contained",
            {"contained[1].meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}},
        ),
        (
            "medication_request/full",
            {"contained[0].meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]}},
        ),
    ],
    # ---- bundles (what is no invariant of theirs stands in bundles.py) ----------------------------------------------------------------
    "bdl-1": [("bundle-transaction", {"total": 2}), ("bundle-collection", {"total": 0}), ("bundle-document", {"total": 5})],
    "bdl-2": [
        ("bundle-transaction", {"entry[0].search": {"mode": "match"}}),
        ("bundle-collection", {"entry[1].search": {"mode": "include"}}),
    ],
    "bdl-3": [
        ("bundle-transaction", {"entry[0].request": DROP}),
        ("bundle-transaction", {"entry[2].request": DROP}),
        ("bundle-collection", {"entry[0].request": {"method": "POST", "url": "Patient"}}),
        ("bundle-batch", {"entry[1].request": DROP}),
        ("bundle-history", {"entry[0].request": DROP}),
        ("bundle-searchset", {"entry[0].request": {"method": "GET", "url": "Patient/1"}}),
    ],
    "bdl-4": [
        ("bundle-transaction", {"entry[0].response": {"status": "201 Created"}}),
        ("bundle-transaction-response", {"entry[0]": {"resource": {"resourceType": "Patient", "active": True}}}),
        ("bundle-history", {"entry[1].response": DROP}),
    ],
    "bdl-5": [
        ("bundle-collection", {"entry[+]": {"fullUrl": "urn:uuid:00000000-0000-4000-8000-0000000000ff"}}),
        ("bundle-searchset", {"entry[+]": {"search": {"mode": "match"}}}),
    ],
    "bdl-7": [
        ("bundle-collection", {"entry[3].fullUrl": "urn:uuid:819a9930-1e35-5968-9038-855d49b8231f"}),
        ("bundle-searchset", {"entry[2].fullUrl": "https://hospital.example/fhir/Patient/1", "entry[2].resource.id": "1"}),
        ("bundle-history", {"entry[1].resource.meta.versionId": "2"}),
    ],  # a history may
    "bdl-8": [("bundle-searchset", {"entry[0].fullUrl": "https://hospital.example/fhir/Patient/1/_history/2"})],
    "bdl-9": [
        ("bundle-document", {"identifier": DROP}),
        ("bundle-document", {"identifier.system": DROP}),
        ("bundle-document", {"identifier.value": DROP}),
    ],
    "bdl-10": [("bundle-document", {"timestamp": DROP}), ("bundle-document", {"timestamp": DROP, "_timestamp": {"extension": [UNKNOWN]}})],
    "bdl-11": [("bundle-document", {"entry[0]": DROP}), ("bundle-message", {"type": "document"})],
    "bdl-12": [("bundle-message", {"entry[0]": DROP}), ("bundle-document", {"type": "message"})],
}
