"""The product rules: each speaks where it should, reads whatever it is given, says no value of a patient, and is explained."""
from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapter.conformance.checker import checker
from adapter.conformance.definitions import DRAFTS, Definitions
from adapter.conformance.finding import Level
from adapter.conformance.rules import RULES, Rule
from adapter.conformance.rules.explaining import explain, invariants, names
from adapter.conformance.rules.snomed import kind_of
from adapter.conformance.rules.structural import FIXES, STRUCTURAL
from adapter.docs.rules import rules as page
from mappings.systems import BCP47, DMD, HL7, NHS_NUMBER, ODS_ORGANISATION, SNOMED_CT, UKCORE

Json = Any
ROOT = Path(__file__).resolve().parent.parent
BY_ID = {rule.id: rule for rule in RULES}
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


# ---- examples ----------------------------------------------------------------------------------------------------------------
@each_rule
def test_the_good_example_is_clean(rule: Rule) -> None:
    found = checker().findings(rule.good)
    assert [str(finding) for finding in found if finding.rule == rule.id or finding.level is Level.ERROR] == []


@each_rule
def test_the_bad_example_is_told_of_where_it_stands(rule: Rule) -> None:
    found = [finding for finding in checker().findings(rule.bad) if finding.rule == rule.id]
    assert found
    for finding in found:
        assert (finding.level, finding.fix, finding.source) == (rule.level, rule.fix, rule.source)
        assert reached(rule.bad, finding.path), finding.path


def reached(resource: Json, path: str) -> bool:
    """Does the path lead somewhere? What is said to be missing is said of what it is missing from."""
    here = resource
    for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if index and int(index) >= len(here) or key and key not in here:
            return False
        here = here[int(index)] if index else here[key]
    return path.startswith(resource["resourceType"])


@each_rule
def test_a_rule_is_told_whole(rule: Rule) -> None:
    assert re.fullmatch(r"rb-[a-z0-9]+(-[a-z0-9]+)*", rule.id)
    assert rule.sentence.endswith(".")
    assert not rule.fix.endswith(".")
    assert rule.source
    assert not rule.source.endswith(".")


def test_no_two_rules_have_one_id() -> None:
    assert len(BY_ID) == len(RULES)


# ---- whatever it is given ----------------------------------------------------------------------------------------------------
ODD: tuple[Json, ...] = (
    None, True, 7, Decimal("1.5"), "", " ", "x", [], {}, [[]], [None], [{}], ["x"], {"coding": "x"}, {"extension": [{}]})


def variants(value: Json, puts: tuple[Json, ...]) -> Iterator[Json]:
    """The value with each of its parts in turn replaced by each of these."""
    yield from puts
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        for inner in variants(value[key], puts):
            changed = copy.copy(value)
            changed[key] = inner
            yield changed


