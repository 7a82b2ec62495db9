"""Handing out the heads of lanes, and settling what came of them: each function is one transaction's work on a Connection.

Every write about a claim holds only while the lane is still of the claim's generation, with the same delivery in flight. So what a worker
that was given up for dead says later is dropped, and settling twice does what settling once does.
"""
from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, RowMapping

from adapter.delivery.dialects.decision import Decision
from adapter.delivery.store import rules, sql
from adapter.delivery.store.model import Attempt, Claimed, State

LOOKED_AT, MORE = 500, 100  # lanes that one claim looks at, about; as many at a time where those before them could not be claimed
PUT_OFF = 60.0  # seconds: a lane that waits for another is woken when that is done; should that be missed, it asks again
INTERRUPTED, EXPIRED = "interrupted", "expired"
LOST_WORKER = "the worker that was sending it no longer answers; whether it was taken is not known, so it is sent again"


@dataclass(frozen=True)
class Lost:
    """The claim no longer held: the lane had been taken away, and what was said of it is dropped."""

    delivery: int


@dataclass(frozen=True)
class Late:
    """A delivery whose time has run out: it is dead. `place`: as its sender named it."""

    delivery: int
    endpoint: str
    place: str
    says: str


@dataclass
class Wakes:
    """Where something will be due, and in how many seconds the first of it."""

    at: dict[str, float] = field(default_factory=dict)

    def add(self, endpoint: str, delay: float) -> None:
        self.at[endpoint] = max(min(delay, self.at.get(endpoint, delay)), 0.0)


def claim(
    connection: Connection, worker: str, endpoint: str, most: int, now: float, urgent_only: bool,
) -> tuple[list[Claimed], list[Late]]:
    """Urgent lanes first, then whichever has been due longest. What must wait for another lane is put off. Where much has to be put off,
    or has expired, there may be fewer than are due: the others are with the next claim, so that nobody waits long for this one."""
    claimed: list[Claimed] = []
    died: list[Late] = []
    looked_at = 0
    for urgency in ((1,) if urgent_only else (1, 0)):
        while (room := most - len(claimed)) and looked_at < LOOKED_AT:
            more = MORE if looked_at > len(claimed) else 0
            if not (due := sql.due_lanes(connection, endpoint, urgency, now, room + more)):
                break
            looked_at += len(due)
            some, late = _claim(connection, worker, endpoint, due, now, room)
            claimed, died = claimed + some, died + late
    return claimed, died


def _claim(
    connection: Connection, worker: str, endpoint: str, due: Sequence[RowMapping], now: float, room: int,
) -> tuple[list[Claimed], list[Late]]:
    lanes = {row["id"]: row for row in due}
    heads = sql.heads(connection, lanes)
    late = {of: head for of, head in heads.items() if head["expires"] is not None and head["expires"] < now}
    died = _die(connection, list(late.values()), lanes, now)
    in_time = {of: heads[of] for of in lanes if of in heads and of not in late}
    blocked = _blocked(connection, endpoint, in_time.values())
    put_off = [of for of, head in in_time.items() if head["delivery"] in blocked]
    sql.defer(connection, put_off, now + PUT_OFF)
    sql.raise_lanes(connection, {by for of in put_off if heads[of]["any_urgent"] for by in blocked[heads[of]["delivery"]]})
    taken = dict(islice(((of, head) for of, head in in_time.items() if head["delivery"] not in blocked), room))
    sql.claim(connection, worker, now, {of: head["delivery"] for of, head in taken.items()})
    sealed = sql.payloads(connection, [head["delivery"] for head in taken.values()])
    return [_claimed(head, lanes[of]["generation"] + 1, sealed) for of, head in taken.items()], died


