"""Which Patient of the server is hers, and what of her may be written there: decided before anything is sent.

Matched only by a verified NHS number and by the sender's own key. A superseded number is never matched on: the NHS's rule is to take up the
new one, and whoever is still filed under the old one may by then be somebody else's record. So a server that knows only the old number is
for a person; it is asked about it only to be able to say so, and so that no second Patient is made beside the one it has. Under `upsert` a
record that replaces another has a Patient of its own: that of the other one will end.
Source: NHS England, PDS FHIR API (GET Patient: superseded NHS numbers); docs/corrections.md.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from adapter.bundle import Id, Names, Policy
from adapter.bundle.identity import own_system
from adapter.delivery.client import FhirClient
from adapter.delivery.difference import version_of
from adapter.delivery.directory import existing
from adapter.delivery.left import unwritten
from adapter.delivery.mark import is_marked
from adapter.delivery.outcome import Verdict
from adapter.delivery.resident import Found, Stopped, carries, compared, find, is_in_use, read_patient, replaces, the_one
from adapter.delivery.sent import Became, Remark, SentRow
from mappings.bag import CareRecord
from mappings.corrections import former_numbers, linked_keys
from mappings.patient import Resident
from mappings.systems import NHS_NUMBER

SEVERAL = "resident: the server has another patient with this NHS number beside yours; its owner should join the two"
LITTLE = "resident: the server's patient says too little to compare; only the identifier matches"
BESIDE = "resident: the server has another patient under an NHS number of hers that was superseded; its owner should join the two"
ONLY_OLD = ("resident: the server knows a patient only under an NHS number of hers that was superseded, and that is not matched on; "
            "nothing was sent: ask its owner to take up the new number")
STILL_OLD = "resident: the server's patient has only an NHS number that was superseded; ask its owner to take up the new one"
NOT_IN_USE = "resident: the server's patient is marked as no longer in use; ask its owner which of its patients she is"
DIED_HERE = "resident: she has died, and the server's patient does not say so and is not yours to write: tell the hospital"
DIED_THERE = "resident: the server's patient has died, and your record does not say that she has; a person must look"


@dataclass(frozen=True)
class Settled:
    """The policy as it applies to this resident on this server, and what is to be said about it. `reference`: her Patient there;
    `patients`: every one that is hers; `made`: those of them with the sender's key."""

    policy: Policy
    said: tuple[Remark, ...] = ()
    reference: str | None = None
    keeps: Found | None = None  # of a policy that writes her: the Patient that is left as it is
    not_written: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    made: tuple[str, ...] = ()

    def rows(self, became: Became) -> tuple[SentRow, ...]:
        """Her own row, where it is not among those that are sent."""
        if not self.keeps:
            return ()
        return (SentRow("resident", "Patient", became, self.not_written, self.keeps.reference, version_of(self.keeps.resource)),)


async def settle(client: FhirClient, bag: CareRecord, policy: Policy) -> Settled:
    """Raises Stopped where it is not certain who she is, and ClientError."""
    names = Names(bag.source, bag.resident.key or "")
    every, older = await _candidates(client, bag.resident, names)
    apart = [f for f in (*every, *older) if policy.patient == "upsert" and _gives_way(f, bag.resident, names)]
    every, older = [f for f in every if f not in apart], [f for f in older if f not in apart]
    found = the_one(every)
    if policy.directory == "existing":
        policy = await existing(client, bag, policy)
    if found is None:
        return replace(_nobody(policy, older, names.person(bag.resident)), patients=tuple(f.reference for f in apart))
    writes = policy.patient == "upsert" and found.reference == f"Patient/{names.id('Patient', names.key)}"
    grave = [*[SEVERAL] * _beside(found, every), *[BESIDE] * _beside(found, older), *_grave(bag.resident, found, writes)]
    comparison = compared(bag.resident, found)
    said = (*map(Remark, grave), *[Remark(LITTLE, for_a_person=False)] * (comparison.verdict == "not enough to tell"))
    settled = Settled(policy, said, found.reference, patients=tuple(f.reference for f in (*every, *older, *apart)),
                      made=tuple(f.reference for f in every if f.ours))
    return settled if writes else _left_as_it_is(settled, found, unwritten(bag, read_patient(found), policy.known, comparison.agree))


