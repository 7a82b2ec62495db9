"""Profiles that slice in each way that FHIR knows, as a trust's package would bring them: differentials only.

Source: HL7 FHIR R4, page Profiling ("Slicing", "Discriminator", "Re-slicing"), and ElementDefinition (type.aggregation). What each is about
is its name.
"""
from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from tests.packages import archive, element
from tests.packages import profile as definition

Json = Any
HL7 = "http://hl7.org/fhir/StructureDefinition/"
TRUST = "https://care.test/fhir/"
OURS = f"{TRUST}StructureDefinition/"
HOME, WARD, LOINC = "https://care.test/home", "https://care.test/ward", "http://loinc.org"
COLOURS = "https://care.test/colours"
MANIFEST = {"name": "care.test.slices", "fhirVersions": ["4.0.1"], "type": "IG", "canonical": "https://care.test",
            "tools-version": 3, "dependencies": {"hl7.fhir.r4.core": "4.0.1"}}


def profile(name: str, kind: str, *elements: Json, base: str = "", **more: Json) -> Json:
    return definition(name, kind, *elements, base=base, **more) | {"url": OURS + name}


def by(*discriminators: tuple[str, str], rules: str = "open", ordered: bool = False) -> Json:
    return {"slicing": {"discriminator": [{"type": kind, "path": path} for kind, path in discriminators], "rules": rules,
                        "ordered": ordered}}


def a_slice(of: str, name: str, low: int = 0, high: str = "*", **more: Json) -> Json:
    return element(f"{of}:{name}", sliceName=name, min=low, max=high, **more)


def sliced(name: str, at: str, how: Json, *elements: Json, base: str = "", **more: Json) -> Json:
    kind = at.partition(".")[0]
    return profile(name, kind, element(kind), element(at, **how, **more), *elements, base=base)


def typed(*codes: str) -> Json:
    return {"type": [{"code": code} for code in codes]}


def to(*targets: str, **more: Json) -> Json:
    return {"type": [{"code": "Reference", "targetProfile": [url if ":" in url else HL7 + url for url in targets], **more}]}


def of(kind: str, *profiles: str) -> Json:
    return {"type": [{"code": kind, "profile": [OURS + name for name in profiles]}]}


ID, GP, PART, ENTRY, DOSE = ("Patient.identifier", "Patient.generalPractitioner", "Observation.component", "Bundle.entry",
                             "MedicationRequest.dosageInstruction")
CATEGORY, PERFORMER = "Observation.category", "Observation.performer"


def by_system(name: str, how: Json, home: Json, ward: Json, *inside_home: Json, inside_ward: tuple[Json, ...] = ()) -> Json:
    """Elements stand in the order of a snapshot: the engine takes one that does not for a part of the slice before it."""
    return sliced(name, ID, how, a_slice(ID, "home", **home), element(f"{ID}:home.system", min=1, fixedUri=HOME), *inside_home,
                  a_slice(ID, "ward", **ward), element(f"{ID}:ward.system", min=1, fixedUri=WARD), *inside_ward)


def component(name: str, discriminators: list[tuple[str, str]], *elements: Json, rules: str = "open") -> Json:
    return sliced(name, PART, by(*discriminators, rules=rules), *elements)


def coding_slices(name: str) -> list[Json]:
    """Two codings that must be there, told apart by their system."""
    at = f"{PART}:{name}.code.coding"
    return [element(at, **by(("value", "system"))),
            a_slice(at, "loinc", 1, "1"), element(f"{at}:loinc.system", min=1, fixedUri=LOINC),
            element(f"{at}:loinc.code", min=1, fixedCode="8480-6"),
            a_slice(at, "home", 1, "1"), element(f"{at}:home.system", min=1, fixedUri=HOME),
            element(f"{at}:home.code", min=1, fixedCode="sys")]


def extension(name: str, kind: str, *contexts: tuple[str, str]) -> Json:
    said = [{"type": kind_, "expression": expression} for kind_, expression in contexts]
    return profile(name, "Extension", element("Extension"), element("Extension.extension", max="0"),
                   element("Extension.url", fixedUri=OURS + name), element("Extension.value[x]", min=1, **typed(kind)), context=said)


def aggregated(name: str, *modes: str) -> Json:
    return profile(name, "Observation", element("Observation"), element("Observation.subject", **to("Patient", aggregation=list(modes))))


