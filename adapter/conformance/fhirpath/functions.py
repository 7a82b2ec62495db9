"""FHIRPath's functions over collections, by name: what is before the dot, then the arguments, each a collection.

`COLLECTIONS` give a collection, `TRUTHS` a truth. Those whose argument is asked anew of every item are in criteria.py, those over texts
in texts.py. Source: FHIRPath N1, "Functions"; FHIR R4, page FHIRPath, "Additional functions".
"""
from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TypeAlias

from adapter.conformance.fhirpath.items import Item, all_children, descendants, step
from adapter.conformance.fhirpath.operators import distinct, number, within
from adapter.conformance.fhirpath.scope import Items, as_truth, single
from adapter.conformance.fhirpath.values import Unevaluable, is_number, is_primitive, key
from adapter.fhir_xml.tables import is_resource_type

RESOURCE_TYPES = "http://hl7.org/fhir/ValueSet/resource-types"
GivesItems: TypeAlias = Callable[..., Items]
GivesTruth: TypeAlias = Callable[..., bool | None]


def empty(items: Items) -> bool:
    return not items


def not_(items: Items) -> bool | None:
    said = as_truth(items)
    return said if said is None else not said


def is_distinct(items: Items) -> bool:
    return len({key(item.value) for item in items}) == len(items)


def all_true(items: Items) -> bool:
    return all(value is True for value in _booleans(items))


def all_false(items: Items) -> bool:
    return all(value is False for value in _booleans(items))


def any_true(items: Items) -> bool:
    return any(value is True for value in _booleans(items))


def any_false(items: Items) -> bool:
    return any(value is False for value in _booleans(items))


def _booleans(items: Items) -> list[bool | None]:
    if not all(item.value is None or isinstance(item.value, bool) for item in items):
        raise Unevaluable("booleans are asked for")
    return [item.value for item in items]


def subset_of(items: Items, others: Items) -> bool:
    return all(within(item, others) for item in items)


def superset_of(items: Items, others: Items) -> bool:
    return subset_of(others, items)


def has_value(items: Items) -> bool:
    """FHIR's own: there is one, and it is no primitive that has nothing but extensions. HL7's engine says so of objects, too."""
    return len(items) == 1 and items[0].value is not None


def member_of(items: Items, _resource_types: Items) -> bool | None:
    """FHIR's own, of RESOURCE_TYPES: others need terminology, and are refused when an expression is compiled."""
    return is_resource_type(single(items).value) if items else None


def count(items: Items) -> Items:
    return [Item(len(items), "System.Integer")]


def first(items: Items) -> Items:
    return items[:1]


def last(items: Items) -> Items:
    return items[-1:]


def tail(items: Items) -> Items:
    return items[1:]


def single_(items: Items) -> Items:
    return [single(items)] if items else []


def skip(items: Items, places: Items) -> Items:
    return items[max(whole(places), 0):]


def take(items: Items, places: Items) -> Items:
    return items[:max(whole(places), 0)]


def whole(items: Items) -> int:
    value = single(items).value
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unevaluable("a whole number is asked for")
    return value


def intersect(items: Items, others: Items) -> Items:
    return distinct([item for item in items if within(item, others)])


def exclude(items: Items, others: Items) -> Items:
    return [item for item in items if not within(item, others)]


def union(items: Items, others: Items) -> Items:
    return distinct(items + others)


def combine(items: Items, others: Items) -> Items:
    return items + others


def extension(items: Items, url: Items) -> Items:
    """FHIR's own: the extensions of that URL."""
    wanted = single(url).value if url else None
    return [item for item in step(items, "extension") if isinstance(item.value, dict) and item.value.get("url") == wanted]


def get_value(items: Items) -> Items:
    return [Item(items[0].value, items[0].type)] if has_value(items) and is_primitive(items[0]) else []


def reckoned(how: Callable[[Decimal], Decimal]) -> GivesItems:
    def calculate(items: Items) -> Items:
        return [number(how(_decimal(items)))] if items else []
    return calculate


def round_(items: Items, places: Items | None = None) -> Items:
    digits = whole(places) if places else 0
    if not 0 <= digits <= 20:
        raise Unevaluable("up to 20 places after the point")
    return [number(_decimal(items).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))] if items else []


def _decimal(items: Items) -> Decimal:
    value = single(items).value
    if not is_number(value) or (found := Decimal(str(value))).adjusted() > 25:
        raise Unevaluable("a number is asked for")
    return found


TRUTHS: dict[str, GivesTruth] = {
    "empty": empty, "not": not_, "isDistinct": is_distinct, "allTrue": all_true, "allFalse": all_false, "anyTrue": any_true,
    "anyFalse": any_false, "subsetOf": subset_of, "supersetOf": superset_of, "hasValue": has_value, "memberOf": member_of,
}
COLLECTIONS: dict[str, GivesItems] = {
    "count": count, "first": first, "last": last, "tail": tail, "single": single_, "skip": skip, "take": take, "distinct": distinct,
    "intersect": intersect, "exclude": exclude, "union": union, "combine": combine, "children": all_children,
    "descendants": descendants, "extension": extension, "getValue": get_value,
    "abs": reckoned(abs), "sqrt": reckoned(Decimal.sqrt), "exp": reckoned(Decimal.exp), "ln": reckoned(Decimal.ln), "round": round_,
    "ceiling": reckoned(lambda value: value.to_integral_value(ROUND_CEILING)),
    "floor": reckoned(lambda value: value.to_integral_value(ROUND_FLOOR)),
    "truncate": reckoned(lambda value: value.to_integral_value(ROUND_DOWN)),
}
