"""A mapping is a FHIR resource with holes: fill the holes to write, lay it over a resource to read.

    record, rest = shape.read(resource)      rest is what writing `record` alone would not give back, places kept
    shape.write(record, rest) == resource    for any resource at all; and write(record) leaves no rest

A constant is insisted on: where it is missing or different, the nearest part that may be left out (a list element, an
optional object, at the top the resource) is not read. `also(x)` is written too, but not insisted on.
The tree below is the meaning; straight.py says the same as straight-line code for usual data; rest.py is what is left.
"""
from __future__ import annotations

import operator
import re
import types
import typing
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from mappings.rest import NONE, Json, Rest, at, copy, inlined, leaves, lift, lower, minus, part_of, plus, same
from mappings.straight import Slow, reader, writer

R = TypeVar("R")


class Fault(NamedTuple):
    path: str
    field: str
    reason: str


class BadValue(ValueError):
    """The only exception a codec raises for bad data; its text never holds the value. Anything else is a bug and propagates."""

    def faults(self, path: str, field: str) -> list[Fault]:
        return [Fault(path, field, str(self))]


class Faults(BadValue):
    """Everything wrong with one record or one resource. Holds no values."""

    def __init__(self, found: list[Fault]) -> None:
        super().__init__("; ".join(f"{x.path} ({x.field}): {x.reason}" for x in found))
        self.found = found

    def faults(self, path: str, field: str) -> list[Fault]:
        return [Fault(at(path, x.path), f"{field}.{x.field}", x.reason) for x in self.found]


# ---- the notation -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Codec:
    """Value to JSON and back. `get` may answer None: not for me, leave it in rest."""

    put: Callable[[Any], Json]
    get: Callable[[Json], Any]
    label: str
    type: Any = object  # what `get` makes, as isinstance wants it
    keys: tuple[str, ...] = ()  # the sibling keys it owns, if it owns several
    inline: bool = False  # may write {"contained": {...}}
    exact: bool = False  # puts back the very numbers and booleans it got (then plain == decides that nothing is left)


@dataclass(frozen=True)
class Hole:
    names: tuple[str, ...]
    codec: Any = None
    again: bool = False

    def __or__(self, codec: Any) -> Hole:
        return replace(self, codec=codec)

    def __and__(self, other: Hole) -> Hole:
        return replace(self, names=self.names + other.names)


class _Holes:
    def __getattr__(self, name: str) -> Hole:
        return Hole((name,))


f = _Holes()


def again(hole: Hole) -> Hole:
    """A second place of a field: written too; must agree when read."""
    return replace(hole, again=True)


@dataclass(frozen=True)
class also:
    value: Json


class Each:
    """All elements that no fixed one takes: Each(f.phones, Phone, {...}) or Each(f.codings, CODING)."""

    def __init__(self, field: Hole, part: Any, template: Json = None) -> None:
        self.field, self.part = field.names[0], part if template is None else Part(part, template)


# ---- the tree: every node writes, finds, and says whether a value is what it insists on ----------------------------------
class Const:
    holes, must, weight, inside = False, True, 1, lambda self, key, rec: (None, None)

    def __init__(self, value: Json) -> None:
        self.value = value

    def write(self, rec: Any, faults: list[Fault], path: str) -> Json:
        return self.value

    def fits(self, value: Json) -> bool:
        return same(value, self.value)


class Also(Const):
    must, weight = False, 0

    def write(self, rec: Any, faults: list[Fault], path: str) -> Json:
        return copy(self.value)

    def fits(self, value: Json) -> bool:
        return part_of(self.value, value)


class Leaf(Const):
    holes, must, weight, fits = True, False, 0, lambda self, value: True

    def __init__(self, hole: Hole, codec: Any) -> None:
        self.names, self.codec, self.field = hole.names, codec, "&".join(hole.names)

    def write(self, rec: Any, faults: list[Fault], path: str) -> Json:
        values = tuple(getattr(rec, name) for name in self.names)
        if all(v is None or v == () for v in values):
            return NONE
        try:
            return self.codec.put(values[0] if len(values) == 1 else values)
        except BadValue as bad:
            faults += bad.faults(path, self.field)
            return NONE

    def find(self, value: Json, found: dict[str, Any], faults: list[Fault], path: str) -> None:
        try:
            got = self.codec.get(value)
        except BadValue as bad:
            faults += bad.faults(path, self.field)
        else:
            note(found, zip(self.names, (got,) if len(self.names) == 1 else got or ()), faults, path)


