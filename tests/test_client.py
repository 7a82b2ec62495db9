"""The FHIR client, judged by what arrives at the transport: tries are counted there, time is injected, no server value is repeated."""
from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from adapter.delivery.address import base_address, shown
from adapter.delivery.answer import (
    Ambiguous,
    Answer,
    AnsweredByAnother,
    BadAddress,
    BadAnswer,
    ClientError,
    ConnectionRefused,
    CutOff,
    NameUnknown,
    NoAnswer,
    NotAsked,
    NotFhir,
    PagingProblem,
    ProxyFailed,
    RedirectRefused,
    TlsFailed,
    TooLarge,
    Unreachable,
)
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.deadline import within
from adapter.delivery.retry import Clock, retry_after

BASE = "https://hospital.example/fhir"
CANARY = "9990000018"
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "id": "p1"}
FHIR_JSON = {"Content-Type": "application/fhir+json"}


class Story:
    """A server that answers from a list, and a clock that only remembers how long it was asked to wait."""

    def __init__(self, *answers: Any, **limits: Any) -> None:
        self.answers, self.requests, self.waits = list(answers), list[httpx.Request](), list[float]()
        self.limits = Limits(**limits)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        said = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(said, Exception):
            raise said
        return said(request) if callable(said) else said

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def tell(self, act: Callable[[FhirClient], Coroutine[Any, Any, Any]]) -> Any:
        async def once() -> Any:
            clock = Clock(lambda: NOW, self.sleep, lambda: 0.5)
            async with FhirClient(BASE, transport=httpx.MockTransport(self.answer), limits=self.limits, clock=clock) as client:
                return await act(client)

        return asyncio.run(once())

    def get(self) -> Answer:
        answer: Answer = self.tell(lambda client: client.get("Patient", [("identifier", CANARY)]))
        return answer

    def post(self) -> Answer:
        answer: Answer = self.tell(lambda client: client.post("", {"resourceType": "Bundle", "type": "transaction"}))
        return answer

    def pages(self) -> list[Answer]:
        async def every(client: FhirClient) -> list[Answer]:
            return [page async for page in client.pages("Condition", [("patient", CANARY)])]

        found: list[Answer] = self.tell(every)
        return found


