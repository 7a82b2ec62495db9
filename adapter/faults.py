"""What is wrong with bytes that somebody handed in: a rule id, a place, a sentence. Never a value of a patient, never a key of theirs.

    ValueError
    └── Refused          everything found wrong with one document, one line or one record, at once
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Fault(NamedTuple):
    """`rule` is a stable id, `path` the record's own such as `medicines[3].doses[0].text` (or empty). Lines and columns count from 1.

    Of a vendor's export: `file` is the one of its files, `name` what the value is called there, such as the column DOSE_TEXT.
    """

    rule: str
    says: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    file: str = ""
    name: str = ""

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        place = f"{line}, column {self.column}" if line and self.column else line
        return ": ".join(part for part in (self.file, place, self.name, self.path, self.says) if part) + f" [{self.rule}]"


class Refused(ValueError):
    """`found` holds at least one fault."""

    def __init__(self, found: Iterable[Fault]) -> None:
        self.found = tuple(found)
        super().__init__(self.found)

    def __str__(self) -> str:
        return "\n".join(map(str, self.found))
