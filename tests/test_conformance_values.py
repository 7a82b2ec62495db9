"""Forms of primitive values, units, values that are asked for, narratives: each as a table."""
from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from adapter.conformance import Level, checker
from adapter.conformance.asked import covers, equal
from adapter.conformance.other_versions import ELSEWHERE
from adapter.conformance.primitives import CHECKS, fault
from adapter.conformance.ucum import is_unit
from adapter.fhir_xml.tables import elements_of

PRIMITIVES: list[tuple[str, list[Any], list[Any]]] = [      # type, right, wrong
    ("boolean", [True, False], ["true", 1, 0, None, []]),
    ("integer", [0, -1, 2**31 - 1, -(2**31)], [2**31, -(2**31) - 1, True, "1", Decimal("1.0"), 1.5, {}]),
    ("positiveInt", [1], [0, -1]),
    ("unsignedInt", [0], [-1]),
    ("decimal", [0, Decimal("0.50"), Decimal("1e-9"), 0.5], ["0.5", True, None, Decimal("NaN"), float("inf")]),
    ("string", ["a", " ", "a\r\n\tb", "ä", "a" * 2**20], ["", "a\x00", "a\x0bb", "a" * (2**20 + 1), 1, None]),
    ("markdown", ["# a\n\n- b"], ["", 1]),
    ("code", ["a", "a b", "%"], ["", " a", "a ", "a  b", "a\tb", "a\nb", 1]),
    ("id", ["a", "A-1.b", "a" * 64], ["", "a_b", "a b", "ä", "a" * 65, "a\n"]),
    ("uri",
     ["https://fhir.nhs.uk/Id/nhs-number", "urn:oid:2.16.840.1.113883", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "Patient/1"],
     ["", "http://a b", "urn:oid:1.02.3", "urn:oid:3.1", "urn:uuid:1", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520", "oid:1.2.3",
      "uuid:1", 1]),
    ("oid", ["urn:oid:1.2.3"], ["1.2.3", "urn:oid:1..2"]),
    ("uuid", ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"], ["c757873d-ec9a-4326-a141-556f43239520"]),
    ("base64Binary", ["aGVsbG8=", "aGVs", "YQ=="], ["", "a", "aGVsbG8", "aGVs bG8=", "a===", "aGVs\n", "****"]),
    ("date", ["1941", "1941-02", "1941-02-28", "2024-02-29", "0001"],
     ["", "0000", "1941-13", "1941-00", "1941-2", "2023-02-29", "1900-02-29", "1941-04-31", "41", "1941-02-01T00:00:00Z", "1941-02-01\n",
      "١٩٤١"]),
    ("dateTime", ["1941", "1941-02", "1941-02-01", "2020-01-01T23:59:60Z", "2020-01-01T10:00:00.123+14:00", "2020-01-01T10:00:00-13:59"],
     ["2020-01-01T10:00:00", "2020-01-01T10:00Z", "2020-01-01T24:00:00Z", "2020-01-01T10:00:00+15:00", "2020-01-01T10:00:00+14:01",
      "2020-01T10:00:00Z", "2020-02-30T10:00:00Z", "2020-01-01 10:00:00Z", "2020-01-01T10:00:00z", "2020-01-01T10:00:00+0100"]),
    ("instant", ["2020-01-01T10:00:00Z", "2020-01-01T10:00:00.5+01:00"],
     ["2020", "2020-01-01", "2020-01-01T10:00:00", "2020-02-30T10:00:00Z"]),
    ("time", ["10:00:00", "23:59:60", "10:00:00.5"], ["10:00", "24:00:00", "10:00:00Z", "1:00:00"]),
]
ONE_BY_ONE = [(kind, value, ok) for kind, right, wrong in PRIMITIVES for ok, group in ((True, right), (False, wrong)) for value in group]


@pytest.mark.parametrize(("kind", "value", "ok"), ONE_BY_ONE, ids=lambda value: repr(value)[:30])
def test_primitives(kind: str, value: Any, ok: bool) -> None:
    found = fault(kind, value)
    assert (found is None) is ok
    assert found is None or found[0] in ("fhir-type", "fhir-format", "fhir-empty")


def test_every_primitive_type_of_fhir_has_its_form() -> None:
    known = checker().definitions
    kinds = {name for name in known.types() if (kind := known.type(name)) and kind.kind == "primitive-type"}
    assert kinds == CHECKS.keys() | {"xhtml"}


RIGHT_TEXTS = [(kind, value) for kind, value, ok in ONE_BY_ONE if ok and isinstance(value, str)]


@pytest.mark.parametrize(("kind", "value"), RIGHT_TEXTS, ids=lambda value: value[:30])
def test_what_is_right_has_fhirs_own_form_too(kind: str, value: str) -> None:
    """Our expressions are ours; FHIR's, where they do not take forever, allow all that ours do."""
    definition = checker().definitions.type(kind)
    assert definition is not None
    assert not definition.regex or re.fullmatch(definition.regex, value)


HOSTILE = ["a" * 50000, "aaaa " * 20000, "2020-01-01T10:00:00." + "1" * 50000 + "x", "urn:oid:" + "1." * 30000, "=" * 50000]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: value[:8])
def test_hostile_text_takes_no_time(value: str) -> None:
    """With an expression that backtracks these would take longer than this test run."""
    texts = {"string", "markdown", "xhtml", "code", "uri", "url", "canonical", "base64Binary"}
    assert {kind for kind in CHECKS if fault(kind, value) is None} <= texts


