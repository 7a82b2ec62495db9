"""Codes: the system under which a code stands, SNOMED CT and dm+d identifiers, Read codes, and codings side by side."""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from adapter.conformance.finding import Level
from adapter.conformance.rules.identifiers import plain
from adapter.conformance.rules.reading import each, has, has_extension, text
from adapter.conformance.rules.rule import Object, Rule, Said
from adapter.conformance.rules.snomed import kind_of
from mappings.systems import DMD, HL7, SNOMED_CT, UKCORE, UKCORE_CODES

CONCEPTS = "UK Core, CodeableConcept Guidance"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
READ_2, CTV3 = "http://read.info/readv2", "http://read.info/ctv3"
SYSTEMS = {plain(system): system for system in (SNOMED_CT, DMD, LOINC, UCUM, READ_2, CTV3)}
REGISTERED = frozenset(SYSTEMS.values())
OURS = plain(UKCORE_CODES + "UKCore-")
OIDS = {"urn:oid:2.16.840.1.113883.6.96": SNOMED_CT, "urn:oid:2.16.840.1.113883.6.1": LOINC, "urn:oid:2.16.840.1.113883.6.8": UCUM}
DESCRIPTION_ID = HL7 + "coding-sctdescid"
DESCRIPTION_DISPLAY = UKCORE + "Extension-UKCore-CodingSCTDescDisplay"
READ_FORMS = {READ_2: re.compile(r"[0-9A-Za-z.]{5}([0-9A-Za-z]{2})?"), CTV3: re.compile(r"[0-9A-Za-z.]{5}")}
STU3 = re.compile(r"http://hl7\.org/fhir/(v2|v3|sid/v[23])/|https?://fhir\.(hl7\.org|nhs)\.uk/STU3/", re.IGNORECASE)


# ---- systems -------------------------------------------------------------------------------------------------------------
@lru_cache(1024)
def meant(system: str) -> str:
    """The system as registered. An edition of SNOMED CT is no system of its own: it belongs into the version."""
    said = plain(system)
    if said.startswith("snomed.info/sct/") or system in OIDS:
        return OIDS.get(system, SNOMED_CT)
    if said.startswith(OURS) and not system.startswith(UKCORE_CODES):
        return UKCORE_CODES + "UKCore-" + system.rstrip("/")[-(len(said) - len(OURS)):]
    return SYSTEMS.get(said, system)


def _system(coding: Object) -> Sequence[Said]:
    system = text(coding, "system")
    right = meant(system)
    if right == system:
        return ()
    named = right if right in REGISTERED else f"{UKCORE_CODES}UKCore-… with its own name"      # which somebody else has written
    return ((".system", f"is misspelt: this code system is {named}"),)


def _stu3(value: Object) -> Sequence[Said]:
    key = "url" if "url" in value else "system"
    return ((f".{key}", "is of FHIR STU3 or CareConnect, not of R4"),) if STU3.match(text(value, key)) else ()


def _no_system(coding: Object) -> Sequence[Said]:
    return (("", "has a code and no system"),) if text(coding, "code") and not has(coding, "system") else ()


# ---- SNOMED CT and dm+d ----------------------------------------------------------------------------------------------------
def _sctid(coding: Object) -> Sequence[Said]:
    if coding.get("system") not in (SNOMED_CT, DMD):
        return ()
    kind = kind_of(text(coding, "code"))
    if kind in ("concept", "expression", "nothing"):
        return ()
    return ((".code", "can be no code of SNOMED CT or dm+d: its check digit or its length is wrong" if kind == "impossible" else
             f"is the id of a {kind}, and a code is the id of a concept"),)


def _version(coding: Object) -> Sequence[Said]:
    return ((".version", "is given, and SNOMED CT has none here"),) if coding.get("system") == SNOMED_CT and has(coding, "version") else ()


def _description_place(coding: Object) -> Sequence[Said]:
    if "extension" not in coding or coding.get("system") in (SNOMED_CT, DMD):
        return ()
    return [(at, "says how SNOMED CT words it, and the code is not of SNOMED CT") for at, found in each(coding, "extension")
            if text(found, "url") in (DESCRIPTION_ID, DESCRIPTION_DISPLAY)]


def _description_id(coding: Object) -> Sequence[Said]:
    if "extension" not in coding:
        return ()
    return [(f"{at}.valueId", "can be no id of a description of SNOMED CT") for at, found in each(coding, "extension")
            if found.get("url") == DESCRIPTION_ID and kind_of(text(found, "valueId")) not in ("description", "nothing")]


def _read(coding: Object) -> Sequence[Said]:
    form = READ_FORMS.get(text(coding, "system"))
    if form is None or not text(coding, "code") or form.fullmatch(text(coding, "code")):
        return ()
    return ((".code", "is no Read code: five characters, full stops among them, and in version 2 perhaps two of a term code"),)


# ---- concepts --------------------------------------------------------------------------------------------------------------
def _user_selected(concept: Object) -> Sequence[Said]:
    codings = concept.get("coding")
    if not isinstance(codings, list) or len(codings) < 2:
        return ()
    return [(at, "does not say whether the user chose it") for at, coding in each(concept, "coding") if "userSelected" not in coding]


def _no_words(concept: Object) -> Sequence[Said]:
    if "coding" not in concept or has(concept, "text"):
        return ()
    codings = [coding for _, coding in each(concept, "coding")]
    if not codings or any(has(coding, "display") or has_extension(coding, DESCRIPTION_DISPLAY) for coding in codings):
        return ()
    return (("", "is a code without any words"),)


