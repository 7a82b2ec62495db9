"""What Larkfield Care Suite writes that a table cannot say. Each function takes one value and answers one; a ValueError refuses it."""
from __future__ import annotations

import re


def died(typed: str) -> bool | str:
    """DIED is a day, Y where nobody wrote down the day, or N.

    >>> died("18/10/2026"), died("Y"), died("N")
    ('2026-10-18', True, False)
    """
    if typed in ("Y", "N"):
        return typed == "Y"
    day, month, year = _groups(r"(\d\d)/(\d\d)/(\d{4})", typed)
    return f"{year}-{month}-{day}"


def died_as_typed(said: bool | str) -> str:
    """The column has no room for the time of day.

    >>> died_as_typed("2026-10-18"), died_as_typed(True)
    ('18/10/2026', 'Y')
    """
    if isinstance(said, bool):
        return "Y" if said else "N"
    year, month, day = _groups(r"(\d{4})-(\d\d)-(\d\d)", said)
    return f"{day}/{month}/{year}"


def count_or_words(typed: str) -> int | str:
    """
    >>> count_or_words("2"), count_or_words("Dose sequence not recorded")
    (2, 'Dose sequence not recorded')
    """
    return int(typed) if re.fullmatch(r"[1-9]\d*", typed, re.ASCII) else typed


def as_typed(said: int | str) -> str:
    return str(said)


def _groups(form: str, text: str) -> tuple[str, ...]:
    if not (found := re.fullmatch(form, text, re.ASCII)):
        raise ValueError("is written otherwise")
    return found.groups()
