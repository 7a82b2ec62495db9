"""The bag: one care record, a resident and everything about her <-> the records of several resources.

    unfold(care_record) -> [Organization, ..., Resident, ..., Medication, ..., RecordList]     in the order in which they are sent
    fold(records, source, as_of) -> care_record                                                the inverse

A list of a care record is whole, or it is said why it is not there. This is how each travels:

    items          a List (snapshot, of the time `as_of`) that names every one of them
    none known     a List without entries, emptyReason nilknown
    not asked      a List without entries, emptyReason notasked
    not supplied   no List: nothing is said, and what was said before stands with its own date
Source: HL7 FHIR R4, List; UK Core List and its guidance.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from mappings.allergy_intolerance import Allergy, findings_of_allergies
from mappings.condition import Condition
from mappings.corrections import Withdrawn, findings_of_death, findings_of_numbers, findings_of_withdrawn, is_all_in_error
from mappings.encounter import Stay
from mappings.faults import BadValue, Fault, Faults
from mappings.findings import Finding, latest_day, of_no_system, refusal, warning
from mappings.immunization import EnteredInError, Given, NotGiven
from mappings.list import EMPTY_REASON, LIST_CODE, Entry, RecordList
from mappings.location import Location
from mappings.medication_request import MedicationRequest
from mappings.medication_statement import Medication, findings_of_medicines
from mappings.organization import Organization
from mappings.patient import Resident
from mappings.practitioner import Practitioner
from mappings.practitioner_role import PractitionerRole
from mappings.references import references
from mappings.related_person import RelatedPerson
from mappings.values import Ref, instant, written

THE_RESIDENT = Ref("Patient", "resident")  # whoever the bag belongs to
THEIRS = "urn:redbag:at:"  # in a key: before the address of what is a server's own and not the sender's
Vaccination = Given | NotGiven | EnteredInError
OWN_URI = written(re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+[^\s?#]*[^\s/?#]|[Uu][Rr][Nn]:[A-Za-z0-9][A-Za-z0-9-]+:[^\s?#]+"), "URI",
                  "a URI that the sender owns, such as https://home.example/records, without / at the end")


class Unlisted(Enum):
    """Why there is no list."""

    NONE_KNOWN = "none known"
    NOT_ASKED = "not asked"
    NOT_SUPPLIED = "not supplied"


@dataclass(frozen=True)
class CareRecord:
    """One resident. `source` is a URI the sender owns: the namespace of its keys. `as_of` is the time of the export, with its zone.

    Prescriptions, conditions and lists are the hospital's: they come back, and are not sent. `withdrawn`: all that was sent is taken back.
    """

    source: Annotated[str, OWN_URI]
    as_of: Annotated[str, instant]
    resident: Resident
    related_persons: tuple[RelatedPerson, ...] = ()
    stays: tuple[Stay, ...] = ()
    medicines: tuple[Medication, ...] | Unlisted = Unlisted.NOT_SUPPLIED
    allergies: tuple[Allergy, ...] | Unlisted = Unlisted.NOT_SUPPLIED
    vaccinations: tuple[Given | NotGiven | EnteredInError, ...] | Unlisted = Unlisted.NOT_SUPPLIED
    organizations: tuple[Organization, ...] = ()
    locations: tuple[Location, ...] = ()
    practitioners: tuple[Practitioner, ...] = ()
    practitioner_roles: tuple[PractitionerRole, ...] = ()
    prescriptions: tuple[MedicationRequest, ...] = ()
    conditions: tuple[Condition, ...] = ()
    lists: tuple[RecordList, ...] = ()
    withdrawn: Withdrawn | None = None


class Section(NamedTuple):
    """A field of the care record, the resource type of what it holds, and the record classes."""

    field: str
    kind: str
    records: tuple[type, ...]


DIRECTORY = (
    Section("organizations", "Organization", (Organization,)),
    Section("locations", "Location", (Location,)),
    Section("practitioners", "Practitioner", (Practitioner,)),
    Section("practitioner_roles", "PractitionerRole", (PractitionerRole,)),
)
PERSONAL = (
    Section("related_persons", "RelatedPerson", (RelatedPerson,)),
    Section("stays", "Encounter", (Stay,)),
    Section("medicines", "MedicationStatement", (Medication,)),
    Section("allergies", "AllergyIntolerance", (Allergy,)),
    Section("vaccinations", "Immunization", (Given, NotGiven, EnteredInError)),
)
RETURNED = (
    Section("prescriptions", "MedicationRequest", (MedicationRequest,)),
    Section("conditions", "Condition", (Condition,)),
    Section("lists", "List", (RecordList,)),
)
SECTIONS = (*DIRECTORY, *PERSONAL, *RETURNED)
KINDS_OF_DIRECTORY = {section.kind for section in DIRECTORY}
KIND_OF = {section.field: section.kind for section in SECTIONS}
SECTION_OF = {record: section for section in SECTIONS for record in section.records}

LISTED = {
    "medicines": LIST_CODE.coded("medications and medical devices"),
    "allergies": LIST_CODE.coded("allergies and adverse reactions"),
    "vaccinations": LIST_CODE.coded("immunisations"),
}
EMPTY = {Unlisted.NONE_KNOWN: EMPTY_REASON.coded("nil known"), Unlisted.NOT_ASKED: EMPTY_REASON.coded("not asked")}

# What has happened, or was written down. Another clock may be a little fast, another place a day ahead: only a later day is wrong.
PAST: dict[type, tuple[str, ...]] = {
    Resident: ("birth_date", "birth_time", "deceased", "death_notification_date"),
    Medication: ("date_asserted", "last_issued"),
    Allergy: ("onset", "recorded_date", "last_occurrence"),
    Given: ("given_on", "recorded"),
    NotGiven: ("not_given_on", "recorded"),
}


# ---- unfold ----------------------------------------------------------------------------------------------------------------
class Row(NamedTuple):
    """A record and where it stands in the care record: `medicines[3]`, `resident`; `medicines` for the List of them."""

    path: str
    kind: str
    record: Any


def unfold(bag: CareRecord) -> list[Any]:
    """Every record, in the order in which they are sent; what is only returned comes last."""
    return [row.record for row in [*directory(bag), *personal(bag), *returned(bag)]]


def directory(bag: CareRecord) -> list[Row]:
    """What belongs to no resident: who and where."""
    return _rows(bag, DIRECTORY)


def personal(bag: CareRecord, *, entries: bool = True) -> list[Row]:
    """The resident and what is hers, with the Lists last, if wanted without their entries. Faults when something listed has no key."""
    rows = [Row("resident", "Patient", bag.resident), *_rows(bag, PERSONAL), *_lists(bag, entries)]
    return [row._replace(record=bag.withdrawn.form(row.record)) for row in rows] if bag.withdrawn else rows


def returned(bag: CareRecord) -> list[Row]:
    """The hospital's."""
    return _rows(bag, RETURNED)


