"""Standard output and standard error, also where nothing more goes into them: a full disk, or a reader who has gone, such as `head`.

Python itself writes what is left at its very end, and where that fails ends with 120, whatever the program had said. So everything is
flushed here, and a stream that has failed leads into nothing from then on.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TextIO

from adapter.commands.exits import Exit, Stop


class Gone(Exception):
    """Whoever read our standard output has had enough."""


@contextmanager
def stdout() -> Iterator[None]:
    """Around whatever writes to standard output. Raises Gone, and Stop where it cannot be written."""
    try:
        yield
    except BrokenPipeError:
        _abandon(sys.stdout)
        raise Gone from None
    except OSError as error:
        _abandon(sys.stdout)
        raise Stop(Exit.NOTHING, f"Standard output cannot be written ({reason(error)}): what stands there is not whole.") from None


def out(data: bytes) -> None:
    """Raises Gone and Stop."""
    with stdout():
        sys.stdout.buffer.write(data)


def flush() -> None:
    """Raises Gone and Stop."""
    with stdout():
        sys.stdout.flush()


def say(text: str) -> None:
    """To standard error. A reader who has gone is not missed: the work goes on. Raises Stop (with nothing more to say) on a full disk."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except BrokenPipeError:
        _abandon(sys.stderr)
    except OSError:
        _abandon(sys.stderr)
        raise Stop(Exit.NOTHING, "") from None


def reason(error: OSError) -> str:
    """In the words of the operating system, without the file's name."""
    return (error.strerror or "unknown reason").lower()


def program(run: Callable[[], Any]) -> NoReturn:
    """The whole program: also what is printed outside of the verbs, such as help, ends with a sentence and a code of the table."""
    code: Any = Exit.DONE
    try:
        _opened()
        with stdout():
            run()
    except SystemExit as ended:
        code = ended.code
    except Gone:
        pass
    except Stop as stop:
        code = _told(stop)
    sys.exit(_last(code))


def _last(code: Any) -> Any:
    """What is still to be written, now: at Python's own end nobody could say that it failed."""
    try:
        flush()
    except Gone:
        pass
    except Stop as stop:
        return _told(stop)
    return code


def _told(stop: Stop) -> Exit:
    with suppress(Stop):
        say(f"{stop.says}\n" if stop.says else "")
    return stop.exit


def _opened() -> None:
    """A stream that was closed before we began (`>&-`) is None in Python. Raises Stop."""
    if sys.stderr is None:
        sys.stderr = _nothing()
    if sys.stdout is None:
        sys.stdout = _nothing()
        raise Stop(Exit.NOTHING, "Standard output is closed: there is nowhere to write to.")


def _nothing() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # it stays open to the end


def _abandon(stream: TextIO) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
