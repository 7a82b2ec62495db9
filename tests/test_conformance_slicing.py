"""Slices and what is said over one another, with small profiles made by hand."""
from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from adapter.conformance import Checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.model import Binding, Discriminator, Element, Profile, Slicing, Type

URL = "https://care.test/Profile"
KIND, HOME, WARD, PEOPLE = ("https://care.test/kind", "https://care.test/home", "https://care.test/ward", "https://care.test/people")


class Known(Definitions):
    """FHIR R4, and a profile of ours."""

    def __init__(self, profile: Profile) -> None:
        self.base, self.ours = Definitions.of(("r4-4.0.1",)), profile

    def profile(self, url: str) -> Profile | None:
        return self.ours if url == URL else self.base.profile(url)

    def type(self, name: str) -> Profile | None:
        return self.base.type(name)

    def implied(self, kind: str) -> Profile | None:
        return None

    def brought(self, kind: str) -> tuple[Profile, ...]:
        return ()

    def codes(self, value_set: str) -> Any:
        return self.base.codes(value_set)

    def system(self, url: str) -> Any:
        return self.base.system(url)


def checked(kind: str, *elements: Element, **resource: Any) -> list[tuple[str, str]]:
    """(rule, path) of what a profile with these elements has against a resource."""
    profile = Profile(url=URL, type=kind, kind="resource", root=Element(id=kind, name=kind, children=elements), derivation="constraint")
    found = Checker(Known(profile), rules=()).findings({"resourceType": kind, **resource}, profiles=(URL,))
    return [(finding.rule, finding.path.removeprefix(f"{kind}.")) for finding in found if finding.source == URL]


def text(name: str, **said: Any) -> Element:
    return Element(id=f"x.{name}", name=name, types=(Type("uri" if name == "system" else "string"),), **said)


def identifiers(slices: dict[str, dict[str, Any]], slicing: Slicing) -> Element:
    """Patient.identifier sliced by its system."""
    made = tuple(identifier(f"Patient.identifier:{name}", slice=name, children=(text("system", fixed=f"https://care.test/{name}"),), **said)
                 for name, said in slices.items())
    return identifier("Patient.identifier", slicing=slicing, slices=made)


def identifier(id_: str, **said: Any) -> Element:
    return Element(id=id_, name="identifier", many=True, types=(Type("Identifier"),), **said)


def by(kind: Any, path: str, rules: Any = "open", ordered: bool = False) -> Slicing:
    return Slicing(rules, (Discriminator(kind, path),), ordered)


def systems(*names: str) -> list[dict[str, str]]:
    return [{"system": f"https://care.test/{name}", "value": "1"} for name in names]


BY_SYSTEM = by("value", "system")


@pytest.mark.parametrize(("slices", "slicing", "given", "told"), [
    ({"home": {"least": 1}}, BY_SYSTEM, ["home"], []),
    ({"home": {"least": 1}}, BY_SYSTEM, ["ward"], [("fhir-slice", "identifier")]),
    ({"home": {"least": 1}}, BY_SYSTEM, [], [("fhir-slice", "identifier")]),
    ({"home": {"most": 1}}, BY_SYSTEM, ["home", "home"], [("fhir-slice", "identifier")]),
    ({"home": {"most": 0}}, BY_SYSTEM, ["home"], [("fhir-slice", "identifier")]),
    ({"home": {}, "ward": {}}, by("value", "system", "closed"), ["ward", "home"], []),
    ({"home": {}}, by("value", "system", "closed"), ["home", "ward"], [("fhir-slice", "identifier[1]")]),
    ({"home": {}}, by("value", "system", "openAtEnd"), ["home", "ward"], []),
    ({"home": {}}, by("value", "system", "openAtEnd"), ["ward", "home"], [("fhir-slice", "identifier[1]")]),
    ({"home": {}, "ward": {}}, by("value", "system", ordered=True), ["home", "other", "ward"], []),
    ({"home": {}, "ward": {}}, by("value", "system", ordered=True), ["ward", "home"], [("fhir-slice", "identifier[1]")]),
    ({"home": {"least": 1}}, Slicing("closed"), ["ward"], []),      # nobody can tell them apart: listed as not checked
], ids=str)
def test_slices_are_counted_and_arranged(slices: Any, slicing: Slicing, given: list[str], told: list[tuple[str, str]]) -> None:
    resource = {"identifier": systems(*given)} if given else {}
    assert checked("Patient", identifiers(slices, slicing), **resource) == told


def test_what_belongs_to_two_slices_is_told() -> None:
    same = (text("system", fixed=HOME),)
    twins = tuple(identifier(f"x:{name}", slice=name, children=same) for name in ("a", "b"))
    sliced = identifier("x", slicing=BY_SYSTEM, slices=twins)
    assert checked("Patient", sliced, identifier=systems("home")) == [("fhir-slice", "identifier[0]")]


