"""How a resident is found at the hospital."""
from __future__ import annotations

from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import each, has, has_extension, text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import NHS_NUMBER, UKCORE, UKCORE_CODES

GUIDANCE = "UK Core, Patient, guidance on identifier"
STATUS = UKCORE + "Extension-UKCore-NHSNumberVerificationStatus"
UNAVAILABLE = UKCORE + "Extension-UKCore-NHSNumberUnavailableReason"


def _numbers(patient: Object) -> list[tuple[str, Object]]:
    return [(at, found) for at, found in each(patient, "identifier") if text(found, "system") == NHS_NUMBER]


def _status(patient: Object) -> Sequence[Said]:
    return [(at, "is an NHS number without its verification status") for at, found in _numbers(patient) if not has_extension(found, STATUS)]


def _no_number(patient: Object) -> Sequence[Said]:
    if _numbers(patient) or has_extension(patient, UNAVAILABLE):
        return ()
    return (("", "has no NHS number, and does not say why"),)


def _unidentified(patient: Object) -> Sequence[Said]:
    return () if has(patient, "identifier") else (("", "has no identifier at all"),)


def _coded(system: str, code: str, display: str) -> Object:
    return {"coding": [{"system": UKCORE_CODES + system, "code": code, "display": display}]}


NUMBER: Object = {"system": NHS_NUMBER, "value": "9990000018"}
VERIFIED: Object = NUMBER | {"extension": [{"url": STATUS, "valueCodeableConcept": _coded(
    "UKCore-NHSNumberVerificationStatusEngland", "01", "Number present and verified")}]}
UNKNOWN: Object = {"url": UNAVAILABLE, "valueCodeableConcept": _coded(
    "UKCore-NHSNumberUnavailableReason", "nhs-number-not-known", "NHS number not known")}

RULES = (
    Rule("rb-nhs-number-status", Level.WARNING, ("Patient",), _status,
         "An NHS number carries its verification status: only a verified number is used to find the resident at the hospital.",
         fix="say it with the extension NHSNumberVerificationStatus on the identifier (01: present and verified)",
         source=GUIDANCE,
         good={"resourceType": "Patient", "identifier": [VERIFIED]}, bad={"resourceType": "Patient", "identifier": [NUMBER]}),
    Rule("rb-nhs-number-absent", Level.INFORMATION, ("Patient",), _no_number,
         "A patient has an NHS number, or says why there is none.",
         fix="the extension NHSNumberUnavailableReason on the Patient has a code for it",
         source=GUIDANCE,
         good={"resourceType": "Patient", "extension": [UNKNOWN]}, bad={"resourceType": "Patient"}),
    Rule("rb-patient-identifier", Level.WARNING, ("Patient",), _unidentified,
         "A patient has an identifier: the NHS number, else a number of the sender's own.",
         fix="write the number your own system has for the person, under a system URI that is yours",
         source=GUIDANCE,
         good={"resourceType": "Patient", "identifier": [{"system": "https://rose-house.example/residents", "value": "R-17"}]},
         bad={"resourceType": "Patient"}),
)
