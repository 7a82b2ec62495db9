"""The sandbox hospital one resource at a time: what each interaction answers, and what is there afterwards. Long because of its tables."""

from __future__ import annotations

import json
import logging
from typing import Any, NoReturn

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from adapter import wire
from adapter.sandbox import Store
from adapter.sandbox.app import SERVED
from adapter.sandbox.parameters import PARAMETERS
from tests.foreign import TYPES, resources
from tests.sandbox import BASE, KEYS, Http, bundle, entry, issue, links, medicine, patient, versions, visit


def test_a_resource_lives_through_create_read_update_delete() -> None:
    async def story(http: Http) -> None:
        made = await http.post("/Patient", json=patient(id="ignored", gender="female"))
        assert made.status_code == 201
        id_ = made.json()["id"]
        assert id_ != "ignored"
        assert made.headers["Location"] == f"{BASE}/Patient/{id_}/_history/1"
        assert made.headers["ETag"] == 'W/"1"'
        assert made.headers["Last-Modified"].endswith(" GMT")

        changed = await http.put(f"/Patient/{id_}", json=patient(id=id_, gender="male"), headers={"If-Match": 'W/"1"'})
        assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')
        assert changed.json()["meta"]["versionId"] == "2"

        assert (await http.get(f"/Patient/{id_}")).json() == changed.json()
        assert (await http.get(f"/Patient/{id_}/_history/1")).json() == made.json()
        assert (await http.delete(f"/Patient/{id_}")).status_code == 204
        assert (await http.delete(f"/Patient/{id_}")).status_code == 204

        gone = await http.get(f"/Patient/{id_}")
        assert (gone.status_code, issue(gone)["code"]) == (410, "deleted")
        assert (await http.get(f"/Patient/{id_}/_history/3")).status_code == 410
        assert (await http.get(f"/Patient?identifier={KEYS}|p")).json()["total"] == 0

        back = await http.put(f"/Patient/{id_}", json=patient(id=id_))
        assert (back.status_code, back.headers["ETag"]) == (201, 'W/"4"')

    visit(story)


def test_history_lists_every_version_and_every_deletion_the_newest_first() -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/p", json=patient(id="p"))
        await http.put("/Patient/p", json=patient(id="p", active=True))
        await http.put("/Flag/f", json={"resourceType": "Flag", "id": "f"})
        await http.delete("/Patient/p")
        lists = {path: (await http.get(path)).json() for path in ("/Patient/p/_history", "/Patient/_history", "/_history")}
        for each in lists.values():
            assert (each["type"], each["total"]) == ("history", len(each["entry"]))
        told = [(each["request"]["method"], each["fullUrl"], each["response"]["etag"]) for each in lists["/_history"]["entry"]]
        assert told == [
            ("DELETE", f"{BASE}/Patient/p", 'W/"3"'),
            ("PUT", f"{BASE}/Flag/f", 'W/"1"'),
            ("PUT", f"{BASE}/Patient/p", 'W/"2"'),
            ("PUT", f"{BASE}/Patient/p", 'W/"1"'),
        ]
        statuses = [each["response"]["status"] for each in lists["/_history"]["entry"]]
        assert statuses == ["204 No Content", "201 Created", "200 OK", "201 Created"]
        assert "resource" not in lists["/_history"]["entry"][0]
        assert len(lists["/Patient/p/_history"]["entry"]) == len(lists["/Patient/_history"]["entry"]) == 3

        page, seen = "/_history?_count=3", []
        while page:
            response = await http.get(page)
            seen += [each["response"]["etag"] for each in response.json()["entry"]]
            page = links(response).get("next", "")
        assert seen == ['W/"3"', 'W/"1"', 'W/"2"', 'W/"1"']
        assert "next" not in links(await http.get("/_history?_count=4"))
        assert (await http.get("/_history?_since=2999-01-01")).json()["total"] == 0

    visit(story)


SAME = patient(id="p", multipleBirthInteger=2, contact=[{"period": {"start": "1941"}}])


@pytest.mark.parametrize(
    ("second", "version"),
    [
        (SAME, "1"),
        (dict(reversed(SAME.items())), "1"),
        (SAME | {"meta": {"versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z"}}, "1"),
        (SAME | {"meta": {"tag": [{"code": "x"}]}}, "2"),
        (SAME | {"multipleBirthInteger": 3}, "2"),
        (SAME | {"multipleBirthInteger": True}, "2"),
        (SAME | {"identifier": []}, "2"),
    ],
)
def test_a_version_is_made_only_when_something_changed(second: dict[str, Any], version: str) -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/p", json=SAME)
        again = await http.put("/Patient/p", json=second)
        assert (again.status_code, again.json()["meta"]["versionId"]) == (200, version)
        assert await versions(http) == int(version)

    visit(story)


