"""The resources that HL7 tests its own software with (some 2,900 in JSON and XML: right, odd and broken), and what its engine says of each.

They are not shipped: Maven fetches them once (tests/real/cases). What the engine says is kept in hl7_cases.jsonl.xz, by content: the ids of
its errors. The first line says who said so. hl7_cases.toml signs where we do not agree.
"""
from __future__ import annotations

import codecs
import json
import lzma
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapter import wire
from adapter.conformance import checker
from adapter.faults import Refused
from adapter.fhir_xml import disorder
from tests.jury.agreement import faults
from tests.real import parts

KEPT = Path(__file__).with_suffix(".jsonl.xz")
SIGNED = Path(__file__).with_suffix(".toml")
FOLDERS = tuple(f"org/hl7/fhir/testcases/{folder}/" for folder in ("validator", "r4", "r4b"))
LARGEST = 300_000      # bytes; beyond are terminologies and guides as a whole
Json = Any


def cases() -> dict[str, bytes]:
    """By the path within the archive, what is judged. What is no JSON, or no resource, is left out: others look at that
    (tests/test_fuzz_check.py)."""
    (jar,) = parts.built("cases").glob("fhir-test-cases-*.jar")
    with zipfile.ZipFile(jar) as archive:
        return dict(sorted(_read(archive)))


def _read(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for entry in archive.infolist():
        if not (entry.filename.startswith(FOLDERS) and entry.filename.endswith((".json", ".xml")) and entry.file_size <= LARGEST):
            continue
        if content := _content(archive.read(entry).removeprefix(codecs.BOM_UTF8)):
            yield entry.filename.removeprefix("org/hl7/fhir/testcases/"), content


def _content(body: bytes) -> bytes:
    """JSON as we write it, XML as it is."""
    if is_xml(body):
        return body
    try:
        resource = wire.loads(body)
    except Refused:
        return b""
    return wire.dumps(resource) if isinstance(resource.get("resourceType"), str) else b""


def is_xml(content: bytes) -> bool:
    return content.lstrip()[:1] == b"<"


def we_refuse(content: bytes) -> bool:
    """With an error that FHIR or UK Core asks for."""
    try:
        resource = wire.XML.loads(content) if is_xml(content) else wire.loads(content)
    except Refused:
        return True
    return bool(faults(checker().findings(resource))) or is_xml(content) and disorder(content) is not None


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@cache
def kept() -> dict[str, frozenset[str]]:
    """By digest, the ids of the engine's errors; "" is one without an id."""
    return {line["sha256"]: frozenset(line["errors"]) for line in _lines()[1:]}


def judge() -> dict[str, Json]:
    """Who said so."""
    who: dict[str, Json] = _lines()[0]
    return who


def keep(who: Mapping[str, Json], said: Mapping[str, frozenset[str]]) -> None:
    lines = [dict(who), *({"sha256": key, "errors": sorted(said[key])} for key in sorted(said))]
    KEPT.write_bytes(lzma.compress("".join(json.dumps(line) + "\n" for line in lines).encode(), preset=9))
    kept.cache_clear()
    _lines.cache_clear()


@cache
def _lines() -> list[Json]:
    return [json.loads(line) for line in lzma.decompress(KEPT.read_bytes()).decode().splitlines()] if KEPT.exists() else [{}]


@cache
def signed() -> dict[str, list[dict[str, Any]]]:
    """theirs: errors (ids) that we do not look for, or cases by name; ours: cases by name. Each with reason, signed, date."""
    return tomllib.loads(SIGNED.read_text(encoding="utf-8"))


def why(name: str, errors: frozenset[str]) -> str:
    """Why we do not agree about a case of which the engine has these errors; empty where that is not signed."""
    if not errors:
        return next((entry["reason"] for entry in signed()["ours"] if name in entry["cases"]), "")
    reasons = {error: entry["reason"] for entry in signed()["theirs"] for error in entry.get("errors", ())}
    named = {case: entry["reason"] for entry in signed()["theirs"] for case in entry.get("cases", ())}
    said = dict.fromkeys(reasons[error] for error in sorted(errors) if error in reasons)
    return named.get(name) or " ".join(said) * (errors <= reasons.keys())
