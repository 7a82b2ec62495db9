"""Allergies: what is known, what is known not to be, and what got lost on its way."""
from __future__ import annotations

from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import each, has, has_extension, inner, text
from adapter.conformance.rules.rule import Object, Rule, Said
from adapter.conformance.rules.transfer import degraded, is_known
from mappings.systems import SNOMED_CT, THO, UKCORE

GUIDANCE = "UK Core, AllergyIntolerance guidance"
NULL = THO + "v3-NullFlavor"
CLINICAL, VERIFICATION = THO + "allergyintolerance-clinical", THO + "allergyintolerance-verification"
NO_KNOWN_ALLERGY = "716186003"
ENDED = UKCORE + "Extension-UKCore-AllergyIntoleranceEnd"
CONTRADICTED = ("refuted", "entered-in-error")
# The kinds of degraded entry that may stand in a resource, beside the generic one where the resource does not imply a kind.
KINDS = {
    "AllergyIntolerance": ("drug allergy", "non-drug allergy"), "MedicationStatement": ("medication entry",),
    "MedicationRequest": ("medication entry",), "Medication": ("medication entry",),
}


def _is(concept: Object, system: str, *codes: str) -> bool:
    return any(coding.get("system") == system and text(coding, "code") in codes for _, coding in each(concept, "coding"))


def _none_known(allergy: Object) -> bool:
    return _is(inner(allergy, "code"), SNOMED_CT, NO_KNOWN_ALLERGY)


def _active(allergy: Object) -> bool:
    return _is(inner(allergy, "clinicalStatus"), CLINICAL, "active") and not _is(
        inner(allergy, "verificationStatus"), VERIFICATION, *CONTRADICTED)


# ---- one allergy -----------------------------------------------------------------------------------------------------------
def _reaction_to_nothing(allergy: Object) -> Sequence[Said]:
    return ((".reaction", "describes a reaction, and the code says that no allergy is known"),) if (
        has(allergy, "reaction") and _none_known(allergy) and not _is(inner(allergy, "verificationStatus"), VERIFICATION, *CONTRADICTED)
    ) else ()


def _over(allergy: Object) -> Sequence[Said]:
    return ((".clinicalStatus", "is active, and has an end"),) if (
        has_extension(inner(allergy, "clinicalStatus"), ENDED) and _active(allergy)) else ()


def _uncoded(allergy: Object) -> Sequence[Said]:
    code = inner(allergy, "code")
    if not code or any(is_known(coding) for _, coding in each(code, "coding")):
        return ()
    return ((".code", "has no code of dm+d or SNOMED CT: the receiver cannot check prescriptions against it"),)


def _null(allergy: Object) -> Sequence[Said]:
    codings = each(inner(allergy, "code"), "coding")
    return [(f".code{at}", "is a null flavour") for at, coding in codings if coding.get("system") == NULL]


# ---- several ---------------------------------------------------------------------------------------------------------------
def _beside(bundle: Object) -> Sequence[Said]:
    allergies = [(f"{at}.resource", found) for at, entry in each(bundle, "entry")
                 if (found := inner(entry, "resource")).get("resourceType") == "AllergyIntolerance" and _active(found)]
    none = [(at, text(inner(found, "patient"), "reference")) for at, found in allergies if _none_known(found)]
    others = {text(inner(found, "patient"), "reference") for _, found in allergies if not _none_known(found)} if none else set()
    return [(f"{at}.code", "says that no allergy is known, beside an allergy that is active") for at, whose in none if whose in others]


def _lost(resource: Object) -> Sequence[Said]:
    kinds = KINDS.get(text(resource, "resourceType"), ())
    return [(f".{key}{at}", f"is the code of a degraded {kind}, and this is another kind of entry")
            for key in ("code", "medicationCodeableConcept") for at, coding in each(inner(resource, key), "coding")
            if (kind := degraded(coding)) and kind not in kinds]


def _allergy(code: str = "91936005", display: str = "Allergy to penicillin", **more: object) -> Object:
    return {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"},
            "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active", "display": "Active"}]},
            "code": {"coding": [{"system": SNOMED_CT, "code": code, "display": display}]}, **more}


def _bundle(*resources: Object) -> Object:
    return {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": f"https://rose-house.example/fhir/AllergyIntolerance/{i}", "resource": {**resource, "id": str(i)}}
        for i, resource in enumerate(resources)]}


NONE = _allergy(NO_KNOWN_ALLERGY, "No known allergy")
HIVES: Object = {"reaction": [{"manifestation": [{"text": "Hives"}]}]}
END: Object = {"extension": [{"url": ENDED, "extension": [{"url": "endDate", "valueDateTime": "2024"}]}]}
RESOLVED: Object = {"coding": [{"system": CLINICAL, "code": "resolved", "display": "Resolved"}]}
UNSAID: Object = {"system": NULL, "code": "NI", "display": "NoInformation"}

RULES = (
    Rule("rb-allergy-none-reaction", Level.ERROR, ("AllergyIntolerance",), _reaction_to_nothing,
         "Where no allergy is known (716186003) there is no reaction.",
         fix="say what she reacted to, in code",
         source="SNOMED CT, 716186003 No known allergy; HL7 FHIR R4, AllergyIntolerance.code",
         good=_allergy(**HIVES), bad=NONE | HIVES),
    Rule("rb-allergy-none-beside", Level.WARNING, ("Bundle",), _beside,
         "No known allergies is not said beside an active allergy of the same patient: receivers SHALL ignore it then.",
         fix="leave out the one that is not right",
         source=GUIDANCE,
         good=_bundle(NONE), bad=_bundle(_allergy(), NONE)),
    Rule("rb-allergy-ended", Level.WARNING, ("AllergyIntolerance",), _over,
         "An allergy that has ended is not active.",
         fix="say inactive or resolved, or take the end away",
         source=f"{GUIDANCE}: end of allergy",
         good=_allergy(clinicalStatus=RESOLVED | END), bad=_allergy(clinicalStatus=_allergy()["clinicalStatus"] | END)),
    Rule("rb-allergy-code", Level.WARNING, ("AllergyIntolerance",), _uncoded,
         "An allergy has a code of dm+d (medicines) or SNOMED CT; words alone are the last resort.",
         fix="map the substance",
         source=GUIDANCE,
         good=_allergy(), bad=_allergy() | {"code": {"text": "Penicillin"}}),
    Rule("rb-allergy-null", Level.WARNING, ("AllergyIntolerance",), _null,
         "An allergy's code is no null flavour.",
         fix="send the words alone, in text",
         source=f"{GUIDANCE}: bound, but not recommended",
         good=_allergy(), bad=_allergy() | {"code": {"coding": [UNSAID], "text": "Nuts"}}),
    Rule("rb-degraded", Level.WARNING, tuple(KINDS), _lost,
         "A transfer-degraded code is the one of the resource's own kind: of an allergy, of a medication.",
         fix="where the kind is known use its code: 196461000000101 and 196471000000108 for allergies, 196421000000109 for medicines",
         source="UK Core, CodeableConcept Guidance: inside a resource that implies the kind the specific code SHALL be used",
         good=_allergy("196461000000101", "Transfer-degraded drug allergy"),
         bad=_allergy("196411000000103", "Transfer-degraded record entry")),
)
