"""The ways of sending, told as stories: servers that take no transactions, or no bundles at all, have in the end what the others have.

The sandbox is without what such servers lack, and refuses references to what is not there, so that a wrong order is seen.
"""
from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from adapter.bundle import Policy
from adapter.delivery.accepting import NotAccepted, bundle_item, items
from adapter.delivery.dialects.decision import Decision, Means
from adapter.delivery.endpoints.connect import connect
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.loads import Sending
from adapter.delivery.outcome import Verdict
from mappings.bag import CareRecord
from mappings.encounter import ENCOUNTER_CLASS, Stay
from mappings.location import Location
from mappings.organization import Organization
from mappings.values import Ref
from tests import test_carry, test_worker_sandbox
from tests.hospital import AMLODIPINE, BAG, CREATE, FHIR_JSON, FUROSEMIDE, ROWS, WHOLE, Hospital, Resource, Ward, became, with_dose

LACKING: dict[str, tuple[str, ...]] = {
    "transaction": ("dangling",), "batch": ("transaction", "dangling"), "single": ("transaction", "batch", "dangling")}
LOWER = ["batch", "single"]
POLICIES = {"match": Policy("match"), "made": CREATE, "ours": Policy("upsert"), "with what is shared": Policy("upsert", directory="own"),
            "in parts": Policy("create-if-missing", most=3)}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "business-rule"}]}


class Plain(Hospital):
    """A hospital whose server takes one way of sending, and is sent things in it."""

    def __init__(self, sending: str) -> None:
        super().__init__(LACKING[sending])
        self.sending = sending

    def sends(self, bag: CareRecord = BAG, policy: Policy = CREATE, **options: Any) -> Any:
        return self.send(bag, policy, sending=self.sending, **options)

    @property
    def written(self) -> list[httpx.Request]:
        return [request for request in self.wire if request.method != "GET"]


def bare(resource: Resource, ids: dict[str, str]) -> Resource:
    """Without what is the server's own; its ids as ours."""
    text = json.dumps({key: value for key, value in resource.items() if key not in ("id", "meta")}, sort_keys=True)
    for theirs, ours in ids.items():
        text = text.replace(theirs, ours)
    made: Resource = json.loads(text)
    return made


def everything(hospital: Hospital) -> list[Resource]:
    ids = {f"Patient/{each['id']}": "Patient/her" for each in hospital.has("Patient")}
    kinds = ("Organization", "Patient", "Encounter", "MedicationStatement", "AllergyIntolerance", "Immunization", "RelatedPerson", "List")
    return [bare(each, ids) for kind in kinds for each in sorted(hospital.has(kind), key=lambda r: json.dumps(r["identifier"]))]


# ---- the same in the end --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("sending", LOWER)
def test_it_is_there_once_as_a_transaction_would_have_it_and_the_second_time_is_silent(sending: str, name: str) -> None:
    hospitals = [Plain("transaction"), Plain(sending)]
    for hospital in hospitals:
        if name == "match":
            hospital.registers()
        first = hospital.sends(WHOLE, POLICIES[name])
        assert (first.verdict, first.unsettled, set(became(first).values())) == (Verdict.DELIVERED, False, {"created"})
    assert everything(hospitals[0]) == everything(hospitals[1])
    assert [hospital.writes() for hospital in hospitals] == [hospitals[0].writes()] * 2
    again = hospitals[1].sends(WHOLE, POLICIES[name])
    assert (again.verdict, set(became(again).values()), hospitals[1].written) == (Verdict.DELIVERED, {"unchanged"}, [])


def test_the_words_for_the_ways_are_the_same_everywhere() -> None:
    assert list(get_args(Sending)) == list(LACKING) == list(get_args(Endpoint.model_fields["sending"].annotation))


