"""PractitionerRole <-> UK Core PractitionerRole 2.4.0: what a practitioner is, where, for whom. Directory: belongs to no resident.

Sources: UK Core StructureDefinition UKCore-PractitionerRole; code system PracticeSettingCode.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from mappings.codes import table_from
from mappings.datatypes import CONCEPT, IDENTIFIER, PERIOD, TELECOM, Coded, ContactPoint, Identifier, Period
from mappings.findings import Finding, all_in_order, in_order, warning
from mappings.shape import Each, Shape, also, f
from mappings.systems import SOURCE_KEY, UKCORE, UKCORE_CODES
from mappings.values import Reference, reference

SDS_ROLE_PROFILE = "https://fhir.nhs.uk/Id/sds-role-profile-id"
PRACTICE_SETTING = table_from(
    "practice_setting", UKCORE_CODES + "UKCore-PracticeSettingCode", "UK Core CodeSystem PracticeSettingCode 1.0.1")


@dataclass(frozen=True)
class PractitionerRole:
    """`codes` say the role (SNOMED CT or the SDS job role), `specialties` the treatment function."""

    key: str | None = None
    sds_role_profile_id: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    active: bool | None = None
    period: Period | None = None
    practitioner: Reference | None = None
    organization: Reference | None = None
    codes: tuple[Coded, ...] = ()
    specialties: tuple[Annotated[Coded, PRACTICE_SETTING], ...] = ()
    locations: tuple[Reference, ...] = ()
    healthcare_services: tuple[Reference, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()

    def findings(self) -> Iterator[Finding]:
        if self.practitioner is None and self.organization is None:
            yield warning("practitioner", "is missing, and so is organization: nobody can tell whose role this is")
        yield from in_order("period", self.period)
        yield from all_in_order("telecom", self.telecom)


practitioner_role = Shape(PractitionerRole, {
    "resourceType": "PractitionerRole",
    "meta": also({"profile": [UKCORE + "UKCore-PractitionerRole"]}),
    "identifier": [
        {"system": SOURCE_KEY, "value": f.key},
        {"system": SDS_ROLE_PROFILE, "value": f.sds_role_profile_id},
        Each(f.identifiers, IDENTIFIER)],
    "active": f.active,
    "period": f.period | PERIOD,
    "practitioner": f.practitioner | reference,
    "organization": f.organization | reference,
    "code": [Each(f.codes, CONCEPT)],
    "specialty": [Each(f.specialties, CONCEPT)],
    "location": [Each(f.locations, reference)],
    "healthcareService": [Each(f.healthcare_services, reference)],
    "telecom": [Each(f.telecom, TELECOM)],
})
