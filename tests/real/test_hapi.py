"""A real FHIR server (HAPI, R4) is told things: twice, changed, at the same moment as a ward, in every way of sending; and is asked for
all that it has. Counted there by plain FHIR calls, not believed."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from adapter import wire
from adapter.bundle import Policy, transaction
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.probe.person import nhs_number
from adapter.delivery.send import Options, Sent, send
from adapter.returns.pull import pull, who_is
from adapter.returns.returned import Return
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from tests.homes import bags
from tests.hospital import CREATE, FHIR_JSON, FUROSEMIDE, WHOLE, Resource, became, with_dose

WAYS = ["transaction", "batch", "single"]
POLICIES = {
    "ours": Policy("upsert", directory="own"),
    "made if missing": Policy("create-if-missing"),
}


def on(server: str) -> dict[str, str]:
    """Every resource of our types on the server, with its version."""
    found: dict[str, str] = {}
    with httpx.Client(timeout=60) as http:
        for kind in SHAPES:
            url: str | None = f"{server}/{kind}?_count=200"
            while url:
                page: dict[str, Any] = http.get(url).json()
                found |= {f"{kind}/{entry['resource']['id']}": entry["resource"]["meta"]["versionId"] for entry in page.get("entry", [])}
                url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return found


def sent(server: str, bag: CareRecord, policy: Policy) -> Sent:
    async def told() -> Sent:
        async with FhirClient(server) as client:
            return await send(client, bag, policy)

    return asyncio.run(told())


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_sending_twice_makes_no_new_version(hapi: str, name: str, bag: CareRecord, policy: str) -> None:
    first = sent(hapi, bag, POLICIES[policy])
    assert first.sentences == ()
    before = on(hapi)
    second = sent(hapi, bag, POLICIES[policy])
    assert {row.became for row in second.rows} == {"unchanged"}
    assert on(hapi) == before
    assert {row.target for row in first.rows if row.target} <= set(before)


@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_same_bytes_again_make_no_new_version(hapi: str, name: str, bag: CareRecord) -> None:
    """As after an answer that was lost on the way."""
    bodies = [wire.dumps(part.bundle) for part in transaction(bag, POLICIES["ours"])]
    with httpx.Client(timeout=60, headers={"Content-Type": "application/fhir+json"}) as http:
        statuses = [[http.post(hapi, content=body).status_code for body in bodies] for _ in range(2)]
        assert statuses == [[200] * len(bodies)] * 2
        before = on(hapi)
        assert [http.post(hapi, content=body).status_code for body in bodies] == [200] * len(bodies)
    assert on(hapi) == before


# ---- stories: one resident each, who is on this server for nobody else ------------------------------------------------------------
class Story:
    """A home that sends, and the hospital's own staff with plain FHIR calls. `number`: another resident for each."""

    def __init__(self, server: str, number: int, sending: str = "transaction") -> None:
        self.server, self.sending = server, sending
        self.nhs_number = nhs_number(str(UUID(int=700_000 + 7 * number)))
        self.bag = replace(
            WHOLE, source=f"https://story-{number}.example/records", resident=replace(WHOLE.resident, nhs_number=self.nhs_number),
            organizations=tuple(replace(each, ods_code=f"Y99{number:03d}") for each in WHOLE.organizations))
        self.transport: httpx.AsyncBaseTransport | None = None

    def sends(self, bag: CareRecord | None = None, policy: Policy = CREATE, **options: Any) -> Sent:
        async def told() -> Sent:
            async with FhirClient(self.server, transport=self.transport) as client:
                return await send(client, bag or self.bag, policy, Options(sending=self.sending, **options))  # type: ignore[arg-type]

        return asyncio.run(told())

    def pulls(self) -> Return:
        async def told() -> Return:
            async with FhirClient(self.server) as client:
                return await pull(client, who_is(self.bag))

        return asyncio.run(told())

    def asks(self, method: str, path: str, resource: Resource | None = None) -> Any:
        with httpx.Client(timeout=60, headers=FHIR_JSON) as http:
            content = wire.dumps(resource) if resource else None
            response = http.request(method, f"{self.server}/{path}", content=content)
        assert response.is_success, response.text
        return wire.loads(response.content)

    @property
    def her(self) -> str:
        found = self.asks("GET", f"Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{self.nhs_number}")["entry"]
        assert len(found) == 1
        return f"Patient/{found[0]['resource']['id']}"

    def has(self, kind: str) -> list[Resource]:
        page = self.asks("GET", f"{kind}?patient={self.her}&_count=200")
        return [entry["resource"] for entry in page.get("entry", [])]

    def versions(self) -> dict[str, str]:
        """Of all that is about her."""
        kinds = ("Encounter", "MedicationStatement", "AllergyIntolerance", "Immunization", "RelatedPerson", "List")
        return {f"{kind}/{each['id']}": each["meta"]["versionId"] for kind in kinds for each in self.has(kind)}

    def furosemide(self) -> Resource:
        return next(each for each in self.has("MedicationStatement") if "Furosemide" in json.dumps(each, default=str))


