"""The CapabilityStatement, made from the tables that the router and the search use. It says what this server is: a sandbox.

Source: FHIR R4 "CapabilityStatement".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from adapter.sandbox.outcome import Resource
from adapter.sandbox.parameters import PARAMETERS
from adapter.sandbox.router import Route
from adapter.wire import FORMATS

NAME = "Red Bag sandbox hospital"
DESCRIPTION = (
    "A sandbox: a small FHIR R4 server for demonstrations and tests of the Red Bag adapter. It is not a hospital's and not an NHS "
    "system, has no access control and checks no content. Only synthetic data belong here."
)


def statement(routes: Iterable[Route], base: str, started: str, without: Collection[str] = ()) -> Resource:
    """`without`: what this sandbox lacks (call.LACKS)."""
    routes = tuple(routes)
    return {
        "resourceType": "CapabilityStatement",
        "name": "RedBagSandboxHospital",
        "title": NAME,
        "status": "active",
        "experimental": True,
        "date": started,
        "description": DESCRIPTION,
        "kind": "instance",
        "software": {"name": NAME},
        "implementation": {"description": DESCRIPTION, "url": base},
        "fhirVersion": "4.0.1",
        "format": [each.media for each in FORMATS.values()],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(routes, type_, without) for type_ in sorted(PARAMETERS)],
                "interaction": [{"code": route.interaction} for route in routes if route.level == "system"],
            }
        ],
    }


def _resource(routes: Iterable[Route], type_: str, without: Collection[str]) -> Resource:
    table = PARAMETERS[type_]
    links = [f"{type_}:{name}" for name, parameter in table.items() if parameter.kind == "reference"]
    back = [f"{other}:{name}" for other, own in PARAMETERS.items() for name, each in own.items() if type_ in each.targets]
    return {
        "type": type_,
        "interaction": [{"code": route.interaction} for route in routes if route.level == "resource"],
        "versioning": "versioned" if "if-match" in without else "versioned-update",
        "readHistory": True,
        "updateCreate": "update-as-create" not in without,
        "conditionalCreate": "conditional-create" not in without,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", *["enforced"] * ("dangling" in without)],
        **({"searchInclude": links} if links else {}),
        **({"searchRevInclude": back} if back else {}),
        "searchParam": [{"name": name, "type": parameter.kind} for name, parameter in table.items()],
        **({"operation": [_operation(route) for route in routes if route.level == "operation"]} if type_ == "Patient" else {}),
    }


def _operation(route: Route) -> Resource:
    name = route.interaction
    return {"name": name, "definition": f"http://hl7.org/fhir/OperationDefinition/Patient-{name}"}
