"""Single values: what kind they are of, when two are equal, which is the greater, and when nobody can say (None).

Source: FHIRPath N1, "Equality", "Comparison", "Conversion"; where that leaves it open, what HL7's engine (org.hl7.fhir.core) does.
"""
from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from adapter.conformance.fhirpath.items import Item, ancestry

Json = Any
SPANS = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}
MOMENT = re.compile(r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?)?(?:T?(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
MOMENTS = frozenset({"date", "dateTime", "instant", "time", "System.Date", "System.DateTime", "System.Time"})


class Unevaluable(Exception):
    """An error by FHIRPath's rules, such as two items where one is asked for. Says nothing of the values."""


class Moment(NamedTuple):
    """`parts`: year, month, day, hour, minute, second as far as they are said; of a time of day from the hour. `offset`: in minutes."""

    parts: tuple[Decimal | int, ...]
    offset: int | None
    clock: bool     # a time of day without a date


def is_number(value: Json) -> bool:
    return isinstance(value, (int, Decimal, float)) and not isinstance(value, bool)


def is_quantity(item: Item) -> bool:
    return item.type == "System.Quantity" or "Quantity" in ancestry(item.type)


def is_primitive(item: Item) -> bool:
    return not isinstance(item.value, (dict, list))


@lru_cache(maxsize=1024)
def moment(text: str, clock: bool = False) -> Moment | None:
    """None where the text is no date and no time."""
    found = MOMENT.fullmatch(text)
    if found is None or (found[1] is None) != clock:
        return None
    numbers = [int(part) for part in found.groups()[:5] if part is not None]
    parts: tuple[Decimal | int, ...] = (*numbers, Decimal(found[6])) if found[6] else tuple(numbers)
    if found[7] is None:
        return Moment(parts, None, clock)
    sign, hours, minutes = (1, 0, 0) if found[7] == "Z" else (int(found[7][0] + "1"), int(found[7][1:3]), int(found[7][4:]))
    return Moment(parts, sign * (hours * 60 + minutes), clock)


def moment_of(item: Item) -> Moment | None:
    if item.type not in MOMENTS or not isinstance(item.value, str):
        return None
    return moment(item.value, item.type in ("time", "System.Time"))


def order(left: Item, right: Item) -> int | None:
    """-1, 0, 1; None where it cannot be said. Raises Unevaluable for kinds that have no order between them."""
    a, b = left.value, right.value
    if is_number(a) and is_number(b):
        return int(a > b) - int(a < b)
    if (here := moment_of(left)) is not None and (there := moment_of(right)) is not None:
        return order_of_moments(here, there)
    if isinstance(a, str) and isinstance(b, str):
        return int(a > b) - int(a < b)
    if is_quantity(left) and is_quantity(right):
        return order_of_quantities(left, right)
    raise Unevaluable("these two have no order")


def order_of_moments(left: Moment, right: Moment) -> int | None:
    if left.clock != right.clock:
        return None
    one, other = _in_one_zone(left, right)
    for here, there in zip(one, other, strict=False):
        if here != there:
            return 1 if here > there else -1
    return 0 if len(one) == len(other) else None


def _in_one_zone(left: Moment, right: Moment) -> tuple[tuple[Decimal | int, ...], tuple[Decimal | int, ...]]:
    """Both at the same offset if both say one; else as they are written."""
    if left.offset is None or right.offset is None or left.offset == right.offset:
        return left.parts, right.parts
    return _universal(left), _universal(right)


def _universal(said: Moment) -> tuple[Decimal | int, ...]:
    try:
        shifted = datetime(*map(int, said.parts[:5])) - timedelta(minutes=said.offset or 0)      # type: ignore[arg-type]  # noqa: DTZ001
    except (ValueError, OverflowError, TypeError):     # no such day, or no minutes
        return said.parts
    return (shifted.year, shifted.month, shifted.day, shifted.hour, shifted.minute, *said.parts[5:])


def quantity(item: Item) -> tuple[Json, str]:
    """The number and the unit: its code, else its word."""
    if item.type == "System.Quantity":
        number, unit = item.value
        return number, unit
    inside = item.value if isinstance(item.value, dict) else {}
    return inside.get("value"), inside.get("code") or inside.get("unit") or ""


def order_of_quantities(left: Item, right: Item) -> int | None:
    (a, unit), (b, other) = quantity(left), quantity(right)
    if not is_number(a) or not is_number(b) or _unit(unit) != _unit(other):
        return None
    return int(a > b) - int(a < b)


def _unit(said: Json) -> Json:
    return SPANS.get(said.removesuffix("s"), said) if isinstance(said, str) else said


def same(left: Item, right: Item) -> bool | None:
    """Whether two are equal; None where a date says less than the other, or units differ."""
    if left.type in MOMENTS and right.type in MOMENTS and (a := moment_of(left)) is not None and (b := moment_of(right)) is not None:
        ordered = order_of_moments(a, b)
        return None if ordered is None else ordered == 0
    if is_quantity(left) and is_quantity(right) and "System.Quantity" in (left.type, right.type):
        ordered = order_of_quantities(left, right)
        return None if ordered is None else ordered == 0
    return key(left.value) == key(right.value)


def key(value: Json) -> Hashable:
    """The same for two values just when they are equal: 1 is 1.0, but not true, and the order of an object's names does not matter."""
    if isinstance(value, dict):
        return ("object", frozenset((name, key(part)) for name, part in value.items()))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(map(key, value)))
    return ("boolean", value) if isinstance(value, bool) else value


def alike(left: Item, right: Item) -> bool:
    """`~`: case and white space of texts do not matter; of what cannot be compared exactly, no."""
    a, b = left.value, right.value
    if isinstance(a, str) and isinstance(b, str) and left.type not in MOMENTS:
        return " ".join(a.casefold().split()) == " ".join(b.casefold().split())
    return same(left, right) is True


def text(item: Item) -> str | None:
    """As FHIRPath writes a value; None for what has no text (an object, or a primitive with nothing but extensions)."""
    value = item.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if item.type == "System.Quantity":
        return f"{value[0]} '{value[1]}'"
    return str(value) if isinstance(value, (str, int, Decimal, float)) else None
