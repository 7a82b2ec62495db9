"""What of the sender's stays at the server although the record says otherwise: nothing is passed over in silence.

About the person: under most policies the server's Patient is left as it is, so what the record knows and that Patient does not is named.
About her rows: one that is no longer in the record stays active at the server until somebody ends it. So the server is asked which of the
sender's own it has; only of what the record supplies, for a list that is not supplied says nothing. Where the sender has said what absence
means, those are ended; else a person must look.
Source: HL7 FHIR R4, Search (token: `system|` is any value of a system).
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from dataclasses import replace as replaced
from typing import Any, NamedTuple

from adapter.bundle import Id, Names, Row
from adapter.bundle.identity import key_of, whose_key
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.difference import Difference, ends, rewritten, what_is
from adapter.delivery.mark import patient_of
from adapter.delivery.refs import meanings, meant
from adapter.delivery.resident import BUSY, matches
from mappings.absence import ENDS, is_whole
from mappings.bag import LISTED, PERSONAL, CareRecord, Section, Unlisted
from mappings.catalogue import SHAPES
from mappings.corrections import stands
from mappings.faults import Faults
from mappings.list import RecordList
from mappings.patient import Resident

OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LISTS = Section("lists", "List", (RecordList,))
VANISHED = "is no longer in your record"
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
    """A row that was sent before, still stands at the server, and is not in the record. Its row's name is of its list: "medicines"."""

    row: Row
    resource: Resource = field(repr=False)

    stated: bool = False  # what its absence means was said, and this record cannot tell that it is gone

    def __str__(self) -> str:
        says = f"{self.row.name}: {public(self.row.target or '')} was sent before, still stands at the server and {VANISHED}"
        if self.stated:
            return f"{says}, which does not say that there are no others; a person must look: send it once more with how it ended"
        return (f"{says}; a person must look: send it once more with how it ended, say with --absence what that means, or have it ended "
                "there")

    @property
    def what(self) -> str:
        """For a person who may read it."""
        try:
            return what_is(SHAPES[self.row.type].read(self.resource)[0])
        except Faults:
            return "cannot be read"


class Looked(NamedTuple):
    """What is left; what the server would not tell; everything of hers that was seen, also what does not stand any more; and what stands
    there of the same sender's about another resident: her key, and the Patient."""

    remain: list[Left]
    untold: list[str]
    seen: list[Resource]
    others: set[tuple[str, str | None]]


async def left(client: FhirClient, bag: CareRecord, patients: Sequence[str], absence: Mapping[str, str]) -> Looked:
    """`patients`: all that are certainly hers. Raises Stopped and ClientError."""
    looked, names = Looked([], [], [], set()), Names(bag.source, bag.resident.key or "")
    for section in (*PERSONAL, LISTS) if patients else ():
        there = await sent_before(client, section, names, patients)
        looked.seen.extend(r for _, r in there.hers)
        looked.others.update(there.others)
        if section is not LISTS and _is_asked(bag, section.field, absence):
            said = getattr(bag, section.field)
            here = {names.own(section.kind, row.key) for row in said} if isinstance(said, tuple) else set()
            looked.untold.extend([_silent(section)] * (not there.told))
            looked.remain.extend(Left(row, r) for row, r in there.hers if not _keys(r) & here and _stands(r))
    return looked


def _is_asked(bag: CareRecord, field: str, absence: Mapping[str, str]) -> bool:
    """Stays and related persons have no word for "not supplied": where there are none, only whoever speaks of their absence asks."""
    said = getattr(bag, field)
    return said is not Unlisted.NOT_SUPPLIED if field in LISTED else bool(said) or field in absence


def _silent(section: Section) -> str:
    return f"{section.field}: the server would not say which of your earlier ones it still has; a person must look"


def ending(remain: Iterable[Left], bag: CareRecord, absence: Mapping[str, str], *, replace: bool) -> tuple[list[Difference], list[Left]]:
    """Those that end, as their sender has said what their absence means; and those of which nobody has, or whose list says nothing."""
    end, others = list[Difference](), list[Left]()
    for each in remain:
        how, certain = ENDS[absence.get(each.row.name, "unknown")], is_whole(bag, each.row.name) and _is_timed(bag)
        if how and certain:
            end.append(ends(each.row, each.resource, how, VANISHED, replace=replace, as_of=bag.as_of))
        else:
            others.append(replaced(each, stated=how is not None))
    return end, others


def _is_timed(bag: CareRecord) -> bool:
    """Only a List tells the next record, which may be an older one, of what time this one is, whatever else was as it is."""
    return any(getattr(bag, field) is not Unlisted.NOT_SUPPLIED for field in LISTED)


class SentBefore(NamedTuple):
    """What the server has of the sender's of one type: hers, whatever else it answers with; and of what stands there about another resident
    her key and the Patient. `told`: does it answer this question at all?"""

    hers: list[tuple[Row, Resource]]
    others: set[tuple[str, str | None]]
    told: bool = True


async def sent_before(client: FhirClient, section: Section, names: Names, patients: Sequence[str]) -> SentBefore:
    """`patients`: whose; with none, the sender's of every resident are asked for. Raises Stopped and ClientError."""
    own, found = names.own(section.kind, ""), SentBefore([], set())
    whose = [("patient", ",".join(patients))] if patients else []
    async for answer in client.pages(section.kind, [*whose, ("identifier", f"{own.system}|")]):
        if not answer.ok and answer.status not in BUSY:
            return SentBefore([], set(), told=False)
        for resource in (rewritten(r, lambda to: to.removeprefix(client.base)) for r in matches(answer, section.kind)):
            _sort(resource, section, own, found)
    return found


def _sort(resource: Resource, section: Section, own: Id, found: SentBefore) -> None:
    for value in (key.value for key in _keys(resource) if key.system == own.system):
        if value.startswith(own.value):
            found.hers.append((_row(section, resource, value), resource))
        elif (other := whose_key(value)) and _stands(resource):
            found.others.add((other, patient_of(resource)))


def _row(section: Section, resource: Resource, value: str) -> Row:
    name = key_of(section.kind, value) if section.kind == "List" else section.field
    return Row(name, section.kind, f"{section.kind}/{resource.get('id')}")


def public(target: str) -> str:
    """Type and id, if the id is one of ours; on some servers an id of their own is an NHS number."""
    kind, _, said = target.partition("/")
    return f"{kind}/{said if OURS.fullmatch(said) else '…'}"


def _keys(resource: Resource) -> set[Id]:
    listed = resource.get("identifier")
    each = [i for i in listed if isinstance(i, dict)] if isinstance(listed, list) else []
    return {Id(str(i.get("system")), str(i.get("value"))) for i in each}


def _stands(resource: Resource) -> bool:
    try:
        return stands(SHAPES[resource["resourceType"]].read(resource)[0])
    except Faults:
        return True
