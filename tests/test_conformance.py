"""The explaining check, rule by rule: one fault, one finding, in its place."""
from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle import Policy, collection, transaction
from adapter.conformance import Finding, Level, checker
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from tests.homes import bags
from tests.mutants.bases import bases

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PAIRS = sorted(FIXTURES.rglob("*.fhir.json"))
HL7 = "http://hl7.org/fhir/StructureDefinition/"
UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
LOINC = "http://loinc.org"
THO = "http://terminology.hl7.org/CodeSystem/"
MARRIED = {"system": f"{THO}v3-MaritalStatus", "code": "M", "display": "Married"}
ENGLISH = {"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}]}
BIRTH_TIME = {"url": f"{HL7}patient-birthTime", "valueDateTime": "1941-02-01T10:00:00Z"}
HOME = {"resourceType": "Organization", "id": "home", "name": "Rose House"}
UNKNOWN = [{"url": f"{HL7}data-absent-reason", "valueCode": "unknown"}]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Pulse"}, **more}


def errors(resource: Any) -> list[Finding]:
    """Without product rules: those have tests of their own."""
    return [found for found in checker().findings(resource) if found.level is Level.ERROR and not found.rule.startswith("rb-")]


def proficiency(*parts: dict[str, Any]) -> dict[str, Any]:
    return patient(communication=[{"language": ENGLISH, "extension": [{"url": f"{HL7}patient-proficiency", "extension": list(parts)}]}])


def birth_sex(url: str = f"{UKCORE}BirthSex", code: str = "F") -> dict[str, Any]:
    return {"url": url, "valueCodeableConcept": {"coding": [{"system": f"{THO}v3-AdministrativeGender", "code": code}]}}


LEVEL = {"url": "level", "valueCoding": {"system": f"{THO}v3-LanguageAbilityProficiency", "code": "E"}}
PATIENT = {"id": "Patient", "path": "Patient"}
IMAGE = {"resourceType": "Binary", "id": "scar", "contentType": "image/png", "data": "aGVsbG8="}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'

FAULTS = [      # resource, rule, where, a piece of the sentence
    (patient(birthDates="1941"), "fhir-unknown", "Patient", "number 2 of 2"),
    (patient(birthdate="1941"), "fhir-unknown", "Patient", "did you mean birthDate?"),
    (patient(status="active"), "fhir-unknown", "Patient.status", "no element of Patient"),
    (patient(name=[{"code": "x"}]), "fhir-unknown", "Patient.name[0].code", "no element of HumanName"),
    (patient(contact=[{"name": {"text": "Ann"}, "code": "x"}]), "fhir-unknown", "Patient.contact[0].code", "no element of Patient.contact"),
    (patient(birthDate="1941", _birthDate={"value": "1941"}), "fhir-unknown", "Patient._birthDate.value", "without _"),
    (patient(_name=[{"id": "a"}]), "fhir-unknown", "Patient._name", "no element"),
    ({"resourceType": "Observation", "status": "final"}, "fhir-min", "Observation.code", "is missing; at least one is needed"),
    ({"resourceType": "MedicationStatement", "status": "active", "subject": {"display": "Ada"}},
     "fhir-min", "MedicationStatement.medication", "one of: medicationCodeableConcept, medicationReference"),
    (patient(communication=[{"preferred": True}]), "fhir-min", "Patient.communication[0].language", "is missing"),
    (patient(name={"family": "Testcase"}), "fhir-type", "Patient.name", "must be a list, not an object"),
    (patient(gender=["female"]), "fhir-type", "Patient.gender", "must be one value, not a list"),
    (patient(active="true"), "fhir-type", "Patient.active", "true or false, without quotation marks"),
    (patient(birthDate=1941), "fhir-type", "Patient.birthDate", "must be a text in quotation marks, not a number"),
    (patient(name=["Ada"]), "fhir-type", "Patient.name[0]", "must be an object, not a text"),
    (patient(_birthDate=[{"id": "a"}]), "fhir-type", "Patient._birthDate", "must be one value, not a list"),
    (patient(multipleBirthInteger="2"), "fhir-type", "Patient.multipleBirthInteger", "must be a number"),
    (patient(multipleBirthInteger=Decimal("2.0")), "fhir-format", "Patient.multipleBirthInteger", "whole number"),
    (patient(multipleBirthInteger=2**31), "fhir-format", "Patient.multipleBirthInteger", "not between"),
    (patient(birthDate="1941-02-30"), "fhir-format", "Patient.birthDate", "no day of the calendar"),
    (patient(birthDate="14 March 1941"), "fhir-format", "Patient.birthDate", "YYYY-MM-DD"),
    (patient(deceasedDateTime="2020-01-01T10:00:00"), "fhir-format", "Patient.deceasedDateTime", "without a zone"),
    (patient(id="a b"), "fhir-format", "Patient.id", "1 to 64 letters"),
    (patient(identifier=[{"system": "home", "value": "1"}]), "fhir-format", "Patient.identifier[0].system", "absolute URI"),
    (patient(identifier=[{"system": "mailto:a@care.test", "value": "1"}]), "fhir-format", "Patient.identifier[0].system", "absolute URI"),
    (patient(identifier=[{"system": "https://example.org/id", "value": "1"}]),
     "fhir-format", "Patient.identifier[0].system", "example URL"),
    (patient(identifier=[{"system": "http://hl7.org/fhir/sidd", "value": "1"}]),
     "fhir-format", "Patient.identifier[0].system", "namespace"),
    (patient(identifier=[{"system": "https://tools.ietf.org/html/rfc4122", "value": "1"}]),
     "fhir-format", "Patient.identifier[0].value", "UUID"),
    (patient(identifier=[{"system": "urn:ietf:rfc:3986", "value": "1"}]), "fhir-format", "Patient.identifier[0].value", "whole URI"),
    (patient(maritalStatus={"coding": [{"system": "urn:ietf:rfc:3986", "code": "x"}]}),
     "fhir-code", "Patient.maritalStatus.coding[0].code", "whole URI"),
    (patient(identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "_system": {"extension": UNKNOWN}, "value": "9990000018"}]),
     "fhir-fixed", "Patient.identifier[0].system", "without an extension"),
    (patient(extension=[{**birth_sex(), "_url": {"extension": UNKNOWN}}]),
     "fhir-fixed", "Patient.extension[0].url", "without an extension"),
    (patient(meta={"tag": [{"system": "tags", "code": "a"}]}), "fhir-format", "Patient.meta.tag[0].system", "absolute URI"),
    (patient(name=[{"id": "a", "family": "b"}, {"id": "a", "family": "c"}]), "fhir-format", "Patient.name[1].id", "another element"),
    (patient(id="a", _id={"extension": UNKNOWN}), "fhir-extension", "Patient._id", "may not be extended"),
    ({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "survey"}, "fhir-format",
     "QuestionnaireResponse.questionnaire", "absolute URL"),
    ({"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "#survey"}, "fhir-reference",
     "QuestionnaireResponse.questionnaire", "no contained resource"),
    (patient(photo=[{"contentType": "image/png", "size": 3, "data": "aGVsbG8="}]),
     "fhir-format", "Patient.photo[0].size", "number of bytes"),
    (patient(photo=[{"contentType": "image/png", "data": "aGVs bG8="}]), "fhir-format", "Patient.photo[0].data", "base64"),
    (patient(photo=[{"url": "https://example.org/photo"}]), "fhir-format", "Patient.photo[0].url", "example URL"),
    (patient(identifier=[{"system": "https://example.org/id"}]), "fhir-format", "Patient.identifier[0].system", "example URL"),
    (patient(name=[{"id": "a", "family": "A"}, {"id": "a", "family": "B"}]), "fhir-format", "Patient.name[1].id", "another element"),
    (patient(text={"status": "generated", "div": f'{DIV}<p idref="a">x</p></div>'}),
     "txt-1", "Patient.text.div", "attribute on <p>"),
    (patient(text={"status": "generated", "div": f'{DIV}<img src="#scar" alt="a scar"/></div>'}),
     "fhir-narrative", "Patient.text.div", "that is not there"),
    (patient(contained=[IMAGE], text={"status": "generated", "div": f"{DIV}#scar</div>"}), "dom-3", "Patient.contained[0]", "from nowhere"),
    (patient(deceasedBoolean=True, deceasedDateTime="2020"), "fhir-choice", "Patient", "deceasedBoolean and deceasedDateTime"),
    (patient(gender=None), "fhir-empty", "Patient.gender", "is null"),
    (patient(name=[]), "fhir-empty", "Patient.name", "empty list"),
    (patient(name=[{}]), "fhir-empty", "Patient.name[0]", "empty object"),
    (patient(name=[{"family": ""}]), "fhir-empty", "Patient.name[0].family", "empty text"),
    (patient(name=[{"given": [None, "Ada"]}]), "fhir-empty", "Patient.name[0].given[0]", "is null"),
    (patient(name=[{"id": "a"}]), "ele-1", "Patient.name[0]", "an id and nothing else"),
    (patient(_birthDate={"id": "a"}), "ele-1", "Patient._birthDate", "an id and nothing else"),
    (patient(gender="f"), "fhir-binding", "Patient.gender", "one of: female, male, other, unknown"),
    (patient(_gender={"extension": UNKNOWN}), "fhir-binding", "Patient.gender", "has no code"),
    (patient(communication=[{"language": {"text": "English"}}]), "fhir-binding", "Patient.communication[0].language", "has no code"),
    (patient(extension=[birth_sex(code="M2")]), "fhir-code", "Patient.extension[0].valueCodeableConcept.coding[0].code", "is no code of"),
    (patient(maritalStatus={"coding": [{**MARRIED, "code": "m"}]}), "fhir-code", "Patient.maritalStatus.coding[0].code", "is no code of"),
    (patient(maritalStatus={"coding": [{**MARRIED, "display": "Marryed"}]}),
     "fhir-display", "Patient.maritalStatus.coding[0].display", "“Married”"),
    (patient(extension=[{**birth_sex(), "valueCodeableConcept": {"coding": [{"system": f"{THO}v3-AdministrativeGender"}]}}]),
     "fhir-binding", "Patient.extension[0].valueCodeableConcept", "has no code"),
    (patient(maritalStatus={"coding": [{"system": f"{HL7}Patient", "code": "M"}]}), "fhir-code", "Patient.maritalStatus.coding[0].system",
     "URL of a profile"),
    (patient(maritalStatus={"coding": [{"system": "http://hl7.org/fhir/marital", "code": "M"}]}), "fhir-code",
     "Patient.maritalStatus.coding[0].system", "no code system of HL7 FHIR"),
    (observation(valueQuantity={"value": 72, "system": "http://unitsofmeasure.org", "code": "bpm"}),
     "fhir-code", "Observation.valueQuantity.code", "no unit of UCUM"),
    (patient(contact=[{"gender": "male"}]), "pat-1", "Patient.contact[0]", "contact's details"),
    (patient(identifier=[{"period": {"start": "2021", "end": "2020"}}]), "per-1", "Patient.identifier[0].period", "lower value than end"),
    (patient(extension=[{"url": "https://care.test/mood", "valueString": "good"}]),
     "fhir-extension", "Patient.extension[0]", "none of the definitions"),
    (patient(extension=[{"url": "mood", "valueString": "good"}]), "fhir-extension", "Patient.extension[0].url", "absolute URL"),
    (patient(name=[{"family": "Testcase", "extension": [birth_sex()]}]),
     "fhir-extension", "Patient.name[0].extension[0]", "only on: Patient"),
    (patient(extension=[{"url": f"{UKCORE}BirthSex", "valueString": "F"}]), "fhir-type", "Patient.extension[0].valueString",
     "write valueCodeableConcept"),
    (patient(extension=[birth_sex(), birth_sex()]), "fhir-slice", "Patient.extension", "at most 1 may be given"),
    (patient(extension=[{"valueString": "good"}]), "fhir-min", "Patient.extension[0].url", "is missing"),
    (patient(modifierExtension=[birth_sex()]), "fhir-modifier", "Patient.modifierExtension[0]", "belongs in extension"),
    (proficiency(LEVEL, {"url": "mood", "valueString": "good"}), "fhir-extension", "Patient.communication[0].extension[0].extension[1].url",
     "its parts are: level, type"),
    (proficiency({"url": "level", "valueString": "good"}),
     "fhir-type", "Patient.communication[0].extension[0].extension[0].valueString", "write valueCoding"),
    (patient(identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number"}]), "fhir-min", "Patient.identifier[0].value", "is missing"),
    (patient(managingOrganization={"reference": "Patient/1"}),
     "fhir-target", "Patient.managingOrganization", "may lead to Organization only"),
    (patient(managingOrganization={"reference": "https://care.test/fhir/Patient/1"}),
     "fhir-target", "Patient.managingOrganization", "leads to Patient"),
    (patient(managingOrganization={"reference": "Organization/1", "type": "Patient"}), "fhir-target", "Patient.managingOrganization.type",
     "is not what the reference leads to"),
    (patient(managingOrganization={"reference": "#home"}),
     "fhir-reference", "Patient.managingOrganization.reference", "no contained resource"),
    (patient(managingOrganization={"reference": "Organization?name=x"}),
     "fhir-reference", "Patient.managingOrganization.reference", "only a transaction"),
    (patient(managingOrganization={"reference": "Organization/a b"}),
     "fhir-reference", "Patient.managingOrganization.reference", "white space"),
    (patient(contained=[HOME]), "dom-3", "Patient.contained[0]", "referred to from nowhere"),
    (patient(contained=[HOME], name=[{"family": "#home"}]), "dom-3", "Patient.contained[0]", "referred to from nowhere"),
    (patient(contained=[HOME], managingOrganization={"display": "#home"}), "dom-3", "Patient.contained[0]", "referred to from nowhere"),
    (patient(contained=[{**HOME, "meta": {"versionId": "1"}}], managingOrganization={"reference": "#home"}),
     "dom-4", "Patient.contained[0].meta.versionId", "contained"),
    (patient(contained=[HOME, HOME], managingOrganization={"reference": "#home"}), "fhir-contained", "Patient.contained[1].id", "another"),
    (patient(contained=[{"resourceType": "Organization", "id": "home"}], managingOrganization={"reference": "#home"}),
     "org-1", "Patient.contained[0]", "name"),
    (patient(meta={"profile": ["https://care.test/Resident"]}), "fhir-profile", "Patient.meta.profile[0]", "none of the definitions"),
    *((patient(meta={"profile": [url]}), "fhir-format", "Patient.meta.profile[0]", "absolute URL: that of the profile")
      for url in ("#x", "#", "UKCore-Patient", "Patient")),
    (patient(meta={"profile": [f"{HL7}Observation"]}), "fhir-profile", "Patient.meta.profile[0]", "a profile of Observation"),
    (patient(text={"status": "generated", "div": "<div>Ada</div>"}), "fhir-narrative", "Patient.text.div", "no div of XHTML"),
    ({"resourceType": "List", "status": "current", "mode": "snapshot", "entry": [{"deleted": True, "item": {"display": "x"}}]},
     "lst-2", "List.entry[0].deleted", "the mode changes"),
]


@pytest.mark.parametrize(("resource", "rule", "path", "says"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_one_fault_is_one_finding(resource: Any, rule: str, path: str, says: str) -> None:
    (found,) = errors(resource)
    assert (found.rule, found.path) == (rule, path)
    assert says in found.told


def test_what_has_no_extensions_is_not_told_to_be_sent_as_one() -> None:
    (found,) = errors({"resourceType": "Bundle", "type": "collection", "text": {}})
    assert (found.path, found.fix) == ("Bundle.text", "leave it out")


RIGHT = [
    patient(), patient(birthDate="1941-02"), patient(_birthDate={"extension": UNKNOWN}), patient(gender="female", _gender={"id": "a"}),
    patient(name=[{"given": [None, "Ada"], "_given": [{"extension": UNKNOWN}]}]),
    patient(name=[{"given": ["Ada"], "_given": [None, {"extension": UNKNOWN}]}]),
    patient(birthDate="1941-02-01", _birthDate={"extension": [BIRTH_TIME]}),
    patient(extension=[birth_sex()]), proficiency(LEVEL),
    patient(maritalStatus={"coding": [{**MARRIED, "version": "1999", "code": "X"}]}),      # a version that nobody here knows
    patient(maritalStatus={"coding": [{**MARRIED, "display": "MARRIED"}]}), patient(maritalStatus={"text": "Married"}),
    patient(maritalStatus={"coding": [{"system": "https://care.test/marital", "code": "x"}]}),      # extensible: others may say more
    patient(communication=[{"language": {"coding": [MARRIED, *ENGLISH["coding"]]}}]),
    patient(meta={"profile": [f"{HL7}Resource", f"{HL7}DomainResource|4.0.1", f"{HL7}Patient#fragment"]}),
    patient(managingOrganization={"reference": "#home"}, contained=[HOME]), patient(managingOrganization={"display": "Rose House"}),
    patient(managingOrganization={"reference": "https://care.test/fhir/Organization/1/_history/2", "type": "Organization"}),
    patient(managingOrganization={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}),      # of no bundle: it may lead anywhere
    observation(valueQuantity={"value": 72, "system": "http://unitsofmeasure.org", "code": "/min"}),
    {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "resource": HOME}]}]},
    {"resourceType": "Questionnaire", "status": "draft", "url": "https://example.org/q"},      # a definition calls itself as it likes
    {"resourceType": "Binary", "contentType": "text/plain", "data": f"{'A' * 76}\r\n{'A' * 76}\r\n"},
    patient(contained=[IMAGE], text={"status": "generated", "div": f"{DIV}<img src='#scar' alt='a scar'/></div>"}),
    {"resourceType": "Parameters", "parameter": [{"name": "a", "valueBase64Binary": "aGVs\nbG8="}]},
    {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "https://example.org/Organization/home", "resource": HOME}]},
    {"resourceType": "ValueSet", "status": "draft", "contained": [{"resourceType": "CodeSystem", "id": "a", "status": "draft",
                                                                   "content": "not-present", "url": "https://care.test/a"}],
     "compose": {"include": [{"system": "https://care.test/a", "_system": {      # what an extension of a primitive refers to
         "extension": [{"url": f"{HL7}valueset-system", "valueCanonical": "#a"}]}}]}},
    {"resourceType": "StructureDefinition", "url": "https://care.test/p", "name": "P", "status": "draft", "kind": "resource",
     "type": "Patient", "abstract": False, "baseDefinition": f"{HL7}Patient", "derivation": "constraint",
     "differential": {"element": [PATIENT]}, "snapshot": {"element": [PATIENT | {
         "min": 0, "max": "*", "definition": "A patient", "base": {"path": "Patient", "min": 0, "max": "*"}}]}},
    {"resourceType": "Questionnaire", "status": "draft",
     "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "display"}]}]},
]


