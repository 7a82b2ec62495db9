"""The sandbox speaks JSON and XML: what came in the one is read in the other, and a refusal comes in the format that was asked for."""
from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapter import wire
from tests.mutate import exactly
from tests.sandbox import BASE, Http, bundle, entry, medicine, patient, versions, visit

XML = {"Content-Type": "application/fhir+xml", "Accept": "application/fhir+xml"}
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ann<br/>Sample</div>'}
ANN = patient(id="a", text=NARRATIVE, multipleBirthInteger=2, _birthDate={"id": "b"}, birthDate="1941",
              extension=[{"url": "http://x.example/weight", "valueDecimal": wire.loads(b'{"kg":70.50}')["kg"]}])


def xml(resource: Any) -> bytes:
    return wire.dumps_xml(resource)


def said(answer: httpx.Response) -> dict[str, Any]:
    """The resource in an answer, in whichever format it says it is."""
    format_ = wire.format_of(answer.headers["Content-Type"])
    assert format_
    return format_.loads(answer.content)


def content(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "meta"}


def test_sent_in_one_format_and_read_in_the_other() -> None:
    async def story(http: Http) -> None:
        made = await http.put("/Patient/a", content=xml(ANN), headers=XML)
        assert (made.status_code, made.headers["Content-Type"]) == (201, "application/fhir+xml")
        in_json, in_xml = await http.get("/Patient/a"), await http.get("/Patient/a", headers={"Accept": "application/fhir+xml"})
        assert (in_json.headers["Content-Type"], in_xml.headers["Content-Type"]) == ("application/fhir+json", "application/fhir+xml")
        assert exactly(said(in_json), said(in_xml))
        assert exactly(content(said(in_json)), ANN)
        again = await http.put("/Patient/a", content=wire.dumps(ANN))
        assert (again.status_code, again.headers["ETag"]) == (200, 'W/"1"')  # the same in JSON: nothing changed

    visit(story)


@pytest.mark.parametrize(("query", "accept", "media"), [
    ("?_format=xml", "*/*", "application/fhir+xml"),
    ("?_format=application/fhir%2Bxml", "application/fhir+json", "application/fhir+xml"),
    ("?_format=application/fhir+xml", "*/*", "application/fhir+xml"),
    ("?_format=json", "application/fhir+xml", "application/fhir+json"),
    ("", "text/html, application/xml;q=0.9, */*;q=0.8", "application/fhir+xml"),
    ("", "application/fhir+json, application/fhir+xml", "application/fhir+json"),
    ("", "*/*", "application/fhir+json"),
])
def test_the_answer_comes_in_the_format_asked_for(query: str, accept: str, media: str) -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/a", content=xml(ANN), headers=XML)
        answer = await http.get(f"/Patient/a{query}", headers={"Accept": accept})
        assert answer.headers["Content-Type"] == media
        assert exactly(content(said(answer)), ANN)

    visit(story)


def test_a_transaction_searches_pages_and_history_in_xml() -> None:
    async def story(http: Http) -> None:
        medicines = [entry("PUT", f"MedicationStatement/{n}", medicine(n, "Patient/a", id=n)) for n in "123"]
        sent = bundle(entry("PUT", "Patient/a", ANN), *medicines)
        done = said(await http.post("/", content=xml(sent), headers=XML))
        assert [each["response"]["status"] for each in done["entry"]] == ["201 Created"] * 4
        page, seen = "/MedicationStatement?subject=Patient/a&_count=2&_include=MedicationStatement:subject", list[str]()
        while page:
            found = said(await http.get(page, headers=XML))
            seen += [each["resource"]["id"] for each in found["entry"]]
            page = next((link["url"] for link in found["link"] if link["relation"] == "next"), "")
        assert seen == ["1", "2", "a", "3", "a"]
        for path in ("/_history", "/Patient/a/$everything", "/metadata"):
            in_xml, in_json = said(await http.get(path, headers=XML)), said(await http.get(path))
            assert exactly(timeless(in_xml), timeless(in_json)), path

    visit(story)


def timeless(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in ("id", "meta", "timestamp", "date")}


def test_metadata_lists_both() -> None:
    async def story(http: Http) -> None:
        assert said(await http.get("/metadata", headers=XML))["format"] == ["application/fhir+json", "application/fhir+xml"]

    visit(story)


LINE_2 = b'<Patient xmlns="http://hl7.org/fhir">\n<shoe value="42"/></Patient>'
REFUSED = [
    ("GET", "/Patient/none", b"", {}, 404, "not-found", ""),
    ("GET", "/Patient?shoe-size=9", b"", {}, 400, "not-supported", ""),
    ("POST", "/Patient", b"", {"Content-Type": "text/plain"}, 415, "not-supported", ""),
    ("POST", "/Patient", b"", {"Content-Type": "application/fhir+xml; charset=latin-1"}, 415, "not-supported", ""),
    ("POST", "/Patient", b"", {}, 400, "structure", ""),
    ("POST", "/Patient", b"{}", {}, 400, "structure", ""),
    ("POST", "/Patient", LINE_2, {}, 400, "structure", "Patient"),
    ("POST", "/Patient", b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + LINE_2, {}, 400, "structure", ""),
    ("POST", "/Patient", b" " * 2000, {}, 413, "too-long", ""),
    ("PUT", "/Patient/b", xml(ANN), {}, 422, "value", "Patient.id"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status", "code", "place"), REFUSED)
def test_a_refusal_comes_in_the_format_asked_for(
        method: str, path: str, body: bytes, headers: dict[str, str], status: int, code: str, place: str) -> None:
    async def story(http: Http) -> None:
        answer = await http.request(method, path, content=body, headers=XML | headers)
        (issue,) = said(answer)["issue"]
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/fhir+xml")
        assert (issue["code"], issue.get("expression", [""])) == (code, [place])
        assert ("line 2" in issue["diagnostics"]) == (body is LINE_2)
        assert await versions(http) == 0

    visit(story, largest_body=1500)


def test_what_xml_has_no_place_for_is_not_told_in_xml_nor_stored_by_who_would_hear_it_so() -> None:
    """The sandbox does not check content, so JSON may hold what FHIR R4 does not have."""

    async def story(http: Http) -> None:
        odd = patient(id="o", shoeSize=42)
        refused = await http.put("/Patient/o", json=odd, headers={"Accept": "application/fhir+xml"})
        assert (refused.status_code, said(refused)["issue"][0]["code"]) == (406, "not-supported")
        assert await versions(http) == 0
        assert (await http.put("/Patient/o", json=odd)).status_code == 201
        assert (await http.get("/Patient/o", headers=XML)).status_code == 406
        assert (await http.get(f"{BASE}/Patient/o")).json()["shoeSize"] == 42

    visit(story)
