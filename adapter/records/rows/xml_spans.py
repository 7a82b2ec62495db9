"""Where the residents of an XML document begin and end, in bytes and lines."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

CHUNK = 1 << 16
Declared = tuple[tuple[str, str], ...]      # prefix, which may be empty, and namespace


class Span(NamedTuple):
    """First byte, the byte after the last, the line of the first. `declared`: the namespaces that hold there."""

    start: int
    end: int
    line: int
    declared: Declared


class _Spans:
    """`way`: the tags from the root element to a resident. A span is known when whatever comes after it begins."""

    def __init__(self, way: list[str]) -> None:
        self.way, self.path, self.found = way, list[str](), list[Span]()
        self.begun: Span | None = None
        self.ended = False
        self.declared: Declared = ()
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler, self.parser.EndElementHandler, self.parser.DefaultHandler = self.begin, self.end, self.other
        self.parser.StartNamespaceDeclHandler, self.parser.EndNamespaceDeclHandler = self.declare, self.forget

    def begin(self, name: str, _: object) -> None:
        self.other()
        self.path.append("{" + name if "}" in name else name)
        if self.path == self.way:
            self.begun = Span(self.parser.CurrentByteIndex, 0, self.parser.CurrentLineNumber, self.declared)

    def end(self, _: str) -> None:
        self.other()
        self.ended = self.path == self.way
        self.path.pop()

    def other(self, _: str = "") -> None:
        if self.ended and self.begun:
            self.found.append(self.begun._replace(end=self.parser.CurrentByteIndex))
            self.ended = False

    def declare(self, prefix: str | None, uri: str | None) -> None:
        self.other()
        self.declared = (*self.declared, (prefix or "", uri or ""))

    def forget(self, _: str | None) -> None:
        self.declared = self.declared[:-1]


def spans_of(path: Path, way: list[str]) -> Iterator[Span]:
    """Of each resident, in a document that was read before."""
    spans = _Spans(way)
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            spans.parser.Parse(data)
            yield from spans.found
            spans.found.clear()
