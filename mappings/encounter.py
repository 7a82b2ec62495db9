"""Hospital stay <-> UK Core Encounter 2.5.0.

Not where one would look: how somebody was admitted is an extension of `hospitalization`, how they were discharged one of the Encounter.
Sources: UK Core StructureDefinition UKCore-Encounter, the extensions and code systems named below; HL7 FHIR R4 Encounter.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from mappings.codes import CodeTable, table_from
from mappings.datatypes import CODING, CONCEPT, IDENTIFIER, PERIOD, Coded, Identifier, Period
from mappings.findings import Finding, all_in_order, in_order, warning
from mappings.shape import BadValue, Codec, Each, Shape, also, f
from mappings.systems import SOURCE_KEY, THO, UKCORE, UKCORE_CODES
from mappings.values import Reference, code, positive, reference

ADMISSION_METHOD_EXTENSION = UKCORE + "Extension-UKCore-AdmissionMethod"
DISCHARGE_METHOD_EXTENSION = UKCORE + "Extension-UKCore-DischargeMethod"
OUTCOME_EXTENSION = UKCORE + "Extension-UKCore-OutcomeOfAttendance"
EMERGENCY_DISCHARGE_EXTENSION = UKCORE + "Extension-UKCore-EmergencyCareDischargeStatus"

# ---- code tables -----------------------------------------------------------------------------------------------------------
# HL7 FHIR R4 value sets encounter-status and encounter-location-status (both required).
STATUS = code({
    "planned": "planned", "arrived": "arrived", "triaged": "triaged", "in progress": "in-progress", "on leave": "onleave",
    "finished": "finished", "cancelled": "cancelled", "entered in error": "entered-in-error", "unknown": "unknown"})
LOCATION_STATUS = code({"planned": "planned", "active": "active", "reserved": "reserved", "completed": "completed"})

ENCOUNTER_CLASS = CodeTable(THO + "v3-ActCode", "HL7 v3 value set ActEncounterCode", {
    "inpatient": ("IMP", "inpatient encounter"),
    "inpatient acute": ("ACUTE", "inpatient acute"),
    "inpatient non-acute": ("NONAC", "inpatient non-acute"),
    "emergency": ("EMER", "emergency"),
    "outpatient": ("AMB", "ambulatory"),
    "observation": ("OBSENC", "observation encounter"),
    "pre-admission": ("PRENC", "pre-admission"),
    "short stay": ("SS", "short stay"),
    "home health": ("HH", "home health"),
    "field": ("FLD", "field"),
    "virtual": ("VR", "virtual"),
})

PARTICIPANT_TYPE = CodeTable(THO + "v3-ParticipationType", "HL7 FHIR R4 value set encounter-participant-type", {
    "admitter": ("ADM", "admitter"),
    "attender": ("ATND", "attender"),
    "callback contact": ("CALLBCK", "callback contact"),
    "consultant": ("CON", "consultant"),
    "discharger": ("DIS", "discharger"),
    "escort": ("ESC", "escort"),
    "referrer": ("REF", "referrer"),
    "secondary performer": ("SPRF", "secondary performer"),
    "primary performer": ("PPRF", "primary performer"),
    "participant": ("PART", "Participation"),
}) | CodeTable(THO + "participant-type", "HL7 FHIR R4 code system participant-type", {
    "translator": ("translator", "Translator"),
    "emergency contact": ("emergency", "Emergency"),
})

DIAGNOSIS_ROLE = CodeTable(THO + "diagnosis-role", "HL7 FHIR R4 code system diagnosis-role", {
    "admission diagnosis": ("AD", "Admission diagnosis"),
    "discharge diagnosis": ("DD", "Discharge diagnosis"),
    "chief complaint": ("CC", "Chief complaint"),
    "comorbidity": ("CM", "Comorbidity diagnosis"),
    "before operation": ("pre-op", "pre-op diagnosis"),
    "after operation": ("post-op", "post-op diagnosis"),
    "billing": ("billing", "Billing"),
})

ADMISSION_METHOD = table_from(
    "admission_method", UKCORE_CODES + "UKCore-AdmissionMethodEngland", "UK Core CodeSystem AdmissionMethodEngland 1.0.1")
# A resident comes from an independent (85), a local authority (65) or an NHS care home (54): the home knows which, and we do not guess.
ADMISSION_SOURCE = table_from(
    "admission_source", UKCORE_CODES + "UKCore-SourceOfAdmissionEngland", "UK Core CodeSystem SourceOfAdmissionEngland 1.0.1")
DISCHARGE_DESTINATION = table_from(
    "discharge_destination", UKCORE_CODES + "UKCore-DischargeDestinationEngland", "UK Core CodeSystem DischargeDestinationEngland 1.0.1")
LOCATION_TYPE = table_from(
    "location_type", UKCORE_CODES + "UKCore-EncounterLocationTypeEngland", "UK Core CodeSystem EncounterLocationTypeEngland 1.0.1")

DISCHARGE_METHOD = table_from(
    "discharge_method", UKCORE_CODES + "UKCore-DischargeMethodEngland", "UK Core CodeSystem DischargeMethodEngland 1.1.0")
OUTCOME_OF_ATTENDANCE = CodeTable(
    UKCORE_CODES + "UKCore-OutcomeOfAttendanceEngland", "UK Core CodeSystem OutcomeOfAttendanceEngland 1.1.0", {
        "last attendance": ("1", "Discharged from consultant's care (last attendance)"),
        "another appointment given": ("2", "Another appointment given"),
        "appointment to be made": ("3", "Appointment to be made at a later date"),
    })


# ---- an element that is one bare Coding ------------------------------------------------------------------------------------
def _one_coding(concept: Any) -> Any:
    if not isinstance(concept, Coded) or concept.codings.__class__ is not tuple or len(concept.codings) != 1 or concept.text is not None:
        raise BadValue("has room for exactly one coding, and for no text")
    return CODING.put(concept.codings[0])


def _concept(coding: Any) -> Coded | None:
    got = CODING.get(coding)
    return Coded((got,)) if got else None


ONE_CODING = Codec(_one_coding, _concept, "one coding", Coded, exact=CODING.exact)


# ---- records ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Participant:
    """Somebody who took part, and as what."""

    types: tuple[Annotated[Coded, PARTICIPANT_TYPE], ...] = ()
    individual: Reference | None = None
    period: Period | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A condition or procedure of the stay, what it was for it (admission, discharge …), and its rank within that use."""

    condition: Reference
    use: Annotated[Coded | None, DIAGNOSIS_ROLE] = None
    rank: int | None = None


