"""The judges themselves, at work: HL7's engine, and Medplum's validator. What the engine said before it must say again.

Verdicts of the engine are kept by content (tests/mutants/verdicts.jsonl.xz). Here it judges what is new, and a part of the rest once more;
REDBAG_JUDGE_AGAIN=new keeps what is new, REDBAG_JUDGE_AGAIN=1 judges and keeps everything. REDBAG_ASIDE=1 also looks at the mutants that
are kept aside.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from adapter.conformance import checker
from adapter.conformance.finding import has_error
from tests.jury import agreement
from tests.jury.agreement import (
    ENGINE,
    EXAMPLES,
    FIXTURES,
    MEDPLUM,
    MUTANTS,
    OTHERS,
    RESIDENTS,
    Tally,
    faults,
    is_false_alarm,
    keep,
    tally,
    unused,
)
from tests.jury.published import SEQUENCE, STU2, published
from tests.jury.residents import MANY, residents
from tests.mutants import verdicts
from tests.mutants.bases import bases, fixtures
from tests.mutants.corpus import corpus, mutants
from tests.mutants.drafts import drafts
from tests.mutants.verdicts import Verdict
from tests.real import parts
from tests.real.engine import Engine, as_package, asking
from tests.real.node_judges import Judges
from tests.test_agreement import their

Json = Any
AGAIN = os.environ.get("REDBAG_JUDGE_AGAIN", "")
ASIDE = os.environ.get("REDBAG_ASIDE") == "1"


class Case(NamedTuple):
    """`set`: the definitions it is held against; `profiles`: named, instead of UK Core's of its type. `brief`: only errors are kept."""

    resource: Json
    set: str = STU2
    profiles: tuple[str, ...] = ()
    brief: bool = False

    @property
    def digest(self) -> str:
        return verdicts.digest(self.resource, ((self.set,) if self.set != STU2 else ()) + self.profiles)


@cache
def cases() -> dict[str, Case]:
    """Everything that the engine is asked about, by what its verdict is kept by."""
    everything = [*map(Case, bases().values()), *(Case(mutant.resource) for mutant in corpus()),
                  *(Case(each.resource, each.set, each.profiles) for each in published()),
                  *(Case(each.resource, SEQUENCE, each.profiles) for each in drafts()),
                  *(Case(bundle, brief=True) for _, bundle in residents())]
    return {case.digest: case for case in everything}


def who(engine: Engine) -> dict[str, Json]:
    return {**engine.who(), "sequence": sha256(parts.SEQUENCE.read_bytes()).hexdigest()}


@pytest.fixture(scope="module")
def said(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Verdict]:
    """What it says: kept, where it has said so before and is the same engine with the same definitions."""
    known = verdicts.kept() if verdicts.judge() == who(engine) and AGAIN != "1" else {}
    asked = {digest: case for digest, case in cases().items() if digest not in known or case.set == STU2 and digest < "1"}
    fresh = judged(engine, {digest: case for digest, case in asked.items() if case.set == STU2})
    if drafts := {digest: case for digest, case in asked.items() if case.set == SEQUENCE}:
        package = as_package(parts.SEQUENCE, tmp_path_factory.mktemp("package") / f"{SEQUENCE}.tgz", "ukcore.stu3.sequence")
        with parts.running("validator", package) as url, asking(url) as other:
            fresh |= judged(other, drafts)
    if AGAIN:
        verdicts.keep(who(engine), {digest: fresh.get(digest) or known[digest] for digest in cases()})
    return {**known, **fresh}


def judged(engine: Engine, asked: Mapping[str, Case]) -> dict[str, Verdict]:
    found = {digest: engine.judge(verdicts.content(case.resource), case.profiles) for digest, case in asked.items()}
    return {digest: verdict._replace(warnings=()) if asked[digest].brief else verdict for digest, verdict in found.items()}


