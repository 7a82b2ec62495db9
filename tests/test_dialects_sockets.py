"""From the socket to the decision: servers that misbehave as real ones do, a bundle that is posted to them, and what is made of it."""
from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from adapter.delivery.answer import ClientError
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.dialects import decide
from adapter.delivery.dialects.decision import About, Asked, Came, Decision, Do, Means
from adapter.delivery.retry import Clock

NOW = 1_800_000_000.0
BUNDLE = {"resourceType": "Bundle", "type": "transaction"}
SENT, ID = Asked("POST", entries=1, fresh=True), "0b7e1f6c-0000-4000-8000-000000000001"
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def http(status: str, body: bytes = b"", media: str = "application/fhir+json", *headers: str, length: int | None = None) -> bytes:
    """An answer as it goes over the wire. `length` -1: none is said, and the end of the connection is the end of the answer."""
    size = [] if length == -1 else [f"Content-Length: {len(body) if length is None else length}"]
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media}", "Connection: close", *size, *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(data: bytes) -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return reply


def resets(data: bytes = b"") -> Reply:
    """Says this much, and then the connection is reset, not closed."""
    async def reply(writer: asyncio.StreamWriter) -> None:
        await says(data)(writer)
        await asyncio.sleep(0.05)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return reply


async def hangs(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


class Met(NamedTuple):
    means: Means
    do: Do = Do.NOTHING
    about: About = About.DELIVERY
    mend: bool = False
    at: float | None = None


TAKEN = b'{"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201 Created"}}]}'
MIXED = TAKEN.replace(b"201 Created", b"422 Unprocessable")
LOG_IN = b"<html><body>Please log in</body></html>"
LOST = Met(Means.AMBIGUOUS)
STORIES: dict[str, tuple[Reply, Met]] = {
    "taken": (says(http("200 OK", TAKEN)), Met(Means.DELIVERED)),
    "an entry refused inside a 200": (says(http("200 OK", MIXED)), Met(Means.DEAD)),
    "reset before any answer": (resets(), LOST),
    "reset in the middle of an answer": (resets(http("200 OK", TAKEN, length=4000)), LOST),
    "closed before any answer": (says(b""), LOST),
    "fewer bytes than were said": (says(http("200 OK", TAKEN[:50], length=len(TAKEN))), LOST),
    "cut off, and nobody said how long it is": (says(http("200 OK", TAKEN[:50], length=-1)), LOST),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), LOST),
    "no answer in time": (hangs, LOST),
    "a log-in page": (says(http("200 OK", LOG_IN, "text/html")), Met(Means.AMBIGUOUS, about=About.ENDPOINT, mend=True)),
    "led to a log-in page": (says(http("302 Found", b"", "text/html", "Location: https://login.example/?next=fhir")),
                             Met(Means.RETRY, about=About.ENDPOINT, mend=True)),
    "a gateway's page with an error": (says(http("503 Service Unavailable", LOG_IN, "text/html", "Retry-After: 120")),
                                       Met(Means.RETRY, about=About.ENDPOINT, at=NOW + 120)),
    "asked to come back in the past": (says(http("429 Too Many Requests", b"", "text/html", "Retry-After: Mon, 01 Jan 2001 00:00:00 GMT")),
                                       Met(Means.RETRY, about=About.ENDPOINT, at=NOW)),
    "asked to come back in a hundred years": (says(http("503 Busy", b"", "text/html", "Retry-After: 3153600000")),
                                              Met(Means.RETRY, about=About.ENDPOINT, at=NOW + 3600)),
    "asked to come back soon": (says(http("429 Slow", b"", "text/html", "Retry-After: soon")), Met(Means.RETRY, about=About.ENDPOINT)),
    "nothing in a 200": (says(http("200 OK")), Met(Means.AMBIGUOUS, Do.READ_AGAIN)),
    "nothing at all": (says(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), Met(Means.AMBIGUOUS, Do.READ_AGAIN)),
    "taken for later": (says(http("202 Accepted", b"", "text/plain", "Content-Location: /jobs/1")), Met(Means.AMBIGUOUS, Do.POLL)),
}


async def posted(address: str, limits: Limits) -> Came:
    async def at_once(seconds: float) -> None:
        pass

    async with FhirClient(address, limits=limits, clock=Clock(sleep=at_once)) as client:
        try:
            return await client.post("", BUNDLE, headers={"X-Request-ID": ID})
        except ClientError as error:
            return error


async def story(reply: Reply, dialect: str) -> Decision:
    answering = list[asyncio.Task[None]]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"}")
            await reply(writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(asyncio.get_running_loop().create_task(answer(reader, writer)))

    async with await asyncio.start_server(met, "127.0.0.1", 0) as server:
        came = await posted(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fhir", Limits(silence=0.3 if reply is hangs else 30.0))
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
    return decide(dialect, SENT if dialect == "fhir" else Asked("POST", fresh=True), came, 1, NOW)


@pytest.mark.parametrize("case", STORIES)
def test_what_is_made_of_a_server_that_misbehaves(case: str) -> None:
    reply, met = STORIES[case]
    found = asyncio.run(story(reply, "fhir"))
    assert (found.means, found.do, found.about, found.mend, found.at) == met
    assert "log in" not in " ".join(found.says)


@pytest.mark.parametrize(("data", "means"), [
    (http("200 OK", b'{"resourceType": "Bundle", "type": "message"}', "application/fhir+json", f"X-Request-ID: {ID}"), Means.DELIVERED),
    (http("200 OK", b'{"resourceType": "Bundle", "type": "message"}'), Means.AMBIGUOUS),
    (http("200 OK", b'{"resourceType": "Bundle", "type": "message"}', "application/fhir+json", "X-Request-ID: another"), Means.AMBIGUOUS),
    (http("409 Conflict", b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "duplicate"}]}',
          "application/fhir+json", f"X-Request-ID: {ID}"), Means.DELIVERED),
    (http("409 Conflict", b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "duplicate"}]}'), Means.AMBIGUOUS),
    (http("422 Unprocessable", b"", "text/html", f"X-Request-ID: {ID}"), Means.AMBIGUOUS)])
def test_at_bars_only_who_repeats_the_ids_is_believed(data: bytes, means: Means) -> None:
    assert asyncio.run(story(says(data), "bars")).means is means


def test_where_nobody_listens_it_is_the_endpoint() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = decide("fhir", SENT, asyncio.run(posted(f"http://127.0.0.1:{port}/fhir", Limits(attempts=2))), 1, NOW)
    assert (found.means, found.about, found.mend) == (Means.RETRY, About.ENDPOINT, False)
    assert found.says[1] == "nobody answers there: it is down, or the port or a firewall is wrong"
