"""A primitive's value as XML writes it and as our plain dicts hold it: digit for digit, as in JSON.

Source: FHIR R4 "Data Types", Primitive Types. A decimal without point or exponent is an int, as it is when JSON is read.
"""
from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from adapter.fhir_xml.tables import Kind
from adapter.scan import INTEGER_DIGITS, NUMBER

INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*+)")
EXPECTED = {
    Kind.TEXT: "a text", Kind.BOOLEAN: "true or false", Kind.INTEGER: "a whole number", Kind.DECIMAL: "a number",
}


class Unfit(Exception):
    """This is no value of the kind."""


def value(kind: Kind, text: str) -> Any:
    """What a value attribute says. Raises Unfit."""
    match kind:
        case Kind.TEXT:
            return text
        case Kind.BOOLEAN if text in ("true", "false"):
            return text == "true"
        case Kind.INTEGER if INTEGER.fullmatch(text) and len(text) <= INTEGER_DIGITS:
            return int(text)
        case Kind.DECIMAL if number := NUMBER.fullmatch(text):
            return _number(text, exact=bool(number[1] or number[2]))
    raise Unfit


def _number(text: str, *, exact: bool) -> int | Decimal:
    try:
        found = Decimal(text) if exact else int(text)
    except (InvalidOperation, ValueError):  # an exponent, or a length, that is not meant
        raise Unfit from None
    return found


def text(kind: Kind, value: Any) -> str:
    """What stands in the value attribute, not yet escaped. Raises Unfit, also for a number that is none."""
    match kind, value:
        case Kind.TEXT, str():
            return value
        case Kind.BOOLEAN, bool():
            return "true" if value else "false"
        case (Kind.INTEGER | Kind.DECIMAL), int() if value is not True and value is not False:
            return str(value)
        case Kind.DECIMAL, Decimal() if value.is_finite():
            return str(value)
    raise Unfit
