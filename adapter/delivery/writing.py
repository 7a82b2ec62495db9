"""Writes what differs, part after part, and says what became of each row; or says what it would become."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from adapter.bundle import Part, Policy, Row
from adapter.bundle.sending import is_too_large
from adapter.delivery import proving
from adapter.delivery.answer import Answer, ClientError, Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.dialects.decision import Came
from adapter.delivery.difference import Difference
from adapter.delivery.left import public
from adapter.delivery.loads import Load, Staged, loads, planned, stages
from adapter.delivery.outcome import Outcome, RowOutcome, Verdict, called, judge, judge_one, without_answer
from adapter.delivery.profiles import Profiles
from adapter.delivery.proving import Unproven, is_refused
from adapter.delivery.sent import READ, WRITTEN, Became, Options, Remark, Sent, SentRow
from adapter.delivery.spoken import shown

WOULD: Mapping[str, Became] = {"new": "new", "same": "same", "changed": "changed", "ends": "ends", "edited": "kept", "unreadable": "kept"}
UNTOLD = "resident: the server has taken her and does not say under which id: send again, she is then found, and the rest goes on"
ALONE = "is alone more than the server takes at once: ask its owner how much that is"
DID: Mapping[str, Became] = {"same": "unchanged", "edited": "kept", "unreadable": "kept"}
NOT_SENT: Mapping[str, Became] = {**dict.fromkeys(WOULD, "not sent"), **DID}


async def write(client: FhirClient, parts: Sequence[Part], differences: Sequence[Difference], said: Sequence[Remark],
                options: Options) -> tuple[Sent, bool]:
    """The verdict, the rows and the sentences, and whether somebody was changing the same data meanwhile. `said`: what comes first.
    Raises Stopped before anything is written, and ClientError."""
    told, unsettled = [remark.says for remark in said], any(remark.for_a_person for remark in said)
    told += [sentence for d in differences for sentence in _met(d, options)]
    found = {d.row: _claimed(d, options.profiles) for d in differences}
    staged = [(replace(part, bundle=options.profiles.claimed(part.bundle)), stages(part, found, options.sending)) for part in parts]
    unproven = _unproven(planned(staged, options.sending), options)
    told += map(str, unproven)
    refused = is_refused(unproven)
    told += [sentence for d in differences for sentence in _would(d, options)] if options.dry_run else []
    if refused or options.dry_run:
        verdict, became = (Verdict.REFUSED, NOT_SENT) if refused else (Verdict.DELIVERED, WOULD)
        rows = tuple(_row(d, became[d.state]) for d in differences)
        return Sent(verdict, rows, tuple(told), unsettled=unsettled, unproven=tuple(unproven)), False
    sent, clash = await _deliver(client, staged, found, told, options)
    return replace(sent, unsettled=unsettled, unproven=tuple(unproven)), clash


def _unproven(requests: Iterable[Load], options: Options) -> list[Unproven]:
    """Of all that will be written, before any of it is: so one bad resource keeps back the others too, whichever way they travel."""
    return list(dict.fromkeys(each for load in requests for each in proving.unproven(
        load.resource, [row.name for row in load.rows], options.tolerate, [each.difference.theirs for each in load.going],
        options.profiles)))


def _claimed(d: Difference, profiles: Profiles) -> Difference:
    return replace(d, resource=profiles.claimed(d.resource)) if d.resource is not None else d


def with_endings(parts: Sequence[Part], ends: Sequence[Difference], policy: Policy, base: str, timestamp: str | None = None) -> list[Part]:
    """With what is to end at the server: beside all else where there is room, and in parts of their own. `base`: the server's address."""
    start: Resource = {"resourceType": "Bundle", "type": "transaction", **({"timestamp": timestamp} if timestamp else {}), "entry": []}
    out = list(parts)
    for entry, row in ((_entry(d, base), d.row) for d in ends if d.resource is not None):
        if not out or len(out[-1].rows) >= policy.most or is_too_large([*out[-1].bundle["entry"], entry], policy):
            out.append(Part(start, (), parts[0].group if parts else "", 0, 0))
        out[-1] = _longer(out[-1], entry, row)
    return [replace(part, number=n, parts=len(out)) for n, part in enumerate(out, 1)]


def _longer(part: Part, entry: Resource, row: Row) -> Part:
    return replace(part, bundle={**part.bundle, "entry": [*part.bundle["entry"], entry]}, rows=(*part.rows, row))


def _entry(d: Difference, base: str) -> Resource:
    return {"fullUrl": f"{base}{d.row.target}", "resource": d.resource, "request": {"method": "PUT", "url": d.row.target}}


