"""What a run into a folder has finished, so that the same command goes on after it and does nothing twice.

    redbag.journal      {"run": {"program": "0.1.0", "input": "sha256:...", "--as": "transaction", ...}}
                        {"piece": 1, "counts": {"residents": 5000, ...}, "said": [[false, "home.ndjson:17:..."]], "files": {...}, ...}
                        ...

A line is added when the files of a piece are whole, in the order of the input. What was said about the piece stands there too, so that a
run that went on says all in the end. It holds no value of a patient, for nothing that is said does.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from adapter.commands import files
from adapter.commands.bundling import Written
from adapter.commands.exits import Exit, Stop
from adapter.commands.streams import reason
from adapter.commands.talk import Said, count

NAME = "redbag.journal"
OURS = re.compile(r"\d{6,}-[0-9a-f]{8}(-\d+of\d+)?\.(json|xml)|bundles-\d{6,}\.ndjson")
COUNTED = {"residents", "refused", "warnings", "bundles", "ordered"}  # and, of a vendor's export, "orphans"
T = TypeVar("T")
ELSE = "name a new folder with -o, or empty this one"
CALLED = {
    "--layout": "another --layout, or it has changed since",
    "input": "another input, or it has changed since", "program": "another version of this program", "--json": "another way of telling"}
NOT_INSTALLED = "not installed"  # run from its source


class Done(NamedTuple):
    """What came of a piece. `refused`: of a vendor's export, the numbers of those who do not travel. `later`: of whom something must be
    said that only the parent can find out, and before which line. `files`: the size in bytes of each, by name. `bundles`: of a handful of
    a piece, what is to stand in the file of the whole."""

    piece: int
    counts: dict[str, int]
    said: list[Said]
    refused: Sequence[int] = ()
    later: Sequence[tuple[int, int]] = ()
    files: Mapping[str, int] = MappingProxyType({})
    bundles: Sequence[Written] = ()


class Head(msgspec.Struct):
    """The first line."""

    run: dict[str, str]


class Line(msgspec.Struct):
    """Each of the others."""

    piece: int
    counts: dict[str, Annotated[int, msgspec.Meta(ge=0)]]
    said: list[tuple[bool, str]]
    refused: list[int]
    files: dict[str, int]


def _done(line: bytes) -> Done:
    """Raises MsgspecError."""
    read = msgspec.json.decode(line, type=Line)
    if read.counts.keys() - {"orphans", "let_through"} != COUNTED or not all(map(OURS.fullmatch, read.files)):
        raise msgspec.ValidationError
    return Done(read.piece, read.counts, list[Said](read.said), read.refused, (), read.files)


class Journal:
    """`run`: what must be the same so that a run may go on; where it cannot be known, or there is no folder, nothing is kept. `done`: in
    the order of the input, what was done before; `residents`: how many are done by now. Raises Stop."""

    def __init__(self, folder: Path | None, run: Mapping[str, str] | None) -> None:
        self.path, self.run, self.done, self.residents = (folder or Path()) / NAME, run if folder else None, list[Done](), 0
        names = [path.name for path in folder.iterdir()] if folder and folder.is_dir() else []
        if self.run is not None and NAME in names:
            self._go_on()
            self._sweep(names)
        elif names:
            raise Stop(Exit.USAGE, f"{folder} holds files that this run did not make: {ELSE}.")

    @property
    def hint(self) -> str:
        """What to do when the run ends before its time."""
        return f" The same command goes on after {count(self.residents, 'resident')} that are done." if self.run and self.residents else ""

    def begun(self, tasks: Iterable[T]) -> Iterator[T]:
        """Before the first is begun: what stands in the folder from now on is this run's."""
        for task in tasks:
            if self.run is not None and not (self.path.exists() and self.path.stat().st_size):
                self._add({"run": self.run})
            yield task

    def add(self, done: Done) -> None:
        self.residents += done.counts["residents"]
        if self.run is not None:
            files.last(self.path.parent)
            said = [(is_data, line if isinstance(line, str) else line.decode()) for is_data, line in done.said]
            self._add({"piece": done.piece, "counts": done.counts, "said": said, "refused": list(done.refused),
                       "files": dict(done.files)})

    def _add(self, said: Mapping[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="ascii") as file:
                file.write(json.dumps(said) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{self.path} cannot be written ({reason(error)}): name another place with -o.") from None

    def _go_on(self) -> None:
        """Raises Stop where it is the journal of something else, or damaged. A line that was not finished is cut off; and so is what
        follows from the first piece on whose files are no longer as they were, which is made again."""
        data = self._read()
        whole = data[:data.rfind(b"\n") + 1]
        head, *rest = whole.splitlines() or [b""]
        try:
            before, self.done = msgspec.json.decode(head, type=Head).run if whole else None, list(map(_done, rest))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._damaged() from None
        if [done.piece for done in self.done] != list(range(1, len(rest) + 1)) or (before is None and not self._began(data)):
            raise self._damaged()
        self._same(before or self.run or {})
        self.done = list(takewhile(self._stands, self.done))
        self.residents = sum(done.counts["residents"] for done in self.done)
        kept = b"".join(whole.splitlines(keepends=True)[:len(self.done) + 1])
        if len(kept) < len(data):
            os.truncate(self.path, len(kept))

    def _stands(self, done: Done) -> bool:
        """Its files are there, and as large as they were."""
        there = (self.path.parent / name for name in done.files)
        return all(path.is_file() and path.stat().st_size == size for path, size in zip(there, done.files.values(), strict=True))

    def _read(self) -> bytes:
        """Raises Stop."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{self.path} cannot be read ({reason(error)}): {ELSE}.") from None

    def _began(self, data: bytes) -> bool:
        """Killed in the first line, which would have been ours."""
        return json.dumps({"run": self.run}).encode().startswith(data)

    def _damaged(self) -> Stop:
        return Stop(Exit.USAGE, f"{self.path} is damaged: {ELSE}.")

    def _same(self, before: Mapping[str, str]) -> None:
        now = self.run or {}
        other = [CALLED.get(name, f"another {name}") for name in {**before, **now} if before.get(name) != now.get(name)]
        if other:
            raise Stop(Exit.USAGE, f"{self.path.parent} holds a run with {'; with '.join(other)}: {ELSE}.")

    def _sweep(self, names: Iterable[str]) -> None:
        """What a run that was killed left half-written, under a name of its own."""
        for name in names:
            if name.startswith(".") and OURS.fullmatch(name[1:].rpartition(".")[0]):
                (self.path.parent / name).unlink(missing_ok=True)


def program() -> str:
    try:
        return metadata.version("redbag-adapter")
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED


def fingerprint(path: Path) -> str:
    """Of all that is in it: a file that was only copied or touched is the same. Of a folder, of every file in it."""
    if path.is_dir():
        every = [f"{file.name} {fingerprint(file)}" for file in sorted(path.iterdir()) if file.is_file()]
        return f"sha256:{hashlib.sha256(json.dumps(every).encode()).hexdigest()}"
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
