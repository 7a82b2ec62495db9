"""An endpoint is tried without a message: who we are there, whether it is a FHIR server, what it says of itself, whose clock is right."""
from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from cryptography import x509

from adapter.delivery.answer import Answer, ClientError, NoAnswer, NotFhir, TlsFailed, Unreachable
from adapter.delivery.client import FhirClient
from adapter.delivery.endpoints.auth import WithToken
from adapter.delivery.endpoints.connect import Way, client
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.tokens import SKEW, Tokens, clocks, skew

UNSHOWN = "; a server that wants to see a certificate of ours may hang up like that: look at `certificate`"
SOON = timedelta(days=30)
WAYS = {"transaction": "transactions", "batch": "batches"}
PLAIN = 80  # characters of a software's name that are shown


class How(Enum):
    """How one step went."""

    WELL = "well"
    DOUBT = "in doubt"  # it works, and something is to be looked at
    AGAIN = "not now"  # it may pass
    NO = "no"


@dataclass(frozen=True)
class Step:
    """`name` is a stable word for programs, `says` one sentence."""

    name: str
    how: How
    says: str


async def steps(endpoint: Endpoint) -> AsyncIterator[Step]:
    """Each as it is done; the first that fails is the last."""
    if endpoint.certificate:
        yield certificate(endpoint.certificate, datetime.now(UTC))
    way = Way.to(endpoint)
    auth = way.auth(endpoint)
    if isinstance(auth, WithToken):
        yield (step := await _token(auth.tokens))
        if step.how not in (How.WELL, How.DOUBT):
            return
    async with client(endpoint, way, auth, attempts=1) as fhir:
        async for step in _server(fhir, endpoint):
            yield step


def certificate(path: Path, now: datetime) -> Step:
    ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    until = f"our certificate is good until {ends:%d %B %Y}"
    if ends <= now:
        return Step("certificate", How.NO, f"our certificate ended on {ends:%d %B %Y}: ask for another")
    soon = ends - now < SOON
    return Step("certificate", How.DOUBT if soon else How.WELL, f"{until}{': ask for another in time' if soon else ''}")


async def _token(tokens: Tokens) -> Step:
    began = time.monotonic()
    try:
        await tokens.current()
    except ClientError as error:
        return Step("token", _how(error), str(error))
    ahead = tokens.skew
    wrong = f"; this machine's clock is {'ahead' if ahead > 0 else 'behind'}{clocks(ahead)}" if ahead and abs(ahead) >= SKEW else ""
    return Step("token", How.DOUBT if wrong else How.WELL, f"a token was given in {_took(began)}{wrong}")


async def _server(fhir: FhirClient, endpoint: Endpoint) -> AsyncIterator[Step]:
    began = time.monotonic()
    try:
        answer = await fhir.get("metadata")
    except NotFhir as error:
        if endpoint.dialect != "bars":
            yield Step("server", How.NO, str(error))
            return
        yield Step("server", How.DOUBT, f"it answered in {_took(began)}, but not to a question for its capabilities")
        return
    except ClientError as error:
        silent = isinstance(error, NoAnswer) and not endpoint.certificate
        yield Step("server", _how(error), str(error) + (UNSHOWN if silent else ""))
        return
    yield (first := _answered(answer, endpoint, _took(began)))
    if first.how is How.WELL:
        for step in capabilities(answer, endpoint):
            yield step
    if agree := clock(answer.date, time.time()):
        yield agree


def _answered(answer: Answer, endpoint: Endpoint, took: str) -> Step:
    if answer.ok and (answer.resource or {}).get("resourceType") == "CapabilityStatement":
        return Step("server", How.WELL, f"it answered in {took} and is {software(answer)}")
    if answer.status in (401, 403):
        return Step("server", How.NO, f"it does not let us in (HTTP {answer.status}): look at [endpoint.{endpoint.name}.auth]")
    if answer.status == 429 or answer.status >= 500:
        return Step("server", How.AGAIN, f"it answered in {took} that it is busy or out of service (HTTP {answer.status})")
    if endpoint.dialect == "bars":  # a receiver need not say what it can
        return Step("server", How.DOUBT, f"it answered in {took}, HTTP {answer.status}, and does not say what it is")
    return Step("server", How.NO, f"it answered in {took}, HTTP {answer.status}, and does not say what it is: look at `url`")


def capabilities(answer: Answer, endpoint: Endpoint) -> list[Step]:
    """What the statement says that we need. Sources: HL7 FHIR R4, CapabilityStatement."""
    said, found = answer.resource or {}, list[Step]()
    version, forms = said.get("fhirVersion"), [form for form in said.get("format") or [] if isinstance(form, str)]
    if not str(version).startswith("4.0"):
        found.append(Step("version", How.NO, "it does not speak FHIR R4 (4.0.1)"))
    if not any(endpoint.form in form.lower() for form in forms):
        found.append(Step("format", How.DOUBT, f"it does not say that it takes {endpoint.form.upper()}: look at `form`"))
    else:
        found.append(Step("format", How.WELL, f"it takes {endpoint.form.upper()}"))
    if endpoint.dialect == "fhir":
        found += _sending(answer, endpoint)
    return found


def _sending(answer: Answer, endpoint: Endpoint) -> Iterator[Step]:
    """Of single resources it says type by type what it takes; `redbag probe` tries it."""
    if endpoint.sending == "single":
        return
    ways = WAYS[endpoint.sending]
    offered = any(each.get("code") == endpoint.sending for rest in answer.listed("rest") for each in _listed(rest.get("interaction")))
    if offered:
        yield Step(endpoint.sending, How.WELL, f"it takes {ways}")
    else:
        yield Step(endpoint.sending, How.DOUBT, f"it does not say that it takes {ways}, in which we send: `redbag probe` tries it")


def clock(date: str | None, now: float) -> Step | None:
    """`date` as the server says it; None where it cannot be known."""
    ahead = skew(date, now)
    if ahead is None:
        return None
    if abs(ahead) < SKEW:
        return Step("clock", How.WELL, "its clock and this machine's agree")
    return Step("clock", How.DOUBT, f"this machine's clock is {'ahead of' if ahead > 0 else 'behind'} its own{clocks(ahead)}")


def software(answer: Answer) -> str:
    software = (answer.resource or {}).get("software")
    named = software if isinstance(software, dict) else {}
    said = " ".join(part for part in (named.get("name"), named.get("version")) if isinstance(part, str))
    return "".join(c for c in said if c.isprintable())[:PLAIN] or "a FHIR server that does not say which"


def _how(error: ClientError) -> How:
    return How.AGAIN if isinstance(error, Unreachable | NoAnswer) and not isinstance(error, TlsFailed) else How.NO


def _took(began: float) -> str:
    return f"{1000 * (time.monotonic() - began):,.0f} ms"


def _listed(said: object) -> list[dict[str, object]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
