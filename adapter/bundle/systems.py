"""The system under which an endpoint wants dm+d codes. UK Core's is https://dmd.nhs.uk; NHS England's services put the same codes under
SNOMED CT, whose UK drug extension they are. Sources: UK Core guidance on medicines; NHS England, EPS and Immunisation FHIR APIs."""
from __future__ import annotations

from typing import Any

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
