"""`redbag check` as its users meet it: a vendor's row, a folder, a server; and what it says of what cannot be read."""
from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter import wire
from adapter.bundle import collection
from adapter.commands import fhir
from adapter.commands.check_against import Against, against
from adapter.commands.check_closing import MORE
from adapter.commands.check_trace import back, traced
from adapter.commands.exits import Exit
from adapter.conformance import Finding, Level
from adapter.conformance.rules.explaining import explain
from adapter.records.stream import care_records
from mappings import bag as bags
from mappings.bag import CareRecord
from mappings.catalogue import SHAPES
from mappings.encounter import ADMISSION_METHOD
from mappings.list import RecordList
from mappings.rest import texts
from tests import foreign
from tests.exports.vendors import EXAMPLES
from tests.mutate import copied
from tests.packages import element, package, profile
from tests.test_cli import CANARY, EXAMPLE, another, example, lines, ndjson, redbag
from tests.test_cli_formats import PATIENT
from tests.test_cli_server import address

__all__ = ["address"]  # a fixture
LARKFIELD = ("--layout", EXAMPLES / "layouts" / "larkfield.toml")
CHECK_DIGIT = "can be no code of SNOMED CT or dm+d: its check digit or its length is wrong"


@pytest.fixture(scope="module")
def known() -> Against:
    return against((), (), ())


@pytest.fixture(scope="module")
def record() -> CareRecord:
    return care_records().loads(EXAMPLE)


# ---- what it takes for what ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ['[{"resourceType":"Patient"}]', '\ufeff[\n {"id": "1",\n  "resourceType": "Patient"}, {}]'])
def test_an_array_of_fhir_resources_is_not_taken_for_records(tmp_path: Path, text: str) -> None:
    path = tmp_path / "patients.json"
    path.write_text(text, encoding="utf-8")
    result = redbag("check", path)
    assert (result.exit_code, result.stdout.count("\n")) == (Exit.NOTHING, 1)
    assert result.stdout.startswith(f"{path}:1:1: error: is a JSON array of FHIR resources")
    assert "NDJSON" in result.stdout
    assert result.stdout.endswith("[not-an-object]\n")


ZIP = b"PK\x03\x04\x14\x00"


