"""Judges on node: fhirpath.js for single invariants, Medplum's validator for whole resources. Installed with npm once, into build/real.

    with judging([folder of StructureDefinition-*.json]) as judges:
        judges.fhirpath(patient, "Patient.contact[0]", ["name.exists()"])       ->  [True]
        judges.medplum(patient)                                                 ->  [{"severity": "error", "expression": […], …}]
"""
from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapter.wire import dumps
from tests.real.parts import BUILD, HERE

Json = Any
SOURCES = HERE / "node"
HOME = BUILD / "node"
R4 = BUILD / "validator-home" / ".fhir" / "packages" / "hl7.fhir.r4.core#4.0.1" / "package"     # the validator writes it when it starts


def missing() -> str:
    """Why they cannot be had here; empty where they can."""
    lacking = [program for program in ("node", "npm") if shutil.which(program) is None]
    return f"{' and '.join(lacking)} not found: fhirpath.js and Medplum's validator need Node.js (18 or newer)" if lacking else ""


class Judges:
    """One node process. What it answers belongs to tests: an error of fhirpath.js is its own text."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def fhirpath(self, resource: Json, path: str, expressions: Sequence[str], root: Json = None) -> list[bool | str]:
        """Whether each expression holds at `path` of the resource (`Patient.contact[0]`, a choice by its stem); the text of an error.

        `root`: %rootResource, where `resource` is contained in it.
        """
        asked = {"resource": resource, "root": root, "path": path, "expressions": list(expressions)}
        answers: list[bool | str] = self._ask({"fhirpath": asked})["answers"]
        return answers

    def medplum(self, resource: Json, profile: str | None = None) -> list[Json]:
        """Its issues: severity, expression, details. `profile`: a URL among the definitions, held against besides the resource's type."""
        issues: list[Json] = self._ask({"medplum": {"resource": resource, "profile": profile}})["issues"]
        return issues

    def versions(self) -> dict[str, str]:
        said: dict[str, str] = self._ask({"versions": True})
        return said

    def _ask(self, question: Json) -> Json:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(dumps(question) + b"\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise RuntimeError("node has ended; what it said stands in build/real/node.log")
        return json.loads(answer)


@contextmanager
def judging(definitions: Sequence[Path] = ()) -> Iterator[Judges]:
    """Installs them if what we ask for changed, starts them, and stops them whatever happens. `definitions`: folders, for Medplum."""
    _install()
    with (BUILD / "node.log").open("wb") as log:
        process = subprocess.Popen(
            ["node", "judges.mjs", *(str(folder.resolve()) for folder in definitions)], cwd=HOME, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log)
    try:
        yield Judges(process)
    finally:
        process.terminate()
        process.communicate()


def _install() -> None:
    """npm ci, unless it was done for just these sources; what is locked is locked by hash, and no script of a package runs."""
    sources = sorted(path for path in SOURCES.iterdir() if path.is_file())
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = HOME / "made-from"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        shutil.rmtree(HOME, ignore_errors=True)
        shutil.copytree(SOURCES, HOME)
        subprocess.run(["npm", "ci", "--silent"], cwd=HOME, check=True)
        stamp.write_text(wanted, encoding="ascii")
