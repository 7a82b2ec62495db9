"""The printed pages: they are current, they leave nothing out, and what they say FHIR requires is what FHIR requires."""
from __future__ import annotations

import doctest
import importlib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from adapter.cli import app
from adapter.commands.manual import printed
from adapter.docs import markdown, needed, page, pages
from mappings.bag import CareRecord
from mappings.catalogue import RECORDS, SHAPES
from mappings.codes import CodeTable

ROOT = Path(__file__).resolve().parent.parent
PRINTED = printed(app)
UK_CORE_REQUIRES = {"AllergyIntolerance": {"code"}}     # UK Core AllergyIntolerance 2.5.0: code 1..1


@pytest.mark.parametrize("name", PRINTED)
def test_the_page_is_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PRINTED[name], "run `redbag docs`"


# ---- nothing is left out -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("resource", SHAPES)
def test_every_field_of_a_shape_has_its_line(resource: str) -> None:
    rows = {row.field.partition("[")[0].partition(".")[0] for group in page(resource).groups for row in group.rows}
    holes = {f for field, _, _ in SHAPES[resource].table() for f in field.removeprefix(f"{label_of(field)}.").split(" & ")}
    assert {f.partition("[")[0].partition(".")[0] for f in holes} - rows == set()


def label_of(field: str) -> str:
    """A field of a OneOf begins with its record: Given.batch."""
    first = field.partition(".")[0]
    return first if first[:1].isupper() else ""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_word_of_every_table_is_printed(record: type) -> None:
    kind, _ = RECORDS[record]
    text = "\n".join(markdown.page_lines(page(kind)))
    for table in tables_of(record):
        assert table.source in text
        for word, coding in table.codings.items():
            assert f"| {word} | `{coding.code}` |" in text


def tables_of(record: type) -> Iterator[CodeTable]:
    for hint in get_type_hints(record, include_extras=True).values():
        yield from pages.tables_in(hint)


def test_a_shared_part_is_told_by_its_own_template() -> None:
    """And a record that stands in another template elsewhere is told there: the way in which a language is spoken is a Coding too."""
    coding = pages.part_page("Coding")
    assert [(row.field, row.path) for row in coding.rows][:3] == [("system", "system"), ("version", "version"), ("code", "code")]
    assert coding.constants == ()
    modes = {row.field: (row.path, row.carries) for row in pages.part_page("Language").rows}
    assert modes["proficiencies[].modes[]"] == ("extension[].extension[].valueCoding", "Coding")


@pytest.mark.parametrize("resource", SHAPES)
def test_reasons_for_what_is_not_in_fhir_are_printed(resource: str) -> None:
    text = "\n".join(markdown.page_lines(page(resource)))
    for shape in getattr(SHAPES[resource], "shapes", (SHAPES[resource],)):
        for field, why in shape.not_in_fhir.items():
            assert f"- `{field}`: {why}" in text


def test_what_is_insisted_on_is_told_from_what_is_only_written() -> None:
    shared, given, not_given, _ = page("Immunization").groups
    assert [(c.path, c.value, c.insisted) for c in given.constants] == [("status", "completed", True)]
    assert [(c.path, c.value, c.insisted) for c in not_given.constants] == [("status", "not-done", True)]
    assert [c.path for c in shared.constants if not c.insisted] == ["meta"]


# ---- required --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("resource", SHAPES)
def test_the_required_elements_are_those_of_fhir(resource: str) -> None:
    listed = set(needed.WHERE_NOT_KNOWN[resource]) - UK_CORE_REQUIRES.get(resource, set())
    paths = {needed.BRACKETS.sub("", row.path) for group in page(resource).groups for row in needed.expanded(group.rows)}
    mapped = {".".join(steps[:n]) for path in paths for steps in [path.split(".")] for n in range(len(steps))} | {""}
    assert listed == {element for parent, element in required_by_fhir(resource) if parent in mapped}


def required_by_fhir(resource: str) -> Iterator[tuple[str, str]]:
    """(the element it stands in, its path) of what FHIR R4 requires in a resource, two levels deep, as fhir.resources has it."""
    module = importlib.import_module(f"fhir.resources.R4B.{resource.lower()}")
    top = getattr(module, resource)
    yield from (("", name) for name in required_in(top))
    for field in top.model_fields.values():
        backbone = next((k for n, k in vars(module).items() if n.startswith(resource) and f"{n}Type" in str(field.annotation)), None)
        for name in required_in(backbone) if backbone else ():
            yield field.alias, f"{field.alias}.{name}"


def required_in(model: Any) -> Iterator[str]:
    for field in model.model_fields.values():
        extra = field.json_schema_extra or {}
        if extra.get("one_of_many_required") and extra["one_of_many"] + "[x]" not in seen_choices(model, field):
            yield extra["one_of_many"] + "[x]"
        elif extra.get("element_required") or field.is_required():
            yield field.alias


def seen_choices(model: Any, until: Any) -> set[str]:
    """The choices named before this field: value[x] is one element, whatever its types."""
    seen = set[str]()
    for field in model.model_fields.values():
        if field is until:
            break
        if (field.json_schema_extra or {}).get("one_of_many_required"):
            seen.add(field.json_schema_extra["one_of_many"] + "[x]")
    return seen


@pytest.mark.parametrize(("resource", "element"), [(r, e) for r, elements in needed.WHERE_NOT_KNOWN.items() for e in elements])
def test_every_required_element_comes_from_somewhere(resource: str, element: str) -> None:
    assert needed.comes_from(page(resource), element)


def test_what_a_care_record_must_have() -> None:
    assert set(needed.THE_CARE_RECORD) == {f.name for f in fields(CareRecord) if f.default is MISSING and f.default_factory is MISSING}


@pytest.mark.parametrize("module", [pages, needed], ids=lambda m: m.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
