"""Any valid record of a class, from the record's own type hints; and any wrong one.

Words, dates and the like are not named here: of a pool of texts, each field takes those that its codec in the shapes takes. A few rules
that no hint can say stand in RULES and CHOSEN. Texts on purpose include what shapes insist on (a `use`, a system), so that records come
close to being read as something else.

A record is made of one number, which Hypothesis chooses: chosen value by value it takes ten times as long.
"""
from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mappings import catalogue, encounter, tree
from mappings.datatypes import Coded, Coding
from mappings.shape import BadValue, Codec, OneOf, Part
from mappings.values import Ref

PLAIN = ("x", "Ann", "O'Brien", "", " ", "é\u2028", "\U0001f490", "1", "true", "null", "{}", "A" * 300)
TIMES = ("10:00:00", "1941", "1941-02", "2024-02-29", "2024-02-29T01:02:03Z", "2024-02-29T01:02:03.500+01:00")
NUMBERS: dict[type, tuple[Any, ...]] = {
    bool: (False, True),
    int: (*range(1, 1000), *[10**20] * 500),
    Decimal: tuple(map(Decimal, ("0.5", "0.50", "1.0", "-0.0", "1E+2", "123456789.123456789123"))),
}
CHARACTERS = ((0x01, 0x1f), (0x20, 0x7e), (0x7f, 0xff), (0x100, 0xd7ff), (0xe000, 0xffff), (0x10000, 0x10ffff))  # all but halves and NUL
FEW = 4  # optional fields of one record: all pairs of fields meet often enough, and a record is small


# ---- what the shapes say about fields -----------------------------------------------------------------------------------------
def shapes(lens: Any) -> tuple[Any, ...]:
    return lens.shapes if isinstance(lens, OneOf) else (lens,)


def _below(node: tree.Node) -> list[tree.Node]:
    inner = [*getattr(node, "parts", {}).values(), *getattr(node, "items", ())]
    return [node, *(n for part in inner for n in _below(part))]


@cache
def parts() -> tuple[Part[Any], ...]:
    """Every part of every shape of the catalogue, also those behind a choice or contained."""
    found, waiting = dict[int, Any](), [s for lens in catalogue.SHAPES.values() for s in shapes(lens)]
    while waiting:
        codec = waiting.pop()
        if id(codec) not in found:
            found[id(codec)] = codec
            inner = [n.codec for n in _below(codec.node) if hasattr(n, "codec")] if isinstance(codec, Part) else [
                codec.inside(key, None)[0] for key in (*codec.keys, "contained")]
            waiting += [c for c in inner if isinstance(c, Part | Codec)]
    return tuple(c for c in found.values() if isinstance(c, Part))


@cache
def codecs() -> dict[tuple[type, str], Codec]:
    """The codec that alone holds a field."""
    return {(part.record, n.names[0]): n.codec for part in parts() for n in _below(part.node)
            if len(n.names) == 1 and isinstance(getattr(n, "codec", None), Codec)}


@cache
def insisted() -> tuple[str, ...]:
    """Every text that some shape insists on."""
    nodes = [n for part in parts() for n in _below(part.node)]
    return tuple(sorted({n.value for n in nodes if isinstance(n, tree.Const) and isinstance(n.value, str)}))


def takes(codec: Any, value: Any) -> bool:
    try:
        codec.put(value)
    except BadValue:
        return False
    return True


# ---- values of a number -----------------------------------------------------------------------------------------------------------
Make = Callable[[Random], Any]


def among(values: Sequence[Any]) -> Make:
    return lambda dice: dice.choice(values)


def one_of(makes: Sequence[Make]) -> Make:
    return lambda dice: dice.choice(makes)(dice)


def any_text(dice: Random) -> str:
    return "".join(chr(dice.randint(*dice.choice(CHARACTERS))) for _ in range(dice.randint(0, 5)))


