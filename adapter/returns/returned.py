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
from adapter.returns.addressed import addressed
from mappings.bag import CareRecord, fold
from mappings.patient import Resident

Resource = dict[str, Any]
ABOUT, RECORD, RESOURCES, RESTS = "return.json", "care-record.json", "resources.ndjson", "rests.json"


@dataclass(frozen=True)
class Return:
    """`patients`: her resources there ("Patient/123"), ours first where both we and the hospital have one. `source`: the sender's name.

    `comparison`: with the record she was looked for with; None where there was none. `since`: only what changed from then on was asked
    for. `gaps`: types that the server would not tell. `received`: every resource as it came, in a Bundle's entry with its address.
    `key`: the sender's own for her.
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
    key: str | None = field(default=None, repr=False)

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
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": list(self.received)}
        return read([bundle], sent=sent, source=self.source, patient=self.patients[0], hers=self.patients)

    @property
    def for_a_person(self) -> bool:
        """Are there two patients with her identifiers, whom only a person can join?"""
        return len(self.patients) > 1

    def care_record(self, as_of: str | None = None, sent: CareRecord | None = None) -> CareRecord:
        """All that was read as one care record, as of when it was pulled; her own Patient, else the hospital's. What is the hospital's own
        has its address for a key, so that references lead there. `sent`: see read_with. Faults where neither Patient could be read."""
        returned = self.read_with(sent) if sent else self.returned
        residents = [item for item in returned.items if isinstance(item.record, Resident)]
        other = {item.url for item in residents[1:]} if not any(i.ours for i in residents) else {i.url for i in residents if not i.ours}
        records = (item.record for item in returned.items if item.url not in other)
        folded = fold(records, self.source or self.server.rstrip("/"), as_of or self.pulled_at)
        return addressed(folded, returned, self.server, self.key)

    @property
    def unknown(self) -> Mapping[str, int]:
        """Resources of types that are not read, by type."""
        kinds = (r.get("resourceType") if isinstance(r, dict) else None for r in self.returned.others)
        return dict(sorted(Counter(str(kind) for kind in kinds if kind != "OperationOutcome").items()))


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
