"""`redbag send --durable` and `redbag retract --durable`: what is accepted is committed in the store, and delivered by `redbag work`.

What is told to be accepted is. A run that was interrupted is run again: what was accepted then is told as a repeat, and stands there once.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from adapter.commands import files
from adapter.commands.absence import believed
from adapter.commands.configured import opened, sentence
from adapter.commands.exits import Exit, Stop, together
from adapter.commands.exported import Exported, closed, stopped
from adapter.commands.fhir import format_of
from adapter.commands.intake import Intake
from adapter.commands.line import at
from adapter.commands.proven import traced_to
from adapter.commands.repeated import ONCE_MORE, end_of, first_of, of_before
from adapter.commands.retract import Whose
from adapter.commands.server import Later
from adapter.commands.streams import Gone
from adapter.commands.talk import Talk, count
from adapter.conformance import Level
from adapter.conformance.report import Told
from adapter.delivery.accepting import NotAccepted, bundle_item, items, retraction, subject_of
from adapter.delivery.endpoints import Endpoint
from adapter.delivery.proving import NotProven, Unproven
from adapter.delivery.store.errors import StoreAway, StoreError
from adapter.delivery.store.model import Item, Receipt
from adapter.delivery.store.store import Store
from adapter.faults import Refused
from mappings.bag import CareRecord, directory, personal
from mappings.faults import Fault, Faults

BATCH = 200  # residents in one transaction: what is told is at most so many behind
RUN_AGAIN = "Run the same again: what is accepted already is not accepted twice."
RUN_ONCE_MORE = "Run the same again: what is accepted twice by that is not written twice."


@dataclass(frozen=True)
class Asked:
    """What the command line says of all of them. `event`: the vendor's own id of what happened, for one resident. `again`: a word that was
    never said before, where the same is meant once more. `subject`: whose lane a Bundle goes into, where that does not say it."""

    urgent: bool = False
    event: str | None = None
    older: bool = False
    again: str = ""
    subject: str | None = None
    base: CareRecord | None = None
    absence: Mapping[str, str] = field(default_factory=dict)


def word(again: bool, event: str | None = None) -> str:
    """By which the same is another delivery. Raises Stop."""
    if again and event:
        raise Stop(Exit.USAGE, "--event and --again: under one id one thing is accepted, once; leave one of them out.")
    return str(uuid4()) if again else ""


def whose(source: str | None, resident: str | None) -> str | None:
    """The lane of this resident. Raises Stop."""
    if bool(source) != bool(resident):
        raise Stop(Exit.USAGE, "--source and --resident say together whom a Bundle is about: give both.")
    return subject_of(source, resident) if source and resident else None


@dataclass(frozen=True)
class One:
    """A resident's deliveries: of the directory first, her own the last."""

    number: int
    where: str
    items: Sequence[Item]


@dataclass
class Acceptance:
    """What became of all that was asked for. `since`: when what was told once more was accepted, the last of it."""

    store: Store
    talk: Talk
    asked: Asked = field(default_factory=Asked)
    became: Counter[str] = field(default_factory=Counter)
    superseded: int = 0
    since: float | None = None
    ends: list[Exit] = field(default_factory=list)
    waiting: list[One] = field(default_factory=list)

    def add(self, one: One) -> None:
        """Raises Stop."""
        self.waiting.append(one)
        if len(self.waiting) == BATCH:
            self.commit()

    def commit(self) -> None:
        """All that wait, in one transaction; what is told then stands on the disk. Raises Stop."""
        residents, self.waiting = self.waiting, []
        if not residents:
            return
        receipts = iter(self.store.accept([item for one in residents for item in one.items]))
        hers = [self._take(one, [next(receipts) for _ in one.items]) for one in residents]
        if repeated := [receipt.delivery or 0 for receipt in hers if receipt.became == "repeat"]:
            self.since = max(self.since or 0.0, self.store.people.line(max(repeated)).accepted)

    def _take(self, one: One, receipts: Sequence[Receipt]) -> Receipt:
        *before, hers = receipts
        self.became[hers.became] += 1
        self.superseded += hers.superseded
        first = first_of(hers, self.store) if self.asked.event else None
        self.ends.append(end_of(hers))
        told = [each for each in before if each.became == "accepted"] + [hers] * (hers.became != "repeat")  # many share a practice
        sentences = [receipt.says + " (--older)" * (receipt.became == "older") for receipt in told if receipt.says]
        sentences += [of_before(first, event=True)] if first else []
        if self.talk.as_json:
            self.talk.json("receipt", as_json(one, hers))
        for says in () if self.talk.as_json else sentences:
            self.talk.say(f"{one.where}: {says}")
        return hers

    def counts(self) -> dict[str, int]:
        return {**dict.fromkeys(("accepted", "repeat", "older", "conflict"), 0), **self.became, "superseded": self.superseded}

    def sentence(self) -> str:
        """
        >>> Acceptance(None, Talk(), became=Counter(accepted=3, repeat=2), superseded=1, since=1762135814.6).sentence()
        '3 accepted (in place of 1 that was waiting), 2 repeated (accepted before, the last on 2025-11-03 02:10:14Z)'
        """
        instead = f" (in place of {self.superseded:,} that {'was' if self.superseded == 1 else 'were'} waiting)" if self.superseded else ""
        since = f" (accepted before, the last on {at(self.since)})" if self.since else ""
        words = {"repeat": f"repeated{since}", "older": "older than what was accepted before",
                 "conflict": "under an id that stands for another"}
        others = [f"{n:,} {words.get(became, became)}" for became, n in sorted(self.became.items()) if became != "accepted"]
        return ", ".join([f"{self.became['accepted']:,} accepted{instead}", *others])

    @property
    def then(self) -> str:
        """What happens now; or what is to be done, where nothing was accepted."""
        if self.became["accepted"]:
            return " `redbag work` delivers what is accepted."
        return f" {ONCE_MORE}" if self.became["repeat"] and not self.asked.event else ""