def fhir(resource: Any = PATIENT, status: int = 200, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    sent = {"Content-Type": "application/fhir+json; charset=utf-8"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda request: httpx.Response(status, content=json.dumps(resource).encode(), headers=sent)


# ---- what is tried again -------------------------------------------------------------------------------------------------
NEVER_LEFT = [httpx.ConnectError("refused"), httpx.ConnectTimeout(""), httpx.PoolTimeout("")]
AFTER_LEAVING = [httpx.ReadTimeout(""), httpx.ReadError(""), httpx.WriteTimeout(""), httpx.WriteError(""), httpx.RemoteProtocolError("")]


@pytest.mark.parametrize("error", NEVER_LEFT, ids=lambda e: type(e).__name__)
def test_what_never_reached_the_server_is_tried_again_reads_and_writes_alike(error: Exception) -> None:
    for act in (Story.get, Story.post):
        story = Story(error, error, fhir())
        assert act(story).ok
        assert len(story.requests) == 3
        assert story.waits == [0.25, 0.5]  # full jitter with dice of one half


@pytest.mark.parametrize("error", NEVER_LEFT, ids=lambda e: type(e).__name__)
def test_a_server_that_stays_away_is_unreachable_and_nothing_was_sent(error: Exception) -> None:
    story = Story(error, attempts=3)
    with pytest.raises(Unreachable, match="nothing was sent"):
        story.post()
    assert len(story.requests) == 3


@pytest.mark.parametrize("error", AFTER_LEAVING, ids=lambda e: type(e).__name__)
def test_a_write_that_left_is_never_tried_again_and_is_ambiguous(error: Exception) -> None:
    story = Story(error, fhir())
    with pytest.raises(Ambiguous, match="may or may not have been taken"):
        story.post()
    assert len(story.requests) == 1


@pytest.mark.parametrize("error", AFTER_LEAVING, ids=lambda e: type(e).__name__)
def test_a_read_that_left_is_tried_again(error: Exception) -> None:
    story = Story(error, fhir())
    assert story.get().ok
    assert len(story.requests) == 2
    lost = Story(error, attempts=2)
    with pytest.raises(NoAnswer):
        lost.get()
    assert len(lost.requests) == 2


def because(error: Exception, *causes: BaseException) -> Exception:
    """As transports raise it: what the machine said is underneath."""
    for outer, inner in pairwise([error, *causes]):
        outer.__cause__ = inner
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "alert")
    error.reason = reason
    return error


WHY_NOT_REACHED = {
    "refused": (because(httpx.ConnectError(""), OSError("all failed"), ConnectionRefusedError()), ConnectionRefused),
    "no such name": (because(httpx.ConnectError(""), socket.gaierror(-2, "unknown")), NameUnknown),
    "a certificate nobody knows": (because(httpx.ConnectError(""), ssl.SSLCertVerificationError()), TlsFailed),
    "no TLS there": (because(httpx.ConnectError(""), ssl.SSLError(1, "WRONG_VERSION_NUMBER")), TlsFailed),
    "hung up while greeting": (because(httpx.ConnectError(""), OSError(), ssl.SSLEOFError()), Unreachable),
    "too slow to greet": (httpx.ConnectTimeout(""), Unreachable),
    "our own connections": (httpx.PoolTimeout(""), NotAsked),
    "the proxy": (httpx.ProxyError("407"), ProxyFailed),
    "our certificate, told late": (because(httpx.ReadError(""), alert("TLSV13_ALERT_CERTIFICATE_REQUIRED")), TlsFailed),
    "our authority, told late": (because(httpx.WriteError(""), OSError(), alert("TLSV1_ALERT_UNKNOWN_CA")), TlsFailed),
}


@pytest.mark.parametrize("case", WHY_NOT_REACHED)
def test_why_a_server_was_not_reached_is_known_by_class(case: str) -> None:
    error, kind = WHY_NOT_REACHED[case]
    story = Story(error)
    with pytest.raises(Unreachable, match="nothing was sent") as raised:
        story.post()
    assert type(raised.value) is kind
    assert len(story.requests) == (1 if kind is TlsFailed else 4)  # a certificate does not get better


@pytest.mark.parametrize("reason", ["TLSV1_ALERT_INTERNAL_ERROR", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "CERTIFICATE_VERIFY_FAILED"])
def test_what_goes_wrong_under_way_is_not_said_to_be_unsent(reason: str) -> None:
    with pytest.raises(Ambiguous):
        Story(because(httpx.ReadError(""), alert(reason))).post()


def test_a_cut_off_answer_to_a_read_is_asked_for_again() -> None:
    story = Story(raw(b'{"resourceType": "Patient", "id"'), fhir())
    assert (story.get().ok, len(story.requests)) == (True, 2)


def test_what_took_longer_than_our_patience_is_not_tried_again() -> None:
    story = Story(httpx.ReadTimeout(""), fhir(), patience=0.0)
    with pytest.raises(NoAnswer):
        story.get()
    assert len(story.requests) == 1


def test_when_the_time_is_over_nothing_more_is_asked() -> None:
    async def late(client: FhirClient) -> None:
        with within(60.0), within(0.0):
            await client.get("metadata")

    story = Story(fhir())
    with pytest.raises(Unreachable, match="the time for one resident is over; nothing was sent"):
        story.tell(late)
    assert not story.requests
    assert story.get().ok


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_answer_to_a_read_is_waited_out_and_to_a_write_is_handed_over(status: int) -> None:
    reading = Story(fhir(status=status), fhir())
    assert reading.get().ok
    assert len(reading.requests) == 2
    writing = Story(fhir(status=status, Retry_After="9"), fhir())
    answer = writing.post()
    assert (answer.status, answer.retry_after, len(writing.requests)) == (status, 9.0, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 422, 500])
