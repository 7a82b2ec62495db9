"""Codecs for single values: dates, code tables, references, choices of type, lists. FHIR's data types are in datatypes.py."""
from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mappings.rest import OUT
from mappings.shape import BadValue, Codec, Part, f
from mappings.systems import HL7


# ---- texts of a certain form ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Form:
    """How a text is written: a pattern that the whole of it matches, and what to expect, with an example, for a sentence."""

    pattern: str
    says: str


FORMS: dict[str, Form] = {}  # of each codec below by its label: for a schema, and for whoever has to fill it in


def written(pattern: re.Pattern[str], label: str, says: str) -> Codec:
    """A text of this form, both ways as it is."""

    @lru_cache(4096)  # the days of an export are few, and asked for again and again
    def known(v: str) -> str:
        if not pattern.fullmatch(v):
            raise BadValue(f"expected {says}")
        if v[8:10] > "28" and v[4:5] == "-" and not in_calendar(v):
            raise BadValue("is a day that no calendar has")
        return v

    def check(v: Any) -> str:
        if v.__class__ is not str:
            raise BadValue(f"expected {says}")
        return known(v)

    FORMS[label] = Form(pattern.pattern, says)
    return Codec(check, check, label, str, exact=True, fast_put=known, fast_get=known)


def in_calendar(day: str) -> bool:
    """Does the month have this day? Of a date or dateTime that is written well: 2024-02-29 is a day, 2025-02-29 is none."""
    return int(day[8:10]) <= monthrange(int(day[:4]), int(day[5:7]))[1]


