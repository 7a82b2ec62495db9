"""Standard output is data, standard error is talk.

    talk.result({"refused": 2}, "2 residents refused")     the outcome: JSON for programs (`--json`), or a sentence
    talk.problem(...)                                      what is wrong with the input: data for `check`, talk for all others
    with talk.progress("Converting", size) as step: ...    a bar on standard error, only where somebody looks at it
"""
from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from adapter.commands import streams

Step = Callable[[int], None]
Said = tuple[bool, str | bytes]  # whether it is data, and the line
MINUTE = 60.0


@dataclass(frozen=True)
class Talk:
    """`as_json`: everything that is found goes to standard output, one JSON object a line; the last one holds the `result`."""

    as_json: bool = False

    def say(self, sentence: str) -> None:
        """A sentence for a person."""
        streams.say(f"{sentence}\n")

    def data(self, line: str | bytes) -> None:
        """A line of what was asked for, in UTF-8 whatever the terminal speaks."""
        streams.out((line if isinstance(line, bytes) else line.encode()) + b"\n")

    def json(self, kind: str, said: Mapping[str, Any]) -> None:
        from adapter import wire

        self.data(wire.dumps({kind: said}))

    def found(self, kind: str, said: Mapping[str, Any], sentence: str, *, data: bool = False) -> None:
        """Something found on the way: a problem, a change. `data`: it is what was asked for, not talk about it."""
        if self.as_json:
            self.json(kind, said)
        elif data:
            self.data(sentence)
        else:
            self.say(sentence)

    def result(self, said: Mapping[str, Any], sentence: str) -> None:
        """How it ended."""
        if self.as_json:
            self.json("result", said)
        else:
            self.say(sentence)

    def again(self, said: Iterable[Said]) -> None:
        """What was said elsewhere."""
        for is_data, line in said:
            if is_data:
                self.data(line)
            else:
                self.say(str(line))

    @contextmanager
    def progress(self, title: str, size: int | None, start: int = 0) -> Iterator[Step]:
        """`size` in bytes, None where it is not known (a pipe); `start`: how many of them are done before it begins. A bar where somebody
        looks at it, and from time to time a line where a log is kept; for programs nothing."""
        if self.as_json:
            yield lambda done: None
        elif not sys.stderr.isatty():
            yield Log(self, title, size, start).step
        else:
            with _bar(title, size, start) as step:
                yield step


@dataclass(frozen=True)
class Kept(Talk):
    """Talk that is told later, by another process."""

    said: list[Said] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.said.append((False, sentence))

    def data(self, line: str | bytes) -> None:
        self.said.append((True, line))


@contextmanager
def _bar(title: str, size: int | None, start: int) -> Iterator[Step]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    left = (TextColumn("left:"), TimeRemainingColumn()) if size else ()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), *left)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=size, completed=start)
        yield lambda done: bars.update(task, completed=done)


class Log:
    """A line of progress every minute: nothing of a short run, and something to go by in the log of a long one."""

    def __init__(self, talk: Talk, title: str, size: int | None, start: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.talk, self.title, self.size, self.start, self.clock = talk, title, size, start, clock
        self.began = self.told = clock()

    def step(self, done: int) -> None:
        now = self.clock()
        if now - self.told >= MINUTE:
            self.told = now
            self.talk.say(f"{self.title}: {self._far(done, now)}")

    def _far(self, done: int, now: float) -> str:
        if not self.size or done <= self.start:
            return f"{(now - self.began) / MINUTE:.0f} min"
        left = (now - self.began) * (self.size - done) / (done - self.start)
        about = f"about {left / MINUTE:.0f} min" if left >= MINUTE else "less than a minute"
        return f"{100 * done / self.size:.0f} %, {about} left"


def count(number: int, thing: str, things: str = "") -> str:
    """
    >>> count(1, "resident"), count(0, "resident"), count(2, "entry", "entries")
    ('1 resident', '0 residents', '2 entries')
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
