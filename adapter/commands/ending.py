"""How a verb ends: always with an exit code of the table, and with a sentence where it did not go well. Never with a traceback."""
from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec

import typer

from adapter.commands import streams
from adapter.commands.exits import MEANS, Exit, Stop
from adapter.commands.talk import Talk

P = ParamSpec("P")
CODES = "\b\nExit codes:\n" + "\n".join(f"{code.value:>3}  {MEANS[code]}" for code in Exit)
TRACEBACK = "REDBAG_TRACEBACK"


def verb(run: Callable[P, Exit]) -> Callable[P, None]:
    """A command of the command line."""

    @functools.wraps(run)
    def ended(*args: P.args, **kwargs: P.kwargs) -> None:
        code, says = outcome(functools.partial(run, *args, **kwargs))
        if says:
            code = tell(code, says, as_json=bool(kwargs.get("as_json")))
        raise typer.Exit(code)

    return ended


def outcome(run: Callable[[], Exit]) -> tuple[Exit, str]:
    """The exit code, and what is to be said about it."""
    try:
        code = run()
        streams.flush()
    except Stop as stop:
        return stop.exit, stop.says
    except streams.Gone:
        return Exit.DONE, ""
    except KeyboardInterrupt:
        return Exit.INTERRUPTED, "Interrupted; no file is left half-written."
    except Exception as error:  # the last place: a bug must not print a patient's values, as a traceback would
        if says := mistaken(error):
            return Exit.NOTHING, says
        if os.environ.get(TRACEBACK):
            raise
        return Exit.BUG, bug(error)
    return code, ""


def tell(code: Exit, says: str, *, as_json: bool) -> Exit:
    """The last word, to whichever stream still takes it. The code it ends with."""
    with suppress(Stop, streams.Gone):
        streams.say(f"{says}\n")
        if as_json:
            Talk(as_json=True).json("result", {"exit": int(code), "says": says})
            streams.flush()
    return code


def mistaken(error: Exception) -> str:
    """What is said of a bug that is not ours but in a layout's own functions."""
    from adapter.records.layout import Mistake

    return f"{str(error)[:1].upper()}{str(error)[1:]}. Mend it; nothing is left half-written." if isinstance(error, Mistake) else ""


def bug(error: Exception) -> str:
    """What may be said of a bug: its kind and its place, and not its message, which may hold a value."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('/')[2]}, line {place.lineno}"
    return (f"A fault of this program ({type(error).__name__} in {where}); please report it. No file is left half-written. "
            f"With {TRACEBACK}=1 it shows more, and that may include what the record says.")
