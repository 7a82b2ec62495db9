"""Sends one care record: finds the resident, compares what is there, writes only what differs, and says what became of each row.

    sent = await send(client, care_record, Policy("create-if-missing"))
    sent.verdict, sent.sentences, sent.rows                   # the same again: every row "unchanged", and nothing is written

When it runs twice, nothing is written the second time; after a crash or an ambiguous answer, what was taken is found unchanged.
Sources: HL7 FHIR R4, RESTful API (transaction, ifMatch); docs/design.md.
"""
from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from adapter.bundle import Id, Names, Part, Policy, Row, transaction
from adapter.delivery.answer import Ambiguous, ClientError, NoAnswer, NotFhir, RedirectRefused, Resource, Unreachable
from adapter.delivery.client import FhirClient
from adapter.delivery.deadline import left as time_left
from adapter.delivery.deadline import within
from adapter.delivery.difference import Difference, difference, rewritten, version_of
from adapter.delivery.directory import existing
from adapter.delivery.left import Left, left, unwritten
from adapter.delivery.outcome import Outcome, RowOutcome, Verdict, called, judge
from adapter.delivery.resident import Found, Stopped, compared, find, read_patient, refuse, the_one
from adapter.delivery.retry import pause
from adapter.delivery.spoken import shown
from mappings.bag import THEIRS, CareRecord, directory, findings, personal
from mappings.faults import Faults
from mappings.findings import before
from mappings.systems import NHS_NUMBER

AT_ONCE = 4  # reads in flight
TRIES = 3  # when somebody changes the same data at the same moment
NOT_OURS = "is the server's own, as it came back, and not yours to send: leave it out, or give it a key of your own"
Became = Literal["new", "same", "changed", "created", "updated", "unchanged", "kept", "not sent"]
WOULD: Mapping[str, Became] = {"new": "new", "same": "same", "changed": "changed", "edited": "kept", "unreadable": "kept"}
DID: Mapping[str, Became] = {"same": "unchanged", "edited": "kept", "unreadable": "kept"}
WAIT: Mapping[type[ClientError], Verdict] = {Unreachable: Verdict.LATER, NoAnswer: Verdict.LATER, Ambiguous: Verdict.UNKNOWN}
FOR_ALL = (NotFhir, RedirectRefused)


@dataclass(frozen=True)
class Options:
    """`base`: the care record sent the last time, to merge with what the hospital edited since. `replace`: what it edited is overwritten.
    `show_values` and `show_server_text` put a patient's values into sentences: for a person who may read them, never for a log.
    `older`: the record is sent although the server has one of a later time. `seconds`: for everything about this resident."""

    base: CareRecord | None = None
    dry_run: bool = False
    replace: bool = False
    show_values: bool = False
    show_server_text: bool = False
    older: bool = False
    seconds: float = 90.0