def objects(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


@each_rule
def test_a_rule_reads_anything(rule: Rule) -> None:
    for value in (each for example in (rule.good, rule.bad) for each in objects(example)):
        for odd in variants(value, ODD):
            if isinstance(odd, dict):
                assert all(isinstance(says, str) for said in rule.judge(odd) for says in said)


@each_rule
def test_no_sentence_holds_a_value(rule: Rule) -> None:
    for value in objects(rule.bad):
        for odd in (*variants(value, CANARIES), *worded(value)):
            for _, says in rule.judge(odd) if isinstance(odd, dict) else ():
                assert CANARY not in says
                assert "73373" not in says


CANARY = "K7f3q"
CANARIES = (CANARY, 73373, f"{CANARY}@{CANARY}", f"https://fhir.nhs.uk/id/{CANARY}", f"{CANARY} ", f" {CANARY} {CANARY}")


def worded(value: Json) -> Iterator[Json]:
    """The value with each of its words in turn replaced wherever it stands: what a rule compares stays equal."""
    text = json.dumps(value)
    for word in set(re.findall(r"\w+", text)):
        yield json.loads(re.sub(rf"\b{word}\b", CANARY, text)) if not word.isdigit() and word not in ("true", "false") else None


# ---- one by one --------------------------------------------------------------------------------------------------------------
SCT: Json = {"system": SNOMED_CT}
NAME: Json = {"family": "O'Fiction-Smith", "given": ["Ada", "Béa"]}
ADDRESS: Json = {"city": "Leeds", "postalCode": "LS1 2AB"}
TABLE = [
    ("rb-nhs-number", {"system": NHS_NUMBER, "value": "9990000018"}, 0),
    ("rb-nhs-number", {"system": NHS_NUMBER, "value": "9990000019"}, 1),
    ("rb-nhs-number", {"system": NHS_NUMBER, "value": "9999999999"}, 1),
    ("rb-nhs-number", {"system": NHS_NUMBER, "value": 9990000018}, 1),
    ("rb-nhs-number", {"system": NHS_NUMBER, "_value": {"extension": [{"url": "x"}]}}, 0),
    ("rb-nhs-number", {"system": "https://rose-house.example/ids", "value": "9990000019"}, 0),
    ("rb-national-system", {"system": "https://fhir.nhs.uk/Id/ods-organisation-code", "value": "VFAKE"}, 1),
    ("rb-national-system", {"system": "http://fhir.nhs.uk/Id/nhs-number"}, 1),
    ("rb-national-system", {"system": NHS_NUMBER + "/"}, 1),
    ("rb-national-system", {"system": ODS_ORGANISATION}, 0),
    ("rb-national-system", {"system": "https://fhir.nhs.uk/Id/something-else"}, 0),
    ("rb-code-system", {"system": "https://snomed.info/sct"}, 1),
    ("rb-code-system", {"system": "http://snomed.info/sct/83821000000107"}, 1),
    ("rb-code-system", {"system": "http://fhir.hl7.org.uk/CodeSystem/UKCore-BirthSex"}, 1),
    ("rb-code-system", {"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-BirthSex"}, 0),
    ("rb-code-system", {"system": "https://rose-house.example/codes"}, 0),
    ("rb-sctid", SCT | {"code": "716186003"}, 0),
    ("rb-sctid", SCT | {"code": "716186004"}, 1),
    ("rb-sctid", SCT | {"code": "39114911000001100"}, 1),       # a spreadsheet keeps 15 digits
    ("rb-sctid", SCT | {"code": "301485011"}, 1),       # a description
    ("rb-sctid", SCT | {"code": "73211009:363698007=113331007"}, 0),       # an expression
    ("rb-sctid", SCT | {"display": "Asthma"}, 0),
    ("rb-sctid", {"system": DMD, "code": "Paracetamol"}, 1),
    ("rb-sctid", {"system": "http://loinc.org", "code": "8867-4"}, 0),
    ("rb-read-code", {"system": "http://read.info/readv2", "code": "H33..00"}, 0),
    ("rb-read-code", {"system": "http://read.info/ctv3", "code": "H33..00"}, 1),
    ("rb-read-code", {"system": "http://read.info/ctv3", "code": "H…"}, 1),
    ("rb-language-tag", {"system": BCP47, "code": "en-GB-oed"}, 0),
    ("rb-language-tag", {"system": BCP47, "code": "I-Default"}, 0),
    ("rb-language-tag", {"system": BCP47, "code": "sgn-BE-FR"}, 0),
    ("rb-language-tag", {"system": BCP47, "code": "i-welsh"}, 1),
    ("rb-contact-value", {"extension": [{"url": f"{HL7}data-absent-reason", "valueCode": "unknown"}]}, 0),
    ("rb-contact-value", {"_value": {"extension": [{"url": f"{HL7}data-absent-reason", "valueCode": "masked"}]}}, 0),
    ("rb-contact-value", {"extension": [{"url": f"{HL7}contactpoint-area", "valueString": "0113"}]}, 1),
    ("rb-medicine-whose", {"resourceType": "MedicationStatement", "status": "entered-in-error", "subject": {"display": "x"}}, 0),
    *[("rb-language-tag", {"system": BCP47, "code": tag}, 0) for tag in ("en", "en-GB", "cy", "bfi", "zh-Hant-TW", "de-1996", "x-makaton")],
    *[("rb-language-tag", {"system": BCP47, "code": tag}, 1) for tag in ("English", "en_GB", "e", "en-", "en GB")],
    ("rb-code-no-words", {"coding": [SCT | {"code": "716186003", "_display": {"extension": [{"url": "x"}]}}]}, 0),
    ("rb-text-beyond-parts", NAME | {"text": "Béa Ada O'Fiction-Smith"}, 0),
    ("rb-text-beyond-parts", NAME | {"text": "Dr Ada O'Fiction-Smith"}, 1),
    ("rb-text-beyond-parts", {"text": "Ada"}, 0),
    ("rb-text-beyond-parts", ADDRESS | {"line": ["1 High St"], "text": "1 High St, Leeds LS12AB"}, 0),
    ("rb-text-beyond-parts", ADDRESS | {"line": ["1 High St"], "text": "Flat 2, 1 High St, Leeds"}, 1),
    ("rb-address-repeats", ADDRESS | {"line": ["12 Leeds Road"]}, 0),
    ("rb-address-repeats", ADDRESS | {"line": ["12 Leeds Road, LEEDS"]}, 1),
    ("rb-address-repeats", ADDRESS | {"line": ["12 Leeds Road", "ls1 2ab"]}, 1),
    ("rb-contact-value", {"system": "phone", "_value": {"extension": [{"url": "x"}]}}, 0),
    ("rb-extension-spelling", {"url": "https://fhir.hl7.org.uk/structuredefinition/Extension-UKCore-BirthSex"}, 1),
    ("rb-extension-spelling", {"url": UKCORE + "Extension-UKCore-BirthSex"}, 0),
    ("rb-stu3", {"url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-EthnicCategory-1"}, 1),
    ("rb-stu3", {"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland"}, 0),
    ("rb-degraded", {"resourceType": "Medication", "code": {"coding": [SCT | {"code": "196461000000101"}]}}, 1),
    ("rb-degraded", {"resourceType": "Medication", "code": {"coding": [SCT | {"code": "196421000000109"}]}}, 0),
    ("rb-profile-draft", {"profile": [UKCORE + "UKCore-Patient|2.5.0"]}, 0),
    ("rb-profile-draft", {"profile": [UKCORE + "UKCore-Flag"]}, 1),
]


@pytest.mark.parametrize(("rule", "value", "times"), TABLE, ids=lambda said: said if isinstance(said, str) else "")
def test_what_a_rule_says(rule: str, value: Json, times: int) -> None:
    assert len(BY_ID[rule].judge(value)) == times


@pytest.mark.parametrize(("code", "kind"), [
    ("22298006", "concept"), ("999000031000000106", "concept"), ("1232010", "description"), ("3179024", "relationship"),
    ("22298007", "impossible"), ("022298006", "impossible"), ("12345", "impossible"), ("٢٢٢٩٨٠٠٦", "impossible"), ("", "nothing"),
])
def test_the_kind_of_an_id_of_snomed_ct(code: str, kind: str) -> None:
    assert kind_of(code) == kind


@pytest.mark.parametrize("rule", ["rb-degraded", "rb-read-code"])
def test_what_came_so_from_a_gp_keeps_nobody_at_home(rule: str) -> None:
    """An allergy whose kind got lost, a local code of a GP's system: nobody in a home can put them right."""
    assert BY_ID[rule].level is Level.WARNING


def test_every_mistyped_digit_of_a_code_is_seen() -> None:
    """And two neighbours exchanged: what Verhoeff's check digit is for."""
    right = "39114911000001105"
    digits = {right[:i] + d + right[i + 1:] for i in range(len(right)) for d in "0123456789"} - {right}
    exchanged = {right[:i] + right[i + 1] + right[i] + right[i + 2:] for i in range(len(right) - 1)} - {right}
    assert {kind_of(code) for code in digits | exchanged} == {"impossible"}


# ---- explained ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(names()))
def test_every_rule_is_explained_and_stands_on_the_page(name: str) -> None:
    text = explain(name)
    assert text is not None
    assert text.startswith(f"{name} (")
    assert "\n" in text
    assert f"#### {name}\n" in PAGE or f"| `{name}` |" in PAGE


PAGE = page()


@pytest.mark.parametrize(("key", "words"), [
    ("pat-1", ("(error)", "contact's details", "name.exists() or telecom.exists()", "Patient.contact", "StructureDefinition/Patient")),
    ("dom-6", ("(information)", "narrative", "Account")),
    ("ele-1", ("every element",)),
    ("ukcore-imm-001", ("not-done", "UKCore-Immunization")),
])
def test_an_invariant_is_explained_by_its_definition(key: str, words: tuple[str, ...]) -> None:
    text = explain(key)
    assert text is not None
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(("resource", "rule", "fix"), [
    ({"resourceType": "Patient", "contact": [{"gender": "male"}]}, "pat-1", "give the contact a name"),
    ({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {"resourceType": "Patient"}}]}, "bdl-3", "method and url"),
    ({"resourceType": "Organization", "active": True}, "org-1", "ODS code"),
])
def test_what_to_do_about_an_invariant_is_told(resource: Json, rule: str, fix: str) -> None:
    assert [fix in found.fix for found in checker().findings(resource) if found.rule == rule] == [True]
    assert fix in (explain(rule) or "")


