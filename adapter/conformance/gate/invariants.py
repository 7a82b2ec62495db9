"""Invariants that JSON Schema can ask, each with the very expression that it was written for.

A schema here takes less than its invariant or the same. Of what is not in the table FHIRPath is asked, in Python: right, and slower. Those
that are `True` the gate asks for anyway; see places.py, asking.py and gate.py.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapter.conformance.fhirpath import NotEvaluated, compiled
from adapter.conformance.invariants import ADVICE
from adapter.conformance.model import Constraint

Schema = Any

HL7 = "http://terminology.hl7.org/CodeSystem/"
UCUM = "http://unitsofmeasure.org"
TRANSACTIONS = ("batch", "transaction", "history")
RESPONSES = ("batch-response", "transaction-response", "history")
ABATEMENTS = tuple(f"{mark}abatement{type_}" for type_ in ("DateTime", "Age", "Period", "Range", "String") for mark in ("", "_"))


# ---- words -------------------------------------------------------------------------------------------------------------------------
def under(key: str, asked: Schema) -> Schema:
    return {"properties": {key: asked}}


def has(*keys: str) -> Schema:
    """One of these at least."""
    return {"anyOf": [{"required": [key]} for key in keys]} if len(keys) > 1 else {"required": list(keys)}


def none(*keys: str) -> Schema:
    return {"properties": dict.fromkeys(keys, False)}


def no(primitive: str) -> Schema:
    return none(primitive, f"_{primitive}")


def either(*ways: Schema) -> Schema:
    return {"anyOf": list(ways)}


def both(*asked: Schema) -> Schema:
    return {"allOf": list(asked)}


def beside(key: str, other: str) -> Schema:
    """Where the one is said, the other is."""
    return either(no(key), has(other))


def is_(key: str, *values: str) -> Schema:
    return {**under(key, {"enum": list(values)}), "required": [key]}


def is_not(key: str, value: str) -> Schema:
    return under(key, {"not": {"const": value}})


def is_other(key: str, value: str) -> Schema:
    return {**is_not(key, value), "required": [key]}


def entries(asked: Schema) -> Schema:
    return under("entry", {"items": asked})


def coded(key: str, system: str, *codes: str) -> Schema:
    """One of the codings of a concept is one of these."""
    coding = {"properties": {"system": {"const": system}, "code": {"enum": list(codes)}}, "required": ["system", "code"]}
    return {**under(key, {**under("coding", {"contains": coding}), "required": ["coding"]}), "required": [key]}


def whether(types: Sequence[str], then: Schema, otherwise: Schema) -> Schema:
    return {"required": ["type"], "if": is_("type", *types), "then": entries(then), "else": entries(otherwise)}


NOT_MEALS = {"not": {"enum": ["C", "CM", "CD", "CV"]}}
IN_UCUM = both(either(has("code"), no("value")), either(no("system"), is_("system", UCUM)))
ALLERGY_IN_ERROR = coded("verificationStatus", f"{HL7}allergyintolerance-verification", "entered-in-error")
CONDITION_IN_ERROR = coded("verificationStatus", f"{HL7}condition-ver-status", "entered-in-error")
OVER = coded("clinicalStatus", f"{HL7}condition-clinical", "resolved", "remission", "inactive")

# ---- the table: key, expression, schema -----------------------------------------------------------------------------------------------
TABLE: Sequence[tuple[str, str, Schema]] = (
    ("dom-2", "contained.contained.empty()", True),
    ("dom-4", "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()", True),
    ("dom-5", "contained.meta.security.empty()", True),
    # data types
    ("age-1", ("(code.exists() or value.empty()) and (system.empty() or system = %ucum) and "
              "(value.empty() or value.hasValue().not() or value > 0)"), both(IN_UCUM, under("value", {"exclusiveMinimum": 0}))),
    ("att-1", "data.empty() or contentType.exists()", beside("data", "contentType")),
    ("cpt-2", "value.empty() or system.exists()", either(has("system", "_system"), no("value"))),
    ("dis-1", "(code.exists() or value.empty()) and (system.empty() or system = %ucum)", IN_UCUM),
    ("drt-1", "code.exists() implies ((system = %ucum) and value.exists())", either(no("code"), both(is_("system", UCUM), has("value")))),
    ("exp-1", "expression.exists() or reference.exists()", has("expression", "reference")),
    ("per-1", "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        {"dependencies": {"end": {"dependencies": {"start": {"redbag-period": True}}}}}),
    ("qty-3", "code.empty() or system.exists()", either(no("code"), has("system", "_system"))),
    ("rat-1", "(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())",
        {"required": ["numerator", "denominator"]}),
    ("sqty-1", "comparator.empty()", no("comparator")),
    ("tim-1", "duration.empty() or durationUnit.exists()", beside("duration", "durationUnit")),
    ("tim-2", "period.empty() or periodUnit.exists()", beside("period", "periodUnit")),
    ("tim-4", "duration.exists() implies duration >= 0", both(under("duration", {"minimum": 0}), none("_duration"))),
    ("tim-5", "period.exists() implies period >= 0", both(under("period", {"minimum": 0}), none("_period"))),
    ("tim-6", "periodMax.empty() or period.exists()", beside("periodMax", "period")),
    ("tim-7", "durationMax.empty() or duration.exists()", beside("durationMax", "duration")),
    ("tim-8", "countMax.empty() or count.exists()", beside("countMax", "count")),
    ("tim-9", "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
        either(no("offset"), {**under("when", {"maxItems": 1, "items": NOT_MEALS}), "required": ["when"]})),
    ("tim-10", "timeOfDay.empty() or when.empty()", either(none("timeOfDay"), none("when"))),
    # resources
    ("ait-1", ("verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and "
              "code = 'entered-in-error').exists() or clinicalStatus.exists()"), either(has("clinicalStatus"), ALLERGY_IN_ERROR)),
    ("ait-2", ("verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and "
              "code = 'entered-in-error').empty() or clinicalStatus.empty()"), either(none("clinicalStatus"), {"not": ALLERGY_IN_ERROR})),
    ("con-1", "summary.exists() or assessment.exists()", has("summary", "assessment")),
    ("con-2", "code.exists() or detail.exists()", has("code", "detail")),
    ("con-4", ("abatement.empty() or clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-clinical' and "
              "(code='resolved' or code='remission' or code='inactive')).exists()"), either(none(*ABATEMENTS), OVER)),
    ("con-5", ("verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and "
              "code='entered-in-error').empty() or clinicalStatus.empty()"), either(none("clinicalStatus"), {"not": CONDITION_IN_ERROR})),
    ("imm-1", "documentType.exists() or reference.exists()", has("documentType", "reference")),
    ("lst-1", "emptyReason.empty() or entry.empty()", either(none("emptyReason"), none("entry"))),
    ("lst-2", "mode = 'changes' or entry.deleted.empty()", either(is_("mode", "changes"), entries(no("deleted")))),
    ("lst-3", "mode = 'working' or entry.date.empty()", either(is_("mode", "working"), entries(no("date")))),
    ("org-1", "(identifier.count() + name.count()) > 0", has("identifier", "name")),
    ("org-2", "where(use = 'home').empty()", is_not("use", "home")),
    ("org-3", "where(use = 'home').empty()", is_not("use", "home")),
    ("pat-1", "name.exists() or telecom.exists() or address.exists() or organization.exists()",
        has("name", "telecom", "address", "organization")),
    ("ukcore-imm-001", "(status != 'not-done') or (status = 'not-done' and statusReason.exists())",
        both(has("status"), either(is_not("status", "not-done"), has("statusReason")))),
    # bundles
    ("bdl-1", "total.empty() or (type = 'searchset') or (type = 'history')", either(no("total"), is_("type", "searchset", "history"))),
    ("bdl-2", "entry.search.empty() or (type = 'searchset')", either(is_("type", "searchset"), entries(none("search")))),
    ("bdl-3", "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = 'history'))",
        whether(TRANSACTIONS, has("request"), none("request"))),
    ("bdl-4", ("entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = 'transaction-response' or "
              "%resource.type = 'history'))"), whether(RESPONSES, has("response"), none("response"))),
    ("bdl-5", "resource.exists() or request.exists() or response.exists()", has("resource")),
    ("bdl-7", "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()", True),
    ("bdl-8", "fullUrl.contains('/_history/').not()", True),      # it is a uuid
    ("bdl-9", "type = 'document' implies (identifier.system.exists() and identifier.value.exists())", is_other("type", "document")),
    ("bdl-10", "type = 'document' implies (timestamp.hasValue())", is_other("type", "document")),
    ("bdl-11", "type = 'document' implies entry.first().resource.is(Composition)", is_other("type", "document")),
    ("bdl-12", "type = 'message' implies entry.first().resource.is(MessageHeader)", is_other("type", "message")),
)  # fmt: skip
HELD = {(key, expression): schema for key, expression, schema in TABLE}
ANYWAY = frozenset({"ele-1", "dom-3", "ref-1", "txt-1", "txt-2", "ext-1"})      # whatever their expression is
AROUND = ("%", "resolve(")      # what looks at more than the value itself, and cannot be asked of it alone


def asked_by(constraint: Constraint, type_: str) -> Schema:
    """What an invariant asks of a value of this type, "" if it is a primitive one; False where the gate cannot tell."""
    if constraint.severity != "error" or constraint.key in ADVICE or constraint.key in ANYWAY or not constraint.expression:
        return True
    if (constraint.key, constraint.expression) in HELD:
        return HELD[constraint.key, constraint.expression]
    return {"redbag-invariant": [constraint.expression, type_]} if type_ and is_of_itself(constraint.expression) else False


def is_of_itself(expression: str) -> bool:
    """Whether FHIRPath can tell from the value alone."""
    try:
        compiled(expression)
    except NotEvaluated:
        return False
    return not any(each in expression for each in AROUND)
