"""The probe, in front of a sandbox as it is, of one without this and that, and of servers that are none. What stays is counted there."""
from __future__ import annotations

import asyncio
import doctest
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from adapter.bundle import Policy
from adapter.commands import probe as command
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Kept
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.endpoints import load
from adapter.delivery.probe import How, Profile, Row, Wanted, asking, person, probe, proposed
from adapter.delivery.probe.needed import SEARCHES
from adapter.returns.pull import pull, who_is
from adapter.sandbox import LACKS
from mappings.findings import is_nhs_number
from tests.hospital import FHIR_JSON, WHOLE, Hospital, Resource

Handler = Callable[[httpx.Request], Awaitable[httpx.Response | None]]
READ = ["server", "says", "json", "xml", "request-id", "search-patient", "search-rows", "search-all", "search-shared", "unknown-parameter",
        "history"]
WRITTEN = ["update-as-create", "same-again", "if-match", "conditional-create", "conditional-update", "found-at-once", "paging", "versions",
           "transaction", "all-or-nothing", "batch", "conditional-reference", "identifier-reference", "dangling-reference", "size",
           "decimals", "offsets", "partial-dates", "text", "unknown-extension", "tags", "xml-write", "checks-elements", "checks-required",
           "checks-codes", "checks-profiles", "whole", "removed"]
LENIENT = {"dangling-reference", "checks-elements", "checks-required", "checks-codes", "checks-profiles"}
KINDS = ("Patient", "RelatedPerson", "Encounter", "MedicationStatement", "AllergyIntolerance", "Immunization", "List")


class Probed(Hospital):
    """A sandbox that is probed. `answers`: what says something else in its place."""

    def __init__(self, without: Sequence[str] = (), answers: Handler | None = None) -> None:
        super().__init__(without)
        self.before = answers
        self.rows: list[Row] = []

    def asked(self, *, write: bool = True, requests: int = asking.REQUESTS, seconds: float = 30.0) -> dict[str, Row]:
        return asyncio.run(self.aasked(Wanted(write, requests, seconds)))

    async def aasked(self, wanted: Wanted) -> dict[str, Row]:
        self.rows = []
        limits = Limits(attempts=1, answer_bytes=16 << 20, whole_answer=20.0)
        async with FhirClient("http://h.example/", transport=httpx.MockTransport(self._carry), limits=limits) as client:
            rows = await probe(client, wanted, self.rows.append)
        assert rows == self.rows
        return {row.name: row for row in rows}

    def stays(self) -> list[str]:
        """What stands there."""
        return [f"{kind}/{each['id']}" for kind in KINDS for each in self.has(kind)]

    @property
    def bodies(self) -> list[Resource]:
        sent = [json.loads(request.content) for request in self.wire if request.content and b"<" not in request.content[:1]]
        return [entry.get("resource", {}) for each in sent for entry in each.get("entry", [{"resource": each}])]


def how(rows: dict[str, Row]) -> dict[str, How]:
    return {name: row.how for name, row in rows.items()}


# ---- what is asked --------------------------------------------------------------------------------------------------------------
def test_by_reading_alone_it_says_much_and_changes_nothing() -> None:
    hospital = Probed()
    hospital.registers()
    rows = hospital.asked(write=False)
    assert list(rows) == READ
    assert set(how(rows).values()) == {How.YES}
    assert {request.method for request in hospital.wire} == {"GET"}
    assert hospital.writes() == 1
    assert not any("9990000018" in str(request.url) or request.url.path.strip("/") == "Patient" and not request.url.query
                   for request in hospital.wire)  # nobody who is real is asked for


def test_by_writing_it_knows_all_and_nothing_of_it_stays() -> None:
    hospital = Probed()
    theirs = hospital.registers()
    rows = hospital.asked()
    assert list(rows) == READ + WRITTEN
    assert {name for name, what in how(rows).items() if what is not How.YES} == LENIENT
    assert {how(rows)[name] for name in LENIENT} == {How.AS_IT_IS}
    assert hospital.stays() == [f"Patient/{theirs['id']}"]
    assert rows["whole"].came == "9 created; then 9 unchanged"
    assert len(hospital.wire) < asking.REQUESTS


