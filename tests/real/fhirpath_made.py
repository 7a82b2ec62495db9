"""Small resources for the invariants that no fixture and no chance comes to break, or to keep: by the invariant's key, what keeps it and
what breaks it, and nothing else in them that matters.
"""
from __future__ import annotations

from typing import Any

Json = Any
CONDITION = "http://terminology.hl7.org/CodeSystem/condition"
MEDIA_LINK = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.media.link"


def _a(type_: str, **content: Json) -> Json:
    return {"resourceType": type_, **content}


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _element(**content: Json) -> Json:
    return _a("StructureDefinition", snapshot={"element": [{"path": "Patient", **content}]})


def _most(said: str) -> Json:
    return _a("StructureDefinition", snapshot={"element": [{"max": said}]})      # no other text: eld-3 is asked of every one


def _rest(**content: Json) -> Json:
    return _a("CapabilityStatement", rest=[{"mode": "server", **content}])


def _consent(scope: str, **content: Json) -> Json:
    return _a("Consent", scope=_coded("something", scope), **content)


def _participant(member: str, **content: Json) -> Json:
    inside = [_a("Practitioner", id="p"), _a("Organization", id="o")]
    return _a("CareTeam", contained=inside, participant=[{"member": {"reference": member}, **content}])


def _structure(view: str, *paths: str, **content: Json) -> Json:
    return _a("StructureDefinition", **{"type": "Patient", **content, view: {"element": [{"path": path} for path in paths]}})


def _assertion(**content: Json) -> Json:
    return _a("TestScript", setup={"action": [{"assert": {"warningOnly": False, **content}}]})


def _range(low: Json, high: Json) -> Json:
    return _a("Observation", valueRange={"low": low, "high": high})


def _report(*links: str, extended: bool = True) -> Json:
    extension = {"extension": [{"url": MEDIA_LINK, "valueReference": {"reference": "DocumentReference/1"}}]} if extended else {}
    return _a("DiagnosticReport", media=[{**extension, "link": {"reference": link}} for link in links] or [{"comment": "a", **extension}])


def _parameter(type_: str) -> Json:
    return _a("OperationDefinition", parameter=[{"type": type_, "targetProfile": ["a"]}])


def _guide(version: str, grouping: str = "g") -> Json:
    resources = [{"reference": {"reference": "Patient/1"}, "fhirVersion": [version], "groupingId": "g"}]
    return _a("ImplementationGuide", fhirVersion=["4.0.1"], definition={"grouping": [{"id": grouping, "name": "a"}], "resource": resources})


def _condition(category: str, verification: str, **content: Json) -> Json:
    return _a("Condition", category=[_coded(f"{CONDITION}-category", category)],
              verificationStatus=_coded(f"{CONDITION}-ver-status", verification), **content)


