"""Lookups of JSON and XML: what a row names by a key, and what stands in a list outside of the residents, hangs beside the key."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from adapter.faults import Fault
from adapter.records.rows.row import TOP, Leaf, Lookup, Node, Steps


def names(path: str) -> list[str]:
    """The steps of a path: `a/b~1c` is a, then b/c."""
    return [name.replace("~1", "/").replace("~0", "~") for name in path.split("/")] if path else []


def many(value: Any) -> list[Any]:
    """What may stand once or often."""
    return value if isinstance(value, list) else [] if value is None else [value]


class Hanging:
    """`top` holds the lists, as they were read."""

    def __init__(self, lookups: Iterable[Lookup], top: Node) -> None:
        self.lookups = [(lookup, names(lookup.by), _by_key(lookup, top)) for lookup in lookups]
        self.homes = {id(node): steps for *_, found in self.lookups for rows in found.values() for steps, node in rows}

    def hang(self, tree: Node) -> Iterator[Fault]:
        """Into the tree. A key that nothing has leaves nothing there."""
        for lookup, by, found in self.lookups:
            for row in list(_rows(tree, by[:-1])):
                keys = [key for key in many(row.get(by[-1])) if isinstance(key, Leaf)]
                rows = [row for key in keys for row in found.get(key, ())]
                if len(rows) > 1:
                    says = f"{len(rows)} elements of {lookup.items} have this key: which is meant cannot be known"
                    yield Fault("twice", says, name=lookup.by)
                if rows and lookup.name not in row:
                    row[lookup.name] = rows[0][1]

    def shed(self, tree: Node) -> Node:
        """A tree as it was before anything hung in it. What else has the name of a lookup stays."""
        bare = _copied(tree) if self.lookups else tree
        for lookup, by, found in reversed(self.lookups):
            for row in list(_rows(bare, by[:-1])):
                keys = [key for key in many(row.get(by[-1])) if isinstance(key, Leaf)]
                if any(row.get(lookup.name) == node for key in keys for _, node in found.get(key, ())):
                    del row[lookup.name]
        return bare

    def home(self, tree: Node, steps: Steps) -> Steps:
        """The steps from the top to something that only hangs in the tree; the others as they are."""
        value: Any = tree
        for i, step in enumerate(steps):
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            if id(value) in self.homes:
                return (TOP, *self.homes[id(value)], *steps[i + 1:])
        return steps


def _by_key(lookup: Lookup, top: Node) -> dict[Leaf, list[tuple[Steps, Node]]]:
    found, path = defaultdict[Leaf, list[tuple[Steps, Node]]](list), names(lookup.items)
    value: Any = top
    for name in path:
        value = value.get(name) if isinstance(value, Node) else None
    for i, node in enumerate(many(value)):
        key = node.get(lookup.key) if isinstance(node, Node) else None
        if isinstance(key, Leaf):
            found[key].append(((*path, i) if isinstance(value, list) else tuple(path), node))
    return dict(found)


def _copied(value: Any) -> Any:
    if isinstance(value, Node):
        return Node({name: _copied(member) for name, member in value.items()})
    return [_copied(element) for element in value] if isinstance(value, list) else value


def _rows(value: Any, path: list[str]) -> Iterator[Node]:
    """Every object that the path leads to, through lists."""
    if isinstance(value, list):
        for element in value:
            yield from _rows(element, path)
    elif isinstance(value, Node) and not path:
        yield value
    elif isinstance(value, Node):
        yield from _rows(value.get(path[0]), path[1:])