def test_other_errors_are_answers_at_once(status: int) -> None:
    for act in (Story.get, Story.post):
        story = Story(fhir(status=status), fhir())
        assert act(story).status == status
        assert len(story.requests) == 1


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (" 0 ", 0.0), ("Tue, 03 Nov 2026 09:00:30 GMT", 30.0),
                                                 ("Tue, 03 Nov 2026 08:00:00 GMT", 0.0)])
def test_retry_after_wins_in_seconds_or_as_a_date(header: str, seconds: float) -> None:
    story = Story(fhir(status=503, Retry_After=header), fhir())
    assert story.get().ok
    assert story.waits == [seconds]


@pytest.mark.parametrize("header", ["", "soon", "-3", "1.5", "²", "Tue, 99 Nov 2026 09:00:30 GMT",
                                    "1 Jan 10000000000000000000000 00:00:00", "1 Jan 2026 00:00:00 +99999999999999"])
def test_a_retry_after_that_says_nothing_is_not_believed(header: str) -> None:
    assert retry_after(header, NOW) is None


def test_a_minute_is_waited_and_not_a_second_more() -> None:
    story = Story(fhir(status=429, Retry_After="60"), fhir(status=429, Retry_After="61"), fhir())
    assert story.get().status == 429
    assert story.waits == [60.0]


def test_who_asks_for_an_hour_is_not_waited_for() -> None:
    story = Story(fhir(status=429, Retry_After="3600"), fhir())
    answer = story.get()
    assert (answer.status, answer.retry_after, len(story.requests), story.waits) == (429, 3600.0, 1, [])


def test_a_busy_server_is_given_up_with_its_own_last_answer() -> None:
    story = Story(fhir(status=429), fhir(status=503), attempts=2)
    assert story.get().status == 503


def test_a_retry_is_the_same_request_and_another_request_is_another() -> None:
    story = Story(httpx.ConnectError("refused"), fhir())

    async def twice(client: FhirClient) -> None:
        await client.post("", {"resourceType": "Bundle"})
        await client.post("", {"resourceType": "Bundle"})

    story.tell(twice)
    ids = [r.headers["X-Request-ID"] for r in story.requests]
    assert ids[0] == ids[1] != ids[2]
    assert len({r.content for r in story.requests}) == 1


def test_a_request_id_can_be_given() -> None:
    story = Story(fhir())
    answer = story.tell(lambda client: client.post("", PATIENT, headers={"X-Request-ID": "kept"}))
    assert story.requests[0].headers["X-Request-ID"] == answer.request_id == "kept"


def test_bytes_are_posted_as_they_are_under_the_id_that_is_given() -> None:
    story = Story(httpx.ConnectError("refused"), fhir())
    story.tell(lambda client: client.post_bytes("$process-message", b'{ "as": 1.50 }', "application/fhir+json; version=1.4.0",
                                                headers={"X-Correlation-ID": "case"}, request_id="kept"))
    assert {r.content for r in story.requests} == {b'{ "as": 1.50 }'}
    said = [(r.headers["Content-Type"], r.headers["X-Request-ID"], r.headers["X-Correlation-ID"]) for r in story.requests]
    assert said == [("application/fhir+json; version=1.4.0", "kept", "case")] * 2
    with pytest.raises(Ambiguous):
        Story(httpx.ReadTimeout("late")).tell(lambda client: client.post_bytes("", b"{}", "application/fhir+json"))


@pytest.mark.parametrize(("said", "asked"), [("jobs/7", f"{BASE}/jobs/7"), ("/elsewhere/7", "https://hospital.example/elsewhere/7"),
                                             (f"{BASE}/jobs/7?a=b", f"{BASE}/jobs/7?a=b")])
