"""What `redbag work` tells while it is at work: what is for a person, at once; and that an endpoint is in trouble, and when it is over."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from adapter.commands.exits import Stop
from adapter.commands.line import span
from adapter.commands.streams import Gone
from adapter.commands.talk import Talk
from adapter.delivery.accepting import in_their_words
from adapter.delivery.dialects.decision import Decision, Means
from adapter.delivery.store.model import Claimed
from adapter.delivery.work.news import News

DEAD = (Means.DEAD, Means.PERSON)


@dataclass
class Reports(News):
    """`look`: deliveries that were delivered, and are to be looked at. `since`: since when an endpoint is in trouble."""

    talk: Talk
    look: set[int] = field(default_factory=set)
    since: dict[str, float] = field(default_factory=dict)

    def settled(self, claimed: Claimed, decision: Decision, where: Mapping[str, str]) -> None:
        dead, seen = decision.means in DEAD, decision.means is Means.DELIVERED and decision.for_a_person
        if seen:
            self.look.add(claimed.delivery)
        if dead or seen:
            says = [in_their_words(each, where) for each in decision.says]
            became = decision.means.value if dead else "delivered, and a person should look"
            self._found("dead" if dead else "look",
                        {"delivery": claimed.delivery, "endpoint": claimed.endpoint, "place": claimed.place, "says": says},
                        f"Delivery {claimed.delivery} to {claimed.endpoint} ({claimed.place}), {became}: {'; '.join(says)}")

    def trouble(self, endpoint: str, says: Sequence[str], now: float) -> None:
        if endpoint not in self.since:
            self.since[endpoint] = now
            self._found("endpoint", {"endpoint": endpoint, "well": False, "says": list(says)},
                        f"{endpoint} is in trouble: {'; '.join(says)}. It is tried now and then, and what is for it waits.")

    def well(self, endpoint: str, now: float) -> None:
        if (since := self.since.pop(endpoint, None)) is not None:
            self._found("endpoint", {"endpoint": endpoint, "well": True, "seconds": now - since},
                        f"{endpoint} is well again, after {span(now - since)}.")

    def _found(self, kind: str, said: Mapping[str, Any], sentence: str) -> None:
        with suppress(Stop, Gone):  # nobody reads it: the store knows it too
            self.talk.found(kind, said, sentence)
