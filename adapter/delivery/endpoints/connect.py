"""From an endpoint to a client that reaches it, and its token endpoint in the same way."""
from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx

from adapter import wire
from adapter.delivery.client import Before, FhirClient, Limits
from adapter.delivery.endpoints import tls
from adapter.delivery.endpoints.auth import auth_of
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.retry import Clock


def connect(endpoint: Endpoint, *, before: Before | None = None, sure: Before | None = None,
            transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None, attempts: int = Limits.attempts) -> FhirClient:
    """`before` is awaited before every request that is made, retries too: whoever counts requests a second lets us wait there; `sure` once
    more in the last moment, when the request has its token: whoever must not send any more keeps us from it there.
    `attempts`: of what may be tried again here. `transport` is the one seam for the network, `clock` that for time."""
    way = Way.to(endpoint, transport)
    return client(endpoint, way, way.auth(endpoint), before, clock, attempts, sure)


def client(endpoint: Endpoint, way: Way, auth: httpx.Auth | None, before: Before | None = None, clock: Clock | None = None,
           attempts: int = Limits.attempts, sure: Before | None = None) -> FhirClient:
    limits = Limits(connect=endpoint.connect_seconds, silence=endpoint.silence_seconds, whole_answer=endpoint.whole_seconds,
                    connections=max(endpoint.concurrency, 2), attempts=attempts)
    return FhirClient(
        endpoint.url, transport=way.transport, headers={name: value.get_secret_value() for name, value in endpoint.headers.items()},
        auth=auth, limits=limits, clock=clock, form=wire.FORMATS[endpoint.form], verify=way.verify, before=before, sure=sure,
        proxy=way.proxy, environment=way.environment)


@dataclass(frozen=True)
class Way:
    """How the network is gone through. `environment`: what it says of proxies counts."""

    verify: ssl.SSLContext
    proxy: str | None
    environment: bool
    transport: httpx.AsyncBaseTransport | None
    timeout: httpx.Timeout

    @classmethod
    def to(cls, endpoint: Endpoint, transport: httpx.AsyncBaseTransport | None = None) -> Way:
        context = tls.trusting(endpoint.ca)
        if endpoint.certificate:
            context = tls.showing(context, endpoint.certificate, endpoint.key, endpoint.key_password)
        said = endpoint.proxy.get_secret_value() if endpoint.proxy and transport is None else None
        return cls(context, None if said == "none" else said, said != "none", transport,
                   httpx.Timeout(endpoint.silence_seconds, connect=endpoint.connect_seconds))

    def opened(self) -> httpx.AsyncClient:
        """A client for a request or two, to whichever address."""
        return httpx.AsyncClient(verify=self.verify, proxy=self.proxy, trust_env=self.environment, timeout=self.timeout,
                                 transport=self.transport and Lent(self.transport), headers={"User-Agent": "redbag-adapter"})

    def auth(self, endpoint: Endpoint) -> httpx.Auth | None:
        """Who we are; a token is asked for on the same way."""
        return auth_of(endpoint.auth, self.opened)


class Lent(httpx.AsyncBaseTransport):
    """Somebody else's transport: it stays open when a client is closed."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)