def test_a_slice_asks_its_own_of_its_elements_only() -> None:
    home = identifier("x:home", slice="home", children=(text("system", fixed=HOME), text("value", least=1, most=1)))
    sliced = identifier("x", slicing=BY_SYSTEM, slices=(home,))
    assert checked("Patient", sliced, identifier=[{"system": HOME}, {"system": WARD}]) == [("fhir-min", "identifier[0].value")]


def codings(pattern: Any = None, value_set: str = "") -> Element:
    """Observation.category sliced by itself: by a pattern, or by what value set its code is of."""
    bound = Binding("required", value_set) if value_set else None
    concept = (Type("CodeableConcept"),)
    each = Element(id="x:a", name="category", slice="a", many=True, least=1, types=concept, pattern=pattern, binding=bound)
    return Element(id="x", name="category", many=True, types=concept, slicing=by("value", "$this"), slices=(each,))


SURVEY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]}
EXAM = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "exam"}, {"system": KIND, "code": "a"}]}


@pytest.mark.parametrize(("element", "categories", "told"), [
    (codings(pattern=SURVEY), [SURVEY], []),
    (codings(pattern=SURVEY), [EXAM], [("fhir-slice", "category")]),
    (codings(pattern={"coding": [{"system": KIND}]}), [EXAM], []),
    (codings(value_set="http://hl7.org/fhir/ValueSet/observation-category"), [EXAM], []),
    (codings(value_set="http://hl7.org/fhir/ValueSet/observation-category"), [{"text": "a"}], [("fhir-slice", "category")]),
])
def test_told_apart_by_patterns_and_value_sets(element: Element, categories: list[Any], told: list[tuple[str, str]]) -> None:
    assert checked("Observation", element, category=categories, status="final", code={"text": "a"}) == told


def by_existence(least: int, most: int | None) -> Element:
    period = Element(id="x.period", name="period", least=least, most=most, types=(Type("Period"),))
    return identifier("x", slicing=by("exists", "period"), slices=(identifier("x:a", slice="a", most=0, children=(period,)),))


@pytest.mark.parametrize(("element", "told"), [
    (by_existence(1, 1), [("fhir-slice", "identifier")]),      # of those with a period none may be: there is one
    (by_existence(0, 0), [("fhir-slice", "identifier")]),      # nor of those without: there is one
])
def test_told_apart_by_existence(element: Element, told: list[tuple[str, str]]) -> None:
    assert checked("Patient", element, identifier=[{"value": "1", "period": {"start": "2020"}}, {"value": "2"}]) == told


def choice(**slices: Any) -> Element:
    """Observation.value[x] sliced by its type."""
    made = tuple(Element(id=f"x:{code}", name="value[x]", slice=code, types=(Type(code),), **said) for code, said in slices.items())
    types = (Type("Quantity"), Type("string"))
    return Element(id="x", name="value[x]", types=types, slicing=by("type", "$this", "closed"), slices=made)


