"""FHIRPath: what an expression says of a focus, by tables.

What HL7's engine says of these was looked up (org.hl7.fhir.core 6.10.4); tests/real/test_fhirpath.py asks fhirpath.js about every
invariant.
"""
from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.conformance.definitions import Definitions
from adapter.conformance.fhirpath import Focus, NotEvaluated, TooMuch, allowed, compiled
from adapter.conformance.fhirpath.corrections import CORRECTIONS
from adapter.conformance.model import Constraint, Element

Json = Any
SETS = ("r4-4.0.1", "ukcore-stu2-2.0.2", "ukcore-stu3-sequence")
UCUM = "http://unitsofmeasure.org"
PATIENT = {
    "resourceType": "Patient", "id": "a", "active": True, "_birthDate": {"extension": [{"url": "http://x", "valueString": "q"}]},
    "name": [{"family": "Able", "given": ["Bea", "Cee"]}, {"family": "Dee"}], "multipleBirthInteger": 2, "contact": [{"gender": "male"}],
    "telecom": [{"value": "1", "system": "phone"}], "managingOrganization": {"reference": "#o"},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Oak"}],
    "extension": [{"url": "http://q", "valueQuantity": {"value": Decimal("1.50"), "unit": "mg", "system": UCUM, "code": "mg"}},
                  {"url": "http://age", "valueAge": {"value": 80, "system": UCUM, "code": "a"}},
                  {"url": "http://code", "valueCode": "B"}, {"url": "http://day", "valueDateTime": "2020-01-01"}],
}


def holds(expression: str, value: Json = PATIENT, type_: str = "Patient", extra: Json = None, bundle: Json = None) -> bool:
    return compiled(expression)(Focus(value, type_, extra, PATIENT, PATIENT, bundle))


TRUE = """
name.family.first() = 'Able'                    name.given.count() = 3 - 1                      Patient.name.count() = 2
name.where(family = 'Dee').exists()             name.exists(family = 'Dee')                     name.all(family.exists())
name.select(given.first() & family).first() = 'BeaAble'                                         name.given contains 'Cee'
'Cee' in name.given                             name.tail().family = 'Dee'                      name[1].family = 'Dee'
name.last().family = 'Dee'                      name.skip(1).count() = 1                        name.take(1).family = 'Able'
multipleBirth = 2                               multipleBirthInteger = 2                        multipleBirth is integer
birthDate.exists()                              birthDate.hasValue().not()                      birthDate.extension.value = 'q'
$this is DomainResource                         $this.is(Resource)                              name.first() is HumanName
managingOrganization.resolve() is Organization  managingOrganization.resolve().name = 'Oak'     %resource.id = 'a'
extension('http://q').value is Quantity         extension('http://age').value is Quantity       extension.value.ofType(Quantity).count() = 2
extension('http://code').value is string        extension('http://code').value.as(string).empty()
descendants().where($this is HumanName).count() = 2                                             children().ofType(HumanName).count() = 2
1 = 1.0                                         1 = '1'                                         active = 'true'
(1 | 1 | 2).count() = 2                         (1 | 2).combine(1).count() = 3                  (1 | 2).isDistinct()
name.given.combine(name.given).isDistinct().not()                                               (1 | 2).intersect(2 | 3) = 2
(1 | 2).exclude(1) = 2                          (1 | 2).subsetOf(1 | 2 | 3)                     (1 | 2 | 3).supersetOf(1)
(1 | 2 | 3).aggregate($total + $this, 0) = 6    iif(active, 'a', 'b') = 'a'                     iif({}, 'a', 'b') = 'b'
'abc'.substring(1) = 'bc'                       'abc'.substring(1, 1) = 'b'                     'abc'.substring(5).empty()
'abc'.indexOf('z') = -1                         'abc'.startsWith('')                            'abc'.endsWith('c')
'ab'.matches('b')                               'ab'.matchesFull('b').not()                     'abc'.replaceMatches('b.*', 'x') = 'ax'
'abc'.replaceMatches('(b)', '[$1]') = 'a[b]c'   'a,b'.split(',').count() = 2                    name.given.join(',') = 'Bea,Cee'
'10'.toInteger() = 10                           'x'.toInteger().empty()                         1.50.toString() = '1.50'
5 div 2 = 2                                     -5 mod 2 = -1                                   1 / 0 = 1 or true
1.25.round(1) = 1.3                             1.5.ceiling() = 2                               (-1).abs() = 1
'A\tb' ~ 'a B'                                  (1 | 2) ~ (2 | 1)                               {} !~ 1
@2020-01-01T10:00:00Z = @2020-01-01T11:00:00+01:00                                              @2020 < @2021-01
@2020-01-01T10:00:00Z <= @2020-01-02            (@2020-01-01T10:00:00Z <= @2020-01-01).empty()  @T10:00 < @T11:00:00
extension('http://day').value <= @2020-01-01    extension('http://q').value > 0.001 'g'         extension('http://q').value = 1.5 'mg'
%ucum = 'http://unitsofmeasure.org'             %`vs-a` = 'http://hl7.org/fhir/ValueSet/a'      name.trace('names').count() = 2
name.family.repeat($this).count() = 2           name.select($index).last() = 1                  `id` = 'a'
"""
FALSE = """
name.family = 'Able'                            name.given.startsWith('B')                      birthDate > @2020
birthDate = @2020                               nosuch                                          nosuch.exists()
name.family > 'A'                               active and {}                                   {} and {}
{}                                              name and active                                 'a' < 1
multipleBirth > '1'                             name.not()                                      (1 | 2).single()
multipleBirth is Integer                        active is Boolean                               extension('http://code').value is uri
(extension('http://day').value as Period).exists()                                              '\\u0041' = 'B'
extension('http://q').value > 2                 name.given.allTrue()                            name.iif(true, 1, 2)
managingOrganization.reference.resolve().id = 'b'                                               contained.ofType(Patient).exists()
"""


