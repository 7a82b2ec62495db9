"""What HL7's engine says of a resource, kept by the content of the resource: the engine need not run for our checker to be compared.

verdicts.jsonl.xz: the first line says who judged (engine and definitions by version), each further line is one verdict. It is written by
tests/real/test_judges.py with REDBAG_JUDGE_AGAIN=1 and compared there, a part of it, with the engine that runs.
"""
from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from adapter import wire

FILE = Path(__file__).resolve().parent / "verdicts.jsonl.xz"
Json = Any


class Issue(NamedTuple):
    """`location` as the engine writes it, `message_id` its name of the rule, `message` in its words."""

    location: str
    message_id: str
    message: str


class Verdict(NamedTuple):
    errors: tuple[Issue, ...]
    warnings: tuple[Issue, ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> Verdict:
        """From the rows that the server of tests/real/validator answers with."""
        issues = sorted({(row["severity"], Issue(row.get("location", ""), row.get("messageId", ""), row["message"])) for row in rows})
        return cls(tuple(issue for level, issue in issues if level in ("error", "fatal")),
                   tuple(issue for level, issue in issues if level == "warning"))


def content(resource: Json) -> bytes:
    """The bytes that are judged."""
    return wire.dumps(resource)


def digest(resource: Json, profiles: Sequence[str] = ()) -> str:
    """What a verdict is kept by. `profiles`: held against these instead of the UK Core profile of its type."""
    return sha256("\0".join([content(resource).decode(), *profiles]).encode()).hexdigest()


@cache
def kept() -> dict[str, Verdict]:
    """By digest."""
    return {line["sha256"]: Verdict(_issues(line["errors"]), _issues(line["warnings"])) for line in _lines()[1:]}


@cache
def judge() -> dict[str, Json]:
    """Who gave them: {"engine": "6.10.4", "definitions": [...]}."""
    who: dict[str, Json] = _lines()[0] if FILE.exists() else {}
    return who


def verdict(resource: Json, profiles: Sequence[str] = ()) -> Verdict | None:
    """None for what was not judged yet: make test-real with REDBAG_JUDGE_AGAIN=1."""
    return kept().get(digest(resource, profiles))


def keep(who: Mapping[str, Json], verdicts: Mapping[str, Verdict]) -> None:
    """Writes the file anew: the same verdicts give the same bytes."""
    lines = [dict(who), *({"sha256": key, "errors": each.errors, "warnings": each.warnings} for key, each in sorted(verdicts.items()))]
    FILE.write_bytes(lzma.compress("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode(), preset=9))
    for read in (kept, judge, _lines):
        read.cache_clear()


@cache
def _lines() -> list[Json]:
    if not FILE.exists():
        return []
    return [json.loads(line) for line in lzma.decompress(FILE.read_bytes()).decode().splitlines()]


def _issues(rows: Iterable[Sequence[str]]) -> tuple[Issue, ...]:
    return tuple(Issue(*row) for row in rows)