def note(found: dict[str, Any], news: Any, faults: list[Fault], path: str) -> None:
    for name, v in news:
        if v is not None and v != () and not same(found.setdefault(name, v), v):
            faults.append(Fault(path, name, "two places disagree"))


class Obj:
    def __init__(self, parts: dict[Any, Any]) -> None:
        self.parts, self.holes = parts, any(p.holes for p in parts.values())
        self.insisted = [(k, p) for k, p in parts.items() if p.must]
        self.weight = sum(p.weight for _, p in self.insisted)
        self.must = not self.holes and self.weight > 0

    def write(self, rec: Any, faults: list[Fault], path: str, live: bool = False) -> Json:
        out: dict[str, Json] = {}
        live = live or not self.holes
        for key, part in self.parts.items():
            if (v := part.write(rec, faults, at(path, key))) is not NONE:
                live = live or part.holes and not (isinstance(part, Seq) and len(v) == part.fixed)
                out |= v if isinstance(key, tuple) else {key: v}
        return out if live else NONE

    def find(self, value: Json, found: dict[str, Any], faults: list[Fault], path: str) -> None:
        if not isinstance(value, dict):
            faults.append(Fault(path, "-", "is not an object"))
        elif self.fits(value):
            for key, part in self.parts.items():
                v = {k: value[k] for k in key if k in value} or None if isinstance(key, tuple) else value.get(key)
                if part.holes and v is not None:  # JSON null says nothing: it stays in rest
                    part.find(v, found, faults, at(path, key))

    def fits(self, value: Json) -> bool:
        return isinstance(value, dict) and all(k in value and p.fits(value[k]) for k, p in self.insisted)

    def inside(self, key: str, rec: Any) -> tuple[Any, Any]:
        part = self.parts.get(key)
        into = isinstance(part, Leaf) and isinstance(part.codec, Part)
        return (part.codec.node, getattr(rec, part.names[0])) if into else (part, rec)


class Many:
    """An Each in its list."""

    holes, must = True, False

    def __init__(self, field: str, part: Part[Any]) -> None:
        self.field, self.part, self.node, self.weight, self.fits = field, part, part.node, part.node.weight, part.node.fits


class Seq(Const):
    def __init__(self, items: list[Any]) -> None:
        self.items, self.holes, self.fixed = items, any(p.holes for p in items), sum(not p.holes for p in items)
        self.must, self.weight = any(p.must for p in items), sum(p.weight for p in items if p.must)
        self.order = sorted(items, key=lambda p: (isinstance(p, Many), -p.weight))  # who is asked first

    def elements(self, rec: Any, faults: list[Fault], path: str) -> list[tuple[Any, Json, Any, Any]]:
        """What we write: (part, its JSON, node, record), in the order of the shape."""
        out: list[tuple[Any, Json, Any, Any]] = []
        for p in self.items:
            if isinstance(p, Many):
                out += [(p, p.part.fill(x, faults, f"{path}[{i}]", p.field), p.node, x) for i, x in enumerate(getattr(rec, p.field) or ())]
            else:
                out.append((p, p.write(rec, faults, path), p, rec))
        return out

    def write(self, rec: Any, faults: list[Fault], path: str) -> Json:
        out = self.elements(rec, faults, path)
        unfilled = [p for p, v, *_ in out if v is NONE and not isinstance(p, Many)]
        faults += [Fault(path, p.field, "would be read as another field") for p, v, *_ in out if isinstance(p, Many) and any(u.fits(v) for u in unfilled)]
        return [v for _, v, *_ in out if v is not NONE] or NONE

    def find(self, value: Json, found: dict[str, Any], faults: list[Fault], path: str) -> None:
        if not isinstance(value, list):
            faults.append(Fault(path, "-", "is not a list"))
            return
        many: dict[str, Any] = {}
        for p, mine, bad in self.match(value, path).values():
            faults += bad
            if not isinstance(p, Many):
                note(found, mine.items(), faults, path)
            elif not bad:
                many[p.field] = (*many.get(p.field, ()), p.part.make(mine, faults, path))
        found |= many

    def match(self, values: list[Json], path: str = "") -> dict[int, tuple[Any, dict[str, Any], list[Fault]]]:
        """Which element goes to which part: most specific first, each element once; Each takes what fits no unfilled fixed one."""
        taken: dict[int, Any] = {}
        for p in self.order:
            for i, v in enumerate(values):
                if i not in taken and p.fits(v):
                    mine, bad = dict[str, Any](), list[Fault]()
                    if p.holes:
                        (p.node if isinstance(p, Many) else p).find(v, mine, bad, f"{path}[{i}]")
                    if isinstance(p, Many) and not bad and (not mine or p.part.required - mine.keys()):
                        continue
                    taken[i] = (p if mine or bad or not p.holes else None, mine, bad)
                    if taken[i][0] and not isinstance(p, Many):
                        break
        return {i: taken[i] for i in sorted(taken) if taken[i][0]}

    def fits(self, value: Json) -> bool:
        return isinstance(value, list) and all(any(p.fits(v) for v in value) for p in self.items if p.must)


