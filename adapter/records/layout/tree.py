"""Putting values into a resident's tree: the way back of paths.py."""
from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from adapter.records.kinds import Kind, Many, Object, OneOf, Slot
from adapter.records.layout.forms import Cannot
from adapter.records.layout.here import Here, Json, Names
from adapter.records.layout.paths import OWN, Path, start
from adapter.records.rows.row import Node
from adapter.records.spot import Spot

Raw = Any


class Missed(NamedTuple):
    names: Names
    why: str


@dataclass(frozen=True)
class Dialect:
    """How the export's form writes what may be there more than once. `tables`: CSV, where the rows of a table are always a list.
    `texts`: it has nothing but texts. `lone`: one element is written without a list (XML)."""

    tables: frozenset[str] = frozenset()
    texts: bool = True
    lone: bool = False

    def listed(self, values: list[Any], *, name: str) -> Any:
        return values[0] if self.lone and len(values) == 1 else values


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


def leaves(value: Json, names: Names = ()) -> Iterator[Names]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield names
    else:
        for name, v in inner:
            yield from leaves(v, (*names, name))


def plainest(kind: Kind, value: Json) -> Json:
    """As the native format writes it, as far as it can be read: {"text": "Aspirin"} and "Aspirin" are the same."""
    spot = Spot()
    made = kind.decode(value, spot)
    if not spot.wrong:
        return kind.encode(made)
    inner = kind.members if isinstance(kind, OneOf) else (kind,)
    if isinstance(value, list):
        of = next((k.of for k in inner if isinstance(k, Many)), None)
        return [plainest(of, v) for v in value] if of else value
    slots = next((k.slots for k in inner if isinstance(k, Object) and isinstance(value, dict) and value.keys() <= k.slots.keys()), {})
    if not slots:
        return value
    said = {name: plainest(slots[name].kind, v) for name, v in value.items()}
    return {name: v for name, v in said.items() if not same(v, _default(slots[name]))}


def _default(slot: Slot) -> Json:
    """Of a field that says its default in words, such as "not supplied"."""
    return slot.default.value if isinstance(slot.default, Enum) else None


def same(a: Json, b: Json) -> bool:
    """Equal, with numbers digit by digit, and true not the same as 1."""
    if a.__class__ is not b.__class__ and not (isinstance(a, dict | list) and isinstance(b, dict | list)):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return str(a) == str(b) if isinstance(a, Decimal) else bool(a == b)


def differing(a: Json, b: Json, names: Names = ()) -> list[Names]:
    """The leaves in which these differ; a list by its places. "Ward 7" says the same as {"display": "Ward 7"}, or {"text": "Ward 7"}."""
    if isinstance(a, dict) and isinstance(b, str):
        b = next(({name: b} for name in ("display", "text") if a.get(name) == b), b)
    if isinstance(a, dict) and isinstance(b, dict):
        return [n for name in {**a, **b} for n in differing(a.get(name), b.get(name), (*names, name))]
    if isinstance(a, list) and isinstance(b, list):
        longest = max(len(a), len(b))
        pairs = [(a[i] if i < len(a) else None, b[i] if i < len(b) else None) for i in range(longest)]
        return [n for i, (x, y) in enumerate(pairs) for n in differing(x, y, (*names, i))]
    return [] if same(a, b) else list(leaves(a, names)) if a is not None else [names]


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
