"""A care record as Bundles. Pure: the same record gives the same bytes, on any machine and at any time.

    transaction(bag, Policy("create-if-missing")) -> [Part, ...]       to be sent in this order, each when the one before was taken
    collection(bag) -> {"resourceType": "Bundle", "type": "collection", ...}

What is the resident's own is written by PUT under an id of ours; so whatever is sent twice is there once. Sources: HL7 FHIR R4, pages
Bundle, RESTful API (transaction, conditional create, conditional references) and References (identifier instead of a literal reference).
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapter.bundle.identity import Id, Names, directory_id, own_system, strongest
from adapter.bundle.policy import Part, Policy, Row
from adapter.bundle.systems import under
from adapter.faults import Refused
from mappings import bag as bags
from mappings.bag import CareRecord
from mappings.catalogue import DIRECTORY, RECORDS
from mappings.faults import Fault, Faults
from mappings.patient import Resident
from mappings.references import Change, Plan, plan_of, relink_here
from mappings.systems import DMD
from mappings.values import Ref

Json = Any
Resource = dict[str, Json]
Links = dict[str, str | Resource]  # what a record's reference says -> where it is on the wire, or the whole reference instead of it
Written = tuple[list[Resource], tuple[Row, ...]]  # the entries of a part, and what each was made from
Address = str | tuple[str, str, str]  # Type/id or another URL; or type, system and value of a logical reference
ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
WAYS = {record: (shape, plan_of(shape)) for record, (_, shape) in RECORDS.items()}
NAMELESS = "is missing: without a key of the sender's nothing can be sent twice without doubling it"
TOO_LARGE = "is larger than what this endpoint takes at once, and cannot be split"
MARK = 400  # bytes that sending adds to an entry: its mark, If-Match, and the resident under another id
UNKNOWN = "refers to a record that is not in this bag, or that travels in a later part"
THE_RESIDENT = f"{bags.THE_RESIDENT.type}/{bags.THE_RESIDENT.key}"


class Made(NamedTuple):
    """What a record became, under our id. Its references still say what the record says; `name` is what the record's references call it."""

    row: bags.Row
    resource: Resource
    id: str
    name: str
    urn: str
    plan: Plan


@dataclass
class _Way:
    """A care record on its way to an endpoint. `query` finds the resident there."""

    bag: CareRecord
    policy: Policy
    query: str
    faults: list[Fault]


# ---- the two verbs ---------------------------------------------------------------------------------------------------------
def transaction(bag: CareRecord, policy: Policy) -> list[Part]:
    """Raises Faults with everything that cannot be written, each named by its place in the care record."""
    names, faults = names_of(bag), list[Fault]()
    shared = [resource_of(row, names, faults) for row in bags.directory(bag)]
    hers = [resource_of(row, names, faults) for row in bags.personal(bag, entries=False)]
    hers = hers if policy.dmd == DMD else [m._replace(resource=under(m.resource, policy.dmd)) for m in hers]
    stop(faults or twice(shared))
    parts = _split(shared, policy.most) if policy.directory == "own" else []
    parts += _split(hers[policy.patient == "match":], policy.most)
    way = _Way(bag, policy, names.person(bag.resident).query(), faults)
    links = {**_directory(shared, names, policy, faults), **_others(hers[0].row.record, names)}
    stop(faults)
    out = _fitting(way, parts, lambda n, cut: {**links, **_resident(names, way.query, policy, n, cut)})
    stop(faults)
    group = names.id("Bundle", bag.as_of)
    start = {"resourceType": "Bundle", "type": "transaction", "timestamp": bag.as_of}
    return [Part({**start, "entry": entries}, rows, group, n + 1, len(out)) for n, (entries, rows) in enumerate(out)]


def collection(bag: CareRecord) -> Resource:
    """Everything in the care record, with what came back from the hospital. Raises Faults."""
    names, faults = names_of(bag), list[Fault]()
    made = [resource_of(row, names, faults) for row in [*bags.directory(bag), *bags.personal(bag)]]
    made += [resource_of(row, names, faults, named=False) for row in bags.returned(bag)]
    stop(faults or twice(made))
    resident = next(m.row.record for m in made if m.row.path == "resident")
    links: Links = {**_others(resident, names), THE_RESIDENT: f"urn:uuid:{names.id('Patient', names.key)}", **{m.name: m.urn for m in made}}
    change = changing(links, [])
    entries = [{"fullUrl": m.urn, "resource": relink_here(m.resource, m.plan, change)} for m in made]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": bag.as_of, "entry": entries}


