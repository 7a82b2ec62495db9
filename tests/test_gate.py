"""The gate is sound: where it says yes, the explaining check finds no error. And it says yes to whatever we make."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import synth, wire
from adapter.bundle import Policy, collection, transaction
from adapter.conformance import values
from adapter.conformance.checker import Checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.fhirpath import Focus, compiled
from adapter.conformance.finding import Level
from adapter.conformance.gate import Gate, invariants, quiet
from adapter.conformance.model import CodeSystem
from adapter.conformance.rules import RULES, Rule
from mappings.bag import CareRecord
from mappings.faults import Faults
from mappings.systems import HL7, NHS_NUMBER, SNOMED_CT, UKCORE, UKCORE_CODES
from tests.bags import LAW
from tests.bags import care_records as any_care_record
from tests.mutants.corpus import mutants
from tests.test_bundle import BAG

Json = Any
MARRIED = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
NOBODY = {"reference": "urn:uuid:11111111-1111-5111-8111-111111111111"}
FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").rglob("*.fhir.json"))
POLICIES = (Policy("create-if-missing"), Policy("match"), Policy("upsert", directory="own"),
            Policy("upsert", dmd=SNOMED_CT))  # fmt: skip
BUNDLE = transaction(BAG, POLICIES[0])[0].bundle
PATIENT: Json = {
    "resourceType": "Patient", "id": "1", "active": True, "birthDate": "1938-04-17", "gender": "female",
    "identifier": [{"system": NHS_NUMBER, "value": "9990000018"}],
    "name": [{"use": "official", "family": "Teatime", "given": ["Marigold"]}],
    "extension": [{"url": f"{UKCORE}Extension-UKCore-EthnicCategory", "valueCodeableConcept": {"coding": [
        {"system": f"{UKCORE_CODES}UKCore-EthnicCategoryEngland", "code": "A", "display": "White - British"}]}}]}


@cache
def gate() -> Gate:
    return Gate(Definitions.of())


@cache
def checker() -> Checker:
    return Checker(Definitions.of())


def errors(resource: Json) -> list[str]:
    return [str(finding) for finding in checker().findings(resource) if finding.level is Level.ERROR]


# ---- sound -------------------------------------------------------------------------------------------------------------------------
def test_no_mutant_passes_that_has_an_error() -> None:
    passed = [mutant for mutant in mutants() if gate().passes(mutant.resource)]
    assert [(mutant.id, said) for mutant in passed if (said := errors(mutant.resource))] == []
    assert passed      # what is broken so that only a warning is left


def changed(value: Json, path: tuple[Any, ...], to: Json) -> Json:
    """A copy with one leaf changed."""
    if not path:
        return to
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = changed(value[path[0]], path[1:], to)
    return copy


def leaves(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from leaves(each, (*path, key))


ODD = (None, True, 0, -1, Decimal("0.50"), "", " ", "x", "a b", "\u2028", "\x01", "A" * 65, "2025-02-30", "urn:uuid:1", "#1", "Patient/1",
       "urn:redbag:x", "urn:redbag:at:https://x.test/Encounter/55", "urn:oid:1.2.3", "Patient?identifier", "Patient??x=1",
       NOBODY["reference"], "Patient?identifier=1", "http://example.org/1", [], {}, [{}], {"id": "1"}, ["x"],
       {"extension": [{"url": "http://x", "valueString": "x"}]},
       {"coding": [{"system": "http://x", "code": "x"}]},
       {"reference": "Organization/1"}, {"text": "x"},
       {"start": "2025", "end": "2024"}, {"value": Decimal("1.5"), "code": "mg"})  # fmt: skip


@settings(LAW, max_examples=150)
@given(st.data())
def test_a_bundle_with_anything_in_one_place(data: st.DataObject) -> None:
    """Any place of a bundle, of a resource of it, or a member that does not belong there."""
    bundle = data.draw(st.sampled_from([BUNDLE, *_bundles()]))
    path = data.draw(st.sampled_from(list(leaves(bundle))))
    broken = changed(bundle, path, data.draw(st.sampled_from(ODD)))
    assert not gate().passes(broken) or errors(broken) == []


@cache
def _bundles() -> tuple[Json, ...]:
    return tuple(transaction(bag, POLICIES[0])[0].bundle for bag in synth.care_records(6, seed=3))


@settings(LAW, max_examples=60)
@given(any_care_record())
def test_whatever_is_made_of_any_record(bag: CareRecord) -> None:
    try:
        bundle = collection(bag)
    except Faults:
        return
    assert not gate().passes(bundle) or errors(bundle) == []


UNKNOWN = {"extension": [{"url": f"{HL7}data-absent-reason", "valueCode": "unknown"}]}
WRONG: dict[str, tuple[str, Json]] = {
    "unknown element": ("nickname", "Goldie"), "a value of another type": ("active", "true"),
    "one where many stand": ("name", {"family": "T"}),
    "many where one stands": ("gender", ["female"]), "no list, and empty": ("name", []), "null": ("gender", None),
    "no such day": ("birthDate", "1938-02-30"), "no leap year": ("birthDate", "1939-02-29"), "the year 0": ("birthDate", "0000-01-01"),
    "not in the value set": ("gender", "f"), "two of a choice": ("deceasedDateTime", "2025-01-01"), "empty": ("name", [{"family": ""}]),
    "a control character": ("name", [{"family": "T\x07"}]), "an empty object": ("name", [{}]), "an id alone": ("name", [{"id": "1"}]),
    "a check digit": ("identifier", [{"system": NHS_NUMBER, "value": "9990000019"}]),
    "two NHS numbers": ("identifier", [{"system": NHS_NUMBER, "value": each} for each in ("9990000018", "9990000026")]),
    "a system that is not absolute": ("identifier", [{"system": "nhs-number", "value": "9990000018"}]),
    "a system that is a mailbox": ("identifier", [{"system": "mailto:home@care.test", "value": "1"}]),
    "a code that is no URI, and is said to be one": ("maritalStatus", {"coding": [{"system": values.URIS, "code": "x"}]}),
    "an extension on what is fixed": ("identifier", [
        {"system": NHS_NUMBER, "_system": UNKNOWN, "value": "9990000018"}]),
    "an extension on an extension's URL": ("extension", [
        {**PATIENT["extension"][0], "_url": UNKNOWN}]),
    "what is no UUID, and is said to be one": ("identifier", [{"system": values.UUIDS, "value": "17"}]),
    "a misspelt system": ("identifier", [{"system": "https://fhir.nhs.uk/id/nhs-number", "value": "9990000018"}]),
    "an extension nobody knows": ("extension", [{"url": "https://x.example/y", "valueString": "x"}]),
    "the same extension twice": ("extension", PATIENT["extension"] * 2),
    "a value of another type in an extension": ("extension", [{"url": PATIENT["extension"][0]["url"], "valueString": "A"}]),
    "an extension where it may not stand": ("name", [{"family": "T", "extension": PATIENT["extension"]}]),
    "an unknown code": ("maritalStatus", {"coding": [{"system": MARRIED, "code": "Q"}]}),
    "another's display": ("maritalStatus", {"coding": [
        {"system": MARRIED, "code": "M", "display": "Divorced"}]}),
    "a code that is no concept": ("maritalStatus", {"coding": [{"system": SNOMED_CT, "code": "195967002"}]}),
    "a reference to another type": ("managingOrganization", {"reference": "Patient/2"}),
    "a reference to nothing contained": ("managingOrganization", {"reference": "#1"}),
    "a period that ends first": ("name", [{"family": "T", "period": {"start": "2025-01-02", "end": "2025-01-01"}}]),
    "an invariant": ("contact", [{"gender": "female"}]), "an unknown profile": ("meta", {"profile": ["https://x.example/profile"]}),
    "whole, and written 1.0": ("multipleBirthInteger", Decimal("1.0")),
    "what is in no time zone": ("deceasedDateTime", "2025-01-01T10:00:00"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_one_thing_wrong(name: str) -> None:
    key, value = WRONG[name]
    broken = {**PATIENT, **({"deceasedBoolean": False} if name == "two of a choice" else {}), key: value}
    assert gate().passes(PATIENT)
    assert errors(broken)      # or else the table tests nothing
    assert not gate().passes(broken)


def nested(levels: int, ways: tuple[str, ...], innermost: Json, beside: Json) -> Json:
    """`innermost` under these keys again and again; `[]` after a key: in a list. `beside`: what stands next to the last key each time."""
    for _ in range(levels):
        for key in reversed(ways):
            name = key.removesuffix("[]")
            innermost = {name: [innermost] if name != key else innermost, **(beside if key == ways[0] else {})}
    return innermost


WITHIN: dict[str, Callable[[int], Json]] = {
    "who assigned it": lambda levels: {**PATIENT, "identifier": [
        nested(levels, ("assigner", "identifier"), {"system": "https://x.test/a", "value": "1"}, {"value": "1"})]},
    "answers": lambda levels: {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [
        nested(levels, ("item[]",), {"linkId": "1"}, {"linkId": "1"})]},
    "parameters": lambda levels: {"resourceType": "Parameters", "parameter": [
        nested(levels, ("part[]",), {"name": "x", "valueString": "x"}, {"name": "x"})]},
    "extensions": lambda levels: {**PATIENT, "managingOrganization": nested(
        levels, ("extension[]", "valueReference"), {"display": "x"}, {})},
}  # fmt: skip


def with_urls(value: Json) -> Json:
    """Every extension in it is that of a body site."""
    if isinstance(value, list):
        return [with_urls(each) for each in value]
    if not isinstance(value, dict):
        return value
    own = {"url": f"{HL7}bodySite"} if "valueReference" in value else {}
    return own | {key: each if key == "extension" and value is PATIENT else with_urls(each) for key, each in value.items()}


@pytest.mark.parametrize("name", WITHIN)
def test_what_stands_within_itself_too_deep(name: str) -> None:
    few, many = (with_urls(WITHIN[name](levels)) for levels in (2, 70))
    assert errors(few) == []
    assert gate().passes(few)
    assert any("[too-deep]" in each for each in errors(many))
    assert [levels for levels in range(20, 70) if gate().passes(each := with_urls(WITHIN[name](levels))) and errors(each)] == []


SEARCHING: Json = {**BUNDLE["entry"][2]["resource"], "subject": {"reference": "Patient?identifier=1"}, "context": {"display": "x"}}
IN_BUNDLES: dict[str, Json] = {
    "a reference to no entry": changed(BUNDLE, ("entry", 1, "resource", "subject"), NOBODY),
    "a reference to what another server has, by a name of ours": changed(
        BUNDLE, ("entry", 1, "resource", "subject"), {"reference": "urn:redbag:at:https://x.test/Patient/1"}),
    "a reference to an entry of another type": changed(
        BUNDLE, ("entry", 2, "resource", "subject"), {"reference": BUNDLE["entry"][1]["fullUrl"]}),
    "two entries with one fullUrl": changed(BUNDLE, ("entry", 1, "fullUrl"), BUNDLE["entry"][0]["fullUrl"]),
    "no request": changed(BUNDLE, ("entry", 1), {key: each for key, each in BUNDLE["entry"][1].items() if key != "request"}),
    "a search in a collection": {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": BUNDLE["entry"][2]["fullUrl"], "resource": SEARCHING}]},
}


@pytest.mark.parametrize("name", IN_BUNDLES)
def test_one_thing_wrong_in_a_bundle(name: str) -> None:
    assert gate().passes(BUNDLE)
    assert errors(IN_BUNDLES[name])
    assert not gate().passes(IN_BUNDLES[name])


@pytest.mark.parametrize("value", [
    None, 1, "Patient", [], [PATIENT], {}, {"resourceType": None}, {"resourceType": ["Patient"]}, {"resourceType": "Nothing"},
    {"resourceType": "Bundle", "entry": [1]}, {"resourceType": "Bundle", "entry": None}, {"resourceType": "Patient", 1: 2},
    {"resourceType": "Patient", "contained": [None]}, {**PATIENT, "active": float("nan")}, {**PATIENT, "active": b"x"},
    {**PATIENT, "name": [{"family": "\ud800"}]}, {**PATIENT, "extension": [None]}, {**PATIENT, "extension": [{"url": {}}]},
])  # fmt: skip
def test_what_is_no_resource_does_not_pass(value: Json) -> None:
    assert gate().passes(value) is False


# ---- what we make passes -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_resources_pass(path: Path) -> None:
    resource = wire.loads(path.read_bytes())
    assert gate().passes(resource) or errors(resource)


@pytest.mark.parametrize("hard", [False, True])
def test_synthetic_residents_pass(hard: bool) -> None:
    """Under every policy, and as a collection."""
    bags = list(synth.care_records(40, seed=7, hard=hard))
    sent = [part.bundle for bag in bags for policy in POLICIES for part in transaction(bag, policy)]
    assert [bundle for bundle in (*sent, *map(collection, bags)) if not gate().passes(bundle) and not errors(bundle)] == []


# ---- the tables --------------------------------------------------------------------------------------------------------------------
TYPES = {
    "age": "Age", "att": "Attachment", "cpt": "ContactPoint", "dis": "Distance", "drt": "Duration", "exp": "Expression", "qty": "Quantity",
    "rat": "Ratio", "sqty": "Quantity", "tim": "Timing.repeat", "ait": "AllergyIntolerance", "con-1": "Condition.stage",
    "con-2": "Condition.evidence", "con": "Condition", "imm": "Immunization.education", "lst": "List", "org-1": "Organization",
    "org-2": "Address", "org-3": "ContactPoint", "pat": "Patient.contact", "ukcore": "Immunization", "bdl-5": "Bundle.entry",
    "bdl": "Bundle"}  # fmt: skip


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{invariants.HL7}{system}", "code": code}]}


SAID: dict[str, tuple[Json, ...]] = {      # what may stand under a key that an invariant looks at
    "value": (Decimal(0), Decimal(2)), "system": (invariants.UCUM, "other"), "code": ("d", {"text": "x"}), "use": ("home", "work"),
    "status": ("not-done", "completed"), "mode": ("changes", "working", "snapshot"),
    "type": ("transaction", "collection", "document", "message", "searchset"), "when": (["C"], ["AC"], ["C", "AC"]),
    "duration": (Decimal(-1), Decimal(1)), "period": (Decimal(-1), Decimal(1)),
    "entry": ([{"item": {"display": "x"}}], [{"deleted": True, "date": "2025"}], [{"request": {"method": "GET"}}],
              [{"response": {"status": "200"}}]),
    "verificationStatus": (_concept("allergyintolerance-verification", "entered-in-error"), _concept("condition-ver-status", "confirmed"),
                           _concept("condition-ver-status", "entered-in-error")),
    "clinicalStatus": (_concept("condition-clinical", "active"), _concept("condition-clinical", "resolved")),
}  # fmt: skip


def keys_of(schema: Json) -> set[str]:
    """The members that a schema speaks of, outermost first."""
    if isinstance(schema, list):
        return {key for each in schema for key in keys_of(each)}
    if not isinstance(schema, dict):
        return set()
    own = {*schema.get("properties", {}), *schema.get("required", ()), *schema.get("dependencies", {})}
    return own | {key for word in ("anyOf", "allOf", "not", "if", "then", "else") for key in keys_of(schema.get(word))}


ASKED = [(key, expression, schema) for key, expression, schema in invariants.TABLE if isinstance(schema, dict) and key != "per-1"]


@pytest.mark.parametrize(("key", "expression", "schema"), ASKED, ids=[key for key, *_ in ASKED])
def test_a_schema_takes_no_more_than_its_invariant(key: str, expression: str, schema: Json) -> None:
    """Over every way to have or not to have what the schema speaks of; and not all is refused."""
    kind = next(TYPES[start] for start in (key, key.partition("-")[0]) if start in TYPES)
    names = sorted(name for name in keys_of(schema) if not name.startswith("_"))[:6]
    ways = [(None, *SAID.get(name, ("x",))) for name in names]
    valid, taken = jsonschema_rs.validator_for({"$schema": "http://json-schema.org/draft-07/schema#", **schema}), 0
    for said in itertools.product(*ways):
        value = {name: each for name, each in zip(names, said, strict=True) if each is not None}
        resource = {"resourceType": kind, **value}
        if valid.is_valid(value):
            taken += 1
            assert compiled(expression)(Focus(value, kind, None, resource, resource)), value
    assert taken


def test_tables_name_rules_that_are() -> None:
    names = {*(rule.id for rule in RULES), *values.CHECKS}
    assert quiet.QUIET.keys() <= names
    assert {name for ways in quiet.AT_ONCE.values() for _, silent in ways for name in silent} <= quiet.QUIET.keys()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.level is Level.ERROR], ids=lambda rule: rule.id)
def test_rules_are_asked(rule: Any) -> None:
    assert not gate().passes(rule.bad)


# ---- one for all -------------------------------------------------------------------------------------------------------------------
def test_threads_do_not_mix_what_they_look_at() -> None:
    wrong = IN_BUNDLES["a reference to no entry"]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(gate().passes, [BUNDLE, wrong] * 40)) == [True, False] * 40


def test_two_value_sets_of_one_code_are_both_asked() -> None:
    """That of the type, and that of a profile that asks for another."""
    forms = gate().forms
    gender, status = (forms.of(kind, ()).keys[key][0].said[0] for kind, key in (("Patient", "gender"), ("Observation", "status")))
    one, both = (gate().compiled(gate()._schemas().of_values(forms.of("code", said))) for said in ((gender,), (gender, status)))
    assert (one("female"), both("female"), both("final")) == (True, False, False)


def test_definitions_that_know_too_much_are_left_to_the_explaining_check() -> None:
    """The gate takes it that nobody lists all of SNOMED CT."""
    class Known(Definitions):
        def system(self, url: str) -> CodeSystem | None:
            return CodeSystem(url)

    assert not Gate(Known(Definitions.of()._sources)).passes(PATIENT)


def test_ctrl_c_in_the_middle_of_it_is_no_answer() -> None:
    """Rust asks Python, and takes whatever is raised there for a no."""
    def interrupted(_: object) -> NoReturn:
        raise KeyboardInterrupt

    rule = Rule("rb-interrupted", Level.ERROR, ("Patient",), interrupted, "", "", "", {}, {})
    with pytest.raises(KeyboardInterrupt):
        Gate(Definitions.of(), (*RULES, rule)).passes(PATIENT)


def test_types_that_there_are_not_are_nothing_to_learn() -> None:
    """Whoever sends a thousand of them makes no schema a thousand times."""
    fresh = Gate(Definitions.of())
    assert fresh.passes(PATIENT)
    before = fresh.valid
    assert not any(fresh.passes({**PATIENT, "resourceType": f"Patient{number}"}) for number in range(50))
    assert fresh.valid is before
    assert fresh.kinds == {"Patient"}
