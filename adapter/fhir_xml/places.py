"""Where in an XML document something stands: line and column, from 1. By its path in JSON (Patient.name[0].given[1]), or by its element.

libxml2 knows lines alone, and many documents are one: which elements they are is asked of its tree, and where those begin of expat.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from xml.parsers import expat

from lxml import etree

from adapter.fhir_xml.parsing import parsed

STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")
Position = tuple[int, int]


class _Enough(Exception):
    """All that was looked for is found."""


def places(body: bytes, paths: Iterable[str]) -> dict[str, Position]:
    """Of `body`, which was read without a fault. Where something is not there, the place of what it would stand in."""
    root = parsed(body)
    elements = {path: _at(root, path) for path in paths}
    found = positions(body, root, elements.values())
    return {path: found[element] for path, element in elements.items()}


def positions(body: bytes, root: etree._Element, elements: Iterable[etree._Element]) -> dict[etree._Element, Position]:
    """Where these elements begin. `root` was read from `body`."""
    wanted = set(elements)
    each = ((number, element) for number, element in enumerate(root.iter()) if element in wanted)
    numbers = dict(islice(each, len(wanted)))
    found = _beginnings(body, set(numbers))
    return {element: found.get(number, (int(element.sourceline or 1), 1)) for number, element in numbers.items()}


def _beginnings(body: bytes, wanted: set[int]) -> dict[int, Position]:
    """Of the elements with these numbers, as they follow each other. Each part of a line is counted once, however long it is."""
    found, count, before, column = dict[int, Position](), 0, 0, 1
    parser = expat.ParserCreate("utf-8")

    def begins(name: str, attributes: dict[str, str]) -> None:
        nonlocal count, before, column
        if count in wanted:
            here = parser.CurrentByteIndex
            start = body.rfind(b"\n", before, here) + 1
            column = (1 if start else column) + len(body[start or before:here].decode())
            before, found[count] = here, (parser.CurrentLineNumber, column)
            if len(found) == len(wanted):
                raise _Enough
        count += 1

    parser.StartElementHandler = begins
    with suppress(_Enough, expat.ExpatError):  # what libxml2 reads, and expat does not, has lines at least
        parser.Parse(body, True)
    return found


def _at(here: etree._Element, path: str) -> etree._Element:
    for name, index in STEP.findall(path)[1:]:
        there = next(islice(_named(here, name.removeprefix("_")), int(index or 0), None), None)
        if there is None:
            break
        here = there
    return here


def _named(here: etree._Element, name: str) -> Iterator[etree._Element]:
    """Children of this name; a resource stands in an element of its type, inside of the one that JSON names."""
    for child in here:
        if etree.QName(child).localname == name:
            yield child[0] if name in ("resource", "contained") and len(child) else child
