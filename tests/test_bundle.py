"""Bundles: the same record is the same bytes everywhere, goes where the policy says, and comes back with nothing dropped."""
from __future__ import annotations

import os
import subprocess
import sys
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import wire
from adapter.bundle import Names, Part, Policy, Returned, collection, read, transaction
from adapter.records.schema import example
from adapter.records.stream import care_records as form
from mappings.bag import THE_RESIDENT, CareRecord, Unlisted
from mappings.catalogue import DIRECTORY
from mappings.encounter import ENCOUNTER_CLASS, Stay, Whereabouts
from mappings.faults import Faults
from mappings.location import Location
from mappings.medication_request import MedicationRequest
from mappings.medication_statement import Medication
from mappings.organization import Organization
from mappings.patient import NHS_NUMBER_STATUS, Resident
from mappings.systems import NHS_NUMBER, ODS_ORGANISATION
from mappings.values import Logical, Ref, Said
from tests.bags import LAW, SOURCE, care_records
from tests.jury.jurors import complaints, known

Json = dict[str, Any]
EXAMPLE = form().decode(example())
RESIDENT = Resident(key="r1", nhs_number="9990000018", nhs_number_status=NHS_NUMBER_STATUS.coded("verified"), family_name="Teatime")
STAY = Stay(THE_RESIDENT, "planned", ENCOUNTER_CLASS.coded("inpatient"), key="s1", locations=(Whereabouts(Ref("Location", "ward")),))
MEDICINE = Medication("active", Said("Senna"), THE_RESIDENT, key="m1", context=Ref("Encounter", "s1"))
HOME = Organization(key="home", ods_code="VZ901", name="Rose House")
WARD = Location(key="ward", name="Ward 7", managing_organization=Ref("Organization", "home"))
BAG = CareRecord(SOURCE, "2025-01-14T21:45:00Z", RESIDENT, stays=(STAY,), medicines=(MEDICINE,), organizations=(HOME,), locations=(WARD,))
NAMES = Names(SOURCE, "r1")
UPSERT, CREATE, MATCH = Policy("upsert"), Policy("create-if-missing"), Policy("match")
OWN = Policy("upsert", directory="own")


def entry(parts: list[Part], kind: str) -> Json:
    """The first entry of a type."""
    return next(e for p in parts for e in p.bundle["entry"] if e["resource"]["resourceType"] == kind)


def subject(parts: list[Part]) -> str:
    return str(entry(parts, "Encounter")["resource"]["subject"]["reference"])


def bundles(parts: list[Part]) -> list[Json]:
    return [p.bundle for p in parts]


def without_returned(bag: CareRecord) -> CareRecord:
    return replace(bag, prescriptions=(), conditions=(), lists=())


# ---- laws ------------------------------------------------------------------------------------------------------------------------
def test_two_residents_share_no_identifier_though_their_rows_have_the_same_keys() -> None:
    def identifiers(bag: CareRecord) -> set[tuple[str, str]]:
        own = [e["resource"] for e in collection(bag)["entry"] if e["resource"]["resourceType"] not in DIRECTORY]
        return {(i["system"], i["value"]) for r in own for i in r["identifier"] if i["system"].startswith(SOURCE)}

    first = replace(EXAMPLE, source=SOURCE)
    second = replace(first, resident=replace(first.resident, key="a/b%c"))
    assert len(identifiers(first)) == len(identifiers(second)) > 5
    assert not identifiers(first) & identifiers(second)
    assert read([collection(second)], source=SOURCE).care_record(SOURCE, second.as_of) == second


@LAW
@given(care_records())
def test_a_collection_comes_back_as_the_same_bag(bag: CareRecord) -> None:
    back = read([collection(bag)], source=bag.source)
    assert (back.unreadable, back.others, back.missing) == ((), (), ())
    assert back.care_record(bag.source, bag.as_of) == bag


