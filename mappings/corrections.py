"""How a row ends, in each record's own way; and a whole record that is taken back.

    in_error(allergy)          as it stands when it should never have been said
    stopped(medicine)          as it stands when she does not take it any more
    Withdrawn(Reason.MERGED, into="r1").form(row)         as it stands when her record was merged into that of r1

Nothing clinical is made up: only the status changes, never a date, a dose or a reason. What has ended already stays as it ended.
Sources: HL7 FHIR R4, the status of each resource, AllergyIntolerance (ait-1, ait-2), Patient.link; NHS England, PDS FHIR API (superseded);
UK Core StructureDefinition UKCore-Patient (at most one identifier is an NHS number).
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

from mappings.allergy_intolerance import CLINICAL_STATUS, VERIFICATION, Allergy
from mappings.encounter import NOT_OVER, Stay
from mappings.findings import Finding, is_nhs_number, refusal, warning
from mappings.immunization import EnteredInError, Given, NotGiven, Vaccination
from mappings.list import RecordList
from mappings.medication_statement import Medication
from mappings.patient import Link, Resident
from mappings.related_person import RelatedPerson
from mappings.systems import NHS_NUMBER
from mappings.values import Logical, Ref, Reference

CURRENT = frozenset({"active", "intended", "on hold", "unknown"})  # of a medicine: still hers
TO_BE_TAKEN = CURRENT - {"unknown"}
ENDED = frozenset({"refuted", "entered in error", "inactive", "resolved"})  # of an allergy
ERROR = "entered in error"
SECOND = ("is another NHS number: the one in use belongs in nhs_number, and one that was superseded in links: "
          f'{{"type": "replaces", "other": {{"system": "{NHS_NUMBER}", "value": that number}}}}')
SHARED = tuple(x.name for x in fields(Vaccination))  # what a vaccination has whether it was given or not


# ---- rows ------------------------------------------------------------------------------------------------------------------
def stands(record: Any) -> bool:
    """Does it say something that holds now?"""
    match record:
        case Medication(status=status):
            return status in CURRENT
        case Allergy(clinical_status=status, verification_status=verified):
            said = {CLINICAL_STATUS.word(status) if status else None, VERIFICATION.word(verified) if verified else None}
            return said.isdisjoint(ENDED)
        case Stay(status=status):
            return status in NOT_OVER or status == "unknown"
        case RelatedPerson(active=active):
            return active is not False
        case RecordList(status=status):
            return status == "current"
    return not isinstance(record, EnteredInError)


def standing(record: Any) -> str:
    """Its status in a word, for a sentence."""
    match record:
        case Allergy(verification_status=verified):
            return (VERIFICATION.word(verified) if verified else None) or "unknown"
        case RelatedPerson(active=active) | Resident(active=active):
            return "no longer in use" if active is False else "in use"
        case Medication(status=status) | Stay(status=status) | RecordList(status=status):
            return status
    return ERROR if isinstance(record, EnteredInError) else "standing"


def in_error(record: Any) -> Any:
    """A person has no such status in FHIR: her record is no longer in use."""
    match record:
        case Medication() | Stay() | RecordList():
            return replace(record, status=ERROR)
        case Allergy(verification_status=verified):
            if verified and VERIFICATION.word(verified) == ERROR:
                return record
            return replace(record, verification_status=VERIFICATION.coded(ERROR), clinical_status=None, end_date=None, end_reason=None)
        case Given(given_on=when) | NotGiven(not_given_on=when):
            return EnteredInError(**{name: getattr(record, name) for name in SHARED}, wrongly_recorded_for=when)
        case RelatedPerson() | Resident():
            return replace(record, active=False)
    return record


def stopped(record: Any) -> Any:
    """Of a medicine that she takes, or is to take."""
    return replace(record, status="stopped") if isinstance(record, Medication) and stands(record) else record


def left_behind(record: Any) -> Any:
    """When she lives in another home: what this one says of her medicines is no longer known, and its lists are no longer kept.

    An allergy stays true wherever she lives, and so does what has happened: a vaccination, a stay, who her family is.
    """
    match record:
        case Medication(status=status) if status in CURRENT:
            return replace(record, status="unknown")
        case RecordList(status="current"):
            return replace(record, status="retired")
    return record


# ---- a whole record --------------------------------------------------------------------------------------------------------
class Reason(Enum):
    """Why a record is taken back."""

    WRONG_RESIDENT = "wrong resident"
    MERGED = "merged"
    MOVED_AWAY = "moved away"


@dataclass(frozen=True)
class Withdrawn:
    """Everything that was sent under this resident's key is taken back, in the record and at the server.

    `wrong resident`: it was never hers. `merged`: she has another record with you, and `into` is the key of that resident. Both end it as
    entered in error. `moved away`: it was right, and another home keeps her record now.
    """

    reason: Reason
    into: str | None = None

    def form(self, record: Any, stays: Reference | None = None) -> Any:
        """A row of hers, the resident herself or a list of hers, as it stands from now on. `stays`: the record that replaces this one,
        where it goes by another name than its key."""
        if self.reason is Reason.MOVED_AWAY:
            return left_behind(record)
        ended = in_error(record)
        return replace(ended, links=self._links(ended, stays)) if isinstance(ended, Resident) else ended

    def _links(self, resident: Resident, stays: Reference | None) -> tuple[Link, ...]:
        link = Link(stays or Ref("Patient", self.into), "replaced by") if self.into else None
        return resident.links if link is None or link in resident.links else (*resident.links, link)


# ---- findings --------------------------------------------------------------------------------------------------------------
def findings_of_withdrawn(withdrawn: Withdrawn | None, resident: Resident) -> Iterator[Finding]:
    """What contradicts itself. Which record stays must be said once, and the same everywhere."""
    into = withdrawn.into if withdrawn else None
    if withdrawn and withdrawn.reason is Reason.MERGED and into is None:
        yield refusal("withdrawn.into", "is missing: the key of the resident whose record stays")
    if withdrawn and withdrawn.reason is not Reason.MERGED and into is not None:
        yield refusal("withdrawn.into", "says whose record stays, and the reason is not that two were merged")
    if into is not None and into == resident.key:
        yield refusal("withdrawn.into", "is the key of this very resident")
    for i, link in enumerate(resident.links):
        if link.type == "replaced by" and into is None:
            yield refusal(f"resident.links[{i}]", "says that another record replaces this one: say so in withdrawn too (merged, and into "
                                                  "which), so that nothing of it stays current")
        elif link.type == "replaced by" and isinstance(to := link.other, Ref) and to.type == "Patient" and to.key != into:
            yield refusal(f"resident.links[{i}]", "says that another record replaces this one than withdrawn.into does")


def is_all_in_error(rows: tuple[Any, ...]) -> bool:
    """There are some, and none of them should ever have been there."""
    return bool(rows) and all(in_error(row) == row for row in rows)


def findings_of_death(resident: Resident, medicines: Iterable[Medication], stays: Iterable[Stay]) -> Iterator[Finding]:
    """What is still open after she has died. How it ended is the home's to say, and is never concluded."""
    if not resident.deceased:
        return
    for i, medicine in enumerate(medicines):
        if medicine.status in TO_BE_TAKEN:
            yield warning(f"medicines[{i}].status", "says that she takes it, and the resident has died: say how it ended")
    for i, stay in enumerate(stays):
        if stay.status in NOT_OVER:
            yield warning(f"stays[{i}].status", "says that it is not over, and the resident has died: say how it ended")


