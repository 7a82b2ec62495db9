"""Any bytes under `redbag check`: findings with a rule and a place, never a traceback, in bounded time and memory.

100,000 damaged files (tests/fuzz_check.py says how they are made and what must hold), and what only hostility makes: files of 64 MB, what
is nested without end, lists of a million, texts that regular expressions choke on, what is no file. More: `make fuzz FUZZ=1000000`.
"""
from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapter.commands.exits import Exit
from adapter.conformance import Finding, Level, checker
from adapter.conformance.primitives import CHECKS, fault
from adapter.conformance.report import Told
from adapter.conformance.rules import RULES
from tests.fuzz import BOMBS, CANARY, within
from tests.fuzz_check import SLOW, case, everywhere, run, sound, told
from tests.test_cli import REDBAG, redbag

Json = Any
CASES, CHUNK = 100_000, 1000


# ---- damaged files -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("start", range(0, CASES, CHUNK))
def test_damaged_files(start: int) -> None:
    """A case is run again by its number: python -m tests.fuzz_check NUMBER."""
    found = run(range(start, start + CHUNK))
    assert not found.faults
    assert found.slowest[0] < SLOW, found.slowest


def test_a_case_is_known_by_its_number() -> None:
    assert [case(seed) for seed in range(50)] == [case(seed) for seed in range(50)]
    assert len({case(seed) for seed in range(50)}) > 40


def test_cases_reach_what_they_are_for() -> None:
    """Most rules of reading and structure are broken by some hundred cases already."""
    rules = run(range(CASES, CASES + 1000)).rules
    assert len(rules) > 50
    assert {"not-json", "not-xml", "bad-utf-8", "fhir-unknown", "fhir-type", "fhir-format", "fhir-extension", "too-deep"} <= rules.keys()


@pytest.mark.parametrize(("rule", "path", "said", "why"), [
    ("no-rule", "Patient", "", "no such rule"), ("fhir-type", "", "", "no place"),
    ("fhir-type", "Patient", f"is {CANARY}", "a value is told")])
