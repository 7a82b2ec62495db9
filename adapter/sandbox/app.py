"""The sandbox as an ASGI app: an HTTP request becomes a Call, an Answer becomes a response. All FHIR is in the modules it calls.

Each request is served in a worker thread inside one transaction of the store: wholly or not at all, one at a time.
Source: FHIR R4 "RESTful API".
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Address
from starlette.types import Receive, Scope, Send

from adapter import wire
from adapter.sandbox import formats
from adapter.sandbox.call import Answer, Call, Context, pairs, preconditions
from adapter.sandbox.capability import NAME, statement
from adapter.sandbox.outcome import Refusal
from adapter.sandbox.pages import Pages
from adapter.sandbox.router import ROUTES, Route, perform
from adapter.sandbox.store import Store
from adapter.sandbox.transaction import bundle

logger = logging.getLogger(__name__)

LARGEST_BODY = 16 << 20
HONESTY = {"X-Sandbox": f"{NAME}; not an NHS system; synthetic data only"}


def metadata(context: Context, call: Call) -> Answer:
    served = [route for route in SERVED if route.interaction not in context.without]
    return Answer(200, statement(served, context.base, context.tx.now, context.without))


SERVED = (
    *ROUTES,
    Route("POST", "", bundle, "transaction", "system"),
    Route("POST", "", bundle, "batch", "system"),
    Route("GET", "metadata", metadata, "capabilities", ""),
)


def create_app(store: Store, *, largest_body: int = LARGEST_BODY, without: Collection[str] = ()) -> Starlette:
    """An app over `store`, which stays the caller's to close. `largest_body` in bytes. `without`: what this server lacks (call.LACKS);
    its CapabilityStatement says so."""
    return Starlette(routes=[Address("/{path:path}", _Endpoint(store, largest_body, frozenset(without)))])


@dataclass(frozen=True, slots=True)
class _Http:
    """The parts of an HTTP request that matter here. `base` is the server's own address, without a slash at its end."""

    method: str
    base: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


class _Endpoint:
    """The one endpoint: it takes any method and any path, as the router has the say on both."""

    def __init__(self, store: Store, largest_body: int, without: frozenset[str]) -> None:
        self._store, self._largest, self._pages, self._without = store, largest_body, Pages(), without

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.path_params["path"]
        http = _Http(request.method, str(request.base_url).rstrip("/"), path, request.url.query, request.headers)
        try:
            http = replace(http, body=await _body(request, self._largest))
            response = await run_in_threadpool(self._serve, http)
        except Refusal as refusal:
            response = _refused(http, refusal)
        await response(scope, receive, send)

    def _serve(self, http: _Http) -> Response:
        try:
            format_, call, prefer = _asked(http), _call(http), _prefer(http)
            with self._store.transaction() as tx:
                answer = perform(SERVED, Context(tx, http.base, self._pages, prefer, self._without), call)
                if answer.written and "return=minimal" in prefer:
                    answer = replace(answer, body=None)
                return _response(http, format_, answer)  # in here: what cannot be told has not happened
        except Refusal as refusal:
            return _refused(http, refusal)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the client gets an OperationOutcome and nothing was stored
            logger.error("The sandbox failed: %s", _where(error))  # noqa: TRY400 - a traceback would show the message, see _where
            return _refused(http, Refusal(500, "exception", "The sandbox failed; nothing was stored."))


def _asked(http: _Http) -> wire.Format:
    """In which format the answer is wanted. Raises Refusal."""
    return formats.of_answer(http.headers.get("accept", ""), dict(pairs(http.query)).get("_format"))


async def _body(request: Request, largest: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise Refusal(413, "too-long", f"the body may have {largest} bytes at most")
    return bytes(body)


def _call(http: _Http) -> Call:
    method = "GET" if http.method == "HEAD" else http.method
    query, resource = http.query, None
    kind = http.headers.get("content-type", "")
    if method == "POST" and http.path.endswith("/_search"):
        query = f"{query}&{formats.read_form(kind, http.body)}".strip("&")
    elif method in ("POST", "PUT"):
        resource = formats.read(formats.of_request(kind), http.body)
    parameters = tuple(pair for pair in pairs(query) if pair[0] != "_format")
    return Call(method, http.path, parameters, resource, preconditions(http.headers))


def _prefer(http: _Http) -> frozenset[str]:
    return frozenset(each.strip() for each in http.headers.get("prefer", "").replace(";", ",").split(","))


def _refused(http: _Http, refusal: Refusal) -> Response:
    """In the format that was asked for, if we have it."""
    try:
        format_ = _asked(http)
    except Refusal:
        format_ = wire.JSON
    return _response(http, format_, Answer(refusal.status, refusal.outcome()), refusal.allow)


def _response(http: _Http, format_: wire.Format, answer: Answer, allow: str = "") -> Response:
    headers = HONESTY | ({"Allow": allow} if allow else {})
    if request_id := http.headers.get("x-request-id"):
        headers["X-Request-ID"] = request_id
    if (stored := answer.stored) and stored.body is not None:
        headers |= {"ETag": stored.etag, "Last-Modified": stored.last_modified}
        headers |= {"Location": f"{http.base}/{stored.location}"} if answer.written else {}
    body = b"" if answer.body is None else formats.render(format_, answer.body)
    return Response(body, answer.status, headers, format_.media if body else None)


def _where(error: Exception) -> str:
    """The kind of error and the place. Not its message, which may hold what was sent."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"
