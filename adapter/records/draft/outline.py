"""Where in a JSON or XML document the residents are: the list that most of the document stands in."""
from __future__ import annotations

import json as text
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from adapter.faults import Fault, Refused
from adapter.records.draft.names import section_of

SIZE = 256 << 20
DEPTH = 64
TOO_LARGE = f"is larger than {SIZE >> 20} MB: make the draft from an export of a few residents"
Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """`residents`: the path to the list of them. `namespaces`: prefix -> URI, the document's own as the empty prefix."""

    residents: str
    namespaces: dict[str, str] = field(default_factory=dict)


# ---- JSON ------------------------------------------------------------------------------------------------------------------
def json(path: Path) -> Outline:
    """Raises Refused."""
    try:
        document = text.loads(whole(path).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Refused([Fault("not-json", "is not JSON in UTF-8")]) from None
    if isinstance(document, list):
        return Outline("")
    found = max(lists(document, ()), key=lambda found: found[1], default=None)
    if not found:
        raise Refused([Fault("no-residents", "holds no list of objects that could be residents")])
    return Outline("/".join(name.replace("~", "~0").replace("/", "~1") for name in found[0]))


def whole(path: Path) -> bytes:
    """Raises Refused, and OSError."""
    with path.open("rb") as file:
        data = file.read(SIZE + 1)
    if len(data) > SIZE:
        raise Refused([Fault("too-large", TOO_LARGE)])
    return data


def lists(value: Any, path: Path_) -> Iterator[tuple[Path_, int]]:
    """Every list of objects outside of all lists, and how many values are in it."""
    if isinstance(value, dict) and len(path) < DEPTH:
        for name, inner in value.items():
            yield from lists(inner, (*path, name))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield path, leaves(value)


def leaves(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(leaves, inner)) if inner else 1


# ---- XML -------------------------------------------------------------------------------------------------------------------
def xml(path: Path) -> Outline:
    """The repeated element that most is in; of one that stands alone, its name must tell. Raises Refused."""
    if path.stat().st_size > SIZE:
        raise Refused([Fault("too-large", TOO_LARGE)])
    seen, said, namespaces = Counter[Path_](), Counter[Path_](), dict[str, str]()
    try:
        for place, values in elements(path, namespaces):
            seen[place] += 1
            said.update({place[:i]: values for i in range(1, len(place) + 1)})
    except (etree.XMLSyntaxError, UnicodeError):
        raise Refused([Fault("not-xml", "is not well-formed XML")]) from None
    single = {place for place, n in seen.items() if n == 1} | {()}
    able = [place for place in seen if len(place) > 1 and place[:-1] in single and (seen[place] > 1 or section_of(place[-1]) == "resident")]
    if not able:
        raise Refused([Fault("no-residents", "holds no element that is there more than once and could be a resident")])
    best: Path_ = max(able, key=lambda place: (said[place], -len(place)))
    return Outline("/".join(best), namespaces)


def elements(path: Path, namespaces: dict[str, str]) -> Iterator[tuple[Path_, int]]:
    """Every element: the names that lead to it, and how many values it has itself."""
    with path.open("rb") as file:
        yield from _elements(file, namespaces)


def _elements(file: BinaryIO, namespaces: dict[str, str]) -> Iterator[tuple[Path_, int]]:
    events = etree.iterparse(
        file, ("start", "end", "start-ns"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True)
    place: list[str] = []
    for event, thing in events:
        if event == "start-ns":
            namespaces.setdefault(*thing)
        elif event == "start":
            refuse_doctype(thing, place)
            place.append(named(thing, namespaces))
        else:
            yield tuple(place), len(thing.attrib) + bool((thing.text or "").strip())
            place.pop()
            thing.clear()


def refuse_doctype(root: Any, place: list[str]) -> None:
    if not place and root.getroottree().docinfo.doctype:
        raise Refused([Fault("dtd", "has a document type declaration (DTD), which is not read")])


def named(element: Any, namespaces: dict[str, str]) -> str:
    """As a layout has it: in the main namespace without a prefix."""
    uri, _, name = element.tag.removeprefix("{").rpartition("}")
    prefix = next((prefix for prefix, said in namespaces.items() if said == uri), "")
    return f"{prefix}:{name}" if prefix else str(name)