@pytest.mark.parametrize(("said", "says"), [
    ((EXAMPLES / "exports" / "larkfield" / "RESIDENTS.CSV").read_bytes(), "is no JSON: neither FHIR nor care records; a vendor's export"),
    (ZIP, "is a zip: neither FHIR nor care records; a vendor's export is read with --layout"),
    (gzip.compress(EXAMPLE), "is packed by gzip: neither FHIR nor care records; unpack it first"),
    (b'\xef\xbb\xbf<?xml version="1.0"?><a xmlns="http://x.example/"/>', "is XML, whose elements are not in FHIR's namespace"),
    (b"<!DOCTYPE html><html></html>", "is HTML, a page for people"),
])
def test_what_is_neither_fhir_nor_records_is_said_once(tmp_path: Path, said: bytes, says: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(said)
    for name, shown in ((path, str(path)), ("-", "standard input")):
        result = redbag("check", name, said=said)
        assert (result.exit_code, result.stdout.count("\n")) == (Exit.NOTHING, 1)
        assert result.stdout.startswith(f"{shown}:1:1: error: {says}")
        assert "1 file that cannot be read" in result.stderr
    for verb in (("convert", path), ("send", path, "--to", "http://127.0.0.1:9")):
        result = redbag(*verb)
        assert (result.exit_code, result.stdout) == (Exit.NOTHING, "")
        assert result.stderr.startswith(f"{path} {says}")


@pytest.mark.parametrize("said", [b"x\n" + ndjson(example()), "{}".encode("utf-16"), b""])
def test_what_may_be_broken_records_is_told_as_records(said: bytes) -> None:
    assert "[no-form]" not in redbag("check", "-", said=said).stdout


# ---- in the vendor's words -------------------------------------------------------------------------------------------------------
def test_what_is_wrong_with_the_bundle_is_told_by_the_vendors_row_and_column(tmp_path: Path) -> None:
    """A code of dm+d with a wrong check digit is a code to the layout and to the record; FHIR's terminology knows better."""
    export = Path(shutil.copytree(EXAMPLES / "exports" / "larkfield", tmp_path / "larkfield"))
    rows = export / "MEDICATION.CSV"
    rows.write_text(rows.read_text().replace("329652003", "329652004"))
    result = redbag("check", export, *LARKFIELD)
    assert (result.exit_code, result.stdout) == (Exit.NOTHING, (
        f"{rows}:3: error: DMD (medicines[1].drug.codings[0].code, MedicationStatement.medicationCodeableConcept.coding[0].code): "
        f"{CHECK_DIGIT}; take the code from the terminology again; digits lost in a spreadsheet (only 15 are kept) are the usual cause "
        "[rb-sctid]\n"))
    assert "Checked: 1 resident, 1 refused, 1 error." in result.stderr.splitlines()[-1]
    problem, = lines(redbag("check", export, *LARKFIELD, "--json"), "problem")
    assert (problem["file"], problem["line"], problem["name"], problem["path"], problem["fhir"], problem["level"], problem["severity"]) == (
        str(rows), 3, "DMD", "medicines[1].drug.codings[0].code", "MedicationStatement.medicationCodeableConcept.coding[0].code",
        "refusal", "error")


def test_of_a_native_record_it_is_told_by_line_and_column(tmp_path: Path) -> None:
    wrong = another("b")
    wrong["medicines"][0]["drug"]["codings"][0]["code"] = "329652004"
    path = tmp_path / "home.ndjson"
    path.write_bytes(ndjson(example(), wrong))
    result = redbag("check", path)
    error, = [line for line in result.stdout.splitlines() if ": error: " in line]
    place, _, said = error.partition(": error: ")
    line, column = map(int, place.removeprefix(f"{path}:").split(":"))
    assert path.read_bytes().splitlines()[line - 1][column - 1:].startswith(b'"code":"329652004"')
    assert said.startswith("medicines[0].drug.codings[0].code (MedicationStatement.medicationCodeableConcept.coding[0].code): ")
    assert CHECK_DIGIT in said
    assert result.exit_code == Exit.PARTIAL


def test_every_place_of_a_bundle_leads_to_what_it_was_made_from(record: CareRecord) -> None:
    rows = [*bags.directory(record), *bags.personal(record), *bags.returned(record)]
    bundle = collection(record)
    for path, _ in texts(bundle["entry"]):
        found = back(Finding(Level.ERROR, "x", f"Bundle.entry{path}", ""), rows)
        row = rows[int(path[1:].partition("]")[0])]
        assert found.field.startswith(row.path.partition("[")[0])
        assert found.finding.path.startswith(row.kind)
    entry = {row.path: n for n, row in enumerate(rows)}
    table = {
        f"Bundle.entry[{entry['medicines']}].resource.entry[2].item.reference": "medicines[2]",
        f"Bundle.entry[{entry['medicines']}].resource.date": "medicines",
        f"Bundle.entry[{entry['medicines[0]']}].resource.dosage[0].text": "medicines[0].doses[0].text",
        f"Bundle.entry[{entry['resident']}].resource.name[0].family": "resident.family_name",
        f"Bundle.entry[{entry['resident']}].fullUrl": "resident",
        f"Bundle.entry[{entry['resident']}]": "resident",
        "Bundle.timestamp": "",
        "Bundle": ""}
    assert {path: back(Finding(Level.ERROR, "x", path, ""), rows).field for path in table} == table


def test_what_is_wrong_only_with_what_is_sent_is_found_too(record: CareRecord, known: Against) -> None:
    class Strict:
        """Has something against every request."""

        def check(self, resource: Any, profiles: Any = ()) -> Any:
            return known.checker.check(resource)

        def clean(self, resource: Any) -> bool:
            return resource["type"] != "transaction"

        def findings(self, resource: Any, profiles: Any = ()) -> list[Finding]:
            return [Finding(Level.ERROR, "fhir-format", f"Bundle.entry[{n}].request.url", "is no URL") for n in (0, 3)]

        definitions = known.checker.definitions

    found = [each for each in traced(record, Against(Strict())) if each.finding.level is Level.ERROR]  # type: ignore[arg-type]
    assert [each.field for each in found] == ["related_persons[0]", "medicines[1]"]


def test_what_came_back_from_a_hospital_is_not_the_senders_to_mend(record: CareRecord, known: Against) -> None:
    wrong = replace(record.stays[0], admission_method=ADMISSION_METHOD.coded("waiting list"))
    wrong = replace(wrong, admission_method=replace(wrong.admission_method, codings=(
        replace(wrong.admission_method.codings[0], display="Admitted"),)))
    for key, found in (("mine", ["stays[0].admission_method.codings[0].display"]), (f"{bags.THEIRS}https://x.example/Encounter/1", [])):
        hers = replace(record, stays=(replace(wrong, key=key),), medicines=bags.Unlisted.NOT_ASKED,
                       lists=(RecordList("current", "snapshot", bags.THE_RESIDENT, "medicines"),))
        assert [each.field for each in traced(hers, known) if each.finding.level is Level.ERROR] == found


def test_who_cannot_be_written_as_fhir_is_refused_with_her_field() -> None:
    wrong = example()
    wrong["organizations"].append({**wrong["organizations"][0], "key": "twice"})
    result = redbag("check", "-", said=wire.dumps(wrong))
    assert "error: organizations[" in result.stdout
    assert "is the same as organizations[0]: both have one identifier [rb-record]" in result.stdout
    assert result.exit_code == Exit.NOTHING


def test_what_the_record_has_said_no_product_rule_says_again() -> None:
    """A drug without a code of dm+d: the record says so in its own words, and rb-medicine-code would too."""
    rules = [problem["rule"] for problem in lines(redbag("check", "-", "--json", said=EXAMPLE), "problem")]
    assert "rb-record" in rules
    assert "rb-medicine-code" not in rules


def test_in_fhir_a_product_rule_says_it_in_fhirs_words_and_the_record_not_again() -> None:
    bundle = redbag("convert", "-", "--as", "collection", said=EXAMPLE).stdout
    rules = [problem["rule"] for problem in lines(redbag("check", "-", "--json", said=bundle), "problem")]
    assert rules == ["rb-medicine-code"] * 4


def test_what_stands_in_too_long_a_list_is_not_counted_as_checked() -> None:
    """Neither said to be checked, nor read into records."""
    entry = {"fullUrl": "urn:x:1", "resource": {"resourceType": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry] * 100_001}
    result = redbag("check", "-", "--least", "information", said=json.dumps(bundle))
    assert (result.exit_code, len(result.stdout.splitlines())) == (Exit.NOTHING, 1)
    said, ended = result.stderr.splitlines()[-2:]
    assert said == "Not checked: 100,001 × resource in a list that is too long."
    assert ended.startswith("Checked: 1 resource, 1 refused, 1 error")


# ---- what is left of a record that is refused ------------------------------------------------------------------------------------
def test_faults_of_form_and_of_meaning_are_told_in_one_run(tmp_path: Path) -> None:
    """A date that no calendar has, a wrong NHS number, a code of dm+d that cannot be one: reading, the record's own check, FHIR."""
    export = Path(shutil.copytree(EXAMPLES / "exports" / "larkfield", tmp_path / "larkfield"))
    for name, right, wrong in (("RESIDENTS.CSV", "14/05/1938", "31/02/1938"), ("RESIDENTS.CSV", "999 000 0034", "999 000 0035"),
                               ("MEDICATION.CSV", "329652003", "329652004"), ("MEDICATION.CSV", "tablets,C,,,", "tablets,C,,31/02/2019,")):
        text = (export / name).read_text()
        assert right in text
        (export / name).write_text(text.replace(right, wrong, 1))
    result = redbag("check", export, *LARKFIELD)
    assert [said.split(" (")[0].removeprefix(f"{export}/") for said in result.stdout.splitlines() if ": error: " in said] == [
        "RESIDENTS.CSV:2: error: DOB", "MEDICATION.CSV:2: error: START", "RESIDENTS.CSV:2: error: NHS_NO", "MEDICATION.CSV:3: error: DMD"]
    assert "Checked: 1 resident, 1 refused, 4 errors." in result.stderr.splitlines()[-1]


def told_of(said: dict[str, Any]) -> set[tuple[str, str, str]]:
    problems = lines(redbag("check", "-", "--json", said=wire.dumps(said)), "problem")
    return {(problem.get("path", ""), problem["rule"], problem["says"]) for problem in problems}


@pytest.mark.parametrize(("wrong", "told", "is_left"), [
    (("resident", "birth_date", "31/02/1938"), {"resident.birth_date"}, True),
    (("resident", "nhs_number", {"digits": "1"}), {"resident.nhs_number"}, True),
    (("resident", "nsh_number", "1"), {"resident"}, True),
    (("medicines", 0, "status", "soon"), {"medicines[0].status"}, True),
    (("medicines", 0, "doses", 0, "text", 5), {"medicines[0].doses[0].text"}, True),
    (("medicines", 1, 7), {"medicines[1]"}, True),
    (("vaccinations", "none"), {"vaccinations"}, True),
    (("zap", 1), {""}, True),
    (("organizations", 0, "key", " "), {"organizations[0].key"}, False),
    (("stays", 5), {"stays"}, False),
    (("as_of", 5), {"as_of"}, False),
])
def test_what_is_left_out_makes_no_other_fault(wrong: tuple[Any, ...], told: set[str], is_left: bool) -> None:
    """Whatever is told beside the fault is told of the right record too, at the same place; where others depend on it, nothing is."""
    record = example()
    spoiled: Any = record
    for step in wrong[:-2]:
        spoiled = spoiled[step]
    right = told_of(record)
    spoiled[wrong[-2]] = wrong[-1]
    beside = told_of(record) - right
    assert {path for path, _, _ in beside} == told
    assert bool(told_of(record) & right) is is_left


# ---- what may be named -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, said in {
        "b.json": json.dumps(PATIENT), "a/1.xml": wire.dumps_xml(PATIENT).decode(), "a/2.JSON": json.dumps(PATIENT | {"gender": "f"}),
        "a/home.ndjson": ndjson(example(), another("b")).decode(), "notes.txt": "x", ".hidden/c.json": "{", "a/.d.json": "{",
    }.items():
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_text(said)
    (tmp_path / "all" / "round").symlink_to(tmp_path / "all", target_is_directory=True)
    return tmp_path / "all"


