"""FHIRPath's functions over texts, and those that turn one kind of value into another. Source: FHIRPath N1, "String Manipulation",
"Conversion". Of nothing they give nothing.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from adapter.conformance.fhirpath.budget import take
from adapter.conformance.fhirpath.functions import GivesItems, GivesTruth, whole
from adapter.conformance.fhirpath.items import Item
from adapter.conformance.fhirpath.operators import LONGEST, joined
from adapter.conformance.fhirpath.scope import Items, single
from adapter.conformance.fhirpath.values import TEXTS, Unevaluable, is_number, moment, text

DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
INTEGER = re.compile(r"-?\d{1,10}", re.ASCII)
MOST = 2 ** 31     # of the 32 bits that FHIR's integers have
SIZES = {1 << 16: 1, 1 << 19: 64}      # bytes of a compiled expression (eld-19, R4's largest, needs the most): steps for a character
SHORT = 1000     # characters in which something is replaced
REPEATING = re.compile(r"[*+?{]")
YES, NO = frozenset({"true", "t", "yes", "y", "1", "1.0"}), frozenset({"false", "f", "no", "n", "0", "0.0"})


def asked(question: Callable[[str, str], bool]) -> GivesTruth:
    """Of a text that has nothing but extensions: no. Of what is no text, or of several: nobody can say."""
    def truth(items: Items, argument: Items) -> bool | None:
        if len(items) != 1 or items[0].type not in TEXTS or (other := one_text(argument)) is None:
            return None
        said = one_text(items)
        return said is not None and question(said, other)
    return truth


def made(change: Callable[..., str]) -> GivesItems:
    def collection(items: Items, *arguments: Items) -> Items:
        said, others = one_text(items), [one_text(argument) for argument in arguments]
        if said is None or None in others:
            return []
        return [string(change(said, *others))]
    return collection


def one_text(items: Items) -> str | None:
    """None of what is no text, or of several."""
    value = items[0].value if len(items) == 1 and items[0].type in TEXTS else None
    if not isinstance(value, str):
        return None
    take(len(value) >> 6)
    return value


def string(value: str) -> Item:
    return Item(value, "System.String")


def integer(value: int) -> Item:
    return Item(value, "System.Integer")


class Pattern(NamedTuple):
    """`found`: whether it matches a part of a text; `steps`: what a character of that may cost."""

    found: Callable[[str], bool]
    steps: int


def matches(said: str, expression: str) -> bool:
    found, steps = pattern(expression)
    take(len(said) * steps)
    return found(said)


@lru_cache(maxsize=512)
def pattern(expression: str) -> Pattern:
    """In time that grows as the text does: Rust's expressions do not go back, and those that must (a group again, what stands before or
    behind) or are too large are none here. In the dialect of JavaScript, but that a full stop is any character."""
    import jsonschema_rs  # it takes a while to load, and most invariants have no expressions

    for size, steps in SIZES.items():
        try:
            options = jsonschema_rs.RegexOptions(size_limit=size)
            return Pattern(jsonschema_rs.validator_for({"pattern": f"(?s){expression}"}, pattern_options=options).is_valid, steps)
        except jsonschema_rs.ValidationError:
            continue
    raise Unevaluable("a regular expression that is none here")


def replacing(expression: str) -> re.Pattern[str]:
    """Python's, which goes back: only with one sign of repeating, and over short texts (SHORT)."""
    pattern(expression)
    if len(REPEATING.findall(expression)) > 1:
        raise Unevaluable("an expression that repeats more than one thing")
    return re.compile(expression, re.DOTALL)


def replaced(said: str, wanted: str, instead: str) -> str:
    if said.count(wanted) * len(instead) > LONGEST:
        raise Unevaluable("a text longer than any element's")
    return said.replace(wanted, instead)


