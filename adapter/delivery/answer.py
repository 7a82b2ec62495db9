"""What comes back from a FHIR server: an Answer, or one of these.

    ClientError                 no answer that could be used; the text is one sentence and holds no value of a patient
    ├── BadAddress              the server's address cannot be used; nothing was sent
    ├── Unwritable              what was to be sent cannot be said in the format asked for; nothing was sent
    ├── NotLetIn                whoever gives out tokens does not accept who we are; nothing was sent
    ├── Unreachable             the server was not reached; nothing was sent, trying again is safe
    │   ├── TlsFailed           ... because its certificate or ours is not accepted
    │   ├── NameUnknown         ... because nobody knows its name (DNS)
    │   ├── ConnectionRefused   ... because nobody answers at its port
    │   ├── ProxyFailed         ... because the proxy did not let us through
    │   ├── NoToken             ... because no token could be had now
    │   └── NotAsked            ... because our own time or connections were used up
    ├── Ambiguous               a write was sent and what became of it is not known
    │   └── AnsweredByAnother   ... because what answered with success is no FHIR server, such as a log-in page
    ├── NoAnswer                a read was sent and no whole answer came
    ├── BadAnswer               an answer came that is not FHIR we accept
    │   ├── TooLarge            ... because it is larger than allowed
    │   ├── CutOff              ... because it is not whole, or was garbled on its way
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


class TlsFailed(Unreachable):
    """The server's certificate or ours is not accepted. To try again at once will not help."""


class NameUnknown(Unreachable):
    """Nobody knows the server's name."""


class ConnectionRefused(Unreachable):
    """Nobody answers at the server's port."""


class ProxyFailed(Unreachable):
    """The proxy did not let us through."""


class NoToken(Unreachable):
    """No token could be had now: whoever gives them out cannot be reached, or is busy."""


class NotAsked(Unreachable):
    """We did not come to ask: our own time, or our own connections, were used up."""


class NotLetIn(ClientError):
    """Whoever gives out tokens does not accept who we are, so nothing was sent. Trying again will not help."""


class Ambiguous(ClientError):
    """A write was sent and what became of it is not known: it may or may not have been taken."""


class AnsweredByAnother(Ambiguous):
    """A write was answered with success by something that is no FHIR server."""


class NoAnswer(ClientError):
    """A read was sent and no whole answer came."""


class BadAnswer(ClientError):
    """An answer that is not FHIR we accept."""


class TooLarge(BadAnswer):
    """An answer larger than allowed."""


class CutOff(BadAnswer):
    """An answer that is not whole, or was garbled on its way: the same question may get a whole one."""


class NotFhir(BadAnswer):
    """An answer that is no FHIR at all. Whoever is there, it is no FHIR server."""


class RedirectRefused(ClientError):
    """The server answers from somewhere else."""


class PagingProblem(ClientError):
    """Search pages that lead to another server, in circles, or never end."""


@dataclass(frozen=True)
class Answer:
    """What the server said. `resource` is None where it sent no body, or an error that is not FHIR. `shown` may be printed. `location`:
    where it says to ask what became of it (Content-Location). `echoed`: it repeated the ids it was asked under (X-Request-ID, and
    X-Correlation-ID where there was one), as NHS England's platform does; whatever stands between may not. `date`: its clock (RFC 9110).
    `placed`: where what was written stands (Location). `media`: the Content-Type of the answer."""

    status: int
    shown: str
    request_id: str = ""
    resource: Resource | None = field(default=None, repr=False)
    etag: str | None = field(default=None, repr=False)
    retry_after: float | None = None  # seconds
    location: str | None = field(default=None, repr=False)
    echoed: bool = True
    date: str | None = field(default=None, repr=False)
    placed: str | None = field(default=None, repr=False)
    media: str | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def listed(self, key: str) -> list[Resource]:
        """The objects under a list of the resource, such as a Bundle's entry; none where there are none."""
        found = (self.resource or {}).get(key)
        return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []
