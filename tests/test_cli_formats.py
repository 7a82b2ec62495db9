"""The command line in either format: what is converted, and what is said of FHIR that somebody has."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.commands.check_closing import MORE
from adapter.commands.exits import Exit
from tests import foreign
from tests.mutate import exactly
from tests.test_cli import CANARY, another, example, lines, ndjson, redbag

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Ann</div>'
UUID = "5c1f8e0a-0000-4000-8000-00000000000{}"
PUBLISHED = dict(foreign.documents())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three residents a line; the second a dose with a character that XML does not have."""
    path, odd = tmp_path / "home.ndjson", another("b")
    odd["medicines"][0]["doses"][0]["text"] = f"{CANARY}\ufffe"
    path.write_bytes(ndjson(example(), odd, another("c")))
    return path


# ---- convert ----------------------------------------------------------------------------------------------------------------------
def test_xml_is_one_document_a_line_and_says_the_same(home: Path) -> None:
    in_json, in_xml = redbag("convert", home), redbag("convert", home, "--format", "xml")
    assert (in_json.exit_code, in_xml.exit_code) == (Exit.DONE, Exit.PARTIAL)
    first, _, third = map(wire.loads, in_json.stdout.encode().splitlines())
    assert exactly([wire.loads_xml(line) for line in in_xml.stdout.encode().splitlines()], [first, third])
    assert f"{home}:2:1: error: Bundle.entry[" in in_xml.stderr
    assert CANARY not in in_xml.stderr


def test_into_a_folder_go_files_of_the_format(home: Path, tmp_path: Path) -> None:
    redbag("convert", home, "--format", "xml", "--out", tmp_path / "xml")
    redbag("convert", home, "--out", tmp_path / "json")
    found = {path.stem: wire.loads_xml(path.read_bytes().rstrip()) for path in (tmp_path / "xml").glob("*.xml")}
    assert len(found) == 2
    assert all(exactly(said, wire.loads((tmp_path / "json" / f"{name}.json").read_bytes())) for name, said in found.items())


def test_for_programs_xml_is_a_text_in_json(home: Path) -> None:
    documents = lines(redbag("convert", home, "--format", "xml", "--json"), "bundle")
    assert [wire.loads_xml(str(document).encode())["resourceType"] for document in documents] == ["Bundle"] * 2


# ---- check ------------------------------------------------------------------------------------------------------------------------
PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "a", "identifier": [{"system": "https://home.example/Id/Patient", "value": "1"}], "gender": "female"}
JSON = json.dumps(PATIENT)
XML = wire.dumps_xml(PATIENT).decode()
PREFIXED = re.sub("<(/?)(?=[A-Za-z])", r"<\1f:", XML.partition("?>")[2].replace("xmlns=", "xmlns:f="))
FLAG = {"resourceType": "Flag", "status": "active", "code": {"text": CANARY}, "subject": {"reference": "urn:uuid:" + UUID.format(0)}}
BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": [
    {"fullUrl": "urn:uuid:" + UUID.format(number), "resource": each} for number, each in enumerate((
        PATIENT, PATIENT | {"gender": CANARY}, FLAG,
        PATIENT | {"text": {"status": "generated", "div": DIV}, "photo": [{"title": CANARY}]}))]}
