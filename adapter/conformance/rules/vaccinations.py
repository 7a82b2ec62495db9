"""Vaccinations, as the national Immunisation service wants them beyond what UK Core says."""
from __future__ import annotations

from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import each, has, has_extension, inner, text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import DMD, SNOMED_CT, THO, UKCORE

GUIDANCE = "UK Core, Immunization guidance"
NULL = THO + "v3-NullFlavor"
PROCEDURE = UKCORE + "Extension-UKCore-VaccinationProcedure"
NOT_KNOWN = ("NAVU", "UNC", "UNK", "NA")


def _batch(given: Object) -> Sequence[Said]:
    if given.get("status") != "completed" or given.get("primarySource") is False or has(given, "lotNumber"):
        return ()
    return (("", "was given, and has no lotNumber"),)


def _procedure(given: Object) -> Sequence[Said]:
    return () if given.get("status") == "entered-in-error" or has_extension(given, PROCEDURE) else (("", "has no procedure code"),)


def _null(given: Object) -> Sequence[Said]:
    codes = [(at, text(coding, "code")) for at, coding in each(inner(given, "vaccineCode"), "coding") if coding.get("system") == NULL]
    return [(f".vaccineCode{at}.code", "is no null flavour for a vaccine") for at, code in codes if code not in NOT_KNOWN] + [
        (f".vaccineCode{at}.code", "is not applicable, and a vaccine was given") for at, code in codes
        if code == "NA" and given.get("status") == "completed"]


def _vaccine(system: str, code: str, display: str) -> Object:
    return {"vaccineCode": {"coding": [{"system": system, "code": code, "display": display}]}}


FLU: Object = {"extension": [{"url": PROCEDURE, "valueCodeableConcept": {"coding": [
    {"system": SNOMED_CT, "code": "822851000000102", "display": "Seasonal influenza vaccination"}]}}]}
GIVEN: Object = {
    "resourceType": "Immunization", **FLU, "status": "completed",
    **_vaccine(DMD, "34680411000001107", "Quadrivalent influenza vaccine (split virion, inactivated)"),
    "patient": {"reference": "Patient/1"}, "occurrenceDateTime": "2026-10-01", "primarySource": True, "lotNumber": "FICTION1",
}

RULES = (
    Rule("rb-vaccine-batch", Level.WARNING, ("Immunization",), _batch,
         "A vaccine that was given has its batch number, unless somebody only told of it.",
         fix="send lotNumber; of a vaccination told by the resident or from old papers say primarySource false",
         source=f"{GUIDANCE}: lotNumber SHOULD be present when completed",
         good=GIVEN, bad={key: value for key, value in GIVEN.items() if key != "lotNumber"}),
    Rule("rb-vaccine-procedure", Level.INFORMATION, ("Immunization",), _procedure,
         "A vaccination has its procedure code, in the extension VaccinationProcedure.",
         fix="UK Core can do without; the national Immunisation service refuses a vaccination that has none",
         source=f"{GUIDANCE}; NHS England, Immunisation FHIR API",
         good=GIVEN, bad={key: value for key, value in GIVEN.items() if key != "extension"}),
    Rule("rb-vaccine-null", Level.WARNING, ("Immunization",), _null,
         "Where the vaccine is not known its code is one of the null flavours NAVU, UNC and UNK, or NA if none was given.",
         fix="send UNK where nobody knows which vaccine it was",
         source=GUIDANCE,
         good=GIVEN | _vaccine(NULL, "UNK", "unknown"), bad=GIVEN | _vaccine(NULL, "MSK", "masked")),
)