def test_a_folder_is_gone_through(folder: Path) -> None:
    result = redbag("check", folder)
    errors = [line for line in result.stdout.splitlines() if ": error: " in line]
    assert [error.partition(":")[0] for error in errors] == [str(folder / "a" / "2.JSON")]
    end, = lines(redbag("check", folder, "--json"), "result")
    assert (end["exit"], end["files"], end["residents"], end["resources"], end["refused"]) == (Exit.PARTIAL, 4, 2, 3, 1)
    assert result.stderr.splitlines()[-1].startswith("Checked: 4 files, 2 residents, 3 resources, 1 refused, ")
    assert "Passed over: 1 file with other endings. A vendor's export is read with --layout." in result.stderr


def test_one_of_several_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    result = redbag("check", folder / "nowhere.json", folder / "b.json")
    assert result.stdout.splitlines() == [
        f"{folder / 'nowhere.json'}: error: cannot be read (no such file or directory): check the name [not-read]"]
    assert (result.exit_code, result.stderr.splitlines()) == (
        Exit.PARTIAL, [MORE, "Checked: 2 files, 1 resource, 1 file that cannot be read, 1 error."])


def test_ndjson_is_checked_by_the_line() -> None:
    said = "\n".join([json.dumps(PATIENT), json.dumps(PATIENT)[:-1], "", json.dumps(PATIENT | {"gender": "f"})])
    result = redbag("check", "-", said=said)
    assert [line.split(": ")[0] for line in result.stdout.splitlines()] == ["standard input:2:135", "standard input:4:117"]
    assert (result.exit_code, result.stderr) == (Exit.PARTIAL, f"{MORE}\nChecked: 3 resources, 2 refused, 2 errors.\n")