def test_what_is_told_wrongly_would_be_seen(rule: str, path: str, said: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        sound([Told(Finding(Level.ERROR, rule, path, "is wrong"), "a file")], said)


# ---- work in proportion --------------------------------------------------------------------------------------------------------------
MANY = 5000  # what takes time in the square of its size needs more than PATIENCE for so many
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


def patient(**members: Json) -> Json:
    return {"resourceType": "Patient", **members}


def organization(number: int, **members: Json) -> Json:
    return {"resourceType": "Organization", "id": f"o{number}", "name": "Fictional", **members}


def bundle(*resources: Json, kind: str = "collection") -> Json:
    entries = [{"fullUrl": f"http://a.example.uk/{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def element(number: int) -> Json:
    path = f"Patient.a{number}" if number else "Patient"
    return {"id": path, "path": path, "definition": "x", "min": 0, "max": "1", "base": {"path": path, "min": 0, "max": "1"}}


def canonical(kind: str, **members: Json) -> Json:
    return {"resourceType": kind, "status": "draft", "url": "http://a.example.uk/x", "name": "X", **members}


GROWING: dict[str, Callable[[int], Json]] = {
    "contained": lambda n: patient(
        contained=[organization(i) for i in range(n)], generalPractitioner=[{"reference": f"#o{i}"} for i in range(n)]),
    "contained, in a chain": lambda n: patient(contained=[organization(i, partOf={"reference": f"#o{i + 1}"}) for i in range(n)]),
    "contained care team": lambda n: {"resourceType": "CareTeam", "contained": [organization(i) for i in range(n)], "participant": [
        {"onBehalfOf": {"reference": f"#o{i}"}, "member": {"reference": f"#o{i}"}} for i in range(n)]},
    "unknown members": lambda n: patient(**{f"member{i}": 1 for i in range(n * 20)}),
    "words": lambda n: patient(name=[{"text": (words := " ".join(f"w{i:07}" for i in range(n * 10))), "family": words}]),
    "links": lambda n: patient(text={"status": "generated", "div": DIV + "".join(
        f'<a href="#a{i}">x</a><p id="a{i}">x</p>' for i in range(n)) + "</div>"}),
    "codings": lambda n: {"resourceType": "Observation", "status": "final", "valueString": "x", "code": {
        "coding": [{"system": "http://a.example.uk", "code": f"a{i}"} for i in range(n)]}, "component": [
        {"code": {"coding": [{"system": "http://a.example.uk", "code": f"b{i}"}]}} for i in range(n)]},
    "wrong codes": lambda n: {"resourceType": "Condition", "subject": {"display": "x"}, "code": {"text": "x", "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": f"{i}"} for i in range(n)]}},
    "entries in a circle": lambda n: bundle(*(organization(i, partOf={"reference": f"Organization/o{(i + 1) % n}"}) for i in range(n))),
    "a document of authors": lambda n: bundle(
        {"resourceType": "Composition", "id": "c", "author": [{"reference": f"Organization/o{i}"} for i in range(n)]},
        *map(organization, range(n)), kind="document"),
    "a care team": lambda n: bundle({"resourceType": "CareTeam", "id": "c", "participant": [
        {"onBehalfOf": {"reference": f"Organization/o{i}"}, "member": {"reference": f"Practitioner/o{i}"}} for i in range(n)]},
        *map(organization, range(n))),
    "elements": lambda n: canonical("StructureDefinition") | {
        "kind": "resource", "abstract": False, "type": "Patient", "snapshot": {"element": [element(i) for i in range(n)]}},
    "groups": lambda n: canonical(
        "ImplementationGuide", packageId="a.b", fhirVersion=["4.0.1"], definition={
            "grouping": [{"id": f"g{i}", "name": "x"} for i in range(n)],
            "resource": [{"reference": {"reference": "Patient/1"}, "groupingId": f"g{n - 1 - i}"} for i in range(n)]}),
    "extensions": lambda n: patient(extension=[{"url": f"http://a.example.uk/{i}", "valueString": "x"} for i in range(n)]),
    "profiles": lambda n: patient(meta={"profile": [f"http://a.example.uk/{i}" for i in range(n)]}),
    "empty": lambda n: patient(name=[{}] * n * 10),
}


@pytest.mark.parametrize("what", GROWING)
def test_work_is_in_proportion(what: str) -> None:
    with within():
        assert checker().findings(GROWING[what](MANY))


def test_of_many_errors_no_more_are_looked_for_than_are_told() -> None:
    found = checker().findings(patient(name=[{"family": 1}] * 90_000))
    assert [len(found), found[0].rule] == [1001, "too-many"]


def test_a_list_may_be_so_long_and_no_longer() -> None:
    given = {"resourceType": "Patient", "name": [{"family": "Fictional", "given": ["Ada"] * 100_000}]}
    assert "too-many" not in {finding.rule for finding in checker().findings(given)}
    given["name"][0]["given"].append("Ada")  # type: ignore[index]
    assert [finding.path for finding in checker().findings(given) if finding.rule == "too-many"] == ["Patient.name[0].given"]


# ---- texts for regular expressions ---------------------------------------------------------------------------------------------------
LONG = 300_000
CHOKING = ("a", "1", " ", ".", "-", "/", "a.", "1.", "-a", "/a/", "#", "?", "{", "(", "((", "{a", "a1", "AAAA", "\n", "\u00e9", "-abcde",
           "\\", "'", "_history/", "[", "&a", "<", "<p>", "A/a/", ":", "example.org")
BEGINNINGS = ("", "http://", "urn:oid:1", "urn:uuid:", "2024-01-01T00:00:00.", "en", "http://a/Patient/", "#", "http://example.org", DIV)


def long_texts() -> Iterator[str]:
    return (beginning + (piece * LONG)[:LONG] + "!" for beginning in BEGINNINGS for piece in CHOKING)


@pytest.mark.parametrize("kind", [kind for kind, check in CHECKS.items() if "text" in (check(0) or ("", ""))[1]])
def test_no_primitive_chokes(kind: str) -> None:
    with within():
        for text in long_texts():
            fault(kind, text)


KEPT = {"system", "url", "reference", "fullUrl"}


def filled(value: Json, text: str, kept: set[str], key: str = "") -> Json:
    """The same with that text for every text."""
    if isinstance(value, dict):
        return {name: filled(inner, text, kept, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, text, kept, key) for inner in value]
    return text if isinstance(value, str) and key not in kept | {"resourceType"} else value


@pytest.mark.parametrize("piece", CHOKING[::3])
def test_no_rule_chokes(piece: str) -> None:
    text = (piece * LONG)[:LONG] + "!"
    with within(30):
        for place, rule in enumerate(RULES):
            for kept in [KEPT, set[str]()][:1 + (place % 4 == 0)]:
                checker().findings(filled(rule.bad, text, kept))


# ---- what only hostility makes -------------------------------------------------------------------------------------------------------
def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("patient.json", b'{"resourceType":"Patient"}' * 1000)
    return out.getvalue()


PATIENT = b'{"resourceType":"Patient",'
FILES: dict[str, Callable[[], bytes]] = {
    **{f"{name}, as FHIR": (lambda bomb=bomb: PATIENT + bomb().lstrip(b"{")) for name, bomb in BOMBS.items()},
    **{f"{name}, as XML": (lambda bomb=bomb: b'<Patient xmlns="http://hl7.org/fhir">' + bomb()) for name, bomb in BOMBS.items()},
    "nothing": lambda: b"", "only white space": lambda: b" \n\t\r\n" * 1000, "a byte order mark": lambda: b"\xef\xbb\xbf",
    "a zip": zipped, "a picture": lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 50,
    "a program": lambda: Path(sys.executable).read_bytes()[:200_000],
    "10,000 objects deep": lambda: PATIENT + b'"a":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001,
    "10,000 elements deep": lambda: b'<Patient xmlns="http://hl7.org/fhir">' + b"<name>" * 10_000 + b"</name>" * 10_000 + b"</Patient>",
    "10,000 bundles deep": lambda: b'{"resourceType":"Bundle","entry":[{"resource":' * 10_000 + b"{}" + b"}]}" * 10_000,
    "30 bundles deep": lambda: b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":' * 30 + b"{}" + b"}]}" * 30,
    "a million names": lambda: PATIENT + b'"name":[' + b'{"family":1},' * 999_999 + b"{}]}",
    "a million nulls": lambda: PATIENT + b'"name":[' + b"null," * 999_999 + b"{}]}",
    "99,999 given names": lambda: PATIENT + b'"name":[{"given":[' + b'"Ada",' * 99_998 + b'"Ada"]}]}',
    "a number of a million digits": lambda: PATIENT + b'"multipleBirthInteger":' + b"9" * 1_000_000 + b"}",
    "an exponent without end": lambda: PATIENT + b'"x":1e' + b"9" * 400 + b"}",
    "entities": lambda: b'<!DOCTYPE a [<!ENTITY b "bbbb">]><Patient xmlns="http://hl7.org/fhir">&b;</Patient>',
    "300,000 elements": lambda: b'<Patient xmlns="http://hl7.org/fhir">' + b"<name/>" * 300_000 + b"</Patient>",
    "lines that are none": lambda: (PATIENT + b'"x":}\n') * 5_000,
    "resources": lambda: (PATIENT + b'"active":1}\n') * 2_000,
}


