"""References in what is being written: those that mean another entry of the same transaction, or a search, become `Type/id`.

Every `reference` element at any depth is looked at, contained resources too. Left alone are references that already say `Type/id`,
fragments, and everything inside a Bundle kept as a resource (a document's references are its own).
A `reference` of this server's own address is made relative, as HAPI does. Source: FHIR R4 "Bundle", resolving references;
"RESTful API", transaction and conditional references.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapter.sandbox.call import Context, pairs
from adapter.sandbox.outcome import Refusal, Resource
from adapter.sandbox.parameters import PARAMETERS
from adapter.sandbox.search import matching

ELEMENT = re.compile(r"[a-z][A-Za-z]{1,50}")
LITERAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})")
CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)", re.DOTALL)


def resolved(context: Context, resource: Resource, links: Mapping[str, str]) -> Resource:
    """A copy of `resource` with its references resolved; `links` says which `Type/id` each fullUrl of the transaction has become.

    Raises Refusal with the path of the reference: 400 for a urn that is no entry's, 404 or 412 for a conditional reference that does
    not find exactly one resource; 422 for what is not there, where nothing may dangle.
    """

    def resolve(reference: str, path: str) -> str:
        if reference in links:
            return links[reference]
        if reference.startswith("urn:"):
            raise Refusal(400, "not-found", "the reference is to a urn, and no entry of a transaction here has it as its fullUrl", path)
        if conditional := CONDITIONAL.fullmatch(reference):
            return _search(context, conditional[1], conditional[2], path)
        return _there(context, reference.removeprefix(f"{context.base}/"), links, path)

    if resource["resourceType"] == "Bundle":
        return resource
    return {key: _walk(value, resolve, _below(resource["resourceType"], key)) for key, value in resource.items()}


def _there(context: Context, reference: str, links: Mapping[str, str], path: str) -> str:
    """As it is; a sandbox without dangling references insists that it leads somewhere, be it to another entry."""
    if "dangling" in context.without and (found := LITERAL.fullmatch(reference)) and reference not in links.values():
        stored = context.tx.current(found[1], found[2])
        if stored is None or stored.body is None:
            raise Refusal(422, "not-found", "the reference leads to what is not there", path)
    return reference


def has_conditional(value: Any) -> bool:
    """Is there a conditional reference anywhere in it?"""
    if isinstance(value, dict):
        reference = value.get("reference")
        return (isinstance(reference, str) and "?" in reference) or any(map(has_conditional, value.values()))
    return isinstance(value, list) and any(map(has_conditional, value))


def _walk(value: Any, resolve: Callable[[str, str], str], path: str) -> Any:
    if isinstance(value, list):
        return [_walk(item, resolve, f"{path}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    return {
        key: resolve(item, f"{path}.reference") if key == "reference" and isinstance(item, str) else _walk(item, resolve, _below(path, key))
        for key, item in value.items()
    }


def _below(path: str, key: str) -> str:
    """A key that cannot be an element's name is not repeated: it may be somebody's."""
    return f"{path}.{key}" if ELEMENT.fullmatch(key) else path


def _search(context: Context, type_: str, query: str, path: str) -> str:
    if type_ not in PARAMETERS:
        raise Refusal(400, "value", "the conditional reference is to a type that the sandbox does not keep", path)
    try:
        found = matching(context, type_, pairs(query), "the conditional reference")
    except Refusal as refusal:
        raise Refusal(refusal.status, refusal.code, refusal.diagnostics, path) from refusal
    if found is None:
        raise Refusal(404, "not-found", f"the conditional reference finds no resource of type {type_}", path)
    return found.address
