"""Speed, as ratios measured in one run: `make bench`, or `python -m tests.bench [--quick]`. Prints a table, writes build/bench.json.

    convert_vs_dicts            how many times as fast as the same written by hand with dicts and `json`        must be >= 1
    convert_vs_fhir_resources   ... as the same through fhir.resources.R4B                                      must be >= 15
    convert_vs_liquid           ... as the same through python-fhir-converter's Liquid templates                must be >= 4
    checked_bundles_per_s       from a line of NDJSON to bytes, the finished bundle checked in between               must be >= 1,500
    check_us_per_bundle         the check alone, of the gate; _explaining_us: of the explaining check; _official_schema_us: jsonschema-rs
                                on HL7's JSON Schema for R4, which knows neither UK Core nor invariants nor codes    no bound
    checked_vs_fhir_resources   how many times as fast the check is as fhir.resources.R4B's validation of the same   must be >= 10
    checked_vs_official_warm    ... as HL7's own validator, warm, where there is one (--quick: if it is built)       must be >= 100
    check_start_ms              until the first bundle of a process is checked: definitions read, schemas made       no bound
    check_cli_s                 `redbag check` of one small file, on the clock                                       must be < 0.5
    read_vs_write               speed of reading the bundle back, as a share of the speed of writing            must be >= 0.5
    stream_rss_mb               the most memory `redbag convert -` took over the whole stream                   must be < 150
    csv_vs_native, json_vs_native, xml_vs_native      speed from a vendor's export to bundles, as a share of the speed from native lines of
                                the same residents; with the ledger of every value                              no bound
    csv_200k_rss_mb             the most memory of any process over a CSV export to bundles on disk, be its files sorted by resident or
                                not, be a lookup shared or have it a row for each resident                       must be < 200
    jobs2_speedup               how many times as fast `--jobs 2` is, on two cores                              must be >= 1.5
    jobs2_rss_mb                the most memory of any of its processes, the bundles going to standard output   must be < 150
    england_minutes             400,000 residents of `redbag synth`, from native lines to bundles on disk on two cores, with all checks;
                                on the clock                                                                    must be < 5
    deliver_one_per_lane_per_s, deliver_ten_per_lane_per_s      durable deliveries a second, each lane with one of them, or with ten, to a
                                server that takes 5 ms over each                                                must be >= 250, >= 300
    deliver_vs_bare_loop        ... as a share of what the same HTTP client does in a bare loop, nothing kept   no bound
    accept_per_s                accepted a second, in batches                                                   must be >= 1,500
    urgent_p99_ms               from accepted to arrived, the worker being another process; _busy: while it has other work; _in_process:
                                the accepting process works too                                                 must be < 300, -, < 50
    waiting_rss_mb              a worker's memory with very many waiting                                        must be < 250
    deliver_many_waiting_vs_few its speed with very many waiting, as a share of that with few                   no bound
    deliver_vs_bare_hapi        the same share in front of a real HAPI server, where there is one (not with --quick)     no bound
    shape_write_us, shape_read_us     a typical resource, written; and read with a rest (id, meta, text); no bound, for they are times

All of them first have to give the same answer. Each candidate runs in turn, round by round, and its best round counts: what else the
machine does then hits all alike.
"""
from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.bundle import Policy, read, transaction
from adapter.records.stream import care_records
from mappings.catalogue import SHAPES
from tests.bench import by_hand, by_liquid, by_models, checked, deliveries, scale, vendors, work

LEAST = {"checked_bundles_per_s": 1500, "checked_vs_fhir_resources": 10, "checked_vs_official_warm": 100,
         "convert_vs_dicts": 1.0, "convert_vs_fhir_resources": 15.0, "convert_vs_liquid": 4.0, "read_vs_write": 0.5, "jobs2_speedup": 1.5,
         "deliver_one_per_lane_per_s": 250, "deliver_ten_per_lane_per_s": 300, "accept_per_s": 1500}
MOST = {"check_cli_s": 0.5, "stream_rss_mb": 150, "csv_200k_rss_mb": 200, "jobs2_rss_mb": 150, "england_minutes": 5, "urgent_p99_ms": 300,
        "urgent_in_process_p99_ms": 50, "waiting_rss_mb": 250}
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


# ---- the table ---------------------------------------------------------------------------------------------------------------
def measured(quick: bool) -> dict[str, float]:
    lines, times = 5_000 if quick else 200_000, conversions(quick)
    figures = shapes(quick) | {f"convert_vs_{name}": times[name] / times["convert"] for name in CANDIDATES}
    figures |= {"read_vs_write": times["convert"] / times["read"], **{f"{name}_us": us for name, us in times.items()}}
    figures |= checked.figures(best, quick)
    figures |= {"stream_rss_mb": scale.convert("-", said=map(work.line, range(lines))).megabytes, "stream_lines": lines}
    figures |= vendors.ratios(best, 20 if quick else 60, 3 if quick else 8)
    figures |= scale.csv_memory(lines)
    figures |= scale.two_jobs(6_000 if quick else 40_000, 2)
    figures |= deliveries.figures(quick)
    residents = 20_000 if quick else scale.ENGLAND
    return figures | {"england_minutes": scale.england(residents), "england_residents": residents}


def is_missed(name: str, value: float) -> bool:
    return value < LEAST.get(name, value) or value >= MOST.get(name, float("inf"))


def main(quick: bool) -> int:
    agree(work.line(7))
    Path("build").mkdir(exist_ok=True)
    figures = measured(quick)
    Path("build/bench.json").write_text(json.dumps({k: round(v, 2) for k, v in figures.items()}, indent=1) + "\n", encoding="utf-8")
    for name, value in figures.items():
        bound = f">= {LEAST[name]:g}" if name in LEAST else f"< {MOST[name]:g}" if name in MOST else ""
        print(f"{name:28}{value:12,.2f}   {bound:8}{'  MISSED' if is_missed(name, value) else ''}")
    if quick:
        print("Quick: memory of 5,000 residents instead of 200,000; england_minutes reckoned from 20,000 of 400,000; 10,000 waiting "
              "instead of 100,000; no HAPI.")
    return 1 if any(is_missed(name, value) for name, value in figures.items()) else 0


if __name__ == "__main__":
    sys.exit(main("--quick" in sys.argv[1:]))
