"""`redbag send --durable` and `redbag retract --durable`: what is accepted is committed in the store, and delivered by `redbag work`.

What is told to be accepted is. A run that was interrupted is run again: what was accepted then is told as a repeat, and stands there once.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.commands import files
from adapter.commands.absence import believed
from adapter.commands.configured import opened, sentence
from adapter.commands.exits import Exit, Stop, together
from adapter.commands.exported import Exported, closed, stopped
from adapter.commands.fhir import format_of
from adapter.commands.intake import Intake
from adapter.commands.retract import Whose
from adapter.commands.server import Later
from adapter.commands.streams import Gone
from adapter.commands.talk import Talk, count
from adapter.delivery.accepting import NotAccepted, bundle_item, items, retraction
from adapter.delivery.endpoints import Endpoint
from adapter.delivery.store.errors import StoreAway, StoreError
from adapter.delivery.store.model import Item, Receipt
from adapter.delivery.store.store import Store
from adapter.faults import Refused
from mappings.bag import CareRecord, directory, personal
from mappings.faults import Fault, Faults

BATCH = 200  # residents in one transaction: what is told is at most so many behind
ENDS = {"accepted": Exit.DONE, "repeat": Exit.DONE}  # all others: nothing was accepted
AGAIN = "Run the same again: what is accepted already is not accepted twice."


@dataclass(frozen=True)
class Asked:
    """What the command line says of all of them. `event`: the vendor's own id of what happened, for one resident."""

    urgent: bool = False
    event: str | None = None
    older: bool = False
    base: CareRecord | None = None
    absence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class One:
    """A resident's deliveries: of the directory first, her own the last."""

    number: int
    where: str
    items: Sequence[Item]


@dataclass
class Acceptance:
    """What became of all that was asked for."""

    store: Store
    talk: Talk
    became: Counter[str] = field(default_factory=Counter)
    superseded: int = 0
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
        for one in residents:
            self._take(one, [next(receipts) for _ in one.items])

    def _take(self, one: One, receipts: Sequence[Receipt]) -> None:
        *before, hers = receipts
        self.became[hers.became] += 1
        self.superseded += hers.superseded
        told = [each for each in before if each.became == "accepted"] + [hers] * (hers.became != "repeat")  # many share a practice
        sentences = [receipt.says for receipt in told if receipt.says]
        if self.talk.as_json:
            self.talk.json("receipt", as_json(one, hers))
        for says in () if self.talk.as_json else sentences:
            self.talk.say(f"{one.where}: {says}")

    @property
    def ends(self) -> list[Exit]:
        return [ENDS.get(became, Exit.NOTHING) for became in self.became.elements()]

    def counts(self) -> dict[str, int]:
        return {**dict.fromkeys(("accepted", "repeat", "older", "conflict"), 0), **self.became, "superseded": self.superseded}

    def sentence(self) -> str:
        """
        >>> Acceptance(None, Talk(), Counter(accepted=3, repeat=2), 1).sentence()
        '3 accepted (in place of 1 that was waiting), 2 repeated'
        """
        instead = f" (in place of {self.superseded:,} that {'was' if self.superseded == 1 else 'were'} waiting)" if self.superseded else ""
        words = {"repeat": "repeated", "older": "older than what was accepted before", "conflict": "under an id that stands for another"}
        others = [f"{n:,} {words.get(became, became)}" for became, n in sorted(self.became.items()) if became != "accepted"]
        return ", ".join([f"{self.became['accepted']:,} accepted{instead}", *others])