def _rows(bag: CareRecord, sections: Iterable[Section]) -> list[Row]:
    return [Row(f"{s.field}[{i}]", s.kind, record) for s in sections for i, record in enumerate(_items(bag, s.field))]


def _items(bag: CareRecord, field: str) -> tuple[Any, ...]:
    said = getattr(bag, field)
    return said if isinstance(said, tuple) else ()


def _lists(bag: CareRecord, entries: bool) -> list[Row]:
    said = [(field, getattr(bag, field)) for field in LISTED]
    return [Row(field, "List", _list(field, value, bag.as_of, entries)) for field, value in said if value is not Unlisted.NOT_SUPPLIED]


def _list(field: str, said: tuple[Any, ...] | Unlisted, as_of: str, entries: bool = True) -> RecordList:
    items = said if isinstance(said, tuple) else ()
    if nameless := [i for i, item in enumerate(items) if item.key is None]:
        raise Faults([Fault(f"{field}[{i}]", "key", "is missing: the list cannot name it") for i in nameless])
    bare = _bare_list(field, as_of, said if isinstance(said, Unlisted) else None)
    return replace(bare, entries=tuple([Entry(Ref(KIND_OF[field], item.key)) for item in items])) if entries and items else bare


@lru_cache(maxsize=256)  # one export has one time, and asks for the same lists of all its residents
def _bare_list(field: str, as_of: str, state: Unlisted | None) -> RecordList:
    return RecordList(
        status="current", mode="snapshot", resident=THE_RESIDENT, key=field, code=LISTED[field], date=as_of,
        empty_reason=EMPTY.get(state) if state else None)


# ---- fold ------------------------------------------------------------------------------------------------------------------
def fold(records: Iterable[Any], source: str, as_of: str) -> CareRecord:
    """The care record of these records, in any order. Faults unless there is exactly one Resident.

    A List of ours becomes a list's order and state. One that says more than that, or something else (another time, an item that is not
    here, a note of the hospital's), is kept among `lists` as well, so that nothing it says is lost.
    """
    found: dict[str, list[Any]] = {"resident": [], **{s.field: [] for s in SECTIONS}}
    ours: dict[str, RecordList] = {}
    for record in records:
        if isinstance(record, RecordList) and record.key in LISTED and record.key not in ours:
            ours[record.key] = record
        else:
            found["resident" if isinstance(record, Resident) else SECTION_OF[type(record)].field].append(record)
    if len(found["resident"]) != 1:
        raise Faults([Fault("resident", "-", f"expected exactly one resident, found {len(found['resident'])}")])
    states: dict[str, Any] = {field: _state(found[field], ours.get(field)) for field in LISTED}
    spare = [o for field, o in ours.items() if o != _again(field, found[field], o, as_of)]
    plain: dict[str, Any] = {s.field: tuple(found[s.field]) for s in SECTIONS if s.field not in LISTED and s.field != "lists"}
    return CareRecord(source, as_of, found["resident"][0], **plain, **states, lists=(*spare, *found["lists"]))