class Meanwhile(httpx.AsyncHTTPTransport):
    """The network, on which something happens just before the first write."""

    def __init__(self, happens: Any) -> None:
        super().__init__()
        self.happens = happens

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" and self.happens:
            happens, self.happens = self.happens, None
            request = happens(request) or request
        return await super().handle_async_request(request)


@pytest.mark.parametrize("sending", WAYS)
@pytest.mark.parametrize("policy", POLICIES)
def test_created_repeated_changed(hapi: str, policy: str, sending: str) -> None:
    story = Story(hapi, 10 * WAYS.index(sending) + list(POLICIES).index(policy), sending)
    first = story.sends(policy=POLICIES[policy])
    assert (first.verdict, set(became(first).values())) == (Verdict.DELIVERED, {"created"})
    before = story.versions()
    assert set(before.values()) == {"1"}
    assert set(became(story.sends(policy=POLICIES[policy])).values()) == {"unchanged"}
    assert story.versions() == before
    changed = story.sends(with_dose(story.bag, "two each morning"), POLICIES[policy])
    assert [name for name, what in became(changed).items() if what != "unchanged"] == ["MedicationStatement medicines[0]"]
    at = f"MedicationStatement/{story.furosemide()['id']}"
    assert story.versions() == before | {at: "2"}


@pytest.mark.parametrize("sending", WAYS)
def test_what_the_hospital_edited_stays_and_a_person_is_told(hapi: str, sending: str) -> None:
    story = Story(hapi, 40 + WAYS.index(sending), sending)
    story.sends()
    theirs = story.furosemide()
    story.asks("PUT", f"MedicationStatement/{theirs['id']}", {**theirs, "status": "stopped"})
    sent = story.sends(with_dose(story.bag, "two each morning"))
    assert (became(sent)["MedicationStatement medicines[0]"], sent.for_a_person) == ("kept", True)
    assert story.furosemide()["status"] == "stopped"


@pytest.mark.parametrize("sending", WAYS)
def test_an_edit_between_our_reading_and_our_writing_stays_too(hapi: str, sending: str) -> None:
    """HAPI says 409 to the stale version; it is read again, and compared afresh."""
    story = Story(hapi, 50 + WAYS.index(sending), sending)
    story.sends()
    theirs = story.furosemide()
    story.transport = Meanwhile(
        lambda request: story.asks("PUT", f"MedicationStatement/{theirs['id']}", {**theirs, "status": "stopped"}) and None)
    sent = story.sends(with_dose(story.bag, "two each morning"))
    assert (became(sent)["MedicationStatement medicines[0]"], sent.for_a_person) == ("kept", True)
    assert (story.furosemide()["status"], story.furosemide()["meta"]["versionId"]) == ("stopped", "2")


def _spoilt(request: httpx.Request) -> httpx.Request:
    """One entry is not FHIR any more when it arrives."""
    content = request.content.replace(b'"status":"planned"', b'"status":"no-such-status"')
    assert content != request.content
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    return httpx.Request(request.method, request.url, headers=headers, content=content)


def test_a_transaction_with_one_bad_entry_is_refused_whole(hapi: str) -> None:
    story = Story(hapi, 60)
    story.transport = Meanwhile(_spoilt)
    sent = story.sends(policy=Policy("upsert"))
    assert (sent.verdict, set(became(sent).values())) == (Verdict.REFUSED, {"not sent"})
    with httpx.Client(timeout=60) as http:
        found = http.get(f"{hapi}/Patient", params={"identifier": f"https://fhir.nhs.uk/Id/nhs-number|{story.nhs_number}"}).json()
        assert found["total"] == 0
        assert {http.get(f"{hapi}/{row.target}").status_code for row in sent.rows} == {404}
    story.transport = None
    assert story.sends(policy=Policy("upsert")).verdict is Verdict.DELIVERED


