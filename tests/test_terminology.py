"""Which codes a value set has: composed, filtered, nested, expanded; and where nobody can say."""
from __future__ import annotations

import json
import tarfile
from typing import Any

import pytest

from adapter.conformance.code_systems import system_of
from adapter.conformance.definitions import Definitions
from adapter.conformance.model import Codes, CodeSystem
from adapter.conformance.raw import Unreadable
from adapter.conformance.terminology import Terminology
from tests.packages import UK_CORE

Json = Any
DEFINITIONS = Definitions.of()
FOOD = "urn:food"
SYSTEM = {
    "resourceType": "CodeSystem", "url": FOOD, "content": "complete", "caseSensitive": True, "concept": [
        {"code": "fruit", "property": [{"code": "notSelectable", "valueBoolean": True}], "concept": [
            {"code": "apple", "display": "Apple", "designation": [{"value": "Pomme"}],
             "property": [{"code": "colour", "valueCode": "green"}]},
            {"code": "berry", "display": "Berry", "concept": [{"code": "grape", "property": [{"code": "colour", "valueCode": "blue"}]}]},
        ]},
        {"code": "bread", "property": [{"code": "parent", "valueCode": "berry"}, {"code": "sold", "valueInteger": 3}]},
    ],
}


def codes(compose: Json, *, believe: bool = False, expansion: Json = None, **others: Json) -> Codes | None:
    """Of a value set with this compose; `others` are value sets it may use, by name."""
    sets = {"urn:set": {"url": "urn:set", "compose": compose} | ({"expansion": expansion} if expansion else {})}
    sets |= {f"urn:{name}": {"url": f"urn:{name}", **each} for name, each in others.items()}
    return Terminology(sets, {FOOD: system_of(SYSTEM)}.get, DEFINITIONS.codes, believe).codes("urn:set|1.0")


def kept(*filters: tuple[str, str, str]) -> set[str] | None:
    """What filters keep of the code system; None where nobody can say."""
    said = [{"property": name, "op": op, "value": value} for name, op, value in filters]
    found = codes({"include": [{"system": FOOD, "filter": said}]})
    assert found is not None
    return None if FOOD in found.unlisted else set(found.codes.get(FOOD, ()))


@pytest.mark.parametrize(("filters", "expected"), [
    ([("concept", "is-a", "fruit")], {"apple", "berry", "grape", "bread"}),      # without the abstract code itself
    ([("concept", "is-a", "berry")], {"berry", "grape", "bread"}),
    ([("concept", "descendent-of", "berry")], {"grape", "bread"}),
    ([("concept", "is-not-a", "berry")], {"apple"}),
    ([("concept", "generalizes", "grape")], {"grape", "berry"}),
    ([("concept", "is-a", "fish")], set()),
    ([("code", "regex", "[a-b].*")], {"apple", "berry", "bread"}),
    ([("display", "=", "Apple")], {"apple"}),
    ([("colour", "=", "blue")], {"grape"}),
    ([("colour", "in", "blue,green")], {"apple", "grape"}),
    ([("colour", "not-in", "blue")], {"apple", "berry", "bread"}),
    ([("colour", "exists", "false")], {"berry", "bread"}),
    ([("sold", "=", "3")], {"bread"}),
    ([("concept", "is-a", "berry"), ("colour", "=", "blue")], {"grape"}),      # all of them at once
    ([("taste", "=", "sweet")], None),                                         # it says nothing about taste
    ([("code", "close-to", "apple")], None),
    ([("code", "regex", "(a+)+$")], set()),                                    # it does not go back
    ([("code", "regex", r"(a)\1")], None),                                     # it would have to
    ([("code", "regex", "((a{1,99}){1,99}){1,99}")], None),                    # too large
    ([("code", "regex", "(")], None),
])
def test_filters(filters: list[tuple[str, str, str]], expected: set[str] | None) -> None:
    assert kept(*filters) == expected


ALL, SOME = {"system": FOOD}, {"system": FOOD, "concept": [{"code": "apple"}, {"code": "grape"}]}
SNOMED = {"system": "http://snomed.info/sct", "concept": [{"code": "73211009"}]}
ELSEWHERE = {"system": "urn:nobody-has-it"}