# ---- import: the template becomes the tree, or is refused ----------------------------------------------------------------
def parse(raw: Json, part: Part[Any], path: str) -> Any:
    if isinstance(raw, Hole):
        part.see(raw.names, raw.again, path)
        codec = raw.codec or as_is(part.hints[raw.names[0]], f"{part.label}.{raw.names[0]}")
        part.rows.append((" & ".join(raw.names), path, codec.label))
        part.adopt(codec, path)
        return Leaf(raw, codec)
    if isinstance(raw, Each):
        part.see((raw.field,), False, path)
        part.rows += [(f"{raw.field}[].{name}", at(path, p), label) for name, p, label in raw.part.rows]
        part.adopt(raw.part, path)
        return Many(raw.field, raw.part)
    if isinstance(raw, also):
        part.exact &= all(isinstance(v, str) for _, v in leaves(raw.value))
        return Also(raw.value)
    if isinstance(raw, dict):
        owned = Counter(k for key in raw for k in (key if isinstance(key, tuple) else (key,)))
        wrong = [k for k, n in owned.items() if n > 1] + [k for k in raw if isinstance(k, tuple) and not fits_keys(raw[k], k)]
        if wrong:
            raise TypeError(f"{path}: {wrong} must belong to one hole, with a codec for these keys")
        part.inline |= {top(path)} if path and "contained" in raw else set()
        return Obj({k: parse(v, part, at(path, k)) for k, v in raw.items()})
    if isinstance(raw, list):
        return tell_apart(Seq([parse(v, part, f"{path}[{chosen_by(v)}]") for v in raw]), path)
    if isinstance(raw, str | bool | int | Decimal):
        return Const(raw)
    raise TypeError(f"{path}: {type(raw).__name__} is neither JSON nor a hole")


def as_is(hint: Any, name: str) -> Codec:
    kinds = set(typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)) - {type(None)}
    if not kinds <= {str, bool, int, Decimal}:
        raise TypeError(f"{name} is not plain JSON: it needs a codec")

    def get(v: Json) -> Json:
        if v.__class__ not in kinds:
            raise BadValue("is not " + " or ".join(sorted(k.__name__ for k in kinds)))
        return v

    return Codec(lambda v: v, get, "as is", tuple(kinds), exact=True)


def fits_keys(hole: Any, keys: tuple[str, ...]) -> bool:
    return isinstance(hole, Hole) and set(getattr(hole.codec, "keys", None) or keys) == set(keys)


def top(path: str) -> str:
    return re.split(r"[.\[]", path)[0]


def chosen_by(raw: Json) -> str:
    return ",".join(f"{k}={v}" for k, v in raw.items() if isinstance(v, str)) if isinstance(raw, dict) else ""


def tell_apart(seq: Seq, path: str) -> Seq:
    """What a later part writes must not be taken by one that is asked earlier: subsumption, with holes as wildcards."""
    for i, early in enumerate(seq.order):
        for late in seq.order[i + 1:]:
            if isinstance(late, Many) > isinstance(early, Many) or not may_fit(late, early):
                continue
            why = f"unreachable: Each(f.{early.field}) takes everything first" if isinstance(early, Many) and not early.weight else "cannot be told apart"
            raise TypeError(f"{path}: elements {seq.items.index(early)} and {seq.items.index(late)}: {why}")
    for p in seq.items:
        if isinstance(p, Many):
            p.rivals = [q for q in seq.items if q.holes and not isinstance(q, Many) and may_fit(p, q)]
    return seq


