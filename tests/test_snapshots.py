"""Snapshots made of differentials: against those that UK Core publishes, and rule by rule."""
from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from adapter import wire
from adapter.conformance.compiling import Known, slimmed
from adapter.conformance.definitions import Definitions
from adapter.conformance.making import Asked
from adapter.conformance.model import Element, Profile
from adapter.conformance.raw import Unreadable
from adapter.conformance.snapshot import snapshot
from tests.packages import UK_CORE, element, profile

Json = Any
DEFINITIONS = Definitions.of()
KNOWN = Known(Asked(DEFINITIONS.type), Asked(DEFINITIONS.profile))


def published() -> Iterator[Json]:
    """UK Core STU2's StructureDefinitions, which have a differential and the snapshot that its publisher made."""
    with tarfile.open(UK_CORE / "fhir.r4.ukcore.stu2-2.0.2.tgz") as package:
        for member in package:
            file = package.extractfile(member)
            definition = wire.loads(file.read()) if file else {}
            if definition.get("resourceType") == "StructureDefinition":
                yield definition


@pytest.mark.parametrize("definition", [pytest.param(each, id=each["name"]) for each in published()])
def test_our_snapshot_says_what_the_published_one_says(definition: Json) -> None:
    base = DEFINITIONS.profile(definition["baseDefinition"])
    theirs = DEFINITIONS.profile(definition["url"])
    assert base is not None
    assert theirs is not None
    assert slimmed(snapshot(definition, base, KNOWN), KNOWN) == theirs


def made(kind: str, *elements: Json, base: Profile | None = None) -> Element:
    stands = base or DEFINITIONS.type(kind)
    assert stands is not None
    return snapshot(profile("Ours", kind, *elements, base=stands.url), stands, KNOWN).root


def at(root: Element, *names: str) -> Element:
    """The element by the names of its steps, a slice as `:name`."""
    for name in names:
        inside = {f":{each.slice}": each for each in root.slices} | {each.name: each for each in root.children if not name.startswith(":")}
        root = inside[name]
    return root


def test_what_is_not_said_is_as_the_base_has_it() -> None:
    birth = at(made("Patient", element("Patient.birthDate", min=1)), "birthDate")
    assert (birth.least, birth.most, [each.code for each in birth.types]) == (1, 1, ["date"])


def test_what_nothing_is_said_about_is_not_named() -> None:
    assert [each.name for each in made("Patient", element("Patient.birthDate", min=1)).children] == ["birthDate"]


def test_an_element_inside_a_data_type_is_reached() -> None:
    system = at(made("Patient", element("Patient.identifier.system", fixedUri="urn:x")), "identifier", "system")
    assert system.fixed == "urn:x"


def test_a_key_of_a_choice_means_that_type_and_no_other() -> None:
    root = made("Observation", element("Observation.valueQuantity", min=1), element("Observation.valueQuantity.code", min=1))
    value = at(root, "value[x]")
    assert [each.code for each in value.types] == ["Quantity"]
    assert (value.least, value.slices, at(value, "code").least) == (1, (), 1)


def test_two_keys_of_a_choice_leave_two_types() -> None:
    value = at(made("Observation", element("Observation.valueQuantity", max="1"), element("Observation.valueString", max="1")), "value[x]")
    assert [each.code for each in value.types] == ["Quantity", "string"]
    assert ({each.slice for each in value.slices}, value.slicing and value.slicing.rules) == ({"valueQuantity", "valueString"}, "closed")


def test_a_slice_of_a_choice_has_the_type_of_its_name() -> None:
    value = at(made("Observation", element("Observation.value[x]:valueString", sliceName="valueString", max="1")), "value[x]")
    assert [each.code for each in at(value, ":valueString").types] == ["string"]
    assert value.slicing is not None
    assert [(each.type, each.path) for each in value.slicing.discriminators] == [("type", "$this")]


