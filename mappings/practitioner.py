"""Practitioner <-> UK Core Practitioner 2.4.0: a doctor, nurse, pharmacist or other professional. Directory: belongs to no resident.

Sources: UK Core StructureDefinition UKCore-Practitioner; HL7 UK's registered identifier systems (NamingSystem gmc-number, nmc-number …).
"""
from __future__ import annotations

import re
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
from mappings.findings import Finding, all_in_order, warning
from mappings.people import GENDER, LANGUAGE
from mappings.shape import Each, Shape, also, f
from mappings.systems import GMC_NUMBER, GMP_NUMBER, GPHC_NUMBER, HCPC_NUMBER, NMC_NUMBER, SDS_USER, SOURCE_KEY, UKCORE, WRITTEN_AS
from mappings.values import Reference, date, reference

REGISTERS = {"gmc_number": GMC_NUMBER, "nmc_number": NMC_NUMBER, "gphc_number": GPHC_NUMBER, "hcpc_number": HCPC_NUMBER}


@dataclass(frozen=True)
class Qualification:
    code: Coded
    identifiers: tuple[Identifier, ...] = ()
    period: Period | None = None
    issuer: Reference | None = None


@dataclass(frozen=True)
class Practitioner:
    """Register numbers: GMC doctors, GMP general practitioners who prescribe, NMC nurses, GPhC pharmacists, HCPC allied professions."""

    key: str | None = None
    gmc_number: str | None = None
    gmp_number: str | None = None
    nmc_number: str | None = None
    gphc_number: str | None = None
    hcpc_number: str | None = None
    sds_user_id: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    active: bool | None = None
    names: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    addresses: tuple[Address, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    qualifications: tuple[Qualification, ...] = ()
    languages: tuple[Annotated[Coded, LANGUAGE], ...] = ()

    def findings(self) -> Iterator[Finding]:
        for field, register in REGISTERS.items():
            number, (pattern, words) = getattr(self, field), WRITTEN_AS[register]
            if number is not None and not re.fullmatch(pattern, number, re.ASCII):
                yield warning(field, f"is not written as usual: {words}")
        for name in ("identifiers", "names", "telecom", "addresses", "qualifications"):
            yield from all_in_order(name, getattr(self, name))


practitioner = Shape(Practitioner, {
    "resourceType": "Practitioner",
    "meta": also({"profile": [UKCORE + "UKCore-Practitioner"]}),
    "identifier": [
        {"system": SOURCE_KEY, "value": f.key},
        {"system": GMC_NUMBER, "value": f.gmc_number},
        {"system": GMP_NUMBER, "value": f.gmp_number},
        {"system": NMC_NUMBER, "value": f.nmc_number},
        {"system": GPHC_NUMBER, "value": f.gphc_number},
        {"system": HCPC_NUMBER, "value": f.hcpc_number},
        {"system": SDS_USER, "value": f.sds_user_id},
        Each(f.identifiers, IDENTIFIER)],
    "active": f.active,
    "name": [Each(f.names, NAME)],
    "telecom": [Each(f.telecom, TELECOM)],
    "address": [Each(f.addresses, ADDRESS)],
    "gender": f.gender | GENDER,
    "birthDate": f.birth_date | date,
    "qualification": [Each(f.qualifications, Qualification, {
        "identifier": [Each(f.identifiers, IDENTIFIER)],
        "code": f.code | CONCEPT,
        "period": f.period | PERIOD,
        "issuer": f.issuer | reference})],
    "communication": [Each(f.languages, CONCEPT)],
})
