"""Three vendors who do not exist: every field a home would send, every hard case, and what a person has made of a few residents by hand.

The laws over every single value of their exports are in tests/exports.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle import Policy, collection, transaction
from adapter.records.kinds import Object
from adapter.records.stream import care_records, stream
from mappings.absence import with_absences
from mappings.allergy_intolerance import VERIFICATION, Words
from mappings.bag import CareRecord, Unlisted, findings
from mappings.corrections import Reason, former_numbers
from mappings.datatypes import Period, Range
from mappings.encounter import DISCHARGE_METHOD
from mappings.findings import is_nhs_number
from mappings.immunization import REASON_NOT_GIVEN, REPORT_ORIGIN, EnteredInError, Given, NotGiven
from mappings.patient import NHS_NUMBER_STATUS, NHS_NUMBER_UNAVAILABLE_REASON, Resident
from tests.exports.vendors import BEFORE, EXAMPLES, FIXTURES, VENDORS, granted, layout, leaves, native, read, records, residents
from tests.homes import example
from tests.jury.jurors import complaints, known

EVERYBODY = [(vendor, key) for vendor in VENDORS for key in records(vendor)]


# ---- everybody ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("vendor", "key"), EVERYBODY)
def test_every_resident_travels(vendor: str, key: str) -> None:
    record = records(vendor)[key]
    assert [finding for finding in findings(record) if finding.level == "refusal"] == []
    assert collection(record)["entry"]
    assert transaction(record, Policy("upsert", directory="own"))


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_juror_has_anything_against_their_bundles(vendor: str) -> None:
    """HL7's JSON Schema and the models of fhir.resources, whose known errors are on a signed list."""
    complained = {(complaint, key) for key, record in records(vendor).items() for complaint in complaints(collection(record))}
    assert {(complaint, key) for complaint, key in complained if complaint not in known()} == set()


