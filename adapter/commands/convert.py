"""`redbag convert`: care records as FHIR Bundles, to standard output or into a folder.

    intake  ->  (number, care record)  ->  Bundler  ->  [(name, bytes), ...]  ->  a sink

The intake knows who may travel, a bundler what her bundles are, and a sink where they go.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from adapter import wire
from adapter.bundle import Names, Policy, collection, transaction
from adapter.commands import files
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported, closed
from adapter.commands.intake import Intake
from adapter.commands.jobs import in_order
from adapter.commands.journal import Done, Journal, fingerprint, program
from adapter.commands.streams import reason
from adapter.commands.talk import Kept, Step, Talk, count
from adapter.faults import Refused
from adapter.records.pieces import Piece, handed, pieces
from adapter.records.stream import Found
from mappings.bag import CareRecord
from mappings.faults import Fault, Faults

HANDFUL, FOLDERFUL = 200, 1000  # residents in a piece: what is held in memory until its turn comes, and what is written at once


class Written(NamedTuple):
    """One bundle, as it is written. `name`: of its file, where it has one of its own."""

    name: str
    data: bytes

    def as_json(self) -> bytes:
        """The bundle itself; or, being XML, as a text."""
        return self.data if self.name.endswith(wire.JSON.name) else wire.dumps({"": self.data.decode()})[4:-1]


Sink = Callable[[Written], None]


@dataclass(frozen=True)
class Bundler:
    """What a care record becomes. It can be sent to another process."""

    kind: str
    policy: Policy
    form: wire.Format = wire.JSON

    def options(self) -> dict[str, str]:
        """As they are asked for on the command line: whatever changes what is written."""
        return {"--as": self.kind, "--patient": self.policy.patient, "--directory": self.policy.directory, "--format": self.form.name}

    def __call__(self, number: int, care_record: CareRecord) -> list[Written]:
        """Her bundles, in the order in which they are to be sent. Raises Faults. `number`: her place in the input."""
        every = [self._said(bundle) for bundle in self._bundles(care_record)]
        names = named(number, care_record, len(every))
        return [Written(f"{name}.{self.form.name}", data) for name, data in zip(names, every, strict=True)]

    def _said(self, bundle: dict[str, Any]) -> bytes:
        """What only JSON can say, such as a character that XML does not have, is a fault where XML was asked for."""
        try:
            return self.form.dumps(bundle)
        except Refused as bad:
            raise Faults([Fault(x.path, "-", x.says) for x in bad.found]) from None

    def _bundles(self, care_record: CareRecord) -> Iterator[dict[str, Any]]:
        if self.kind == "collection":
            yield collection(care_record)
        else:
            yield from (part.bundle for part in transaction(care_record, self.policy))


def run(file: Path, bundler: Bundler, out: Path, talk: Talk, jobs: int = 1, parts: int | None = None,
        export: Exported | None = None) -> Exit:
    intake, folder = Intake(str(file), talk, export=export), None if str(out) == files.STDOUT else out
    if parts and not (folder and bundler.form is wire.JSON):
        raise Stop(Exit.USAGE, "--parts are files of JSON lines: name a folder for them with -o, and leave --format at json.")
    if jobs == 1 and not folder:
        tally = converted(intake.accepted("Converting"), intake, bundler, sink(talk))
    else:
        tally = in_pieces(Work(intake.name, talk.as_json, bundler, folder, parts, export), intake, jobs)
    where = f" in {folder}" if folder else ""
    order = f" {count(tally.ordered, 'resident')} in more than one: send a resident's bundles in order, each when the one before was taken."
    more = closed(export, folder)
    said = {"exit": intake.exit, **intake.counts(), "bundles": tally.bundles, **more.said}
    done = f"Converted: {intake.sentence()}; {count(tally.bundles, 'bundle')}{where}."
    talk.result(said, done + order * (tally.ordered > 0) + more.told)
    return intake.exit


@dataclass
class Tally:
    """How many bundles were written, and how many residents have more than one."""

    bundles: int = 0
    ordered: int = 0

    def take(self, done: Done, intake: Intake) -> None:
        """What another has done: told now, and counted."""
        intake.talk.again(done.said)
        intake.add(done.counts)
        self.bundles += done.counts["bundles"]
        self.ordered += done.counts["ordered"]


def converted(accepted: Iterator[tuple[int, CareRecord]], intake: Intake, bundler: Bundler, put: Sink) -> Tally:
    """One resident after the other."""
    tally = Tally()
    for number, care_record in accepted:
        try:
            bundles = bundler(number, care_record)
        except Faults as bad:
            intake.refuse(number, bad)
            continue
        for written in bundles:
            put(written)
        tally.bundles, tally.ordered = tally.bundles + len(bundles), tally.ordered + (len(bundles) > 1)
    return tally


def named(number: int, care_record: CareRecord, count: int) -> Iterator[str]:
    """After the place of the resident in the input and the start of her Patient's id, which is made from her key and does not tell it.

    Of several bundles the name says the order: 000007-5f0c1a9e-1of2. The ending says the format.
    """
    who = Names(care_record.source, care_record.resident.key or "").id("Patient", care_record.resident.key or "")[:8]
    for n in range(1, count + 1):
        part = f"-{n}of{count}" if count > 1 else ""
        yield f"{number:06}-{who}{part}"


# ---- sinks -------------------------------------------------------------------------------------------------------------------
def sink(talk: Talk) -> Sink:
    """Standard output."""
    if talk.as_json:
        return lambda written: talk.data(b'{"bundle":' + written.as_json() + b"}")
    return lambda written: talk.data(written.data)


def into(folder: Path) -> Sink:
    """Each into a file of its own."""
    return lambda written: files.write(folder / written.name, written.data + b"\n")


@contextmanager
def into_part(path: Path) -> Iterator[Sink]:
    """One after the other, a line each, into a file that is there when it is whole."""
    with files.writing(path, lasting=True) as file:
        yield lambda written: file.writelines((written.data, b"\n"))


# ---- in pieces ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Work:
    """What is done with a piece of the input, in whichever process. What it says is told by the parent, in the order of the input."""

    name: str
    as_json: bool
    bundler: Bundler
    folder: Path | None
    parts: int | None
    export: Exported | None = None

    @property
    def every(self) -> int:
        """Residents in a piece."""
        return self.parts or (FOLDERFUL if self.folder else HANDFUL)

    @property
    def path(self) -> Path | None:
        """None for what can be read only once: a pipe, also one that has a name."""
        return Path(self.name) if self.name != files.STDIN and Path(self.name).is_file() else None

    def run(self) -> dict[str, str] | None:
        """What must be the same so that the run may go on another time; None where that cannot be known."""
        if not self.path or self.export:
            return None
        how = {"--parts": str(self.parts or "none"), "--json": str(self.as_json)}
        return {"program": program(), "input": fingerprint(self.path), **self.bundler.options(), **how}

    def pieces(self, file: BinaryIO | None) -> Iterable[Piece]:
        """`file`: native records; None for a vendor's export."""
        if file is not None:
            return pieces(file, self.path, self.every)
        return handed(self.export.found(), self.every) if self.export else ()

    def __call__(self, piece: Piece, step: Step) -> Done:
        intake = Intake(self.name, talk := Kept(self.as_json), export=self.export)
        with self._sink(piece, talk) as put:
            tally = converted(intake.judged(self._found(piece, step)), intake, self.bundler, put)
        return Done(piece.number, intake.counts() | asdict(tally), talk.said)

    def _sink(self, piece: Piece, talk: Talk) -> AbstractContextManager[Sink]:
        if self.folder and self.parts:
            return into_part(self.folder / f"bundles-{piece.number:06}.ndjson")
        return nullcontext(into(self.folder) if self.folder else sink(talk))

    def _found(self, piece: Piece, step: Step) -> Iterator[Found]:
        """What goes wrong in reading is not to be taken for what goes wrong in writing. Raises Stop."""
        try:
            yield from piece.found(step)
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{self.name} cannot be read ({reason(error)}).") from None


