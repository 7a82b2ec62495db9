"""What an answer means for a delivery: for every row of every dialect's table an answer as servers give it, and what must follow.

It is longer than other tests, for it is the two tables once more, from the side of the servers and written by hand.
"""
from __future__ import annotations

import doctest
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from adapter.delivery import answer as answers
from adapter.delivery.answer import Answer, ClientError
from adapter.delivery.dialects import DIALECTS, bars, decide, fhir, table
from adapter.delivery.dialects.decision import About, Asked, Came, Do, Means
from adapter.delivery.dialects.signs import of_request

NOW = 1_800_000_000.0
CANARY = "Zephaniah-9990000018"
BUNDLE, ONE, QUESTION = Asked("POST", entries=2, fresh=True), Asked("PUT", fresh=True), Asked("GET", fresh=True)
KEPT = Asked("POST", entries=2)  # under a token that was there already
NEW = Asked("POST", entries=2, fresh=True, if_match=False)  # no entry names a version
MESSAGE, MESSAGE_KEPT = Asked("POST", fresh=True), Asked("POST")


class Case(NamedTuple):
    """What was asked, what came, and what must follow: what it means, what to do at once, whom it concerns, when, and what is said."""

    asked: Asked
    came: Came
    means: str
    do: str
    whom: str
    at: float | None
    says: str


def said(status: int, issue: str | None = None, details: str | None = None, *, hapi: str = "", severity: str = "error",
         **more: Any) -> Answer:
    """An answer with an OperationOutcome, if an issue is given. Its words are a patient's."""
    words = {"diagnostics": f"HAPI-{hapi}: {CANARY}" if hapi else CANARY, "details": {"text": CANARY}}
    if details:
        words["details"] = {"text": CANARY, "coding": [{"system": "https://fhir.nhs.uk/Codesystem/http-error-codes", "code": details}]}
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": issue, **words, **more.pop("issue_more", {})}]}
    return Answer(status, "POST https://h.example/fhir", "id", outcome if issue else None, **more)


def over_quota(status: int) -> Answer:
    words = "Your application, X, has exceeded its quota of 300 requests every 1 minute(s) and is being rate limited"
    return said(status, "throttled", issue_more={"diagnostics": words})


def entries(*each: Any, kind: str = "transaction-response") -> Answer:
    """A 200 with these of its entries' responses."""
    listed = [{"response": one if isinstance(one, dict) else {"status": one}} for one in each]
    return Answer(200, "POST https://h.example/fhir", "id", {"resourceType": "Bundle", "type": kind, "entry": listed})


def entry(status: str, issue: str | None = None, hapi: str = "", if_match: bool = True) -> tuple[Asked, Answer]:
    """A batch of two, of which the second has this answer."""
    response = {"status": status, **({"outcome": said(0, issue, hapi=hapi).resource} if issue else {})}
    return Asked("POST", entries=2, fresh=True, if_match=if_match), entries("200 OK", response, kind="batch-response")


def lost(kind: str) -> ClientError:
    error = getattr(answers, kind)("POST https://h.example/fhir: what happened")
    assert isinstance(error, ClientError)
    return error


# ---- no answer: the same in both -----------------------------------------------------------------------------------------
CHECK = "a log-in page or a gateway may stand before it: check the address and the credentials"
NO_ANSWER = (
    ("NotLetIn", "retry", "", "repair", "check the credentials and the clock of this machine"),
    ("BadAddress", "retry", "", "repair", "check the address"),
    ("TlsFailed", "retry", "", "repair", "check the address, whose certificates are trusted, and ours"),
    ("NameUnknown", "retry", "", "endpoint", "check the address, and whether this machine finds names (DNS)"),
    ("ConnectionRefused", "retry", "", "endpoint", "nobody answers there: it is down, or the port or a firewall is wrong"),
    ("ProxyFailed", "retry", "", "endpoint", "check the proxy"),
    ("NoToken", "retry", "", "endpoint", "whoever gives out tokens cannot now"),
    ("NotAsked", "retry", "", "delivery", "it is sent in another attempt"),
    ("Unreachable", "retry", "", "endpoint", "it is down, or the network is"),
    ("Unwritable", "dead", "", "delivery", "send it in another format"),
    ("RedirectRefused", "retry", "", "repair", "it has moved, or wants a log-in: check the address and the credentials"),
    ("NotFhir", "retry", "", "repair", CHECK),
    ("AnsweredByAnother", "ambiguous", "", "repair", CHECK),
    ("Ambiguous", "ambiguous", "", "delivery", "it is sent again, and what was taken is then found unchanged"),
    ("NoAnswer", "retry", "", "delivery", "it is asked again"),
    ("CutOff", "retry", "", "delivery", "it is asked again"),
    ("TooLarge", "dead", "", "delivery", "look at what the server has"),
    ("PagingProblem", "dead", "", "delivery", "look at the server"),
    ("BadAnswer", "dead", "", "delivery", "look at the server"),
    ("ClientError", "ambiguous", "", "delivery", "look at the server"),
)
LOST = tuple(Case(asked, lost(kind), means, do, whom, None, says) for kind, means, do, whom, says in NO_ANSWER for asked in (BUNDLE, ONE))

