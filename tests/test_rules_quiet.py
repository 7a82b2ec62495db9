"""The product rules are quiet where nothing is wrong: on what we make, on what others publish, and where records do not object."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.bundle import collection
from adapter.conformance.checker import checker
from adapter.conformance.finding import Finding, Level
from adapter.conformance.rules import RULES
from adapter.synth import care_records
from mappings.allergy_intolerance import ALLERGY_CODE, CLINICAL_STATUS, Allergy, Reaction
from mappings.catalogue import RECORDS
from mappings.datatypes import Coded
from mappings.list import RecordList
from mappings.medication_statement import Medication
from mappings.patient import Resident
from mappings.practitioner import Practitioner
from mappings.values import Ref
from tests import foreign, homes

Json = Any
ROOT = Path(__file__).resolve().parent.parent
OURS = {rule.id for rule in RULES}


def ours(resource: Json) -> list[Finding]:
    return [finding for finding in checker().findings(resource) if finding.rule in OURS]


def errors(resource: Json) -> set[str]:
    return {finding.rule for finding in ours(resource) if finding.level is Level.ERROR}


# ---- what we make ------------------------------------------------------------------------------------------------------------
def fixtures() -> Iterator[tuple[str, Json]]:
    for path in sorted((ROOT / "fixtures").rglob("*.fhir.json")):
        yield f"{path.parent.name}/{path.name}", json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def test_our_own_resources_have_no_errors() -> None:
    assert {name: found for name, resource in fixtures() if (found := errors(resource))} == {}


def test_our_own_bags_have_no_errors() -> None:
    records = [*homes.bags(), ("example", homes.example())]
    assert {name: found for name, record in records if (found := errors(collection(record)))} == {}


@pytest.mark.parametrize("hard", [False, True])
def test_residents_who_do_not_exist_have_no_errors(hard: bool) -> None:
    assert [i for i, record in enumerate(care_records(25, 6, hard=hard)) if errors(collection(record))] == []


# ---- what others publish -----------------------------------------------------------------------------------------------------
def test_what_uk_core_publishes_has_no_errors() -> None:
    """Its examples, those of drafts among them."""
    read = [(name, wire.loads_xml(content)) for name, content in foreign.documents()]
    assert len(read) > 90
    assert {name: found for name, resource in read if (found := errors(resource))} == {}


# Published by others, and wrong: what is found, and why it is right to say so.
STUB = "a number made up for a stub, without a right check digit or one digit ten times"
VECTOR = "a test vector, made to be refused for just that"
TEMPLATE = "a template, with the name of a variable for the number"
AT_BIRTH = "pds-fhir/patients__healthcareWorker__createNewPdsRecordAtBirth__"
WRONG = {
    "bars/examples1.4.0__process_message__POST-body.json": ({"rb-national-system"}, "Id in small letters"),
    "immunisation-fhir-api/delta_backend__tests__sample_data__fhir_sample.json": ({"rb-sctid"}, "a code with its last digit changed"),
    "immunisation-validator-vectors/extension-code-not-snomed.json": ({"rb-sctid"}, VECTOR),
    "immunisation-validator-vectors/vaccinecode-description-id.json": ({"rb-sctid"}, VECTOR),
    "immunisation-validator-vectors/nhs-number-bad-mod11.json": ({"rb-nhs-number"}, VECTOR),
    "immunisation-validator-vectors/nhs-number-short.json": ({"rb-nhs-number"}, VECTOR),
    "immunisation-validator-vectors/nhs-number-spaced.json": ({"rb-nhs-number"}, VECTOR),
    "gateway-gpconnect/stubs__stubs__data__patients__alice_jones_9999999999.json": ({"rb-nhs-number"}, STUB),
    "gateway-gpconnect/stubs__stubs__data__patients__blank_endpoint_sds_result_9000000013.json": ({"rb-nhs-number"}, STUB),
    "gateway-gpconnect/stubs__stubs__data__patients__induce_provider_error_9000000012.json": ({"rb-nhs-number"}, STUB),
    "gateway-gpconnect/stubs__stubs__data__patients__no_sds_result_9000000010.json": ({"rb-nhs-number"}, STUB),
    "gateway-gpconnect/stubs__stubs__data__patients__none_consumer_sds_result_9000000014.json": ({"rb-nhs-number"}, STUB),
    "pds-fhir/PatientCompoundName.json": ({"rb-nhs-number"}, STUB),
    "pds-fhir/mocks__stubs__searchResponses__PatientCompoundName.json": ({"rb-nhs-number"}, STUB),
    f"{AT_BIRTH}create-pds-record-at-birth.json": ({"rb-nhs-number"}, TEMPLATE),
    f"{AT_BIRTH}create_record_at_birth_response_template.json": ({"rb-nhs-number"}, TEMPLATE),
}


def test_what_others_publish_is_wrong_only_where_we_know_why() -> None:
    every = [each for kind in foreign.TYPES for each in foreign.resources(kind)]
    found = {where: said for where, resource in every if (said := errors(resource))}
    assert found == {where: rules for where, (rules, _) in WRONG.items()}


# ---- one truth with the records ----------------------------------------------------------------------------------------------
SHE = Ref("Patient", "1")
STOPPED = Medication(status="stopped", drug=Coded(text="Furosemide"), resident=SHE)
ACTIVE = CLINICAL_STATUS.coded("active")
NONE_KNOWN = ALLERGY_CODE.coded("no known allergy")
SAME = [
    ("rb-medicine-reason", STOPPED, "status_reasons"),
    ("rb-medicine-intended", replace(STOPPED, status="intended"), "taken"),
    ("rb-medicine-dose", STOPPED, "doses"),
    ("rb-medicine-code", STOPPED, "drug"),
    ("rb-medicine-basis", replace(STOPPED, based_on=(SHE,), derived_from=(SHE,)), "derived_from"),
    ("rb-nhs-number", Resident(nhs_number="9990000019"), "nhs_number"),
    ("rb-nhs-number", Resident(nhs_number="9999999999"), "nhs_number"),
    ("rb-nhs-number-status", Resident(nhs_number="9990000018"), "nhs_number_status"),
    ("rb-professional-number", Practitioner(gmc_number="Dr 9"), "gmc_number"),
    ("rb-list-empty", RecordList(status="current", mode="working", resident=SHE), "empty_reason"),
    ("rb-allergy-code", Allergy(code=Coded(text="Nuts"), resident=SHE, clinical_status=ACTIVE), "code"),
    ("rb-allergy-ended", Allergy(code=Coded(text="Nuts"), resident=SHE, clinical_status=ACTIVE, end_date="2024"), "clinical_status"),
    ("rb-allergy-none-reaction", Allergy(code=NONE_KNOWN, resident=SHE, clinical_status=ACTIVE, reactions=(
        Reaction((Coded(text="Hives"),)),)), "reactions"),
]


@pytest.mark.parametrize(("rule", "record", "field"), SAME, ids=lambda said: said if isinstance(said, str) else "")
def test_a_rule_and_a_record_say_the_same(rule: str, record: Any, field: str) -> None:
    """What a record warns of is no error as FHIR, and what it refuses is: at the place where the field was written, or is missing."""
    said = next(finding for finding in record.findings() if finding.field == field)
    _, shape = RECORDS[type(record)]
    found = [finding for finding in ours(shape.write(record)) if finding.rule == rule]
    assert [finding.level for finding in found] == [Level.ERROR if said.level == "refusal" else Level.WARNING]
