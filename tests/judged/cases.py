"""Resources by the profiles that they are held against: right ones, and each with one fault."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.judged.profiles import COLOURS, HOME, LOINC, OURS, WARD
from tests.mutants.edits import DROP, edited

Json = Any


class Case(NamedTuple):
    """`name`: the profiles, and what was done to a right resource; nothing where it is right."""

    name: str
    profiles: tuple[str, ...]
    resource: Json


def cases() -> Iterator[Case]:
    for names, (right, *others) in RIGHT.items():
        profiles = tuple(OURS + name for name in names.split(" + "))
        yield from (Case(f"{names}: right {number}", profiles, each) for number, each in enumerate((right, *others)))
        yield from (Case(f"{names}: {what}", profiles, edited(right, edits)) for what, edits in FAULTS[names].items())


PATIENT: Json = {"resourceType": "Patient", "active": True}
OBSERVATION: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "colour"}}
REQUEST: Json = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
                 "medicationCodeableConcept": {"text": "paracetamol"}}
COMPOSITION: Json = {"resourceType": "Composition", "status": "final", "type": {"text": "plan"}, "date": "2026-11-24", "title": "Plan",
                     "author": [{"reference": "Practitioner/1"}]}


def identified(*systems: str, **more: Json) -> Json:
    return PATIENT | {"identifier": [{"system": system, "value": "1", **more} for system in systems]}


def parts(*components: Json) -> Json:
    return OBSERVATION | {"component": [{"code": {"text": "part"}, **each} for each in components]}


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}", "resource": each} for number, each in enumerate(resources)]}


def dosed(*doses: Json) -> Json:
    return REQUEST | {"dosageInstruction": list(doses)}


def named(*names: Json) -> Json:
    return PATIENT | {"name": [{"family": "Testcase", **each} for each in names]}


def referring(*references: str) -> Json:
    return PATIENT | {"generalPractitioner": [{"reference": each} for each in references]}


def performed(*contained: Json) -> Json:
    return OBSERVATION | {"contained": list(contained), "performer": [{"reference": f"#{each['id']}"} for each in contained]}


def coded(*codings: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def colour(*codes: str) -> Json:
    return coded(*((COLOURS, code) for code in codes))


def about(*contained: Json, subject: str) -> Json:
    return OBSERVATION | ({"contained": list(contained)} if contained else {}) | {"subject": {"reference": subject}}


def extended(name: str) -> Json:
    return {"extension": [{"url": OURS + name, "valueString": "home"}]}


ADA: Json = PATIENT | {"id": "ada"}
CLINIC: Json = {"resourceType": "Organization", "id": "clinic", "name": "Example Clinic", "active": True}
NURSE: Json = {"resourceType": "Practitioner", "id": "nurse", "active": True}
MEASURED, TOLD = {"valueQuantity": {"value": 1}}, {"valueString": "red"}
IN_BUNDLE = bundle(PATIENT, OBSERVATION | {"subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}})
SYSTOLIC = coded((LOINC, "8480-6"), (HOME, "sys"))

RIGHT: Mapping[str, tuple[Json, ...]] = {
    "value": (identified(HOME, WARD), identified(HOME, COLOURS, COLOURS)),
    "closed": (identified(WARD, HOME), identified(HOME, HOME)),
    "open-at-end": (identified(WARD, HOME, COLOURS), identified(COLOURS), PATIENT),
    "open-at-end-ordered": (identified(HOME, WARD, COLOURS),),
    "ordered": (identified(HOME, COLOURS, WARD), identified(WARD)),
    "two-discriminators": (PATIENT | {"identifier": [{"system": HOME, "use": "official"}, {"system": WARD, "use": "official"}]},),
    "inside-a-slice": (identified(HOME, WARD), PATIENT | {"identifier": [{"system": WARD, "period": {"start": "2026"}}]}),
    "pattern": (OBSERVATION | {"category": [colour("green", "red"), colour("blue")]},),
    "pattern-of-parent": (OBSERVATION | {"category": [colour("red"), colour("blue")]},),
    "pattern-over-path": (parts({"code": colour("red")}), parts({"code": colour("blue", "red")})),
    "value-is-there": (parts({"interpretation": [{"text": "high"}]}, {}),),
    "value-set": (OBSERVATION | {"category": [colour("orange"), colour("blue"), colour("green")]},),
    "exists": (PATIENT | {"identifier": [{"value": "1", "period": {"start": "2026"}}, {"value": "2"}]},),
    "exists-choice": (parts(MEASURED, {"dataAbsentReason": {"text": "asleep"}}), parts({"valueBoolean": False})),
    "exists-extension": (named(extended("said"), {}),),
    "type-of-choice": (OBSERVATION | {"valueQuantity": {"value": 1, "unit": "mg"}}, OBSERVATION | TOLD, OBSERVATION),
    "type-of-value": (parts(MEASURED, TOLD), parts(MEASURED)),
    "type-of-resource": (bundle(PATIENT, OBSERVATION), bundle(OBSERVATION, PATIENT, OBSERVATION)),
    "type-of-contained": (performed(CLINIC) | {"contained": [ADA, CLINIC], "subject": {"reference": "#ada"}},),
    "type-of-target": (referring("#clinic", "#nurse") | {"contained": [CLINIC, NURSE]}, referring("Organization/1", "Practitioner/1")),
    "type-of-dose": (dosed({"doseAndRate": [{"doseQuantity": {"value": 1}}]}),),
    "value-of-choice": (dosed({"asNeededBoolean": True}),),
    "of-type": (parts({"valueCodeableConcept": colour("red")}),),
    "profile-of-target": (performed(CLINIC),),
    "profile-of-resource": (bundle(PATIENT, OBSERVATION), bundle(PATIENT | {"deceasedBoolean": True}, PATIENT)),
    "value-of-target": (performed(CLINIC),),
    "extension-steps": (named(extended("said"), {}),),
    "extension-needed": (PATIENT | extended("said"),),
    "needed-inside": (parts({"code": SYSTOLIC}), parts({"code": SYSTOLIC}, {})),
    "resliced": (PATIENT | {"identifier": [{"system": HOME, "use": "official"}, {"system": HOME, "use": "old"}]},
                 PATIENT | {"identifier": [{"system": HOME, "use": "official"}, {"system": WARD, "use": "official"}]}),
    "narrowed": (identified(HOME, COLOURS),),
    "codings": (OBSERVATION | {"code": coded((HOME, "a"), (WARD, "b"))},),
    "codings-of-components": (parts({"code": coded((HOME, "a"))}),),
    "needed-inside + codings-of-components": (parts({"code": SYSTOLIC}),),
    "value + ordered": (identified(HOME, COLOURS, WARD),),
    "value + narrowed": (identified(HOME, COLOURS),),
    "value + exists": (PATIENT | {"identifier": [{"system": HOME, "period": {"start": "2026"}}, {"system": WARD}]},),
    "type-of-value + value-is-there": (parts(MEASURED | {"interpretation": [{"text": "high"}]}),),
    "same-again": (COMPOSITION | {"section": [{"title": "Plan", "code": {"text": "plan"}, "text": {
        "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Rest</p></div>"}}]},),
    "contained": (about(ADA, subject="#ada"),),
    "bundled": (IN_BUNDLE,),
    "referenced": (about(subject="Patient/1"),),
    "contained-or-bundled": (about(ADA, subject="#ada"), IN_BUNDLE),
    "living-patient": (named(extended("said")), PATIENT | {"contact": [{"name": {"family": "Testcase", **extended("on-contact-names")}}]},
                       named(extended("on-names")), PATIENT | {"contact": [{"name": {"family": "Testcase", **extended("on-names")}}]},
                       PATIENT | {"identifier": [{"value": "1", **extended("on-identifiers")}]}),
}
FAULTS: Mapping[str, Mapping[str, Mapping[str, Json]]] = {
    "value": {"none of a slice that is needed": {"identifier[0].system": COLOURS},
              "two of a slice that is one": {"identifier[+]": {"system": WARD}},
              "two of the needed one": {"identifier[+]": {"system": HOME}}, "none at all": {"identifier": DROP}},
    "closed": {"of no slice": {"identifier[+]": {"system": COLOURS}}, "without what tells": {"identifier[+]": {"value": "2"}},
               "none of the needed": {"identifier[1].system": WARD}},
    "open-at-end": {"others first": {"identifier[0].system": COLOURS},
                    "others between": {"identifier[1].system": COLOURS, "identifier[2].system": HOME}},
    "open-at-end-ordered": {"other order": {"identifier[0].system": WARD, "identifier[1].system": HOME},
                            "others first": {"identifier[0].system": COLOURS}},
    "ordered": {"other order": {"identifier[0].system": WARD, "identifier[1].system": HOME},
                "other order, with others between": {"identifier[0].system": WARD, "identifier[2].system": HOME}},
    "two-discriminators": {"only one fits": {"identifier[0].use": "usual"}, "the other fits": {"identifier[0].system": WARD}},
    "inside-a-slice": {"lacks what the slice asks for": {"identifier[0].value": DROP},
                       "has what the slice denies": {"identifier[0].period": {"start": "2026"}}},
    "pattern": {"none that covers it": {"category[0].coding[1].code": "green"}, "two that do": {"category[+]": colour("red")},
                "two of the other": {"category[+]": colour("blue")},
                "one of both": {"category[1].coding[+]": {"system": COLOURS, "code": "red"}}},
    "pattern-of-parent": {"none has the code": {"category[0].coding[0].code": "green"}},
    "pattern-over-path": {"another": {"component[0].code.coding[0].code": "blue"}, "one more": {"component[+]": {"code": {"text": "x"}}}},
    "value-is-there": {"none": {"component[0].interpretation": DROP}},
    "value-set": {"of none that is warm": {"category[0].coding[0].code": "green"}, "two cold": {"category[+]": colour("blue")}},
    "exists": {"none with it": {"identifier[0].period": DROP}, "two without": {"identifier[+]": {"value": "3"}},
               "two with": {"identifier[1].period": {"start": "2025"}}},
    "exists-choice": {"none with a value": {"component[0].valueQuantity": DROP},
                      "one without lacks its reason": {"component[1].dataAbsentReason": DROP},
                      "two values": {"component[+]": {"code": {"text": "x"}, "valueTime": "10:00:00"}}},
    "exists-extension": {"none": {"name[0].extension": DROP}, "two": {"name[1].extension": extended("said")["extension"]}},
    "type-of-choice": {"another type": {"valueQuantity": DROP, "valueBoolean": True},
                       "lacks what its type needs": {"valueQuantity.unit": DROP}},
    "type-of-value": {"none of the needed type": {"component[0].valueQuantity": DROP, "component[0].valueString": "red",
                                                  "component[1]": DROP},
                      "of no slice": {"component[1].valueString": DROP, "component[1].valueBoolean": True},
                      "two of one": {"component[+]": {"code": {"text": "x"}, "valueString": "blue"}}},
    "type-of-resource": {"none of the needed": {"entry[0]": DROP},
                         "of no slice": {"entry[1].resource": {"resourceType": "Basic", "code": {"text": "x"}}},
                         "two of one": {"entry[1].resource": PATIENT}},
    "type-of-contained": {"none of the needed": {"contained[0]": DROP, "subject": DROP},
                          "of no slice": {"contained[+]": NURSE, "performer[+]": {"reference": "#nurse"}}},
    "type-of-target": {"none of the needed": {"generalPractitioner[0]": DROP, "contained[0]": DROP},
                       "of no slice": {"contained[1]": {"resourceType": "PractitionerRole", "id": "nurse", "active": True}},
                       "other order": {"generalPractitioner[0].reference": "#nurse", "generalPractitioner[1].reference": "#clinic"},
                       "an identifier only": {"contained[0]": DROP,
                                              "generalPractitioner[0]": {"type": "Organization",
                                                                         "identifier": {"system": HOME, "value": "1"}}},
                       "a display only": {"contained[1]": DROP, "generalPractitioner[1]": {"display": "Dr Example"}}},
    "type-of-dose": {"another type": {"dosageInstruction[0].doseAndRate[0].doseQuantity": DROP,
                                      "dosageInstruction[0].doseAndRate[0].doseRange": {"low": {"value": 1}}}},
    "value-of-choice": {"another value": {"dosageInstruction[0].asNeededBoolean": False},
                        "another type": {"dosageInstruction[0].asNeededBoolean": DROP,
                                         "dosageInstruction[0].asNeededCodeableConcept": {"text": "pain"}}},
    "of-type": {"another code": {"component[0].valueCodeableConcept.coding[0].code": "blue"},
                "another type": {"component[0].valueCodeableConcept": DROP, "component[0].valueString": "red"}},
    "profile-of-target": {"lacks what the profile needs": {"contained[0].name": DROP},
                          "of another type": {"contained[0].resourceType": "Practitioner", "contained[0].name": [{"family": "Testcase"}]}},
    "profile-of-resource": {"has what the profile denies": {"entry[0].resource": PATIENT | {"deceasedBoolean": True}},
                            "none": {"entry[0]": DROP}},
    "value-of-target": {"another value": {"contained[0].active": False}, "no value": {"contained[0].active": DROP}},
    "extension-steps": {"another value": {"name[0].extension[0].valueString": "ward"}, "none": {"name[0].extension": DROP}},
    "extension-needed": {"none": {"extension": DROP}, "two": {"extension[+]": extended("said")["extension"][0]}},
    "needed-inside": {"another code": {"component[0].code.coding[0].code": "8462-4"},
                      "one coding only": {"component[0].code.coding[1]": DROP},
                      "the other only": {"component[0].code.coding[0]": DROP}},
    "resliced": {"none official": {"identifier[0].use": "usual"}, "two official": {"identifier[1].use": "official"},
                 "none of the slice": {"identifier[1]": DROP, "identifier[0].system": WARD}, "none at all": {"identifier": DROP}},
    "narrowed": {"lacks what is needed now": {"identifier[0].value": DROP}, "has what is denied now": {"identifier[1].system": WARD},
                 "none": {"identifier[0].system": COLOURS}},
    "codings": {"none of the needed": {"code.coding[0]": DROP}, "two of one": {"code.coding[+]": {"system": WARD, "code": "c"}}},
    "codings-of-components": {"none of the needed": {"component[0].code.coding[0].system": WARD}},
    "needed-inside + codings-of-components": {"another code": {"component[0].code.coding[0].code": "8462-4"},
                                              "one coding only": {"component[0].code.coding[1]": DROP}},
    "value + ordered": {"other order": {"identifier[0].system": WARD, "identifier[2].system": HOME}, "none": {"identifier[0]": DROP}},
    "value + narrowed": {"has what one denies": {"identifier[1].system": WARD}},
    "value + exists": {"two with": {"identifier[1].period": {"start": "2026"}}, "two of one": {"identifier[1].system": HOME}},
    "type-of-value + value-is-there": {"neither read": {"component[0].interpretation": DROP},
                                       "of another type": {"component[0].valueQuantity": DROP, "component[0].valueString": "red"}},
    "same-again": {"another text": {"section[0].code.text": "other"},
                   "one inside": {"section[0].section": [{"title": "Inner", "code": {"text": "x"}}]}},
    "contained": {"referred to elsewhere": {"contained": DROP, "subject.reference": "Patient/1"},
                  "by an absolute URL": {"contained": DROP, "subject.reference": "https://care.test/fhir/Patient/1"}},
    "bundled": {"not in the bundle": {"entry[1].resource.subject.reference": "Patient/1"},
                "contained": {"entry[1].resource.contained": [ADA], "entry[1].resource.subject.reference": "#ada"}},
    "referenced": {"contained": {"contained": [ADA], "subject.reference": "#ada"}},
    "contained-or-bundled": {"referred to elsewhere": {"contained": DROP, "subject.reference": "Patient/1"}},
    "living-patient": {"on the resource": {"extension": extended("on-contact-names")["extension"]},
                       "on a name": {"name[0].extension": extended("on-contact-names")["extension"]},
                       "on what a union lacks": {"extension": extended("on-names")["extension"]},
                       "on another element": {"name[0].extension": extended("on-identifiers")["extension"]},
                       "outside its extension": {"extension": extended("inside-said")["extension"]}},
}
