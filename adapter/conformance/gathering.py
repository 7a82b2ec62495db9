"""What stands under the keys of one element: JSON has a value, or a list of them, and beside a primitive its `_key` with id and extensions.

    gathered(walk, spot, ["birthDate"], {"birthDate": "1941", "_birthDate": {…}}, "Patient")
    ([Item("Patient.birthDate", "date", "1941", {…})], True)

Source: HL7 FHIR R4, page JSON Representation ("JSON representation of primitive elements", "repeating elements").
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from adapter.conformance.forms import Spot
from adapter.conformance.model import Json
from adapter.conformance.primitives import told

if TYPE_CHECKING:
    from adapter.conformance.structure import Walk

LONGEST = 100_000      # elements of one list


class Item(NamedTuple):
    """One value under a key. `extra`: of a primitive value, what its `_name` sibling has."""

    path: str
    kind: str
    value: Json
    extra: Json = None


def gathered(walk: Walk, spot: Spot, keys: Sequence[str], value: dict[str, Json], path: str) -> tuple[list[Item], bool]:
    """The values, each with its path; and whether all that stands there has the form of one value, or of a list, as the element asks."""
    items: list[Item] = []
    sound = True
    for key in keys:
        if key in spot.denied:
            left, source = spot.denied[key]
            walk.error("fhir-type", f"{path}.{key}", f"may not be of this type here; write {' or '.join(left)}", "", source)
            sound = False
        elif all(_is_formed(walk, spot.many, value[name], f"{path}.{name}") for name in (key, f"_{key}") if name in value):
            items.extend(_items(spot, key, value.get(key), value.get(f"_{key}"), path))
        else:
            sound = False
    if spot.many and sound:
        _count(walk, spot, len(items), f"{path}.{keys[0]}")
    return items, sound


def _items(spot: Spot, key: str, plain: Json, extra: Json, path: str) -> Iterator[Item]:
    if not spot.many:
        yield Item(f"{path}.{key}", spot.keys[key], plain, extra)
        return
    for index, (each, beside) in enumerate(zip_longest(plain or (), extra or ())):
        yield Item(f"{path}.{key}[{index}]", spot.keys[key], each, beside)


def _is_formed(walk: Walk, many: bool, value: Json, path: str) -> bool:
    """Whether a list stands where one must, and no other thing; what is in it is looked at later."""
    if value is None:
        walk.error("fhir-empty", path, "is null; leave the element out where nothing is known")
    elif many and not isinstance(value, list):
        walk.error("fhir-type", path, f"must be a list, not {told(value)}", "write square brackets around it")
    elif not many and isinstance(value, list):
        walk.error("fhir-type", path, "must be one value, not a list")
    elif many and not value:
        walk.error("fhir-empty", path, "is an empty list; leave the element out where nothing is known")
    elif many and len(value) > LONGEST:
        walk.error("too-many", path, f"has more than {LONGEST:,} elements; they are not looked at", "send it in parts")
    else:
        return True
    return False


def _count(walk: Walk, spot: Spot, count: int, path: str) -> None:
    if spot.least is not None and count < spot.least.element.least:
        walk.error("fhir-min", path, f"has {count}; {at_least(spot.least.element.least)}", "", spot.least.source)
    if spot.most is not None and spot.most.element.most is not None and count > spot.most.element.most:
        walk.error("fhir-max", path, f"has {count}; at most {spot.most.element.most} may be given", "", spot.most.source)


def at_least(count: int) -> str:
    return "at least one is needed" if count == 1 else f"at least {count} are needed"