@pytest.mark.parametrize(("element", "value", "told"), [
    (choice(Quantity={}), {"valueQuantity": {"value": 1}}, []),
    (choice(Quantity={}), {"valueString": "a"}, [("fhir-slice", "valueString")]),
    (choice(Quantity={"least": 1}), {}, [("fhir-slice", "value")]),
    (choice(string={"pattern": "a"}), {"valueString": "b"}, [("fhir-pattern", "valueString")]),
    (choice(string={}), {"valueBoolean": True}, [("fhir-type", "valueBoolean")]),
])
def test_a_choice_told_apart_by_type(element: Element, value: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert checked("Observation", element, status="final", code={"text": "a"}, **value) == told


def performers(kind: Any, path: str) -> Element:
    patient = Type("Reference", targets=("http://hl7.org/fhir/StructureDefinition/Patient",))
    each = Element(id="x:a", name="performer", slice="a", many=True, least=1, types=(patient,))
    return Element(id="x", name="performer", many=True, types=(Type("Reference"),), slicing=by(kind, path), slices=(each,))


NURSE = {"resourceType": "Practitioner", "id": "nurse"}
ADA = {"resourceType": "Patient", "id": "ada", "active": True}


@pytest.mark.parametrize("discriminator", ["type", "profile"])
@pytest.mark.parametrize(("contained", "told"), [(ADA, []), (NURSE, [("fhir-slice", "performer")])])
def test_references_told_apart_by_what_they_lead_to(discriminator: str, contained: Any, told: list[tuple[str, str]]) -> None:
    resource = {"status": "final", "code": {"text": "a"}, "contained": [contained], "performer": [{"reference": f"#{contained['id']}"}]}
    assert checked("Observation", performers(discriminator, "resolve()"), **resource) == told


def test_extensions_and_steps_within_them_tell_apart() -> None:
    inner = Element(id="x.extension", name="extension", many=True, types=(Type("Extension"),),
                    children=(Element(id="x.value", name="value[x]", types=(Type("string"),), fixed="a"),))
    each = Element(id="x:a", name="name", slice="a", many=True, least=1, types=(Type("HumanName"),), children=(inner,))
    slicing = by("value", f"extension('{KIND}').value")
    element = Element(id="x", name="name", many=True, types=(Type("HumanName"),), slices=(each,), slicing=slicing)
    right = {"family": "Testcase", "extension": [{"url": KIND, "valueString": "a"}]}
    other = {"family": "Testcase", "extension": [{"url": HOME, "valueString": "a"}]}
    assert checked("Patient", element, name=[right]) == []
    assert checked("Patient", element, name=[other])[0] == ("fhir-slice", "name")


def test_a_path_that_is_none_is_listed_as_not_checked() -> None:
    profile = Profile(url=URL, type="Patient", kind="resource", derivation="constraint",
                      root=Element(id="Patient", name="Patient", children=(identifiers({"home": {"least": 1}}, by("value", "where(a)")),)))
    ours = Checker(Known(profile), rules=())
    assert ours.not_checked([URL])["slicing that cannot be told apart"] == 1
    assert ours.clean({"resourceType": "Patient"})


def test_slices_of_slices() -> None:
    deep = identifier("x:home/a", slice="home/a", least=1, children=(text("value", fixed="a"),))
    home = identifier("x:home", slice="home", children=(text("system", fixed=HOME),), slicing=by("value", "value"), slices=(deep,))
    element = identifier("x", slicing=BY_SYSTEM, slices=(home,))
    assert checked("Patient", element, identifier=[{"system": HOME, "value": "a"}]) == []
    others = [{"system": HOME, "value": "b"}, {"system": WARD, "value": "a"}]
    assert checked("Patient", element, identifier=others) == [("fhir-slice", "identifier")]


BORN = Element(id="x", name="birthDate", lowest="1900", highest="1999", types=(Type("date"),))


@pytest.mark.parametrize(("element", "resource", "told"), [
    (Element(id="x", name="active", least=1, most=1, types=(Type("boolean"),)), {}, [("fhir-min", "active")]),
    (Element(id="x", name="active", most=0, types=(Type("boolean"),)), {"active": True}, [("fhir-unknown", "active")]),
    (Element(id="x", name="name", many=True, least=2, types=(Type("HumanName"),)), {"name": [{"family": "a"}]}, [("fhir-min", "name")]),
    (Element(id="x", name="name", many=True, most=1, types=(Type("HumanName"),)), {"name": [{"family": "a"}] * 2}, [("fhir-max", "name")]),
    (Element(id="x", name="birthDate", fixed="1941", types=(Type("date"),)), {"birthDate": "1942"}, [("fhir-fixed", "birthDate")]),
    (BORN, {"birthDate": "1899"}, [("fhir-format", "birthDate")]),
    (BORN, {"birthDate": "2000"}, [("fhir-format", "birthDate")]),
    (BORN, {"birthDate": "1941"}, []),
    (Element(id="x", name="name", many=True, children=(text("family", longest=3),), types=(Type("HumanName"),)),
     {"name": [{"family": "abcd"}]}, [("fhir-format", "name[0].family")]),
    (Element(id="x", name="deceased[x]", types=(Type("dateTime"),)), {"deceasedBoolean": True}, [("fhir-type", "deceasedBoolean")]),
    (Element(id="x", name="managingOrganization", types=(Type("Reference", targets=("http://hl7.org/fhir/StructureDefinition/Group",)),)),
     {"managingOrganization": {"reference": "Organization/1"}}, [("fhir-target", "managingOrganization")]),
], ids=str)
def test_what_a_profile_asks_beside_the_type(element: Element, resource: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert checked("Patient", element, **resource) == told


# What is kept ------------------------------------------------------------------------------------------------------------------------

def test_whatever_resources_claim_no_more_is_kept_than_so_much_and_the_same_is_said() -> None:
    every, few = Checker(Definitions.of()), Checker(Definitions.of())
    few._forms.most = 30
    signs = [f"http://hl7.org/fhir/StructureDefinition/{name}" for name in ("bodyweight", "heartrate", "bp", "bmi", "resprate")]
    for claims in combinations(signs, 2):
        observation = {"resourceType": "Observation", "status": "final", "code": {"text": "a"}, "meta": {"profile": list(claims)}}
        assert few.findings(observation) == every.findings(observation)
        assert len(few._forms._forms) <= 30
    assert len(every._forms._forms) > 30
