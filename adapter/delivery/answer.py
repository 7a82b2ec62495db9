"""What comes back from a FHIR server: an Answer, or one of these.

    ClientError                 no answer that could be used; the text is one sentence and holds no value of a patient
    ├── BadAddress              the server's address cannot be used; nothing was sent
    ├── Unwritable              what was to be sent cannot be said in the format asked for; nothing was sent
    ├── Unreachable             the server was not reached; nothing was sent, trying again is safe
    ├── Ambiguous               a write was sent and what became of it is not known
    ├── NoAnswer                a read was sent and no whole answer came
    ├── BadAnswer               an answer came that is not FHIR we accept
    │   ├── TooLarge            ... because it is larger than allowed
    │   └── NotFhir             ... because it is no FHIR at all: the same for every other question
    ├── RedirectRefused         the server sends us somewhere else
    └── PagingProblem           a search that leads to another server, in circles, or never ends

An answer with a 4xx or 5xx status is an Answer, not an exception: outcome.py says what it means.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Resource = dict[str, Any]


class ClientError(Exception):
    """No answer that could be used. The text is one sentence for a person and holds no value of a patient."""


class BadAddress(ClientError):
    """The server's address cannot be used."""


class Unwritable(ClientError):
    """What was to be sent has no place in the format asked for, so nothing was sent."""


class Unreachable(ClientError):
    """The server was not reached, so nothing was sent."""


class Ambiguous(ClientError):
    """A write was sent and what became of it is not known: it may or may not have been taken."""


class NoAnswer(ClientError):
    """A read was sent and no whole answer came."""


class BadAnswer(ClientError):
    """An answer that is not FHIR we accept."""


class TooLarge(BadAnswer):
    """An answer larger than allowed."""


class NotFhir(BadAnswer):
    """An answer that is not FHIR: whoever is there, it is no FHIR server."""


class RedirectRefused(ClientError):
    """The server answers from somewhere else."""


class PagingProblem(ClientError):
    """Search pages that lead to another server, in circles, or never end."""


@dataclass(frozen=True)
class Answer:
    """What the server said. `resource` is None where it sent no body, or an error that is not FHIR. `shown` may be printed. `location`:
    where it says to ask what became of it (Content-Location)."""

    status: int
    shown: str
    request_id: str = ""
    resource: Resource | None = field(default=None, repr=False)
    etag: str | None = field(default=None, repr=False)
    retry_after: float | None = None  # seconds
    location: str | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def listed(self, key: str) -> list[Resource]:
        """The objects under a list of the resource, such as a Bundle's entry; none where there are none."""
        found = (self.resource or {}).get(key)
        return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []
