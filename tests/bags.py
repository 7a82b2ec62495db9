"""Any care record that may be sent: every record of every kind, with keys of its own, and references that lead somewhere in it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from adapter.bundle import collection
from mappings.bag import DIRECTORY, LISTED, PERSONAL, RETURNED, THE_RESIDENT, CareRecord, Unlisted
from mappings.catalogue import RECORDS
from mappings.faults import Faults
from mappings.patient import Resident
from mappings.values import Ref
from tests.strategies import records

KEYS = ("1", "a/b", "é ☂", "resident", "medicines", "x|y,z$\\", "MED-0001")
FEW = 3  # sections with something in them
LAW = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)  # a bag takes its time to be made
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
    sections = {s.field: draw(st.lists(st.one_of([records(r) for r in s.records]).filter(writable), min_size=1, max_size=most))
                if s.field in filled else []
                for s in (*DIRECTORY, *PERSONAL)}
    keyed = {f: [replace(r, key=f"{f[:1]}{KEYS[(i + len(f)) % len(KEYS)]}{i}") for i, r in enumerate(rs)] for f, rs in sections.items()}
    shared = [Ref(s.kind, r.key) for s in DIRECTORY for r in keyed[s.field]]
    names = shared + [Ref(s.kind, r.key) for s in PERSONAL for r in keyed[s.field]] + [THE_RESIDENT]

    def mine(record: Any) -> Any:
        record = rewritten(record, lambda old: chosen(old, names))
        return replace(record, resident=THE_RESIDENT) if "resident" in {x.name for x in fields(record)} else record

    def everybodys(record: Any) -> Any:
        return rewritten(record, lambda old: chosen(old, shared))

    full: dict[str, Any] = {s.field: tuple(map(everybodys if s in DIRECTORY else mine, keyed[s.field])) for s in (*DIRECTORY, *PERSONAL)}
    full |= {f: full[f] or draw(st.sampled_from(Unlisted)) for f in LISTED}
    if returned:
        full |= {s.field: (replace(mine(draw(records(s.records[0]))), key=None),) for s in RETURNED if s.field in filled}
    resident = replace(mine(draw(records(Resident))), key=draw(st.sampled_from(KEYS)))
    bag = CareRecord(SOURCE, "2025-01-14T21:45:00Z", resident, **full)
    assume(sendable(bag))
    return bag


def sendable(bag: CareRecord) -> bool:
    try:
        collection(bag)
    except Faults:  # what was drawn has one ODS code twice, or an identifier that a field of its own would be read from
        return False
    return True


def writable(record: Any) -> bool:
    try:
        RECORDS[type(record)][1].write(record)
    except Faults:
        return False
    return True


def chosen(old: Ref, names: list[Ref]) -> Ref:
    """One of these; where there are none, somewhere else altogether."""
    new = names[(len(old.key) + ord(old.key[0])) % len(names)] if names else Ref("", "https://elsewhere.example/1")
    return replace(old, type=new.type, key=new.key)
