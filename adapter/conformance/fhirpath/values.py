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

from adapter.conformance.fhirpath.budget import take
from adapter.conformance.fhirpath.items import Item, ancestry

Json = Any
FARTHEST = 14 * 60     # minutes that any place on earth is from UTC
UCUM = "http://unitsofmeasure.org"
POWERS = {"k": 3, "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9}
UNITS = {"ms": (Decimal("0.001"), "s"), "s": (Decimal(1), "s"), "min": (Decimal(60), "s"), "h": (Decimal(3600), "s"),
         "d": (Decimal(86400), "s"), "wk": (Decimal(604800), "s")}
SPANS = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}
MOMENT = re.compile(r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?)?(?:T?(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
TEXTS = frozenset({
    "string", "uri", "url", "canonical", "oid", "uuid", "code", "id", "markdown", "base64Binary", "System.String"})
NUMBERS = frozenset({"integer", "positiveInt", "unsignedInt", "decimal", "System.Integer", "System.Decimal"})
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
    return not isinstance(item.value, (dict, list, tuple))


@lru_cache(maxsize=1024)
def moment(text: str, clock: bool = False) -> Moment | None:
    """None where the text is no date and no time."""
    found = MOMENT.fullmatch(text)
    if found is None or (found[1] is None) != clock:
        return None
    numbers = [int(part) for part in found.groups()[:5] if part is not None]
    if not _possible([2000, 1, 1, *numbers] if clock else numbers):
        return None
    parts: tuple[Decimal | int, ...] = (*numbers, Decimal(found[6])) if found[6] else tuple(numbers)
    if found[7] is None:
        return Moment(parts, None, clock)
    sign, hours, minutes = (1, 0, 0) if found[7] == "Z" else (int(found[7][0] + "1"), int(found[7][1:3]), int(found[7][4:]))
    offset = sign * (hours * 60 + minutes)
    return Moment(parts, offset, clock) if abs(offset) <= FARTHEST else None


def _possible(numbers: list[int]) -> bool:
    """Whether the calendar has that day, and the day that time."""
    try:
        datetime(*(numbers + [1, 1][len(numbers) - 1:]))      # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return False
    return True


def moment_of(item: Item) -> Moment:
    found = moment(item.value, item.type in ("time", "System.Time")) if isinstance(item.value, str) else None
    if found is None:
        raise Unevaluable("a date or time is asked for")
    return found


def order(left: Item, right: Item) -> int | None:
    """-1, 0, 1; None where it cannot be said. Raises Unevaluable for kinds that have no order between them."""
    if not is_primitive(left) or not is_primitive(right):
        return order_of_quantities(left, right) if is_quantity(left) and is_quantity(right) else None
    a, b = left.value, right.value
    if a is None or b is None:
        return None
    if left.type in MOMENTS and right.type in MOMENTS:
        return order_of_moments(moment_of(left), moment_of(right))
    texts = left.type in TEXTS and right.type in TEXTS and isinstance(a, str) and isinstance(b, str)
    if not texts and not (is_number(a) and is_number(b)):
        raise Unevaluable("these two have no order")
    return int(a > b) - int(a < b)


def order_of_moments(left: Moment, right: Moment) -> int | None:
    """None where one says less than the other, and what both say is the same."""
    if left.clock != right.clock:
        raise Unevaluable("a date and a time of day have no order")
    one, other = _universal(left), _universal(right)
    for here, there in zip(one, other, strict=False):
        if here != there:
            return 1 if here > there else -1
    return 0 if len(one) == len(other) else None


def _universal(said: Moment) -> tuple[Decimal | int, ...]:
    """In UTC, if it says its offset; else as it is written."""
    if not said.offset:
        return said.parts
    try:
        shifted = datetime(*map(int, said.parts[:5])) - timedelta(minutes=said.offset)      # type: ignore[arg-type]  # noqa: DTZ001
    except (ValueError, OverflowError, TypeError):     # no such day, or no minutes
        return said.parts
    return (shifted.year, shifted.month, shifted.day, shifted.hour, shifted.minute, *said.parts[5:])


def quantity(item: Item) -> tuple[Json, str]:
    """The number and the UCUM code, as far as there is one."""
    if item.type == "System.Quantity":
        number, unit = item.value
        return number, SPANS.get(unit.removesuffix("s"), unit)
    code = item.value.get("code") if item.value.get("system") == UCUM else None
    return item.value.get("value"), code if isinstance(code, str) else ""


def order_of_quantities(left: Item, right: Item) -> int | None:
    """By their numbers where they name the same unit, or both none; else by UCUM's codes, reckoned into each other."""
    (a, unit), (b, other) = quantity(left), quantity(right)
    if not is_number(a) or not is_number(b):
        return None
    if _word(left) != _word(right):
        a, b = in_one_unit(a, unit, b, other)
    return int(a > b) - int(a < b)


def _word(item: Item) -> Json:
    return item.value.get("unit") if isinstance(item.value, dict) else quantity(item)[1]


def in_one_unit(a: Json, unit: str, b: Json, other: str) -> tuple[Json, Json]:
    if unit and unit == other:
        return a, b
    (factor, base), (factor_other, base_other) = scaled(unit), scaled(other)
    if not base or base != base_other:
        raise Unevaluable("these two units cannot be reckoned into each other")
    return Decimal(str(a)) * factor, Decimal(str(b)) * factor_other


def scaled(code: str) -> tuple[Decimal, str]:
    """A UCUM code as so many of a base unit; of one that we do not know no unit. Of single units only: what ranges of doses need."""
    if code in UNITS:
        return UNITS[code]
    power, base = POWERS.get(code[:-1]), code[-1:]
    if power is None or base not in ("g", "l", "L", "m"):
        return Decimal(1), ""
    return Decimal(1).scaleb(power), base.replace("l", "L")


def same(left: Item, right: Item) -> bool | None:
    """Whether two are equal; None where a date says less than the other, or units cannot be compared.

    Primitives of different types are equal if they are written alike, as HL7's engine has it: '1' = 1, active = 'true'.
    """
    if left.value is None or right.value is None:
        return left.value is right.value
    if left.type in MOMENTS and right.type in MOMENTS:
        here, there = moment_of(left), moment_of(right)
        ordered = order_of_moments(here, there) if here.clock == there.clock else 1
        return None if ordered is None else ordered == 0
    if is_quantity(left) and is_quantity(right) and "System.Quantity" in (left.type, right.type):
        ordered = order_of_quantities(left, right)
        return None if ordered is None else ordered == 0
    if isinstance(left.value, str) and isinstance(right.value, str):
        return left.value == right.value
    if left.value is right.value:      # a resource is long, and is often compared with itself
        return True
    return equal(left.value, right.value) or (is_primitive(left) and is_primitive(right) and text(left) == text(right))


def equal(left: Json, right: Json) -> bool:
    """Whether they have the same key; no more of them is looked at than the smaller one has."""
    if isinstance(left, (dict, list, tuple)):
        take(len(left))
    if isinstance(left, dict) and isinstance(right, dict):
        names, others = _plain(left), _plain(right)
        return names == others and all(equal(left[name], right[name]) for name in names)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _plain(value: dict[str, Json]) -> set[str]:
    return {name for name in value if not name.startswith("_")}


def key(value: Json) -> Hashable:
    """The same for two values just when they are equal: 1 is 1.0, but not true; the order of an object's names does not matter, nor
    what is said beside its primitives (`_given`)."""
    if isinstance(value, (dict, list, tuple)):
        take(len(value))
    if isinstance(value, dict):
        return ("object", frozenset((name, key(part)) for name, part in value.items() if not name.startswith("_")))
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
