"""Searches being paged through. What a search found is fixed when its first page is given, so that every resource comes once
whatever is written meanwhile; a page shows the resources as they are when it is asked for, without those deleted since.

HAPI does the same in its database. The sandbox keeps the latest searches in memory: after a restart, or when many more have begun
since, a `next` link is answered with 410 and the client begins again.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass

KEPT = 500


@dataclass(frozen=True, slots=True)
class Link:
    """References to follow: those in the parameters `names` of the index (`List.item`) that go to the type `target`, or "" for any."""

    names: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one search found (numbers of resources, in order) and how to show it. `path` is what was asked: a type, or
    Patient/7/$everything."""

    path: str
    numbers: tuple[int, ...]
    count: int
    total: bool = True
    include: tuple[Link, ...] = ()
    revinclude: tuple[Link, ...] = ()


class Pages:
    def __init__(self) -> None:
        self._kept: OrderedDict[str, Snapshot] = OrderedDict()

    def keep(self, snapshot: Snapshot) -> str:
        """A token for the `next` link. Called while the store is ours, so there is never more than one caller."""
        token = uuid.uuid4().hex
        self._kept[token] = snapshot
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return token

    def get(self, token: str, path: str) -> Snapshot | None:
        snapshot = self._kept.get(token)
        return snapshot if snapshot and snapshot.path == path else None
