"""Product rules, one file a theme: a table of `Rule`. Whoever walks a resource asks those of a type at each object of it."""
from __future__ import annotations

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
from adapter.conformance.rules.rule import Object, Rule, Said

THEMES = (
    identifiers, patient, written, codes, languages, extensions, stays, medicines, allergies, vaccinations, observations, places)
RULES: tuple[Rule, ...] = tuple(rule for theme in THEMES for rule in theme.RULES)

__all__ = ["RULES", "THEMES", "Object", "Rule", "Said"]
