"""Work in several processes; what comes of it, in the order of the tasks.

    for done in in_order(work, pieces, jobs=2, moved): ...      # done = work(piece, step)

Processes are started anew (spawn): a copy of a running one (fork) would also have copied the locks its threads were holding. Ctrl-C is for
the parent to act upon. A worker hears of it at its next step, and ends by itself where the parent is gone.
"""
from __future__ import annotations

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from itertools import chain
from multiprocessing import get_context, parent_process
from typing import Any, Generic, Protocol, TypeVar

from adapter.commands.ending import TRACEBACK, bug
from adapter.commands.exits import Exit, Stop

AHEAD = 2       # tasks that are begun beside those in work, so that nobody waits for the slowest
TICK = 0.25     # seconds between two looks at how far the workers are
DIED = "A worker process has ended before its work was done. If the system stopped it for want of memory, fewer --jobs help."
Step = Callable[[int], None]


class Task(Protocol):
    """`apart`: may be sent to another process. `size` in bytes, as far as it is known."""

    @property
    def apart(self) -> bool: ...
    @property
    def size(self) -> int: ...


T = TypeVar("T", bound=Task)
R = TypeVar("R")
Work = Callable[[T, Step], R]


def in_order(work: Work[T, R], tasks: Iterable[T], jobs: int, moved: Step) -> Generator[R, None, None]:
    """`work`, the tasks and the results are sent between processes. `moved` hears how many bytes are done in all. Raises Stop."""
    each = iter(tasks)
    first = next(each, None)
    if first is None:
        return
    if jobs == 1 or not first.apart or (second := next(each, None)) is None:
        yield from _here(work, chain([first], each), moved)
    else:
        yield from _apart(Crew(work, jobs, moved), chain([first, second], each))


def _here(work: Work[T, R], tasks: Iterable[T], moved: Step) -> Generator[R, None, None]:
    before = 0
    for task in tasks:
        yield work(task, partial(_further, moved, before))
        before += task.size


def _further(moved: Step, before: int, done: int) -> None:
    moved(before + done)


def _apart(crew: Crew[T, R], tasks: Iterable[T]) -> Generator[R, None, None]:
    try:
        for task in tasks:
            if crew.is_busy:
                yield crew.oldest()
            crew.begin(task)
        while crew.waiting:
            yield crew.oldest()
    except BrokenProcessPool:
        raise Stop(Exit.NOTHING, DIED) from None
    finally:
        crew.go()


# ---- the parent ----------------------------------------------------------------------------------------------------------------
class Crew(Generic[T, R]):
    """The workers, and the tasks they have, the oldest first. Each task has a number for itself in which its worker says how far it is."""

    def __init__(self, work: Work[T, R], jobs: int, moved: Step) -> None:
        context = get_context("spawn")
        self.work, self.moved, self.before, self.begun = work, moved, 0, 0
        self.stop, self.steps = context.RawValue("b", 0), context.RawArray("q", jobs + AHEAD)
        self.pool = ProcessPoolExecutor(jobs, context, _started, (self.stop, self.steps))
        self.waiting = deque[tuple[Future[R], T, int]]()

    @property
    def is_busy(self) -> bool:
        return len(self.waiting) == len(self.steps)

    def begin(self, task: T) -> None:
        place = self.begun % len(self.steps)
        with _deaf():
            self.waiting.append((self.pool.submit(_worked, self.work, task, place), task, place))
        self.begun += 1

    def oldest(self) -> R:
        """What came of it, when it is done."""
        future, task, place = self.waiting.popleft()
        while not wait([future], TICK).done:
            self.moved(self.before + sum(self.steps))
        done = future.result()
        self.before, self.steps[place] = self.before + task.size, 0
        self.moved(self.before + sum(self.steps))
        return done

    def go(self) -> None:
        """Nothing more is wanted."""
        self.stop.value = 1
        self.pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started in here never hears Ctrl-C, not even while it starts; we hear it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ---- a worker ------------------------------------------------------------------------------------------------------------------
class Stopped(Exception):
    """The parent wants nothing more."""


_shared: tuple[Any, Any] = (None, None)  # whether to stop, and how far each task is


def _started(*shared: Any) -> None:
    global _shared  # noqa: PLW0603 - shared memory reaches a worker only when it starts
    _shared = shared[0], shared[1]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(Exit.INTERRUPTED)


@cache
def settled() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again. Once in each process."""
    gc.freeze()


def _worked(work: Work[T, R], task: T, place: int) -> R:
    """A bug must not take a patient's values to the parent, as its traceback would."""
    settled()
    try:
        return work(task, partial(_step, place))
    except (Stop, Stopped):
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        raise Stop(Exit.BUG, bug(error)) from None


def _step(place: int, done: int) -> None:
    stop, steps = _shared
    if stop.value:
        raise Stopped
    steps[place] = done
