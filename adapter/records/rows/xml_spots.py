"""On which line something stands in an XML document. The document is gone through once, for where each resident begins, when that is first
asked for; then the resident is read again, for libxml2 knows the lines of a long document only about."""
from __future__ import annotations

import codecs
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from adapter.records.rows.hardened import HARDENED
from adapter.records.rows.names import Names
from adapter.records.rows.row import Steps
from adapter.records.rows.xml_spans import Declared, Span, spans_of

Element = Any      # lxml has no types
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class XmlSpots:
    """`says`: what an element says, as a value of the tree, or None."""

    def __init__(self, path: Path, way: list[str], names: Names, says: Callable[[Element], Any], encoding: str) -> None:
        self.path, self.way, self.names, self.says, self.encoding = path, way, names, says, encoding

    def line(self, number: int, steps: Steps) -> int:
        """Of what the steps lead to in the resident with this number, from 0, or as far as they lead."""
        span = self._spans[number]
        element, at, left = self._read(span), -1, list(steps)
        while left and (found := self._children(element, str(left.pop(0)))):
            at = int(left.pop(0)) if left and isinstance(left[0], int) else 0
            element = found[min(at, len(found) - 1)]
        return span.line + int(element.sourceline) - 1

    @cached_property
    def _spans(self) -> list[Span]:
        return list(spans_of(self.path, self.way))

    def _children(self, element: Element, name: str) -> list[Element]:
        return [child for child in element if self.names.element(child.tag) == name and self.says(child) is not None]

    def _read(self, span: Span) -> Element:
        with self.path.open("rb") as file:
            encoding = _UTF_16.get(file.read(2), self.encoding)
            file.seek(span.start)
            text = file.read(span.end - span.start).decode(_known(encoding), "replace")
        around = f"<around{_attributes(span.declared)}>{text}</around>"
        return etree.fromstring(around.encode(), etree.XMLParser(**HARDENED))[0]


def _known(encoding: str) -> str:
    """libxml2 may know one that Python does not: lines and names in ASCII are the same in this one."""
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "latin-1"


def _attributes(declared: Declared) -> str:
    """The last declaration of a prefix holds."""
    return "".join(f" xmlns{prefix and ':'}{prefix}={quoteattr(uri)}" for prefix, uri in dict(declared).items())
