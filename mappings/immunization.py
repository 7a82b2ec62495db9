"""A vaccination that was given, was not given, or was entered in error <-> UK Core Immunization.

The three are three types, because a refused vaccine must never be read as a given one: the date's own field says which it is
(`given_on`, `not_given_on`, `wrongly_recorded_for`), in the record as in native JSON.
Sources: HL7 FHIR R4, Immunization; UK Core Immunization 2.4.0 with its guidance; NHS England, Immunisation FHIR API.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from mappings.codes import CodeTable, table_from
from mappings.datatypes import (
    ADDRESS,
    CONCEPT,
    IDENTIFIER,
    NAME,
    NOTE,
    QUANTITY,
    TELECOM,
    WORDS,
    Address,
    Annotation,
    Coded,
    ContactPoint,
    HumanName,
    Identifier,
    Quantity,
    Words,
)
from mappings.dosage import DMD_SYSTEMS, ROUTE, findings_of_uncoded
from mappings.findings import Finding, before, refusal, warning
from mappings.people import GENDER
from mappings.shape import Each, OneOf, Part, Shape, also, f
from mappings.systems import SNOMED_CT, SOURCE_KEY, THO, UKCORE
from mappings.values import Reference, choice, date, positive, reference, reference_or, when

PROCEDURE = UKCORE + "Extension-UKCore-VaccinationProcedure"
PARENT_PRESENT = UKCORE + "Extension-UKCore-ParentPresent"

VACCINE = CodeTable(THO + "v3-NullFlavor", "ValueSet UKCore-VaccineCode 2.2.0, its words for a product that cannot be named", {
    "not available": ("NAVU", "Not available"), "not coded": ("UNC", "un-encoded"),
    "unknown": ("UNK", "unknown"), "not applicable": ("NA", "not applicable")})
SITE = CodeTable(SNOMED_CT, "ValueSet UKCore-ImmunizationAdministrationBodySite 1.0.0, the usual sites of an adult", {
    "left upper arm": ("368208006", "Left upper arm structure"), "right upper arm": ("368209003", "Right upper arm structure"),
    "left thigh": ("61396006", "Structure of left thigh"), "right thigh": ("11207009", "Structure of right thigh")})
REASON = CodeTable(SNOMED_CT, "ValueSet UKCore-ImmunizationExplanationReason 2.3.0, the reasons of a care home", {
    "due": ("171279008", "Immunisation due"), "at risk": ("78648007", "At risk for infection"),
    "outbreak": ("443684005", "Disease outbreak")})
REASON_NOT_GIVEN = CodeTable(SNOMED_CT, "ValueSet UKCore-ReasonImmunizationNotAdministered 2.2.0, the reasons of a care home", {
    "declined": ("591000119102", "Vaccine declined by patient"), "consent not given": ("310376006", "Immunisation consent not given"),
    "contraindicated": ("266758009", "Immunisation contraindicated"), "unwell": ("213257006", "Generally unwell"),
    "did not attend": ("281399006", "Did not attend")})
REPORT_ORIGIN = CodeTable(THO + "immunization-origin", "CodeSystem immunization-origin 4.0.1", {
    "another provider": ("provider", "Other Provider"), "written record": ("record", "Written Record"),
    "resident or family": ("recall", "Parent/Guardian/Patient Recall"), "school": ("school", "School Record"),
    "regional register": ("jurisdiction", "Jurisdictional IIS")})
FUNCTION = CodeTable(THO + "v2-0443", "ValueSet immunization-function 4.0.1", {
    "gave it": ("AP", "Administering Provider"), "ordered it": ("OP", "Ordering Provider")})
TARGET_DISEASE = table_from("target_disease", SNOMED_CT, "NHS England, Immunisation FHIR API: vaccine type to disease mapping")
OCCURRENCE: Any = choice(occurrenceDateTime=when, occurrenceString=WORDS)


# ---- records -------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Person:
    """The resident or the vaccinator where the vaccination carries them inside itself, as the Immunisation API does."""

    identifiers: tuple[Identifier, ...] = ()
    names: tuple[HumanName, ...] = ()
    telecoms: tuple[ContactPoint, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True)
class Performer:
    actor: Reference | Person
    function: Annotated[Coded | None, FUNCTION] = None


@dataclass(frozen=True)
class VaccineReaction:
    """`detail` is the Observation that says what happened; `reported` by the resident herself."""

    date: str | None = None
    detail: Reference | None = None
    reported: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Vaccination:
    """What all three have. `vaccine` is the product, `procedure` what was done; `primary_source` false: told by somebody else."""

    vaccine: Annotated[Coded, VACCINE]
    resident: Reference | Person
    key: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    procedure: Coded | None = None
    parent_present: bool | None = None
    encounter: Reference | None = None
    recorded: str | None = None
    primary_source: bool | None = None
    report_origin: Annotated[Coded | None, REPORT_ORIGIN] = None
    location: Reference | None = None
    performers: tuple[Performer, ...] = ()
    notes: tuple[Annotation, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Given(Vaccination):
    """`subpotent`: this dose does not count. Target diseases, series and dose number are those of the protocol that was followed."""

    given_on: str | Words
    manufacturer: Reference | None = None
    batch: str | None = None
    expiry_date: str | None = None
    site: Annotated[Coded | None, SITE] = None
    route: Annotated[Coded | None, ROUTE] = None
    amount: Quantity | None = None
    reasons: Annotated[tuple[Coded, ...], REASON] = ()
    reason_references: tuple[Reference, ...] = ()
    subpotent: bool | None = None
    subpotent_reasons: tuple[Coded, ...] = ()
    reactions: tuple[VaccineReaction, ...] = ()
    series: str | None = None
    authority: Reference | None = None
    target_diseases: Annotated[tuple[Coded, ...], TARGET_DISEASE] = ()
    dose_number: int | str | None = None
    series_doses: int | str | None = None

    def findings(self) -> Iterator[Finding]:
        given_on = self.given_on if isinstance(self.given_on, str) else None
        if before(self.recorded, given_on):
            yield refusal("recorded", "is before the vaccination was given")
        if self.dose_number is None and (self.target_diseases or self.series or self.series_doses or self.authority):
            # FHIR R4, Immunization.protocolApplied.doseNumber[x] is 1..1; the words for 'not known' are the Immunisation API's.
            yield refusal("dose_number", "is missing beside its disease or series; say 'Dose sequence not recorded' where it is not known")
        # An expired vaccine that was given is an incident, not an impossibility: it travels.
        if before(self.expiry_date, given_on):
            yield warning("expiry_date", "is before the vaccination was given; if it is right, this is an incident to report")
        if not self.batch and self.primary_source is not False:
            yield warning("batch", "is missing; UK Core asks for it when the vaccine was given")
        if not any(c.system in DMD_SYSTEMS or c.system == VACCINE.system for c in self.vaccine.codings):
            yield from findings_of_uncoded(
                "vaccine", self.vaccine, "is text only: without a dm+d code the product is not known for certain")


@dataclass(frozen=True, kw_only=True)
class NotGiven(Vaccination):
    """Offered or due, and not given. UK Core, ukcore-imm-001: not done without a reason is not allowed."""

    not_given_on: str | Words
    reason: Annotated[Coded, REASON_NOT_GIVEN]


@dataclass(frozen=True, kw_only=True)
class EnteredInError(Vaccination):
    """A correction: this vaccination, recorded for that time, should never have been recorded for this resident."""

    wrongly_recorded_for: str | Words


# ---- shapes --------------------------------------------------------------------------------------------------------------------
PERSON = {
    "identifier": [Each(f.identifiers, IDENTIFIER)],
    "name": [Each(f.names, NAME)],
    "telecom": [Each(f.telecoms, TELECOM)],
    "gender": f.gender | GENDER,
    "birthDate": f.birth_date | date,
    "address": [Each(f.addresses, ADDRESS)],
}
PATIENT = Part(Person, {"resourceType": "Patient", **PERSON})
PRACTITIONER = Part(Person, {"resourceType": "Practitioner", **PERSON})

VACCINATION = {
    "resourceType": "Immunization",
    "meta": also({"profile": [UKCORE + "UKCore-Immunization"]}),
    "extension": [
        {"url": PROCEDURE, "valueCodeableConcept": f.procedure | CONCEPT},
        {"url": PARENT_PRESENT, "valueBoolean": f.parent_present}],
    "identifier": [{"system": SOURCE_KEY, "value": f.key}, Each(f.identifiers, IDENTIFIER)],
    "vaccineCode": f.vaccine | CONCEPT,
    "patient": f.resident | reference_or(PATIENT),
    "encounter": f.encounter | reference,
    "recorded": f.recorded | when,
    "primarySource": f.primary_source,
    "reportOrigin": f.report_origin | CONCEPT,
    "location": f.location | reference,
    "performer": [Each(f.performers, Performer, {"function": f.function | CONCEPT, "actor": f.actor | reference_or(PRACTITIONER)})],
    "note": [Each(f.notes, NOTE)],
}

immunization: OneOf[Given | NotGiven | EnteredInError] = OneOf(
    Shape(Given, {
        **VACCINATION,
        "status": "completed",
        ("occurrenceDateTime", "occurrenceString"): f.given_on | OCCURRENCE,
        "manufacturer": f.manufacturer | reference,
        "lotNumber": f.batch,
        "expirationDate": f.expiry_date | date,
        "site": f.site | CONCEPT,
        "route": f.route | CONCEPT,
        "doseQuantity": f.amount | QUANTITY,
        "reasonCode": [Each(f.reasons, CONCEPT)],
        "reasonReference": [Each(f.reason_references, reference)],
        "isSubpotent": f.subpotent,
        "subpotentReason": [Each(f.subpotent_reasons, CONCEPT)],
        "reaction": [Each(f.reactions, VaccineReaction, {"date": f.date | when, "detail": f.detail | reference, "reported": f.reported})],
        "protocolApplied": [{
            "series": f.series,
            "authority": f.authority | reference,
            "targetDisease": [Each(f.target_diseases, CONCEPT)],
            ("doseNumberPositiveInt", "doseNumberString"): f.dose_number | choice(
                doseNumberPositiveInt=positive, doseNumberString=str),
            ("seriesDosesPositiveInt", "seriesDosesString"): f.series_doses | choice(
                seriesDosesPositiveInt=positive, seriesDosesString=str)}],
    }),
    Shape(NotGiven, {
        **VACCINATION,
        "status": "not-done",
        "statusReason": f.reason | CONCEPT,
        ("occurrenceDateTime", "occurrenceString"): f.not_given_on | OCCURRENCE,
    }),
    Shape(EnteredInError, {
        **VACCINATION,
        "status": "entered-in-error",
        ("occurrenceDateTime", "occurrenceString"): f.wrongly_recorded_for | OCCURRENCE,
    }),
)