def test_all_that_is_made_is_of_nobody_and_marked_as_test_data() -> None:
    hospital = Probed()
    hospital.asked()
    made = [each for each in hospital.bodies if each]
    assert len(made) > 30
    assert all({"HTEST"} <= {tag["code"] for tag in each["meta"]["tag"]} for each in made)
    runs = {next(i["value"] for i in each["identifier"] if i["system"] == person.SYSTEM).partition(".")[0] for each in made}
    numbers = {i["value"] for each in made for i in each["identifier"] if "nhs-number" in i["system"]}
    (number,) = numbers
    assert (len(runs), number[:3], is_nhs_number(number)) == (1, "999", True)
    assert [number] == [i["value"] for i in made[0]["identifier"][2:]]


LACKING = [
    (("transaction",), {"says": How.YES, "transaction": How.NO, "batch": How.YES}, ("batch", "logical")),
    (("transaction", "batch"), {"says": How.NO, "transaction": How.NO, "batch": How.NO, "whole": How.YES}, ("single", "logical")),
    (("transaction", "batch", "dangling"), {"dangling-reference": How.YES, "whole": How.YES}, ("single", "logical")),
    (("batch",), {"batch": How.NO}, ("transaction", "logical")),
    (("dangling",), {"dangling-reference": How.YES, "all-or-nothing": How.YES}, ("transaction", "logical")),
    (("if-match",), {"if-match": How.NO}, ("transaction", "logical")),
    (("conditional-create",), {"conditional-create": How.NO}, ("transaction", "logical")),
    (("update-as-create",), {"update-as-create": How.NO, "removed": How.YES}, None),
]


@pytest.mark.parametrize(("without", "rows", "wanted"), LACKING, ids=lambda value: "+".join(value) if isinstance(value, tuple) else "")
def test_what_a_server_lacks_is_found_out_and_what_is_left_is_proposed(
        without: tuple[str, ...], rows: dict[str, How], wanted: tuple[str, str] | None) -> None:
    hospital = Probed(without)
    found = hospital.asked()
    assert {name: how(found)[name] for name in rows} == rows
    profile = proposed(list(found.values()))
    assert (profile and (profile.sending, profile.directory)) == wanted
    assert hospital.stays() == []
    if "whole" in found:
        assert found["whole"].how is How.YES


def test_everything_that_a_sandbox_may_lack_is_found_out() -> None:
    assert {word for without, _, _ in LACKING for word in without} == set(LACKS)


def test_a_create_that_passes_over_its_condition_is_told_and_not_proposed() -> None:
    rows = list(Probed(["conditional-create"]).asked().values())
    profile = proposed(rows)
    assert profile
    assert 'not "create-if-missing"' in profile.toml("ward", "https://ward.example/")