@pytest.mark.parametrize("what", FILES)
def test_what_only_hostility_makes(what: str) -> None:
    with within(30):
        found, said = told(FILES[what]())
    assert found
    assert len(said) < 60_000_000
    assert CANARY.casefold() not in said.casefold()


@pytest.mark.parametrize(("size", "rule"), [(60 << 20, "fhir-format"), (70 << 20, "too-large")])
def test_64_mb_are_read_and_no_more(size: int, rule: str, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(PATIENT + b'"name":[{"family":"' + b"x" * size + b'"}]}')
    with within(60):
        result = redbag("check", path)
    assert f"[{rule}]" in result.stdout
    assert result.exit_code == Exit.NOTHING


def test_the_worst_64_mb_take_bounded_memory(tmp_path: Path) -> None:
    """Twenty million objects of three bytes each; 1.6 GB were measured, of which Python's own objects are nearly all."""
    path = tmp_path / "large.json"
    path.write_bytes(PATIENT + b'"name":[' + b"{}," * (20 << 20) + b"{}]}")
    limited = ["sh", "-c", 'ulimit -v 2500000; exec "$@"', "sh", *REDBAG, "check", str(path)]
    ended = subprocess.run(limited, capture_output=True, text=True, timeout=120, check=False)
    assert "[too-many]" in ended.stdout, ended.stderr
    assert ended.returncode == Exit.NOTHING


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A file that may not be read, links that lead in a circle or nowhere, a pipe that nobody writes to, a folder that is a file."""
    (tmp_path / "good.json").write_bytes(b'{"resourceType":"Basic","code":{"text":"x"}}')
    (tmp_path / "circle.json").symlink_to(tmp_path / "circle.json")
    (tmp_path / "nowhere.json").symlink_to(tmp_path / "nobody")
    (tmp_path / "around").symlink_to(tmp_path)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (secret := tmp_path / "secret.json").write_bytes(b"{}")
    secret.chmod(0)
    with within():
        result = redbag("check", tmp_path)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    for name in ("circle.json", "nowhere.json"):
        with within():
            one = redbag("check", tmp_path / name)
        assert (one.exit_code, "Traceback" in one.output) == (Exit.NOTHING, False)


def test_everything_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        everywhere(0, 20, 10)
    assert ended.value.code == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("20 of 20 cases, 0 faults")