def _blocked(connection: Connection, endpoint: str, heads: Iterable[RowMapping]) -> dict[int, set[int]]:
    """Deliveries that must wait -> the lanes they wait for: held ones, and those in which something is waiting that was accepted earlier,
    or stands for what was. Two cannot wait for each other: needs go from residents to the directory, and there from a part to the whole;
    a circle is one lane."""
    needs = sql.needs(connection, [head["delivery"] for head in heads])
    there = sql.firsts(connection, endpoint, {need["subject"] for need in needs})
    found: dict[int, set[int]] = defaultdict(set)
    for need in needs:
        other = there.get(need["subject"])
        if other is not None and (other["state"] == "held" or (other["since"] or need["delivery"]) < need["delivery"]):
            found[need["delivery"]].add(other["id"])
    return found


def _claimed(head: RowMapping, generation: int, sealed: Mapping[int, bytes]) -> Claimed:
    return Claimed(
        head["lane"], generation, head["endpoint"], head["subject"], head["delivery"], head["key"], head["kind"], head["attempts"] + 1,
        head["accepted"], head["expires"], bool(head["urgent"]), head["place"], sealed[head["delivery"]])


def expire(connection: Connection, endpoint: str, now: float) -> list[Late]:
    """Of those that come next in their lane, wherever it stands, and whose time has run out: dead, as many as one transaction should hold.
    What was behind them may be next."""
    found = [row["lane"] for row in sql.expired_heads(connection, endpoint, now)]
    lanes = {of: row for of, row in sql.locked(connection, found).items() if row["worker"] is None}
    late = [head for head in sql.heads(connection, lanes).values() if head["expires"] is not None and head["expires"] < now]
    return _die(connection, late, lanes, now)


def _die(connection: Connection, late: Sequence[RowMapping], lanes: Mapping[int, RowMapping], now: float) -> list[Late]:
    if not late:
        return []
    says = {head["lane"]: rules.expired(head["accepted"], now, head["attempts"], json.loads(head["says"] or "[]")) for head in late}
    sql.settle(connection, [told_of(head["delivery"], "dead", now, head["attempts"], EXPIRED, [says[head["lane"]]]) for head in late],
               [attempt_row(head["delivery"], "", now, now, EXPIRED, [says[head["lane"]]]) for head in late], ())
    gone = {head["lane"]: head["delivery"] for head in late}
    _go_on(connection, {of: _After(lanes[of], gone[of], "dead", sentence, now) for of, sentence in says.items()}, now, Wakes())
    return [Late(head["delivery"], head["endpoint"], head["place"], says[head["lane"]]) for head in late]


def settle(
    connection: Connection, settlements: Sequence[tuple[Claimed, Attempt]], on: bool, now: float, chance: Callable[[], float], wakes: Wakes,
) -> list[Claimed | Lost | None]:
    """What came of claims. `on`: the next of the lane is claimed at once, by the same worker, where it may be sent."""
    lanes = sql.locked(connection, {claimed.lane for claimed, _ in settlements})
    fresh = [(claimed, attempt) for claimed, attempt in settlements if still(lanes.get(claimed.lane), claimed)]
    needless = sql.needless_heads(connection, [claimed.lane for claimed, tried in fresh if tried.decision.means in rules.AGAIN])
    after: dict[int, _After] = {}
    deliveries, attempts = [], []
    for claimed, attempt in fresh:
        if claimed.lane in after:
            continue  # the same claim twice in one go
        decision, came = attempt.decision, rules.settled(attempt.decision.means, attempt.decision.about, claimed.lane in needless)
        tried = claimed.attempt if came.counted else claimed.attempt - 1
        outcome = sql.LOOK if decision.for_a_person and came.state == "done" else decision.means.name.lower()
        says = list(decision.says)
        deliveries.append(told_of(claimed.delivery, came.state, None if came.state == "queued" else now, tried, outcome, says))
        worker = attempt.worker or lanes[claimed.lane]["worker"]
        attempts.append(attempt_row(claimed.delivery, worker, attempt.began, attempt.ended, outcome, says,
                              decision.about.value, decision.status, attempt.rows))
        due = now if came.state != "queued" else _again(decision, tried, claimed, now, chance)
        after[claimed.lane] = _After(lanes[claimed.lane], claimed.delivery, came.state, " ".join(says) or decision.means.value, due)
    sql.settle(connection, deliveries, attempts, [each.delivery for each in after.values() if each.state in ("done", "superseded")])
    following = _go_on(connection, after, now, wakes, on)
    return [_result(claimed, after.pop(claimed.lane, None), following) for claimed, _ in settlements]


