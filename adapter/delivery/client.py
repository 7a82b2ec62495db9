"""A FHIR server over HTTP, made safe for a caller that must know what happened. The errors are drawn in answer.py, retries in retry.py.

Sources: HL7 FHIR R4, RESTful API and Search (paging); RFC 9110.
"""
from __future__ import annotations

import asyncio
import logging
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from adapter import wire
from adapter.delivery.address import base_address, origin, shown
from adapter.delivery.answer import (
    Ambiguous,
    Answer,
    AnsweredByAnother,
    BadAnswer,
    ClientError,
    CutOff,
    NoAnswer,
    NotAsked,
    NotFhir,
    PagingProblem,
    RedirectRefused,
    Resource,
    TooLarge,
    Unwritable,
)
from adapter.delivery.deadline import left
from adapter.delivery.points import reached
from adapter.delivery.retry import Clock, retry_after, retrying
from adapter.delivery.unreached import unreached
from adapter.faults import Refused

Params = Sequence[tuple[str, str]]
Before = Callable[[], Awaitable[None]]
NOTHING: Mapping[str, str] = {}
GARBLED = frozenset({"not-json", "not-xml", "bad-utf-8"})  # wire's rules that an answer breaks which is cut off, or damaged on its way
ECHOED = ("X-Request-ID", "X-Correlation-ID")
UNSENT = "unsent"  # a request's extension, as long as it is held back: by whoever authenticates it, by whoever is to be sure
LOST = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TimeoutError)

# httpx writes every URL, query and all, at level INFO: an NHS number in a log. So these two speak from WARNING on.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Limits:
    """What one server may cost us; times in seconds. An NHS service may take 29 s over a write, so we stay longer than that."""

    answer_bytes: int = 64 * 1024 * 1024
    pages: int = 500
    resources: int = 50_000
    attempts: int = 4
    redirects: int = 3
    connect: float = 10.0
    silence: float = 35.0  # between two pieces of an answer
    whole_answer: float = 120.0
    longest_wait: float = 60.0  # a Retry-After beyond this is left to the caller
    patience: float = 30.0  # what has taken longer than this is not tried again: a server that hangs is told of
    connections: int = 100  # open at the same time, and kept open


