"""Ids that are the same on every machine and every time: who says it, about whom, what kind of thing, and the sender's own key for it.

    resident's own      uuid5(uuid5(URL, source), "{length of her key}:{her key}/{Type}/{key}")
    directory           uuid5(uuid5(URL, system), "{Type}/{value}")      of its strongest identifier: any sender comes to the same id

The sender's key travels too, as an identifier of the sender's own system "{source}/Id/{Type}"; if it is a resident's own,
as "{her key}/{key}".

Sources: RFC 9562 (UUID version 5); HL7 FHIR R4, page Resource (ids).
"""
from __future__ import annotations

import hashlib
import uuid
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from mappings.catalogue import DIRECTORY
from mappings.patient import Resident
from mappings.systems import (
    GMC_NUMBER,
    GMP_NUMBER,
    GPHC_NUMBER,
    HCPC_NUMBER,
    NHS_NUMBER,
    NMC_NUMBER,
    ODS_ORGANISATION,
    ODS_SITE,
    SDS_USER,
)

Json = Any
VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
# National identifiers, the strongest first: what everybody calls this organisation, this place, this person.
NATIONAL = (ODS_ORGANISATION, ODS_SITE, GMC_NUMBER, NMC_NUMBER, GPHC_NUMBER, HCPC_NUMBER, GMP_NUMBER, SDS_USER)


PUBLIC = {"Patient", *DIRECTORY}  # their keys are nobody's in particular, or her own
PLAIN = "".join(chr(c) for c in range(32, 127) if chr(c) not in "/%")  # the resident's key may hold what divides it from the row's


class Id(NamedTuple):
    """An identifier: who gives it out, and the value."""

    system: str
    value: str

    def query(self) -> str:
        """As a FHIR search for exactly this. Source: HL7 FHIR R4, page Search, escaping search parameters."""
        system, value = (part.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$") for part in self)
        return f"identifier={quote(system, safe=':/')}|{quote(value, safe='')}"


@cache
def _namespace(url: str) -> bytes:
    return uuid.uuid5(uuid.NAMESPACE_URL, url).bytes


class Names:
    """The names one resident's things go by."""

    def __init__(self, source: str, resident: str) -> None:
        self.source, self.key = source, resident
        self.whose = quote(resident, safe=PLAIN) + "/"
        self.start = hashlib.sha1(_namespace(source) + f"{len(resident)}:{resident}/".encode(), usedforsecurity=False)

    def id(self, kind: str, key: str) -> str:
        hashed = self.start.copy()
        hashed.update(f"{kind}/{key}".encode())
        h = hashed.hexdigest()
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{VARIANT[h[16]]}{h[17:20]}-{h[20:32]}"

    def own(self, kind: str, key: str) -> Id:
        """The identifier under which the sender's key travels."""
        return Id(own_system(self.source, kind), self.value(kind, key))

    def value(self, kind: str, key: str) -> str:
        """Two residents may each have a medicine `1`, and both have a List `medicines`: what is hers says whose it is."""
        return key if kind in PUBLIC else self.whose + key

    def person(self, resident: Resident) -> Id:
        """What to find her by: her NHS number if it is verified, else the sender's own key."""
        verified = resident.nhs_number if resident.nhs_number_is_verified else None
        return Id(NHS_NUMBER, verified) if verified else self.own("Patient", self.key)


def own_system(source: str, kind: str) -> str:
    return f"{source}/Id/{kind}"


def key_of(kind: str, value: str) -> str:
    """The sender's key in the value of such an identifier."""
    return value if kind in PUBLIC else value.partition("/")[2] or value


def whose_key(value: str) -> str:
    """The key of the resident to whom a row with such an identifier belongs; empty where it says none."""
    whose, slash, _ = value.partition("/")
    return unquote(whose) if slash else ""


def strongest(resource: dict[str, Json], names: Names) -> Id:
    """What a directory resource is known by: a national identifier, else the sender's own key."""
    said = {i.get("system"): i.get("value") for i in reversed(resource["identifier"])}
    for system in NATIONAL:
        if value := said.get(system):
            return Id(system, value)
    own = own_system(names.source, resource["resourceType"])
    return Id(own, said[own])


@lru_cache(maxsize=1 << 14)  # homes, surgeries and those who work there are named by resident after resident
def directory_id(kind: str, known_by: Id) -> str:
    return str(uuid.uuid5(uuid.UUID(bytes=_namespace(known_by.system)), f"{kind}/{known_by.value}"))
