"""Bytes and dicts: decimals are kept as written, and what is ambiguous is refused by name, line and column."""
from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter import scan, wire
from adapter.faults import Fault, Refused

SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.decimals(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20)
DOCUMENTS = st.dictionaries(st.text(), VALUES, max_size=5)


def refused(data: bytes, limits: wire.Limits = wire.LIMITS, line: int = 1) -> Fault:
    with pytest.raises(Refused) as caught:
        wire.loads(data, limits, line)
    (only,) = caught.value.found
    return only


@pytest.mark.parametrize("text", ["0.50", "-0.0", "1E+5", "0.00", "100", "12345678901234567890123456789", "1E-7", "3.1415926535897932384"])
def test_numbers_come_back_as_they_were_written(text: str) -> None:
    assert wire.dumps(wire.loads(b'{"n":%s}' % text.encode())) == b'{"n":%s}' % text.encode()


def test_a_point_or_an_exponent_makes_a_decimal_and_nothing_else_does() -> None:
    kinds = {key: type(value) for key, value in wire.loads(b'{"a": 1, "b": 1.0, "c": 1e2, "d": true, "e": null}').items()}
    assert kinds == {"a": int, "b": Decimal, "c": Decimal, "d": bool, "e": type(None)}


def test_a_byte_order_mark_is_dropped() -> None:
    assert wire.loads(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


REFUSED = {
    "duplicate-key, first level": (b'{"a": 1,\n "a": 2}', "duplicate-key", 2, 2),
    "duplicate-key, deep": (b'{"x": [{"k": 1}, {"k": 1, "j": 2, "k": 3}]}', "duplicate-key", 1, 35),
    "duplicate-key, one of them escaped": (b'{"k": 1, "\\u006b": 2}', "duplicate-key", 1, 10),
    "duplicate-key hidden behind escaped colons": (b'{"k": "\\u003a", "k": "\\u003A"}', "duplicate-key", 1, 17),
    "duplicate-key, the empty one": (b'{"": 1, "": 2}', "duplicate-key", 1, 9),
    "nan": (b'{"a": NaN}', "not-a-number", 1, 7),
    "minus infinity": (b'{"a": [1, -Infinity]}', "not-a-number", 1, 11),
    "inf": (b'{"a": inf}', "not-a-number", 1, 7),
    "exponent without end": (b'{"a": 1e99999999999999999999}', "number-out-of-range", 1, 7),
    "integer without end": (b'{"a": ' + b"9" * 5000 + b"}", "number-out-of-range", 1, 7),
    "bad utf-8 in a text": (b'{"a":\n "\xff"}', "bad-utf-8", 2, 3),
    "bad utf-8 between texts": (b'{"a" \xe9: 1}', "bad-utf-8", 1, 6),
    "utf-8 of a surrogate": (b'{"a": "\xed\xa0\x80"}', "bad-utf-8", 1, 8),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "bad-utf-8", 1, 1),
    "column counts characters": ('{"é": "£", "a": oops}'.encode(), "not-json", 1, 17),
    "lone surrogate": (b'{"a": "\\ud83d"}', "lone-surrogate", 1, 7),
    "reversed surrogates": (b'{"a": "\\ude00\\ud83d"}', "lone-surrogate", 1, 7),
    "lone surrogate in a name": (b'{"\\ud83d": 1}', "lone-surrogate", 1, 2),
    "nothing": (b"", "empty", 1, 1),
    "only spaces": (b" \n ", "empty", 2, 2),
    "a list": (b"[1]", "not-an-object", 1, 1),
    "a text": (b' "a"', "not-an-object", 1, 2),
    "two objects": (b"{}\n{}", "not-json", 2, 1),
    "single quotes": (b"{'a': 1}", "not-json", 1, 2),
    "a comma too many": (b'{"a": 1,}', "not-json", 1, 9),
    "a comma too many in a list": (b'{"a": [1,]}', "not-json", 1, 10),
    "a colon too few": (b'{"a" 1}', "not-json", 1, 6),
    "a leading zero": (b'{"a": 01}', "not-json", 1, 7),
    "not closed": (b'{"a": {"b": 1', "not-json", 1, 14),
    "a raw line break in a text": (b'{"a": "x\ny"}', "not-json", 1, 7),
    "a wrong escape": (b'{"a": "\\x41"}', "not-json", 1, 7),
    "a comment": (b'{"a": 1} // x', "not-json", 1, 10),
}