@pytest.mark.parametrize(("compose", "listed", "unlisted"), [
    ({"include": [ALL]}, {FOOD: {"apple", "berry", "grape", "bread"}}, ()),
    ({"include": [SOME]}, {FOOD: {"apple", "grape"}}, ()),
    ({"include": [ALL], "exclude": [SOME]}, {FOOD: {"berry", "bread"}}, ()),
    ({"include": [{"system": "urn:nobody-has-it", "concept": [{"code": "x"}]}]}, {"urn:nobody-has-it": {"x"}}, ()),
    ({"include": [ELSEWHERE, SOME]}, {FOOD: {"apple", "grape"}}, ("urn:nobody-has-it",)),
    ({"include": [SNOMED]}, {}, ("http://snomed.info/sct",)),      # not even the codes that it lists
    ({"include": [SNOMED], "exclude": [SNOMED]}, {}, ("http://snomed.info/sct",)),
    ({"include": [SOME], "exclude": [{**ALL, "filter": [{"property": "taste", "op": "=", "value": "x"}]}]}, {}, (FOOD,)),
    ({"include": [{"valueSet": ["urn:other"]}]}, {FOOD: {"apple"}}, ()),
    ({"include": [{"valueSet": ["urn:other|2"], **ALL}]}, {FOOD: {"apple"}}, ()),      # both at once
    ({"include": [{"valueSet": ["urn:other", "urn:third"]}]}, {}, ()),
    ({"include": [{"valueSet": ["urn:snomed"], **SNOMED}]}, {}, ("http://snomed.info/sct",)),
])
def test_composing(compose: Json, listed: dict[str, set[str]], unlisted: tuple[str, ...]) -> None:
    others = {
        "other": {"compose": {"include": [{"system": FOOD, "concept": [{"code": "apple"}]}]}},
        "third": {"compose": {"include": [{"system": FOOD, "concept": [{"code": "berry"}]}]}}, "snomed": {"compose": {"include": [SNOMED]}},
    }
    found = codes(compose, **others)
    assert found is not None
    assert ({each: set(some) for each, some in found.codes.items()}, found.unlisted) == (listed, unlisted)


def test_what_hangs_on_a_value_set_that_is_not_there_has_no_answer() -> None:
    assert codes({"include": [SOME, {"valueSet": ["urn:not-there"]}]}) is None


def test_a_value_set_that_contains_itself_is_refused() -> None:
    with pytest.raises(Unreadable, match="urn:set contains itself"):
        codes({"include": [{"valueSet": ["urn:other"]}]}, other={"compose": {"include": [{"valueSet": ["urn:set"]}]}})


EXPANSION = {"contains": [{"system": SNOMED["system"], "code": "73211009", "contains": [{"system": SNOMED["system"], "code": "1"}]}]}


def test_an_expansion_that_a_package_brings_is_believed_where_nothing_else_can_be_said() -> None:
    found = codes({"include": [SNOMED]}, believe=True, expansion=EXPANSION)
    assert found is not None
    assert (found.codes, found.unlisted) == ({"http://snomed.info/sct": frozenset({"73211009", "1"})}, ())


@pytest.mark.parametrize(("compose", "believe", "expansion"), [
    ({"include": [SNOMED]}, False, EXPANSION),                       # of ours, none is kept
    ({"include": [SNOMED]}, True, {**EXPANSION, "total": 3}),        # not all of it
])
def test_an_expansion_that_is_not_believed(compose: Json, believe: bool, expansion: Json) -> None:
    found = codes(compose, believe=believe, expansion=expansion)
    assert found is not None
    assert found.unlisted == ("http://snomed.info/sct",)


def test_a_code_system_as_it_is_kept() -> None:
    assert system_of(SYSTEM) == CodeSystem(
        FOOD, codes={"fruit": (), "apple": ("Apple", "Pomme"), "berry": ("Berry",), "grape": (), "bread": ()},
        abstract=frozenset({"fruit"}),
        parents={"apple": ("fruit",), "berry": ("fruit",), "grape": ("berry",), "bread": ("berry",)},
        properties={"colour": {"apple": "green", "grape": "blue"}, "sold": {"bread": "3"}},
    )