def test_there_are_enough_of_them() -> None:
    assert all(len(records(vendor)) >= 8 for vendor in VENDORS)
    assert {record.as_of[:7] for vendor in VENDORS for record in records(vendor).values()} == {"2026-11"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_person_has_made_of_them(vendor: str) -> None:
    """Written down resident by resident beside the export, and read over line by line."""
    with (FIXTURES / vendor / "expected.ndjson").open("rb") as file:
        expected = [found.record for found in stream(file)]
    assert len(expected) >= 2
    for record in expected:
        assert isinstance(record, CareRecord)
        assert native(records(vendor)[record.resident.key or ""]) == native(record)


def test_rose_house_sends_the_record_of_the_demo() -> None:
    (_, found), = read("larkfield", EXAMPLES / "exports" / "larkfield")
    assert native(granted(found)) == native(example())


# ---- every field -------------------------------------------------------------------------------------------------------------------
HOSPITALS = "a hospital's to say"
NEVER_SENT = {
    "Stay.diagnoses": HOSPITALS, "Diagnosis.condition": HOSPITALS, "Diagnosis.use": HOSPITALS, "Diagnosis.rank": HOSPITALS,
    "Stay.emergency_discharge_status": HOSPITALS, "Stay.part_of": "stays inside stays are how hospitals count",
    "Allergy.evidence": "a report of a laboratory", "Evidence.report": "a report of a laboratory",
    "Given.parent_present": "of children", "NotGiven.parent_present": "of children", "EnteredInError.parent_present": "of children",
    "VaccineReaction.detail": "an observation, which a care record has not",
    "Quantity.comparator": "the most, of a dose, is a number; FHIR has no comparator there",
    **{f"{record}.reason_references": "a diagnosis, which a care record has not" for record in ("Stay", "Medication", "Given")},
    "Medication.based_on": "a prescription, which the home is not sent", "Medication.derived_from": "resources that a home has not",
    "Medication.part_of": "resources that a home has not",
    **{f"Person.{name}": "only the national vaccination service puts people inside their vaccinations"
       for name in ("identifiers", "names", "telecoms", "gender", "birth_date", "addresses")},
}


def said(value: Any) -> Iterator[str]:
    """Every field of every record in it that says something."""
    if isinstance(value, tuple):
        for item in value:
            yield from said(item)
    elif is_dataclass(value):
        for name, inner in ((x.name, getattr(value, x.name)) for x in fields(value)):
            if inner is not None and inner != ():
                yield f"{type(value).__name__}.{name}"
                yield from said(inner)


def sayable(kind: Any, seen: set[int]) -> Iterator[str]:
    """Every field of the native format, but for what only comes back from hospital."""
    for inner in (*getattr(kind, "members", ()), *(getattr(kind, name) for name in ("of", "whole") if hasattr(kind, name))):
        yield from sayable(inner, seen)
    if isinstance(kind, Object) and id(kind) not in seen:
        seen.add(id(kind))
        for slot in kind.slots.values():
            if slot.name not in ("prescriptions", "conditions", "lists"):
                yield f"{kind.record.__name__}.{slot.name}"
                yield from sayable(slot.kind, seen)


def test_between_them_they_send_every_field() -> None:
    sent = {name for vendor in VENDORS for record in records(vendor).values() for name in said(record)}
    assert set(sayable(care_records().kind, set())) - sent == NEVER_SENT.keys()


# ---- every hard case ---------------------------------------------------------------------------------------------------------------
def she(record: CareRecord) -> Resident:
    return record.resident


def status(record: CareRecord) -> str | None:
    return NHS_NUMBER_STATUS.word(she(record).nhs_number_status) if she(record).nhs_number_status else None


def has(found: Any, *kinds: type) -> list[Any]:
    return [x for x in found if isinstance(x, kinds or object)] if isinstance(found, tuple) else []


def doses(record: CareRecord) -> list[Any]:
    return [dose for medicine in has(record.medicines) for dose in medicine.doses]


def names(record: CareRecord) -> str:
    return " ".join(text for path, text in leaves(native(record)) if "name" in path and isinstance(text, str))


def spans(record: CareRecord, first: str, last: str) -> bool:
    return any(x.period and (x.period.start or "")[:10] <= first and (x.period.end or "")[:10] >= last for x in record.stays)


def died_in_hospital(record: CareRecord) -> bool:
    methods = [x.discharge_method and DISCHARGE_METHOD.word(x.discharge_method) for x in record.stays]
    return bool(she(record).deceased) and "died" in methods


def in_error(record: CareRecord) -> set[str]:
    """The lists in which a row was entered in error."""
    wrong = {f for f in ("medicines", "stays") if any(x.status == "entered in error" for x in has(getattr(record, f)))}
    wrong |= {"vaccinations"} if has(record.vaccinations, EnteredInError) else set()
    statuses = [x.verification_status and VERIFICATION.word(x.verification_status) for x in has(record.allergies)]
    return wrong | ({"allergies"} if "entered in error" in statuses else set())


def family_says(record: CareRecord) -> bool:
    given = has(record.vaccinations, Given)
    return any(x.primary_source is False and REPORT_ORIGIN.word(x.report_origin) == "resident or family" for x in given if x.report_origin)


def refused(record: CareRecord) -> bool:
    return any(REASON_NOT_GIVEN.word(x.reason) == "declined" for x in has(record.vaccinations, NotGiven))


HARD: list[tuple[str, str, str, Callable[[CareRecord], bool]]] = [
    ("no NHS number, and why", "larkfield", "LC-00011", lambda r: she(r).nhs_number is None and why_none(r) == "overseas patient"),
    ("no NHS number, and why", "fernbank", "1043", lambda r: she(r).nhs_number is None and why_none(r) == "devolved nation"),
    ("no NHS number, and why", "mossgate", "MG.0004", lambda r: she(r).nhs_number is None and why_none(r) == "not known"),
    ("a number that nobody verified", "larkfield", "LC-00008", lambda r: status(r) == "trace required"),
    ("a number that nobody verified", "fernbank", "1044", lambda r: status(r) == "trace required"),
    ("a number that nobody verified", "mossgate", "MG.0006", lambda r: status(r) == "conflict to be resolved"),
    ("month and year of birth", "larkfield", "LC-00011", lambda r: she(r).birth_date == "1935-06"),
    ("month and year of birth", "fernbank", "1043", lambda r: she(r).birth_date == "1936-07"),
    ("year of birth", "larkfield", "LC-00015", lambda r: she(r).birth_date == "1929"),
    ("year of birth", "mossgate", "MG.0003", lambda r: she(r).birth_date == "1933"),
    ("no date of birth at all", "mossgate", "MG.0004", lambda r: she(r).birth_date is None),
    ("twins: the first", "fernbank", "1041", lambda r: (she(r).family_name, she(r).birth_date) == ("Tŷ-Mawr", "1934-02-03")),
    ("twins: the second", "fernbank", "1042", lambda r: (she(r).family_name, she(r).birth_date) == ("Tŷ-Mawr", "1934-02-03")),
    ("two addresses", "larkfield", "LC-00022", lambda r: [a.use for a in she(r).addresses] == ["home", "old"]),
    ("two addresses", "fernbank", "1044", lambda r: [a.use for a in she(r).addresses] == ["home", "old"]),
    ("two addresses", "mossgate", "MG.0001", lambda r: [a.use for a in she(r).addresses] == ["home", "old"]),
    ("an apostrophe", "larkfield", "LC-00003", lambda r: she(r).family_name == "D'Arcy-Quill"),
    ("a typographer's apostrophe", "larkfield", "LC-00015", lambda r: she(r).family_name == "O\u2019Rourke"),
    ("two apostrophes", "fernbank", "1044", lambda r: she(r).family_name == "O'Malley-D'Souza"),
    ("Welsh letters, as Windows-1252 has them", "larkfield", "LC-00008", lambda r: {*"ôŵŷ"} & {*names(r)} == {"ô"}),
    ("Welsh letters", "fernbank", "1043", lambda r: {*"ŵŷ"} <= {*names(r)}),
    ("Welsh letters", "mossgate", "MG.0001", lambda r: {*"ŴŶ"} <= {*names(r)}),
    ("19 medicines", "larkfield", "LC-00003", lambda r: len(has(r.medicines)) == 19),
    ("a variable dose", "larkfield", "LC-00003", lambda r: any(isinstance(d.amount, Range) for d in doses(r))),
    ("a variable dose", "fernbank", "1041", lambda r: any(isinstance(d.amount, Range) for d in doses(r))),
    ("a variable dose", "mossgate", "MG.0003", lambda r: any(isinstance(d.amount, Range) for d in doses(r))),
    ("as needed, and what for", "larkfield", "LC-00003", lambda r: any(getattr(d.as_needed, "text", "") == "pain" for d in doses(r))),
    ("as needed, and what for", "fernbank", "1047", lambda r: any(getattr(d.as_needed, "text", "") == "wheeze" for d in doses(r))),
    ("as needed", "mossgate", "MG.0003", lambda r: any(d.as_needed is True for d in doses(r))),
    ("a vaccine she refused", "larkfield", "LC-00022", refused),
    ("a vaccine she refused", "fernbank", "1044", refused),
    ("a vaccine she refused", "mossgate", "MG.0003", refused),
    ("a vaccination that her family tells of", "larkfield", "LC-00022", family_says),
    ("a vaccination that her family tells of", "fernbank", "1050", family_says),
    ("a vaccination that his family tells of", "mossgate", "MG.0002", family_says),
    ("in hospital while summer time began and ended", "larkfield", "LC-00019", lambda r: spans(r, "2026-03-29", "2026-10-25")),
    ("in hospital while summer time began and ended", "fernbank", "1050", lambda r: spans(r, "2026-03-29", "2026-10-25")),
    ("in hospital in the night when summer time began", "mossgate", "MG.0002", lambda r: spans(r, "2026-03-28", "2026-03-29")),
    ("in hospital in the night when summer time ended", "mossgate", "MG.0002", lambda r: spans(r, "2026-10-24", "2026-10-25")),
    ("died in hospital", "larkfield", "LC-00014", died_in_hospital),
    ("died in hospital", "fernbank", "1053", died_in_hospital),
    ("died in hospital", "mossgate", "MG.0001", died_in_hospital),
    ("died, and nobody wrote down when", "larkfield", "LC-00031", lambda r: she(r).deceased is True),
    ("a medicine and a stay entered in error", "larkfield", "LC-00019", lambda r: in_error(r) == {"medicines", "stays"}),
    ("an allergy and a vaccination entered in error", "fernbank", "1044", lambda r: in_error(r) == {"allergies", "vaccinations"}),
    ("a medicine and an allergy entered in error", "mossgate", "MG.0003", lambda r: in_error(r) == {"medicines", "allergies"}),
    ("merged under a new NHS number", "larkfield", "LC-00022", lambda r: former_numbers(she(r)) == ("9990003076",)),
    ("merged under a new NHS number", "mossgate", "MG.0005", lambda r: former_numbers(she(r)) == ("9990003440",)),
    ("merged: the record that stays", "fernbank", "1052", lambda r: [link.type for link in she(r).links] == ["replaces"]),
    ("merged: the record that is closed", "fernbank", "1056", lambda r: r.withdrawn is not None and r.withdrawn.reason is Reason.MERGED),
    *[(f"allergies: {word}", vendor, key, lambda r, word=word: r.allergies is Unlisted(word)) for word, *keys in (
        ("none known", "LC-00008", "1041", "MG.0005"), ("not asked", "LC-00011", "1042", "MG.0004"),
        ("not supplied", "LC-00019", "1043", "MG.0006")) for vendor, key in zip(("larkfield", "fernbank", "mossgate"), keys, strict=True)],
    ("medicines: not asked", "larkfield", "LC-00011", lambda r: r.medicines is Unlisted.NOT_ASKED),
    ("medicines: not supplied", "fernbank", "1055", lambda r: r.medicines is Unlisted.NOT_SUPPLIED),
    ("medicines: none known", "mossgate", "MG.0006", lambda r: r.medicines is Unlisted.NONE_KNOWN),
    ("an age at which an allergy began", "fernbank", "1044", lambda r: has(r.allergies)[0].onset.value == 24),
    ("an allergy that began in words", "fernbank", "1044", lambda r: any(isinstance(a.onset, Words) for a in has(r.allergies))),
    ("a medicine taken on one day, and others from and to", "mossgate", "MG.0003",
     lambda r: {type(m.taken) for m in has(r.medicines) if m.taken} == {str, Period}),
    ("a special that was made up", "fernbank", "1047", lambda r: any(hasattr(m.drug, "ingredients") for m in has(r.medicines))),
]


def why_none(record: CareRecord) -> str | None:
    reason = she(record).nhs_number_unavailable_reason
    return NHS_NUMBER_UNAVAILABLE_REASON.word(reason) if reason else None


@pytest.mark.parametrize(("case", "vendor", "key", "is_there"), HARD, ids=[f"{case}: {vendor} {key}" for case, vendor, key, _ in HARD])
def test_a_hard_case(case: str, vendor: str, key: str, is_there: Callable[[CareRecord], bool]) -> None:
    assert is_there(records(vendor)[key]), case


def test_the_hour_that_the_clock_shows_twice_is_doubted() -> None:
    doubts = {vendor: [(d.field, d.level) for _, found in residents(vendor) for d in found.doubts] for vendor in VENDORS}
    assert doubts == {"fernbank": [], "larkfield": [("stays[1].period.end", "warning")], "mossgate": [("stays[1].period.end", "warning")]}
    assert [record.stays[1].period for record in (records("larkfield")["LC-00015"], records("mossgate")["MG.0002"])] == [
        Period("2026-10-24T22:10:00+01:00", "2026-10-25"), Period("2026-10-24T23:10:00+01:00", "2026-10-25")]


def test_a_medicine_that_vanished_since_the_last_export() -> None:
    """Larkfield leaves out a medicine four weeks after it was stopped; its layout says so, and so it is stopped."""
    (_, found), = read("larkfield", BEFORE)
    before, now = granted(found), records("larkfield")["LC-00019"]
    both = with_absences(before, now, layout("larkfield").absence)
    assert [m.key for m in has(before.medicines) if m.key not in {n.key for n in has(now.medicines)}] == ["M-2999"]
    assert {m.key: m.status for m in has(both.medicines)} == {
        "M-3023": "entered in error", "M-3024": "not taken", "M-2999": "stopped"}


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.*")), ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_nobody_in_them_exists(path: Path) -> None:
    """Telephones of the ranges for fiction, NHS numbers of the range for tests, postcodes that are nowhere."""
    text = path.read_bytes().decode("windows-1252" if path.suffix == ".CSV" else "utf-8")
    telephones = re.findall(r"\b0\d{4} ?\d{6}\b", text)
    numbers = [n for n in re.findall(r"(?<![\d-])\d{3} ?\d{3} ?\d{4}(?!\d)", text) if is_nhs_number(n.replace(" ", ""))]
    postcodes = re.findall(r"\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b", text)
    assert [n for n in telephones if not n.startswith(("01632 960", "07700 900"))] == []
    assert [n for n in numbers if not n.startswith("999")] == []
    assert [p for p in postcodes if not p.startswith("ZZ")] == []