def _result(claimed: Claimed, after: _After | None, following: Mapping[int, Claimed]) -> Claimed | Lost | None:
    """One result for each claim; the second of the same claim is lost."""
    if after is None or not still(after.lane, claimed):
        return Lost(claimed.delivery)
    return following.get(claimed.lane)


def still(lane: RowMapping | None, claimed: Claimed) -> bool:
    """Does the claim hold?"""
    return lane is not None and (lane["generation"], lane["head"]) == (claimed.generation, claimed.delivery) and lane["worker"] is not None


def _again(decision: Decision, attempt: int, claimed: Claimed, now: float, chance: Callable[[], float]) -> float:
    """When it is tried again: when the server says, else after a pause; and when its time runs out, it is looked at then. Attempts at what
    somebody must repair first are not counted, and it may be this one delivery alone that is answered so: there its age gives the pause."""
    pause = rules.repair_pause(now - claimed.accepted, chance) if decision.mend else rules.pause(max(attempt, 0), chance)
    due = decision.at if decision.at is not None else now + pause
    return min(due, claimed.expires) if claimed.expires is not None else due


@dataclass(frozen=True)
class _After:
    """A lane of which a delivery was settled as `state`; where it is queued again it is `due` then."""

    lane: RowMapping
    delivery: int
    state: State
    says: str
    due: float


def _go_on(connection: Connection, after: Mapping[int, _After], now: float, wakes: Wakes, on: bool = False) -> dict[int, Claimed]:
    """Each lane's next step, written; what was claimed at once, by lane."""
    heads = sql.heads(connection, after)
    waits = _all_blocked(connection, heads.values()) if on else set()
    going = {of: head for of, head in heads.items() if on and _may_go(after[of], head, waits, now)}
    rows = {of: _next(each, heads.get(of), of in going, now) for of, each in after.items()}
    for of, row in rows.items():
        if row["to_due"] is not None:
            wakes.add(after[of].lane["endpoint"], row["to_due"] - now)
    sql.lanes_settled(connection, list(rows.values()))
    sql.stand_for(connection, _passed(after, heads))
    over = [each.lane for of, each in after.items() if each.state != "queued" and rows[of]["to_state"] != "held"]
    wake_waiting(connection, over, now, wakes)
    sealed = sql.payloads(connection, [head["delivery"] for head in going.values()])
    return {of: _claimed(head, after[of].lane["generation"] + 1, sealed) for of, head in going.items()}


def _may_go(each: _After, head: RowMapping, waits: Collection[int], now: float) -> bool:
    goes_on = each.state != "queued" and rules.lane_after(each.lane["held"], each.state, head["kind"])[0] == "active"
    return goes_on and head["delivery"] not in waits and (head["expires"] is None or head["expires"] >= now)


def _next(each: _After, head: RowMapping | None, goes: bool, now: float) -> dict[str, Any]:
    """A lane's new row. One that is only queued again is as urgent as it was, were it for another lane's sake."""
    lane = each.lane
    state, held = rules.lane_after(lane["held"], each.state, head["kind"] if head else None)
    because = each.says if held == "dead" else lane["held_because"] if held else None
    due = each.due if state == "active" and not goes else None
    hands = {"to_worker": lane["worker"], "to_head": head["delivery"], "to_since": now} if goes and head else FREE
    as_before = {"to_urgent": lane["urgent"]} if each.state == "queued" else {}
    return lane_row(lane, state, held, because, due, head) | hands | as_before | {"to_generation": lane["generation"] + 1}


