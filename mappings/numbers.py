"""Numbers with a check digit. By itself, so that whoever only checks numbers loads nothing else."""
from __future__ import annotations

from operator import mul


def is_nhs_number(value: str) -> bool:
    """Ten digits, the last of them the modulus 11 check digit (11 counts as 0, 10 is never issued). Source: NHS Data Dictionary."""
    if len(value) != 10 or not (value.isascii() and value.isdigit()):
        return False
    weighted: int = sum(map(mul, range(10, 0, -1), value.encode()))  # of the digits' bytes: 48 more each, in all 2640, which is 11 * 240
    return weighted % 11 == 0
