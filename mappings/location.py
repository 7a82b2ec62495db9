"""Location <-> UK Core Location 2.3.0: a site, a ward, a room. Directory: it belongs to no resident.

Sources: UK Core StructureDefinition UKCore-Location; HL7 FHIR R4 Location.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from mappings.codes import CodeTable
from mappings.datatypes import ADDRESS, CONCEPT, IDENTIFIER, TELECOM, Address, Coded, ContactPoint, Identifier
from mappings.findings import Finding, all_in_order, in_order, refusal
from mappings.shape import Each, Part, Shape, also, f
from mappings.systems import ODS_SITE, SOURCE_KEY, THO, UKCORE
from mappings.values import Reference, code, reference, strings

# HL7 FHIR R4 value sets location-status and location-mode (both required).
STATUS = code({"active": "active", "suspended": "suspended", "inactive": "inactive"})
MODE = code({"instance": "instance", "kind": "kind"})

LOCATION_TYPE = CodeTable(THO + "v3-RoleCode", "HL7 v3 value set ServiceDeliveryLocationRoleType, the places of a stay", {
    "hospital": ("HOSP", "Hospital"),
    "hospital unit": ("HU", "Hospital unit"),
    "emergency room": ("ER", "Emergency room"),
    "intensive care unit": ("ICU", "Intensive care unit"),
    "rehabilitation hospital": ("RH", "Rehabilitation hospital"),
    "outpatient facility": ("OF", "Outpatient facility"),
    "primary care clinic": ("PC", "Primary care clinic"),
    "care home": ("NCCF", "Nursing or custodial care facility"),
    "patient's residence": ("PTRES", "Patient's Residence"),
})

PHYSICAL_TYPE = CodeTable(THO + "location-physical-type", "HL7 FHIR R4 code system location-physical-type", {
    "site": ("si", "Site"),
    "building": ("bu", "Building"),
    "wing": ("wi", "Wing"),
    "ward": ("wa", "Ward"),
    "level": ("lvl", "Level"),
    "corridor": ("co", "Corridor"),
    "room": ("ro", "Room"),
    "bed": ("bd", "Bed"),
    "vehicle": ("ve", "Vehicle"),
    "house": ("ho", "House"),
    "cabinet": ("ca", "Cabinet"),
    "road": ("rd", "Road"),
    "area": ("area", "Area"),
    "jurisdiction": ("jdn", "Jurisdiction"),
})


@dataclass(frozen=True)
class Position:
    """WGS84 degrees; altitude in metres."""

    latitude: int | Decimal
    longitude: int | Decimal
    altitude: int | Decimal | None = None


POSITION = Part(Position, {"longitude": f.longitude, "latitude": f.latitude, "altitude": f.altitude})


@dataclass(frozen=True)
class Location:
    """A place. `mode` says whether it is this very place (instance) or a kind of place."""

    key: str | None = None
    ods_site_code: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    status: str | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    description: str | None = None
    mode: str | None = None
    types: tuple[Annotated[Coded, LOCATION_TYPE], ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    address: Address | None = None
    physical_type: Annotated[Coded | None, PHYSICAL_TYPE] = None
    position: Position | None = None
    managing_organization: Reference | None = None
    part_of: Reference | None = None

    def findings(self) -> Iterator[Finding]:
        if self.position and not (-90 <= self.position.latitude <= 90 and -180 <= self.position.longitude <= 180):
            yield refusal("position", "is nowhere: latitude runs from -90 to 90, longitude from -180 to 180 degrees")
        yield from all_in_order("telecom", self.telecom)
        if self.address:
            yield from in_order("address.period", self.address.period)


location = Shape(Location, {
    "resourceType": "Location",
    "meta": also({"profile": [UKCORE + "UKCore-Location"]}),
    "identifier": [
        {"system": SOURCE_KEY, "value": f.key},
        {"system": ODS_SITE, "value": f.ods_site_code},
        Each(f.identifiers, IDENTIFIER)],
    "status": f.status | STATUS,
    "name": f.name,
    "alias": f.aliases | strings,
    "description": f.description,
    "mode": f.mode | MODE,
    "type": [Each(f.types, CONCEPT)],
    "telecom": [Each(f.telecom, TELECOM)],
    "address": f.address | ADDRESS,
    "physicalType": f.physical_type | CONCEPT,
    "position": f.position | POSITION,
    "managingOrganization": f.managing_organization | reference,
    "partOf": f.part_of | reference,
})