def test_where_the_server_says_to_ask_is_asked(said: str, asked: str) -> None:
    story = Story(fhir(status=202, **{"Content-Location": said}), fhir())

    async def ask(client: FhirClient) -> Answer:
        return await client.ask((await client.post("", PATIENT)).location or "")

    assert story.tell(ask).ok
    assert str(story.requests[1].url) == asked


@pytest.mark.parametrize("said", ["https://elsewhere.example/7", "http://hospital.example/fhir/7", "https://[", "//elsewhere.example/7"])
def test_nobody_else_is_asked_what_became_of_it(said: str) -> None:
    story = Story(fhir())
    with pytest.raises(RedirectRefused):
        story.tell(lambda client: client.ask(said))
    assert story.requests == []


# ---- what is taken for an answer -----------------------------------------------------------------------------------------
def raw(content: bytes, kind: str = "application/fhir+json", status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"Content-Type": kind, **headers})


BAD_ANSWERS = {
    "JSON that is no FHIR": (raw(b'{"a": "9990000018"}', "application/json"), "is JSON and not FHIR"),
    "a page of a portal": (raw(b"<html>9990000018</html>", "text/html"), "text/html, not FHIR JSON"),
    "no stated type": (httpx.Response(200, content=b"{}"), "of no stated type"),
    "not JSON": (raw(b'{"a": '), "cannot be read"),
    "not UTF-8": (raw(b'{"a": "\xff"}'), "cannot be read"),
    "two values for one key": (raw(b'{"a": 1, "a": 9990000018}'), "cannot be read"),
    "a list": (raw(b"[1]"), "cannot be read"),
    "nested without end": (raw(b'{"a":' * 5000 + b"1" + b"}" * 5000), "cannot be read"),
}


@pytest.mark.parametrize(("body", "kind", "reading"), [
    (b'{"resourceType": "Pat', "application/fhir+json", CutOff),
    (b'<Patient xmlns="http://hl7.org/fhir"><id', "application/fhir+xml", CutOff),
    (b'{"a": 1, "a": 1}', "application/json", BadAnswer), (b"<html>Log in</html>", "text/html", NotFhir)])
def test_what_is_wrong_with_an_answer_is_known_by_class(body: bytes, kind: str, reading: type[Exception]) -> None:
    with pytest.raises(BadAnswer) as read:
        Story(raw(body, kind)).get()
    with pytest.raises(Ambiguous) as written:
        Story(raw(body, kind)).post()
    assert (type(read.value), type(written.value)) == (reading, AnsweredByAnother if reading is NotFhir else Ambiguous)


@pytest.mark.parametrize(("sent", "said", "echoed"), [
    ({}, {"X-Request-ID": "kept"}, True), ({}, {"X-Request-ID": "other"}, False), ({}, {}, False),
    ({"X-Correlation-ID": "case"}, {"X-Request-ID": "kept"}, False),
    ({"X-Correlation-ID": "case"}, {"X-Request-ID": "kept", "X-Correlation-ID": "case"}, True)])
def test_whether_the_ids_came_back_is_known(sent: dict[str, str], said: dict[str, str], echoed: bool) -> None:
    story = Story(httpx.Response(200, headers={**FHIR_JSON, **said}))
    answer = story.tell(lambda client: client.post("", PATIENT, headers={"X-Request-ID": "kept", **sent}))
    assert answer.echoed is echoed


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_an_answer_that_is_not_fhir_json_is_refused_by_name_without_its_values(case: str) -> None:
    answer, says = BAD_ANSWERS[case]
    with pytest.raises(BadAnswer, match=says) as reading:
        Story(answer).get()
    with pytest.raises(Ambiguous, match=says) as writing:  # the write was answered 200: something was done
        Story(answer).post()
    assert CANARY not in f"{reading.value} {writing.value}"