def test_slices_of_slices_stand_in_the_slice_they_slice() -> None:
    identifier = at(made(
        "Patient", element("Patient.identifier", slicing={"rules": "open", "discriminator": [{"type": "value", "path": "system"}]}),
        element("Patient.identifier:a", sliceName="a", min=1), element("Patient.identifier:a/b", sliceName="a/b", max="1"),
    ), "identifier")
    assert (at(identifier, ":a").least, at(identifier, ":a", ":a/b").most) == (1, 1)


def test_a_slice_repeats_nothing_of_what_it_slices() -> None:
    identifier = at(made(
        "Patient", element("Patient.identifier", slicing={"rules": "open", "discriminator": [{"type": "value", "path": "system"}]}),
        element("Patient.identifier.value", min=1), element("Patient.identifier:a", sliceName="a"),
        element("Patient.identifier:a.system", fixedUri="urn:a"),
    ), "identifier")
    assert [each.name for each in identifier.children] == ["value"]
    assert [each.name for each in at(identifier, ":a").children] == ["system"]


def test_extensions_are_told_apart_by_their_url_and_are_there_as_often_as_their_definition_says() -> None:
    url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex"
    said = element("Patient.extension:sex", sliceName="sex", type=[{"code": "Extension", "profile": [url]}])
    extension = at(made("Patient", said), "extension")
    assert extension.slicing is not None
    assert [(each.type, each.path) for each in extension.slicing.discriminators] == [("value", "url")]
    assert at(extension, ":sex").most == 1


def test_a_profile_over_a_profile_says_both() -> None:
    base = DEFINITIONS.implied("Patient")
    root = made("Patient", element("Patient.birthDate", min=1), base=base)
    assert (at(root, "birthDate").least, at(root, "identifier", ":nhsNumber").most) == (1, 1)


def test_children_of_a_content_reference_are_those_of_the_element_it_names() -> None:
    root = made("Questionnaire", element("Questionnaire.item.item.text", min=1))
    assert at(root, "item", "item", "text").least == 1


def test_a_stronger_binding_needs_not_name_the_value_set_again() -> None:
    binding = at(made("Procedure", element("Procedure.bodySite", binding={"strength": "required"})), "bodySite").binding
    assert binding is not None
    assert (binding.strength, binding.value_set) == ("required", "http://hl7.org/fhir/ValueSet/body-site")


@pytest.mark.parametrize(("elements", "says"), [
    ([element("Patient.surname", min=1)], "speaks of Patient.surname, which its base does not have"),
    ([element("Patient.name.family.nonsense", min=1)], "speaks of Patient.name.family.nonsense"),
    ([element("Observation.status", min=1), element("Patient.name", min=1)], "speaks of Observation.status|does not stand under"),
    ([element("Patient.name", min="one")], r"an element of \S+: Expected `int \| null`, got `str`"),
    ([element("Patient.name", min=-1)], "Expected `int` >= 0"),
    ([{"id": 7}], "an element of"),
    ([element(".".join(["Patient", *["contact"] * 40]))], "more than 32 deep"),
])
def test_what_does_not_fit_is_named(elements: list[Json], says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        made("Patient", *elements)


def test_slices_inside_slices_inside_slices_are_bounded() -> None:
    paths = [f"Patient.contact{inside}" for inside in ("", ".telecom", ".telecom.extension", ".telecom.extension.extension")]
    elements = [element(f"{path}:s{number}", sliceName=f"s{number}") for path in reversed(paths) for number in range(40)]
    with pytest.raises(Unreadable, match="more than 50000 elements"):
        made("Patient", *elements)


def test_a_profile_of_another_type_than_its_base_is_refused() -> None:
    base = DEFINITIONS.type("Observation")
    assert base is not None
    with pytest.raises(Unreadable, match=r"narrows Patient, but its base \S+ is of the type Observation"):
        snapshot(profile("Ours", "Patient"), base, KNOWN)
