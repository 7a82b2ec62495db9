"""Cells that a spreadsheet would take for a formula: written with an apostrophe before them, and read without it.

    guarded("=1+1") == "'=1+1"      unguarded("'=1+1") == "=1+1"      guarded("-0.5") == "-0.5"

Source: OWASP, CSV Injection.
"""
from __future__ import annotations

import re

MAYBE = re.compile(r"'['=+\-@\t\r\n]")      # where a text holds this, one of its cells may be guarded
_FORMULA = re.compile(r"'*(?:[=+\-@](?s:.)|[\t\r\n])")     # an apostrophe before it is one that was there: it gets another
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def starts_a_formula(cell: str) -> bool:
    """Of a cell as it stands in a file: does a spreadsheet take it for one?"""
    return not cell.startswith("'") and bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell)


def guarded(cell: str) -> str:
    """As it is written. Plain numbers stay as they are, and so does a dash alone: they start nothing."""
    return "'" + cell if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    """As it was meant."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
