"""A care record of what came back, in which every reference leads somewhere: to a record of it by its key, or to an address. Pure.

What the hospital made has no key of the sender's. Its key here is its address, after `urn:redbag:at:`, so that an allergy can be laid
beside the stay in which it was found; and so that nobody takes it for the sender's own: send refuses to send it.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapter.bundle import Returned
from adapter.delivery.refs import relinked
from mappings.bag import SECTIONS, THE_RESIDENT, THEIRS, CareRecord
from mappings.values import Ref, Reference


def addressed(bag: CareRecord, returned: Returned, server: str, resident: str | None) -> CareRecord:
    """`bag` is made of the records of `returned`; `server` its base, with / at the end; `resident` the sender's key for her."""
    urls = {id(item.record): item.url for item in returned.items if not item.ours}
    ours = {f"{item.resource['resourceType']}/{item.record.key}" for item in returned.items if item.ours}
    theirs = {url: THEIRS + _absolute(url, server) for url in urls.values()}

    def lead(said: Reference) -> Reference:
        if not isinstance(said, Ref) or f"{said.type}/{said.key}" in ours:
            return said
        if Ref(said.type, said.key) == THE_RESIDENT:
            return THE_RESIDENT
        to = (f"{said.type}/{said.key}" if said.type else said.key.removeprefix("./")).partition("/_history/")[0]
        return replace(said, type=_kind(to), key=theirs.get(to, THEIRS + _absolute(to, server)))

    def keyed(record: Any) -> Any:
        url = urls.get(id(record))
        return relinked(replace(record, key=theirs[url]) if url else record, lead)

    said = ((s.field, getattr(bag, s.field)) for s in SECTIONS)
    sections: dict[str, Any] = {field: tuple(keyed(record) for record in records) for field, records in said if isinstance(records, tuple)}
    she = keyed(bag.resident)
    return replace(bag, resident=replace(she, key=resident or she.key), **sections)


def _kind(url: str) -> str:
    """The type of what stands at an address; FHIR's word for any type where it does not say."""
    kind = url.split("/")[-2:][0]
    return kind if kind.isalpha() and kind[0].isupper() else "Resource"


def _absolute(url: str, server: str) -> str:
    return url if ":" in url else server + url
