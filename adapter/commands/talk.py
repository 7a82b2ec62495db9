"""Standard output is data, standard error is talk.

    talk.result({"refused": 2}, "2 residents refused")     the outcome: JSON for programs (`--json`), or a sentence
    talk.problem(...)                                      what is wrong with the input: data for `check`, talk for all others
    with talk.progress("Converting", size) as step: ...    a bar on standard error, only where somebody looks at it
"""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from adapter.commands import streams

Step = Callable[[int], None]


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

    @contextmanager
    def progress(self, title: str, size: int | None) -> Iterator[Step]:
        """`size` in bytes, None where it is not known (a pipe)."""
        if not sys.stderr.isatty():
            yield lambda done: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(title, total=size)
            yield lambda done: bars.update(task, completed=done)


def count(number: int, thing: str, things: str = "") -> str:
    """
    >>> count(1, "resident"), count(0, "resident"), count(2, "entry", "entries")
    ('1 resident', '0 residents', '2 entries')
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
