"""What came back, as records. Pure, and nothing is dropped: what is not read is handed on as it is, and named.

    returned = read([page1, page2], sent=bag, patient="Patient/123")
    returned.items[0].record, returned.items[0].rest, returned.items[0].resource

Any Bundle (searchset pages, history, collection, transaction) or single resources. References become the record's own again: the
resident's resource is THE_RESIDENT, what carries a key of the sender's goes by that key, everything else keeps the server's words; where
those would mean something of the sender's, `./` goes before them.
Source: HL7 FHIR R4, pages Bundle (fullUrl, resolving references) and RESTful API (history).
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapter.bundle.identity import key_of, own_system
from adapter.bundle.sending import THE_RESIDENT, Address, addresses
from mappings.bag import LISTED, SECTION_OF, CareRecord, fold
from mappings.catalogue import SHAPES
from mappings.faults import Fault, Faults
from mappings.list import RecordList
from mappings.patient import Resident
from mappings.references import Change, plan_of, relink
from mappings.rest import Rest
from mappings.systems import NHS_NUMBER, SOURCE_KEY
from mappings.values import Ref

Json = Any
Resource = dict[str, Json]
Own = dict[str, Resource | None]  # url -> the identifier that holds the sender's key


@dataclass(frozen=True)
class Item:
    """A resource that was read. `url` is where it stands ("MedicationRequest/55", else its fullUrl); `resource` is as it came."""

    url: str
    record: Any
    rest: Rest
    resource: Resource

    @property
    def ours(self) -> bool:
        """Does it carry a key of the sender's?"""
        return self.record.key is not None


class Unreadable(NamedTuple):
    """A resource of a known type that its shape cannot read, and why."""

    url: str
    resource: Resource
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Returned:
    """`others` are of types that are not read, `older` are versions before the one in `items`, `deleted` are urls."""

    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...]
    others: tuple[Json, ...]
    older: tuple[Resource, ...]
    deleted: tuple[str, ...]

    def care_record(self, source: str, as_of: str) -> CareRecord:
        """All that was read as one care record, the sender's and the hospital's. Faults unless there is exactly one Patient."""
        return fold((item.record for item in self.items), source, as_of)

    @property
    def resident(self) -> Item | None:
        return next((item for item in self.items if isinstance(item.record, Resident)), None)

    @property
    def as_of(self) -> str | None:
        """The time of the sender's last Lists."""
        return max((item.record.date for item in self._lists if item.record.date), default=None)

    @property
    def missing(self) -> tuple[Ref, ...]:
        """What the sender's Lists name, and what did not come with them."""
        here = {Ref(SECTION_OF[type(i.record)].kind, i.record.key) for i in self.items if i.ours and not isinstance(i.record, Resident)}
        return tuple(e.item for item in self._lists for e in item.record.entries if isinstance(e.item, Ref) and e.item not in here)

    @property
    def _lists(self) -> list[Item]:
        return [item for item in self.items if isinstance(item.record, RecordList) and item.record.key in LISTED]


def read(received: Iterable[Json], *, sent: CareRecord | None = None, source: str = "", patient: str | None = None,
         hers: Collection[str] = ()) -> Returned:
    """`sent` is what the sender sent, or at least `source` its namespace: without them nothing is recognised as the sender's.
    `patient` is the resident's resource ("Patient/123"); without it, the one with her key, else the only one. `hers`: others of hers."""
    arrivals = Arrivals(received)
    own = {url: _own(resource, sent.source if sent else source) for url, resource in arrivals.current.items()}
    change = _changing(_named(arrivals, own, sent, patient, hers), dict(arrivals.addresses()))
    items, unreadable = list[Item](), list[Unreadable]()
    for url, resource in arrivals.current.items():
        shape = SHAPES[resource["resourceType"]]
        try:
            record, rest = shape.read(relink(old_numbers_last(_keyed(resource, own[url])), plan_of(shape), change))
        except Faults as bad:
            unreadable.append(Unreadable(url, resource, tuple(bad.found)))
        else:
            items.append(Item(url, record, rest, resource))
    return Returned(tuple(items), tuple(unreadable), tuple(arrivals.others), tuple(arrivals.older), tuple(arrivals.deleted))


