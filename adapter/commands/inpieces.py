"""A conversion in pieces of the input: by several processes, and into a folder so that the same command goes on where it was interrupted.

A worker does with a piece what one process does with the whole, and keeps what is to be said: it is told in the order of the input. How
the input is cut, and what is left to whoever has it open, is its `Way`: that of native records is here, that of exports in stretches.py.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar, runtime_checkable

from adapter.commands import files
from adapter.commands.bundling import Bundler, Sink, Tally, converted, into, into_part, sink
from adapter.commands.exits import Exit, Stop
from adapter.commands.fhir import no_fhir
from adapter.commands.intake import Intake
from adapter.commands.jobs import in_order
from adapter.commands.journal import Done, Journal, fingerprint, program
from adapter.commands.streams import reason
from adapter.commands.talk import Kept, Said, Step, Talk, count
from adapter.records.pieces import Piece, pieces
from adapter.records.stream import Found

HANDFUL, FOLDERFUL = 200, 1000  # residents: what is held in memory until its turn comes, and what is written at once


@runtime_checkable
class Worked(Protocol):
    """A piece that is not simply read."""

    def worked(self, work: Work, step: Step) -> Done: ...


@dataclass(frozen=True)
class Work:
    """What is done with a piece of the input, in whichever process. `made`: the names of the files that come of it."""

    name: str
    as_json: bool
    bundler: Bundler
    folder: Path | None
    parts: int | None
    made: list[str] = field(default_factory=list)

    @property
    def every(self) -> int:
        """Residents in a piece."""
        return self.parts or (FOLDERFUL if self.folder else HANDFUL)

    def __call__(self, piece: Piece, step: Step) -> Done:
        """When it is done its files stand on the disk: all at once, which is cheaper than one by one."""
        work = replace(self, made=[])
        done = piece.worked(work, step) if isinstance(piece, Worked) else work.worked(piece, step)
        return done._replace(files=work.stands())

    def stands(self) -> dict[str, int]:
        """Of what was made, the size in bytes, when it is on the disk."""
        return {name: files.last((self.folder or Path()) / name) for name in self.made}

    def together(self, number: int, handfuls: Iterable[Done]) -> Done:
        """A piece that was done by the handful, as if it had been done at once."""
        counts, said, refused, made = Counter[str](), list[Said](), list[int](), dict[str, int]()
        work = replace(self, made=[])
        with work.sinks(number) as into_which:
            put = into_which(Kept())
            for done in handfuls:
                counts.update(done.counts)
                said += done.said
                refused += done.refused
                made |= done.files
                for written in done.bundles:
                    put(written)
        return Done(number, dict(counts), said, refused, (), made | work.stands())

    def worked(self, piece: Piece, step: Step) -> Done:
        intake = Intake(self.name, talk := Kept(self.as_json))
        with self.sinks(piece.number) as into_which:
            tally = converted(intake.judged(self._found(piece, step)), intake, self.bundler, into_which(talk))
        return Done(piece.number, intake.counts() | asdict(tally), talk.said)

    @contextmanager
    def sinks(self, number: int) -> Iterator[Callable[[Talk], Sink]]:
        """Where the bundles of a piece go: only standard output has to do with talk."""
        if self.folder and self.parts:
            with into_part(self.folder / f"bundles-{number:06}.ndjson", self.made) as part:
                yield lambda talk: part
        elif self.folder:
            single = into(self.folder, self.made)
            yield lambda talk: single
        else:
            yield sink

    def _found(self, piece: Piece, step: Step) -> Iterator[Found]:
        """What goes wrong in reading is not to be taken for what goes wrong in writing. Raises Stop."""
        try:
            yield from piece.found(step)
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{self.name} cannot be read ({reason(error)}).") from None


# ---- the parent ----------------------------------------------------------------------------------------------------------------
P = TypeVar("P", bound=Piece)


class Way(Protocol[P]):
    """An input that is open. `size` in bytes, where it is known."""

    size: int | None

    def identity(self) -> dict[str, str] | None:
        """By what it is known again another day; None where it cannot be."""
    def pieces(self, every: int) -> Iterable[P]: ...
    def passed(self, piece: P, done: Done) -> None:
        """This piece was done another day."""
    def sent(self, every: Iterable[P]) -> Iterator[Piece]:
        """As other processes get them."""
    def whole(self, work: Work, finished: Iterable[Done]) -> Iterator[Done]:
        """What other processes did, in the order of sending, with what was left to us: each piece as a whole."""
    def ended(self) -> None:
        """All is done. Raises Stop."""


class Native:
    """Care records: a file, or a pipe."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.file, self.size = file, files.size_of(file)
        self.path = Path(name) if name != files.STDIN and Path(name).is_file() else None  # a pipe with a name is one too
        self.stood = self.path and self._stands(self.path)

    def identity(self) -> dict[str, str] | None:
        return {"input": fingerprint(self.path)} if self.path else None

    def pieces(self, every: int) -> Iterable[Piece]:
        return pieces(self.file, self.path, every)

    def passed(self, piece: Piece, done: Done) -> None:
        pass

    def sent(self, every: Iterable[Piece]) -> Iterator[Piece]:
        return iter(every)

    def whole(self, work: Work, finished: Iterable[Done]) -> Iterator[Done]:
        return iter(finished)

    def ended(self) -> None:
        """Its pieces were read one by one, and must have been pieces of one thing."""
        if self.path and self._stands(self.path) != self.stood:
            raise Stop(Exit.NOTHING, f"{self.path} was changed while it was read: what was written is not to be used. Convert it anew.")

    @staticmethod
    def _stands(path: Path) -> tuple[int, int, int]:
        found = path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns


def in_pieces(work: Work, intake: Intake, jobs: int) -> Tally:
    """Raises Stop."""
    with opened(intake) as way:
        journal = Journal(work.folder, identity(work, way))
        try:
            tally = _in_pieces(work, way, journal, intake, jobs)
        except KeyboardInterrupt:
            raise Stop(Exit.INTERRUPTED, f"Interrupted; no file is left half-written.{journal.hint}") from None
        except Stop as stop:
            raise Stop(stop.exit, stop.says and stop.says + journal.hint) from None
        way.ended()
    intake.some()
    return tally


@contextmanager
def opened(intake: Intake) -> Iterator[Way[Any]]:
    """Raises Stop."""
    if intake.export:
        from adapter.commands.stretches import Exports

        yield Exports(intake.export)
    else:
        with files.reading(intake.name) as file:
            no_fhir(file, intake.shown)
            yield Native(intake.name, file)


def identity(work: Work, way: Way[P]) -> dict[str, str] | None:
    """What must be the same so that a run into a folder may go on another day."""
    known = way.identity() if work.folder else None
    how = {"--parts": str(work.parts or "none"), "--json": str(work.as_json)}
    return {"program": program(), **known, **work.bundler.options(), **how} if known else None


def _in_pieces(work: Work, way: Way[P], journal: Journal, intake: Intake, jobs: int) -> Tally:
    before, tally, passed = list(journal.done), Tally(), 0
    if before and not work.as_json:
        intake.talk.say(f"Going on after {count(journal.residents, 'resident')} that were done before.")
    every = iter(way.pieces(work.every))
    for done, piece in zip(before, every, strict=False):
        way.passed(piece, done)
        passed += piece.size
        _take(done, intake, tally)
    with intake.talk.progress("Converting", way.size, passed) as step:
        for done in _done(work, way, journal.begun(every), jobs, lambda bytes_: step(passed + bytes_)):
            journal.add(done)
            _take(done, intake, tally)
    return tally


def _done(work: Work, way: Way[P], every: Iterator[P], jobs: int, moved: Step) -> Iterator[Done]:
    if jobs == 1:
        yield from in_order(work, every, 1, moved)
    else:
        with closing(in_order(work, way.sent(every), jobs, moved)) as finished:
            yield from way.whole(work, finished)


def _take(done: Done, intake: Intake, tally: Tally) -> None:
    intake.talk.again(done.said)
    intake.add(done.counts)
    tally.add(done.counts)