def _passed(after: Mapping[int, _After], heads: Mapping[int, RowMapping]) -> dict[int, int]:
    """What says the whole stands for the one before it that was not delivered: id -> whose place it takes."""
    return {head["delivery"]: after[of].delivery for of, head in heads.items()
            if after[of].state in ("dead", "superseded") and head["kind"] in rules.WHOLE}


FREE = {"to_worker": None, "to_head": None, "to_since": None}


def _all_blocked(connection: Connection, heads: Collection[RowMapping]) -> set[int]:
    """Deliveries that must wait, of all endpoints."""
    return {delivery for endpoint in {head["endpoint"] for head in heads}
            for delivery in _blocked(connection, endpoint, [head for head in heads if head["endpoint"] == endpoint])}


def lane_row(
    lane: RowMapping, state: str, held: str, because: str | None, due: float | None, head: RowMapping | None = None,
) -> dict[str, Any]:
    """What is written of a lane that changes hands, or goes on: who has it, and what, stays as it was."""
    return {"of": lane["id"], "at_generation": lane["generation"], "to_generation": lane["generation"], "to_state": state, "to_held": held,
            "to_held_because": because and because.replace("\0", ""), "to_urgent": int(head["any_urgent"]) if head else 0, "to_due": due,
            "to_worker": lane["worker"], "to_head": lane["head"], "to_since": lane["since"]}


def wake_waiting(connection: Connection, lanes: Collection[RowMapping], now: float, wakes: Wakes) -> None:
    """Lanes that were put off for one of these are due: they find out themselves whether they may go."""
    subjects = defaultdict(set)
    for lane in lanes:
        subjects[lane["endpoint"]].add(lane["subject"])
    for endpoint, which in subjects.items():
        if freed := sql.waiting_for(connection, endpoint, which, now):
            sql.defer(connection, freed, now)
            wakes.add(endpoint, 0.0)


def release(connection: Connection, claimed: Sequence[Claimed], now: float, wakes: Wakes) -> None:
    """Given back as they were."""
    lanes = sql.locked(connection, {each.lane for each in claimed})
    _free(connection, {each.lane: lanes[each.lane] for each in claimed if still(lanes.get(each.lane), each)}, now, wakes)


def bury(connection: Connection, workers: Collection[str], now: float, wakes: Wakes) -> int:
    """What they had in flight is free again, and whatever they say of it from now on is dropped. Returns how many lanes."""
    sql.remove_workers(connection, workers)
    lanes = {row["id"]: row for row in sql.lanes_in_flight(connection, workers)}
    told = [attempt_row(row["head"], row["worker"], row["since"] or now, now, INTERRUPTED, [LOST_WORKER]) for row in lanes.values()]
    sql.settle(connection, [], told, ())
    _free(connection, lanes, now, wakes)
    return len(lanes)


def _free(connection: Connection, lanes: Mapping[int, RowMapping], now: float, wakes: Wakes) -> None:
    """What they have in flight waits again, as if it had not been: what should have been superseded meanwhile, is."""
    needless = sql.needless_heads(connection, lanes)
    sql.supersede(connection, list(needless.values()), now)
    became: dict[int, State] = {of: "superseded" if of in needless else "queued" for of in lanes}
    _go_on(connection, {of: _After(row, row["head"], became[of], "", now) for of, row in lanes.items()}, now, wakes)


def told_of(of: int, state: str, at: float | None, attempts: int, outcome: str, says: Sequence[str]) -> dict[str, Any]:
    return {"of": of, "to_state": state, "to_settled": at, "to_attempts": attempts, "to_outcome": outcome, "to_says": json.dumps(says)}


def attempt_row(
    of: int, worker: str, began: float, ended: float, outcome: str, says: Sequence[str], about: str = "delivery", status: int | None = None,
    rows: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    return {"delivery": of, "worker": worker, "began": began, "ended": ended, "outcome": outcome, "about": about, "status": status,
            "says": json.dumps(says), "rows": json.dumps(dict(rows or {}))}