UNITS = ["mg", "mL", "Cel", "mm[Hg]", "/min", "{tablet}", "mg/kg/(24.h)", "10*3/uL", "10*-6", "kg/m2", "[degF]", "mL/min/{1.73_m2}", "1",
         "%", "m[IU]/L", "g%", "cm[H2O]", "L/min", "mmol/mol{Hb}", "d", "wk", "mo", "a", "m2.kg-1", "10.mg", "ug", "[in_i'Hg]", "m+2"]
NO_UNITS = ["", "/", "mgs", "mcg", "bpm", "mm Hg", "mmHg", "tablet", "MGS", "kg.", "mg//kg", "(mg", "mg)", "mg}", "{a", "ä", " mg",
            "h2x", "(" * 300]


@pytest.mark.parametrize("unit", UNITS)
def test_units_of_ucum(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize("unit", NO_UNITS)
def test_what_is_no_unit_of_ucum(unit: str) -> None:
    assert not is_unit(unit)


@pytest.mark.parametrize(("value", "wanted", "same", "at_least"), [
    ("a", "a", True, True), ("a", "b", False, False), (1, True, False, False), (Decimal("1.0"), 1, True, True), (None, "a", False, False),
    ({"a": 1, "b": 2}, {"a": 1}, False, True), ({"a": 1}, {"a": 1, "b": 2}, False, False), ([1, 2], [2], False, True),
    ([1], [1, 2], False, False),
    ([{"a": 1, "b": 1}, {"c": 1}], [{"c": 1}], False, True), ("a", ["a"], False, False), ({"a": [1]}, {"a": [1]}, True, True),
])
def test_fixed_is_the_same_and_a_pattern_is_at_least(value: Any, wanted: Any, same: bool, at_least: bool) -> None:
    assert (equal(value, wanted), covers(value, wanted)) == (same, at_least)


@pytest.mark.parametrize(("language", "well"), [
    *((tag, True) for tag in ("en", "en-GB", "en-gb", "EN", "eng", "cy", "x-klingon", "zh-Hant", "es-419", "de-CH-1996", "en-GB-x-twain")),
    *((tag, False) for tag in ("english", "en_GB", "a", "-en", "en-", "en--GB", "en-a")),
])
def test_the_language_of_a_resource_is_a_tag(language: str, well: bool) -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "Rose House", "language": language}
    patient = {"resourceType": "Patient", "contained": [organization], "managingOrganization": {"reference": "#o"}, "language": language}
    bundle = {"resourceType": "Bundle", "type": "collection", "language": language, "entry": [
        {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "resource": patient}]}
    found = [each.path for each in checker().findings(bundle) if each.level is Level.ERROR]
    inner = "Bundle.entry[0].resource"
    assert found == ([] if well else [f"{inner}.contained[0].language", f"{inner}.language", "Bundle.language"])