# ---- what goes over the wire -----------------------------------------------------------------------------------------------------
def test_a_batch_refers_only_to_what_stands_there_and_each_entry_names_its_version() -> None:
    hospital = Plain("batch")
    hospital.sends()
    batches = [json.loads(request.content) for request in hospital.written]
    assert {batch["type"] for batch in batches} == {"batch"}
    assert [sorted({entry["resource"]["resourceType"] for entry in batch["entry"]}) for batch in batches] == [
        ["Patient"], ["Encounter", "Immunization", "List", "MedicationStatement"], ["List"]]  # the List of nothing refers to nothing
    assert batches[0]["entry"][0]["request"]["ifNoneExist"].startswith("identifier=")
    assert not any('"reference": "urn:' in json.dumps(batch) or '"reference": "Patient?' in json.dumps(batch) for batch in batches)
    hospital.sends(with_dose(BAG, "two each morning"))
    (changed,) = [json.loads(request.content) for request in hospital.written]
    assert [entry["request"]["ifMatch"] for entry in changed["entry"]] == ['W/"1"']


def test_alone_each_is_a_put_under_our_id_and_she_is_made_once() -> None:
    hospital = Plain("single")
    hospital.sends()
    assert [request.method for request in hospital.written] == ["POST", *["PUT"] * (ROWS - 1)]
    assert hospital.written[0].headers["If-None-Exist"].startswith("identifier=")
    assert len({request.headers["X-Request-ID"] for request in hospital.written}) == ROWS
    hospital.sends(with_dose(BAG, "two each morning"))
    assert [(request.method, request.headers.get("If-Match")) for request in hospital.written] == [("PUT", 'W/"1"')]


def test_the_same_write_of_a_delivery_is_known_by_its_id_and_for_another_version_it_is_another() -> None:
    def ids(version: str) -> str:
        hospital = Plain("single")
        hospital.sends(policy=Policy("upsert"))
        theirs = hospital.medicine("Furosemide")
        for back_and_forth in ({"extension": [{"url": "https://h.example/seen"}]}, {}) if version == "3" else ():
            hospital.edits(theirs, **back_and_forth)
        hospital.sends(with_dose(BAG, "two each morning"), Policy("upsert"), key="d1")
        (request,) = hospital.written
        assert request.headers["If-Match"] == f'W/"{version}"'
        return request.headers["X-Request-ID"]

    assert ids("1") == ids("1") != ids("3")


@pytest.mark.parametrize("sending", LOWER)
def test_what_refers_to_each_other_goes_in_order_whatever_the_order_of_the_record(sending: str) -> None:
    ward = Stay(BAG.stays[0].resident, "in progress", ENCOUNTER_CLASS.coded("inpatient"), key="s0", part_of=Ref("Encounter", "s1"))
    hospital = Plain(sending)
    assert hospital.sends(replace(BAG, stays=(ward, *BAG.stays))).verdict is Verdict.DELIVERED


@pytest.mark.parametrize("sending", LOWER)
def test_a_circle_cannot_go_one_by_one_and_is_refused_before_anything_is_written(sending: str) -> None:
    home = Organization(key="home", ods_code="VN9", name="Rose House", main_location=Ref("Location", "site"))
    site = Location(key="site", ods_site_code="VN901", name="Rose House", managing_organization=Ref("Organization", "home"))
    bag, own = replace(BAG, organizations=(*BAG.organizations, home), locations=(site,)), Policy("upsert", directory="own")
    hospital = Plain(sending)
    sent = hospital.sends(bag, own)
    assert (sent.verdict, hospital.written, "refer to each other" in sent.sentences[0]) == (Verdict.REFUSED, [], True)
    assert "organizations[1]" in sent.sentences[0]
    assert "locations[0]" in sent.sentences[0]
    hospital.send(bag, own, sending="transaction")  # this one lacks transactions: still nothing
    assert hospital.writes() == 0


# ---- half written ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("policy", ["made", "ours"])
@pytest.mark.parametrize("sending", LOWER)
def test_cut_off_at_any_request_the_same_again_goes_on_and_nothing_is_doubled_or_lost(sending: str, policy: str, taken: bool) -> None:
    whole = Plain(sending)
    whole.sends(WHOLE, POLICIES[policy])
    for last in range(len(whole.written)):
        hospital = Plain(sending)
        hospital.before = _cut(hospital, last, taken=taken)
        sent = hospital.sends(WHOLE, POLICIES[policy])
        assert sent.verdict is Verdict.UNKNOWN
        assert (HALF in sent.sentences[-1]) == (last > 0)
        hospital.before = None
        assert hospital.sends(WHOLE, POLICIES[policy]).verdict is Verdict.DELIVERED
        assert everything(hospital) == everything(whole)
        assert hospital.writes() == whole.writes()
        assert set(became(hospital.sends(WHOLE, POLICIES[policy])).values()) == {"unchanged"}


