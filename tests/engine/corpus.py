"""What the laws are held against: published resources that read, the FHIR sides of our pairs, and mutants of both."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from adapter import wire
from mappings.catalogue import SHAPES
from mappings.contained import lift, lower
from mappings.shape import Faults
from tests import foreign
from tests.mutate import EVERY, Json, copied, held, mutated, nodes, written

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures"
TYPES = tuple(SHAPES)
SCALE = int(os.environ.get("REDBAG_LAWS", "1"))


def examples(count: int) -> Callable[[Any], Any]:
    """So many examples, the same ones every time; REDBAG_LAWS=20 asks for twenty times as many, other ones every time."""
    return settings(
        max_examples=count * SCALE, derandomize=SCALE == 1, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def pairs(kind: str) -> tuple[Json, ...]:
    """The FHIR sides of the pairs of a type; shared, so look and do not touch."""
    found = (wire.loads(path.read_bytes()) for path in sorted(FIXTURES.glob("*/*.fhir.json")))
    return tuple(resource for resource in found if resource["resourceType"] == kind)


def read(kind: str, resource: Json) -> tuple[Any, Json] | None:
    """Record and rest, or nothing where it is refused."""
    try:
        return SHAPES[kind].read(resource)
    except Faults:
        return None


def reads(kind: str, resource: Json) -> bool:
    return read(kind, resource) is not None


def writable(shape: Any, record: Any) -> Json:
    """What the record is written as; the only reason not to is that an element of a list would be read as another field."""
    try:
        return shape.write(record)
    except Faults as faults:
        assert {fault.reason for fault in faults.found} == {"would be read as another field"}  # noqa: PT017
    assume(False)
    return None


@cache
def readable(kind: str) -> tuple[Json, ...]:
    """Published resources that are what a record of ours needs, and our pairs; shared, so look and do not touch."""
    return (*(r for _, r in foreign.resources(kind) if reads(kind, r)), *pairs(kind))


def bases(kind: str) -> SearchStrategy[Json]:
    """Our pairs as often as all others: they are the ones that fill every hole."""
    return st.sampled_from(readable(kind)) | st.sampled_from(pairs(kind))


def mutants(kind: str, least: int = 1, operations: tuple[str, ...] = EVERY) -> SearchStrategy[Json]:
    """A readable resource, perhaps crossed with another, after a few small cruelties (tests/mutate.py)."""
    steps = st.lists(st.tuples(st.sampled_from(operations), st.integers(0, 2**32 - 1)), min_size=least, max_size=5)
    other = st.none() | st.tuples(bases(kind), st.integers(0, 2**32 - 1))
    return st.builds(lambda base, donor, steps: mutated(crossed(base, *donor) if donor else base, steps), bases(kind), other, steps)


def crossed(resource: Json, donor: Json, number: int) -> Json:
    """One member of another resource: in its place, or where both are lists, theirs and then ours."""
    rnd, out = Random(number), copied(resource)  # noqa: S311 - not for secrets
    key = rnd.choice([k for k in donor if k not in ("resourceType", "contained")])
    both = isinstance(out.get(key), list) and isinstance(donor[key], list)
    out[key] = [*copied(donor[key]), *out[key]] if both and rnd.random() < 0.7 else copied(donor[key])  # type: ignore[misc]
    return out


Leaf = tuple[str, Json, Callable[[Json], Json]]


def leaves(resource: Json) -> Iterator[Leaf]:
    """(path as unread lists it, value, what the resource is with another value there) of every scalar; contained ones where they are
    lifted to. Not of null: it says nothing."""
    lifted, order = lift(resource)
    for at, value in nodes(lifted):
        if not isinstance(value, dict | list | None):
            yield written(at), value, lambda new, at=at: put(lifted, at, new, order)


def put(lifted: Json, at: tuple[Any, ...], new: Json, order: Any) -> Json:
    out = copied(lifted)
    held(out, at[:-1])[at[-1]] = new
    return out if order is None else lower(out, order)
