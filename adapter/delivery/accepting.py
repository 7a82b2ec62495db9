"""What is asked to be delivered, as items of the store. Pure. Whatever can be known to be refused later is refused here, with its row.

    items(care_record, endpoint)                        the directory's, each in a lane of its own; hers is the last, and waits for them
    bundle_item(data, endpoint)                         a transaction or message that somebody else made, kept to the byte
    retraction(source, key, person, endpoint)           everything that was sent for one resident is to be taken back

The same record gives the same bytes, and so does the same practice of another resident: the store knows by that what it has already.
For another server it is something else: where it goes is a part of what is accepted. So is `again`, a word that was never said before, by
which whoever knows that the server has lost it (or that somebody changed it there) gets the same accepted once more.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from adapter import wire
from adapter.bundle import Names, Policy, Shared, ours, shared, transaction
from adapter.delivery.directory import FIELD_OF
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.proving import Unproven, proven
from adapter.delivery.refusals import refusals
from adapter.delivery.store.model import Item, Payload
from adapter.faults import Refused
from adapter.records import native
from adapter.records.stream import care_records
from mappings.absence import checked
from mappings.bag import CareRecord
from mappings.faults import Fault, Faults
from mappings.patient import Resident
from mappings.systems import THO

Resource = dict[str, Any]
NOTHING: Mapping[str, str] = {}

CONFIDENTIALITY = THO + "v3-Confidentiality"
CONFIDENTIAL = frozenset({"R", "V"})  # HL7 v3, Confidentiality: restricted, very restricted; PDS marks people with them
RESTRICTED = "is marked as restricted, and this endpoint takes only what is not (its `disclosure` is clinical): nothing was accepted"
BUNDLES: Mapping[str, tuple[str, ...]] = {"transaction": ("transaction", "batch"), "batch": ("batch",), "single": ()}  # by `sending`
BARS_VERSION = "1.4.0"  # BaRS Core, Authorisation: the version goes with the media type
ROW = re.compile(r"\b[a-z_]+(?:\[\d+\])?")


class NotAccepted(Exception):
    """Nothing was accepted. The text is one sentence, and holds no value of a patient."""


# ---- a care record ---------------------------------------------------------------------------------------------------------
def items(care_record: CareRecord, endpoint: Endpoint, *, absence: Mapping[str, str] = NOTHING, urgent: bool = False,
          event: str | None = None, older: bool = False, base: CareRecord | None = None, where: Mapping[str, str] = NOTHING,
          place: str = "", again: str = "") -> list[Item]:
    """What her delivery needs, and hers as the last. `event`: the sender's own id of what happened; `base`: the care record sent the last
    time; `where`: its rows in the vendor's words. The others as `Options` and `Item` have them.
    Raises Faults, each with its row, NotAccepted, and NotProven."""
    if endpoint.dialect != "fhir":
        raise NotAccepted(f"{endpoint.name} takes messages ({endpoint.dialect}), and no care records: make the message, and send that")
    if base and (base.source, base.resident.key) != (care_record.source, care_record.resident.key):
        raise NotAccepted("what is said to have been sent the last time is another resident's, or another sender's")
    checked(absence)
    tolerated = _writable(care_record, endpoint)
    own = endpoint.directory == "own" and not care_record.withdrawn
    sent = _sent_to(endpoint, again)
    before = [_of_directory(each, endpoint, care_record, urgent, place, where, sent) for each in (shared(care_record) if own else ())]
    hers = Item(
        endpoint.name, subject_of(care_record.source, care_record.resident.key or ""),
        "retraction" if care_record.withdrawn else "complete",
        Payload("record", _bytes(care_record), _options(endpoint, absence, older, base) | sent, where), as_of=care_record.as_of,
        event=event, urgent=urgent, lasts=_lasts(endpoint), needs=tuple(item.subject for item in before), place=place, older=older,
        tolerated=tuple(tolerated))
    return [*before, hers]


def policy_for(endpoint: Endpoint, care_record: CareRecord | None = None, directory: str = "logical") -> Policy:
    """How her record is written there. What has travelled in lanes of its own (`directory` own) is there, under our ids. Raises Faults."""
    own = care_record is not None and directory == "own"
    return Policy(
        endpoint.patient, directory="existing" if own or directory == "existing" else "logical",
        known=ours(care_record) if care_record and own else {}, most=endpoint.most_entries, most_bytes=endpoint.most_bytes,
        dmd=endpoint.dmd, form=wire.FORMATS[endpoint.form])


def subject_of(source: str, key: str) -> str:
    """Whose lane: the id that we use for her on every server."""
    return Names(source, key).id("Patient", key)


def retraction(source: str, key: str, person: Resident | None, endpoint: Endpoint, *, urgent: bool = False, place: str = "",
               again: str = "") -> Item:
    """`person`: her record as it was sent, if there is one, to find her by her numbers too."""
    body = wire.dumps(native.encode(person)) if person else b""
    options = {"source": source, "key": key} | _sent_to(endpoint, again)
    return Item(endpoint.name, subject_of(source, key), "retraction", Payload("retract", body, options),
                urgent=urgent, lasts=_lasts(endpoint), place=place)


def _of_directory(each: Shared, endpoint: Endpoint, care_record: CareRecord, urgent: bool, place: str,
                  where: Mapping[str, str], sent: dict[str, Any]) -> Item:
    """What it says is nobody's in particular, and is of the time of the record that says so."""
    fields = {FIELD_OF[row.type] for row in each.part.rows}
    said = {path.partition("[")[0]: words for path, words in where.items() if path in each.rows and path.partition("[")[0] in fields}
    return Item(endpoint.name, each.subject, "complete", Payload("bundle", wire.dumps(each.part.bundle), {"shared": True} | sent, said),
                as_of=care_record.as_of, urgent=urgent, lasts=_lasts(endpoint), needs=each.needs, place=place)


