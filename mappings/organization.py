"""Organization <-> UK Core Organization 2.5.1: the home, a hospital, a GP practice. Directory: it belongs to no resident.

Sources: UK Core StructureDefinition UKCore-Organization, extension MainLocation; HL7 FHIR R4 extension organization-period.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from mappings.codes import CodeTable
from mappings.datatypes import ADDRESS, CONCEPT, IDENTIFIER, PERIOD, TELECOM, Address, Coded, ContactPoint, Identifier, Period
from mappings.findings import Finding, all_in_order, in_order, refusal
from mappings.shape import Each, Shape, also, f
from mappings.systems import HL7, ODS_ORGANISATION, ODS_SITE, SOURCE_KEY, THO, UKCORE
from mappings.values import Reference, reference, strings

MAIN_LOCATION = UKCORE + "Extension-UKCore-MainLocation"
ORGANIZATION_PERIOD = HL7 + "organization-period"

# UK Core has no type for a care home: it is a healthcare provider, and its text or ODS code says the rest.
ORGANIZATION_TYPE = CodeTable(THO + "organization-type", "UK Core ValueSet OrganizationType 1.0.0: HL7 organization-type", {
    "healthcare provider": ("prov", "Healthcare Provider"),
    "hospital department": ("dept", "Hospital Department"),
    "team": ("team", "Organizational team"),
    "government": ("govt", "Government"),
    "insurance company": ("ins", "Insurance Company"),
    "payer": ("pay", "Payer"),
    "educational institute": ("edu", "Educational Institute"),
    "religious institution": ("reli", "Religious Institution"),
    "clinical research sponsor": ("crs", "Clinical Research Sponsor"),
    "community group": ("cg", "Community Group"),
    "other business": ("bus", "Non-Healthcare Business or Corporation"),
    "other": ("other", "Other"),
})


@dataclass(frozen=True)
class Organization:
    """`ods_code` is the organisation's, `ods_site_code` that of one of its sites, both as the Organisation Data Service gave them."""

    key: str | None = None
    ods_code: str | None = None
    ods_site_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    active: bool | None = None
    period: Period | None = None
    types: tuple[Annotated[Coded, ORGANIZATION_TYPE], ...] = ()
    name: str | None = None
    aliases: tuple[str, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    addresses: tuple[Address, ...] = ()
    main_location: Reference | None = None
    part_of: Reference | None = None

    def findings(self) -> Iterator[Finding]:
        if not (self.name or self.key or self.ods_code or self.ods_site_code or self.identifiers):
            yield refusal("name", "is missing, and so is every identifier: an organisation has one of them (FHIR org-1)")
        for field in ("telecom", "addresses"):
            for i, item in enumerate(getattr(self, field)):
                if item.use == "home":
                    yield refusal(f"{field}[{i}].use", "cannot be 'home' for an organisation (FHIR org-2, org-3): say 'work', or nothing")
        for field in ("identifiers", "telecom", "addresses"):
            yield from all_in_order(field, getattr(self, field))
        yield from in_order("period", self.period)


organization = Shape(Organization, {
    "resourceType": "Organization",
    "meta": also({"profile": [UKCORE + "UKCore-Organization"]}),
    "extension": [
        {"url": MAIN_LOCATION, "valueReference": f.main_location | reference},
        {"url": ORGANIZATION_PERIOD, "valuePeriod": f.period | PERIOD}],
    "identifier": [
        {"system": SOURCE_KEY, "value": f.key},
        {"system": ODS_ORGANISATION, "value": f.ods_code},
        {"system": ODS_SITE, "value": f.ods_site_code},
        Each(f.identifiers, IDENTIFIER)],
    "active": f.active,
    "type": [Each(f.types, CONCEPT)],
    "name": f.name,
    "alias": f.aliases | strings,
    "telecom": [Each(f.telecom, TELECOM)],
    "address": [Each(f.addresses, ADDRESS)],
    "partOf": f.part_of | reference,
})
