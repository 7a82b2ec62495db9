"""FHIRPath's functions whose argument is asked anew of every item: where, all, select, repeat and the like.

Each gets what is before the dot and the arguments, as closures. Source: FHIRPath N1, "Filtering and projection", "Existence", "Aggregates".
"""
from __future__ import annotations

from collections.abc import Callable

from adapter.conformance.fhirpath.budget import bounded
from adapter.conformance.fhirpath.items import Item
from adapter.conformance.fhirpath.scope import Collection, Compiled, Items, Scope, of_collection, of_truth
from adapter.conformance.fhirpath.values import Unevaluable, key


def where(of: Collection, criterion: Compiled) -> Compiled:
    asks = criterion.truth

    def collection(here: Items, scope: Scope) -> Items:
        return [item for place, item in enumerate(of(here, scope)) if asks([item], Scope(item, scope.focus, place))]
    return of_collection(collection)


def exists(of: Collection, criterion: Compiled | None = None) -> Compiled:
    if criterion is None:
        return of_truth(lambda here, scope: bool(of(here, scope)))
    found = where(of, criterion).collection
    return of_truth(lambda here, scope: bool(found(here, scope)))


def all_(of: Collection, criterion: Compiled) -> Compiled:
    asks = criterion.truth

    def truth(here: Items, scope: Scope) -> bool:
        return all(asks([item], Scope(item, scope.focus, place)) for place, item in enumerate(of(here, scope)))
    return of_truth(truth)


def select(of: Collection, projection: Compiled) -> Compiled:
    gives = projection.collection

    def collection(here: Items, scope: Scope) -> Items:
        found: Items = []
        for place, item in enumerate(of(here, scope)):
            found += gives([item], Scope(item, scope.focus, place))
            bounded(len(found))
        return found
    return of_collection(collection)


def repeat(of: Collection, projection: Compiled) -> Compiled:
    gives = projection.collection

    def collection(here: Items, scope: Scope) -> Items:
        found: dict[object, Item] = {}
        waiting = of(here, scope)
        while waiting:
            new = {key(each.value): each for item in waiting for each in gives([item], Scope(item, scope.focus))}
            waiting = [item for name, item in new.items() if name not in found]
            found |= {name: item for name, item in new.items() if name not in found}
            bounded(len(found))
        return list(found.values())
    return of_collection(collection)


def aggregate(of: Collection, aggregator: Compiled, start: Compiled | None = None) -> Compiled:
    gives, begins = aggregator.collection, start.collection if start else None

    def collection(here: Items, scope: Scope) -> Items:
        total = begins(here, scope) if begins else []
        for place, item in enumerate(of(here, scope)):
            total = gives([item], Scope(item, scope.focus, place, total))
        return total
    return of_collection(collection)


def iif(of: Collection, condition: Compiled, then: Compiled, otherwise: Compiled | None = None) -> Compiled:
    """Only the branch that is taken is evaluated; over what is before the dot."""
    asks, yes, no = condition.truth, then.collection, otherwise.collection if otherwise else None

    def collection(here: Items, scope: Scope) -> Items:
        items = of(here, scope)
        if len(items) > 1:
            raise Unevaluable("one item is asked for where there are several")
        if asks(items, scope):
            return yes(items, scope)
        return no(items, scope) if no else []
    return of_collection(collection)


def trace(of: Collection, _name: Compiled, _projection: Compiled | None = None) -> Compiled:
    """Only for people who watch; here nobody does, and it would show values of patients."""
    return of_collection(of)


CRITERIA: dict[str, Callable[..., Compiled]] = {
    "where": where, "exists": exists, "all": all_, "select": select, "repeat": repeat, "aggregate": aggregate, "iif": iif, "trace": trace,
}
