"""Every invariant of R4 and UK Core, on thousands of elements, says what fhirpath.js says of it: no question is left out.

What fhirpath.js cannot be asked as it is published (it refuses, or asks a server) is asked in other words, which mean the same by FHIR's
text. Each invariant is seen to hold and to be broken, so that one which always says the same does not go unseen.
"""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import pytest

from adapter.conformance.fhirpath import Focus, compiled
from adapter.conformance.fhirpath.corrections import corrected
from adapter.conformance.model import Constraint
from adapter.fhir_xml import tables
from adapter.wire import dumps
from tests.jury.agreement import Tally, keep
from tests.real.fhirpath_inputs import Asked, asked, constraints, resources
from tests.real.fhirpath_made import KEPT_AND_BROKEN
from tests.real.node_judges import Judges

Json = Any
Compile = Callable[[str, str], Callable[[Focus], bool]]
UNASKED = dict.fromkeys(("txt-1", "txt-2"), "htmlChecks() is HL7's own: fhirpath.js has none; the engine is asked (mutants fhir-narrative)")
NEVER_BROKEN = {
    "cid-0": "ChargeItemDefinition has no name in R4, and what is not there is not named wrongly",
    "eld-11": "select() gives a truth for every type, and one that is false is there too (the published expression)",
}
NEVER_KEPT: dict[str, str] = {}


class Words(NamedTuple):
    """Of an invariant's expression, what is said otherwise (by how it is published), and why."""

    why: str
    instead: dict[str, str]


UNIT = ("iif(low.unit ~ high.unit, low.value <= high.value, "
        "(low | high).where(system = %ucum and code.exists()).count() = 2 and low <= high)")
LED_TO = "%rootResource.contained{}.id.select('#' + $this).intersect(member.reference)"
TYPES = " | ".join(repr(each) for each in sorted({*tables.resource_types(), "Resource", "DomainResource"}))
OTHERWISE = {
    "dom-3": Words("`as` on several items takes those that fit: R4 says it of lists, and HL7's engine takes it so; fhirpath.js refuses",
                   {f"as({each})": f"ofType({each})" for each in ("canonical", "uri", "url")}),
    "eld-3": Words("an integer has 32 bits in FHIR, and a text that is none is none; in JavaScript a number has more",
                   {"toInteger() >= 0": "(toString().matches('^[+-]?[0-9]{1,10}$') and toInteger() >= 0 and toInteger() <= 2147483647)"}),
    "rng-2": Words("quantities are compared by their numbers where they name the same unit or none, else by their codes of UCUM, if they "
                   "have such (so has HL7's engine it); fhirpath.js takes what has no unit for a number of ones", {"low <= high": UNIT}),
    "ctm-1": Words("resolve() is for fhirpath.js a question to a server; here and in HL7's engine it looks into the resource",
                   {"member.resolve().iif(empty(), true, ofType(Practitioner).exists())":
                    f"{LED_TO.format('')}.empty() or {LED_TO.format('.ofType(Practitioner)')}.exists()"}),
    "opd-3": Words("memberOf() the same: the types of resources are these",
                   {"type.memberOf('http://hl7.org/fhir/ValueSet/resource-types')": f"type in ({TYPES})"}),
    "ig-1": Words("%context is what an invariant is said of; fhirpath.js is asked from the resource down, and takes the resource",
                  {"%context": "%resource.definition"}),
    "eld-16": Words("the published expression escapes in its class what JavaScript lets nobody escape", {r"\\@": "@"}),
    "eld-19": Words("the same", {r"\\\'": r"\'", r"\\:": ":"}),
    "eld-20": Words("it closes a bracket that is not open, which JavaScript does not read", {r"\\[x])": r"\\[x\\])"}),
    "bdl-7": Words("a number as a fullUrl is refused by fhirpath.js; here it is its text", {"fullUrl&": "fullUrl.toString()&"}),
    "bdl-8": Words("the same", {"fullUrl.contains": "fullUrl.toString().contains"}),
}


def in_its_words(rule: Constraint) -> str:
    """The expression as it is asked here, in words that fhirpath.js takes."""
    expression = corrected(rule.expression, rule.key)
    for said, instead in OTHERWISE[rule.key].instead.items() if rule.key in OTHERWISE else ():
        assert said in expression, f"{rule.key} is no longer said so"
        expression = expression.replace(said, instead)
    return expression


