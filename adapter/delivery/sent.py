"""What may be asked of a sending, and what is said of it; and how whatever a record, a server or the network can cause ends as that."""
from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal, NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

from adapter.delivery.answer import ClientError
from adapter.delivery.client import FhirClient
from adapter.delivery.deadline import left as time_left
from adapter.delivery.deadline import within
from adapter.delivery.dialects.decision import Asked, Came
from adapter.delivery.loads import Sending
from adapter.delivery.outcome import Verdict, without_answer
from adapter.delivery.profiles import UK_CORE, Profiles
from adapter.delivery.proving import Unproven
from adapter.delivery.resident import Stopped
from adapter.delivery.retry import pause
from mappings.bag import CareRecord
from mappings.faults import Faults

TRIES = 3  # when somebody changes the same data at the same moment
NOTHING: Mapping[str, str] = {}
Became = Literal["new", "same", "changed", "ends", "created", "updated", "ended", "unchanged", "kept", "not sent", "not known"]
WRITTEN = frozenset({"created", "updated", "ended"})
HALF = ("{written} of the {all} rows that differed were written before that and stand there: send again, they are then found unchanged and "
        "the others go on")
READ = Asked("GET", fresh=True)


@dataclass(frozen=True)
class Options:
    """`base`: the care record sent the last time, to merge with what the hospital edited since. `replace`: what it edited is overwritten.
    `show_values` and `show_server_text` put a patient's values into sentences: for a person who may read them, never for a log.
    `older`: the record is sent although the server has one of a later time. `seconds`: for everything about this resident.
    `absence`: of each list, what a row means that was sent before and is not in it any more (mappings/absence.py). `key`: of the delivery,
    if it is one; the ids of its requests are made of it. `sending`: in a transaction, in batches, or one resource after the other.
    `tolerate`: ids of rules; what is an error by them is sent all the same, and told. `profiles`: by which all is proven."""

    base: CareRecord | None = None
    dry_run: bool = False
    replace: bool = False
    show_values: bool = False
    show_server_text: bool = False
    older: bool = False
    seconds: float = 90.0
    absence: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    sending: Sending = "transaction"
    tolerate: tuple[str, ...] = ()
    profiles: Profiles = UK_CORE

    def request_id(self, data: bytes) -> str:
        """The X-Request-ID of a write. Of one delivery the same bytes have the same one, in every attempt and process; other bytes never,
        for a server that knows a request by its id may take them for what it has had."""
        return str(uuid5(NAMESPACE_URL, f"{self.key}\n{sha256(data).hexdigest()}") if self.key else uuid4())


class Remark(NamedTuple):
    """What is to be said beside the rows, and whether it is for a person."""

    says: str
    for_a_person: bool = True


@dataclass(frozen=True)
class SentRow:
    """`became`: created, updated, unchanged, ended (it stood there and does not any more), kept (the hospital's edit stays), not sent, not
    known (it may or may not have been taken); in a dry run new, changed, same, ends, kept. `fields`: those in which the server differed."""

    name: str
    type: str
    became: Became
    fields: tuple[str, ...] = ()
    target: str | None = field(default=None, repr=False)  # on some servers an id is an NHS number
    version: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Sent:
    """`patient` is the resident's resource there ("Patient/123"), as far as it is known. `not_written`: fields of the resident that say
    what the server's Patient does not, and that are not written under this policy. `unsettled`: something beside the rows is for a
    person. `for_all`: it would be the same for every other resident, such as a 401. `came`: the answer, or the lack of one, that ended it
    if it did not end well; none, where it was not the server's doing; `asked`: what it was the answer to. `unproven`: the errors for which
    it was refused, and those that were let through; each is one of the sentences too."""

    verdict: Verdict
    rows: tuple[SentRow, ...] = ()
    sentences: tuple[str, ...] = field(default=(), repr=False)
    retry_after: float | None = None  # seconds
    patient: str | None = field(default=None, repr=False)
    not_written: tuple[str, ...] = ()
    unsettled: bool = False
    for_all: bool = False
    came: Came | None = field(default=None, repr=False)
    asked: Asked = READ
    unproven: tuple[Unproven, ...] = field(default=(), repr=False)

    @property
    def for_a_person(self) -> bool:
        """Is there something that only a person can settle?"""
        return self.verdict is Verdict.PERSON or self.unsettled or any(row.became == "kept" for row in self.rows)


Pass = Callable[[], Awaitable[tuple[Sent, bool]]]


async def told(client: FhirClient, once: Pass, seconds: float) -> Sent:
    """Raises nothing that a record, a server or the network can cause: it is in the verdict and the sentences. `once`: one pass, and
    whether somebody else was changing the same data meanwhile; then it is passed through again."""
    try:
        with within(seconds):
            return await _tried(client, once)
    except Stopped as stopped:
        return Sent(stopped.verdict, (), (str(stopped),), stopped.retry_after, for_all=stopped.for_all, came=stopped.answer)
    except ClientError as error:
        verdict, for_all = without_answer(error)
        return Sent(verdict, (), (str(error),), for_all=for_all, came=error)
    except Faults as bad:
        return Sent(Verdict.REFUSED, (), tuple(f"{fault.path}, field {fault.field}: {fault.reason}" for fault in bad.found))


async def _tried(client: FhirClient, once: Pass) -> Sent:
    sent, clash = await once()
    for attempt in range(1, TRIES):
        if not clash:
            break
        await client.clock.sleep(min(pause(attempt, sent.retry_after, client.clock.dice), time_left()))
        before, (sent, clash) = sent, await once()
        sent = after(before, sent)
    return _half(sent)


def _half(sent: Sent) -> Sent:
    """What was written before it ended otherwise is told."""
    written = sum(row.became in WRITTEN for row in sent.rows)
    others = sum(row.became in ("not sent", "not known") for row in sent.rows)
    if sent.verdict is Verdict.DELIVERED or not written:
        return sent
    return replace(sent, sentences=(*sent.sentences, HALF.format(written=written, all=written + others)))


def after(before: Sent, sent: Sent) -> Sent:
    """What a later pass over the same found, with what was written by an earlier one: that is unchanged now, or has ended."""
    done = {_key(row): row for row in before.rows if row.became in WRITTEN}
    rows = {_key(row): done.get(_key(row), row) if row.became == "unchanged" else row for row in sent.rows}
    return replace(sent, rows=(*rows.values(), *(row for key, row in done.items() if key not in rows and row.became == "ended")))


def _key(row: SentRow) -> tuple[str, str, str | None]:
    return row.type, row.name, row.target
