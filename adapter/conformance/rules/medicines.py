"""What a resident takes, and what was prescribed. A record of medicines that was entered in error travels, however odd it is."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import each, has, has_choice, inner
from adapter.conformance.rules.rule import Object, Rule, Said
from adapter.conformance.rules.transfer import is_known
from mappings.systems import DMD

STATEMENT = "UK Core, MedicationStatement guidance"
REQUEST = "UK Core, MedicationRequest guidance"


def _stands(resource: Object) -> bool:
    return resource.get("status") != "entered-in-error"


# ---- MedicationStatement ---------------------------------------------------------------------------------------------------
def _when(statement: Object) -> Sequence[Said]:
    return ((".status", "is intended, and nothing says from when"),) if (
        statement.get("status") == "intended" and not has_choice(statement, "effective")) else ()


def _why(statement: Object) -> Sequence[Said]:
    status = statement.get("status")
    return ((".status", f"is {status}, and no statusReason says why"),) if (
        status in ("stopped", "on-hold") and not has(statement, "statusReason")) else ()


def _unknown(statement: Object) -> Sequence[Said]:
    return ((".status", "is unknown: nobody can tell whether she takes it"),) if statement.get("status") == "unknown" else ()


def _twice_derived(statement: Object) -> Sequence[Said]:
    return ((".derivedFrom", "stands beside basedOn"),) if has(statement, "basedOn") and has(statement, "derivedFrom") else ()


def _part(statement: Object) -> Sequence[Said]:
    return ((".partOf", "is given"),) if has(statement, "partOf") else ()


def _nobody(statement: Object) -> Sequence[Said]:
    subject = statement.get("subject")
    if not _stands(statement) or not isinstance(subject, dict) or has(subject, "reference") or has(subject, "identifier"):
        return ()
    return ((".subject", "has neither a reference nor an identifier: nobody can tell for certain whose medicine it is"),)


# ---- both ------------------------------------------------------------------------------------------------------------------
def _dose(resource: Object) -> Sequence[Said]:
    key = "dosageInstruction" if resource.get("resourceType") == "MedicationRequest" else "dosage"
    if not _stands(resource):
        return ()
    doses = list(each(resource, key))
    return [(at, "has no dose in words") for at, dose in doses if not has(dose, "text")] if doses else (("", "has no dose in words"),)


def _drugs(resource: Object) -> Iterator[tuple[str, Object]]:
    for key in ("medicationCodeableConcept", "code"):
        if isinstance(resource.get(key), dict):
            yield f".{key}", inner(resource, key)


def _uncoded(resource: Object) -> Sequence[Said]:
    return [(at, "has no code of dm+d: the receiver cannot check it for interactions") for at, drug in _drugs(resource)
            if _stands(resource) and not any(is_known(coding) for _, coding in each(drug, "coding"))]


# ---- MedicationRequest -----------------------------------------------------------------------------------------------------
def _reason_of_nothing(request: Object) -> Sequence[Said]:
    if not has(request, "statusReason") or request.get("status") in ("on-hold", "cancelled", "stopped", "entered-in-error"):
        return ()
    return ((".statusReason", "is only for a prescription on hold, cancelled or stopped"),)


def _exchangeable(request: Object) -> Sequence[Said]:
    allowed = inner(request, "substitution").get("allowedBoolean")
    return ((".substitution.allowedBoolean", "is true: British pharmacies dispense what is prescribed"),) if allowed is True else ()


def _unsigned(request: Object) -> Sequence[Said]:
    return [("", f"has no {key}") for key in ("authoredOn", "requester") if not has(request, key) and _stands(request)]


def _drug(system: str | None = DMD) -> Object:
    coding = [{"system": system, "code": "322280009", "display": "Paracetamol 500mg capsules"}] if system else []
    return {"medicationCodeableConcept": {**({"coding": coding} if coding else {}), "text": "Paracetamol 500mg capsules"}}


def _statement(**more: object) -> Object:
    return {"resourceType": "MedicationStatement", "status": "active", **_drug(), "subject": {"reference": "Patient/1"},
            "dosage": [{"text": "One, four times a day"}], **more}


def _request(**more: object) -> Object:
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", **_drug(), "subject": {"reference": "Patient/1"},
            "authoredOn": "2026-02-01", "requester": {"display": "Dr A. Fictional"},
            "dosageInstruction": [{"text": "One, four times a day"}], "substitution": {"allowedBoolean": False}, **more}


BASED: Object = {"basedOn": [{"reference": "MedicationRequest/1"}]}
PAIN: Object = {"text": "Nausea"}

RULES = (
    Rule("rb-medicine-whose", Level.ERROR, ("MedicationStatement",), _nobody,
         "A medicine's subject is a reference, or an identifier such as the NHS number: a name alone is not enough.",
         fix="refer to the Patient, or give the NHS number in subject.identifier",
         source=f"{STATEMENT} (SHALL)",
         good=_statement(), bad=_statement(subject={"display": "Mrs A. Fictional"})),
    Rule("rb-medicine-code", Level.WARNING, ("MedicationStatement", "MedicationRequest", "Medication"), _uncoded,
         "A medicine has a code of dm+d where there is one.",
         fix="map the drug to dm+d (system https://dmd.nhs.uk), its description in text; where it has no code, words alone are right",
         source=f"{STATEMENT}: if a dm+d code exists it SHALL be used",
         good=_statement(), bad=_statement(**_drug(None))),
    Rule("rb-medicine-dose", Level.WARNING, ("MedicationStatement", "MedicationRequest"), _dose,
         "A medicine has its dose in words, whatever else says it.",
         fix="send the dose as it was written, in dosage.text",
         source=f"{STATEMENT}: at minimum dosage.text; {REQUEST}: dosageInstruction.text always",
         good=_statement(), bad=_statement(dosage=[{"asNeededBoolean": True}])),
    Rule("rb-medicine-intended", Level.WARNING, ("MedicationStatement",), _when,
         "A medicine that is intended says from when, in effective[x].",
         fix="say when it is to be taken",
         source=f"{STATEMENT} (SHALL)",
         good=_statement(status="intended", effectiveDateTime="2026-03-01"), bad=_statement(status="intended")),
    Rule("rb-medicine-reason", Level.WARNING, ("MedicationStatement",), _why,
         "A medicine that is stopped or on hold says why, in statusReason.",
         fix="say why",
         source=f"{STATEMENT} (SHALL)",
         good=_statement(status="stopped", statusReason=[PAIN]), bad=_statement(status="stopped")),
    Rule("rb-medicine-unknown", Level.INFORMATION, ("MedicationStatement",), _unknown,
         "A medicine's status is known: active, completed, stopped, on hold.",
         fix="ask, or work it out from when it was taken",
         source=f"{STATEMENT}: avoid unknown",
         good=_statement(), bad=_statement(status="unknown")),
    Rule("rb-medicine-part", Level.WARNING, ("MedicationStatement",), _part,
         "A medicine has no partOf.",
         fix="use basedOn or derivedFrom",
         source=f"{STATEMENT} (SHOULD NOT)",
         good=_statement(), bad=_statement(partOf=[{"reference": "Procedure/1"}])),
    Rule("rb-medicine-basis", Level.WARNING, ("MedicationStatement",), _twice_derived,
         "A medicine has basedOn or derivedFrom, not both.",
         fix="keep basedOn where there is a prescription",
         source=STATEMENT,
         good=_statement(**BASED), bad=_statement(**BASED, derivedFrom=[{"reference": "MedicationRequest/1"}])),
    Rule("rb-prescription-reason", Level.WARNING, ("MedicationRequest",), _reason_of_nothing,
         "A prescription has a statusReason only when it is on hold, cancelled or stopped.",
         fix="correct the status, or take the reason away",
         source=REQUEST,
         good=_request(status="stopped", statusReason=PAIN), bad=_request(statusReason=PAIN)),
    Rule("rb-prescription-substitution", Level.WARNING, ("MedicationRequest",), _exchangeable,
         "A prescription allows no substitution.",
         fix="send substitution.allowedBoolean false",
         source=f"{REQUEST}: mandatory, SHOULD be false",
         good=_request(), bad=_request(substitution={"allowedBoolean": True})),
    Rule("rb-prescription-signed", Level.WARNING, ("MedicationRequest",), _unsigned,
         "A prescription says when it was written, and who asked for it.",
         fix="send authoredOn and requester",
         source=f"{REQUEST}: authoredOn SHOULD be present, requester is required by business",
         good=_request(), bad={key: value for key, value in _request().items() if key != "requester"}),
)