def test_one_document_with_an_entry_a_line_is_one_document(tmp_path: Path) -> None:
    """Its first line ends within a list, and the next begins with {: our own report is written so."""
    bundle = wire.loads(redbag("convert", "-", "--as", "collection", said=EXAMPLE).stdout.encode())
    a_line = [wire.dumps(each).decode().replace("\n", "") for each in bundle.pop("entry")]
    head = json.dumps(bundle)[:-1]
    for said in (f'{head}, "entry": [\n' + ",\n".join(a_line) + "\n]}\n", f'{head}, "entry": [\n' + "\n,".join(a_line) + "\n]}\n",
                 f'{head}, "entry": [{a_line[0]}\n,' + "\n,".join(a_line[1:]) + "\n]\n}\n"):
        (tmp_path / "bundle.json").write_text(said)
        for name in ("-", tmp_path / "bundle.json"):
            result = redbag("check", name, "--least", "error", said=said)
            assert (result.exit_code, result.stdout) == (Exit.DONE, "")
            assert f"Checked: {len(a_line)} resources, " in result.stderr
    report = redbag("check", "-", "--report", "outcome", said=EXAMPLE).stdout
    assert report.splitlines()[0].endswith("[")
    assert "Checked: 1 resource" in redbag("check", "-", said=report).stderr


