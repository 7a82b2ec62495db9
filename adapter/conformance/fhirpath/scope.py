"""What an expression becomes: two closures, one for a collection and one for a truth (True, False, or None: nobody can say)."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias, TypeVar

from adapter.conformance.fhirpath.budget import take
from adapter.conformance.fhirpath.items import Focus, Item
from adapter.conformance.fhirpath.values import Unevaluable


class Scope(NamedTuple):
    """`this`, `place`, `total`: $this, $index, $total; `focus`: what the whole expression is evaluated for."""

    this: Item
    focus: Focus
    place: int = 0
    total: list[Item] | None = None


Q = TypeVar("Q")
A = TypeVar("A")
Items: TypeAlias = list[Item]
Collection: TypeAlias = Callable[[Items, Scope], Items]
Truth: TypeAlias = Callable[[Items, Scope], bool | None]

TRUE, FALSE = [Item(True, "System.Boolean")], [Item(False, "System.Boolean")]


class Compiled(NamedTuple):
    collection: Collection
    truth: Truth


def of_collection(collection: Collection) -> Compiled:
    """What it makes is counted."""
    def counted(here: Items, scope: Scope) -> Items:
        items = collection(here, scope)
        take(len(items) + 1)
        return items
    return Compiled(counted, lambda here, scope: as_truth(counted(here, scope)))


def of_kept(collection: Collection) -> Compiled:
    """What was made before: nothing is counted but that somebody asks for it; who goes through it counts it (`gone_through`)."""
    def counted(here: Items, scope: Scope) -> Items:
        take(1)
        return collection(here, scope)
    return Compiled(counted, lambda here, scope: as_truth(counted(here, scope)))


def gone_through(collection: Collection) -> Collection:
    def counted(here: Items, scope: Scope) -> Items:
        items = collection(here, scope)
        take(len(items))
        return items
    return counted


def of_truth(truth: Truth) -> Compiled:
    def collection(here: Items, scope: Scope) -> Items:
        said = truth(here, scope)
        return [] if said is None else TRUE if said else FALSE
    return Compiled(collection, truth)


def as_truth(items: Items) -> bool | None:
    """Singleton evaluation: one item that is no boolean is true because it is there."""
    if not items:
        return None
    item = single(items)
    if isinstance(item.value, bool):
        return item.value
    return None if item.value is None and item.type == "boolean" else True


def single(items: Items) -> Item:
    if len(items) != 1:
        raise Unevaluable("one item is asked for where there are several")
    return items[0]


def last(answer: Callable[[Q], A]) -> Callable[[Q], A]:
    """The last answer is kept, for what is asked of the same object again and again: an expression is asked of each of thousands of
    elements, and what it says of the resource around them is looked up once."""
    kept: tuple[object, A] | None = None

    def asked(question: Q) -> A:
        nonlocal kept
        found = kept
        if found is None or found[0] is not question:
            found = kept = question, answer(question)
        return found[1]
    return asked