@cache
def texts(codec: Codec | None) -> Make:
    """Of all texts those that a codec takes."""
    one = codec and (lambda v: takes(codec, v) or takes(codec, (v,)))
    pools = PLAIN, TIMES, insisted(), codec.label.rpartition("code: ")[2].split(", ") if codec else ()
    taken = [kept for pool in pools if (kept := [v for v in pool if one is None or one(v)])]
    return one_of([*map(among, taken), *[any_text] * (list(PLAIN) in taken)])


# ---- records --------------------------------------------------------------------------------------------------------------------
def says_something(record: Any) -> bool:
    return any(getattr(record, x.name) not in (None, ()) for x in fields(record))


CHOSEN: dict[tuple[type, str], Make] = {
    (encounter.Stay, "encounter_class"): lambda dice: Coded((record(Coding)(dice),)),  # one coding and no text
    (Ref, "type"): among(["Patient", "Practitioner", "Ward"]),
    (Ref, "key"): among(["1", "a-b.c", "MED-0015", "Ward 7/bed é", "9990000018"]),
}
URLS = ("urn:uuid:0", "https://x.example/Patient/1", "Patient", "a/b/c", "Patient/1/_history/2")


def elsewhere(dice: Random) -> Ref:
    return Ref("", dice.choice(URLS), dice.choice([None, "there"]))


@cache
def value(hint: Any, record_type: type | None = None, name: str = "") -> Make:
    """Any value of a hint, where it stands in a record."""
    if (record_type, name) in CHOSEN:
        return CHOSEN[typing.cast(Any, (record_type, name))]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return one_of([value(h, record_type, name) for h in typing.get_args(hint) if h is not type(None)])
    if typing.get_origin(hint) is tuple:
        one = value(typing.get_args(hint)[0], record_type, name)
        return lambda dice: tuple(one(dice) for _ in range(dice.randint(1, 3)))
    codec = codecs().get(typing.cast(Any, (record_type, name)))
    if hint is str:
        return texts(codec)
    if hint in NUMBERS:
        return among([number for number in NUMBERS[hint] if codec is None or takes(codec, number)])
    return record(hint)


@cache
def record(record_type: Any) -> Make:
    """Any record of a class that says something: its required fields and a few others."""
    hints = typing.get_type_hints(record_type)
    made = {x.name: value(hints[x.name], record_type, x.name) for x in fields(record_type)}
    needed = sorted(x.name for x in fields(record_type) if x.default is MISSING and x.default_factory is MISSING)
    spare = sorted(made.keys() - set(needed))

    def one(dice: Random) -> Any:
        while True:
            some = dice.sample(spare, dice.randint(0, min(FEW, len(spare))))
            if says_something(out := record_type(**{name: made[name](dice) for name in [*needed, *some]})):
                return out

    return one_of([one, elsewhere]) if record_type is Ref else one


# ---- as Hypothesis wants them -----------------------------------------------------------------------------------------------------
DICE = st.integers(0, 2**32 - 1).map(Random)


def of(hint: Any, record_type: type | None = None, name: str = "") -> SearchStrategy[Any]:
    return DICE.map(value(hint, record_type, name))


def records(record_type: Any) -> SearchStrategy[Any]:
    return DICE.map(record(record_type))


def records_of(lens: Any) -> SearchStrategy[Any]:
    """Any record that a shape, or one of several, is for."""
    return st.one_of([records(shape.record) for shape in shapes(lens)])


# ---- wrong records --------------------------------------------------------------------------------------------------------------
HOSTILE = st.sampled_from([5, True, 1.5, Decimal("NaN"), Decimal("1.0"), b"x", "", "BANANA", (), ("x",), (None,), [], {}, {"a": 1}, None,
                           object(), Coding(), Coded()])


@st.composite
def spoiled(draw: st.DrawFn, good: SearchStrategy[Any]) -> Any:
    """A record with something in one of its fields that its hint does not allow (not checked by anybody: dataclasses take anything)."""
    made = draw(good)
    name = draw(st.sampled_from([x.name for x in fields(made)]))
    return type(made)(**{**vars(made), name: draw(HOSTILE)})
