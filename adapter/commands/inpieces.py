"""A conversion in pieces of the input: by several processes, and into a folder so that the same command goes on where it was interrupted.

A worker does with a piece what one process does with the whole, and keeps what is to be said: it is told in the order of the input. Of a
vendor's export the workers get the trees of rows. What a tree alone cannot tell, the places of what is wrong, is found out here, where the
export is open; and so is what became of every value.
"""
from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from adapter.commands import files
from adapter.commands.bundling import Bundler, Sink, Tally, Written, converted, into, into_part, sink
from adapter.commands.exits import Exit, Stop
from adapter.commands.exported import Exported
from adapter.commands.intake import Intake
from adapter.commands.jobs import in_order
from adapter.commands.journal import Done, Journal, fingerprint, program
from adapter.commands.streams import reason
from adapter.commands.stretches import Elsewhere, Stretch, Trees, laid_out, stretches
from adapter.commands.talk import Kept, Said, Step, Talk, count
from adapter.records.pieces import Piece, pieces
from adapter.records.stream import Found

NOBODY = {"residents": 0, "refused": 0, "warnings": 0, "bundles": 0, "ordered": 0}
HANDFUL, FOLDERFUL = 200, 1000  # residents in a piece: what is held in memory until its turn comes, and what is written at once


@dataclass(frozen=True)
class Work:
    """What is done with a piece of the input, in whichever process."""

    name: str
    as_json: bool
    bundler: Bundler
    folder: Path | None
    parts: int | None

    @property
    def every(self) -> int:
        """Residents in a piece."""
        return self.parts or (FOLDERFUL if self.folder else HANDFUL)

    @property
    def path(self) -> Path | None:
        """None for what can be read only once: a pipe, also one that has a name."""
        return Path(self.name) if self.name != files.STDIN and Path(self.name).is_file() else None

    def __call__(self, piece: Piece, step: Step) -> Done:
        if isinstance(piece, Trees):
            return self._apart(piece, step)
        export = piece.export if isinstance(piece, Stretch) else None
        intake, before = Intake(self.name, talk := Kept(self.as_json), export=export), len(export.refused) if export else 0
        with self._sinks(piece) as into_which:
            tally = converted(intake.judged(self._found(piece, step)), intake, self.bundler, into_which(talk))
        return Done(piece.number, intake.counts() | asdict(tally), talk.said, export.refused[before:] if export else ())

    def _apart(self, piece: Trees, step: Step) -> Done:
        """Who is refused is left to the parent, for it must be said where in the export that stands."""
        counts, said, later = Counter(NOBODY), list[Said](), list[tuple[int, int]]()
        with self._sinks(piece) as into_which:
            for number, tree in piece.trees:
                step(0)
                intake = Intake(self.name, talk := Kept(self.as_json))
                try:
                    tally = converted(intake.judged([piece.record(number, tree)]), intake, self.bundler, into_which(talk))
                except Elsewhere:
                    later.append((len(said), number))
                else:
                    counts.update(intake.counts() | asdict(tally))
                    said += talk.said
        return Done(piece.number, dict(counts), said, (), later)

    @contextmanager
    def _sinks(self, piece: Piece) -> Iterator[Callable[[Talk], Sink]]:
        """Where the bundles go: only standard output has to do with talk."""
        if self.folder and self.parts:
            with into_part(self.folder / f"bundles-{piece.number:06}.ndjson") as part:
                yield lambda talk: part
        elif self.folder:
            single = into(self.folder)
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
def in_pieces(work: Work, intake: Intake, jobs: int) -> Tally:
    """By several processes; into a folder, so that it can go on where it was interrupted. Raises Stop."""
    with nullcontext() if intake.export else files.reading(work.name) as file:
        journal = Journal(work.folder, identity(work, intake.export))
        try:
            return _in_pieces(work, file, journal, intake, jobs)
        except KeyboardInterrupt:
            raise Stop(Exit.INTERRUPTED, f"Interrupted; no file is left half-written.{journal.hint}") from None
        except Stop as stop:
            raise Stop(stop.exit, stop.says and stop.says + journal.hint) from None


def identity(work: Work, export: Exported | None) -> dict[str, str] | None:
    """What must be the same so that the run may go on another time; None where that cannot be known. Raises Stop."""
    path = export.path if export else work.path
    if not work.folder or not path:
        return None
    how = {"--parts": str(work.parts or "none"), "--json": str(work.as_json), **(laid_out(export) if export else {})}
    try:
        return {"program": program(), "input": fingerprint(path), **work.bundler.options(), **how}
    except OSError as error:
        raise Stop(Exit.NOTHING, f"{path} cannot be read ({reason(error)}): check the name.") from None


def _in_pieces(work: Work, file: BinaryIO | None, journal: Journal, intake: Intake, jobs: int) -> Tally:
    export, before, tally = intake.export, list(journal.done), Tally()
    if before and not work.as_json:
        intake.talk.say(f"Going on after {count(journal.residents, 'resident')} that were done before.")
    every = iter(stretches(export, work.every) if export else pieces(file, work.path, work.every) if file else ())
    passed = sum(_passed(piece, done) for done, piece in zip(before, every, strict=False))
    for done in before:
        _take(done, intake, tally)
    with intake.talk.progress("Converting", files.size_of(file) if file else None, passed) as step:
        for done in _done(work, journal.begun(every), jobs, lambda bytes_: step(passed + bytes_)):
            journal.add(done)
            _take(done, intake, tally)
    if export:
        export.ended()
    intake.some()
    return tally


def _passed(piece: Piece, done: Done) -> int:
    """It was done before. How many bytes it has."""
    if isinstance(piece, Stretch):
        for rows, _ in piece.rows:
            piece.export.settle(rows, refused=rows.number in done.refused)
    return piece.size


def _take(done: Done, intake: Intake, tally: Tally) -> None:
    intake.talk.again(done.said)
    intake.add(done.counts)
    tally.add(done.counts)


def _done(work: Work, every: Iterator[Piece], jobs: int, moved: Step) -> Iterator[Done]:
    """Stretches of an export are held here, and only their trees are sent."""
    held = deque[Stretch]()

    def sent() -> Iterator[Piece]:
        for piece in every:
            if isinstance(piece, Stretch) and jobs > 1:
                held.append(piece)
                yield piece.sent()
            else:
                yield piece

    with closing(in_order(work, sent(), jobs, moved)) as finished:
        for done in finished:
            yield whole(work, held.popleft(), done) if held else done


def whole(work: Work, stretch: Stretch, done: Done) -> Done:
    """With what could not be told elsewhere; and every resident settled."""
    counts, said, refused = Counter(done.counts), list[Said](), list[int]()
    later, told = {number: line for line, number in done.later}, 0
    for rows, others in stretch.rows:
        if rows.number in later:
            intake = Intake(work.name, talk := Kept(work.as_json))
            converted(intake.judged([stretch.record(rows, others)]), intake, work.bundler, _nobody)
            counts.update(intake.counts())
            said += [*done.said[told:later[rows.number]], *talk.said]
            told = later[rows.number]
            refused.append(rows.number)
        stretch.export.settle(rows, refused=rows.number in later)
    return Done(done.piece, dict(counts), [*said, *done.said[told:]], refused)


def _nobody(written: Written) -> None:
    raise RuntimeError("who was refused by a worker travels after all")