# ---- FHIR servers --------------------------------------------------------------------------------------------------------
TOKEN = "the server does not accept our token: a fresh one is asked for"  # noqa: S105  # a sentence
WHO = "the server does not accept who we are: check the credentials"
FORBIDDEN = "the server knows us and does not allow this: ask its owner for permission"
NO_BUNDLES = "this server takes no such bundles here: set `sending` to batch or single (--sending); `redbag probe URL` tells what it takes"
CANNOT_ALL = "the server cannot do this, or takes no such bundles: `redbag probe URL` tells what it takes, for `sending` (--sending)"
BEFORE = "it is refused without a reason, so by something that stands before the server: check the address, the proxy, the firewall"
OFTEN = "the server is asked too often: send again later"
ROOM = "the server has no room: tell its owner, and send again later"
MANY = "more than one resource matches: a person must look"
ELSEWHERE = "the server has the same already, elsewhere: a person must look"
STALE = "it has changed since we looked: send again, it is compared afresh"
RACE = "somebody else was writing the same: send again"
CHANGED = "somebody else was changing the same data: send again, it is compared afresh"
EITHER = "it has changed since we looked, or more than one resource matches: send again, and if it stays so a person must look"
FAILED = "the server failed; it may or may not have taken the bundle: send again, what was taken is then found unchanged"
NOT_NOW = "the server cannot now: send again later"
CANNOT = "the server cannot do this: ask its owner"
SILENT = "the server does not say what became of the entries"
MISSING = "the server does not have what is addressed, or what a reference means"
LATER = "the server will do it later, and is asked what became of it"
WRONG = "the server does not say what became of it, but that something is wrong: look at the server"
OUT = "the server is out of service: send again later"
ODD = "that is no answer to a bundle: look at the server"
OF_FHIR = (
    # who we are
    Case(KEPT, said(401), "retry", "fresh token", "delivery", None, TOKEN),
    Case(KEPT, said(401, "forbidden", "ACCESS_DENIED"), "retry", "fresh token", "delivery", None, TOKEN),
    Case(BUNDLE, said(401), "retry", "", "repair", None, WHO),
    Case(QUESTION, said(401, "login"), "retry", "", "repair", None, WHO),
    Case(KEPT, said(403, "expired"), "retry", "fresh token", "delivery", None, TOKEN),
    Case(BUNDLE, said(403, "login"), "retry", "", "repair", None, WHO),
    Case(BUNDLE, said(407), "retry", "", "repair", None, "something between us and the server asks who we are: check the proxy"),
    Case(BUNDLE, said(511), "retry", "", "repair", None, "something between us and the server asks who we are: check the proxy"),
    Case(KEPT, said(403), "retry", "", "repair", None, BEFORE),
    Case(QUESTION, said(403), "retry", "", "repair", None, BEFORE),
    Case(BUNDLE, said(400), "retry", "", "repair", None, BEFORE),
    Case(KEPT, said(403, "forbidden"), "dead", "", "delivery", None, FORBIDDEN),
    Case(*entry("401"), "dead", "", "delivery", None, WHO),
    Case(*entry("403", "forbidden"), "dead", "", "delivery", None, FORBIDDEN),
    # where we ask, and in which format
    Case(BUNDLE, said(404), "retry", "", "repair", None, "the server has nothing at this address: check the address"),
    Case(QUESTION, said(404), "retry", "", "repair", None, "the server has nothing at this address: check the address"),
    Case(QUESTION, said(404, "not-found"), "retry", "", "repair", None, "the server has nothing at this address: check the address"),
    Case(BUNDLE, said(404, "processing", hapi="1091"), "dead", "", "delivery", None, MISSING),
    Case(*entry("404 Not Found"), "dead", "", "delivery", None, MISSING),
    Case(BUNDLE, said(410), "retry", "", "repair", None, "nothing is at this address any more: check the address"),
    Case(BUNDLE, said(405), "retry", "", "repair", None, NO_BUNDLES),
    Case(ONE, said(405), "dead", "", "delivery", None, CANNOT),
    Case(BUNDLE, said(406), "retry", "", "repair", None,
         "the server does not answer in the format asked for: take the other (--format, or `form`)"),
    Case(BUNDLE, said(415, "not-supported"), "retry", "", "repair", None,
         "the server does not take the format sent: take the other (--format, or `form`)"),
    # how often, and whether it works at all
    Case(BUNDLE, over_quota(429), "retry", "", "endpoint", NOW + 60, "the quota of a minute is used up: send again later"),
    Case(BUNDLE, said(429), "retry", "", "endpoint", None, OFTEN),
    Case(BUNDLE, said(429, "value", retry_after=7.0), "retry", "", "endpoint", NOW + 7, f"{OFTEN} (in 7 s)"),
    Case(BUNDLE, said(500, "throttled"), "retry", "", "endpoint", None, OFTEN),
    Case(BUNDLE, said(403, "throttled"), "retry", "", "endpoint", None, OFTEN),
    Case(BUNDLE, said(503, retry_after=90.0), "retry", "", "endpoint", NOW + 90, f"{OUT} (in 90 s)"),
    Case(QUESTION, said(503), "retry", "", "endpoint", None, OUT),
    Case(BUNDLE, said(507), "retry", "", "endpoint", None, ROOM),
    Case(BUNDLE, said(500, "no-store"), "retry", "", "endpoint", None, ROOM),
    Case(*entry("429"), "retry", "", "delivery", None, OFTEN),
    Case(*entry("503"), "retry", "", "delivery", None, OUT),
    # it is not certain which is meant
    Case(BUNDLE, said(412, "processing", hapi="0958"), "person", "", "delivery", None, MANY),
    Case(BUNDLE, said(412, "processing", hapi="2207"), "person", "", "delivery", None, MANY),
    Case(BUNDLE, said(412, "processing", hapi="0988"), "person", "", "delivery", None, MANY),
    Case(BUNDLE, said(412, "multiple-matches"), "person", "", "delivery", None, MANY),
    Case(NEW, said(412), "person", "", "delivery", None, MANY),
    Case(*entry("412 Precondition Failed", if_match=False), "person", "", "delivery", None, MANY),
    Case(BUNDLE, said(409, "duplicate"), "person", "", "delivery", None, ELSEWHERE),
    Case(BUNDLE, said(422, "duplicate"), "person", "", "delivery", None, ELSEWHERE),
    Case(BUNDLE, said(410, "deleted"), "person", "", "delivery", None,
         "what was addressed has been deleted on the server: a person must look"),
    # somebody else was there at the same moment
    Case(BUNDLE, said(409, "processing", hapi="0989"), "retry", "read again", "delivery", None, STALE),
    Case(BUNDLE, said(412, "processing", hapi="0989"), "retry", "read again", "delivery", None, STALE),
    Case(BUNDLE, said(409, "processing", hapi="0550"), "retry", "", "delivery", NOW + 1, RACE),
    Case(BUNDLE, said(409, "processing", hapi="2745"), "retry", "", "delivery", NOW + 1, RACE),
    Case(BUNDLE, said(409), "retry", "read again", "delivery", None, CHANGED),
    Case(BUNDLE, said(412), "retry", "read again", "delivery", None, EITHER),
    Case(BUNDLE, said(412, "conflict"), "retry", "read again", "delivery", None, EITHER),
    Case(*entry("409 Conflict", "conflict"), "retry", "read again", "delivery", None, CHANGED),
    Case(BUNDLE, said(412, "processing", hapi="2745"), "retry", "", "delivery", NOW + 1, RACE),
    # it is too much at once
    Case(BUNDLE, said(413), "dead", "smaller", "delivery", None, "the bundle is larger than the server takes: send smaller parts"),
    Case(BUNDLE, said(400, "too-costly"), "dead", "smaller", "delivery", None,
         "the bundle is more than the server can do at once: send smaller parts"),
    Case(BUNDLE, said(422, "too-costly"), "dead", "smaller", "delivery", None,
         "the bundle is more than the server can do at once: send smaller parts"),
    Case(ONE, said(413), "dead", "", "delivery", None, "this is larger than the server takes: ask its owner how much it takes"),
    # not now
    Case(BUNDLE, said(408), "retry", "", "delivery", None, "the server gave up waiting: send again"),
    Case(BUNDLE, said(423), "retry", "", "delivery", None, "the server has it locked: send again later"),
    Case(*entry("424"), "retry", "", "delivery", None, "it was not taken because another was not: send again"),
    Case(BUNDLE, said(425), "retry", "", "delivery", None, "the server is still busy with an earlier request: send again later"),
    Case(BUNDLE, said(400, "transient"), "retry", "", "delivery", None, NOT_NOW),
    Case(BUNDLE, said(422, "lock-error", retry_after=5.0), "retry", "", "delivery", NOW + 5, f"{NOT_NOW} (in 5 s)"),
    # not at all
    Case(BUNDLE, said(400, "invalid"), "dead", "", "delivery", None, "the server cannot use what was sent"),
    Case(*entry("400"), "dead", "", "delivery", None, "the server cannot use what was sent"),
    Case(BUNDLE, said(400, "processing", hapi="1094"), "dead", "", "delivery", None, "the server cannot use what was sent"),
    Case(BUNDLE, said(422, "invariant", retry_after=5.0), "dead", "", "delivery", None,
         "the server read it and its rules refuse the content"),
    Case(*entry("422", "invalid"), "dead", "", "delivery", None, "the server read it and its rules refuse the content"),
    Case(BUNDLE, said(501), "dead", "", "delivery", None, CANNOT_ALL),
    Case(BUNDLE, said(501, "not-supported"), "dead", "", "delivery", None, CANNOT_ALL),
    Case(BUNDLE, said(400, "not-supported"), "dead", "", "delivery", None, CANNOT_ALL),
    Case(ONE, said(501), "dead", "", "delivery", None, CANNOT),
    Case(BUNDLE, said(418), "dead", "", "delivery", None, "the server refuses it"),
    # it failed
    Case(QUESTION, said(500), "retry", "", "delivery", None, "the server failed: send again later"),
    Case(BUNDLE, said(500, "exception"), "ambiguous", "", "delivery", None, FAILED),
    Case(BUNDLE, said(502), "ambiguous", "", "delivery", None, FAILED),
    Case(BUNDLE, said(504, retry_after=3.0), "ambiguous", "", "delivery", NOW + 3, f"{FAILED} (in 3 s)"),
    Case(*entry("500"), "ambiguous", "", "delivery", None, FAILED),
    # it says that it has it
    Case(BUNDLE, Answer(202, "POST https://h.example/fhir", location="https://h.example/fhir/jobs/1", retry_after=2.0),
         "ambiguous", "poll", "delivery", NOW + 2, f"{LATER} (in 2 s)"),
    Case(BUNDLE, said(202), "ambiguous", "", "delivery", None,
         "the server will do it later and does not say where to ask: send again, what was taken is then found unchanged"),
    Case(BUNDLE, said(200, "processing"), "ambiguous", "read again", "delivery", None, WRONG),
    Case(ONE, said(200, "processing", severity="fatal"), "ambiguous", "read again", "delivery", None, WRONG),
    Case(BUNDLE, said(200, "informational", severity="information"), "ambiguous", "read again", "delivery", None, SILENT),
    Case(BUNDLE, said(200), "ambiguous", "read again", "delivery", None, SILENT),
    Case(BUNDLE, said(204), "ambiguous", "read again", "delivery", None, SILENT),
    Case(ONE, said(200, "informational", severity="information"), "delivered", "", "delivery", None, "the server has it"),
    Case(ONE, said(201), "delivered", "", "delivery", None, "the server has it"),
    Case(ONE, said(204), "delivered", "", "delivery", None, "the server has it"),
    Case(BUNDLE, entries("201 Created", "200"), "delivered", "", "delivery", None, "the server has it"),
    Case(BUNDLE, entries("201 Created", {}), "ambiguous", "read again", "delivery", None,
         "the server does not say what became of it: look at the server"),
    Case(BUNDLE, entries("201 Created"), "ambiguous", "read again", "delivery", None,
         "the server does not say what became of it: look at the server"),
    Case(BUNDLE, said(304), "ambiguous", "", "delivery", None, ODD),
    Case(*entry("304"), "ambiguous", "", "delivery", None, ODD),
)

