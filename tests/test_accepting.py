"""What is asked to be delivered, as items of the store: in which lane it travels, what it waits for, what is refused with its row."""
from __future__ import annotations

import doctest
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter import wire
from adapter.bundle import Part, Policy, ours, shared, transaction
from adapter.bundle.sending import TOO_LARGE, UNKNOWN
from adapter.delivery import accepting
from adapter.delivery.accepting import NotAccepted, bundle_item, in_their_words, is_restricted, items, retraction, subject_of
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.store.model import Item
from adapter.delivery.store.packing import content_hash
from adapter.records.stream import care_records
from mappings.bag import CareRecord
from mappings.corrections import Reason, Withdrawn
from mappings.datatypes import Coded, Coding
from mappings.faults import Faults
from mappings.location import Location
from mappings.organization import Organization
from mappings.practitioner import Practitioner
from mappings.practitioner_role import PractitionerRole
from mappings.systems import DMD, SNOMED_CT
from mappings.values import Ref
from tests import bags
from tests.bags import LAW
from tests.hospital import BAG, FUROSEMIDE, MARY, with_dose

NOW = 1_800_000_000.0
OWN = Endpoint(name="ward", url="https://ward.example", patient="create-if-missing", directory="own")
LOGICAL, BARS = Endpoint(name="ward", url=OWN.url), Endpoint(name="bars", url="https://bars.example", dialect="bars")
TRUST = Organization(key="trust", ods_code="R9X", name="Sample Trust")
SURGERY = Organization(key="gp", ods_code="Y99901", name="Sample Surgery", part_of=Ref("Organization", "trust"))
DOCTOR = Practitioner(key="dr", gmc_number="9999999")
ROLE = PractitionerRole(key="role", practitioner=Ref("Practitioner", "dr"), organization=Ref("Organization", "gp"))
STAFFED = replace(BAG, organizations=(SURGERY, TRUST), practitioners=(DOCTOR,), practitioner_roles=(ROLE,))
Json = dict[str, Any]


def of(bag: CareRecord = BAG, endpoint: Endpoint = OWN, **said: Any) -> list[Item]:
    return items(bag, endpoint, **said)


def lanes(made: list[Item]) -> dict[str, set[str]]:
    """Subject -> what it waits for, by type."""
    return {item.subject.partition("/")[0]: {need.partition("/")[0] for need in item.needs} for item in made}


def test_examples() -> None:
    assert doctest.testmod(accepting).failed == 0


# ---- lanes -----------------------------------------------------------------------------------------------------------------
def test_what_many_share_has_lanes_of_its_own_and_hers_waits_for_them() -> None:
    *before, hers = of(STAFFED)
    surgery, trust = (ours(STAFFED)[("https://fhir.nhs.uk/Id/ods-organization-code", code)] for code in ("Y99901", "R9X"))
    subjects = [item.subject for item in before]
    assert sorted(s.partition("/")[0] for s in subjects) == ["Organization", "Organization", "Practitioner", "PractitionerRole"]
    needs = {item.subject: item.needs for item in before}
    assert (needs[surgery], needs[trust]) == ((trust,), ())
    assert {need.partition("/")[0] for need in needs[subjects[-1]]} == {"Organization", "Practitioner"}  # the role comes last
    assert (set(hers.needs), hers.subject, hers.kind) == (set(subjects), subject_of(BAG.source, "r1"), "complete")
    assert all(item.payload.form == "bundle" and item.kind == "complete" and item.event is None for item in before)


def test_one_transaction_with_one_put_that_refers_to_the_others_by_id() -> None:
    by_subject = {item.subject.partition("/")[0]: json.loads(item.payload.body) for item in of(STAFFED)[:-1]}
    entry, = by_subject["PractitionerRole"]["entry"]
    assert entry["request"] == {"method": "PUT", "url": f"PractitionerRole/{entry['resource']['id']}"}
    assert entry["resource"]["organization"] == {"reference": ours(STAFFED)[("https://fhir.nhs.uk/Id/ods-organization-code", "Y99901")]}


