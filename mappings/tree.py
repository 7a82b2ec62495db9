"""The tree a template becomes: every node knows its fields, what it insists on, and who stands inside it.

straight.py turns it into code that writes and reads; rest.py asks it which list element is which. What a template must not say is
refused here, at import.
"""
from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mappings.faults import BadValue, at
from mappings.rest import Json, Slot, part_of, same, texts

if TYPE_CHECKING:
    from mappings.shape import Part


class Node:
    """`holes`: a field stands in it; `must`: it insists on something, `weight` times; `names`: its fields."""

    holes, must, weight, names = False, True, 1, tuple[str, ...]()

    def constant(self) -> Json:
        """What a node without fields always says."""
        raise NotImplementedError

    def fits(self, value: Json) -> bool:
        return True

    def says(self, value: Json) -> bool:
        """Would a field be found in a value that fits?"""
        return False

    def inside(self, key: str, rec: Any) -> tuple[Any, Any]:
        return None, None


class Const(Node):
    def __init__(self, value: Json) -> None:
        self.value = value

    def constant(self) -> Json:
        return self.value

    def fits(self, value: Json) -> bool:
        return same(value, self.value)


class Also(Const):
    must, weight = False, 0

    def fits(self, value: Json) -> bool:
        return part_of(self.value, value)


class Leaf(Node):
    """One or several fields behind one codec."""

    holes, must = True, False

    def __init__(self, names: tuple[str, ...], codec: Any) -> None:
        self.names, self.codec, self.field = names, codec, "&".join(names)
        self.node: Obj | None = getattr(codec, "node", None)  # a part may insist on something
        self.weight = self.node.weight if self.node else 0

    def fits(self, value: Json) -> bool:
        return self.node is None or self.node.fits(value)

    def says(self, value: Json) -> bool:
        try:
            got = self.codec.get(value)
        except BadValue:
            return True
        return not all(map(empty, (got,) if len(self.names) == 1 else got or ()))


class Obj(Node):
    """A JSON object. It is there when one of its fields is; with no field in it, always."""

    def __init__(self, parts: dict[Any, Node]) -> None:
        self.parts, self.holes = parts, any(p.holes for p in parts.values())
        self.names = tuple(dict.fromkeys(n for p in parts.values() for n in p.names))
        self.insisted = [(k, p) for k, p in parts.items() if p.must]
        self.weight = sum(p.weight for _, p in self.insisted)
        self.must = not self.holes and self.weight > 0
        self.owner = {k: (p, isinstance(key, tuple)) for key, p in parts.items() for k in keys_of(key)}

    def constant(self) -> Json:
        return {k: p.constant() for k, p in self.parts.items()}

    def fits(self, value: Json) -> bool:
        return isinstance(value, dict) and all(k in value and p.fits(value[k]) for k, p in self.insisted)

    def says(self, value: Json) -> bool:
        parts = [(p, {k: value[k] for k in key if k in value} or None if isinstance(key, tuple) else value.get(key))
                 for key, p in self.parts.items()] if self.fits(value) else []
        return any(v is not None and p.says(v) for p, v in parts)

    def inside(self, key: str, rec: Any) -> tuple[Any, Any]:
        part, sibling = self.owner.get(key, (None, False))
        if not isinstance(part, Leaf):
            return part, rec
        value = getattr(rec, part.names[0]) if len(part.names) == 1 else None
        return part.codec.inside(key, value) if sibling else (part.codec, value)


class Many(Leaf):
    """An Each in its list: its codec is for one element."""

    def __init__(self, field: str, codec: Any, by: str | None) -> None:
        super().__init__((field,), codec)
        self.by = by


class Seq(Node):
    """A JSON list: constants and single parts in fixed slots, and what an Each takes."""

    def __init__(self, items: list[Node]) -> None:
        self.items, self.holes, self.fixed = items, any(p.holes for p in items), sum(not p.holes for p in items)
        self.names = tuple(dict.fromkeys(n for p in items for n in p.names))
        self.must, self.weight = any(p.must for p in items), sum(p.weight for p in items if p.must)
        self.order = sorted(range(len(items)), key=lambda i: (isinstance(items[i], Many), -items[i].weight))  # who is asked first

    def constant(self) -> Json:
        return [p.constant() for p in self.items]

    def says(self, value: Json) -> bool:
        return isinstance(value, list) and any(p.says(v) for p in self.items for v in value)

    def slots(self, ours: list[Json], rec: Any) -> list[Slot]:
        """Who wrote which of our elements, in the order of the shape."""
        waiting, out = iter(ours), list[Slot]()
        for n, p in enumerate(self.items if ours else ()):
            if isinstance(p, Many):
                out += [(n, getattr(x, p.by) if p.by else None, next(waiting), p.codec, x) for x in getattr(rec, p.field) or ()]
            elif not (p.holes and is_empty(p, rec)):
                out.append((n, None, next(waiting), p, rec))
        return out

    def fits(self, value: Json) -> bool:
        return isinstance(value, list) and all(any(p.fits(v) for v in value) for p in self.items if p.must)