class FhirClient:
    """async with FhirClient("https://hospital.example/fhir") as client: answer = await client.get("metadata")

    Paths are relative to the base. `transport` is the one seam for the network; with none given, plain http is for this machine only.
    `headers` go with every request; `auth` is httpx's; `form` is what is sent and asked for, while an answer may be in either.
    `proxy`: its address; None, what the environment says (HTTPS_PROXY, NO_PROXY), unless `environment` is not to be asked. `verify`: whom
    TLS trusts and what it shows of us. `before` is awaited before every request that is made, retries too; `sure` in the last moment before
    it goes out, when it has its token, however long that took.
    Raises ClientError where there is no answer that can be used.
    """

    def __init__(self, base: str, *, transport: httpx.AsyncBaseTransport | None = None, headers: Mapping[str, str] = NOTHING,
                 auth: httpx.Auth | None = None, limits: Limits | None = None, clock: Clock | None = None,
                 form: wire.Format = wire.JSON, proxy: str | None = None, environment: bool = True, verify: ssl.SSLContext | bool = True,
                 before: Before | None = None, sure: Before | None = None) -> None:
        self.base, self.limits, self.clock = base_address(base, plain_http=transport is not None), limits or Limits(), clock or Clock()
        self.form, self._before, self._sure = form, before, sure
        most = self.limits.connections
        self._http = httpx.AsyncClient(
            transport=transport, auth=auth, timeout=httpx.Timeout(self.limits.silence, connect=self.limits.connect),
            proxy=proxy, trust_env=environment, verify=verify,
            limits=httpx.Limits(max_connections=most, max_keepalive_connections=most), event_hooks={"request": [self._going_out]},
            headers={"Accept": form.media, "User-Agent": "redbag-adapter", **headers})

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def get(self, path: str, params: Params = (), *, headers: Mapping[str, str] = NOTHING) -> Answer:
        return await self._retried(self._request("GET", self._url(path, params), headers=headers))

    async def delete(self, path: str) -> Answer:
        return await self._retried(self._request("DELETE", self._url(path)))

    async def post(self, path: str, resource: Resource, *, headers: Mapping[str, str] = NOTHING) -> Answer:
        """`X-Request-ID` may be given in `headers`; the same one goes with every retry of this request. Raises also Unwritable."""
        return await self.post_bytes(path, self.written(resource), self.form.media, headers=headers)

    async def post_bytes(self, path: str, data: bytes, media: str, *, headers: Mapping[str, str] = NOTHING,
                         request_id: str | None = None) -> Answer:
        """Byte for byte. `media` is the Content-Type, unless `headers` have one; `request_id` is the X-Request-ID, a new one if none is
        given."""
        return await self.write_bytes("POST", path, data, media, headers=headers, request_id=request_id)

    async def write_bytes(self, method: str, path: str, data: bytes, media: str, *, headers: Mapping[str, str] = NOTHING,
                          request_id: str | None = None) -> Answer:
        """As `post_bytes`; `method` may also be PUT."""
        ours = {"Content-Type": media, **headers, **({"X-Request-ID": request_id} if request_id else {})}
        request = self._request(method, self._url(path), data, ours)
        reached("send.before-request")
        answer = await self._retried(request)
        reached("send.after-answer")
        return answer

    async def ask(self, location: str) -> Answer:
        """What is at an address that this server gave, as a Content-Location: on the server itself only. Raises RedirectRefused."""
        base = self._url("")
        try:
            url = httpx.URL(self.base).join(location)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if origin(url) != origin(base):
            raise RedirectRefused(f"{shown('GET', base, self.base)}: the server says to ask at an address that is not its own")
        return await self._retried(self._request("GET", url))

    def written(self, resource: Resource) -> bytes:
        """In the form that is sent. Raises Unwritable."""
        try:
            return self.form.dumps(resource)
        except Refused as e:
            raise Unwritable(f"{e}; nothing was sent") from None

    async def pages(self, path: str, params: Params = ()) -> AsyncIterator[Answer]:
        """The pages of a search, `next` followed as given. An answer that is no page is handed over too, and is the last."""
        url, seen, carried = self._url(path, params), set[httpx.URL](), 0
        while True:
            answer = await self._retried(self._request("GET", url))
            seen.add(url)
            carried += len(answer.listed("entry"))
            if len(seen) > self.limits.pages or carried > self.limits.resources:
                raise PagingProblem(f"{answer.shown}: the search goes on after {len(seen)} pages; none of it is used")
            yield answer
            following = next((link.get("url") for link in answer.listed("link") if link.get("relation") == "next"), None)
            if not answer.ok or following is None:
                return
            url = self._followed(url, following, answer.shown)
            if url in seen:
                raise PagingProblem(f"{answer.shown}: page {len(seen)} of the search leads back to an earlier page")

    # ---- one request -------------------------------------------------------------------------------------------------------
    def _url(self, path: str, params: Params = ()) -> httpx.URL:
        url = httpx.URL(self.base + path if path else self.base.rstrip("/"))
        return url.copy_merge_params(httpx.QueryParams(list(params))) if params else url

    def _request(self, method: str, url: httpx.URL, body: bytes | None = None, headers: Mapping[str, str] = NOTHING) -> httpx.Request:
        """Built once, so that a retry has the same bytes and the same X-Request-ID."""
        return self._http.build_request(method, url, headers={"X-Request-ID": str(uuid.uuid4()), **headers}, content=body)

    async def _retried(self, request: httpx.Request) -> Answer:
        again = retrying(self.clock, reading=request.method == "GET", attempts=self.limits.attempts, longest_wait=self.limits.longest_wait,
                         patience=self.limits.patience)
        answer: Answer = await again(self._once, request)
        return answer

    async def _once(self, request: httpx.Request) -> Answer:
        where = shown(request.method, request.url, self.base)
        if self._before:
            await self._before()
        if not left():
            raise NotAsked(f"{where}: was not asked any more, the time for one resident is over; nothing was sent")
        try:
            async with asyncio.timeout(min(self.limits.whole_answer, left())):
                return await self._exchange(request, where)
        except LOST as e:
            if kind := unreached(e) or (NotAsked if UNSENT in request.extensions else None):
                raise kind(f"{where}: the server cannot be reached ({_words(e)}); nothing was sent") from None
            why = type(e).__name__ if left() else "the time for one resident is over"
            raise _lost(request.method, f"{where}: no whole answer came ({why})") from None
        except BadAnswer as e:
            raise e if request.method == "GET" else _lost(request.method, str(e), by_another=isinstance(e, NotFhir)) from None

    async def _going_out(self, request: httpx.Request) -> None:
        if self._sure:
            request.extensions[UNSENT] = True
            await self._sure()
            del request.extensions[UNSENT]

    async def _exchange(self, request: httpx.Request, where: str) -> Answer:
        for _ in range(self.limits.redirects + 1):
            response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                if not response.has_redirect_location:
                    return await self._answer(request, response, where)
            finally:
                await response.aclose()
            request = _redirected(request, response, where)
        raise RedirectRefused(f"{where}: the server redirects more than {self.limits.redirects} times")

    async def _answer(self, request: httpx.Request, response: httpx.Response, where: str) -> Answer:
        said = response.headers.get
        try:
            resource = _resource(await self._body(response, where), said("Content-Type", ""), where)
        except BadAnswer:
            if response.is_success:
                raise
            resource = None  # a gateway's error page must not hide the status
        return Answer(response.status_code, where, request.headers["X-Request-ID"], resource, said("ETag"),
                      retry_after(said("Retry-After"), self.clock.now()), said("Content-Location"),
                      all(said(name) == request.headers.get(name) for name in ECHOED if name in request.headers), said("Date"),
                      said("Location"), said("Content-Type"))

    async def _body(self, response: httpx.Response, where: str) -> bytes:
        """Counted after decompression, piece by piece: a small answer cannot grow into a large one unseen."""
        pieces, size = list[bytes](), 0
        async for piece in response.aiter_bytes():
            size += len(piece)
            if size > self.limits.answer_bytes:
                raise TooLarge(f"{where}: the answer is larger than the {self.limits.answer_bytes} bytes allowed")
            pieces.append(piece)
        return b"".join(pieces)

    def _followed(self, here: httpx.URL, following: Any, where: str) -> httpx.URL:
        try:
            url = here.join(following)
        except (httpx.InvalidURL, TypeError):
            raise PagingProblem(f"{where}: the link to the next page is not an address") from None
        if origin(url) != origin(here):
            raise PagingProblem(f"{where}: the link to the next page leads to {url.host or 'no host'}, not to this server")
        return url


