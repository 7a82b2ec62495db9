"""The rules of lanes said a second time, in plain Python and without a database: what the store is held against (test_store_machine.py)."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.delivery.store.model import Claimed

WHOLE = ("complete", "retraction")
PUT_OFF = 60.0  # seconds


@dataclass
class Delivery:
    """`since`: its id, or that of the earliest it stands for. `waits`: when it was accepted something that it needs was under way, and
    nothing has arrived there since."""

    id: int
    kind: str
    said: tuple[str, str]  # kind and content: what a repeat repeats
    urgent: bool
    expires: float | None
    needs: tuple[str, ...]
    since: int
    waits: bool = False
    state: str = "queued"
    attempts: int = 0
    skipped: bool = False

    def late(self, now: float) -> bool:
        return self.expires is not None and self.expires < now


@dataclass
class Lane:
    deliveries: list[Delivery] = field(default_factory=list)
    held: str = ""
    due: float = 0.0
    flying: Claimed | None = None

    @property
    def queued(self) -> list[Delivery]:
        return [each for each in self.deliveries if each.state == "queued"]

    @property
    def first(self) -> Delivery | None:
        return next(iter(self.queued), None)

    @property
    def state(self) -> str:
        return "held" if self.held else "active" if self.queued else "idle"

    @property
    def urgent(self) -> bool:
        return any(each.urgent for each in self.queued)

    @property
    def refused(self) -> Delivery | None:
        """In front, and nobody has decided about it."""
        settled = [each for each in self.deliveries if each.state in ("done", "dead") and not (each.state == "dead" and each.skipped)
                   and (self.first is None or each.id < self.first.id)]
        return settled[-1] if settled and settled[-1].state == "dead" else None

    def free(self, now: float) -> bool:
        return self.state == "active" and self.flying is None and self.due <= now

    def is_flying(self, delivery: Delivery) -> bool:
        return self.flying is not None and self.flying.delivery == delivery.id

    def accepted(self, delivery: Delivery, now: float) -> int:
        """Returns how many it supersedes."""
        gone: list[Delivery] = []
        if delivery.kind in WHOLE:
            gone = [each for each in self.queued if each.kind != "retraction" and not self.is_flying(each)]
            passed = [self.refused] if self.held and self.refused else []
            delivery.since = min(each.since for each in (delivery, *gone, *passed))
            for each in gone:
                each.state = "superseded"
            if self.held == "dead":
                self.held, self.due = "", now
        if not self.queued:
            self.due = now
        self.deliveries.append(delivery)
        return len(gone)

    def goes_on(self, now: float) -> None:
        """Something was settled or decided: what was refused and stands in front holds it, unless what comes next says the whole."""
        self.flying, self.due = None, now
        self.decided(now)

    def decided(self, now: float) -> None:
        self.due = now
        passes = self.first is not None and self.first.kind in WHOLE
        if self.first and self.refused and passes:
            self.first.since = min(self.first.since, self.refused.since)
        if self.held in ("", "dead"):
            self.held = "dead" if self.refused and not passes else ""

    def dies(self, delivery: Delivery, now: float) -> None:
        delivery.state, delivery.skipped = "dead", False
        self.goes_on(now)

    def back(self, delivery: Delivery, now: float) -> bool:
        """What was in flight waits again; False: what came behind it meanwhile says the whole, and stands for it."""
        later = [each for each in self.queued if each.id > delivery.id and each.kind in WHOLE]
        if later and delivery.kind != "retraction":
            delivery.state = "superseded"
            later[0].since = min(later[0].since, delivery.since)
        self.goes_on(now)
        return delivery.state == "queued"


def blocked(delivery: Delivery, lanes: Mapping[str, Lane]) -> bool:
    there = [lanes[subject] for subject in delivery.needs]
    return any(lane.state == "held" or (lane.first is not None and lane.first.since < delivery.id) for lane in there)


def woken(subject: str, lanes: Mapping[str, Lane], now: float) -> None:
    """A lane has gone on: those that need it look whether they may."""
    if lanes[subject].state == "held":
        return
    for lane in lanes.values():
        if lane.state == "active" and lane.flying is None and any(subject in each.needs for each in lane.queued):
            lane.due = min(lane.due, now)


def arrived(subject: str, lanes: Mapping[str, Lane]) -> None:
    for lane in lanes.values():
        for each in lane.queued:
            each.waits &= subject not in each.needs