def in_pieces(work: Work, intake: Intake, jobs: int) -> Tally:
    """By several processes; into a folder, so that it can go on where it was interrupted. Raises Stop."""
    with nullcontext() if work.export else files.reading(work.name) as file:
        journal = Journal(work.folder, work.run())
        try:
            return _in_pieces(work, file, journal, intake, jobs)
        except KeyboardInterrupt:
            raise Stop(Exit.INTERRUPTED, f"Interrupted; no file is left half-written.{journal.hint}") from None
        except Stop as stop:
            raise Stop(stop.exit, stop.says and stop.says + journal.hint) from None


def _in_pieces(work: Work, file: BinaryIO | None, journal: Journal, intake: Intake, jobs: int) -> Tally:
    tally, size, before = Tally(), files.size_of(file) if file else None, list(journal.done)
    every = iter(work.pieces(file))
    passed = sum(piece.size for _, piece in zip(before, every, strict=False))
    if before and not work.as_json:
        intake.talk.say(f"Going on after {count(journal.residents, 'resident')} that were done before.")
    for done in before:
        tally.take(done, intake)
    with intake.talk.progress("Converting", size, passed) as step, closing(
            in_order(work, journal.begun(every), jobs, lambda done: step(passed + done))) as finished:
        for done in finished:
            journal.add(done)
            tally.take(done, intake)
    intake.some()
    return tally
