"""The sandbox over HTTP, on this machine only."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

import uvicorn

from adapter.sandbox.app import create_app
from adapter.sandbox.store import Store


class ServeError(Exception):
    """The sandbox cannot be served there; the sentence says why and what to do."""


def serve(port: int, host: str = "127.0.0.1", file: Path | None = None, ready: Callable[[str], None] = lambda url: None,
          without: Collection[str] = ()) -> None:
    """Serves until interrupted. `port` 0 takes a free one; `file` keeps everything, None forgets it; `ready` is told the address;
    `without`: what this server lacks (call.LACKS).

    Only loopback, because the sandbox asks nobody who they are. No access log, because addresses hold identifiers.
    Raises ServeError or StoreError, each one sentence.
    """
    with closing(_listen(host, port)) as listener, closing(Store(file)) as store:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}")
        uvicorn.Server(uvicorn.Config(create_app(store, without=without), log_level="warning", access_log=False)).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    if not _is_loopback(host):
        raise ServeError("The sandbox asks nobody who they are, so it is served on this machine only; the host must be 127.0.0.1 or ::1.")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ServeError(f"Port {port} cannot be used ({error.strerror}); name another one.") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
