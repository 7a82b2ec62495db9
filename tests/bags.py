"""Any care record that may be sent: every record of every kind, with keys of its own, and references that lead somewhere in it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import strategies as st

from mappings.bag import DIRECTORY, LISTED, PERSONAL, RETURNED, THE_RESIDENT, CareRecord, Unlisted
from mappings.patient import Resident
from mappings.values import Ref
from tests.strategies import records

KEYS = ("1", "a/b", "é ☂", "resident", "medicines", "x|y,z$\\", "MED-0001")
FEW = 3  # sections with something in them
SOURCE = "https://home.example/records"


def rewritten(value: Any, to: Callable[[Ref], Ref]) -> Any:
    """The record with every Ref changed."""
    if isinstance(value, Ref):
        return to(value)
    if isinstance(value, tuple):
        return tuple(rewritten(v, to) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{x.name: rewritten(getattr(value, x.name), to) for x in fields(value)})
    return value


@st.composite
def care_records(draw: st.DrawFn, *, returned: bool = True, most: int = 2) -> CareRecord:
    filled = draw(st.sets(st.sampled_from([s.field for s in (*DIRECTORY, *PERSONAL, *RETURNED)]), max_size=FEW))
    sections = {s.field: draw(st.lists(st.one_of([records(r) for r in s.records]), min_size=1, max_size=most)) if s.field in filled else []
                for s in (*DIRECTORY, *PERSONAL)}
    keyed = {f: [replace(r, key=f"{f[:1]}{KEYS[(i + len(f)) % len(KEYS)]}{i}") for i, r in enumerate(rs)] for f, rs in sections.items()}
    names = [Ref(s.kind, r.key) for s in (*DIRECTORY, *PERSONAL) for r in keyed[s.field]] + [THE_RESIDENT]

    def to(old: Ref) -> Ref:
        return replace(old, type=(new := names[(len(old.key) + ord(old.key[0])) % len(names)]).type, key=new.key)

    def mine(record: Any) -> Any:
        record = rewritten(record, to)
        return replace(record, resident=THE_RESIDENT) if "resident" in {x.name for x in fields(record)} else record

    full: dict[str, Any] = {f: tuple(map(mine, rs)) for f, rs in keyed.items()}
    full |= {f: full[f] or draw(st.sampled_from(Unlisted)) for f in LISTED}
    if returned:
        full |= {s.field: (replace(mine(draw(records(s.records[0]))), key=None),) for s in RETURNED if s.field in filled}
    resident = replace(rewritten(draw(records(Resident)), to), key=draw(st.sampled_from(KEYS)))
    return CareRecord(SOURCE, "2025-01-14T21:45:00Z", resident, **full)
