"""What a package states is asked as HL7's engine asks it (6.10.4 gave these verdicts), or counted as not checked."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapter.conformance import Checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.unchecked import NO_CONTEXT, NO_VALUE_SET, VERSIONED
from tests.packages import HL7, TRUST, element, package, profile

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "pulse"}}
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p"}
HOST = "https://trust.example.org/fhir"
ENGLAND = "urn:uuid:00000000-0000-4000-8000-000000000001"


def checking(folder: Path, *definitions: Any) -> Checker:
    """With these definitions, and no rules of ours."""
    return Checker(Definitions.of(("r4-4.0.1",), (package(folder, *definitions),)), rules=())


def about(reference: str, **more: Any) -> dict[str, Any]:
    return {**OBSERVATION, "subject": {"reference": reference}, **more}


def bundled(observation: dict[str, Any]) -> dict[str, Any]:
    """Beside a patient with an address on a server and one with a UUID."""
    named = [(f"{HOST}/Observation/o", {**observation, "id": "o"}), (f"{HOST}/Patient/p", PATIENT), (ENGLAND, {"resourceType": "Patient"})]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": url, "resource": each} for url, each in named]}


# Where what a reference leads to stands ---------------------------------------------------------------------------------------------------

CONTAINED = about("#p", contained=[PATIENT])
NOWHERE_HERE = [about("Patient/1"), about(f"{HOST}/Patient/p"), bundled(about("Patient/2"))]
IN_BUNDLE = [bundled(about("Patient/p")), bundled(about(f"{HOST}/Patient/p")), bundled(about(ENGLAND))]
NAMED = [{**OBSERVATION, "subject": {"display": "Ada"}}, {**OBSERVATION, "subject": {"identifier": {"system": "urn:x", "value": "1"}}}]


@pytest.mark.parametrize(("modes", "contained", "in_bundle", "elsewhere"), [
    (["contained"], True, False, False), (["bundled"], False, True, False), (["referenced"], False, True, True),
    (["contained", "bundled"], True, True, False), (["contained", "referenced"], True, True, True),
    (["bundled", "referenced"], False, True, True),
])
def test_a_reference_leads_to_where_a_profile_wants_it(
        modes: list[str], contained: bool, in_bundle: bool, elsewhere: bool, tmp_path: Path) -> None:
    checker = checking(tmp_path, profile("Seen", "Observation", element("Observation"), element(
        "Observation.subject", type=[{"code": "Reference", "targetProfile": [f"{HL7}Patient"], "aggregation": modes}])))
    cases = [(CONTAINED, contained), (bundled(CONTAINED), contained), *((each, in_bundle) for each in IN_BUNDLE),
             *((each, elsewhere) for each in NOWHERE_HERE), *((each, True) for each in NAMED)]
    for resource, well in cases:
        found = [each for each in checker.findings(resource) if each.rule == "fhir-aggregation"]
        assert [each.path.partition("Observation.")[2] or each.path for each in found] == (
            [] if well else ["Bundle.entry[0].resource.subject.reference" if resource["resourceType"] == "Bundle" else "subject.reference"])
        assert well or not checker.clean(resource)
    assert not checker.not_checked([f"{TRUST}StructureDefinition/Seen"])


@pytest.mark.parametrize(("versioning", "counted"), [("either", 0), ("independent", 1), ("specific", 1)])
def test_whether_a_reference_names_a_version_is_counted(versioning: str, counted: int, tmp_path: Path) -> None:
    checker = checking(tmp_path, profile("Seen", "Observation", element("Observation"), element(
        "Observation.subject", type=[{"code": "Reference", "versioning": versioning}])))
    assert checker.not_checked([f"{TRUST}StructureDefinition/Seen"])[VERSIONED] == counted


# Where an extension may stand -------------------------------------------------------------------------------------------------------------

def extension(name: str, *contexts: Any, holds: str = "", **value: Any) -> Any:
    """Its definition; `contexts`: (type, expression)."""
    return profile(name, "Extension", element("Extension"), element("Extension.url", fixedUri=url_of(name)),
                   element("Extension.value[x]", type=[{"code": "string"}], **value),
                   url=url_of(name), context=[{"type": type_, "expression": expression} for type_, expression in contexts],
                   contextInvariant=[holds] if holds else [])


def url_of(name: str) -> str:
    return f"https://care.test/{name}"      # an example's URL is a fault of its own


MARK = {"extension": [{"url": url_of("Mark"), "valueString": "x"}]}
ON_PATIENT = {"resourceType": "Patient", **MARK}
ON_NAME = {"resourceType": "Patient", "name": [{"family": "A", "use": "official"}, {"family": "B"} | MARK]}
ON_OFFICIAL = {"resourceType": "Patient", "name": [{"family": "A", "use": "official"} | MARK]}
ON_CONTACT = {"resourceType": "Patient", "contact": [{"name": {"family": "A"} | MARK}]}
ON_BIRTH = {"resourceType": "Patient", "birthDate": "1930-01-01", "_birthDate": MARK}
PLACES = (ON_PATIENT, ON_NAME, ON_OFFICIAL, ON_CONTACT, ON_BIRTH)


def inside(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Itself; contained; in a bundle; in Parameters."""
    return [resource, {**OBSERVATION, "subject": {"reference": "#p"}, "contained": [{**resource, "id": "p"}]},
            {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": ENGLAND, "resource": resource}]},
            {"resourceType": "Parameters", "parameter": [{"name": "resident", "resource": resource}]}]


@pytest.mark.parametrize(("expression", "well"), [
    ("Patient.contact.name", [ON_CONTACT]), ("name", [ON_NAME, ON_OFFICIAL]), ("Patient", [ON_PATIENT]),
    ("Patient.name.where(use = 'official')", [ON_OFFICIAL]), ("$this", [ON_PATIENT]), ("true", []), ("Patient.birthDate", [ON_BIRTH]),
    ("descendants()", [ON_NAME, ON_OFFICIAL, ON_CONTACT, ON_BIRTH]), ("%resource.name", [ON_NAME, ON_OFFICIAL]),
])
def test_an_extension_stands_where_an_expression_says(expression: str, well: list[Any], tmp_path: Path) -> None:
    checker = checking(tmp_path, extension("Mark", ("fhirpath", expression)))
    for place in PLACES:
        for resource in inside(place):
            found = [each.says for each in checker.findings(resource) if each.rule == "fhir-extension"]
            assert len(found) == (place not in well)
            assert checker.clean(resource) == (not found)
    assert not checker.not_checked([url_of("Mark")])


@pytest.mark.parametrize(("expression", "well"), [
    ("name.exists()", []), ("%resource.name.exists()", [ON_NAME, ON_OFFICIAL]), ("family.exists()", [ON_NAME, ON_OFFICIAL, ON_CONTACT]),
    ("%context.use = 'official'", [ON_OFFICIAL]), ("$this = @1930-01-01", [ON_BIRTH]), ("false", []), ("{}", []),
    ("extension.exists()", list(PLACES)), ("url.exists()", []),
])
def test_an_extension_stands_only_where_its_invariant_holds(expression: str, well: list[Any], tmp_path: Path) -> None:
    checker = checking(tmp_path, extension("Mark", ("element", "Element"), holds=expression))
    for place in PLACES:
        found = [each.says for each in checker.findings(place) if each.rule == "fhir-extension"]
        assert found == ([] if place in well else [f"the extension {url_of('Mark')} may stand only where this holds: {expression}"])
        assert checker.clean(place) == (place in well)


def test_a_place_that_cannot_be_evaluated_is_believed_and_counted(tmp_path: Path) -> None:
    checker = checking(tmp_path, extension("Mark", ("fhirpath", "Patient.nobodys()"), holds="%extension.value.exists()"))
    checked = checker.check(ON_PATIENT)
    assert checked.clean
    assert [each.what for each in checker.left_open(checked.met)] == ["Patient.nobodys()", "%extension.value.exists()"]
    assert checker.not_checked(checked.met) == {NO_CONTEXT: 2}


# What was met -----------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("where", range(4))
def test_the_definition_of_an_extension_counts_wherever_it_is_met(where: int, tmp_path: Path) -> None:
    nowhere = {"strength": "required", "valueSet": "https://trust.example.org/nowhere"}
    checker = checking(tmp_path, extension("Mark", ("element", "Patient"), binding=nowhere))
    checked = checker.check(inside(ON_PATIENT)[where])
    assert checked.met[url_of("Mark")] == checked.met[f"{HL7}Patient"] == 1
    assert checker.not_checked(checked.met) == {NO_VALUE_SET: 1}
    assert not checker.not_checked(checker.check(inside(PATIENT)[where]).met)


# Resources of one type --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("types", "told"), [
    (["Patient"], ["is of the type Observation; here it must be Patient"]), (["Observation", "Patient"], []), (["DomainResource"], []),
    (["Patient", "Group"], ["is of the type Observation; here it must be Group or Patient"]),
])
def test_what_stands_in_a_bundle_is_of_a_type_that_its_profile_asks_for(types: list[str], told: list[str], tmp_path: Path) -> None:
    """A package's profile of Bundle holds for every bundle, and the gate lets none pass that it refuses."""
    narrow = element("Bundle.entry.resource", type=[{"code": each} for each in types])
    checker = checking(tmp_path, profile("Narrow", "Bundle", element("Bundle.entry"), narrow))
    entry = {"fullUrl": ENGLAND, "resource": OBSERVATION}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    found = [each.says.partition(" (")[0] for each in checker.findings(bundle) if each.rule == "fhir-type"]
    assert (found, checker.clean(bundle)) == (told, not told)
