"""The invariants of definitions, asked of a value once its shape is sound.

    invariants.check(walk, form, value, extra, path, here)

Most are evaluated as FHIRPath (fhirpath/). Some are said by code of ours that asks the same and tells more; each stands in BY_HAND.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from adapter.conformance.blamed import blamed
from adapter.conformance.fhirpath import Focus, Item, NotEvaluated, TooMuch, compiled, selecting
from adapter.conformance.finding import Level
from adapter.conformance.forms import Form
from adapter.conformance.model import Constraint, Json
from adapter.conformance.rules.structural import FIXES

if TYPE_CHECKING:
    from adapter.conformance.structure import Here, Walk

BY_HAND = {
    "ele-1": "structure.py: what has neither a value nor elements is told where it stands",
    "dom-3": "references.py: whether a contained resource is referred to, as HL7's validator finds it",
    "ref-1": "references.py: whether a #reference leads to a contained resource",
    "txt-1": "narrative.py: which elements and attributes of XHTML may stand in a narrative",
    "txt-2": "narrative.py: that there is something to read",
}
ADVICE = frozenset({"dom-6"})      # marked elementdefinition-bestpractice: that a resource has a narrative is for people, not for receivers


class Costly(Exception):
    """More steps are needed than one check may take: `key` is the invariant that was asked last, of what stands at `path`."""

    def __init__(self, key: str, path: str) -> None:
        super().__init__(key)
        self.key, self.path = key, path


class Invariants:
    """Each expression compiled once, when it is first met."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Callable[[Focus], bool] | None] = {}

    def of(self, constraint: Constraint) -> Callable[[Focus], bool] | None:
        """None where it cannot be evaluated: what it asks is believed, and counted as not checked."""
        key = (constraint.key, constraint.expression)
        if key not in self._compiled:
            self._compiled[key] = holding(constraint.expression, constraint.key) if constraint.expression else None
        return self._compiled[key]

    def check(self, walk: Walk, form: Form, value: Json, extra: Json, path: str, here: Here) -> None:
        focus = focus_of(form, value, extra, here)
        for constraint, source in form.constraints:
            if constraint.key not in BY_HAND and (holds := self.of(constraint)) and not self._asked(walk, holds, focus, constraint, path):
                for at, says, fix in blamed(constraint.key, value) or [("", human(constraint), FIXES.get(constraint.key, ""))]:
                    walk.tell(level_of(constraint), constraint.key, path + at, says, fix, source)


    def _asked(self, walk: Walk, holds: Callable[[Focus], bool], focus: Focus, constraint: Constraint, path: str) -> bool:
        try:
            return holds(focus)
        except TooMuch:
            raise Costly(constraint.key, path) from None


@lru_cache(maxsize=4096)
def holding(expression: str, key: str = "") -> Callable[[Focus], bool] | None:
    """None where it cannot be evaluated."""
    try:
        return compiled(expression, key)
    except NotEvaluated:
        return None


@lru_cache(maxsize=4096)
def selecting_of(expression: str) -> Callable[[Focus], list[Item]] | None:
    """Likewise."""
    try:
        return selecting(expression)
    except NotEvaluated:
        return None


def focus_of(form: Form, value: Json, extra: Json, here: Here) -> Focus:
    return Focus(value, form.base, extra, here.resource, here.root, here.bundle.resource if here.bundle else None, here.contained)


def human(constraint: Constraint) -> str:
    """The sentence of whoever wrote it."""
    return constraint.human.strip().rstrip(".")


def level_of(constraint: Constraint) -> Level:
    return Level.INFORMATION if constraint.key in ADVICE else Level.ERROR if constraint.severity == "error" else Level.WARNING
