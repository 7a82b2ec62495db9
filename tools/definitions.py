"""Makes the sets of compiled definitions that the check reads: python3 tools/definitions.py R4_FOLDER

R4_FOLDER is FHIR R4 4.0.1 as JSON files, one definition each, as `make test-real` leaves it in
build/real/validator-home/.fhir/packages/hl7.fhir.r4.core#4.0.1/package. UK Core STU2 is tests/real/uk-core. Writes
adapter/conformance/sets/r4-4.0.1.zip and ukcore-stu2-2.0.2.zip, the same bytes for the same input.
"""
from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapter import wire  # noqa: E402      # a script of the repository: nothing is installed
from adapter.conformance.compiling import compiled  # noqa: E402
from adapter.conformance.model import Json, Profile  # noqa: E402
from adapter.conformance.shelf import SETS, Made  # noqa: E402

UK_CORE = ROOT / "tests" / "real" / "uk-core" / "fhir.r4.ukcore.stu2-2.0.2.tgz"
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")


def digest_of(files: Mapping[str, bytes]) -> str:
    """Of every file that was read: name and content, in the order of their names."""
    return hashlib.sha256(b"".join(name.encode() + b"\0" + hashlib.sha256(files[name]).digest() for name in sorted(files))).hexdigest()


def folder(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for kind in KINDS for each in sorted(path.glob(f"{kind}-*.json"))}


def archive(path: Path) -> dict[str, bytes]:
    """The definitions of a FHIR package: package/NAME.json."""
    with tarfile.open(path) as package:
        found = {member.name.rpartition("/")[2]: package.extractfile(member) for member in package if member.isfile()}
        return {name: file.read() for name, file in found.items() if file and name != "package.json"}


def by_kind(files: Mapping[str, bytes], kind: str) -> list[Json]:
    return [each for each in (wire.loads(files[name]) for name in sorted(files)) if each.get("resourceType") == kind]


def is_type(definition: Json) -> bool:
    return bool(definition.get("derivation") != "constraint" and definition["kind"] != "logical")


def types_of(definitions: Iterable[Json]) -> dict[str, Profile]:
    """In two rounds: what an element need not say again is what the root of its type says."""
    kinds = [each for each in definitions if is_type(each)]
    bare = {each["type"]: compiled(each, {}) for each in kinds}
    return {each["type"]: compiled(each, bare) for each in kinds}


def r4(path: Path) -> tuple[Made, dict[str, Profile]]:
    files = folder(path)
    definitions = by_kind(files, "StructureDefinition")
    types = types_of(definitions)
    made = Made("r4-4.0.1", "4.0.1", digest_of(files), types={name: profile.url for name, profile in sorted(types.items())})
    profiles = [compiled(each, types) for each in definitions if each.get("derivation") == "constraint"]
    made.profiles = {each.url: each for each in (*types.values(), *profiles)}
    return made, types


def uk_core(types: Mapping[str, Profile]) -> Made:
    files = archive(UK_CORE)
    made = Made("ukcore-stu2-2.0.2", "2.0.2", digest_of(files))
    made.profiles = {each.url: each for each in (compiled(raw, types) for raw in by_kind(files, "StructureDefinition"))}
    made.implied = {each.type: each.url for each in made.profiles.values() if each.url.endswith(f"/UKCore-{each.type}")}
    return made


def main(path: str) -> None:
    core, types = r4(Path(path))
    for made in (core, uk_core(types)):
        (SETS / f"{made.id}.zip").write_bytes(made.packed())


if __name__ == "__main__":
    main(sys.argv[1])
