"""Secrets and files that the endpoints' file only names: `env:NAME` is a variable of the environment, `file:PATH` what a file holds.

A secret never stands in the file itself. Paths are relative to the folder the file is in. Whoever else may read such a file is refused:
a password that everybody on the machine can read is no secret.
"""
from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr, ValidationInfo

LARGE = 1 << 20  # bytes: no secret and no certificate is so large
NAMED = "write env:NAME for a variable of the environment, or file:PATH for what a file holds"


@dataclass(frozen=True)
class Surroundings:
    """Where the names of the endpoints' file lead. `seen`: every file that was looked at, for whoever waits for one to change."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    folder: Path = Path()
    seen: set[Path] = field(default_factory=set)

    def file(self, said: str) -> Path:
        path = self.folder / said
        self.seen.add(path)
        return path


def surroundings(info: ValidationInfo) -> Surroundings:
    return info.context if isinstance(info.context, Surroundings) else Surroundings()


def named(said: str, around: Surroundings) -> SecretStr | None:
    """None where it is no name of a secret. Raises ValueError."""
    where, colon, name = said.partition(":")
    if not colon or where not in ("env", "file"):
        return None
    return SecretStr(_of_environment(name, around) if where == "env" else _of_file(name, around))


def _of_environment(name: str, around: Surroundings) -> str:
    if value := around.environ.get(name, ""):
        return value
    raise ValueError(f"the variable {name} is not set in the environment: set it, or name another one")


def _of_file(name: str, around: Surroundings) -> str:
    path = around.file(name)
    value = read(path, "the secret").decode("utf-8", "replace").strip()
    if not value:
        raise ValueError(f"the file {path} is empty, and the secret is expected in it")
    private(path)
    return value


def read(path: Path, what: str) -> bytes:
    """Raises ValueError where the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(unreadable(path, what, error)) from None


def unreadable(path: Path, what: str, error: OSError) -> str:
    return f"the file {path}, where {what} is expected, cannot be read ({error.strerror})"


def contents(files: Iterable[Path]) -> str:
    """A hash of what they hold; one that cannot be read holds nothing."""
    found = hashlib.sha256()
    for path in sorted(files):
        try:
            held = _held(path)
        except OSError:
            held = b""
        found.update(f"{path} {len(held)} ".encode() + held)
    return found.hexdigest()


def _held(path: Path) -> bytes:
    """Of what is large it is enough when it was written, for this is asked all the time."""
    stands = path.stat()
    return path.read_bytes() if stands.st_size < LARGE else f"{stands.st_mtime_ns} {stands.st_size}".encode()


def private(path: Path) -> None:
    """Raises ValueError where anybody on the machine may read it."""
    if os.name == "posix" and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ValueError(f"the file {path} can be read or written by everybody on this machine: chmod 600 {path}")


def _secret(said: Any, info: ValidationInfo) -> Any:
    if not isinstance(said, str):
        return said
    found = named(said, surroundings(info))
    if found is None:
        raise ValueError(f"a secret does not stand in this file: {NAMED}")
    return found


def _perhaps_secret(said: Any, info: ValidationInfo) -> Any:
    return (named(said, surroundings(info)) or SecretStr(said)) if isinstance(said, str) else said


def _file(said: Any, info: ValidationInfo) -> Any:
    if not isinstance(said, str):
        return said
    path = surroundings(info).file(said)
    read(path, "a certificate or key")
    return path


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
PerhapsSecret = Annotated[SecretStr, BeforeValidator(_perhaps_secret)]  # may also be said openly
File = Annotated[Path, BeforeValidator(_file)]
