"""The exit codes of `redbag`, in one table. Every verb uses these and no others; docs/cli.md and `redbag --help` print them."""
from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """How it ended. A program decides by the number; the sentences on standard error say why."""

    DONE = 0
    PARTIAL = 1
    USAGE = 2
    NOTHING = 3
    PERSON = 4
    AGAIN = 5
    BUG = 70
    INTERRUPTED = 130


MEANS = {
    Exit.DONE: "All right.",
    Exit.PARTIAL: "Some residents were refused or not delivered, or not all came back; each with its reason. The others went through.",
    Exit.USAGE: "The command line is wrong; nothing was read or sent.",
    Exit.NOTHING: "Nothing could be done: input cannot be read or output not written, every resident was refused, or the server refuses.",
    Exit.PERSON: "For a person to settle: it is not certain who is meant, two things match, the hospital edited ours, or one is held.",
    Exit.AGAIN: "The server was not reached, was busy, or did not say what became of it. Run the same again: nothing is sent twice.",
    Exit.BUG: "A fault of this program. No file is left half-written. Please report it.",
    Exit.INTERRUPTED: "Interrupted from the keyboard. No file is left half-written.",
}


def together(each: Iterable[Exit]) -> Exit:
    """How a run over several residents ended: as its one kind of ending, or partial where some went through and others did not.

    >>> together([Exit.DONE, Exit.NOTHING]), together([Exit.PERSON]), together([Exit.NOTHING, Exit.AGAIN]), together([])
    (<Exit.PARTIAL: 1>, <Exit.PERSON: 4>, <Exit.AGAIN: 5>, <Exit.DONE: 0>)
    """
    ended = set(each)
    if Exit.PARTIAL in ended or (Exit.DONE in ended and len(ended) > 1):
        return Exit.PARTIAL
    return max(ended, default=Exit.DONE)


class Stop(Exception):
    """The run ends here. The text is one or more sentences for a person: what is wrong and what to do, without any value of a patient."""

    def __init__(self, exit: Exit, says: str) -> None:
        super().__init__(says)
        self.exit, self.says = exit, says

    def __reduce__(self) -> tuple[type[Stop], tuple[Exit, str]]:
        """It comes out of other processes too."""
        return Stop, (self.exit, self.says)
