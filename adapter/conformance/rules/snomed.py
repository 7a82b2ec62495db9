"""Identifiers of SNOMED CT (and so of dm+d): what their digits alone tell."""
from __future__ import annotations

import re
from functools import lru_cache

# Verhoeff's check: the multiplication table of the dihedral group of ten elements, and one permutation used over and over.
TIMES = tuple(tuple(
    (i + j) % 5 if i < 5 and j < 5 else 5 + (i + j) % 5 if i < 5 else 5 + (i - j) % 5 if j < 5 else (i - j) % 5
    for j in range(10)) for i in range(10))
MOVED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
SCTID = re.compile(r"[1-9]\d{5,17}", re.ASCII)
EXPRESSION = re.compile(r"[:+=|{(]")
PARTITIONS = {"0": "concept", "1": "description", "2": "relationship"}


@lru_cache(4096)
def kind_of(code: str) -> str:
    """concept, description or relationship; `expression` (several concepts put together); `nothing` if empty; else `impossible`.

    Source: SNOMED CT Release File Specification, SNOMED CT identifiers: partition identifier and check digit.
    """
    if not code.strip() or EXPRESSION.search(code):
        return "expression" if code.strip() else "nothing"
    if not SCTID.fullmatch(code) or not checks(code) or code[-3] not in "01":
        return "impossible"
    return PARTITIONS.get(code[-2], "impossible")


def checks(digits: str) -> bool:
    """Is the last digit Verhoeff's check digit of the others?"""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = TIMES[check][_moved(int(digit), place % 8)]
    return check == 0


def _moved(digit: int, times: int) -> int:
    for _ in range(times):
        digit = MOVED[digit]
    return digit
