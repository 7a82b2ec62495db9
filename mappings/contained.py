"""Contained resources: {"reference": "#x"} <-> {"contained": {...}}. Lifted to where they are first referred to before matching, lowered
to the top of the resource after writing. Source: HL7 FHIR R4, page References, Contained Resources."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mappings.rest import NONE, Json, same

Order = tuple[Json, ...] | None


def lift(resource: dict[str, Json]) -> tuple[dict[str, Json], Order]:
    """Contained resources put where they are first referred to, and their order; None: it could not be undone, so it was not done."""
    listed = resource.get("contained", [])
    if not isinstance(listed, list):
        return resource, None
    inside = {f"#{c['id']}": c for c in listed if isinstance(_id(c), str)}
    ids = [*map(_id, listed)]
    as_ours = ids == [str(n + 1) for n in range(len(ids))]  # then they need not be kept
    for keep_ids, order in (*[(False, ())] * as_ours, (True, tuple(ids))):
        lifted = _lifted(resource, listed, dict(inside), keep_ids)
        if same(lower(lifted, order), resource):
            return lifted, order
    return resource, None


def _lifted(resource: dict[str, Json], listed: list[Json], waiting: dict[str, Json], keep_ids: bool) -> dict[str, Json]:
    def inline(v: Json) -> Json:
        if isinstance(v, list):
            return [inline(x) for x in v]
        if not isinstance(v, dict):
            return v
        name = v.get("reference")
        if not isinstance(name, str) or name not in waiting or "contained" in v:
            return {k: inline(v[k]) for k in sorted(v)}
        body = {k: x for k, x in waiting.pop(name).items() if keep_ids or k != "id"}
        return {k: inline(v[k]) for k in sorted(v) if k != "reference"} | {"contained": inline(body)}

    lifted: dict[str, Json] = inline({k: v for k, v in resource.items() if k != "contained"})
    others = [c for c in listed if not isinstance(_id(c), str) or f"#{c['id']}" in waiting]
    return {**lifted, "contained": others} if others else lifted


def lower(resource: dict[str, Json], order: tuple[Json, ...] = ()) -> dict[str, Json]:
    """The inverse of lift: everything inline moves to the top, under its own id or the next free number."""
    out: list[Any] = list(resource.get("contained", []))
    known, first = [*order, *map(_id, out), *_named(resource)], 0
    names = (str(n) for n in range(1, 1 << 30) if str(n) not in known)

    def outline(v: Json) -> Json:
        nonlocal first
        if isinstance(v, list):
            return [outline(x) for x in v]
        if not isinstance(v, dict):
            return v
        body = v.get("contained") if "reference" not in v else None
        if not isinstance(body, dict):
            done = {k: outline(v[k]) for k in sorted(v)}
            return {k: done[k] for k in v}
        name, place = body.get("id") or next(names), first
        first += 1
        out.insert(place, NONE)
        link = {k: outline(v[k]) for k in sorted(v) if k != "contained"} | {"reference": f"#{name}"}
        out[place] = {**outline(body), "id": name}
        return link

    flat = outline({k: v for k, v in resource.items() if k != "contained"})
    out.sort(key=lambda c: order.index(_id(c)) if _id(c) in order else len(order))  # the known ones in their order, the others behind
    return {**flat, "contained": out} if out else flat


def inlined(v: Json) -> bool:
    """Is anything contained in here?"""
    for x in v.values() if v.__class__ is dict else v if v.__class__ is list else ():
        if (x.__class__ is dict or x.__class__ is list) and inlined(x):
            return True
    return v.__class__ is dict and "contained" in v


def _named(v: Json) -> Iterator[str]:
    """Every contained id that is referred to, also where nothing has it: a new one must not be taken for it."""
    for x in v.values() if isinstance(v, dict) else v if isinstance(v, list) else ():
        yield from _named(x)
    if isinstance(v, dict) and isinstance(name := v.get("reference"), str) and name[:1] == "#":
        yield name[1:]


def _id(contained: Json) -> Json:
    return contained.get("id") if isinstance(contained, dict) else None
