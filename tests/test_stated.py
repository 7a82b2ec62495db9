"""What a package states is asked as HL7's engine asks it (6.10.4 gave these verdicts), or counted as not checked."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapter.conformance import Checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.unchecked import VERSIONED
from tests.packages import HL7, TRUST, element, package, profile

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "pulse"}}
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p"}
HOST = "https://trust.example.org/fhir"
ENGLAND = "urn:uuid:00000000-0000-4000-8000-000000000001"


def checking(folder: Path, *definitions: Any) -> Checker:
    """With these definitions, and no rules of ours."""
    return Checker(Definitions.of(("r4-4.0.1",), (package(folder, *definitions),)), rules=())


def about(reference: str, **more: Any) -> dict[str, Any]:
    return {**OBSERVATION, "subject": {"reference": reference}, **more}


def bundled(observation: dict[str, Any]) -> dict[str, Any]:
    """Beside a patient with an address on a server and one with a UUID."""
    named = [(f"{HOST}/Observation/o", {**observation, "id": "o"}), (f"{HOST}/Patient/p", PATIENT), (ENGLAND, {"resourceType": "Patient"})]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": url, "resource": each} for url, each in named]}


# Where what a reference leads to stands ---------------------------------------------------------------------------------------------------

CONTAINED = about("#p", contained=[PATIENT])
NOWHERE_HERE = [about("Patient/1"), about(f"{HOST}/Patient/p"), bundled(about("Patient/2"))]
IN_BUNDLE = [bundled(about("Patient/p")), bundled(about(f"{HOST}/Patient/p")), bundled(about(ENGLAND))]
NAMED = [{**OBSERVATION, "subject": {"display": "Ada"}}, {**OBSERVATION, "subject": {"identifier": {"system": "urn:x", "value": "1"}}}]


@pytest.mark.parametrize(("modes", "contained", "in_bundle", "elsewhere"), [
    (["contained"], True, False, False), (["bundled"], False, True, False), (["referenced"], False, True, True),
    (["contained", "bundled"], True, True, False), (["contained", "referenced"], True, True, True),
    (["bundled", "referenced"], False, True, True),
])
def test_a_reference_leads_to_where_a_profile_wants_it(
        modes: list[str], contained: bool, in_bundle: bool, elsewhere: bool, tmp_path: Path) -> None:
    checker = checking(tmp_path, profile("Seen", "Observation", element("Observation"), element(
        "Observation.subject", type=[{"code": "Reference", "targetProfile": [f"{HL7}Patient"], "aggregation": modes}])))
    cases = [(CONTAINED, contained), (bundled(CONTAINED), contained), *((each, in_bundle) for each in IN_BUNDLE),
             *((each, elsewhere) for each in NOWHERE_HERE), *((each, True) for each in NAMED)]
    for resource, well in cases:
        found = [each for each in checker.findings(resource) if each.rule == "fhir-aggregation"]
        assert [each.path.partition("Observation.")[2] or each.path for each in found] == (
            [] if well else ["Bundle.entry[0].resource.subject.reference" if resource["resourceType"] == "Bundle" else "subject.reference"])
        assert well or not checker.clean(resource)
    assert not checker.not_checked([f"{TRUST}StructureDefinition/Seen"])


@pytest.mark.parametrize(("versioning", "counted"), [("either", 0), ("independent", 1), ("specific", 1)])
def test_whether_a_reference_names_a_version_is_counted(versioning: str, counted: int, tmp_path: Path) -> None:
    checker = checking(tmp_path, profile("Seen", "Observation", element("Observation"), element(
        "Observation.subject", type=[{"code": "Reference", "versioning": versioning}])))
    assert checker.not_checked([f"{TRUST}StructureDefinition/Seen"])[VERSIONED] == counted
