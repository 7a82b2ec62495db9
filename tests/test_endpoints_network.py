"""Endpoints over a real network, on this machine: whom we trust, what we show, through which proxy, and that tokens go the same way."""
from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapter.delivery.answer import ClientError, NotAsked, ProxyFailed, TlsFailed, Unreachable
from adapter.delivery.client import Before, FhirClient
from adapter.delivery.endpoints import Endpoint, connect
from adapter.delivery.endpoints.credentials import ClientCredentials
from adapter.delivery.retry import Clock
from adapter.delivery.work.lease import Buried, Lease
from tests.certificates import Authority, private_file
from tests.nhs_platform import CAPABILITY, Platform

SECRETS = {"us": "s"}
US = ClientCredentials(kind="client-credentials", token_url="https://nhs.example/token", client_id="us", client_secret=SecretStr("s"))  # noqa: S106


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority("nhs", tmp_path_factory.mktemp("nhs"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority("stranger", tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def mutual(authority: Authority) -> Iterator[Platform]:
    """A server that lets nobody in without a certificate of its own authority."""
    with Platform(secrets=SECRETS).served(authority.certificate("server"), clients=authority.file) as platform:
        yield platform


@pytest.fixture
def platform(mutual: Platform) -> Platform:
    mutual.begin()
    return mutual


def at(platform: Platform, **more: Any) -> Endpoint:
    us = ClientCredentials(kind="client-credentials", token_url=platform.token_url, client_id="us", client_secret=SecretStr("s"))
    return Endpoint(name="nhs", url=f"{platform.address}/fhir", **{"auth": us, **more})


async def at_once(seconds: float) -> None:
    """How long to wait before the next try."""


def ask(endpoint: Endpoint) -> int:
    async def once() -> int:
        async with connect(endpoint, clock=Clock(sleep=at_once)) as client:
            return (await client.get("metadata")).status

    return asyncio.run(once())


def shown(authority: Authority, name: str, password: str = "") -> dict[str, Any]:
    certificate, key = authority.certificate(name, password)
    return {"certificate": certificate, "key": key} | ({"key_password": SecretStr(password)} if password else {})


# ---- TLS -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("password", ["", "open sesame"])
def test_both_sides_show_a_certificate_and_so_does_whoever_asks_for_a_token(platform: Platform, authority: Authority,
                                                                            password: str) -> None:
    assert ask(at(platform, ca=authority.file, **shown(authority, "us", password))) == 200
    assert (len(platform.forms), platform.calls) == (1, ["GET Bearer t1"])


def test_certificate_and_key_in_one_file(platform: Platform, authority: Authority) -> None:
    certificate, key = authority.certificate("both")
    private_file(certificate, certificate.read_text() + key.read_text())
    assert ask(at(platform, ca=authority.file, certificate=certificate)) == 200


NOBODY = {"auth": {"kind": "none"}}
ASKED_FIRST = pytest.mark.parametrize("auth", [{}, NOBODY], ids=["token endpoint", "server"])


def wrong(which: str, authority: Authority, stranger: Authority) -> dict[str, Any]:
    if which == "ours is over":
        certificate, key = authority.certificate("over", days=-1)
        return {"certificate": certificate, "key": key}
    return shown(stranger, "us") if which == "a stranger's shown" else {}


@ASKED_FIRST
@pytest.mark.parametrize("which", ["nothing shown", "a stranger's shown", "ours is over"])
def test_without_our_certificate_nobody_is_let_in(platform: Platform, authority: Authority, stranger: Authority, auth: dict[str, Any],
                                                  which: str) -> None:
    with pytest.raises(ClientError):
        ask(at(platform, ca=authority.file, **auth, **wrong(which, authority, stranger)))
    assert (platform.forms, platform.calls) == ([], [])


@ASKED_FIRST
def test_a_server_that_is_not_trusted_is_told_nothing(platform: Platform, authority: Authority, stranger: Authority,
                                                      auth: dict[str, Any]) -> None:
    with pytest.raises(TlsFailed, match="nothing was sent"):
        ask(at(platform, ca=stranger.file, **auth, **shown(authority, "us")))
    assert (platform.forms, platform.calls) == ([], [])


@contextmanager
def strict(authority: Authority) -> Iterator[str]:
    """A server of TLS 1.2, which says what is wrong with our certificate before anything is sent."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*authority.certificate("strict"))
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("which", ["nothing shown", "a stranger's shown", "ours is over"])
def test_what_a_server_says_of_our_certificate_is_told(authority: Authority, stranger: Authority, which: str) -> None:
    with strict(authority) as address, pytest.raises(TlsFailed, match="ALERT"):
        ask(Endpoint(name="nhs", url=address, ca=authority.file, **wrong(which, authority, stranger)))


def test_without_ca_only_what_this_machine_trusts(platform: Platform, authority: Authority) -> None:
    with pytest.raises(TlsFailed):
        ask(at(platform, **shown(authority, "us")))


# ---- a proxy ---------------------------------------------------------------------------------------------------------------
class Proxy:
    """Lets through whoever knows the password; `asked` are the places it was asked for."""

    def __init__(self, password: str = "") -> None:
        self.password, self.asked, self.address = password, list[str](), ""

    @contextmanager
    def served(self) -> Iterator[Proxy]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.address = f"127.0.0.1:{listener.getsockname()[1]}"
            Thread(target=self._accept, args=[listener], daemon=True).start()
            yield self
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                Thread(target=self._carry, args=[listener.accept()[0]], daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += near.recv(4096)
            method, place, _ = head.split(b"\r\n")[0].decode().split()
            if self.password and base64.b64encode(f"us:{self.password}".encode()) not in head:
                near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            self.asked.append(f"{method} {place}")
            host, _, port = place.partition(":")
            with socket.create_connection((host, int(port))) as far:
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = Thread(target=self._pump, args=[far, near], daemon=True)
                back.start()
                self._pump(near, far)
                back.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def test_tokens_and_requests_go_through_the_proxy(platform: Platform, authority: Authority) -> None:
    with Proxy().served() as proxy:
        assert ask(at(platform, ca=authority.file, proxy=f"http://{proxy.address}", **shown(authority, "us"))) == 200
    assert proxy.asked == [f"CONNECT {platform.address.removeprefix('https://')}"] * 2


def test_a_proxy_with_a_password(platform: Platform, authority: Authority) -> None:
    with Proxy("open:sesame").served() as proxy:
        ours = shown(authority, "us")
        assert ask(at(platform, ca=authority.file, proxy=f"http://us:open%3Asesame@{proxy.address}", **ours)) == 200
        with pytest.raises(ProxyFailed, match="nothing was sent") as error:
            ask(at(platform, ca=authority.file, proxy=f"http://us:wrong@{proxy.address}", **ours))
    assert "wrong" not in str(error.value)
    assert len(platform.calls) == 1


def test_the_environments_proxy_counts_unless_there_shall_be_none(platform: Platform, authority: Authority,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    ours = {"ca": authority.file, **shown(authority, "us")}
    with pytest.raises(Unreachable):
        ask(at(platform, **ours))
    assert ask(at(platform, proxy="none", **ours)) == 200


# ---- what a client is made with --------------------------------------------------------------------------------------------
def test_an_endpoints_headers_and_form_go_with_every_request() -> None:
    seen = list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=CAPABILITY, headers={"Content-Type": "application/fhir+json"})

    endpoint = Endpoint(name="nhs", url="https://nhs.example/fhir", form="xml", headers={"NHSD-End-User-Organisation-ODS": "Y99901"})

    async def once() -> None:
        async with connect(endpoint, transport=httpx.MockTransport(answer)) as client:
            await client.get("metadata")
            await client.post("", {"resourceType": "Bundle", "type": "transaction"})

    asyncio.run(once())
    assert [request.headers["NHSD-End-User-Organisation-ODS"] for request in seen] == ["Y99901"] * 2
    assert [request.headers["Accept"] for request in seen] == ["application/fhir+xml"] * 2
    assert seen[1].headers["Content-Type"].startswith("application/fhir+xml")


def test_before_every_request_somebody_is_waited_for_retries_too() -> None:
    waited = list[str]()

    async def before() -> None:
        waited.append("before")

    def answer(request: httpx.Request) -> httpx.Response:
        waited.append("request")
        if len(waited) == 2:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=CAPABILITY, headers={"Content-Type": "application/fhir+json"})

    async def once() -> None:
        endpoint = Endpoint(name="nhs", url="https://nhs.example/fhir")
        async with connect(endpoint, before=before, clock=Clock(sleep=at_once), transport=httpx.MockTransport(answer)) as client:
            await client.get("metadata")

    asyncio.run(once())
    assert waited == ["before", "request"] * 2


class Asked:
    """A server that wants a token, asks for a fresh one once, and writes down what came."""

    def __init__(self, spent: int = 0, token: Callable[[], None] = lambda: None) -> None:
        self.came, self._spent, self._token = list[str](), spent, token
        self.endpoint = Endpoint(name="nhs", url="https://nhs.example/fhir", auth=US, whole_seconds=0.2)

    def answer(self, request: httpx.Request) -> httpx.Response:
        asks = request.url.path == "/token"
        self.came.append("token" if asks else request.method)
        if asks:
            self._token()
            return httpx.Response(200, json={"access_token": "t", "expires_in": "600"})
        self._spent, spent = self._spent - 1, self._spent > 0
        return httpx.Response(401 if spent else 200, json=CAPABILITY, headers={"Content-Type": "application/fhir+json"})

    def posted(self, before: Before | None, sure: Before) -> None:
        async def once() -> None:
            transport, clock = httpx.MockTransport(self.answer), Clock(sleep=at_once)
            async with connect(self.endpoint, before=before, sure=sure, clock=clock, transport=transport) as client:
                await client.post("", {"resourceType": "Bundle", "type": "transaction"})

        asyncio.run(once())


def test_in_the_last_moment_somebody_is_asked_once_more_a_fresh_token_too() -> None:
    server = Asked(spent=1)

    async def says(word: str) -> None:
        server.came.append(word)

    server.posted(partial(says, "before"), partial(says, "sure"))
    assert server.came == ["before", "token", "sure", "POST", "token", "sure", "POST"]


def test_a_lane_that_is_lost_while_a_token_is_had_is_not_written_about() -> None:
    """A token may take longer than others wait for a beat; what went out then would go over what they have sent since."""
    now = 14.0

    def slowly() -> None:
        nonlocal now
        now = 42.0
        lease.bury()

    lease, server = Lease(30.0, lambda: now), Asked(token=slowly)
    lease.renew(0.0)
    with pytest.raises(Buried):
        server.posted(lease.sure, lease.sure)
    assert server.came == ["token"]


def test_who_never_is_sure_has_sent_nothing() -> None:
    server = Asked()
    with pytest.raises(NotAsked, match="nothing was sent"):
        server.posted(None, partial(asyncio.sleep, 10))
    assert set(server.came) == {"token"}


def test_a_lent_transport_is_not_closed_by_whoever_asks_for_a_token() -> None:
    class Once(httpx.MockTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": "0"})
        return httpx.Response(200, json=CAPABILITY, headers={"Content-Type": "application/fhir+json"})

    transport = Once(answer)

    async def twice(client: FhirClient) -> list[int]:
        async with client:
            found = [(await client.get("metadata")).status for _ in range(2)]
            assert transport.closed == 0
            return found

    assert asyncio.run(twice(connect(Endpoint(name="nhs", url="https://nhs.example/fhir", auth=US), transport=transport))) == [200, 200]
    assert transport.closed == 1
