"""What came back for one resident, and how it is kept in files. Pure.

    care-record.json    everything that could be read, as one care record in the native format, ours and the hospital's
    resources.ndjson    every resource as it came, one a line: nothing else is needed to load the return again
    rests.json          by resource: what the records do not hold, as the engine keeps it to write it back
    return.json         where from, when, since when, who it was compared with, and what could not be had
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from adapter import wire
from adapter.bundle import Returned, read
from adapter.delivery.same_person import Comparison
from adapter.records.stream import care_records
from mappings.bag import CareRecord, fold
from mappings.patient import Resident

Resource = dict[str, Any]
ABOUT, RECORD, RESOURCES, RESTS = "return.json", "care-record.json", "resources.ndjson", "rests.json"


@dataclass(frozen=True)
class Return:
    """`patients`: her resources there ("Patient/123"), ours first where both we and the hospital have one. `source`: the sender's name.

    `comparison`: with the record she was looked for with; None where there was none. `since`: only what changed from then on was asked
    for. `gaps`: types that the server would not tell. `received`: every resource as it came, in a Bundle's entry with its address.
    """

    server: str
    pulled_at: str
    patients: tuple[str, ...]
    source: str = ""
    since: str | None = None
    comparison: Comparison | None = None
    gaps: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    received: tuple[Resource, ...] = field(default=(), repr=False)

    @property
    def whole(self) -> bool:
        """Was everything asked for, and told?"""
        return self.since is None and not self.gaps

    @cached_property
    def returned(self) -> Returned:
        """Every resource read, as records and rests; what could not be read, with its faults; and what is of no type that is read."""
        return self.read_with(None)

    def read_with(self, sent: CareRecord | None) -> Returned:
        """With the care record that was sent, references to its organisations and people become its own again."""
        every = [read(self._of(patient), sent=sent, source=self.source, patient=patient) for patient in self.patients]
        items, unreadable, others = (tuple(x for each in every for x in getattr(each, name)) for name in ("items", "unreadable", "others"))
        return Returned(items, unreadable, others, (), ())

    def care_record(self, as_of: str | None = None) -> CareRecord:
        """All that was read as one care record; her own Patient, else the hospital's. Faults where neither could be read."""
        residents = [item for item in self.returned.items if isinstance(item.record, Resident)]
        other = {item.url for item in residents[1:]} if not any(i.ours for i in residents) else {i.url for i in residents if not i.ours}
        records = (item.record for item in self.returned.items if item.url not in other)
        return fold(records, self.source, as_of or self.returned.as_of or self.pulled_at)

    @property
    def unknown(self) -> Mapping[str, int]:
        """Resources of types that are not read, by type."""
        kinds = (r.get("resourceType") if isinstance(r, dict) else None for r in self.returned.others)
        return dict(sorted(Counter(str(kind) for kind in kinds if kind != "OperationOutcome").items()))

    def _of(self, patient: str) -> list[Resource]:
        """As one Bundle: what is about this Patient of hers. What is about none of them goes with the first."""
        owner = {e["fullUrl"]: short(e["fullUrl"], self.server) if e["resource"].get("resourceType") == "Patient" else
                 subject_of(e["resource"], self.server) for e in self.received}
        first = patient == self.patients[0]
        mine = [e for e in self.received if owner[e["fullUrl"]] == patient or first and owner[e["fullUrl"]] not in self.patients]
        return [{"resourceType": "Bundle", "type": "collection", "entry": mine}]


def subject_of(resource: Resource, base: str) -> str | None:
    """Whom a resource says it is about, by literal reference: "Patient/123"; an absolute one where it is not of this server."""
    said = [s.get("reference") for s in (resource.get("subject"), resource.get("patient")) if isinstance(s, dict)]
    return next((short(reference, base) for reference in said if isinstance(reference, str)), None)


def short(reference: str, base: str) -> str:
    """A reference of this server as "Type/id", without the version."""
    return reference.removeprefix(base).partition("/_history/")[0]


def references(value: Any) -> Iterator[str]:
    """Every literal reference in a resource."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from references(inner)


# ---- files -----------------------------------------------------------------------------------------------------------------
def files(back: Return) -> dict[str, bytes]:
    """By name. Raises Faults where no Patient of hers can be read."""
    about = {k: v for k, v in asdict(back).items() if k != "received"}
    return {
        ABOUT: wire.dumps(about),
        RECORD: wire.dumps(care_records().encode(back.care_record())),
        RESOURCES: b"".join(wire.dumps(resource) + b"\n" for resource in back.received),
        RESTS: wire.dumps({item.url: item.rest for item in back.returned.items if item.rest})}


def loaded(kept: Mapping[str, bytes]) -> Return:
    """The return of its files. Raises Refused where one is damaged, KeyError where one is missing."""
    about = wire.loads(kept[ABOUT])
    for name in ("patients", "gaps", "sentences"):
        about[name] = tuple(about[name])
    if said := about["comparison"]:
        about["comparison"] = Comparison(said["verdict"], tuple(said["agree"]), tuple(said["differ"]))
    about["received"] = tuple(wire.loads(line, line=n) for n, line in enumerate(kept[RESOURCES].splitlines(), 1))
    return Return(**about)
