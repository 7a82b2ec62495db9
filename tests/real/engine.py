"""HL7's validator engine, asked: one warm process on the loopback."""
from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.mutants.verdicts import Verdict


class Engine:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def who(self) -> dict[str, Any]:
        """{"engine": "6.10.4", "definitions": ["fhir.r4.ukcore.stu2#2.0.2"]}."""
        said: dict[str, Any] = self._client.get("/").raise_for_status().json()
        return said

    def judge(self, content: bytes, profiles: Sequence[str] = ()) -> Verdict:
        """`profiles`: canonical URLs to hold it against instead of the UK Core profile of its type."""
        return Verdict.of(self._client.post("/", content=content, params={"profile": list(profiles)}).raise_for_status().json())



@contextmanager
def asking(url: str) -> Iterator[Engine]:
    with httpx.Client(base_url=url, timeout=120) as client:
        yield Engine(client)


def as_package(definitions: Path, into: Path, name: str) -> Path:
    """The engine takes definitions only as a package that says its name: the same files with a package.json."""
    said = {"name": name, "version": "0.0.1", "fhirVersions": ["4.0.1"], "type": "IG", "canonical": "https://fhir.hl7.org.uk",
            "tools-version": 3, "dependencies": {"hl7.fhir.r4.core": "4.0.1"}}
    content = json.dumps(said).encode()
    with tarfile.open(definitions) as given, tarfile.open(into, "w:gz") as made:
        for member in given:
            made.addfile(member, given.extractfile(member))
        description = tarfile.TarInfo("package/package.json")
        description.size = len(content)
        made.addfile(description, io.BytesIO(content))
    return into