def cells(table: str) -> list[str]:
    """One for each, two spaces or more apart."""
    return [cell for line in table.strip().splitlines() for cell in re.split(r" {2,}", line)]


@pytest.mark.parametrize("expression", cells(TRUE))
def test_it_holds(expression: str) -> None:
    assert holds(expression)


@pytest.mark.parametrize("expression", cells(FALSE))
def test_it_does_not_hold(expression: str) -> None:
    assert not holds(expression)


@pytest.mark.parametrize(("left", "sign", "right", "said"), [
    ("true", "and", "{}", None), ("false", "and", "{}", False), ("{}", "and", "false", False), ("true", "and", "true", True),
    ("true", "or", "{}", True), ("{}", "or", "true", True), ("false", "or", "{}", None), ("false", "or", "false", False),
    ("true", "xor", "{}", None), ("true", "xor", "false", True), ("true", "xor", "true", False),
    ("false", "implies", "{}", True), ("{}", "implies", "true", True), ("{}", "implies", "false", None), ("true", "implies", "{}", None),
    ("true", "implies", "false", False), ("{}", "implies", "{}", None)])
def test_three_valued_logic(left: str, sign: str, right: str, said: bool | None) -> None:
    asked = f"({left} {sign} {right})"
    assert holds(f"{asked}.empty()" if said is None else f"{asked} = {str(said).lower()}")


@pytest.mark.parametrize(("low", "high", "said"), [
    ({"value": 1}, {"value": 2}, True), ({"value": 2, "unit": "mg"}, {"value": 1, "unit": "mg"}, False),
    ({"value": 2, "unit": "mg"}, {"value": 1, "unit": "g"}, False), ({"value": 2}, {}, False),
    ({"value": 2, "unit": "mg", "system": UCUM, "code": "mg"}, {"value": 1, "unit": "g", "system": UCUM, "code": "g"}, True),
    ({"value": 2, "unit": "a", "system": UCUM, "code": "mg"}, {"value": 1, "unit": "b", "system": UCUM, "code": "mL"}, False)])
def test_quantities_are_compared_by_unit_or_by_ucum(low: Json, high: Json, said: bool) -> None:
    assert holds("low <= high", {"low": low, "high": high}, "Range") is said


@pytest.mark.parametrize(("start", "end", "said"), [
    ("2020", "2021", True), ("2020-01-01", "2020-01-01", True), ("2020-01-01T10:00:00Z", "2020-01-01", False), ("2020", "2020-05", False),
    ("2020-01-02", "2020-01-01T10:00:00Z", False), ("2020-01-01T23:30:00-05:00", "2020-01-02T04:30:00Z", True),
    ("2020-02-30", "2021", False), ("2020-01-01T10:00:00", "2020-01-01T10:00:00.5Z", True)])
