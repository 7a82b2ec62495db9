"""The form of FHIR's primitive values as they stand in JSON.

    fault("date", "2024-02-30") == ("fhir-format", "is no day of the calendar")          fault("date", "2024-02-29") is None

Source: HL7 FHIR R4, page Data Types, of each type its regular expression and what its text adds (real dates, ranges, 1 MB of text), and
page JSON Representation. The expressions are written anew where FHIR's own take exponential time over hostile text.
"""
from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from decimal import Decimal

from adapter.conformance.model import Json

Fault = tuple[str, str]      # (rule, sentence)

LARGEST = 2**31 - 1
LONGEST = 1024 * 1024        # FHIR R4: "strings SHALL NOT exceed 1MB"
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
DATE = r"(?P<year>[0-9]{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12][0-9]|3[01]))?)?"
_date = re.compile(DATE).fullmatch
_date_time = re.compile(rf"{DATE}(?:(?<=-..-..)T{TIME}{ZONE})?").fullmatch
_instant = re.compile(rf"(?=[0-9]{{4}}-..-..T){DATE}T{TIME}{ZONE}").fullmatch
_unzoned = re.compile(rf"(?=[0-9]{{4}}-..-..T){DATE}T{TIME}").fullmatch
_unordinary = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]").search      # \t \r \n may stand in a text
_blank = re.compile(r"[ \t\r\n]").search
_oid = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+").fullmatch
_uuid = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


def fault(kind: str, value: Json) -> Fault | None:
    """What is wrong with a value of the primitive type `kind`; None where nothing is, or where `kind` is no type of this page."""
    check = CHECKS.get(kind)
    return check(value) if check else None


def _wrong(says: str) -> Fault:
    return ("fhir-format", says)


def _matches(pattern: str, says: str) -> Callable[[str], Fault | None]:
    matches, wrong = re.compile(pattern).fullmatch, _wrong(says)
    return lambda value: None if matches(value) else wrong


def _text(check: Callable[[str], Fault | None]) -> Callable[[Json], Fault | None]:
    """A type whose values are texts in JSON: that comes first."""
    def checked(value: Json) -> Fault | None:
        if type(value) is not str:
            return ("fhir-type", f"must be a text in quotation marks, not {told(value)}")
        return check(value) if value else ("fhir-empty", "is an empty text; leave the element out where nothing is known")
    return checked


def told(value: Json) -> str:
    """What kind of JSON a value is, for a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else "a number"


# Text -------------------------------------------------------------------------------------------------------------------------------

def _string(value: str) -> Fault | None:
    if len(value) > LONGEST:
        return _wrong("is longer than the 1 MB that FHIR allows a text")
    return _wrong("holds a control character; only tab and line breaks may stand in a text") if _unordinary(value) else None


def _uri(value: str) -> Fault | None:
    if _blank(value):
        return _wrong("holds white space, which no URI does")
    if value.startswith("urn:oid:") and not _oid(value):
        return _wrong("is no OID; it is written urn:oid:2.16.840.1.113883, numbers without leading zeros between full stops")
    if value.startswith("urn:uuid:") and not _uuid(value):
        return _wrong("is no UUID; it is written in lower case, urn:uuid:c757873d-ec9a-4326-a141-556f43239520")
    if value.startswith(("oid:", "uuid:")):
        return _wrong("must begin with urn: before oid: or uuid:")
    return _wrong("holds a control character") if _unordinary(value) else None


# Time -------------------------------------------------------------------------------------------------------------------------------

def _on_calendar(found: re.Match[str]) -> Fault | None:
    year, day = int(found["year"]), found["day"]
    if year == 0:
        return _wrong("has the year 0000, which there never was")
    if day is not None and int(day) > monthrange(year, int(found["month"]))[1]:
        return _wrong("is no day of the calendar")
    return None


def _dated(match: Callable[[str], re.Match[str] | None], says: str) -> Callable[[str], Fault | None]:
    def check(value: str) -> Fault | None:
        found = match(value)
        if found:
            return _on_calendar(found)
        return _wrong("has a time without a zone; write Z or an offset such as +01:00 behind it" if zoned and _unzoned(value) else says)
    zoned = match is not _date
    return check


# Numbers ----------------------------------------------------------------------------------------------------------------------------

def _whole(least: int, most: int = LARGEST) -> Callable[[Json], Fault | None]:
    def check(value: Json) -> Fault | None:
        if type(value) is int:
            return None if least <= value <= most else _wrong(f"is not between {least} and {most}")
        if isinstance(value, (Decimal, float)):
            return _wrong("must be a whole number, written without a decimal point or exponent")
        return ("fhir-type", f"must be a number, without quotation marks, not {told(value)}")
    return check


def _decimal(value: Json) -> Fault | None:
    if type(value) is int or (isinstance(value, Decimal) and value.is_finite()):
        return None
    if isinstance(value, float) and abs(value) < float("inf"):
        return None
    return ("fhir-type", f"must be a number, without quotation marks, not {told(value)}")


def _boolean(value: Json) -> Fault | None:
    return None if type(value) is bool else ("fhir-type", f"must be true or false, without quotation marks, not {told(value)}")


_BASE64 = _matches(r"(?:[0-9A-Za-z+/]{4})*+(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?",
                   "is no base64; it is letters, digits, + and / in groups of four, the last filled up with =, without line breaks")
CHECKS: dict[str, Callable[[Json], Fault | None]] = {
    "boolean": _boolean,
    "integer": _whole(-LARGEST - 1),
    "positiveInt": _whole(1),
    "unsignedInt": _whole(0),
    "decimal": _decimal,
    "string": _text(_string),
    "markdown": _text(_string),
    "xhtml": _text(_string),
    "code": _text(_matches(r"[^\s]+(?: [^\s]+)*", "is no code: white space stands at an end of it, or more than one space within")),
    "id": _text(_matches(r"[A-Za-z0-9.-]{1,64}", "is no id: 1 to 64 letters, digits, hyphens and full stops")),
    "uri": _text(_uri), "url": _text(_uri), "canonical": _text(_uri),
    "oid": _text(lambda value: _uri(value) if value.startswith("urn:oid:") else _wrong("must begin with urn:oid:")),
    "uuid": _text(lambda value: _uri(value) if value.startswith("urn:uuid:") else _wrong("must begin with urn:uuid:")),
    "base64Binary": _text(_BASE64),
    "date": _text(_dated(_date, "is no date; a FHIR date is YYYY, YYYY-MM or YYYY-MM-DD")),
    "dateTime": _text(_dated(_date_time, "is no date and time; FHIR writes YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone")),
    "instant": _text(_dated(_instant, "is no instant; FHIR writes YYYY-MM-DDThh:mm:ss with a zone (Z or +01:00)")),
    "time": _text(_matches(TIME, "is no time of day; FHIR writes hh:mm:ss")),
}
