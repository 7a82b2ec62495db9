"""The schema of layout files: it takes every layout that is right, and marks what is wrong with the others."""
from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from adapter.records.layout.schema import schema
from tests.layouts import EVERYTHING
from tests.test_layout_lists import LOOKUP, MEDICINES, SHORT

EXAMPLES = sorted((Path(__file__).parents[1] / "adapter" / "examples" / "layouts").glob("*.toml"))


@pytest.fixture(scope="module")
def judge() -> Any:
    jsonschema_rs.meta.validate(schema())
    return jsonschema_rs.validator_for(schema())


@pytest.mark.parametrize("text", [path.read_text(encoding="utf-8") for path in EXAMPLES] + [EVERYTHING, SHORT + MEDICINES, LOOKUP])
def test_a_layout_that_is_right(judge: Any, text: str) -> None:
    assert [(str(e.instance_path), e.message) for e in judge.iter_errors(tomllib.loads(text))] == []


RIGHT = SHORT + '[resident]\nkey = "id"\n'


@pytest.mark.parametrize("text", [
    "", SHORT, '[export]\nformat = "json"', RIGHT.replace('format = "json"', 'format = "xlsx"'), RIGHT.replace("zone", "zoen"),
    RIGHT + 'famly_name = "A"', RIGHT + "family_name = 5", RIGHT + 'family_name = { from = "A", tabel = "sex" }',
    RIGHT + 'family_name = { frm = "A" }', RIGHT + 'gender = { constant = "femal", because = "x" }',
    RIGHT + 'gender = { constant = "female" }',
    RIGHT + 'gender = { from = "A", table = { F = "femal" } }', RIGHT + 'gender = { from = "A", number = "dots" }',
    RIGHT + 'gender = { from = "A", otherwise = "text" }', RIGHT + 'nhs_number_status = { constant = "verified", because = "x" }',
    RIGHT + 'name_period = "A"', RIGHT + 'given_names = ["A", "B"]', RIGHT + 'addresses = [{ cty = "A" }]',
    RIGHT + 'name_period = { each = "x" }',
    RIGHT + 'family_name = { from = "A", function = { write = "f" } }', RIGHT + '[absence]\nmedicines = "gone"',
    RIGHT + '[ignored]\nA = ""',
    RIGHT + '[absence]\nallergies = "stopped"', RIGHT + '[states]\nallergies = { from = "A", table = { N = "none" } }',
    RIGHT + '[files.x]\nfil = "x"', RIGHT + '[lookups.x]\nitems = "x"', RIGHT + '[[ignored_rows]]\nrows = "x"',
    RIGHT + "[residnet]\nkey = 1",
])
def test_a_layout_that_is_wrong(judge: Any, text: str) -> None:
    assert not judge.is_valid(tomllib.loads(text))


def test_every_field_and_option_is_described() -> None:
    made = schema()
    assert made["properties"]["medicines"]["description"] == "Every medicine she takes, or why there is no list"
    source = made["$defs"]["source_1"]["properties"]
    assert all("description" in made["$defs"].get(name, option) for name, option in source.items())
    assert made["$defs"]["Medication_block"]["properties"]["each"]["description"] == "One element for every row of this list"