@pytest.mark.parametrize("sending", ["batch", "single"])
def test_below_a_transaction_the_rest_is_told_and_goes_on(hapi: str, sending: str) -> None:
    story = Story(hapi, 70 + WAYS.index(sending), sending)

    class Cut(httpx.AsyncHTTPTransport):
        writes = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.writes += request.method != "GET"
            if self.writes == 2 and request.method != "GET":
                await (await super().handle_async_request(request)).aread()
                raise httpx.ReadError("the connection is lost")
            return await super().handle_async_request(request)

    story.transport = Cut()
    sent = story.sends()
    assert (sent.verdict, became(sent)["Patient resident"]) == (Verdict.UNKNOWN, "created")
    story.transport = None
    assert story.sends().verdict is Verdict.DELIVERED
    assert set(became(story.sends()).values()) == {"unchanged"}
    assert set(story.versions().values()) == {"1"}


# ---- back, leaf by leaf --------------------------------------------------------------------------------------------------------
def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Type-exact, decimals with their digits."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, (type(value).__name__, str(value))


def theirs(her: str) -> list[Resource]:
    """What a hospital writes into its own record, with digits, offsets and extensions that must not be lost."""
    inpatient = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
    dose = {"doseQuantity": {"value": Decimal("5.00"), "unit": "ml"}}
    return [
        {"resourceType": "Encounter", "status": "finished", "class": inpatient, "subject": {"reference": her},
         "period": {"start": "2026-11-03T22:15:00+00:00", "end": "2026-11-07"}},
        {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": her},
         "medicationCodeableConcept": {"text": "Fictional syrup"}, "authoredOn": "2026-11-07T09:00:00.500+01:00",
         "dosageInstruction": [{"text": "5 ml", "doseAndRate": [dose]}]},
        {"resourceType": "AllergyIntolerance", "patient": {"reference": her}, "code": {"text": "plaster"}, "clinicalStatus": active,
         "extension": [{"url": "https://hospital.example/seen-by", "valueString": "the ward\u2019s pharmacist"}]},
        {"resourceType": "Condition", "subject": {"reference": her}, "code": {"text": "a fictional fever"}, "onsetDateTime": "2026-11"},
        {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}, "subject": {"reference": her},
         "valueQuantity": {"value": Decimal("52.10"), "unit": "kg"}}]


def by_address(back: Return) -> dict[str, Resource]:
    return {f"{each['resourceType']}/{each['id']}": each for each in (entry["resource"] for entry in back.received)}


def test_what_the_hospital_wrote_by_plain_calls_comes_back_leaf_by_leaf(hapi: str) -> None:
    story = Story(hapi, 80)
    story.sends()
    made = [story.asks("POST", each["resourceType"], each) for each in theirs(story.her)]
    back = story.pulls()
    came = by_address(back)
    for wrote, stands in zip(theirs(story.her), made, strict=True):
        leaf = dict(leaves(came[f"{stands['resourceType']}/{stands['id']}"]))
        assert set(leaves(wrote)) <= set(leaf.items())
        assert set(leaf) - {path for path, _ in leaves(wrote)} <= {".id", ".meta.versionId", ".meta.lastUpdated", ".meta.source"}
    assert back.gaps == ()


def test_what_we_sent_comes_back_leaf_by_leaf(hapi: str) -> None:
    """But for references, which lead to where things stand there, and meta."""
    story, policy = Story(hapi, 81), Policy("upsert")
    story.sends(policy=policy)
    came = by_address(story.pulls())
    (part,) = transaction(story.bag, policy)
    for entry, row in zip(part.bundle["entry"], part.rows, strict=True):
        sent, there = ({path: leaf for path, leaf in leaves(each) if not path.endswith(".reference") and not path.startswith(".meta")}
                       for each in (entry["resource"], came[row.target or ""]))
        assert sent == there
        read, rest = SHAPES[row.type].read(came[row.target or ""])
        assert dict(leaves(SHAPES[row.type].write(read, rest))) == dict(leaves(came[row.target or ""]))


def test_what_is_more_than_a_page_is_read_whole(hapi: str) -> None:
    """230 medicines: more than HAPI's largest page of 200, and many of its usual ones."""
    story = Story(hapi, 90)
    medicines = tuple(replace(FUROSEMIDE, key=f"m{n}") for n in range(230))
    story.bag = replace(story.bag, medicines=medicines)
    assert set(became(story.sends(seconds=300)).values()) == {"created"}
    assert set(became(story.sends(seconds=300)).values()) == {"unchanged"}
    assert sum(address.startswith("MedicationStatement/") for address in by_address(story.pulls())) == 230
    gone = replace(story.bag, as_of="2026-11-02T08:00:00+00:00", medicines=medicines[:1])
    sent = story.sends(gone, absence={"medicines": "stopped"}, seconds=300)
    assert sum(row.became == "ended" for row in sent.rows) == 229