# ---- BaRS ----------------------------------------------------------------------------------------------------------------
BARS_TOKEN = "our token is not accepted: a fresh one is asked for"  # noqa: S105  # a sentence
BARS_WHO = "who we are is not accepted: check the credentials, and what the application is registered for"
BARS_OFTEN = "messages come too often: send again later"
BARS_OUT = "it is out of service: send again later"
ON_THE_WAY = "the answer does not repeat the ids of the message, so it is not the receiver's: send again"
NO_REASON = "the answer says no reason, so it is not the receiver's: send again"
BARS_FAILED = "the receiver failed; it may or may not have taken the message: send again"
HAS_IT = "the receiver has had this message: it is delivered"
PROXY_SLOW = "the receiver took too long for BaRS: send again"
OF_BARS = (
    Case(MESSAGE_KEPT, said(401, "login", "SEND_UNAUTHORIZED"), "retry", "fresh token", "delivery", None, BARS_TOKEN),
    Case(MESSAGE, said(401, "login", "SEND_UNAUTHORIZED"), "retry", "", "repair", None, BARS_WHO),
    Case(MESSAGE_KEPT, said(403, "forbidden", "SEND_FORBIDDEN"), "retry", "fresh token", "delivery", None, BARS_TOKEN),
    Case(MESSAGE, said(403, "forbidden", "SEND_FORBIDDEN"), "retry", "", "repair", None, BARS_WHO),
    Case(MESSAGE, over_quota(429), "retry", "", "endpoint", NOW + 60, "the quota of a minute is used up: send again later"),
    Case(MESSAGE, said(429, "throttled", "SEND_TOO_MANY_REQUESTS"), "retry", "", "endpoint", None, BARS_OFTEN),
    Case(MESSAGE, said(429, "throttled", "REC_TOO_MANY_REQUESTS", retry_after=9.0), "retry", "", "endpoint", NOW + 9,
         f"{BARS_OFTEN} (in 9 s)"),
    Case(MESSAGE, said(500, "429", "PROXY_TOO_MANY_REQUESTS"), "retry", "", "endpoint", None, BARS_OFTEN),
    Case(MESSAGE, said(500, "throttled", "TOO_MANY_REQUESTS"), "retry", "", "endpoint", None, BARS_OFTEN),
    Case(MESSAGE, said(503, "transient", "REC_UNAVAILABLE"), "retry", "", "endpoint", None, BARS_OUT),
    Case(MESSAGE, said(503, "transient", "PROXY_UNAVAILABLE"), "retry", "", "endpoint", None, BARS_OUT),
    Case(MESSAGE, said(503, echoed=False), "retry", "", "endpoint", None, BARS_OUT),
    Case(MESSAGE, said(200, echoed=False), "ambiguous", "", "delivery", None, ON_THE_WAY),
    Case(MESSAGE, said(409, "duplicate", "REC_CONFLICT", echoed=False), "ambiguous", "", "delivery", None, ON_THE_WAY),
    Case(MESSAGE, said(422, "invalid", "REC_UNPROCESSABLE_ENTITY", echoed=False), "ambiguous", "", "delivery", None, ON_THE_WAY),
    Case(MESSAGE, said(400), "ambiguous", "", "delivery", None, NO_REASON),
    Case(MESSAGE, said(502), "ambiguous", "", "delivery", None, NO_REASON),
    Case(MESSAGE, said(409, "duplicate", "BAD_REQUEST"), "person", "", "delivery", None,
         "BaRS itself has the same already: a person must look"),
    Case(MESSAGE, said(409, "duplicate", "REC_CONFLICT"), "delivered", "", "delivery", None, HAS_IT),
    Case(MESSAGE_KEPT, said(409, "duplicate", "REC_CONFLICT", retry_after=9.0), "delivered", "", "delivery", None, HAS_IT),
    Case(MESSAGE, said(409, "conflict", "REC_CONFLICT"), "person", "", "delivery", None,
         "the message contradicts what the receiver has: a person must look"),
    Case(MESSAGE, said(425, "processing", "REC_TOO_EARLY"), "retry", "", "delivery", None,
         "the receiver is still at this message: send again later"),
    Case(MESSAGE, said(408, "timeout", "REC_TIMEOUT"), "ambiguous", "", "delivery", None, "the receiver took too long: send again"),
    Case(MESSAGE, said(504, "timeout", "PROXY_TIMEOUT"), "ambiguous", "", "delivery", None, PROXY_SLOW),
    Case(MESSAGE, said(504, "timeout", "TIMEOUT"), "ambiguous", "", "delivery", None, PROXY_SLOW),
    Case(MESSAGE, said(501, "not-supported", "REC_NOT_IMPLEMENTED"), "dead", "", "delivery", None,
         "the receiver cannot do this: ask its owner"),
    Case(MESSAGE, said(500, "no-store", "REC_SERVER_ERROR"), "retry", "", "endpoint", None,
         "the receiver has no room: tell its owner, and send again later"),
    Case(MESSAGE, said(500, "transient", "REC_SERVER_ERROR"), "ambiguous", "", "delivery", None, BARS_FAILED),
    Case(MESSAGE, said(500, "exception", "SERVER_ERROR"), "ambiguous", "", "delivery", None, BARS_FAILED),
    Case(MESSAGE, said(400, "invariant", "REC_BAD_REQUEST"), "dead", "", "delivery", None, "the message cannot be used"),
    Case(MESSAGE_KEPT, said(403, "security", "REC_FORBIDDEN"), "dead", "", "delivery", None,
         "the receiver does not allow this: ask its owner for permission"),
    Case(MESSAGE, said(404, "not-found", "NOT_FOUND"), "dead", "", "delivery", None,
         "BaRS does not know the service, or more than one: check the receiver's id"),
    Case(MESSAGE, said(405, "not-supported", "SEND_METHOD_NOT_ALLOWED"), "retry", "", "repair", None,
         "messages are not taken at this address or in this form: check the endpoint"),
    Case(MESSAGE, said(406, "processing", "SEND_NOT_ACCEPTABLE"), "retry", "", "repair", None,
         "messages are not taken at this address or in this form: check the endpoint"),
    Case(MESSAGE, said(413, "too-long", "REC_BAD_REQUEST"), "dead", "", "delivery", None,
         "the message is larger than is taken; it cannot be split"),
    Case(MESSAGE, said(422, "too-costly", "REC_UNPROCESSABLE_ENTITY"), "dead", "", "delivery", None,
         "the receiver read it and its rules refuse the content"),
    Case(MESSAGE, said(418, "processing", "REC_TEAPOT"), "dead", "", "delivery", None, "the message is refused"),
    Case(MESSAGE, said(202, location="/jobs/1"), "ambiguous", "poll", "delivery", None,
         "the receiver will do it later, and is asked what became of it"),
    Case(MESSAGE, said(202), "ambiguous", "", "delivery", None,
         "the receiver will do it later: it is sent again, to hear what became of it"),
    Case(MESSAGE, said(200, "processing"), "ambiguous", "", "delivery", None,
         "the receiver says that it has it and that something is wrong: send again"),
    Case(MESSAGE, said(200), "delivered", "", "delivery", None, "the receiver has it"),
    Case(MESSAGE, said(201, "informational", severity="information"), "delivered", "", "delivery", None, "the receiver has it"),
    Case(MESSAGE, said(304), "ambiguous", "", "delivery", None, "that is no answer to a message: look at the endpoint"),
)

