"""Resident <-> UK Core Patient 2.6.1.

Sources: UK Core StructureDefinition UKCore-Patient and the extensions it names; HL7 FHIR R4 Patient and its standard extensions
patient-birthTime, patient-birthPlace, patient-religion, patient-interpreterRequired. UK Core makes nothing mandatory: neither do we.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from mappings.codes import CodeTable, table_from
from mappings.datatypes import (
    ADDRESS,
    CONCEPT,
    IDENTIFIER,
    NAME,
    PERIOD,
    TELECOM,
    Address,
    Coded,
    ContactPoint,
    HumanName,
    Identifier,
    Period,
)
from mappings.findings import Finding, all_in_order, before, in_order, is_nhs_number, ordered, refusal, warning
from mappings.people import (
    CONTACT_METHOD,
    CONTACT_PREFERENCE,
    COPY_CORRESPONDENCE,
    GENDER,
    LANGUAGE_SPOKEN,
    RELATIONSHIP,
    WRITTEN_FORMAT,
    Language,
)
from mappings.shape import Each, Shape, also, f
from mappings.systems import HL7, NHS_NUMBER, SOURCE_KEY, THO, UKCORE, UKCORE_CODES
from mappings.values import Reference, choice, code, date, positive, reference, strings, when

NHS_NUMBER_STATUS_EXTENSION = UKCORE + "Extension-UKCore-NHSNumberVerificationStatus"
NHS_NUMBER_UNAVAILABLE = UKCORE + "Extension-UKCore-NHSNumberUnavailableReason"
BIRTH_SEX_EXTENSION = UKCORE + "Extension-UKCore-BirthSex"
ETHNICITY = UKCORE + "Extension-UKCore-EthnicCategory"
RESIDENTIAL_STATUS_EXTENSION = UKCORE + "Extension-UKCore-ResidentialStatus"
DEATH_NOTIFICATION_EXTENSION = UKCORE + "Extension-UKCore-DeathNotificationStatus"
CONTACT_RANK = UKCORE + "Extension-UKCore-ContactRank"
RELIGION = HL7 + "patient-religion"
INTERPRETER_REQUIRED = HL7 + "patient-interpreterRequired"
BIRTH_PLACE = HL7 + "patient-birthPlace"
BIRTH_TIME = HL7 + "patient-birthTime"

# ---- code tables -----------------------------------------------------------------------------------------------------------
NHS_NUMBER_STATUS = CodeTable(
    UKCORE_CODES + "UKCore-NHSNumberVerificationStatusEngland", "UK Core CodeSystem NHSNumberVerificationStatusEngland 1.1.1", {
        "verified": ("01", "Number present and verified"),
        "not traced": ("02", "Number present but not traced"),
        "trace required": ("03", "Trace required"),
        "no match or several": ("04", "Trace attempted - No match or multiple match found"),
        "conflict to be resolved": ("05", "Trace needs to be resolved - (NHS number or patient detail conflict)"),
        "trace in progress": ("06", "Trace in progress"),
        "not present": ("07", "Number not present and trace not required"),
        "trace postponed": ("08", "Trace postponed (baby under six weeks old)"),
    })

# The same fact in the lists that other senders use: Wales, and UK Core's own list before 2023 (PDS still sends it, with two spellings).
VERIFIED = {
    (NHS_NUMBER_STATUS.system, "01"),
    (UKCORE_CODES + "UKCore-NHSNumberVerificationStatusWales", "01"),
    (UKCORE_CODES + "UKCore-NHSNumberVerificationStatus", "01"),
    (UKCORE_CODES + "UKCore-NHSNumberVerificationStatus", "number-present-and-verified"),
}

NHS_NUMBER_UNAVAILABLE_REASON = CodeTable(
    UKCORE_CODES + "UKCore-NHSNumberUnavailableReason", "UK Core CodeSystem NHSNumberUnavailableReason 1.0.0", {
        "not known": ("nhs-number-not-known", "NHS number not known"),
        "overseas patient": ("overseas-patient", "Overseas patient"),
        "devolved nation": ("devolved-nation", "Devolved nation"),
    })

NOT_KNOWN = CodeTable(THO + "v3-NullFlavor", "HL7 v3-NullFlavor", {"not known": ("UNK", "unknown")})

BIRTH_SEX = CodeTable(THO + "v3-AdministrativeGender", "UK Core ValueSet BirthSex: HL7 v3-AdministrativeGender", {
    "female": ("F", "Female"),
    "male": ("M", "Male"),
    "undifferentiated": ("UN", "Undifferentiated"),
}) | NOT_KNOWN

ETHNIC_CATEGORY = table_from(
    "ethnic_category", UKCORE_CODES + "UKCore-EthnicCategoryEngland", "UK Core CodeSystem EthnicCategoryEngland 1.1.1")

# The value set takes 'single' and 'domestic partner' from HL7's list and the others from the English one, whose own S it leaves out.
MARITAL_STATUS = CodeTable(UKCORE_CODES + "UKCore-PersonMaritalStatusEngland", "UK Core ValueSet PersonMaritalStatusCode 2.3.0", {
    "married": ("M", "Married/Civil Partner"),
    "divorced": ("D", "Divorced/Person whose Civil Partnership has been dissolved"),
    "widowed": ("W", "Widowed/Surviving Civil Partner"),
    "separated": ("P", "Separated"),
    "not disclosed": ("N", "Not disclosed"),
    "not applicable": ("8", "Not applicable"),
}) | CodeTable(THO + "v3-MaritalStatus", "HL7 v3-MaritalStatus", {
    "single": ("S", "Never Married"),
    "domestic partner": ("T", "Domestic partner"),
}) | NOT_KNOWN

RESIDENTIAL_STATUS = CodeTable(UKCORE_CODES + "UKCore-ResidentialStatus", "UK Core CodeSystem ResidentialStatus 2.1.0", {
    "uk resident": ("H", "UK Resident"),
    "overseas resident": ("O", "Overseas Resident"),
})

DEATH_NOTIFICATION = CodeTable(UKCORE_CODES + "UKCore-DeathNotificationStatus", "UK Core CodeSystem DeathNotificationStatus 2.1.0", {
    "informal": ("1", "Informal - death notice received via an update from a local NHS Organisation such as GP or Trust"),
    "formal": ("2", "Formal - death notice received from Registrar of Deaths"),
    "removed": ("U", "Removed"),
})

# HL7 FHIR R4 value set link-type (required).
LINK_TYPE = code({"replaced by": "replaced-by", "replaces": "replaces", "refer": "refer", "see also": "seealso"})


# ---- records ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Contact:
    """Somebody to turn to about the resident; a number or an address is enough. `rank`: 1 is called first."""

    relationships: tuple[Annotated[Coded, RELATIONSHIP], ...] = ()
    name: HumanName | None = None
    telecom: tuple[ContactPoint, ...] = ()
    address: Address | None = None
    gender: str | None = None
    organization: Reference | None = None
    period: Period | None = None
    rank: int | None = None
    copy_correspondence: bool | None = None


@dataclass(frozen=True)
class Link:
    """Another record of the same person. `replaced by` means: this one is no longer to be used."""

    other: Reference
    type: str


@dataclass(frozen=True)
class Resident:
    """Who she is. The name fields are the official name; `preferred_name` is what she wishes to be called; all others are `other_names`,
    each with its use (usual, old, maiden, temp). `deceased`: True, or when. `addresses` holds the home as well."""

    key: str | None = None
    nhs_number: str | None = None
    nhs_number_status: Annotated[Coded | None, NHS_NUMBER_STATUS] = None
    nhs_number_unavailable_reason: Annotated[Coded | None, NHS_NUMBER_UNAVAILABLE_REASON] = None
    identifiers: tuple[Identifier, ...] = ()
    active: bool | None = None
    family_name: str | None = None
    given_names: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    name_suffixes: tuple[str, ...] = ()
    name_text: str | None = None
    name_period: Period | None = None
    preferred_name: str | None = None
    other_names: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    birth_time: str | None = None
    birth_place: Address | None = None
    birth_sex: Annotated[Coded | None, BIRTH_SEX] = None
    multiple_birth: bool | int | None = None
    deceased: bool | str | None = None
    death_notification_status: Annotated[Coded | None, DEATH_NOTIFICATION] = None
    death_notification_date: str | None = None
    ethnic_category: Annotated[Coded | None, ETHNIC_CATEGORY] = None
    religion: Coded | None = None
    marital_status: Annotated[Coded | None, MARITAL_STATUS] = None
    residential_status: Annotated[Coded | None, RESIDENTIAL_STATUS] = None
    languages: tuple[Language, ...] = ()
    interpreter_required: bool | None = None
    preferred_contact_method: Annotated[Coded | None, CONTACT_METHOD] = None
    preferred_contact_times: str | None = None
    preferred_written_format: Annotated[Coded | None, WRITTEN_FORMAT] = None
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    general_practitioners: tuple[Reference, ...] = ()
    managing_organization: Reference | None = None
    links: tuple[Link, ...] = ()

    @property
    def nhs_number_is_verified(self) -> bool:
        """Only then may a resident be matched by NHS number."""
        codings = self.nhs_number_status.codings if self.nhs_number_status else ()
        return self.nhs_number is not None and any((c.system, c.code) in VERIFIED for c in codings)

    @property
    def names(self) -> tuple[HumanName, ...]:
        """Every name with parts, the official one first: what another record of the same person may go by."""
        official = HumanName(
            use="official", text=self.name_text, family=self.family_name, given=self.given_names,
            prefix=self.name_prefixes, suffix=self.name_suffixes, period=self.name_period)
        return (official, *self.other_names) if official != HumanName(use="official") else self.other_names

    def findings(self) -> Iterator[Finding]:
        yield from self._number_findings()
        if before(self.birth_date, self.birth_time) or before(self.birth_time, self.birth_date):
            yield refusal("birth_time", "is on another day than birth_date")
        yield from self._death_findings()
        for name in ("identifiers", "other_names", "telecom", "addresses", "contacts"):
            yield from all_in_order(name, getattr(self, name))
        yield from in_order("name_period", self.name_period)
        for i, contact in enumerate(self.contacts):
            if not (contact.name or contact.telecom or contact.address or contact.organization):
                yield refusal(f"contacts[{i}]", "says neither who it is nor how to reach them (FHIR pat-1): a name, telecom or address")
        for i, link in enumerate(self.links):
            if link.type == "replaced by":
                yield warning(f"links[{i}]", "says that another record replaces this one")

    def _number_findings(self) -> Iterator[Finding]:
        if self.nhs_number is None:
            if self.nhs_number_status:
                yield refusal("nhs_number_status", "is the status of a number that is not there: say nhs_number_unavailable_reason")
            return
        if not is_nhs_number(self.nhs_number):
            yield refusal("nhs_number", "is not an NHS number: expected ten digits without spaces, the last a modulus 11 check digit")
        elif len(set(self.nhs_number)) == 1:
            yield refusal("nhs_number", "is a placeholder: the same digit ten times")
        if self.nhs_number_status is None:
            yield warning("nhs_number_status", "is missing: a number of unknown status is not used to find the resident at the hospital")
        elif NHS_NUMBER_STATUS.word(self.nhs_number_status) == "not present":
            yield warning("nhs_number_status", "says that there is no number, beside a number")
        if self.nhs_number_unavailable_reason:
            yield warning("nhs_number_unavailable_reason", "says why there is no number, beside a number")

    def _death_findings(self) -> Iterator[Finding]:
        notified = self.death_notification_status and DEATH_NOTIFICATION.word(self.death_notification_status) in ("informal", "formal")
        if isinstance(self.deceased, str):
            yield from ordered(self.birth_date, self.deceased, "deceased", "is before birth_date")
        if self.deceased is False and notified:
            yield refusal("deceased", "says that the resident is alive, beside a notification of death")
        if self.deceased is None and notified:
            yield warning("deceased", "is missing, beside a notification of death")
        if self.death_notification_date and self.death_notification_status is None:
            yield refusal("death_notification_status", "is missing: death_notification_date is when a status took effect")


# ---- shape -----------------------------------------------------------------------------------------------------------------
patient = Shape(Resident, {
    "resourceType": "Patient",
    "meta": also({"profile": [UKCORE + "UKCore-Patient"]}),
    "extension": [
        {"url": NHS_NUMBER_UNAVAILABLE, "valueCodeableConcept": f.nhs_number_unavailable_reason | CONCEPT},
        {"url": BIRTH_SEX_EXTENSION, "valueCodeableConcept": f.birth_sex | CONCEPT},
        {"url": BIRTH_PLACE, "valueAddress": f.birth_place | ADDRESS},
        {"url": ETHNICITY, "valueCodeableConcept": f.ethnic_category | CONCEPT},
        {"url": RELIGION, "valueCodeableConcept": f.religion | CONCEPT},
        {"url": RESIDENTIAL_STATUS_EXTENSION, "valueCodeableConcept": f.residential_status | CONCEPT},
        {"url": INTERPRETER_REQUIRED, "valueBoolean": f.interpreter_required},
        {"url": CONTACT_PREFERENCE, "extension": [
            {"url": "PreferredContactMethod", "valueCodeableConcept": f.preferred_contact_method | CONCEPT},
            {"url": "PreferredContactTimes", "valueString": f.preferred_contact_times},
            {"url": "PreferredWrittenCommunicationFormat", "valueCodeableConcept": f.preferred_written_format | CONCEPT}]},
        {"url": DEATH_NOTIFICATION_EXTENSION, "extension": [
            {"url": "deathNotificationStatus", "valueCodeableConcept": f.death_notification_status | CONCEPT},
            {"url": "systemEffectiveDate", "valueDateTime": f.death_notification_date | when}]}],
    "identifier": [
        {"system": SOURCE_KEY, "value": f.key},
        {"extension": [{"url": NHS_NUMBER_STATUS_EXTENSION, "valueCodeableConcept": f.nhs_number_status | CONCEPT}],
         "system": NHS_NUMBER, "value": f.nhs_number},
        Each(f.identifiers, IDENTIFIER)],
    "active": f.active,
    "name": [
        {"use": "official", "text": f.name_text, "family": f.family_name, "given": f.given_names | strings,
         "prefix": f.name_prefixes | strings, "suffix": f.name_suffixes | strings, "period": f.name_period | PERIOD},
        {"use": "nickname", "text": f.preferred_name},
        Each(f.other_names, NAME)],
    "telecom": [Each(f.telecom, TELECOM)],
    "gender": f.gender | GENDER,
    "birthDate": f.birth_date | date,
    "_birthDate": {"extension": [{"url": BIRTH_TIME, "valueDateTime": f.birth_time | when}]},
    ("deceasedBoolean", "deceasedDateTime"): f.deceased | choice(deceasedBoolean=bool, deceasedDateTime=when),
    "address": [Each(f.addresses, ADDRESS)],
    "maritalStatus": f.marital_status | CONCEPT,
    ("multipleBirthBoolean", "multipleBirthInteger"): f.multiple_birth | choice(multipleBirthBoolean=bool, multipleBirthInteger=int),
    "contact": [Each(f.contacts, Contact, {
        "extension": [
            {"url": CONTACT_RANK, "valuePositiveInt": f.rank | positive},
            {"url": COPY_CORRESPONDENCE, "valueBoolean": f.copy_correspondence}],
        "relationship": [Each(f.relationships, CONCEPT)],
        "name": f.name | NAME,
        "telecom": [Each(f.telecom, TELECOM)],
        "address": f.address | ADDRESS,
        "gender": f.gender | GENDER,
        "organization": f.organization | reference,
        "period": f.period | PERIOD})],
    "communication": [Each(f.languages, LANGUAGE_SPOKEN)],
    "generalPractitioner": [Each(f.general_practitioners, reference)],
    "managingOrganization": f.managing_organization | reference,
    "link": [Each(f.links, Link, {"other": f.other | reference, "type": f.type | LINK_TYPE})],
})