@LAW
@given(care_records(), st.sampled_from([OWN, replace(OWN, patient="create-if-missing")]))
def test_a_transaction_comes_back_as_the_same_bag(bag: CareRecord, policy: Policy) -> None:
    parts = transaction(bag, policy)
    back = read(bundles(parts), sent=bag)
    assert back.care_record(bag.source, bag.as_of) == without_returned(bag)
    assert [len(p.rows) for p in parts] == [len(p.bundle["entry"]) for p in parts]


@LAW
@given(care_records(returned=False))
def test_the_same_record_is_the_same_bytes_and_other_keys_are_other_ids(bag: CareRecord) -> None:
    parts = transaction(bag, OWN)
    assert [wire.dumps(b) for b in bundles(parts)] == [wire.dumps(b) for b in bundles(transaction(bag, OWN))]
    targets = [row.target for part in parts for row in part.rows]
    assert len(set(targets)) == len(targets)


@LAW
@given(care_records(returned=False))
def test_nothing_that_was_sent_is_left_unread(bag: CareRecord) -> None:
    for item in read([collection(bag)], sent=bag).items:
        assert item.ours
        assert set(item.rest.get("left", {}).get("in", {})) <= {"id"}


HASH = """
import hashlib
from adapter import wire
from adapter.bundle import Policy, collection, transaction
from adapter.records.schema import example
from adapter.records.stream import care_records
bag = care_records().decode(example())
policies = Policy("match"), Policy("upsert", directory="own", most=3)
made = [*(p.bundle for policy in policies for p in transaction(bag, policy)), collection(bag)]
print(hashlib.sha256(b"".join(map(wire.dumps, made))).hexdigest())
"""


def test_the_same_bytes_with_another_hash_seed_time_zone_and_locale() -> None:
    said = set()
    for seed, zone, locale in [("0", "UTC", "C"), ("1", "Asia/Kathmandu", "de_DE.UTF-8"), ("4242", "America/St_Johns", "tr_TR")]:
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LANG": locale, "LC_ALL": locale}
        said.add(subprocess.run([sys.executable, "-c", HASH], env=env, capture_output=True, text=True, check=True).stdout)
    assert len(said) == 1


# ---- identity ----------------------------------------------------------------------------------------------------------------------
@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")), st.sampled_from(["Encounter", "List"]))
def test_an_id_is_the_uuid5_that_anybody_would_make(resident: str, key: str, kind: str) -> None:
    theirs = uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, SOURCE), f"{len(resident)}:{resident}/{kind}/{key}")
    assert Names(SOURCE, resident).id(kind, key) == str(theirs)


def test_ids_do_not_run_into_each_other() -> None:
    ids = {Names(source, resident).id(kind, key) for source in (SOURCE, SOURCE + "/2") for resident in ("a", "a/Encounter", "1:a")
           for kind in ("Encounter", "List") for key in ("b", "Encounter/b", "a/b")}
    assert len(ids) == 2 * 3 * 2 * 3


def test_two_homes_come_to_the_same_id_for_the_same_practice() -> None:
    practice = Organization(key="1", ods_code="Z99901", name="Nowhere Road Surgery")
    homes = [replace(BAG, source=f"https://{who}.example", organizations=(HOME, replace(practice, key=who))) for who in ("rose", "oak")]
    urls = {transaction(home, OWN)[0].rows[1].target for home in homes}
    assert urls == {f"Organization/{uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, ODS_ORGANISATION), 'Organization/Z99901')}"}


UNVERIFIED = replace(RESIDENT, nhs_number_status=NHS_NUMBER_STATUS.coded("not traced"))
PERSON: list[tuple[Resident, str]] = [
    (RESIDENT, "identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018"),
    (UNVERIFIED, "identifier=https://home.example/records/Id/Patient|r1"),
    (replace(RESIDENT, nhs_number_status=None), "identifier=https://home.example/records/Id/Patient|r1"),
    (replace(UNVERIFIED, key="a b&c|d,e"), "identifier=https://home.example/records/Id/Patient|a%20b%26c%5C%7Cd%5C%2Ce"),
]