def test_dates_are_compared_as_far_as_both_are_said(start: str, end: str, said: bool) -> None:
    assert holds("start.hasValue().not() or end.hasValue().not() or (start <= end)", {"start": start, "end": end}, "Period") is said


def test_a_reference_leads_into_the_bundle() -> None:
    bundle = {"entry": [{"fullUrl": "urn:uuid:1", "resource": PATIENT}, {"resource": {"resourceType": "Group", "id": "7"}}, 3]}
    for address, kind in (("urn:uuid:1", "Patient"), ("Group/7", "Group"), ("#", "Patient"), ("#o", "Organization")):
        assert holds(f"resolve() is {kind}", {"reference": address}, "Reference", bundle=bundle)
    assert holds("resolve().empty()", {"reference": "Group/8"}, "Reference", bundle=bundle)


@pytest.mark.parametrize(("div", "allowed", "says"), [
    ("<p>a</p>", True, True), (" ", True, False), ("&#160;", True, True), ("<script>x</script>", False, True),
    ("<b onclick='x'>a</b>", False, True), ("<img src='a'/>", True, True), ("<u>x</u>", False, True),
    ("<td colspan='1'>x</td>", True, True), ("&nbsp;x", True, True),
    ("<p foo='1'>y</p>", False, True), ("<p xml:lang='en'>y</p>", True, True), ("<p>", False, False)])
def test_narratives(div: str, allowed: bool, says: bool) -> None:
    focus = Focus(f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>', "xhtml", None, PATIENT, PATIENT)
    assert (compiled("htmlChecks()")(focus), compiled("htmlChecks()", "txt-2")(focus)) == (allowed, says)


@pytest.mark.parametrize(("expression", "named"), [
    ("now() > @2020", "now()"), ("code.memberOf('x')", "memberOf()"), ("%nosuch", "%nosuch"), ("name.(x)", "syntax"), ("a b", "syntax"),
    ("where()", "where() with 0"), ("(" * 200 + "a" + ")" * 200, "deeper"), ("a" + ".a" * 500, "deeper"), ("a" * 30_000, "longer"),
    ("@2020 + 3 days", "arithmetic"), ("x is a.b.C", "types of"), ('text."div"', "syntax"), ("'a", "syntax"), ("", "syntax")])
def test_what_is_not_evaluated_is_named_when_it_is_compiled(expression: str, named: str) -> None:
    with pytest.raises(NotEvaluated) as told:
        compiled(expression)
    assert named in str(told.value)


def invariants() -> list[Constraint]:
    known, found = Definitions.of(SETS), dict[str, Constraint]()
    for url in known.profiles():
        waiting: list[Element] = [profile.root] if (profile := known.profile(url)) else []
        while waiting:
            element = waiting.pop()
            found |= {each.expression: each for each in element.constraints if each.expression}
            waiting += [*element.children, *element.slices]
    return list(found.values())


def test_every_invariant_of_r4_and_uk_core_is_evaluated() -> None:
    refused, all_of_them = dict[str, str](), invariants()
    for each in all_of_them:
        try:
            compiled(each.expression, each.key)
        except NotEvaluated as why:
            refused[each.key] = str(why)
    assert refused == {}
    assert len(all_of_them) > 200


def test_every_correction_is_of_something_that_was_published() -> None:
    assert set(CORRECTIONS) <= {each.expression for each in invariants()}


LEAVES = (st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text()
          | st.sampled_from(["2020-01", "#a", "Patient"]))
NAMES = st.sampled_from([
    "id", "value", "_value", "code", "coding", "system", "start", "end", "low", "high", "reference", "resourceType", "entry", "resource",
    "contained", "extension", "url", "text", "div", "type"])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12)


@settings(max_examples=40)
@given(JSON, st.sampled_from(["Patient", "Period", "Range", "Bundle", "Reference", "Coding", "string", "xhtml", "", "nosuch"]))
def test_whatever_stands_there_there_is_an_answer(value: Json, type_: str) -> None:
    focus = Focus(value, type_, value, value, value, value)
    for each in ALL:
        assert each(focus) in (True, False)


ALL = [compiled(each.expression, each.key) for each in invariants()]