SAID = {
    "JSON": (JSON, Exit.DONE, []),
    "XML": (XML, Exit.DONE, []),
    "XML with a byte order mark and a prefix": (
        f'\ufeff<?xml version="1.0"?>\n{PREFIXED}', Exit.DONE, []),
    "a resourceType that is not the first": (json.dumps({"id": "a", **PATIENT}), Exit.DONE, []),
    "a resourceType that is the last": (json.dumps(dict(reversed(PATIENT.items()))), Exit.DONE, []),
    "XML that FHIR does not have": (
        f'<Patient xmlns="http://hl7.org/fhir">\n<{CANARY} value="{CANARY}"/></Patient>', Exit.NOTHING,
        ["-:2:1: error: Patient: holds an element that FHIR R4 does not have here [unknown-element]"]),
    "XML in which a name is FHIR's": (
        '<Patient xmlns="http://hl7.org/fhir"><active value="true"/><dosage/></Patient>', Exit.NOTHING,
        ["-:1:60: error: Patient: holds the element dosage that FHIR R4 does not have here [unknown-element]"]),
    "XML in which a name is nearly FHIR's": (
        '<Patient xmlns="http://hl7.org/fhir"><birthdate value="1941-01-02"/></Patient>', Exit.NOTHING,
        ["-:1:38: error: Patient: holds an element that FHIR R4 does not have here; did you mean birthDate? [unknown-element]"]),
    "XML in which a name is of another namespace": (
        '<Patient xmlns="http://hl7.org/fhir"><x:active xmlns:x="urn:x"/></Patient>', Exit.NOTHING,
        ["-:1:38: error: Patient: holds an element that is not in the namespace http://hl7.org/fhir [unknown-element]"]),
    "JSON that FHIR does not have": (
        json.dumps(PATIENT | {"name": [{CANARY: CANARY}]}), Exit.NOTHING,
        [("-:1:147: error: Patient.name[0]: has a member, number 1 of 1, that is no element of HumanName; leave it out, or send it as an "
          "extension [fhir-unknown]")]),
    "JSON that is none": (
        JSON[:-1], Exit.NOTHING, ["-:1:135: error: ends here, in the middle of a record: the file is not whole [not-json]"]),
    "XML that is none": (
        XML[:-9], Exit.NOTHING, ["-:1:208: error: ends here, in the middle of an element: the file is not whole [not-xml]"]),
}


@pytest.mark.parametrize(("said", "end", "problems"), SAID.values(), ids=SAID)
def test_a_resource_is_checked(said: str, end: Exit, problems: list[str]) -> None:
    result = redbag("check", "-", said=said)
    assert (result.stdout.replace("standard input", "-").splitlines(), result.exit_code) == (problems, end)
    assert result.stderr.splitlines()[-1].startswith("Checked: 1 resource")
    assert CANARY not in result.stdout + result.stderr


@pytest.mark.parametrize("form", wire.FORMATS.values(), ids=lambda form: form.name)
def test_of_a_bundle_each_resource_is_checked(form: wire.Format, tmp_path: Path) -> None:
    path = tmp_path / f"bundle.{form.name}"
    path.write_bytes(form.dumps(BUNDLE))
    result = redbag("check", path)
    error, = result.stdout.splitlines()
    assert error.startswith(f"{path}:1:")
    assert ": error: Bundle.entry[1].resource.gender: is not one of the codes asked for, " in error
    assert (result.exit_code, result.stderr) == (Exit.PARTIAL, f"{MORE}\nChecked: 4 resources, 1 refused, 1 error.\n")
    assert CANARY not in result.stdout
    programs = redbag("check", path, "--json", "--least", "information")
    (end,) = lines(programs, "result")
    assert (end["exit"], end["resources"], end["refused"], end["errors"], end["warnings"], end["unread"]) == (1, 4, 1, 1, 0, 4)
    assert [each["path"] for each in lines(programs, "problem") if each["rule"] == "rb-unread"] == [
        "Bundle.entry[2].resource", "Bundle.entry[3].resource.photo[0].title", "Bundle.entry[3].resource.text.div",
        "Bundle.entry[3].resource.text.status"]


def test_what_records_say_against_themselves_is_said() -> None:
    result = redbag("check", "-", said=json.dumps(PATIENT | {"birthDate": "1941-02-03", "deceasedDateTime": "1940-02-03"}))
    assert "standard input:1:1: error: Patient: deceased: is before birth_date [rb-record]" in result.stdout.splitlines()
    assert "1940" not in result.stdout


@pytest.mark.parametrize("name", PUBLISHED)
def test_everything_published_can_be_checked(name: str) -> None:
    result = redbag("check", "-", said=PUBLISHED[name])
    assert result.exit_code in (Exit.DONE, Exit.PARTIAL, Exit.NOTHING)
    assert result.stderr.splitlines()[-1].startswith("Checked: ")


def test_care_records_are_still_care_records(home: Path) -> None:
    assert redbag("check", home).stderr.splitlines()[-1].startswith("Checked: 3 residents")
