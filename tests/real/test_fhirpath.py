"""Every invariant of R4 and UK Core, on thousands of elements, says what fhirpath.js says of it. What it says otherwise is signed below."""
from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from adapter.conformance.fhirpath import Focus, compiled
from adapter.conformance.fhirpath.corrections import corrected
from adapter.wire import dumps
from tests.real.fhirpath_inputs import Asked, asked, constraints, resources
from tests.real.node_judges import Judges

Json = Any
HAND = frozenset({"txt-1", "txt-2"})      # htmlChecks(): fhirpath.js has none
SIGNED = {
    "eld-3": "toInteger(): a whole number has 32 bits, as FHIR's integer has (and HL7's engine)",
    "dom-3": "`as` on several items takes those that fit: R4 says it of lists, and HL7's engine takes it so; fhirpath.js refuses",
    "ctm-1": "resolve() is for fhirpath.js a question to a server; here and in HL7's engine it looks into the bundle",
    "opd-3": "memberOf() the same",
    "ig-1": "%context is what an invariant is said of; fhirpath.js is asked from the resource down, and takes the resource",
    "rng-2": "quantities with a comparator or without a UCUM code: by their numbers where the unit is the same, as in HL7's engine",
    "eld-16": "the published expression escapes in its class what JavaScript lets nobody escape; Java and Python do",
    "eld-19": "the same",
    "eld-20": "the same, and a bracket that is not closed",
    "bdl-7": "a mutant has a number for a fullUrl: told by another rule, and then this one says nothing",
    "bdl-8": "the same",
}


def test_invariants_say_what_fhirpath_js_says(judges: Judges) -> None:
    differs, said = defaultdict[str, list[str]](list), Counter[tuple[str, bool]]()
    for each in distinct():
        rules = [rule for rule in each.constraints if rule.key not in HAND]
        focus = Focus(each.value, each.type, each.extra, each.resource, each.resource)
        theirs = judges.fhirpath(each.resource, each.path, [corrected(rule.expression, rule.key) for rule in rules])
        for rule, answer in zip(rules, theirs, strict=True):
            ours = compiled(rule.expression, rule.key)(focus)
            said[rule.key, ours] += 1
            if ours is not (answer is True):      # an error is no
                differs[rule.key].append(f"{each.path}: {ours}, fhirpath.js {answer}")
    assert {key: places[:3] for key, places in differs.items() if key not in SIGNED} == {}
    assert set(SIGNED) <= set(differs), "signed, and no longer so"
    assert {rule.key for rules in constraints().values() for rule in rules} - {key for key, _ in said} <= HAND, "asked of nothing"


def distinct() -> list[Asked]:
    """Elements that are told apart by type and content; many mutants are alike but for one."""
    found: dict[tuple[str, bytes], Asked] = {}
    for resource in resources():
        for each in asked(json.loads(dumps(resource))):
            found.setdefault((each.type, dumps({"value": each.value, "extra": each.extra})), each)
    return list(found.values())
