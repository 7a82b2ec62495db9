"""Whoever works on a SQLite file is alone: a lock of the operating system's, gone with the process that has it, however it ends."""
from __future__ import annotations

import os
import sys

from adapter.delivery.store.errors import StoreError, WorkerRunning


class FileLock:
    """On a file of its own: a lock on the database itself would be in SQLite's way. On Windows there is none to be had this way."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file: int | None = None

    def take(self) -> bool:
        """False: it was taken by this already. Raises WorkerRunning, and StoreError where its file cannot be made."""
        if self._file is not None:
            return False
        try:
            file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written ({error.strerror}): a worker needs it to be alone with the store") from None
        try:
            _lock(file)
        except BlockingIOError:
            os.close(file)
            raise WorkerRunning(f"{self.path} is another worker's: one process works on a SQLite store; end that one first, or use "
                                "PostgreSQL for many") from None
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> None:
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
