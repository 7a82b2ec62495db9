"""FHIRPath's functions over texts, and those that turn one kind of value into another. Source: FHIRPath N1, "String Manipulation",
"Conversion". Of nothing they give nothing.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from adapter.conformance.fhirpath.functions import GivesItems, GivesTruth, whole
from adapter.conformance.fhirpath.items import Item
from adapter.conformance.fhirpath.scope import Items, single
from adapter.conformance.fhirpath.values import TEXTS, Unevaluable, is_number, moment, text

DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
INTEGER = re.compile(r"-?\d{1,10}", re.ASCII)
MOST = 2 ** 31     # of the 32 bits that FHIR's integers have
YES, NO = frozenset({"true", "t", "yes", "y", "1", "1.0"}), frozenset({"false", "f", "no", "n", "0", "0.0"})
LONGEST = 1_000_000      # characters that one call may make


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
    return value if isinstance(value, str) else None


def string(value: str) -> Item:
    return Item(value, "System.String")


def integer(value: int) -> Item:
    return Item(value, "System.Integer")


@lru_cache(maxsize=512)
def pattern(said: str) -> re.Pattern[str]:
    """In the dialect of Java and JavaScript, which of what definitions use Python's differs in nothing."""
    try:
        return re.compile(said, re.DOTALL)
    except re.error as broken:
        raise Unevaluable("a regular expression that is none") from broken


def replaced(said: str, wanted: str, instead: str) -> str:
    if said.count(wanted) * len(instead) > LONGEST:
        raise Unevaluable("a text longer than any element's")
    return said.replace(wanted, instead)


def replaced_matches(said: str, wanted: str, instead: str) -> str:
    if len(said) * (len(instead) + 1) > LONGEST:
        raise Unevaluable("a text longer than any element's")
    return pattern(wanted).sub(re.sub(r"\$(\d+)", r"\\g<\1>", instead.replace("\\", r"\\")), said)


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
    return [string((one_text(separator or []) or "").join(said))] if said else []


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
    "matches": asked(lambda said, other: pattern(other).search(said) is not None),
    "matchesFull": asked(lambda said, other: pattern(other).fullmatch(said) is not None),
    **{f"convertsTo{type_}": converts(to) for type_, to in CONVERSIONS.items()},
}
COLLECTIONS: dict[str, GivesItems] = {
    "upper": made(str.upper), "lower": made(str.lower), "trim": made(str.strip), "replace": made(replaced),
    "replaceMatches": made(replaced_matches), "indexOf": index_of, "length": length, "substring": substring, "toChars": to_chars,
    "split": split, "join": join,
    **{f"to{type_}": to for type_, to in CONVERSIONS.items()},
}