def test_what_comes_back_is_what_was_sent_to_the_digit() -> None:
    body = b'{"resourceType":"Observation","id":"o","effectiveDateTime":"2025-03-01T09:05:00+00:00","valueQuantity":{"value":1.500}}'

    async def story(http: Http) -> None:
        await http.put("/Observation/o", content=body)
        for response in (await http.get("/Observation/o"), await http.get("/Observation?_id=o"), await http.get("/Observation/_history")):
            assert b'"value":1.500}' in response.content
            assert b'"2025-03-01T09:05:00+00:00"' in response.content
        other = await http.put("/Observation/o", content=body.replace(b"1.500", b"1.5"))
        assert other.headers["ETag"] == 'W/"2"'

    visit(story)


def content(body: bytes) -> bytes:
    """All but what the server sets, to the digit."""
    return wire.dumps({key: value for key, value in sorted(wire.loads(body).items()) if key not in ("id", "meta")})


NO_DATE = {  # published as templates, or as tests of what is to be refused
    "Immunization": ("many-errors.json", "occurrence-basic-iso.json", "occurrence-offset-no-colon.json", "occurrence-uk-format.json"),
    "Patient": ("create-pds-record-at-birth.json", "create_record_at_birth_response_template.json", "post-patient-request.json")}


@pytest.mark.parametrize("type_", sorted(set(TYPES) & set(PARAMETERS)))
def test_published_resources_are_kept_as_they_are(type_: str) -> None:
    async def story(http: Http) -> None:
        for where, resource in resources(type_):
            sent = wire.dumps(resource)
            made = await http.post(f"/{type_}", content=sent)
            if where.endswith(NO_DATE.get(type_, "/")):
                assert (made.status_code, issue(made)["code"]) == (422, "value"), where
                continue
            if b'"reference":"urn:' in sent:  # taken out of its transaction
                assert made.status_code == 400, where
                continue
            assert made.status_code == 201, (where, made.text)
            assert content((await http.get(made.headers["Location"])).content) == content(sent), where
        assert (await http.get(f"/{type_}?_count=200&_include=*")).status_code == 200

    visit(story)


@pytest.mark.parametrize(("type_", "content", "place"), [
    ("Patient", {"birthDate": "1938-02-31"}, "Patient.birthDate"),
    ("Patient", {"deceasedDateTime": "2026-13-01"}, "Patient.deceasedDateTime"),
    ("Encounter", {"period": {"start": "2024-02-01", "end": "2023-02-29"}}, "Encounter.period.end"),
    ("MedicationStatement", {"effectivePeriod": {"start": "2024-02-31"}}, "MedicationStatement.effectivePeriod.start"),
    ("Immunization", {"occurrenceDateTime": "2024-06-31T10:00:00Z"}, "Immunization.occurrenceDateTime"),
    ("DiagnosticReport", {"issued": "2024-06-15T25:00:00Z"}, "DiagnosticReport.issued"),
    ("List", {"date": "yesterday"}, "List.date"),
])
def test_a_day_that_no_calendar_has_is_refused(type_: str, content: dict[str, Any], place: str) -> None:
    """Alone, and as an entry of a transaction; the value is not repeated. A leap day and a partial date are dates."""

    async def story(http: Http) -> None:
        resource = {"resourceType": type_, "id": "x", **content}
        alone = await http.put(f"/{type_}/x", json=resource)
        assert (alone.status_code, issue(alone)["expression"]) == (422, [place])
        whole = await http.post("/", json=bundle(entry("PUT", f"{type_}/x", resource)))
        assert (whole.status_code, issue(whole)["expression"]) == (422, [f"Bundle.entry[0].resource.{place.partition('.')[2]}"])
        assert "2024" not in alone.text
        for day in ("2024-02-29", "1941", "1941-02"):
            assert (await http.put("/Patient/y", json={**patient(id="y"), "birthDate": day})).is_success

    visit(story)


CONDITIONAL = f"identifier={KEYS}|p"