def stop(faults: list[Fault]) -> None:
    if faults:
        raise Faults(faults)


def names_of(bag: CareRecord) -> Names:
    if bag.resident.key is None:
        raise Faults([Fault("resident", "key", NAMELESS)])
    return Names(bag.source, bag.resident.key)


# ---- resources and entries -------------------------------------------------------------------------------------------------
def resource_of(row: bags.Row, names: Names, faults: list[Fault], *, named: bool = True) -> Made:
    """The resource of a record, under our id and with the sender's key under the sender's own system."""
    path, kind, record = row
    shape, plan = WAYS[type(record)]
    key, written = record.key, {}
    try:
        written = shape.write(record)
        if key is not None:
            identifier = written["identifier"][0]  # every shape writes the key first
            identifier["system"], identifier["value"] = own_system(names.source, kind), names.value(kind, key)
        elif named:
            faults.append(Fault(path, "key", NAMELESS))
    except Faults as bad:
        faults += [Fault(f"{path}: {x.path}", x.field, x.reason) for x in bad.found]
    shared = kind in DIRECTORY and "identifier" in written
    ours = directory_id(kind, strongest(written, names)) if shared else names.id(kind, f"#{path}" if key is None else key)
    return Made(row, {"resourceType": kind, "id": ours, **written}, ours, f"{kind}/{key}", f"urn:uuid:{ours}", plan)


def twice(made: list[Made]) -> list[Fault]:
    """Two rows that are one thing, because they have one national identifier."""
    first: dict[str, str] = {}
    return [Fault(m.row.path, "-", f"is the same as {before}: both have one identifier")
            for m in made if (before := first.setdefault(m.urn, m.row.path)) != m.row.path]


def _split(made: list[Made], most: int) -> list[list[Made]]:
    return [made[i:i + most] for i in range(0, len(made), most)]


