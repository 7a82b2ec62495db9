"""The dialect of NHS England's Booking and Referral Standard: one message, posted to $process-message through its proxy.

A message that is sent again is the same to the byte, under the same X-Request-ID and X-Correlation-ID, so nothing that may have been taken
is ever taken twice: the receiver says 409 with `duplicate` of what it has, and 425 of what it is still at. The prefix of a code says who
speaks: SEND_ the gateway about us, PROXY_ BaRS itself, REC_ the receiver; some of the proxy's codes come without it.

Whoever does not repeat the ids of the request, or gives an error without an OperationOutcome, is neither of them but something on the way:
that is a failure of communication, whatever its status. Only who we are, how often we ask, and that nothing works are believed of anybody.

Source: NHS England, BaRS implementation guide 1.5.0, Transactional integrity (definition of a retry, sender's and receiver's
responsibilities), Error handling; its published OperationOutcomes.
"""
from __future__ import annotations

from adapter.delivery.dialects.decision import Asked, Came, Decision, Do, Means
from adapter.delivery.dialects.no_answer import NO_ANSWER
from adapter.delivery.dialects.signs import of_request
from adapter.delivery.dialects.table import Rule, Table, Wait, Whom, decision

DELIVERED, RETRY, AMBIGUOUS, DEAD, PERSON = Means.DELIVERED, Means.RETRY, Means.AMBIGUOUS, Means.DEAD, Means.PERSON
GO_ON, FRESH_TOKEN, POLL = Do.NOTHING, Do.FRESH_TOKEN, Do.POLL
DELIVERY, ENDPOINT, REPAIR = Whom.DELIVERY, Whom.ENDPOINT, Whom.REPAIR
MINUTE = Wait.MINUTE

STALE = "our token is not accepted: a fresh one is asked for"
STRANGER = "who we are is not accepted: check the credentials, and what the application is registered for"
OFTEN = "messages come too often: send again later"

ANSWERS = (
    # ---- who we are
    Rule("status=401 token=kept", RETRY, FRESH_TOKEN, DELIVERY, STALE),
    Rule("status=401", RETRY, GO_ON, REPAIR, STRANGER),
    Rule("status=403 details=SEND_FORBIDDEN token=kept", RETRY, FRESH_TOKEN, DELIVERY, STALE),
    Rule("status=403 details=SEND_FORBIDDEN", RETRY, GO_ON, REPAIR, STRANGER),
    # ---- how often, and whether it works at all
    Rule("status=429 quota=yes", RETRY, GO_ON, ENDPOINT, "the quota of a minute is used up: send again later", MINUTE),
    Rule("status=429", RETRY, GO_ON, ENDPOINT, OFTEN),
    Rule("status=500 details=PROXY_TOO_MANY_REQUESTS|TOO_MANY_REQUESTS", RETRY, GO_ON, ENDPOINT, OFTEN),
    Rule("status=503", RETRY, GO_ON, ENDPOINT, "it is out of service: send again later"),
    # ---- something on the way
    Rule("echoed=no", AMBIGUOUS, GO_ON, DELIVERY,
         "the answer does not repeat the ids of the message, so it is not the receiver's: send again"),
    Rule("status=4xx|5xx outcome=no", AMBIGUOUS, GO_ON, DELIVERY, "the answer says no reason, so it is not the receiver's: send again"),
    # ---- the receiver knows this message
    Rule("status=409 issue=duplicate details=BAD_REQUEST", PERSON, GO_ON, DELIVERY, "BaRS itself has the same already: a person must look"),
    Rule("status=409 issue=duplicate", DELIVERED, GO_ON, DELIVERY, "the receiver has had this message: it is delivered"),
    Rule("status=409", PERSON, GO_ON, DELIVERY, "the message contradicts what the receiver has: a person must look"),
    Rule("status=425", RETRY, GO_ON, DELIVERY, "the receiver is still at this message: send again later"),
    # ---- it took too long, or failed
    Rule("status=408", AMBIGUOUS, GO_ON, DELIVERY, "the receiver took too long: send again"),
    Rule("status=504", AMBIGUOUS, GO_ON, DELIVERY, "the receiver took too long for BaRS: send again"),
    Rule("status=501", DEAD, GO_ON, DELIVERY, "the receiver cannot do this: ask its owner"),
    Rule("status=5xx issue=no-store", RETRY, GO_ON, ENDPOINT, "the receiver has no room: tell its owner, and send again later"),
    Rule("status=5xx", AMBIGUOUS, GO_ON, DELIVERY, "the receiver failed; it may or may not have taken the message: send again"),
    # ---- not at all
    Rule("status=400", DEAD, GO_ON, DELIVERY, "the message cannot be used"),
    Rule("status=403", DEAD, GO_ON, DELIVERY, "the receiver does not allow this: ask its owner for permission"),
    Rule("status=404", DEAD, GO_ON, DELIVERY, "BaRS does not know the service, or more than one: check the receiver's id"),
    Rule("status=405|406|415", RETRY, GO_ON, REPAIR, "messages are not taken at this address or in this form: check the endpoint"),
    Rule("status=413", DEAD, GO_ON, DELIVERY, "the message is larger than is taken; it cannot be split"),
    Rule("status=422", DEAD, GO_ON, DELIVERY, "the receiver read it and its rules refuse the content"),
    Rule("status=4xx", DEAD, GO_ON, DELIVERY, "the message is refused"),
    # ---- the receiver has it
    Rule("status=202 ask=here", AMBIGUOUS, POLL, DELIVERY, "the receiver will do it later, and is asked what became of it"),
    Rule("status=202", AMBIGUOUS, GO_ON, DELIVERY, "the receiver will do it later: it is sent again, to hear what became of it"),
    Rule("status=2xx severity=fatal|error", AMBIGUOUS, GO_ON, DELIVERY,
         "the receiver says that it has it and that something is wrong: send again"),
    Rule("status=2xx", DELIVERED, GO_ON, DELIVERY, "the receiver has it"),
    Rule("", AMBIGUOUS, GO_ON, DELIVERY, "that is no answer to a message: look at the endpoint"),
)
BARS = Table(*NO_ANSWER, *ANSWERS)


def decide(asked: Asked, came: Came, attempt: int, now: float) -> Decision:
    """`now` in seconds since 1970."""
    return decision(BARS.first(of_request(asked, came)), asked, came, attempt, now)
