"""Residents who do not exist, each with deliveries that must come one after the other; and what a server has when all of them did."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from adapter.bundle.identity import Names
from adapter.delivery.store.model import Item, Payload
from adapter.records.native import encode
from mappings.bag import THE_RESIDENT, CareRecord
from mappings.datatypes import Coded
from mappings.dosage import Dose
from mappings.medication_statement import Medication
from mappings.patient import Resident

Place = tuple[str, str]  # a resource's type and the sender's own key for it, as it travels
Said = dict[Place, list[str]]  # what each version says, in order


@dataclass(frozen=True)
class Plan:
    """So many residents of one home with so many deliveries each. Nothing supersedes: every one of them must be seen at the server.
    A delivery is a bundle of PUTs, posted as it is, or a record, which is compared with what stands there. With `events` each has an id of
    its own and may be given in again at any time; without, so may the latest one of a resident."""

    source: str
    residents: int = 4
    each: int = 3
    form: Literal["bundle", "record"] = "bundle"
    events: bool = True

    def items(self, endpoint: str) -> list[Item]:
        """Everybody's first, then everybody's second, and so on."""
        return [self.item(endpoint, key, number) for number in range(1, self.each + 1) for key in self.keys()]

    def item(self, endpoint: str, key: str, number: int) -> Item:
        subject = Names(self.source, key).id("Patient", key)
        event = f"{self.source}/{key}/{number}" if self.events else None
        return Item(endpoint, subject, "change", self.payload(key, number), as_of=as_of(number), event=event, place=f"record {key[1:]}")

    def payload(self, key: str, number: int) -> Payload:
        if self.form == "record":
            return Payload("record", msgspec.json.encode(encode(record(self.source, key, number))))
        made = bundle(self.source, key, number)
        return Payload("bundle", json.dumps(made).encode(), {"path": "", "media": "application/fhir+json", "entries": len(made["entry"])})

    def keys(self) -> list[str]:
        return [f"r{number}" for number in range(1, self.residents + 1)]

    def effects(self) -> Said:
        """Exactly what there is at the server if nothing fails: no resource twice, no version more."""
        return {place: said for key in self.keys() for place, said in self._hers(key)}

    def _hers(self, key: str) -> Iterator[tuple[Place, list[str]]]:
        numbers = range(1, self.each + 1)
        yield ("Patient", key), [""]
        yield ("MedicationStatement", f"{key}/m1"), [dose(number) for number in numbers]
        if self.form == "record":
            yield ("List", f"{key}/medicines"), [as_of(number) for number in numbers]


def dose(number: int) -> str:
    return f"{number} each morning"


def as_of(number: int) -> str:
    return f"2026-11-01T{number // 60:02}:{number % 60:02}:00+00:00"


def record(source: str, key: str, number: int) -> CareRecord:
    resident = Resident(key=key, family_name="Fictional", given_names=(f"Resident {key[1:]}",), gender="female", birth_date="1941-02-03")
    tablet = Medication("active", Coded(text="Fictional tablets"), THE_RESIDENT, key="m1", doses=(Dose(text=dose(number)),))
    return CareRecord(source, as_of(number), resident, medicines=(tablet,))


def bundle(source: str, key: str, number: int) -> dict[str, Any]:
    names = Names(source, key)
    patient, medicine = (f"{kind}/{names.id(kind, own)}" for kind, own in (("Patient", key), ("MedicationStatement", "m1")))
    return {"resourceType": "Bundle", "type": "transaction", "entry": [
        _put(patient, identifier=[_own(names, "Patient", key)], name=[{"family": "Fictional"}]),
        _put(medicine, identifier=[_own(names, "MedicationStatement", "m1")], status="active", subject={"reference": patient},
             medicationCodeableConcept={"text": "Fictional tablets"}, dosage=[{"text": dose(number)}])]}


def _put(address: str, **resource: Any) -> dict[str, Any]:
    kind, _, made = address.partition("/")
    return {"resource": {"resourceType": kind, "id": made, **resource}, "request": {"method": "PUT", "url": address}}


def _own(names: Names, kind: str, key: str) -> dict[str, str]:
    return names.own(kind, key)._asdict()


def urgent(items: list[Item]) -> list[Item]:
    return [replace(item, urgent=True) for item in items]
