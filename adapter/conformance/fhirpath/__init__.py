"""FHIRPath, as far as invariants go: text -> a Python closure that says whether it holds. No parser of others, nothing to start up.

    compiled("name.exists() or telecom.exists()")(Focus(contact, "Patient.contact", None, patient, patient))        True

It answers as HL7's own engine does (org.hl7.fhir.core), for that is what a receiver runs: nothing is *false*, one item that is no
boolean is *true*, and an error while evaluating (several items where one is asked for, a text compared with a number) is *false*: the
invariant does not hold. What cannot be evaluated at all is refused when it is compiled, by name: NotEvaluated.
The reader's path: parse.py -> compiling.py -> items.py, values.py, then the functions; budget.py: how much work it may be.
"""
from __future__ import annotations

from collections.abc import Callable
from decimal import DecimalException
from functools import lru_cache

from adapter.conformance.fhirpath.budget import TooMuch, allowed, one_more
from adapter.conformance.fhirpath.compiling import compile_
from adapter.conformance.fhirpath.corrections import corrected
from adapter.conformance.fhirpath.items import Focus, Item
from adapter.conformance.fhirpath.parse import NotEvaluated, parse
from adapter.conformance.fhirpath.scope import Scope
from adapter.conformance.fhirpath.values import Unevaluable

__all__ = ["Focus", "Item", "NotEvaluated", "TooMuch", "allowed", "compiled", "selecting"]


@lru_cache(maxsize=4096)
def compiled(expression: str, key: str = "") -> Callable[[Focus], bool]:
    """`key`: of the invariant, for the few that are said with another's expression (txt-2). Raises NotEvaluated; what it
    gives raises TooMuch where no more steps are allowed (budget.py)."""
    selected = selecting(corrected(expression, key))

    def holds(focus: Focus) -> bool:
        items = selected(focus)
        return items[0].value if len(items) == 1 and isinstance(items[0].value, bool) else bool(items)
    return holds


@lru_cache(maxsize=4096)
def selecting(expression: str) -> Callable[[Focus], list[Item]]:
    """What an expression gives; nothing where it is an error. Raises as `compiled`."""
    gives = compile_(parse(expression)).collection

    def selected(focus: Focus) -> list[Item]:
        one_more()
        item = Item(focus.value, focus.type, focus.extra)
        try:
            return gives([item], Scope(item, focus))
        except (Unevaluable, DecimalException, RecursionError):
            return []
    return selected
