"""The hospital of the demo: a small script in place of a hospital's own system, which knows nothing of the home's records.

It speaks FHIR to the server as any system of another maker does: its own Patient, its own identifiers, its own words, dm+d ids under
SNOMED CT. Only the NHS number says that its patient and the home's resident are the same person.

Its people and places are made up. The codes of medicines, the vaccine, the allergy and the rash stand so in NHS England's and UK Core's
published examples; what could not be found there is said in words only.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

Resource = dict[str, Any]

ID = "https://st-brigids.example/Id/"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/"
UKCORE_CODES = "https://fhir.hl7.org.uk/CodeSystem/"
SNOMED_CT = "http://snomed.info/sct"
THO = "http://terminology.hl7.org/CodeSystem/"
ST_BRIGIDS = {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "XZ901"}, "display": "St Brigid's Hospital"}


@dataclass(frozen=True)
class Person:
    """Whom the hospital has known since an earlier visit: as it was told then."""

    nhs_number: str
    hospital_number: str
    family: str
    given: tuple[str, ...]
    birth_date: str
    gender: str


@dataclass(frozen=True)
class Visit:
    """A stay: why, when, where, and what is written down in it. `number`: in all the numbers that the hospital gives then. `requests`: what
    the patient goes home with, or no longer takes. `also`: whatever else is made, of the patient and the stay."""

    number: str
    reason: str
    arrived: str
    left: str
    ward: str
    requests: tuple[Resource, ...]
    also: tuple[Callable[[Resource, Resource], Resource], ...] = ()


class Refused(Exception):
    """The server did not take what the hospital wanted to file."""


# ---- what the hospital does --------------------------------------------------------------------------------------------------
async def register(http: httpx.AsyncClient, person: Person) -> str:
    """An earlier visit: the hospital's own Patient, under an id that the server gives. Answers "Patient/ID"."""
    return await _file(http, patient(person))


async def treat(http: httpx.AsyncClient, nhs_number: str, visit: Visit) -> int:
    """The stay: somebody is admitted, treated and discharged. Answers how many resources the hospital made."""
    patient = {"reference": await _patient(http, nhs_number), "display": "our patient"}
    admitted = encounter(patient, visit)
    stay = await _file(http, admitted)
    context = {"reference": stay}
    made = [*prescriptions(patient, context, visit), *(also(patient, context) for also in visit.also)]
    for resource in made:
        await _file(http, resource)
    await _answered(http.put(f"/{stay}", json={**finished(admitted, visit), "id": stay.partition("/")[2]}))
    return 1 + len(made)


async def _patient(http: httpx.AsyncClient, nhs_number: str) -> str:
    """The one Patient of ours with this NHS number and a hospital number."""
    found = await _answered(http.get("/Patient", params={"identifier": f"{NHS_NUMBER}|{nhs_number}"}))
    mine = [e["resource"]["id"] for e in found.get("entry", ()) if any(i["system"] == f"{ID}patient" for i in e["resource"]["identifier"])]
    if len(mine) != 1:
        raise Refused(f"the hospital expected one patient of its own, and found {len(mine)}")
    return f"Patient/{mine[0]}"


async def _file(http: httpx.AsyncClient, resource: Resource) -> str:
    """POST; the server chooses the id. Answers "Type/ID"."""
    kind = resource["resourceType"]
    made = await _answered(http.post(f"/{kind}", json=resource, headers={"Prefer": "return=representation"}))
    return f"{kind}/{made['id']}"


async def _answered(request: Any) -> Resource:
    response: httpx.Response = await request
    if not response.is_success:
        raise Refused(f"the server answered {response.status_code}")
    answer: Resource = response.json()
    return answer


# ---- what it writes ----------------------------------------------------------------------------------------------------------
def patient(person: Person) -> Resource:
    verified = concept(f"{UKCORE_CODES}UKCore-NHSNumberVerificationStatusEngland", "01", "Number present and verified")
    status = {"url": f"{UKCORE}Extension-UKCore-NHSNumberVerificationStatus", "valueCodeableConcept": verified}
    return {
        "resourceType": "Patient",
        "identifier": [
            {"system": f"{ID}patient", "value": person.hospital_number},
            {"extension": [status], "system": NHS_NUMBER, "value": person.nhs_number}],
        "name": [{"use": "official", "family": person.family.upper(), "given": list(person.given)}],
        "gender": person.gender,
        "birthDate": person.birth_date,
    }


def encounter(patient: Resource, visit: Visit) -> Resource:
    """The patient has arrived."""
    method = concept(f"{UKCORE_CODES}UKCore-AdmissionMethodEngland", "21",
                     "Emergency Admission: Emergency Care Department or dental casualty department of the Health Care Provider")
    source = concept(f"{UKCORE_CODES}UKCore-SourceOfAdmissionEngland", "85", "Non-NHS (other than Local Authority) run Care Home")
    return {
        "resourceType": "Encounter",
        "identifier": [{"system": f"{ID}spell", "value": f"SPELL-{visit.number}"}],
        "status": "in-progress",
        "class": {"system": f"{THO}v3-ActCode", "code": "IMP", "display": "inpatient encounter"},
        "subject": patient,
        "period": {"start": visit.arrived},
        "reasonCode": [{"text": visit.reason}],
        "hospitalization": {
            "extension": [{"url": f"{UKCORE}Extension-UKCore-AdmissionMethod", "valueCodeableConcept": method}],
            "admitSource": source},
        "location": [{"location": {"display": visit.ward}}],
        "serviceProvider": ST_BRIGIDS,
    }


