"""How long it takes to prove a bundle right, and others to do as much: on the same bundles, in the same run.

Ours is what `convert` does with a line of NDJSON, with the check of the finished bundle in it. The others are asked only whether what we
made is right: fhir.resources (it knows FHIR's types, not UK Core), HL7's JSON Schema run by jsonschema-rs (the same, and fewer rules),
HL7's own validator with UK Core, warm, over HTTP on the loopback (it knows what we know).
"""
from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs

from adapter import wire
from adapter.bundle import Policy, transaction
from adapter.conformance import checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.gate import Gate
from adapter.conformance.shelf import Shelf
from adapter.records.stream import care_records
from tests.bench import work
from tests.bench.by_models import MODELS
from tests.jury import jurors
from tests.real import parts
from tests.real.engine import asking

Json = Any
Best = Callable[[dict[str, tuple[Callable[[Any], Any], list[Any], int]], int], dict[str, float]]
POLICY = Policy("create-if-missing")
SETS = ("r4-4.0.1", "ukcore-stu2-2.0.2")
PATIENT = Path(__file__).parents[2] / "fixtures" / "patient" / "typical.fhir.json"


def figures(best: Best, quick: bool) -> dict[str, float]:
    gate, lines = Gate(Definitions.of()), [work.line(n) for n in range(200)]
    bundles = [made(line) for line in lines]

    def checked(line: bytes) -> bytes:
        bundle = made(line)
        if not gate.passes(bundle):
            raise AssertionError("the gate has something against what we made")
        return wire.dumps(bundle)

    schema = jsonschema_rs.validator_for(jurors.schema())
    assert schema.is_valid(bundles[0])
    assert checker().check(bundles[0]).clean
    times = best({
        "checked": (checked, lines, 100), "check": (gate.passes, bundles, 100), "schema": (schema.is_valid, bundles, 100),
        "fhir_resources": (by_models, bundles, 2), "explaining": (checker().check, bundles, 2)}, 10 if quick else 40)
    found = {
        "checked_bundles_per_s": 1e6 / times["checked"], "check_us_per_bundle": times["check"],
        "check_explaining_us": times["explaining"], "check_official_schema_us": times["schema"],
        "checked_vs_fhir_resources": times["fhir_resources"] / times["check"],
        "check_start_ms": start(bundles[0]), "check_cli_s": cli()}
    if parts.missing() or quick and not (parts.BUILD / "validator").exists():      # a short run does not stop to build it
        return found
    return found | {"checked_vs_official_warm": official(bundles[:40] if quick else bundles) / times["check"]}


def made(line: bytes) -> Json:
    (part,) = transaction(care_records().loads(line), POLICY)
    return part.bundle


def by_models(bundle: Json) -> None:
    for entry in bundle["entry"]:
        MODELS[entry["resource"]["resourceType"]](**entry["resource"])


def start(bundle: Json) -> float:
    """ms until the first bundle of a process is proven: definitions read, schemas made."""
    begin = time.perf_counter()
    assert Gate(Definitions([Shelf(name) for name in SETS])).passes(bundle)
    return (time.perf_counter() - begin) * 1e3


def cli() -> float:
    """Seconds, on the clock, that `redbag check` takes over one small file; the best of five."""
    def once() -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "adapter.cli", "check", str(PATIENT)], check=True, capture_output=True)
        return time.perf_counter() - begin

    return min(once() for _ in range(5))


def official(bundles: list[Json]) -> float:
    """µs of HL7's validator for one bundle, once it has been asked half of them."""
    warm, asked = bundles[:len(bundles) // 2], bundles[len(bundles) // 2:]
    with parts.running("validator") as url, asking(url) as engine:
        for bundle in warm:
            engine.judge(wire.dumps(bundle))
        begin = time.perf_counter()
        for bundle in asked:
            engine.judge(wire.dumps(bundle))
        return (time.perf_counter() - begin) / len(asked) * 1e6
