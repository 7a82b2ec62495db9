"""References of records: changed wherever they stand, and as what they mean, however they are written. Pure."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from adapter.bundle import Item
from adapter.bundle.sending import addresses
from mappings.bag import THE_RESIDENT, CareRecord
from mappings.datatypes import Coding
from mappings.dosage import DMD_SYSTEMS
from mappings.systems import SNOMED_CT
from mappings.values import Logical, Ref, Reference, Said

NOTHING: Mapping[tuple[str, str], str] = {}
Means = Mapping[Any, Ref]  # (system, value), or a Ref -> the Ref of a record of ours


def relinked(value: Any, change: Callable[[Reference], Reference]) -> Any:
    """The record with every reference changed."""
    if isinstance(value, Ref | Logical | Said):
        return change(value)
    if isinstance(value, tuple):
        return tuple(relinked(v, change) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{x.name: relinked(getattr(value, x.name), change) for x in fields(value)})
    return value


def one_system(value: Any) -> Any:
    """The record with every dm+d code under SNOMED CT, wherever it stood: an endpoint may have asked for it there."""
    if isinstance(value, Coding):
        return replace(value, system=SNOMED_CT) if value.system in DMD_SYSTEMS else value
    if isinstance(value, tuple):
        return tuple(map(one_system, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{x.name: one_system(getattr(value, x.name)) for x in fields(value)})
    return value


def meant(value: Any, means: Means) -> Any:
    """The record with every reference bare: to whom it leads, and not what it is called there."""

    def bare(said: Reference) -> Reference:
        if isinstance(said, Ref):
            plain = Ref(said.type, said.key)
            return means.get(plain, plain)
        return means.get((said.system, said.value)) or Logical(said.system, said.value) if isinstance(said, Logical) else said

    return relinked(value, bare)


def meanings(sent: CareRecord, came: Iterable[Item] = (), known: Mapping[tuple[str, str], str] = NOTHING) -> Means:
    """What else may stand for something of the care record: its identifier, its id, and the server's own resource with that identifier.
    `known`: (system, value) -> "Organization/55"."""
    means: dict[Any, Ref] = {Ref("Patient", sent.resident.key or ""): THE_RESIDENT}
    for where, name in addresses(sent).items():
        means[where[1:] if isinstance(where, tuple) else _ref(where)] = _ref(name)
    means |= {_ref(to): means[identifier] for identifier, to in known.items() if identifier in means}
    for item in came:
        found = (means.get((i.get("system"), i.get("value"))) for i in _identifiers(item.resource))
        if ours := next((ref for ref in found if ref and ref.type == item.resource["resourceType"]), None):
            means[_ref(item.url)] = ours
    return means


def _ref(said: str) -> Ref:
    kind, _, key = said.partition("/")
    return Ref(kind, key)


def _identifiers(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = resource.get("identifier")
    return [i for i in said if isinstance(i, dict)] if isinstance(said, list) else []
