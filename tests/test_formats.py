"""JSON and XML on the way to a hospital and back: it is the same bag, whichever of them is spoken. Counted at the server."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from adapter import wire
from adapter.bundle import Policy
from adapter.delivery.answer import BadAnswer, NotFhir
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict
from adapter.delivery.retry import Clock
from adapter.delivery.send import Options, Sent, send
from adapter.returns.pull import pull, who_is
from adapter.returns.returned import Return
from adapter.sandbox import Store, create_app
from mappings.bag import CareRecord
from tests.homes import bags, example
from tests.mutate import exactly

UPSERT = Policy("upsert", directory="own")
NOW = datetime(2026, 11, 9, 16, 30, tzinfo=UTC)
BOTH = pytest.mark.parametrize("form", wire.FORMATS.values(), ids=lambda form: form.name)


class Hospital:
    """A sandbox, and every request and answer that went over the wire."""

    def __init__(self) -> None:
        self.app, self.wire = httpx.ASGITransport(create_app(Store())), list[tuple[httpx.Request, httpx.Response]]()

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        answer = await self.app.handle_async_request(request)
        await answer.aread()
        self.wire.append((request, answer))
        return answer

    def tell(self, form: wire.Format, act: Callable[[FhirClient], Coroutine[Any, Any, Any]]) -> Any:
        async def told() -> Any:
            transport, clock = httpx.MockTransport(self._carry), Clock(lambda: NOW)
            async with FhirClient("http://h.example/", transport=transport, form=form, clock=clock) as client:
                return await act(client)

        return asyncio.run(told())

    def send(self, form: wire.Format, bag: CareRecord, options: Options | None = None) -> Sent:
        sent: Sent = self.tell(form, lambda client: send(client, bag, UPSERT, options))
        return sent

    def pull(self, form: wire.Format, bag: CareRecord) -> Return:
        back: Return = self.tell(form, lambda client: pull(client, who_is(bag)))
        return back

    def holds(self) -> list[dict[str, Any]]:
        """Everything in it, without what the server itself sets."""
        found = self.tell(wire.JSON, lambda client: client.get("_history", [("_count", "500")])).resource["entry"]
        return sorted((timeless(each["resource"]) for each in found), key=lambda each: (each["resourceType"], each["id"]))


def timeless(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | {"meta": {name: said for name, said in resource["meta"].items() if name != "lastUpdated"}}


@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_sent_in_either_format_the_hospital_holds_the_same(name: str, bag: CareRecord) -> None:
    held = []
    for form in wire.FORMATS.values():
        hospital = Hospital()
        assert hospital.send(form, bag).verdict is Verdict.DELIVERED
        held.append(hospital.holds())
        for other in wire.FORMATS.values():
            assert {row.became for row in hospital.send(other, bag).rows} == {"unchanged"}
        assert exactly(hospital.holds(), held[-1])
    assert exactly(*held)


@BOTH
def test_brought_back_in_either_format_it_is_the_same_record(form: wire.Format) -> None:
    hospital, bag = Hospital(), example()
    hospital.send(wire.JSON, bag)
    back, plain = hospital.pull(form, bag), hospital.pull(wire.JSON, bag)
    assert back.care_record() == plain.care_record()
    assert exactly([(item.url, item.rest) for item in back.returned.items], [(item.url, item.rest) for item in plain.returned.items])


@BOTH
def test_what_goes_over_the_wire_is_in_the_format(form: wire.Format) -> None:
    hospital, bag = Hospital(), example()
    hospital.send(form, bag)
    hospital.pull(form, bag)
    assert {request.headers["Accept"] for request, _ in hospital.wire} == {form.media}
    assert {request.headers["Content-Type"] for request, _ in hospital.wire if request.content} == {form.media}
    assert {answer.headers["Content-Type"] for _, answer in hospital.wire} == {form.media}


def test_what_xml_cannot_hold_is_said_and_nothing_is_written() -> None:
    """A character from an old system's export. JSON can say it, and where somebody tolerates what is no text of FHIR, it travels so."""
    bag, options = example(), Options(tolerate=("fhir-format",))
    hospital, odd = Hospital(), replace(bag, resident=replace(bag.resident, preferred_name="May\x0bQuetzalcoatl"))
    assert any("fhir-format" in sentence for sentence in hospital.send(wire.JSON, odd).sentences)
    refused = hospital.send(wire.XML, odd, options)
    assert refused.verdict is Verdict.REFUSED
    assert any("resource.name[" in sentence and "XML" in sentence for sentence in refused.sentences)
    assert "Quetzalcoatl" not in str(refused.sentences)
    assert not any(request.method == "POST" for request, _ in hospital.wire)
    assert hospital.send(wire.JSON, odd, options).verdict is Verdict.DELIVERED


ANSWERS = {
    "JSON from who was asked for XML": ("application/fhir+json", b'{"resourceType": "Patient"}', None),
    "XML with an old name": ("application/xml; charset=utf-8", b'<Patient xmlns="http://hl7.org/fhir"/>', None),
    "XML that is not FHIR": ("text/xml", b"<html><body/></html>", NotFhir),
    "FHIR of another version": (
        "application/fhir+xml", b'<Patient xmlns="http://hl7.org/fhir"><animal><species/></animal></Patient>', BadAnswer),
    "XML with a DTD": ("application/fhir+xml", b'<!DOCTYPE Patient><Patient xmlns="http://hl7.org/fhir"/>', BadAnswer),
    "a page of a portal": ("text/html", b"<html/>", NotFhir),
}


@pytest.mark.parametrize(("media", "body", "error"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_read_for_what_it_says_it_is(media: str, body: bytes, error: type[Exception] | None) -> None:
    async def asked() -> Any:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body, headers={"Content-Type": media}))
        async with FhirClient("http://h.example/", transport=transport, form=wire.XML) as client:
            return await client.get("Patient/1")

    if error is None:
        assert asyncio.run(asked()).resource == {"resourceType": "Patient"}
        return
    with pytest.raises(error):
        asyncio.run(asked())