def test_the_same_practice_of_another_resident_on_another_day_is_the_same_to_the_byte() -> None:
    other = replace(STAFFED, as_of="2026-11-02T08:00:00Z", resident=replace(MARY, key="r2", nhs_number="9990000026"),
                    organizations=(TRUST, SURGERY), medicines=(FUROSEMIDE,))
    mine, hers = of(STAFFED, place="record 1", where={"organizations[0]": "GP.CSV, line 2"}), of(other, place="record 2")

    def said(made: list[Item]) -> dict[str, tuple[bytes, str]]:
        return {item.subject: (item.payload.body, str(item.payload.options)) for item in made}

    assert {k: v for k, v in said(mine).items() if "/" in k} == {k: v for k, v in said(hers).items() if "/" in k}
    assert mine[-1].subject != hers[-1].subject


def test_what_refers_to_each_other_in_a_circle_travels_together() -> None:
    home = Organization(key="home", ods_code="VN9", main_location=Ref("Location", "site"))
    site = Location(key="site", ods_site_code="VN901", managing_organization=Ref("Organization", "home"), part_of=Ref("Location", "park"))
    park = Location(key="park", ods_site_code="VN902")
    bag = replace(BAG, organizations=(home, TRUST), locations=(site, park), resident=replace(MARY, general_practitioners=()))
    made = {item.subject: item for item in of(bag)}
    circle, = (item for item in made.values() if len(json.loads(item.payload.body).get("entry", [])) == 2)
    assert {need.partition("/")[0] for need in circle.needs} == {"Location"}
    assert {e["fullUrl"] for e in json.loads(circle.payload.body)["entry"]} == {
        json.loads(circle.payload.body)["entry"][0]["resource"]["extension"][0]["valueReference"]["reference"],
        json.loads(circle.payload.body)["entry"][1]["resource"]["managingOrganization"]["reference"]}
    assert len(made) == 4  # the circle, the park, the trust, and she
    assert len(made[subject_of(bag.source, "r1")].needs) == 3


@pytest.mark.parametrize("endpoint", [LOGICAL, Endpoint(name="ward", url=OWN.url, directory="existing")])
def test_without_a_directory_of_our_own_there_is_one_item(endpoint: Endpoint) -> None:
    hers, = of(STAFFED, endpoint)
    assert hers.needs == ()


def test_a_withdrawn_record_is_a_retraction_and_needs_nobody() -> None:
    hers, = of(replace(STAFFED, withdrawn=Withdrawn(Reason.WRONG_RESIDENT)))
    assert (hers.kind, hers.payload.form, hers.needs) == ("retraction", "record", ())
    taken = retraction(BAG.source, "r1", MARY, OWN)
    assert (taken.kind, taken.payload.form, taken.subject) == ("retraction", "retract", hers.subject)
    assert taken.payload.options == {"source": BAG.source, "key": "r1", "url": OWN.url}


@LAW
@given(bags.care_records(returned=False, most=3))
def test_whatever_refers_to_what_nothing_waits_in_a_circle_and_nothing_is_missing(bag: CareRecord) -> None:
    made = shared(bag)
    there = {entry["request"]["url"]: each.subject for each in made for entry in each.part.bundle["entry"]}
    assert sorted(there) == sorted(ours(bag).values())  # each once
    seen = set[str]()
    for each in made:
        assert set(each.needs) <= seen  # what it waits for came before
        seen.add(each.subject)
        urns = {entry["fullUrl"] for entry in each.part.bundle["entry"]}
        for said in referred(each.part.bundle):
            assert said in urns or there.get(said) in each.needs or ":" in said or said.startswith("#")
    again = shared(replace(bag, as_of="2026-01-01T00:00:00Z", resident=replace(bag.resident, key="another")))
    assert [each.part.bundle for each in again] == [each.part.bundle for each in made]


def referred(value: Any) -> list[str]:
    """Every literal reference."""
    if isinstance(value, list):
        return [found for v in value for found in referred(v)]
    if not isinstance(value, dict):
        return []
    here = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return here + [found for v in value.values() for found in referred(v)]


@LAW
@given(bags.care_records(returned=False), st.integers(1500, 20_000))
def test_however_small_the_parts_all_of_it_is_in_them_and_in_order(bag: CareRecord, most: int) -> None:
    whole = [row for part in transaction(bag, Policy("upsert")) for row in part.rows]
    parts, reasons = parted(bag, Policy("upsert", most_bytes=most))
    assert reasons <= {TOO_LARGE, UNKNOWN}
    if not reasons:
        assert [row for part in parts for row in part.rows] == whole
        assert max(len(wire.dumps(part.bundle)) for part in parts) <= most


