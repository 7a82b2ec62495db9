"""Codecs: what they put, what they get, what they refuse both ways, and what they cannot do."""
from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from mappings.datatypes import CONCEPT, Coded, Coding
from mappings.shape import BadValue, Codec, Shape, f, same
from mappings.values import Logical, Ref, Said, choice, code, date, many, parallel, reference, strings, when
from tests.engine.small import Only, Two
from tests.mutate import exactly

VALUES: dict[str, tuple[Any, list[tuple[Any, Any]], list[Any], list[Any]]] = {  # codec: (value, JSON) both ways; neither put nor got
    "date": (date, [("1941", "1941"), ("1941-02", "1941-02"), ("1941-02-03", "1941-02-03")],
             ["41", "1941-2", "1941-02-03T10:00:00Z", 1941, None], ["41", "1941-2", "1941-02-03T10:00:00Z", 1941, None]),
    "when": (when, [(t, t) for t in ("1941", "1941-02", "2024-02-29", "2024-02-29T01:02:03Z", "2024-02-29T01:02:03.500+01:00")],
             ["yesterday", "2024-02-29T01:02", "2024-02-29T01:02:03", 1941, None], ["yesterday", "2024-02-29T01:02:03", 1941, None]),
    "reference": (reference, [(Ref("Patient", "1", "Ann"), {"reference": "Patient/1", "display": "Ann"}),
                              (Ref("", "https://x.example/Patient/1"), {"reference": "https://x.example/Patient/1"}),
                              (Logical("urn:ods", "A"), {"identifier": {"system": "urn:ods", "value": "A"}}),
                              (Said("a nurse"), {"display": "a nurse"})],
                  [], ["Patient/1", {"reference": 1}, {"reference": "#1"}, {"reference": "Patient/1", "display": 1}]),
    "code": (code({"our word": "theirs"}), [("our word", "theirs")], ["theirs", 1, None], ["our word", 1, None, ["theirs"]]),
    "strings": (strings, [(("a", "b"), ["a", "b"])], [], ["a", [1], {"a": "b"}, [None]]),
    "many": (many(date), [(("1941",), ["1941"])], [("x",)], ["1941", ["x"], {}]),
    "choice": (choice(aBool=bool, aInt=int, aText=str), [(True, {"aBool": True}), (1, {"aInt": 1}), ("1", {"aText": "1"})],
               [1.0, None, Decimal(1)], [{"aBool": 1}, {"aInt": True}, {"aText": 1}, {"aBool": True, "aInt": 1}]),
    "parallel": (parallel("x"), [(("a",), {"x": ["a"]})], [], [{"x": "a"}, {"x": [1]}, {"_x": "a"}]),
    "concept": (CONCEPT, [(Coded(text="x"), {"text": "x"}), (Coded((Coding("s", "c"),)), {"coding": [{"system": "s", "code": "c"}]})],
                [Coded()], ["x", {"text": 1}, {"coding": {"code": "c"}}]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    codec, pairs, not_put, not_got = VALUES[name]
    for value, json in pairs:
        assert exactly(codec.put(value), json)
        assert exactly(codec.get(json), value)
    for how, wrong in ((codec.put, not_put), (codec.get, not_got)):
        for value in wrong:
            with pytest.raises(BadValue):
                how(value)


# ---- what a codec may do -----------------------------------------------------------------------------------------------------------------
def test_a_bug_in_a_codec_is_not_bad_data() -> None:
    shape = Shape(Only, {"resourceType": "X", "n": f.name | Codec(str, lambda v: v["no"]["such"], "broken")})
    with pytest.raises(TypeError):
        shape.read({"resourceType": "X", "n": "1941"})


def test_a_codec_cannot_swallow() -> None:
    chosen = Codec(lambda v: {"coding": [{"system": "urn:s", "code": v}]},
                   lambda v: next((x["code"] for x in v["coding"] if x["system"] == "urn:s"), None), "one of several")
    shape = Shape(Only, {"resourceType": "X", "code": f.name | chosen})
    codings = [{"system": "x", "code": "1"}, {"system": "urn:s", "code": "2", "zzz": 3}]
    resource = {"resourceType": "X", "code": {"coding": codings, "text": "t"}}
    record, rest = shape.read(resource)
    assert record == Only("2")
    assert exactly(shape.write(record, rest), resource)
    assert set(shape.unread(resource)) == {"code.coding[0].system", "code.coding[0].code", "code.coding[1].zzz", "code.text"}


def test_several_fields_behind_one_codec() -> None:
    both = Codec(lambda v: "-".join(x or "" for x in v), lambda v: tuple(x or None for x in v.split("-")), "a-b")
    shape = Shape(Two, {"resourceType": "X", "ab": f.a & f.b | both})
    for record, said in ((Two("1", "2"), "1-2"), (Two("1"), "1-"), (Two(None, "2"), "-2")):
        assert shape.write(record) == {"resourceType": "X", "ab": said}
        assert shape.read({"resourceType": "X", "ab": said}) == (record, {})
    assert shape.write(Two()) == {"resourceType": "X"}


# ---- exactly the same --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("a", "b"), [
    (True, 1), (1, 1.0), (1, Decimal(1)), (Decimal("0.5"), Decimal("0.50")), (None, False), ("1", 1), ({"a": None}, {}), ([1, 2], [2, 1]),
    ({"a": [True]}, {"a": [1]}), (Coded(text="x"), Coded(text="y")), (Coding(user_selected=True), Coding(user_selected=1)), ((), [])])
def test_what_is_not_exactly_the_same(a: Any, b: Any) -> None:
    """By the tests' own comparison, which does not lean on the engine; and by the engine's."""
    assert not exactly(a, b)
    assert not same(a, b)


@pytest.mark.parametrize("a", [True, 1, Decimal("0.50"), "x", None, [], {}, {"a": [1, {"b": None}]}, Coded((Coding("s", "c"),)), (1, "x")])
def test_what_is(a: Any) -> None:
    assert exactly(a, deepcopy(a))
    assert same(a, deepcopy(a))
    assert exactly({"a": 1, "b": a}, {"b": deepcopy(a), "a": 1})
