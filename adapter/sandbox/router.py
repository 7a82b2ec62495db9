"""Which function serves which address. The CapabilityStatement is made from the same table.

Source: FHIR R4 "RESTful API", summary table of interactions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from adapter.sandbox.call import ID, Answer, Call, Context, Preconditions
from adapter.sandbox.everything import everything
from adapter.sandbox.history import history
from adapter.sandbox.interactions import create, delete, read, update, vread
from adapter.sandbox.outcome import Refusal
from adapter.sandbox.parameters import PARAMETERS
from adapter.sandbox.search import search

Handler = Callable[[Context, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is a pattern of steps: {type}, {id}, {version} or themselves. `interaction` is FHIR's code for it; `level` is where the
    CapabilityStatement tells of it, "" for nowhere. `asks`: it takes parameters."""

    method: str
    path: str
    handler: Handler
    interaction: str
    level: Literal["system", "resource", "operation", ""]
    asks: bool = False


ROUTES: tuple[Route, ...] = (
    Route("GET", "{type}/{id}", read, "read", "resource"),
    Route("GET", "{type}/{id}/_history/{version}", vread, "vread", "resource"),
    Route("PUT", "{type}/{id}", update, "update", "resource"),
    Route("DELETE", "{type}/{id}", delete, "delete", "resource"),
    Route("GET", "{type}/{id}/_history", history, "history-instance", "resource", asks=True),
    Route("GET", "{type}/_history", history, "history-type", "resource", asks=True),
    Route("POST", "{type}", create, "create", "resource"),
    Route("GET", "{type}", search, "search-type", "resource", asks=True),
    Route("POST", "{type}/_search", search, "search-type", "", asks=True),
    Route("PUT", "{type}", update, "update", "", asks=True),
    Route("DELETE", "{type}", delete, "delete", "", asks=True),
    Route("GET", "_history", history, "history-system", "system", asks=True),
    Route("GET", "Patient/{id}/$everything", everything, "everything", "operation", asks=True),
)
"""What can be asked alone or as an entry of a transaction or batch."""

STEPS = {"{type}": re.compile(r"[A-Z][A-Za-z]+"), "{id}": ID, "{version}": ID}
HONOURED: Mapping[str, frozenset[str]] = {
    "GET": frozenset({"if_none_match", "if_modified_since"}),
    "POST": frozenset({"if_none_exist"}),
    "PUT": frozenset({"if_match"}),
    "DELETE": frozenset({"if_match"}),
}
"""The preconditions that each method has. Another one is refused: to go on without it would do what the client asked not to do."""


def perform(routes: Iterable[Route], context: Context, call: Call) -> Answer:
    route, placed = find(routes, call)
    return route.handler(context, placed)


def find(routes: Iterable[Route], call: Call) -> tuple[Route, Call]:
    """The route of a call, and the call with its type, id and version. Raises Refusal: 404, or 405 for another method."""
    fitting = [(route, steps) for route in routes if (steps := _match(route.path, call.path)) is not None]
    if not fitting:
        raise Refusal(404, "not-found", "there is no such address here; it is Type, Type/id, or one of those in the CapabilityStatement")
    if fitting[0][1].get("type", "Patient") not in PARAMETERS:
        raise Refusal(404, "not-supported", "that resource type is not kept here; the CapabilityStatement lists those that are")
    for route, steps in fitting:
        if route.method == call.method:
            _honoured(route, call)
            return route, replace(call, type=steps.get("type", ""), id=steps.get("id", ""), version=steps.get("version", ""))
    allowed = ", ".join(dict.fromkeys(route.method for route, _ in fitting))
    raise Refusal(405, "not-supported", f"this address takes {allowed}", allow=allowed)


def _match(pattern: str, path: str) -> dict[str, str] | None:
    """What `{type}`, `{id}` and `{version}` stand for in `path`; None if the pattern does not fit it."""
    expected, steps = pattern.split("/"), path.split("/")
    if len(expected) != len(steps):
        return None
    if not all(STEPS[one].fullmatch(step) if one in STEPS else one == step for one, step in zip(expected, steps, strict=True)):
        return None
    return {one.strip("{}"): step for one, step in zip(expected, steps, strict=True) if one in STEPS}


def _honoured(route: Route, call: Call) -> None:
    if call.parameters and not route.asks:
        raise Refusal(400, "not-supported", "this address takes no parameters with this method, except _format")
    said = {field.name for field in fields(Preconditions) if getattr(call.preconditions, field.name) is not None}
    if said - HONOURED.get(call.method, frozenset()):
        raise Refusal(400, "not-supported", f"a precondition was sent (If-Match, If-None-Match, …) that {call.method} does not have here")