@dataclass(frozen=True)
class SentRow:
    """`became`: created, updated, unchanged, kept (the hospital's edit stays), not sent; in a dry run new, same, changed, kept.
    `fields` are those in which the server differed."""

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
    person. `for_all`: it would be the same for every other resident, such as a 401."""

    verdict: Verdict
    rows: tuple[SentRow, ...] = ()
    sentences: tuple[str, ...] = field(default=(), repr=False)
    retry_after: float | None = None  # seconds
    patient: str | None = field(default=None, repr=False)
    not_written: tuple[str, ...] = ()
    unsettled: bool = False
    for_all: bool = False

    @property
    def for_a_person(self) -> bool:
        """Is there something that only a person can settle?"""
        return self.verdict is Verdict.PERSON or self.unsettled or any(row.became == "kept" for row in self.rows)


async def send(client: FhirClient, care_record: CareRecord, policy: Policy, options: Options | None = None) -> Sent:
    """Raises nothing that a record, a server or the network can cause: it is in the verdict and the sentences."""
    try:
        with within((options or Options()).seconds):
            return await _tried(client, care_record, policy, options or Options())
    except Stopped as stopped:
        return Sent(stopped.verdict, (), (str(stopped),), stopped.retry_after, for_all=stopped.for_all)
    except ClientError as error:
        return Sent(WAIT.get(type(error), Verdict.REFUSED), (), (str(error),), for_all=isinstance(error, FOR_ALL))
    except Faults as bad:
        return Sent(Verdict.REFUSED, (), tuple(f"{fault.path}, field {fault.field}: {fault.reason}" for fault in bad.found))


async def _tried(client: FhirClient, bag: CareRecord, policy: Policy, options: Options) -> Sent:
    """Again, when somebody else was changing the same data."""
    for attempt in range(1, TRIES):
        sent, clash = await _once(client, bag, policy, options)
        if not clash:
            return sent
        await client.clock.sleep(min(pause(attempt, sent.retry_after, client.clock.dice), time_left()))
    return (await _once(client, bag, policy, options))[0]


async def _once(client: FhirClient, bag: CareRecord, policy: Policy, options: Options) -> tuple[Sent, bool]:
    """One pass, and whether somebody was changing the same data meanwhile."""
    if refusals := [f for f in findings(bag) if f.level == "refusal"]:
        return Sent(Verdict.REFUSED, (), tuple(f"{f.field}: {f.says}" for f in refusals)), False
    if theirs := [row.path for row in [*directory(bag), *personal(bag)] if (row.record.key or "").startswith(THEIRS)]:
        return Sent(Verdict.REFUSED, (), tuple(f"{path}: {NOT_OURS}" for path in theirs)), False
    there = await _settled(client, bag, policy)
    parts = transaction(bag, there.policy)
    base = _resources(transaction(_base(options.base, bag), there.policy)) if options.base else {}
    differences = await _differences(client, parts, base, options)
    _not_older(bag, differences, options)
    remain, untold = await left(client, bag, there.reference) if there.reference else ([], [])
    told = [*there.said, *(sentence for d in differences for sentence in _met(d, options)), *_remaining(remain, options), *untold]
    if options.dry_run:
        told += [_would(d, options) for d in differences if d.state in ("new", "changed")]
        sent, clash = Sent(Verdict.DELIVERED, tuple(_row(d, WOULD[d.state]) for d in differences), tuple(told)), False
    else:
        sent, clash = await _deliver(client, parts, {d.row: d for d in differences}, told, options)
    made = next((row.target for row in sent.rows if row.type == "Patient"), None)
    rows = (*there.rows("same" if options.dry_run else "unchanged"), *sent.rows)
    return replace(sent, rows=rows, patient=there.reference or made, not_written=there.not_written,
                   unsettled=there.unsettled or bool(remain)), clash


def _not_older(bag: CareRecord, differences: Sequence[Difference], options: Options) -> None:
    """The Lists at the server say of what time the record there is. Raises Stopped."""
    dates = (d.values["date"][0] for d in differences if d.row.type == "List" and "date" in d.values)
    if not options.older and (later := max((date for date in dates if before(bag.as_of, date)), default=None)):
        raise Stopped(Verdict.REFUSED, f"as_of: this record is of {bag.as_of} and the server has one of {later}; nothing was sent: send "
                                       "the newer one, or say that the older one is meant")


def _base(base: CareRecord, bag: CareRecord) -> CareRecord:
    if (base.source, base.resident.key) != (bag.source, bag.resident.key):
        raise Stopped(Verdict.REFUSED, "resident: what is said to have been sent the last time is another resident's, or another sender's")
    return base


# ---- who -------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Settled:
    """The policy as it applies to this resident on this server, and what is to be said about it. `reference`: her Patient there."""

    policy: Policy
    said: tuple[str, ...] = ()
    reference: str | None = None
    keeps: Found | None = None  # of a policy that writes her: the Patient that is left as it is
    not_written: tuple[str, ...] = ()
    unsettled: bool = False

    def rows(self, became: Became) -> tuple[SentRow, ...]:
        """Her own row, where it is not among those that are sent."""
        if not self.keeps:
            return ()
        return (SentRow("resident", "Patient", became, self.not_written, self.keeps.reference, version_of(self.keeps.resource)),)


async def _settled(client: FhirClient, bag: CareRecord, policy: Policy) -> Settled:
    names = Names(bag.source, bag.resident.key or "")
    own, person = names.own("Patient", names.key), names.person(bag.resident)
    every = await find(client, dict.fromkeys((person, own)), own)
    found, said = the_one(every), list[str]()
    if len(every) > 1:
        said.append("resident: the server has another patient with this NHS number beside yours; its owner should join the two")
    if policy.directory == "existing":
        policy = await existing(client, bag, policy)
    if found is None:
        if policy.patient == "match":
            raise Stopped(Verdict.REFUSED, _not_there(person))
        return Settled(policy)
    comparison = compared(bag.resident, found)
    if comparison.verdict == "not enough to tell":
        said.append("resident: the server's patient says too little to compare; only the identifier matches")
    if policy.patient == "upsert" and found.reference == f"Patient/{names.id('Patient', names.key)}":
        return Settled(policy, tuple(said), found.reference, unsettled=len(every) > 1)
    lacking = unwritten(bag, read_patient(found), policy.known, comparison.agree)
    if lacking:
        said.append(f"resident: the server's patient is left as it is; of yours this is not written: {', '.join(lacking)}")
    keeps = None if policy.patient == "match" else found
    kept = replace(policy, patient="match", patient_reference=found.reference)
    return Settled(kept, tuple(said), found.reference, keeps, lacking, len(every) > 1)


def _not_there(person: Id) -> str:
    by = "the verified NHS number" if person.system == NHS_NUMBER else "your key; the NHS number is not verified and was not used"
    return f"resident: the server has no patient with {by}; nothing was sent: ask the hospital, or choose another patient policy"


# ---- what differs ----------------------------------------------------------------------------------------------------------
async def _differences(client: FhirClient, parts: Sequence[Part], base: Mapping[str, Resource], options: Options) -> list[Difference]:
    """Of every entry, in order. References are written as "Type/id" on both sides."""
    ours, gate = _resources(parts), asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> Difference:
        async with gate:
            theirs = await _there(client, row) if row.target else None
        return difference(row, ours[row.target or row.name], theirs, base.get(row.target or row.name), replace=options.replace)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(row)) for part in parts for row in part.rows]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _there(client: FhirClient, row: Row) -> Resource | None:
    """What the server has under our id; None: nothing yet. Raises Stopped where it was deleted there."""
    answer = await client.get(row.target or "")
    if answer.status == 404:
        return None
    if answer.status == 410:
        raise Stopped(Verdict.PERSON, f"{called(row)}: was deleted on the server since it was sent; nothing is sent: a person must look")
    refuse(answer)
    if (answer.resource or {}).get("resourceType") != row.type:
        raise Stopped(Verdict.PERSON, f"{called(row)}: the server answers with something else under its id; nothing was sent")
    theirs: Resource = rewritten(answer.resource, lambda reference: reference.removeprefix(client.base))
    return theirs


def _resources(parts: Sequence[Part]) -> dict[str, Resource]:
    """By target, or by name where the server chooses the id; references among them as "Type/id"."""
    entries = [(entry, row) for part in parts for entry, row in zip(part.bundle["entry"], part.rows, strict=True)]
    links = {entry["fullUrl"]: row.target for entry, row in entries if row.target}
    return {row.target or row.name: rewritten(entry["resource"], lambda said: links.get(said, said)) for entry, row in entries}


# ---- writing ---------------------------------------------------------------------------------------------------------------
async def _deliver(
    client: FhirClient, parts: Sequence[Part], found: Mapping[Row, Difference], told: list[str], options: Options,
) -> tuple[Sent, bool]:
    """Part after part, each when the one before was taken."""
    rows = {row: _row(d, DID.get(d.state, "not sent")) for row, d in found.items()}
    outcome = Outcome(Verdict.DELIVERED)
    for part in parts:
        writing = [row for row in part.rows if found[row].resource is not None]
        if writing and outcome.verdict is Verdict.DELIVERED:
            answer = await client.post("", _bundle(part, found))
            outcome = judge(answer, writing, show_server_text=options.show_server_text)
            told += outcome.sentences
            rows |= {each.row: _row(found[each.row], _became(each, found[each.row]), each) for each in outcome.rows}
    return Sent(outcome.verdict, tuple(rows.values()), tuple(told), outcome.retry_after), outcome.clash


def _bundle(part: Part, found: Mapping[Row, Difference]) -> Resource:
    """The part without what is there already. What goes is referred to by urn, what is there by its id."""
    going = [(entry, d) for entry, row in zip(part.bundle["entry"], part.rows, strict=True) if (d := found[row]).resource is not None]
    urns = {d.row.target: entry["fullUrl"] for entry, d in going if d.row.target}
    entries = [{**entry, "resource": rewritten(d.resource, lambda said: urns.get(said, said)),
                "request": {**entry["request"], **({"ifMatch": f'W/"{d.version}"'} if d.version else {})}} for entry, d in going]
    return {**part.bundle, "entry": entries}


def _became(outcome: RowOutcome, d: Difference) -> Became:
    if outcome.status is None or not 200 <= outcome.status < 300:
        return "not sent"
    if outcome.status == 201:
        return "created"
    found_there = d.row.target is None  # a conditional create that somebody else came before
    return "unchanged" if found_there or outcome.version is not None and outcome.version == d.version else "updated"


def _row(d: Difference, became: Became, outcome: RowOutcome | None = None) -> SentRow:
    target, version = (outcome.target, outcome.version) if outcome else (None, None)
    return SentRow(d.row.name, d.row.type, became, d.fields, target or d.row.target, version or d.version)


def _met(d: Difference, options: Options) -> list[str]:
    """What is to be said of a row that was edited there; to whoever may read it, also what it says there and here."""
    values = d.values if d.sentences and options.show_values else {}
    both = (f"{called(d.row)}: {x} is {shown(there)} there, and {shown(ours)} in your record" for x, (there, ours) in values.items())
    return [*d.sentences, *both]


def _remaining(remain: Sequence[Left], options: Options) -> list[str]:
    return [f"{each}; it is {each.what}" if options.show_values else str(each) for each in remain]


def _would(d: Difference, options: Options) -> str:
    if d.state == "new":
        return f"{called(d.row)}: is new to the server"
    if not options.show_values:
        return f"{called(d.row)}: changes {', '.join(d.fields)}"
    changes = (f"{name} from {shown(there)} to {shown(ours)}" for name, (there, ours) in d.values.items())
    return f"{called(d.row)}: changes {'; '.join(changes)}"