def test_an_error_page_does_not_hide_the_status() -> None:
    answer = Story(raw(b"<html>gateway</html>", "text/html", 500)).get()
    assert (answer.status, answer.resource) == (500, None)


def test_decimals_stay_as_written_and_an_empty_answer_is_none() -> None:
    answer = Story(raw(b'{"resourceType": "Observation", "value": 1.50}')).get()
    assert str((answer.resource or {})["value"]) == "1.50"
    assert Story(httpx.Response(204)).get().resource is None


def test_an_answer_beyond_the_limit_is_refused_also_when_it_comes_compressed() -> None:
    bomb = gzip.compress(b'{"a": "' + b"x" * 5_000_000 + b'"}')
    assert len(bomb) < 100_000
    with pytest.raises(TooLarge, match="100000 bytes"):
        Story(raw(bomb, **{"Content-Encoding": "gzip"}), answer_bytes=100_000).get()
    with pytest.raises(Ambiguous, match="100000 bytes"):
        Story(raw(bomb, **{"Content-Encoding": "gzip"}), answer_bytes=100_000).post()
    assert Story(fhir(), answer_bytes=100_000).get().ok


def test_reading_stops_at_the_limit() -> None:
    served = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal served
        while True:
            served += 1
            yield b"x" * 1000

    with pytest.raises(TooLarge):
        Story(lambda request: httpx.Response(200, content=endless(), headers=FHIR_JSON), answer_bytes=10_000).get()
    assert served <= 12


def test_a_server_that_drips_is_left_when_the_whole_answer_takes_too_long() -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.005)

    def drip(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=dripping(), headers=FHIR_JSON)

    with pytest.raises(NoAnswer):
        Story(drip, whole_answer=0.05, attempts=1).get()
    with pytest.raises(Ambiguous):
        Story(drip, whole_answer=0.05).post()


# ---- redirects and pages -------------------------------------------------------------------------------------------------
def to(where: str, status: int = 307) -> httpx.Response:
    return httpx.Response(status, headers={"Location": where})


@pytest.mark.parametrize("where", ["https://elsewhere.example/fhir/Patient", "http://hospital.example/fhir", "https://hospital.example:8443/fhir"])
def test_nobody_else_is_asked(where: str) -> None:
    story = Story(to(where), fhir())
    with pytest.raises(RedirectRefused):
        story.get()
    assert len(story.requests) == 1


def test_within_the_server_a_read_is_redirected_and_a_write_is_not() -> None:
    story = Story(to("/fhir/r4/Patient"), fhir())
    assert story.get().ok
    assert story.requests[1].url.path == "/fhir/r4/Patient"
    with pytest.raises(RedirectRefused):
        Story(to("/fhir/r4"), fhir()).post()
    with pytest.raises(RedirectRefused, match="more than 3 times"):
        Story(to("/fhir/r4/Patient")).get()


