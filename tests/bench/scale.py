"""What `redbag convert` takes as a program, over many residents: the time on the clock, and the most memory of any of its processes."""
from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from adapter.synth import residents
from tests.bench import exports

ROOT = Path(__file__).parents[2]
LAYOUTS = ROOT / "adapter" / "examples" / "layouts"
SEED = 7
ENGLAND = 400_000      # residents of care homes
A_FIXTURE = 9          # residents in the CSV export that is copied
# A process in between: of its own child Linux would tell us the memory of this program too, in which that began.
MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


class Took(NamedTuple):
    seconds: float
    megabytes: float


def convert(*args: str | Path, said: Iterable[bytes] = ()) -> Took:
    """`said`: lines for its standard input. Its standard output goes nowhere."""
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "adapter.cli", "convert", *map(str, args)]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stderr
        child.stdin.writelines(line + b"\n" for line in said)
        child.stdin.close()
        *says, most = child.stderr.read().decode().splitlines()
    assert child.returncode == 0, f"redbag convert ended with {child.returncode}: {says[-5:]}"
    return Took(time.perf_counter() - start, int(most) / 1024)


@contextmanager
def a_place() -> Iterator[Path]:
    """Where there is room: England takes 4 GB, and its bundles 10."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        yield Path(folder)


def home(path: Path, count: int) -> Path:
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in residents(count, SEED))
    return path


# ---- the figures -------------------------------------------------------------------------------------------------------------
def csv_memory(count: int) -> dict[str, float]:
    """From CSV to bundles on disk: its files in the residents' order, and not; and, by two processes, not in order and with a row of a
    lookup for each resident."""
    took = {name: of_csv(count, name) for name in ("sorted", "unsorted")} | {"unshared": of_csv(count, "unshared", "--jobs", "2")}
    most = {"csv_200k_rss_mb": max(each.megabytes for each in took.values()), "csv_lines": count}
    most |= {f"csv_{name}_rss_mb": each.megabytes for name, each in took.items()}
    return most | {f"csv_{name}_us": each.seconds / count * 1e6 for name, each in took.items()}


def of_csv(count: int, name: str, *how: str) -> Took:
    with a_place() as folder:
        export = exports.larkfield(folder / "export", -(-count // A_FIXTURE), in_order=name == "sorted")
        if name == "unshared":
            exports.unshared(export)
        return convert(export, "--layout", LAYOUTS / "larkfield.toml", "-o", folder / "out", "--parts", "5000", *how)


def two_jobs(count: int, rounds: int) -> dict[str, float]:
    """How many times as fast two processes are as one, the best of each; and the most memory of the parent, through which the bundles go
    to standard output, and of the workers."""
    best = {1: float("inf"), 2: float("inf")}
    with a_place() as folder:
        lines = home(folder / "home.ndjson", count)
        for n in range(rounds):
            for jobs in best:
                best[jobs] = min(best[jobs], convert(lines, "--jobs", jobs, "--parts", "1000", "-o", folder / f"{n}-{jobs}").seconds)
        most = convert(lines, "--jobs", 2).megabytes
    return {"jobs2_speedup": best[1] / best[2], "jobs2_rss_mb": most}


def england(count: int) -> float:
    """Minutes for all of England on two cores, from a file of lines to bundles on disk; from fewer residents if `count` says so."""
    with a_place() as folder:
        took = convert(home(folder / "england.ndjson", count), "--jobs", "2", "--parts", "5000", "-o", folder / "out")
    return took.seconds / 60 * ENGLAND / count
