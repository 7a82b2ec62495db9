"""A mapping is a FHIR resource with holes: fill the holes to write, lay it over a resource to read.

    record, rest = shape.read(resource)      rest is what writing `record` alone would not give back, places kept
    shape.write(record, rest) == resource    for any resource at all; and write(record) leaves no rest
    resource, changes = shape.onto(theirs, ours, base)     what we changed since `base`, put into what is theirs now

A constant is insisted on: where it is missing or different, the nearest part that may be left out (a list element, an optional object,
at the top the resource) is not read. `also(x)` is written too, but not insisted on.

(Over 300 lines: the notation and what it makes are read together.)
"""
from __future__ import annotations

import re
import types
import typing
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar

from mappings.contained import inlined, lift, lower
from mappings.faults import BadValue, Fault, Faults, Walk, at, complain
from mappings.rest import NONE, Json, Rest, leaves, mentions, minus, partners, plus, same
from mappings.straight import AS_IS, reader, take, writer
from mappings.tree import Also, Leaf, Many, Node, all_texts, excludes, parse_object, top

__all__ = ["NONE", "BadValue", "Codec", "Each", "Fault", "Faults", "Hole", "Json", "OneOf", "Part", "Rest", "Shape", "again", "also", "f",
           "same"]
R = TypeVar("R")


# ---- the notation -----------------------------------------------------------------------------------------------------
def _nowhere(key: str, value: Any) -> tuple[Any, Any]:
    return None, None


@dataclass(frozen=True)
class Codec:
    """A value to JSON and back. Both raise BadValue and nothing else; `get` may answer None: not for me, leave it in rest."""

    put: Callable[[Any], Json]
    get: Callable[[Json], Any]
    label: str
    type: Any = object  # what `get` makes, as isinstance wants it
    keys: tuple[str, ...] = ()  # the sibling keys it owns, if it owns several
    inline: bool | tuple[str, ...] = False  # may write {"contained": {...}}; a choice: under these of its keys
    exact: bool = False  # puts back the very numbers and booleans it got (then plain == decides that nothing is left)
    inside: Callable[[str, Any], tuple[Any, Any]] = _nowhere  # who stands under a key of what it puts: (node, its record)
    kinds: Mapping[str, Any] = field(default_factory=dict, compare=False)  # a choice: the codec of each key
    fast_put: Callable[[Any], Json] | None = None  # the same for usual values; of others it may raise anything
    fast_get: Callable[[Json], Any] | None = None


@dataclass(frozen=True)
class Hole:
    """One or several fields of the record, where their value stands in the resource."""

    names: tuple[str, ...]
    codec: Any = None
    again: bool = False

    def __or__(self, codec: Any) -> Hole:
        return replace(self, codec=codec)

    def __and__(self, other: Hole) -> Hole:
        return replace(self, names=self.names + other.names)

    def plant(self, part: Part[Any], path: str) -> Node:
        part.see(self.names, self.again, path)
        codec = self.codec or _as_is(part.hints[self.names[0]], f"{part.label}.{self.names[0]}")
        part.rows.append((" & ".join(self.names), path, codec.label))
        part.adopt(codec, path)
        return Leaf(self.names, codec)


class _Holes:
    def __getattr__(self, name: str) -> Hole:
        return Hole((name,))


f = _Holes()


def again(hole: Hole) -> Hole:
    """A second place of a field: written too; must agree when read."""
    return replace(hole, again=True)


@dataclass(frozen=True)
class also:
    """Written, not insisted on."""

    value: Json

    def plant(self, part: Part[Any], path: str) -> Node:
        part.exact &= all_texts(self.value)
        return Also(self.value)


