"""Two-way code tables: our word and one code of one system. A table only offers our word; the coding itself always travels."""
from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from mappings.datatypes import Coded, Coding

TABLES = Path(__file__).parent / "tables"


class CodeTable:
    """word(concept) is our word, or None; coded(word) is the concept as we would say it. `source` names where the list was read.

    A UK list is often HL7's list and a national one together: `CodeTable(...) | CodeTable(...)` offers the words of both.
    """

    def __init__(self, system: str, source: str, table: Mapping[str, tuple[str, str]]) -> None:
        self.system, self.source = system, source
        self._hold({word: Coding(system, code, display) for word, (code, display) in table.items()})

    def _hold(self, codings: Mapping[str, Coding]) -> None:
        self.codings = dict(codings)
        self.back = {(coding.system, coding.code): word for word, coding in self.codings.items()}
        if len(self.back) < len(self.codings):
            raise TypeError(f"{self.system}: two words for one code")

    def __or__(self, other: CodeTable) -> CodeTable:
        if shared := self.codings.keys() & other.codings.keys():
            raise TypeError(f"{self.system}, {other.system}: two codes for {sorted(shared)}")
        both = CodeTable(self.system, f"{self.source}; {other.source}", {})
        both._hold(self.codings | other.codings)
        return both

    @property
    def table(self) -> dict[str, tuple[str, str]]:
        """Each word with its code and display."""
        return {word: (coding.code or "", coding.display or "") for word, coding in self.codings.items()}

    def word(self, concept: Coded) -> str | None:
        return next((self.back[c.system, c.code] for c in concept.codings if (c.system, c.code) in self.back), None)

    def coded(self, word: str) -> Coded:
        return Coded((self.codings[word],))


def table_from(name: str, system: str, source: str) -> CodeTable:
    """A long table, kept as tables/NAME.csv with the columns word, code, display."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return CodeTable(system, source, {row["word"]: (row["code"], row["display"]) for row in csv.DictReader(file)})
