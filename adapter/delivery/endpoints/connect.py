"""From an endpoint to a client that reaches it."""
from __future__ import annotations

import httpx

from adapter import wire
from adapter.delivery.client import Before, FhirClient, Limits
from adapter.delivery.endpoints import tls
from adapter.delivery.endpoints.endpoint import Endpoint


def connect(endpoint: Endpoint, *, before: Before | None = None, transport: httpx.AsyncBaseTransport | None = None) -> FhirClient:
    """`before` is awaited before every request that is made, retries too: whoever counts requests a second lets us wait there.
    `transport` is the one seam for the network."""
    context = tls.trusting(endpoint.ca)
    if endpoint.certificate:
        context = tls.showing(context, endpoint.certificate, endpoint.key, endpoint.key_password)
    limits = Limits(connect=endpoint.connect_seconds, silence=endpoint.silence_seconds, whole_answer=endpoint.whole_seconds,
                    connections=endpoint.concurrency)
    proxy = endpoint.proxy.get_secret_value() if endpoint.proxy and transport is None else None
    return FhirClient(
        endpoint.url, transport=transport, headers={name: value.get_secret_value() for name, value in endpoint.headers.items()},
        limits=limits, form=wire.FORMATS[endpoint.form], verify=context, before=before,
        proxy=None if proxy == "none" else proxy, environment=proxy != "none")
