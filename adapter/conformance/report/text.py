"""For people, and for programs that read line by line: a line a finding."""
from __future__ import annotations

from adapter import wire
from adapter.conformance.report.told import Lines, Summary, Unit


class Text:
    """The one text of each finding."""

    def begin(self) -> Lines:
        return ()

    def unit(self, unit: Unit) -> Lines:
        return map(str, unit.found)

    def end(self, summary: Summary) -> Lines:
        return ()


class Json(Text):
    """One JSON object a line."""

    def unit(self, unit: Unit) -> Lines:
        return (wire.dumps({"problem": told.as_json()}).decode() for told in unit.found)
