"""The corpus: every mutant with an id that says what it is, always the same; a fifth of them is kept aside."""
from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from tests.mutants import bundles, elements, invariants, links, slices
from tests.mutants.bases import bases
from tests.mutants.edits import DROP, Edits, edited
from tests.mutants.generic import OPERATORS, Candidate

Json = Any
TABLES = (invariants.CASES, slices.CASES, links.CASES, elements.CASES, bundles.CASES)


class Mutant(NamedTuple):
    """`rule_class`: the rule that its maker had in mind; whether it is broken, and whether that is an error, is the engine's to say."""

    id: str
    rule_class: str
    base: str
    resource: Json


def mutants(aside: bool = False) -> Iterator[Mutant]:
    """Those in daily use; or those kept aside, which nobody looks at while a checker is being made."""
    return (mutant for mutant in corpus() if is_aside(mutant.id) is aside)


def is_aside(id_: str) -> bool:
    return sha256(id_.encode()).digest()[0] % 5 == 0


@cache
def corpus() -> tuple[Mutant, ...]:
    """All of them, in an order of their own. A resource that two tables make is there once."""
    made: dict[str, Mutant] = {}
    for rule, base, edits in _edits():
        mutant = Mutant(f"{rule}/{base}/{said(edits)}", rule, base, edited(bases()[base], edits))
        made.setdefault(digest(mutant.resource), mutant)
    return tuple(sorted(made.values()))


def _edits() -> Iterator[tuple[str, str, Edits]]:
    for table in TABLES:
        for rule, cases in table.items():
            yield from ((rule, base, edits) for base, edits in cases)
    for rule, (operator, each, most) in OPERATORS.items():
        candidates = [candidate for name, resource in bases().items() for candidate in operator(name, resource)]
        yield from ((rule, candidate.base, candidate.edits) for candidate in taken(rule, candidates, each, most))


def taken(rule: str, candidates: list[Candidate], each: int, most: int) -> Iterator[Candidate]:
    sorts: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        sorts.setdefault(candidate.sort, []).append(candidate)
    for sort in sorted(sorts, key=lambda sort: digest([rule, sort]))[:most]:
        yield from sorted(sorts[sort], key=lambda found: digest([found.base, said(found.edits)]))[:each]


def said(edits: Edits) -> str:
    """Where, and a few digits that tell one value from another."""
    return f"{'&'.join(edits)}/{digest([None if value is DROP else [value] for value in edits.values()])[:6]}"


def digest(value: Json) -> str:
    return sha256(json.dumps(value, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Decimal) -> str:
    return f"decimal {value}"
