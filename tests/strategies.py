"""Any valid record of a class, from the record's own type hints; and any wrong one.

Words, dates and the like are not named here: of a pool of texts, each field takes those that its codec in the shapes takes. A few rules
that no hint can say stand in RULES and CHOSEN. Texts on purpose include what shapes insist on (a `use`, a system), so that records come
close to being read as something else.
"""
from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mappings import catalogue, encounter, tree
from mappings.datatypes import Coded, Coding
from mappings.shape import BadValue, Codec, OneOf, Part
from mappings.values import Ref

PLAIN = ("x", "Ann", "O'Brien", "", " ", "é\u2028", "\U0001f490", "1", "true", "null", "{}", "A" * 300)
TIMES = ("10:00:00", "1941", "1941-02", "2024-02-29", "2024-02-29T01:02:03Z", "2024-02-29T01:02:03.500+01:00")
NUMBERS = {
    bool: st.booleans(),
    int: st.integers(1, 999) | st.just(10**20),
    Decimal: st.sampled_from([Decimal(said) for said in ("0.5", "0.50", "1.0", "-0.0", "1E+2", "123456789.123456789123")]),
}
FEW = 4  # optional fields of one record: all pairs of fields meet often enough, and a record is made in a millisecond


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


@cache
def texts(codec: Codec | None) -> SearchStrategy[str]:
    """Of all texts those that a codec takes."""
    one = codec and (lambda v: takes(codec, v) or takes(codec, (v,)))
    pools = PLAIN, TIMES, insisted(), codec.label.rpartition("code: ")[2].split(", ") if codec else ()
    taken = [kept for pool in pools if (kept := [v for v in pool if one is None or one(v)])]
    any_text = [st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)] * (list(PLAIN) in taken)
    return st.one_of(*map(st.sampled_from, taken), *any_text)


# ---- records --------------------------------------------------------------------------------------------------------------------
def says_something(record: Any) -> bool:
    return any(getattr(record, x.name) not in (None, ()) for x in fields(record))


CHOSEN: dict[tuple[type, str], Callable[[], SearchStrategy[Any]]] = {
    (encounter.Stay, "encounter_class"): lambda: records(Coding).map(lambda c: Coded((c,))),  # one coding and no text
    (Ref, "type"): lambda: st.sampled_from(["Patient", "Practitioner", "Ward"]),
    (Ref, "key"): lambda: st.sampled_from(["1", "a-b.c", "MED-0015", "Ward 7/bed é", "9990000018"]),
}
URLS = ("urn:uuid:0", "https://x.example/Patient/1", "Patient", "a/b/c", "Patient/1/_history/2")
ELSEWHERE = st.builds(Ref, st.just(""), st.sampled_from(URLS), st.none() | st.just("there"))


@cache
def of(hint: Any, record: type | None = None, name: str = "") -> SearchStrategy[Any]:
    """Any value of a hint, where it stands in a record."""
    if (record, name) in CHOSEN:
        return CHOSEN[typing.cast(Any, (record, name))]()
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return st.one_of([of(h, record, name) for h in typing.get_args(hint) if h is not type(None)])
    if typing.get_origin(hint) is tuple:
        return st.lists(of(typing.get_args(hint)[0], record, name), min_size=1, max_size=3).map(tuple)
    codec = codecs().get(typing.cast(Any, (record, name)))
    if hint is str:
        return texts(codec)
    if hint in NUMBERS:
        return NUMBERS[hint].filter(lambda v: takes(codec, v)) if codec else NUMBERS[hint]
    return records(hint)


@cache
def records(record: Any) -> SearchStrategy[Any]:
    """Any record of a class that says something: its required fields and a few others."""
    hints = typing.get_type_hints(record)
    made = {x.name: of(hints[x.name], record, x.name) for x in fields(record)}
    needed = {x.name for x in fields(record) if x.default is MISSING and x.default_factory is MISSING}
    spare = sorted(made.keys() - needed)

    @st.composite
    def one(draw: st.DrawFn) -> Any:
        some = draw(st.lists(st.sampled_from(spare), max_size=FEW, unique=True)) if spare else []
        return record(**{name: draw(made[name]) for name in [*sorted(needed), *some]})

    any_record = one().filter(says_something)
    return any_record | ELSEWHERE if record is Ref else any_record


def records_of(lens: Any) -> SearchStrategy[Any]:
    """Any record that a shape, or one of several, is for."""
    return st.one_of([records(shape.record) for shape in shapes(lens)])


# ---- wrong records --------------------------------------------------------------------------------------------------------------
HOSTILE = st.sampled_from([5, True, 1.5, Decimal("NaN"), Decimal("1.0"), b"x", "", "BANANA", (), ("x",), (None,), [], {}, {"a": 1}, None,
                           object(), Coding(), Coded()])


@st.composite
def spoiled(draw: st.DrawFn, good: SearchStrategy[Any]) -> Any:
    """A record with something in one of its fields that its hint does not allow (not checked by anybody: dataclasses take anything)."""
    record = draw(good)
    name = draw(st.sampled_from([x.name for x in fields(record)]))
    return type(record)(**{**vars(record), name: draw(HOSTILE)})
