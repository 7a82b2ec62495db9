"""Putting values into a resident's tree: the way back of paths.py."""
from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from adapter.records.layout.alike import Missed, leaves
from adapter.records.layout.forms import Cannot
from adapter.records.layout.here import Here, Json, Names
from adapter.records.layout.paths import MIXED, OWN, Path, start
from adapter.records.rows.row import Node

Raw = Any
BETWEEN = "stands where a text has elements in it"


@dataclass(frozen=True)
class Dialect:
    """How the export's form writes what may be there more than once. `tables`: CSV, where the rows of a table are always a list.
    `texts`: it has nothing but texts. `lone`: one element is written without a list (XML)."""

    tables: frozenset[str] = frozenset()
    texts: bool = True
    lone: bool = False


@dataclass
class Out:
    """One writing. `claimed`: the places that a field has been written to; another field must not change them. `words`: codes that were
    written by our word for them, which says no more than the code."""

    dialect: Dialect
    missed: list[Missed] = field(default_factory=list)
    claimed: dict[tuple[int, str], Node] = field(default_factory=dict)
    words: set[Names] = field(default_factory=set)

    def no(self, value: Json, names: Names, why: str) -> None:
        """This is not written, leaf by leaf."""
        self.missed += [Missed(leaf, why) for leaf in leaves(value, names)]


def spot(path: Path, here: Here) -> tuple[int, str]:
    """What tells the place of a value from others: the object where its path begins, and the names from there."""
    row, _ = start(path, here)
    return id(row), "/".join(path.names)


def put(path: Path, here: Here, values: list[Raw], out: Out, *, many: bool = False) -> None:
    """These values, and no others, at the end of the path. `many`: there may be several of them. Raises Cannot."""
    row, _ = start(path, here)
    if row is None:
        raise Cannot("stands in a row that is not there")
    _put(row, path.names, values, out.dialect, listed=many and not out.dialect.texts)


def _put(row: Node, names: tuple[str, ...], values: list[Raw], dialect: Dialect, *, listed: bool) -> None:
    name, rest = names[0], names[1:]
    held = row.get(name)
    if name == OWN and MIXED in row:
        raise Cannot(BETWEEN)
    if not rest:
        made = _leaves(held, values)
        row[name] = made[0] if len(made) == 1 and not isinstance(held, list) and not (listed and held is None) else made
    elif isinstance(held, list) or name in dialect.tables:
        nodes = [n for n in held or [] if isinstance(n, Node)]
        nodes += [Node() for _ in values[len(nodes):]]
        for i, node in enumerate(nodes):
            _put(node, rest, values[i:i + 1], dialect, listed=False)
        row[name] = [n for n in nodes if n]
    else:
        inner = held if isinstance(held, Node) else Node({} if held is None else {OWN: held})
        _put(inner, rest, values, dialect, listed=listed)
        row[name] = inner
    if row[name] in ([], {}):
        del row[name]


def _leaves(held: Any, values: list[Raw]) -> list[Any]:
    """New values in the elements that held the old ones: an element may have attributes."""
    before = held if isinstance(held, list) else [] if held is None else [held]
    if any(isinstance(node, Node) and MIXED in node for node in before):
        raise Cannot(BETWEEN)
    nodes = [before[i] if i < len(before) and isinstance(before[i], Node) else None for i in range(max(len(values), len(before)))]
    for i, node in enumerate(nodes):
        if node is not None:
            node.pop(OWN, None)
            node.update({OWN: values[i]} if i < len(values) else {})
    return [node if node is not None else values[i] for i, node in enumerate(nodes) if node or (node is None and i < len(values))]


def copied(node: Node) -> Node:
    """A copy to write into; it knows where it came from."""
    made = Node({}, node.file, node.line)
    for name, value in node.items():
        made[name] = _copied(value)
    return made


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(v) for v in value]
    return copied(value) if isinstance(value, Node) else copy.deepcopy(value)