def _writable(care_record: CareRecord, endpoint: Endpoint) -> list[Unproven]:
    """What is tolerated of it. Raises Faults and NotProven with everything for which it would be refused later, as far as that can be known
    without asking the server."""
    found, told = refusals(care_record), list[Unproven]()
    if not found and not care_record.withdrawn:
        directory = "own" if endpoint.directory == "own" else "logical"  # of `existing` only the server knows
        parts = transaction(care_record, policy_for(endpoint, care_record, directory))
        bundles = [(part.bundle, [row.name for row in part.rows]) for part in parts]
        bundles += [(each.part.bundle, list(each.rows)) for each in (shared(care_record) if directory == "own" else ())]
        entries = [(name, entry["resource"]) for bundle, names in bundles for name, entry in zip(names, bundle["entry"], strict=True)]
        found = [*(Fault(name, "-", RESTRICTED) for name in _too_confidential(entries, endpoint)), *_unwritable(entries, endpoint)]
        if not found:
            claimed = [(endpoint.profiles.claimed(bundle), names) for bundle, names in bundles]
            told = proven(claimed, endpoint.tolerate, endpoint.profiles)
    if found:
        raise Faults(found)
    return told


def _unwritable(resources: Iterable[tuple[str, Resource]], endpoint: Endpoint) -> Iterator[Fault]:
    """What XML cannot say and JSON can; whatever is JSON was said by the record."""
    for name, resource in resources if endpoint.form == "xml" else ():
        try:
            wire.dumps_xml(resource)
        except Refused as bad:
            yield from (Fault(name, "-", f"{each.path}: {each.says}") for each in bad.found)


def _options(endpoint: Endpoint, absence: Mapping[str, str], older: bool, base: CareRecord | None) -> dict[str, Any]:
    """How it is to be sent: a part of what is accepted, so that the same record under another policy is not the same delivery. What was
    accepted with lanes for its directory goes out so, whatever the endpoint's table says by then."""
    said = {"absence": dict(absence), "older": older, "base": _bytes(base).decode() if base else None}
    return {"patient": endpoint.patient, "directory": endpoint.directory, "dmd": endpoint.dmd, **{k: v for k, v in said.items() if v}}


