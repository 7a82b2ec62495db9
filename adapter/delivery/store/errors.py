"""Why the store could not do what was asked. The text of each is one sentence for a person, without any value of a patient or password.

    StoreError              the store cannot be used as asked
    ├── StoreAway           ... just now: it is not reachable, busy, or was restarted; trying again later is right
    ├── StoreFull           ... for want of room: nothing of what was to be accepted is kept
    ├── WorkerRunning       another worker is at work where there may be but one
    ├── NotSo               what a person asked for does not fit the state of the delivery
    └── Sealed              a payload cannot be opened
        ├── KeyMissing      ... because the key it was sealed with is not at hand
        └── Broken          ... because it is not what was sealed
"""
from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used as asked. The text is one sentence."""


class StoreAway(StoreError):
    """Not now: trying again later is right."""


class StoreFull(StoreError):
    """No room: nothing of this was accepted."""


class WorkerRunning(StoreError):
    """Another worker is at work."""


class NotSo(StoreError):
    """The delivery is not in a state in which this can be done."""


class Sealed(StoreError):
    """A payload cannot be opened."""


class KeyMissing(Sealed):
    """The key it was sealed with is not at hand."""


class Broken(Sealed):
    """It is not what was sealed, or not where it was put."""