@pytest.mark.parametrize(("limit", "most"), [(300_000, 256 * 1024), (2_000_000, 1024 * 1024)])
def test_the_largest_write_that_is_taken_is_proposed(limit: int, most: int) -> None:
    async def small(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(413) if len(request.content) > limit else None

    rows = Probed(answers=small).asked()
    profile = proposed(list(rows.values()))
    assert (rows["size"].how, rows["size"].number, profile and profile.most_bytes) == (How.NO, most, most)


def _changing(old: str, new: str) -> Handler:
    """In what is read of a single resource."""
    hospital = Hospital()

    async def change(request: httpx.Request) -> httpx.Response | None:
        if request.method != "GET" or request.url.path.count("/") != 2:
            return None
        response = await hospital.app.handle_async_request(request)
        await response.aread()
        return httpx.Response(response.status_code, headers=FHIR_JSON, content=response.content.replace(old.encode(), new.encode()))

    change.hospital = hospital  # type: ignore[attr-defined]
    return change


@pytest.mark.parametrize(("old", "new", "name"), [
    ('"value":0.50', '"value":0.5', "decimals"), ("2026-01-05T10:00:00+00:00", "2026-01-05T10:00:00Z", "offsets"),
    ('"2025-02"', '"2025-02-01"', "partial-dates"), ("\\n", " ", "text"),
    ('"extension":', '"_extension":', "unknown-extension"), ('"tag":', '"_tag":', "tags"),
    ('"informationSource":', '"_informationSource":', "identifier-reference")])
def test_what_a_server_changes_is_seen(old: str, new: str, name: str) -> None:
    answers = _changing(old, new)
    hospital = Probed(answers=answers)
    hospital.app = answers.hospital.app  # type: ignore[attr-defined]
    assert how(hospital.asked())[name] is How.NO


def _bundles(hospital: Probed, kind: str, change: Callable[[Resource], Resource]) -> Handler:
    """What is posted as a transaction is taken as something else."""
    async def answers(request: httpx.Request) -> httpx.Response | None:
        sent = json.loads(request.content) if request.method == "POST" and request.url.path == "/" else {}
        if sent.get("type") != "transaction":
            return None
        said = await hospital.aask("POST", "/", change({**sent, "type": kind}))
        return httpx.Response(200, headers=FHIR_JSON, content=json.dumps({**said, "type": "transaction-response"}).encode())

    return answers


def _without_dangling(sent: Resource) -> Resource:
    """References to nothing are taken, as some servers do."""
    urls = {entry.get("fullUrl") for entry in sent["entry"]}
    for entry in sent["entry"]:
        subject = entry["resource"].get("subject", {})
        if str(subject.get("reference")).startswith("urn:") and subject["reference"] not in urls:
            entry["resource"]["subject"] = {"display": "nobody"}
    return sent


def test_a_transaction_that_is_a_batch_in_truth_is_found_out_and_not_proposed() -> None:
    hospital = Probed()
    hospital.before = _bundles(hospital, "batch", lambda sent: sent)
    rows = hospital.asked()
    profile = proposed(hospital.rows)
    assert how(rows)["all-or-nothing"] is How.NO
    assert profile
    assert profile.sending == "batch"


def test_where_references_to_nothing_are_taken_a_stale_version_shows_whether_it_is_all_or_nothing() -> None:
    hospital = Probed()

    async def refuses(request: httpx.Request) -> httpx.Response | None:
        try:
            return await _bundles(hospital, "transaction", _without_dangling)(request)
        except AssertionError:  # the sandbox refused it
            return httpx.Response(412, headers=FHIR_JSON, content=b'{"resourceType":"OperationOutcome","issue":[]}')

    hospital.before = refuses
    rows = hospital.asked()
    assert (how(rows)["all-or-nothing"], rows["all-or-nothing"].came) == (How.YES, "412; the other one is not there")


# ---- what it says of itself ------------------------------------------------------------------------------------------------------
def saying(**stated: object) -> Probed:
    """A sandbox that says of itself something else."""
    hospital = Probed()

    async def answers(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.strip("/") != "metadata":
            return None
        said = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", **stated}
        return httpx.Response(200, headers=FHIR_JSON, content=json.dumps(said).encode())

    hospital.before = answers
    return hospital


@pytest.mark.parametrize(("version", "came", "others"), [
    ("3.0.2", "FHIR 3.0.2", 0), ("4.3.0-cibuild", "FHIR 4.3.0", 0), ("5.0.0", "FHIR 5.0.0", 0),
    (None, "FHIR of a version that it does not say", len(READ) - 1), ("Zyxwv", "FHIR of a version that it does not say", len(READ) - 1)])
def test_fhir_of_another_version_is_named_and_not_asked_on(version: str | None, came: str, others: int) -> None:
    rows = saying(fhirVersion=version).asked(write=False)
    assert rows["server"].came.endswith(f"; {came}")
    assert (rows["server"].how, len(rows) - 1, proposed(list(rows.values()))) == (How.NO, others, None)


def test_that_nobody_is_found_does_not_say_that_earlier_versions_are_kept() -> None:
    kept = [{"resource": [{"type": "List", "interaction": [{"code": "history-instance"}]}]}]
    assert [saying(rest=rest).asked(write=False)["history"].how for rest in ([], kept)] == [How.UNKNOWN, How.YES]


def test_a_server_that_passes_over_versions_is_proposed_with_a_warning() -> None:
    ended, said = told(Probed(["if-match"]))
    assert ended is Exit.DONE
    assert "[endpoint.h]\n# Beware: it passes over the version we read (If-Match), so an edit" in "\n".join(said)
    assert "Beware" not in "\n".join(told(Probed())[1])


# ---- servers that are none, and hostile ones ------------------------------------------------------------------------------------
async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65536
        await asyncio.sleep(0)


async def _hangs() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(60)


ODD: dict[str, Callable[[], httpx.Response]] = {
    "a page": lambda: httpx.Response(200, html="<html>log in</html>"),
    "no FHIR": lambda: httpx.Response(200, json={"hello": 1}),
    "something else": lambda: httpx.Response(200, headers=FHIR_JSON, content=b'{"resourceType":"Flag"}'),
    "odd inside": lambda: httpx.Response(200, headers=FHIR_JSON, content=(
        b'{"resourceType":"Bundle","type":[1],"entry":[1,{"resource":7,"response":[]},{"response":{"status":{"a":1},"location":[2]}}],'
        b'"link":[{"relation":"next","url":{"a":1}}],"meta":[3],"identifier":{"a":1},"software":[],"fhirVersion":{},"issue":[4]}')),
    "a redirect": lambda: httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
    "in circles": lambda: httpx.Response(302, headers={"Location": "http://h.example/metadata"}),
    "without end": lambda: httpx.Response(200, headers=FHIR_JSON, content=_endless()),
    "hanging": lambda: httpx.Response(200, headers=FHIR_JSON, content=_hangs()),
    "nothing": lambda: httpx.Response(204),
    "locked": lambda: httpx.Response(401),
    "broken": lambda: httpx.Response(500),
    "cut off": lambda: httpx.Response(200, headers=FHIR_JSON, content=b'{"resourceType":"Cap'),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_fhir_server_is_one_row_and_no_other_question(odd: str) -> None:
    async def answers(request: httpx.Request) -> httpx.Response:
        return ODD[odd]()

    hospital = Probed(answers=answers)
    rows = hospital.asked(seconds=0.5)
    assert (list(rows), proposed(hospital.rows)) == (["server"], None)
    assert rows["server"].how is (How.UNKNOWN if odd == "hanging" else How.NO)
    assert len(hospital.wire) <= 5


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("of", ["everything but metadata", "writes", "reads of one"])
def test_a_server_that_turns_odd_ends_in_rows_and_in_time(odd: str, of: str) -> None:
    hospital = Probed()

    async def answers(request: httpx.Request) -> httpx.Response | None:
        path, reads = request.url.path.strip("/"), request.method == "GET"
        if path == "metadata" or of == "writes" and reads or of == "reads of one" and not (reads and path.count("/") == 1):
            return None
        return ODD[odd]()

    hospital.before = answers
    rows = hospital.asked(seconds=1.0)
    assert set(READ) <= set(rows)
    assert all(isinstance(row.came, str) and "elsewhere.example/" not in row.came for row in rows.values())
    profile = proposed(hospital.rows)
    assert profile is None or "whole" not in rows or rows["whole"].how is not How.YES or of == "reads of one"


def test_where_a_search_finds_others_nothing_is_written() -> None:
    """Its conditional create might hit somebody who is real."""
    hospital = Probed()
    everybody = hospital.registers()

    async def all_of_them(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/Patient":
            return None
        page = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": everybody}]}
        return httpx.Response(200, headers=FHIR_JSON, content=json.dumps(page).encode())

    hospital.before = all_of_them
    rows = hospital.asked()
    assert rows["update-as-create"].how is How.UNKNOWN
    assert {request.method for request in hospital.wire} == {"GET"}


# ---- what is left behind ----------------------------------------------------------------------------------------------------------
def test_what_cannot_be_removed_is_named_with_its_address() -> None:
    async def keeps(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(405) if request.method == "DELETE" else None

    hospital = Probed(answers=keeps)
    rows = hospital.asked()
    stays = hospital.stays()
    assert (rows["removed"].how, len(stays) > 20) == (How.NO, True)
    assert all(f"http://h.example/{each}" in rows["removed"].came for each in stays)


def test_a_server_that_leads_us_to_somebody_real_does_not_make_us_remove_her() -> None:
    hospital = Probed()
    real = hospital.registers()

    async def misleads(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        headers = dict(response.headers)
        if request.method == "POST":
            headers["location"] = f"http://h.example/Patient/{real['id']}/_history/1"
        return httpx.Response(response.status_code, headers=headers, content=response.content)

    hospital.after = misleads
    assert hospital.asked()["removed"].how is How.YES
    assert hospital.stays() == [f"Patient/{real['id']}"]


def test_what_cannot_be_read_is_not_removed() -> None:
    """It is not known whose it is: that is named, and left."""
    hospital = Probed()
    real = hospital.registers()

    async def hides(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.method == "GET" and request.url.path == f"/Patient/{real['id']}" else None

    async def misleads(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        headers = dict(response.headers)
        if request.method == "POST":
            headers["location"] = f"http://h.example/Patient/{real['id']}/_history/1"
        return httpx.Response(response.status_code, headers=headers, content=response.content)

    hospital.before, hospital.after = hides, misleads
    removed = hospital.asked()["removed"]
    assert (removed.how, f"http://h.example/Patient/{real['id']}" in removed.came) == (How.NO, True)
    assert "DELETE" not in {request.method for request in hospital.wire if real["id"] in str(request.url)}


@pytest.mark.parametrize("at", [1, 2, 5, 12, 20, 30])
def test_interrupted_anywhere_it_removes_what_it_made(at: int) -> None:
    """Also what was taken and not answered any more."""
    hospital = Probed()

    async def story() -> None:
        writes = [0]

        async def interrupts(request: httpx.Request) -> httpx.Response | None:
            writes[0] += request.method in ("PUT", "POST")
            if writes[0] == at and request.method != "DELETE":
                await hospital.app.handle_async_request(request)
                writes[0] += 1
                task.cancel()
                await asyncio.sleep(60)
            return None

        hospital.before = interrupts
        task = asyncio.create_task(hospital.aasked(Wanted(write=True)))
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert (hospital.rows[-1].name, hospital.rows[-1].how, hospital.stays()) == ("removed", How.YES, [])


@pytest.mark.parametrize("requests", [1, 20, 50, 80])
def test_so_many_requests_and_no_more_and_what_was_made_is_removed(requests: int) -> None:
    hospital = Probed()
    rows = hospital.asked(requests=requests)
    asked = [request for request in hospital.wire if request.method != "DELETE"]
    assert (hospital.stays(), rows["removed"].how if requests > 20 else How.YES) == ([], How.YES)
    assert len(asked) < 3 * requests + 40
    assert any("is used up" in row.came for row in rows.values())


# ---- what we need is what we ask ---------------------------------------------------------------------------------------------------
def test_the_searches_of_the_table_are_those_that_are_made() -> None:
    hospital = Hospital()
    hospital.ask("POST", "/Organization", {"resourceType": "Organization", "identifier": [
        {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Y99901"}]})
    asked = set[tuple[str, frozenset[str]]]()
    for policy in (Policy("create-if-missing"), Policy("create-if-missing", directory="existing")):
        hospital.send(WHOLE, policy)
        asked |= _searches(hospital.wire)

    async def pulled() -> None:
        async def no_everything(request: httpx.Request) -> httpx.Response | None:
            gone = httpx.Response(404, headers=FHIR_JSON, content=b'{"resourceType":"OperationOutcome"}')
            return gone if "$" in str(request.url) else None

        hospital.before = no_everything
        async with FhirClient("http://h.example/", transport=httpx.MockTransport(hospital._carry), limits=Limits(attempts=1)) as client:
            await pull(client, who_is(WHOLE))

    hospital.wire.clear()
    asyncio.run(pulled())
    asked |= _searches(hospital.wire)
    table = {(kind, frozenset(name for name, _ in search.asks)) for search in SEARCHES for kind in search.types}
    ours = {kind for kind, _ in table}
    assert {each for each in asked if each[0] in ours} <= table
    assert {search.name for search in SEARCHES if any((kind, frozenset(n for n, _ in search.asks)) in asked for kind in search.types)} == {
        search.name for search in SEARCHES}


def _searches(wire: Sequence[httpx.Request]) -> set[tuple[str, frozenset[str]]]:
    return {(request.url.path.strip("/"), frozenset(request.url.params.keys())) for request in wire
            if request.method == "GET" and request.url.path.count("/") == 1 and request.url.query}


# ---- the command ---------------------------------------------------------------------------------------------------------------------
def told(hospital: Probed, out: Path | None = None, *, write: bool = True, as_json: bool = False,
         seconds: float = 30.0) -> tuple[Exit, list[str]]:
    client = FhirClient("https://h.example/", transport=httpx.MockTransport(hospital._carry), limits=Limits(attempts=1))
    talk = Kept(as_json)
    ended = command.ask(client, "h", Wanted(write=write, seconds=seconds), out, talk)
    return ended, [line.decode() if isinstance(line, bytes) else line for _, line in talk.said]


def test_what_is_proposed_is_a_section_that_can_be_used(tmp_path: Path) -> None:
    out = tmp_path / "redbag.toml"
    ended, said = told(Probed(["transaction"]), out)
    assert ended is Exit.DONE
    text, endpoint = out.read_text(), load(out, {}).endpoint("h")
    assert (endpoint.sending, endpoint.form, endpoint.patient, endpoint.directory) == ("batch", "json", "match", "logical")
    assert text.rstrip() in "\n".join(said)
    with pytest.raises(Stop, match="is there already"):
        told(Probed(), out)
    assert out.read_text() == text
    with pytest.raises(Stop, match="nowhere is no folder: make it"):
        told(Probed(), tmp_path / "nowhere" / "redbag.toml")
    assert not (tmp_path / "nowhere").exists()


def test_for_programs_each_row_is_a_line() -> None:
    ended, said = told(Probed(), as_json=True)
    lines = [json.loads(line) for line in said if line.startswith("{")]
    assert [next(iter(line)) for line in lines] == ["row"] * len(READ + WRITTEN) + ["profile", "result"]
    assert lines[0]["row"]["how"] == "yes"
    assert set(lines[0]["row"]) == {"name", "question", "asked", "came", "means", "how"}
    assert (lines[-1]["result"]["exit"], lines[-1]["result"]["sending"], ended) == (0, "transaction", Exit.DONE)


@pytest.mark.parametrize(("odd", "ended"), [("a page", Exit.NOTHING), ("hanging", Exit.AGAIN), ("locked", Exit.NOTHING)])
def test_how_it_ends_where_nothing_can_be_asked(odd: str, ended: Exit) -> None:
    async def answers(request: httpx.Request) -> httpx.Response:
        return ODD[odd]()

    assert told(Probed(answers=answers), write=False, seconds=0.3)[0] is ended


def test_how_it_ends_where_something_stays() -> None:
    async def keeps(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(405) if request.method == "DELETE" else None

    assert told(Probed(answers=keeps))[0] is Exit.PERSON


def test_a_section_says_what_was_only_said_and_what_was_tried() -> None:
    said, tried = [proposed(list(Probed().asked(write=write).values())) for write in (False, True)]
    assert isinstance(said, Profile)
    assert isinstance(tried, Profile)
    assert "it was not tried" in said.toml("a", "https://a.example/")
    assert '# tried' in tried.toml("a", "https://a.example/")


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(person).failed == 0
