"""What it means that no answer came that could be used: the same in every dialect. Each sentence follows the error's own.

Of the endpoint is what nobody can get past (no connection, no certificate, no FHIR there). A request that was lost on its way concerns its
delivery alone, for it may be just this one that the server cannot bear.
"""
from __future__ import annotations

from adapter.delivery.dialects.decision import Do, Means
from adapter.delivery.dialects.table import Rule, Whom

RETRY, AMBIGUOUS, DEAD = Means.RETRY, Means.AMBIGUOUS, Means.DEAD
DELIVERY, ENDPOINT, REPAIR = Whom.DELIVERY, Whom.ENDPOINT, Whom.REPAIR
GO_ON = Do.NOTHING

NO_ANSWER = (
    # ---- nothing was sent
    Rule("raised=NotLetIn", RETRY, GO_ON, REPAIR, "check the credentials and the clock of this machine"),
    Rule("raised=BadAddress", RETRY, GO_ON, REPAIR, "check the address"),
    Rule("raised=TlsFailed", RETRY, GO_ON, REPAIR, "check the address, whose certificates are trusted, and ours"),
    Rule("raised=NameUnknown", RETRY, GO_ON, ENDPOINT, "check the address, and whether this machine finds names (DNS)"),
    Rule("raised=ConnectionRefused", RETRY, GO_ON, ENDPOINT, "nobody answers there: it is down, or the port or a firewall is wrong"),
    Rule("raised=ProxyFailed", RETRY, GO_ON, ENDPOINT, "check the proxy"),
    Rule("raised=NoToken", RETRY, GO_ON, ENDPOINT, "whoever gives out tokens cannot now"),
    Rule("raised=NotAsked", RETRY, GO_ON, DELIVERY, "it is sent in another attempt"),
    Rule("raised=Unreachable", RETRY, GO_ON, ENDPOINT, "it is down, or the network is"),
    Rule("raised=Unwritable", DEAD, GO_ON, DELIVERY, "send it in another format"),
    # ---- somebody else answered
    Rule("raised=RedirectRefused", RETRY, GO_ON, REPAIR, "it has moved, or wants a log-in: check the address and the credentials"),
    Rule("raised=NotFhir", RETRY, GO_ON, REPAIR, "a log-in page or a gateway may stand before it: check the address and the credentials"),
    Rule("raised=AnsweredByAnother", AMBIGUOUS, GO_ON, REPAIR,
         "a log-in page or a gateway may stand before it: check the address and the credentials"),
    # ---- the answer was lost, or cannot be used
    Rule("raised=Ambiguous", AMBIGUOUS, GO_ON, DELIVERY, "it is sent again, and what was taken is then found unchanged"),
    Rule("raised=NoAnswer|CutOff", RETRY, GO_ON, DELIVERY, "it is asked again"),
    Rule("raised=TooLarge", DEAD, GO_ON, DELIVERY, "look at what the server has"),
    Rule("raised=PagingProblem|BadAnswer", DEAD, GO_ON, DELIVERY, "look at the server"),
    Rule("raised=ClientError", AMBIGUOUS, GO_ON, DELIVERY, "look at the server"),
)
