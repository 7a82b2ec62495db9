"""Our XML judged by parsers that we did not write: HL7's validator, and a HAPI server that reads it and tells it again in JSON."""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from adapter import wire
from adapter.bundle import Policy, collection, transaction
from adapter.delivery.client import FhirClient
from adapter.delivery.send import Sent, send
from adapter.faults import Refused
from adapter.fhir_xml import narrative
from adapter.returns.pull import pull, who_is
from adapter.returns.returned import Return
from adapter.wire import JSON, XML
from mappings.bag import CareRecord
from tests import foreign
from tests.homes import bags, example
from tests.mutate import Json, exactly, nodes, written
from tests.real.parts import BUILD
from tools import fhir_tables

POLICIES = [Policy("upsert", directory="own"), Policy("create-if-missing"), Policy("match", patient_reference="Patient/1")]


# ---- HL7's validator --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "bag"), bags(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_bundle_in_xml_is_uk_core(name: str, bag: CareRecord, errors: Callable[[bytes], list[str]]) -> None:
    bundles = [collection(bag), *(part.bundle for policy in POLICIES for part in transaction(bag, policy))]
    assert [error for bundle in bundles for error in errors(wire.dumps_xml(bundle))] == []


TWO_CHOICES = ("dosenumber-both.json", "with-occurrenceString.json")  # refused in both, in JSON as an unknown property


def test_in_xml_it_has_against_published_resources_what_it_has_in_json(errors: Callable[[bytes], list[str]]) -> None:
    """Everything that XML can say at all: no element out of its order, and none that is missing or another."""
    for name, resource in published():
        if not name.endswith(TWO_CHOICES):
            assert sentences(errors(wire.dumps_xml(resource))) == sentences(errors(wire.dumps(resource))), name


def test_published_xml_read_and_written_again_has_no_error_more(errors: Callable[[bytes], list[str]]) -> None:
    for name, document in foreign.documents():
        assert sentences(errors(wire.dumps_xml(wire.loads_xml(document)))) <= sentences(errors(document)), name


def sentences(errors: list[str]) -> set[str]:
    """Without the place, which the two formats tell differently."""
    return {error.split(": ", 1)[1].replace("Object must", "Element must") for error in errors}


def published() -> list[tuple[str, Json]]:
    found = [(where, resource) for kind in foreign.TYPES for where, resource in foreign.resources(kind)]
    return [(where, resource) for where, resource in found if is_sayable(resource)]


def is_sayable(resource: Json) -> bool:
    try:
        wire.dumps_xml(resource)
    except Refused:
        return False
    return True


# ---- HAPI -------------------------------------------------------------------------------------------------------------------------
def test_hapi_reads_our_xml_and_we_read_its_leaf_by_leaf(hapi: str) -> None:
    """It takes in XML what it takes in JSON, and tells in either what we have said."""
    taken = 0
    with httpx.Client(timeout=60) as http:
        for name, resource in published():
            bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}
            made = create(http, hapi, bundle, XML)
            if made.is_success:
                taken += 1
                plain = http.get(made.headers["Location"], headers={"Accept": JSON.media})
                told = [XML.loads(made.content), JSON.loads(plain.content)]
                assert [leaves(each["entry"][0]["resource"]) for each in told] == [leaves(resource)] * 2, name
            else:
                assert create(http, hapi, bundle, JSON).status_code == made.status_code, (name, made.text)
    assert taken > 360


def create(http: httpx.Client, hapi: str, bundle: Json, form: wire.Format) -> httpx.Response:
    return http.post(f"{hapi}/Bundle", content=form.dumps(bundle), headers={"Content-Type": form.media, "Accept": form.media})


def leaves(resource: Json) -> dict[str, Json]:
    """By their places; HAPI drops blank texts, and has a form of its own for narratives and exponents."""
    found = {written(place): said for place, said in nodes(resource) if not isinstance(said, dict | list)}
    return {place: own_form(place, said) for place, said in found.items() if not isinstance(said, str) or said.strip()}


def own_form(place: str, said: Json) -> Json:
    if place.endswith(".div"):
        return narrative.canonical(said)
    return f"{said:f}" if isinstance(said, Decimal) else said


async def there_and_back(hapi: str, form: wire.Format, bag: CareRecord) -> tuple[Sent, Return]:
    async with FhirClient(hapi, form=form) as client:
        return await send(client, bag, Policy("upsert", directory="own")), await pull(client, who_is(bag))


def test_sent_to_hapi_in_xml_it_is_unchanged_in_json_and_comes_back_the_same_in_both(hapi: str) -> None:
    bag = replace(example(), source="https://xml.example/records", resident=replace(example().resident, nhs_number="9990000301"))
    (first, in_xml), (again, in_json) = (asyncio.run(there_and_back(hapi, form, bag)) for form in (XML, JSON))
    assert "created" in {row.became for row in first.rows} <= {"created", "unchanged"}  # another test may have sent the directory
    assert {row.became for row in again.rows} == {"unchanged"}
    assert replace(in_xml.care_record(), as_of="") == replace(in_json.care_record(), as_of="")  # which is when it was pulled
    assert exactly({item.url: item.rest for item in in_xml.returned.items}, {item.url: item.rest for item in in_json.returned.items})


# ---- the tables -------------------------------------------------------------------------------------------------------------------
def test_the_tables_are_made_of_the_definitions(errors: Callable[[bytes], list[str]]) -> None:
    """The artifact they are made of is there where the validator is."""
    (jar,) = (BUILD / "validator" / "lib").glob("hapi-fhir-validation-resources-r4-*.jar")
    assert fhir_tables.table(jar) == fhir_tables.TARGET.read_text(encoding="utf-8")
