"""The Red Bag adapter. `typed(resource)`: a resource as fhir.resources.R4B's model, for those who program in Python."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel

__all__ = ["typed"]


def typed(resource: dict[str, Any]) -> FHIRAbstractModel:
    """See adapter/second_opinion.py: needs the extra `typed`, and never writes what is sent."""
    from adapter import second_opinion  # a second and more to import, which nobody else has to wait for

    return second_opinion.typed(resource)