# ---- what arrived ----------------------------------------------------------------------------------------------------------
class Arrivals:
    """Every resource once, in the order of arrival and in its newest version. A history tells the newest first."""

    def __init__(self, received: Iterable[Json]) -> None:
        self.current, self.full = dict[str, Resource](), dict[str, str]()  # by url: the resource, and its fullUrl
        self.others, self.older, self.deleted = list[Json](), list[Resource](), dict[str, None]()
        for entry in _entries(received):
            self._take(entry)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """(fullUrl, url) and (url, url) of everything that is here."""
        for url in self.current:
            yield from ((self.full[url], url), (url, url))

    def _take(self, entry: Resource) -> None:
        resource, url = entry.get("resource"), _at(entry, "request", "url")
        if isinstance(resource, dict) and isinstance(kind := resource.get("resourceType"), str) and kind in SHAPES:
            self._keep(self._url(resource, entry.get("fullUrl")), resource)
        elif resource is not None:
            self.others.append(resource)
        elif _at(entry, "request", "method") == "DELETE" and isinstance(url, str) and url not in self.current:
            self.deleted[url] = None
        elif outcome := _at(entry, "response", "outcome"):
            self.others.append(outcome)

    def _url(self, resource: Resource, full: Json) -> str:
        """Type/id, unless that is somebody else's at another server; else the fullUrl; else a name that nobody has."""
        url = f"{resource['resourceType']}/{resource['id']}" if isinstance(resource.get("id"), str) else None
        if isinstance(full, str):
            url = url if url and self.full.get(url, full) == full else full
        url = url or f"urn:redbag:arrival:{len(self.current)}"
        self.full.setdefault(url, full if isinstance(full, str) else url)
        return url

    def _keep(self, url: str, resource: Resource) -> None:
        before = self.current.get(url)
        if url in self.deleted:
            self.older.append(resource)
        elif before is None or _version(resource) > _version(before):
            self.older += [before] if before is not None else []
            self.current[url] = resource
        elif resource != before:
            self.older.append(resource)


def _entries(received: Iterable[Json]) -> Iterator[Resource]:
    for one in received:
        if isinstance(one, dict) and one.get("resourceType") == "Bundle" and isinstance(one.get("entry", []), list):
            yield from (entry if isinstance(entry, dict) else {"resource": entry} for entry in one.get("entry", []))
        else:
            yield {"resource": one}


def _at(entry: Resource, *keys: str) -> Json:
    value: Json = entry
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _version(resource: Resource) -> tuple[int, str]:
    number, updated = _at(resource, "meta", "versionId"), _at(resource, "meta", "lastUpdated")
    counts = isinstance(number, str) and number.isdecimal() and len(number) <= 64  # FHIR R4, id: no more than that
    return int(number) if counts else 0, updated if isinstance(updated, str) else ""


# ---- names -----------------------------------------------------------------------------------------------------------------
def _own(resource: Resource, source: str) -> Resource | None:
    """The identifier that holds the sender's key."""
    system, said = own_system(source, resource["resourceType"]), resource.get("identifier")
    for identifier in said if said.__class__ is list else ():
        if identifier.__class__ is dict and identifier.get("system") == system and identifier.get("value").__class__ is str:
            return identifier
    return None


def _keyed(resource: Resource, own: Resource | None) -> Resource:
    """With the sender's key where the shapes expect it."""
    if own is None:
        return resource
    ours = {**own, "system": SOURCE_KEY, "value": key_of(resource["resourceType"], own["value"])}
    return {**resource, "identifier": [ours if i is own else i for i in resource["identifier"]]}


def old_numbers_last(resource: Resource) -> Resource:
    """A person's NHS number is the one in use, although a superseded one stands before it."""
    said = resource.get("identifier")
    if said.__class__ is not list or not any(_is_old(i) for i in said):
        return resource
    return {**resource, "identifier": sorted(said, key=_is_old)}


def _is_old(identifier: Json) -> bool:
    return identifier.__class__ is dict and identifier.get("system") == NHS_NUMBER and identifier.get("use") == "old"


def _named(arrivals: Arrivals, own: Own, sent: CareRecord | None, patient: str | None, hers: Collection[str]) -> dict[Address, str]:
    """What the record calls what stands at an address: the resident, and whatever carries a key of the sender's."""
    named, resident = addresses(sent) if sent else {}, patient or _resident(arrivals, own, sent)
    for address, url in arrivals.addresses():
        if url == resident or url in hers:
            named[address] = THE_RESIDENT
        elif key := own[url]:
            kind = arrivals.current[url]["resourceType"]
            named[address] = f"{kind}/{key_of(kind, key['value'])}"
    return named | dict.fromkeys([resident, *hers] if resident else hers, THE_RESIDENT)


def _resident(arrivals: Arrivals, own: Own, sent: CareRecord | None) -> str | None:
    patients = {url: own[url] for url, resource in arrivals.current.items() if resource["resourceType"] == "Patient"}
    hers = [url for url, key in patients.items() if key and (not sent or key["value"] == sent.resident.key)]
    only = hers or list(patients)
    return only[0] if len(only) == 1 else None


def _changing(named: dict[Address, str], urls: dict[str, str]) -> Change:
    """`urls`: the fullUrl of what came along, and its url."""
    taken = set(named.values())

    def change(said: Resource) -> Resource:
        to = said.get("reference")
        if not isinstance(to, str):
            who = _logical(said)
            return {"reference": named[who], **{k: said[k] for k in ("display",) if k in said}} if who in named else said
        new = named.get(to) or urls.get(to, to)
        return {**said, "reference": f"./{new}" if new in taken and to not in named else new}

    return change


def _logical(said: Resource) -> Address:
    """(type, system, value) of a reference that says nothing else, but perhaps a name."""
    kind, identifier = said.get("type"), said.get("identifier")
    if isinstance(kind, str) and isinstance(identifier, dict) and identifier.keys() == {"system", "value"} and "reference" not in said:
        system, value = identifier["system"], identifier["value"]
        return (kind, system, value) if isinstance(system, str) and isinstance(value, str) else ""
    return ""
