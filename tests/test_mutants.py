"""The mutation corpus is what it says: enough, of every class, with one fault each, steady, judged, and made without our checker."""
from __future__ import annotations

import subprocess
import sys
from collections import Counter

from mappings.catalogue import SHAPES
from tests.jury.published import SEQUENCE
from tests.mutants import corpus as made
from tests.mutants import invariants
from tests.mutants.bases import bases
from tests.mutants.corpus import corpus, mutants
from tests.mutants.drafts import bases as drafts_of
from tests.mutants.drafts import drafts
from tests.mutants.edits import DROP, edited
from tests.mutants.generic import OPERATORS
from tests.mutants.verdicts import content, verdict


def test_there_are_enough_of_every_class() -> None:
    counted = Counter(mutant.rule_class for mutant in corpus())
    assert counted.total() >= 1200
    assert {rule: counted[rule] for rule in OPERATORS if counted[rule] < 40} == {}
    assert set(counted) >= {rule for table in made.TABLES for rule in table}


def test_every_type_that_we_emit_is_among_them() -> None:
    kinds = Counter(str(mutant.resource.get("resourceType")) for mutant in corpus())
    assert {kind for kind in SHAPES if kinds[kind] < 10} == set()


def test_a_fifth_is_kept_aside() -> None:
    aside, daily = list(mutants(aside=True)), list(mutants())
    assert 0.17 < len(aside) / (len(aside) + len(daily)) < 0.23
    assert len({mutant.id for mutant in (*aside, *daily)}) == len(corpus())


def test_no_mutant_is_its_base() -> None:
    assert [mutant.id for mutant in corpus() if content(mutant.resource) == content(bases()[mutant.base])] == []


def test_every_base_and_every_mutant_is_judged() -> None:
    """What is missing is judged by make test-real with REDBAG_JUDGE_AGAIN=1."""
    assert [name for name, resource in bases().items() if verdict(resource) is None] == []
    assert [mutant.id for mutant in corpus() if verdict(mutant.resource) is None] == []
    assert [mutant.id for mutant in drafts() if verdict(mutant.resource, (SEQUENCE, *mutant.profiles)) is None] == []


def test_nothing_is_wrong_with_a_base() -> None:
    """So that what the engine has against a mutant is its one fault."""
    assert [name for name, resource in bases().items() if (found := verdict(resource)) and found.errors] == []
    assert [name for name, (resource, profiles) in drafts_of().items()
            if (found := verdict(resource, (SEQUENCE, *profiles))) and found.errors] == []


def test_most_mutants_are_refused_and_each_invariant_for_its_own_sake() -> None:
    refused = [mutant for mutant in corpus() if (found := verdict(mutant.resource)) and found.errors]
    assert len(refused) > 0.85 * len(corpus())
    other = [mutant.id for mutant in refused if mutant.rule_class in invariants.CASES and not any(
        mutant.rule_class in f"{issue.message_id} {issue.message}" for issue in (verdict(mutant.resource) or ((), ()))[0])]
    assert other == []


def test_it_is_the_same_in_every_process_and_made_without_our_checker() -> None:
    """Not even by way of somebody else."""
    program = ("import sys, tests.mutants.corpus as c, tests.mutants.drafts as d; print([m.id for m in (*c.corpus(), *d.drafts())]); "
               "print([m for m in sys.modules if m.startswith('adapter.conformance')])")
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}).stdout
    assert again == f"{[mutant.id for mutant in (*corpus(), *drafts())]}\n[]\n"


def test_edits() -> None:
    was = {"a": [{"b": 1}], "c": "x"}
    assert edited(was, {"a[0].b": 2, "c": DROP, "a[+]": {}, "d.e[+]": 3}) == {"a": [{"b": 2}, {}], "d": {"e": [3]}}
    assert was == {"a": [{"b": 1}], "c": "x"}