def run(file: Path, later: Later, asked: Asked, talk: Talk, export: Exported | None = None) -> Exit:
    """Care records, or one FHIR Bundle. Raises Stop."""
    if export is None and format_of(str(file)):
        return bundle(file, later, asked, talk)
    if asked.subject:
        raise Stop(Exit.USAGE, "--source and --resident are for a FHIR Bundle: care records say themselves whom they are about.")
    if later.endpoint.dialect != "fhir":
        raise Stop(Exit.USAGE, f"{later.endpoint.name} takes messages ({later.endpoint.dialect}) and no care records: name a message.")
    intake = Intake(str(file), talk, export=export)
    with opened(later.config, make=True) as store:
        acceptance = Acceptance(store, talk, asked)
        with _told(acceptance):
            for one in _asked(intake, later.endpoint, asked, talk):
                acceptance.add(one)
            acceptance.commit()
    more = closed(export)
    ended = Exit.BUG if export and export.fault else together([*acceptance.ends, *[Exit.NOTHING] * intake.lost])
    done = f"For {later.endpoint.name}: {intake.sentence()}; {acceptance.sentence()}.{acceptance.then}"
    talk.result({"exit": ended, **intake.counts(), **acceptance.counts(), **more.said}, done + more.told)
    return ended


@contextmanager
def _told(acceptance: Acceptance) -> Iterator[None]:
    """Where it ends before its end: what is accepted by then. Raises Stop."""
    run_again = RUN_ONCE_MORE if acceptance.asked.again else RUN_AGAIN
    try:
        yield
    except KeyboardInterrupt:
        raise Stop(Exit.INTERRUPTED, f"Interrupted: {acceptance.sentence()}. {run_again}") from None
    except Gone:
        raise Stop(Exit.AGAIN, f"Whoever read standard output has gone: {acceptance.sentence()}. {run_again}") from None
    except StoreError as error:
        code = Exit.AGAIN if isinstance(error, StoreAway) else Exit.PARTIAL if acceptance.became["accepted"] else Exit.NOTHING
        raise Stop(code, f"{sentence(error)} Until then: {acceptance.sentence()}. {run_again}") from None


def bundle(file: Path, later: Later, asked: Asked, talk: Talk) -> Exit:
    """A transaction or message that somebody else made, kept to the byte. Raises Stop."""
    if asked.older or asked.base or asked.absence:
        raise Stop(Exit.USAGE, "--older, --base and --absence are for care records, and this is a FHIR Bundle: leave them out.")
    with files.reading(str(file)) as read:
        data = read.read()
    try:
        item = bundle_item(data, later.endpoint, subject=asked.subject, event=asked.event, urgent=asked.urgent, place="bundle",
                           again=asked.again)
    except NotAccepted as why:
        raise Stop(Exit.NOTHING, f"{file}: {why}.".replace("say whose it is", "say whose it is (--source and --resident)")) from None
    except NotProven as bad:
        _tell_all(bad.found, str(file), talk)
        errors = sum(each.finding.level is Level.ERROR for each in bad.found)
        raise Stop(Exit.NOTHING, f"{file}: {count(errors, 'error')}; nothing was accepted.") from None
    except Refused as refused:
        raise stopped(refused.found, str(file), talk) from None
    _tell_all(item.tolerated, str(file), talk)
    return _accepted(later, item, "", talk, asked.event)