def replaced_matches(said: str, wanted: str, instead: str) -> str:
    if len(said) > SHORT or len(said) * (len(instead) + 1) > LONGEST:
        raise Unevaluable("a text longer than any element's")
    return replacing(wanted).sub(re.sub(r"\$(\d+)", r"\\g<\1>", instead.replace("\\", r"\\")), said)


def index_of(items: Items, wanted: Items) -> Items:
    said, other = one_text(items), one_text(wanted)
    return [] if said is None or other is None else [integer(said.find(other))]


def length(items: Items) -> Items:
    said = one_text(items)
    return [] if said is None else [integer(len(said))]


def substring(items: Items, start: Items, most: Items | None = None) -> Items:
    said = one_text(items)
    if said is None or not start or not 0 <= (begin := whole(start)) < len(said):
        return []
    return [string(said[begin:] if not most else said[begin:begin + max(whole(most), 0)])]


def to_chars(items: Items) -> Items:
    return [string(character) for character in one_text(items) or ""]


def split(items: Items, separator: Items) -> Items:
    said, by = one_text(items), one_text(separator)
    return [string(part) for part in said.split(by)] if said is not None and by else []


def join(items: Items, separator: Items | None = None) -> Items:
    said = [part for item in items if (part := text(item)) is not None]
    by = one_text(separator or []) or ""
    return [joined([part for each in said for part in (by, each)][1:])] if said else []


def to_string(items: Items) -> Items:
    said = text(single(items)) if items else None
    return [] if said is None else [string(said)]


def to_integer(items: Items) -> Items:
    value = single(items).value if items else None
    if isinstance(value, bool):
        return [integer(int(value))]
    if isinstance(value, int):
        return [integer(value)]
    return [integer(int(value))] if isinstance(value, str) and INTEGER.fullmatch(value) and -MOST <= int(value) < MOST else []


def to_decimal(items: Items) -> Items:
    value = single(items).value if items else None
    if is_number(value) or isinstance(value, bool) or (isinstance(value, str) and DECIMAL.fullmatch(value)):
        return [Item(Decimal(str(int(value) if isinstance(value, bool) else value)), "System.Decimal")]
    return []


def to_boolean(items: Items) -> Items:
    said = (text(single(items)) or "").lower() if items else ""
    return [Item(said in YES, "System.Boolean")] if said in YES | NO else []


def to_moment(type_: str, most: int) -> GivesItems:
    """`most`: the parts it keeps; a dateTime made a date is cut to its day."""
    def collection(items: Items) -> Items:
        value = single(items).value if items else None
        clock = type_ == "System.Time"
        if not isinstance(value, str) or (found := moment(value, clock)) is None:
            return []
        return [Item(value if len(found.parts) <= most else value[:10], type_)]
    return collection


def converts(to: GivesItems) -> GivesTruth:
    return lambda items: bool(to(items)) if items else None


CONVERSIONS: dict[str, GivesItems] = {
    "String": to_string, "Integer": to_integer, "Decimal": to_decimal, "Boolean": to_boolean, "Date": to_moment("System.Date", 3),
    "DateTime": to_moment("System.DateTime", 6), "Time": to_moment("System.Time", 3),
}
TRUTHS: dict[str, GivesTruth] = {
    "startsWith": asked(str.startswith), "endsWith": asked(str.endswith), "contains": asked(lambda said, other: other in said),
    "matches": asked(matches), "matchesFull": asked(lambda said, other: matches(said, f"^(?:{other})$")),
    **{f"convertsTo{type_}": converts(to) for type_, to in CONVERSIONS.items()},
}
COLLECTIONS: dict[str, GivesItems] = {
    "upper": made(str.upper), "lower": made(str.lower), "trim": made(str.strip), "replace": made(replaced),
    "replaceMatches": made(replaced_matches), "indexOf": index_of, "length": length, "substring": substring, "toChars": to_chars,
    "split": split, "join": join,
    **{f"to{type_}": to for type_, to in CONVERSIONS.items()},
}