def test_what_a_server_has_is_checked(address: str) -> None:
    bag = ndjson(example())
    assert redbag("send", "-", "--to", address, "--patient", "create-if-missing", said=bag).exit_code == Exit.DONE
    everything = redbag("check", f"{address}/Encounter?_count=1", "--least", "information")
    assert everything.exit_code == Exit.DONE
    assert everything.stderr.splitlines()[-1].startswith("Checked: 1 resource")
    pages = redbag("check", f"{address}/MedicationStatement?_count=2", "--least", "warning")
    assert "warning: Bundle.link: only the first page was checked, 2 of " in pages.stdout
    nothing = redbag("check", f"{address}/Patient/9990000018")
    assert (nothing.exit_code, nothing.stdout) == (Exit.NOTHING, "")
    assert "the server answers with status 404" in nothing.stderr
    assert "9990000018" not in nothing.stderr
    assert redbag("check", "http://127.0.0.1:9/Patient/1").exit_code == Exit.AGAIN


# ---- what may be asked -----------------------------------------------------------------------------------------------------------
DOUBTED = json.dumps({"resourceType": "Patient", "gender": "female"})
WRONG = json.dumps(PATIENT | {"gender": "f", "birthDate": "1941-02-30"})
BP = "http://hl7.org/fhir/StructureDefinition/bp"


@pytest.mark.parametrize(("options", "said", "end", "shown"), [
    ((), DOUBTED, Exit.DONE, 1),
    (("--fail-on", "warning"), DOUBTED, Exit.NOTHING, 1),
    (("--least", "error"), DOUBTED, Exit.DONE, 0),
    (("--fail-on", "information"), DOUBTED, Exit.NOTHING, 3),
    (("--fail-on", "warning", "--least", "error"), DOUBTED, Exit.NOTHING, 0),
    ((), WRONG, Exit.NOTHING, 2),
    (("--most", "1"), WRONG, Exit.NOTHING, 1),
    (("--most", "0"), WRONG, Exit.NOTHING, 0),
    (("--set", "ukcore-stu3-sequence"), json.dumps(PATIENT), Exit.DONE, 0),
    (("--profile", "http://hl7.org/fhir/StructureDefinition/Patient"), json.dumps(PATIENT), Exit.DONE, 0),
])
def test_options(options: tuple[str, ...], said: str, end: Exit, shown: int) -> None:
    result = redbag("check", "-", *options, said=said)
    assert (result.exit_code, len(result.stdout.splitlines())) == (end, shown)


@pytest.mark.parametrize(("options", "said"), [
    (("--least", "error"), ["Not shown: 1 warning (--least error).", "Checked: 1 resource, 1 warning."]),
    (("--fail-on", "warning"), ["Checked: 1 resource, 1 not right by --fail-on warning, 1 warning."]),
    (("--most", "0"), ["Shown: the first 0 of 1 finding (--most).", "Checked: 1 resource, 1 warning."]),
    ((), ["Checked: 1 resource, 1 warning."]),
])
def test_what_is_not_shown_is_said(options: tuple[str, ...], said: list[str]) -> None:
    assert redbag("check", "-", *options, said=DOUBTED).stderr.splitlines() == said
    outcome = redbag("check", "-", *options, "--report", "outcome", said=DOUBTED).stdout
    assert ("Checked 1: 1 warning, not shown here" in outcome) is (options[:1] in {("--least",), ("--most",)})


TRUST_PATIENT = profile("TrustPatient", "Patient", element("Patient.photo", min=1),
                        base="https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient")


