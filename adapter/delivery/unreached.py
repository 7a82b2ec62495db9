"""Why a server was not reached, from what the transport raised: by the classes in its chain of causes, never by their words. Pure.

Sources: RFC 8446, section 6.2 (a server tells what it thinks of our certificate only after the handshake, so also when a request is under
way); Python's ssl, OpenSSL's names of alerts.
"""
from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from adapter.delivery.answer import ConnectionRefused, NameUnknown, NotAsked, ProxyFailed, TlsFailed, Unreachable

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
BECAUSE: tuple[tuple[type[BaseException], type[Unreachable]], ...] = (  # the first that is found, from the outermost cause inwards
    (httpx.PoolTimeout, NotAsked),
    (httpx.ProxyError, ProxyFailed),
    (ssl.SSLEOFError, Unreachable),  # somebody hung up: a server that is just starting does so too
    (ssl.SSLError, TlsFailed),
    (socket.gaierror, NameUnknown),
    (ConnectionRefusedError, ConnectionRefused),
)
OUR_CERTIFICATE = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")  # in the names of alerts about it


def unreached(error: BaseException) -> type[Unreachable] | None:
    """How nothing was sent; None where something may have been."""
    causes = list(_causes(error))
    if isinstance(error, NOT_SENT):
        return next((kind for cause in causes for sort, kind in BECAUSE if isinstance(cause, sort)), Unreachable)
    return TlsFailed if any(isinstance(cause, ssl.SSLError) and _is_about_our_certificate(cause) for cause in causes) else None


def _is_about_our_certificate(error: ssl.SSLError) -> bool:
    reason = error.reason or ""
    return "ALERT" in reason and any(word in reason for word in OUR_CERTIFICATE)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