def _sent_to(endpoint: Endpoint, again: str) -> dict[str, Any]:
    """Its address as the endpoint has it: one way to write it, with one slash at its end."""
    return {"url": endpoint.url, **({"again": again} if again else {})}


def _bytes(care_record: CareRecord) -> bytes:
    return wire.dumps(care_records().encode(care_record))


def _lasts(endpoint: Endpoint) -> float | None:
    return None if endpoint.expires_hours is None else endpoint.expires_hours * 3600


def _too_confidential(resources: Iterable[tuple[str, Resource]], endpoint: Endpoint) -> Iterator[str]:
    """Names of what this endpoint may not be told."""
    return (name for name, resource in resources if endpoint.disclosure == "clinical" and is_restricted(resource))


def is_restricted(resource: Resource) -> bool:
    """Source: HL7 FHIR R4, Resource (meta.security) and page Security Labels; NHS England, PDS FHIR API (meta.security R and V)."""
    meta = resource.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return any(isinstance(label, dict) and label.get("system") == CONFIDENTIALITY and label.get("code") in CONFIDENTIAL
               for label in (labels if isinstance(labels, list) else ()))


# ---- a bundle that somebody else made ------------------------------------------------------------------------------------------
def bundle_item(data: bytes, endpoint: Endpoint, *, subject: str | None = None, correlation: str | None = None,
                request_id: str | None = None, media: str | None = None, headers: Mapping[str, str] = NOTHING, event: str | None = None,
                urgent: bool = False, place: str = "", again: str = "") -> Item:
    """FHIR JSON or XML. `subject`: whose lane, else known from the bundle's Patient. `correlation` is one for everything about a case
    (X-Correlation-ID), else the subject's; `request_id` the X-Request-ID, else the delivery's own. `media`: the Content-Type.
    Raises Refused, NotProven, and NotAccepted: for what cannot be sent twice, too."""
    form, bundle = _form_of(data), read(data)
    entries = _entries(bundle)
    message = _is_message(bundle, entries, endpoint)
    _fits(data, entries, endpoint)
    for name in _too_confidential(((f"entry[{i}]", _resource(entry)) for i, entry in enumerate(entries)), endpoint):
        raise NotAccepted(f"{name} {RESTRICTED}")
    whose = subject or _subject(entries)
    told = proven([named(bundle)], endpoint.tolerate, endpoint.profiles)
    ids = {"X-Request-ID": request_id, "X-Correlation-ID": correlation or (whose if message else None)}
    options = {"media": media or f"{form.media}{f'; version={BARS_VERSION}' * message}", "entries": 0 if message else len(entries),
               "headers": {**headers, **{name: said for name, said in ids.items() if said}}, **_sent_to(endpoint, again)}
    return Item(endpoint.name, whose, "change", Payload("bundle", data, options), event=event, urgent=urgent,
                lasts=_lasts(endpoint), place=place, tolerated=tuple(told))


def read(data: bytes) -> Resource:
    """Raises Refused."""
    return _form_of(data).loads(data)


def named(bundle: Resource) -> tuple[Resource, list[str]]:
    """With what each of its entries is called where something is said of it."""
    return bundle, [f"entry[{i}]" for i, _ in enumerate(bundle.get("entry") or ())]


def _form_of(data: bytes) -> wire.Format:
    return wire.XML if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else wire.JSON


def _entries(bundle: Resource) -> list[Resource]:
    listed = bundle.get("entry")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if bundle.get("resourceType") != "Bundle" or not entries or len(entries) != len(listed or ()):
        raise NotAccepted("expected a Bundle with entries; nothing was accepted")
    return entries


def _is_message(bundle: Resource, entries: list[Resource], endpoint: Endpoint) -> bool:
    """Raises NotAccepted where it is no bundle for this endpoint, or not one that may be sent twice."""
    kind, expected = bundle.get("type"), ("message",) if endpoint.dialect == "bars" else BUNDLES[endpoint.sending]
    if not expected:
        raise NotAccepted(f"{endpoint.name} takes one resource after the other (`sending`), and no Bundles; nothing was accepted: send the "
                          "care record")
    if kind not in expected:
        raise NotAccepted(f"{endpoint.name} takes Bundles of type {' or '.join(expected)}, and this is none; nothing was accepted")
    if kind == "message":
        if _resource(entries[0]).get("resourceType") != "MessageHeader":
            raise NotAccepted("entry[0] is not the MessageHeader, which stands first in a message; nothing was accepted")
        return True
    for i, entry in enumerate(entries):
        if why := _not_twice(entry.get("request")):
            raise NotAccepted(f"entry[{i}] {why}; nothing was accepted")
    _each_made_once(entries)
    return False


