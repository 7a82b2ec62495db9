"""fhir.resources beside ours: what its models take, what they have against a resource, and how they alter what they read."""
from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import adapter
from adapter import cli, wire
from adapter.faults import Refused
from adapter.second_opinion import RULE, NotInstalled, opinion
from tests import foreign

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PATIENT = {"resourceType": "Patient", "name": [{"use": "official", "family": "Testcase"}]}
KNOWN = {      # why nothing that was dumped from a model is ever sent
    "+00:00 becomes Z": "2025-11-02T09:15:00+00:00 is written 2025-11-02T09:15:00Z",
    "six digits of a second": ".271 becomes .271000",
    "zeros at the end": "0.50 becomes 0.5",
    "a text taken for what it says": "\"true\" is true, \"1\" is 1, \"0.5\" is 0.5",
    "a number taken for something else": "1 is true, 1.0 is 1, 1759843697 is a time",
    "null dropped": "a member that is null is left out",
}


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if members is None:
        yield path, value
    else:
        for key, inner in members:
            yield from leaves(inner, (*path, key))


def alteration(before: Any, after: Any) -> str:
    """By its name in KNOWN; else what it was, so that the test says it."""
    if before is None:
        return "null dropped"
    if isinstance(before, str) and isinstance(after, str):
        whole, ours = re.sub(r"\+00:00$", "Z", before), re.sub(r"(\.\d+?)0+(?=Z|[+-])", r"\1", after)
        if ours == whole:
            return "six digits of a second" if ours != after else "+00:00 becomes Z"
    if isinstance(before, str):
        return "a text taken for what it says"
    if isinstance(after, (bool, str)) or type(before) is not type(after):
        return "a number taken for something else"
    return "zeros at the end" if before == after else f"{type(before)} {type(after)}"


def alterations() -> Iterator[str]:
    for resource in published():
        try:
            model = adapter.typed(resource)
        except Refused:
            continue
        before, after = dict(leaves(resource)), dict(leaves(wire.loads(model.model_dump_json().encode())))
        for path in before.keys() | after.keys():
            theirs, written = before.get(path), after.get(path, "nothing")
            if (str(theirs), type(theirs)) != (str(written), type(written)):
                yield alteration(theirs, written)


def published() -> Iterator[dict[str, Any]]:
    for path in sorted(FIXTURES.rglob("*.fhir.json")):
        yield wire.loads(path.read_bytes())
    for kind in foreign.TYPES:
        yield from (resource for _, resource in foreign.resources(kind))


def test_what_a_model_alters_is_known() -> None:
    assert set(alterations()) == set(KNOWN)


def test_a_resource_as_a_model() -> None:
    patient = adapter.typed({**PATIENT, "birthDate": "1938-04-17"})
    assert (type(patient).__name__, patient.name[0].family, patient.birthDate.year) == ("Patient", "Testcase", 1938)


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.fhir.json")), ids=lambda path: path.parent.name + "/" + path.stem)
def test_it_has_nothing_against_ours(path: Path) -> None:
    assert opinion(wire.loads(path.read_bytes())) == []


@pytest.mark.parametrize(("wrong", "place"), [
    ({"birthDate": "1938-13-14"}, "Patient.birthDate"),
    ({"name": [{"given": "Marigold"}]}, "Patient.name[0].given"),
    ({"colour": "red"}, "Patient.colour"),
    ({"extension": [{"valueString": "x"}]}, "Patient.extension[0].url"),
])
def test_it_says_where(wrong: dict[str, Any], place: str) -> None:
    found = opinion({**PATIENT, **wrong})
    assert [(finding.rule, finding.path) for finding in found] == [(RULE, place)]
    assert not any(word in str(found) for word in ("1938", "Marigold", "red"))


@pytest.mark.parametrize("value", [{}, {"resourceType": "Resident"}, {"resourceType": 7}, {"resourceType": ["Patient"]}])
def test_what_is_no_resource_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="no resource"):
        adapter.typed(value)


@pytest.mark.parametrize("inner", [{"resourceType": "Resident"}, {"resourceType": ["Patient"]}, {"resourceType": 7}])
def test_over_what_the_models_cannot_bear_it_says_so(inner: dict[str, Any]) -> None:
    found = opinion({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]})
    assert [finding.rule for finding in found] == [RULE]


def test_check_tells_it_as_a_warning_beside_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({**PATIENT, "birthDate": "1941-02-31"}), encoding="utf-8")
    run = CliRunner().invoke(cli.app, ["check", str(tmp_path / "a.json"), "--second-opinion"])
    assert [line.rsplit("[", 1)[1] for line in run.stdout.splitlines()] == ["fhir-format]", "second-opinion]"]
    assert ": warning: Patient.birthDate:" in run.stdout.splitlines()[1]


def test_where_it_is_not_installed_it_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fhir.resources.R4B", None)
    with pytest.raises(NotInstalled, match=r"redbag-adapter\[typed\]"):
        adapter.typed(PATIENT)