def may_fit(a: Any, b: Any) -> bool:
    """Could something written by `a` be what `b` insists on?"""
    a, b = (x.node if isinstance(x, Many) else x for x in (a, b))
    if isinstance(b, Also):
        return isinstance(a, Also) and b.fits(a.value)
    if not b.weight or type(a) is Leaf:
        return True
    if isinstance(b, Obj) and isinstance(a, Obj):
        mine = {k: p for key, p in a.parts.items() for k in (key if isinstance(key, tuple) else (key,))}
        return all(k in mine and may_fit(mine[k], p) for k, p in b.insisted)
    if isinstance(b, Seq) and isinstance(a, Seq):
        return all(any(may_fit(x, p) for x in a.items) for p in b.items if p.must)
    return type(a) in (Const, Also) and b.fits(a.value)


def excludes(a: Any, b: Any) -> bool:
    """Is there a constant that no value can have in both ways?"""
    if isinstance(a, Obj) and isinstance(b, Obj):
        return any(k == j and excludes(p, q) for k, p in a.insisted for j, q in b.insisted)
    return type(a) is type(b) is Const and not same(a.value, b.value)


# ---- a part, a resource, a choice of resources ---------------------------------------------------------------------------
class Part(Generic[R]):
    """A record inside a resource. Serves as a codec: f.drug | CONCEPT, and in lists: Each(f.codings, CODING)."""

    name, whole = "", False

    def __init__(self, record: type[R], template: dict[Any, Json], *, not_in_fhir: Mapping[str, str] = {}) -> None:
        self.record = self.type = record
        self.label, self.hints = record.__name__, typing.get_type_hints(record)
        self.fields = {x.name: x for x in fields(record)}  # type: ignore[arg-type]
        self.first, self.second, self.rows = set[str](), set[str](), list[tuple[str, str, str]]()
        self.inline, self.exact = set[str](), True  # inline: top keys under which something may be contained
        self.required = frozenset(n for n, x in self.fields.items() if x.default is MISSING and x.default_factory is MISSING)
        self.node: Any = parse(template, self, "")
        self.keys = tuple(k for key in template for k in (key if isinstance(key, tuple) else (key,)))
        if lost := self.fields.keys() - self.first - not_in_fhir.keys():
            raise TypeError(f"{self.label}: say where {sorted(lost)} go, or list them in not_in_fhir with a reason")
        if wrong := [n for n, why in not_in_fhir.items() if n not in self.fields or n in self.first | self.required or not why]:
            raise TypeError(f"{self.label}: {wrong} in not_in_fhir must be fields with a default, in no other place, with a reason")
        self.fast_put, self.fast_get = writer(self), reader(self)

    def see(self, names: tuple[str, ...], second: bool, path: str) -> None:
        for name in names:
            if name not in self.fields:
                raise TypeError(f"{path}: {self.label} has no field {name!r}")
            if name in self.first and not second:
                raise TypeError(f"{path}: {name!r} stands in two places; say again(f.{name}) in the second")
            (self.second if second else self.first).add(name)

    def adopt(self, codec: Any, path: str) -> None:
        self.exact &= codec.exact
        self.inline |= {top(path)} if codec.inline else set()

    def table(self) -> list[tuple[str, str, str]]:
        return self.rows

    def put(self, record: R) -> Json:
        try:
            return self.fast_put(record)
        except (Slow, BadValue):
            return self.slow_put(record)

    def get(self, value: Json) -> R | None:
        try:
            return self.fast_get(value)
        except (Slow, BadValue):
            return self.slow_get(value)

    def slow_put(self, record: R) -> Json:
        faults: list[Fault] = []
        out = self.fill(record, faults, self.name)
        return out if not faults else complain(faults)

    def slow_get(self, value: Json) -> R | None:
        found, faults = dict[str, Any](), list[Fault]()
        if self.whole:
            faults += [Fault(at(self.name, k), "-", "is not what this shape is for") for k, p in self.node.insisted if not (k in value and p.fits(value[k]))]
        fit = not faults
        self.node.find(value, found, faults, self.name)
        short = self.required - found.keys() - {x.field.partition(".")[0] for x in faults}
        if self.whole and fit:
            faults += [Fault(self.name, n, "missing") for n in sorted(short)]
        made = self.make(found, faults, self.name) if not faults and not short and (found or self.whole) else None
        return made if not faults else complain(faults)

    def fill(self, record: Any, faults: list[Fault], path: str, field: str = "-") -> Json:
        out = self.node.write(record, faults, path, self.whole)
        short = [Fault(path, n, "missing") for n in sorted(self.required) if getattr(record, n) in (None, ())]
        faults += short or [Fault(path, field, "says nothing")] * (out is NONE)
        return out

    def make(self, found: dict[str, Any], faults: list[Fault], path: str) -> Any:
        try:
            return self.record(**found)
        except BadValue as bad:  # the record's own check
            faults += bad.faults(path, "-")


