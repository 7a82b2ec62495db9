"""Names, addresses, telephone numbers, and words in general: what people read."""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import has, has_extension, inner, text, texts
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import HL7, UKCORE

DATA_TYPES = "UK Core, Data Type Guidance"
ABSENT = HL7 + "data-absent-reason"
OTHER_SYSTEM = UKCORE + "Extension-UKCore-OtherContactSystem"
LONGEST = 2000
WORD = re.compile(r"\w+")
NAME = ("family",), ("given", "prefix", "suffix")
ADDRESS = ("city", "district", "state", "postalCode", "country"), ("line",)
WITH_WORDS = ("HumanName", "Address", "ContactPoint", "Identifier", "CodeableConcept", "Coding", "Annotation", "Dosage", "Reference")


# ---- blanks --------------------------------------------------------------------------------------------------------------
def _blank(value: Object) -> Sequence[Said]:
    for found in value.values():
        if isinstance(found, str):
            if found.isspace():
                break
        elif isinstance(found, list) and any(isinstance(item, str) and item.isspace() for item in found):
            break
    else:
        return ()
    return [(at, "is nothing but blanks") for at, found in _strings(value) if found.isspace()]


def _strings(value: Object) -> Iterator[tuple[str, str]]:
    for key, found in value.items():
        if isinstance(found, str):
            yield f".{key}", found
        else:
            yield from texts(value, key)


# ---- text beside parts ---------------------------------------------------------------------------------------------------
def _words(said: Any) -> list[str]:
    """Of a text that is no longer than anybody's name or address: looking for each word among all takes time in the square of them."""
    return WORD.findall(said.casefold()) if isinstance(said, str) and len(said) <= LONGEST else []


def _parts(value: Object, single: Sequence[str], many: Sequence[str]) -> str:
    """Their words in one piece, so that LS12AB is found in LS1 2AB."""
    words = [word for key in single for word in _words(value.get(key))]
    words += [word for key in many for _, item in texts(value, key) for word in _words(item)]
    return "".join(words)


def _beyond_parts(value: Object) -> Sequence[Said]:
    if not value.get("text"):
        return ()
    parts = _parts(value, *NAME) or _parts(value, *ADDRESS)
    if not parts or all(word in parts for word in _words(value.get("text"))):
        return ()
    return ((".text", "has words that are in none of the parts beside it"),)


def _repeated(address: Object) -> Sequence[Said]:
    if "line" not in address:
        return ()
    elsewhere = {" ".join(words): key for key in ADDRESS[0] if (words := _words(address.get(key)))}
    return [(at, f"repeats the {elsewhere[said]}") for at, line in texts(address, "line")
            for piece in line.split(",") if (said := " ".join(_words(piece))) in elsewhere]


# ---- telephone and the like ----------------------------------------------------------------------------------------------
def _nothing_to_contact(point: Object) -> Sequence[Said]:
    return () if has(point, "value") or has_extension(point, ABSENT) else (("", "has no value: it tells nobody how to reach anyone"),)


def _other_kind(point: Object) -> Sequence[Said]:
    value, system = text(point, "value"), text(point, "system")
    if system in ("phone", "fax", "pager", "sms") and "@" in value:
        return ((".value", f"looks like an e-mail address, and the system is {system}"),)
    if system == "email" and value and "@" not in value:
        return ((".value", "is no e-mail address, and the system is email"),)
    return ()


def _unnamed_system(point: Object) -> Sequence[Said]:
    if point.get("system") != "other" or has_extension(inner(point, "_system"), OTHER_SYSTEM):
        return ()
    return ((".system", "is other, and nothing says what it is"),)


def _patient(key: str, value: Object) -> Object:
    return {"resourceType": "Patient", key: [value]}


HOME: Object = {"line": ["1 Fiction Lane"], "city": "Leeds", "postalCode": "LS1 2AB"}
TEXTPHONE: Object = {"url": OTHER_SYSTEM, "valueCodeableConcept": {"coding": [{
    "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-OtherContactSystem", "code": "textphone", "display": "Minicom (Textphone)"}]}}
PHONE: Object = {"system": "phone", "value": "0113 496 0000"}

RULES = (
    Rule("rb-blank", Level.WARNING, WITH_WORDS, _blank,
         "A string says something: it is not of blanks alone.",
         fix="leave the element out",
         source="HL7 FHIR R4, Data Types, string: strings SHOULD always contain non-whitespace content",
         good=_patient("name", {"family": "Fictional"}), bad=_patient("name", {"family": "  "})),
    Rule("rb-text-beyond-parts", Level.WARNING, ("HumanName", "Address"), _beyond_parts,
         "Where a name or an address has both text and parts, the text has nothing that is in no part.",
         fix="put what is missing into its part (prefix, given, line …), or leave the text out",
         source=f"{DATA_TYPES}, HumanName (SHALL); HL7 FHIR R4, Data Types, Address",
         good=_patient("name", {"text": "Mrs Ada Fictional", "family": "Fictional", "given": ["Ada"], "prefix": ["Mrs"]}),
         bad=_patient("name", {"text": "Mrs Ada Fictional", "family": "Fictional", "given": ["Ada"]})),
    Rule("rb-address-repeats", Level.WARNING, ("Address",), _repeated,
         "A line of an address does not repeat the city, district, county, postcode or country that has its own element.",
         fix="take it out of the line, so that a label does not show it twice",
         source=f"{DATA_TYPES}, Address (SHOULD NOT)",
         good=_patient("address", HOME), bad=_patient("address", HOME | {"line": ["1 Fiction Lane, Leeds", "LS1 2AB"]})),
    Rule("rb-contact-value", Level.WARNING, ("ContactPoint",), _nothing_to_contact,
         "A contact point has a value: the number or address itself.",
         fix="leave the contact point out where the number is not known",
         source=f"{DATA_TYPES}, ContactPoint (SHALL)",
         good=_patient("telecom", PHONE), bad=_patient("telecom", {"system": "phone", "use": "home"})),
    Rule("rb-contact-kind", Level.WARNING, ("ContactPoint",), _other_kind,
         "A contact point is of the kind that its system says: an e-mail address is no telephone number.",
         fix="change the system or the value",
         source="HL7 FHIR R4, Data Types, ContactPoint.value: in a form meaningful to the designated system",
         good=_patient("telecom", PHONE), bad=_patient("telecom", {"system": "phone", "value": "ada@rose-house.example"})),
    Rule("rb-contact-other", Level.WARNING, ("ContactPoint",), _unnamed_system,
         "A contact point of system other says which: a textphone is other with the extension OtherContactSystem on its system.",
         fix="add the extension under _system",
         source=f"{DATA_TYPES}, ContactPoint",
         good=_patient("telecom", {"system": "other", "_system": {"extension": [TEXTPHONE]}, "value": "18001 0113 496 0000"}),
         bad=_patient("telecom", {"system": "other", "value": "18001 0113 496 0000"})),
)