ACTIVE = {"clinicalStatus": _coded(f"{CONDITION}-clinical", "active")}
UCUM = {"system": "http://unitsofmeasure.org"}
KEPT_AND_BROKEN: dict[str, tuple[tuple[Json, ...], tuple[Json, ...]]] = {
    "cmd-1": (
        (_a("ConceptMap", group=[{"element": [{"target": [{"equivalence": "narrower", "comment": "a"}]}]}]),),
        tuple(_a("ConceptMap", group=[{"element": [{"target": [{"equivalence": each}]}]}]) for each in ("narrower", "inexact"))),
    "con-3": (
        (_condition("problem-list-item", "confirmed", **ACTIVE), _condition("problem-list-item", "entered-in-error"),
         _condition("encounter-diagnosis", "confirmed"), _condition("encounter-diagnosis", "entered-in-error")),
        (_condition("problem-list-item", "confirmed"),)),
    "cpb-9": (
        (_rest(resource=[{"type": "Patient"}, {"type": "Group"}]),),
        (_rest(resource=[{"type": "Patient"}, {"type": "Patient"}]),)),
    "cpb-12": (
        (_rest(resource=[{"type": "Patient", "searchParam": [{"name": "a"}, {"name": "b"}]}]),),
        (_rest(resource=[{"type": "Patient", "searchParam": [{"name": "a"}, {"name": "a"}]}]),)),
    "csd-1": (
        (_a("CodeSystem", concept=[{"code": "a"}, {"code": "b", "concept": [{"code": "c"}]}]),),
        (_a("CodeSystem", concept=[{"code": "a"}, {"code": "a"}]), _a("CodeSystem", concept=[{"code": "a", "concept": [{"code": "a"}]}]))),
    "ctm-1": (
        (_participant("#p", onBehalfOf={"display": "a"}), _participant("#o"), _participant("#x", onBehalfOf={"display": "a"})),
        (_participant("#o", onBehalfOf={"display": "a"}),)),
    "eld-6": (
        (_element(fixedCode="a", type=[{"code": "code"}]), _element(type=[{"code": "code"}, {"code": "id"}])),
        (_element(fixedCode="a", type=[{"code": "code"}, {"code": "id"}]),)),
    "eld-8": ((_element(patternCode="a"), _element(fixedCode="a")), (_element(patternCode="a", fixedCode="a"),)),
    "eld-13": (
        (_element(type=[{"code": "id"}, {"code": "code"}]),), (_element(type=[{"code": "id"}, {"code": "id"}]),)),
    "eld-14": (
        (_element(constraint=[{"key": "a"}, {"key": "b"}]),), (_element(constraint=[{"key": "a"}, {"key": "a"}]),)),
    "eld-16": (
        tuple(_element(sliceName=each) for each in ("a/b-c_d", "a[x]", "@a")),
        tuple(_element(sliceName=each) for each in ("a b", "a.b", "é"))),
    "eld-19": (
        tuple(_element(path=each) for each in ("A.b", "A.b[x]:c", "A-1")),
        tuple(_element(path=each) for each in ("A b", "A,b", "A..b", "'A"))),
    "eld-20": (
        tuple(_element(path=each) for each in ("A.b", "A.b[x]")),
        tuple(_element(path=each) for each in ("A.B", "1", "A-1", "A.b[x"))),
    "eld-3": (
        tuple(_most(each) for each in ("*", "0", "2147483647")),
        tuple(_most(each) for each in ("-1", "a", "1.0", "2147483648", "99999999999"))),
    "ig-1": ((_guide("4.0.1"),), (_guide("4.0.1", "h"),)),
    "ig-2": ((_guide("4.0.1"),), (_guide("4.0.0"),)),
    "md-1": (
        tuple(_a("MessageDefinition", focus=[{"code": "Patient", "min": 0, "max": each}]) for each in ("*", "1")),
        (_a("MessageDefinition", focus=[{"code": "Patient", "min": 0, "max": "0"}]),)),
    "nsd-2": (
        (_a("NamingSystem", uniqueId=[{"type": "oid", "preferred": True}, {"type": "uri", "preferred": True}]),
         _a("NamingSystem", uniqueId=[{"type": "oid", "preferred": True}, {"type": "oid", "preferred": False}])),
        (_a("NamingSystem", uniqueId=[{"type": "oid", "preferred": True}, {"type": "oid", "preferred": True}]),)),
    "opd-3": (
        tuple(_parameter(each) for each in ("Reference", "canonical", "Patient")),
        tuple(_parameter(each) for each in ("string", "Patients"))),
    "ppc-2": ((_consent("patient-privacy", patient={"display": "a"}),), (_consent("patient-privacy"),)),
    "ppc-3": ((_consent("research", patient={"display": "a"}),), (_consent("research"),)),
    "ppc-4": ((_consent("adr", patient={"display": "a"}),), (_consent("adr"),)),
    "ppc-5": ((_consent("treatment", patient={"display": "a"}),), (_consent("treatment"),)),
    "que-2": (
        (_a("Questionnaire", item=[{"linkId": "a", "item": [{"linkId": "b"}]}]),),
        (_a("Questionnaire", item=[{"linkId": "a", "item": [{"linkId": "a"}]}]),)),
    "ras-2": (
        (_a("RiskAssessment", prediction=[{"probabilityDecimal": 100}, {"probabilityRange": {"low": {"value": 101}}}]),),
        (_a("RiskAssessment", prediction=[{"probabilityDecimal": 101}]),)),
    "rng-2": (
        (_range({"value": 1, "unit": "a"}, {"value": 2, "unit": "a"}), _range({"value": 2, "unit": "mg", "code": "mg", **UCUM}, {
            "value": 1, "unit": "g", "code": "g", **UCUM})),
        (_range({"value": 2, "unit": "a"}, {"value": 1, "unit": "a"}), _range({"value": 2}, {"value": 1}), _range(
            {"value": 2, "unit": "g", "code": "g", **UCUM}, {"value": 1, "unit": "mg", "code": "mg", **UCUM}),
         _range({"value": 1}, {"value": 2, "unit": "a"}))),
    "sdf-1": (
        (_structure("snapshot", "Patient", "Patient.name"), _structure("snapshot", "Patient", "Patient", derivation="constraint")),
        (_structure("snapshot", "Patient", "Patient", derivation="specialization"), _structure("snapshot", "Patient", "Patient"))),
    "sdf-8": (
        (_structure("snapshot", "Patient", "Patient.name"), _structure("snapshot", "a", "a.b", kind="logical")),
        (_structure("snapshot", "Group", "Group.name"), _structure("snapshot", "Patient", "Group.name"))),
    "sdf-8a": (
        (_structure("differential", "Patient.name", "Patient.active"), _structure("differential", "Patient.name")),
        (_structure("differential", "Group.name"), _structure("differential", "Patient", "Group.name"))),
    "spd-1": ((_a("SearchParameter", xpath="a", xpathUsage="normal"),), (_a("SearchParameter", xpath="a"),)),
    "tst-5": ((_assertion(), _assertion(path="a")), (_assertion(path="a", contentType="json"),)),
    "tst-6": ((_assertion(), _assertion(path="a")), (_assertion(path="a", contentType="json"),)),
    "ukcore-diag-lab-002": (
        (_report(), _report("Media/1", extended=False)), (_report("Media/1"),)),
}