class Each:
    """All elements that no fixed one takes: Each(f.phones, Phone, {...}), Each(f.codings, CODING), Each(f.performers, reference).
    `by` names a field of the element that tells which is which when both sides have changed."""

    def __init__(self, hole: Hole, part: Any, template: Json = None, *, by: Hole | None = None) -> None:
        self.field, self.part, self.by = hole.names[0], part if template is None else Part(part, template), by.names[0] if by else None

    def plant(self, part: Part[Any], path: str) -> Node:
        part.see((self.field,), False, path)
        rows = getattr(self.part, "rows", None) or [("", "", self.part.label)]
        part.rows += [(f"{self.field}[].{name}".strip("."), at(path, p), label) for name, p, label in rows]
        part.adopt(self.part, path)
        part.each[self.field] = self.by
        return Many(self.field, self.part, self.by)


def _as_is(hint: Any, name: str) -> Codec:
    """The codec of a field that is plain JSON already."""
    kinds = set(typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)) - {type(None)}
    if not kinds <= {str, bool, int, Decimal}:
        raise TypeError(f"{name} is not plain JSON: it needs a codec")
    what = "is not " + " or ".join(sorted(k.__name__ for k in kinds))

    def check(v: Json) -> Json:
        if v.__class__ not in kinds:
            raise BadValue(what)
        return v

    return Codec(check, check, AS_IS, tuple(kinds), exact=True)


# ---- a part, a resource, a choice of resources ---------------------------------------------------------------------------
class Part(Generic[R]):
    """A record inside a resource. It is a codec too: f.drug | CONCEPT, and in lists Each(f.codings, CODING)."""

    name, whole = "", False
    kinds: Mapping[str, Any] = types.MappingProxyType({})  # not a choice

    def __init__(self, record: type[R], template: dict[Any, Json], *, not_in_fhir: Mapping[str, str] | None = None) -> None:
        self.record = self.type = record
        self.label, self.hints = record.__name__, typing.get_type_hints(record)
        self.fields = {x.name: x for x in fields(record)}  # type: ignore[arg-type]  # R is a dataclass; typing cannot say so
        self.required = frozenset(n for n, x in self.fields.items() if x.default is MISSING and x.default_factory is MISSING)
        self.first, self.second, self.each = set[str](), set[str](), dict[str, str | None]()
        self.rows, self.inline, self.exact = list[tuple[str, str, str]](), set[str](), True
        self.node = parse_object(template, self, "")
        self.keys = tuple(self.node.owner)
        self.apart = self.node.weight > 0  # something of its own (contained, say): without its constants nothing of it stays
        self.not_in_fhir = dict(not_in_fhir or {})
        self._account()
        self.fast_put, self.fast_get = writer(self), reader(self)

    def _account(self) -> None:
        """Every field of the record stands somewhere, or is left out with a reason."""
        if lost := self.fields.keys() - self.first - self.not_in_fhir.keys():
            raise TypeError(f"{self.label}: say where {sorted(lost)} go, or list them in not_in_fhir with a reason")
        if wrong := [n for n, why in self.not_in_fhir.items() if n not in self.fields or n in self.first | self.required or not why]:
            raise TypeError(f"{self.label}: {wrong} in not_in_fhir must be fields with a default, in no other place, with a reason")

    def see(self, names: tuple[str, ...], second: bool, path: str) -> None:
        for name in names:
            if name not in self.fields:
                raise TypeError(f"{path}: {self.label} has no field {name!r}")
            if name in self.first and not second:
                raise TypeError(f"{path}: {name!r} stands in two places; say again(f.{name}) in the second")
            (self.second if second else self.first).add(name)

    def adopt(self, codec: Any, path: str) -> None:
        self.exact &= codec.exact
        if codec.inline:
            keys = set(top(path).split("|"))
            self.inline |= keys & set(codec.inline) if isinstance(codec.inline, tuple) and "|" in top(path) else keys

    def inside(self, key: str, value: Any) -> tuple[Any, Any]:
        inside: tuple[Any, Any] = self.node.inside(key, value) if isinstance(value, self.record) else (None, None)
        return inside

    def table(self) -> list[tuple[str, str, str]]:
        """(field, FHIR path, codec) of every hole."""
        return self.rows

    def put(self, record: R) -> Json:
        try:
            return self.fast_put(record)
        except Exception:  # noqa: BLE001, S110 - the careful tone meets it again; and out here, for what it says may be a patient's
            pass
        return self.slow_put(record)

    def get(self, value: Json) -> R | None:
        try:
            made: R | None = self.fast_get(value)
        except Exception:  # noqa: BLE001, S110 - the same
            pass
        else:
            return made
        return self.slow_get(value)

    def slow_put(self, record: R) -> Json:
        if not isinstance(record, self.record):
            raise BadValue(f"is not a {self.label}")
        walk = Walk()
        out = self.careful_put(record, walk, self.name)
        return out if not walk else complain(walk)

    def slow_get(self, value: Json, strict: bool = False) -> R | None:
        walk = Walk(strict)
        found = self.careful_get(value, walk, self.name)
        made = take(lambda given: self.record(**given), found, walk, self.name, "-") if found and not walk else None  # its own check
        return made if not walk else complain(walk)

    @cached_property
    def careful_put(self) -> Callable[..., Any]:
        return writer(self, careful=True)

    @cached_property
    def careful_get(self) -> Callable[..., Any]:
        return reader(self, careful=True)


