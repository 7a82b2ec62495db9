"""Any value that the native format can say, from its kinds; and any JSON of it with one thing changed."""
from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from adapter.records.kinds import CONTROL, REQUIRED, Concept, Kind, Many, OneOf, Saying, Scalar, Text, Word
from adapter.records.spot import Spot

POOL = ("1941", "1941-02", "2024-02-29", "2024-02-29T01:02:03Z", "2024-02-29T01:02:03.500+01:00", "10:00:00", "x", "https://home.example/x")
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda v: not v.isspace() and not CONTROL.search(v))
NUMBERS = {
    bool: st.booleans(),
    int: st.integers(-(10**20), 10**20),
    Decimal: st.sampled_from([Decimal(v) for v in ("0.5", "0.50", "1.0", "-0.0", "1E+2", "123456789.123456789123")]),
}
FEW = 3


@cache
def values(kind: Kind) -> SearchStrategy[Any]:
    if isinstance(kind, Text):
        return texts(kind)
    if isinstance(kind, Scalar):
        return st.one_of([NUMBERS[t] for t in kind.makes]).filter(lambda n: kind.least is None or n >= kind.least)
    if isinstance(kind, Word):
        return st.sampled_from(list(kind.enum))
    if isinstance(kind, Many):
        return st.lists(values(kind.of), min_size=1, max_size=3).map(tuple)
    if isinstance(kind, OneOf):
        return st.one_of([values(m) for m in kind.members])
    if isinstance(kind, Concept) and kind.words:
        return st.sampled_from(list(kind.words.values())) | records(kind.whole).filter(lambda c: not wrong_with(kind, kind.encode(c)))
    return records(kind.whole if isinstance(kind, Concept | Saying) else kind)


def texts(kind: Text) -> SearchStrategy[str]:
    if kind.words:
        return st.sampled_from(kind.words)
    if not kind.check:
        return TEXTS
    return st.sampled_from([v for v in POOL if not wrong_with(kind, v)])


def wrong_with(kind: Kind, value: Any) -> list[Any]:
    spot = Spot()
    kind.decode(value, spot)
    return spot.wrong


@cache
def records(kind: Any) -> SearchStrategy[Any]:
    """Required fields and a few others; one that says nothing cannot be said."""
    needed = {s.name: values(s.kind) for s in kind.slots.values() if s.default is REQUIRED}
    spare = {s.name: s.default for s in kind.slots.values() if s.default is not REQUIRED}

    @st.composite
    def one(draw: st.DrawFn) -> Any:
        some = draw(st.lists(st.sampled_from(list(spare)), max_size=FEW, min_size=not needed, unique=True)) if spare else []
        drawn = {n: draw(v) for n, v in needed.items()} | {n: draw(values(kind.slots[n].kind)) for n in some}
        return kind.record(**(spare | drawn))

    return one().filter(lambda r: needed or any(getattr(r, name) != default for name, default in spare.items()))


# ---- one thing changed ---------------------------------------------------------------------------------------------------------
HOSTILE = st.builds(deepcopy, st.sampled_from([
    None, True, False, 0, 1, Decimal("1.0"), Decimal("NaN"), "", " ", "\u00a0", "x\x00", "\x85", "BANANA", "none known", "oral", "1941-02",
    [], {}, [None], [{}], {"display": "x"}, {"type": "x", "key": "y"}, {"system": "x", "value": "y"}, {"codings": []}, {"text": None},
    {"code": "x"}, {"value": 1}, {"low": {"value": 1}}]))


@st.composite
def damaged(draw: st.DrawFn, good: SearchStrategy[Any]) -> Any:
    """JSON with one member or element left out, put in, renamed or replaced."""
    value = draw(good)
    where = draw(st.sampled_from(_containers(value)))
    change = draw(st.sampled_from(["replace", "add", "remove"]))
    at = draw(st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where)))) if where else None
    if change == "add" and isinstance(where, dict):
        where[draw(st.sampled_from(["key", "text", "resident", "statu", "", "value", "display", "codings"]))] = draw(HOSTILE)
    elif change == "add":
        where.append(draw(HOSTILE))
    elif where and change == "remove":
        del where[at]
    elif where:
        where[at] = draw(HOSTILE)
    return value


def _containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(c for v in inner if isinstance(v, dict | list) for c in _containers(v))]
