"""One attempt at one delivery, told as stories in front of a sandbox: what it becomes, what is said of it, and what then stands there."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapter import wire
from adapter.bundle import Policy
from adapter.delivery.accepting import bundle_item, items, retraction
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.dialects.decision import About, Decision, Do, Means
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.retry import Clock
from adapter.delivery.store.model import Claimed, Item, Payload
from adapter.delivery.work.carry import REMEMBERED, UNREADABLE, Way, carry, remember
from adapter.returns.change import Change
from adapter.returns.changes import changes
from adapter.returns.pull import pull, who_is
from mappings.bag import CareRecord
from mappings.corrections import Reason, Withdrawn
from mappings.location import Location
from mappings.organization import Organization
from mappings.systems import DMD, SNOMED_CT
from mappings.values import Ref
from tests.hospital import BAG, MARY, ROWS, Hospital, became, with_dose
from tests.test_accepting import BARS, HEADER, NOW, OWN, bundle, put, said

KEY = "7d8f2a56-7f0e-5d0c-9e44-6d1a51c4b9d1"
LOGICAL = OWN.model_copy(update={"directory": "logical"})
UPSERT = LOGICAL.model_copy(update={"patient": "upsert"})
Answer = Callable[[httpx.Request], Awaitable[httpx.Response | None]]
Came = tuple[Decision, dict[str, int]]


class Ward(Hospital):
    """A hospital that deliveries are carried to, over one way that is kept."""

    def __init__(self, endpoint: Endpoint = LOGICAL) -> None:
        super().__init__()
        self.endpoint, self.way = endpoint, Way(endpoint, FhirClient(endpoint.url, transport=httpx.MockTransport(self._carry)))

    def takes(self, item: Item | Payload, *, attempt: int = 1, key: str = KEY) -> Came:
        payload = item.payload if isinstance(item, Item) else item

        async def once() -> tuple[Decision, Any]:
            transport, clock = httpx.MockTransport(self._carry), Clock(sleep=self._sleep, dice=lambda: 1.0)
            async with FhirClient(self.endpoint.url, transport=transport, limits=Limits(attempts=1), clock=clock) as client:
                self.way.client = client
                return await carry(self.way, payload, claimed(attempt, key), lambda: NOW)

        self.wire.clear()
        decision, rows = asyncio.run(once())
        assert decision.do is Do.NOTHING
        return decision, dict(rows)

    def of(self, bag: CareRecord = BAG, **said: Any) -> list[Item]:
        return items(bag, self.endpoint, **said)

    def hers(self, bag: CareRecord = BAG, attempt: int = 1, **said: Any) -> Came:
        return self.takes(self.of(bag, **said)[-1], attempt=attempt)

    @property
    def posted(self) -> list[httpx.Request]:
        return [request for request in self.wire if request.method == "POST"]


def claimed(attempt: int = 1, key: str = KEY) -> Claimed:
    return Claimed(1, 1, "ward", "s", 1, key, "complete", attempt, NOW, None, False, "", b"")


def answering(status: int, resource: Any = None, /, method: str = "POST", **headers: str) -> Answer:
    """To every write (or read), and the others go through."""
    async def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method != method:
            return None
        content = json.dumps(resource or {"resourceType": "OperationOutcome", "issue": []}).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, content=content, headers={"Content-Type": "application/fhir+json", **named})

    return answer


def failing(error: Exception, method: str = "POST") -> Answer:
    async def answer(request: httpx.Request) -> httpx.Response | None:
        if request.method == method:
            raise error
        return None

    return answer


# ---- care records ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("endpoint", [LOGICAL, UPSERT])
def test_it_is_delivered_and_again_it_is_there_already(endpoint: Endpoint) -> None:
    ward = Ward(endpoint)
    assert ward.hers() == (Decision(Means.DELIVERED), {"created": ROWS})
    assert ward.hers() == (Decision(Means.DELIVERED), {"unchanged": ROWS})
    assert (ward.writes(), ward.posts()) == (ROWS, 0)


def test_what_was_accepted_is_how_it_is_sent() -> None:
    ward = Ward(UPSERT)
    ward.hers()
    fewer = replace(BAG, as_of="2026-11-02T08:00:00Z", medicines=BAG.medicines[:1] if isinstance(BAG.medicines, tuple) else ())
    decision, rows = ward.hers(fewer, absence={"medicines": "stopped"})
    assert (decision.means, rows["ended"]) == (Means.DELIVERED, 1)
    refused, _ = ward.hers(BAG)
    assert (refused.means, refused.says[0].startswith("as_of: this record is of")) == (Means.DEAD, True)
    assert ward.hers(BAG, older=True)[0].means is Means.DELIVERED
    ward.edits(ward.medicine("Furosemide"), note=[{"text": "seen"}])
    assert ward.hers(with_dose(BAG, "two"), older=True, base=BAG)[0].means is Means.DELIVERED
    assert ward.medicine("Furosemide")["note"] == [{"text": "seen"}]


def test_taken_back_as_a_record_that_is_withdrawn_and_without_one() -> None:
    for asked in (lambda ward: ward.of(replace(BAG, withdrawn=Withdrawn(Reason.WRONG_RESIDENT)))[-1],
                  lambda ward: retraction(BAG.source, "r1", None, ward.endpoint),
                  lambda ward: retraction(BAG.source, "r1", MARY, ward.endpoint)):
        ward = Ward(UPSERT)
        ward.hers()
        decision, rows = ward.takes(asked(ward))
        assert (decision.means, rows["ended"]) == (Means.DELIVERED, ROWS)
        assert ward.takes(asked(ward))[1] == {"unchanged": ROWS}
        assert {m["status"] for m in ward.has("MedicationStatement")} == {"entered-in-error"}


# ---- the directory -------------------------------------------------------------------------------------------------------------
def test_what_is_shared_goes_by_itself_and_hers_only_refers_to_it() -> None:
    ward = Ward(OWN)
    surgery, hers = ward.of()
    assert ward.takes(surgery) == (Decision(Means.DELIVERED), {"created": 1})
    assert ward.takes(hers) == (Decision(Means.DELIVERED), {"created": ROWS})
    assert b'"Organization"' not in b"".join(r.content for r in ward.posted)  # as a resource: hers writes none
    practice, = ward.has("Organization")
    assert f"Organization/{practice['id']}" == surgery.subject
    assert ward.has("Patient")[0]["generalPractitioner"] == [{"reference": surgery.subject}]
    assert (ward.takes(surgery)[1], ward.posts(), practice["meta"]["versionId"]) == ({"unchanged": 1}, 0, "1")


def test_with_a_store_and_without_one_it_is_the_same_that_stands_there() -> None:
    own = Policy("upsert", directory="own")
    for first_without in (False, True):
        ward = Ward(OWN.model_copy(update={"patient": "upsert"}))
        if first_without:
            ward.send(BAG, own)
        assert {what for item in ward.of() for what in ward.takes(item)[1]} == {"unchanged" if first_without else "created"}
        assert set(became(ward.send(BAG, own)).values()) == {"unchanged"}
        renamed = replace(BAG, organizations=(replace(BAG.organizations[0], name="Sample Surgery and Partners"),))
        assert ward.takes(ward.of(renamed)[0])[1] == {"updated": 1}
        assert became(ward.send(BAG, own))["Organization organizations[0]"] == "updated"


def test_what_refers_to_each_other_comes_there_together() -> None:
    home = Organization(key="home", ods_code="VN9", name="Rose House", main_location=Ref("Location", "site"))
    site = Location(key="site", ods_site_code="VN901", name="Rose House", managing_organization=Ref("Organization", "home"))
    ward = Ward(OWN)
    circle, *_ = (i for i in ward.of(replace(BAG, organizations=(*BAG.organizations, home), locations=(site,)))
                  if len(json.loads(i.payload.body).get("entry", [])) == 2)
    assert ward.takes(circle) == (Decision(Means.DELIVERED), {"created": 2})
    assert ward.takes(circle) == (Decision(Means.DELIVERED), {"unchanged": 2})
    place, = ward.has("Location")
    assert place["managingOrganization"]["reference"] == f"Organization/{ward.has('Organization')[0]['id']}"


def test_an_edit_of_theirs_stays_and_is_told() -> None:
    ward = Ward(OWN)
    ward.takes(ward.of()[0])
    ward.edits(ward.has("Organization")[0], name="The Old Surgery")
    renamed = replace(BAG, organizations=(replace(BAG.organizations[0], name="Sample Surgery and Partners"),))
    decision, rows = ward.takes(ward.of(renamed)[0])
    assert (decision.means, rows, ward.has("Organization")[0]["name"]) == (Means.DELIVERED, {"kept": 1}, "The Old Surgery")
    assert decision.says == ("organizations: was edited on the server and differs in name; it is left as it is, and a person must look",)


def test_a_practice_that_the_server_refuses_is_named() -> None:
    ward = Ward(OWN)
    issue = {"severity": "error", "code": "business-rule", "expression": ["Bundle.entry[0].resource.name"]}
    ward.before = answering(422, {"resourceType": "OperationOutcome", "issue": [issue]})
    decision, _ = ward.takes(ward.of()[0])
    assert (decision.means, decision.about, decision.status) == (Means.DEAD, About.DELIVERY, 422)
    assert decision.says[1].startswith("organizations, field name: error")


# ---- what it means ---------------------------------------------------------------------------------------------------------------
HTML = httpx.Response(200, content=b"<html>log in</html>", headers={"Content-Type": "text/html"})


async def portal(request: httpx.Request) -> httpx.Response | None:
    return HTML


MEANS: dict[str, tuple[Answer, Means, About, int | None, float | None]] = {
    "the credentials": (answering(401), Means.RETRY, About.ENDPOINT, 401, None),
    "the credentials, at the first read": (answering(401, method="GET"), Means.RETRY, About.ENDPOINT, 401, None),
    "out of service": (answering(503, Retry_After="7"), Means.RETRY, About.ENDPOINT, 503, NOW + 7),
    "out of service, at the first read": (answering(503, method="GET", Retry_After="7"), Means.RETRY, About.ENDPOINT, 503, NOW + 7),
    "too often": (answering(429, Retry_After="3"), Means.RETRY, About.ENDPOINT, 429, NOW + 3),
    "not her": (answering(403), Means.DEAD, About.DELIVERY, 403, None),
    "its rules": (answering(422), Means.DEAD, About.DELIVERY, 422, None),
    "it failed": (answering(500), Means.AMBIGUOUS, About.DELIVERY, 500, None),
    "it failed, at a read": (answering(500, method="GET"), Means.RETRY, About.DELIVERY, 500, None),
    "no connection": (failing(httpx.ConnectError("no")), Means.RETRY, About.ENDPOINT, None, None),
    "no answer to a write": (failing(httpx.ReadTimeout("no")), Means.AMBIGUOUS, About.DELIVERY, None, None),
    "no answer to a read": (failing(httpx.ReadTimeout("no"), "GET"), Means.RETRY, About.DELIVERY, None, None),
    "a log-in page": (portal, Means.RETRY, About.ENDPOINT, None, None),
    "no Bundle to a search": (answering(200, {"resourceType": "Patient"}, method="GET"), Means.RETRY, About.ENDPOINT, None, None),
}


@pytest.mark.parametrize("case", MEANS)
def test_what_an_answer_makes_of_it(case: str) -> None:
    ward = Ward()
    ward.before, *expected = MEANS[case]
    decision, _ = ward.hers()
    assert [decision.means, decision.about, decision.status, decision.at] == expected
    assert decision.says
    assert not [word for word in ("9990000018", "Examplesen", "Furosemide") if word in " ".join(decision.says)]


def test_whom_it_is_about_is_for_a_person() -> None:
    ward = Ward()
    ward.registers(birthDate="1950-01-01")
    decision, _ = ward.hers()
    assert (decision.means, decision.about) == (Means.PERSON, About.DELIVERY)
    assert decision.says == ("resident: the server's patient differs in birth_date; a person must look who it is",)


@pytest.mark.parametrize("payload", [
    Payload("record", b"{}"), Payload("record", b"\xff"), Payload("bundle", b"<", {"shared": True}),
    Payload("retract", b"[]", {"source": "a", "key": "b"}), Payload("record", items(BAG, LOGICAL)[0].payload.body, {"base": "{"})])
def test_what_this_release_cannot_read_is_said_to_be_so(payload: Payload) -> None:
    assert Ward().takes(payload) == (Decision(Means.DEAD, (UNREADABLE,), asked=False), {})


def test_a_bug_is_not_an_answer() -> None:
    ward = Ward()
    ward.before = failing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        ward.hers()


# ---- the same again --------------------------------------------------------------------------------------------------------------
def test_an_answer_that_is_lost_is_made_good_by_the_next_attempt() -> None:
    ward, [hers] = Ward(), Ward().of()

    async def lost(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadError("reset")
        return response

    ward.after = lost
    assert ward.takes(hers)[0].means is Means.AMBIGUOUS
    ward.after = None
    assert ward.takes(hers, attempt=2) == (Decision(Means.DELIVERED), {"unchanged": ROWS})
    assert (ward.writes(), ward.posts()) == (ROWS, 0)


def test_the_same_bytes_of_a_delivery_have_one_id_and_others_another() -> None:
    ward, ids = Ward(), list[str]()
    ward.before = answering(503)
    for hers, attempt, key in ((ward.of()[0], 1, KEY), (ward.of()[0], 2, KEY), (ward.of()[0], 1, KEY.replace("7", "8")),
                               (ward.of(with_dose(BAG, "two"))[0], 1, KEY)):
        ward.takes(hers, attempt=attempt, key=key)
        ids += [request.headers["X-Request-ID"] for request in ward.posted]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


# ---- smaller parts -----------------------------------------------------------------------------------------------------------------
def taking(most: int) -> Answer:
    async def answer(request: httpx.Request) -> httpx.Response | None:
        large = request.method == "POST" and len(json.loads(request.content)["entry"]) > most
        return await answering(413)(request) if large else None

    return answer


def test_smaller_parts_are_sent_within_the_attempt_and_are_kept_in_mind() -> None:
    ward = Ward(UPSERT)
    ward.before = taking(3)
    assert ward.hers() == (Decision(Means.DELIVERED), {"created": ROWS})
    assert [len(json.loads(r.content)["entry"]) for r in ward.posted] == [8, 4, 2, 2, 2, 2]
    assert ward.way.most == 2
    ward.hers(replace(with_dose(BAG, "two"), resident=replace(MARY, key="r2", nhs_number="9990000026")))
    assert {len(json.loads(r.content)["entry"]) for r in ward.posted} == {2}


def test_a_row_that_is_too_large_alone_is_named_and_teaches_nothing() -> None:
    ward = Ward(UPSERT)

    async def too_large(request: httpx.Request) -> httpx.Response | None:
        return await answering(413)(request) if b"one each morning" in request.content else None

    ward.before = too_large
    decision, _ = ward.hers()
    assert (decision.means, ward.way.most) == (Means.DEAD, 500)
    assert decision.says[-1] == "medicines[0]: is alone more than the server takes at once: ask its owner how much that is"


def test_what_is_taken_back_goes_in_smaller_parts_too() -> None:
    for asked in (lambda ward: ward.of(replace(BAG, withdrawn=Withdrawn(Reason.WRONG_RESIDENT)))[-1],
                  lambda ward: retraction(BAG.source, "r1", MARY, ward.endpoint)):
        ward = Ward(UPSERT)
        ward.hers()
        ward.before = taking(3)
        decision, rows = ward.takes(asked(ward))
        assert (decision.means, rows) == (Means.DELIVERED, {"ended": ROWS})
        assert {m["status"] for m in ward.has("MedicationStatement")} == {"entered-in-error"}


def test_a_practice_alone_is_not_sent_again_and_again() -> None:
    ward = Ward(OWN)
    ward.before = answering(413)
    assert (ward.takes(ward.of()[0])[0].means, len(ward.posted)) == (Means.DEAD, 1)


def test_what_ends_counts_too_where_parts_may_only_be_so_large() -> None:
    ward = Ward(UPSERT.model_copy(update={"most_bytes": 5000}))
    assert ward.hers()[0].means is Means.DELIVERED
    assert max(len(request.content) for request in ward.posted) <= 5000
    decision, rows = ward.takes(retraction(BAG.source, "r1", MARY, ward.endpoint))
    assert (decision.means, rows) == (Means.DELIVERED, {"ended": ROWS})
    assert max(len(request.content) for request in ward.posted) <= 5000 < sum(len(request.content) for request in ward.posted)


def test_what_came_of_each_row_is_told_whatever_parts_it_took() -> None:
    ward = Ward(UPSERT.model_copy(update={"most_entries": 4}))
    posts = list[int]()

    async def the_second_is_too_large(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            posts.append(len(json.loads(request.content)["entry"]))
        return await answering(413)(request) if posts == [4, 4] else None

    ward.before = the_second_is_too_large
    assert ward.hers() == (Decision(Means.DELIVERED), {"created": ROWS})
    assert posts == [4, 4, 2, 2]


def test_what_is_too_large_and_slowly_said_is_found_out_over_several_attempts() -> None:
    """Each begins where the one before has ended: else one that takes all the time to find it out never arrives."""
    ward, posts = Ward(UPSERT.model_copy(update={"seconds": 0.5})), list[int]()

    async def one_at_a_time(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            posts.append(len(json.loads(request.content)["entry"]))
            if posts[-1] > 1:
                await asyncio.sleep(0.2)
                return await answering(413)(request)
        return None

    ward.before = one_at_a_time
    assert ward.hers()[0].means in (Means.RETRY, Means.AMBIGUOUS)
    assert any(ward.hers(attempt=attempt)[0].means is Means.DELIVERED for attempt in range(2, 7))
    assert (ward.way.most, ward.way.smaller, posts[-1]) == (1, {}, 1)


def test_one_resource_that_is_too_large_and_slowly_said_makes_the_parts_of_others_no_smaller() -> None:
    ward = Ward(UPSERT.model_copy(update={"seconds": 0.5}))

    async def too_large(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and b"one each morning" in request.content:
            await asyncio.sleep(0.2)
            return await answering(413)(request)
        return None

    ward.before = too_large
    assert ward.hers()[0].means in (Means.RETRY, Means.AMBIGUOUS)
    assert any(ward.hers(attempt=attempt)[0].means is Means.DEAD for attempt in range(2, 7))
    assert ward.way.most == 500


# ---- dm+d --------------------------------------------------------------------------------------------------------------------------
def test_under_the_same_system_nothing_is_written_again_and_under_another_it_is_a_change() -> None:
    ward = Ward(UPSERT.model_copy(update={"dmd": SNOMED_CT}))
    assert ward.hers()[1] == {"created": ROWS}
    assert ward.medicine("Furosemide")["medicationCodeableConcept"]["coding"][0]["system"] == SNOMED_CT
    assert ward.hers()[1] == {"unchanged": ROWS}
    ward.way.endpoint = UPSERT
    assert ward.hers()[1] == {"unchanged": ROWS - 2, "updated": 2}
    assert ward.medicine("Furosemide")["medicationCodeableConcept"]["coding"][0]["system"] == DMD
    assert ward.hers()[1] == {"unchanged": ROWS}


def test_to_be_asked_for_another_system_is_no_edit_of_the_hospitals() -> None:
    ward = Ward(UPSERT)
    ward.hers()
    ward.edits(ward.medicine("Furosemide"), note=[{"text": "seen"}])
    ward.way.endpoint = UPSERT.model_copy(update={"dmd": SNOMED_CT})
    decision, rows = ward.hers(base=BAG)
    assert (decision.says, rows) == (("medicines[0]: the hospital's edit of notes stays",), {"unchanged": ROWS - 2, "updated": 2})
    furosemide = ward.medicine("Furosemide")
    assert (furosemide["medicationCodeableConcept"]["coding"][0]["system"], furosemide["note"]) == (SNOMED_CT, [{"text": "seen"}])


def test_what_comes_back_under_the_other_system_is_the_same_drug() -> None:
    ward = Ward(UPSERT.model_copy(update={"dmd": SNOMED_CT}))
    ward.hers()

    async def came_back() -> list[Change]:
        async with FhirClient(UPSERT.url, transport=httpx.MockTransport(ward._carry)) as client:
            return changes(BAG, await pull(client, who_is(BAG)))

    assert asyncio.run(came_back()) == []
    coding = {"system": SNOMED_CT, "code": "42109611000001109", "display": "Another drug"}
    ward.edits(ward.medicine("Furosemide"), medicationCodeableConcept={"coding": [coding]})
    assert [change.about for change in asyncio.run(came_back())] == ["medicines[0]"]


# ---- bundles -------------------------------------------------------------------------------------------------------------------------
def test_a_bundle_is_posted_to_the_byte_under_its_own_id() -> None:
    ward, data = Ward(), bundle(put())
    for _ in range(2):
        decision, rows = ward.takes(bundle_item(data, LOGICAL))
        assert (decision.means, decision.status, rows) == (Means.DELIVERED, 200, {})
        request, = ward.posted
        assert (request.content, request.headers["X-Request-ID"], request.url.path) == (data, KEY, "/")
    assert ward.writes() == 1


def test_what_the_server_does_not_say_is_asked_once_more() -> None:
    ward, answers = Ward(), [answering(200, {"resourceType": "Basic"}), answering(200, {"resourceType": "Basic"})]

    async def odd(request: httpx.Request) -> httpx.Response | None:
        return await answers.pop()(request) if answers else None

    ward.before = odd
    assert ward.takes(bundle_item(bundle(put()), LOGICAL))[0].means is Means.AMBIGUOUS
    assert len({r.headers["X-Request-ID"] for r in ward.posted}) == 1
    assert len(ward.posted) == 2
    assert ward.takes(bundle_item(bundle(put()), LOGICAL))[0].means is Means.DELIVERED


def test_what_is_done_later_is_asked_for_until_it_is_known() -> None:
    ward, asked = Ward(), list[str]()

    async def later(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            return await answering(202, Content_Location="https://ward.example/jobs/7")(request)
        asked.append(request.url.path)
        if len(asked) < 3:
            return await answering(202, method="GET", Retry_After="5", Content_Location="https://ward.example/jobs/7")(request)
        done = {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201"}}]}
        return await answering(200, done, method="GET")(request)

    ward.before = later
    assert ward.takes(bundle_item(bundle(put()), LOGICAL))[0].means is Means.DELIVERED
    assert (asked, ward.waits) == (["/jobs/7"] * 3, [0.5, 5.0, 5.0])
    ward.before = answering(202, Content_Location="https://elsewhere.example/jobs/7")
    decision, _ = ward.takes(bundle_item(bundle(put()), LOGICAL))
    assert decision.means is not Means.DELIVERED


class Slow:
    """A server that does later what it is sent; what became of it is asked for at /jobs/1, /jobs/2, …"""

    def __init__(self, ward: Ward, *says: Answer) -> None:
        self.ward, self.came, self.jobs, self._says = ward, list[str](), 0, list(says)
        ward.before = self._answer

    async def _answer(self, request: httpx.Request) -> httpx.Response | None:
        self.came.append(request.url.path if request.method == "GET" else request.headers["X-Request-ID"])
        if request.method == "POST":
            self.jobs += 1
            return await answering(202, Content_Location=f"https://ward.example/jobs/{self.jobs}")(request)
        if self._says:
            return await self._says.pop(0)(request)
        await asyncio.sleep(0.3)  # longer than the attempt may take
        return await answering(202, method="GET")(request)

    def knows(self, says: Answer) -> None:
        self.came.clear()
        self._says = [says]


HURRIED = LOGICAL.model_copy(update={"seconds": 0.2})
TAKEN = answering(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201"}}]}, method="GET")
NOTHING_KNOWN = answering(404, method="GET")


def test_what_takes_longer_than_an_attempt_is_asked_for_in_the_next_and_not_sent_again() -> None:
    ward = Ward(HURRIED)
    slow, item = Slow(ward), bundle_item(bundle(put()), HURRIED)
    assert ward.takes(item)[0].means is not Means.DELIVERED
    assert slow.came == [KEY, "/jobs/1"]
    slow.knows(failing(httpx.ReadError("reset"), "GET"))
    ward.takes(item)
    assert set(slow.came) == {"/jobs/1"}
    slow.knows(TAKEN)
    assert ward.takes(item)[0].means is Means.DELIVERED
    assert slow.came == ["/jobs/1"]
    assert not ward.way.later


@pytest.mark.parametrize("forgets", [True, False])
def test_a_job_that_is_forgotten_is_sent_again_under_the_same_id(forgets: bool) -> None:
    """By the server; or by us, when the way was closed meanwhile, or another worker goes on."""
    ward = Ward(HURRIED)
    slow, item = Slow(ward), bundle_item(bundle(put()), HURRIED)
    ward.takes(item)
    if forgets:
        slow.knows(NOTHING_KNOWN)
    else:
        slow.knows(TAKEN)
        ward.way = Way(HURRIED, ward.way.client)
    ward.takes(item)
    assert slow.came == ["/jobs/1"] * forgets + [KEY, "/jobs/2"]


def test_a_job_that_failed_is_sent_again_in_the_next_attempt() -> None:
    ward = Ward(HURRIED)
    slow, item = Slow(ward), bundle_item(bundle(put()), HURRIED)
    ward.takes(item)
    slow.knows(answering(500, method="GET"))
    assert ward.takes(item)[0].means is Means.AMBIGUOUS
    assert slow.came == ["/jobs/1"]
    slow.knows(TAKEN)
    assert ward.takes(item)[0].means is Means.DELIVERED
    assert slow.came == [KEY, "/jobs/2"]


def test_the_oldest_jobs_are_forgotten_first() -> None:
    way = Ward().way
    for key in (*range(REMEMBERED), 0, REMEMBERED):
        remember(way.later, str(key), f"/jobs/{key}")
    assert len(way.later) == REMEMBERED
    assert [key for key in ("0", "1", "2") if key in way.later] == ["0", "2"]


def test_a_message_that_the_receiver_has_had_is_delivered() -> None:
    ward = Ward(BARS)
    duplicate = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "duplicate"}]}

    async def had(request: httpx.Request) -> httpx.Response | None:
        ids = {name: request.headers[name] for name in ("X-Request-ID", "X-Correlation-ID")}
        return await answering(409, duplicate, **ids)(request)

    ward.before = had
    message = bundle_item(bundle(HEADER, said(), kind="message"), BARS, headers={"NHSD-Target-Identifier": "e30="})
    decision, _ = ward.takes(message)
    assert (decision.means, decision.status) == (Means.DELIVERED, 409)
    request, = ward.posted
    assert (request.url.path, request.headers["Content-Type"]) == ("/$process-message", "application/fhir+json; version=1.4.0")
    assert (request.headers["NHSD-Target-Identifier"], request.headers["X-Request-ID"]) == ("e30=", KEY)
    given = replace(message, payload=bundle_item(bundle(HEADER, said(), kind="message"), BARS, request_id="r-1").payload)
    ward.takes(given)
    assert ward.posted[0].headers["X-Request-ID"] == "r-1"


def test_a_message_whose_answer_was_lost_is_sent_again_to_the_byte_and_had_once() -> None:
    """As BaRS has it: the same bytes under the same ids, and the receiver says that it has had them."""
    ward, had, sent = Ward(BARS), set[str](), list[tuple[bytes, str, str]]()
    duplicate = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "duplicate"}]}

    async def receiver(request: httpx.Request) -> httpx.Response | None:
        ids = {name: request.headers[name] for name in ("X-Request-ID", "X-Correlation-ID")}
        sent.append((request.content, *ids.values()))
        if ids["X-Request-ID"] in had:
            return await answering(409, duplicate, **ids)(request)
        had.add(ids["X-Request-ID"])
        raise httpx.ReadError("reset")

    ward.before = receiver
    message = bundle_item(bundle(HEADER, said(), kind="message"), BARS)
    assert [ward.takes(message, attempt=attempt)[0].means for attempt in (1, 2)] == [Means.AMBIGUOUS, Means.DELIVERED]
    assert len(set(sent)) == 1
    assert len(had) == 1


def test_xml_is_sent_where_it_is_asked_for() -> None:
    ward = Ward(OWN.model_copy(update={"form": "xml"}))
    surgery, hers = ward.of()
    assert [ward.takes(one)[0].means for one in (surgery, hers)] == [Means.DELIVERED] * 2
    assert wire.loads(surgery.payload.body)["type"] == "transaction"