def _resource(body: bytes, content_type: str, where: str) -> Resource | None:
    if not body:
        return None
    if (form := wire.format_of(content_type)) is None:
        said = _printable(content_type.partition(";")[0].strip().lower()) or "of no stated type"
        raise NotFhir(f"{where}: the answer is {said}, not FHIR JSON or XML; is this the address of a FHIR server?")
    try:
        resource = form.loads(body)
    except Refused as e:
        if any(fault.rule == "not-a-resource" and not fault.path for fault in e.found):
            raise NotFhir(f"{where}: the answer is XML and not FHIR; is this the address of a FHIR server?") from None
        kind = CutOff if any(fault.rule in GARBLED for fault in e.found) else BadAnswer
        raise kind(f"{where}: the answer cannot be read: {e}") from None
    if not isinstance(resource.get("resourceType"), str):
        raise NotFhir(f"{where}: the answer is JSON and not FHIR, for it has no resourceType; is this the address of a FHIR server?")
    return resource


def _redirected(request: httpx.Request, response: httpx.Response, where: str) -> httpx.Request:
    there = response.next_request
    if there is None or request.method != "GET" or origin(there.url) != origin(request.url):
        host = there.url.host if there and there.url.host.isascii() and _printable(there.url.host) else "nowhere"
        raise RedirectRefused(f"{where}: the server redirects to {host}; give the address it has moved to")
    return there


def _lost(method: str, why: str, *, by_another: bool = False) -> ClientError:
    if method == "GET":
        return NoAnswer(why)
    return (AnsweredByAnother if by_another else Ambiguous)(f"{why}; what was sent may or may not have been taken")


def _words(error: Exception) -> str:
    """A connection's own words: they are about sockets and certificates, from before anything was sent."""
    return f"{type(error).__name__}: {_printable(str(error))[:200]}".removesuffix(": ")


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())