@pytest.mark.parametrize("resource", RIGHT, ids=lambda resource: json.dumps(resource)[16:60])
def test_what_is_right_is_let_pass(resource: Any) -> None:
    assert errors(resource) == []


# One fault does not become many ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("resource", "rules"), [
    (patient(contact=[{"name": "Ann"}]), ["fhir-type"]),      # pat-1 is not asked of a contact whose name is no name
    (patient(extension=[{"url": "https://care.test/x"}]), ["ext-1", "fhir-extension"]),      # two: unknown, and it says nothing
    (patient(identifier=[{"period": {"start": "2021-02-30", "end": "2020"}}]), ["fhir-format"]),
    (patient(colours=1, shapes=2), ["fhir-unknown", "fhir-unknown"]),
])
def test_what_is_misshapen_is_not_asked_more(resource: Any, rules: list[str]) -> None:
    assert [found.rule for found in errors(resource)] == rules


def test_a_fault_in_one_place_hides_none_in_another() -> None:
    found = errors(patient(gender="f", birthDate="1941-02-30", contact=[{"gender": "male"}]))
    assert [finding.rule for finding in found] == ["fhir-format", "pat-1", "fhir-binding"]


def test_levels_by_strength_of_binding() -> None:
    marital = patient(maritalStatus={"coding": [{"system": "https://care.test/marital", "code": "x"}]})
    (found,) = [finding for finding in checker().findings(marital) if finding.rule == "fhir-binding"]
    assert found.level is Level.WARNING
    assert checker().clean(marital)


