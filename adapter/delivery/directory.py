"""Organisations, places and people that the server has already: which of its resources each of ours is (directory policy `existing`)."""
from __future__ import annotations

from dataclasses import replace

from adapter.bundle import Id, Names, Policy, collection
from adapter.bundle.identity import strongest
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.resident import Stopped, search
from mappings.bag import CareRecord
from mappings.catalogue import DIRECTORY


async def existing(client: FhirClient, bag: CareRecord, policy: Policy) -> Policy:
    """The policy with what the server has, by each one's strongest identifier. What it has not is refused when the bundle is made.

    Raises Stopped where more than one matches: which of two practices is meant is not ours to guess.
    """
    known = dict(policy.known)
    for kind, wanted in _strongest(bag):
        if wanted not in known:
            found = await search(client, kind, wanted)
            if len(found) > 1:
                raise Stopped(Verdict.PERSON, f"{kind}: {len(found)} on the server have the identifier of one of yours; a person must look")
            if found:
                known[wanted] = f"{kind}/{found[0].get('id')}"
    return replace(policy, known=known)


def _strongest(bag: CareRecord) -> list[tuple[str, Id]]:
    directory = {name: getattr(bag, name) for name in ("organizations", "locations", "practitioners", "practitioner_roles")}
    resources = [e["resource"] for e in collection(CareRecord(bag.source, bag.as_of, bag.resident, **directory))["entry"]]
    names = Names(bag.source, bag.resident.key or "")
    return [(r["resourceType"], strongest(r, names)) for r in resources if r["resourceType"] in DIRECTORY]
