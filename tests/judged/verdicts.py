"""What HL7's engine says of each case, kept beside them: verdicts.json says who judged, which definitions, and of each case, by name, the
hash of what was judged and the errors. Written by tests/real/test_judged_profiles.py with REDBAG_JUDGE_AGAIN=new or 1."""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.judged.cases import Case
from tests.judged.profiles import content_hash
from tests.mutants.verdicts import Issue, digest

FILE = Path(__file__).resolve().parent / "verdicts.json"
CANNOT = "SLICING_CANNOT_BE_EVALUATED"      # the engine's word for what nobody can tell apart
Errors = tuple[Issue, ...]
Json = Any


def kept() -> dict[str, Errors]:
    """By the hash of what was judged; nothing where the definitions are others now."""
    said = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    if said.get("definitions") != content_hash():
        return {}
    return {each["sha256"]: tuple(Issue(*issue) for issue in each["errors"]) for each in said["verdicts"].values()}


def judge() -> str:
    """The version of the engine that gave them."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["engine"])


def keep(engine: str, verdicts: Mapping[str, tuple[Case, Errors]]) -> None:
    """The same verdicts give the same bytes."""
    said: Json = {name: {"sha256": asked(case), "errors": errors} for name, (case, errors) in sorted(verdicts.items())}
    text = json.dumps({"engine": engine, "definitions": content_hash(), "verdicts": said}, indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8")


def asked(case: Case) -> str:
    return digest(case.resource, case.profiles)
