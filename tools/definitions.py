"""Makes the sets of compiled definitions that the check reads: python3 tools/definitions.py [R4_FOLDER]

R4_FOLDER is FHIR R4 4.0.1 as JSON files, one definition each, as `make test-real` leaves it in
build/real/validator-home/.fhir/packages/hl7.fhir.r4.core#4.0.1/package; without it, r4-4.0.1.zip stays as it is. UK Core is in
tests/real/uk-core. Writes adapter/conformance/sets/, the same bytes for the same input:

    r4-4.0.1               FHIR
    ukcore-stu2-2.0.2      published; what meta.profile may claim
    ukcore-stu3-sequence   drafts and retired definitions of the third ballot's build among it, without snapshots: they are made here
"""
from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from adapter import wire  # noqa: E402      # a script of the repository: nothing is installed
from adapter.conformance.definitions import Definitions  # noqa: E402
from adapter.conformance.making import KINDS, made  # noqa: E402
from adapter.conformance.model import Json  # noqa: E402
from adapter.conformance.shelf import SETS, Made, Shelf  # noqa: E402

UK_CORE = ROOT / "tests" / "real" / "uk-core"
STU2 = UK_CORE / "fhir.r4.ukcore.stu2-2.0.2.tgz"
SEQUENCE = UK_CORE / "ukcore-stu3-sequence.tgz"      # NHSDigital/FHIR-R4-UKCORE-STAGING-MAIN, commit 3d2827e3, 2025-06-20

# code systems among FHIR's definitions that others own and that need a licence of theirs, or may not be passed on as a whole
NOT_OURS_TO_SHIP = frozenset({
    "http://dicom.nema.org/resources/ontology/DCM",                         # NEMA
    "urn:iso-astm:E1762-95:2013",                                           # ASTM International
    "urn:oid:1.2.36.1.2001.1001.101.104.16592",                             # Australia's NEHTA
    "http://terminology.hl7.org/CodeSystem/ex-diagnosis-on-admission",      # UB04, American Hospital Association
    "http://terminology.hl7.org/CodeSystem/ex-revenue-center",              # as well
})


def digest_of(files: Mapping[str, bytes]) -> str:
    """Of every file that was read: name and content, in the order of their names."""
    return hashlib.sha256(b"".join(name.encode() + b"\0" + hashlib.sha256(files[name]).digest() for name in sorted(files))).hexdigest()


def folder(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for kind in KINDS for each in path.glob(f"{kind}-*.json")}


def archive(path: Path) -> dict[str, bytes]:
    """The definitions of a FHIR package: package/NAME.json."""
    with tarfile.open(path) as package:
        found = {member.name.rpartition("/")[2]: package.extractfile(member) for member in package if member.isfile()}
        return {name: file.read() for name, file in found.items() if file and name != "package.json"}


def a_set(name: str, version: str, files: Mapping[str, bytes], known: Definitions) -> Made:
    definitions: dict[str, Json] = {each: wire.loads(content) for each, content in files.items()}
    kept = {each: definition for each, definition in definitions.items() if definition.get("url") not in NOT_OURS_TO_SHIP}
    return made(Made(name, version, digest_of(files)), kept, known)


def r4(path: Path) -> Made:
    return a_set("r4-4.0.1", "4.0.1", folder(path), Definitions([]))


def uk_core(name: str, version: str, package: Path, core: Definitions) -> Made:
    """Of each type the profile that everybody's resources of this type are held against is named after it."""
    found = a_set(name, version, archive(package), core)
    found.implied = {each.type: each.url for each in found.profiles.values() if each.url.endswith(f"/UKCore-{each.type}")}
    return found


def all_of_uk_core(core: Definitions) -> list[Made]:
    return [
        uk_core("ukcore-stu2-2.0.2", "2.0.2", STU2, core),
        uk_core("ukcore-stu3-sequence", "2025-06-20", SEQUENCE, core),
    ]


def write(each: Made) -> None:
    (SETS / f"{each.id}.zip").write_bytes(each.packed())


def main(*folders: str) -> None:
    for each in folders:
        write(r4(Path(each)))
    for found in all_of_uk_core(Definitions([Shelf("r4-4.0.1")])):
        write(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
