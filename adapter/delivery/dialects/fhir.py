"""The dialect of FHIR servers: transactions, batches, single resources. What every answer means, as a table.

Of the endpoint is what would be the same for every delivery: who we are (401 after a fresh token), where we ask and in which format (404
and 410 without an OperationOutcome, 405, 406, 415), how often (429), whether it works at all (503, no room), and what a gateway or firewall
says in its place (400 and 403 without an OperationOutcome). Deliberately of the delivery: a server's own 403 (it may hide one resident
from us), 500, 502 and 504 (one record may be what it fails on, or is too slow for), 501 (it may be one entry it cannot do). A poisoned
resident must not open the breaker for everybody; what would hold everybody's lane must not kill one.

Sources: HL7 FHIR R4, RESTful API (transaction, batch, conditional create and update, asynchronous requests); RFC 9110, 6585, 8470;
HAPI 8 (stale If-Match is 409, and a race of conditional creates succeeds when tried again); NHS England API platform (429 without
Retry-After, its quota counted over a minute).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adapter.delivery.answer import Answer
from adapter.delivery.dialects.decision import Asked, Came, Decision, Do, Means
from adapter.delivery.dialects.no_answer import NO_ANSWER
from adapter.delivery.dialects.signs import entries_of, of_entry, of_request, status_of
from adapter.delivery.dialects.table import Rule, Table, Wait, Whom, decision
from adapter.delivery.dialects.words import MOST, reasons

DELIVERED, RETRY, AMBIGUOUS, DEAD, PERSON = Means.DELIVERED, Means.RETRY, Means.AMBIGUOUS, Means.DEAD, Means.PERSON
GO_ON, FRESH_TOKEN, READ_AGAIN, SMALLER, POLL = Do.NOTHING, Do.FRESH_TOKEN, Do.READ_AGAIN, Do.SMALLER, Do.POLL
DELIVERY, ENDPOINT, REPAIR = Whom.DELIVERY, Whom.ENDPOINT, Whom.REPAIR
SOON, MINUTE = Wait.SOON, Wait.MINUTE
GRAVEST = (AMBIGUOUS, PERSON, DEAD, RETRY)  # of several entries: what is not known must be known before anything else is

STALE = "the server does not accept our token: a fresh one is asked for"
STRANGER = "the server does not accept who we are: check the credentials"
REFUSED_BEFORE = "it is refused without a reason, so by something that stands before the server: check the address, the proxy, the firewall"
NO_BUNDLES = "this server takes no such bundles here: set `sending` to batch or single (--sending); `redbag probe URL` tells what it takes"
CANNOT_ALL = "the server cannot do this, or takes no such bundles: `redbag probe URL` tells what it takes, for `sending` (--sending)"
OFTEN = "the server is asked too often: send again later"
MANY = "more than one resource matches: a person must look"
FAILED = "the server failed; it may or may not have taken the bundle: send again, what was taken is then found unchanged"

ANSWERS = (
    # ---- who we are
    Rule("status=401 token=kept", RETRY, FRESH_TOKEN, DELIVERY, STALE),
    Rule("of=request status=401", RETRY, GO_ON, REPAIR, STRANGER),
    Rule("status=403 issue=login|expired token=kept", RETRY, FRESH_TOKEN, DELIVERY, STALE),
    Rule("of=request status=403 issue=login|expired", RETRY, GO_ON, REPAIR, STRANGER),
    Rule("of=request status=407|511", RETRY, GO_ON, REPAIR, "something between us and the server asks who we are: check the proxy"),
    Rule("of=request status=400|403 outcome=no", RETRY, GO_ON, REPAIR, REFUSED_BEFORE),
    # ---- where we ask, and in which format
    # nobody's record: a search that finds nothing is an empty Bundle, and what is read by its id may be missing there
    Rule("of=request status=404 sent=nothing", RETRY, GO_ON, REPAIR, "the server has nothing at this address: check the address"),
    Rule("of=request status=404 outcome=no", RETRY, GO_ON, REPAIR, "the server has nothing at this address: check the address"),
    Rule("status=410 outcome=no sent=bundle", RETRY, GO_ON, REPAIR, "nothing is at this address any more: check the address"),
    Rule("status=405 sent=bundle", RETRY, GO_ON, REPAIR, NO_BUNDLES),
    Rule("of=request status=406", RETRY, GO_ON, REPAIR,
         "the server does not answer in the format asked for: take the other (--format, or `form`)"),
    Rule("of=request status=415", RETRY, GO_ON, REPAIR,
         "the server does not take the format sent: take the other (--format, or `form`)"),
    # ---- how often, and whether it works at all
    Rule("of=request status=429 quota=yes", RETRY, GO_ON, ENDPOINT, "the quota of a minute is used up: send again later", MINUTE),
    Rule("of=request status=429", RETRY, GO_ON, ENDPOINT, OFTEN),
    Rule("of=request status=4xx|5xx issue=throttled", RETRY, GO_ON, ENDPOINT, OFTEN),
    Rule("of=request status=503", RETRY, GO_ON, ENDPOINT, "the server is out of service: send again later"),
    Rule("of=request status=507", RETRY, GO_ON, ENDPOINT, "the server has no room: tell its owner, and send again later"),
    Rule("of=request status=5xx issue=no-store", RETRY, GO_ON, ENDPOINT, "the server has no room: tell its owner, and send again later"),
    Rule("status=429", RETRY, GO_ON, DELIVERY, OFTEN),
    Rule("status=503", RETRY, GO_ON, DELIVERY, "the server is out of service: send again later"),
    # ---- it is not certain which is meant
    Rule("status=4xx hapi=0958|0988|2207", PERSON, GO_ON, DELIVERY, MANY),
    Rule("status=4xx issue=multiple-matches", PERSON, GO_ON, DELIVERY, MANY),
    Rule("status=412 if-match=no", PERSON, GO_ON, DELIVERY, MANY),
    Rule("status=409|422 issue=duplicate", PERSON, GO_ON, DELIVERY, "the server has the same already, elsewhere: a person must look"),
    Rule("status=410", PERSON, GO_ON, DELIVERY, "what was addressed has been deleted on the server: a person must look"),
    # ---- somebody else was there at the same moment
    Rule("status=409|412 hapi=0989", RETRY, READ_AGAIN, DELIVERY, "it has changed since we looked: send again, it is compared afresh"),
    Rule("status=409|412 hapi=0550|2745", RETRY, GO_ON, DELIVERY, "somebody else was writing the same: send again", SOON),
    Rule("status=409", RETRY, READ_AGAIN, DELIVERY,
         "somebody else was changing the same data: send again, it is compared afresh"),
    Rule("status=412", RETRY, READ_AGAIN, DELIVERY,
         "it has changed since we looked, or more than one resource matches: send again, and if it stays so a person must look"),
    # ---- it is too much at once
    Rule("status=413 sent=bundle", DEAD, SMALLER, DELIVERY, "the bundle is larger than the server takes: send smaller parts"),
    Rule("status=400|422 issue=too-costly sent=bundle", DEAD, SMALLER, DELIVERY,
         "the bundle is more than the server can do at once: send smaller parts"),
    Rule("status=413", DEAD, GO_ON, DELIVERY, "this is larger than the server takes: ask its owner how much it takes"),
    # ---- not now
    Rule("status=408", RETRY, GO_ON, DELIVERY, "the server gave up waiting: send again"),
    Rule("status=423", RETRY, GO_ON, DELIVERY, "the server has it locked: send again later"),
    Rule("status=424", RETRY, GO_ON, DELIVERY, "it was not taken because another was not: send again"),
    Rule("status=425", RETRY, GO_ON, DELIVERY, "the server is still busy with an earlier request: send again later"),
    Rule("status=4xx issue=transient|lock-error|timeout|incomplete", RETRY, GO_ON, DELIVERY, "the server cannot now: send again later"),
    # ---- not at all
    Rule("of=request status=501 sent=bundle", DEAD, GO_ON, DELIVERY, CANNOT_ALL),
    Rule("of=request status=400 issue=not-supported sent=bundle", DEAD, GO_ON, DELIVERY, CANNOT_ALL),
    Rule("status=400", DEAD, GO_ON, DELIVERY, "the server cannot use what was sent"),
    Rule("status=401", DEAD, GO_ON, DELIVERY, STRANGER),
    Rule("status=403", DEAD, GO_ON, DELIVERY, "the server knows us and does not allow this: ask its owner for permission"),
    Rule("status=404", DEAD, GO_ON, DELIVERY, "the server does not have what is addressed, or what a reference means"),
    Rule("status=405|501", DEAD, GO_ON, DELIVERY, "the server cannot do this: ask its owner"),
    Rule("status=422", DEAD, GO_ON, DELIVERY, "the server read it and its rules refuse the content"),
    Rule("status=4xx", DEAD, GO_ON, DELIVERY, "the server refuses it"),
    # ---- it failed
    Rule("status=5xx sent=nothing", RETRY, GO_ON, DELIVERY, "the server failed: send again later"),
    Rule("status=5xx", AMBIGUOUS, GO_ON, DELIVERY, FAILED),
    # ---- it says that it has it
    Rule("status=202 ask=here", AMBIGUOUS, POLL, DELIVERY, "the server will do it later, and is asked what became of it"),
    Rule("status=202", AMBIGUOUS, GO_ON, DELIVERY,
         "the server will do it later and does not say where to ask: send again, what was taken is then found unchanged"),
    Rule("of=request status=2xx severity=fatal|error", AMBIGUOUS, READ_AGAIN, DELIVERY,
         "the server does not say what became of it, but that something is wrong: look at the server"),
    Rule("status=2xx sent=bundle", AMBIGUOUS, READ_AGAIN, DELIVERY, "the server does not say what became of the entries"),
    Rule("status=2xx", DELIVERED, GO_ON, DELIVERY, "the server has it"),
    # ---- that is no answer
    Rule("status=none", AMBIGUOUS, READ_AGAIN, DELIVERY, "the server does not say what became of it: look at the server"),
    Rule("", AMBIGUOUS, GO_ON, DELIVERY, "that is no answer to a bundle: look at the server"),
)
FHIR = Table(*NO_ANSWER, *ANSWERS)
TAKEN = next(rule for rule in ANSWERS if rule.when == "status=2xx")


def decide(asked: Asked, came: Came, attempt: int, now: float) -> Decision:
    """`now` in seconds since 1970. Of a transaction's or a batch's answer the gravest of its entries decides."""
    said = entries_of(came) if isinstance(came, Answer) else None
    if said is None:
        return decision(of_whole(asked, came), asked, came, attempt, now)
    entries = [(status_of(each), each.get("outcome")) for each in said] + [(None, None)] * (asked.entries - len(said))
    rules = [of_one(status, outcome, if_match=asked.if_match) for status, outcome in entries]
    whole = decision(gravest(rules) or TAKEN, asked, came, attempt, now)
    told = [f"entry {number}: {status or 'no status'}: {'; '.join((rule.says, *reasons(outcome)))}"
            for number, (rule, (status, outcome)) in enumerate(zip(rules, entries, strict=True)) if rule.means is not DELIVERED]
    return replace(whole, says=(*whole.says, *told[:MOST]))


def of_whole(asked: Asked, came: Came) -> Rule:
    """What is to be thought of an answer, or of none, before its entries are looked at."""
    return FHIR.first(of_request(asked, came))


def of_one(status: int | None, outcome: Any, *, if_match: bool = True) -> Rule:
    """Of one entry. Nothing that is said of an entry concerns more than its delivery."""
    return FHIR.first(of_entry(status, outcome, if_match=if_match))


def gravest(rules: Sequence[Rule]) -> Rule | None:
    """None, where everything was taken."""
    return next((rule for means in GRAVEST for rule in rules if rule.means is means), None)