def finished(admitted: Resource, visit: Visit) -> Resource:
    """The patient is going home."""
    method = concept(f"{UKCORE_CODES}UKCore-DischargeMethodEngland", "1", "Patient discharged on clinical advice or with clinical consent")
    home = concept(f"{UKCORE_CODES}UKCore-DischargeDestinationEngland", "85", "Non-NHS (other than Local Authority) run Care Home")
    return {
        **admitted,
        "extension": [{"url": f"{UKCORE}Extension-UKCore-DischargeMethod", "valueCodeableConcept": method}],
        "status": "finished",
        "period": {"start": visit.arrived, "end": visit.left},
        "hospitalization": {**admitted["hospitalization"], "dischargeDisposition": home},
    }


def prescriptions(patient: Resource, context: Resource, visit: Visit) -> list[Resource]:
    common = {"intent": "order", "category": [concept(f"{THO}medicationrequest-category", "discharge", "Discharge")],
              "subject": patient, "encounter": context, "authoredOn": visit.left,
              "requester": {"display": "Dr A Quill, St Brigid's Hospital"}, "substitution": {"allowedBoolean": False}}
    return [{"resourceType": "MedicationRequest", "identifier": [{"system": f"{ID}prescription", "value": f"TTO-{visit.number}-{n}"}],
             **each, **common} for n, each in enumerate(visit.requests, 1)]


def vaccination(patient: Resource, context: Resource) -> Resource:
    procedure = concept(SNOMED_CT, "822851000000102", "Seasonal influenza vaccination")
    return {
        "resourceType": "Immunization",
        "extension": [{"url": f"{UKCORE}Extension-UKCore-VaccinationProcedure", "valueCodeableConcept": procedure}],
        "identifier": [{"system": f"{ID}vaccination", "value": "VAC-26-0918"}],
        "status": "completed",
        "vaccineCode": concept(SNOMED_CT, "34680411000001107", "Quadrivalent influenza vaccine (split virion, inactivated) suspension for "
                               "injection 0.5ml pre-filled syringes (Sanofi Pasteur)", "Quadrivalent influenza vaccine"),
        "patient": patient,
        "encounter": context,
        "occurrenceDateTime": "2026-11-08",
        "primarySource": True,
        "lotNumber": "MADE-UP-7",
        "site": concept(SNOMED_CT, "368208006", "Left upper arm structure"),
        "performer": [{"actor": {"display": "Ward 7"}}],
        "protocolApplied": [{"targetDisease": [concept(SNOMED_CT, "6142004", "Influenza")], "doseNumberPositiveInt": 1}],
    }


def allergy(patient: Resource, context: Resource) -> Resource:
    rash = concept(SNOMED_CT, "247472004", "Urticarial rash", "Urticarial rash")
    return {
        "resourceType": "AllergyIntolerance",
        "identifier": [{"system": f"{ID}allergy", "value": "ALG-26-0102"}],
        "clinicalStatus": concept(f"{THO}allergyintolerance-clinical", "active", "Active"),
        "verificationStatus": concept(f"{THO}allergyintolerance-verification", "confirmed", "Confirmed"),
        "type": "allergy",
        "category": ["medication"],
        "criticality": "high",
        "code": concept(SNOMED_CT, "372687004", "Amoxicillin", "Amoxicillin"),
        "patient": patient,
        "encounter": context,
        "recordedDate": "2026-11-03",
        "reaction": [{"manifestation": [rash], "severity": "moderate", "onset": "2026-11-03"}],
    }


def request(drug: Resource, dose: str, *, status: str = "active", repeat: Resource | None = None, **more: Any) -> Resource:
    said = {"text": dose, **({"timing": {"repeat": repeat}} if repeat else {})}
    return {"status": status, **more, "medicationCodeableConcept": drug, **({"dosageInstruction": [said]} if dose else {})}


def drug(code: str, display: str) -> Resource:
    """A dm+d id as NHS England's services write it: under SNOMED CT, with dm+d's description as the text too, as UK Core asks."""
    return concept(SNOMED_CT, code, display, display)


def concept(system: str, code: str, display: str, text: str | None = None) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}], **({"text": text} if text else {})}


# ---- whom it treats in the demo --------------------------------------------------------------------------------------------------
CHEST_INFECTION = Visit(
    "26-4471", "Chest infection", "2026-11-03T02:55:00+00:00", "2026-11-09T14:10:00+00:00", "Ward 7", (
        # two as before, one at another dose, one new, one stopped, and one that somebody typed in a hurry
        request(drug("319775004", "Aspirin 75mg tablets"), "One tablet once a day"),
        request(drug("39113611000001102", "Salbutamol 100micrograms/dose inhaler CFC free"), "Two puffs when needed for wheeze"),
        request(drug("317291008", "Omeprazole 20mg gastro-resistant capsules"), "One capsule twice a day",
                repeat={"frequency": 2, "period": 1, "periodUnit": "d"}),
        request(drug("41948311000001104", "Doxycycline 100mg capsules"), "One capsule once a day until 14 November"),
        request(drug("329652003", "Ibuprofen 200mg tablets"), "", status="stopped",
                statusReason={"text": "risk of stomach bleeding beside aspirin"}),
        request({"text": "Laxido sachet"}, "One when needed"),
    ), (vaccination, allergy))
BROKEN_WRIST = Visit(
    "26-4475", "Broken wrist", "2026-11-03T09:25:00+00:00", "2026-11-03T16:40:00+00:00", "Emergency department", (
        request(drug("322236009", "Paracetamol 500mg tablets"), "Two tablets four times a day for two weeks"),))
NOSEBLEED = Visit(
    "26-4479", "Nosebleed", "2026-11-03T20:05:00+00:00", "2026-11-04T11:30:00+00:00", "Ward 2", (
        request(drug("319775004", "Aspirin 75mg tablets"), "", status="stopped", statusReason={"text": "nosebleed that would not stop"}),))
