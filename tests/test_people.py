"""The resident, the stay, the people around her and the directory: pairs, findings, and what is hard about people."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapter.records.native import Format, checks_of
from mappings import encounter, location, organization, patient, people, practitioner, practitioner_role, related_person
from mappings.codes import TABLES, CodeTable
from mappings.datatypes import Address, Coded, Coding, ContactPoint, HumanName, Identifier, Period
from mappings.encounter import Participant, Stay, Whereabouts
from mappings.findings import before, is_nhs_number
from mappings.location import Location, Position
from mappings.organization import Organization
from mappings.patient import Contact, Link, Resident
from mappings.practitioner import Practitioner, Qualification
from mappings.practitioner_role import PractitionerRole
from mappings.related_person import RelatedPerson
from mappings.shape import Shape
from mappings.systems import UKCORE_CODES
from mappings.values import Ref, Said
from tests import foreign

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SHAPES: dict[str, Shape[Any]] = {
    "patient": patient.patient, "encounter": encounter.encounter, "organization": organization.organization, "location": location.location,
    "practitioner": practitioner.practitioner, "practitioner_role": practitioner_role.practitioner_role,
    "related_person": related_person.related_person}
FORMATS: dict[str, Format[Any]] = {name: Format(shape.record, checks_of([shape])) for name, shape in SHAPES.items()}
CASES = [(name, path.name.removesuffix(".record.json")) for name in SHAPES for path in sorted((FIXTURES / name).glob("*.record.json"))]


def record_of(kind: str, case: str) -> Any:
    return FORMATS[kind].loads((FIXTURES / kind / f"{case}.record.json").read_bytes())


def fhir_of(kind: str, case: str) -> Any:
    return json.loads((FIXTURES / kind / f"{case}.fhir.json").read_text(encoding="utf-8"), parse_float=Decimal)


# ---- pairs -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "case"), CASES)
def test_pair(kind: str, case: str) -> None:
    record, fhir, shape = record_of(kind, case), fhir_of(kind, case), SHAPES[kind]
    assert shape.write(record) == fhir
    assert shape.read(fhir) == (record, {})
    assert FORMATS[kind].decode(FORMATS[kind].encode(record)) == record
    assert list(record.findings()) == []


@pytest.mark.parametrize("kind", SHAPES)
def test_the_pairs_fill_every_field(kind: str) -> None:
    records = [record_of(kind, case) for name, case in CASES if name == kind]
    never = {x.name for x in fields(SHAPES[kind].record) if all(getattr(r, x.name) in (None, ()) for r in records)}
    assert never == set()


# ---- what stays in the rest of what others published -------------------------------------------------------------------------
RETIRED = "an extension that UK Core has retired, or one of PDS alone"
STAYS = {  # path without its list places -> why it is not in the record
    "Patient address.extension": "address keys other than a UPRN as UK Core writes it: PDS sends a bare Coding, and Royal Mail's PAF key",
    "Patient extension": RETIRED,
    "Patient generalPractitioner.id": "PDS numbers its elements",
    "Patient generalPractitioner.identifier.period": "PDS dates the registration inside the reference's identifier",
    "Patient managingOrganization.identifier.period": "the same",
    "Patient identifier.extension": "UK Core's own example of a verification status has no identifier beside it",
    "Patient generalPractitioner": "an empty list",
    "Patient name.id": "PDS numbers its elements", "Patient telecom.id": "the same",
    "Patient address.id": "the same", "Patient contact.id": "the same",
    "Patient photo": "a photograph; the bag does not carry them",
    "Patient telecom.extension": "PDS marks a textphone with a bare Coding in another place than UK Core",
    "Organization extension": "EPS: who reimburses a pharmacy",
    "Organization identifier.use": "the use of an ODS code; there is one in a home's life",
    "Practitioner telecom": "an empty list",
    "RelatedPerson address.extension": "as for Patient",
    "RelatedPerson extension": RETIRED,
}


PLACE = re.compile(r"\[\d+]")


def unread_paths(kind: str) -> Iterator[str]:
    shape = next(s for s in SHAPES.values() if s.name == kind)
    for _, resource in foreign.resources(kind):
        try:
            paths = shape.unread(resource)
        except ValueError:
            continue
        yield from (f"{kind} {re.sub(PLACE, '', path)}" for path in paths if not re.match(r"(id|text|meta)\b", path))


@pytest.mark.parametrize("kind", sorted(s.name for s in SHAPES.values()))
def test_nothing_else_stays_in_the_rest_of_published_resources(kind: str) -> None:
    found = set(unread_paths(kind))
    stays = {s for s in STAYS if s.startswith(f"{kind} ")}
    assert {path for path in found if not any(path == s or path.startswith(f"{s}.") for s in stays)} == set()
    assert {s for s in stays if not any(path == s or path.startswith(f"{s}.") for path in found)} == set()


# ---- code tables ---------------------------------------------------------------------------------------------------------------
MODULES = (encounter, location, organization, patient, people, practitioner_role)
TABLES_OF = {f"{m.__name__}.{name}": table for m in MODULES for name, table in vars(m).items() if isinstance(table, CodeTable)}


@pytest.mark.parametrize("name", sorted(TABLES_OF))
def test_a_code_table_speaks_plain_words_both_ways_and_names_its_source(name: str) -> None:
    table = TABLES_OF[name]
    assert table.source
    assert {word: table.word(table.coded(word)) for word in table.table} == {word: word for word in table.table}
    assert [word for word in table.table if not re.fullmatch(r"[a-z0-9][a-z0-9 ,'-]*", word)] == []
    assert [word for word, said in table.table.items() if "" in (text.strip() for text in said)] == []


def test_every_long_table_is_whole() -> None:
    codes_in_uk_core = {
        "ethnic_category": 18, "admission_method": 20, "admission_source": 16, "discharge_method": 8, "discharge_destination": 21,
        "location_type": 46, "practice_setting": 87}
    lines = {name: (TABLES / f"{name}.csv").read_text(encoding="utf-8").splitlines() for name in codes_in_uk_core}
    assert {name: len(rows) - 1 for name, rows in lines.items()} == codes_in_uk_core


# ---- findings -------------------------------------------------------------------------------------------------------------------
BACKWARDS = Period("2025-01-02", "2025-01-01")
VERIFIED, ABSENT_NUMBER = patient.NHS_NUMBER_STATUS.coded("verified"), patient.NHS_NUMBER_STATUS.coded("not present")
INFORMAL, OVERSEAS = patient.DEATH_NOTIFICATION.coded("informal"), patient.NHS_NUMBER_UNAVAILABLE_REASON.coded("overseas patient")
DIED, HOME_AGAIN = encounter.DISCHARGE_METHOD.coded("died"), encounter.DISCHARGE_DESTINATION.coded("nhs care home")
DIED_THERE, DISCHARGED = encounter.DISCHARGE_DESTINATION.coded("died"), encounter.DISCHARGE_METHOD.coded("clinical advice or consent")
NOT_YET = encounter.DISCHARGE_METHOD.coded("not discharged")
STAY = Stay(resident=Ref("Patient", "resident"), status="in progress", encounter_class=encounter.ENCOUNTER_CLASS.coded("inpatient"))
OVER = replace(STAY, status="finished", period=Period("2025-01-01", "2025-01-09"))
KIN = RelatedPerson(resident=Ref("Patient", "resident"), names=(HumanName(family="Kin"),))

FINDINGS: list[tuple[Any, list[tuple[str, str]]]] = [  # record, the (field, level) of every finding
    (Resident(), []),
    (Resident(nhs_number="9990000018", nhs_number_status=VERIFIED), []),
    (Resident(nhs_number="9990000018"), [("nhs_number_status", "warning")]),
    (Resident(nhs_number="9990000019", nhs_number_status=VERIFIED), [("nhs_number", "refusal")]),
    (Resident(nhs_number="999 000 0018", nhs_number_status=VERIFIED), [("nhs_number", "refusal")]),
    (Resident(nhs_number="2222222222", nhs_number_status=VERIFIED), [("nhs_number", "refusal")]),
    (Resident(nhs_number_status=VERIFIED), [("nhs_number_status", "refusal")]),
    (Resident(nhs_number="9990000018", nhs_number_status=ABSENT_NUMBER), [("nhs_number_status", "warning")]),
    (Resident(nhs_number="9990000018", nhs_number_status=VERIFIED, nhs_number_unavailable_reason=OVERSEAS),
     [("nhs_number_unavailable_reason", "warning")]),
    (Resident(nhs_number_unavailable_reason=OVERSEAS), []),
    (Resident(birth_date="1941-02", deceased="1941"), []),
    (Resident(birth_date="1941-02", deceased="1941-01-31"), [("deceased", "refusal")]),
    (Resident(birth_date="1941-02-03", deceased="1941-02-03T00:30:00+01:00"), []),
    (Resident(birth_date="1941-02-03", birth_time="1941-02-03T23:59:00Z"), []),
    (Resident(birth_date="1941-02-03", birth_time="1941-02-04T00:01:00Z"), [("birth_time", "refusal")]),
    (Resident(birth_date="1941-02", birth_time="1941-01-31T12:00:00Z"), [("birth_time", "refusal")]),
    (Resident(deceased=True, death_notification_status=INFORMAL), []),
    (Resident(deceased=False, death_notification_status=INFORMAL), [("deceased", "refusal")]),
    (Resident(death_notification_status=INFORMAL), [("deceased", "warning")]),
    (Resident(deceased=False, death_notification_status=patient.DEATH_NOTIFICATION.coded("removed")), []),
    (Resident(deceased=True, death_notification_date="2025-01-01"), [("death_notification_status", "refusal")]),
    (Resident(name_period=BACKWARDS), [("name_period.end", "refusal")]),
    (Resident(other_names=(HumanName(family="A"), HumanName(family="B", period=BACKWARDS))), [("other_names[1].period.end", "refusal")]),
    (Resident(addresses=(Address(period=BACKWARDS),)), [("addresses[0].period.end", "refusal")]),
    (Resident(telecom=(ContactPoint(period=BACKWARDS),)), [("telecom[0].period.end", "refusal")]),
    (Resident(identifiers=(Identifier("1", period=BACKWARDS),)), [("identifiers[0].period.end", "refusal")]),
    (Resident(contacts=(Contact(rank=1, period=BACKWARDS),)), [("contacts[0].period.end", "refusal"), ("contacts[0]", "refusal")]),
    (Resident(contacts=(Contact(telecom=(ContactPoint("phone", "0"),)),)), []),
    (Resident(links=(Link(Ref("Patient", "2"), "replaces"), Link(Ref("Patient", "3"), "replaced by"))), [("links[1]", "warning")]),
    (STAY, []),
    (OVER, []),
    (replace(OVER, period=Period("2025-01-09T10:00:00+00:00", "2025-01-09T10:30:00+01:00")), [("period.end", "refusal")]),
    (replace(OVER, period=Period("2025-01-09", "2025-01")), []),
    (replace(OVER, period=Period("2025-01-01")), [("period.end", "warning")]),
    (replace(STAY, period=Period("2025-01-01", "2025-01-02")), [("period.end", "warning")]),
    (replace(STAY, status="planned", period=Period(end="2025-01-02")), [("period.end", "warning")]),
    (replace(OVER, discharge_method=DIED, discharge_destination=DIED_THERE), []),
    (replace(OVER, discharge_method=DIED, discharge_destination=HOME_AGAIN), [("discharge_destination", "warning")]),
    (replace(OVER, discharge_method=DISCHARGED, discharge_destination=DIED_THERE), [("discharge_method", "warning")]),
    (replace(OVER, discharge_destination=DIED_THERE), []),
    (replace(STAY, discharge_method=DISCHARGED), [("discharge_method", "warning")]),
    (replace(STAY, discharge_method=NOT_YET), []),
    (replace(OVER, discharge_method=NOT_YET), [("status", "warning")]),
    (replace(STAY, participants=(Participant(period=BACKWARDS),)), [("participants[0].period.end", "refusal")]),
    (replace(STAY, locations=(Whereabouts(Said("ward"), period=BACKWARDS),)), [("locations[0].period.end", "refusal")]),
    (Organization(), [("name", "refusal")]),
    (Organization(ods_site_code="VZ9011"), []),
    (Organization(name="Home", telecom=(ContactPoint("phone", "0", "home"),)), [("telecom[0].use", "refusal")]),
    (Organization(name="Home", addresses=(Address("home"),)), [("addresses[0].use", "refusal")]),
    (Organization(name="Home", period=BACKWARDS), [("period.end", "refusal")]),
    (Location(position=Position(90, Decimal("-180.0"))), []),
    (Location(position=Position(Decimal("90.5"), 0)), [("position", "refusal")]),
    (Location(position=Position(0, 181), address=Address(period=BACKWARDS)), [("position", "refusal"), ("address.period.end", "refusal")]),
    (Practitioner(gmc_number="999900"), [("gmc_number", "warning")]),
    (Practitioner(nmc_number="99z9999e", gphc_number="1999999", hcpc_number="PH"),
     [("nmc_number", "warning"), ("gphc_number", "warning"), ("hcpc_number", "warning")]),
    (Practitioner(qualifications=(Qualification(Coded(text="RN"), period=BACKWARDS),)), [("qualifications[0].period.end", "refusal")]),
    (PractitionerRole(organization=Said("Home")), []),
    (PractitionerRole(period=BACKWARDS), [("practitioner", "warning"), ("period.end", "refusal")]),
    (KIN, []),
    (replace(KIN, names=(), period=BACKWARDS), [("names", "warning"), ("period.end", "refusal")]),
]


@pytest.mark.parametrize(("record", "expected"), FINDINGS)
def test_findings(record: Any, expected: list[tuple[str, str]]) -> None:
    assert [(x.field, x.level) for x in record.findings()] == expected


@pytest.mark.parametrize(("one", "other"), [
    (Resident(nhs_number="9990000019"), Resident(nhs_number="canary")),
    (Resident(birth_date="1941", deceased="1940-02"), Resident(birth_date="2000-01-01", deceased="1999")),
    (Practitioner(gmc_number="canary"), Practitioner(gmc_number="12")),
])
def test_a_finding_does_not_depend_on_the_value_it_is_about(one: Any, other: Any) -> None:
    assert list(one.findings()) == list(other.findings()) != []


# ---- numbers and dates ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("number", "good"), [
    ("9990000018", True), ("9990000069", True), ("9990000019", False), ("999000001", False), ("99900000180", False), ("", False),
    ("999000001X", False), ("999-000-0018", False), ("٩٩٩٠٠٠٠٠١٨", False),
    ("9990000140", False),  # its check digit would be ten: never issued
])
def test_modulus_11(number: str, good: bool) -> None:
    assert is_nhs_number(number) is good


@pytest.mark.parametrize(("first", "second", "certain"), [
    ("1941", "1942", True), ("1941", "1941-02", False), ("1941-02", "1941", False), ("1941-01-31", "1941-02", True), (None, "1941", False),
    ("2025-01-01", "2025-01-01T10:00:00Z", False), ("2025-01-01T23:00:00Z", "2025-01-02", True),
    ("2025-03-30T01:30:00+01:00", "2025-03-30T01:00:00Z", True), ("2025-03-30T02:30:00+01:00", "2025-03-30T01:30:00Z", False),
    ("2025-13-41T99:99:99Z", "2025-01-01T00:00:00Z", False),
])
def test_before_is_said_only_when_it_is_certain(first: str | None, second: str | None, certain: bool) -> None:
    assert before(first, second) is certain


# ---- what is hard about people ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("system", "code", "verified"), [
    ("UKCore-NHSNumberVerificationStatusEngland", "01", True),
    ("UKCore-NHSNumberVerificationStatusWales", "01", True),
    ("UKCore-NHSNumberVerificationStatus", "01", True),  # as PDS still says it
    ("UKCore-NHSNumberVerificationStatus", "number-present-and-verified", True),  # as BaRS says it
    ("UKCore-NHSNumberVerificationStatusEngland", "02", False),
    ("UKCore-NHSNumberVerificationStatusWales", "nn", False),
    ("SomethingElse", "01", False),
])
def test_a_number_is_verified_only_when_a_known_list_says_so(system: str, code: str, verified: bool) -> None:
    resident = Resident(nhs_number="9990000018", nhs_number_status=Coded((Coding(UKCORE_CODES + system, code),)))
    assert resident.nhs_number_is_verified is verified
    assert not replace(resident, nhs_number=None).nhs_number_is_verified


def test_without_an_nhs_number_no_nhs_identifier_is_written() -> None:
    written = fhir_of("patient", "no-nhs-number")
    assert [x["system"] for x in written["identifier"]] == ["urn:redbag:source-key"]


def test_twins_differ_in_more_than_their_number() -> None:
    one, two = record_of("patient", "twin-one"), record_of("patient", "twin-two")
    assert (one.birth_date, one.family_name, one.addresses, one.gender) == (two.birth_date, two.family_name, two.addresses, two.gender)
    differ = {x.name for x in fields(Resident) if getattr(one, x.name) != getattr(two, x.name)}
    assert differ == {"key", "nhs_number", "given_names", "birth_time", "multiple_birth", "contacts"}


def test_one_is_not_true_in_the_order_of_birth() -> None:
    assert patient.patient.write(Resident(multiple_birth=1)) != patient.patient.write(Resident(multiple_birth=True))


def test_names_puts_the_official_one_first_and_leaves_out_an_empty_one() -> None:
    usual = HumanName(use="usual", family="Known")
    assert Resident(family_name="Official", other_names=(usual,)).names == (HumanName(use="official", family="Official"), usual)
    assert Resident(other_names=(usual,)).names == (usual,)


def test_the_second_official_name_of_another_system_is_kept_as_another_name() -> None:
    names = [{"use": "official", "family": "Now"}, {"use": "official", "family": "Then", "period": {"end": "1970"}}]
    record, rest = patient.patient.read({"resourceType": "Patient", "name": names})
    assert (record.family_name, record.other_names[0].family) == ("Now", "Then")
    assert patient.patient.write(record, rest)["name"] == names


def test_a_class_is_one_coding_and_nothing_else() -> None:
    both = replace(STAY, encounter_class=Coded((Coding(code="IMP"), Coding(code="EMER"))))
    in_words = replace(STAY, encounter_class=Coded(text="in hospital"))
    for stay in (both, in_words):
        with pytest.raises(ValueError, match=r"Encounter\.class \(encounter_class\): has room for exactly one coding"):
            encounter.encounter.write(stay)
