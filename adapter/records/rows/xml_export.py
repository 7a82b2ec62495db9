"""An XML export, open: read twice, first for what stands outside of the residents, then for one resident after the other."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from adapter.faults import Fault, Refused
from adapter.records.rows.files import unreadable
from adapter.records.rows.hanging import Hanging, names
from adapter.records.rows.hardened import HARDENED, refuse_doctype
from adapter.records.rows.names import Names
from adapter.records.rows.row import TOP, Node, OneFile, Place, Settings, Steps, stands
from adapter.records.rows.xml_spots import XmlSpots

CHUNK = 1 << 16
MUCH = 64 << 20      # bytes between the ends of two residents; before the first, and after the last
Element = Any      # lxml has no types
_new = Node.__new__


@dataclass(frozen=True)
class XmlRows:
    number: int
    tree: Node
    top: Node
    faults: tuple[Fault, ...]
    hanging: Hanging
    spots: XmlSpots
    orphaned: frozenset[str] = frozenset()      # rows stand in the resident they belong to

    def place(self, steps: Steps) -> Place:
        home = self.hanging.home(self.tree, steps)
        place = stands(self.tree, self.top, home, path=True)
        return place if home[:1] == (TOP,) else place._replace(line=self.spots.line(self.number - 1, home))


class XmlExport(OneFile):
    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.names, self.encoding, self.says = path, Names(settings.namespaces), "", tuple[str, ...]()
        self.way = [self.names.tag(name) for name in names(settings.residents)]
        if len(self.way) < 2:
            raise Refused([Fault("layout", "is the path from the root element to the residents, such as export/residents/resident",
                                 "export.residents")])
        try:
            refuse_doctype(path)
            self.top = self._top()
        except OSError as error:
            raise unreadable(error) from None
        self.hanging = Hanging(settings.lookups, self.top)
        self.spots = XmlSpots(path, self.way, self.names, self._value, self.encoding)

    def __iter__(self) -> Iterator[XmlRows]:
        for number, element in enumerate(self._elements(), 1):
            value = self._value(element)
            tree = value if isinstance(value, Node) else Node({".": value} if value else {}, line=element.sourceline)
            yield XmlRows(number, tree, self.top, tuple(self.hanging.hang(tree)), self.hanging, self.spots)

    # ---- elements ------------------------------------------------------------------------------------------------------------
    def _elements(self) -> Iterator[Element]:
        """Of the residents; each is emptied when the next is asked for."""
        parser = etree.XMLPullParser(("end",), tag=self.way[-1], **HARDENED)
        with self.path.open("rb") as file:
            waiting = 0
            while data := file.read(CHUNK):
                waiting += len(data)
                parser.feed(data)
                for _, element in parser.read_events():
                    if self._is_resident(element):
                        waiting = 0
                        yield element
                        _forget(element)
                if waiting > MUCH:
                    says = f"more than {MUCH >> 20} MiB without the end of a resident: check residents in [export]"
                    raise Refused([Fault("too-large", says, "export.residents")])
            parser.close()

    def _is_resident(self, element: Element) -> bool:
        above = [element.tag, *(parent.tag for parent in element.iterancestors())]
        return above == self.way[::-1]

    def _top(self) -> Node:
        """What stands outside of the residents. Whether all of it is XML shows here, before anybody is handed out."""
        root = None
        try:
            for element in self._elements():
                root = element.getroottree().getroot() if root is None else root
        except etree.XMLSyntaxError as bad:
            raise Refused([Fault("not-xml", "is not XML from here on: export it again, or correct it", "", *bad.position)]) from None
        if root is None:
            raise Refused([Fault("no-residents", "nothing stands there, and the layout says that the residents do: check residents and "
                                                 "namespaces in [export]", "export.residents")])
        self.encoding = root.getroottree().docinfo.encoding or "utf-8"
        value = self._value(root)
        return Node({self.names.element(root.tag): value} if value else {}, line=root.sourceline)

    # ---- values --------------------------------------------------------------------------------------------------------------
    def _value(self, element: Element) -> Any:
        """A node, a text, or None where nothing is said."""
        text, attributes = element.text, element.items()
        if not attributes and not len(element):
            return text if text and not text.isspace() else None
        node: Node = _new(Node)
        node.file, node.line = "", element.sourceline
        for tag, value in attributes:
            if value and not value.isspace():
                node[self.names.attribute(tag)] = value
        if text and not text.isspace():
            node["."] = text
        for child in element:
            value, tail = self._value(child), child.tail
            if value is not None:
                name = self.names.element(child.tag)
                if name in node:
                    _again(node, name, value)
                else:
                    node[name] = value
            if tail and not tail.isspace():
                _again(node, "#mixed", tail)
        return node or None


def _again(node: Node, name: str, value: Any) -> None:
    """What stands more than once is a list."""
    before = node.get(name)
    if before is None:
        node[name] = value
    elif before.__class__ is list:
        before.append(value)
    else:
        node[name] = [before, value]


def _forget(element: Element) -> None:
    """It, and every resident before it: nothing of them is held."""
    parent = element.getparent()
    element.clear(keep_tail=True)
    before = element.getprevious()
    while before is not None and before.tag == element.tag and not (before.tail or "").strip():
        parent.remove(before)
        before = element.getprevious()
