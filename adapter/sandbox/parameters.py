"""The resource types the sandbox keeps and what each can be searched by, as a table of FHIR paths.

The router, the search index and the CapabilityStatement are all made from this table, so they cannot disagree.
Names, types and paths: FHIR R4 "Search Parameter Registry". A choice element is written as it stands in JSON, for example
`effectivePeriod`. Parameters of the registry which are not here are answered with 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["token", "reference", "date", "string", "uri"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: the kind of its value, the paths its values are at, and the types that a reference may
    go to, where FHIR names but a few (none: any)."""

    kind: Kind
    paths: tuple[tuple[str, ...], ...]
    targets: tuple[str, ...] = ()


Table = Mapping[str, Parameter]


def _paths(texts: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.split(".")) for text in texts)


def token(*paths: str) -> Parameter:
    return Parameter("token", _paths(paths))


def date(*paths: str) -> Parameter:
    return Parameter("date", _paths(paths))


def string(*paths: str) -> Parameter:
    return Parameter("string", _paths(paths))


def uri(*paths: str) -> Parameter:
    return Parameter("uri", _paths(paths))


def reference(path: str, *targets: str) -> Parameter:
    return Parameter("reference", _paths((path,)), targets)


def when(element: str) -> Parameter:
    """A choice of date, dateTime and Period, under one name."""
    return date(f"{element}Date", f"{element}DateTime", f"{element}Instant", f"{element}Period")


COMMON: Table = {
    "_id": token("id"),
    "_lastUpdated": date("meta.lastUpdated"),
    "_profile": uri("meta.profile"),
    "_security": token("meta.security"),
    "_source": uri("meta.source"),
    "_tag": token("meta.tag"),
}
IDENTIFIED: Table = {"identifier": token("identifier")}
STATUS: Table = {"status": token("status")}
CODED: Table = {"code": token("code")}
CATEGORY: Table = {"category": token("category")}
OF_PATIENT: Table = {"patient": reference("patient", "Patient")}
OF_SUBJECT: Table = {"patient": reference("subject", "Patient"), "subject": reference("subject")}
IN_ENCOUNTER: Table = {"encounter": reference("encounter", "Encounter")}
CLINICAL: Table = {**IDENTIFIED, **STATUS, **OF_SUBJECT, **IN_ENCOUNTER}
MEDICINE: Table = {
    **IDENTIFIED, **STATUS, **OF_SUBJECT,
    "code": token("medicationCodeableConcept"),
    "medication": reference("medicationReference", "Medication"),
}  # fmt: skip
IN_CONTEXT: Table = {"context": reference("context", "Encounter", "EpisodeOfCare")}
NAMED: Table = {"name": string("name", "alias")}
PERSON: Table = {
    **IDENTIFIED,
    "active": token("active"),
    "gender": token("gender"),
    "telecom": token("telecom"),
    "name": string("name.text", "name.family", "name.given", "name.prefix", "name.suffix"),
    "address-postalcode": string("address.postalCode"),
}

