"""Where references stand: in a record by its type hints, in a resource by its shape.

    references(stay)                               -> ("locations[0].location", Ref("Location", "ward-7")), ...
    relink(resource, plan_of(encounter), change)   -> the resource with change(reference) in each of these places
"""
from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from mappings.shape import OneOf, Shape
from mappings.tree import Leaf, Many, Node, Obj, Seq
from mappings.values import Logical, Ref, Reference, Said, reference

Json = Any
Plan = dict[str, Any]  # key -> the plan of what stands there; a reference has none below it
Change = Callable[[dict[str, Json]], Json]
HERE: Plan = {}  # this is a reference


# ---- in a record ---------------------------------------------------------------------------------------------------------
def references(record: Any) -> list[tuple[str, Reference]]:
    """Every reference of a record, with its field."""
    found: list[tuple[str, Reference]] = []
    _collect(record, "", found)
    return found


def _collect(value: Any, path: str, found: list[tuple[str, Any]]) -> None:
    """Every record of every bag passes here: no generator, and no look at fields that hold nothing."""
    if value.__class__ is tuple:
        for i, item in enumerate(value):
            _collect(item, f"{path}[{i}]", found)
    elif value.__class__ in REFERENCES:
        found.append((path, value))
    else:
        for name in _leading(value.__class__):
            if inner := getattr(value, name):
                _collect(inner, f"{path}.{name}" if path else name, found)


REFERENCES = frozenset({Ref, Logical, Said})


@cache
def _leading(record: type) -> tuple[str, ...]:
    """The fields under which a reference may stand."""
    if not is_dataclass(record):
        return ()
    hints = typing.get_type_hints(record)
    return tuple(x.name for x in fields(record) if _leads(hints[x.name]))


def _leads(hint: Any) -> bool:
    if args := typing.get_args(hint):
        return any(map(_leads, args))
    return hint in REFERENCES or is_dataclass(hint) and bool(_leading(typing.cast(type, hint)))


# ---- in a resource -------------------------------------------------------------------------------------------------------
@cache
def plan_of(shape: Shape[Any] | OneOf[Any]) -> Plan:
    """Where references of a resource stand. Lists are passed through; `contained` is searched as a whole."""
    plan: Plan = {}
    for one in shape.shapes if isinstance(shape, OneOf) else (shape,):
        _merge(plan, _plan(one.node))
    return plan


def _plan(node: Node) -> Plan | None:
    if isinstance(node, Obj):
        return _merge({}, {k: p for key, part in node.parts.items() for k, p in _under(key, part)}) or None
    if isinstance(node, Seq):
        plans = [p for p in map(_plan, node.items) if p is not None]
        return HERE if HERE in plans else _together(plans)
    if isinstance(node, Many):
        return _plan(node.node) if node.node else _of_codec(node.codec)
    return _of_codec(node.codec) if isinstance(node, Leaf) else None


def _under(key: Any, node: Node) -> Iterator[tuple[str, Plan]]:
    if isinstance(key, tuple):  # a choice of type: FHIR names the key after the type
        yield from ((k, HERE) for k in key if k.endswith("Reference"))
    elif (plan := _plan(node)) is not None:
        yield key, plan


def _of_codec(codec: Any) -> Plan | None:
    if hasattr(codec, "node"):
        return _plan(codec.node)
    return HERE if codec.label.removeprefix("list of ").startswith(reference.label.partition(":")[0]) else None


def _together(plans: list[Plan]) -> Plan | None:
    out: Plan = {}
    for plan in plans:
        _merge(out, plan)
    return out or None


def _merge(into: Plan, plan: Plan | None) -> Plan:
    for key, inner in (plan or {}).items():
        into[key] = _merge(dict(into[key]), inner) if key in into else inner
    return into


def relink(resource: dict[str, Json], plan: Plan, change: Change) -> dict[str, Json]:
    """A copy of the resource with every reference changed, but those to what it contains; what holds no reference is shared with it."""
    return relink_here(dict(resource), plan, change)


def relink_here(copy: dict[str, Json], plan: Plan, change: Change) -> dict[str, Json]:
    """The same for a copy that nobody else has. What lies deeper is copied, not changed."""
    if "contained" in copy:
        change = _beyond(change)
        copy["contained"] = _everywhere(copy["contained"], change)
    for key, inner in plan.items():
        if key in copy:
            value = copy[key]
            if value.__class__ is dict:
                copy[key] = relink_here(dict(value), inner, change) if inner else change(value)
            elif value.__class__ is list:
                copy[key] = [v if v.__class__ is not dict else relink_here(dict(v), inner, change) if inner else change(v) for v in value]
    return copy


def _beyond(change: Change) -> Change:
    """Only of references to something else than what is contained here."""
    return lambda said: said if str(said.get("reference")).startswith("#") else change(said)


def _everywhere(value: Json, change: Change) -> Json:
    if isinstance(value, list):
        return [_everywhere(v, change) for v in value]
    if not isinstance(value, dict):
        return value
    return change(value) if isinstance(value.get("reference"), str) else {k: _everywhere(v, change) for k, v in value.items()}
