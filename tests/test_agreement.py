"""Our check and the judges that others wrote, on the mutation corpus and on the published examples: they agree, or it is signed.

HL7's engine speaks from its kept verdicts; HL7's JSON Schema and the models of fhir.resources are asked. make test-real asks the engine and
Medplum's validator themselves, and looks at the mutants that are kept aside.
"""
from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

import pytest

from adapter.conformance import Finding, checker
from adapter.conformance.finding import has_error
from tests.jury import jurors
from tests.jury.agreement import ENGINE, Tally, faults, keep, report, same_place, signed, unused
from tests.jury.published import SEQUENCE, STU2, published
from tests.mutants.bases import bases
from tests.mutants.corpus import Mutant, mutants
from tests.mutants.verdicts import Verdict, judge, verdict

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


def test_we_refuse_it_at_the_same_place() -> None:
    elsewhere = [mutant.id for mutant in mutants() if (issues := their(mutant.resource).errors) and (ours := faults(our()[mutant.id]))
                 and not same_place(ours, issues)]
    assert sorted(elsewhere) == sorted(ELSEWHERE)


# We tell the fault, the engine what follows from it; or it names the place by a type that there is not
ELSEWHERE = ("fhir-profile/encounter/full/meta.profile[0]/fbbc60", "fhir-root/patient/full/resourceType/1c479c")


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


def test_the_places_are_compared_without_indexes() -> None:
    mutant: Mutant = next(mutant for mutant in mutants() if mutant.id.startswith("pat-1/patient/full/contact[0]/"))
    ours, issues = faults(our()[mutant.id]), their(mutant.resource).errors
    assert same_place(ours, issues)
    assert not same_place([finding._replace(path="Patient.name[0]") for finding in ours], issues)
