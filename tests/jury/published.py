"""The published examples of UK Core, each with the profile that its file name states: the examples themselves claim none.

UK Core STU2 2.0.2 where that has the profile, else the STU3 sequence, whose drafts the rest illustrate.
"""
from __future__ import annotations

import tarfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from adapter import wire
from tests import foreign

PACKAGES = Path(__file__).resolve().parents[1] / "real" / "uk-core"
STU2, SEQUENCE = "ukcore-stu2-2.0.2", "ukcore-stu3-sequence"
FILES = {STU2: "fhir.r4.ukcore.stu2-2.0.2.tgz", SEQUENCE: "ukcore-stu3-sequence.tgz"}
CANONICAL = "https://fhir.hl7.org.uk/StructureDefinition/"
Json = Any


class Published(NamedTuple):
    """`set`: the definitions it is held against; `profiles`: by name, or none: then by its type, as everything is."""

    name: str
    resource: Json
    set: str
    profiles: tuple[str, ...]


@cache
def published() -> tuple[Published, ...]:
    return tuple(_stated(name.removesuffix(".xml"), wire.loads_xml(document)) for name, document in foreign.documents())


def _stated(name: str, resource: Json) -> Published:
    """An example of an extension states no profile of the resource that carries it; but of which set it is."""
    for known in FILES:
        fitting = [each for each in _defined(known) if name.startswith(f"{each}-")]
        if fitting:
            profile = max(fitting, key=len)
            return Published(name, resource, known, () if profile.startswith("Extension-") else (CANONICAL + profile,))
    return Published(name, resource, STU2, ())


@cache
def _defined(known: str) -> frozenset[str]:
    with tarfile.open(PACKAGES / FILES[known]) as archive:
        names = (member.name.rpartition("/")[2].removesuffix(".json") for member in archive)
        return frozenset(name for name in names if name.startswith(("UKCore-", "Extension-UKCore-")))