# ---- what looks like a row and is none: each differs from it in one sign ---------------------------------------------------
BAD, RULES = "the server cannot use what was sent", "the server read it and its rules refuse the content"
HAS, USELESS = "the server has it", "the message cannot be used"
NEARLY_FHIR = (
    Case(KEPT, said(400, "login"), "dead", "", "delivery", None, BAD),
    Case(BUNDLE, said(403, "expired"), "retry", "", "repair", None, WHO),
    Case(KEPT, said(403, "login"), "retry", "fresh token", "delivery", None, TOKEN),
    Case(BUNDLE, said(400, "login"), "dead", "", "delivery", None, BAD),
    Case(ONE, said(410), "person", "", "delivery", None, "what was addressed has been deleted on the server: a person must look"),
    Case(BUNDLE, over_quota(403), "retry", "", "endpoint", None, OFTEN),
    Case(ONE, said(200, "throttled", severity="information"), "delivered", "", "delivery", None, HAS),
    Case(BUNDLE, said(400, "no-store"), "dead", "", "delivery", None, BAD),
    Case(BUNDLE, said(500, "processing", hapi="0958"), "ambiguous", "", "delivery", None, FAILED),
    Case(BUNDLE, said(500, "multiple-matches"), "ambiguous", "", "delivery", None, FAILED),
    Case(NEW, said(422), "dead", "", "delivery", None, RULES),
    Case(NEW, said(409), "retry", "read again", "delivery", None, CHANGED),
    Case(BUNDLE, said(400, "duplicate"), "dead", "", "delivery", None, BAD),
    Case(BUNDLE, said(400, "processing", hapi="0989"), "dead", "", "delivery", None, BAD),
    Case(BUNDLE, said(400, "processing", hapi="0550"), "dead", "", "delivery", None, BAD),
    Case(BUNDLE, said(500, "too-costly"), "ambiguous", "", "delivery", None, FAILED),
    Case(ONE, said(400, "too-costly"), "dead", "", "delivery", None, BAD),
    Case(BUNDLE, said(500, "transient"), "ambiguous", "", "delivery", None, FAILED),
    Case(BUNDLE, said(400, "timeout"), "retry", "", "delivery", None, NOT_NOW),
    Case(BUNDLE, said(400, "incomplete"), "retry", "", "delivery", None, NOT_NOW),
    Case(QUESTION, said(200), "delivered", "", "delivery", None, HAS),
    Case(BUNDLE, Answer(202, "POST https://h.example/fhir", location="/jobs/1"), "ambiguous", "poll", "delivery", None, LATER),
    Case(ONE, said(200, location="/Organization/1"), "delivered", "", "delivery", None, HAS),
    Case(BUNDLE, said(304, "processing"), "ambiguous", "", "delivery", None, ODD),
    Case(*entry("201 Created", "processing"), "delivered", "", "delivery", None, HAS),
    Case(*entry("202"), "ambiguous", "", "delivery", None,
         "the server will do it later and does not say where to ask: send again, what was taken is then found unchanged"),
)
NEARLY_BARS = (
    Case(MESSAGE_KEPT, said(400, "forbidden", "SEND_FORBIDDEN"), "dead", "", "delivery", None, USELESS),
    Case(MESSAGE, said(400, "forbidden", "SEND_FORBIDDEN"), "dead", "", "delivery", None, USELESS),
    Case(MESSAGE, over_quota(400), "dead", "", "delivery", None, USELESS),
    Case(MESSAGE, said(400, "value", "TOO_MANY_REQUESTS"), "dead", "", "delivery", None, USELESS),
    Case(MESSAGE, said(400, "duplicate", "BAD_REQUEST"), "dead", "", "delivery", None, USELESS),
    Case(MESSAGE, said(409, "conflict", "BAD_REQUEST"), "person", "", "delivery", None,
         "the message contradicts what the receiver has: a person must look"),
    Case(MESSAGE, said(422, "duplicate", "REC_UNPROCESSABLE_ENTITY"), "dead", "", "delivery", None,
         "the receiver read it and its rules refuse the content"),
    Case(MESSAGE, said(400, "no-store", "REC_BAD_REQUEST"), "dead", "", "delivery", None, USELESS),
    Case(MESSAGE, said(415, "not-supported", "REC_BAD_REQUEST"), "retry", "", "repair", None,
         "messages are not taken at this address or in this form: check the endpoint"),
    Case(MESSAGE, said(200, location="/jobs/1"), "delivered", "", "delivery", None, "the receiver has it"),
    Case(MESSAGE, said(200, "processing", severity="fatal"), "ambiguous", "", "delivery", None,
         "the receiver says that it has it and that something is wrong: send again"),
    Case(MESSAGE, said(304, "processing"), "ambiguous", "", "delivery", None, "that is no answer to a message: look at the endpoint"),
)
CASES = {"fhir": (*LOST, *OF_FHIR, *NEARLY_FHIR), "bars": (*LOST, *OF_BARS, *NEARLY_BARS)}
EVERY = [(dialect, case) for dialect, cases in CASES.items() for case in cases]
MEANS = {"delivered": Means.DELIVERED, "retry": Means.RETRY, "ambiguous": Means.AMBIGUOUS, "dead": Means.DEAD, "person": Means.PERSON}
DO = {"": Do.NOTHING, "fresh token": Do.FRESH_TOKEN, "read again": Do.READ_AGAIN, "smaller": Do.SMALLER, "poll": Do.POLL}
WHOM = {"delivery": (About.DELIVERY, False), "endpoint": (About.ENDPOINT, False), "repair": (About.ENDPOINT, True)}