def test_a_package_holds_for_its_types_and_is_counted(tmp_path: Path) -> None:
    """Whether they claim its profile or not; a Bundle's and a record's too."""
    url, trust = TRUST_PATIENT["url"], package(tmp_path, TRUST_PATIENT)
    bundle = redbag("convert", "-", "--as", "collection", said=EXAMPLE).stdout
    for options in (("--package", trust), ("--package", trust, "--profile", url)):
        for said, place in ((json.dumps(PATIENT), "Patient.photo"), (EXAMPLE, "Patient.photo"),
                            (bundle, "resource.photo")):
            result = redbag("check", "-", *options, said=said)
            error, = [line for line in result.stdout.splitlines() if ": error: " in line]
            assert place in error
            assert url in error
            assert f"Held against {url}: 1 resource." in result.stderr.splitlines()
            assert result.exit_code in (Exit.NOTHING, Exit.PARTIAL)
    stay = json.dumps({"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}})
    assert f"Held against {url}: 0 resources." in redbag("check", "-", "--package", trust, said=stay).stderr


def test_a_definition_that_cannot_be_read_is_warned_of_and_counted_as_not_checked(tmp_path: Path) -> None:
    strange = profile("Strange", "Encounter", element("Encounter.type", slicing={"rules": "open", "discriminator": [{"type": "position"}]}))
    result = redbag("check", "-", "--package", package(tmp_path, TRUST_PATIENT, strange), "--fail-on", "warning", said=json.dumps(PATIENT))
    warned, = [line for line in result.stdout.splitlines() if "package-definition" in line]
    assert warned.startswith(f"1.json: warning: an element of {strange['url']}: Invalid enum value")
    assert "it is left out" in warned
    assert "Not checked: 1 × definition that cannot be read" in result.stderr
    assert f"Held against {TRUST_PATIENT['url']}: 1 resource." in result.stderr
    assert result.exit_code != Exit.DONE


def test_what_stands_in_parameters_counts_in_what_was_not_checked_and_held() -> None:
    answers = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "https://care.test/Questionnaire/q"}
    within = {"resourceType": "Parameters", "parameter": [{"name": "answers", "resource": answers}]}
    url = "http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse"
    for said in (answers, within):
        end, = lines(redbag("check", "-", "--json", "--profile", url, said=json.dumps(said)), "result")
        assert (end["not_checked"], end["held_against"]) == ({"answers against their Questionnaire": 1}, {url: 1})


def test_what_a_package_asks_and_nobody_can_check_is_named(tmp_path: Path) -> None:
    rule = {"key": "trust-1", "severity": "error", "human": "x", "expression": "name.family.((("}
    binding = {"strength": "required", "valueSet": "https://trust.example.org/fhir/ValueSet/nowhere"}
    trust = package(tmp_path, profile("TrustPatient", "Patient", element("Patient", constraint=[rule]),
                                      element("Patient.maritalStatus", binding=binding)))
    result = redbag("check", "-", "--package", trust, said=json.dumps(PATIENT))
    url = TRUST_PATIENT["url"]
    assert [line for line in result.stderr.splitlines() if line.startswith("  of a package")] == [
        f"  of a package: value set that is not there: {binding['valueSet']}, of Patient.maritalStatus in {url}",
        f"  of a package: invariant that cannot be evaluated: trust-1, of Patient in {url}"]
    end, = lines(redbag("check", "-", "--package", trust, "--json", said=json.dumps(PATIENT)), "result")
    assert len(end["left_open"]) == sum(end["not_checked"].values()) == 2


def test_of_several_profiles_of_one_type_the_one_that_is_claimed_or_named_holds(tmp_path: Path) -> None:
    trust = package(tmp_path, TRUST_PATIENT, profile("Other", "Patient", element("Patient.link", min=1)))
    nothing = redbag("check", "-", "--package", trust, said=json.dumps(PATIENT))
    assert (nothing.exit_code, nothing.stdout) == (Exit.DONE, "")
    assert "The packages have several profiles of Patient: they hold where one is claimed, or named with --profile." in nothing.stderr
    claimed = PATIENT | {"meta": {"profile": [TRUST_PATIENT["url"]]}}
    for options, said in (((), claimed), (("--profile", TRUST_PATIENT["url"]), PATIENT)):
        result = redbag("check", "-", "--package", trust, *options, said=json.dumps(said))
        assert ["photo" in line for line in result.stdout.splitlines() if "[fhir-min]" in line] == [True]


def test_a_profile_is_held_against_where_it_is_asked_for() -> None:
    weight = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}
    assert "[fhir-min]" not in redbag("check", "-", said=json.dumps(weight)).stdout
    assert "[fhir-min]" in redbag("check", "-", "--profile", BP, said=json.dumps(weight)).stdout