HALF = "rows that differed were written before that and stand there"


def _cut(hospital: Hospital, last: int, *, taken: bool) -> Callable[[httpx.Request], Awaitable[httpx.Response | None]]:
    """The connection is lost at this write: before it was taken, or after."""
    seen = [0]

    async def cut(request: httpx.Request) -> httpx.Response | None:
        if request.method == "GET":
            return None
        seen[0] += 1
        if seen[0] <= last:
            return None
        if taken:
            await hospital.app.handle_async_request(request)
        raise httpx.ReadError("the connection is lost")

    return cut


@pytest.mark.parametrize("sending", LOWER)
def test_what_is_refused_is_named_what_was_written_is_told_and_then_the_same_goes_on(sending: str) -> None:
    hospital = Plain(sending)

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        if sending == "single" and b"Amlodipine" in request.content:
            return httpx.Response(422, headers=FHIR_JSON, content=json.dumps(OUTCOME).encode())
        if sending == "batch" and b"Amlodipine" in request.content:
            return await _without(hospital, request, "Amlodipine")
        return None

    hospital.before = refuse
    sent = hospital.sends()
    assert sent.verdict is Verdict.REFUSED
    assert sent.sentences[0] == "medicines[1]: 422: the server read it and its rules refuse the content"
    assert sent.sentences[1] == "medicines[1]: error: a rule of the server refuses it [business-rule]"
    rows = became(sent)
    assert (rows["Patient resident"], rows["MedicationStatement medicines[0]"]) == ("created", "created")
    assert (rows["MedicationStatement medicines[1]"], rows["List medicines"]) == ("not sent", "not sent")
    written = sum(what == "created" for what in rows.values())
    assert sent.sentences[-1].startswith(f"{written} of the {ROWS} rows")
    assert hospital.writes() == written
    hospital.before = None
    assert set(became(hospital.sends()).values()) == {"created", "unchanged"}
    assert hospital.writes() == ROWS
    assert not any("Amlodipine" in sentence or "Examplesen" in sentence for sentence in sent.sentences)


async def _without(hospital: Hospital, request: httpx.Request, what: str) -> httpx.Response:
    """A batch of which one entry is refused, as servers with rules do."""
    sent = json.loads(request.content)
    taken = [entry for entry in sent["entry"] if what not in json.dumps(entry)]
    said = (await hospital.aask("POST", "/", {**sent, "entry": taken}))["entry"]
    refused = {"response": {"status": "422 Unprocessable Entity", "outcome": OUTCOME}}
    answers = [refused if what in json.dumps(entry) else said[taken.index(entry)] for entry in sent["entry"]]
    body = {"resourceType": "Bundle", "type": "batch-response", "entry": answers}
    return httpx.Response(200, headers=FHIR_JSON, content=json.dumps(body).encode())


@pytest.mark.parametrize("sending", LOWER)
def test_an_edit_at_the_same_moment_is_not_overwritten(sending: str) -> None:
    """Between our reading and our writing the hospital stops the medicine: the version is another, so it is read again, and kept."""
    hospital = Plain(sending)
    hospital.sends()
    edited = [False]

    async def edit(request: httpx.Request) -> httpx.Response | None:
        if request.method != "GET" and not edited[0]:
            edited[0] = True
            theirs = await hospital.aask("GET", request.url.path if sending == "single" else f"/{_first(request)}")
            await hospital.aask("PUT", f"/MedicationStatement/{theirs['id']}", {**theirs, "status": "stopped"})
        return None

    hospital.before = edit
    later = replace(with_dose(BAG, "two each morning"), medicines=(with_dose(BAG, "two each morning").medicines[0], AMLODIPINE))
    sent = hospital.sends(later)
    assert became(sent)["MedicationStatement medicines[0]"] == "kept"
    assert hospital.medicine("Furosemide")["status"] == "stopped"


