"""The system under which an endpoint wants dm+d codes. UK Core's is https://dmd.nhs.uk; NHS England's services put the same codes under
SNOMED CT, whose UK drug extension they are. Sources: UK Core guidance on medicines; NHS England, EPS and Immunisation FHIR APIs."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mappings.dosage import DMD_SYSTEMS
from mappings.systems import DMD

Json = Any
DMD_AS_SAID = frozenset({DMD, f"{DMD}/"})


def under(value: Json, system: str) -> Json:
    """The same with every dm+d code under this system. What was said under SNOMED CT stays there: it need not be dm+d's."""
    if value.__class__ is list:
        return [under(v, system) for v in value]
    if value.__class__ is not dict:
        return value
    inner = {k: under(v, system) if v.__class__ in (dict, list) else v for k, v in value.items()}
    return inner | {"system": system} if "code" in inner and inner.get("system") in DMD_AS_SAID else inner


def as_in(value: Json, there: Json) -> Json:
    """The same with every code that stands `there` too under the system that it has there: one drug, whoever wrote it down."""
    systems = dict(_systems(there))
    return _under_those(value, systems) if systems else value


def _systems(value: Json) -> Iterator[tuple[str, str]]:
    """Code -> system, of what may be dm+d."""
    if value.__class__ is list:
        for v in value:
            yield from _systems(v)
    elif value.__class__ is dict:
        if value.get("system") in DMD_SYSTEMS and isinstance(value.get("code"), str):
            yield value["code"], value["system"]
        for v in value.values():
            yield from _systems(v)


def _under_those(value: Json, systems: dict[str, str]) -> Json:
    if value.__class__ is list:
        return [_under_those(v, systems) for v in value]
    if value.__class__ is not dict:
        return value
    inner = {k: _under_those(v, systems) for k, v in value.items()}
    system = systems.get(str(inner.get("code"))) if inner.get("system") in DMD_SYSTEMS else None
    return inner | {"system": system} if system else inner
