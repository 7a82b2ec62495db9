"""Where the residents of an XML document begin and end, in bytes."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

CHUNK = 1 << 16
Span = tuple[int, int]


class _Spans:
    """`way`: the tags from the root element to a resident. A span is known when whatever comes after it begins."""

    def __init__(self, way: list[str]) -> None:
        self.way, self.path, self.found = way, list[str](), list[Span]()
        self.start: int | None = None
        self.ended = False
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler, self.parser.EndElementHandler, self.parser.DefaultHandler = self.begin, self.end, self.other

    def begin(self, name: str, _: object) -> None:
        self.other()
        self.path.append("{" + name if "}" in name else name)
        if self.path == self.way:
            self.start = self.parser.CurrentByteIndex

    def end(self, _: str) -> None:
        self.other()
        self.ended = self.path == self.way
        self.path.pop()

    def other(self, _: str = "") -> None:
        if self.ended and self.start is not None:
            self.found.append((self.start, self.parser.CurrentByteIndex))
            self.ended = False


def spans_of(path: Path, way: list[str]) -> Iterator[Span]:
    """(first byte, the byte after the last) of each, in a document that was read before."""
    spans = _Spans(way)
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            spans.parser.Parse(data)
            yield from spans.found
            spans.found.clear()
