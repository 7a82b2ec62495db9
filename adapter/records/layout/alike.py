"""Two pieces of native JSON: are they the same, and if not, in what do they differ?"""
from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from adapter.records.kinds import Kind, Many, Object, OneOf, Slot
from adapter.records.layout.here import Json, Names
from adapter.records.spot import Spot

BESIDE = "goes with the rest of its element"
ELSE = "would be read back as something else"


class Missed(NamedTuple):
    """What does not come back, and why."""

    names: Names
    why: str


def leaves(value: Json, names: Names = ()) -> Iterator[Names]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield names
    else:
        for name, v in inner:
            yield from leaves(v, (*names, name))


def plainest(kind: Kind, value: Json) -> Json:
    """As the native format writes it, as far as it can be read: {"text": "Aspirin"} and "Aspirin" are the same."""
    spot = Spot()
    made = kind.decode(value, spot)
    if not spot.wrong:
        return kind.encode(made)
    inner = kind.members if isinstance(kind, OneOf) else (kind,)
    if isinstance(value, list):
        of = next((k.of for k in inner if isinstance(k, Many)), None)
        return [plainest(of, v) for v in value] if of else value
    slots = next((k.slots for k in inner if isinstance(k, Object) and isinstance(value, dict) and value.keys() <= k.slots.keys()), {})
    if not slots:
        return value
    said = {name: plainest(slots[name].kind, v) for name, v in value.items()}
    return {name: v for name, v in said.items() if not same(v, _default(slots[name]))}


def _default(slot: Slot) -> Json:
    """Of a field that says its default in words, such as "not supplied"."""
    return slot.default.value if isinstance(slot.default, Enum) else None


def same(a: Json, b: Json) -> bool:
    """Equal, with numbers digit by digit, and true not the same as 1."""
    if a.__class__ is not b.__class__ and not (isinstance(a, dict | list) and isinstance(b, dict | list)):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return str(a) == str(b) if isinstance(a, Decimal) else bool(a == b)


def key(value: Json) -> Json:
    return value.get("key") if isinstance(value, dict) else None


def one_key(now: Json, value: Json) -> bool:
    return key(value) is not None and same(key(now), key(value))


def keyless(now: Json, value: Json) -> bool:
    return key(now) is None and key(value) is None


# ---- differences -------------------------------------------------------------------------------------------------------------
def differing(a: Json, b: Json, names: Names = ()) -> list[Missed]:
    """What of `a` is not in `b`, leaf by leaf. "Ward 7" says the same as {"display": "Ward 7"}, or {"text": "Ward 7"}."""
    if isinstance(a, dict) and isinstance(b, str):
        b = next(({name: b} for name in ("display", "text") if a.get(name) == b), b)
    if isinstance(a, dict) and isinstance(b, dict):
        return [n for name in {**a, **b} for n in differing(a.get(name), b.get(name), (*names, name))]
    if isinstance(a, list) and isinstance(b, list):
        return _of_lists(a, b, names)
    return [] if same(a, b) else [Missed(leaf, ELSE) for leaf in (leaves(a, names) if a is not None else [names])]


def _of_lists(a: list[Any], b: list[Any], names: Names) -> list[Missed]:
    place = paired(a, b)
    found = [missed for i, x in enumerate(a) for missed in differing(x, b[place[i]] if i in place else None, (*names, i))]
    if len(place) < len(b):
        found.append(Missed(names, "would be read back with more of them"))
    if sorted(place.values()) != [place[i] for i in sorted(place)]:
        found.append(Missed(names, "would be read back in another order"))
    return found


def paired(a: list[Any], b: list[Any]) -> dict[int, int]:
    """Which of `b` each of `a` is: by its key, by what it says, else by the order."""
    place, free = dict[int, int](), list(range(len(b)))
    for alike in (one_key, same, keyless):
        for i, x in enumerate(a):
            if i not in place and (j := next((j for j in free if alike(b[j], x)), None)) is not None:
                place[i] = j
                free.remove(j)
    return place
