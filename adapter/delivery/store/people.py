"""The ledger as people see it, and what they may do with it: look, replay, skip, hold, release. Nothing here shows a payload.

Every change raises NotSo, in one sentence, where the delivery or lane is not in a state for it, and leaves an attempt that says who did
what.

Longer than 300 lines, for the values that are looked at stand beside what fills them.
"""
from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy import Connection, RowMapping

from adapter.delivery.store import handing, restored, rules, sql
from adapter.delivery.store.errors import NotSo
from adapter.delivery.store.model import Kind, LaneState, Payload, State
from adapter.delivery.store.packing import unpacked

if TYPE_CHECKING:
    from adapter.delivery.store.store import Store

T = TypeVar("T")
BY_HAND = "by hand"
REPLAYED, FOUND = "replayed", "found"


@dataclass(frozen=True)
class Line:
    """One delivery. Times in seconds since 1970. `outcome` and `says`: of its last attempt. `kept`: its payload is still there."""

    id: int
    lane: int
    endpoint: str
    subject: str
    kind: Kind
    state: State
    urgent: bool
    as_of: str | None
    place: str
    accepted: float
    expires: float | None
    settled: float | None
    attempts: int
    outcome: str
    says: tuple[str, ...]
    lane_state: LaneState
    held: rules.Held
    held_because: str
    due: float | None
    in_flight: bool
    kept: bool


@dataclass(frozen=True)
class LaneLine:
    """One lane: `waiting` deliveries, the `oldest` accepted then; `in_flight`: which one is with a worker since when."""

    id: int
    endpoint: str
    subject: str
    state: LaneState
    held: rules.Held
    because: str
    urgent: bool
    due: float | None
    waiting: int
    oldest: float | None
    in_flight: int | None
    worker: str
    since: float | None


@dataclass(frozen=True)
class Told:
    """One attempt, or what a person did, as it was written down."""

    began: float
    ended: float
    outcome: str
    about: str
    status: int | None
    says: tuple[str, ...]
    rows: Mapping[str, int]
    worker: str


@dataclass(frozen=True)
class Timeline:
    """Everything of one lane, in order."""

    lane: LaneLine
    deliveries: tuple[tuple[Line, tuple[Told, ...]], ...] = field(default=())


@dataclass(frozen=True)
class Counts:
    """Of one endpoint. `accepted` is counted where things are accepted, apart from the others."""

    endpoint: str
    accepted: int
    delivered: int = 0
    superseded: int = 0
    dead: int = 0
    waiting: int = 0

    @property
    def reconciled(self) -> bool:
        return self.accepted == self.delivered + self.superseded + self.dead + self.waiting