def _first(request: httpx.Request) -> str:
    url: str = json.loads(request.content)["entry"][0]["request"]["url"]
    return url


@pytest.mark.parametrize("sending", LOWER)
def test_a_server_that_does_not_say_where_it_put_her_is_asked_the_next_time(sending: str) -> None:
    hospital = Plain(sending)

    async def mute(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        headers = {name: value for name, value in response.headers.items() if name.lower() not in ("location", "content-length")}
        text = response.text.replace('"location"', '"no-location"')
        return httpx.Response(response.status_code, headers=headers, content=text.encode())

    hospital.after = mute
    sent = hospital.sends()
    assert (sent.verdict, hospital.writes()) == (Verdict.UNKNOWN, 1)
    assert "does not say under which id" in sent.sentences[0]
    sent = hospital.sends()
    assert (sent.verdict, hospital.writes(), len(hospital.has("Patient"))) == (Verdict.DELIVERED, ROWS, 1)


def test_what_is_too_large_by_itself_is_said_to_be() -> None:
    hospital = Plain("single")

    async def small(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(413) if b"Amlodipine" in request.content else None

    hospital.before = small
    sent = hospital.sends()
    assert sent.verdict is Verdict.REFUSED
    assert any(sentence.startswith("medicines[1]: is alone more than the server takes") for sentence in sent.sentences)


@pytest.mark.parametrize(("sending", "lacks"), [("transaction", "batch"), ("batch", "single"), ("single", "update-as-create")])
def test_a_server_that_takes_nothing_in_this_way_has_nothing_and_that_is_said(sending: str, lacks: str) -> None:
    hospital = Plain("transaction")
    hospital.app = Hospital(LACKING.get(lacks, (lacks,))).app
    sent = hospital.send(sending=sending, policy=Policy("upsert"))
    assert (sent.verdict, hospital.writes()) == (Verdict.REFUSED, 0)
    assert any(said in sent.sentences[0] for said in ("takes no such bundles here", "the server cannot do this"))


# ---- what ends, and what is taken back --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sending", LOWER)
def test_what_has_vanished_ends_and_its_list_comes_after_it(sending: str) -> None:
    hospital = Plain(sending)
    hospital.sends()
    fewer = replace(BAG, as_of="2026-11-02T08:00:00+00:00", medicines=(FUROSEMIDE,))
    sent = hospital.sends(fewer, absence={"medicines": "stopped"})
    assert (sent.verdict, Ward(hospital).medicines()) == (Verdict.DELIVERED, ["Furosemide 40mg tablets"])
    assert Ward(hospital).lists()["home.example medicines"] == 1


@pytest.mark.parametrize("sending", LOWER)
def test_what_was_sent_for_the_wrong_resident_is_taken_back(sending: str) -> None:
    hospital = Plain(sending)
    hospital.sends()
    assert hospital.retract(sending=sending).verdict is Verdict.DELIVERED
    assert Ward(hospital).all() == [[], [], [], [], [], {}]


# ---- accepted, and delivered later --------------------------------------------------------------------------------------------------
class Lasting(test_carry.Ward):
    """The same, by deliveries: with what many residents share in lanes of its own."""

    def __init__(self, sending: str) -> None:
        super().__init__(Endpoint(name="ward", url="http://localhost/", patient="create-if-missing", directory="own",
                                  sending=sending))  # type: ignore[arg-type]
        self.app = Hospital(LACKING[sending]).app


@pytest.mark.parametrize("sending", LOWER)
def test_a_delivery_goes_as_its_endpoint_says_and_so_does_what_it_waits_for(sending: str) -> None:
    ward = Lasting(sending)
    practice, hers = ward.of()
    assert ward.takes(practice) == (Decision(Means.DELIVERED), {"created": 1})
    assert ward.takes(hers) == (Decision(Means.DELIVERED), {"created": ROWS})
    assert [request.method for request in ward.wire if request.method != "GET"] == (
        ["POST"] * 3 if sending == "batch" else ["POST", *["PUT"] * (ROWS - 1)])
    assert [ward.takes(each)[1] for each in (practice, hers)] == [{"unchanged": 1}, {"unchanged": ROWS}]


@pytest.mark.parametrize("sending", LOWER)
def test_an_attempt_that_was_cut_off_is_told_and_the_next_goes_on(sending: str) -> None:
    ward = Lasting(sending)
    practice, hers = ward.of()
    ward.takes(practice)
    ward.before = _cut(ward, 1, taken=True)
    decision, rows = ward.takes(hers)
    assert (decision.means, rows["created"], rows["not known"] > 0) == (Means.AMBIGUOUS, 1, True)
    assert HALF in " ".join(decision.says)
    ward.before = None
    decision, rows = ward.takes(hers, attempt=2)
    assert (decision.means, sum(rows.values())) == (Means.DELIVERED, ROWS)


class Home(test_worker_sandbox.Sending):
    """A worker, a store on the disk, and a sandbox that lacks what it lacks."""

    def __init__(self, folder: Path, sending: str) -> None:
        super().__init__(folder)
        self.sandbox = Hospital(LACKING[sending])
        self.changes(sending=sending, directory="own")


@pytest.mark.parametrize("sending", LOWER)
def test_a_worker_delivers_so_too_and_goes_on_where_it_was_cut_off(sending: str, tmp_path: Path) -> None:
    with Home(tmp_path, sending) as home:
        home.sandbox.before = _cut(home.sandbox, 2, taken=True)
        home.wants(BAG)
        lossy = home.works(connect=lambda endpoint, **more: connect(endpoint, transport=httpx.MockTransport(home.sandbox._carry), **more))
        assert lossy.dead == 0
        home.sandbox.before = None
        home.wants(with_dose(BAG, "two each morning"))
        home.sends()
        assert home.sandbox.writes() == 1 + ROWS + 1  # what many share, hers, and one dose anew
        assert home.sandbox.medicine("Furosemide")["dosage"][0]["text"] == "two each morning"
        counts, = home.store.people.counts()
        assert (counts.waiting, counts.dead, counts.reconciled) == (0, 0, True)


def test_a_batch_that_is_more_than_the_server_takes_is_sent_in_smaller_ones() -> None:
    ward = Lasting("batch")
    practice, hers = ward.of()
    ward.takes(practice)

    async def small(request: httpx.Request) -> httpx.Response | None:
        many = request.method == "POST" and len(json.loads(request.content)["entry"]) > 2
        return httpx.Response(413, headers=FHIR_JSON, content=json.dumps(OUTCOME).encode()) if many else None

    ward.before = small
    decision, rows = ward.takes(hers)
    assert (decision.means, rows["created"]) == (Means.DELIVERED, ROWS)


@pytest.mark.parametrize(("sending", "kind", "told"), [
    ("single", "transaction", "takes one resource after the other"), ("single", "batch", "takes one resource after the other"),
    ("batch", "transaction", "takes Bundles of type batch"), ("batch", "batch", ""), ("transaction", "transaction", "")])
def test_a_bundle_of_somebody_else_is_accepted_only_where_it_can_be_taken(sending: str, kind: str, told: str) -> None:
    endpoint = Endpoint(name="ward", url="https://ward.example", sending=sending)  # type: ignore[arg-type]
    entry = {"resource": {"resourceType": "Patient", "id": "7f8d2a56-7f0e-4d0c-9e44-6d1a51c4b9d1"},
             "request": {"method": "PUT", "url": "Patient/7f8d2a56-7f0e-4d0c-9e44-6d1a51c4b9d1"}}
    data = json.dumps({"resourceType": "Bundle", "type": kind, "entry": [entry]}).encode()
    if not told:
        assert bundle_item(data, endpoint).endpoint == "ward"
        return
    with pytest.raises(NotAccepted, match=told):
        bundle_item(data, endpoint)


def test_how_it_travels_makes_it_no_other_delivery() -> None:
    plain = Endpoint(name="ward", url="https://ward.example")
    assert items(BAG, plain) == items(BAG, plain.model_copy(update={"sending": "single"}))