def parted(bag: CareRecord, policy: Policy) -> tuple[list[Part], set[str]]:
    """The parts, or why there are none."""
    try:
        return transaction(bag, policy), set()
    except Faults as refused:
        return [], {fault.reason for fault in refused.found}


# ---- what is kept ------------------------------------------------------------------------------------------------------------
def test_what_is_kept_is_the_record_and_how_it_is_to_be_sent() -> None:
    hers = of(BAG, absence={"medicines": "stopped"}, older=True, base=BAG, urgent=True, event="e1", place="record 3",
              where={"medicines[0]": "MEDS.CSV, line 2"})[-1]
    assert care_records().loads(hers.payload.body) == BAG
    assert {**hers.payload.options, "base": ""} == {
        "patient": "create-if-missing", "directory": "own", "dmd": DMD, "url": OWN.url, "absence": {"medicines": "stopped"},
        "older": True, "base": ""}
    assert care_records().loads(str(hers.payload.options["base"]).encode()) == BAG
    assert (hers.event, hers.urgent, hers.place, hers.older, hers.as_of) == ("e1", True, "record 3", True, BAG.as_of)
    assert hers.lasts == 336 * 3600
    assert of(BAG, Endpoint(name="ward", url=OWN.url, expires_hours=None))[0].lasts is None


ASKED: dict[str, Callable[..., list[Item]]] = {
    "what many share, and she": lambda endpoint, **said: items(STAFFED, endpoint, **said),
    "a retraction": lambda endpoint, **said: [retraction(BAG.source, "r1", MARY, endpoint, **said)],
    "a bundle of others": lambda endpoint, **said: [bundle_item(bundle(put()), endpoint, **said)]}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_at_another_server_or_asked_for_once_more_it_is_another_delivery(ask: Callable[..., list[Item]]) -> None:
    """Else an endpoint whose address is changed from test to live would have everything already."""
    live = Endpoint(name="ward", url="https://live.example/fhir", directory="own")
    slash = Endpoint(name="ward", url="https://LIVE.example:443/fhir/", directory="own")

    def hashes(endpoint: Endpoint, **said: str) -> set[str]:
        return {content_hash(item.kind, item.payload) for item in ask(endpoint, **said)}

    assert hashes(live) == hashes(slash)
    for others in (hashes(OWN), hashes(live, again="1"), hashes(live, again="2")):
        assert not hashes(live) & others
    assert not hashes(live, again="1") & hashes(live, again="2")


def test_under_another_policy_the_same_record_is_another_delivery() -> None:
    """Else who asks for SNOMED CT, or for upsert, and sends again would be told that it is a repeat."""
    bodies, options = set[bytes](), list[Any]()
    for said in ({}, {"dmd": SNOMED_CT}, {"patient": "upsert"}, {"directory": "existing"}):
        hers = of(BAG, Endpoint(name="ward", url=OWN.url, **said))[-1]
        bodies.add(hers.payload.body)
        options.append(hers.payload.options)
    assert len(bodies) == 1
    assert all(one != other for i, one in enumerate(options) for other in options[:i])


def test_nothing_of_hers_is_in_the_clear() -> None:
    for item in of(BAG, place="record 1", event="e1"):
        clear = repr(item)
        assert not [word for word in ("r1", "9990000018", "Examplesen", "Furosemide", "Surgery", "Y99901") if f"'{word}'" in clear
                    or len(word) > 3 and word in clear]


