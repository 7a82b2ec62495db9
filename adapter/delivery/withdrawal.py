"""Takes back what was sent under one resident's key: everything of the sender's that stands at the server is ended there. Never the
hospital's: only what carries the sender's key for her, and her Patient only where the sender made it.

It does not matter what the record says now, nor who the server's Patient is: that may be just what was wrong. So nobody is compared. What
was sent is found on every Patient that is known by her key or her NHS numbers, and on those that any version of her Lists was ever about,
whose ids follow from her key; where there is none, among all that the sender ever sent.
"""
from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import Any

from adapter.bundle import Names, Policy, Row
from adapter.bundle.identity import own_system
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.difference import Difference, ends, rewritten
from adapter.delivery.left import LISTS, sent_before
from adapter.delivery.mark import patient_of
from adapter.delivery.older import not_older, standing_there
from adapter.delivery.resident import BUSY, Found, find, matches
from adapter.delivery.sent import Options, Remark, Sent, told
from adapter.delivery.settled import former, is_made_by_us
from adapter.delivery.writing import with_endings, write
from mappings.bag import LISTED, PERSONAL, CareRecord
from mappings.corrections import Reason, Withdrawn
from mappings.list import RecordList
from mappings.patient import Resident
from mappings.values import Logical

WHY = {Reason.WRONG_RESIDENT: "is taken back, for it was not hers", Reason.MERGED: "is taken back, for her record was merged into another",
       Reason.MOVED_AWAY: "is not kept up any more, for she lives in another home"}
OUR_PATIENT = "resident: the Patient that was made from your record is left as it is under this policy; with upsert it is ended too"

IN_PARTS = Policy("match")  # of any size that servers usually take
UNTOLD = "the server would not say which of yours it has; a person must look"
TAKEN = ("resident: the Patient that was made from your record is left in use, for rows that you sent under another resident's key stand "
         "on it; send that record, which says that it replaces this one, with upsert, and then this one again")


@dataclass(frozen=True)
class Whose:
    """Whose things are taken back, and why. `person`: her record, to find her by her numbers as well; `patient`: is her own Patient,
    where the sender made it, taken back too? `as_of`: the time of the record that says so; none, where it is only asked for."""

    names: Names
    withdrawn: Withdrawn
    person: Resident | None = None
    patient: bool = True
    as_of: str = ""

    def form(self, record: Any) -> Any:
        """As the record would be, with the record that stays known by its identifier: under which id it is there is the server's to know.
        What it ends of our Lists is of its time, so that an older record does not undo it."""
        into = self.withdrawn.into
        stays = Logical(own_system(self.names.source, "Patient"), into, "Patient") if into else None
        after = self.withdrawn.form(record, stays)
        return replace(after, date=self.as_of) if self.as_of and isinstance(after, RecordList) and after.status != "current" else after


async def retract(client: FhirClient, source: str, key: str, person: Resident | None = None, options: Options | None = None,
                  policy: Policy = IN_PARTS) -> Sent:
    """Everything that was sent for the wrong resident. `person`: her record as it was sent, if there is one; `policy`: how large the parts
    may be. Raises nothing."""
    asked, whose = options or Options(), Whose(Names(source, key), Withdrawn(Reason.WRONG_RESIDENT), person)
    return await told(client, lambda: _once(client, whose, asked, policy), asked.seconds)


async def take_back(client: FhirClient, bag: CareRecord, policy: Policy, options: Options) -> tuple[Sent, bool]:
    """What a withdrawn record says; and whether somebody was changing the same data meanwhile. Raises Stopped and ClientError."""
    names = Names(bag.source, bag.resident.key or "")
    whose = Whose(names, bag.withdrawn or Withdrawn(Reason.WRONG_RESIDENT), bag.resident, policy.patient == "upsert", bag.as_of)
    return await _once(client, whose, options, policy)


async def _once(client: FhirClient, whose: Whose, options: Options, policy: Policy) -> tuple[Sent, bool]:
    lists = [await _versions(client, f"List/{whose.names.id('List', field)}") for field in LISTED]
    found = await _people(client, whose)
    patients = list(dict.fromkeys([*(f.reference for f in found), *(s for versions in lists for s in _subjects(versions))]))
    there = [(section, await sent_before(client, section, whose.names, patients)) for section in (*PERSONAL, LISTS)]
    if not options.older:
        rows = (resource for _, before in there for _, resource in before.hers)
        not_older(whose.as_of, [*(versions[0] for versions in lists if versions), *rows], "nothing was taken back")
    taken = {patient for _, before in there for _, patient in before.others}
    hers, said = _her_patients(found, whose, taken)
    untold = [Remark(f"{section.field}: {UNTOLD}") for section, before in there if not before.told]
    going = [_end(row, resource, whose, options) for row, resource in [*(row for _, before in there for row in before.hers), *hers]]
    parts = with_endings([], going, policy, client.base, whose.as_of or None)
    sent, clash = await write(client, parts, going, [*untold, *said], options)
    return replace(sent, patient=next(iter(patients), None)), clash


def _her_patients(found: list[Found], whose: Whose, taken: Container[str | None]) -> tuple[list[tuple[Row, Resource]], list[Remark]]:
    """Those that end, and what is to be said of others that the sender made. `taken`: on which rows of another of its residents stand."""
    made = [f for f in found if is_made_by_us(f, whose.names)] if whose.withdrawn.reason is not Reason.MOVED_AWAY else []
    in_use = [f for f in made if f.resource.get("active") is not False]
    if not whose.patient:
        return [], [Remark(OUR_PATIENT)] * bool(in_use)
    stay = [f for f in in_use if f.reference in taken]
    return [(Row("resident", "Patient", f.reference), f.resource) for f in made if f not in stay], [Remark(TAKEN)] * bool(stay)


def _end(row: Row, resource: Resource, whose: Whose, options: Options) -> Difference:
    return ends(row, resource, whose.form, WHY[whose.withdrawn.reason], replace=options.replace, as_of=whose.as_of)


# ---- where hers are --------------------------------------------------------------------------------------------------------
async def _people(client: FhirClient, whose: Whose) -> list[Found]:
    """Every Patient known by her key or by a number of hers."""
    own, person = whose.names.own("Patient", whose.names.key), whose.person
    numbers = [whose.names.person(person), *former(person)] if person else []
    return await find(client, dict.fromkeys((own, *numbers)), own)


async def _versions(client: FhirClient, target: str) -> list[Resource]:
    """All there ever were, the newest first; of a server that keeps none, what is there now. References as "Type/id"."""
    found = list[Resource]()
    async for answer in client.pages(f"{target}/_history"):
        if not answer.ok and answer.status not in BUSY:
            now = await standing_there(client, target)
            found = [now] if now else []
            break
        found += matches(answer, "List")
    return [rewritten(each, lambda to: to.removeprefix(client.base)) for each in found]


def _subjects(lists: list[Resource]) -> Iterator[str]:
    return (whose for each in lists if (whose := patient_of(each)))