@pytest.mark.parametrize(("resident", "query"), PERSON)
def test_only_a_verified_nhs_number_finds_her(resident: Resident, query: str) -> None:
    bag = replace(BAG, resident=resident)
    assert entry(transaction(bag, CREATE), "Patient")["request"] == {"method": "POST", "url": "Patient", "ifNoneExist": query}
    assert subject(transaction(bag, MATCH)) == f"Patient?{query}"


def test_a_comma_in_the_senders_name_does_not_ask_for_two_things() -> None:
    query = entry(transaction(replace(BAG, source="https://home.example/rose,oak", resident=UNVERIFIED), CREATE), "Patient")["request"]
    assert query["ifNoneExist"] == "identifier=https://home.example/rose%5C%2Coak/Id/Patient|r1"


# ---- policies ----------------------------------------------------------------------------------------------------------------------
def test_upsert_puts_her_under_our_id() -> None:
    hers = NAMES.id("Patient", "r1")
    made = entry(transaction(BAG, UPSERT), "Patient")
    assert (made["fullUrl"], made["request"]) == (f"urn:uuid:{hers}", {"method": "PUT", "url": f"Patient/{hers}"})
    assert made["resource"]["id"] == hers
    assert subject(transaction(BAG, UPSERT)) == f"urn:uuid:{hers}"


def test_create_if_missing_leaves_the_id_to_the_server() -> None:
    parts = transaction(BAG, CREATE)
    assert "id" not in entry(parts, "Patient")["resource"]
    assert subject(parts) == entry(parts, "Patient")["fullUrl"]
    assert parts[0].rows[0] == ("resident", "Patient", None)


def test_match_writes_nothing_about_her() -> None:
    parts = transaction(BAG, replace(MATCH, patient_reference="Patient/123"))
    assert {e["resource"]["resourceType"] for e in parts[0].bundle["entry"]} == {"Encounter", "MedicationStatement", "List"}
    assert subject(parts) == "Patient/123"


def test_what_is_hers_is_put_under_our_id_with_her_key() -> None:
    made = entry(transaction(BAG, CREATE), "MedicationStatement")
    ours = NAMES.id("MedicationStatement", "m1")
    assert made["request"] == {"method": "PUT", "url": f"MedicationStatement/{ours}"}
    assert made["resource"]["identifier"] == [{"system": f"{SOURCE}/Id/MedicationStatement", "value": "r1/m1"}]
    assert made["resource"]["context"] == {"reference": f"urn:uuid:{NAMES.id('Encounter', 's1')}"}
    assert (made["resource"]["resourceType"], made["resource"]["id"]) == ("MedicationStatement", ours)


def test_logical_creates_nothing_and_says_who_by_identifier_and_name() -> None:
    parts = transaction(replace(BAG, stays=(replace(STAY, service_provider=Ref("Organization", "home", "our home")),)), CREATE)
    made = entry(parts, "Encounter")["resource"]
    assert made["location"][0]["location"] == {
        "type": "Location", "identifier": {"system": f"{SOURCE}/Id/Location", "value": "ward"}, "display": "Ward 7"}
    assert made["serviceProvider"] == {
        "type": "Organization", "identifier": {"system": ODS_ORGANISATION, "value": "VZ901"}, "display": "our home"}
    assert not {e["resource"]["resourceType"] for e in parts[0].bundle["entry"]} & {"Organization", "Location"}


def test_existing_refers_to_what_was_found_and_refuses_what_was_not() -> None:
    known = {(ODS_ORGANISATION, "VZ901"): "Organization/55", (f"{SOURCE}/Id/Location", "ward"): "Location/7"}
    made = entry(transaction(BAG, Policy("match", directory="existing", known=known)), "Encounter")["resource"]
    assert made["location"][0]["location"] == {"reference": "Location/7"}
    with pytest.raises(Faults) as caught:
        transaction(BAG, Policy("match", directory="existing"))
    assert [f.path for f in caught.value.found] == ["organizations[0]", "locations[0]"]


