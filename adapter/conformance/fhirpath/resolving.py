"""resolve(): where a reference leads without asking anybody: to what is contained, or to another entry of the bundle. Else to nothing.

Source: FHIR R4, pages References ("Contained Resources") and Bundle ("Resolving references in Bundles").
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.conformance.fhirpath.items import Focus, Item, resource_item
from adapter.conformance.fhirpath.scope import last

Json = Any


def resolved(items: list[Item], focus: Focus) -> list[Item]:
    found = (_target(_address(item), focus) for item in items)
    return [resource_item(target) for target in found if target is not None]


def _address(item: Item) -> str:
    said = item.value.get("reference") if isinstance(item.value, dict) else item.value
    return said if isinstance(said, str) else ""


def _target(address: str, focus: Focus) -> Json:
    if address == "#":
        return focus.root
    if not address.startswith("#"):
        return _entries(focus.bundle).get(address)
    if focus.contained is not None:
        return focus.contained.get(address[1:])
    return next((each for each in _objects(focus.root, "contained") if each.get("id") == address[1:]), None)


def _by_address(bundle: Json) -> dict[str, Json]:
    """The resources of a bundle by each address that leads to them: a fullUrl, the end of one, or type and id."""
    found: dict[str, Json] = {}
    for entry in _objects(bundle, "entry"):
        for address in _addresses(entry):
            found.setdefault(address, entry.get("resource"))
    found.pop("", None)
    return found


def _addresses(entry: dict[str, Json]) -> Iterator[str]:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if isinstance(url, str):
        yield url
        parts = url.rsplit("/", SEGMENTS)[1:]
        yield from ("/".join(parts[at:]) for at in range(len(parts)))
    if isinstance(resource, dict):
        yield f"{resource.get('resourceType')}/{resource.get('id')}"


SEGMENTS = 4      # of the longest relative reference, Type/id/_history/version
_entries = last(_by_address)


def _objects(resource: Json, key: str) -> list[dict[str, Json]]:
    inside = resource.get(key) if isinstance(resource, dict) else None
    return [each for each in inside if isinstance(each, dict)] if isinstance(inside, list) else []
