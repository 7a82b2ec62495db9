"""Our check and HL7's engine on profiles made for it (tests/judged): they agree on every case, or it is signed here why not.

The engine speaks from its kept verdicts; tests/real/test_judged_profiles.py asks it.
"""
from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from adapter.conformance import Checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.finding import Finding, Level
from adapter.conformance.forms import Forms
from adapter.conformance.package import Package, set_of
from adapter.conformance.shelf import Shelf
from adapter.conformance.slicing import not_told_apart
from tests.judged import verdicts
from tests.judged.cases import FAULTS, RIGHT, Case, cases
from tests.judged.profiles import DEFINITIONS, HL7, LOINC, OURS
from tests.jury.published import SEQUENCE, STU2, published
from tests.mutants.edits import edited

NEIGHBOURS = ("The engine compares an element with the one before it only: what is out of order is, however many others stand between "
              "(FHIR R4, ElementDefinition.slicing.ordered).")
AT_END = "The engine lets others stand anywhere; openAtEnd lets them stand at the end only (FHIR R4, ElementDefinition.slicing.rules)."
SIGNED = {
    "open-at-end: others first": AT_END, "open-at-end: others between": AT_END, "open-at-end-ordered: others first": AT_END,
    "ordered: other order, with others between": NEIGHBOURS, "value + ordered: other order": NEIGHBOURS,
    "type-of-target: right 1": "What stands on a server the engine cannot resolve here, and takes it for no slice; its URL says its type.",
    "resliced: right 0": "The engine tells the slices of a slice apart by the outer discriminators alone: all of home is official.",
}
BASE = ("r4-4.0.1",)


@cache
def known() -> Definitions:
    """With the package as a set: its profiles are asked where they are named only, as the engine does it."""
    files = {f"{number}.json": each for number, each in enumerate(DEFINITIONS)}
    return Definitions([Shelf(*BASE), set_of(Package("care.test.slices", "1.0.0", "", files), Definitions.of(BASE))])


def errors(checker: Checker, case: Case) -> list[Finding]:
    return [each for each in checker.findings(case.resource, profiles=case.profiles) if each.level is Level.ERROR]


@cache
def told() -> dict[str, tuple[list[Finding], verdicts.Errors]]:
    """By the name of a case: what we have against it, and what the engine has."""
    checker, theirs = Checker(known(), rules=()), verdicts.kept()
    return {case.name: (errors(checker, case), theirs[verdicts.asked(case)]) for case in cases()}


def is_left(theirs: verdicts.Errors) -> bool:
    """The engine cannot tell the slices apart."""
    return any(issue.message_id == verdicts.CANNOT for issue in theirs)


def test_there_are_cases_of_every_kind() -> None:
    assert set(RIGHT) == set(FAULTS)
    assert len(told()) > 160
    assert {kind for each in DEFINITIONS for kind in re.findall(r'"type": "(\w+)", "path"', json.dumps(each))} == {
        "value", "pattern", "exists", "type", "profile"}
    assert {rules for each in DEFINITIONS for rules in re.findall(r'"rules": "(\w+)"', json.dumps(each))} == {"open", "closed", "openAtEnd"}


def test_every_case_is_judged() -> None:
    assert [case.name for case in cases() if verdicts.asked(case) not in verdicts.kept()] == []      # REDBAG_JUDGE_AGAIN=1 make test-real


def test_we_agree_with_the_engine_or_it_is_signed() -> None:
    assert {name for name, (ours, theirs) in told().items() if bool(ours) != bool(theirs) and not is_left(theirs)} == SIGNED.keys()


def test_what_the_engine_refuses_we_refuse_and_not_much_else() -> None:
    both = Counter((bool(ours), bool(theirs)) for name, (ours, theirs) in told().items() if name not in SIGNED and not is_left(theirs))
    assert set(both) == {(True, True), (False, False)}
    assert both[True, True] > 90
    assert both[False, False] > 50


def test_what_is_right_is_right_and_each_fault_is_one() -> None:
    """So that no case is there for nothing."""
    assert [name for name, (ours, _) in told().items() if ": right " in name and ours] == []
    assert [name for name, (ours, theirs) in told().items() if ": right " not in name and not ours and not is_left(theirs)] == []


def test_what_the_engine_cannot_tell_apart_is_counted_as_not_checked() -> None:
    forms = Forms(known())
    left = {url for case in cases() if is_left(told()[case.name][1]) for url in case.profiles}
    assert {url for case in cases() for url in case.profiles
            if (profile := known().profile(url)) and not_told_apart(forms, profile)} == left - {TWO}


TWO = f"{OURS}type-of-value"      # it is named beside one that nobody can tell apart


# The same whatever was checked before -------------------------------------------------------------------------------------------------

STEP = 25      # of the cases, for how many a checker is made anew


def of_set(name: str) -> tuple[Definitions, list[Case]]:
    """Observations as published, each also without its first code; and blood pressures by each profile of them."""
    every = [each for each in published() if each.set == name and each.resource["resourceType"] == "Observation"]
    damaged = [each._replace(resource=edited(each.resource, {"code.coding[0].code": "0-0"})) for each in every]
    definitions = Definitions.of((*BASE, name))
    ours = [Case("pressure", profiles, each) for each in (PRESSURE, edited(PRESSURE, {"component[0].code.coding[0].code": "9999-9"}))
            for profiles in PRESSURES if all(map(definitions.profile, profiles))]
    return definitions, [*ours, *(Case(each.name, each.profiles, each.resource) for each in (*every, *damaged))]


PRESSURES = (("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation-VitalSigns-BloodPressure",), (f"{HL7}bp",), ())
VITAL_SIGNS = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}


def measured(loinc: str, snomed: str, text: str, value: int) -> dict[str, Any]:
    return {"code": {"coding": [{"system": LOINC, "code": loinc}, {"system": "http://snomed.info/sct", "code": snomed}], "text": text},
            "valueQuantity": {"value": value, "unit": "millimeter of mercury", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}}


PRESSURE = {
    "resourceType": "Observation", "status": "final", "category": [{"coding": [VITAL_SIGNS]}], "subject": {"reference": "Patient/1"},
    "code": {"coding": [{"system": LOINC, "code": "85354-9"}, {"system": "http://snomed.info/sct", "code": "75367002"}]},
    "effectiveDateTime": "2026-11-24", "component": [measured("8480-6", "72313002", "Systolic blood pressure", 120),
                                                     measured("8462-4", "271650006", "Diastolic blood pressure", 80)]}


@pytest.mark.parametrize("name", ["package", STU2, SEQUENCE])
def test_it_is_the_same_whatever_was_checked_before(name: str) -> None:
    definitions, asked = (known(), list(cases())) if name == "package" else of_set(name)
    fresh = {str(case): errors(Checker(definitions), case) for case in [*asked[:6], *asked[6::STEP]]}
    counted, used = Checker(definitions), Checker(definitions)
    counted.not_checked({url for case in asked for url in case.profiles})
    for order in (asked, asked[::-1]):
        again = {str(case): (errors(used, case), errors(counted, case)) for case in order}
        assert {key: again[key] for key in fresh} == {key: (found, found) for key, found in fresh.items()}
        assert [key for key, (one, other) in again.items() if one != other] == []