def test_what_to_do_is_told_of_invariants_that_there_are() -> None:
    known = Definitions.of()
    assert FIXES.keys() - invariants(known, known.profiles()).keys() == set()
    assert [fix for fix in FIXES.values() if fix.endswith(".")] == []


def test_an_invariant_on_a_choice_names_each_place_once() -> None:
    assert (explain("vs-1") or "").count("Observation.effective[x],") <= 1


def test_an_invariant_of_other_definitions_is_explained_by_them() -> None:
    drafts = Definitions.of(("r4-4.0.1", "ukcore-stu3-sequence"))
    assert explain("ukcore-obs-vs-001") is None
    assert "magic code" in (explain("ukcore-obs-vs-001", drafts) or "")


@pytest.mark.parametrize(("set_", "rules"), [
    ("ukcore-stu2-2.0.2", {"fhir-profile", "rb-profile-draft"}),
    (DRAFTS, set()),
])
def test_where_drafts_are_asked_for_they_may_be_claimed(set_: str, rules: set[str]) -> None:
    flag = {"resourceType": "Flag", "meta": {"profile": [UKCORE + "UKCore-Flag"]}}
    assert {each.rule for each in checker(("r4-4.0.1", set_)).findings(flag)} & {"fhir-profile", "rb-profile-draft"} == rules


def test_what_no_rule_has_is_not_explained() -> None:
    assert explain("rb-nothing") is None


def test_every_structural_rule_that_is_spoken_of_is_explained() -> None:
    """And none that nothing speaks of."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "adapter" / "conformance").glob("*.py")))
    spoken = set(re.findall(r'"((?:fhir|rb)-[a-z-]+)"', source)) - {"fhir-version-list"}  # of a package
    assert spoken == {name for name in STRUCTURAL if name.startswith(("fhir-", "rb-"))}