def test_a_unit_that_hl7_asks_of_every_part_of_a_vital_sign_is_recommended() -> None:
    """An oxygen flow, beside the saturation that it was measured at. HL7's validator warns, though the profile says required."""
    flow = {"code": {"coding": [{"system": LOINC, "code": "3151-8"}]},
            "valueQuantity": {"value": 2, "unit": "L/min", "system": "http://unitsofmeasure.org", "code": "L/min"}}
    saturation = observation(
        category=[{"coding": [{"system": f"{THO}observation-category", "code": "vital-signs"}]}],
        code={"coding": [{"system": LOINC, "code": "2708-6"}]}, subject={"display": "Ada"}, effectiveDateTime="2026-01-02",
        valueQuantity={"value": 96, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}, component=[flow])
    (found,) = [each for each in checker().findings(saturation) if each.path == "Observation.component[0].valueQuantity"]
    assert (found.level, found.rule) == (Level.WARNING, "fhir-binding")


def test_codes_that_nobody_can_look_up_are_counted() -> None:
    coded = observation(code={"coding": [{"system": "http://snomed.info/sct", "code": "8499008"}]})
    checked = checker().check(coded)
    assert checked.not_looked_up["http://snomed.info/sct"] > 0
    assert checked.clean


def test_the_place_may_be_named() -> None:
    (found,) = checker().findings(patient(gender="f"), path="Bundle.entry[3].resource")[:1]
    assert found.path.startswith("Bundle.entry[3].resource")


