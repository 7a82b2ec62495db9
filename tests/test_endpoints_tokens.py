"""Who we are, told to a server that checks it as NHS England's platform does; what is counted is counted there."""
from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator
from functools import cache, partial
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr
from starlette.responses import Response

from adapter.delivery.answer import Ambiguous, Answer, ClientError, ConnectionRefused, NotAsked, NotLetIn, NoToken
from adapter.delivery.client import FhirClient
from adapter.delivery.deadline import within
from adapter.delivery.endpoints import Endpoint, connect
from adapter.delivery.endpoints.credentials import Basic, Bearer, ClientCredentials, PrivateKeyJwt
from adapter.delivery.endpoints.tokens import Times, Token, Tokens
from adapter.delivery.retry import Clock
from tests.certificates import Key, pem
from tests.nhs_platform import REGISTER, TYPE, Platform, fhir, outcome, refuses

OURS = "the-api-key"
CANARY = "Examplesen-9990000018"
CONTEXT = ssl.create_default_context()
Act = Callable[[FhirClient], Coroutine[Any, Any, Any]]


@cache
def rsa_key(number: int = 1) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@pytest.fixture(scope="module")
def started() -> Iterator[Platform]:
    with Platform({OURS: {"k1": rsa_key().public_key()}, "unregistered": {}}).served() as platform:
        yield platform


@pytest.fixture
def platform(started: Platform) -> Platform:
    started.begin()
    return started


def signed(platform: Platform, key: Key | None = None, **differently: Any) -> PrivateKeyJwt:
    said = {"token_url": platform.token_url, "client_id": OURS, "kid": "k1", "algorithm": "RS512",
            "key": SecretStr(pem(key or rsa_key()))}
    return PrivateKeyJwt(kind="private-key-jwt", **{**said, **differently})


def at(platform: Platform, auth: Any, **more: Any) -> Endpoint:
    return Endpoint(name="nhs", url=f"{platform.address}/fhir", auth=auth, **more)


async def at_once(seconds: float) -> None:
    """How long to wait before the next try."""


def told(endpoint: Endpoint, act: Act) -> Any:
    async def once() -> Any:
        async with connect(endpoint, clock=Clock(sleep=at_once)) as client:
            return await act(client)

    return asyncio.run(once())


async def metadata(client: FhirClient) -> Answer:
    return await client.get("metadata")


async def bundle(client: FhirClient) -> Answer:
    return await client.post("", {"resourceType": "Bundle", "type": "transaction"})


# ---- who we are ------------------------------------------------------------------------------------------------------------
def test_a_signed_assertion_is_changed_for_a_token_and_the_token_is_kept(platform: Platform) -> None:
    async def several(client: FhirClient) -> list[int]:
        return [(await ask(client)).status for ask in (metadata, bundle, metadata)]

    assert told(at(platform, signed(platform)), several) == [200, 200, 200]
    assert platform.calls == ["GET Bearer t1", "POST Bearer t1", "GET Bearer t1"]
    assert len(platform.forms) == 1


def test_what_is_signed_is_what_the_platform_asks_for(platform: Platform) -> None:
    began = time.time()
    for _ in range(2):
        told(at(platform, signed(platform)), metadata)
    first, second = ({**form} for form in platform.forms)
    assert first.keys() == {"grant_type", "client_assertion_type", "client_assertion"}
    header = jwt.get_unverified_header(first["client_assertion"])
    assert header == {"alg": "RS512", "typ": "JWT", "kid": "k1"}
    one, other = (jwt.decode(form["client_assertion"], options={"verify_signature": False}) for form in (first, second))
    assert one.keys() == {"iss", "sub", "aud", "jti", "exp"}
    assert one["jti"] != other["jti"]
    assert 0 < one["exp"] - began <= 300


@pytest.mark.parametrize(("algorithm", "key"), [("RS384", rsa_key), ("ES384", ec_key)])
def test_smart_backend_services(algorithm: str, key: Callable[[], Key]) -> None:
    known = {OURS: {"k1": key().public_key()}}
    with Platform(known, algorithms=("RS384", "ES384"), life=300).served() as platform:
        platform.scope_wanted = "system/*.rs"
        assert told(at(platform, signed(platform, key(), algorithm=algorithm, scope="system/*.rs")), metadata).ok


