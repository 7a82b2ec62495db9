"""Asks a server, within bounds: so many requests, so long for each, so long for all; and knows what it has made there."""
from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field

from adapter import wire
from adapter.delivery.answer import Ambiguous, Answer, ClientError, NoAnswer, NotAsked, Resource
from adapter.delivery.client import NOTHING, FhirClient, Limits, Params
from adapter.delivery.dialects.signs import entries_of
from adapter.delivery.dialects.words import reasons
from adapter.delivery.outcome import LOCATION

NO_MORE = Answer(0, "")
REQUESTS, SECONDS, EACH = 250, 240.0, 20.0  # of a probe: how many, how long for all, how long for one
LIMITS = Limits(answer_bytes=16 * 1024 * 1024, attempts=1, connect=10.0, silence=15.0, whole_answer=EACH)


@dataclass
class Asker:
    """`made`: "Type/id" of all that may stand there because of us, in order. `requests` and `ends` (by the event loop's clock) bound it."""

    client: FhirClient
    requests: int = REQUESTS
    seconds: float = SECONDS
    made: dict[str, None] = field(default_factory=dict)
    run: str = field(default_factory=lambda: str(uuid.uuid4()))
    _ends: float = 0.0

    def begin(self, requests: int, seconds: float) -> None:
        """From now on."""
        self.requests, self._ends = requests, asyncio.get_running_loop().time() + seconds

    # ---- questions
    async def get(self, path: str, params: Params = (), **headers: str) -> Answer:
        return await self._asked(self.client.get(path, params, headers=_named(headers)))

    async def pages(self, path: str, params: Params) -> AsyncIterator[Answer]:
        """Raises ClientError; each page is a request."""
        pages = self.client.pages(path, params)
        while (page := await self._asked(anext(pages, NO_MORE))) is not NO_MORE:
            yield page

    # ---- writes
    async def put(self, path: str, resource: Resource, *, form: wire.Format | None = None, **headers: str) -> Answer:
        if "?" not in path:
            self.made[path] = None
        return await self._written("PUT", path, resource, _named(headers), form)

    async def post(self, path: str, resource: Resource, **headers: str) -> Answer:
        return await self._written("POST", path, resource, _named(headers))

    async def bundle(self, kind: str, *entries: Resource) -> Answer:
        self.made |= {entry["request"]["url"]: None for entry in entries
                      if entry["request"]["method"] == "PUT" and "?" not in entry["request"]["url"]}
        answer = await self.post("", {"resourceType": "Bundle", "type": kind, "entry": list(entries)})
        self.made |= {target: None for said in entries_of(answer) or () if (target := placed(said.get("location")))}
        return answer

    async def delete(self, path: str) -> Answer:
        return await self._asked(self.client.delete(path), writing=True)

    async def _written(self, method: str, path: str, resource: Resource, headers: Mapping[str, str],
                       form: wire.Format | None = None) -> Answer:
        form = form or self.client.form
        answer = await self._asked(self.client.write_bytes(method, path, form.dumps(resource), form.media, headers=headers), writing=True)
        if target := placed(answer.placed):
            self.made[target] = None
        return answer

    async def _asked(self, asking: Awaitable[Answer], *, writing: bool = False) -> Answer:
        """Raises ClientError."""
        left = self._ends - asyncio.get_running_loop().time()
        if self.requests <= 0 or left <= 0:
            getattr(asking, "close", lambda: None)()
            raise NotAsked(f"not asked any more: the {'time' if left <= 0 else 'number of requests'} for this probe is used up")
        self.requests -= 1
        try:
            async with asyncio.timeout(min(EACH, left)):
                return await asking
        except TimeoutError:
            says = f"no whole answer came within {min(EACH, left):.0f} s"
            raise (Ambiguous if writing else NoAnswer)(says) from None


def placed(location: object) -> str | None:
    """ "Type/id" of a Location, relative or not."""
    found = LOCATION.fullmatch(location) if isinstance(location, str) else None
    return f"{found[1]}/{found[2]}" if found else None


def said(came: Answer | ClientError) -> str:
    """What came, in our words."""
    if isinstance(came, ClientError):
        return str(came)
    why = next(iter(reasons(came.resource)), "") if came.status >= 400 else ""
    return f"{came.status}{f', {why}' if why else ''}"


def statuses(answer: Answer) -> list[str]:
    """Of every entry of a Bundle's answer."""
    return [str(each.get("status") or "none")[:3] for each in entries_of(answer) or ()]


def kind_of(answer: Answer) -> str:
    said = (answer.resource or {}).get("resourceType")
    return said if isinstance(said, str) else ""


def _named(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()} or NOTHING
