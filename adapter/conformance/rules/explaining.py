"""What a rule is, by the id that stands in brackets behind every finding: ours, a structural one, one of what is read before there is a
resource, or an invariant of FHIR and its profiles.

    explain("rb-nhs-number")
    explain("pat-1")
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from adapter.conformance.definitions import Definitions
from adapter.conformance.invariants import level_of
from adapter.conformance.model import Constraint, Element
from adapter.conformance.rules import RULES, Rule
from adapter.conformance.rules.inputs import INPUTS
from adapter.conformance.rules.structural import FIXES, STRUCTURAL, Structural

EVERYWHERE = "ele-1"  # said of every element there is, and so written at none
ABOUT_INPUTS = "Asked of what is read, before anybody can ask whether it is FHIR: what else is wrong is looked for when this is right."
ELE_1 = Constraint(EVERYWHERE, "error", "All FHIR elements must have a @value or children",
                   "hasValue() or (children().count() > id.count())", "http://hl7.org/fhir/StructureDefinition/Element")


class Said(NamedTuple):
    """An invariant, and the elements that carry it, as `Patient.contact` of a definition's URL."""

    constraint: Constraint
    places: tuple[tuple[str, str], ...]


def explain(rule_id: str, definitions: Definitions | None = None) -> str | None:
    """Plain text of several lines; None for an id that nothing has. `definitions`: those checked with, else those that ship."""
    if rule := next((rule for rule in RULES if rule.id == rule_id), None):
        return "\n".join(_of_rule(rule))
    if rule_id in STRUCTURAL:
        return "\n".join(_of_structural(rule_id, STRUCTURAL[rule_id]))
    if rule_id in INPUTS:
        return f"{rule_id} (error): {INPUTS[rule_id]}\n{ABOUT_INPUTS}"
    if found := invariant(rule_id, definitions or Definitions.of()):
        return "\n".join(_of_invariant(found))
    return None


def names() -> Iterator[str]:
    """Every id but those of invariants."""
    yield from (rule.id for rule in RULES)
    yield from STRUCTURAL
    yield from INPUTS


# ---- texts -----------------------------------------------------------------------------------------------------------------
def _of_rule(rule: Rule) -> Iterator[str]:
    yield f"{rule.id} ({rule.level}): {rule.sentence}"
    if rule.fix:
        yield f"What to do: {rule.fix}."
    yield f"Looks at: {', '.join(rule.types)}. Source: {rule.source}."
    yield f"Good: {shown(rule.good)}"
    yield f"Bad:  {shown(rule.bad)}"


def _of_structural(name: str, found: Structural) -> Iterator[str]:
    yield f"{name} ({found.level}): {found.sentence}"
    yield f"Source: {found.source}."
    yield f"Bad: {found.bad.replace('`', '')}"


def _of_invariant(found: Said) -> Iterator[str]:
    said = found.constraint
    yield f"{said.key} ({level_of(said)}): {said.human.strip().rstrip('.')}."
    if fix := FIXES.get(said.key):
        yield f"What to do: {fix}."
    yield f"FHIRPath: {said.expression}"
    yield f"Said by {said.source or found.places[0][0]}, of {_places(found)}."


def _places(found: Said) -> str:
    if not found.places:
        return "every element"
    every = list(dict.fromkeys(element for _, element in found.places))
    first = every[:5]
    more = len(every) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


# ---- invariants ------------------------------------------------------------------------------------------------------------
def invariant(key: str, definitions: Definitions) -> Said | None:
    return Said(ELE_1, ()) if key == EVERYWHERE else invariants(definitions, definitions.profiles()).get(key)


def invariants(definitions: Definitions, urls: Iterable[str]) -> dict[str, Said]:
    """Of these definitions, by key. What several say is told as the first says it."""
    found: dict[str, Said] = {}
    for url in urls:
        profile = definitions.profile(url)
        for constraint, element in _constraints(profile.root) if profile else ():
            before = found.get(constraint.key, Said(constraint, ()))
            found[constraint.key] = before._replace(places=(*before.places, (url, element)))
    return found


def _constraints(element: Element) -> Iterator[tuple[Constraint, str]]:
    yield from ((constraint, element.id) for constraint in element.constraints)
    for inner in (*element.children, *element.slices):
        yield from _constraints(inner)