def test_own_sends_the_directory_first_in_parts_of_its_own() -> None:
    parts = transaction(BAG, OWN)
    assert [[row.name for row in p.rows] for p in parts] == [
        ["organizations[0]", "locations[0]"], ["resident", "stays[0]", "medicines[0]", "medicines"]]
    assert entry(parts, "Location")["resource"]["managingOrganization"] == {"reference": entry(parts, "Organization")["fullUrl"]}
    assert entry(parts, "Encounter")["resource"]["location"][0]["location"] == {"reference": entry(parts, "Location")["request"]["url"]}


# ---- parts -------------------------------------------------------------------------------------------------------------------------
SPLIT = {
    "upsert": (UPSERT, f"Patient/{NAMES.id('Patient', 'r1')}"),
    "create-if-missing": (CREATE, f"Patient?identifier={NHS_NUMBER}|9990000018"),
    "match": (MATCH, f"Patient?identifier={NHS_NUMBER}|9990000018"),
    "match, found": (replace(MATCH, patient_reference="Patient/123"), "Patient/123"),
}


@pytest.mark.parametrize(("policy", "reference"), SPLIT.values(), ids=SPLIT.keys())
def test_a_later_part_refers_to_an_earlier_one_by_id(policy: Policy, reference: str) -> None:
    parts = transaction(BAG, replace(policy, most=1))
    assert [(p.number, p.parts) for p in parts] == [(n + 1, len(parts)) for n in range(len(parts))]
    assert len({p.group for p in parts}) == 1
    assert subject(parts) == reference
    assert entry(parts, "MedicationStatement")["resource"]["context"]["reference"] == f"Encounter/{NAMES.id('Encounter', 's1')}"
    item = entry(parts, "List")["resource"]["entry"][0]["item"]
    assert item == {"reference": f"MedicationStatement/{NAMES.id('MedicationStatement', 'm1')}"}


def test_a_reference_to_a_later_part_is_refused() -> None:
    stays = (replace(STAY, part_of=Ref("Encounter", "s2")), replace(STAY, key="s2"))
    bag = replace(BAG, stays=stays)
    assert transaction(bag, UPSERT)
    with pytest.raises(Faults, match=r"stays\[0\] \(-\): refers to a record that is not in this bag, or that travels in a later part"):
        transaction(bag, replace(UPSERT, most=1))


# ---- faults ------------------------------------------------------------------------------------------------------------------------
def test_everything_that_cannot_be_written_is_named_at_once() -> None:
    stays = (replace(STAY, status="lost"), replace(STAY, key=None))
    bag = replace(BAG, stays=stays, medicines=(replace(MEDICINE, taken="yesterday"),))
    with pytest.raises(Faults) as caught:
        transaction(bag, UPSERT)
    assert [(f.path, f.field) for f in caught.value.found] == [
        ("stays[0]: Encounter.status", "status"), ("stays[1]", "key"),
        ("medicines[0]: MedicationStatement.effectiveDateTime|effectivePeriod", "taken")]


def test_two_rows_with_one_identifier_are_one_thing() -> None:
    bag = replace(BAG, organizations=(HOME, replace(HOME, key="again")))
    for make in (collection, lambda bag: transaction(bag, UPSERT)):
        with pytest.raises(Faults, match=r"organizations\[1\] \(-\): is the same as organizations\[0\]: both have one identifier"):
            make(bag)


NOT_HERE: list[Ref] = [Ref("Location", "cellar"), Ref("Observation", "1"), Ref("Patient", "r2"), Ref("", "nonsense")]


