"""`redbag synth`: residents who do not exist, as NDJSON in the native format."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from adapter import synth
from adapter.commands import files, streams
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk, count
from mappings.faults import BadValue
from mappings.values import instant

SOME = 200      # residents who are written at once


@dataclass(frozen=True)
class Wanted:
    """Which residents: `n` of them, from number `start`, as the export of the time `as_of` or of the day `before` has them."""

    n: int
    seed: int
    start: int = 0
    as_of: str = synth.AS_OF
    hard: bool = False
    before: bool = False

    def checked(self) -> Wanted:
        """Raises Stop."""
        try:
            instant.put(self.as_of)
        except BadValue as bad:
            raise Stop(Exit.USAGE, f"--as-of: {bad}.") from None
        if self.start + self.n > synth.MOST:
            raise Stop(Exit.USAGE, f"There are {synth.MOST:,} NHS numbers of the test range, one for each resident: ask for fewer.")
        return self

    def lines(self) -> Iterator[bytes]:
        return synth.residents(self.n, self.seed, self.hard, self.start, self.as_of, self.before)


def run(wanted: Wanted, out: Path, talk: Talk) -> Exit:
    if str(out) == files.STDOUT:
        put(wanted, streams.out, talk)
    else:
        with files.writing(out) as file:
            put(wanted, file.write, talk)
    where = "" if str(out) == files.STDOUT else f" in {out}"
    talk.say(f"Made: {count(wanted.n, 'resident')} who do not exist{where}.")
    return Exit.DONE


def put(wanted: Wanted, write: Callable[[bytes], object], talk: Talk) -> None:
    with talk.progress("Making residents", wanted.n) as step:
        some = list[bytes]()
        for number, line in enumerate(wanted.lines(), 1):
            some.append(line)
            if len(some) == SOME or number == wanted.n:
                write(b"\n".join([*some, b""]))
                some.clear()
                step(number)
