"""Real parts: HAPI's FHIR server and HL7's validator, built with Maven once, started on the loopback, stopped by their pid."""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "real"
UK_CORE = HERE / "uk-core" / "fhir.r4.ukcore.stu2-2.0.2.tgz"
SEQUENCE = HERE / "uk-core" / "ukcore-stu3-sequence.tgz"
# C1 alone, serial collection: these run for a minute or two beside the tests, on few cores
JAVA = ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
PROGRAMS = {"hapi": ["redbag.HapiServer"], "validator": ["redbag.Validator", str(BUILD / "validator-home"), str(UK_CORE)]}
START = 240      # seconds; the validator's very first start also writes the R4 definitions


def missing() -> str:
    """Why the real parts cannot be had here; empty where they can."""
    lacking = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"{' and '.join(lacking)} not found: the real parts need a JDK (17 or newer) and Maven" if lacking else ""


def built(part: str) -> Path:
    """The folder of a part that is nothing but files."""
    with _alone(part):
        _build(part)
    return BUILD / part


def versions() -> dict[str, str]:
    """Of the judges, as their builds name them."""
    poms = {"HL7's engine": HERE / "validator" / "pom.xml", "HAPI": HERE / "hapi" / "pom.xml"}
    found = {name: re.findall(r"<(?:engine|hapi)\.version>([^<]+)", pom.read_text(encoding="utf-8"))[0] for name, pom in poms.items()}
    node: dict[str, str] = json.loads((HERE / "node" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return {**found, "fhirpath.js": node["fhirpath"], "Medplum": node["@medplum/core"]}


@contextmanager
def running(part: str, package: Path | None = None) -> Iterator[str]:
    """Builds the part if its sources changed, starts it, gives its base URL, and stops it whatever happens. `package`: what the validator
    holds resources against, instead of UK Core as published."""
    with _alone(part):
        _build(part)
    other = "" if package is None else f"-{package.stem}"
    # a home of its own: the engine helps itself to any package it finds at home, where something is unknown to the one it was given
    program = PROGRAMS[part] if package is None else [PROGRAMS[part][0], str(BUILD / f"{part}-home{other}"), str(package)]
    log = BUILD / f"{part}{other}{os.environ.get('PYTEST_XDIST_WORKER', '')}.log"      # tests that run side by side have one each
    with log.open("w", encoding="utf-8") as out:
        command = [*JAVA, "-cp", f"{BUILD}/{part}/{part}.jar:{BUILD}/{part}/lib/*", *program]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield _ready(server, log)
    finally:
        server.terminate()
        server.communicate()


def _ready(server: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START
    while time.monotonic() < until and server.poll() is None:
        if found := re.search(r"^READY (\S+)", log.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
            return found[1]
        time.sleep(0.2)
    raise RuntimeError(f"{log.name} says why it did not start (in build/real)")


@contextmanager
def _alone(part: str) -> Iterator[None]:
    """Others who want to build the same part wait, and find it built."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / f"{part}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(part: str) -> None:
    """Maven's package, unless it was made from just these sources (compared by content: a fresh clone has new file times)."""
    sources = sorted(path for path in (HERE / part).rglob("*") if path.is_file())
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = BUILD / part / "made-from"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        shutil.rmtree(BUILD / part, ignore_errors=True)
        command = ["mvn", "--batch-mode", "--quiet", "-Dstyle.color=never", "-DskipTests", "package"]
        subprocess.run(command, cwd=HERE / part, check=True, env={"MAVEN_OPTS": "-Xmx512m"} | os.environ)
        stamp.write_text(wanted, encoding="ascii")
