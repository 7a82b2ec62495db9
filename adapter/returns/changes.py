"""What came back, laid beside what was sent: every difference as one sentence for the home's manager. Pure.

    for change in changes(care_record, back): print(change.certainty, change.sentence)

The rows of the home are found again by their keys, so what the hospital wrote into them is certain. The hospital's own resources are
matched by code (medicine_changes.py, other_changes.py) or only shown (stay_changes.py). Nothing that came is passed over in silence: what
no rule here is about is counted. The sentences hold clinical values: they are for an authorised person, and never for a log.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from adapter.bundle import Item, Returned
from adapter.bundle.sending import display_of
from adapter.delivery.refs import Means, meanings, meant, one_system
from adapter.returns.change import Change
from adapter.returns.medicine_changes import matched, medicine_changes, statement
from adapter.returns.other_changes import allergy_changes, diagnosis_changes, vaccination_changes, vaccine
from adapter.returns.returned import Return
from adapter.returns.scope import Scope, scope
from adapter.returns.stay_changes import stay_changes, told
from adapter.returns.words import Places, concept, counted, day, listed
from mappings.allergy_intolerance import Allergy
from mappings.bag import KIND_OF, LISTED, CareRecord, Row, Unlisted, personal
from mappings.catalogue import DIRECTORY
from mappings.condition import Condition
from mappings.corrections import stands
from mappings.datatypes import CONCEPT, Coded
from mappings.encounter import Stay
from mappings.faults import BadValue
from mappings.immunization import EnteredInError, Given, NotGiven
from mappings.list import RecordList
from mappings.medication_request import MedicationRequest
from mappings.medication_statement import Medication
from mappings.patient import Resident
from mappings.shape import same

# The fields of a row that have sentences of their own.
SAYING: Mapping[type, frozenset[str]] = {
    Medication: frozenset({"status", "status_reasons", "doses"}),
    Stay: frozenset({"status", "period", "discharge_method", "discharge_destination"})}
TOLD = (Stay, Medication, MedicationRequest, Allergy, Given, NotGiven, EnteredInError, Condition, Resident)
# Of the hospital's own Patient: what a home keeps too and would want to know. Identifiers and references are each side's own.
PERSONAL = {
    "preferred_name": "preferred name", "telecom": "telephone or email", "addresses": "address", "gender": "gender",
    "birth_date": "birth date", "ethnic_category": "ethnic category", "religion": "religion", "marital_status": "marital status",
    "languages": "language",
    "interpreter_required": "need of an interpreter"}


def changes(sent: CareRecord, back: Return) -> list[Change]:
    """`sent` is the care record as it was sent. In the order of the care record: the person, stays, medicines, allergies, vaccinations.
    Nothing is certain where it is not certain that it is the same person."""
    found = _changes(sent, back)
    sure = back.comparison is not None and back.comparison.verdict == "same"
    return found if sure else [replace(change, certainty="for a person") for change in found]


def _changes(sent: CareRecord, back: Return) -> list[Change]:
    returned = back.read_with(sent)
    rows = {(row.kind, row.record.key): row for row in personal(sent)}
    ours = [item for item in returned.items if item.ours]
    theirs = [item for item in returned.items if not item.ours]
    places, this, means = _places(returned), scope(_of(returned.items, Stay), sent.as_of), meanings(sent, returned.items)
    return [
        *_person(sent.resident, _of(returned.items, Resident)),
        *(change for item in ours if (row := rows.get(_key(item))) for change in _edited(row, item, places, means)),
        *stay_changes(_rows(rows, "Encounter"), _of(theirs, Stay), places, sent.as_of),
        *_not_over(this, theirs),
        *medicine_changes(_known(sent.medicines, _rows(rows, "MedicationStatement")), _of(theirs, MedicationRequest, Medication),
                          _drugs(returned), scope=this, whole=back.whole),
        *allergy_changes(_known(sent.allergies, _rows(rows, "AllergyIntolerance")), _of(theirs, Allergy)),
        *vaccination_changes(_rows(rows, "Immunization"), _of(theirs, Given, NotGiven, EnteredInError)),
        *diagnosis_changes([Row(f"conditions[{i}]", "Condition", c) for i, c in enumerate(sent.conditions)], _of(theirs, Condition)),
        *(_removed(rows, ours) if back.whole else ()),
        *_still_there(sent, rows, ours),
        *_not_read(back, returned, theirs),
    ]


# ---- the person ------------------------------------------------------------------------------------------------------------
def _person(resident: Resident, patients: Sequence[Item]) -> Iterator[Change]:
    for item in patients:
        there: Resident = item.record
        if there.deceased and not resident.deceased:
            on = f" on {day(there.deceased)}" if isinstance(there.deceased, str) else ""
            yield Change("died", f"The hospital records that the resident has died{on}", "for a person", "resident", item.url)
        differ = [word for name, word in PERSONAL.items() if not item.ours and not _alike(getattr(there, name), getattr(resident, name))]
        if differ:
            sentence = f"The hospital's record of the resident differs from yours: {listed(differ, len(PERSONAL))}"
            yield Change("edited", sentence, "for a person", "resident", item.url)


def _alike(theirs: Any, ours: Any) -> bool:
    """Does the home know everything that the hospital says here?"""
    return all(x in ours for x in theirs) if isinstance(theirs, tuple) else theirs is None or same(theirs, ours)


# ---- our own rows, edited --------------------------------------------------------------------------------------------------
def _edited(row: Row, item: Item, places: Places, means: Means) -> Iterator[Change]:
    """What the hospital wrote into a row of ours, or took out of it; a death was told already."""
    if type(row.record) is not type(item.record):
        yield Change("edited", f"Changed at the hospital: {name_of(row.record)} is now {_kind(item.record)}", "certain", row.path, item.url)
        return
    was, now = meant(one_system(row.record), means), meant(one_system(item.record), means)
    differ = [x.name for x in fields(was) if x.name not in ("resident", "identifiers", "key", "deceased")
              and getattr(was, x.name) != getattr(now, x.name)]  # by value: some servers write 0.50 as 0.5
    said = list(_said(row, item, places)) if set(differ) & SAYING.get(type(row.record), frozenset()) else []
    yield from said
    others = [name for name in differ if not said or name not in SAYING[type(row.record)]]
    if others:
        yield Change("edited", f"Changed at the hospital in your {name_of(row.record)}: {_words(others)}", "certain", row.path, item.url)


def _said(row: Row, item: Item, places: Places) -> Iterator[Change]:
    """What the fields of SAYING say now."""
    if isinstance(item.record, Medication):
        yield from matched(row, statement(item, {}, True))
    else:
        yield told(item.record, places, row.path, item.url)


def _key(item: Item) -> tuple[str, str | None]:
    return item.resource["resourceType"], item.record.key


def _removed(rows: Mapping[tuple[str, str | None], Row], ours: Sequence[Item]) -> Iterator[Change]:
    here = {_key(item) for item in ours}
    for key, row in rows.items():
        if key not in here and row.kind != "Patient":
            yield Change("removed", f"Did not come back, and may have been removed there: {name_of(row.record)}", "for a person", row.path)


def _still_there(sent: CareRecord, rows: Mapping[tuple[str, str | None], Row], ours: Sequence[Item]) -> Iterator[Change]:
    """What was sent before and is not in the record any more. A list that the record does not supply says nothing."""
    supplied = {KIND_OF[field] for field in LISTED if getattr(sent, field) is not Unlisted.NOT_SUPPLIED}
    gone = [item for item in ours if item.resource["resourceType"] in supplied and _key(item) not in rows]
    for item in gone:
        if stands(item.record):
            sentence = f"Still at the hospital, sent by you before, and no longer in your record: {name_of(item.record)}"
            yield Change("still there", sentence, "for a person", None, item.url)
    if ended := sum(not stands(item.record) for item in gone):
        entries = counted(ended, "entry", "entries")
        yield Change("not compared", f"Over, and no longer in your record: {entries} that you sent before", "for a person")


def name_of(record: Any) -> str:
    """What a person would call a row."""
    match record:
        case Medication():
            return concept(record.drug)
        case Allergy():
            return f"allergy to {concept(record.code)}"
        case Given() | NotGiven() | EnteredInError():
            return f"vaccination: {vaccine(record)}"
        case Stay():
            return f"hospital stay ({record.status})"
        case RecordList():
            return f"list of {record.key}"
        case Resident():
            return "record of the resident"
        case _:
            return display_of(record) or f"{type(record).__name__}"


def _kind(record: Any) -> str:
    return {"Given": "given", "NotGiven": "not given", "EnteredInError": "entered in error"}.get(type(record).__name__, "something else")


# ---- what is not compared, or not over -------------------------------------------------------------------------------------
def _not_over(this: Scope, theirs: Sequence[Item]) -> Iterator[Change]:
    if _of(theirs, MedicationRequest) and this.older:
        sentence = "The last stay was over before your record was made: what the hospital says about medicines may be older"
        yield Change("not compared", sentence, "for a person")
    elif _of(theirs, MedicationRequest) and not this.over:
        yield Change("in hospital", "No discharge is recorded yet: what the hospital says about medicines may still change", "for a person")


def _not_read(back: Return, returned: Returned, theirs: Sequence[Item]) -> Iterator[Change]:
    for each in returned.unreadable:
        places = listed(f"{fault.field} missing" if fault.reason == "missing" else fault.path for fault in each.faults)
        yield Change("not read", f"Came back and could not be read: {each.url} ({places})", "for a person", None, each.url)
    beside = Counter(item.resource["resourceType"] for item in theirs if not isinstance(item.record, TOLD)) + Counter(back.unknown)
    for kind, n in sorted((kind, n) for kind, n in beside.items() if kind not in ("Medication", *DIRECTORY)):
        yield Change("not read", f"Came back and is not compared: {n} {kind}", "for a person")
    for kind in back.gaps:
        yield Change("not read", f"The server would not say what it has: {kind}", "for a person")


# ---- finding ---------------------------------------------------------------------------------------------------------------
def _rows(rows: Mapping[tuple[str, str | None], Row], kind: str) -> list[Row]:
    return [row for (of, _), row in rows.items() if of == kind]


def _known(said: Any, rows: list[Row]) -> list[Row] | None:
    """The home's rows; None where it did not say what it knows of."""
    return None if said in (Unlisted.NOT_ASKED, Unlisted.NOT_SUPPLIED) else rows


def _of(items: Sequence[Item], *records: type) -> list[Item]:
    return [item for item in items if isinstance(item.record, records)]


def _places(returned: Returned) -> Places:
    named = ((item.url, display_of(item.record)) for item in returned.items if item.resource["resourceType"] in DIRECTORY)
    return {url: name for url, name in named if name}


def _drugs(returned: Returned) -> dict[str, Coded]:
    """What a reference to a Medication means. Medication is of no type that is read: only its code is asked for."""
    found = dict[str, Coded]()
    for resource in returned.others:
        if isinstance(resource, dict) and resource.get("resourceType") == "Medication" and isinstance(resource.get("code"), dict):
            try:
                code = CONCEPT.get(resource["code"])
            except BadValue:
                code = None
            if code:
                found[f"Medication/{resource.get('id')}"] = code
    return found


def _words(names: Sequence[str]) -> str:
    return listed((name.replace("_", " ") for name in names), 9)
