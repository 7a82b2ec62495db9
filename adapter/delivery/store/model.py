"""What a store of deliveries holds, as values: what is asked to be accepted, what is handed to a worker, what is told to a person.

    Item  --accept-->  Receipt          claim  -->  Claimed  --send, decide, settle-->  Claimed (the lane's next) | None
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from adapter.delivery.dialects.decision import Decision

if TYPE_CHECKING:
    from adapter.delivery.proving import Unproven

Kind = Literal["complete", "change", "retraction"]
Form = Literal["record", "bundle", "retract"]
State = Literal["queued", "done", "superseded", "dead"]
LaneState = Literal["idle", "active", "held"]
Became = Literal["accepted", "repeat", "conflict", "older", "full", "unknown endpoint"]
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Payload:
    """What is sealed (compressed, encrypted) in the store. `body`: of a record its native JSON, of a bundle the FHIR bytes as they are
    posted. `options`: of a record how it is to be sent ({"patient", "directory", "dmd"}, and where asked {"absence", "older", "base"}); of
    a bundle {"media", "entries", "headers", "path"}, or {"shared": true} where it is compared before it is written, as what many share; of
    a retract {"source", "key"}; of all {"url"}, and {"again"} where the same is asked for once more. `where`: the record's rows in the
    vendor's words ("medicines[3]" -> "meds.csv, row 14")."""

    form: Form
    body: bytes = field(repr=False)
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    where: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Item:
    """One delivery that is asked for. `subject` is whose lane: an opaque id (never a key or a number of the vendor's), or of a directory
    resource "Organization/<uuid>". `needs`: subjects at the same endpoint whose lanes must be idle before this is sent. `event`: the
    vendor's own id of what happened, if it has one. `place`: where in the input ("record 12"), without any value. `lasts`: seconds from
    its being accepted, by the store's clock, for which it is tried; None: for ever. `tolerated`: the errors that it is accepted with."""

    endpoint: str
    subject: str
    kind: Kind
    payload: Payload
    as_of: str | None = None
    event: str | None = None
    urgent: bool = False
    lasts: float | None = None
    needs: tuple[str, ...] = ()
    place: str = ""
    older: bool = False  # accepted although a later one was accepted before
    tolerated: tuple[Unproven, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """`delivery`: its id in the store, of a repeat that of the first. `says`: one sentence, where there is something to say. `dead`: of a
    repeat, the first was refused, or left out, and waits for a person."""

    became: Became
    delivery: int | None = None
    superseded: int = 0
    says: str = ""
    dead: bool = False


@dataclass(frozen=True)
class Claimed:
    """The head of a lane, handed to one worker. Every later write about it holds only while the lane is of this `generation`.
    `attempt` counts from 1; `key` is the same in every attempt (the X-Request-IDs are made from it)."""

    lane: int
    generation: int
    endpoint: str
    subject: str
    delivery: int
    key: str
    kind: Kind
    attempt: int
    accepted: float
    expires: float | None
    urgent: bool
    place: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class Attempt:
    """One try and what came of it, as it is kept for ever: no payload, no value of a patient. Times in seconds since 1970."""

    began: float
    ended: float
    decision: Decision
    worker: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)  # what became of how many rows: {"created": 3, "updated": 1}
