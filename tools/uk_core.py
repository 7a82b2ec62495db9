"""Packs UK Core's definitions for the validator: python3 tools/uk_core.py FOLDER, the unpacked package fhir.r4.ukcore.stu2 2.0.2.

Writes tests/real/uk-core/fhir.r4.ukcore.stu2-2.0.2.tgz, the same bytes every time. Everything in it is as published, but for the
expansions of value sets that list SNOMED CT codes: they are SNOMED International's, not UK Core's to license, and stay out.
"""
from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "tests" / "real" / "uk-core" / "fhir.r4.ukcore.stu2-2.0.2.tgz"


def without_snomed_expansion(content: bytes) -> bytes:
    """A definition as published, unless it is a value set whose expansion lists SNOMED CT codes."""
    definition = json.loads(content)
    if "http://snomed.info/sct" not in json.dumps(definition.get("expansion")):
        return content
    del definition["expansion"]
    return json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode()


def main(folder: str) -> None:
    """One compressed archive in the layout of a FHIR package: package/NAME.json."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(Path(folder).rglob("*.json"), key=lambda path: path.name):
            content = without_snomed_expansion(path.read_bytes())
            member = tarfile.TarInfo(f"package/{path.name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress(buffer.getvalue(), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