def test_conditional_create_and_update_with_none_one_and_several_matches() -> None:
    async def story(http: Http) -> None:
        create = {"If-None-Exist": CONDITIONAL}
        made = await http.post("/Patient", json=patient(), headers=create)
        assert made.status_code == 201
        found = await http.post("/Patient", json=patient(active=True), headers=create)
        assert (found.status_code, found.headers["Location"]) == (200, made.headers["Location"])
        changed = await http.put(f"/Patient?{CONDITIONAL}", json=patient(active=True))
        assert (changed.status_code, changed.json()["id"], changed.headers["ETag"]) == (200, made.json()["id"], 'W/"2"')
        upserted = await http.put(f"/Patient?identifier={KEYS}|new", json=patient("new", id="chosen"))
        assert (upserted.status_code, upserted.json()["id"]) == (201, "chosen")
        assert (await http.put(f"/Patient?{CONDITIONAL}", json=patient(id="another"))).status_code == 400
        assert (await http.put(f"/Patient?identifier={KEYS}|newer", json=patient("newer", id="chosen"))).status_code == 409

        await http.post("/Patient", json=patient())
        before = await versions(http)
        for refused in (
            await http.post("/Patient", json=patient(), headers=create),
            await http.put(f"/Patient?{CONDITIONAL}", json=patient()),
            await http.delete(f"/Patient?{CONDITIONAL}"),
        ):
            assert (refused.status_code, issue(refused)["code"]) == (412, "multiple-matches")
        assert await versions(http) == before
        assert (await http.delete("/Patient?_id=chosen")).status_code == 204
        assert (await http.get("/Patient/chosen")).status_code == 410
        again = await http.put(f"/Patient?identifier={KEYS}|newer", json=patient("newer", id="chosen"))
        assert (again.status_code, again.headers["ETag"]) == (201, 'W/"3"')

    visit(story)


@pytest.mark.parametrize("criteria", ["", "_count=1", "identifier=", "nonsense=1", f"{CONDITIONAL}&_count=1", f"{CONDITIONAL}&nonsense=1"])
def test_criteria_that_choose_nothing_are_refused_however_lenient(criteria: str) -> None:
    async def story(http: Http) -> None:
        lenient = {"Prefer": "handling=lenient"}
        assert (await http.post("/Patient", json=patient(), headers=lenient | {"If-None-Exist": criteria})).status_code == 400
        assert (await http.put(f"/Patient?{criteria}", json=patient(), headers=lenient)).status_code == 400
        assert await versions(http) == 0

    visit(story)


@pytest.mark.parametrize(
    ("method", "if_match", "status"),
    [
        ("PUT", 'W/"2"', 200),
        ("PUT", '"2"', 200),
        ("PUT", 'W/"1"', 412),
        ("PUT", 'W/"3"', 412),
        ("PUT", "2", 400),
        ("PUT", "W/2", 400),
        ("DELETE", 'W/"2"', 204),
        ("DELETE", 'W/"1"', 412),
        ("POST", 'W/"2"', 400),
        ("GET", 'W/"2"', 400),
    ],
)
def test_if_match(method: str, if_match: str, status: int) -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/p", json=patient(id="p"))
        await http.put("/Patient/p", json=patient(id="p", active=True))
        body = {"json": patient(id="p", active=False)} if method in ("PUT", "POST") else {}
        path = "/Patient" if method == "POST" else "/Patient/p"
        response = await http.request(method, path, headers={"If-Match": if_match}, **body)  # type: ignore[arg-type]
        assert response.status_code == status
        assert await versions(http) == (3 if status < 300 else 2)

    visit(story)


def test_if_match_where_nothing_is() -> None:
    async def story(http: Http) -> None:
        response = await http.put("/Patient/p", json=patient(id="p"), headers={"If-Match": 'W/"1"'})
        assert (response.status_code, issue(response)["code"]) == (412, "conflict")
        assert await versions(http) == 0
        await http.put("/Patient/p", json=patient(id="p"))
        await http.delete("/Patient/p")
        assert (await http.put("/Patient/p", json=patient(id="p"), headers={"If-Match": 'W/"2"'})).status_code == 412

    visit(story)


def test_a_client_that_has_the_current_version_is_told_so() -> None:
    async def story(http: Http) -> None:
        made = await http.put("/Patient/p", json=patient(id="p"))
        for header, value, status in [
            ("If-None-Match", 'W/"1"', 304),
            ("If-None-Match", 'W/"2"', 200),
            ("If-Modified-Since", made.headers["Last-Modified"], 304),
            ("If-Modified-Since", "Wed, 01 Jan 2020 12:00:00 GMT", 200),
            ("If-Modified-Since", "lately", 400),
        ]:
            response = await http.get("/Patient/p", headers={header: value})
            assert response.status_code == status, (header, value)
            assert bool(response.content) == (status != 304)

    visit(story)


