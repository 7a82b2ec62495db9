"""The forms in which findings are told: one text everywhere, and what code hosts, build servers and FHIR servers take."""
from __future__ import annotations

import ast
import doctest
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

import jsonschema_rs
import pytest
from lxml import etree

from adapter import wire
from adapter.commands import check_closing, foreign
from adapter.conformance import Finding, Level, checker
from adapter.conformance.report import Report, Summary, Told, Unit, junit, outcome, sarif, told
from adapter.conformance.report.junit import Junit
from adapter.conformance.report.outcome import Outcome
from adapter.conformance.report.sarif import Sarif
from adapter.conformance.report.text import Json, Text
from adapter.conformance.rules.explaining import explain
from adapter.conformance.rules.inputs import INPUTS
from adapter.conformance.rules.structural import STRUCTURAL
from adapter.conformance.unchecked import NO_VALUE_SET, Unchecked
from adapter.docs.rules import rules as rules_page
from tests.jury import jurors

ROOT = Path(__file__).resolve().parent.parent
BAD = Finding(Level.ERROR, "fhir-min", "Encounter", "has no status", "say it", "http://hl7.org/fhir/StructureDefinition/Encounter|4.0.1")
DOUBT = Finding(Level.WARNING, "rb-dose", "MedicationStatement.dosage[0]._text", "is <odd> & \x01 'quoted'")
NOTE = Finding(Level.INFORMATION, "rb-unread", "Patient.photo[0].url", "is held by no record")
ROW = Told(DOUBT, "export/DOSES 1.CSV", 7, None, "DOSE", "medicines[0].doses[0].text", 3)
UNITS = (
    Unit("a/b.json", "document", (Told(BAD, "a/b.json", 3, 5), Told(NOTE, "a/b.json")), 0.25),
    Unit("a/b.json", "line 2", (), 0.5),
    Unit("export", "record 3", (ROW, Told(BAD, "export", field="stays[0]", record=3)), 0.125),
    Unit("nobody's", "document", (Told(Finding(Level.ERROR, "not-json", "", "ends here"), "nobody's"),), holds=0))


OPEN = tuple(Unchecked(NO_VALUE_SET, f"https://trust.example/{name}", "Patient.gender", "https://trust.example/<vs>") for name in "ab")
UNSEEN: dict[str, Any] = {"not_checked": Counter({NO_VALUE_SET: 2}), "left_open": OPEN,
                          "not_looked_up": Counter({"http://snomed.info/sct": 40})}


def whole(report: Report, units: tuple[Unit, ...] = UNITS, **said: Any) -> str:
    summary = Summary(sets=("r4-4.0.1",), exit=1, **said)
    for unit in units:
        summary.add(unit)
    return "\n".join([*report.begin(), *(line for unit in units for line in report.unit(unit)), *report.end(summary)])


# ---- the one text ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("said", "text"), [
    (Told(BAD, "b.json", 3, 5), "b.json:3:5: error: Encounter: has no status; say it [fhir-min]"),
    (Told(BAD, "b.json", 3), "b.json:3: error: Encounter: has no status; say it [fhir-min]"),
    (Told(BAD, "b.json"), "b.json: error: Encounter: has no status; say it [fhir-min]"),
    (Told(BAD, "x.json", field="stays[0]", record=3), "x.json, record 3: error: stays[0] (Encounter): has no status; say it [fhir-min]"),
    (Told(BAD, "a\nb.json", name="A\x1bB"), "a\ufffdb.json: error: A\ufffdB (Encounter): has no status; say it [fhir-min]"),
    (Told(NOTE, "x/R.CSV", 2, 4, "PHOTO", "resident"),
     "x/R.CSV:2:4: information: PHOTO (resident, Patient.photo[0].url): is held by no record [rb-unread]"),
    (Told(BAD._replace(path=""), "x/R.CSV", 2, name="SEX"), "x/R.CSV:2: error: SEX: has no status; say it [fhir-min]"),
    (Told(BAD._replace(path="", fix=""), "x"), "x: error: has no status [fhir-min]"),
])
def test_a_finding_has_one_text(said: Told, text: str) -> None:
    assert str(said) == text
    assert whole(Text(), (Unit("x", "document", (said,)),)) == text
    issue = json.loads(whole(Outcome(), (Unit("x", "document", (said,)),)))["issue"][0]
    assert issue["diagnostics"] == text
    assert whole(Junit(Level.INFORMATION), (Unit("x", "document", (said,)),)).count(text) == 1