class People:
    """Of one store: store.people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # Looking

    def listed(
        self, *, endpoint: str | None = None, subject: str | None = None, state: State | None = None, before: int | None = None,
        most: int = 100, look: bool = False,
    ) -> list[Line]:
        """The newest first; `before`: only deliveries with a smaller id, to go on from a page's last. `look`: only what was delivered and
        told something that is for a person, the last time that anything of its lane was."""
        asked = {"endpoint": endpoint, "subject": subject, "state": state}
        return [_line(row) for row in self._store.read(lambda connection: sql.lines(connection, most, before, asked, look))]

    def line(self, delivery: int) -> Line:
        """Raises NotSo."""
        return _line(self._store.read(lambda connection: _one(connection, delivery)))

    def show(self, delivery: int, most: int = 1000) -> Timeline:
        """All of its lane: the newest `most`, oldest first, each with its attempts. Raises NotSo."""
        def look(connection: Connection) -> Timeline:
            of = _one(connection, delivery)["lane"]
            lines = [_line(row) for row in reversed(sql.lines(connection, most, None, {"lane": of}))]
            attempts = defaultdict(list)
            for row in sql.attempts_of(connection, [line.id for line in lines]):
                attempts[row["delivery"]].append(_told(row))
            lane = sql.lane_line(connection, of)
            assert lane is not None  # noqa: S101  # a delivery has one
            return Timeline(_lane(lane), tuple((line, tuple(attempts[line.id])) for line in lines))

        return self._store.read(look)

    def awaited(self, delivery: int) -> list[LaneLine]:
        """The lanes that it waits for: held, or with something in them that was accepted before it. Raises NotSo."""
        def look(connection: Connection) -> list[LaneLine]:
            endpoint, needs = _one(connection, delivery)["endpoint"], sql.needs(connection, [delivery])
            there = sql.firsts(connection, endpoint, {need["subject"] for need in needs}).values()
            before = [row["id"] for row in there if row["state"] == "held" or (row["since"] or delivery) < delivery]
            return [_lane(lane) for of in before if (lane := sql.lane_line(connection, of)) is not None]

        return self._store.read(look)

    def counts(self) -> list[Counts]:
        """An endpoint each, by name."""
        accepted, rows = self._store.read(lambda connection: (sql.ever_accepted(connection), sql.counted(connection)))
        words = {"done": "delivered", "queued": "waiting"}
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for row in rows:
            found[row["endpoint"]][words.get(row["state"], row["state"])] = row["count"]
        return [Counts(name, accepted[name], **found[name]) for name in sorted(accepted) if accepted[name]]

    def endpoints(self) -> list[str]:
        """For which anything was ever accepted."""
        return sorted(self._store.read(sql.ever_accepted))

    def stuck(self, endpoint: str | None = None, *, most: int | None = None) -> list[LaneLine]:
        """Held lanes, those with something urgent first: nothing goes on there until somebody decides. `most`: so many; None: all."""
        return [_lane(row) for row in self._store.read(lambda connection: sql.held_lanes(connection, endpoint, most))]

    def payload(self, delivery: int) -> Payload:
        """Opened, for comparing with what an endpoint has. Raises NotSo, KeyMissing and Broken."""
        key, sealed = self._store.read(lambda connection: (_one(connection, delivery)["key"], sql.payloads(connection, [delivery])))
        if delivery not in sealed:
            raise NotSo(f"delivery {delivery}: its payload is no longer kept")
        return unpacked(self._store.keys.open(sealed[delivery], key.encode()))

    # Doing

    def replay(self, delivery: int, *, expires: float | None = None, who: str = BY_HAND) -> None:
        """A refused one is queued again, in its old place; `expires`: its new time to run out, None: never."""
        def do(connection: Connection, line: Line, lane: RowMapping, now: float) -> None:
            later = [(row["kind"], row["state"], bool(row["in_flight"])) for row in sql.later_in(connection, line.lane, line.id)]
            _refuse(delivery, rules.cannot_replay(line.state, line.kept, later))
            sql.queue_again(connection, delivery, expires)
            _note(connection, delivery, REPLAYED, who, now)
            _onward(connection, [lane], now)

        self._change(delivery, do)

    def skip(self, delivery: int, *, who: str = BY_HAND) -> None:
        """Its lane goes on without it: a refused one that holds it, or one that waits."""
        def do(connection: Connection, line: Line, lane: RowMapping, now: float) -> None:
            _refuse(delivery, _cannot_skip(line))
            says = ["left out: " + who]
            sql.settle(connection, [handing.told_of(delivery, "dead", now, line.attempts, sql.SKIPPED, says)], [], ())
            _note(connection, delivery, sql.SKIPPED, who, now)
            _onward(connection, [lane], now)

        self._change(delivery, do)

    def found(self, delivery: int, says: str, *, who: str = BY_HAND) -> None:
        """It is at the endpoint already: done, without being sent."""
        def do(connection: Connection, line: Line, lane: RowMapping, now: float) -> None:
            _refuse(delivery, _settled_already(line))
            sql.settle(connection, [handing.told_of(delivery, "done", now, line.attempts, FOUND, [says])], [], [delivery])
            _note(connection, delivery, FOUND, who, now, says)
            _onward(connection, [lane], now)

        self._change(delivery, do)

    def hold(self, lane: int, because: str) -> None:
        """Nothing more of it is sent; what is with a worker ends as it ends. `because`: a sentence, without a value of a patient."""
        def do(connection: Connection, row: RowMapping, now: float) -> None:
            if row["held"] == "restored":
                raise NotSo(f"lane {lane} is held already: {row['held_because']}")
            head = sql.heads(connection, [lane]).get(lane)
            sql.lanes_settled(connection, [handing.lane_row(row, "held", "hand", because, None, head)])

        self._change_lane(lane, do)

    def release(self, lane: int) -> None:
        """A lane held by hand, or since a restore, goes on; a refused delivery in front still holds it."""
        def do(connection: Connection, row: RowMapping, now: float) -> None:
            if row["held"] in ("", "dead"):
                do_so = "replay or skip the delivery that was refused" if row["held"] else "it goes on"
                raise NotSo(f"lane {lane} is not held by hand: {do_so}")
            _onward(connection, [row], now, free=True)
            restored.released(connection)

        self._change_lane(lane, do)

    def release_restored(self, endpoint: str | None = None) -> int:
        """All that is held since a restore, or what is of one endpoint, and what is new there; returns how many lanes."""
        after, count = 0, 0
        while some := self._store.write(lambda connection, after=after: self._release_some(connection, endpoint, after)):  # type: ignore[misc]
            after, count = some[-1], count + len(some)
        return count

    def _release_some(self, connection: Connection, endpoint: str | None, after: int) -> list[int]:
        some = sql.lanes_held(connection, restored.RESTORED, endpoint, after)
        if not some:
            restored.released(connection, endpoint)
        lanes = sql.locked(connection, some).values()
        _onward(connection, lanes, self._store.clock.now(), free=True)
        for name in sorted({lane["endpoint"] for lane in lanes}):
            self._store.wake(connection, name, 0.0)
        return some

    def _change(self, delivery: int, do: Callable[[Connection, Line, RowMapping, float], None]) -> None:
        def change(connection: Connection) -> None:
            lane = sql.locked(connection, [_one(connection, delivery)["lane"]]).popitem()[1]
            do(connection, _line(_one(connection, delivery)), lane, self._store.clock.now())
            self._store.wake(connection, lane["endpoint"], 0.0)

        self._store.write(change)

    def _change_lane(self, lane: int, do: Callable[[Connection, RowMapping, float], None]) -> None:
        def change(connection: Connection) -> None:
            found = sql.locked(connection, [lane])
            if lane not in found:
                raise NotSo(f"there is no lane {lane}")
            do(connection, found[lane], self._store.clock.now())
            self._store.wake(connection, found[lane]["endpoint"], 0.0)

        self._store.write(change)


def _one(connection: Connection, delivery: int) -> RowMapping:
    found = sql.lines(connection, 1, None, {"id": delivery})
    if not found:
        raise NotSo(f"there is no delivery {delivery}")
    return found[0]


def _refuse(delivery: int, why: str) -> None:
    if why:
        raise NotSo(f"delivery {delivery}: {why}")


def _settled_already(line: Line) -> str:
    if line.in_flight:
        return "it is with a worker just now: hold its lane, and try again when its attempt has ended"
    return "" if line.state in ("queued", "dead") else "nothing is to be done about it any more"


def _cannot_skip(line: Line) -> str:
    if why := _settled_already(line):
        return why
    return "its lane goes on without it already" if line.state == "dead" and line.held != "dead" else ""


def _note(connection: Connection, delivery: int, outcome: str, who: str, now: float, says: str = "") -> None:
    sql.settle(connection, [], [handing.attempt_row(delivery, who, now, now, outcome, [says] if says else [])], ())


def _onward(connection: Connection, lanes: Collection[RowMapping], now: float, *, free: bool = False) -> None:
    """The lanes after a person's word: a refused one in front holds its lane until it is decided about, or what says the whole passes it.
    `free`: held by a person no longer."""
    which = [lane["id"] for lane in lanes]
    heads, refused = sql.heads(connection, which), sql.refused_in_front(connection, which)
    rows = {lane["id"]: _goes_on(lane, heads.get(lane["id"]), refused.get(lane["id"]), now, free) for lane in lanes}
    sql.lanes_settled(connection, list(rows.values()))
    passing = {of: head["delivery"] for of, head in heads.items() if of in refused and head["kind"] in rules.WHOLE}
    sql.stand_for(connection, {head: refused[of]["id"] for of, head in passing.items()})
    handing.wake_waiting(connection, [lane for lane in lanes if rows[lane["id"]]["to_state"] != "held"], now, handing.Wakes())


def _goes_on(lane: RowMapping, head: RowMapping | None, refused: RowMapping | None, now: float, free: bool) -> dict[str, object]:
    state, held = rules.lane_after("" if free else lane["held"], "dead" if refused else "done", head["kind"] if head else None)
    because = " ".join(_says(refused["says"])) if refused and held == "dead" else lane["held_because"] if held else None
    return handing.lane_row(lane, state, held, because, now if state == "active" and lane["worker"] is None else None, head)


def _line(row: RowMapping) -> Line:
    names = ("id", "lane", "endpoint", "subject", "kind", "state", "as_of", "place", "accepted", "expires", "settled", "attempts",
             "lane_state", "held", "due")
    return Line(**{name: row[name] for name in names}, urgent=bool(row["urgent"]), outcome=row["outcome"] or "", says=_says(row["says"]),
                held_because=row["held_because"] or "", in_flight=bool(row["in_flight"]), kept=bool(row["kept"]))


def _lane(row: RowMapping) -> LaneLine:
    return LaneLine(row["id"], row["endpoint"], row["subject"], row["state"], row["held"], row["held_because"] or "", bool(row["urgent"]),
                    row["due"], row["waiting"], row["oldest"], row["head"], row["worker"] or "", row["since"])


def _told(row: RowMapping) -> Told:
    return Told(row["began"], row["ended"], row["outcome"], row["about"], row["status"], _says(row["says"]),
                cast(Mapping[str, int], json.loads(row["rows"])), row["worker"])


def _says(said: str | None) -> tuple[str, ...]:
    return tuple(json.loads(said)) if said else ()


