"""The formats of bodies. JSON is the only one so far; a second is a second line of FORMATS.

Source: FHIR R4 "RESTful API", content types and _format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter import wire
from adapter.faults import Refused
from adapter.sandbox.outcome import Refusal, Resource


@dataclass(frozen=True, slots=True)
class Format:
    """`media` is what answers are called, `names` are what a client may call it. `render` takes what the store keeps (JSON) or a dict."""

    media: str
    names: frozenset[str]
    read: Callable[[bytes], Resource]
    render: Callable[[Resource | bytes], bytes]


def _read_json(body: bytes) -> Resource:
    try:
        return wire.loads(body)
    except Refused as refused:
        raise Refusal(400, "structure", f"the body is not one JSON object: {refused}") from refused


def _render_json(body: Resource | bytes) -> bytes:
    return body if isinstance(body, bytes) else wire.dumps(body)


JSON_NAMES = frozenset({"application/fhir+json", "application/json", "text/json", "json"})
JSON = Format("application/fhir+json", JSON_NAMES, _read_json, _render_json)
FORMATS = (JSON,)
FORM = "application/x-www-form-urlencoded"


def of_request(content_type: str) -> Format:
    """Raises Refusal (415)."""
    media, _, parameters = content_type.partition(";")
    for each in FORMATS:
        if media.strip().lower() in each.names and "charset" not in parameters.lower().replace('"', "").replace("charset=utf-8", ""):
            return each
    raise Refusal(415, "not-supported", f"Content-Type must be one of {_media()}, in UTF-8")


def read_form(content_type: str, body: bytes) -> str:
    """The parameters of a POST _search, as a query. Raises Refusal (415)."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise Refusal(415, "not-supported", f"Content-Type of a _search must be {FORM}")
    return body.decode(errors="replace")


def of_answer(accept: str, format_: str | None) -> Format:
    """What `_format` says, else the first that `Accept` lists. Raises Refusal (406)."""
    wanted = [format_.replace(" ", "+")] if format_ is not None else [each.partition(";")[0] for each in (accept or "*/*").split(",")]
    for media in (each.strip().lower() for each in wanted):
        for each in FORMATS:
            if media in each.names or media in ("*/*", "application/*"):
                return each
    raise Refusal(406, "not-supported", f"Accept or _format must allow one of {_media()}")


def _media() -> str:
    return ", ".join(each.media for each in FORMATS)
