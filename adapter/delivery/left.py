"""What of the sender's stays at the server although the record says otherwise: nothing is passed over in silence.

About the person: under most policies the server's Patient is left as it is, so what the record knows and that Patient does not is named.
About her rows: one that is no longer in the record stays active at the server until somebody ends it. So the server is asked which of the
sender's own it has; only of the lists that the record supplies, for a list that is not supplied says nothing.
Source: HL7 FHIR R4, Search (token: `system|` is any value of a system).
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from adapter.bundle import Id, Names
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.refs import meanings, meant
from adapter.delivery.resident import BUSY, matches
from adapter.delivery.spoken import shown
from mappings.allergy_intolerance import CLINICAL_STATUS, VERIFICATION, Allergy
from mappings.bag import KIND_OF, LISTED, CareRecord, Unlisted
from mappings.catalogue import SHAPES
from mappings.faults import Faults
from mappings.immunization import EnteredInError
from mappings.medication_statement import Medication
from mappings.patient import Resident

WHAT = ("drug", "code", "vaccine", "procedure")  # what the row is about
OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CURRENT = frozenset({"active", "intended", "on hold", "unknown"})  # of a medicine: still hers
ENDED = frozenset({"refuted", "entered in error", "inactive", "resolved"})  # of an allergy
ASIDE = frozenset({"key", "active", "nhs_number_status"})  # about the record, not about her


# ---- about the person ------------------------------------------------------------------------------------------------------
def unwritten(bag: CareRecord, theirs: Resident, known: Mapping[tuple[str, str], str], agree: tuple[str, ...]) -> tuple[str, ...]:
    """The fields of the resident that say what the server's Patient does not. `agree`: compared already, and alike."""
    means = meanings(bag, known=known)
    mine, there = meant(bag.resident, means), meant(theirs, means)
    names = (x.name for x in fields(mine) if x.name not in ASIDE and not (x.name == "family_name" and x.name in agree))
    return tuple(name for name in names if not _said(getattr(mine, name), getattr(there, name)))


def _said(mine: Any, there: Any) -> bool:
    return all(x in there for x in mine) if isinstance(mine, tuple) else mine is None or mine == there


# ---- about her rows --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Left:
    """A row that was sent before, still stands at the server, and is not in the record. `section`: such as "medicines"."""

    section: str
    reference: str
    resource: Resource = field(repr=False)

    def __str__(self) -> str:
        return (f"{self.section}: {self.reference} was sent before, still stands at the server and is no longer in your record; a person "
                "must look: send it once more with how it ended, or have it ended there")

    @property
    def what(self) -> str:
        """For a person who may read it."""
        try:
            record = SHAPES[self.resource["resourceType"]].read(self.resource)[0]
        except Faults:
            return "cannot be read"
        return shown(next((said for name in WHAT if (said := getattr(record, name, None))), None))


async def left(client: FhirClient, bag: CareRecord, patient: str) -> tuple[list[Left], list[str]]:
    """What is left, and what the server would not tell. Raises Stopped and ClientError."""
    found, untold, names = list[Left](), list[str](), Names(bag.source, bag.resident.key or "")
    for name in LISTED:
        if (said := getattr(bag, name)) is not Unlisted.NOT_SUPPLIED:
            kind = KIND_OF[name]
            here = {names.own(kind, row.key) for row in said} if isinstance(said, tuple) else set()
            resources = await _sent_before(client, kind, names, patient)
            if resources is None:
                untold.append(f"{name}: the server would not say which of your earlier ones it still has")
            found += [Left(name, f"{kind}/{_public(r)}", r) for r in resources or () if not _keys(r) & here and _stands(r)]
    return found, untold


async def _sent_before(client: FhirClient, kind: str, names: Names, patient: str) -> list[Resource] | None:
    """Hers with a key of the sender's, whatever else the server answers with; None where it does not answer this question."""
    own, resources = names.own(kind, ""), list[Resource]()
    async for answer in client.pages(kind, [("patient", patient), ("identifier", f"{own.system}|")]):
        if not answer.ok and answer.status not in BUSY:
            return None
        resources += matches(answer, kind)
    return [r for r in resources if any(key.system == own.system and key.value.startswith(own.value) for key in _keys(r))]


def _public(resource: Resource) -> str:
    """The id, if it is one of ours; on some servers an id of their own is an NHS number."""
    said = str(resource.get("id"))
    return said if OURS.fullmatch(said) else "…"


def _keys(resource: Resource) -> set[Id]:
    listed = resource.get("identifier")
    each = [i for i in listed if isinstance(i, dict)] if isinstance(listed, list) else []
    return {Id(str(i.get("system")), str(i.get("value"))) for i in each}


def _stands(resource: Resource) -> bool:
    try:
        return stands(SHAPES[resource["resourceType"]].read(resource)[0])
    except Faults:
        return True


def stands(record: Any) -> bool:
    """Does it say something that holds now?"""
    if isinstance(record, Medication):
        return record.status in CURRENT
    if isinstance(record, Allergy):
        status, verified = record.clinical_status, record.verification_status
        return not {CLINICAL_STATUS.word(status) if status else None, VERIFICATION.word(verified) if verified else None} & ENDED
    return not isinstance(record, EnteredInError)