class Lens(Generic[R]):
    """What a Shape and a OneOf have in common."""

    def of(self, resource: Json) -> Shape[Any]:
        """The shape for a resource."""
        raise NotImplementedError

    def by(self, record: Any) -> Shape[Any]:
        """The shape for a record."""
        raise NotImplementedError

    def write(self, record: R, rest: Rest | None = None) -> dict[str, Json]:
        """The resource. With the rest of a reading, what was left then is said again. Faults when the record cannot be written."""
        shape = self.by(record)
        ours = shape.put(record)
        out = plus(ours, rest["left"], shape.node, record) if rest and "left" in rest else ours
        if not rest or "contained" not in rest:
            return lower(out) if shape.inlines(ours) else out
        return out if (order := rest["contained"]) is None else lower(out, tuple(order))

    def read(self, resource: Json, *, strict: bool = False) -> tuple[R, Rest]:
        """Record and rest. Faults when it cannot be read. `strict`: an element that lacks a required field is a fault, not rest."""
        shape = self.of(resource)
        lifted, order = lift(resource) if "contained" in resource or shape.inlines(resource) else (resource, NONE)
        record: Any = shape.slow_get(lifted, strict=True) if strict else shape.get(lifted)
        left = minus(lifted, shape.put(record), shape.node, record, shape.exact)
        if left and mentions(left, "modifierExtension"):
            stop = [Fault(at(shape.name, p), "-", "unknown modifierExtension") for p, _ in leaves(left) if "modifierExtension" in p]
            if stop:
                raise Faults(stop)
        rest: Rest = {"left": left} if left else {}
        return record, rest if order is NONE or order == () and not rest else rest | {"contained": None if order is None else list(order)}

    def unread(self, resource: Json) -> list[str]:
        """Paths of everything in the resource that its record does not hold."""
        return [path for path, _ in left_in(self.read(resource)[1])]

    def onto(self, theirs: Json, ours: R, base: Json) -> tuple[dict[str, Json], list[Fault]]:
        """Three-way: what we changed since `base` (what we last sent) goes into their resource, the rest of theirs stays.
        With it, for a person: what both changed (theirs stays); what an element of theirs still says; what went with what we removed."""
        (now, rest), was, changes = self.read(theirs), self.read(base)[0], list[Fault]()
        if type(ours) is type(was) is type(now):
            now = self.by(ours).merge(ours, was, now, changes)
        elif same(was, now):
            now = ours
        elif not same(ours, was):
            changes.append(Fault("", "-", "both changed"))
        out = self.write(now, rest)
        back, still = self.read(out)
        changes += [Fault("", n, "is still said by an element of theirs") for n in self.by(now).fields
                    if n in self.by(now).first and not same(getattr(back, n, NONE), getattr(now, n))]
        before, after = (Counter((re.sub(r"\d+", "", p), str(v)) for p, v in left_in(r)) for r in (rest, still))
        return out, changes + [Fault(path, "-", "went with what we removed") for path, _ in before - after]


