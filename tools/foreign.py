"""Collects published FHIR R4 resources into fixtures/foreign: python3 tools/foreign.py UK_CORE NHS_EXAMPLES.

UK_CORE is a folder with the examples of the UK Core implementation guide: as published, in XML, in examples, and as JSON in
json/examples; NHS_EXAMPLES a folder with one
folder per NHS repository and a MANIFEST.json that says for each file where it is from and under which licence. Both are
collections of published files; neither is needed to build, run or test the project.

Every resource of our types is taken wherever it stands in a file, also inside a bundle or another resource. One line of
TYPE.ndjson is {"from": "folder/file", "resource": {...}}; numbers stay exactly as written; a resource that was seen before
(the same Patient repeated in many messages) is kept once. A mailbox at a public provider, which might be somebody's, moves to
example.org. MANIFEST.json says for each file its source, commit and licence. The XML as published goes whole into uk-core-xml.tar.gz.
"""
from __future__ import annotations

import gzip
import io
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OURS = ("AllergyIntolerance", "Condition", "Encounter", "Immunization", "List", "Location", "MedicationRequest",
        "MedicationStatement", "Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson")
R4_FOLDERS = ("bars", "eps", "ers", "gateway-gpconnect", "immunisation-fhir-api", "immunisation-validator-vectors",
              "mns", "nrl", "pds-fhir")
UK_CORE_SOURCE = {
    "repo": "NHSDigital/FHIR-R4-UKCORE-STAGING-MAIN", "commit": "3d2827e3e9918674640d0c14a0f870084397a615", "date": "2025-06-20",
    "licence": "Apache-2.0", "changed": "converted from FHIR XML to FHIR JSON",
}
KEPT = ("repo", "commit", "date", "path", "licence")
OUR_SOURCE = {"repo": "this project", "licence": "Apache-2.0", "date": "2026-11-21"}
PUBLIC_MAILBOX = re.compile(r"@(hotmail|gmail|yahoo|outlook)\.[a-z.]+")
HERE = Path(__file__).resolve().parent.parent / "fixtures" / "foreign"


class Number(str):
    """A number as the file writes it: 0.50 is neither 0.5 nor a float."""

    __slots__ = ()


def load(path: Path) -> Any:
    """The JSON of a file, numbers as written."""
    return json.loads(PUBLIC_MAILBOX.sub("@example.org", path.read_text(encoding="utf-8-sig")), parse_float=Number, parse_int=Number)


def dump(value: Any) -> str:
    """Compact JSON, numbers as they were read."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{dump(key)}:{dump(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def resources(value: Any) -> Iterator[dict[str, Any]]:
    """Every resource of our types in a JSON value, outer before inner."""
    if isinstance(value, dict) and value.get("resourceType") in OURS:
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from resources(item)


def files(uk_core: Path, nhs: Path) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """(name, path, source) of every file to look into."""
    for path in sorted((uk_core / "json" / "examples").glob("*.json")):
        yield f"uk-core/{path.name}", path, UK_CORE_SOURCE | {"path": f"examples/{path.stem}.xml"}
    for entry in sorted(load(nhs / "MANIFEST.json")["files"], key=lambda entry: str(entry["file"])):
        name = entry["file"]
        if name.split("/")[0] in R4_FOLDERS and name.endswith(".json"):
            yield name, nhs / name, OUR_SOURCE if entry["repo"] == "(made here)" else {key: entry[key] for key in KEPT}


def collect(uk_core: Path, nhs: Path) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """The lines for each type, and the source of every file that gave one."""
    lines: dict[str, list[str]] = {kind: [] for kind in OURS}
    sources, seen = {}, set()
    for name, path, source in files(uk_core, nhs):
        for resource in resources(load(path)):
            text = dump(resource)
            if text not in seen:
                seen.add(text)
                sources[name] = source
                lines[resource["resourceType"]].append(f'{{"from":{dump(name)},"resource":{text}}}\n')
    return lines, sources


def archive(folder: Path) -> bytes:
    """The XML files of a folder as an archive, the same bytes every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(folder.glob("*.xml")):
            content = PUBLIC_MAILBOX.sub("@example.org", path.read_text(encoding="utf-8")).encode()
            member = tarfile.TarInfo(path.name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 9, mtime=0)


def main(uk_core: str, nhs: str) -> None:
    """Writes fixtures/foreign anew."""
    (HERE / "uk-core-xml.tar.gz").write_bytes(archive(Path(uk_core) / "examples"))
    lines, sources = collect(Path(uk_core), Path(nhs))
    for kind, found in lines.items():
        (HERE / f"{kind}.ndjson").write_text("".join(found), encoding="utf-8")
        print(f"{kind:20} {len(found):4}")
    rows = ",\n".join(f"{dump(name)}:{dump(source)}" for name, source in sorted(sources.items()))
    (HERE / "MANIFEST.json").write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
