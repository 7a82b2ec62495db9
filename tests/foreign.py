"""Published FHIR R4 resources that others wrote: fixtures/foreign, made by tools/foreign.py."""
from __future__ import annotations

import json
import tarfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOREIGN = Path(__file__).resolve().parent.parent / "fixtures" / "foreign"
TYPES = tuple(sorted(path.stem for path in FOREIGN.glob("*.ndjson")))


@cache
def _lines(kind: str) -> tuple[str, ...]:
    return tuple((FOREIGN / f"{kind}.ndjson").read_text(encoding="utf-8").splitlines())


def resources(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """(where it is from, the resource) for every published resource of a type, decimals as Decimal; fresh objects each time."""
    lines = [json.loads(line, parse_float=Decimal) for line in _lines(kind)]
    return [(line["from"], line["resource"]) for line in lines]


def documents() -> list[tuple[str, bytes]]:
    """(name, content) of every published example of UK Core, as published: in XML."""
    with tarfile.open(FOREIGN / "uk-core-xml.tar.gz") as archive:
        return [(member.name, file.read()) for member in archive if (file := archive.extractfile(member))]