def test_a_deep_resource_has_an_answer() -> None:
    deep: Json = {"resourceType": "Patient"}
    for _ in range(5000):
        deep = {"resourceType": "Patient", "contained": [deep]}
    assert all(each(Focus(deep, "Patient", None, deep, deep)) in (True, False) for each in ALL[:40])


# ---- work that ends ----------------------------------------------------------------------------------------------------------------
LARGE = {"resourceType": "Patient", "name": [{"family": "a" * 50, "given": ["b"] * 10} for _ in range(100)],
         "identifier": [{"value": "a" * 2000}], "contact": [{"telecom": [{"value": str(i)} for i in range(20)]} for _ in range(20)]}
STEPS_ALLOWED = 50_000      # a tenth of what a check may take: some 50 ms
COSTLY = [      # each would make millions of comparisons or more
    "descendants().where(%resource.descendants().count() > 5).exists()",
    "descendants().all(%resource.descendants().all(%resource.descendants().exists()))",
    "descendants().select(%resource).descendants().select(%resource).descendants().count() > 1",
    "descendants().select(%resource).isDistinct()", "descendants().select(%resource) ~ descendants().select(%resource)",
    "descendants().intersect(descendants().select(1.5 | 2 | 'a'))", "descendants().all($this in %resource.descendants())",
    "descendants().all(%resource.descendants() contains $this)", "name.repeat(%resource.descendants())",
    "descendants().all((%resource.name.given = %resource.name.given) or true)",
    "descendants().all(%resource.name.given.isDistinct().not())", "descendants().all(%resource.name.given.ofType(Patient).empty())",
    "name.select(%resource.name).select(%resource.name).select(%resource.name).family.exists()",
    f"name{'.select($this.combine($this))' * 40}.exists()",
    "identifier.value.toChars().select(%resource.identifier.value.toChars()).exists()",
    "descendants().all(%resource.identifier.value.matches('b').not())",
]  # fmt: skip


@pytest.mark.parametrize("expression", COSTLY)
def test_what_would_take_for_ever_ends(expression: str) -> None:
    with allowed(STEPS_ALLOWED), pytest.raises(TooMuch):
        compiled(expression)(Focus(LARGE, "Patient", None, LARGE, LARGE))


@pytest.mark.parametrize("expression", [
    "descendants().descendants().descendants().descendants().descendants().descendants().descendants().exists()",
    "name.aggregate($total & $total & 'x', 'x').length() > 1", "name.aggregate($total + $total + 'x', 'x').length() > 1",
    "name.given.join(%resource.identifier.value).length() > 1", "name.family.first().replace('a', %resource.identifier.value).exists()",
    "identifier.value.matches('(a+)+$')", "identifier.value.matches('(a|a)*(a|a)*(a|a)*b')", "identifier.value.matchesFull('(a*)*b')",
    "identifier.value.replaceMatches('a+b', 'x') = 'x'", "name.aggregate(iif($total > 1, $total * $total, 3), 2) > 1",
])  # fmt: skip
def test_what_looks_as_if_it_would_is_soon_answered(expression: str) -> None:
    with allowed(STEPS_ALLOWED):
        assert compiled(expression)(Focus(LARGE, "Patient", None, LARGE, LARGE)) in (True, False)


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\\1", "a{1000}{1000}", "((a{1,99}){1,99}){1,99}", "(?<!a)b", "["])
def test_an_expression_that_must_go_back_is_not_evaluated(pattern: str) -> None:
    for function in ("matches", "matchesFull"):
        with pytest.raises(NotEvaluated, match="regular expression"):
            compiled(f"name.family.{function}('{pattern}')")


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*a*b", "(a|b)*c?", "(a)\\\\1"])
def test_nothing_is_replaced_that_repeats_twice(pattern: str) -> None:
    with pytest.raises(NotEvaluated):
        compiled(f"name.family.replaceMatches('{pattern}', 'x').exists()")


def test_nobody_counts_where_nothing_is_allowed_or_forbidden() -> None:
    assert compiled(COSTLY[3])(Focus(PATIENT, "Patient", None, PATIENT, PATIENT)) is False
    with allowed(STEPS_ALLOWED):
        assert all(compiled("descendants().exists()")(Focus(PATIENT, "Patient", None, PATIENT, PATIENT)) for _ in range(2000))
