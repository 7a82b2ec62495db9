"""FHIR R4's set against HL7's definitions, which the validator's start leaves in build/real: made again, and its snapshots by ours."""
from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from adapter import wire
from adapter.conformance.compiling import Known, parts, slimmed
from adapter.conformance.definitions import Definitions
from adapter.conformance.making import Asked
from adapter.conformance.model import Element
from adapter.conformance.shelf import SETS
from adapter.conformance.snapshot import snapshot
from tests.packages import generator
from tests.real.parts import BUILD

Json = Any
R4 = BUILD / "validator-home" / ".fhir" / "packages" / "hl7.fhir.r4.core#4.0.1" / "package"
DIFFER = {
    "clinicaldocument": "published: versionNumber any number of times, though its extension's definition says once",
    "provenance-relevant-history": "published: the binding of agent.type is lost in its slice, and entity.agent refers to the slice",
}


@pytest.fixture(scope="module")
def r4(errors: Any) -> Path:
    """HL7's definitions, one file each; the validator has written them when it answers."""
    assert errors
    return R4


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_the_set_is_what_the_generator_makes_of_hl7s_definitions(r4: Path) -> None:
    assert members(generator().r4(r4).packed()) == members((SETS / "r4-4.0.1.zip").read_bytes())


def essence(root: Element) -> Element:
    """Without what no check asks for and publishers of 2019 did otherwise: where an invariant comes from, mustSupport of a slice; and ids,
    since a choice narrowed to one type is written in two ways."""
    return replace(
        root, id="", must_support=False, constraints=tuple(replace(each, source="") for each in root.constraints),
        children=tuple(map(essence, root.children)), slices=tuple(map(essence, root.slices)),
    )


def test_our_snapshots_of_hl7s_profiles_say_what_theirs_say(r4: Path) -> None:
    definitions = Definitions.of(("r4-4.0.1",))
    known = Known(Asked(definitions.type), Asked(definitions.profile))
    differ, count = set(), 0
    for path in sorted(r4.glob("StructureDefinition-*.json")):
        definition = wire.loads(path.read_bytes())
        base = definitions.profile(definition.get("baseDefinition", ""))
        theirs = definitions.profile(definition["url"])
        if definition.get("derivation") != "constraint" or base is None or theirs is None:
            continue
        count += 1
        ours = slimmed(snapshot(definition, base, known), known)
        if essence(ours.root) != essence(theirs.root):
            differ.add(definition["id"])
    assert count == 439
    assert differ == set(DIFFER)


def test_what_hl7_says_of_a_type_is_in_the_set(r4: Path) -> None:
    """Element for element: name, how often, which types, by ids, read here without the compiler."""
    definitions = Definitions.of(("r4-4.0.1",))
    for path in sorted(r4.glob("StructureDefinition-*.json")):
        definition = wire.loads(path.read_bytes())
        if definition["kind"] == "resource" and definition.get("derivation") != "constraint":
            profile = definitions.type(definition["type"])
            assert profile is not None
            ours = {each.id: (each.least, each.most, len(each.types)) for each in parts(profile.root)}
            assert ours == {each["id"]: said(each) for each in definition["snapshot"]["element"]}, definition["type"]


def said(element: Json) -> tuple[int, int | None, int]:
    return element["min"], None if element["max"] == "*" else int(element["max"]), len(element.get("type", ()))
