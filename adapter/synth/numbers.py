"""NHS numbers of the test range 999 000 0000 to 999 999 9999, each for one resident, in an order that the seed says.

The ninth digit weighs 2 in the check sum, and no two of its values leave the same remainder: of the ten numbers that share their first
eight digits, at most one has no check digit (where the remainder would ask for 10). So nine of every ten are for residents, 900,000 in
all. Source: NHS Data Dictionary, NHS NUMBER.
"""
from __future__ import annotations

MOST = 900_000
STRIDE = 523_987      # has no factor in common with MOST: every number comes once
WEIGHTS = (7, 6, 5, 4, 3)      # of the fourth to the eighth digit
START = 9 * (10 + 9 + 8)       # of 999


def nhs_number(seed: int, index: int) -> str:
    """For an index below MOST."""
    tens, nth = divmod((index * STRIDE + seed * 7919) % MOST, 9)
    first = f"{tens:05}"
    base = START + sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first, strict=True))
    checks = [(digit, (11 - (base + 2 * digit) % 11) % 11) for digit in range(10)]
    digit, check = [(digit, check) for digit, check in checks if check != 10][nth]
    return f"999{first}{digit}{check}"

