"""Bytes <-> dict: JSON with its decimals kept as written. Everything that makes JSON ambiguous is refused by name and place.

    loads(b'{"dose": 0.50}') == {"dose": Decimal("0.50")}        dumps({"dose": Decimal("0.50")}) == b'{"dose":0.50}'

Numbers with a point or an exponent become Decimal, all others int. A byte order mark at the beginning is tolerated (Windows writes it) and
dropped. Rules of refusal: too-large, too-deep, bad-utf-8, duplicate-key, not-a-number, number-out-of-range, lone-surrogate, empty,
not-an-object, not-json. Source: RFC 8259; HL7 FHIR R4, page JSON Representation (decimal precision, no duplicate property names).
"""
from __future__ import annotations

import codecs
import json
import re
from collections.abc import Container
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from adapter import scan
from adapter.faults import Fault, Refused

Json = Any


@dataclass(frozen=True)
class Limits:
    """`size` in bytes; `depth` counts nested objects and lists, the outermost is 1."""

    size: int = 64 << 20
    depth: int = 64


LIMITS = Limits()
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode
_prove = msgspec.json.Decoder(msgspec.Raw).decode  # passes over the text without making anything: is this JSON?
_CURLY = bytes.maketrans(b"[]", b"{}")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_TEXT = re.compile(rb'"[^"]*+"')


def loads(data: bytes, limits: Limits = LIMITS, line: int = 1, known: Container[str] = ()) -> dict[str, Json]:
    """The one object in these bytes. Raises Refused with one fault; `line` is the number of the first line, for a line of a longer file;
    `known` are the names of members that may be told."""
    body = data.removeprefix(codecs.BOM_UTF8)
    value = read(body) if len(body) <= limits.size and _shallow(body, limits.depth) else None
    if value is None:
        raise Refused([explain(body, limits, line, known=known)])
    return value


def loads_list(data: bytes, limits: Limits = LIMITS, known: Container[str] = ()) -> list[Json]:
    """The one list in these bytes; as `loads`."""
    body = data.removeprefix(codecs.BOM_UTF8)
    value = _read(body) if len(body) <= limits.size and _shallow(body, limits.depth) else None
    if not isinstance(value, list):
        raise Refused([explain(body, limits, start="[", known=known)])
    return value


def dumps(value: dict[str, Json]) -> bytes:
    """Compact JSON in UTF-8, members in their order. Raises Refused for what JSON cannot say: NaN, Infinity, half a character."""
    try:
        out = _encode(value)
        _prove(out)  # a Decimal may be NaN; passing over the text is cheaper than looking for the word
    except UnicodeEncodeError:
        raise Refused([Fault("lone-surrogate", "a text holds half of a character and cannot be written")]) from None
    except msgspec.DecodeError:
        raise Refused([Fault("not-a-number", "a number is NaN or Infinity and cannot be written")]) from None
    return out


def pretty(value: dict[str, Json]) -> bytes:
    """The same for people to read: indented, with a line end. Numbers keep their digits."""
    return msgspec.json.format(dumps(value), indent=2) + b"\n"


def read(body: bytes) -> dict[str, Json] | None:
    """loads without limits and explanations, for callers who set their own: None when this is not one unambiguous object."""
    value = _read(body)
    return value if value.__class__ is dict else None


def _read(body: bytes) -> Json:
    try:
        value = _decode(body)
        return None if _twice(body, value) else value
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation):
        return None


def explain(body: bytes, limits: Limits = LIMITS, line: int = 1, start: str = "{", known: Container[str] = ()) -> Fault:
    """Why `loads` refuses these bytes; `start` is "[" for `loads_list`."""
    if len(body) > limits.size:
        return Fault("too-large", f"is larger than {limits.size} bytes", "", line)
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or body[:2].count(0) == 1:
        return Fault("bad-utf-8", "is UTF-16 (Windows calls it Unicode); save it as UTF-8", "", line, 1)
    try:
        text = body.decode()
    except UnicodeDecodeError as bad:
        before = body[:bad.start].decode()
        return Fault("bad-utf-8", "is not UTF-8 from here on; save it as UTF-8", "", *scan.position(before, len(before), line))
    return scan.fault(text, limits.depth, line, start, known) or Fault("not-json", "is not JSON as this program reads it", "", line, 1)


def _twice(body: bytes, value: Json) -> bool:
    """Does a name stand twice in one object? The decoder keeps the last of them, so writing what it kept loses a colon.

    Sound because every member has one colon and texts keep theirs, unless they were written as \\u003a. What is written again to the
    byte has lost nothing, and need not be counted.
    """
    if (again := _encode(value)) == body:
        return False
    if b"\\" in body and (b"\\u003a" in body or b"\\u003A" in body):
        return _twice_exactly(body)
    return body.count(b":") != again.count(b":")


def colons(value: Json) -> int:
    """In what this is when it is written. For what was read from text without escapes: fewer than there, if a member was lost."""
    return _encode(value).count(b":")


def _twice_exactly(body: bytes) -> bool:
    twice = False

    def members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal twice
        members = dict(pairs)
        twice = twice or len(members) < len(pairs)
        return members

    json.loads(body, object_pairs_hook=members, parse_float=Decimal)
    return twice


def _shallow(body: bytes, depth: int) -> bool:
    """Is this JSON nested at most so deep? Strip all but brackets, then take the innermost away until nothing is left."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = body.translate(_CURLY, _NOT_STRUCTURE).replace(b'""', b"")  # two texts becoming one leave inside and outside as they were
    if b'"' in bare:
        bare = _TEXT.sub(b"", bare)  # brackets inside texts
    for _ in range(depth):
        if not bare:
            return True
        bare = bare.replace(b"{}", b"")
    return not bare