def test_lines_for_programs() -> None:
    first, *_, last = [json.loads(line)["problem"] for line in whole(Json()).splitlines()]
    assert first == {
        "level": "refusal", "severity": "error", "rule": "fhir-min", "path": "Encounter", "says": "has no status", "fix": "say it",
        "source": BAD.source, "file": "a/b.json", "line": 3, "column": 5}
    assert last == {"level": "refusal", "severity": "error", "rule": "not-json", "says": "ends here", "file": "nobody's"}
    row = ROW.as_json()
    assert (row["path"], row["fhir"], row["name"], row["record"]) == (ROW.field, DOUBT.path, "DOSE", 3)


# ---- for others ------------------------------------------------------------------------------------------------------------------
@cache
def schema() -> Any:
    """OASIS's own; two of its patterns, of languages, are no regular expressions."""
    said = json.loads(gzip.decompress((ROOT / "tests" / "jury" / "sarif.schema.json.gz").read_bytes()))
    for name in ("run", "toolComponent"):
        del said["definitions"][name]["properties"]["language"]["pattern"]
    return jsonschema_rs.validator_for(said, validate_formats=True)


@pytest.mark.parametrize("units", [UNITS, UNITS[1:2], ()], ids=["findings", "none", "nothing"])
def test_sarif_is_as_its_schema_has_it(units: tuple[Unit, ...]) -> None:
    said = json.loads(whole(Sarif("1.0", lambda rule: f"About {rule}." if rule.startswith("rb-") else None), units))
    assert [error.message for error in schema().iter_errors(said)] == []
    run, = said["runs"]
    found = [told for unit in units for told in unit.found]
    assert [result["message"]["text"] for result in run["results"]] == [told.finding.told for told in found]
    assert run["tool"]["driver"]["version"] == "1.0"
    assert "version" not in json.loads(whole(Sarif("", lambda rule: None), units))["runs"][0]["tool"]["driver"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [told.finding.rule for told in found]


def test_sarif_names_the_file_the_row_and_the_field() -> None:
    assert sarif.result(ROW, 0)["locations"] == [{
        "physicalLocation": {"artifactLocation": {"uri": "export/DOSES%201.CSV"}, "region": {"startLine": 7}},
        "logicalLocations": [{"fullyQualifiedName": name, "kind": "member"} for name in ("DOSE", ROW.field, DOUBT.path)]}]


def test_what_is_no_sarif_is_seen() -> None:
    said = json.loads(whole(Sarif("1.0", lambda rule: None)))
    said["runs"][0]["results"][0]["level"] = "refusal"
    assert not schema().is_valid(said)


def test_junit_is_as_jenkins_and_gitlab_read_it() -> None:
    """Jenkins xUnit plugin, junit-10.xsd: which element in which, which attributes each has, and which it must have."""
    root = etree.fromstring(whole(Junit(Level.ERROR), **UNSEEN).encode())
    must = {"testsuites": set(), "testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name", "classname"},
            "failure": set(), "system-out": set(), "skipped": set()}
    may = {"testsuites": {"name"}, "testsuite": {"time", "skipped"}, "testcase": {"time"}, "failure": {"type", "message"},
           "system-out": set(), "skipped": {"message"}}
    within = {"testsuites": None, "testsuite": "testsuites", "testcase": "testsuite", "failure": "testcase", "system-out": "testcase",
              "skipped": "testcase"}
    for each in root.iter():
        above = each.getparent()
        assert within[each.tag] == (None if above is None else above.tag)
        assert must[each.tag] <= set(each.keys()) <= must[each.tag] | may[each.tag]
    for suite in root:
        cases = suite.findall("testcase")
        assert (int(suite.get("tests")), int(suite.get("failures"))) == (len(cases), len(suite.findall("testcase/failure")))
        assert re.fullmatch(r"\d{1,3}\.\d{3}", suite.get("time"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert len({(case.get("classname"), case.get("name")) for case in root.iter("testcase")}) == len(UNITS) + 2
    assert [suite.get("failures") for suite in root] == ["1", "1", "1", "0"]
    assert root[0].get("time") == "0.750"


@pytest.mark.parametrize(("fails", "failures"), [(Level.ERROR, 3), (Level.INFORMATION, 3)])
def test_in_junit_what_is_not_grave_enough_does_not_fail(fails: Level, failures: int) -> None:
    root = etree.fromstring(whole(Junit(fails), (*UNITS, Unit("w", "document", (ROW,)))).encode())
    assert len(root.findall(".//failure")) == failures + (fails is Level.INFORMATION)
    outs = "".join(each.text for each in root.iter("system-out"))
    assert ("is held by no record" in outs) is (fails is Level.ERROR)


@pytest.mark.parametrize("units", [UNITS, ()], ids=["findings", "none"])
def test_an_operation_outcome_is_fhir(units: tuple[Unit, ...]) -> None:
    said = wire.loads(whole(Outcome(), units).encode())
    assert jurors.complaints(said) == set()
    assert [str(found) for found in checker().findings(said) if found.level is not Level.INFORMATION] == []
    assert len(said["issue"]) == max(1, sum(len(unit.found) for unit in units))
    assert all("_" not in path for issue in said["issue"] for path in issue.get("expression", ()))


# ---- what was not checked --------------------------------------------------------------------------------------------------------
def test_every_report_says_what_was_not_checked() -> None:
    """With a count, and the codes that nobody could look up; of a package, where it is stated."""
    stated, codes = "2 × value set that is not there", "40 codes of http://snomed.info/sct"
    issues = json.loads(whole(Outcome(), (), **UNSEEN))["issue"]
    assert [issue["details"]["text"] for issue in issues[1:]] == [f"Not checked: {stated}", f"Not checked: {codes}"]
    assert issues[1]["diagnostics"] == "; ".join(map(str, OPEN))
    run, = json.loads(whole(Sarif("1.0", lambda rule: None), **UNSEEN))["runs"]
    assert schema().is_valid(json.loads(whole(Sarif("1.0", lambda rule: None), **UNSEEN)))
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"] for note in notes] == [f"Not checked: {stated}", f"Not checked: {codes}"]
    assert notes[0]["properties"]["statedAt"] == list(map(str, OPEN))
    assert (run["properties"]["notChecked"], run["properties"]["notLookedUp"]) == (UNSEEN["not_checked"], UNSEEN["not_looked_up"])
    suite = etree.fromstring(whole(Junit(Level.ERROR), **UNSEEN).encode())[-1]
    assert [(case.get("name"), case[0].tag, case[0].get("message")) for case in suite] == [
        ("value set that is not there", "skipped", stated), ("codes of http://snomed.info/sct", "skipped", codes)]
    assert suite[0][0].text == "\n".join(map(str, OPEN))


@pytest.mark.parametrize(("said", "levels", "says"), [
    ({}, [], "Checked 0: no error and no warning"),
    ({"not_looked_up": Counter({"http://snomed.info/sct": 1})}, [], "Checked 0: no error and no warning in what could be looked at"),
    ({}, [Level.ERROR, Level.INFORMATION], "Checked 0: 1 error, not shown here"),
    ({"not_checked": Counter({NO_VALUE_SET: 1})}, [Level.WARNING] * 2, "Checked 0: 2 warnings, not shown here"),
])
def test_nothing_found_is_not_said_alone_where_something_was_not_looked_at(said: dict[str, Any], levels: list[Level], says: str) -> None:
    issues = json.loads(whole(Outcome(), (), levels=Counter(levels), **said))["issue"]
    assert issues[0]["details"]["text"] == says
    assert len(issues) == 1 + len(said)


# ---- counts ----------------------------------------------------------------------------------------------------------------------
def test_what_is_bad_is_counted_by_resource() -> None:
    inside = [Told(BAD._replace(path=f"Bundle.entry[{n}].resource.status"), "b") for n in (0, 0, 2)]
    bundle = Unit("b", "document", (*inside, Told(NOTE, "b")), holds=4)
    assert (bundle.bad(Level.ERROR), bundle._replace(found=()).bad(Level.ERROR)) == (2, 0)
    assert bundle._replace(found=(*inside, Told(BAD._replace(path="Bundle.type"), "b"))).bad(Level.ERROR) == 3
    assert Unit("b", "document", (Told(BAD._replace(path="Bundle.type"), "b"),), holds=1).bad(Level.ERROR) == 1
    summary = Summary()
    for unit in (*UNITS, bundle):
        summary.add(unit)
    assert (summary.holds, summary.bad, summary.lost, summary.levels[Level.ERROR]) == (7, 4, 1, 6)
    assert summary.by_rule()[0] == (Level.ERROR, "fhir-min", 5)


def test_what_is_said_at_the_end() -> None:
    summary = Summary(files=2, holds=30, bad=1, seconds=2.04)
    summary.add(Unit("b", "document", (Told(BAD, "b"),) * 25, holds=0))
    summary.not_looked_up["http://snomed.info/sct"] = 40
    assert list(check_closing.lines(summary, 20)) == [
        "       25 × error fhir-min", check_closing.MORE, "Shown: the first 20 of 25 findings (--most).", "Not checked: 40 codes of http://snomed.info/sct."]
    assert check_closing.sentence(summary).endswith(", in 2.0 s.")


# ---- every rule ------------------------------------------------------------------------------------------------------------------
ELSEWHERE = {"delivery", "sandbox", "returns", "synth", "bundle", "gate"}  # whose words are no rules
TELLING = {"Bad", "Fault", "Finding", "Stop", "Wrong", "_Stop", "_add", "_fault", "_refused", "error", "fault", "no", "tell"}
ID = re.compile("[a-z]+(-[a-z0-9]+)*")
# words that stand where ids may
NO_RULES = {"batch-response", "code", "doubt", "entered-in-error", "is-a", "on-hold", "redbag-adapter", "vital-signs"}


def rules_in_code() -> Iterator[str]:
    """Every id of a rule, wherever in the program something is told by it."""
    for path in sorted((ROOT / "adapter").rglob("*.py")):
        if ELSEWHERE.isdisjoint(path.relative_to(ROOT).parts):
            yield from ids_in(ast.parse(path.read_text(encoding="utf-8")))


def ids_in(tree: ast.Module) -> Iterator[str]:
    """In what tells: `Fault("not-json", ...)`, `walk.error(RULE, ...)`; and in pairs of an id and a sentence."""
    named = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
             if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        told = node.args[:2] if isinstance(node, ast.Call) and called(node.func) in TELLING else ()
        for each in told:
            said = named.get(each.id, each) if isinstance(each, ast.Name) else each
            either = (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,)
            yield from (part.value for part in either if isinstance(part, ast.Constant) and is_id(part.value))
        first = node.elts[0] if isinstance(node, ast.Tuple) and len(node.elts) > 1 else None
        if isinstance(first, ast.Constant) and is_id(first.value) and "-" in first.value:
            yield first.value


def called(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def test_every_rule_that_can_be_told_is_explained_and_on_the_page() -> None:
    page = rules_page()
    found = set(rules_in_code()) - NO_RULES
    assert len(found) > 100
    assert {"not-read", "too-many-cells", "package-manifest", "fhir-min", "zip-link", "dom-3", "not-a-word", "dtd"} <= found
    assert {rule for rule in found if explain(rule) is None} == set()
    assert {rule for rule in found if f"`{rule}`" not in page and rule in {*INPUTS, *STRUCTURAL}} == set()
    assert not INPUTS.keys() & STRUCTURAL.keys()


def test_doctests() -> None:
    for module in (told, outcome, sarif, junit, check_closing, foreign):
        assert doctest.testmod(module).failed == 0
