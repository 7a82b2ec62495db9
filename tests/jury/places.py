"""Where a fault is told: by us, and by HL7's engine. At the same place, index by index; or in one of the ways below, each with its reason.

A place is a FHIRPath as we write it: `Patient.name[0].given[1]`, of a choice the name in JSON (`Patient.deceasedBoolean`). A way is wide in
nothing but what it says: to tell a fault at the resource, or two steps off, is none (tests/test_agreement.py).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from adapter.conformance import Finding
from tests.mutants.verdicts import Issue

Fits = Callable[[str, str], bool]


class Way(NamedTuple):
    """`ours`, `theirs`: our rule and their message id, * for anything; `fits(our place, their place)`; `reason`: why that is right."""

    ours: str
    theirs: str
    fits: Fits
    reason: str


def place(location: str) -> str:
    """The engine's location as we write it: without what it says beside it, and a sibling (`_birthDate`) as its element."""
    plain = re.sub(r"/\*.*?\*/|\[url='[^']*']", "", location).rstrip(".")
    plain = re.sub(r"\.ofType\((\w)(\w*)\)", lambda found: found[1].upper() + found[2], plain).replace("._", ".")
    return "" if plain in ("(whole file)", "$") else plain


def same(ours: str, theirs: str) -> bool:
    """Of a choice the engine sometimes names all types (`value[x]`)."""
    return re.fullmatch(re.escape(theirs).replace(r"\[x\]", r"[A-Z]\w*"), ours) is not None


def is_part(ours: str, theirs: str) -> bool:
    """Ours is an element of theirs: a name, and its place in a list."""
    above, _, name = ours.rpartition(".")
    return bool(name) and same(above, theirs)


def named(*names: str) -> Fits:
    """Ours is one of these elements of theirs."""
    return lambda ours, theirs: is_part(ours, theirs) and _unplaced(ours.rpartition(".")[2]) in names


def is_inside(ours: str, theirs: str) -> bool:
    return ours.startswith(f"{theirs}.")


def is_around(ours: str, theirs: str) -> bool:
    """Theirs is inside ours."""
    return theirs.startswith(f"{ours}.")


def is_one_of(ours: str, theirs: str) -> bool:
    """Theirs is the list, or its siblings; ours what stands there."""
    return _unplaced(ours) == theirs


def counted_from_one(ours: str, theirs: str) -> bool:
    counted = re.sub(r"\[(\d+)]", lambda found: f"[{int(found[1]) - 1}]", theirs)
    return ours == counted or named("reference")(ours, counted)


def claims(ours: str, theirs: str) -> bool:
    """Ours is what the resource claims in meta.profile, theirs any element of it."""
    resource, _, rest = ours.partition(".meta.profile[")
    return bool(rest) and theirs.startswith(f"{resource}.")


def _unplaced(path: str) -> str:
    return re.sub(r"\[\d+]$", "", path)