@pytest.mark.parametrize("to", NOT_HERE)
def test_a_reference_that_leads_nowhere_is_refused(to: Ref) -> None:
    with pytest.raises(Faults, match=r"medicines\[0\] \(-\): refers to a record that is not in this bag"):
        transaction(replace(BAG, medicines=(replace(MEDICINE, context=to),)), UPSERT)


STAYS_AS_IT_IS = [Logical("s", "v"), Said("a nurse"), Ref("", "https://hospital.example/fhir/Encounter/1"), Ref("", "urn:oid:1.2")]


@pytest.mark.parametrize("to", STAYS_AS_IT_IS)
def test_other_references_stay_what_they_are(to: Any) -> None:
    back = read(bundles(transaction(replace(BAG, medicines=(replace(MEDICINE, context=to),)), UPSERT)), sent=BAG)
    assert [i.record.context for i in back.items if isinstance(i.record, Medication)] == [to]


def test_without_a_key_of_the_resident_nothing_is_made() -> None:
    nameless = replace(BAG, resident=Resident())
    for make in (collection, lambda bag: transaction(bag, UPSERT)):
        with pytest.raises(Faults, match=r"resident \(key\): is missing"):
            make(nameless)


@pytest.mark.parametrize("policy", [UPSERT, CREATE, OWN, replace(OWN, most=2)])
def test_what_we_send_is_valid_by_others(policy: Policy) -> None:
    assert set().union(*(complaints(b) for b in bundles(transaction(EXAMPLE, policy)))) <= known().keys()
    assert complaints(collection(EXAMPLE)) <= known().keys()


# ---- coming back -------------------------------------------------------------------------------------------------------------------
SERVER = "https://hospital.example/fhir"
SENT = bundles(transaction(BAG, CREATE))[0]["entry"]
PATIENT: Json = {
    "resourceType": "Patient", "id": "77", "identifier": [{"system": NHS_NUMBER, "value": "9990000018"}], "birthDate": "1938-04-17"}


def on_server(resource: Json, kind: str = "Patient", at: str = "77") -> Json:
    """As a server keeps it: the resident's resource has an id of the server's."""
    said = wire.dumps(resource).replace(SENT[0]["fullUrl"].encode(), f"{kind}/{at}".encode())
    for e in SENT[1:]:
        said = said.replace(e["fullUrl"].encode(), e["request"]["url"].encode())
    return wire.loads(said) | {"meta": {"versionId": "1", "lastUpdated": "2025-01-15T08:00:00Z"}}