def _state(items: list[Any], ours: RecordList | None) -> tuple[Any, ...] | Unlisted:
    if items:
        named = [e.item.key for e in ours.entries if isinstance(e.item, Ref)] if ours else []
        place = {key: i for i, key in enumerate(named)}
        return tuple(sorted(items, key=lambda item: place.get(item.key, len(place))))
    return next((state for state, reason in EMPTY.items() if ours and ours.empty_reason == reason), Unlisted.NOT_SUPPLIED)


def _again(field: str, items: list[Any], ours: RecordList, as_of: str) -> RecordList | None:
    """What the sender would say now, of its own items."""
    state = _state([item for item in items if item.key is not None], ours)
    return None if state is Unlisted.NOT_SUPPLIED else _list(field, state, as_of)


# ---- findings --------------------------------------------------------------------------------------------------------------
def findings(bag: CareRecord) -> Iterator[Finding]:
    """What every record says against itself, and what only the whole bag can tell. Fields are the bag's own: `medicines[3].taken`."""
    yield from _header_findings(bag)
    yield from findings_of_withdrawn(bag.withdrawn, bag.resident)
    yield from findings_of_numbers(bag.resident)
    yield from findings_of_death(bag.resident, _items(bag, "medicines"), bag.stays)
    yield from _list_findings(bag)
    rows = [*_rows(bag, DIRECTORY), Row("resident", "Patient", bag.resident), *_rows(bag, PERSONAL)]
    yield from _key_findings(rows)
    known = {(row.kind, row.record.key) for row in rows} | {(THE_RESIDENT.type, THE_RESIDENT.key)}
    last = latest_day(bag.as_of)
    for row in rows:
        yield from _future_findings(row, last)
        yield from of_no_system(f"{row.path}.identifiers", row.record.identifiers)
        yield from (Finding(f"{row.path}.{x.field}", x.level, x.says) for x in getattr(row.record, "findings", tuple)())
        yield from _reference_findings(row, known)


def _header_findings(bag: CareRecord) -> Iterator[Finding]:
    for field, form in (("source", OWN_URI), ("as_of", instant)):
        try:
            form.put(getattr(bag, field))
        except BadValue as bad:
            yield refusal(field, str(bad))


def _future_findings(row: Row, last: str) -> Iterator[Finding]:
    """`last`: the day of the export, as late as it may be; empty where it is not known."""
    for field in PAST.get(row.record.__class__, ()) if last else ():
        said = getattr(row.record, field)
        if said.__class__ is str and said[:10] > last[:len(said)]:
            yield refusal(f"{row.path}.{field}", "is after as_of, the time of the export: it cannot have happened yet")


def _list_findings(bag: CareRecord) -> Iterator[Finding]:
    words = " or ".join(f"'{state.value}'" for state in EMPTY)
    for field in LISTED:
        if getattr(bag, field) == ():
            yield refusal(field, f"is an empty list, which does not say whether there are none: say {words}, or leave it out")
    for field in ("medicines", "allergies"):
        if getattr(bag, field) is Unlisted.NOT_SUPPLIED and not bag.withdrawn:
            yield warning(field, f"is not supplied, and whoever treats her must ask; say {words} where that is so")
        elif is_all_in_error(_items(bag, field)):
            yield warning(field, f"holds only what was entered in error, and not whether there are others; the next time say {words}")
    yield from findings_of_medicines(_items(bag, "medicines"))
    yield from findings_of_allergies(_items(bag, "allergies"))
    for section in RETURNED:
        if getattr(bag, section.field):
            yield warning(section.field, "are the hospital's to tell: they are read, and are not sent")


def _key_findings(rows: list[Row]) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        if (key := row.record.key) is None:
            yield refusal(f"{row.path}.key", "is missing: without a key of the sender's nothing can be sent twice without doubling it")
        elif (before := first.setdefault((row.kind, key), row.path)) != row.path:
            yield refusal(f"{row.path}.key", f"is also the key of {before}: two rows with one key")


def _reference_findings(row: Row, known: set[tuple[str, str]]) -> Iterator[Finding]:
    """`known`: type and key of everything in the bag."""
    for field, to in references(row.record):
        if field == "resident":
            if to != THE_RESIDENT:
                yield refusal(f"{row.path}.resident", "is somebody else than the resident of this bag")
        elif isinstance(to, Ref) and to.type and not to.key.startswith(THEIRS):
            if row.kind == to.type == "Patient" and to.key == row.record.key:
                yield refusal(f"{row.path}.{field}", "is this very record")
            elif (to.type, to.key) not in known and not _is_another(row, field, to):
                yield refusal(f"{row.path}.{field}", "refers to a record that is not in this bag")
            elif row.kind in KINDS_OF_DIRECTORY and to.type not in KINDS_OF_DIRECTORY:
                says = "refers to something of the resident's, and belongs to the directory, which is everybody's"
                yield refusal(f"{row.path}.{field}", says)


def _is_another(row: Row, field: str, to: Ref) -> bool:
    """Another record of the same person, with the same sender: by its key, though it is no part of this bag."""
    return row.kind == to.type == "Patient" and field.startswith("links[")