# ---- what is refused ---------------------------------------------------------------------------------------------------------
LATER_THAN_THE_EXPORT = replace(BAG, resident=replace(MARY, birth_date="2031-01-01"))
UNKNOWN_HOME = replace(BAG, organizations=(replace(SURGERY, part_of=Ref("Organization", "nobody")),))
TWICE = replace(BAG, organizations=(SURGERY, TRUST, replace(TRUST, key="again")))
LONG = with_dose(BAG, "one each morning " * 200)
FAULTS = {
    "she contradicts herself": (LATER_THAN_THE_EXPORT, OWN, "resident.birth_date"),
    "a reference into nothing": (UNKNOWN_HOME, OWN, "organizations[0].part_of"),
    "two are one": (TWICE, OWN, "organizations[2]"),
    "two are one, by their identifier": (TWICE, LOGICAL, "organizations[2]"),
    "what XML has no place for": (with_dose(BAG, "one\x01"), Endpoint(name="w", url=OWN.url, form="xml"), "medicines[0]"),
    "what XML has no place for, in a lane of its own": (
        replace(BAG, organizations=(replace(SURGERY, part_of=None, name="Sample\x01"),)), OWN.model_copy(update={"form": "xml"}),
        "organizations[0]"),
    "a row that is larger than all the endpoint takes": (LONG, Endpoint(name="w", url=OWN.url, most_bytes=3000), "medicines[0]"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_would_be_refused_later_is_refused_now_with_its_row(case: str) -> None:
    bag, endpoint, path = FAULTS[case]
    with pytest.raises(Faults) as refused:
        of(bag, endpoint)
    assert path in [fault.path for fault in refused.value.found]


def test_an_absence_that_means_nothing_is_refused() -> None:
    with pytest.raises(Faults):
        of(BAG, absence={"medicines": "gone"})


def test_another_residents_base_is_refused() -> None:
    with pytest.raises(NotAccepted, match="another resident's"):
        of(BAG, base=replace(BAG, resident=replace(MARY, key="r2")))


def test_a_care_record_is_no_message() -> None:
    with pytest.raises(NotAccepted, match=r"bars takes messages \(bars\)"):
        of(BAG, BARS)


@pytest.mark.parametrize(("labels", "restricted"), [
    (None, False), ([], False), ("R", False), ([None], False), ([{"code": "R"}], False),
    ([{"system": accepting.CONFIDENTIALITY, "code": "N"}], False), ([{"system": accepting.CONFIDENTIALITY, "code": "U"}], False),
    ([{"system": accepting.CONFIDENTIALITY, "code": "R"}], True),
    ([{"system": "https://h.example", "code": "V"}, {"system": accepting.CONFIDENTIALITY, "code": "V"}], True)])
def test_what_is_restricted(labels: Any, restricted: bool) -> None:
    assert is_restricted({"resourceType": "Patient", "meta": {"security": labels}}) is restricted
    data, open_to_all = bundle(put(meta={"security": labels})), replace_endpoint(LOGICAL, disclosure="restricted")
    if restricted:
        assert bundle_item(data, open_to_all)
        with pytest.raises(NotAccepted, match=r"entry\[0\] is marked as restricted"):
            bundle_item(data, LOGICAL)
    else:  # some of these are no FHIR at all, and are refused for that
        assert bundle_item(data, replace_endpoint(LOGICAL, tolerate=("fhir-type", "fhir-empty")))


# ---- bundles of others -------------------------------------------------------------------------------------------------------
def replace_endpoint(endpoint: Endpoint, **said: Any) -> Endpoint:
    return endpoint.model_copy(update=said)


UUID = "5f0c4c2e-2f1a-5c5b-9d2e-0c7f0a2b9e11"
PATIENT = {"resourceType": "Patient", "id": UUID, "identifier": [{"system": "https://home.example/Id", "value": "7"}]}


def put(**more: Any) -> Json:
    return {"fullUrl": f"urn:uuid:{UUID}", "resource": {**PATIENT, **more}, "request": {"method": "PUT", "url": f"Patient/{UUID}"}}


def bundle(*entries: Json, kind: str = "transaction") -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)}, indent=1).encode()


def said(**more: Any) -> Json:
    """In a message, whose entries are not asked for."""
    return {key: value for key, value in put(**more).items() if key != "request"}


HEADER = {"fullUrl": "urn:uuid:8d1f3c5e-0000-4000-8000-000000000001", "resource": {
    "resourceType": "MessageHeader", "eventUri": "https://home.example/event", "source": {"endpoint": "https://home.example/out"},
    "meta": {"profile": ["https://home.example/a-profile-of-the-standard"]}}}
BASIC = {"resourceType": "Basic", "code": {"text": "something fictional"}}
ONCE = {"resource": BASIC, "request": {"method": "POST", "url": "Basic", "ifNoneExist": "identifier=a|b"}}
TWICE_IS_ONCE = [put(), {**put(), "request": {"method": "PUT", "url": "Patient?identifier=a|b"}},
                 {**put(), "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=a|b"}}]