async def _candidates(client: FhirClient, resident: Resident, names: Names) -> tuple[list[Found], list[Found]]:
    """Who has her number or the sender's key, and who beside them is still in use under a number of hers that was superseded."""
    own = names.own("Patient", names.key)
    every = await find(client, dict.fromkeys((names.person(resident), own)), own)
    known = {found.reference for found in every}
    return every, [f for f in await find(client, former(resident), own) if f.reference not in known and is_in_use(f)]


def _gives_way(found: Found, resident: Resident, names: Names) -> bool:
    """Is it the Patient that the sender made from another record of hers: one that this record replaces, or that was taken back? Hers is
    then her own, whatever number that one still has."""
    others = {key for key in _keys_of(found, names.source) - {names.key} if is_made_by_us(found, Names(names.source, key))}
    ended = not is_in_use(found) or found.resource.get("active") is False
    return bool(others if ended else others & linked_keys(resident, "replaces"))


def _keys_of(found: Found, source: str) -> set[str]:
    said = found.resource.get("identifier")
    each = [i for i in said if isinstance(i, dict)] if isinstance(said, list) else []
    return {str(i.get("value")) for i in each if i.get("system") == own_system(source, "Patient")}


def is_made_by_us(found: Found, names: Names) -> bool:
    """Its key alone does not say so: a hospital may have put that on a Patient of its own."""
    made = is_marked(found.resource) or found.reference == f"Patient/{names.id('Patient', names.key)}"
    return made and carries(found.resource, names.own("Patient", names.key))


def _beside(found: Found, others: list[Found]) -> bool:
    """Is another of them in use, and not replaced by hers?"""
    return any(is_in_use(other) and not replaces(found, other) for other in others if other is not found)


def _nobody(policy: Policy, older: list[Found], person: Id) -> Settled:
    if older:
        raise Stopped(Verdict.PERSON, ONLY_OLD)
    if policy.patient == "match":
        raise Stopped(Verdict.REFUSED, _not_there(person))
    return Settled(policy)


def _left_as_it_is(settled: Settled, found: Found, lacking: tuple[str, ...]) -> Settled:
    """Her Patient is not written: what of hers is missing there is named."""
    says = f"resident: the server's patient is left as it is; of yours this is not written: {', '.join(lacking)}"
    said = (*settled.said, *[Remark(says, for_a_person=False)] * bool(lacking))
    return replace(
        settled, policy=replace(settled.policy, patient="match", patient_reference=found.reference), not_written=lacking, said=said,
        keeps=None if settled.policy.patient == "match" else found)


def former(resident: Resident) -> Iterable[Id]:
    """Her superseded numbers; none, where the one in use is not verified and so none of them is used."""
    return [Id(NHS_NUMBER, number) for number in former_numbers(resident)] if resident.nhs_number_is_verified else []


def _grave(ours: Resident, found: Found, writes: bool) -> Iterator[str]:
    """What a person must know about her although everything else goes on."""
    theirs = read_patient(found)
    if not writes and theirs.nhs_number in former_numbers(ours):
        yield STILL_OLD
    if not writes and theirs.active is False and ours.active is not False:  # where both say so, there is nothing to ask
        yield NOT_IN_USE
    if not writes and ours.deceased and not theirs.deceased:
        yield DIED_HERE
    if theirs.deceased and not ours.deceased:
        yield DIED_THERE


def _not_there(person: Id) -> str:
    by = "the verified NHS number" if person.system == NHS_NUMBER else "your key; the NHS number is not verified and was not used"
    return f"resident: the server has no patient with {by}; nothing was sent: ask the hospital, or choose another patient policy"
