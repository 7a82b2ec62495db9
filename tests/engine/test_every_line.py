"""Every line of every shape matters: delete an entry, alter a text, swap two holes, and a pair or an import check goes red.

The score per module and kind is printed (pytest -s) and kept in build/mutation.json. A mutant that nothing notices must be on the signed
list below, with the reason.
"""
from __future__ import annotations

import fcntl
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mappings.catalogue import SHAPES
from tests.engine.code_lists import closed
from tests.engine.corpus import pairs
from tests.engine.lines import Module, Mutant
from tests.engine.worlds import HOMES, changed, is_lost, reborn, shape_of, source, standing_on, words
from tests.mutate import copied, exactly

REPORT = Path(__file__).resolve().parent.parent.parent / "build" / "mutation.json"
MODULES = [*sorted(home for home, _ in HOMES.values()), "dosage", "datatypes", "people", "values", "systems"]

SPEED = "only how fast: what does not say that it is exact is compared strictly, and the answer is the same"
NOT_YET = "no resource has parallel lists yet; test_notation.py holds these lines to FHIR's data-absent-reason"
WORDS = "words of a warning, which no pair has: no register number in them is written wrongly"
SIGNED = {  # (module, what was changed) -> why none of these checks notices
    ("encounter", "exact=CODING.exact"): SPEED,
    ("values", "exact=True"): SPEED,
    ("values", "True"): SPEED,
    ("values", '"type and key"'): "a label that no page prints: a reference is one thing there",
    ("values", '"data-absent-reason"'): NOT_YET,
    ("values", '"extension"'): NOT_YET,
    ("values", '"url": DATA_ABSENT'): NOT_YET,
    ("values", '"url"'): NOT_YET,
    ("values", '"valueCode"'): NOT_YET,
    ("systems", '"seven digits, or L and six digits"'): WORDS,
    ("systems", '"two digits, a letter, four digits, a letter"'): WORDS,
    ("systems", '"seven digits, the first a 2"'): WORDS,
    ("systems", '"two letters and up to six digits"'): WORDS,
}


class Pairs(NamedTuple):
    """The pairs of a type, and every word of a code table that stands in them."""

    kind: str
    resources: list[Any]
    records: list[Any]
    said: list[Any]


@cache
def pairs_of(kind: str) -> Pairs:
    records = [SHAPES[kind].read(resource)[0] for resource in pairs(kind)]
    return Pairs(kind, list(pairs(kind)), records, [said for record in records for said in words(record)])


def noticed(module: str, mutant: Mutant) -> str | None:
    """Who goes red: an import check; a pair; a merge; FHIR's own list of codes; or only docs/mappings.md, printed from the shapes."""
    waiting = [pairs_of(kind) for kind in standing_on(module)]  # of the real ones, so before anything is changed
    try:
        with changed(module, mutant.source):
            return next((by for by, red in CHECKS.items() for one in waiting if red(one, shape_of(one.kind))), None)
    except SyntaxError:
        raise
    except Exception:  # noqa: BLE001 - whatever the declaration raises, the import is red
        return "import"


def a_pair_is_red(pairs: Pairs, shape: Any) -> bool:
    try:
        return not all(holds(shape, *pair) for pair in zip(pairs.records, pairs.resources, strict=True)) or any(map(is_lost, pairs.said))
    except Exception:  # noqa: BLE001 - a pair that raises is red
        return True


def holds(shape: Any, record: Any, resource: Any) -> bool:
    now = reborn(record)
    return exactly(shape.write(now), resource) and exactly(shape.read(resource), (now, {})) and findings(now) == findings(record)


def findings(record: Any) -> list[dict[str, Any]]:
    return [vars(finding) for finding in getattr(record, "findings", tuple)()]


def a_merge_is_red(pairs: Pairs, shape: Any) -> bool:
    """Where elements have a key: all of them edited, what the other side put beside each stays beside it."""
    keyed = [field for field, by in getattr(SHAPES[pairs.kind], "each", {}).items() if by]
    both = list(zip(pairs.records, pairs.resources, strict=True))
    several = [(record, resource, field) for record, resource in both for field in keyed if len(getattr(record, field)) > 1]
    return any(not keeps(shape, reborn(record), copied(resource), field) for record, resource, field in several)


def keeps(shape: Any, record: Any, theirs: Any, field: str) -> bool:
    place = next(path for name, path, _ in shape.table() if name == f"{field}[].text").partition("[")[0]
    for number, element in enumerate(theirs[place]):
        element["zzz"] = number
    edited = tuple(replace(element, text=f"{element.text}, edited") for element in getattr(record, field))
    out = shape.write(replace(record, **{field: edited}), shape.read(theirs)[1])
    return exactly([element.get("zzz") for element in out[place]], list(range(len(edited))))


CHECKS: dict[str, Callable[[Pairs, Any], bool]] = {
    "pairs": a_pair_is_red,
    "merge": a_merge_is_red,
    "code lists": lambda pairs, shape: any(ours != theirs for _, ours, theirs in closed(shape)),
    "printed page": lambda pairs, shape: shape.table() != SHAPES[pairs.kind].table(),
}


@pytest.mark.parametrize("module", MODULES)
def test_every_line_matters(module: str) -> None:
    outcomes = [(mutant, noticed(module, mutant)) for mutant in Module(source(module)).mutants()]
    report(module, outcomes)
    survivors = {(module, mutant.what) for mutant, by in outcomes if by is None}
    assert survivors == {signed for signed in SIGNED if signed[0] == module}


@pytest.mark.parametrize("module", MODULES)
def test_the_real_ones_are_not_red(module: str) -> None:
    """Nothing is noticed where nothing was changed: else every mutant would seem to be killed."""
    assert noticed(module, Mutant("none", 0, "", source(module))) is None


def report(module: str, outcomes: list[tuple[Mutant, str | None]]) -> None:
    """One module's score, into the file that all of them share, whoever writes first."""
    by_kind: dict[str, Counter[str]] = {}
    for mutant, by in outcomes:
        by_kind.setdefault(mutant.kind, Counter())[by or "survived, signed"] += 1
    score = {kind: {"mutants": count.total(), **dict(sorted(count.items()))} for kind, count in sorted(by_kind.items())}
    print(module, score)  # noqa: T201 - the score is for reading
    REPORT.parent.mkdir(exist_ok=True)
    with REPORT.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        modules = {**json.loads(file.read() or "{}").get("modules", {}), module: score}
        file.truncate(0)
        json.dump({"total": totals(modules), "modules": dict(sorted(modules.items()))}, file, indent=1)


def totals(modules: dict[str, dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    kinds: dict[str, Counter[str]] = {}
    for score in modules.values():
        for kind, count in score.items():
            kinds.setdefault(kind, Counter()).update(count)
    return {kind: dict(count) for kind, count in sorted(kinds.items())}
