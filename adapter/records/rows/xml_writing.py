"""Trees as one XML document in UTF-8. Source: W3C, Extensible Markup Language (XML) 1.0; Namespaces in XML 1.0."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapter.faults import Fault, Refused
from adapter.records.rows.hanging import Hanging, many, names
from adapter.records.rows.names import Names, split
from adapter.records.rows.row import Node, Settings

_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[^\W\d][\w.\-·]*")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_IN_TEXT = str.maketrans(_TEXT)
_IN_ATTRIBUTE = str.maketrans(_TEXT | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def write(path: Path, settings: Settings, top: Node, trees: Iterable[Node]) -> None:
    """One resident a line. Raises Refused for a character or a name that XML does not have."""
    way, hanging = names(settings.residents), Hanging(settings.lookups, top)
    if len(way) < 2 or set(top) - {way[0]}:
        says = "an XML document has one root element, the first name of residents in [export]"
        raise Refused([Fault("no-place", says, "export.residents")])
    writing = _Writing(settings)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.writelines(writing.element(way[0], top.get(way[0]), "", way[1:], map(hanging.shed, trees), writing.declared))
        file.write("\n")


class _Writing:
    """`declared`: the namespaces of the layout, as attributes of the root element."""

    def __init__(self, settings: Settings) -> None:
        self.names = Names(settings.namespaces)
        self.declared = "".join(f' xmlns{prefix and ":"}{prefix}="{uri.translate(_IN_ATTRIBUTE)}"'
                                for prefix, uri in settings.namespaces.items() if prefix)

    def element(self, name: str, value: Any, default: str, way: list[str] | None = None, people: Iterable[Node] = (),
                declared: str = "") -> Iterator[str]:
        """Its text in pieces. `default`: the namespace of bare names around it. `way`: the steps from here to the residents."""
        node = value if isinstance(value, dict) else {} if value is None else {".": value}
        tag, default, own = self._tag(name, default)
        yield f"<{tag}{own}{declared}"
        for i, (attribute, said) in enumerate(node.items()):
            if attribute[:1] == "@":
                yield self._attribute(attribute, said, i)
        yield ">" + _text(node.get(".", ""), name).translate(_IN_TEXT)
        mixed = [_text(text, name).translate(_IN_TEXT) for text in many(node.get("#mixed"))]
        for child, below in _children(node):
            if not (way and child == way[0] and below is many(node[child])[0]):
                yield from self.element(child, below, default)
                yield mixed.pop(0) if mixed else ""
        if way:
            yield from self._on_the_way(node, default, way, people)
        yield "".join(mixed) + f"</{tag}>"

    def _on_the_way(self, node: dict[str, Any], default: str, way: list[str], people: Iterable[Node]) -> Iterator[str]:
        if len(way) > 1:
            yield from self.element(way[0], next(iter(many(node.get(way[0]))), None), default, way[1:], people)
            return
        apart = "" if "." in node else "\n"
        for tree in people:
            yield apart
            yield from self.element(way[0], tree, default)
        yield apart

    def _tag(self, name: str, default: str) -> tuple[str, str, str]:
        """(name, the namespace of bare names within it, what must be declared for it)."""
        uri, local = split(self.names.tag(name))
        if prefix := self.names.prefixes.get(uri) if uri != self.names.main else "":
            return f"{prefix}:{_name(local)}", default, ""
        return _name(local), uri, f' xmlns="{uri.translate(_IN_ATTRIBUTE)}"' if uri != default else ""

    def _attribute(self, name: str, value: Any, number: int) -> str:
        """One of a namespace that the layout has no prefix for brings one, which no other on this element has."""
        uri, local = split(self.names.tag(name[1:], attribute=True))
        prefix, own = self.names.prefixes.get(uri, "") if uri else "", ""
        if uri and not prefix:
            prefix = f"{max(self.names.uris, key=len)}-{number}"
            own = f' xmlns:{prefix}="{uri.translate(_IN_ATTRIBUTE)}"'
        return f'{own} {prefix}{prefix and ":"}{_name(local)}="{_text(value, name).translate(_IN_ATTRIBUTE)}"'


def _children(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, below) for name, value in node.items() if name[:1] != "@" and name not in (".", "#mixed") for below in many(value))


def _text(value: Any, name: str) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or _NO_CHARACTER.search(value):
        raise Refused([Fault("not-in-xml", "holds what XML has no characters for: take it out", name=name)])
    return value


def _name(local: str) -> str:
    if not _NAME.fullmatch(local):
        raise Refused([Fault("not-in-xml", "an element or an attribute has a name that XML does not allow: check the paths of the layout")])
    return local