def page(following: str | None, entries: int = 1) -> Callable[[httpx.Request], httpx.Response]:
    links = [{"relation": "self", "url": "x"}, *([{"relation": "next", "url": following}] if following is not None else [])]
    return fhir({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": [{"resource": PATIENT}] * entries})


def test_next_is_followed_as_given() -> None:
    story = Story(page(f"{BASE}?_getpages=a&_pageId=%2Bb"), page("/fhir?_getpages=c"), page(None))
    assert len(story.pages()) == 3
    assert [str(r.url).removeprefix(BASE) for r in story.requests] == [
        f"/Condition?patient={CANARY}", "?_getpages=a&_pageId=%2Bb", "?_getpages=c"]


BAD_PAGES = {
    "another host": ([page(f"https://elsewhere.example/?{CANARY}")], {}, "leads to elsewhere.example"),
    "another scheme": ([page("http://hospital.example/fhir?a")], {}, "leads to hospital.example"),
    "the same page": ([page(f"{BASE}/Condition?patient={CANARY}")], {}, "leads back"),
    "a circle": ([page(f"{BASE}?a"), page(f"{BASE}?b"), page(f"{BASE}?a")], {}, "leads back"),
    "no address": ([page("https://hospital.example:x")], {}, "not an address"),
    "too many pages": ([page(f"{BASE}?{n}") for n in range(9)], {"pages": 5}, "goes on"),
    "too many resources": ([page(f"{BASE}?{n}", 4) for n in range(9)], {"resources": 10}, "goes on"),
}


@pytest.mark.parametrize("case", BAD_PAGES)
def test_pages_that_lead_astray(case: str) -> None:
    answers, limits, says = BAD_PAGES[case]
    story = Story(*answers, **limits)
    with pytest.raises(PagingProblem, match=says) as refused:
        story.pages()
    assert CANARY not in str(refused.value)
    assert all(r.url.host == "hospital.example" and r.url.scheme == "https" for r in story.requests)


def test_a_page_that_is_refused_is_the_last_and_is_handed_over() -> None:
    story = Story(page(f"{BASE}?b"), fhir({"resourceType": "OperationOutcome", "link": [{"relation": "next", "url": "?c"}]}, status=404))
    assert [a.status for a in story.pages()] == [200, 404]


# ---- addresses and what may be printed -----------------------------------------------------------------------------------
@pytest.mark.parametrize("base", ["", "hospital.example/fhir", "ftp://hospital.example", "https://", "https://u:hunter2@hospital.example/",
                                  "http://127.0.0.1:99999", "https://h.example:0/", "https://h.example:hunter2/",
                                  "https://hospital.example/?hunter2", "https://hospital.example/#hunter2", "https://[hunter2"])
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(base: str) -> None:
    with pytest.raises(BadAddress) as refused:
        base_address(base, plain_http=True)
    assert "hunter2" not in str(refused.value)


def test_what_a_record_says_does_not_travel_in_the_clear() -> None:
    with pytest.raises(BadAddress, match="use https"):
        FhirClient("http://hospital.example/fhir")
    for base in ("http://localhost:8080/fhir", "http://127.0.0.1/fhir/", "http://[::1]:80"):
        assert base_address(base, plain_http=False).endswith("/")


@pytest.mark.parametrize(("path", "safe"), [
    ("Patient/9990000018", "Patient/…"), ("Patient/9990000018/$everything", "Patient/…/$everything"),
    ("Patient/_search", "Patient/_search"), ("metadata", "metadata"), ("", ""), ("Patient/Mary Example", "Patient/…"),
    ("$9990000018", "…"), ("Patient/Zyxwv", "Patient/…"), ("Zyxwv", "…"), ("_zyxwv", "…"), ("Patient/List/List", "Patient/…/List"),
    ("List/x/_history/Flag", "List/…/_history/…"), ("Patient/_history", "Patient/_history")])
def test_an_address_is_shown_without_ids_and_query(path: str, safe: str) -> None:
    assert shown("GET", httpx.URL(f"{BASE}/{path}?identifier=9990000018"), f"{BASE}/") == f"GET {BASE}/{safe}".rstrip("/")


EVERYTHING_WRONG = [*NEVER_LEFT, *AFTER_LEAVING, to(f"https://e.example/{CANARY}"), raw(CANARY.encode()),
                    raw(CANARY.encode(), "text/plain"), page(f"https://e.example/{CANARY}")]


@pytest.mark.parametrize("wrong", EVERYTHING_WRONG)
def test_no_value_of_a_patient_in_messages_causes_or_logs(wrong: Any, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG), pytest.raises(ClientError) as refused:
        Story(wrong, attempts=2).pages()
    error: BaseException | None = refused.value
    assert error is not None
    assert CANARY not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert CANARY not in caplog.text


def test_an_answer_does_not_print_what_it_holds() -> None:
    answer = Answer(200, "GET x", "id", {"family": CANARY}, etag=CANARY)
    assert CANARY not in repr(answer)
