"""Carries one delivery to its endpoint, once: what came of it, as a decision and as counts of rows. No store, no clock of its own.

    decision, rows = await carry(way, payload, claimed, now)

A care record is sent as it is without a store: what is there is read, only what differs is written. So an attempt that was cut off is made
again, wherever that was. A bundle is posted byte for byte, under the same X-Request-ID in every attempt. What a decision says to do at once
(read again, ask later what became of it, send smaller parts) is done here; what is left is when to try again, and whether at all.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from adapter import wire
from adapter.delivery.accepting import named, policy_for, read
from adapter.delivery.answer import Answer, ClientError, RedirectRefused
from adapter.delivery.client import FhirClient
from adapter.delivery.deadline import left, within
from adapter.delivery.dialects import decide
from adapter.delivery.dialects.decision import About, Asked, Came, Decision, Do, Means
from adapter.delivery.directory import send_shared
from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.outcome import OF_VERDICT, Verdict
from adapter.delivery.proving import NotProven, proven
from adapter.delivery.retry import pause
from adapter.delivery.send import Options, Sent, send
from adapter.delivery.sent import after
from adapter.delivery.store.model import Claimed, Payload
from adapter.delivery.withdrawal import retract
from adapter.faults import Refused
from adapter.records import native
from adapter.records.stream import care_records
from mappings.faults import Faults
from mappings.patient import Resident

T = TypeVar("T")
Rows = Mapping[str, int]
Now = Callable[[], float]  # seconds since 1970
Sending = Callable[[int], Awaitable[Sent]]  # with so many entries in one part

NO_ROWS: Rows = {}
UNREADABLE = "what was accepted cannot be read by this release: send the record anew"
REMEMBERED = 10_000  # deliveries of which it is known where to ask, or how small the parts are to be
GONE = frozenset({404, 410})
TURNS = 2  # of a bundle: once, and once more where the server does not say what became of it


@dataclass
class Way:
    """An endpoint and the client that reaches it, kept open. `most`: so many entries it takes in one part, as a delivery has shown.
    `smaller`: fewer, of one delivery that has not arrived so far, by its key. `later`: where to ask what became of one that it will do
    later, by its key. All are known as long as this way is open: after that, or by another worker, it is posted again, under the same
    X-Request-ID."""

    endpoint: Endpoint
    client: FhirClient
    most: int = 0
    smaller: dict[str, int] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.most = self.most or self.endpoint.most_entries

    def most_of(self, key: str) -> int:
        return min(self.most, self.smaller.get(key, self.most))


def remember(known: dict[str, T], key: str, what: T) -> None:
    """The oldest are forgotten first."""
    known.pop(key, None)
    known[key] = what
    if len(known) > REMEMBERED:
        del known[next(iter(known))]


async def carry(way: Way, payload: Payload, claimed: Claimed, now: Now) -> tuple[Decision, Rows]:
    """Raises nothing that a payload, a server or the network can cause: it is in the decision."""
    posted = payload.form == "bundle" and not payload.options.get("shared")
    try:
        sending = None if posted else _sending(way, payload, claimed.key)
    except (Refused, Faults):
        return Decision(Means.DEAD, (UNREADABLE,), asked=False), NO_ROWS
    with within(way.endpoint.seconds):
        return await _sent(way, sending, claimed, now) if sending else (await _posted(way, payload, claimed, now), NO_ROWS)


# ---- records: read, compared, and only what differs is written --------------------------------------------------------------
def _sending(way: Way, payload: Payload, key: str) -> Sending:
    """How this payload is sent. Raises Refused and Faults where it is not what this release would accept."""
    said, client = cast(Mapping[str, Any], payload.options), way.client
    there = way.endpoint
    options = Options(key=key, seconds=there.seconds, sending=there.sending, tolerate=there.tolerate, profiles=there.profiles)
    if payload.form == "bundle":
        bundle = wire.loads(payload.body)
        return lambda most: send_shared(client, bundle, options)
    if payload.form == "retract":
        source, resident = str(said["source"]), str(said["key"])
        person = native.decode(Resident, wire.loads(payload.body)) if payload.body else None
        return lambda most: retract(client, source, resident, person, options, replace(policy_for(way.endpoint), most=most))
    care_record = care_records().loads(payload.body)
    base = care_records().loads(str(said["base"]).encode()) if said.get("base") else None
    options = replace(options, base=base, absence=dict(said.get("absence", {})), older=bool(said.get("older")))
    policy = policy_for(way.endpoint, care_record, str(said.get("directory") or way.endpoint.directory))
    return lambda most: send(client, care_record, replace(policy, most=most), options)


async def _sent(way: Way, sending: Sending, claimed: Claimed, now: Now) -> tuple[Decision, Rows]:
    """In parts as large as the server takes: when that is less than was thought, smaller ones. That is kept in mind for all if it was it.
    Where it could not be found out in this attempt's time, her next one begins where this has ended; of others that says nothing, for it
    may be that one resource of hers is too large."""
    most = way.most_of(claimed.key)
    sent = await sending(most)
    while (too_many := _too_many(sent, claimed, most, now)) and left():
        most = too_many // 2
        sent = after(sent, await sending(most))
    decision = decided(sent, claimed.attempt, now())
    if decision.means is Means.DELIVERED:
        way.most = min(way.most, most)
        way.smaller.pop(claimed.key, None)
    elif (smaller := too_many // 2 or most) < way.most and not left():
        remember(way.smaller, claimed.key, smaller)
    if too_many:  # our time is over, and smaller parts may do
        decision = replace(decision, means=Means.RETRY)
    return replace(decision, do=Do.NOTHING), Counter(row.became for row in sent.rows)


def _too_many(sent: Sent, claimed: Claimed, most: int, now: Now) -> int:
    """How many entries were more than the server takes; 0: that is not what it says, or there was only one."""
    entries = min(most, sent.asked.entries)
    return entries if entries > 1 and decided(sent, claimed.attempt, now()).do is Do.SMALLER else 0


def decided(sent: Sent, attempt: int, now: float) -> Decision:
    """What a sending means for its delivery, and where no answer came also what to do. What holds for everybody makes nobody's delivery
    dead."""
    if sent.came is not None and sent.verdict is not Verdict.DELIVERED:
        decision = decide("fhir", sent.asked, sent.came, attempt, now)
        told = (*sent.sentences, *(decision.says if decision.status is None else ()))
        return replace(decision, says=tuple(dict.fromkeys(told)))
    means, at = OF_VERDICT[sent.verdict], None if sent.retry_after is None else now + sent.retry_after
    if sent.for_all:
        return Decision(Means.RETRY if means is Means.DEAD else means, sent.sentences, at, about=About.ENDPOINT, mend=True)
    return Decision(means, sent.sentences, at, for_a_person=sent.for_a_person)


# ---- bundles: byte for byte ------------------------------------------------------------------------------------------------------
async def _posted(way: Way, payload: Payload, claimed: Claimed, now: Now) -> Decision:
    """What was accepted is proven again before it is posted: by now another release may know better, or the endpoint tolerate less."""
    asked = Asked("POST", entries=int(cast(Mapping[str, Any], payload.options).get("entries", 0)), fresh=True, if_match=False)
    if (where := way.later.get(claimed.key)) and (known := await _known(way, asked, where, claimed, now)):
        return replace(known, do=Do.NOTHING)
    try:
        told = proven([named(read(payload.body))], way.endpoint.tolerate, way.endpoint.profiles)
    except Refused:
        return Decision(Means.DEAD, (UNREADABLE,), asked=False)
    except NotProven as bad:
        return Decision(Means.DEAD, tuple(map(str, bad.found)), asked=False)
    decision = await _turns(way, payload, asked, claimed, now)
    return replace(decision, says=(*map(str, told), *decision.says), do=Do.NOTHING)


async def _turns(way: Way, payload: Payload, asked: Asked, claimed: Claimed, now: Now) -> Decision:
    said = cast(Mapping[str, Any], payload.options)
    headers, decision = dict(said.get("headers", {})), Decision(Means.AMBIGUOUS)
    request_id = headers.pop("X-Request-ID", claimed.key)
    for _ in range(TURNS):
        came = await _came(way.client.post_bytes(
            str(said.get("path", way.endpoint.path)), payload.body, str(said["media"]), headers=headers, request_id=request_id))
        decision = decide(way.endpoint.dialect, asked, came, claimed.attempt, now())
        if decision.do is Do.POLL and isinstance(came, Answer) and came.location:
            remember(way.later, claimed.key, came.location)
            if await _rested(way, 1, came):
                decision = await _known(way, asked, came.location, claimed, now) or decision
        if decision.do is not Do.READ_AGAIN or not left():
            break
    return decision


async def _known(way: Way, asked: Asked, where: str, claimed: Claimed, now: Now) -> Decision | None:
    """What became of what the server said it would do later, asked for until it knows, or the time of this attempt is over; then the next
    one asks first. None: it knows nothing of it any more, and it may be sent again."""
    turn = 1
    while True:
        remember(way.later, claimed.key, where)
        came = await _came(way.client.ask(where))
        decision, turn = decide(way.endpoint.dialect, asked, came, claimed.attempt, now()), turn + 1
        if decision.do is not Do.POLL or not await _rested(way, turn, came):
            break
        where = getattr(came, "location", None) or where
    gone = isinstance(came, Answer) and came.status in GONE
    answered = isinstance(came, Answer) and decision.do is not Do.POLL and decision.about is About.DELIVERY
    if gone or answered or isinstance(came, RedirectRefused):
        way.later.pop(claimed.key, None)
    return None if gone else decision


async def _rested(way: Way, turn: int, came: Came) -> bool:
    """Before it is asked for the `turn`-th time; whether there is time left for it."""
    wait = pause(turn, getattr(came, "retry_after", None), way.client.clock.dice)
    await way.client.clock.sleep(min(wait, left()))
    return left() > 0


async def _came(asking: Awaitable[Came]) -> Came:
    try:
        return await asking
    except ClientError as error:
        return error
