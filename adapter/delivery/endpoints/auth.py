"""Who we are, with every request: as httpx wants it. Tokens are in tokens.py."""
from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import assert_never

import httpx

from adapter.delivery.client import UNSENT
from adapter.delivery.endpoints.credentials import Auth, Basic, Bearer, ClientCredentials, Nobody, PrivateKeyJwt
from adapter.delivery.endpoints.tokens import Token, Tokens

SPENT = b"SEND_FORBIDDEN"  # BaRS: the gateway does not take the token any more; with the status 403


def auth_of(method: Auth, opened: Callable[[], httpx.AsyncClient]) -> httpx.Auth | None:
    match method:
        case Nobody():
            return None
        case Basic():
            return httpx.BasicAuth(method.user, method.password.get_secret_value())
        case Bearer():
            return Always(method.token.get_secret_value())
        case ClientCredentials() | PrivateKeyJwt():
            return WithToken(Tokens(method, opened))
        case _:
            assert_never(method)


class Always(httpx.Auth):
    """One token, as it was given."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class WithToken(httpx.Auth):
    """A token that is asked for. One that is not accepted is replaced once; what is answered then stands."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._shown(request)
        response = yield request
        if await _spent(response):
            await self._shown(request, but=token)
            yield request

    async def _shown(self, request: httpx.Request, but: Token | None = None) -> Token:
        """The token that goes with the request, which is not sent before."""
        request.extensions[UNSENT] = True
        token = await self.tokens.current(but=but)
        del request.extensions[UNSENT]
        request.headers["Authorization"] = f"Bearer {token.text}"
        return token


async def _spent(response: httpx.Response) -> bool:
    """401; or BaRS' 403 that says so."""
    return response.status_code == 401 or (response.status_code == 403 and SPENT in await response.aread())
