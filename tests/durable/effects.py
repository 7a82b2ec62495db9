"""What deliveries did, counted at the server: the resources of each identifier, and what each of their versions says."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from tests.durable.people import Place, Plan, Said

TYPES = ("Patient", "MedicationStatement", "List")
Seen = Mapping[str, Mapping[Place, Mapping[str, list[str]]]]  # source -> what and whose -> id -> what each version says, in order


class Found(NamedTuple):
    """How the server differs from one to which nothing went wrong. `lost`: deliveries it never saw; `doubled`: versions or resources too
    many; `disordered`: resources whose versions came in another order."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0


def seen_at(server: str, sources: set[str]) -> Seen:
    """Every version of everything that these senders have there."""
    found: dict[str, dict[Place, dict[str, dict[int, str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for resource in _versions(server):
        source, place = _whose(resource)
        if source in sources:
            found[source][place][resource["id"]][int(resource["meta"]["versionId"])] = _says(resource)
    return {source: {place: {made: [said[n] for n in sorted(said)] for made, said in ids.items()} for place, ids in places.items()}
            for source, places in found.items()}


def difference(plan: Plan, seen: Seen) -> Found:
    """Between what a plan's deliveries must have done and what they did. Nothing differs where it is Found()."""
    wanted, have = plan.effects(), seen.get(plan.source, {})
    found = [_one(wanted.get(place, []), have.get(place, {})) for place in {*wanted, *have}]
    return Found(*map(sum, zip(*found, strict=True)))


def _one(wanted: list[str], ids: Mapping[str, list[str]]) -> Found:
    said = [words for versions in ids.values() for words in versions]
    lost, more = len(set(wanted) - set(said)), len(said) - len(set(said) & set(wanted))
    order = [wanted.index(words) for words in dict.fromkeys(said) if words in wanted]
    return Found(lost, more + max(len(ids) - 1, 0), int(order != sorted(order) or not more and not lost and said != wanted))


def _versions(server: str) -> Iterator[dict[str, Any]]:
    with httpx.Client(timeout=60) as http:
        for kind in TYPES:
            # HAPI counts a whole history once a minute, and pages no further than that count; with a time it counts anew
            url: str | None = f"{server}/{kind}/_history?_count=200&_since=2000-01-01T00:00:00Z"
            while url:
                page = http.get(url).raise_for_status().json()
                yield from (entry["resource"] for entry in page.get("entry", []) if "resource" in entry)
                url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)


def _whose(resource: Mapping[str, Any]) -> tuple[str, Place]:
    for identifier in resource.get("identifier", []):
        source, own, kind = identifier.get("system", "").partition("/Id/")
        if own and kind == resource["resourceType"]:
            return source, (kind, identifier["value"])
    return "", ("", "")


def _says(resource: Mapping[str, Any]) -> str:
    match resource["resourceType"]:
        case "MedicationStatement":
            return str(resource["dosage"][0]["text"])
        case "List":
            return str(resource["date"])
        case _:
            return ""


def all_said(plan: Plan, seen: Seen) -> Said:
    """What there is of a plan, as Plan.effects says what there must be; for a message where they differ."""
    return {place: [words for versions in ids.values() for words in versions] for place, ids in seen.get(plan.source, {}).items()}