class Answer(NamedTuple):
    """What fhirpath.js says in its words, and of the expression as it is (the same, but for those of OTHERWISE): an error is its text."""

    rule: Constraint
    of: Asked
    theirs: bool | str
    published: bool | str


@pytest.fixture(scope="module")
def answers(judges: Judges) -> list[Answer]:
    return [answer for each in distinct() for answer in _answered(judges, each)]


def _answered(judges: Judges, of: Asked) -> Iterator[Answer]:
    rules = [rule for rule in of.constraints if rule.key not in UNASKED]
    said = judges.fhirpath(of.resource, of.path, [in_its_words(rule) for rule in rules], of.root)
    other = [rule for rule in rules if rule.key in OTHERWISE]
    published = judges.fhirpath(of.resource, of.path, [corrected(rule.expression, rule.key) for rule in other], of.root) if other else []
    as_it_is = {rule.key: answer for rule, answer in zip(other, published, strict=True)}
    return (Answer(rule, of, theirs, as_it_is.get(rule.key, theirs)) for rule, theirs in zip(rules, said, strict=True))


@cache
def distinct() -> list[Asked]:
    """Elements that are told apart by type and content; many mutants are alike but for one."""
    found: dict[tuple[str, str], Asked] = {}
    for resource in resources():
        read = json.loads(dumps(resource))
        for each in asked(read) if "Infinity" not in json.dumps(read) else ():      # 1E400: JavaScript has no such number
            found.setdefault((each.type, json.dumps([each.value, each.extra, *_around(each)])), each)
    return list(found.values())


def _around(each: Asked) -> list[Json]:
    """What invariants see of the resources around an element: what is contained."""
    around = [each.resource if each.value is not each.resource else None, each.root if each.root is not each.resource else None]
    return [resource and resource.get("contained") for resource in around]


def compared(answers: list[Answer], compile_: Compile = compiled) -> Tally:
    """Who says that which invariant is broken, and where. An error of theirs is broken."""
    told = Tally("fhirpath.js", "", "invariants, each of each element")
    for rule, of, theirs, _ in answers:
        ours = compile_(rule.expression, rule.key)(Focus(of.value, of.type, of.extra, of.resource, of.root))
        told.count(f"{rule.key} at {of.path} ({theirs})", not ours, theirs is not True)
    return told


def test_invariants_say_what_fhirpath_js_says(judges: Judges, answers: list[Answer]) -> None:
    told = replace(compared(answers), version=judges.versions()["fhirpath"])
    keep(told)
    assert (told.ours, told.theirs) == ([], [])


def test_what_is_asked_in_other_words_needs_them(answers: list[Answer]) -> None:
    assert {answer.rule.key for answer in answers if answer.theirs is not answer.published} == set(OTHERWISE)


def test_every_invariant_is_seen_to_hold_and_to_be_broken(answers: list[Answer]) -> None:
    said = Counter((answer.rule.key, answer.theirs is True) for answer in answers)
    keys = {rule.key for rules in constraints().values() for rule in rules} - set(UNASKED)
    assert {key for key in keys if not said[key, True]} == set(NEVER_KEPT)
    assert {key for key in keys if not said[key, False]} == set(NEVER_BROKEN)


@pytest.mark.parametrize("key", sorted(KEPT_AND_BROKEN))
def test_what_is_made_to_keep_one_keeps_it_and_what_is_made_to_break_it_breaks_it(judges: Judges, key: str) -> None:
    sides = [[_kept(judges, resource, key) for resource in side] for side in KEPT_AND_BROKEN[key]]
    assert sides == [[True] * len(sides[0]), [False] * len(sides[1])]


def _kept(judges: Judges, resource: Json, key: str) -> bool:
    said = [answer.theirs is True for each in asked(resource) for answer in _answered(judges, each) if answer.rule.key == key]
    assert said, "asked of nothing"
    return all(said)


@pytest.mark.parametrize("key", ["bdl-7", "bdl-8", "rng-2", "eld-3", "dom-3", "per-1"])
@pytest.mark.parametrize("always", [True, False])
def test_one_that_always_says_the_same_is_seen(answers: list[Answer], key: str, always: bool) -> None:
    told = compared([answer for answer in answers if answer.rule.key == key], lambda expression, key: lambda focus: always)
    assert told.theirs if always else told.ours
