"""Our check and the judges that others wrote, on the mutation corpus and on the published examples: they agree, or it is signed.

HL7's engine speaks from its kept verdicts; HL7's JSON Schema and the models of fhir.resources are asked. make test-real asks the engine and
Medplum's validator themselves, and looks at the mutants that are kept aside.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Any

import pytest

from adapter.conformance import Finding, checker
from adapter.conformance.finding import has_error
from tests.jury import jurors
from tests.jury.agreement import ENGINE, Tally, faults, keep, report, signed, unused
from tests.jury.places import SAME, WAYS, place, same, ways
from tests.jury.published import SEQUENCE, STU2, published
from tests.mutants.bases import bases
from tests.mutants.corpus import mutants
from tests.mutants.verdicts import Issue, Verdict, judge, verdict

Json = Any
SCHEMA, MODELS = "HL7's JSON Schema", "fhir.resources"


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
    told = Tally(ENGINE, judge()["engine"], "mutants")
    for id_, resource in _mutants():
        told.count(id_, bool(faults(our()[id_])), bool(their(resource).errors))
    return told


def test_what_the_engine_refuses_we_refuse() -> None:
    """At least 99 in 100, and each miss is signed; nor do we refuse anything else, but what is signed."""
    keep(with_the_engine())
    assert with_the_engine().unsigned("theirs") == []
    assert with_the_engine().unsigned("ours") == []
    assert with_the_engine().recall >= 0.99


@cache
def refused_by_both() -> dict[str, tuple[list[Finding], tuple[Issue, ...]]]:
    """Our errors and theirs, by the mutant."""
    pairs = {mutant.id: (faults(our()[mutant.id]), their(mutant.resource).errors) for mutant in mutants()}
    return {id_: (ours, issues) for id_, (ours, issues) in pairs.items() if ours and issues}


def elsewhere(told: Callable[[str], str] = str) -> list[str]:
    """The mutants that we refuse at no place where the engine does. `told`: our path, spoilt."""
    return [id_ for id_, (ours, issues) in refused_by_both().items()
            if not ways([finding._replace(path=told(finding.path)) for finding in ours], issues)]


def test_we_refuse_it_at_the_same_place() -> None:
    assert elsewhere() == []


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
    told = Tally(ENGINE, judge()["engine"], "published examples")
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


def schema(resource: Json) -> bool:
    return _complains("schema", resource)


def models(resource: Json) -> bool:
    return _complains("models", resource)


def _complains(juror: str, resource: Json) -> bool:
    try:
        return any(True for _ in jurors.JURORS[juror](resource))
    except Exception:  # noqa: BLE001 - a type that they do not know ends in an error of theirs, whichever
        return True


@cache
def with_other(name: str) -> Tally:
    told, they = {SCHEMA: (Tally(SCHEMA, "R4 4.0.1", "mutants"), schema),
                  MODELS: (Tally(MODELS, f"{version('fhir.resources')}, R4B", "mutants"), models)}[name]
    for id_, resource in _mutants():
        told.count(id_, has_error(our()[id_]), they(resource))
    return told


@pytest.mark.parametrize("name", [SCHEMA, MODELS])
def test_what_other_judges_refuse_we_refuse(name: str) -> None:
    keep(with_other(name))
    assert with_other(name).unsigned("theirs") == []


def test_every_signed_disagreement_is_still_needed() -> None:
    assert unused(with_the_engine(), with_the_engine_on_published(), with_other(SCHEMA), with_other(MODELS)) == []
    assert all(entry["reason"] and entry["signed"] for entry in signed())


# ---- the judging of judges ------------------------------------------------------------------------------------------------------------
def test_a_disagreement_is_seen() -> None:
    told = Tally(ENGINE, "0", "x")
    for id_, we, they in (("a", True, True), ("b", False, True), ("c", True, False), ("d", False, False)):
        told.count(id_, we, they)
    assert (told.both, told.neither, told.ours, told.theirs, told.recall) == (1, 1, ["c"], ["b"], 0.5)
    assert told.unsigned("theirs") == ["b"]
    assert "- `b`: **nobody has looked at it**" in report([told])


@pytest.mark.parametrize(("ours", "theirs", "said"), [
    ("Patient.name[0].given[1]", "Patient.name[0].given[1]", True), ("Patient.name[0].given[1]", "Patient.name[0].given[0]", False),
    ("Bundle.entry[0].resource.name[0]", "Bundle.entry[0].resource/*Patient/a*/.name[0]", True), ("Patient", "Patient.name[0]", False),
    ("Patient.deceasedBoolean", "Patient.deceased.ofType(boolean)", True), ("Patient.deceasedBoolean", "Patient.deceased[x]", True),
    ("Patient._birthDate", "Patient.birthDate", True), ("Patient.name", "Patient.name.given", False)])
def test_places(ours: str, theirs: str, said: bool) -> None:
    assert same(place(ours), place(theirs)) is said