def empty(value: Any) -> bool:
    return value is None or value.__class__ is tuple and not value


def is_empty(node: Node, rec: Any) -> bool:
    return all(empty(getattr(rec, n)) for n in node.names)


def keys_of(key: Any) -> tuple[str, ...]:
    return key if isinstance(key, tuple) else (key,)


# ---- import: the template becomes the tree, or is refused ----------------------------------------------------------------
def parse(raw: Json, part: Part[Any], path: str) -> Node:
    if isinstance(raw, dict):
        return parse_object(raw, part, path)
    if isinstance(raw, list):
        return tell_apart(Seq([parse(v, part, f"{path}[{_chosen_by(v)}]") for v in raw]), path)
    if isinstance(raw, str | bool | int | Decimal):
        return Const(raw)
    if hasattr(raw, "plant"):
        node: Node = raw.plant(part, path)
        return node
    raise TypeError(f"{path}: {type(raw).__name__} is neither JSON nor a hole")


def parse_object(raw: dict[Any, Json], part: Part[Any], path: str) -> Obj:
    owned = Counter(k for key in raw for k in keys_of(key))
    wrong = [k for k, n in owned.items() if n > 1] + [k for k in raw if isinstance(k, tuple) and not _owns(raw[k], k)]
    if wrong:
        raise TypeError(f"{path}: {wrong} must belong to one hole, with a codec for these keys")
    part.inline |= {top(path)} if path and "contained" in raw else set()
    made = Obj({k: parse(v, part, at(path, k)) for k, v in raw.items()})
    if alone := [k for k, p in made.parts.items() if isinstance(p, Many)]:
        raise TypeError(f"{path}: {alone} hold an Each, which stands in a list")
    return made


def _owns(hole: Any, keys: tuple[str, ...]) -> bool:
    return hasattr(hole, "names") and set(getattr(hole.codec, "keys", None) or keys) == set(keys)


def top(path: str) -> str:
    return re.split(r"[.\[]", path)[0]


def _chosen_by(raw: Json) -> str:
    return ",".join(f"{k}={v}" for k, v in raw.items() if isinstance(v, str)) if isinstance(raw, dict) else ""


def tell_apart(seq: Seq, path: str) -> Seq:
    """What a later part writes must not be taken by one that is asked earlier: subsumption, with holes as wildcards."""
    for n, i in enumerate(seq.order):
        for j in seq.order[n + 1:]:
            early, late = seq.items[i], seq.items[j]
            if isinstance(late, Many) > isinstance(early, Many) or not may_fit(late, early):
                continue
            greedy = isinstance(early, Many) and not early.weight
            why = f"unreachable: Each(f.{early.names[0]}) takes everything first" if greedy else "cannot be told apart"
            raise TypeError(f"{path}: elements {i} and {j}: {why}")
    return seq


def rivals(seq: Seq, many: Many) -> list[Node]:
    """Fixed slots that might read back what this Each writes."""
    return [q for q in seq.items if q.holes and not isinstance(q, Many) and may_fit(many, q)]


def may_fit(a: Node, b: Node) -> bool:
    """Could something written by `a` be what `b` insists on?"""
    a, b = (getattr(x, "node", None) or x for x in (a, b))
    if isinstance(b, Also):
        return isinstance(a, Also) and b.fits(a.value)
    if not b.weight or isinstance(a, Leaf | Many):
        return True
    if isinstance(b, Obj) and isinstance(a, Obj):
        return all(k in a.owner and may_fit(a.owner[k][0], p) for k, p in b.insisted)
    if isinstance(b, Seq) and isinstance(a, Seq):
        return all(any(may_fit(x, p) for x in a.items) for p in b.items if p.must)
    return isinstance(a, Const) and b.fits(a.value)


def excludes(a: Node, b: Node) -> bool:
    """Is there a constant that no value can have in both ways?"""
    if isinstance(a, Obj) and isinstance(b, Obj):
        return any(k == j and excludes(p, q) for k, p in a.insisted for j, q in b.insisted)
    return type(a) is type(b) is Const and not same(a.value, b.value)


def all_texts(value: Json) -> bool:
    """Then plain == is exact."""
    return all(isinstance(v, str) for _, v in texts(value))
