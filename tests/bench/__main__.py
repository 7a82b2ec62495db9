"""Speed, as ratios measured in one run: `make bench`, or `python -m tests.bench [--quick]`. Prints a table, writes build/bench.json.

    convert_vs_dicts            how many times as fast as the same written by hand with dicts and `json`        must be >= 1
    convert_vs_fhir_resources   ... as the same through fhir.resources.R4B                                      must be >= 15
    convert_vs_liquid           ... as the same through python-fhir-converter's Liquid templates                must be >= 4
    read_vs_write               speed of reading the bundle back, as a share of the speed of writing            must be >= 0.5
    stream_rss_mb               the most memory `redbag convert -` took over the whole stream                   must be < 150
    shape_write_us, shape_read_us     a typical resource, written; and read with a rest (id, meta, text); no bound, for they are times

All of them first have to give the same answer. Each candidate runs in turn, round by round, and its best round counts: what else the
machine does then hits all alike.
"""
from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.bundle import Policy, read, transaction
from adapter.records.stream import care_records
from mappings.catalogue import SHAPES
from tests.bench import by_hand, by_liquid, by_models, work

BOUNDS = {"convert_vs_dicts": 1.0, "convert_vs_fhir_resources": 15.0, "convert_vs_liquid": 4.0, "read_vs_write": 0.5}
MOST_MB = 150
POLICY = Policy("create-if-missing")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def convert(line: bytes) -> bytes:
    (part,) = transaction(care_records().loads(line), POLICY)
    return wire.dumps(part.bundle)


def back(bundle: bytes) -> Any:
    return read([wire.loads(bundle)], source=work.SOURCE).care_record(work.SOURCE, "2025-11-02T09:15:00+00:00")


CANDIDATES: dict[str, Callable[[bytes], bytes]] = {
    "dicts": by_hand.convert, "fhir_resources": by_models.convert, "liquid": by_liquid.convert}


# ---- the same answer -------------------------------------------------------------------------------------------------------
def agree(line: bytes) -> None:
    """By hand to the last digit; the others but for what they are known to change."""
    ours = convert(line)
    plain = json.loads(ours)
    assert json.loads(ours, parse_float=str) == json.loads(by_hand.convert(line), parse_float=str), "by hand"
    assert json.loads(ours.replace(b"+00:00", b"Z")) == json.loads(by_models.convert(line)), "through models"
    assert without_ids(plain) == without_ids(json.loads(by_liquid.convert(line))), "through Liquid"
    assert back(ours) == care_records().loads(line), "and back"


def without_ids(bundle: Any) -> Any:
    return json.loads(ID.sub("id", json.dumps(bundle)))


# ---- time ------------------------------------------------------------------------------------------------------------------
def best(tasks: dict[str, tuple[Callable[[Any], Any], list[Any], int]], rounds: int) -> dict[str, float]:
    """µs of one call: each task (function, its arguments, how many of them a round) in turn; the best of its rounds."""
    found = dict.fromkeys(tasks, float("inf"))
    for n in range(rounds):
        for name, (function, values, count) in tasks.items():
            chosen = [values[(n * count + i) % len(values)] for i in range(count)]
            start = time.perf_counter()
            for value in chosen:
                function(value)
            found[name] = min(found[name], (time.perf_counter() - start) / count * 1e6)
    return found


def conversions(quick: bool) -> dict[str, float]:
    lines = [work.line(n) for n in range(200)]
    bundles = [convert(line) for line in lines]
    slow = {"fhir_resources": 2, "liquid": 10}
    tasks = {name: (function, lines, slow.get(name, 100)) for name, function in CANDIDATES.items()}
    return best({"convert": (convert, lines, 100), "read": (back, bundles, 100), **tasks}, 10 if quick else 40)


def shapes(quick: bool) -> dict[str, float]:
    """The fixture medicine."""
    shape, folder = SHAPES["MedicationStatement"], Path(__file__).parents[2] / "fixtures" / "medication_statement"
    ours = wire.loads((folder / "typical.fhir.json").read_bytes())
    record, _ = shape.read(ours)
    theirs = {**ours, "id": "1", "meta": {**ours["meta"], "versionId": "2"}, "text": {"status": "generated", "div": "<div/>"}}
    return best({"shape_write_us": (shape.write, [record], 1000), "shape_read_us": (shape.read, [theirs], 1000)}, 10 if quick else 40)


# ---- memory ----------------------------------------------------------------------------------------------------------------
def stream(count: int) -> float:
    """MB at most, of `redbag convert -` over a stream of `count` residents."""
    command = [sys.executable, "-m", "adapter.cli", "convert", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        assert child.stdin
        for number in range(count):
            child.stdin.write(work.line(number) + b"\n")
        child.stdin.close()
    assert child.returncode == 0, f"redbag convert ended with {child.returncode}"
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


# ---- the table ---------------------------------------------------------------------------------------------------------------
def main(quick: bool) -> int:
    agree(work.line(7))
    lines = 5_000 if quick else 200_000
    times, figures = conversions(quick), shapes(quick)
    figures |= {f"convert_vs_{name}": times[name] / times["convert"] for name in CANDIDATES}
    figures |= {"read_vs_write": times["convert"] / times["read"], "stream_rss_mb": stream(lines), "stream_lines": lines}
    figures |= {f"{name}_us": us for name, us in times.items()}
    Path("build").mkdir(exist_ok=True)
    Path("build/bench.json").write_text(json.dumps({k: round(v, 2) for k, v in figures.items()}, indent=1) + "\n", encoding="utf-8")
    missed = [name for name, least in BOUNDS.items() if figures[name] < least] + ["stream_rss_mb"] * (figures["stream_rss_mb"] >= MOST_MB)
    for name, value in figures.items():
        bound = f">= {BOUNDS[name]:g}" if name in BOUNDS else f"< {MOST_MB}" if name == "stream_rss_mb" else ""
        print(f"{name:28}{value:12,.2f}   {bound:8}{'  MISSED' if name in missed else ''}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main("--quick" in sys.argv[1:]))
