"""The formats of bodies, JSON and XML: which one was sent, which one is to be answered. What is kept is JSON.

Source: FHIR R4 "RESTful API", content types and _format.
"""

from __future__ import annotations

from adapter import wire
from adapter.faults import Refused
from adapter.sandbox.outcome import Refusal, Resource

FORM = "application/x-www-form-urlencoded"
ANY = ("*/*", "application/*")


def of_request(content_type: str) -> wire.Format:
    """Raises Refusal (415)."""
    charset = content_type.partition(";")[2].lower().replace('"', "").replace("charset=utf-8", "")
    format_ = wire.format_of(content_type)
    if format_ is None or "charset" in charset:
        raise Refusal(415, "not-supported", f"Content-Type must be one of {_media()}, in UTF-8")
    return format_


def read(format_: wire.Format, body: bytes) -> Resource:
    """Raises Refusal (400)."""
    try:
        return format_.loads(body)
    except Refused as refused:
        what = "one JSON object" if format_ is wire.JSON else "a resource in FHIR XML"
        raise Refusal(400, "structure", f"the body is not {what}: {refused}", refused.found[0].path) from refused


def read_form(content_type: str, body: bytes) -> str:
    """The parameters of a POST _search, as a query. Raises Refusal (415)."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise Refusal(415, "not-supported", f"Content-Type of a _search must be {FORM}")
    return body.decode(errors="replace")


def of_answer(accept: str, format_: str | None) -> wire.Format:
    """What `_format` says, else the first that `Accept` lists. Raises Refusal (406)."""
    wanted = [format_.replace(" ", "+")] if format_ is not None else (accept or "*/*").split(",")
    for said in wanted:
        if said.partition(";")[0].strip() in ANY:
            return wire.JSON
        if found := wire.format_of(said):
            return found
    raise Refusal(406, "not-supported", f"Accept or _format must allow one of {_media()}")


def render(format_: wire.Format, body: Resource | bytes) -> bytes:
    """What the store keeps (JSON), or a dict. Raises Refusal (406) for what the store has and FHIR's XML has no place for."""
    if isinstance(body, bytes) and format_ is wire.JSON:
        return body
    try:
        return format_.dumps(wire.loads(body) if isinstance(body, bytes) else body)
    except Refused as refused:
        raise Refusal(406, "not-supported", f"the answer cannot be told in this format, ask for {wire.JSON.media}: {refused}") from refused


def _media() -> str:
    return ", ".join(each.media for each in wire.FORMATS.values())