# What a resource is held against ------------------------------------------------------------------------------------------------------

def test_profiles_named_stand_instead_of_the_implied_one() -> None:
    twice = patient(identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}] * 2)
    assert [found.rule for found in errors(twice)] == ["fhir-slice"]
    assert [found.rule for found in checker().findings(twice, profiles=(f"{HL7}Patient",)) if found.rule == "fhir-slice"] == []


UKCORE_PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-"
PULSE = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
BP = f"{HL7}bp"
BY_CODE = "(asked by HL7's heart rate profile, which holds for this code)"
ASKED_BY = [      # resource, profiles named, rule, where, the end of the sentence
    (observation(code=PULSE), (), "fhir-min", "Observation.category", f"at least one is needed {BY_CODE}"),
    (observation(code=PULSE), (f"{UKCORE_PROFILE}Observation",), "fhir-min", "Observation.category", BY_CODE),
    (observation(code=PULSE, effectiveDateTime="2026"), (), "vs-1", "Observation.effectiveDateTime",
     f"precise to the day {BY_CODE}"),
    (observation(meta={"profile": [BP]}), (), "fhir-min", "Observation.category",
     "(asked by HL7's blood pressure profile, which meta.profile claims)"),
    (observation(meta={"profile": [f"{UKCORE_PROFILE}Observation-Lab"]}), (), "fhir-min", "Observation.category",
     f"(asked by the profile {UKCORE_PROFILE}Observation-Lab, which meta.profile claims)"),
    (observation(), (BP,), "fhir-min", "Observation.subject", "(asked by HL7's blood pressure profile, which is asked for here)"),
    (observation(code=PULSE, status="done"), (), "fhir-binding", "Observation.status", "(system http://hl7.org/fhir/observation-status)"),
    ({"resourceType": "Observation", "meta": {"profile": [BP]}}, (), "fhir-min", "Observation.status", "at least one is needed"),
    ({"resourceType": "AllergyIntolerance", "patient": {"display": "Ada"}}, (), "fhir-min", "AllergyIntolerance.code",
     "at least one is needed"),
]