async def _deliver(client: FhirClient, staged: Sequence[Staged], found: Mapping[Row, Difference], told: list[str],
                   options: Options) -> tuple[Sent, bool]:
    """Part after part, and in each request after request, while all before it was taken. Raises ClientError while nothing was written;
    after that it is told, with what was written."""
    rows, stands = {row: _row(d, DID.get(d.state, "not sent")) for row, d in found.items()}, dict[str, str]()
    outcome, asked = Outcome(Verdict.DELIVERED), READ
    came: Came | None = None
    for load in (load for part, stage in staged for load in loads(part, stage, options.sending, stands)):
        try:
            outcome, came = await _carried(client, load, options)
        except ClientError as error:
            if not any(row.became in WRITTEN for row in rows.values()):
                raise
            outcome, came = Outcome(without_answer(error)[0], sentences=(str(error),)), error
        asked = load.asked
        told += outcome.sentences
        rows |= {row: replace(rows[row], became="not known") for row in load.rows if outcome.verdict is Verdict.UNKNOWN}
        rows |= {each.row: _row(found[each.row], _became(each, found[each.row]), each) for each in outcome.rows if each.status}
        stands |= load.stand(outcome)
        if outcome.verdict is not Verdict.DELIVERED:
            break
    told += [_ended(found[row], "is now", options) for row, became in rows.items() if became.became == "ended"]
    last = None if outcome.verdict is Verdict.DELIVERED else came
    return Sent(outcome.verdict, tuple(rows.values()), tuple(told), outcome.retry_after, came=last, asked=asked), outcome.clash


async def _carried(client: FhirClient, load: Load, options: Options) -> tuple[Outcome, Answer]:
    """One request, and what its answer means. Raises ClientError."""
    data, asked = client.written(load.resource), load.asked
    answer = await client.write_bytes(load.method, load.path, data, client.form.media, headers=load.headers,
                                      request_id=options.request_id(load.stamped(data)))
    if load.is_bundle:
        outcome = judge(answer, load.rows, show_server_text=options.show_server_text, if_match=asked.if_match)
    else:
        outcome = judge_one(answer, load.rows[0], asked, show_server_text=options.show_server_text)
    if load.is_untold(outcome):
        outcome = replace(outcome, verdict=Verdict.UNKNOWN, sentences=(*outcome.sentences, UNTOLD))
    if answer.status == 413 and len(load.rows) == 1:
        outcome = replace(outcome, sentences=(*outcome.sentences, f"{called(load.rows[0])}: {ALONE}"))
    return outcome, answer


def _became(outcome: RowOutcome, d: Difference) -> Became:
    if outcome.status is None or not 200 <= outcome.status < 300:
        return "not sent"
    if outcome.status == 201:
        return "created"
    found_there = d.row.target is None  # a conditional create that somebody else came before
    if found_there or outcome.version is not None and outcome.version == d.version:
        return "unchanged"
    return "ended" if d.state == "ends" else "updated"


def _row(d: Difference, became: Became, outcome: RowOutcome | None = None) -> SentRow:
    target, version = (outcome.target, outcome.version) if outcome else (None, None)
    return SentRow(d.row.name, d.row.type, became, d.fields, target or d.row.target, version or d.version)


# ---- sentences -------------------------------------------------------------------------------------------------------------
def _met(d: Difference, options: Options) -> Iterator[str]:
    """What is to be said of a row that was edited there; to whoever may read it, also what it says there and here."""
    yield from d.sentences
    for name, (there, ours) in d.values.items() if d.sentences and options.show_values else ():
        yield f"{called(d.row)}: {name} is {shown(there)} there, and {shown(ours)} in your record"


def _would(d: Difference, options: Options) -> Iterable[str]:
    if d.state == "new":
        yield f"{called(d.row)}: is new to the server"
    elif d.state == "ends":
        yield _ended(d, "would be", options)
    elif d.state == "changed" and options.show_values:
        changes = (f"{name} from {shown(there)} to {shown(ours)}" for name, (there, ours) in d.values.items())
        yield f"{called(d.row)}: changes {'; '.join(changes)}"
    elif d.state == "changed":
        yield f"{called(d.row)}: changes {', '.join(d.fields)}"


def _ended(d: Difference, verb: str, options: Options) -> str:
    """What stood there and does not any more, and why."""
    what = f": {d.what}" if options.show_values and d.what else ""
    return f"{called(d.row)}: {public(d.row.target or '')} {d.why}; it {verb} {d.ending} there{what}"
