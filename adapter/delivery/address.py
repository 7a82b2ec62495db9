"""Addresses of a FHIR server: the base we were given, where a link leads, and how a request is shown to a person. Pure."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import httpx

from adapter.delivery.answer import BadAddress

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
HOST = re.compile(rb"[a-z0-9._-]+|[0-9a-f:.]+")
INTERACTIONS = frozenset({"metadata", "_search", "_history"})  # HL7 FHIR R4, RESTful API
OPERATION = re.compile(r"\$[a-z][a-zA-Z-]*")


def base_address(said: str, *, plain_http: bool) -> str:
    """The base with one slash at its end, or BadAddress, which does not repeat it: it may hold a password.

    >>> base_address("https://hospital.example/fhir", plain_http=False)
    'https://hospital.example/fhir/'
    """
    try:
        url = httpx.URL(said.strip())
    except httpx.InvalidURL:
        raise BadAddress("the server's address is not an address; expected https://HOST/PATH") from None
    if url.scheme not in ("http", "https") or not HOST.fullmatch(url.raw_host) or url.userinfo or url.query or url.fragment:
        raise BadAddress("the server's address must be https://HOST/PATH, without user, password, query or fragment")
    if url.port is not None and not 0 < url.port < 65536:
        raise BadAddress("the server's address has a port that does not exist: expected one from 1 to 65535")
    if url.scheme == "http" and url.host not in LOCAL_HOSTS and not plain_http:
        raise BadAddress(f"{url.host} is not this machine: use https, or what the record says travels for all to read")
    return str(url).rstrip("/") + "/"


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Who is asked: scheme, host, port."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def shown(method: str, url: httpx.URL, base: str) -> str:
    """A request for a person, without the query and with … for every id: both may be a patient's (PDS uses the NHS number as the id).

    >>> shown("GET", httpx.URL("https://pds.example/R4/Patient/9990000018?x=y"), "https://pds.example/R4/")
    'GET https://pds.example/R4/Patient/…'
    """
    within = [part for part in url.path.removeprefix(httpx.URL(base).path).split("/") if part]
    return f"{method} {base}{'/'.join(_public(within))}".rstrip("/")


def _public(within: Iterable[str]) -> Iterator[str]:
    """What FHIR calls so. Behind a type, and behind a history, stands an id, and an id may be called as a type is."""
    from adapter.fhir_xml.tables import is_resource_type  # with its parser, which takes a while to load

    before = ""
    for part in within:
        is_type = is_resource_type(part) and not (is_resource_type(before) or before == "_history")
        before = part if is_type or part in INTERACTIONS or OPERATION.fullmatch(part) else "…"
        yield before
