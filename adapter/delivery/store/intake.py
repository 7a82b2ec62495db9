"""Accepting: what is asked for becomes deliveries in their lanes, in the order asked for, in one transaction.

The rows of the lanes are locked first, then everything is decided in memory, by the rules, as if item after item had been accepted alone;
then it is written, a statement for each kind of row.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping

from adapter.delivery.store import restored, rules, sql
from adapter.delivery.store.handing import attempt_row
from adapter.delivery.store.model import Item, Kind, Receipt
from adapter.delivery.store.packing import content_hash, packed
from adapter.delivery.store.seal import Keyring, key_of, squeeze

TOLERATED = "tolerated"  # what is written down beside its attempts, where it was accepted with errors


class Packed(NamedTuple):
    """What can be made ready before anything is locked."""

    item: Item
    hash: str
    squeezed: bytes
    key: str | None

    @classmethod
    def of(cls, item: Item) -> Packed:
        key = rules.event_key(item.endpoint, item.event) if item.event is not None else None
        return cls(item, content_hash(item.kind, item.payload), squeeze(packed(item.payload)), key)


class Waiting(NamedTuple):
    """`since`: the delivery in whose place it waits, as the need of others has it."""

    kind: Kind
    urgent: int
    since: int


@dataclass
class Lane:
    """One lane while the items are gone through. `waiting`: its undelivered ones that could be superseded. `refused`: since when the one
    waits that was refused and holds it."""

    row: RowMapping
    latest: rules.Known | None
    held: rules.Held
    empty: bool  # nothing undelivered
    accepted: int = 0
    waiting: dict[int, Waiting] = field(default_factory=dict)
    refused: int | None = None
    urgent: int = 0
    at_once: bool = False

    @property
    def flying(self) -> int | None:
        head: int | None = self.row["head"]
        return head


class Intake:
    """One transaction's accepting. `endpoints`: where something is to be done at once when it is committed."""

    def __init__(self, connection: Connection, keys: Keyring, now: float) -> None:
        self._c, self._keys, self._now = connection, keys, now
        self._deliveries: dict[int, dict[str, Any]] = {}
        self._payloads: list[dict[str, Any]] = []
        self._needs: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._superseded: list[int] = []
        self._raised: list[int] = []
        self.endpoints: set[str] = set()

    def accept(self, items: Sequence[Packed]) -> list[Receipt]:
        lanes = self._lanes(items)
        self._events = {key: rules.Known(row["id"], row["hash"], row["state"] == "dead") for key, row in
                        sql.of_keys(self._c, [each.key for each in items if each.key]).items()}
        self._ids = iter(sql.next_ids(self._c, len(items)))
        receipts = [self._one(each, lanes[each.item.endpoint, each.item.subject]) for each in items]
        self._write(lanes.values())
        return receipts

    def _lanes(self, items: Sequence[Packed]) -> dict[tuple[str, str], Lane]:
        """Locked, those there were not among them."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for each in items:
            wanted[each.item.endpoint].add(each.item.subject)
        found = self._found(wanted)
        if fresh := {(name, subject) for name, subjects in wanted.items() for subject in subjects} - found.keys():
            held = restored.holding(self._c, {name for name, _ in fresh})
            sql.add_lanes(self._c, [lane for lane in fresh if lane[0] not in held])
            sql.add_lanes(self._c, [lane for lane in fresh if lane[0] in held], restored.RESTORED, restored.PUT_BACK)
            found |= self._found({name: subjects for name, subjects in wanted.items() if any(name == other for other, _ in fresh)})
        return self._known(found, {(e.item.endpoint, e.item.subject) for e in items if e.item.kind in rules.WHOLE})

    def _found(self, wanted: dict[str, set[str]]) -> dict[tuple[str, str], int]:
        return {(name, subject): of for name, subjects in wanted.items() for subject, of in sql.lanes_of(self._c, name, subjects).items()}

    def _known(self, found: dict[tuple[str, str], int], whole: set[tuple[str, str]]) -> dict[tuple[str, str], Lane]:
        """After the lock, so that each statement sees what was committed before it was had."""
        rows = sql.locked(self._c, found.values())
        old = {of: row for of, row in rows.items() if row["latest"]}
        dead = sql.dead_of(self._c, [row["latest"] for row in old.values()])
        busy = sql.lanes_with_waiting(self._c, old)
        lanes = {of: Lane(row, _latest(row, dead), row["held"], of not in busy, urgent=row["urgent"]) for of, row in rows.items()}
        for each in sql.waiting_in(self._c, [found[which] for which in whole if found[which] in busy]):
            lanes[each["lane"]].waiting[each["id"]] = Waiting(each["kind"], each["urgent"], each["since"])
        for of, refused in sql.refused_in_front(self._c, [found[which] for which in whole if lanes[found[which]].held]).items():
            lanes[of].refused = refused["since"]
        return {which: lanes[of] for which, of in found.items()}

    def _one(self, asked: Packed, lane: Lane) -> Receipt:
        item = asked.item
        taken = rules.taken(item.kind, asked.hash, asked.key, item.as_of, item.older, lane.latest, self._events.get(asked.key or ""))
        if taken.became != "accepted":
            if taken.became == "repeat" and item.urgent and taken.delivery:
                self._raised.append(taken.delivery)
            return Receipt(taken.became, taken.delivery, says=taken.says, dead=taken.dead)
        new = next(self._ids)
        gone = self._supersede(lane) if taken.whole else []
        since = min([new, lane.refused or new, *(each.since for each in gone)]) if taken.whole else new
        key = taken.key or rules.state_key(item.endpoint, item.subject, lane.latest.delivery if lane.latest else None, asked.hash)
        self._add(new, key, asked, lane, since)
        return Receipt("accepted", new, len(gone), _waits(lane.held, lane.row["held_because"], item.urgent))

    def _supersede(self, lane: Lane) -> list[Waiting]:
        gone = {of: each for of, each in lane.waiting.items() if each.kind in rules.NEEDLESS and of != lane.flying}
        for of in gone:
            del lane.waiting[of]
            if of in self._deliveries:
                self._deliveries[of].update(state="superseded", settled=self._now)
            else:
                self._superseded.append(of)
        lane.held = rules.held_after(lane.held, whole=True)
        lane.empty = lane.empty or not lane.waiting
        lane.urgent = max((each.urgent for each in lane.waiting.values()), default=0)
        return list(gone.values())

    def _add(self, new: int, key: str, asked: Packed, lane: Lane, since: int) -> None:
        item = asked.item
        self._deliveries[new] = {
            "id": new, "lane": lane.row["id"], "since": since, "key": key, "kind": item.kind, "state": "queued", "hash": asked.hash,
            "urgent": int(item.urgent), "as_of": item.as_of, "place": item.place, "accepted": self._now,
            "expires": None if item.lasts is None else self._now + item.lasts, "settled": None, "attempts": 0}
        sealed = self._keys.encrypt(asked.squeezed, key.encode())
        self._payloads.append({"delivery": new, "key_id": key_of(sealed), "sealed": sealed})
        self._needs += ({"delivery": new, "subject": subject} for subject in dict.fromkeys(item.needs))
        if item.tolerated:
            says = [each.where for each in item.tolerated]
            self._notes.append(attempt_row(new, "", self._now, self._now, TOLERATED, says))
        if asked.key:
            self._events[asked.key] = rules.Known(new, asked.hash)
        as_of = item.as_of or (lane.latest.as_of if lane.latest else None)
        lane.latest = rules.Known(new, asked.hash, as_of=as_of)
        lane.waiting[new] = Waiting(item.kind, int(item.urgent), since)
        lane.urgent |= int(item.urgent)
        lane.at_once |= lane.empty
        lane.empty, lane.accepted = False, lane.accepted + 1

    def _write(self, lanes: Any) -> None:
        sql.supersede(self._c, self._superseded, self._now)
        sql.add_deliveries(self._c, list(self._deliveries.values()), self._payloads, self._needs)
        sql.settle(self._c, [], self._notes, ())
        sql.lanes_accepted(self._c, [self._lane(lane) for lane in lanes if lane.accepted])
        sql.more_urgent(self._c, self._raised)

    def _lane(self, lane: Lane) -> dict[str, Any]:
        """Its new row. What came first into a lane, or passed a held one, is due now; behind others it waits as they do."""
        active = not lane.held
        due = lane.row["due"]
        if active and lane.flying is None and (lane.at_once or lane.row["held"] or due is None):
            due = self._now
            self.endpoints.add(lane.row["endpoint"])
        latest = lane.latest or rules.Known(0, "")
        return {"lane": lane.row["id"], "to_state": "active" if active else "held", "to_held": lane.held, "to_urgent": lane.urgent,
                "to_held_because": lane.row["held_because"] if lane.held else None, "to_due": due if active else None,
                "to_latest": latest.delivery, "to_latest_hash": latest.hash, "to_latest_as_of": latest.as_of,
                "to_accepted": lane.row["accepted"] + lane.accepted}


def _latest(row: RowMapping, dead: set[int]) -> rules.Known | None:
    return rules.Known(row["latest"], row["latest_hash"], row["latest"] in dead, row["latest_as_of"]) if row["latest"] else None


def _waits(held: str, because: str | None, urgent: bool) -> str:
    if not held:
        return ""
    return f"{'urgent, but its' if urgent else 'its'} lane is held, so it waits: {because or 'somebody said so'}"
