"""What `redbag work` tells while it is at work: what is for a person, at once; and that an endpoint is in trouble, and when it is over."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from adapter.commands.exits import Stop
from adapter.commands.line import span
from adapter.commands.streams import Gone
from adapter.commands.talk import Talk
from adapter.delivery.accepting import in_their_words
from adapter.delivery.dialects.decision import About, Decision, Means
from adapter.delivery.store.model import Claimed, Payload
from adapter.delivery.work.breaker import OPENS_AT
from adapter.delivery.work.carry import Way, carry

DEAD = (Means.DEAD, Means.PERSON)


@dataclass
class Reports:
    """`look`: deliveries that were delivered, and are to be looked at. `trouble`: since when an endpoint is in it, and how often in a row
    it was found so: the third time that is told."""

    talk: Talk
    look: set[int] = field(default_factory=set)
    trouble: dict[str, tuple[float, int]] = field(default_factory=dict)

    async def carry(self, way: Way, payload: Payload, claimed: Claimed, now: Callable[[], float]) -> tuple[Decision, Mapping[str, int]]:
        """Carries, and tells. Raises what carrying raises."""
        decision, rows = await carry(way, payload, claimed, now)
        with suppress(Stop, Gone):  # nobody reads it: the store knows it too
            self._of_delivery(decision, payload, claimed)
            self._of_endpoint(decision, claimed.endpoint, now())
        return decision, rows

    def _of_delivery(self, decision: Decision, payload: Payload, claimed: Claimed) -> None:
        dead, seen = decision.means in DEAD, decision.means is Means.DELIVERED and decision.for_a_person
        if seen:
            self.look.add(claimed.delivery)
        if dead or seen:
            says = [in_their_words(each, payload.where) for each in decision.says]
            became = decision.means.value if dead else "delivered, and a person should look"
            self.talk.found("dead" if dead else "look",
                            {"delivery": claimed.delivery, "endpoint": claimed.endpoint, "place": claimed.place, "says": says},
                            f"Delivery {claimed.delivery} to {claimed.endpoint} ({claimed.place}), {became}: {'; '.join(says)}")

    def _of_endpoint(self, decision: Decision, name: str, now: float) -> None:
        since, times = self.trouble.get(name, (now, 0))
        if decision.about is About.ENDPOINT:
            self.trouble[name] = since, times + 1
            if times + 1 == OPENS_AT:
                self.talk.found("endpoint", {"endpoint": name, "well": False, "says": list(decision.says)},
                                f"{name} is in trouble: {'; '.join(decision.says)}. It is tried now and then, and what is for it waits.")
            return
        self.trouble.pop(name, None)
        if times >= OPENS_AT:
            self.talk.found("endpoint", {"endpoint": name, "well": True, "seconds": now - since},
                            f"{name} is well again, after {span(now - since)}.")