def named(case: object) -> str | None:
    if not isinstance(case, Case):
        return None
    return f"{type(case.came).__name__}-{getattr(case.came, 'status', '')}"


@pytest.mark.parametrize(("dialect", "case"), EVERY, ids=named)
def test_what_came_means_what_the_table_says(dialect: str, case: Case) -> None:
    found = decide(dialect, case.asked, case.came, 1, NOW)
    assert (found.means, found.do, (found.about, found.mend), found.at) == (MEANS[case.means], DO[case.do], WHOM[case.whom], case.at)
    if isinstance(case.came, Answer):
        assert found.says[0] == f"POST https://h.example/fhir: {case.came.status}: {case.says}"
    else:
        assert found.says == ("POST https://h.example/fhir: what happened", case.says)
    assert found.status == getattr(case.came, "status", None)
    assert not any(CANARY in sentence or "Zephaniah" in sentence or "quota of 300" in sentence for sentence in found.says)


def hit(dialect: str) -> Iterator[table.Rule]:
    """The rules that decided these cases."""
    for case in CASES[dialect]:
        yield (fhir.FHIR if dialect == "fhir" else bars.BARS).first(of_request(case.asked, case.came))
        for each in case.came.listed("entry") if isinstance(case.came, Answer) else ():
            status = each["response"].get("status")
            yield fhir.of_one(int(status[:3]) if status else None, each["response"].get("outcome"), if_match=case.asked.if_match)