def complain(faults: list[Fault]) -> Any:
    raise Faults(faults)


class Lens:
    """What a Shape and a OneOf have in common; `of` and `by` find the shape for a resource and for a record."""

    of: Callable[[Json], Shape[Any]]
    by: Callable[[Any], Shape[Any]]

    def write(self, record: Any, rest: Any = NONE) -> Json:
        shape = self.by(record)
        ours = shape.put(record)
        if rest is NONE:
            return lower(ours) if any(inlined(ours.get(k)) for k in shape.inline) else ours
        out = plus(ours, rest.tree, shape.node, record)
        return out if rest.order is None or not inlined(out) else lower(out, rest.order)

    def read(self, resource: Json) -> tuple[Any, Any]:
        shape = self.of(resource)
        lifted, order = lift(resource) if shape.inline or "contained" in resource else (resource, None)
        record = shape.get(lifted)
        tree = minus(lifted, shape.put(record), shape.node, record, operator.eq if shape.exact else same)
        if faults := [Fault(at(shape.name, p), "-", "unknown modifierExtension") for p, _ in leaves(tree) if "modifierExtension" in p]:
            raise Faults(faults)
        return record, NONE if tree is NONE and (order == () or not shape.inline and order is None) else Rest(tree, order)

    def unread(self, resource: Json) -> list[str]:
        return [path for path, _ in left(self.read(resource)[1])]

    def onto(self, theirs: Json, ours: Any, base: Json) -> tuple[Json, list[Fault]]:
        """Three-way: what we changed since `base` (what we last sent) goes into their resource, the rest of theirs stays.
        With it, for a person: fields both changed (theirs stays); what an element of theirs still says; what went with something we removed."""
        (now, rest), was, changes = self.read(theirs), self.read(base)[0], list[Fault]()
        if type(ours) is type(was) is type(now):
            values = [(x.name, *(getattr(r, x.name) for r in (ours, was, now))) for x in fields(ours)]
            changes += [Fault("", n, "both changed") for n, o, w, t in values if not same(o, w) and not same(w, t) and not same(o, t)]
            now = replace(now, **{n: o for n, o, w, t in values if same(w, t)})
        elif same(was, now):
            now = ours
        elif not same(ours, was):
            changes.append(Fault("", "-", "both changed"))
        out = self.write(now, rest)
        back, still = self.read(out)
        changes += [Fault("", n, "is still said by an element of theirs") for n in self.by(now).first if not same(getattr(back, n, NONE), getattr(now, n))]
        before, after = (Counter((re.sub(r"\d+", "", p), str(v)) for p, v in left(r)) for r in (rest, still))
        return out, changes + [Fault(path, "-", "went with what we removed") for path, _ in before - after]


def left(rest: Any) -> list[tuple[str, Json]]:
    return list(leaves(rest.tree)) if rest else []


class Shape(Lens, Part[R]):
    """A whole resource."""

    whole = True

    def __init__(self, record: type[R], template: dict[Any, Json], *, not_in_fhir: Mapping[str, str] = {}) -> None:
        self.name = template["resourceType"]
        super().__init__(record, template, not_in_fhir=not_in_fhir)

    def of(self, resource: Json) -> Shape[R]:
        return self if isinstance(resource, dict) else complain([Fault(self.name, "-", "is not an object")])

    def by(self, record: Any) -> Shape[R]:
        return self


class OneOf(Lens):
    """A sum type: writing picks by the record's type, reading by constants; branches that do not exclude each other are refused."""

    def __init__(self, *shapes: Shape[Any]) -> None:
        self.shapes, self.by_type = shapes, {s.record: s for s in shapes}
        for i, a in enumerate(shapes):
            for b in shapes[i + 1:]:
                if a.record is b.record or not excludes(a.node, b.node):
                    raise TypeError(f"{a.label} and {b.label} do not exclude each other: no constant differs")

    def of(self, resource: Json) -> Shape[Any]:
        fit = next((s for s in self.shapes if s.node.fits(resource)), None)
        return fit or complain([Fault(self.shapes[0].name, "-", "is neither " + " nor ".join(s.label for s in self.shapes))])

    def by(self, record: Any) -> Shape[Any]:
        return self.by_type[type(record)]

    def table(self) -> list[tuple[str, str, str]]:
        return [(f"{s.label}.{field}", path, label) for s in self.shapes for field, path, label in s.rows]