@pytest.mark.parametrize(("data", "rule", "line", "column"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_by_rule_and_place(data: bytes, rule: str, line: int, column: int) -> None:
    fault = refused(data)
    assert (fault.rule, fault.line, fault.column) == (rule, line, column), str(fault)


SAYS = {
    "cut in an object": (b'{"a": 1,\n', "the file is not whole"), "cut in a name": (b'{"a', "the file is not whole"),
    "cut in a text": (b'{"a": "b c', "the file is not whole"), "cut in a list": (b'{"a": [1, ', "the file is not whole"),
    "not cut": (b'{"a": "b\nc"}', "a text is not closed"), "a colon too few": (b'{"a" 1}', "expected a colon"),
    "two records": (b"{}\n{}", "one a line, or a list of them"), "utf-16 without a mark": ('{"a": 1}'.encode("utf-16-le"), "is UTF-16"),
    "utf-16, the other way": ('{"a": 1}'.encode("utf-16-be"), "is UTF-16"),
}


@pytest.mark.parametrize(("data", "says"), SAYS.values(), ids=SAYS.keys())
def test_what_to_do_is_said(data: bytes, says: str) -> None:
    assert says in refused(data).says


def test_the_line_of_a_longer_file_is_named() -> None:
    assert str(refused(b'{"a": 1, "a": 2}', line=41)).startswith("line 41, column 10: ")


def nested(depth: int, inside: bytes = b"") -> bytes:
    return b'{"a":' * (depth // 2) + b"[" * (depth - depth // 2) + inside + b"]" * (depth - depth // 2) + b"}" * (depth // 2)


@pytest.mark.parametrize("inside", [b"", b'"]]]]]]}}}"', b'"[\\"]", "\\\\"', b'"\\n", "[", "]"'])
def test_sixty_four_levels_and_no_more(inside: bytes) -> None:
    assert wire.loads(nested(64, inside))
    assert refused(nested(65, inside)).rule == "too-deep"
    assert wire.loads(nested(3, inside), wire.Limits(depth=3))
    assert refused(nested(4, inside), wire.Limits(depth=3)).rule == "too-deep"


@pytest.mark.parametrize("bomb", [b'{"a":' * 1_000_000, b'{"a":' + b"[" * 1_000_000, nested(400_000)])
def test_a_bomb_is_defused(bomb: bytes) -> None:
    assert refused(bomb).rule == "too-deep"
    assert wire.read(bomb) is None


def test_the_size_is_limited_before_anything_is_read() -> None:
    assert refused(b'{"a": 1, "a": 2}', wire.Limits(size=15)).rule == "too-large"
    assert refused(b'{"a": 1, "a": 2}', wire.Limits(size=16)).rule == "duplicate-key"


LISTS = [(b"{}", "not-an-object"), (b"[1,]", "not-json"), (b"[[[]]]", "too-deep"), (b"[1,  2]", "too-large"), (b"", "empty")]


@pytest.mark.parametrize(("data", "rule"), LISTS)
def test_a_list_has_the_same_limits(data: bytes, rule: str) -> None:
    assert wire.loads_list(b'\xef\xbb\xbf[0.50]') == [Decimal("0.50")]
    with pytest.raises(Refused, match=rule):
        wire.loads_list(data, wire.Limits(size=6, depth=2))


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "sNaN"])
def test_what_json_cannot_say_is_not_written(number: str) -> None:
    with pytest.raises(Refused, match="not-a-number"):
        wire.dumps({"a": [Decimal(number)]})
    with pytest.raises(Refused, match="lone-surrogate"):
        wire.dumps({"a": "\ud83d"})


def test_neither_a_value_nor_a_name_is_ever_in_the_message() -> None:
    twice, bare = b'{"Canary": 1, "Canary": 1}', b'{"Canary": Canary}'
    undecodable, half = b'{"Canary": "Canary\xff"}', b'{"Canary": "\\ud83dCanary"}'
    for broken in (twice, bare, undecodable, half, b'{"Canary" "Canary"'):
        with pytest.raises(Refused) as caught:
            wire.loads(broken)
        assert "canary" not in (str(caught.value) + repr(caught.value.found)).lower()
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@given(DOCUMENTS)
def test_any_document_comes_back_the_same(document: dict[str, object]) -> None:
    said = wire.dumps(document)
    assert wire.dumps(wire.loads(said)) == said
    assert scan.fault(said.decode(), 64) is None


DAMAGE = [b"", b'"', b"{", b"}", b",", b":", b'"a":1,', b"\\u003a", b"\\", b"0", b"\xff"]


@given(DOCUMENTS, st.booleans(), st.integers(0, 1000), st.integers(0, 3), st.sampled_from(DAMAGE))
def test_the_quick_and_the_exact_way_agree(document: dict[str, object], ascii_only: bool, place: int, length: int, damage: bytes) -> None:
    """Damage a document in one place: it is read if and only if the scanner finds nothing wrong."""
    said = bytearray(json.dumps(document, default=str, ensure_ascii=ascii_only).encode(errors="surrogatepass"))
    place %= len(said) + 1
    said[place:place + length] = damage
    body = bytes(said)
    nothing_wrong = wire.explain(body).says == "is not JSON as this program reads it"
    assert (wire.read(body) is not None) == nothing_wrong


SPOKEN = [
    ("application/fhir+json", wire.JSON), ("application/fhir+json; charset=UTF-8", wire.JSON), ("json", wire.JSON),
    ("text/json", wire.JSON), ("application/fhir+xml;fhirVersion=4.0", wire.XML),
    (" Application/XML ", wire.XML), ("xml", wire.XML), ("text/xml", wire.XML),
    ("text/html", None), ("application/fhir+turtle", None), ("", None), ("application/fhir", None),
]


@pytest.mark.parametrize(("said", "meant"), SPOKEN)
def test_a_format_is_known_by_its_names(said: str, meant: wire.Format | None) -> None:
    assert wire.format_of(said) is meant


@pytest.mark.parametrize("form", wire.FORMATS.values(), ids=lambda form: form.name)
def test_one_resource_in_either_format(form: wire.Format) -> None:
    patient = {"resourceType": "Patient", "name": [{"given": ["Ann"]}], "multipleBirthInteger": 2}
    assert form.loads(form.dumps(patient)) == patient
    assert wire.format_of(form.name) is wire.format_of(form.media) is form
    with pytest.raises(Refused):
        form.loads(b"")


def test_places_are_found_by_ordinals() -> None:
    text = '{"a": 1,\n "b": [true,\n  {"c": null}]}'
    places = {(): (10, 1), (0,): (10, 2), (1, 1): (12, 3), (1, 1, 0): (12, 4)}
    assert scan.locate(text, places, 64, line=10) == places
