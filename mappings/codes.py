"""Two-way code tables: our word and one code of one system. A table only offers our word; the coding itself always travels."""
from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from mappings.datatypes import Coded, Coding

TABLES = Path(__file__).parent / "tables"


class CodeTable:
    """word(concept) is our word, or None; coded(word) is the concept as we would say it. `source` names where the list was read."""

    def __init__(self, system: str, source: str, table: Mapping[str, tuple[str, str]]) -> None:
        self.system, self.source, self.table = system, source, dict(table)
        self.back = {code: word for word, (code, _) in self.table.items()}
        if len(self.back) < len(self.table):
            raise TypeError(f"{system}: two words for one code")

    def word(self, concept: Coded) -> str | None:
        return next((self.back[c.code] for c in concept.codings if c.system == self.system and c.code in self.back), None)

    def coded(self, word: str) -> Coded:
        code, display = self.table[word]
        return Coded((Coding(self.system, code, display),))


def table_from(name: str, system: str, source: str) -> CodeTable:
    """A long table, kept as tables/NAME.csv with the columns word, code, display."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return CodeTable(system, source, {row["word"]: (row["code"], row["display"]) for row in csv.DictReader(file)})
