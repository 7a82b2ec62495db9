"""In which line of an XML document something stands that is known by its path in JSON: Patient.name[0].given[1]."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree

from adapter.fhir_xml.parsing import parsed

STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


def lines(body: bytes, paths: Iterable[str]) -> dict[str, int]:
    """Of `body`, which was read without a fault. Where something is not there, the line of what it would stand in."""
    root = parsed(body)
    return {path: _line(root, path) for path in paths}


def _line(here: etree._Element, path: str) -> int:
    for name, index in STEP.findall(path)[1:]:
        there = next(islice(_named(here, name.removeprefix("_")), int(index or 0), None), None)
        if there is None:
            break
        here = there
    return int(here.sourceline or 1)


def _named(here: etree._Element, name: str) -> Iterator[etree._Element]:
    """Children of this name; a resource stands in an element of its type, inside of the one that JSON names."""
    for child in here:
        if etree.QName(child).localname == name:
            yield child[0] if name in ("resource", "contained") and len(child) else child