@pytest.mark.parametrize("send_as", ["header", "body"])
def test_client_credentials(send_as: Any) -> None:
    said = "p/ä:ss wörd+"  # what a form and a header must not garble
    with Platform(secrets={"red bag": said}).served() as platform:
        us = ClientCredentials(kind="client-credentials", token_url=platform.token_url, client_id="red bag", send_as=send_as,
                               client_secret=SecretStr(said))
        assert told(at(platform, us), metadata).ok
        assert ("client_secret" in platform.forms[0]) == (send_as == "body")


@pytest.mark.parametrize(("auth", "sent"), [
    (Basic(kind="basic", user="red", password=SecretStr("bag")), "GET Basic cmVkOmJhZw=="),
    (Bearer(kind="bearer", token=SecretStr("abc")), "GET Bearer abc"),
    ({"kind": "none"}, "GET "),
])
def test_what_is_said_without_a_token_endpoint(platform: Platform, auth: Any, sent: str) -> None:
    """What the server then answers stands: there is nobody to ask for another."""
    assert told(at(platform, auth), metadata).status == 401
    assert platform.calls == [sent]


# ---- how long --------------------------------------------------------------------------------------------------------------
def test_many_that_need_a_token_wait_for_one(platform: Platform) -> None:
    async def at_once(client: FhirClient) -> list[int]:
        return [answer.status for answer in await asyncio.gather(*[bundle(client) for _ in range(20)])]

    platform.slow = 0.1
    assert told(at(platform, signed(platform), concurrency=20), at_once) == [200] * 20
    assert len(platform.forms) == 1


def test_many_that_were_told_401_share_one_fresh_token(platform: Platform) -> None:
    async def at_once(client: FhirClient) -> list[int]:
        await metadata(client)
        platform.revoked.add("t1")
        platform.slow = 0.1
        return [answer.status for answer in await asyncio.gather(*[bundle(client) for _ in range(20)])]

    assert told(at(platform, signed(platform), concurrency=20), at_once) == [200] * 20
    assert len(platform.forms) == 2


def test_after_one_fresh_token_the_answer_stands(platform: Platform) -> None:
    platform.revoked |= {"t1", "t2", "t3"}
    assert told(at(platform, signed(platform)), bundle).status == 401
    assert platform.calls == ["POST Bearer t1", "POST Bearer t2"]


@pytest.mark.parametrize(("details", "asked"), [("SEND_FORBIDDEN", 2), ("REC_FORBIDDEN", 1)])
def test_bars_says_with_a_403_that_the_token_is_not_taken(platform: Platform, details: str, asked: int) -> None:
    platform.api_says = [fhir(outcome("forbidden", details), 403)]
    answer = told(at(platform, signed(platform)), bundle)
    assert (len(platform.calls), answer.ok) == (asked, asked == 2)
    assert answer.ok or answer.resource["issue"][0]["details"]["coding"][0]["code"] == details  # it was looked at, and is still whole


class Hours:
    """A clock that is set by hand."""

    def __init__(self, wall: float = 0.0) -> None:
        self.now, self.wall = 0.0, wall

    def times(self) -> Times:
        return Times(lambda: time.time() + self.wall, lambda: self.now)


def tokens(us: Any, hours: Hours) -> Tokens:
    return Tokens(us, partial(httpx.AsyncClient, verify=CONTEXT), hours.times())


@pytest.mark.parametrize(("life", "kept"), [("599", 568), (599, 568), ("599.0", 568), (60, 53), (4, 3), (None, 53), ("soon", 53), (-1, 53)])
def test_a_token_is_used_until_shortly_before_its_end(platform: Platform, life: Any, kept: float) -> None:
    async def story() -> list[str]:
        hours = Hours()
        mine, found = tokens(signed(platform), hours), list[str]()
        for hours.now in (0.0, float(kept), kept + 1.0 if life != 4 else 3.7):
            found.append((await mine.current()).text)
        return found

    platform.life = life
    assert asyncio.run(story()) == ["t1", "t1", "t2"]


# ---- no --------------------------------------------------------------------------------------------------------------------
def refused(us: Any, hours: Hours | None = None) -> ClientError:
    with pytest.raises(ClientError) as error:
        asyncio.run(tokens(us, hours or Hours()).current())
    assert CANARY not in "".join(traceback.format_exception(error.value)) + repr(error.value)
    return error.value