@pytest.mark.parametrize(("dialect", "rules"), [("fhir", fhir.FHIR.rules), ("bars", bars.BARS.rules)])
def test_no_row_of_a_table_is_without_a_case(dialect: str, rules: tuple[table.Rule, ...]) -> None:
    reached = list(hit(dialect))
    assert [rule.when for rule in rules if not any(rule is one for one in reached)] == []
    assert set(DIALECTS) == {"fhir", "bars"}


def test_rows_are_written_in_signs_that_exist() -> None:
    names = {"of", "sent", "status", "outcome", "severity", "issue", "details", "hapi", "quota", "token", "if-match", "echoed", "ask",
             "raised"}
    for rule in (*fhir.FHIR.rules, *bars.BARS.rules):
        assert {word.partition("=")[0] for word in rule.when.split()} <= names
        assert rule.says
        assert not rule.says.endswith(".")


# ---- laws over everything that can come ------------------------------------------------------------------------------------
ANYTHING: list[Came] = [
    *(case.came for _, case in EVERY), *(said(status) for status in range(100, 600)),
    *(said(status, "processing", details="X") for status in range(100, 600))]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("asked", [BUNDLE, KEPT, ONE, QUESTION, MESSAGE_KEPT])
def test_what_concerns_everybody_makes_nobodys_delivery_dead(dialect: str, asked: Asked) -> None:
    for came in ANYTHING:
        found = decide(dialect, asked, came, 3, NOW)
        assert found.about is About.DELIVERY or found.means in (Means.RETRY, Means.AMBIGUOUS), found
        assert found.about is About.ENDPOINT or not found.mend
        assert found.at is None or found.means in (Means.RETRY, Means.AMBIGUOUS)
        assert found.says
        assert found.do is not Do.FRESH_TOKEN or not asked.fresh  # once


