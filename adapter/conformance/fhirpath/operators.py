"""FHIRPath's operators over what their operands have become. Source: FHIRPath N1, "Operations", and its tables of three-valued logic."""
from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal

from adapter.conformance.fhirpath.budget import take
from adapter.conformance.fhirpath.items import Item
from adapter.conformance.fhirpath.scope import Compiled, Items, Scope, last, of_collection, of_truth, single
from adapter.conformance.fhirpath.values import MOMENTS, TEXTS, Unevaluable, alike, is_number, is_quantity, key, order, same, text

LONGEST = 1_000_000      # characters that one call may make
FEW = 8      # items among which one is looked for by comparing


def conjunction(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.truth, right.truth

    def truth(here: Items, scope: Scope) -> bool | None:
        one = a(here, scope)
        if one is False:
            return False
        other = b(here, scope)
        return False if other is False else None if one is None or other is None else True
    return of_truth(truth)


def disjunction(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.truth, right.truth

    def truth(here: Items, scope: Scope) -> bool | None:
        one = a(here, scope)
        if one:
            return True
        other = b(here, scope)
        return True if other else None if one is None or other is None else False
    return of_truth(truth)


def implication(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.truth, right.truth

    def truth(here: Items, scope: Scope) -> bool | None:
        one = a(here, scope)
        if one is False:
            return True
        other = b(here, scope)
        return other if one else True if other else None
    return of_truth(truth)


def exclusive(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.truth, right.truth

    def truth(here: Items, scope: Scope) -> bool | None:
        one, other = a(here, scope), b(here, scope)
        return None if one is None or other is None else one is not other
    return of_truth(truth)


def equality(wanted: bool) -> Callable[[Compiled, Compiled], Compiled]:
    def compile_(left: Compiled, right: Compiled) -> Compiled:
        a, b = left.collection, right.collection

        def truth(here: Items, scope: Scope) -> bool | None:
            equal = equal_collections(a(here, scope), b(here, scope))
            return None if equal is None else equal is wanted
        return of_truth(truth)
    return compile_


def equal_collections(left: Items, right: Items) -> bool | None:
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return same(left[0], right[0])
    take(len(left))
    answers = [same(one, other) for one, other in zip(left, right, strict=True)]
    return False if False in answers else None if None in answers else True


def equivalence(wanted: bool) -> Callable[[Compiled, Compiled], Compiled]:
    def compile_(left: Compiled, right: Compiled) -> Compiled:
        a, b = left.collection, right.collection
        return of_truth(lambda here, scope: _equivalent(a(here, scope), b(here, scope)) is wanted)
    return compile_


def _equivalent(left: Items, right: Items) -> bool:
    """In whatever order."""
    others = list(right)
    for one in left:
        take(len(others))
        found = next((place for place, other in enumerate(others) if alike(one, other)), None)
        if found is None:
            return False
        others.pop(found)
    return not others


def comparison(holds: Callable[[int, int], bool]) -> Callable[[Compiled, Compiled], Compiled]:
    def compile_(left: Compiled, right: Compiled) -> Compiled:
        a, b = left.collection, right.collection

        def truth(here: Items, scope: Scope) -> bool | None:
            one, other = a(here, scope), b(here, scope)
            if len(one) != 1 or len(other) != 1:
                return None
            ordered = order(one[0], other[0])
            return None if ordered is None else holds(ordered, 0)
        return of_truth(truth)
    return compile_


def membership(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.collection, right.collection

    def truth(here: Items, scope: Scope) -> bool | None:
        one = a(here, scope)
        return within(single(one), b(here, scope)) if one else None
    return of_truth(truth)


def within(item: Item, items: Items) -> bool:
    if len(items) > FEW and _has_key(item) and (known := _last_keys(items)) is not None:
        return key(item.value) in known
    take(len(items))
    return any(same(item, other) for other in items)


def _has_key(item: Item) -> bool:
    """Whether it is the same as another just when their keys are."""
    return (isinstance(item.value, str) and item.type not in MOMENTS) or (isinstance(item.value, dict) and not is_quantity(item))


def _keys(items: Items) -> frozenset[Hashable] | None:
    return frozenset(key(item.value) for item in items) if all(map(_has_key, items)) else None


_last_keys = last(_keys)


def containing(left: Compiled, right: Compiled) -> Compiled:
    return membership(right, left)


def union(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.collection, right.collection
    return of_collection(lambda here, scope: distinct(a(here, scope) + b(here, scope)))


def distinct(items: Items) -> Items:
    found: dict[Hashable, Item] = {}
    for item in items:
        found.setdefault(key(item.value), item)
    return list(found.values())


def concatenation(left: Compiled, right: Compiled) -> Compiled:
    a, b = left.collection, right.collection

    def collection(here: Items, scope: Scope) -> Items:
        said = [single(items) for items in (a(here, scope), b(here, scope)) if items]
        if not all(item.type in TEXTS for item in said):
            raise Unevaluable("texts are asked for")
        return [joined([text(item) or "" for item in said])]
    return of_collection(collection)


def arithmetic(sign: str) -> Callable[[Compiled, Compiled], Compiled]:
    def compile_(left: Compiled, right: Compiled) -> Compiled:
        a, b = left.collection, right.collection

        def collection(here: Items, scope: Scope) -> Items:
            one, other = a(here, scope), b(here, scope)
            return _calculated(sign, single(one), single(other)) if one and other else []
        return of_collection(collection)
    return compile_


def _calculated(sign: str, left: Item, right: Item) -> Items:
    a, b = left.value, right.value
    if sign == "+" and isinstance(a, str) and isinstance(b, str):
        return [joined((a, b))]
    if not is_number(a) or not is_number(b):
        raise Unevaluable("these two cannot be reckoned with")
    if sign in ("/", "div", "mod") and b == 0:
        return []
    return [number(CALCULATIONS[sign](_exact(a), _exact(b)))]


def _exact(value: int | float | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def joined(texts: Sequence[str]) -> Item:
    """One text of several. Raises Unevaluable where no element could hold it."""
    length = sum(map(len, texts))
    take(length >> 6)
    if length > LONGEST:
        raise Unevaluable("a text longer than any element's")
    return Item("".join(texts), "System.String")


def number(value: Decimal) -> Item:
    whole = value == value.to_integral_value() and value.adjusted() < 20
    return Item(int(value), "System.Integer") if whole else Item(value, "System.Decimal")


CALCULATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "div": operator.floordiv, "mod": operator.mod,
}
OPERATORS: dict[str, Callable[[Compiled, Compiled], Compiled]] = {
    "and": conjunction, "or": disjunction, "xor": exclusive, "implies": implication,
    "=": equality(True), "!=": equality(False), "~": equivalence(True), "!~": equivalence(False),
    "<": comparison(operator.lt), "<=": comparison(operator.le), ">": comparison(operator.gt), ">=": comparison(operator.ge),
    "in": membership, "contains": containing, "|": union, "&": concatenation,
    **{sign: arithmetic(sign) for sign in CALCULATIONS},
}