JWT = "in client_assertion JWT"
SAYS_NO: list[tuple[int, str, str, type[ClientError], str]] = [
    (400, "invalid_request", "Missing client_assertion", NotLetIn, "`kind`"),
    (400, "invalid_request", "Malformed JWT in client_assertion", NotLetIn, "`kind`"),
    (400, "invalid_request", TYPE, NotLetIn, "`kind`"),
    (400, "invalid_request", f"Missing 'kid' header {JWT}", NotLetIn, "`kid`"),
    (400, "invalid_request", f"Invalid 'typ' header {JWT} - must be 'JWT'", NotLetIn, "`kind`"),
    (400, "invalid_request", f"Invalid 'alg' header {JWT} - unsupported JWT algorithm - must be 'RS512'", NotLetIn, "`algorithm`"),
    (400, "invalid_request", f"Missing 'exp' claim {JWT}", NotLetIn, "`kind`"),
    (400, "invalid_request", f"Invalid 'exp' claim {JWT} - must be an integer", NotLetIn, "`kind`"),
    (400, "invalid_request", f"Invalid 'exp' claim {JWT} - more than 5 minutes in future", NotLetIn, "clock is ahead"),
    (400, "invalid_request", f"Invalid 'exp' claim {JWT} - JWT has expired", NotLetIn, "clock is behind"),
    (400, "invalid_request", f"Missing or non-matching 'iss'/'sub' claims {JWT}", NotLetIn, "`client_id`"),
    (400, "invalid_request", f"Missing 'jti' claim {JWT}", NotLetIn, "`kind`"),
    (400, "invalid_request", f"Invalid 'jti' claim {JWT} - must be a unique string value such as a GUID", NotLetIn, "`kind`"),
    (400, "invalid_request", f"Non-unique 'jti' claim {JWT}", NoToken, "a proxy between us repeats requests"),
    (400, "unsupported_grant_type", "grant_type is invalid", NotLetIn, "`kind`"),
    (401, "invalid_request", f"Missing or invalid 'aud' claim {JWT}", NotLetIn, "`token_url`"),
    (401, "invalid_request", f"Invalid 'kid' header {JWT} - no matching public key", NotLetIn, "`kid`"),
    (401, "invalid_request", f"Invalid 'iss'/'sub' claims {JWT}", NotLetIn, "`client_id`"),
    (401, "public_key error", "JWT signature verification failed", NotLetIn, "`key` and `kid`"),
    (403, "public_key error", REGISTER, NotLetIn, "register one there"),
    (403, "public_key error", "The JWKS endpoint, for your client_assertion can't be reached", NoToken, "that is registered for us"),
    (401, "invalid_client", CANARY, NotLetIn, "its secret or key"),
    (400, "invalid_scope", CANARY, NotLetIn, "`scope`"),
    (400, CANARY, CANARY, NotLetIn, "`token_url`"),
    (402, CANARY, CANARY, NotLetIn, "in words we know"),
    (408, CANARY, CANARY, NoToken, "asked too often, or out of service"),
    (429, CANARY, CANARY, NoToken, "asked too often, or out of service"),
    (500, CANARY, CANARY, NoToken, "asked too often, or out of service"),
    (503, "invalid_client", CANARY, NoToken, "asked too often, or out of service"),
]


@pytest.mark.parametrize(("status", "error", "description", "kind", "says"), SAYS_NO)
def test_why_no_token_is_given_is_said_in_our_words(platform: Platform, status: int, error: str, description: str, kind: type[ClientError],
                                                     says: str) -> None:
    platform.says = [refuses(status, error, f"{description} {CANARY}")]
    no = refused(signed(platform))
    assert type(no) is kind
    assert str(no).startswith(f"the token endpoint {platform.token_url} ")
    assert says in str(no)
    assert str(no).endswith(f"(HTTP {status}); nothing was sent")


HTML = Response(f"<html>{CANARY}</html>", 200, media_type="text/html")