@pytest.mark.parametrize("content", ["fragment", "example", "not-present", "supplement"])
def test_a_code_system_that_is_not_whole_is_not_known(content: str) -> None:
    assert system_of({**SYSTEM, "content": content}) is None


def test_where_capital_letters_are_not_said_to_matter_they_do_not() -> None:
    found = system_of({"url": FOOD, "content": "complete", "concept": [{"code": "A"}]})
    assert found is not None
    assert found.any_case


@pytest.mark.parametrize("definition", [
    {"url": FOOD, "content": "complete", "concept": [{"display": "x"}]},
    {"url": FOOD, "content": "complete", "concept": "x"},
    {"content": "complete"},
])
def test_what_is_no_code_system_is_refused(definition: Json) -> None:
    with pytest.raises(Unreadable, match="a CodeSystem"):
        system_of(definition)


def expansions(name: str) -> dict[str, dict[str, set[str]]]:
    """Value set -> the codes that its publisher expanded it to."""
    found: dict[str, dict[str, set[str]]] = {}
    with tarfile.open(UK_CORE / name) as package:
        for member in package:
            file = package.extractfile(member)
            definition = json.loads(file.read()) if file else {}
            if definition.get("resourceType") == "ValueSet" and "expansion" in definition:
                into = found.setdefault(definition["url"], {})
                for each in definition["expansion"].get("contains", ()):
                    into.setdefault(each["system"], set()).add(each["code"])
    return found


UK = "https://fhir.hl7.org.uk/ValueSet/UKCore-"


@pytest.mark.parametrize(("name", "package", "count", "differ"), [
    ("ukcore-stu2-2.0.2", "fhir.r4.ukcore.stu2-2.0.2.tgz", 38, {}),
    ("ukcore-stu3-sequence", "ukcore-stu3-sequence.tgz", 48, {
        UK + "MessageEvent": "its code systems are NHS England's and are not in the package",
        UK + "SampleCategory": "the code system has got four more codes since it was expanded",
    }),
])
def test_uk_cores_value_sets_have_the_codes_that_it_published(name: str, package: str, count: int, differ: dict[str, str]) -> None:
    known = Definitions.of(("r4-4.0.1", name))
    theirs = expansions(package)
    ours = {url: found.codes for url in theirs if (found := known.codes(url)) is not None}
    assert len(theirs) == count
    assert {url for url in theirs if ours[url] != theirs[url]} == set(differ)


@pytest.mark.parametrize(("url", "unlisted"), [
    ("http://snomed.info/sct?fhir_vs=ecl/<404684003", "http://snomed.info/sct"),
    ("http://loinc.org/vs/LL379-9", "http://loinc.org"),
    ("http://hl7.org/fhir/ValueSet/all-languages", "urn:ietf:bcp:47"),
    ("http://hl7.org/fhir/ValueSet/mimetypes|4.0.1", "urn:ietf:bcp:13"),
])
def test_value_sets_that_nobody_can_list(url: str, unlisted: str) -> None:
    found = DEFINITIONS.codes(url)
    assert found is not None
    assert (found.codes, found.unlisted) == ({}, (unlisted,))


def test_a_system_that_belongs_to_a_value_set_whole_is_written_out() -> None:
    found = DEFINITIONS.codes("http://hl7.org/fhir/ValueSet/administrative-gender")
    assert found is not None
    assert found.whole == ("http://hl7.org/fhir/administrative-gender",)
    assert found.codes == {found.whole[0]: frozenset({"male", "female", "other", "unknown"})}


def test_an_abstract_code_belongs_to_no_value_set() -> None:
    found, system = DEFINITIONS.codes("http://hl7.org/fhir/ValueSet/relatedperson-relationshiptype"), "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
    assert found is not None
    assert "MTH" in found.codes[system]
    assert "_PersonalRelationshipRoleType" not in found.codes[system]