def _each_made_once(entries: list[Resource]) -> None:
    """Two creates under one condition: in a transaction neither is there when the other is looked for, so each would be made, and from then
    on more than one matches. Source: HL7 FHIR R4, RESTful API (conditional create, transaction: identities must not overlap)."""
    first = dict[tuple[str, str], int]()
    for i, entry in enumerate(entries):
        request = entry["request"]
        if (said := request.get("ifNoneExist")) and request["method"] == "POST":
            made = first.setdefault((str(request.get("url")), str(said).removeprefix("?")), i)
            if made != i:
                raise NotAccepted(f"entry[{i}] is made under the same condition (ifNoneExist) as entry[{made}], so there may be two of it: "
                                  "expected it once, and that the others refer to it; nothing was accepted")


def _not_twice(request: Any) -> str:
    """Why this may not be sent again when nobody knows whether it was taken; empty: it may."""
    said = request if isinstance(request, dict) else {}
    if said.get("ifMatch"):
        return "names the version it expects (ifMatch): sent again it would be refused although it was taken"
    if said.get("method") in ("PUT", "GET", "HEAD") or said.get("method") == "POST" and said.get("ifNoneExist"):
        return ""
    return "would do twice what it does when it is sent twice: expected PUT, or POST with ifNoneExist"


def _fits(data: bytes, entries: list[Resource], endpoint: Endpoint) -> None:
    if endpoint.most_bytes and len(data) > endpoint.most_bytes or len(entries) > endpoint.most_entries:
        raise NotAccepted(f"it is larger than {endpoint.name} takes (`most_bytes`, `most_entries`), and is kept to the byte, so it is not "
                          "split: make it smaller; nothing was accepted")


def _subject(entries: list[Resource]) -> str:
    """The id of its only Patient if that is a UUID, as ours are; else one made of her first identifier."""
    patients = [entry for entry in entries if _resource(entry).get("resourceType") == "Patient"]
    if len(patients) == 1:
        patient, full = _resource(patients[0]), str(patients[0].get("fullUrl", ""))
        for said in (patient.get("id"), full.removeprefix("urn:uuid:").rpartition("/")[2]):
            if _is_uuid(said):
                return str(said).lower()
        listed = patient.get("identifier")
        for identifier in listed if isinstance(listed, list) else ():
            if isinstance(identifier, dict) and identifier.get("system") and identifier.get("value"):
                return str(uuid5(NAMESPACE_URL, f"{identifier['system']}|{identifier['value']}"))
    raise NotAccepted("it is not certain whom it is about, so not after which delivery it goes: expected one Patient with an identifier, "
                      "or that you say whose it is; nothing was accepted")


def _is_uuid(said: Any) -> bool:
    try:
        return len(str(UUID(str(said)))) == len(str(said))
    except ValueError:
        return False


def _resource(entry: Resource) -> Resource:
    found = entry.get("resource")
    return found if isinstance(found, dict) else {}


# ---- in the vendor's words -----------------------------------------------------------------------------------------------------
def in_their_words(sentence: str, where: Mapping[str, str]) -> str:
    """A sentence about a delivery, with the rows as the vendor has them. `where`: of its payload.

    >>> in_their_words("medicines[3], field status: error: a code is not known", {"medicines[3]": "MEDS.CSV, line 14"})
    'MEDS.CSV, line 14 (medicines[3]), field status: error: a code is not known'
    """
    def said(found: re.Match[str]) -> str:
        return f"{where[found[0]]} ({found[0]})" if found[0] in where else found[0]

    return ROW.sub(said, sentence)
