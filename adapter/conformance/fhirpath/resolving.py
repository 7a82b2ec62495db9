"""resolve(): where a reference leads without asking anybody: to what is contained, or to another entry of the bundle. Else to nothing.

Source: FHIR R4, pages References ("Contained Resources") and Bundle ("Resolving references in Bundles").
"""
from __future__ import annotations

from typing import Any

from adapter.conformance.fhirpath.items import Focus, Item, resource_item

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
    if address.startswith("#"):
        return next((each for each in _objects(focus.root, "contained") if each.get("id") == address[1:]), None)
    return next((entry.get("resource") for entry in _objects(focus.bundle, "entry") if address and _leads_to(address, entry)), None)


def _leads_to(address: str, entry: dict[str, Json]) -> bool:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if isinstance(url, str) and (url == address or url.endswith(f"/{address}")):
        return True
    return isinstance(resource, dict) and f"{resource.get('resourceType')}/{resource.get('id')}" == address


def _objects(resource: Json, key: str) -> list[dict[str, Json]]:
    inside = resource.get(key) if isinstance(resource, dict) else None
    return [each for each in inside if isinstance(each, dict)] if isinstance(inside, list) else []
