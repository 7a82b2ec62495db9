"""Product rules, one file a theme: a table of `Rule`. Whoever walks a resource asks `of(type)` at each object."""
from __future__ import annotations

from functools import lru_cache

from adapter.conformance.finding import Level
from adapter.conformance.rules import (
    allergies,
    codes,
    extensions,
    identifiers,
    languages,
    medicines,
    observations,
    patient,
    places,
    stays,
    vaccinations,
    written,
)
from adapter.conformance.rules.rule import Judge, Object, Rule, Said

RULES: tuple[Rule, ...] = tuple(rule for theme in (
    identifiers, patient, written, codes, languages, extensions, stays, medicines, allergies, vaccinations, observations, places,
) for rule in theme.RULES)


@lru_cache
def of(kind: str) -> tuple[Rule, ...]:
    """The rules of a resource type or data type: `of("Coding")`."""
    return tuple(rule for rule in RULES if kind in rule.types)


@lru_cache
def errors_of(kind: str) -> tuple[Judge, ...]:
    """Of these the judges of errors only: any that says something, and the resource must not travel."""
    return tuple(rule.judge for rule in of(kind) if rule.level is Level.ERROR)


__all__ = ["RULES", "Object", "Rule", "Said", "errors_of", "of"]