def _fitting(way: _Way, parts: list[list[Made]], links: Callable[[int, list[list[Made]]], Links]) -> list[Written]:
    """Every part as it travels; one that is larger than the endpoint takes is cut in two, until it fits. `links`: of part n of these."""
    while True:
        out = [_part(way, parts, n, links(n, parts)) for n in range(len(parts))]
        large = {n for n, (entries, _) in enumerate(out) if is_too_large(entries, way.policy)}
        way.faults += [Fault(parts[n][0].row.path, "-", TOO_LARGE) for n in large if len(parts[n]) == 1]
        if way.faults or not large:
            return out
        parts = [piece for n, part in enumerate(parts) for piece in (_split(part, (len(part) + 1) // 2) if n in large else [part])]


def is_too_large(entries: list[Resource], policy: Policy) -> bool:
    """For one part, by its bytes, with what sending adds to it."""
    if policy.most_bytes is None:
        return False
    try:
        size = len(policy.form.dumps({"resourceType": "Bundle", "type": "transaction", "timestamp": "0" * 32, "entry": entries}))
    except Refused:  # whoever writes it says why
        return False
    return size + MARK * len(entries) > policy.most_bytes


def _part(way: _Way, parts: list[list[Made]], now: int, links: Links) -> Written:
    """The entries of part `now`, and what each was made from."""
    entries, rows, lost, links = list[Resource](), list[Row](), list[str](), {**links, **_among(parts, now)}
    change = changing(links, lost)
    for made in parts[now]:
        kind, resource = made.row.kind, relink_here(dict(made.resource), made.plan, change)
        if kind == "List":
            _name_items(resource, made.row.path, way.bag, links)
        if kind == "Patient" and way.policy.patient == "create-if-missing":
            target = None  # under an id of the server's, unless the query finds her there
            del resource["id"]
            request = {"method": "POST", "url": kind, "ifNoneExist": way.query}
        else:
            target = f"{kind}/{made.id}"
            request = {"method": "PUT", "url": target}
        entries.append({"fullUrl": made.urn, "resource": resource, "request": request})
        rows.append(Row(made.row.path, kind, target))
        if lost:
            way.faults.append(Fault(made.row.path, "-", UNKNOWN))
            lost.clear()
    return entries, tuple(rows)


def _name_items(resource: Resource, field: str, bag: CareRecord, links: Links) -> None:
    """The entries of a List of ours, each where it is on the wire: as records, written and relinked, they would be a fifth of the time."""
    said, kind = getattr(bag, field), bags.KIND_OF[field]
    if isinstance(said, tuple):
        resource["entry"] = [{"item": {"reference": links[f"{kind}/{item.key}"]}} for item in said]


# ---- references ------------------------------------------------------------------------------------------------------------
def changing(links: Links, lost: list[str]) -> Change:
    """Every reference as `links` has it. Absolute URLs stay what they are; what else is not known is `lost`, and stays too."""

    def change(said: Resource) -> Resource:
        if (name := said.get("reference")) is None:
            return said
        to = links.get(name)
        if to.__class__ is str:
            return {**said, "reference": to}
        if isinstance(to, dict):
            return {**to, "display": said["display"]} if "display" in said else dict(to)
        if not ABSOLUTE.match(name):
            lost.append(name)
        return said

    return change


def _among(parts: list[list[Made]], now: int) -> Links:
    """Within a part by urn, to an earlier part by id. What a later part brings cannot be referred to yet."""
    return {**{m.name: f"{m.row.kind}/{m.id}" for part in parts[:now] for m in part}, **{m.name: m.urn for m in parts[now]}}


def _resident(names: Names, query: str, policy: Policy, now: int, parts: list[list[Made]]) -> Links:
    if policy.patient == "match":
        to = policy.patient_reference or f"Patient?{query}"
    elif any(m.row.kind == "Patient" for m in parts[now]):
        to = f"urn:uuid:{names.id('Patient', names.key)}"
    else:
        to = f"Patient/{names.id('Patient', names.key)}" if policy.patient == "upsert" else f"Patient?{query}"
    return {THE_RESIDENT: to, f"Patient/{names.key}": to}


def _directory(shared: list[Made], names: Names, policy: Policy, faults: list[Fault]) -> Links:
    """What belongs to no resident, unless it travels itself."""
    links: Links = {}
    for made in shared if policy.directory != "own" else ():
        known_by = strongest(made.resource, names)
        if policy.directory == "logical":
            links[made.name] = _logical(made, known_by)
        elif known_by in policy.known:
            links[made.name] = policy.known[known_by]
        else:
            faults.append(Fault(made.row.path, "-", "is not known at this endpoint: find it there, or choose another directory policy"))
    return links


def _others(resident: Resident, names: Names) -> dict[str, Resource]:
    """Other records of the same person with the same sender: by its identifier, for who knows under which id they are there."""
    keys = {said.key for link in resident.links if isinstance(said := link.other, Ref) and said.type == "Patient"}
    return {f"Patient/{key}": {"type": "Patient", "identifier": {**names.own("Patient", key)._asdict()}} for key in keys - {names.key}}


def _logical(made: Made, known_by: Id) -> Resource:
    identifier = {"type": made.row.kind, "identifier": {"system": known_by.system, "value": known_by.value}}
    display = display_of(made.row.record)
    return {**identifier, "display": display} if display else identifier


def display_of(record: Any) -> str | None:
    """What a person would call an organisation, a place or somebody who works there."""
    if getattr(record, "name", None):
        return str(record.name)
    for name in getattr(record, "names", ()):
        if said := name.text or " ".join(filter(None, [*name.prefix, *name.given, name.family])):
            return said
    return None


def addresses(bag: CareRecord) -> dict[Address, str]:
    """Every way in which something of this bag may have been referred to on the wire -> what the record calls it."""
    names, found = names_of(bag), dict[Address, str]()
    for made in [resource_of(row, names, []) for row in bags.directory(bag)]:
        found[f"{made.row.kind}/{made.id}"] = found[made.urn] = made.name
        if "identifier" in made.resource:
            found[made.row.kind, *strongest(made.resource, names)] = made.name
    for path, kind, record in bags.personal(bag):
        ours, name = names.id(kind, record.key), THE_RESIDENT if path == "resident" else f"{kind}/{record.key}"
        found[f"{kind}/{ours}"] = found[f"urn:uuid:{ours}"] = name
        for other, said in _others(record, names).items() if kind == "Patient" else ():
            found["Patient", said["identifier"]["system"], said["identifier"]["value"]] = other
    return found | {f"Patient?{names.person(bag.resident).query()}": THE_RESIDENT}