def test_a_profile_that_is_named_is_for_its_type_alone() -> None:
    """Of a folder, as of a Bundle; that nothing was held against it is said."""
    result = redbag("check", "-", "--profile", BP, said=json.dumps(PATIENT))
    assert (result.exit_code, result.stdout) == (Exit.DONE, "")
    assert result.stderr.startswith(f"Held against {BP}: 0 resources.\n")


@pytest.mark.parametrize(("options", "end", "says"), [
    (("-", "--set", "r5"), Exit.USAGE, "--set: there is no such set of definitions; there are r4-4.0.1, ukcore-stu2-2.0.2"),
    (("-", "--profile", "https://nowhere.example/P"), Exit.USAGE, "--profile: https://nowhere.example/P is in none of r4-4.0.1, "),
    (("-", "--package", "nowhere.tgz"), Exit.NOTHING, "--package: nowhere.tgz cannot be read (no such file or directory): name the"),
    (("-", "--package", EXAMPLES), Exit.NOTHING, f"--package: {EXAMPLES} cannot be read (is a directory): name the package's file."),
    ((EXAMPLES, "--layout", EXAMPLES), Exit.NOTHING, f"{EXAMPLES}: cannot be read (is a directory): name the layout's file"),
    (("-", "--json", "--report", "sarif"), Exit.USAGE, "--json is --report json: name one of the two."),
    (("-", "-"), Exit.USAGE, "A pipe can be read once"),
    ((), Exit.USAGE, "Nothing to check: name a file, a folder or an address"),
    (("a", "b", *LARKFIELD), Exit.USAGE, "With --layout, name one export"),
    (("-", "--as-of", "2026-01-01"), Exit.USAGE, "--as-of and --refused are for a vendor's export"),
    (("--explain", ""), Exit.USAGE, "--explain: name a rule"),
    (("--explain", "rb-nhs-numbr"), Exit.USAGE, "There is no such rule; perhaps rb-nhs-number"),
])
def test_what_cannot_be_asked_is_one_sentence(options: tuple[Any, ...], end: Exit, says: str) -> None:
    result = redbag("check", *options, said=json.dumps(PATIENT))
    assert (result.exit_code, result.stderr.count("\n"), "problem" in result.stdout) == (end, 1, False)
    assert result.stderr.startswith(says)


def test_a_rule_is_explained() -> None:
    for name in ("[rb-nhs-number]", "RB-NHS-NUMBER"):
        result = redbag("check", "--explain", name)
        assert (result.exit_code, result.stdout) == (Exit.DONE, f"{explain('rb-nhs-number')}\n")
    said, = lines(redbag("check", "--explain", "pat-1", "--json"), "rule")
    assert said == {"rule": "pat-1", "says": explain("pat-1")}


# ---- whatever it is given --------------------------------------------------------------------------------------------------------
def test_no_finding_holds_a_value_in_whatever_form_it_is_told() -> None:
    """The canary stands in every text of a Bundle, and is of the wrong type besides."""
    bundle = wire.loads(redbag("convert", "-", "--as", "collection", said=EXAMPLE).stdout.encode())
    said = "\n".join(json.dumps(each) for each in spoiled(bundle))
    for form in ("text", "json", "outcome", "sarif", "junit"):
        result = redbag("check", "-", "--report", form, "--least", "information", said=said)
        assert result.exit_code in (Exit.PARTIAL, Exit.NOTHING)
        assert CANARY.casefold() not in result.output.casefold()


