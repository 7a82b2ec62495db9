"""The sets that ship: made of what they say, and what they hold."""
from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.conformance import checker
from adapter.conformance.compiling import parts
from adapter.conformance.definitions import DEFAULT_SETS, Definitions
from adapter.conformance.model import Element, Profile
from adapter.conformance.shelf import SETS, Index, Made
from adapter.conformance.unchecked import IN_WORDS, NO_BASE, NO_PROFILE, NO_TYPE, NO_VALUE_SET, Unchecked, unchecked
from mappings.catalogue import SHAPES
from tests.packages import element as element_of
from tests.packages import generator, package
from tests.packages import profile as profile_of

Json = Any
NAMES = ("r4-4.0.1", "ukcore-stu2-2.0.2", "ukcore-stu3-sequence")
DEFINITIONS = Definitions.of()
SEQUENCE = Definitions.of(("r4-4.0.1", "ukcore-stu3-sequence"))
FHIR, UK = "http://hl7.org/fhir/StructureDefinition/", "https://fhir.hl7.org.uk/StructureDefinition/"


def members(content: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(content) as file:
        return {name: file.read(name) for name in file.namelist()}


def kind(name: str) -> Profile:
    found = DEFINITIONS.type(name)
    assert found is not None
    return found


def profile(url: str, definitions: Definitions = DEFINITIONS) -> Profile:
    found = definitions.profile(url)
    assert found is not None
    return found


def element(root: Element, path: str) -> Element:
    for name in path.split("."):
        root = next(each for each in root.children if each.name == name)
    return root


# As they were made --------------------------------------------------------------------------------------------------------------------

def test_uk_cores_sets_are_what_the_generator_makes_of_the_published_packages(tmp_path: Path) -> None:
    for made in generator().all_of_uk_core(Definitions.of(("r4-4.0.1",))):
        (path := tmp_path / "made.zip").write_bytes(made.packed())
        assert members(path) == members(SETS / f"{made.id}.zip")


def test_the_same_definitions_give_the_same_bytes_in_any_order() -> None:
    profiles = {each.url: each for each in (kind("Period"), kind("Coding"), kind("Patient"))}
    made = [Made("x", "1", "", profiles=dict(each)) for each in (profiles.items(), reversed(list(profiles.items())))]
    assert made[0].packed() == made[1].packed()


@pytest.mark.parametrize("name", NAMES)
def test_every_member_of_a_set_can_be_read_and_is_what_the_index_says(name: str) -> None:
    found = members(SETS / f"{name}.zip")
    index = msgspec.json.decode(found.pop("index.json"), type=Index)
    for urls in (index.profiles, index.codes, index.systems):
        assert {url: msgspec.json.decode(found.pop(member))["url"] for url, member in urls.items()} == {url: url for url in urls}
    assert found == {}
    assert (index.id, len(index.sha256)) == (name, 64)


def test_sets_stay_small() -> None:
    assert sum(each.stat().st_size for each in SETS.glob("*.zip")) < 3 << 20


def test_a_report_can_name_them() -> None:
    assert [(name, version) for name, version, _ in DEFINITIONS.names] == [("r4-4.0.1", "4.0.1"), ("ukcore-stu2-2.0.2", "2.0.2")]


def test_a_set_that_does_not_ship_is_a_key_error() -> None:
    with pytest.raises(KeyError, match=r"r5-5\.0\.0"):
        Definitions.of(("r5-5.0.0",))


def test_the_same_arguments_give_the_same_definitions() -> None:
    assert Definitions.of(list(DEFAULT_SETS)) is Definitions.of()


def test_no_set_lists_codes_of_snomed_ct_or_dm_d() -> None:
    for name in NAMES:
        index = msgspec.json.decode(members(SETS / f"{name}.zip")["index.json"], type=Index)
        known = Definitions.of((name,))
        listed = {system for url in index.codes if (codes := known.codes(url)) for system in codes.codes} | set(index.systems)
        assert not [system for system in listed if "snomed" in system or "dmd" in system]


# What they hold -----------------------------------------------------------------------------------------------------------------------

def test_all_of_fhir_and_uk_core_is_there() -> None:
    urls = list(DEFINITIONS.profiles())
    assert len(urls) == len(set(urls)) == 648 + 78
    assert sum(profile(url).kind == "resource" and profile(url).derivation != "constraint" for url in urls) == 148
    assert len(list(SEQUENCE.profiles())) == 648 + 153


def test_versions_and_implied_profiles() -> None:
    patient = profile(UK + "UKCore-Patient")
    assert DEFINITIONS.implied("Patient") is patient
    assert DEFINITIONS.profile(f"{patient.url}|{patient.version}") is patient
    assert DEFINITIONS.profile(f"{patient.url}|0.1") is None
    assert DEFINITIONS.implied("Basic") is None
    assert DEFINITIONS.implied("Observation") is profile(UK + "UKCore-Observation")      # and none of those for vital signs


def test_of_the_sequence_a_draft_says_that_it_is_one() -> None:
    both = Definitions.of((*DEFAULT_SETS, "ukcore-stu3-sequence"))
    assert profile(UK + "UKCore-Bundle", SEQUENCE).status == "draft"
    assert profile(UK + "Extension-UKCore-ResidentialStatus", SEQUENCE).status in ("active", "retired")
    assert DEFINITIONS.profile(UK + "UKCore-Bundle") is None
    assert profile(UK + "UKCore-Patient", both).version == profile(UK + "UKCore-Patient", SEQUENCE).version
    stu2 = profile(UK + "UKCore-Patient")
    assert profile(f"{stu2.url}|{stu2.version}", both) is stu2


def test_types_have_fhirs_names_and_all_their_elements() -> None:
    names = {each.code for url in DEFINITIONS.profiles() for part in parts(profile(url).root) for each in part.types}
    assert not [name for name in names if "/" in name or name[:1] == "System"]
    assert names <= set(DEFINITIONS.types())
    assert [each.name for each in kind("Period").root.children] == ["id", "extension", "start", "end"]
    assert [each.code for each in element(kind("Patient").root, "id").types] == ["string"]


def test_a_primitive_type_has_its_form_and_no_value() -> None:
    assert kind("id").regex == r"[A-Za-z0-9\-\.]{1,64}"
    assert [each.name for each in kind("id").root.children] == ["id", "extension"]


@pytest.mark.parametrize(("path", "many", "most"), [
    ("name", True, None), ("gender", False, 1), ("deceased[x]", False, 1), ("contact.name", False, 1), ("contact", True, None),
])
def test_what_is_a_list(path: str, many: bool, most: int | None) -> None:
    assert (element(kind("Patient").root, path).many, element(kind("Patient").root, path).most) == (many, most)


def test_a_list_narrowed_to_one_is_still_a_list() -> None:
    narrowed = [part for url in DEFINITIONS.profiles() for part in parts(profile(url).root) if part.many and part.most == 1]
    assert "Observation.category:VSCat" in [part.id for part in narrowed]


def test_an_element_does_not_repeat_the_invariants_of_its_type() -> None:
    every = [(part, each.key) for url in DEFINITIONS.profiles() for part in parts(profile(url).root) for each in part.constraints]
    assert "ele-1" not in {key for _, key in every}
    assert [part.id for part, key in every if key == "per-1"] == ["Period"]
    assert [part.id for part, key in every if key == "pat-1"] == ["Patient.contact"]
    assert {"dom-2", "dom-3", "dom-4", "dom-5", "dom-6"} == {each.key for each in kind("Patient").root.constraints}


def test_a_profile_names_only_what_it_says_more() -> None:
    root = profile(UK + "UKCore-Immunization").root
    assert [each.key for each in root.constraints] == ["ukcore-imm-001"]
    assert "encounter" not in {each.name for each in root.children}
    assert {each.slice for each in element(root, "extension").slices} == {"vaccinationProcedure", "parentPresent"}


def test_the_children_of_a_content_reference_can_be_found() -> None:
    assert element(kind("Questionnaire").root, "item.item").content == "Questionnaire.item"


def test_bindings_keep_the_value_set_that_no_code_may_leave() -> None:
    binding = element(kind("Patient").root, "language").binding
    assert binding is not None
    assert (binding.strength, binding.within) == ("preferred", "http://hl7.org/fhir/ValueSet/all-languages")


def test_vital_signs_are_told_apart_by_their_codes() -> None:
    component = element(profile(FHIR + "bp").root, "component")
    assert component.slicing is not None
    assert [each.path for each in component.slicing.discriminators] == ["code.coding.code", "code.coding.system"]
    systolic = next(each for each in component.slices if each.slice == "SystolicBP")
    assert element(systolic, "value[x].code").fixed == "mm[Hg]"


# What nobody can check ------------------------------------------------------------------------------------------------------------------

SEQUENCE_LACKS = {"value set that is not there": 1}      # the codes of FHIR R6's extension patient-fetalStatus


@pytest.mark.parametrize(("sets", "left"), [
    pytest.param(DEFAULT_SETS, {}, id="stu2"), pytest.param(("r4-4.0.1", "ukcore-stu3-sequence"), SEQUENCE_LACKS, id="sequence"),
])
def test_everything_is_checked_that_is_said_of_the_types_we_emit(sets: tuple[str, ...], left: dict[str, int]) -> None:
    found = checker(sets)
    held = [each.url for name in (*SHAPES, "Bundle") for each in (found.definitions.type(name), found.definitions.implied(name)) if each]
    assert found.not_checked(held) == left


@pytest.mark.parametrize(("elements", "expected"), [
    ([element_of("Patient.name", binding={"strength": "required"})], (IN_WORDS, "Patient.name", "name")),
    ([element_of("Patient.gender", binding={"strength": "required", "valueSet": "urn:x"})], (NO_VALUE_SET, "Patient.gender", "urn:x")),
    ([element_of("Patient.name", type=[{"code": "HumanName", "profile": ["urn:x"]}])], (NO_PROFILE, "Patient.name", "urn:x")),
    ([element_of("Patient.name", type=[{"code": "Naem"}])], (NO_TYPE, "Patient.name", "Naem")),
])
def test_what_a_package_points_to_and_does_not_bring_is_told(elements: list[Json], expected: tuple[str, str, str], tmp_path: Path) -> None:
    stated = profile_of("Ours", "Patient", *elements)
    definitions = Definitions.of(packages=(package(tmp_path, stated),))
    reason, place, what = expected
    assert list(unchecked(profile(stated["url"], definitions), definitions)) == [Unchecked(reason, stated["url"], place, what)]


def test_a_base_that_is_not_there_is_told_where_a_snapshot_makes_up_for_it(tmp_path: Path) -> None:
    stated = profile_of("Ours", "Patient", base="urn:x", snapshot={"element": [element_of("Patient")]})
    definitions = Definitions.of(packages=(package(tmp_path, stated),))
    assert [each.reason for each in unchecked(profile(stated["url"], definitions), definitions)] == [NO_BASE]


def test_what_is_not_there_is_told() -> None:
    found = [each for url in DEFINITIONS.profiles() for each in unchecked(profile(url), DEFINITIONS)]
    assert Unchecked(NO_VALUE_SET, FHIR + "ImagingStudy", "ImagingStudy.procedureCode", "http://www.rsna.org/RadLex_Playbook.aspx") in found
    assert len(found) < 8