def page(*resources: Json, **more: Any) -> Json:
    entries = [{"fullUrl": f"{SERVER}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}} for r in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": [], "entry": entries, **more}


OURS = [on_server(e["resource"]) for e in SENT[1:]]


def records_of(back: Returned, kind: type) -> list[Any]:
    return [i.record for i in back.items if isinstance(i.record, kind)]


def test_what_we_sent_comes_back_in_the_records_own_words() -> None:
    back = read([page(PATIENT), page(*OURS)], sent=BAG)
    assert records_of(back, Stay) == [replace(STAY, locations=(Whereabouts(Ref("Location", "ward", "Ward 7")),))]
    assert records_of(back, Medication) == [MEDICINE]
    assert (back.as_of, back.missing, back.unreadable) == (BAG.as_of, (), ())
    assert back.resident is not None
    assert back.resident.record.birth_date == "1938-04-17"
    assert back.care_record(SOURCE, BAG.as_of).medicines == (MEDICINE,)


def test_without_the_source_nothing_is_recognised_as_ours() -> None:
    back = read([page(PATIENT, *OURS)])
    assert not any(i.ours for i in back.items)
    assert records_of(back, Medication)[0].identifiers[0].value == "r1/m1"


RX: Json = {
    "resourceType": "MedicationRequest", "id": "9", "status": "active", "intent": "order", "medicationCodeableConcept": {"text": "Senna"},
    "subject": {"reference": "Patient/77"}, "encounter": {"reference": "Encounter/5"}, "requester": {"reference": "Practitioner/8"}}
MEANS: dict[str, tuple[Json, Ref]] = {
    "the resident": ({"reference": "Patient/77"}, THE_RESIDENT),
    "the resident by her URL": ({"reference": f"{SERVER}/Patient/77"}, THE_RESIDENT),
    "ours": ({"reference": SENT[1]["request"]["url"]}, Ref("Encounter", "s1")),
    "ours by its URL": ({"reference": f"{SERVER}/{SENT[1]['request']['url']}"}, Ref("Encounter", "s1")),
    "theirs": ({"reference": "Encounter/5"}, Ref("Encounter", "5")),
    "theirs, with a key of ours for an id": ({"reference": "Encounter/s1"}, Ref("", "./Encounter/s1")),
    "a version": ({"reference": "Encounter/5/_history/2"}, Ref("", "Encounter/5/_history/2")),
    "elsewhere": ({"reference": "https://other.example/Encounter/5"}, Ref("", "https://other.example/Encounter/5")),
}


@pytest.mark.parametrize(("said", "expected"), MEANS.values(), ids=MEANS.keys())
def test_a_reference_means(said: Json, expected: Ref) -> None:
    back = read([page(PATIENT, *OURS, {**RX, "encounter": said})], sent=BAG)
    (made,) = records_of(back, MedicationRequest)
    assert (made.encounter, made.resident) == (expected, THE_RESIDENT)


def test_what_we_sent_is_known_even_when_it_does_not_come_along() -> None:
    back = read([page({**RX, "encounter": {"reference": SENT[1]["request"]["url"]}})], sent=BAG, patient="Patient/77")
    assert records_of(back, MedicationRequest)[0].encounter == Ref("Encounter", "s1")
    assert records_of(back, MedicationRequest)[0].resident == THE_RESIDENT


def test_several_patients_are_nobody_until_somebody_says_which() -> None:
    other = {**PATIENT, "id": "78"}
    assert records_of(read([page(PATIENT, other, RX)]), MedicationRequest)[0].resident == Ref("Patient", "77")
    assert records_of(read([page(PATIENT, other, RX)], patient="Patient/77"), MedicationRequest)[0].resident == THE_RESIDENT
    with pytest.raises(Faults, match="exactly one resident"):
        read([page(PATIENT, other)]).care_record(SOURCE, BAG.as_of)


def test_pages_that_overlap_and_older_versions() -> None:
    newer = {**RX, "status": "stopped", "meta": {"versionId": "10", "lastUpdated": "2025-02-01T00:00:00Z"}}
    older = {**RX, "meta": {"versionId": "9", "lastUpdated": "2025-01-01T00:00:00Z"}}
    for pages in ([older, newer, newer], [newer, older, newer], [newer, newer, older]):
        back = read([page(PATIENT), *map(page, pages)])
        assert [r.status for r in records_of(back, MedicationRequest)] == ["stopped"]
        assert back.older == (older,)


def test_a_version_that_is_no_version_breaks_nothing() -> None:
    odd = [{**RX, "meta": {"versionId": version}} for version in ("9" * 5000, "²", 7, None)]
    assert len(records_of(read([page(PATIENT), *map(page, odd)]), MedicationRequest)) == 1


def test_a_history_tells_the_newest_first_and_what_was_deleted() -> None:
    gone = {"fullUrl": f"{SERVER}/MedicationRequest/9", "request": {"method": "DELETE", "url": "MedicationRequest/9"}}
    before = {"resource": {**RX, "meta": {"versionId": "1"}}, "request": {"method": "PUT", "url": "MedicationRequest/9"}}
    back = read([{"resourceType": "Bundle", "type": "history", "entry": [gone, before]}])
    assert (back.deleted, back.items, back.older) == (("MedicationRequest/9",), (), (before["resource"],))
    again = {"resource": {**RX, "meta": {"versionId": "3"}}, "request": {"method": "PUT", "url": "MedicationRequest/9"}}
    back = read([{"resourceType": "Bundle", "type": "history", "entry": [again, gone, before]}])
    assert (back.deleted, len(back.items), back.older) == ((), 1, (before["resource"],))


def test_the_same_id_at_two_servers_is_two_things() -> None:
    entries = [{"fullUrl": f"https://{who}.example/MedicationRequest/9", "resource": {**RX, "priority": how}}
               for who, how in [("a", "urgent"), ("b", "stat")]]
    back = read([{"resourceType": "Bundle", "type": "collection", "entry": entries}])
    assert [r.priority for r in records_of(back, MedicationRequest)] == ["urgent", "stat"]


OTHER: list[Any] = [
    {"resourceType": "Observation", "id": "1", "status": "final"}, {"resourceType": "OperationOutcome", "issue": []}, {"resourceType": 5},
    {"resourceType": "Bundle", "type": "document", "entry": 7}, {}, 5, "text", None, [], {"resourceType": ["Patient"]}]


@pytest.mark.parametrize("other", OTHER)
def test_what_is_not_read_is_handed_on(other: Any) -> None:
    back = read([page(PATIENT), {"resourceType": "Bundle", "entry": [{"resource": other}]}])
    assert back.others == ((other,) if other is not None else ())
    assert len(back.items) == 1
    assert read([other]).others == ((other,) if other is not None else ())


def test_the_outcome_of_an_entry_is_handed_on() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}
    entries = [{"response": {"status": "400", "outcome": outcome}}, {}, 7]
    assert read([{"resourceType": "Bundle", "type": "transaction-response", "entry": entries}]).others == (outcome, 7)