WRONG: list[tuple[str, str, Any, dict[str, str], int, str]] = [
    ("GET", "/Patient/none", None, {}, 404, "not-found"),
    ("GET", "/Patient/p/_history/9", None, {}, 404, "not-found"),
    ("GET", "/Patient/none/_history", None, {}, 404, "not-found"),
    ("GET", "/Unicorn/1", None, {}, 404, "not-supported"),
    ("POST", "/Unicorn", {"resourceType": "Unicorn"}, {}, 404, "not-supported"),
    ("GET", "/Patient/p/q/r", None, {}, 404, "not-found"),
    ("GET", "/Patient/a_b", None, {}, 404, "not-found"),
    ("GET", "/", None, {}, 405, "not-supported"),
    ("PATCH", "/Patient/p", {"resourceType": "Patient"}, {}, 405, "not-supported"),
    ("POST", "/Patient/p", patient(), {}, 405, "not-supported"),
    ("POST", "/Patient", patient(), {"Content-Type": "text/plain"}, 415, "not-supported"),
    ("POST", "/Patient", patient(), {"Content-Type": "application/fhir+json; charset=latin-1"}, 415, "not-supported"),
    ("POST", "/Patient/_search", patient(), {}, 415, "not-supported"),
    ("GET", "/Patient/p", None, {"Accept": "application/fhir+turtle"}, 406, "not-supported"),
    ("GET", "/Patient/p?_format=ttl", None, {}, 406, "not-supported"),
    ("GET", "/Patient/p?_elements=id", None, {}, 400, "not-supported"),
    ("POST", "/Patient", b"{", {}, 400, "structure"),
    ("POST", "/Patient", b"", {}, 400, "structure"),
    ("POST", "/Patient", b"[]", {}, 400, "structure"),
    ("POST", "/Patient", b'{"resourceType":"Patient","id":"1","id":"2"}', {}, 400, "structure"),
    ("POST", "/Patient", b'{"resourceType":"Patient","multipleBirthInteger":NaN}', {}, 400, "structure"),
    ("POST", "/Patient", b'{"a":' * 70 + b"1" + b"}" * 70, {}, 400, "structure"),
    ("POST", "/Patient", {}, {"Content-Type": 'application/json; charset="UTF-8"'}, 422, "structure"),
    ("POST", "/Patient", medicine(), {}, 422, "structure"),
    ("POST", "/Patient", patient(meta="x"), {}, 422, "structure"),
    ("PUT", "/Patient/p", patient(id="q"), {}, 422, "value"),
    ("PUT", "/Patient/p", patient(), {}, 422, "value"),
    ("PUT", f"/Patient?{CONDITIONAL}x", patient(id="a_b"), {}, 422, "value"),
    ("PUT", "/Patient/p", patient(id="p"), {"If-None-Match": "*"}, 400, "value"),
    ("PUT", "/Patient/p", patient(id="p"), {"If-None-Exist": CONDITIONAL}, 400, "not-supported"),
    ("POST", "/Patient", patient(generalPractitioner=[{"reference": "urn:uuid:1"}]), {}, 400, "not-found"),
    ("POST", "/", patient(), {}, 422, "structure"),
    ("POST", "/", {"resourceType": "Bundle", "type": "collection"}, {}, 422, "value"),
    ("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": {}}, {}, 422, "structure"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status", "code"), WRONG)
def test_what_is_wrong_is_refused_with_an_outcome(
    method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    async def story(http: Http) -> None:
        await http.put("/Patient/p", json=patient(id="p"))
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = await http.request(method, path, content=content, headers=headers)
        assert response.headers["Content-Type"] == "application/fhir+json"
        assert (response.status_code, issue(response)["code"]) == (status, code)
        assert len(issue(response)["diagnostics"]) > 20
        assert await versions(http) == 1
        if status == 405:
            assert response.headers["Allow"]

    visit(story)


def test_an_outcome_names_the_element() -> None:
    async def story(http: Http) -> None:
        assert issue(await http.put("/Patient/p", json=patient(id="q")))["expression"] == ["Patient.id"]
        nested = medicine(contained=[{"resourceType": "Medication", "manufacturer": {"reference": "urn:uuid:none"}}])
        refused = issue(await http.post("/MedicationStatement", json=nested))
        assert refused["expression"] == ["MedicationStatement.contained[0].manufacturer.reference"]

    visit(story)


def test_a_body_that_is_too_large_is_refused() -> None:
    async def story(http: Http) -> None:
        response = await http.post("/Patient", json=patient("x" * 1000))
        assert (response.status_code, issue(response)["code"]) == (413, "too-long")
        assert (await http.post("/Patient", json=patient())).status_code == 201

    visit(story, largest_body=500)


def test_every_answer_says_that_this_is_a_sandbox_and_echoes_the_request_id() -> None:
    async def story(http: Http) -> None:
        for path, status in (("/metadata", 200), ("/Patient/none", 404), ("/Patient", 200), ("/", 405)):
            response = await http.get(path, headers={"X-Request-ID": "r-1"})
            assert response.status_code == status
            assert "sandbox" in response.headers["X-Sandbox"]
            assert response.headers["X-Request-ID"] == "r-1"

    visit(story)


def test_the_client_chooses_how_much_comes_back() -> None:
    async def story(http: Http) -> None:
        minimal = await http.put("/Patient/p", json=patient(id="p"), headers={"Prefer": "return=minimal"})
        assert (minimal.status_code, minimal.content, minimal.headers["ETag"]) == (201, b"", 'W/"1"')
        head = await http.head("/Patient/p")
        assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", 'W/"1"')
        for accept in ("application/json", "application/fhir+json;q=0.9, text/html", "*/*", "text/html, application/*"):
            assert (await http.get("/Patient/p", headers={"Accept": accept})).status_code == 200
        for format_ in ("json", "application/json", "application/fhir+json", "application/fhir%2Bjson"):
            assert (await http.get(f"/Patient/p?_format={format_}", headers={"Accept": "text/html"})).status_code == 200

    visit(story)


def test_the_capability_statement_is_valid_honest_and_says_what_the_router_does() -> None:
    async def story(http: Http) -> None:
        statement = (await http.get("/metadata")).json()
        CapabilityStatement.model_validate(statement)
        assert "sandbox" in statement["software"]["name"]
        assert "not an NHS system" in statement["description"]
        (rest,) = statement["rest"]
        assert [each["type"] for each in rest["resource"]] == sorted(PARAMETERS)
        told = {each["code"] for where in (*rest["resource"], rest) for each in where["interaction"]}
        assert told == {route.interaction for route in SERVED} - {"capabilities", "everything"}
        for resource in rest["resource"]:
            for parameter in resource["searchParam"]:
                value = "2020" if parameter["type"] == "date" else "x"
                response = await http.get(f"/{resource['type']}", params={parameter["name"]: value})
                assert response.status_code == 200, (resource["type"], parameter["name"])
            for include in resource.get("searchInclude", []):
                assert (await http.get(f"/{resource['type']}?_include={include}")).status_code == 200

    visit(story)


def test_a_defect_is_told_without_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Store):
        def transaction(self) -> NoReturn:
            raise LookupError("9990000018")

    async def story(http: Http) -> None:
        response = await http.get("/Patient/9990000018")
        assert (response.status_code, issue(response)["code"]) == (500, "exception")
        assert "9990000018" not in response.text + caplog.text
        assert "LookupError" in caplog.text

    with caplog.at_level(logging.ERROR):
        visit(story, Broken())


def test_no_refusal_repeats_what_was_sent() -> None:
    canary = "Canary9990000018"
    hidden = patient(
        canary, name=[{canary: canary, "x": {canary: {"reference": f"urn:{canary}"}}}], generalPractitioner=[{"reference": f"urn:{canary}"}]
    )

    async def story(http: Http) -> None:
        responses: list[httpx.Response] = [
            await http.get(f"/{canary}"),
            await http.get(f"/Patient/{canary}"),
            await http.get(f"/Patient?{canary}={canary}"),
            await http.get(f"/Patient?birthdate={canary}"),
            await http.get(f"/Patient?identifier:{canary}={canary}"),
            await http.get(f"/Patient?_sort={canary}&_include={canary}"),
            await http.get(f"/Patient?_page={canary}"),
            await http.post("/Patient", json=hidden),
            await http.post("/Patient", json={"resourceType": canary, canary: canary}),
            await http.post("/Patient", json=hidden, headers={"If-None-Exist": f"{canary}={canary}"}),
            await http.put("/Patient/p", json=hidden | {"id": canary}),
            await http.put("/Patient/p", json=hidden, headers={"If-Match": canary}),
            await http.post("/Patient", content=f'{{"{canary}": {canary}'.encode()),
            await http.post("/", json=bundle(entry(canary, canary))),
            await http.post("/", json=bundle(entry("GET", canary))),
            await http.post("/", json=bundle(entry("POST", "Patient", hidden, canary, ifNoneExist=f"{canary}={canary}"))),
        ]
        for response in responses:
            assert 400 <= response.status_code < 500, response.text
            assert canary not in response.text + str(response.headers)

    visit(story)
