"""Bytes <-> dict: JSON with its decimals kept as written, and FHIR XML. What is ambiguous is refused by name and place.

    loads(b'{"dose": 0.50}') == {"dose": Decimal("0.50")}        dumps({"dose": Decimal("0.50")}) == b'{"dose":0.50}'

Numbers with a point or an exponent become Decimal, all others int. A byte order mark at the beginning is tolerated (Windows writes it) and
dropped. Rules of refusal: too-large, too-deep, bad-utf-8, duplicate-key, not-a-number, number-out-of-range, lone-surrogate, empty,
not-an-object, not-json. Source: RFC 8259; HL7 FHIR R4, page JSON Representation (decimal precision, no duplicate property names).

    JSON.dumps(patient), XML.dumps(patient), format_of("application/fhir+xml").loads(body)

A `Format` is what callers pass about. The dict is the same in both; what XML asks for beyond that is in adapter/fhir_xml.
"""
from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Container
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
XML_LIMITS = Limits(size=16 << 20)  # a tree of XML takes up to forty times its bytes
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


def loads_xml(data: bytes, limits: Limits = XML_LIMITS) -> dict[str, Json]:
    """The one FHIR resource in these bytes, as `loads` gives it. Raises Refused with one fault; its path is FHIR's."""
    from adapter import fhir_xml  # most runs have no XML, and its parser takes a while to load

    body = data.removeprefix(codecs.BOM_UTF8)
    found = fhir_xml.read(body, limits.depth) if len(body) <= limits.size else _too_large(limits)
    if isinstance(found, Fault):
        raise Refused([found])
    return found


def dumps_xml(resource: dict[str, Json]) -> bytes:
    """A FHIR resource as one line of XML in UTF-8. Raises Refused, with the path, for what XML or FHIR R4 has no place for."""
    from adapter import fhir_xml

    out = fhir_xml.write(resource)
    if isinstance(out, Fault):
        raise Refused([out])
    return out


@dataclass(frozen=True, slots=True)
class Format:
    """A form that FHIR takes on the wire. `name` is what `--format` and `_format` call it, `media` its media type, `also` what some
    call it besides; `loads` and `dumps` raise Refused. Source: FHIR R4 "RESTful API", content types."""

    name: str
    media: str
    also: frozenset[str]
    loads: Callable[[bytes], dict[str, Json]]
    dumps: Callable[[dict[str, Json]], bytes]


JSON = Format("json", "application/fhir+json", frozenset({"application/json", "application/json+fhir", "text/json"}), loads, dumps)
XML = Format("xml", "application/fhir+xml", frozenset({"application/xml", "application/xml+fhir", "text/xml"}), loads_xml, dumps_xml)
FORMATS = {each.name: each for each in (JSON, XML)}


def format_of(said: str) -> Format | None:
    """The format that a name or a media type, with or without parameters, means."""
    media = said.partition(";")[0].strip().lower()
    return next((each for each in FORMATS.values() if media in (each.name, each.media) or media in each.also), None)


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
        return _too_large(limits, line)
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or body[:2].count(0) == 1:
        return Fault("bad-utf-8", "is UTF-16 (Windows calls it Unicode); save it as UTF-8", "", line, 1)
    try:
        text = body.decode()
    except UnicodeDecodeError as bad:
        before = body[:bad.start].decode()
        return Fault("bad-utf-8", "is not UTF-8 from here on; save it as UTF-8", "", *scan.position(before, len(before), line))
    return scan.fault(text, limits.depth, line, start, known) or Fault("not-json", "is not JSON as this program reads it", "", line, 1)


def _too_large(limits: Limits, line: int = 1) -> Fault:
    return Fault("too-large", f"is larger than {limits.size} bytes", "", line)


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