def test_what_it_said_it_says_again(engine: Engine, said: Mapping[str, Verdict]) -> None:
    assert verdicts.judge() == who(engine), "another engine: REDBAG_JUDGE_AGAIN=1 asks it about everything"
    changed = [digest for digest, before in verdicts.kept().items() if said.get(digest, before) != before]
    assert changed == []


# ---- five hundred residents -----------------------------------------------------------------------------------------------------------
@cache
def ours() -> dict[str, bool]:
    """Which of them we refuse."""
    return {name: _we(bundle) for name, bundle in residents()}


def told_of_residents(judge: str, version: str, refuses: Callable[[Json], bool]) -> Tally:
    told = Tally(judge, version, RESIDENTS)
    for name, bundle in residents():
        told.count(name, ours()[name], refuses(bundle))
    keep(told)
    return told


def test_nothing_is_wrong_with_five_hundred_residents(said: Mapping[str, Verdict]) -> None:
    told = told_of_residents(ENGINE, verdicts.judge()["engine"], lambda bundle: bool(said[Case(bundle).digest].errors))
    assert len({name.partition(",")[0] for name in ours()}) == MANY
    assert (told.both, told.ours, told.theirs) == (0, [], [])


@pytest.mark.parametrize(("juror", "version", "refuses"), OTHERS, ids=[name for name, _, _ in OTHERS])
def test_nor_has_a_juror_anything_against_them(juror: str, version: str, refuses: Callable[[Json], bool]) -> None:
    """HL7's JSON Schema, and the models of fhir.resources."""
    told = told_of_residents(juror, version, refuses)
    assert (told.both, told.ours, told.theirs) == (0, [], [])


# ---- the mutants kept aside -----------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(not ASIDE, reason="REDBAG_ASIDE=1 looks at the mutants that are kept aside")
def test_what_was_kept_aside() -> None:
    told = Tally(ENGINE, verdicts.judge()["engine"], agreement.ASIDE)
    for id_, resource in _named(aside=True):
        told.count(id_, bool(faults(checker().findings(resource))), bool(their(resource).errors))
    keep(told)
    assert told.recall >= 0.99, told.theirs
    assert (told.unsigned("ours"), told.unsigned("theirs")) == ([], [])


def _named(aside: bool = False) -> Iterator[tuple[str, Json]]:
    return ((mutant.id, mutant.resource) for mutant in mutants(aside))


def _we(resource: Json) -> bool:
    return has_error(checker().findings(resource))


# ---- Medplum ------------------------------------------------------------------------------------------------------------------------
def refuses(judges: Judges, resource: Json) -> bool:
    errors = [issue["details"] for issue in judges.medplum(resource) if issue["severity"] in ("error", "fatal")]
    return not all(is_false_alarm(MEDPLUM, details) for details in errors)


def test_medplum_has_nothing_against_what_we_write(medplum: Judges) -> None:
    version = medplum.versions()["medplum"]
    residents_ = told_of_residents(MEDPLUM, version, lambda bundle: refuses(medplum, bundle))
    fixtures_ = tally(Tally(MEDPLUM, version, FIXTURES), fixtures().items(), _we, lambda resource: refuses(medplum, resource))
    keep(fixtures_)
    assert [(told.both, told.ours, told.theirs) for told in (residents_, fixtures_)] == [(0, [], [])] * 2


def test_what_medplum_refuses_we_refuse(medplum: Judges) -> None:
    version = medplum.versions()["medplum"]
    told = tally(Tally(MEDPLUM, version, MUTANTS), _named(), _we, lambda resource: refuses(medplum, resource))
    examples = tally(Tally(MEDPLUM, version, EXAMPLES), ((each.name, each.resource) for each in published()), _we,
                     lambda resource: refuses(medplum, resource))
    keep(told, examples)
    assert [*told.unsigned("theirs"), *examples.unsigned("theirs")] == []
    assert unused(told, examples) == []