@dataclass(frozen=True)
class Whereabouts:
    """A ward or another place of the stay, and when."""

    location: Reference
    status: str | None = None
    physical_type: Annotated[Coded | None, LOCATION_TYPE] = None
    period: Period | None = None


@dataclass(frozen=True)
class Stay:
    """A stay in hospital, planned, under way or over; also a visit to its emergency department or a clinic.

    `origin` is the home the resident came from, `destination` where she went, `service_provider` the hospital, `locations` its wards."""

    resident: Reference
    status: str
    encounter_class: Annotated[Coded, ENCOUNTER_CLASS]
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    types: tuple[Coded, ...] = ()
    service_type: Coded | None = None
    priority: Coded | None = None
    participants: tuple[Participant, ...] = ()
    period: Period | None = None
    reasons: tuple[Coded, ...] = ()
    reason_references: tuple[Reference, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    origin: Reference | None = None
    admission_method: Annotated[Coded | None, ADMISSION_METHOD] = None
    admission_source: Annotated[Coded | None, ADMISSION_SOURCE] = None
    destination: Reference | None = None
    discharge_method: Annotated[Coded | None, DISCHARGE_METHOD] = None
    discharge_destination: Annotated[Coded | None, DISCHARGE_DESTINATION] = None
    emergency_discharge_status: Coded | None = None
    outcome_of_attendance: Annotated[Coded | None, OUTCOME_OF_ATTENDANCE] = None
    locations: tuple[Whereabouts, ...] = ()
    service_provider: Reference | None = None
    part_of: Reference | None = None

    def findings(self) -> Iterator[Finding]:
        yield from in_order("period", self.period)
        for name in ("identifiers", "participants", "locations"):
            yield from all_in_order(name, getattr(self, name))
        yield from self._end_findings()
        yield from self._discharge_findings()

    def _end_findings(self) -> Iterator[Finding]:
        ended = self.period is not None and self.period.end is not None
        if self.status == "finished" and not ended:
            yield warning("period.end", "is missing, and the stay is finished")
        if self.status in NOT_OVER and ended:
            yield warning("period.end", "is there, and the stay is not over")

    def _discharge_findings(self) -> Iterator[Finding]:
        method = self.discharge_method and DISCHARGE_METHOD.word(self.discharge_method)
        destination = self.discharge_destination and DISCHARGE_DESTINATION.word(self.discharge_destination)
        if method in DEATHS and destination not in (None, "died"):
            yield warning("discharge_destination", "is a place, and the discharge method says that the patient died")
        if destination == "died" and method not in (None, *DEATHS):
            yield warning("discharge_method", "is a discharge, and the discharge destination says that the patient died")
        if self.status in NOT_OVER and method not in (None, "not discharged"):
            yield warning("discharge_method", "says how the stay ended, and the stay is not over")
        if self.status == "finished" and "not discharged" in (method, destination):
            yield warning("status", "is finished, and the discharge says that there was none yet")


NOT_OVER = ("planned", "arrived", "triaged", "in progress", "on leave")
DEATHS = ("died", "stillbirth")


# ---- shape -----------------------------------------------------------------------------------------------------------------
encounter = Shape(Stay, {
    "resourceType": "Encounter",
    "meta": also({"profile": [UKCORE + "UKCore-Encounter"]}),
    "extension": [
        {"url": DISCHARGE_METHOD_EXTENSION, "valueCodeableConcept": f.discharge_method | CONCEPT},
        {"url": EMERGENCY_DISCHARGE_EXTENSION, "valueCodeableConcept": f.emergency_discharge_status | CONCEPT},
        {"url": OUTCOME_EXTENSION, "valueCodeableConcept": f.outcome_of_attendance | CONCEPT}],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "status": f.status | STATUS,
    "class": f.encounter_class | ONE_CODING,
    "type": [Each(f.types, CONCEPT)],
    "serviceType": f.service_type | CONCEPT,
    "priority": f.priority | CONCEPT,
    "subject": f.resident | reference,
    "participant": [Each(f.participants, Participant, {
        "type": [Each(f.types, CONCEPT)],
        "period": f.period | PERIOD,
        "individual": f.individual | reference})],
    "period": f.period | PERIOD,
    "reasonCode": [Each(f.reasons, CONCEPT)],
    "reasonReference": [Each(f.reason_references, reference)],
    "diagnosis": [Each(f.diagnoses, Diagnosis, {"condition": f.condition | reference, "use": f.use | CONCEPT, "rank": f.rank | positive})],
    "hospitalization": {
        "extension": [{"url": ADMISSION_METHOD_EXTENSION, "valueCodeableConcept": f.admission_method | CONCEPT}],
        "origin": f.origin | reference,
        "admitSource": f.admission_source | CONCEPT,
        "destination": f.destination | reference,
        "dischargeDisposition": f.discharge_destination | CONCEPT},
    "location": [Each(f.locations, Whereabouts, {
        "location": f.location | reference,
        "status": f.status | LOCATION_STATUS,
        "physicalType": f.physical_type | CONCEPT,
        "period": f.period | PERIOD})],
    "serviceProvider": f.service_provider | reference,
    "partOf": f.part_of | reference,
})
