"""FHIR packages made for a test, and the generator of the sets."""
from __future__ import annotations

import gzip
import importlib.util
import io
import json
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

Json = Any
ROOT = Path(__file__).resolve().parent.parent
UK_CORE = ROOT / "tests" / "real" / "uk-core"
MANIFEST = {"name": "example.trust", "version": "1.2.0", "fhirVersions": ["4.0.1"]}
TRUST = "https://trust.example.org/fhir/"
HL7 = "http://hl7.org/fhir/StructureDefinition/"


def generator() -> ModuleType:
    """tools/definitions.py, which is a script."""
    spec = importlib.util.spec_from_file_location("definitions_tool", ROOT / "tools" / "definitions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def archive(files: dict[str, bytes]) -> bytes:
    """A .tgz with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue())


def package(folder: Path, *definitions: Json, manifest: Json = MANIFEST) -> Path:
    """A package with these definitions, each in a file of its number."""
    named = {f"package/{number}.json": json.dumps(each).encode() for number, each in enumerate(definitions)}
    path = folder / "trust.tgz"
    path.write_bytes(archive({"package/package.json": json.dumps(manifest).encode(), **named}))
    return path


def profile(name: str, kind: str, *elements: Json, base: str = "", **more: Json) -> Json:
    """A profile of a resource or data type without a snapshot. `base`: of another than FHIR's own type."""
    return {
        "resourceType": "StructureDefinition", "url": f"{TRUST}StructureDefinition/{name}", "name": name, "type": kind, "status": "active",
        "kind": "complex-type" if kind == "Extension" else "resource", "abstract": False, "derivation": "constraint",
        "baseDefinition": base or f"http://hl7.org/fhir/StructureDefinition/{kind}", "differential": {"element": list(elements)}, **more,
    }


def element(id_: str, **more: Json) -> Json:
    """An element of a differential; its path is its id without slices."""
    return {"id": id_, "path": ".".join(step.partition(":")[0] for step in id_.split(".")), **more}