def _tell_all(found: Iterable[Unproven], name: str, talk: Talk) -> None:
    """What is an error of a Bundle, or is tolerated."""
    for each in found:
        told = Told(each.finding, name, field=each.row)
        talk.found("problem", told.as_json(), str(told))


def retract(later: Later, who: Whose, talk: Talk, *, again: str = "") -> Exit:
    """Everything of hers that waits is superseded, and what was delivered is taken back in its turn. Raises Stop."""
    return _accepted(later, retraction(who.source, who.key, who.person, later.endpoint, again=again), "retraction ", talk)


def _accepted(later: Later, item: Item, what: str, talk: Talk, event: str | None = None) -> Exit:
    """One thing. Raises Stop."""
    with opened(later.config, make=True) as store:
        receipt, = store.accept([item])
        first = first_of(receipt, store)
    ended = end_of(receipt)
    said = {"became": receipt.became, "delivery": receipt.delivery, "superseded": receipt.superseded}
    talk.result({"exit": ended, **said}, sentence(f"{what}{of_before(first, event=bool(event))}" if first else said_of(receipt, what)))
    return ended


def said_of(receipt: Receipt, what: str = "") -> str:
    """
    >>> said_of(Receipt("accepted", 7, 2), "retraction ")
    'retraction accepted as delivery 7; 2 deliveries of hers that waited will not be sent. `redbag work` delivers it.'
    >>> said_of(Receipt("accepted", 7, says="its lane is held, so it waits: somebody said so"))
    'accepted as delivery 7. Its lane is held, so it waits: somebody said so.'
    """
    if receipt.became != "accepted":
        return receipt.says
    waited = f"; {count(receipt.superseded, 'delivery', 'deliveries')} of hers that waited will not be sent" if receipt.superseded else ""
    return f"{what}accepted as delivery {receipt.delivery}{waited}. {sentence(receipt.says or '`redbag work` delivers it')}"


# ---- one resident ----------------------------------------------------------------------------------------------------------------
def _asked(intake: Intake, endpoint: Endpoint, asked: Asked, talk: Talk) -> Iterator[One]:
    """Everybody who may travel. Who cannot be written for this endpoint is refused, like whoever contradicts herself. Raises Stop."""
    absence = asked.absence
    for number, care_record in intake.accepted("Accepting"):
        absence = believed(absence, intake.export, talk)
        if asked.event and intake.residents > 1:
            raise Stop(Exit.USAGE, f"--event is the id of what happened to one resident, and {intake.shown} holds several: leave it out.")
        try:
            made = items(
                care_record, endpoint, absence=absence, urgent=asked.urgent, event=asked.event, older=asked.older, base=asked.base,
                where=where(intake, care_record), place=f"record {number}", again=asked.again)
        except Faults as bad:
            intake.refuse(number, bad)
        except NotAccepted as why:
            intake.refuse(number, Faults([Fault("", "", str(why))]))
        except NotProven as bad:
            intake.unproven(number, traced_to(care_record, bad.found))
        else:
            intake.unproven(number, traced_to(care_record, made[-1].tolerated))
            yield One(number, intake.where(number), made)


def where(intake: Intake, care_record: CareRecord) -> dict[str, str]:
    """Her rows in the vendor's words, to be said when one of them is refused: {"medicines[3]": "MEDS.CSV, line 14"}. Native records are in
    words of ours already."""
    if not intake.export or not intake.source:
        return {}
    paths = [row.path for row in (*directory(care_record), *personal(care_record, entries=False))]
    places = intake.source.places(paths)
    return {path: f"{readable(place.file or intake.export.path.name)}, line {place.line}" for path, place in places.items() if place.line}


def readable(file: str) -> str:
    """Its name, also where that is not in UTF-8, as out of an archive of an old system."""
    return file.encode(errors="replace").decode()


def as_json(one: One, receipt: Receipt) -> dict[str, Any]:
    said = {"record": one.number, "became": receipt.became, "delivery": receipt.delivery, "superseded": receipt.superseded}
    return said | ({"says": receipt.says} if receipt.says else {})