@pytest.mark.parametrize("dialect", DIALECTS)
def test_delivered_is_only_what_somebody_said_he_has(dialect: str) -> None:
    has_it = {(None if isinstance(c, ClientError) else c.status) for c in ANYTHING
              if decide(dialect, MESSAGE, c, 1, NOW).means is Means.DELIVERED}
    assert has_it == {*range(200, 300)} - {202} | ({409} if dialect == "bars" else set())


@pytest.mark.parametrize(("dialect", "came"), [
    ("fhir", said(500)), ("fhir", lost("Ambiguous")), ("fhir", lost("AnsweredByAnother")), ("fhir", entries("200", {})),
    ("bars", said(502))])
def test_what_cannot_be_repeated_and_may_have_been_taken_is_for_a_person(dialect: str, came: Came) -> None:
    found = decide(dialect, Asked("POST", repeatable=False, entries=2, fresh=True), came, 1, NOW)
    assert (found.means, found.about, found.mend, found.at) == (Means.PERSON, About.DELIVERY, False, None)
    assert any("a person must look" in sentence for sentence in found.says)


def test_what_cannot_be_repeated_and_was_not_taken_is_sent_again() -> None:
    asked = Asked("POST", repeatable=False, entries=2, fresh=True)
    for came in (said(429), said(503), lost("ConnectionRefused")):
        assert decide("fhir", asked, came, 1, NOW).means is Means.RETRY


