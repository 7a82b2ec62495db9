"""Jurors: programs that others wrote, asked about resources that we wrote.

`schema` is HL7's own JSON Schema for FHIR R4 4.0.1; `models` are the classes of fhir.resources for R4B (which is not R4: a second
opinion, never the law). What a juror is known to get wrong stands in known.toml, signed.
"""
from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

HERE = Path(__file__).resolve().parent
Json = dict[str, Any]


class Complaint(NamedTuple):
    """What one juror has against one place of one type of resource; indexes are left out, so that a place has one name."""

    juror: str
    rule: str
    place: str


def resources(value: Any) -> Iterator[Json]:
    """A resource and every resource inside it: a bundle's entries, contained ones."""
    if isinstance(value, dict):
        if "resourceType" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from resources(item)


def complaints(resource: Json) -> set[Complaint]:
    """What each juror says about a resource, and about each resource inside it on its own (so that places have short names)."""
    return {Complaint(juror, rule, ".".join([part["resourceType"], *(step for step in steps if isinstance(step, str))]))
            for part in resources(resource) for juror, judge in JURORS.items() for rule, steps in judge(part)}


def known() -> dict[Complaint, str]:
    """The signed list: complaints in which the juror is wrong, each with its reason."""
    entries = tomllib.loads((HERE / "known.toml").read_text(encoding="utf-8")).get("known", [])
    for entry in entries:
        if lacking := {"juror", "rule", "place", "reason", "signed", "date"} - set(entry):
            raise ValueError(f"an entry of known.toml lacks {', '.join(sorted(lacking))}")
    return {Complaint(entry["juror"], entry["rule"], entry["place"]): entry["reason"] for entry in entries}


@cache
def schema() -> Json:
    with gzip.open(HERE / "fhir.schema.json.gz", "rt", encoding="utf-8") as file:
        schema: Json = json.load(file)
    return schema


@cache
def _validator(kind: str) -> Any:
    # one type's definition, not the schema's oneOf over all types: that would say "none of 148 fits" and no more
    whole = schema()
    return jsonschema_rs.validator_for({"$schema": whole["$schema"], "$ref": f"#/definitions/{kind}", "definitions": whole["definitions"]})


def _by_schema(resource: Json) -> Iterator[tuple[str, list[str | int]]]:
    for error in _validator(resource["resourceType"]).iter_errors(resource):
        yield error.kind.name, error.instance_path


def _by_models(resource: Json) -> Iterator[tuple[str, list[str | int]]]:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as wrong:
        yield from ((error["type"], list(error["loc"])) for error in wrong.errors())


JURORS: dict[str, Callable[[Json], Iterator[tuple[str, list[str | int]]]]] = {"schema": _by_schema, "models": _by_models}
