"""Small cruelties done to JSON, as a reproducible list of steps: mutated(resource, [("drop", 17), ("repeat", 4)]).

A step is an operation and a number; the number seeds the choice of place and value, so the same steps give the same mutant anywhere.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any

Json = Any
Steps = Sequence[tuple[str, int]]
Place = tuple[Any, ...]  # keys and indexes from the top

POOL: tuple[Json, ...] = (
    # texts: usual, empty, broken, and such as shapes insist on
    "x", "", " ", "\x00", "\ud83d", "é\u2028", "2020-01-01", "#1", "#a", "Patient/1", "phone", "home", "official", "nickname", "male",
    "completed", "not-done", "urn:redbag:source-key", "https://fhir.nhs.uk/Id/nhs-number", "http://snomed.info/sct",
    # other scalars, some of them equal in Python and not the same in JSON
    True, False, 0, 1, -1, 1.0, Decimal("1.0"), Decimal("1.00"), Decimal("-0.0"), 10**30, None,
    # half of something
    [], {}, [[]], [None], ["x", None], {"a": {}}, {"url": "x"}, {"use": "official"}, {"extension": []}, {"coding": [{}], "text": "x"},
    {"reference": "#a"}, {"reference": "#1", "contained": {}}, {"contained": {"resourceType": "Patient"}},
    {"system": "urn:redbag:source-key", "value": "2"},
)
KEYS = ("zzz", "extension", "_birthDate", "id", "text", "use", "value", "url", "contained", "reference", "coding", "")
CONTAINED = ("a", "1", "2", "b")


def mutated(resource: Json, steps: Steps) -> Json:
    """A changed copy; the resource itself is never touched."""
    out = copied(resource)
    for name, number in steps:
        if places := [(at, v) for at, v in nodes(out) if at]:
            OPERATIONS[name](Random(number), out, places)  # noqa: S311 - not for secrets
    return out


# ---- places -------------------------------------------------------------------------------------------------------------------
def nodes(v: Json, at: Place = ()) -> Iterator[tuple[Place, Json]]:
    """Every value of a JSON value with its place, the whole first."""
    yield at, v
    inner = v.items() if isinstance(v, dict) else enumerate(v) if isinstance(v, list) else ()
    for k, x in inner:
        yield from nodes(x, (*at, k))


def held(v: Json, at: Place) -> Json:
    for k in at:
        v = v[k]
    return v


def written(at: Place) -> str:
    """A place as the engine writes it: component[0].value."""
    return "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in at).removeprefix(".")


def copied(v: Json) -> Json:
    return {k: copied(x) for k, x in v.items()} if isinstance(v, dict) else [copied(x) for x in v] if isinstance(v, list) else v


def exactly(a: Any, b: Any) -> bool:
    """The same JSON, type for type and digit for digit, its members in any order; or the same records. Asked without the engine."""
    return _told(a) == _told(b)


def _told(v: Any) -> str:
    plain = isinstance(v, dict | list | str | int | float) or v is None
    return json.dumps(v, sort_keys=True, default=repr) if plain else repr(v)


# ---- operations -----------------------------------------------------------------------------------------------------------------
Places = list[tuple[Place, Json]]


def _put(out: Json, at: Place, value: Json) -> None:
    held(out, at[:-1])[at[-1]] = value


def _some_object(rnd: Random, out: Json, places: Places) -> dict[str, Json]:
    spot: dict[str, Json] = rnd.choice([v for _, v in [((), out), *places] if isinstance(v, dict)])
    return spot


def drop(rnd: Random, out: Json, places: Places) -> None:
    at, _ = rnd.choice(places)
    del held(out, at[:-1])[at[-1]]


def repeat(rnd: Random, out: Json, places: Places) -> Json:
    """An element once more, somewhere in its list."""
    if elements := [(at, v) for at, v in places if isinstance(at[-1], int)]:
        at, v = rnd.choice(elements)
        siblings = held(out, at[:-1])
        siblings.insert(rnd.randrange(len(siblings) + 1), again := copied(v))
        return again
    return None


def twin(rnd: Random, out: Json, places: Places) -> None:
    """An element once more, and different from the first in one member."""
    if isinstance(again := repeat(rnd, out, places), dict):
        again[rnd.choice(KEYS)] = copied(rnd.choice(POOL))


def leaf(rnd: Random, out: Json, places: Places) -> None:
    _some_object(rnd, out, places)["zzz"] = "leaf"


def shuffle(rnd: Random, out: Json, places: Places) -> None:
    """A list in another order, or an object."""
    if long := [v for _, v in places if isinstance(v, list | dict) and len(v) > 1]:
        v = rnd.choice(long)
        if isinstance(v, list):
            rnd.shuffle(v)
        else:
            items = list(v.items())
            rnd.shuffle(items)
            v.clear()
            v.update(items)


def alter(rnd: Random, out: Json, places: Places) -> None:
    at, v = rnd.choice(places)
    _put(out, at, f"{v}x" if isinstance(v, str) and rnd.random() < 0.3 else copied(rnd.choice(POOL)))


def unknown(rnd: Random, out: Json, places: Places) -> None:
    _some_object(rnd, out, places)[rnd.choice(KEYS)] = copied(rnd.choice(POOL))


def wrap(rnd: Random, out: Json, places: Places) -> None:
    at, v = rnd.choice(places)
    _put(out, at, rnd.choice([[v], {"value": v}, [v, copied(v)], [copied(rnd.choice(POOL)), v]]))


def unwrap(rnd: Random, out: Json, places: Places) -> None:
    """Only one of the values inside."""
    if full := [(at, v) for at, v in places if isinstance(v, list | dict) and v]:
        at, v = rnd.choice(full)
        _put(out, at, rnd.choice(list(v.values()) if isinstance(v, dict) else v))


def retype(rnd: Random, out: Json, places: Places) -> None:
    """True for 1, 1 for '1', 1.0 for 1: equal in Python, or nearly, and not the same in JSON."""
    at, v = rnd.choice(places)
    _put(out, at, rnd.choice([int(v), bool(v), Decimal(v), str(v)] if isinstance(v, int) else [str(v), 1, True, [v]]))


def graft(rnd: Random, out: Json, places: Places) -> None:
    """A part of the resource in the place of another."""
    (at, _), (_, other) = rnd.choice(places), rnd.choice(places)
    _put(out, at, copied(other))


def swap(rnd: Random, out: Json, places: Places) -> None:
    (a, v), (b, w) = rnd.choice(places), rnd.choice(places)
    if a[:len(b)] != b and b[:len(a)] != a:
        _put(out, a, w)
        _put(out, b, v)


def modifier(rnd: Random, out: Json, places: Places) -> None:
    _some_object(rnd, out, places)["modifierExtension"] = [{"url": "urn:not", "valueBoolean": True}]


def contain(rnd: Random, out: Json, places: Places) -> None:
    """Something contained, perhaps with a link of its own, perhaps referred to."""
    name = rnd.choice(CONTAINED)
    body = {"resourceType": rnd.choice(["Patient", "Practitioner"]), "id": name, "name": [{"family": "F"}]}
    link = {"link": {"reference": f"#{rnd.choice(CONTAINED)}"}} if rnd.random() < 0.3 else {}
    if isinstance(listed := out.setdefault("contained", []), list):
        listed.insert(rnd.randrange(len(listed) + 1), body | link)
    if links := [v for _, v in places if isinstance(v, dict) and "reference" in v]:
        rnd.choice(links)["reference"] = f"#{name}"


def nothing(rnd: Random, out: Json, places: Places) -> None:
    at, _ = rnd.choice(places)
    _put(out, at, rnd.choice([None, [], {}, ""]))


OPERATIONS: dict[str, Callable[[Random, Json, Places], Json]] = {
    op.__name__: op for op in (
        drop, repeat, twin, shuffle, alter, leaf, unknown, wrap, unwrap, retype, graft, swap, modifier, contain, nothing)}
# How often each is done. What real servers do: reorder, repeat, leave out, add.
GENTLE = ("drop", "drop", "repeat", "shuffle", "shuffle", "leaf", "leaf", "contain")
EVERY = (*GENTLE, *GENTLE, "twin", "twin", "alter", "unknown", "unknown", "wrap", "unwrap", "retype", "graft", "graft", "swap", "nothing",
         "modifier")
