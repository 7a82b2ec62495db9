"""Any value of Python as JSON, or what in it no JSON has: resources come from programs too, and not from bytes alone.

    plain({"gender": Gender.FEMALE, "name": ({"family": "x"},)}, "Patient")    ({"gender": "female", "name": [{"family": "x"}]}, [])
    plain({"birthDate": date(1941, 2, 3)}, "Patient")                          ({…}, [error: Patient.birthDate: is a value …])

A tuple is a list and a member of an Enum its value, for so they are written (adapter/wire.py). Rules: fhir-type, too-deep, and those that
bytes are read by, lone-surrogate and not-a-number. Source: RFC 8259.
"""
from __future__ import annotations

from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

from adapter.conformance.finding import Finding, Level
from adapter.fhir_xml.tables import fhir_names

Json = Any
DEEPEST = 130      # objects and lists in one another: what holds the 64 objects where the walk ends
MOST = 1000        # findings
WORDS = (bool, int, type(None))
NAME = "has a member whose name is not a text; JSON knows no other names"
DEEP = f"is nested more than {DEEPEST} deep, or stands within itself"
NO_NUMBER = "is NaN or Infinity, which are no numbers of JSON"
HALF = "holds half of a character (\\ud800 to \\udfff without its partner)"
FOREIGN = "is a value of Python's that JSON does not have; write a text, a number, true or false, a list or a dict"


def plain(value: Any, path: str) -> tuple[Json, list[Finding]]:
    """The value itself where it is JSON already, which is looked at without making anything; `path`: of where it stands."""
    if is_plain(value):
        return value, []
    found: list[Finding] = []
    return _made(value, path, found, ()), found


def is_plain(value: Any, left: int = DEEPEST) -> bool:
    kind = value.__class__
    if kind is str:
        return value.isascii() or _is_whole(value)
    if kind is dict:
        return left > 0 and all(key.__class__ is str and is_plain(key) and is_plain(each, left - 1) for key, each in value.items())
    if kind is list:
        return left > 0 and all(is_plain(each, left - 1) for each in value)
    return kind in WORDS or (kind is float and isfinite(value)) or (kind is Decimal and value.is_finite())


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _made(value: Any, path: str, found: list[Finding], around: tuple[int, ...]) -> Json:
    """`around`: the identities of the objects and lists that it stands in."""
    if isinstance(value, Enum) and value.value.__class__ in (str, *WORDS):
        value = value.value
    if not isinstance(value, (dict, list, tuple)):
        return value if is_plain(value) else _tell(found, path, value)
    if len(around) >= DEEPEST or id(value) in around or len(found) >= MOST:
        return _add(found, "too-deep", path, DEEP)
    within = (*around, id(value))
    if not isinstance(value, dict):
        return [_made(each, f"{path}[{index}]", found, within) for index, each in enumerate(value)]
    return {key: _made(each, f"{path}.{key}" if key.lstrip("_") in fhir_names() else path, found, within)
            for key, each in value.items() if _is_name(key, path, found)}


def _is_name(key: Any, path: str, found: list[Finding]) -> bool:
    if key.__class__ is not str:
        _add(found, "fhir-type", path, NAME)
    elif not is_plain(key):
        _tell(found, path, key)
    return key.__class__ is str


def _tell(found: list[Finding], path: str, value: Any) -> Json:
    """What it is that is no JSON, never what it says."""
    if value.__class__ is str:
        return _add(found, "lone-surrogate", path, HALF)
    if value.__class__ in (float, Decimal):
        return _add(found, "not-a-number", path, NO_NUMBER)
    return _add(found, "fhir-type", path, FOREIGN)


def _add(found: list[Finding], rule: str, path: str, says: str) -> Json:
    """Nothing stands where there is no JSON."""
    found.append(Finding(Level.ERROR, rule, path, says))
    return None