def linked_keys(resident: Resident, how: str | None = None) -> frozenset[str]:
    """Of the sender's other records that are said to be about her: in this way, or in any."""
    return frozenset(to.key for link in resident.links
                     if how in (None, link.type) and isinstance(to := link.other, Ref) and to.type == "Patient")


def former_numbers(resident: Resident) -> tuple[str, ...]:
    """Her NHS numbers that were superseded: of records that hers replaces. A hospital may say it by an identifier with use `old` too."""
    links = [to.value for _, to in _by_number(resident) if to.value != resident.nhs_number]
    return (*links, *(x.value for x in resident.identifiers if x.system == NHS_NUMBER and x.use == "old" and x.value))


def _by_number(resident: Resident) -> Iterator[tuple[int, Logical]]:
    """Which of her links say that a record under an NHS number was replaced by hers."""
    for i, link in enumerate(resident.links):
        if link.type == "replaces" and isinstance(to := link.other, Logical) and to.system == NHS_NUMBER:
            yield i, to


def findings_of_numbers(resident: Resident) -> Iterator[Finding]:
    """One number is hers now, and a Patient of UK Core has no second one."""
    for i, said in enumerate(resident.identifiers):
        if said.system == NHS_NUMBER:
            yield refusal(f"resident.identifiers[{i}]", SECOND)
    for i, to in _by_number(resident):
        path = f"resident.links[{i}].other.value"
        if not is_nhs_number(to.value):
            yield refusal(path, "is not an NHS number: expected ten digits without spaces, the last a modulus 11 check digit")
        elif to.value == resident.nhs_number:
            yield refusal(path, "is the NHS number in use, and is said to have been replaced")