# HL7 FHIR R4, Data Types: date, dateTime, instant, time. No year 0, no 24:00; a leap second may be; zones end at +14:00.
_DATE = r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])%s)?)?"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONED = rf"T{_TIME}(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
DATE, DATE_TIME, TIME = (re.compile(pattern) for pattern in (_DATE % "", _DATE % f"({_ZONED})?", _TIME))
INSTANT = re.compile(rf"(?!0000)[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]){_ZONED}")
date = written(DATE, "date, precision kept", "a date as exact as it is known, such as 2024, 2024-03 or 2024-03-01")
when = written(DATE_TIME, "date or dateTime, precision kept",
               "a date as exact as it is known, or a time with seconds and a zone, such as 2024-03-01 or 2024-03-01T08:30:00Z")
instant = written(INSTANT, "time with its zone", "a time with seconds and a zone, such as 2025-03-01T08:30:00Z")
time_of_day = written(TIME, "time of day", "a time of day with seconds, such as 08:30:00")


# ---- whole numbers that are not just any -----------------------------------------------------------------------------------
def at_least(least: int) -> Codec:

    def check(v: Any) -> int:
        if v.__class__ is not int or v < least:
            raise BadValue(f"expected a whole number, {least} or more")
        return v

    return Codec(check, check, f"whole number, {least} or more", int, exact=True)


positive, unsigned = at_least(1), at_least(0)  # FHIR's positiveInt and unsignedInt
LEAST = {positive.label: 1, unsigned.label: 0}


# ---- references --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ref:
    """A record of this bag (or a resource of the server) by type and key; `type` is empty for any other URL."""

    type: str
    key: str
    display: str | None = None


@dataclass(frozen=True)
class Logical:
    """Somebody or something by a business identifier, such as an ODS code."""

    system: str
    value: str
    type: str | None = None
    display: str | None = None


@dataclass(frozen=True)
class Said:
    """Only words: 'her daughter'."""

    display: str


Reference = Ref | Logical | Said


def _target(said: Any) -> tuple[str, str]:
    if not isinstance(said, str) or said[:1] == "#":
        raise BadValue("refers to nothing found inside the resource" if isinstance(said, str) else "its reference is not a str")
    kind, _, key = said.partition("/")  # a sender's key may hold a slash; a version of a server's resource is another URL
    return (kind, key) if kind.isalpha() and kind[:1].isupper() and key and "/_history/" not in key else ("", said)


TARGET = Codec(lambda v: f"{v[0]}/{v[1]}" if v[0] else v[1], _target, "type and key", exact=True)
REF = Part(Ref, {"reference": f.type & f.key | TARGET, "display": f.display})
LOGICAL = Part(Logical, {"type": f.type, "identifier": {"system": f.system, "value": f.value}, "display": f.display})
SAID = Part(Said, {"display": f.display})


KINDS: dict[type, Part[Any]] = {Ref: REF, Logical: LOGICAL, Said: SAID}


def _refer(v: Any) -> Any:
    if (part := KINDS.get(v.__class__)) is None:
        raise BadValue("is not a reference")
    return part.put(v)


def _referred(v: Any) -> Any:
    if not isinstance(v, dict):
        raise BadValue("is not an object")
    return REF.get(v) if v.get("reference") is not None else LOGICAL.get(v) or SAID.get(v)


FAST = {kind: part.fast_put for kind, part in KINDS.items()}
reference = Codec(_refer, _referred, "reference: a key, an identifier, or only words", tuple(KINDS), exact=True,
                  fast_put=lambda v: FAST[v.__class__](v),
                  fast_get=lambda v: REF.fast_get(v) if v.get("reference") is not None else LOGICAL.fast_get(v) or SAID.fast_get(v))


def reference_or(part: Part[Any]) -> Codec:
    """A reference, or the thing itself, contained."""
    return Codec(lambda v: {"contained": part.put(v)} if isinstance(v, part.type) else _refer(v),
                 lambda v: isinstance(v, dict) and "contained" in v and part.get(v["contained"]) or _referred(v),
                 f"reference, or contained {part.label}", (*KINDS, part.type), inline=True, exact=part.exact,
                 inside=lambda key, value: (part, value) if key == "contained" else (None, None))


# ---- combinators --------------------------------------------------------------------------------------------------------
def code(table: dict[str, str]) -> Codec:
    """Our word <-> their code. Every word has one code and every code one word, or it is refused."""
    back = {theirs: ours for ours, theirs in table.items()}
    if len(back) < len(table):
        raise TypeError(f"two words for one code: {sorted(w for w, c in table.items() if back[c] != w)}")

    def put(word: Any) -> Any:
        if word.__class__ is not str or word not in table:
            raise BadValue("is not a word of this table")
        return table[word]

    def get(theirs: Any) -> Any:
        if theirs.__class__ is not str or theirs not in back:
            raise BadValue("is not a code of this table")
        return back[theirs]

    return Codec(put, get, "code: " + ", ".join(table), str, exact=True, fast_put=table.__getitem__, fast_get=back.__getitem__)


def closed(*codes: str) -> Codec:
    """One of FHIR's own codes, which is our word for it too."""
    return code({word: word for word in codes})


def choice(**kinds: Any) -> Codec:
    """A choice type, choice(xBoolean=bool, xDateTime=when): the value's Python type says which key; two keys at once is bad data."""
    known = {key: _plain(c) if isinstance(c, type) else c for key, c in kinds.items()}
    makes = [(t, key) for key, c in known.items() for t in (c.type if isinstance(c.type, tuple) else (c.type,))]
    key_of = dict(makes)
    if len(key_of) < len(makes):
        raise TypeError(f"{list(kinds)}: two of them make the same type")

    def put(v: Any) -> Any:
        if (key := key_of.get(v.__class__)) is None:
            raise BadValue("is not one of " + ", ".join(known))
        return {key: known[key].put(v)}

    def get(part: Any) -> Any:
        if len(part) > 1:
            raise BadValue("is said in two ways")
        (key, v), = part.items()
        return known[key].get(v)

    return Codec(put, get, "one of: " + ", ".join(c.label for c in known.values()), tuple(key_of), tuple(known),
                 inline=tuple(key for key, c in known.items() if c.inline), exact=all(c.exact for c in known.values()), kinds=known,
                 inside=lambda key, value: (known.get(key), value) if key_of.get(value.__class__, key) == key else (OUT, None))


def _plain(kind: type) -> Codec:
    """A JSON value as it is."""

    def check(v: Any) -> Any:
        if v.__class__ is not kind:
            raise BadValue(f"is not a {kind.__name__}")
        return v

    return Codec(check, check, kind.__name__, kind, exact=True)


def many(codec: Codec) -> Codec:
    """A list of values, where a hole stands for the whole list. In a list, say Each(f.xs, codec): then leftovers follow their element."""

    def get(v: Any) -> Any:
        if not isinstance(v, list):
            raise BadValue("is not a list")
        return tuple(x for x in map(codec.get, v) if x is not None)

    return Codec(lambda v: [codec.put(x) for x in _listed(v)], get, f"list of {codec.label}", tuple, exact=codec.exact)


def _listed(v: Any) -> Any:
    if v.__class__ is not tuple:
        raise BadValue("is not a tuple")
    return v


def _words(whole: type[list[Any]] | type[tuple[Any, ...]], made: Any) -> Any:
    def check(v: Any) -> Any:
        for x in v if v.__class__ is whole else (None,):
            if x.__class__ is not str:
                raise BadValue(f"is not a {whole.__name__} of str")
        return made(v)

    return check


strings = Codec(_words(tuple, list), _words(list, tuple), "list of words", tuple, exact=True)


@dataclass(frozen=True)
class Absent:
    reason: str


DATA_ABSENT = HL7 + "data-absent-reason"
ABSENT = Part(Absent, {"extension": [{"url": DATA_ABSENT, "valueCode": f.reason}]})


def parallel(name: str) -> Codec:
    """A list and its _list side by side: each place is a word, or Absent(why)."""

    def put(values: Any) -> Any:
        words = [v if v.__class__ is str else None for v in values]
        notes = [None if v.__class__ is str else ABSENT.put(v) for v in values]
        return {name: words} | ({f"_{name}": notes} if any(notes) else {})

    def get(part: Any) -> Any:
        words, notes = part.get(name, []), part.get(f"_{name}", [])
        if not isinstance(words, list) or not isinstance(notes, list) or not all(w is None or w.__class__ is str for w in words):
            raise BadValue("is not a list of str")
        both = [w if w is not None else ABSENT.get(n) if isinstance(n, dict) else None
                for w, n in zip(words, [*notes, *[None] * len(words)], strict=False)]
        return None if None in both else tuple(both)

    return Codec(put, get, "words, each may be absent with a reason", tuple, (name, f"_{name}"))