def spoiled(bundle: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in bundle["entry"]:
        for value in (CANARY, {CANARY: CANARY}, [CANARY], f" {CANARY}\n"):
            yield {"resourceType": "Bundle", "type": "collection", "entry": [{**entry, "resource": _all(entry["resource"], value)}]}


def _all(value: Any, by: Any) -> Any:
    if isinstance(value, dict):
        return {key: each if key in ("resourceType", "url", "system", "profile") else _all(each, by) for key, each in value.items()}
    return [_all(each, by) for each in value] if isinstance(value, list) else copied(by)


def test_any_bytes_end_in_findings_with_a_rule(known: Against) -> None:
    for name, body in sorted(foreign.documents())[::9]:
        form = wire.XML if name.endswith("xml") else wire.JSON
        data = body.encode() if isinstance(body, str) else body
        for at in range(7, len(data), len(data) // 12):
            for cut in (data[:at], data[:at] + b"\x00\xff" + data[at:], data[:at] + data[at + 9:], data[:at] + b'"' + data[at:]):
                unit = fhir.unit(cut, name, form, known)
                assert all(told.finding.rule and told.finding.says for told in unit.found)


def test_shapes_are_as_the_catalogue_has_them() -> None:
    assert {kind: fhir.shape_of(kind) for kind in SHAPES} == SHAPES
    assert fhir.shape_of("Flag") is fhir.shape_of("Findings") is None


MISSPELT = """{"resourceType": "MedicationStatement",
  "status": "active", "subject": {"display": "x"},
    "Quetzalcoatl": 1,
  "taken": "y", "dosage": [{"text": "x",
     "animal": 1,   "xuetzalcoatl": {}}], "medicationCodableConcept": {"text": "x"}}"""


def test_a_member_that_fhir_does_not_have_is_told_at_its_own_place_and_by_name_where_the_name_is_fhirs() -> None:
    found = [line.removeprefix("standard input:").partition(": error: ") for line in redbag("check", "-", said=MISSPELT).stdout.splitlines()
             if "[fhir-unknown]" in line]
    assert [(place, says.partition(":")[0]) for place, _, says in found] == [
        ("3:5", "MedicationStatement"), ("5:43", "MedicationStatement"), ("5:21", "MedicationStatement.dosage[0]"),
        ("5:6", "MedicationStatement.dosage[0].animal"), ("4:3", "MedicationStatement.taken")]
    told = "\n".join(says for _, _, says in found)
    assert "number 4 of 7, that is no element" in told
    assert "did you mean medicationCodeableConcept?" in told
    assert "FHIR STU3 has it, and R4 says it in status" in told
    assert "uetzalcoatl" not in told


def test_a_line_of_xml_is_found() -> None:
    said = """<Bundle xmlns="http://hl7.org/fhir">
<type value="collection"/>
<entry><fullUrl value="urn:uuid:5c1f8e0a-0000-4000-8000-000000000000"/><resource>
<Patient><identifier><system value="https://home.example/Id/Patient"/><value value="1"/></identifier>
<name><given value="A"/>
<given value="B"/></name>
<gender value="f"/>
</Patient></resource></entry></Bundle>"""
    assert redbag("check", "-", said=said).stdout.startswith("standard input:7:1: error: Bundle.entry[0].resource.gender: ")
    paths = ("Bundle.entry[0].resource.name[0].given[1]", "Bundle.entry[0].resource.birthDate", "Bundle.type", "Bundle")
    assert [place[1:3] for place in fhir.places_of(said.encode(), wire.XML, paths).values()] == [(6, 1), (4, 1), (2, 1), (1, 1)]
    one_line = said.replace("\n", " ").replace('value="A"', 'value="Ä"')
    places = fhir.places_of(one_line.encode(), wire.XML, paths).values()
    assert [(place.line, one_line[(place.column or 0) - 1:][:10]) for place in places] == [
        (1, "<given val"), (1, "<Patient><"), (1, "<type valu"), (1, "<Bundle xm")]


def test_a_folder_takes_no_more_memory_than_a_file(tmp_path: Path, known: Against) -> None:
    import tracemalloc

    for n in range(150):
        (tmp_path / f"{n:03}.json").write_text(json.dumps(PATIENT | {"gender": "f", "name": [{"family": "x" * 1000}]}))
    redbag("check", tmp_path, "--report", "sarif", "--most", "1")      # whatever is made once is made

    def peak(name: Path) -> int:
        tracemalloc.start()
        redbag("check", name, "--report", "sarif", "--most", "1")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    one, all_ = (min(peak(name) for _ in range(3)) for name in (tmp_path / "000.json", tmp_path))      # other threads only add to it
    assert all_ - one < 150 * 1500