@pytest.mark.parametrize(("answer", "kind"), [
    (HTML, NoToken),
    (Response(f"<html>{CANARY}</html>", 401, media_type="text/html"), NotLetIn),
    (Response(b"\xff\xfe", 502), NoToken),
    (Response(b"", 200), NoToken),
    (Response(b"[" * 50_000, 200, media_type="application/json"), NoToken),
    (Response(b" " * 70_000 + b'{"access_token": "x"}', 200), NoToken),
    (Response(json.dumps([CANARY]), 200), NoToken),
    (Response(json.dumps({"access_token": f"{CANARY}\r\nX: y"}), 200), NoToken),
    (Response(json.dumps({"access_token": 7}), 200), NoToken),
    (Response(json.dumps({"access_token": CANARY, "token_type": "mac"}), 200), NoToken),
    (Response(b"", 302, {"Location": f"https://elsewhere.example/{CANARY}"}), NotLetIn),
])
def test_answers_that_are_no_answer(platform: Platform, answer: Response, kind: type[ClientError]) -> None:
    platform.says = [answer]
    no = refused(signed(platform))
    assert type(no) is kind
    assert ("give the address it has moved to" in str(no)) == (answer.status_code == 302)


@pytest.mark.parametrize(("differently", "says"), [
    ({"kid": "k2"}, "`kid`"),
    ({"client_id": "somebody else"}, "`client_id`"),
    ({"client_id": "unregistered"}, "register one there"),
    ({"algorithm": "RS384"}, "`algorithm`"),
    ({"audience": "https://elsewhere.example/token"}, "`token_url`"),
    ({"key": rsa_key(2)}, "`key` and `kid`"),
    ({"scope": "everything"}, "`scope`"),
])
def test_what_is_wrong_with_us_is_found_by_a_server_that_checks_it(platform: Platform, differently: dict[str, Any], says: str) -> None:
    no = refused(signed(platform, **differently))
    assert isinstance(no, NotLetIn)
    assert says in str(no)


@pytest.mark.parametrize(("wrong", "says"), [(-400.0, "clock is behind"), (400.0, "clock is ahead")])
def test_a_clock_that_is_wrong_is_told(platform: Platform, wrong: float, says: str) -> None:
    """By how much, as far as a Date tells it, which counts seconds."""
    no = re.search(rf"{says}, by (\d+) s as its Date says: let a time server set it", str(refused(signed(platform), Hours(wrong))))
    assert no
    assert 390 < int(no[1]) < 410


def test_a_token_endpoint_that_is_not_there(platform: Platform) -> None:
    """A write is not ambiguous by that: it was never sent."""
    lost = signed(platform, token_url="http://127.0.0.1:9/token")  # noqa: S106  # an address
    with pytest.raises(ConnectionRefused, match=r"127\.0\.0\.1:9/token cannot be reached .* nothing was sent"):
        told(at(platform, lost), bundle)
    assert platform.calls == []


def test_what_is_lost_after_its_token_came_may_have_been_taken(platform: Platform) -> None:
    async def in_time(client: FhirClient) -> None:
        await metadata(client)
        with within(0.3):
            await bundle(client)

    platform.api_slow = 1.0
    with pytest.raises(Ambiguous):
        told(at(platform, signed(platform)), in_time)
    assert platform.calls == ["GET Bearer t1", "POST Bearer t1"]


def test_a_token_that_comes_too_late_is_no_doubt_about_what_was_sent(platform: Platform) -> None:
    async def in_time(client: FhirClient) -> None:
        with within(0.3):
            await bundle(client)

    platform.slow = 1.0
    with pytest.raises(NotAsked, match="nothing was sent"):
        told(at(platform, signed(platform)), in_time)
    assert platform.calls == []


def test_who_waited_for_somebody_elses_no_is_told_it_too(platform: Platform) -> None:
    async def at_once() -> list[BaseException | Token]:
        mine = tokens(signed(platform, kid="k2"), Hours())
        return await asyncio.gather(*[mine.current() for _ in range(20)], return_exceptions=True)

    platform.slow = 0.1
    assert {type(each) for each in asyncio.run(at_once())} == {NotLetIn}
    assert len(platform.forms) == 1


def test_after_a_no_it_is_asked_again(platform: Platform) -> None:
    async def twice() -> str:
        hours = Hours()
        mine = tokens(signed(platform), hours)
        with pytest.raises(NoToken):
            await mine.current()
        hours.now += 1.0
        return (await mine.current()).text

    platform.says = [refuses(503, "", "")]
    assert asyncio.run(twice()) == "t1"


def test_no_secret_is_shown(platform: Platform) -> None:
    endpoint = at(platform, signed(platform), headers={"apikey": "hidden-apikey"})
    assert "hidden" not in repr(endpoint) + str(endpoint) + repr(connect(endpoint))
    assert "PRIVATE" not in repr(endpoint) + str(endpoint)
    assert "abc" not in repr(Token("abc", 1.0))