def _condition(**concept: object) -> Object:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "code": concept}


def _coded(system: str, code: str, **more: object) -> Object:
    return _condition(coding=[{"system": system, "code": code, "display": "Asthma"} | more])


ASTHMA = "195967001"
GOOD = _coded(SNOMED_CT, ASTHMA)
SCTDESC: Object = {"url": DESCRIPTION_ID, "valueId": "301485011"}

RULES = (
    Rule("rb-code-system", Level.ERROR, ("Coding",), _system,
         "SNOMED CT, dm+d, LOINC, UCUM and UK Core's own code systems stand under their registered URI, letter for letter.",
         fix="write it exactly so: under another URI it is another code system, and no receiver knows the code",
         source="HL7 FHIR R4, Code Systems; NHS England, dm+d in FHIR (https://dmd.nhs.uk)",
         good=GOOD, bad=_coded("https://dmd.nhs.uk/", "39113611000001102")),
    Rule("rb-stu3", Level.WARNING, ("Coding", "Extension"), _stu3,
         "A resource of FHIR R4 has no code systems and extensions of FHIR STU3 and of its British profiles, CareConnect.",
         fix="use the R4 one: UK Core's (https://fhir.hl7.org.uk/CodeSystem/UKCore-…), HL7's (http://terminology.hl7.org/CodeSystem/…)",
         source="HL7 FHIR R4, Terminologies; UK Core, FHIR Version Guidance",
         good=GOOD, bad=_coded("http://hl7.org/fhir/v3/NullFlavor", "UNK")),
    Rule("rb-code-no-system", Level.WARNING, ("Coding",), _no_system,
         "A code stands with its code system.",
         fix="name the system; where it is not known, send the words alone, in text",
         source=f"{CONCEPTS}, Sending a concept where the coding system and code is unknown",
         good=_condition(text="Asthma"), bad=_condition(coding=[{"code": "H33", "display": "Asthma"}], text="Asthma")),
    Rule("rb-sctid", Level.ERROR, ("Coding",), _sctid,
         "A code of SNOMED CT or dm+d is the identifier of a concept: 6 to 18 digits, of which the last is a check digit.",
         fix="take the code from the terminology again; digits lost in a spreadsheet (only 15 are kept) are the usual cause",
         source="SNOMED CT Release File Specification, SCTID; HL7 FHIR R4, Using SNOMED CT with FHIR",
         good=GOOD, bad=_coded(SNOMED_CT, "195967002")),
    Rule("rb-snomed-version", Level.WARNING, ("Coding",), _version,
         "A coding of SNOMED CT has no version.",
         fix="leave it out",
         source=f"{CONCEPTS}, Description of elements: not used for SNOMED CT",
         good=GOOD, bad=_coded(SNOMED_CT, ASTHMA, version="http://snomed.info/sct/83821000000107")),
    Rule("rb-description-id", Level.ERROR, ("Coding",), _description_id,
         "The extension coding-sctdescid holds the identifier of a description: its digits before the check digit are 01 or 11.",
         fix="put the id of the description there, or leave the extension out",
         source=f"{CONCEPTS}, Populating the CodeableConcept; SNOMED CT Release File Specification, SCTID",
         good=_coded(SNOMED_CT, ASTHMA, extension=[SCTDESC]), bad=_coded(SNOMED_CT, ASTHMA, extension=[SCTDESC | {"valueId": ASTHMA}])),
    Rule("rb-description-place", Level.WARNING, ("Coding",), _description_place,
         "The extensions for a description of SNOMED CT stand on a coding of SNOMED CT or dm+d only.",
         fix="move them to the coding of SNOMED CT",
         source=f"{CONCEPTS}, Populating the CodeableConcept: do not use if coding is not SNOMED CT",
         good=_coded(SNOMED_CT, ASTHMA, extension=[SCTDESC]), bad=_coded(CTV3, "H33..", extension=[SCTDESC])),
    Rule("rb-read-code", Level.WARNING, ("Coding",), _read,
         "A Read code has five characters, with its full stops; in version 2 perhaps the two of a term code after them.",
         fix="write a full stop before a code of the 4-byte set, and those at the end; capitals matter, and … is not three full stops; "
             "a code that a GP's system made itself stands under a system of its own",
         source=f"{CONCEPTS}, Rules for populating legacy coding",
         good=_coded(CTV3, "H33.."), bad=_coded(CTV3, "H33")),
    Rule("rb-user-selected", Level.WARNING, ("CodeableConcept",), _user_selected,
         "Where a concept has two codings, each says whether the user chose it.",
         fix="userSelected is true for what was chosen, false for what was mapped or computed",
         source=f"{CONCEPTS}, Coding.userSelected (SHALL)",
         good=_condition(coding=[{"system": CTV3, "code": "H33..", "display": "Asthma", "userSelected": True},
                                 {"system": SNOMED_CT, "code": ASTHMA, "display": "Asthma", "userSelected": False}]),
         bad=_condition(coding=[{"system": CTV3, "code": "H33..", "display": "Asthma"},
                                {"system": SNOMED_CT, "code": ASTHMA, "display": "Asthma"}])),
    Rule("rb-code-no-words", Level.WARNING, ("CodeableConcept",), _no_words,
         "A coded concept has words too: its text, or the display of a coding.",
         fix="send the words that were written or chosen; a nurse who does not know the code must be able to read it",
         source=f"{CONCEPTS}, Original term text",
         good=GOOD, bad=_condition(coding=[{"system": SNOMED_CT, "code": ASTHMA}])),
)
