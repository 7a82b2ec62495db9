"""Makes the environment that `make` works in: python3 tools/environment.py FOLDER run|dev|real.

`run` is what a user needs; `dev` adds what tests, checks and benchmarks need, `real` the database of `make test-real`. Everything
comes from the lock files, by hash, with plain pip; the project itself is installed in place, so that an edit counts at once. A
stamp in the folder says what it was made from: while that has not changed there is nothing to do. A folder without a stamp is
somebody else's and is left alone. Ends with one sentence and status 1 where it cannot be done. Standard library only.
"""
from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
UNFINISHED = "unfinished"
SUBJECT = {"run": "the adapter needs", "dev": "tests, checks and benchmarks need", "real": "tests with real parts need"}
HELD_BY = {"run": ("run", "dev", "real"), "dev": ("dev", "real"), "real": ("real",)}  # whoever has that has this
LOCKED = {"run": ("run",), "dev": ("dev",), "real": ("dev", "real")}


def main(folder: Path, kind: str) -> None:
    """Makes the environment in `folder` hold `kind`; in no time where it does already."""
    stamp, wanted = folder / "made-from", source()
    have = stamp.read_text(encoding="ascii").split() if stamp.exists() else []
    if have[:1] == [wanted] and have[1] in HELD_BY[kind] and python_of(folder).exists():
        return
    if have[:1] != [wanted] or not python_of(folder).exists():
        create(folder, stamp)
    install(folder, kind)
    stamp.write_text(f"{wanted} {kind}\n", encoding="ascii")


def source() -> str:
    """One hash over all that an environment is made from: the locks, the project's description, and where it stands."""
    files = [ROOT / "pyproject.toml", *sorted(LOCKS.glob("*.lock"))]
    return hashlib.sha256(b"\0".join([str(ROOT).encode(), *(file.read_bytes() for file in files)])).hexdigest()


def python_of(folder: Path) -> Path:
    """The interpreter of an environment (not resolved: the link is what makes it an environment)."""
    return folder.absolute() / "bin" / "python"


def create(folder: Path, stamp: Path) -> None:
    """A fresh virtual environment with the pip that came with this Python, in place of one that we made earlier."""
    if folder.exists() and not stamp.exists():
        stop(f"{folder} was not made by this Makefile and is left as it is. Name another folder: make VENV=build/venv.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stamp.write_text(f"{UNFINISHED}\n", encoding="ascii")
    made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        stop(f"This Python ({sys.executable}) cannot make a virtual environment: its parts venv and ensurepip are missing. On Debian "
             f"or Ubuntu: apt-get install python{version}-venv. Or name another Python: make PYTHON=/path/to/python3.")


def install(folder: Path, kind: str) -> None:
    """The locked packages of `kind`, then the project in place with the locked build backend: nothing else is fetched."""
    print(f"Installing what {SUBJECT[kind]} into {folder} (only this once).", file=sys.stderr, flush=True)
    # --no-deps: the locks are complete, and pip would insist on the pins that pyproject.toml overrides (see tool.uv there)
    for lock in (*LOCKED[kind], "build"):
        pip(folder, "--require-hashes", "--no-deps", "-r", str(LOCKS / f"{lock}.lock"))
    pip(folder, "--no-build-isolation", "--no-deps", "--editable", str(ROOT))


def pip(folder: Path, *arguments: str) -> None:
    """`pip install` in the environment; what pip prints is shown only where it failed."""
    command = [str(python_of(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
        stop("pip could not install the locked packages: its own words stand above. Is a package index reachable from here, or does "
             "pip need a proxy or a certificate? Its usual settings (pip.conf, PIP_…) are honoured.")


def stop(sentence: str) -> NoReturn:
    """Ends the program with one sentence."""
    sys.exit(sentence)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
