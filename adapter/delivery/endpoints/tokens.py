"""A token of an endpoint: asked for once, however many requests wait for it, and kept until shortly before it ends.

Sources: RFC 6749 (4.4, 5.1), RFC 7523. NHS England's identity service writes every value as a text, `expires_in` too, and its errors are
not FHIR.
"""
from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote_plus

import httpx

from adapter.delivery.answer import ClientError, NotLetIn, NoToken
from adapter.delivery.endpoints.assertion import KIND, assertion
from adapter.delivery.endpoints.credentials import ClientCredentials, PrivateKeyJwt
from adapter.delivery.endpoints.refusals import Whose, refusal
from adapter.delivery.unreached import unreached

LARGEST = 64 * 1024  # bytes of an answer
PATIENCE = 30.0  # seconds for an answer
MARGIN = 30.0  # seconds before its end a token is not used any more; of a short one a tenth of its life
UNSAID = 60.0  # seconds of life, where the server does not say
SKEW = 5.0  # seconds between two clocks that are worth a word
Us = ClientCredentials | PrivateKeyJwt


@dataclass(frozen=True)
class Times:
    """The one seam for time, in seconds: since 1970, and of a clock that nobody sets."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Token:
    """`until`: by the steady clock."""

    text: str = field(repr=False)
    until: float


class Tokens:
    """`opened` makes a client that reaches the token endpoint in the same way as the server itself: proxy, authorities, certificate."""

    def __init__(self, us: Us, opened: Callable[[], httpx.AsyncClient], times: Times | None = None) -> None:
        self._us, self._opened, self._times = us, opened, times or Times()
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._failed: tuple[float, ClientError] | None = None
        self.skew: float | None = None  # how far this machine's clock is ahead of theirs, by their last answer; seconds

    async def current(self, *, but: Token | None = None) -> Token:
        """One that still holds, and is not `but`, which was not accepted. Raises NotLetIn, or Unreachable (NoToken and others)."""
        asked = self._times.steady()
        try:
            async with asyncio.timeout(PATIENCE), self._lock:
                return await self._held(asked, but)
        except TimeoutError:
            raise NoToken(f"{self._where()} did not answer in time; nothing was sent") from None

    async def _held(self, asked: float, but: Token | None) -> Token:
        if self._token and self._token is not but and self._times.steady() < self._token.until:
            return self._token
        if self._failed and self._failed[0] >= asked:  # while we waited for it, somebody else was told no
            raise type(self._failed[1])(str(self._failed[1]))
        try:
            self._token = await self._fetched()
        except ClientError as error:
            self._token, self._failed = None, (self._times.steady(), error)
            raise
        return self._token

    async def _fetched(self) -> Token:
        began = self._times.steady()
        try:
            async with self._opened() as http:
                response = await http.send(self._request(http), stream=True, follow_redirects=False)
                try:
                    body = await _body(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.StreamError) as error:
            kind = unreached(error) or NoToken
            raise kind(f"{self._where()} cannot be reached ({type(error).__name__}); nothing was sent") from None
        self.skew = skew(response.headers.get("Date"), self._times.wall())
        if not response.is_success:
            raise self._refused(response.status_code, body)
        return self._read(body, began)

    def _request(self, http: httpx.AsyncClient) -> httpx.Request:
        form, headers = asked_for(self._us, self._times.wall())
        return http.build_request("POST", self._us.token_url, data=form, headers={"Accept": "application/json", **headers})

    def _read(self, body: Any, began: float) -> Token:
        said = body if isinstance(body, dict) else {}
        text, kind = said.get("access_token"), str(said.get("token_type") or "bearer")
        if not isinstance(text, str) or not text or not all("!" <= c <= "~" for c in text) or kind.lower() != "bearer":
            raise NoToken(f"{self._where()} answers, but not with a token: is this its address? Nothing was sent")
        life = _seconds(said.get("expires_in"))
        return Token(text, began + life - min(MARGIN, life / 10))

    def _refused(self, status: int, body: Any) -> ClientError:
        why = refusal(status, body)
        kind = NoToken if why.whose is Whose.THEIRS else NotLetIn
        return kind(f"{self._where()} {why.says}{clocks(self.skew, asked=why.whose is Whose.CLOCK)} (HTTP {status}); nothing was sent")

    def _where(self) -> str:
        return f"the token endpoint {self._us.token_url}"


def asked_for(us: Us, now: float) -> tuple[dict[str, str], Mapping[str, str]]:
    """The form that is sent, and headers. `now` in seconds since 1970."""
    form = {"grant_type": "client_credentials"} | ({"scope": us.scope} if us.scope else {})
    if isinstance(us, PrivateKeyJwt):
        return form | {"client_assertion_type": KIND, "client_assertion": assertion(us, now)}, {}
    secret = us.client_secret.get_secret_value()
    if us.send_as == "body":
        return form | {"client_id": us.client_id, "client_secret": secret}, {}
    pair = f"{quote_plus(us.client_id)}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
    return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def skew(date: str | None, now: float) -> float | None:
    """How far `now` is ahead of the Date of an answer, in seconds; None where there is none that can be read.

    >>> skew("Tue, 03 Nov 2026 09:00:00 GMT", 1793696412.0), skew("noon", 0.0)
    (12.0, None)
    """
    try:
        return now - parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError, TypeError):
        return None


def clocks(ahead: float | None, *, asked: bool = False) -> str:
    """What to say of two clocks; nothing where they agree, unless it was asked for.

    >>> clocks(-312.4), clocks(1.0), clocks(None, asked=True)
    (', by 312 s as its Date says: let a time server set it', '', ': let a time server set it')
    """
    if ahead is None or abs(ahead) < SKEW:
        return ": let a time server set it" if asked else ""
    return f", by {abs(ahead):.0f} s as its Date says: let a time server set it"


async def _body(response: httpx.Response) -> Any:
    """Its JSON, or None: an error may be a page of a gateway."""
    held = b""
    async for piece in response.aiter_bytes():
        held += piece
        if len(held) > LARGEST:
            return None
    try:
        return json.loads(held)
    except (ValueError, RecursionError):
        return None


def _seconds(said: Any) -> float:
    try:
        life = float(said)
    except (TypeError, ValueError):
        return UNSAID
    return life if 0 <= life < 1e9 else UNSAID