@pytest.mark.parametrize("entry", TWICE_IS_ONCE)
def test_a_bundle_is_kept_to_the_byte(entry: Json) -> None:
    data = bundle(entry)
    item = bundle_item(data, LOGICAL, event="e7", urgent=True, place="bundle 1")
    assert (item.payload.form, item.payload.body, item.kind, item.subject) == ("bundle", data, "change", UUID)
    assert item.payload.options == {"media": "application/fhir+json", "entries": 1, "headers": {}, "url": OWN.url}
    as_xml = bundle_item(wire.dumps_xml(wire.loads(data)), LOGICAL)
    assert (as_xml.subject, as_xml.payload.options["media"]) == (UUID, "application/fhir+xml")


def test_creates_under_conditions_of_their_own_are_accepted() -> None:
    other = {**ONCE, "request": {**ONCE["request"], "ifNoneExist": "identifier=a|c"}}
    flag = {"resourceType": "Flag", "status": "active", "code": BASIC["code"], "subject": {"reference": f"urn:uuid:{UUID}"}}
    elsewhere = {"resource": flag, "request": {**ONCE["request"], "url": "Flag"}}
    assert bundle_item(bundle(put(), ONCE, other, elsewhere), LOGICAL).payload.options["entries"] == 4


def test_a_message_goes_under_its_ids() -> None:
    item = bundle_item(bundle(HEADER, said(), kind="message"), BARS, headers={"NHSD-Target-Identifier": "eyJ9"})
    assert item.payload.options == {
        "media": "application/fhir+json; version=1.4.0", "entries": 0,
        "headers": {"NHSD-Target-Identifier": "eyJ9", "X-Correlation-ID": UUID}, "url": BARS.url}
    given = bundle_item(bundle(HEADER, said(), kind="message"), BARS, correlation="case-1", request_id="r-1", subject="s")
    assert given.payload.options["headers"] == {"X-Request-ID": "r-1", "X-Correlation-ID": "case-1"}


def test_whose_it_is() -> None:
    nameless, same = ({"fullUrl": f"https://h.example/Patient/{id_}", "resource": {**PATIENT, "id": id_},
                       "request": {"method": "PUT", "url": f"Patient/{id_}"}} for id_ in ("1", "2"))
    assert bundle_item(bundle(nameless), LOGICAL).subject == bundle_item(bundle(same), LOGICAL).subject != UUID
    assert bundle_item(bundle(put(), same), LOGICAL, subject="s1").subject == "s1"


NOT_THESE = {
    "a create": (bundle({**put(), "request": {"method": "POST", "url": "Patient"}}), LOGICAL, r"entry\[0\] would do twice"),
    "a deletion": (bundle(put(), {"request": {"method": "DELETE", "url": "Patient/1"}}), LOGICAL, r"entry\[1\] would do twice"),
    "no request": (bundle({"resource": PATIENT}), LOGICAL, r"entry\[0\] would do twice"),
    "one create twice": (bundle(put(), ONCE, {**put(), "resource": {"resourceType": "Basic"}}, ONCE), LOGICAL,
                         r"entry\[3\] is made under the same condition \(ifNoneExist\) as entry\[1\]"),
    "a version": (bundle({**put(), "request": {"method": "PUT", "url": "Patient/1", "ifMatch": 'W/"1"'}}), LOGICAL, "ifMatch"),
    "a document": (bundle(put(), kind="document"), LOGICAL, "transaction or batch"),
    "a message for a FHIR server": (bundle(HEADER, put(), kind="message"), LOGICAL, "transaction or batch"),
    "a transaction as a message": (bundle(put()), BARS, "of type message"),
    "no header first": (bundle(put(), HEADER, kind="message"), BARS, "is not the MessageHeader"),
    "no entries": (bundle(), LOGICAL, "with entries"),
    "something in place of an entry": (b'{"resourceType": "Bundle", "type": "batch", "entry": [1]}', LOGICAL, "with entries"),
    "no Bundle": (json.dumps(PATIENT).encode(), LOGICAL, "with entries"),
    "nobody": (bundle({**put(), "resource": {"resourceType": "Basic"}}), LOGICAL, "whom it is about"),
    "two people": (bundle(put(), put()), LOGICAL, "whom it is about"),
    "too large": (bundle(put()), Endpoint(name="w", url=OWN.url, most_bytes=1000, most_entries=1), "larger than w takes"),
    "too many": (bundle(put(), put()), Endpoint(name="w", url=OWN.url, most_entries=1), "larger than w takes"),
}
NOT_THESE["too large"] = (bundle(put(language="e" * 1000)), *NOT_THESE["too large"][1:])