SLICED = [
    # -- value and pattern
    by_system("value", by(("value", "system")), {"low": 1, "high": "1"}, {"high": "1"}),
    by_system("closed", by(("value", "system"), rules="closed"), {"low": 1}, {}),
    by_system("open-at-end", by(("value", "system"), rules="openAtEnd"), {}, {}),
    by_system("open-at-end-ordered", by(("value", "system"), rules="openAtEnd", ordered=True), {}, {}),
    by_system("ordered", by(("value", "system"), ordered=True), {}, {}),
    sliced("two-discriminators", ID, by(("value", "system"), ("value", "use")),
           a_slice(ID, "home", 1), element(f"{ID}:home.use", min=1, fixedCode="official"),
           element(f"{ID}:home.system", min=1, fixedUri=HOME),
           a_slice(ID, "ward"), element(f"{ID}:ward.use", min=1, fixedCode="usual"), element(f"{ID}:ward.system", min=1, fixedUri=WARD)),
    by_system("inside-a-slice", by(("value", "system")), {}, {}, element(f"{ID}:home.value", min=1), element(f"{ID}:home.period", max="0")),
    sliced("pattern", CATEGORY, by(("pattern", "$this")), a_slice(CATEGORY, "survey", 1, "1", patternCodeableConcept={
        "coding": [{"system": COLOURS, "code": "red"}]}), a_slice(CATEGORY, "exam", 0, "1", patternCodeableConcept={
        "coding": [{"system": COLOURS, "code": "blue"}]})),
    sliced("pattern-of-parent", CATEGORY, by(("value", "coding.code")), a_slice(CATEGORY, "red", 1, "1", patternCodeableConcept={
        "coding": [{"system": COLOURS, "code": "red"}]})),
    component("pattern-over-path", [("pattern", "code")], a_slice(PART, "red", 1, "1"),
              element(f"{PART}:red.code", patternCodeableConcept={"coding": [{"system": COLOURS, "code": "red"}]}), rules="closed"),
    component("value-is-there", [("value", "interpretation")], a_slice(PART, "read", 1, "1"),
              element(f"{PART}:read.interpretation", min=1)),
    sliced("value-set", CATEGORY, by(("value", "$this")),
           a_slice(CATEGORY, "warm", 1, "1", binding={"strength": "required", "valueSet": f"{TRUST}ValueSet/warm"}),
           a_slice(CATEGORY, "cold", 0, "1", binding={"strength": "required", "valueSet": f"{TRUST}ValueSet/cold"})),
    # -- exists
    sliced("exists", ID, by(("exists", "period")), a_slice(ID, "ended", 1, "1"), element(f"{ID}:ended.period", min=1),
           a_slice(ID, "lasting", 0, "1"), element(f"{ID}:lasting.period", max="0")),
    component("exists-choice", [("exists", "value")], a_slice(PART, "measured", 1, "1"), element(f"{PART}:measured.value[x]", min=1),
              a_slice(PART, "absent", 0, "1"), element(f"{PART}:absent.value[x]", max="0"),
              element(f"{PART}:absent.dataAbsentReason", min=1)),
    sliced("exists-extension", "Patient.name", by(("exists", f"extension('{OURS}said')")),
           a_slice("Patient.name", "said", 1, "1"), element("Patient.name:said.extension", **by(("value", "url"))),
           a_slice("Patient.name:said.extension", "said", 1, "1", **of("Extension", "said"))),
    # -- type
    sliced("type-of-choice", "Observation.value[x]", by(("type", "$this"), rules="closed"),
           a_slice("Observation.value[x]", "valueQuantity", 0, "1", **typed("Quantity")),
           element("Observation.value[x]:valueQuantity.unit", min=1),
           a_slice("Observation.value[x]", "valueString", 0, "1", **typed("string")), **typed("Quantity", "string")),
    component("type-of-value", [("type", "value")], a_slice(PART, "measured", 1, "1"),
              element(f"{PART}:measured.value[x]", min=1, **typed("Quantity")), a_slice(PART, "told", 0, "1"),
              element(f"{PART}:told.value[x]", min=1, **typed("string")), rules="closed"),
    sliced("type-of-resource", ENTRY, by(("type", "resource"), rules="closed"), a_slice(ENTRY, "person", 1, "1"),
           element(f"{ENTRY}:person.resource", min=1, **typed("Patient")), a_slice(ENTRY, "seen", 0, "2"),
           element(f"{ENTRY}:seen.resource", min=1, **typed("Observation"))),
    sliced("type-of-contained", "Observation.contained", by(("type", "$this"), rules="closed"),
           a_slice("Observation.contained", "whose", 1, "1", **typed("Patient")),
           a_slice("Observation.contained", "where", 0, "1", **typed("Organization"))),
    sliced("type-of-target", GP, by(("type", "resolve()"), rules="closed", ordered=True),
           a_slice(GP, "practice", 1, "1", **to("Organization")),
           a_slice(GP, "doctor", 0, "1", **to("Practitioner"))),
    sliced("type-of-dose", f"{DOSE}.doseAndRate", by(("type", "dose"), rules="closed"),
           a_slice(f"{DOSE}.doseAndRate", "exact", 0, "1"), element(f"{DOSE}.doseAndRate:exact.dose[x]", min=1, **typed("Quantity"))),
    # -- through choices
    sliced("value-of-choice", DOSE, by(("value", "asNeeded"), rules="closed"), a_slice(DOSE, "needed", 1, "1"),
           element(f"{DOSE}:needed.asNeeded[x]", min=1, fixedBoolean=True, **typed("boolean"))),
    component("of-type", [("value", "value.ofType(CodeableConcept).coding.code")], a_slice(PART, "red", 1, "1"),
              element(f"{PART}:red.value[x]", min=1, **typed("CodeableConcept")), element(f"{PART}:red.value[x].coding", min=1),
              element(f"{PART}:red.value[x].coding.code", min=1, fixedCode="red"), rules="closed"),
    # -- profile, and what a reference leads to
    profile("named-organization", "Organization", element("Organization"), element("Organization.name", min=1)),
    profile("active-organization", "Organization", element("Organization"), element("Organization.active", min=1, fixedBoolean=True)),
    profile("living-patient", "Patient", element("Patient"), element("Patient.deceased[x]", max="0")),
    sliced("profile-of-target", PERFORMER, by(("profile", "resolve()"), rules="closed"),
           a_slice(PERFORMER, "named", 1, "1", **to(f"{OURS}named-organization"))),
    sliced("profile-of-resource", ENTRY, by(("profile", "resource")), a_slice(ENTRY, "living", 1, "1"),
           element(f"{ENTRY}:living.resource", min=1, **of("Patient", "living-patient"))),
    sliced("value-of-target", PERFORMER, by(("value", "resolve().active"), rules="closed"),
           a_slice(PERFORMER, "active", 1, "1", **to(f"{OURS}active-organization"))),
    # -- extensions
    extension("said", "string", ("element", "HumanName"), ("element", "Patient")),
    sliced("extension-steps", "Patient.name", by(("value", f"extension('{OURS}said').value")), a_slice("Patient.name", "home", 1, "1"),
           element("Patient.name:home.extension", **by(("value", "url"))),
           a_slice("Patient.name:home.extension", "said", 1, "1", **of("Extension", "said")),
           element("Patient.name:home.extension:said.value[x]", min=1, fixedString="home", **typed("string"))),
    sliced("extension-needed", "Patient.extension", by(("value", "url")),
           a_slice("Patient.extension", "said", 1, "1", **of("Extension", "said"))),
    # -- slices of slices, of several profiles, of what a profile narrows
    component("needed-inside", [("value", "code.coding.code"), ("value", "code.coding.system")], a_slice(PART, "systolic", 1, "1"),
              *coding_slices("systolic")),
    by_system("resliced", by(("value", "system")), by(("value", "use")), {},
              element(f"{ID}:home/official", sliceName="home/official", min=1, max="1"),
              element(f"{ID}:home/official.use", min=1, fixedCode="official"),
              element(f"{ID}:home/official.system", min=1, fixedUri=HOME)),
    by_system("narrowed", {}, {"low": 1, "high": "1"}, {"high": "0"},
              element(f"{ID}:home.value", min=1)) | {"baseDefinition": f"{OURS}value"},
    sliced("codings", "Observation.code.coding", by(("value", "system")), a_slice("Observation.code.coding", "home", 1, "1"),
           element("Observation.code.coding:home.system", min=1, fixedUri=HOME),
           a_slice("Observation.code.coding", "ward", 0, "1"), element("Observation.code.coding:ward.system", min=1, fixedUri=WARD)),
    sliced("codings-of-components", f"{PART}.code.coding", by(("value", "system")), a_slice(f"{PART}.code.coding", "home", 1, "1"),
           element(f"{PART}.code.coding:home.system", min=1, fixedUri=HOME)),
    sliced("same-again", "Composition.section", by(("value", "code.text"), rules="closed"), a_slice("Composition.section", "plan", 1, "1"),
           element("Composition.section:plan.code", min=1), element("Composition.section:plan.code.text", min=1, fixedString="plan"),
           element("Composition.section:plan.section", max="0")),
    # -- references
    aggregated("contained", "contained"), aggregated("bundled", "bundled"), aggregated("referenced", "referenced"),
    aggregated("contained-or-bundled", "contained", "bundled"),
    # -- where extensions may stand
    extension("on-contact-names", "string", ("fhirpath", "Patient.contact.name")),
    extension("on-names", "string", ("fhirpath", "Patient.name | Patient.contact.name")),
    extension("on-identifiers", "string", ("element", "Patient.identifier")),
    extension("inside-said", "string", ("extension", f"{OURS}said")),
]


def value_set(name: str, *codes: str) -> Json:
    return {"resourceType": "ValueSet", "url": f"{TRUST}ValueSet/{name}", "name": name, "status": "active", "compose": {
        "include": [{"system": COLOURS, "concept": [{"code": code} for code in codes]}]}}


CODES = {"resourceType": "CodeSystem", "url": COLOURS, "name": "colours", "status": "active", "content": "complete", "caseSensitive": True,
         "concept": [{"code": code} for code in ("red", "orange", "blue", "green")]}
DEFINITIONS = [*SLICED, value_set("warm", "red", "orange"), value_set("cold", "blue"), CODES]


def packed() -> bytes:
    """The package (.tgz). Its version is of its content: the engine keeps what it has unpacked once by name and version."""
    named = {f"package/{each['resourceType']}-{each['name']}.json": json.dumps(each).encode() for each in DEFINITIONS}
    return archive({"package/package.json": json.dumps(MANIFEST | {"version": f"1.0.0-{content_hash()[:12]}"}).encode(), **named})


def content_hash() -> str:
    """Of the definitions: a verdict is of these."""
    return sha256(json.dumps([MANIFEST, DEFINITIONS], sort_keys=True).encode()).hexdigest()
