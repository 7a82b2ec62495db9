"""Makes the tables that FHIR XML needs, adapter/fhir_xml/r4.txt: python3 tools/fhir_tables.py JAR.

JAR is ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4:8.12.1 from Maven Central, which `make test-real` leaves in
build/real/validator/lib. It holds HL7's definitions of FHIR R4 4.0.1 (CC0): profiles-types.xml and profiles-resources.xml, with
snapshots. Of them the tables keep the names, the types, what may repeat, and the order; nothing of their texts.

    Patient DomainResource identifier:Identifier* active:boolean … deceased[x]:boolean|dateTime … contact:Patient.contact*

One type a line: its name, the type it extends, its own elements in their order. `*` may repeat, `@` is an attribute in XML, `[x]` is a
choice, `any` stands for the types of the line `any`. A primitive type has the word `primitive` and the type it narrows.
"""
from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

TARGET = Path(__file__).resolve().parent.parent / "adapter" / "fhir_xml" / "r4.txt"
ARTIFACT = "ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4:8.12.1"
SOURCES = ("profiles-types.xml", "profiles-resources.xml")
FOLDER = "org/hl7/fhir/r4/model/profile/"
FHIR = {"f": "http://hl7.org/fhir"}
TYPE_OF_TEXT = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"


def one(node: etree._Element, path: str) -> str:
    """The value at a path, or nothing."""
    found = node.xpath(f"string({path}/@value)", namespaces=FHIR)
    return str(found)


def every(node: etree._Element, path: str) -> list[etree._Element]:
    found = node.xpath(path, namespaces=FHIR)
    return list(found)


def types(element: etree._Element) -> list[str]:
    """The types of an element by name; of a choice more than one. An element with elements of its own is a type by its path."""
    if reference := one(element, "f:contentReference"):
        return [reference.removeprefix("#")]
    names = [one(kind, f"f:extension[@url='{TYPE_OF_TEXT}']/f:valueUrl") or one(kind, "f:code") for kind in every(element, "f:type")]
    return [one(element, "f:path") if name in ("BackboneElement", "Element") else name for name in names]


def described(element: etree._Element, any_of: list[str]) -> str:
    """`name:type`, with its marks."""
    names = list(dict.fromkeys(types(element)))
    attribute = "@" if one(element, "f:representation") == "xmlAttr" else ""
    many = "*" if one(element, "f:base/f:max") not in ("0", "1") else ""
    return f"{one(element, 'f:path').rpartition('.')[2]}:{attribute}{'any' if names == any_of else '|'.join(names)}{many}"


def lines(definition: etree._Element, any_of: list[str]) -> Iterator[str]:
    """The type and the types inside it; elements that it inherits stand with the type they come from."""
    name, base = one(definition, "f:type"), one(definition, "f:baseDefinition").rpartition("/")[2] or "-"
    if one(definition, "f:kind") == "primitive-type":
        yield f"{name} primitive {base}"
        return
    found = {name: [name, base]}
    for element in every(definition, "f:snapshot/f:element")[1:]:
        path = one(element, "f:path")
        if one(element, "f:base/f:path").partition(".")[0] == name:
            found[path.rpartition(".")[0]].append(described(element, any_of))
            if (kind := one(element, "f:type/f:code")) in ("BackboneElement", "Element"):
                found[path] = [path, kind]
    yield from map(" ".join, found.values())


def definitions(jar: zipfile.ZipFile) -> Iterator[etree._Element]:
    """Those that define types: a profile only constrains one, and a logical model is not for exchange."""
    for source in SOURCES:
        for definition in every(etree.fromstring(jar.read(FOLDER + source)), "f:entry/f:resource/f:StructureDefinition"):
            if one(definition, "f:derivation") != "constraint" and one(definition, "f:kind") != "logical":
                yield definition


def table(path: Path) -> str:
    """The whole file."""
    with zipfile.ZipFile(path) as jar:
        found = list(definitions(jar))
        hashes = [f"# {source}, sha256 {hashlib.sha256(jar.read(FOLDER + source)).hexdigest()}" for source in SOURCES]
    (extension,) = (definition for definition in found if one(definition, "f:type") == "Extension")
    (value,) = every(extension, "f:snapshot/f:element[f:path/@value='Extension.value[x]']")
    any_of = types(value)
    body = "\n".join([" ".join(["any -", *any_of]), *(line for definition in found for line in lines(definition, any_of)), ""])
    head = ["# The elements of every type of HL7 FHIR R4 4.0.1 in their order. Made by tools/fhir_tables.py; do not edit.",
            f"# From {ARTIFACT}:", *hashes, f"# What follows, sha256 {hashlib.sha256(body.encode()).hexdigest()}"]
    return "\n".join([*head, body])


if __name__ == "__main__":
    TARGET.write_text(table(Path(sys.argv[1])), encoding="utf-8")