@pytest.mark.parametrize("case", NOT_THESE)
def test_a_bundle_that_cannot_be_sent_twice_or_belongs_elsewhere_is_not_accepted(case: str) -> None:
    data, endpoint, says = NOT_THESE[case]
    with pytest.raises(NotAccepted, match=says):
        bundle_item(data, endpoint)


# ---- in the endpoint's own way -------------------------------------------------------------------------------------------------
def test_parts_are_no_larger_than_the_endpoint_takes() -> None:
    whole, = transaction(BAG, Policy("upsert"))
    for most in (len(wire.dumps(whole.bundle)) + 400 * len(whole.rows), 8000, 4000):
        parts = transaction(BAG, Policy("upsert", most_bytes=most))
        assert all(len(wire.dumps(part.bundle)) <= most for part in parts)
        assert [row for part in parts for row in part.rows] == list(whole.rows)
        assert {part.parts for part in parts} == {len(parts)}
        later = [e["resource"]["subject"]["reference"] for part in parts[1:] for e in part.bundle["entry"] if "subject" in e["resource"]]
        assert all(to == f"Patient/{whole.bundle['entry'][0]['resource']['id']}" for to in later)  # in an earlier part: by id
    assert len(transaction(BAG, Policy("upsert", most_bytes=4000))) > len(transaction(BAG, Policy("upsert", most_bytes=8000))) > 1


@pytest.mark.parametrize(("said", "asked", "is_"), [
    (DMD, SNOMED_CT, SNOMED_CT), (f"{DMD}/", SNOMED_CT, SNOMED_CT), (SNOMED_CT, SNOMED_CT, SNOMED_CT), (DMD, DMD, DMD),
    (SNOMED_CT, DMD, SNOMED_CT), (f"{DMD}/", DMD, f"{DMD}/"), ("https://h.example", SNOMED_CT, "https://h.example")])
def test_dmd_codes_go_under_the_system_that_is_asked_for(said: str, asked: str, is_: str) -> None:
    bag = replace(BAG, medicines=(replace(FUROSEMIDE, drug=Coded((Coding(said, "317972000", "Furosemide"),))),))
    part, = transaction(bag, Policy("upsert", dmd=asked))
    drug, = (e["resource"]["medicationCodeableConcept"] for e in part.bundle["entry"] if "medicationCodeableConcept" in e["resource"])
    assert drug == {"coding": [{"system": is_, "code": "317972000", "display": "Furosemide"}]}


@pytest.mark.parametrize(("sentence", "told"), [
    ("medicines[3]: error: the content is invalid", "MEDS.CSV, line 14 (medicines[3]): error: the content is invalid"),
    ("the list of medicines: 422", "the list of medicines: 422"),
    ("medicines[31]: refused", "medicines[31]: refused"),
    ("resident: no patient; medicines[3] waits", "PEOPLE.CSV, line 2 (resident): no patient; MEDS.CSV, line 14 (medicines[3]) waits"),
])
def test_a_sentence_names_the_vendors_rows(sentence: str, told: str) -> None:
    assert in_their_words(sentence, {"medicines[3]": "MEDS.CSV, line 14", "resident": "PEOPLE.CSV, line 2"}) == told


def test_the_practice_is_named_where_it_stands_in_the_vendors_files() -> None:
    surgery = next(item for item in of(STAFFED, where={"organizations[0]": "GP.CSV, line 2", "medicines[0]": "MEDS.CSV, line 9"}))
    others = [item.payload.where for item in of(STAFFED, where={"organizations[0]": "GP.CSV, line 2"})[:-1]]
    assert {"organizations": "GP.CSV, line 2"} in others
    assert surgery.payload.where in ({}, {"organizations": "GP.CSV, line 2"})


def test_what_is_shared_is_named_by_its_place() -> None:
    assert sorted(row for each in shared(STAFFED) for row in each.rows) == [
        "organizations[0]", "organizations[1]", "practitioner_roles[0]", "practitioners[0]"]
