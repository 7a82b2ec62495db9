"""A layout made from the kinds of the native format: every field is fed from a path of its own name; of a union one member is chosen."""
from __future__ import annotations

import random
from typing import Any

from adapter.records.kinds import Concept, Kind, Many, Object, OneOf, Saying
from adapter.records.layout import Layout
from adapter.records.layout.load import build
from adapter.records.layout.toml import Document
from adapter.records.stream import care_records

DEEP = 3  # elements in elements; a contained record is not followed further
STATES = {"none": "none known", "unasked": "not asked", "unsaid": "not supplied", "yes": "listed"}


def mirror(seed: int) -> Layout:
    """A layout of JSON. The same seed, the same choices."""
    chance = random.Random(seed)  # noqa: S311 - for a test
    fields = {name: value for name, slot in care_records().kind.slots.items() if (value := field(slot.kind, name, "", chance, DEEP))}
    states = {name: {"from": f"{name}State", "table": STATES} for name in ("medicines", "allergies", "vaccinations")}
    document = Document("mirror.toml", {"export": {"format": "json"}, "states": states, **fields}, {})
    layout = build(document, None)  # type: ignore[arg-type]  # it has no module
    assert document.faults == [], "\n".join(map(str, document.faults[:10]))
    return layout


def field(kind: Kind, name: str, path: str, chance: random.Random, deep: int) -> Any:
    """What a layout says of it, None for what is too deep. `path`: of what it is in, in the same row."""
    if isinstance(kind, OneOf):
        kind = next((k for k in kind.members if isinstance(k, Many)), None) or chance.choice(kind.members)
    if isinstance(kind, Many):
        of = chance.choice(kind.of.members) if isinstance(kind.of, OneOf) else kind.of
        if bare(of, chance):
            return {"from": f"{path}{name}"}
        return [{"each": f"{path}{name}", **fields(of, "", chance, deep - 1)}] if deep else None
    if bare(kind, chance):
        return f"{path}{name}"
    return fields(kind, f"{path}{name}/", chance, deep - 1) if deep else None


def bare(kind: Kind, chance: random.Random) -> bool:
    """Is it said by one value?"""
    return not isinstance(kind, Object) or isinstance(kind, Concept | Saying) and chance.random() < 0.3


def fields(kind: Kind, path: str, chance: random.Random, deep: int) -> dict[str, Any]:
    assert isinstance(kind, Object)
    made = {slot.name: field(slot.kind, slot.name, path, chance, deep) for slot in kind.slots.values() if slot.name != "resident"}
    return {name: value for name, value in made.items() if value}