OWN: Mapping[str, Table] = {
    "AllergyIntolerance": {
        **IDENTIFIED, **OF_PATIENT, **CATEGORY,
        "clinical-status": token("clinicalStatus"),
        "verification-status": token("verificationStatus"),
        "code": token("code", "reaction.substance"),
        "date": date("recordedDate"),
    },
    "Appointment": {
        **IDENTIFIED, **STATUS,
        "patient": reference("participant.actor", "Patient"),
        "actor": reference("participant.actor"),
        "date": date("start"),
    },
    "Binary": {},
    "Bundle": {**IDENTIFIED, "type": token("type"), "timestamp": date("timestamp")},
    "CarePlan": {**CLINICAL, **CATEGORY, "intent": token("intent"), "date": date("period")},
    "CareTeam": {**CLINICAL, **CATEGORY, "date": date("period")},
    "Communication": {**CLINICAL, **CATEGORY, "sent": date("sent"), "received": date("received")},
    "Composition": {**CLINICAL, **CATEGORY, "type": token("type"), "date": date("date"), "author": reference("author")},
    "Condition": {
        **IDENTIFIED, **OF_SUBJECT, **IN_ENCOUNTER, **CODED, **CATEGORY,
        "clinical-status": token("clinicalStatus"),
        "verification-status": token("verificationStatus"),
        "onset-date": when("onset"),
        "recorded-date": date("recordedDate"),
    },
    "Consent": {**IDENTIFIED, **STATUS, **OF_PATIENT, **CATEGORY, "date": date("dateTime")},
    "Device": {**IDENTIFIED, **STATUS, **OF_PATIENT, "type": token("type")},
    "DiagnosticReport": {**CLINICAL, **CODED, **CATEGORY, "date": when("effective"), "issued": date("issued")},
    "DocumentReference": {
        **STATUS, **OF_SUBJECT, **CATEGORY,
        "identifier": token("masterIdentifier", "identifier"),
        "encounter": reference("context.encounter", "Encounter", "EpisodeOfCare"),
        "type": token("type"),
        "date": date("date"),
    },
    "Encounter": {
        **IDENTIFIED, **STATUS, **OF_SUBJECT,
        "class": token("class"),
        "type": token("type"),
        "date": date("period"),
        "location": reference("location.location", "Location"),
        "service-provider": reference("serviceProvider", "Organization"),
        "part-of": reference("partOf", "Encounter"),
        "diagnosis": reference("diagnosis.condition", "Condition", "Procedure"),
        "participant": reference("participant.individual", "Practitioner", "PractitionerRole", "RelatedPerson"),
    },
    "EpisodeOfCare": {
        **IDENTIFIED, **STATUS, **OF_PATIENT,
        "type": token("type"),
        "date": date("period"),
        "organization": reference("managingOrganization", "Organization"),
    },
    "Flag": {**IDENTIFIED, **OF_SUBJECT, **IN_ENCOUNTER, "date": date("period")},
    "Goal": {**IDENTIFIED, **OF_SUBJECT, **CATEGORY, "start-date": date("startDate")},
    "HealthcareService": {
        **IDENTIFIED, **NAMED,
        "active": token("active"),
        "organization": reference("providedBy", "Organization"),
        "location": reference("location", "Location"),
    },
    "Immunization": {
        **IDENTIFIED, **STATUS, **OF_PATIENT,
        "date": date("occurrenceDateTime"),
        "vaccine-code": token("vaccineCode"),
        "status-reason": token("statusReason"),
        "target-disease": token("protocolApplied.targetDisease"),
        "lot-number": string("lotNumber"),
        "location": reference("location", "Location"),
        "performer": reference("performer.actor", "Practitioner", "PractitionerRole", "Organization"),
    },
    "List": {
        **CLINICAL, **CODED,
        "date": date("date"),
        "title": string("title"),
        "empty-reason": token("emptyReason"),
        "source": reference("source", "Practitioner", "PractitionerRole", "Patient", "Device"),
        "item": reference("entry.item"),
    },
    "Location": {
        **IDENTIFIED, **STATUS, **NAMED,
        "type": token("type"),
        "organization": reference("managingOrganization", "Organization"),
        "partof": reference("partOf", "Location"),
    },
    "Medication": {**IDENTIFIED, **STATUS, **CODED},
    "MedicationAdministration": {**MEDICINE, **IN_CONTEXT, "effective-time": when("effective")},
    "MedicationDispense": {**MEDICINE, **IN_CONTEXT, "whenhandedover": date("whenHandedOver")},
    "MedicationRequest": {
        **MEDICINE, **IN_ENCOUNTER, **CATEGORY,
        "intent": token("intent"),
        "authoredon": date("authoredOn"),
        "requester": reference("requester"),
    },
    "MedicationStatement": {
        **MEDICINE, **CATEGORY, **IN_CONTEXT,
        "effective": when("effective"),
        "source": reference("informationSource"),
    },
    "NutritionOrder": {**IDENTIFIED, **STATUS, **OF_PATIENT, **IN_ENCOUNTER, "datetime": date("dateTime")},
    "Observation": {**CLINICAL, **CODED, **CATEGORY, "date": when("effective"), "performer": reference("performer")},
    "Organization": {
        **IDENTIFIED, **NAMED,
        "active": token("active"),
        "type": token("type"),
        "partof": reference("partOf", "Organization"),
    },
    "Patient": {
        **PERSON,
        "birthdate": date("birthDate"),
        "death-date": date("deceasedDateTime"),
        "family": string("name.family"),
        "given": string("name.given"),
        "general-practitioner": reference("generalPractitioner", "Organization", "Practitioner", "PractitionerRole"),
        "organization": reference("managingOrganization", "Organization"),
        "link": reference("link.other", "Patient", "RelatedPerson"),
    },
    "Practitioner": {**PERSON, "family": string("name.family"), "given": string("name.given")},
    "PractitionerRole": {
        **IDENTIFIED,
        "active": token("active"),
        "role": token("code"),
        "specialty": token("specialty"),
        "practitioner": reference("practitioner", "Practitioner"),
        "organization": reference("organization", "Organization"),
        "location": reference("location", "Location"),
    },
    "Procedure": {**CLINICAL, **CODED, **CATEGORY, "date": when("performed")},
    "Provenance": {
        "patient": reference("target", "Patient"),
        "target": reference("target"),
        "agent": reference("agent.who"),
        "entity": reference("entity.what"),
        "recorded": date("recorded"),
    },
    "QuestionnaireResponse": {**CLINICAL, "authored": date("authored"), "author": reference("author")},
    "RelatedPerson": {**PERSON, **OF_PATIENT, "birthdate": date("birthDate"), "relationship": token("relationship")},
    "ServiceRequest": {**CLINICAL, **CODED, **CATEGORY, "intent": token("intent"), "authored": date("authoredOn")},
    "Task": {
        **IDENTIFIED, **STATUS, **CODED, **IN_ENCOUNTER,
        "patient": reference("for", "Patient"),
        "subject": reference("for"),
        "intent": token("intent"),
        "focus": reference("focus"),
        "owner": reference("owner"),
        "modified": date("lastModified"),
    },
}  # fmt: skip

PARAMETERS: Mapping[str, Table] = {type_: {**COMMON, **own} for type_, own in OWN.items()}


def references(type_: str, name: str = "*") -> list[str]:
    """The index names of the reference parameters called `name` of `type_`; `*` stands for any name, any type."""
    types = PARAMETERS if type_ == "*" else {type_: PARAMETERS.get(type_, {})}
    return [
        f"{owner}.{each}"
        for owner, table in types.items()
        for each, parameter in table.items()
        if parameter.kind == "reference" and name in ("*", each)
    ]
