"""The tables of FHIR's elements: as the generator made them, and as HL7's JSON Schema has them, which was made another way."""
from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from adapter.fhir_xml.tables import VALUES, Kind, elements_of, resource_types

Json = Any
SCHEMA = Path(__file__).resolve().parent / "jury" / "fhir.schema.json.gz"


def test_the_table_is_as_it_was_made() -> None:
    *title, last = (text := table()).splitlines(keepends=True)[:5]
    assert last.split()[-1] == hashlib.sha256(text.removeprefix("".join([*title, last])).encode()).hexdigest()


def table() -> str:
    return files("adapter.fhir_xml").joinpath("r4.txt").read_text(encoding="utf-8")


def schema() -> dict[str, Json]:
    with gzip.open(SCHEMA, "rt", encoding="utf-8") as file:
        return dict(json.load(file))


def beside(definitions: dict[str, Json], name: str, type_: str, seen: set[str]) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """(name in the schema, type in the table, the schema's properties) of a type and of every type inside it."""
    if name in seen:
        return
    seen.add(name)
    properties = definitions[name]["properties"]
    yield name, type_, properties
    for element in elements_of(type_).elements.values():
        if element.kind is Kind.OBJECT and element.name in properties:
            said = properties[element.name]
            yield from beside(definitions, said.get("items", said)["$ref"].rpartition("/")[2], element.type, seen)


QUIRKS = {  # of HL7's JSON Schema, in which its own page on JSON is the authority
    "nothing is about a canonical or an id": lambda name, element: name.startswith("_") and element.type in ("canonical", "string"),
    "no choice has Meta": lambda name, element: name.endswith("Meta"),
    "a scenario's resourceType is not that of a resource": lambda name, element: name == "resourceType",
}
KINDS = {"number": Kind.DECIMAL, "boolean": Kind.BOOLEAN}
NUMBERS = {Kind.INTEGER: Kind.DECIMAL}


def plain(definitions: dict[str, Json], said: Json) -> str:
    """The JSON type of a primitive."""
    said = said.get("items", said)
    return str(definitions.get(said.get("$ref", "").rpartition("/")[2], said).get("type", "string"))


def test_the_tables_are_what_hl7s_schema_says() -> None:
    """Names, what may repeat, and what is a number or true or false in JSON: by a schema that was made another way."""
    found = schema()
    assert resource_types() == set(found["discriminator"]["mapping"])
    seen = set[str]()
    for kind in sorted(resource_types()):
        for name, type_, properties in beside(found["definitions"], kind, kind, seen):
            agree(found["definitions"], name, type_, properties)
    assert len(seen) == 658


def agree(definitions: dict[str, Json], name: str, type_: str, properties: dict[str, Json]) -> None:
    known = elements_of(type_)
    for more in properties.keys() - known.places.keys():
        assert more in ("resourceType", "modifierExtension", "_url"), name  # of types that are Element, and of an attribute
    for less in known.places.keys() - properties.keys():
        assert any(quirk(less, known.elements[less.removeprefix("_")]) for quirk in QUIRKS.values()), (name, less)
    for element in known.elements.values():
        if said := properties.get(element.name):
            assert (said.get("type") == "array") == element.many, (name, element.name)
            if element.kind in VALUES:
                assert KINDS.get(plain(definitions, said), Kind.TEXT) in (element.kind, NUMBERS.get(element.kind)), (name, element.name)


def test_the_order_is_that_of_the_definitions() -> None:
    """One that everybody knows by heart; HL7's validator judges the others in tests/real."""
    places = elements_of("HumanName").places
    assert [name for name in sorted(places, key=places.__getitem__) if not name.startswith("_")] == [
        "id", "extension", "use", "text", "family", "given", "prefix", "suffix", "period"]
