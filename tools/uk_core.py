"""Packs UK Core's definitions as a FHIR package: python3 tools/uk_core.py FOLDER TARGET.tgz

    FOLDER the unpacked package fhir.r4.ukcore.stu2 2.0.2      TARGET tests/real/uk-core/fhir.r4.ukcore.stu2-2.0.2.tgz
    FOLDER NHSDigital/FHIR-R4-UKCORE-STAGING-MAIN as JSON      TARGET tests/real/uk-core/ukcore-stu3-sequence.tgz

The same bytes every time. Everything in it is as published, but for the expansions of value sets that list SNOMED CT codes: they are
SNOMED International's, not UK Core's to license, and stay out. Examples stay out too.
"""
from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")


def without_snomed_expansion(content: bytes) -> bytes:
    """A definition as published, unless it is a value set whose expansion lists SNOMED CT codes."""
    definition = json.loads(content)
    if "http://snomed.info/sct" not in json.dumps(definition.get("expansion")):
        return content
    del definition["expansion"]
    return json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode()


def belongs(path: Path, content: bytes) -> bool:
    """A definition, or the manifest of the package."""
    return path.name == "package.json" or json.loads(content).get("resourceType") in KINDS


def main(folder: str, target: str) -> None:
    """One compressed archive in the layout of a FHIR package: package/NAME.json."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(Path(folder).rglob("*.json"), key=lambda path: path.name):
            if belongs(path, found := path.read_bytes()):
                content = without_snomed_expansion(found)
                member = tarfile.TarInfo(f"package/{path.name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    Path(target).write_bytes(gzip.compress(buffer.getvalue(), 9, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
