"""fhir.resources, as a second opinion and as types for those who program in Python. Never the way in which anything is sent.

    adapter.typed(resource)      a resource of ours as fhir.resources.R4B's model of its type
    opinion(resource)            what those models have against a resource, as findings

What a model writes is not what it read: 0.50 becomes 0.5, +00:00 becomes Z (tests/test_second_opinion.py lists all that is known). So keep
the dict for sending, and the model for looking. They are R4B, which is nearly R4, and they look at types and cardinality only.
Needs the extra `typed`: pip install "redbag-adapter[typed]".
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.conformance.finding import Finding, Level
from adapter.faults import Fault, Refused

if TYPE_CHECKING:
    from fhir_core.fhirabstractmodel import FHIRAbstractModel

Json = Any
RULE = "second-opinion"
SOURCE = "fhir.resources.R4B"
NOT_INSTALLED = 'fhir.resources is not installed: pip install "redbag-adapter[typed]"'
ODD = (AttributeError, KeyError, RecursionError, TypeError, ValueError)  # what the models' own code raises over odd types inside a resource


class NotInstalled(ImportError):
    """The extra `typed` is not installed."""

    def __init__(self) -> None:
        super().__init__(NOT_INSTALLED)


def typed(resource: dict[str, Json]) -> FHIRAbstractModel:
    """The resource as a model. Raises Refused with all that the models have against it, and NotInstalled."""
    model = _model(resource)
    from pydantic import ValidationError

    try:
        return model.model_validate(resource)
    except ValidationError as wrong:
        raise Refused([Fault(RULE, says, path) for path, says in _said(resource, wrong)]) from None
    except ODD:
        raise Refused([Fault(RULE, "is beyond the models: they end in an error of their own", resource["resourceType"])]) from None


def opinion(resource: dict[str, Json]) -> list[Finding]:
    """What the models have against it: warnings, for they are no authority. Raises NotInstalled."""
    try:
        typed(resource)
    except Refused as bad:
        return [Finding(Level.WARNING, RULE, fault.path, fault.says, source=SOURCE) for fault in bad.found]
    return []


def _model(resource: Json) -> type[FHIRAbstractModel]:
    try:
        from fhir.resources.R4B import get_fhir_model_class
    except ImportError:
        raise NotInstalled from None
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    try:
        return get_fhir_model_class(kind)
    except ODD:
        raise Refused([Fault(RULE, "is no resource of a type that FHIR R4 has", "resourceType")]) from None


def _said(resource: dict[str, Json], wrong: Any) -> list[tuple[str, str]]:
    """(path, sentence) of each error; what pydantic says of a value may quote it, so only its own name for the rule is told."""
    return [(_path(resource["resourceType"], error["loc"]), f"does not fit the model ({error['type'].replace('_', ' ')})")
            for error in wrong.errors(include_input=False, include_url=False, include_context=False)]


def _path(kind: str, steps: tuple[str | int, ...]) -> str:
    return kind + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
