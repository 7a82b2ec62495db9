"""The explaining check is given anything: it never raises, says nothing of what it was given, and says the same again."""
from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from adapter import wire
from adapter.conformance import Checker, checker
from adapter.conformance.definitions import Definitions
from tests.mutants.bases import bases

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
RESOURCES = [json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal) for path in sorted(FIXTURES.rglob("*.fhir.json"))]
RESOURCES += bases().values()
OFTEN = {"resourceType", "extension", "url", "valueString", "_given", "reference", "contained", "entry", "fullUrl", "", "Patient", "#"}
WORDS = sorted(OFTEN | {key for resource in RESOURCES for key in resource})

leaves = (some.none() | some.booleans() | some.integers() | some.text(max_size=12) | some.sampled_from(WORDS)
          | some.decimals(allow_nan=False, allow_infinity=False) | some.floats(allow_nan=False, allow_infinity=False))
names = some.sampled_from(WORDS) | some.text(max_size=6)
values = some.recursive(leaves, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(names, inner, max_size=4), max_leaves=25)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def put(resource: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = deepcopy(resource)
    within = changed
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = value
    return changed


@some.composite
def edited(draw: some.DrawFn) -> Any:
    """A good resource with up to three values replaced by anything."""
    resource = draw(some.sampled_from(RESOURCES))
    for _ in range(draw(some.integers(1, 3))):
        place = draw(some.sampled_from(places(resource)))
        resource = put(resource, place, draw(values))
    return resource


@settings(max_examples=300, deadline=None)
@given(values)
def test_any_json_is_answered(value: Any) -> None:
    found = checker().findings(value)
    assert all(finding.rule and finding.path and finding.says for finding in found)


@settings(max_examples=400, deadline=None)
@given(edited())
def test_any_edit_of_a_resource_is_answered(resource: Any) -> None:
    before = deepcopy(resource)
    found = checker().findings(resource)
    assert found == checker().findings(resource)
    assert found == sorted(found, key=lambda finding: (finding.path, finding.rule, finding.says))
    assert repr(resource) == repr(before)


NOBODY = "Nobodyelse"


@settings(max_examples=300, deadline=None)
@given(edited(), some.randoms(use_true_random=False))
def test_no_sentence_holds_a_value_or_a_vendors_key(resource: Any, random: Any) -> None:
    place = random.choice(places(resource))
    within = place[:-1]
    secret = put(resource, place, NOBODY)
    holder = secret
    for step in within:
        holder = holder[step]
    if isinstance(holder, dict):
        holder[NOBODY] = {NOBODY: [NOBODY]}
    assert not any(NOBODY in str(finding) for finding in checker().findings(secret))


def test_what_is_nested_too_deep_is_told_and_not_looked_at() -> None:
    inner: Any = {"value": "x"}
    for _ in range(5000):
        inner = {"assigner": {"identifier": inner}}
    found = checker().findings({"resourceType": "Patient", "identifier": [inner]})
    assert [(finding.rule, finding.path.count(".") > 100) for finding in found] == [("too-deep", True)]


def test_what_contains_itself_deeply_ends() -> None:
    """Invariants that look at all descendants, over the deepest resource that is still looked at."""
    item: Any = {"linkId": "1"}
    for _ in range(60):
        item = {"linkId": "1", "item": [item]}
    found = checker().findings({"resourceType": "Questionnaire", "status": "draft", "item": [item]})
    assert "que-2" in {finding.rule for finding in found}      # the link ids are not unique


def test_no_more_is_told_than_asked_for() -> None:
    few = Checker(Definitions.of(), at_most=5)
    patient = {"resourceType": "Patient", "name": [{"family": number} for number in range(1000)]}
    assert [finding.rule for finding in few.findings(patient)] == ["too-many", *["fhir-type"] * 5]
    assert not few.clean(patient)


@pytest.mark.parametrize("value", [None, True, 1, "Patient", [], {}, {"resourceType": None}, {"resourceType": "Resource"},
                                   {"resourceType": "HumanName"}, {"resourceType": "patient"}], ids=repr)
def test_what_is_no_resource_is_told_in_one_finding(value: Any) -> None:
    (finding,) = checker().findings(value)
    assert (finding.rule, finding.path.partition(".")[0]) == ("fhir-type", "resource")


# ---- values of Python ----------------------------------------------------------------------------------------------------------------
class Gender(StrEnum):
    FEMALE = "female"


class Word(str):
    __slots__ = ()


ITSELF: dict[str, Any] = {"resourceType": "Patient"}
ITSELF["contact"] = [ITSELF, ITSELF]
NO_JSON: list[tuple[dict[Any, Any], str, str]] = [
    ({1: "x"}, "fhir-type", "Patient"),
    ({"name": [{("a", "b"): 1, "family": "x"}]}, "fhir-type", "Patient.name[0]"),
    ({"\ud800": 1}, "lone-surrogate", "Patient"),
    ({"name": [{"family": "a\udfffb"}]}, "lone-surrogate", "Patient.name[0].family"),
    ({"nickname": {"nick": "\ud800"}}, "lone-surrogate", "Patient"),
    ({"birthDate": date(1941, 2, 3)}, "fhir-type", "Patient.birthDate"),
    ({"gender": b"female"}, "fhir-type", "Patient.gender"),
    ({"gender": Word("female")}, "fhir-type", "Patient.gender"),
    ({"name": {"x"}}, "fhir-type", "Patient.name"),
    ({"name": [object()]}, "fhir-type", "Patient.name[0]"),
    ({"multipleBirthInteger": float("nan")}, "not-a-number", "Patient.multipleBirthInteger"),
    ({"multipleBirthInteger": Decimal("sNaN")}, "not-a-number", "Patient.multipleBirthInteger"),
    ({"multipleBirthInteger": Decimal("-Infinity")}, "not-a-number", "Patient.multipleBirthInteger"),
    ({"contact": [ITSELF]}, "too-deep", "Patient.contact[0].contact[0]"),
]


@pytest.mark.parametrize(("members", "rule", "path"), NO_JSON)
def test_what_no_json_has_is_told_and_nothing_else(members: dict[Any, Any], rule: str, path: str) -> None:
    """A dict of Python may have it; no file does."""
    found = checker().findings({"resourceType": "Patient", "nobody": 1, **members})
    assert (found[0].rule, found[0].path) == (rule, path)
    assert {each.rule for each in found} == {rule}
    assert checker().clean({"resourceType": "Patient", **members}) is False


@pytest.mark.parametrize("value", [object(), {1}, b"x", 1j, float("inf"), "\ud800", Gender, [ITSELF], (ITSELF,)],
                         ids=lambda value: type(value).__name__)
def test_nor_does_anything_else_end_it(value: Any) -> None:
    assert [finding.path.partition("[")[0] for finding in checker().findings(value)][:1] == ["resource"]


def test_a_tuple_is_a_list_and_an_enum_its_value_as_they_are_written() -> None:
    patient = {"resourceType": "Patient", "gender": Gender.FEMALE, "name": ({"family": "x", "given": ("a", "b")},), "contact": ()}
    read = wire.loads(wire.dumps(patient))
    assert read == {"resourceType": "Patient", "gender": "female", "name": [{"family": "x", "given": ["a", "b"]}], "contact": []}
    assert list(map(str, checker().findings(patient))) == list(map(str, checker().findings(read)))
    assert checker().clean({key: each for key, each in patient.items() if key != "contact"})
