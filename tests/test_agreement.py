"""Our check and the judges that others wrote, on the mutation corpus and on the published examples: they agree, or it is signed.

HL7's engine speaks from its kept verdicts; HL7's JSON Schema and the models of fhir.resources are asked. make test-real asks the engine and
Medplum's validator themselves, and looks at the mutants that are kept aside.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from adapter.conformance import Finding, checker
from adapter.conformance.finding import has_error
from tests.jury.agreement import (
    DRAFTS,
    ENGINE,
    EXAMPLES,
    FIXTURES,
    MODELS,
    MUTANTS,
    OTHERS,
    ROWS,
    SCHEMA,
    Tally,
    faults,
    keep,
    report,
    signed,
    tally,
    unused,
)
from tests.jury.places import SAME, WAYS, place, same, ways
from tests.jury.published import SEQUENCE, STU2, published
from tests.mutants.bases import bases, fixtures
from tests.mutants.corpus import mutants
from tests.mutants.drafts import drafts
from tests.mutants.verdicts import Issue, Verdict, judge, verdict

Json = Any


@cache
def our() -> dict[str, list[Finding]]:
    """What we have against each mutant, by its id; against the bases by theirs."""
    return {id_: checker().findings(resource) for id_, resource in [*_mutants(), *bases().items()]}


def _mutants() -> list[tuple[str, Json]]:
    return [(mutant.id, mutant.resource) for mutant in mutants()]


def their(resource: Json, *against: str) -> Verdict:
    found = verdict(resource, against)
    assert found is not None, "not judged yet: make test-real with REDBAG_JUDGE_AGAIN=1"
    return found


@cache
def with_the_engine() -> Tally:
    told = Tally(ENGINE, judge()["engine"], MUTANTS)
    for id_, resource in _mutants():
        told.count(id_, bool(faults(our()[id_])), bool(their(resource).errors))
    return told


def test_what_the_engine_refuses_we_refuse() -> None:
    """At least 99 in 100, and each miss is signed; nor do we refuse anything else, but what is signed."""
    keep(with_the_engine())
    assert with_the_engine().unsigned("theirs") == []
    assert with_the_engine().unsigned("ours") == []
    assert with_the_engine().recall >= 0.99


Pair = tuple[list[Finding], tuple[Issue, ...]]


@cache
def refused_by_both() -> dict[str, Pair]:
    """Our errors and theirs: of every mutant, also those kept aside, and those against drafts."""
    daily = {mutant.id: (faults(our()[mutant.id]), their(mutant.resource).errors) for mutant in mutants()}
    aside = {mutant.id: (faults(checker().findings(mutant.resource)), their(mutant.resource).errors) for mutant in mutants(aside=True)}
    return {id_: (ours, issues) for id_, (ours, issues) in {**daily, **aside, **of_drafts()}.items() if ours and issues}


@cache
def of_drafts() -> dict[str, Pair]:
    """Of mutants that are held against the drafts of UK Core STU3, and what they are made of."""
    held = checker(("r4-4.0.1", SEQUENCE))
    return {draft.id: (faults(held.findings(draft.resource, profiles=draft.profiles)),
                       their(draft.resource, SEQUENCE, *draft.profiles).errors) for draft in drafts()}


def elsewhere(told: Callable[[str], str] = str) -> list[str]:
    """The mutants that we refuse at no place where the engine does. `told`: our path, spoilt."""
    return [id_ for id_, (ours, issues) in refused_by_both().items()
            if not ways([finding._replace(path=told(finding.path)) for finding in ours], issues)]


def test_we_refuse_it_at_the_same_place() -> None:
    assert elsewhere() == []


# Mutants of which we tell something that the engine, which refuses them too, does not: for it cannot go on
STRAYS = {
    "fhir-contained/patient-contained/contained&generalPractitioner[1]/591527": "what is contained is no list, and a reference leads there",
    "draft/fhir-format/Extension-UKCore-MedicationChangeSummary-Example/extension[0].url/129108": "a blank in an extension's URL",
}


def test_every_error_of_ours_is_one_of_theirs() -> None:
    strays = {id_ for id_, (ours, issues) in refused_by_both().items() if not all(ways([finding], issues) for finding in ours)}
    assert strays == set(STRAYS)


def test_most_at_the_very_same_and_the_rest_in_ways_that_are_needed() -> None:
    found = [ways(*pair) for pair in refused_by_both().values()]
    assert sum(SAME in each for each in found) > 0.7 * len(found)
    assert [each for each in WAYS if not any(each in mutant and SAME not in mutant for mutant in found)] == []


@pytest.mark.parametrize(("spoilt", "at_least"), [
    (lambda path: path.partition(".")[0], 0.7),            # everything at the resource, as the engine where something is missing
    (lambda path: path.rpartition(".")[0], 0.6),           # one step above: as the engine often does
    (lambda path: f"{path}.id", 0.7),                      # one step below
    (lambda path: re.sub(r"\[(\d+)]", lambda found: f"[{int(found[1]) + 1}]", path), 0.45),     # the next of a list, where there is one
], ids=["resource", "above", "below", "next"])
def test_to_tell_it_anywhere_else_is_seen(spoilt: Callable[[str], str], at_least: float) -> None:
    assert len(elsewhere(spoilt)) > at_least * len(refused_by_both())


def test_nothing_is_wrong_with_a_base() -> None:
    assert {name: found for name in bases() if (found := list(map(str, faults(our()[name]))))} == {}


@cache
def with_the_engine_on_published() -> Tally:
    told = Tally(ENGINE, judge()["engine"], EXAMPLES)
    for example in published():
        ours = checker(("r4-4.0.1", example.set)).findings(example.resource, profiles=example.profiles)
        against = () if example.set == STU2 else (SEQUENCE,)
        told.count(example.name, bool(faults(ours)), bool(their(example.resource, *against, *example.profiles).errors))
    return told


def test_no_published_example_is_refused_by_us_alone() -> None:
    keep(with_the_engine_on_published())
    assert with_the_engine_on_published().ours == []
    assert with_the_engine_on_published().unsigned("theirs") == []
    assert with_the_engine_on_published().neither > 80


@cache
def with_the_engine_on_drafts() -> Tally:
    told = Tally(ENGINE, judge()["engine"], DRAFTS)
    for id_, (ours, issues) in of_drafts().items():
        told.count(id_, bool(ours), bool(issues))
    return told


def test_what_the_engine_refuses_by_the_drafts_we_refuse() -> None:
    told = with_the_engine_on_drafts()
    keep(told)
    assert (told.unsigned("theirs"), told.unsigned("ours")) == ([], [])
    assert told.recall >= 0.99


def test_nobody_has_anything_against_a_fixture() -> None:
    told = [tally(Tally(name, version, FIXTURES), fixtures().items(), lambda resource: has_error(checker().findings(resource)), refuses)
            for name, version, refuses in ((ENGINE, judge()["engine"], lambda resource: bool(their(resource).errors)), *OTHERS)]
    keep(*told)
    assert [each.ours + each.theirs for each in told] == [[], [], []]
    assert [each.both for each in told] == [0, 0, 0]
    assert len(fixtures()) > 30


@cache
def with_other(name: str) -> Tally:
    said, refuses = next((said, refuses) for other, said, refuses in OTHERS if other == name)
    told = Tally(name, said, MUTANTS)
    for id_, resource in _mutants():
        told.count(id_, has_error(our()[id_]), refuses(resource))
    return told


@pytest.mark.parametrize("name", [SCHEMA, MODELS])
def test_what_other_judges_refuse_we_refuse(name: str) -> None:
    keep(with_other(name))
    assert with_other(name).unsigned("theirs") == []


def test_every_signed_disagreement_is_still_needed() -> None:
    ours = (with_the_engine(), with_the_engine_on_drafts(), with_the_engine_on_published())
    assert unused(*ours, with_other(SCHEMA), with_other(MODELS)) == []
    assert all(entry["reason"] and entry["signed"] for entry in signed())


# ---- the judging of judges ------------------------------------------------------------------------------------------------------------
def test_a_disagreement_is_seen() -> None:
    told = Tally(ENGINE, "0", "x")
    for id_, we, they in (("a", True, True), ("b", False, True), ("c", True, False), ("d", False, False)):
        told.count(id_, we, they)
    assert (told.both, told.neither, told.ours, told.theirs, told.recall) == (1, 1, ["c"], ["b"], 0.5)
    assert told.unsigned("theirs") == ["b"]
    assert "- `b`: **nobody has looked at it**" in report([told])


def test_what_nobody_has_looked_at_is_in_the_report_too() -> None:
    told = Tally(min(ROWS)[0], "1.2.3", min(ROWS)[1])
    assert report([]).count("not looked at in this run") == len(ROWS) == report([told]).count("not looked at in this run") + 1
    assert "| 1.2.3 |" in report([told])


@pytest.mark.parametrize(("ours", "theirs", "said"), [
    ("Patient.name[0].given[1]", "Patient.name[0].given[1]", True), ("Patient.name[0].given[1]", "Patient.name[0].given[0]", False),
    ("Bundle.entry[0].resource.name[0]", "Bundle.entry[0].resource/*Patient/a*/.name[0]", True), ("Patient", "Patient.name[0]", False),
    ("Patient.deceasedBoolean", "Patient.deceased.ofType(boolean)", True), ("Patient.deceasedBoolean", "Patient.deceased[x]", True),
    ("Patient._birthDate", "Patient.birthDate", True), ("Patient.name", "Patient.name.given", False)])
def test_places(ours: str, theirs: str, said: bool) -> None:
    assert same(place(ours), place(theirs)) is said