def narrative(inside: str) -> list[str]:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'
    return [found.rule for found in checker().findings({"resourceType": "Patient", "text": {"status": "generated", "div": div}})
            if found.path == "Patient.text.div"]


@pytest.mark.parametrize("inside", [
    "<p>a</p>", '<img src="a.png" alt="b"/>', '<a href="https://care.test" name="b">c</a>',
    '<table summary="a"><tr><td colspan="2">b</td></tr></table>',
    '<p id="x" class="y" style="z" xml:lang="en">a</p><a href="#x">b</a>', "&#160;a &amp; b", "<!-- a -->b",
    "&#160;", "<ul>\n <!-- a --><li><ul><li>a</li></ul></li></ul>", "<dl><dt>a</dt><dd><p>b</p></dd></dl>", "<span><span>a</span></span>",
    "<table>\n<caption>a</caption><colgroup><col/></colgroup><thead><tr><th>a</th></tr></thead><tbody><tr><td><ol></ol></td></tr></tbody></table>",
    '<map name="m"><area alt="a"/></map>b<hr/><br/>', '<a href="tel:01632960123">a</a>', '<a href="Patient/1">a</a>',
    '<img src="data:image/png;base64,iVBO Rw0KGgo=" alt="a"/>', '<a href="https://care.test/a|1">a</a>',
])
def test_narratives_that_may_be(inside: str) -> None:
    assert narrative(inside) == []


@pytest.mark.parametrize(("inside", "rule"), [
    ("<p>a", "fhir-narrative"), ("&nbsp;a", "fhir-narrative"), ("a & b", "fhir-narrative"), ("<script>a</script>", "txt-1"),
    ("<P>a</P>", "txt-1"), ("<form>a</form>", "txt-1"), ('<p onclick="x">a</p>', "txt-1"), ('<a target="_blank">a</a>', "txt-1"),
    ('<b xmlns="urn:a">a</b>', "txt-1"), ("", "txt-2"), (" <br/> ", "txt-2"), ("<p>a<ul><li>b</li></ul></p>", "fhir-narrative"),
    ('<a href="javascript:x">a</a>', "fhir-narrative"), ('<a href="#nowhere">a</a>', "fhir-narrative"),
    *((wrong, "fhir-narrative") for wrong in (
        "<ul>a</ul>", "<ul><p>a</p></ul>", "<ul><ul><li>a</li></ul></ul>", "<ol><li>a</li>b</ol>", "<li>a</li>", "<dl>a</dl>", "<dd>a</dd>",
        "<table>a</table>", "<table><p>a</p></table>", "<table>&#160;<tr><td>a</td></tr></table>", "<td>a</td>", "<caption>a</caption>",
        "<dl><dd><ul><li>a</li></ul></dd></dl>", "<b><div>a</div></b>", "<span><ul><li>a</li></ul></span>", "<h1><pre>a</pre></h1>",
        '<a name="x"><b><a name="y">a</a></b></a>', "<b><i><b>a</b></i></b>", "<br>a</br>", "<hr> </hr>a", '<map name="m">a</map>',
        '<a href="">a</a>', '<a href="a b">a</a>', '<a href="tel:0163 296">a</a>', '<a href="urn:oid:1.2.3.4">a</a>', '<img src=""/>',
        '<a href="http://care.test/&lt;x">a</a>', '<img src="data:image/png;base64,a"/>')),
])
def test_narratives_that_may_not(inside: str, rule: str) -> None:
    assert narrative(inside) == [rule]


# ---- names -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_other_versions_have_r4_does_not_and_what_it_has_instead_it_has(kind: str) -> None:
    known = elements_of(kind).elements
    words = {"an", "extension", "or", "and", "the", "not", "done", "patient", "animal", "resource", "a", "text"}
    for name, (_, said) in ELSEWHERE[kind].items():
        assert name not in known
        assert set(re.findall(r"(?<![A-Za-z])[a-z][A-Za-z]*", said)) - known.keys() <= words
