"""Every code that a code table offers is one that the published definitions have, under the display they give it."""
from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

import mappings
from adapter.conformance import checker
from mappings.codes import CodeTable
from mappings.datatypes import Coding

WRONG = ("fhir-code", "fhir-display", "rb-sctid", "rb-dmd")
TABLES = {id(table): (f"{module.name}.{name}", table) for module in pkgutil.iter_modules(mappings.__path__)
          for name, table in vars(importlib.import_module(f"mappings.{module.name}")).items() if isinstance(table, CodeTable)}


@pytest.mark.parametrize(("name", "table"), TABLES.values(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_code_is_published(name: str, table: CodeTable) -> None:
    found = {word: [finding.rule for finding in checker().findings(basic(coding)) if finding.rule in WRONG]
             for word, coding in table.codings.items()}
    assert {word: rules for word, rules in found.items() if rules} == {}, name


def basic(coding: Coding) -> dict[str, Any]:
    return {"resourceType": "Basic", "code": {"coding": [{"system": coding.system, "code": coding.code, "display": coding.display}]}}


@pytest.mark.parametrize("coding", [
    Coding("https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredContactMethod", "9", "SMS"),      # only in drafts
    Coding("https://fhir.hl7.org.uk/CodeSystem/UKCore-PreferredContactMethod", "1", "Postcard"),
    Coding("http://snomed.info/sct", "317972007", "Furosemide 40mg tablets")])
def test_one_that_is_not_would_be_seen(coding: Coding) -> None:
    assert any(finding.rule in WRONG for finding in checker().findings(basic(coding)))