# ---- entries ---------------------------------------------------------------------------------------------------------------
GRAVEST: list[tuple[tuple[str, ...], Means]] = [
    (("201", "200"), Means.DELIVERED), (("201", "429"), Means.RETRY), (("422", "429"), Means.DEAD), (("422", "410"), Means.PERSON),
    (("500", "410"), Means.AMBIGUOUS), (("500", "422"), Means.AMBIGUOUS), (("200", "ok"), Means.AMBIGUOUS),
    (("²00", "200"), Means.AMBIGUOUS)]


@pytest.mark.parametrize(("each", "means"), GRAVEST)
@pytest.mark.parametrize("kind", ["transaction-response", "batch-response"])
def test_the_gravest_entry_decides(each: tuple[str, ...], means: Means, kind: str) -> None:
    for listed in (each, each[::-1]):
        assert decide("fhir", BUNDLE, entries(*listed, kind=kind), 1, NOW).means is means


@pytest.mark.parametrize("issue", [None, "login", "throttled", "no-store", "too-costly"])
def test_nothing_that_is_said_of_an_entry_concerns_everybody(issue: str | None) -> None:
    outcome = over_quota(0).resource if issue == "throttled" else said(0, issue).resource
    for status in range(100, 600):
        found = decide("fhir", KEPT, entries("200", {"status": f"{status}", "outcome": outcome}), 1, NOW)
        assert (found.about, found.mend, found.do in (Do.FRESH_TOKEN, Do.SMALLER)) == (About.DELIVERY, False, False), status


def test_each_entry_that_was_not_taken_is_told_by_its_place() -> None:
    bad = {"status": "422 Unprocessable", "outcome": said(0, "value").resource}
    found = decide("fhir", Asked("POST", entries=4), entries("201", bad, "429"), 1, NOW)
    assert found.says[1:] == (
        "entry 1: 422: the server read it and its rules refuse the content; error: a value is not allowed [value]",
        f"entry 2: 429: {OFTEN}",
        "entry 3: no status: the server does not say what became of it: look at the server")


def test_of_many_entries_only_some_are_told() -> None:
    assert len(decide("fhir", Asked("POST", entries=200), entries(*["422"] * 200), 1, NOW).says) == 11


@pytest.mark.parametrize("odd", [
    None, 3, {}, {"response": None}, {"response": {"status": {}, "outcome": 1}}, {"response": {"status": "-201"}}])
def test_entries_of_any_shape_never_break_it(odd: Any) -> None:
    resource = {"resourceType": "Bundle", "type": "transaction-response", "entry": [odd]}
    assert decide("fhir", BUNDLE, Answer(200, "POST x", "id", resource), 1, NOW).means is Means.AMBIGUOUS


ODD_OUTCOMES: list[Any] = [
    {"issue": CANARY}, {"issue": [CANARY, None, 7]}, {"issue": [{"code": ["value"], "details": CANARY, "diagnostics": {"a": CANARY}}]},
    {"issue": [{"code": "token=kept", "severity": "of=entry", "details": {"coding": [CANARY, {"code": [CANARY]}]}}]}, {}, {"text": CANARY}]


@pytest.mark.parametrize("odd", ODD_OUTCOMES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_outcomes_of_any_shape_never_break_it_nor_are_repeated(odd: dict[str, Any], dialect: str) -> None:
    found = decide(dialect, BUNDLE, Answer(422, "POST x", "id", {"resourceType": "OperationOutcome", **odd}), 1, NOW)
    assert found.means is Means.DEAD
    assert CANARY not in repr(found)


# ---- when to try again -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("asks", "at"), [
    (0.0, NOW), (30.0, NOW + 30), (-5.0, NOW), (3600.0, NOW + 3600), (3601.0, NOW + 3600), (999_999_999.0, NOW + 3600),
    (float("inf"), NOW + 3600), (float("nan"), None), (None, None)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_how_long_a_server_asks_to_wait_is_followed_within_reason(asks: float | None, at: float | None, dialect: str) -> None:
    assert decide(dialect, MESSAGE, said(503, "transient", retry_after=asks), 1, NOW).at == at


def test_what_a_server_asks_for_wins_over_our_own_pace() -> None:
    assert decide("fhir", BUNDLE, said(409, "processing", hapi="0550", retry_after=40.0), 1, NOW).at == NOW + 40


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1.0), (2, 2.0), (4, 8.0), (5, 8.0), (5000, 8.0)])
def test_a_race_is_run_again_soon_and_a_little_less_so_each_time(attempt: int, seconds: float) -> None:
    assert decide("fhir", BUNDLE, said(409, "processing", hapi="2745"), attempt, NOW).at == NOW + seconds


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(table).failed == 0