@pytest.mark.parametrize(("resource", "profiles", "rule", "path", "end"), ASKED_BY, ids=lambda each: str(each)[-40:])
def test_it_is_told_which_profile_asks_where_that_is_not_plain(
        resource: Any, profiles: tuple[str, ...], rule: str, path: str, end: str) -> None:
    found = [each for each in checker().findings(resource, profiles=profiles) if (each.rule, each.path) == (rule, path)]
    assert found
    assert [each.says for each in found if not each.says.endswith(end)] == []


def test_a_vital_sign_is_held_against_its_profile_whatever_it_claims() -> None:
    pulse = observation(code={"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, valueQuantity={"value": 72})
    assert {"Observation.category", "Observation.subject", "Observation.effective", "Observation.valueQuantity.unit"} <= {
        found.path for found in errors(pulse)}


@pytest.mark.parametrize(("when", "well"), [
    ({"effectiveDateTime": "2024-01-01"}, True), ({"effectivePeriod": {"start": "2024-01-01"}}, True),
    ({"effectivePeriod": {"end": "2024"}}, True),
    ({"effectiveDateTime": "2024-01"}, False), ({"_effectiveDateTime": {"extension": UNKNOWN}}, False),
])
def test_when_a_vital_sign_was_taken(when: dict[str, Any], well: bool) -> None:
    weight = observation(code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, **when)
    assert [found.rule for found in errors(weight) if found.path.startswith("Observation.effective")] == ([] if well else ["vs-1"])


def test_nothing_that_we_emit_states_what_we_do_not_check() -> None:
    known = checker().definitions
    urls = [profile.url for kind in (*SHAPES, "Bundle") for profile in (known.type(kind), known.implied(kind)) if profile]
    assert len(urls) > 20
    assert not checker().not_checked(urls)


def test_what_other_definitions_state_and_we_do_not_check_is_counted() -> None:
    assert checker().not_checked([f"{HL7}familymemberhistory-genetic"])["slicing that cannot be told apart"] == 3


def test_answers_are_not_checked_against_their_questionnaire() -> None:
    for url in (f"{HL7}QuestionnaireResponse", "https://fhir.hl7.org.uk/StructureDefinition/UKCore-QuestionnaireResponse"):
        assert checker().not_checked([f"{HL7}QuestionnaireResponse", url])["answers against their Questionnaire"] == 1


# No false alarms ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", PAIRS, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_our_own_resources_have_no_error(path: Path) -> None:
    resource = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    assert [found for found in checker().findings(resource) if found.level is Level.ERROR] == []


POLICIES = [Policy("upsert", directory="own"), Policy("create-if-missing"), Policy("match", patient_reference="Patient/1")]


@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_our_own_bundles_have_no_error(name: str, bag: CareRecord) -> None:
    bundles = [collection(bag), *(part.bundle for policy in POLICIES for part in transaction(bag, policy))]
    assert [found for bundle in bundles for found in checker().findings(bundle) if found.level is Level.ERROR] == []


def test_the_same_fault_is_told_in_a_bundle() -> None:
    """The judge is awake: what is wrong alone is wrong in an entry, at its place."""
    bundle = deepcopy(next(resource for name, resource in bases().items() if name == "bundle-transaction"))
    before = len(errors(bundle))
    bundle["entry"][0]["resource"]["language"] = ["en"]
    (found,) = [finding for finding in errors(bundle) if finding.rule == "fhir-type"]
    assert found.path == "Bundle.entry[0].resource.language"
    assert before == 0
