"""Identifiers of people and organisations in England and Wales."""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings import systems
from mappings.numbers import is_nhs_number

REGISTER = "UK Core, Identifiers: the NamingSystem register of HL7 UK and NHS England"

NATIONAL = (
    systems.NHS_NUMBER, systems.ODS_ORGANISATION, systems.ODS_SITE, systems.SDS_USER, "https://fhir.nhs.uk/Id/sds-role-profile-id",
    "https://fhir.nhs.uk/Id/cross-care-setting-identifier", systems.GMC_NUMBER, systems.GMP_NUMBER, systems.NMC_NUMBER,
    systems.GPHC_NUMBER, systems.HCPC_NUMBER, "https://fhir.hl7.org.uk/Id/gdc-number", "https://fhir.hl7.org.uk/Id/goc-number",
    "https://fhir.hl7.org.uk/Id/ppa-number", "https://fhir.hl7.org.uk/Id/urn-school-number",
)
OIDS = {
    "urn:oid:2.16.840.1.113883.2.1.4.1": systems.NHS_NUMBER, "urn:oid:2.16.840.1.113883.2.1.4.3": systems.ODS_ORGANISATION,
    "urn:oid:1.2.826.0.1285.0.2.0.65": systems.SDS_USER, "urn:oid:1.2.826.0.1285.0.2.0.67": "https://fhir.nhs.uk/Id/sds-role-profile-id",
}


def plain(url: str) -> str:
    """What is left of a URL when everything that people misspell is taken away: the scheme, capitals, s or z, a slash at the end."""
    return url.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/").replace("organisation", "organization")


MEANT = {plain(system): system for system in NATIONAL}


@lru_cache(1024)
def meant(system: str) -> str:
    return MEANT.get(plain(system), system)


def _nhs_number(value: Object) -> Sequence[Said]:
    if value.get("system") != systems.NHS_NUMBER or "value" not in value:
        return ()
    number = text(value, "value")
    if not is_nhs_number(number):
        return ((".value", "is no NHS number: it is ten digits without spaces, the last of them the modulus 11 check digit"),)
    return ((".value", "is a placeholder: the same digit ten times"),) if len(set(number)) == 1 else ()


def _national_system(value: Object) -> Sequence[Said]:
    system = text(value, "system")
    right = meant(system)
    return () if right == system else ((".system", f"is misspelt: this system is {right}"),)


def _oid(value: Object) -> Sequence[Said]:
    uri = OIDS.get(text(value, "system"))
    return ((".system", f"is an object identifier of HL7 V3: in FHIR this system is {uri}"),) if uri else ()


def _register(value: Object) -> Sequence[Said]:
    form = systems.WRITTEN_AS.get(text(value, "system"))
    number = text(value, "value")
    if not form or not number or re.fullmatch(form[0], number, re.ASCII):
        return ()
    return ((".value", f"is not written as usual: {form[1]}"),)


def _outer_blanks(value: Object) -> Sequence[Said]:
    number = text(value, "value")
    return ((".value", "begins or ends with a blank"),) if number != number.strip() and number.strip() else ()


def _patient(system: str, value: str = "9990000018") -> Object:
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}


def _doctor(number: str) -> Object:
    return {"resourceType": "Practitioner", "identifier": [{"system": systems.GMC_NUMBER, "value": number}]}


RULES = (
    Rule("rb-nhs-number", Level.ERROR, ("Identifier",), _nhs_number,
         "An NHS number is ten digits without spaces, the last of them the modulus 11 check digit, and not one digit ten times.",
         fix="look the number up again; where it is not known, leave this identifier out and say why with the extension "
             "NHSNumberUnavailableReason",
         source="NHS Data Dictionary, NHS NUMBER",
         good=_patient(systems.NHS_NUMBER), bad=_patient(systems.NHS_NUMBER, "999 000 0018")),
    Rule("rb-national-system", Level.ERROR, ("Identifier",), _national_system,
         "The URI of a national identifier is written as registered: organization with z, Id with a capital, https, no slash after it.",
         fix="write it exactly so: receivers compare it letter by letter",
         source=REGISTER,
         good=_patient(systems.NHS_NUMBER), bad=_patient("https://fhir.nhs.uk/id/nhs-number")),
    Rule("rb-identifier-oid", Level.WARNING, ("Identifier",), _oid,
         "A national identifier stands under its FHIR URI, not under the object identifier that HL7 V3 messages have for it.",
         fix="write the URI",
         source=REGISTER,
         good=_patient(systems.NHS_NUMBER), bad=_patient("urn:oid:2.16.840.1.113883.2.1.4.1")),
    Rule("rb-identifier-blanks", Level.WARNING, ("Identifier",), _outer_blanks,
         "An identifier's value neither begins nor ends with a blank.",
         fix="take the blanks away: with them it is another identifier, and is not found",
         source="HL7 FHIR R4, Data Types, string: blanks at either end SHOULD be removed",
         good=_patient("https://rose-house.example/residents", "R-17"), bad=_patient("https://rose-house.example/residents", "R-17 ")),
    Rule("rb-professional-number", Level.WARNING, ("Identifier",), _register,
         "The number of a professional register (GMC, NMC, GPhC, HCPC) is written as that register writes it.",
         fix="look it up in the register",
         source=REGISTER,
         good=_doctor("9990000"), bad=_doctor("Dr 99")),
)