def test_what_cannot_be_read_is_named_and_kept() -> None:
    broken = {**RX, "status": "somehow", "identifier": 7, "subject": {"reference": 5}, "encounter": {"reference": []}}
    back = read([page(PATIENT, broken)])
    (bad,) = back.unreadable
    assert (bad.url, bad.resource) == ("MedicationRequest/9", broken)
    assert "MedicationRequest.status" in [f.path for f in bad.faults]


def test_what_our_list_names_and_does_not_come_is_missing() -> None:
    back = read([page(PATIENT, *[r for r in OURS if r["resourceType"] != "MedicationStatement"])], sent=BAG)
    assert back.missing == (Ref("MedicationStatement", "m1"),)
    assert back.care_record(SOURCE, BAG.as_of).medicines is Unlisted.NOT_SUPPLIED


def test_nothing_that_came_is_changed() -> None:
    received = page(PATIENT, *OURS, RX)
    before = wire.dumps(received)
    back = read([received], sent=BAG)
    assert wire.dumps(received) == before
    assert [i.resource for i in back.items] == [e["resource"] for e in received["entry"]]


@settings(max_examples=200)
@given(st.data())
def test_whatever_comes_everything_is_somewhere(data: st.DataObject) -> None:
    """Damage a page anywhere: each resource that came is read, unreadable, another, or an older version."""
    received = wire.loads(wire.dumps(page(PATIENT, *OURS, RX)))
    where = data.draw(st.sampled_from(spots(received)))
    where[1][where[0]] = data.draw(st.sampled_from([None, 5, "x", [], {}, [5], {"reference": 5}, "Patient/77", True, {**PATIENT}]))
    back = read([received], sent=BAG)
    kept = [i.resource for i in back.items] + [u.resource for u in back.unreadable] + [*back.others, *back.older]
    entries = received["entry"] if isinstance(received["entry"], list) else []
    for e in entries:
        came = e.get("resource") if isinstance(e, dict) else e
        assert came is None or came in kept or received in kept or isinstance(e, dict) and "resource" not in e


def spots(value: Any) -> list[tuple[Any, Any]]:
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [(k, value) for k, _ in inner] + [s for _, v in inner for s in spots(v)]
