"""What people have in common, whoever they are: gender, relationships, languages, how they want to be reached.

Used by Patient, RelatedPerson and Practitioner. Sources: UK Core extensions, value sets and code systems named below; HL7 FHIR R4.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mappings.codes import CodeTable, table_from
from mappings.datatypes import CODING, CONCEPT, Coded, Coding
from mappings.shape import Each, Part, f
from mappings.systems import BCP47, HL7, THO, UKCORE, UKCORE_CODES
from mappings.values import code

CONTACT_PREFERENCE = UKCORE + "Extension-UKCore-ContactPreference"
COPY_CORRESPONDENCE = UKCORE + "Extension-UKCore-CopyCorrespondenceIndicator"
PROFICIENCY = HL7 + "patient-proficiency"

# HL7 FHIR R4 value set administrative-gender (required): gender as recorded for administration, not sex at birth.
GENDER = code({"male": "male", "female": "female", "other": "other", "unknown": "unknown"})

# UK Core value set PersonRelationshipType draws on three systems: a family or friend, a role, an arrangement.
RELATIONSHIP = table_from(
    "personal_relationship", THO + "v3-RoleCode", "UK Core ValueSet PersonRelationshipType 2.1.0: HL7 v3-RoleCode") | CodeTable(
    THO + "v2-0131", "HL7 v2-0131", {
        "next of kin": ("N", "Next-of-Kin"),
        "emergency contact": ("C", "Emergency Contact"),
        "contact person": ("CP", "Contact person"),
        "employer": ("E", "Employer"),
        "unknown": ("U", "Unknown"),
    }) | CodeTable(UKCORE_CODES + "UKCore-AdditionalPersonRelationshipRole", "UK Core CodeSystem AdditionalPersonRelationshipRole 2.1.0", {
        "agent": ("Agent", "Agent of patient"),
        "guardian": ("Guardian", "Guardian of patient"),
        "personal relationship": ("Personal", "Personal relationship with the patient"),
        "polygamous partner": ("PolygamousPartner", "Polygamous Partner of patient"),
        "dependant": ("Dependant", "Dependant of patient"),
        "non dependant": ("NonDependant", "Non Dependant of patient"),
        "proxy contact": ("ProxyContact", "Proxy Contact for patient"),
        "proxy communication": ("ProxyCommunication", "Proxy Communication for patient"),
        "proxy contact and communication": ("ProxyContactCommunication", "Proxy Contact and Communication for patient"),
        "carer": ("Carer", "Carer of patient"),
        "not specified": ("NotSpecified", "Not Specified"),
    })

CONTACT_METHOD = CodeTable(UKCORE_CODES + "UKCore-PreferredContactMethod", "UK Core CodeSystem PreferredContactMethod 2.2.0", {
    "letter": ("1", "Letter"),
    "visit": ("2", "Visit"),
    "telephone": ("3", "Telephone"),
    "email": ("4", "E-mail"),
    "textphone": ("5", "Minicom (Textphone)"),
    "telephone via proxy": ("6", "Telephone contact via proxy"),
    "sign language": ("7", "Sign language"),
    "no telephone": ("8", "No Telephone contact"),
})

WRITTEN_FORMAT = CodeTable(
    UKCORE_CODES + "UKCore-PreferredWrittenCommunicationFormat", "UK Core CodeSystem PreferredWrittenCommunicationFormat 2.1.0", {
        "large print": ("11", "Large print"),
        "braille": ("12", "Braille"),
        "audio tape": ("13", "Audio tape"),
    })

# A selection: the languages most spoken in the UK. Every other code travels too.
LANGUAGE = table_from("language", BCP47, "BCP 47, IANA Language Subtag Registry")


# ---- languages -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Proficiency:
    """How well (HL7 v3-LanguageAbilityProficiency), and in which ways: spoken, signed, written (HL7 v3-LanguageAbilityMode)."""

    level: Coding | None = None
    modes: tuple[Coding, ...] = ()


@dataclass(frozen=True)
class Language:
    """A language somebody communicates in. Makaton and its like: the nearest BCP 47 language and a coding of its own, side by side."""

    language: Annotated[Coded, LANGUAGE]
    preferred: bool | None = None
    proficiencies: tuple[Proficiency, ...] = ()


MODE = Part(Coding, {"url": "type", "valueCoding": {
    "system": f.system, "version": f.version, "code": f.code, "display": f.display, "userSelected": f.user_selected}})

LANGUAGE_SPOKEN = Part(Language, {
    "extension": [Each(f.proficiencies, Proficiency, {
        "url": PROFICIENCY,
        "extension": [{"url": "level", "valueCoding": f.level | CODING}, Each(f.modes, MODE)]})],
    "language": f.language | CONCEPT,
    "preferred": f.preferred,
})
