"""JSON as rows: what says nothing is left out, at any depth."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from adapter.records.rows.row import Node

_new = Node.__new__


def cleaned(value: Any) -> Any:
    """Nodes, lists and leaves; None if nothing is left."""
    kind = value.__class__
    if kind is dict:
        node: Node = _new(Node)
        node.file, node.line = "", None
        for name, member in value.items():
            if member.__class__ is str:
                if member and not member.isspace():
                    node[name] = member
            elif (said := cleaned(member)) is not None:
                node[name] = said
        return node or None
    if kind is list:
        return [said for element in value if (said := cleaned(element)) is not None] or None
    if kind is str:
        return value if value and not value.isspace() else None
    return value


def ordinals(value: Any, steps: Iterable[str | int]) -> Iterator[int]:
    """What leads in the text, where members and elements are counted, to a place in what was cleaned; as far as it is there."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            yield list(value).index(step)
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int):
            kept = [i for i, element in enumerate(value) if cleaned(element) is not None]
            if step >= len(kept):
                return
            yield kept[step]
            value = value[kept[step]]
        else:
            return
