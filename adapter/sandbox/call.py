"""One interaction as values: what is asked (`Call`), what is answered (`Answer`), what both are about (`Context`).

An HTTP request and an entry of a transaction or batch are both a Call, so the same functions serve both.
Source: FHIR R4 "RESTful API" for the headers, "Bundle.entry.request" for the elements that stand for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from adapter.sandbox.dates import interval
from adapter.sandbox.outcome import Refusal, Resource
from adapter.sandbox.pages import Pages
from adapter.sandbox.store import Stored, Transaction

Pairs = tuple[tuple[str, str], ...]
"""Parameters in their order, decoded."""

LACKS = {
    "transaction": "a transaction is refused",
    "batch": "a batch is refused",
    "update-as-create": "an update where nothing is, is refused: the server alone chooses ids",
    "conditional-create": "If-None-Exist is passed over, and makes another one",
    "if-match": "If-Match is passed over, and what another wrote meanwhile is lost",
    "dangling": "a reference to what is not there is refused",
}
"""What a sandbox may be without, and what it then does: as servers do that were built so."""

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_WHOLE = re.compile(r"[0-9]{1,18}")
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """`if_match` and `if_none_match` are version ids; `if_none_exist` is a query."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    if_none_exist: Pairs | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is relative to the server's base. The router fills in `type`, `id` and `version` from it."""

    method: str
    path: str
    parameters: Pairs = ()
    resource: Resource | None = None
    preconditions: Preconditions = Preconditions()
    type: str = ""
    id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`stored` is the version that the answer is about. `written` says that the call was to write it, so that its location is told."""

    status: int
    body: Resource | bytes | None = None
    stored: Stored | None = None
    written: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What every interaction works with: the open store, the server's own address (no slash at its end), the searches being
    paged through, what the client prefers (`handling=lenient`, `return=minimal`, `return=representation`), and what this server
    lacks (LACKS)."""

    tx: Transaction
    base: str
    pages: Pages
    prefer: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    @property
    def lenient(self) -> bool:
        return "handling=lenient" in self.prefer


def pairs(query: str) -> Pairs:
    return tuple(parse_qsl(query, keep_blank_values=True))


def whole(text: str) -> int | None:
    """A whole number of a size that databases know; None if it is none."""
    return int(text) if _WHOLE.fullmatch(text) else None


def preconditions(said: Mapping[str, str]) -> Preconditions:
    """From HTTP headers by their names in small letters. Raises Refusal (400) for one that cannot be read: to go on without it would do
    what the client asked not to do."""
    query = said.get("if-none-exist")
    return Preconditions(
        _version(said, "if-match"),
        _version(said, "if-none-match"),
        _instant(said, "if-modified-since"),
        None if query is None else pairs(query),
    )


def _version(said: Mapping[str, str], name: str) -> str | None:
    if name not in said:
        return None
    found = _ETAG.fullmatch(said[name].strip())
    if not found:
        raise Refusal(400, "value", f'{name} must be one ETag as this server gives them, for example W/"3"')
    return found[1]


def _instant(said: Mapping[str, str], name: str) -> datetime | None:
    """An HTTP date in a header; an instant in Bundle.entry.request."""
    if name not in said:
        return None
    try:
        if span := interval(said[name]):
            return datetime.fromisoformat(span[0]).replace(tzinfo=UTC)
        return parsedate_to_datetime(said[name]).astimezone(UTC)
    except ValueError:
        raise Refusal(400, "value", f"{name} must be a date, for example Wed, 01 Jan 2025 12:00:00 GMT") from None