MISSING = "We name the element that is missing; the engine the one that has it not."
HAS = "We name what may not stand there, so often, or of this type; the engine the element that has it."
EXTENSION = "We name the extension; the engine the element that has it."
REFERENCE = "We name the text that is wrong, reference; the engine the Reference."
WHOLE = "What FHIR asks of a whole we tell at the part that breaks it; the engine at the whole."
LISTS = "We name which of a list it is; the engine the list."
FIXED = "We tell all that is fixed at once, where it is fixed; the engine each part that differs, by a path without the places in lists."
COUNTS = "The engine counts from one here, and everywhere else from nought."
ENDS = "The engine ends in an error of its own (NullPointerException), or cannot read on, and names no place."
HL7 = "http://hl7.org/fhir/StructureDefinition/"
SAME = Way("*", "*", same, "")
WAYS = (
    Way("fhir-min", "Validation_VAL_Profile_Minimum", is_part, MISSING),
    Way("fhir-min", "", is_part, MISSING),
    Way("fhir-slice", "Validation_VAL_Profile_Minimum_SLICE", is_part, MISSING),
    Way("fhir-slice", "VALIDATION_VAL_PROFILE_MINIMUM_MAGIC", is_part, MISSING),
    Way("fhir-slice", "Validation_VAL_Profile_Maximum", is_part, HAS),
    Way("fhir-max", "Validation_VAL_Profile_Maximum", is_part, HAS),
    Way("fhir-unknown", "", is_part, HAS),
    Way("fhir-unknown", "ILLEGAL_PROPERTY", is_part, HAS),
    Way("fhir-unknown", "Validation_VAL_Profile_Maximum", is_part, HAS),
    Way("fhir-unknown", "Extension_EXT_Type", is_part, HAS),
    Way("fhir-type", "", is_part, HAS),
    Way("fhir-type", "Extension_EXT_Type", is_part, HAS),
    Way("fhir-type", "Validation_VAL_Profile_NoType", is_part, HAS),
    Way("fhir-extension", "Extension_EXTP_Context_Wrong", named("extension"), EXTENSION),
    Way("fhir-extension", "Extension_EXT_URL_Absolute", named("url"), EXTENSION),
    Way("fhir-extension", "Extension_EXT_SubExtension_Invalid", named("url"), EXTENSION),
    Way("fhir-reference", "Bundle_BUNDLE_Not_Local", named("reference"), REFERENCE),
    Way("fhir-reference", "Reference_REF_CantResolve", named("reference"), REFERENCE),
    Way("fhir-reference", f"{HL7}Reference#ref-1", named("reference"), REFERENCE),
    Way("fhir-reference", "REFERENCE_REF_*", named("reference"), REFERENCE),
    Way("fhir-target", "Reference_REF_BadTargetType", named("type"), "We name the type that is wrong; the engine the Reference."),
    Way("fhir-reference", "BUNDLE_BUNDLE_ENTRY_NOTFOUND_CANNOT", is_inside, "The engine names the place in its sentence only."),
    *(Way(key, f"{HL7}{type_}#{key}", is_inside, WHOLE) for key, type_ in (
        ("bdl-3", "Bundle"), ("bdl-4", "Bundle"), ("bdl-7", "Bundle"), ("dom-2", "DomainResource"), ("dom-4", "DomainResource"),
        ("dom-5", "DomainResource"), ("lst-2", "List"), ("lst-3", "List"))),
    Way("fhir-bundle", "BUNDLE_ENTRY_URL_*", lambda ours, theirs: ours.endswith(".fullUrl") and theirs == "Bundle.entry[0]",
        "We name the address that is wrong; the engine the first entry, whichever it is."),
    Way("fhir-contained", "RESOURCE_DUPLICATE_CONTAINED_ID", is_part, LISTS),
    Way("fhir-format", "Type_Specific_Checks_DT_Identifier_System", named("system"), "We name the system; the engine the identifier."),
    Way("fhir-format", "TYPE_SPECIFIC_CHECKS_DT_*", is_part, "We name the value that is wrong; the engine the element that has it."),
    Way("fhir-*", "", is_one_of, LISTS),
    Way("fhir-fixed", "*", is_around, FIXED),
    Way("fhir-bundle", "Bundle_BUNDLE_Entry_Orphan_DOCUMENT", counted_from_one, COUNTS),
    Way("fhir-reference", "B*_BUNDLE_E*", counted_from_one, COUNTS),
    Way("*", "", lambda ours, theirs: theirs == "", ENDS),
    Way("fhir-type", "", lambda ours, theirs: ours == "resource.resourceType" and "." not in theirs,
        "Of a type that there is not we name the word; the engine takes it for the place."),
    Way("fhir-profile", "*", claims, "We tell the profile that is claimed and cannot be; the engine what follows from it."),
)


def ways(findings: Iterable[Finding], issues: Iterable[Issue]) -> list[Way]:
    """How ours are told where theirs are: SAME at the same place; nothing for nowhere."""
    pairs = [(finding.rule, place(finding.path), issue.message_id, place(issue.location)) for finding in findings for issue in issues]
    return [each for each in (SAME, *WAYS) if any(
        fnmatchcase(rule, each.ours) and fnmatchcase(message, each.theirs) and each.fits(ours, theirs)
        for rule, ours, message, theirs in pairs)]
