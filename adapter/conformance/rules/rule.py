"""What a product rule is: UK Core permits almost everything; these say what a receiver in the NHS still stumbles over.

A rule looks at one JSON object of a FHIR type and at nothing around it: what depends on two places is judged at the type that holds both
(a resource, a Bundle). So whoever walks a resource calls the rules of a type wherever an object of it stands, and the gate can do the same.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.conformance.finding import Finding, Level

Object = dict[str, Any]
"""A JSON object of unknown contents: any member may be missing, or of any JSON type."""

Said = tuple[str, str]
"""Where, from the object judged on (`.value`, `.coding[1].version`; empty: itself), and a sentence without a value of the patient."""

Judge = Callable[[Object], Sequence[Said]]
"""Never raises, whatever the object holds; nothing said is an empty sequence, so its truth is the verdict."""


@dataclass(frozen=True)
class Rule:
    """`sentence` says the rule, `source` the page that asks for it, `fix` what to do. `types`: of which types the objects are judged.

    `good` and `bad` are whole small resources. The level is not the page's SHALL alone: an error keeps a resident's bag at home, so it is
    only what is wrong whatever was meant, and can be said rightly without knowing more. What asks for something that the sender may not
    know, or can only be guessed at, is a warning, SHALL or not; what depends on the receiver is information.
    """

    id: str
    level: Level
    types: tuple[str, ...]
    judge: Judge
    sentence: str
    fix: str
    source: str
    good: Object
    bad: Object

    def findings(self, value: Object, path: str) -> Iterator[Finding]:
        for suffix, says in self.judge(value):
            yield Finding(self.level, self.id, path + suffix, says, self.fix, self.source)