def run(file: Path, later: Later, asked: Asked, talk: Talk, export: Exported | None = None) -> Exit:
    """Care records, or one FHIR Bundle. Raises Stop."""
    if export is None and format_of(str(file)):
        return bundle(file, later, asked, talk)
    if later.endpoint.dialect != "fhir":
        raise Stop(Exit.USAGE, f"{later.endpoint.name} takes messages ({later.endpoint.dialect}) and no care records: name a message.")
    intake = Intake(str(file), talk, export=export)
    with opened(later.config, make=True) as store:
        acceptance = Acceptance(store, talk)
        with _told(acceptance):
            for one in _asked(intake, later.endpoint, asked, talk):
                acceptance.add(one)
            acceptance.commit()
    more = closed(export)
    ended = Exit.BUG if export and export.fault else together([*acceptance.ends, *[Exit.NOTHING] * intake.lost])
    done = f"For {later.endpoint.name}: {intake.sentence()}; {acceptance.sentence()}. `redbag work` delivers what is accepted."
    talk.result({"exit": ended, **intake.counts(), **acceptance.counts(), **more.said}, done + more.told)
    return ended


@contextmanager
def _told(acceptance: Acceptance) -> Iterator[None]:
    """Where it ends before its end: what is accepted by then. Raises Stop."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stop(Exit.INTERRUPTED, f"Interrupted: {acceptance.sentence()}. {AGAIN}") from None
    except Gone:
        raise Stop(Exit.AGAIN, f"Whoever read standard output has gone: {acceptance.sentence()}. {AGAIN}") from None
    except StoreError as error:
        code = Exit.AGAIN if isinstance(error, StoreAway) else Exit.PARTIAL if acceptance.became["accepted"] else Exit.NOTHING
        raise Stop(code, f"{sentence(error)} Until then: {acceptance.sentence()}. {AGAIN}") from None


def bundle(file: Path, later: Later, asked: Asked, talk: Talk) -> Exit:
    """A transaction or message that somebody else made, kept to the byte. Raises Stop."""
    if asked.older or asked.base or asked.absence:
        raise Stop(Exit.USAGE, "--older, --base and --absence are for care records, and this is a FHIR Bundle: leave them out.")
    with files.reading(str(file)) as read:
        data = read.read()
    try:
        item = bundle_item(data, later.endpoint, event=asked.event, urgent=asked.urgent, place="bundle")
    except NotAccepted as why:
        raise Stop(Exit.NOTHING, f"{file}: {why}.") from None
    except Refused as refused:
        raise stopped(refused.found, str(file), talk) from None
    with opened(later.config, make=True) as store:
        receipt, = store.accept([item])
    ended = ENDS.get(receipt.became, Exit.NOTHING)
    talk.result({"exit": ended, "became": receipt.became, "delivery": receipt.delivery}, said_of(receipt))
    return ended


def said_of(receipt: Receipt) -> str:
    """
    >>> said_of(Receipt("accepted", 7)), said_of(Receipt("repeat", 7, says="the same as delivery 7"))
    ('Accepted as delivery 7. `redbag work` delivers it.', 'Accepted before, as delivery 7. `redbag work` delivers it.')
    """
    if receipt.became in ENDS:
        return f"Accepted{' before,' * (receipt.became == 'repeat')} as delivery {receipt.delivery}. `redbag work` delivers it."
    return sentence(receipt.says)


def retract(later: Later, who: Whose, talk: Talk) -> Exit:
    """Everything of hers that waits is superseded, and what was delivered is taken back in its turn. Raises Stop."""
    with opened(later.config, make=True) as store:
        receipt, = store.accept([retraction(who.source, who.key, who.person, later.endpoint)])
    said = "accepted" if receipt.became == "accepted" else "was accepted before"
    waited = count(receipt.superseded, "delivery", "deliveries")
    before = f"; {waited} of hers that waited will not be sent" if receipt.superseded else ""
    talk.result({"exit": Exit.DONE, "became": receipt.became, "delivery": receipt.delivery, "superseded": receipt.superseded},
                f"Retraction {said} as delivery {receipt.delivery}{before}. `redbag work` delivers it.")
    return Exit.DONE


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
                where=where(intake, care_record), place=f"record {number}")
        except Faults as bad:
            intake.refuse(number, bad)
        except NotAccepted as why:
            intake.refuse(number, Faults([Fault("", "", str(why))]))
        else:
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
