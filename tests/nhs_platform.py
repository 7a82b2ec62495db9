"""NHS England's API platform as a sender meets it: its identity service, which checks assertions as the published code does and says no in
the same words, and an API behind it. A real server on this machine, with or without TLS.

Sources: NHS England, identity-service-api (validate-client-assertion-claims.js, VerifyJWT.ClientCredentials, PopulateCache.JTI);
personal-demographics-service-api (AssignMessage.Errors.OAuthPolicyResponse); HL7 SMART Backend Services.
"""
from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPE = f"Missing or invalid client_assertion_type - must be '{ASSERTION}'"
REGISTER = "You need to register a public key to use this authentication method - please contact support to configure"
CAPABILITY = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": {"name": "Fictional FHIR", "version": "3.1"},
              "format": ["json", "application/fhir+xml"], "rest": [{"mode": "server", "interaction": [{"code": "transaction"}]}]}
FHIR = "application/fhir+json"


class No(Exception):
    """How the identity service says no."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.body = status, {"error": error, "error_description": description, "message_id": "rrt-0-1"}


class Platform:
    """`keys`: the public keys registered for each client, by kid; `secrets`: shared ones. `algorithms`: RS512 alone at NHS England. `life`:
    what it says of a token's seconds."""

    def __init__(self, keys: Mapping[str, Mapping[str, Any]] | None = None, secrets: Mapping[str, str] | None = None,
                 algorithms: tuple[str, ...] = ("RS512",), life: Any = "599") -> None:
        self.keys, self.secrets, self.algorithms = keys or {}, secrets or {}, algorithms
        self.address, self.usual_life = "", life
        self.app = Starlette(routes=[
            Route("/oauth2/token", self._token, methods=["POST"]), Route("/fhir/{path:path}", self._api, methods=["GET", "POST"]),
            Route("/fhir", self._api, methods=["POST"])])
        self.begin()

    def begin(self) -> None:
        """As if it had just been started."""
        self.life, self.scope_wanted = self.usual_life, ""
        self.forms = list[dict[str, str]]()  # of everybody who asked for a token
        self.calls = list[str]()  # "POST Bearer t1" of every call of the API
        self.jtis, self.tokens, self.revoked = set[str](), list[str](), set[str]()
        self.says = list[Response]()  # what the token endpoint says instead, once each
        self.api_says = list[Response]()  # the same of the API
        self.slow = self.api_slow = 0.0  # seconds before a token is given, and before a bundle is answered

    @property
    def token_url(self) -> str:
        return f"{self.address}/oauth2/token"

    @contextmanager
    def served(self, certificate: tuple[Path, Path] | None = None, clients: Path | None = None) -> Iterator[Platform]:
        """`certificate`: it speaks TLS, and shows this one; `clients`: it asks for one that this authority has vouched for."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http{'s' if certificate else ''}://localhost:{listener.getsockname()[1]}"
        tls = {"ssl_certfile": certificate[0], "ssl_keyfile": certificate[1]} if certificate else {}
        asks = {"ssl_ca_certs": str(clients), "ssl_cert_reqs": 2} if clients else {}
        server = uvicorn.Server(uvicorn.Config(self.app, log_level="critical", access_log=False, lifespan="off", **tls, **asks))  # type: ignore[arg-type]  # as they are
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield self
        finally:
            server.should_exit = True
            thread.join(10)
            listener.close()

    # ---- tokens ------------------------------------------------------------------------------------------------------------
    async def _token(self, request: Request) -> Response:
        if request.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            return Response(status_code=415)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.forms.append(form)
        says = self.says
        await asyncio.sleep(self.slow)
        if says:
            return says.pop(0)
        try:
            self._check(form, request.headers.get("Authorization", ""))
        except No as no:
            return JSONResponse(no.body, no.status)
        self.tokens.append(f"t{len(self.tokens) + 1}")
        issued = str(int(time.time() * 1000))
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": self.life, "token_type": "Bearer", "issued_at": issued})

    def _check(self, form: dict[str, str], authorization: str) -> None:
        if form.get("grant_type") != "client_credentials":
            raise No(400, "unsupported_grant_type", "grant_type is invalid")
        if form.get("scope", "") != self.scope_wanted:
            raise No(400, "invalid_scope", "scope is invalid")
        if self.secrets:
            self._check_secret(form, authorization)
        else:
            self._check_assertion(form)

    def _check_secret(self, form: dict[str, str], authorization: str) -> None:
        if authorization:
            client, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            client, secret = unquote_plus(client), unquote_plus(secret)
        else:
            client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if self.secrets.get(client) != secret:
            raise No(401, "invalid_client", "Client authentication failed")

    def _check_assertion(self, form: dict[str, str]) -> None:
        if form.get("client_assertion_type") != ASSERTION:
            raise No(400, "invalid_request", TYPE)
        if not (said := form.get("client_assertion")):
            raise No(400, "invalid_request", "Missing client_assertion")
        try:
            header, claims = jwt.get_unverified_header(said), jwt.decode(said, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise No(400, "invalid_request", "Malformed JWT in client_assertion") from None
        self._check_header(header)
        self._check_claims(claims)
        keys = self.keys.get(claims["iss"])
        if keys is None:
            raise No(401, "invalid_request", "Invalid 'iss'/'sub' claims in client_assertion JWT")
        if not keys:
            raise No(403, "public_key error", REGISTER)
        if header["kid"] not in keys:
            raise No(401, "invalid_request", "Invalid 'kid' header in client_assertion JWT - no matching public key")
        try:
            jwt.decode(said, keys[header["kid"]], [header["alg"]], audience=self.token_url, options={"verify_exp": False})
        except jwt.InvalidTokenError:
            raise No(401, "public_key error", "JWT signature verification failed") from None
        if claims["jti"] in self.jtis:
            raise No(400, "invalid_request", "Non-unique 'jti' claim in client_assertion JWT")
        self.jtis.add(claims["jti"])

    def _check_header(self, header: dict[str, Any]) -> None:
        if not header.get("kid"):
            raise No(400, "invalid_request", "Missing 'kid' header in client_assertion JWT")
        if header.get("typ") != "JWT":
            raise No(400, "invalid_request", "Invalid 'typ' header in client_assertion JWT - must be 'JWT'")
        if header["alg"] not in self.algorithms:
            raise No(400, "invalid_request", "Invalid 'alg' header in client_assertion JWT - unsupported JWT algorithm - must be 'RS512'")

    def _check_claims(self, claims: dict[str, Any]) -> None:
        now = time.time()
        if type(claims.get("exp")) is not int:
            raise No(400, "invalid_request", "Invalid 'exp' claim in client_assertion JWT - must be an integer")
        if claims["exp"] < now - 10:
            raise No(400, "invalid_request", "Invalid 'exp' claim in client_assertion JWT - JWT has expired")
        if claims["exp"] > now + 310:
            raise No(400, "invalid_request", "Invalid 'exp' claim in client_assertion JWT - more than 5 minutes in future")
        if not claims.get("iss") or claims["iss"] != claims.get("sub"):
            raise No(400, "invalid_request", "Missing or non-matching 'iss'/'sub' claims in client_assertion JWT")
        if not isinstance(claims.get("jti"), str):
            raise No(400, "invalid_request", "Missing 'jti' claim in client_assertion JWT")
        if claims.get("aud") != self.token_url:
            raise No(401, "invalid_request", "Missing or invalid 'aud' claim in client_assertion JWT")

    # ---- the API behind it -------------------------------------------------------------------------------------------------
    async def _api(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "")
        self.calls.append(f"{request.method} {token}")
        body = await request.body()
        says = self.api_says
        if request.method == "POST":
            await asyncio.sleep(self.api_slow)
        if says:
            return says.pop(0)
        if token.removeprefix("Bearer ") not in set(self.tokens) - self.revoked:
            return denied()
        return fhir(CAPABILITY if request.url.path.endswith("metadata") else json.loads(body or b"{}"), request=request)


def fhir(resource: Any, status: int = 200, request: Request | None = None) -> Response:
    ids = {name: request.headers[name] for name in ("X-Request-ID", "X-Correlation-ID") if request and name in request.headers}
    return Response(json.dumps(resource), status, ids, FHIR)


def outcome(code: str, details: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "details": {"coding": [
        {"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "version": "1", "code": details}]}}]}


def denied() -> Response:
    return fhir(outcome("forbidden", "ACCESS_DENIED"), 401)


def refuses(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description, "message_id": "rrt-0-1"}, status)
