"""RelatedPerson <-> UK Core RelatedPerson 2.5.0: next of kin, carer, attorney; somebody with a record of their own.

Sources: UK Core StructureDefinition UKCore-RelatedPerson and the extensions ContactPreference and CopyCorrespondenceIndicator.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

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
from mappings.findings import Finding, all_in_order, in_order, warning
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
from mappings.systems import NHS_NUMBER, SOURCE_KEY, UKCORE
from mappings.values import Reference, date, reference


@dataclass(frozen=True)
class RelatedPerson:
    """Who it is to the resident (`relationships`), how to reach them, and for how long that held. `nhs_number` is their own."""

    resident: Reference
    key: str | None = None
    nhs_number: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    active: bool | None = None
    relationships: tuple[Annotated[Coded, RELATIONSHIP], ...] = ()
    names: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    addresses: tuple[Address, ...] = ()
    period: Period | None = None
    languages: tuple[Language, ...] = ()
    preferred_contact_method: Annotated[Coded | None, CONTACT_METHOD] = None
    preferred_contact_times: str | None = None
    preferred_written_format: Annotated[Coded | None, WRITTEN_FORMAT] = None
    copy_correspondence: bool | None = None

    def findings(self) -> Iterator[Finding]:
        if not (self.names or self.relationships):
            yield warning("names", "are missing, and so are relationships: nobody can tell who this is")
        yield from in_order("period", self.period)
        for name in ("identifiers", "names", "telecom", "addresses"):
            yield from all_in_order(name, getattr(self, name))


related_person = Shape(RelatedPerson, {
    "resourceType": "RelatedPerson",
    "meta": also({"profile": [UKCORE + "UKCore-RelatedPerson"]}),
    "extension": [
        {"url": CONTACT_PREFERENCE, "extension": [
            {"url": "PreferredContactMethod", "valueCodeableConcept": f.preferred_contact_method | CONCEPT},
            {"url": "PreferredContactTimes", "valueString": f.preferred_contact_times},
            {"url": "PreferredWrittenCommunicationFormat", "valueCodeableConcept": f.preferred_written_format | CONCEPT}]},
        {"url": COPY_CORRESPONDENCE, "valueBoolean": f.copy_correspondence}],
    "identifier": [
        {"system": SOURCE_KEY, "value": f.key},
        {"system": NHS_NUMBER, "value": f.nhs_number},
        Each(f.identifiers, IDENTIFIER)],
    "active": f.active,
    "patient": f.resident | reference,
    "relationship": [Each(f.relationships, CONCEPT)],
    "name": [Each(f.names, NAME)],
    "telecom": [Each(f.telecom, TELECOM)],
    "gender": f.gender | GENDER,
    "birthDate": f.birth_date | date,
    "address": [Each(f.addresses, ADDRESS)],
    "period": f.period | PERIOD,
    "communication": [Each(f.languages, LANGUAGE_SPOKEN)],
})