def left_in(rest: Rest) -> list[tuple[str, Json]]:
    """(path, value) of every leaf of a rest."""
    return list(leaves(rest.get("left", {})))


class Shape(Lens[R], Part[R]):
    """A whole resource."""

    whole = True

    def __init__(self, record: type[R], template: dict[Any, Json], *, not_in_fhir: Mapping[str, str] | None = None) -> None:
        self.name = template["resourceType"]
        super().__init__(record, template, not_in_fhir=not_in_fhir)

    def of(self, resource: Json) -> Shape[R]:
        return self if isinstance(resource, dict) else complain([Fault(self.name, "-", "is not an object")])

    def by(self, record: Any) -> Shape[R]:
        return self

    def inlines(self, resource: dict[str, Json]) -> bool:
        """Does it hold something where something contained may stand?"""
        return not self.inline.isdisjoint(resource) and any(inlined(resource.get(k)) for k in self.inline)

    def merge(self, ours: R, was: R, now: R, changes: list[Fault]) -> R:
        """Field by field, and in a list element by element, the side that changed; both differently: theirs, and a Fault."""
        merged = {}
        for n in self.fields:
            o, w, t = (getattr(r, n) for r in (ours, was, now))
            merged[n] = t if same(o, w) else o if same(t, w) or same(o, t) else _merged(o, w, t, self.each[n]) if n in self.each else NONE
            if merged[n] is NONE:
                changes.append(Fault("", n, "both changed"))
                merged[n] = t
        return replace(now, **merged)  # type: ignore[type-var]  # R is a dataclass; typing cannot say so


def _merged(ours: Sequence[Any], was: Sequence[Any], now: Sequence[Any], by: str | None) -> Any:
    """Their list with our changes to elements they left alone; NONE when both changed one."""
    keyed = [[(0, getattr(x, by) if by else None, x) for x in xs] for xs in (was, ours, now)]
    mine, its = partners(keyed[0], keyed[1]), {j: i for i, j in partners(keyed[0], keyed[2]).items()}
    out = []
    for j, t in enumerate(now):
        w = was[its[j]] if j in its else NONE
        o = t if w is NONE else ours[mine[its[j]]] if its[j] in mine else NONE  # NONE: we removed it
        if not (same(o, w) or same(t, w) or same(o, t)):
            return NONE
        out.append(t if same(o, w) else o)
    if any(i not in its.values() and not same(ours[j], was[i]) for i, j in mine.items()):
        return NONE  # we changed what they removed
    new = [o for j, o in enumerate(ours) if j not in mine.values() and not any(same(o, t) for t in out)]
    return tuple(x for x in [*out, *new] if x is not NONE)


class OneOf(Lens[R]):
    """A sum type: writing picks by the record's type, reading by constants; branches that do not exclude each other are refused."""

    def __init__(self, *shapes: Shape[Any]) -> None:
        self.shapes, self.by_type, self.name = shapes, {s.record: s for s in shapes}, shapes[0].name
        for i, a in enumerate(shapes):
            for b in shapes[i + 1:]:
                if a.record is b.record or not excludes(a.node, b.node):
                    raise TypeError(f"{a.label} and {b.label} do not exclude each other: no constant differs")

    def of(self, resource: Json) -> Shape[Any]:
        fit = next((s for s in self.shapes if s.node.fits(resource)), None)
        return fit or complain([Fault(self.name, "-", "is neither " + " nor ".join(s.label for s in self.shapes))])

    def by(self, record: Any) -> Shape[Any]:
        return self.by_type[type(record)]

    def table(self) -> list[tuple[str, str, str]]:
        return [(f"{s.label}.{field}", path, label) for s in self.shapes for field, path, label in s.rows]
