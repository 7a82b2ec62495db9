"""Identifiers of people and organisations in England and Wales."""
from __future__ import annotations

from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings import systems
from mappings.findings import is_nhs_number

UKCORE_IDENTIFIERS = "UK Core implementation guide, Identifiers (NamingSystem register of HL7 UK and NHS England)"

NATIONAL = (
    systems.NHS_NUMBER, systems.ODS_ORGANISATION, systems.ODS_SITE, systems.SDS_USER, "https://fhir.nhs.uk/Id/sds-role-profile-id",
    "https://fhir.nhs.uk/Id/cross-care-setting-identifier", systems.GMC_NUMBER, systems.GMP_NUMBER, systems.NMC_NUMBER,
    systems.GPHC_NUMBER, systems.HCPC_NUMBER, "https://fhir.hl7.org.uk/Id/gdc-number", "https://fhir.hl7.org.uk/Id/goc-number",
    "https://fhir.hl7.org.uk/Id/ppa-number", "https://fhir.hl7.org.uk/Id/urn-school-number",
)  # fmt: skip


def plain(url: str) -> str:
    """What is left of a URL when everything that people misspell is taken away: the scheme, capitals, s or z, a stop at the end."""
    return url.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/").replace("organisation", "organization")


MEANT = {plain(system): system for system in NATIONAL}


def _nhs_number(value: Object) -> Sequence[Said]:
    if value.get("system") != systems.NHS_NUMBER or "value" not in value or is_nhs_number(text(value, "value")):
        return ()
    return ((".value", "is no NHS number: it is ten digits without spaces, the last of them the modulus 11 check digit"),)


def _national_system(value: Object) -> Sequence[Said]:
    system = text(value, "system")
    meant = MEANT.get(plain(system), system)
    return () if meant == system else ((".system", f"is misspelt: this system is {meant}, letter for letter"),)


def _patient(system: str, value: str) -> Object:
    return {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]}


RULES = (
    Rule(
        "rb-nhs-number", Level.ERROR, ("Identifier",),
        "An NHS number is ten digits without spaces, the last of them the modulus 11 check digit.",
        "ask the home for the number on a letter of the NHS; if it is not known, leave the identifier out and say why in the extension "
        "NHSNumberUnavailableReason",
        "NHS Data Dictionary, NHS NUMBER; UK Core, Identifiers", _nhs_number,
        _patient(systems.NHS_NUMBER, "9990000018"), _patient(systems.NHS_NUMBER, "999 000 0018"),
    ),
    Rule(
        "rb-national-system", Level.ERROR, ("Identifier",),
        "The URI of a national identifier is written as registered: organization with z, Id with a capital, https, no slash after it.",
        "write the URI exactly so; a receiver compares it letter by letter and does not find who or what is meant",
        UKCORE_IDENTIFIERS, _national_system,
        _patient(systems.NHS_NUMBER, "9990000018"), _patient("https://fhir.nhs.uk/id/nhs-number", "9990000018"),
    ),
)  # fmt: skip
