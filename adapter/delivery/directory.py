"""What belongs to no resident: organisations, places and people. Which of the server's resources each is (directory policy `existing`); and
how each travels by itself, in a lane of its own (policy `own`)."""
from __future__ import annotations

from dataclasses import replace

from adapter.bundle import Id, Names, Part, Policy, Row, collection
from adapter.bundle.identity import strongest
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.comparing import differences
from adapter.delivery.outcome import Verdict
from adapter.delivery.resident import Stopped, search
from adapter.delivery.sent import Options, Sent, told
from adapter.delivery.writing import write
from mappings.bag import DIRECTORY as SECTIONS
from mappings.bag import CareRecord
from mappings.catalogue import DIRECTORY

FIELD_OF = {section.kind: section.field for section in SECTIONS}


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


async def send_shared(client: FhirClient, bundle: Resource, options: Options) -> Sent:
    """A transaction of PUTs under our ids (adapter/bundle/shared.py), as a care record is sent: what is there is read, only what differs is
    written, and what was edited there stays and is told. Raises nothing that a server or the network can cause."""
    kinds = [(entry["resource"]["resourceType"], entry["request"]["url"]) for entry in bundle["entry"]]
    part = Part(bundle, tuple(Row(FIELD_OF[kind], kind, target) for kind, target in kinds), "", 1, 1)

    async def once() -> tuple[Sent, bool]:
        return await write(client, [part], await differences(client, [part], options=options), (), options)

    return await told(client, once, options.seconds)
