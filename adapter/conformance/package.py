"""A FHIR package (NAME.tgz, as the registries of FHIR hand them out) -> its definitions, for `--package`.

    read_package(path)           Package: its name, its version, sha256 of the file, its definitions by the name of their file
    set_of(package, known)       the set it makes, over what is known

It comes from anybody: nothing is unpacked onto the disk, sizes and counts are bounded before anything is decoded, and whatever is wrong is
Refused with the name of the file in the archive. Rules: package-unreadable, package-too-large, package-path, package-manifest,
package-definition, and those of adapter/wire.py. Source: HL7 FHIR Package Specification (package/package.json, package/NAME.json).
"""
from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapter import wire
from adapter.conformance.making import KINDS, Elsewhere, made
from adapter.conformance.model import Json
from adapter.conformance.raw import printable
from adapter.conformance.shelf import Made
from adapter.faults import Fault, Refused

MOST_PACKED, MOST_UNPACKED = 64 << 20, 128 << 20      # bytes; FHIR R4 itself: 4 MB, 45 MB
MOST_FILES = 20_000
LARGEST = wire.Limits(size=16 << 20)                  # of one definition
FHIR_R4 = re.compile(r"4\.0(\.[0-9]+)?")
GZIP_OR_TAR = (OSError, EOFError, zlib.error, tarfile.TarError)


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    sha256: str
    files: dict[str, Json] = field(default_factory=dict)


def read_package(path: Path) -> Package:
    """Raises Refused with one fault, OSError where the file itself cannot be read."""
    packed = _packed(path)
    found = dict(_members(packed, path.name))
    manifest = found.pop("package.json", None)
    if manifest is None:
        raise _refused("package-manifest", "no package/package.json: this is no FHIR package", path.name)
    name, version = _name(manifest)
    definitions = {file: each for file, each in found.items() if each.get("resourceType") in KINDS}
    return Package(name, version, hashlib.sha256(packed).hexdigest(), definitions)


def set_of(package: Package, known: Elsewhere) -> Made:
    """What cannot be read of it is left out (`Made.left_out`). Raises Refused where two of its definitions have one URL."""
    return made(Made(f"{package.name}#{package.version}", package.version, package.sha256), package.files, known, brought=True)


def _packed(path: Path) -> bytes:
    if path.stat().st_size > MOST_PACKED:
        raise _refused("package-too-large", f"a package has at most {MOST_PACKED >> 20} MB", path.name)
    return path.read_bytes()


def _name(manifest: Json) -> tuple[str, str]:
    """The name and the version, which reports show."""
    name, version = (text if isinstance(text := manifest.get(key), str) else "" for key in ("name", "version"))
    if not (re.fullmatch(r"[\w.#-]{1,100}", name) and re.fullmatch(r"[\w.+-]{1,50}", version)):
        raise _refused("package-manifest", "has no name, or no version", "package/package.json")
    fhir = manifest.get("fhirVersions", manifest.get("fhir-version-list", ["4.0.1"]))
    if not (isinstance(fhir, list) and any(isinstance(each, str) and FHIR_R4.fullmatch(each) for each in fhir)):
        raise _refused("package-manifest", "the package is not for FHIR R4 (fhirVersions has no 4.0.1)", "package/package.json")
    return name, version


def _members(packed: bytes, archive: str) -> Iterator[tuple[str, Json]]:
    """The JSON files of the folder `package`, by name; examples stand in folders of their own and are not read."""
    try:
        with tarfile.open(fileobj=io.BytesIO(_unpacked(packed, archive))) as entries:
            for count, member in enumerate(entries, 1):
                if count > MOST_FILES:
                    raise _refused("package-too-large", f"a package has at most {MOST_FILES} files", archive)
                if content := _content(entries, member):
                    yield content
    except GZIP_OR_TAR:
        raise _refused("package-unreadable", "is no archive of the form .tgz, or is cut off", archive) from None


def _unpacked(packed: bytes, archive: str) -> bytes:
    """No more of it is unpacked than anybody needs."""
    with gzip.open(io.BytesIO(packed)) as stream:
        data = stream.read(MOST_UNPACKED + 1)
    if len(data) > MOST_UNPACKED:
        raise _refused("package-too-large", f"a package unpacks to at most {MOST_UNPACKED >> 20} MB", archive)
    return data


def _content(entries: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[str, Json] | None:
    parts = member.name.removeprefix("./").split("/")
    if member.name.startswith("/") or ".." in parts or "\\" in member.name or not (member.isfile() or member.isdir()):
        raise _refused("package-path", "an entry leads out of the package, or is no plain file", member.name)
    if len(parts) != 2 or parts[0] != "package" or not parts[1].endswith(".json") or parts[1].startswith(".") or not member.isfile():
        return None
    if member.size > LARGEST.size:
        raise _refused("package-too-large", f"a definition has at most {LARGEST.size >> 20} MB", member.name)
    file = entries.extractfile(member)
    try:
        return parts[1], wire.loads(file.read() if file else b"", LARGEST)
    except Refused as refused:
        raise Refused([fault._replace(file=printable(member.name)) for fault in refused.found]) from None


def _refused(rule: str, says: str, file: str) -> Refused:
    return Refused([Fault(rule, says, file=printable(file))])

